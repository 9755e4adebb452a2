"""The quality report of a map: figures, each with a sentence that explains it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from spotmap_build.atlas import Figure
from spotmap_build.core.language import page_message
from spotmap_build.insights.validity import cluster_validity
from spotmap_build.project import quality

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array, Int32Array
    from spotmap_build.project.anchoring import Anchored
    from spotmap_build.project.neighbors import Neighbors

AGREEMENTS: Final = {
    "artist": page_message("by the same artist"),
    "album": page_message("from the same album"),
    "playlist": page_message("in one of the same playlists"),
    "genre": page_message("of one of the same genres"),
}
"""The kinds of labels, and their wording in sentences."""


@dataclass(frozen=True, slots=True, eq=False)
class QualityReport:
    """All figures in display order.

    ``kept``: float32 ``[n]``, the share of each track's ten most similar tracks that are among its ten nearest on the
    plane.
    """

    figures: tuple[Figure, ...]
    kept: Float32Array


def quality_report(
    unit_vectors: Float32Array,
    neighbors: Neighbors,
    positions: Float32Array,
    *,
    cluster_labels: Int32Array,
    labels: Mapping[str, Sequence[Sequence[str]]],
    anchored: Anchored | None = None,
    trustworthiness: float | None = None,
) -> QualityReport:
    """Measure a finished map.

    Parameters
    ----------
    unit_vectors, neighbors
        The vectors of the map, float32 ``[n, d]``, and the nearest neighbors of each row.
    positions : numpy.ndarray
        Float32 ``[n, 2]``.
    cluster_labels : numpy.ndarray
        Int32 ``[n]``, -1 for noise.
    labels : mapping
        Labels of each track by kind (a key of :data:`AGREEMENTS`): none, one or several. Kinds without labels are
        omitted.
    anchored : Anchored, optional
        How the map continues the last one, if there is one.
    trustworthiness : float, optional
        Trustworthiness of these positions if known; otherwise it is measured.

    Returns
    -------
    QualityReport
        The figures, each with a sentence, and the share of neighbors that each track keeps.
    """
    on_plane = quality.nearest_on_plane(positions, quality.NEIGHBORHOOD_SIZE)
    kept = quality.kept_neighbors(neighbors.first(quality.NEIGHBORHOOD_SIZE).indices, on_plane)
    trust = quality.trustworthiness(unit_vectors, positions) if trustworthiness is None else trustworthiness
    figures = [*_of_the_plane(trust, quality.continuity(unit_vectors, positions), kept), *_of_the_search(neighbors)]
    for kind, of_tracks in labels.items():
        figures += _of_labels(kind, quality.agreement(neighbors, on_plane, of_tracks))
    figures += _of_clusters(positions, cluster_labels)
    if anchored is not None and anchored.drift.known_count:
        figures += _of_the_last_map(anchored)
    return QualityReport(tuple(figures), kept)


def _of_the_plane(trust: float, continuity: float, kept: Float32Array) -> list[Figure]:
    recall = float(kept.mean()) if len(kept) else 1.0
    return [
        Figure(
            "trustworthiness",
            page_message("trustworthiness"),
            trust,
            page_message(
                "How far you can trust that tracks side by side on the map sound alike: 1 is fully, 0.5 is a map drawn "
                "at random."
            ),
            0.5,
        ),
        Figure(
            "continuity",
            page_message("continuity"),
            continuity,
            page_message(
                "How far tracks that sound alike are also side by side: 1 is always, 0.5 is a map drawn at random."
            ),
            0.5,
        ),
        Figure(
            "neighbor_recall",
            page_message("neighbors kept"),
            recall,
            page_message(
                "Of the {count} tracks that sound most like a track, {share} are also among its {near} nearest on the "
                "map; two dimensions cannot hold all of them."
            ).format(count=quality.NEIGHBORHOOD_SIZE, share=_percent(recall), near=quality.NEIGHBORHOOD_SIZE),
            min(1.0, quality.NEIGHBORHOOD_SIZE / max(len(kept) - 1, 1)),
        ),
    ]


def _of_the_search(neighbors: Neighbors) -> list[Figure]:
    if neighbors.is_exact:
        return []
    return [
        Figure(
            "search_recall",
            page_message("neighbors found"),
            neighbors.recall,
            page_message(
                "The library is too large to compare every pair of tracks; the faster search found {share} of the true "
                "neighbors."
            ).format(share=_percent(neighbors.recall)),
        )
    ]


def _of_labels(kind: str, found: quality.Agreement) -> list[Figure]:
    if not found.labeled:
        return []
    what, size = AGREEMENTS[kind], quality.NEIGHBORHOOD_SIZE
    return [
        Figure(
            f"{kind}_agreement_in_space",
            page_message("{kind}: neighbors by sound").format(kind=kind),
            found.in_space,
            page_message(
                "Of the {count} tracks that sound most like a track, {share} are {what}; of tracks drawn at random, "
                "{chance}."
            ).format(count=size, share=_percent(found.in_space), what=what, chance=_percent(found.by_chance)),
            found.by_chance,
        ),
        Figure(
            f"{kind}_agreement_on_map",
            page_message("{kind}: neighbors on the map").format(kind=kind),
            found.on_plane,
            page_message(
                "Of the {count} nearest tracks on the map, {share} are {what}; of tracks drawn at random, {chance}."
            ).format(count=size, share=_percent(found.on_plane), what=what, chance=_percent(found.by_chance)),
            found.by_chance,
        ),
    ]


def _of_clusters(positions: Float32Array, cluster_labels: Int32Array) -> list[Figure]:
    if not len(cluster_labels):
        return []
    noise = float(np.mean(cluster_labels < 0))
    figures = [
        Figure(
            "noise_share",
            page_message("between regions"),
            noise,
            page_message("{share} of the tracks lie between the named regions.").format(share=_percent(noise)),
        )
    ]
    if cluster_labels.max() > 0:
        validity = cluster_validity(positions, cluster_labels)
        figures.append(
            Figure(
                "cluster_validity",
                page_message("separation of regions"),
                validity,
                page_message(
                    "How clearly the regions are separated (DBCV): 1 means completely, 0 no better than chance, and "
                    "below 0 they overlap."
                ),
            )
        )
    return figures


def _of_the_last_map(anchored: Anchored) -> list[Figure]:
    drift, paid = anchored.drift, anchored.fresh_trustworthiness - anchored.trustworthiness
    return [
        Figure(
            "drift_median",
            page_message("moved since the last map"),
            drift.median,
            page_message(
                "Half of the {count} tracks that were on the last map moved by less than {share} of the map's diagonal."
            ).format(count=drift.known_count, share=_percent(drift.median)),
        ),
        Figure(
            "drift_95",
            page_message("moved farthest"),
            drift.percentile_95,
            page_message("Nineteen of twenty tracks moved by less than {share} of the map's diagonal.").format(
                share=_percent(drift.percentile_95)
            )
            + (f" {anchored.fresh_reason} It was then turned to fit the last map." if anchored.fresh_reason else ""),
        ),
        Figure(
            "anchor_cost",
            page_message("cost of stability"),
            paid,
            page_message("How much more trustworthy a map that ignores the last one would be: {amount}.").format(
                amount=f"{paid:.3f}" if paid > 0 else page_message("not at all")
            ),
        ),
    ]


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if 0 < share < 0.095 else f"{100 * share:.0f} %"
