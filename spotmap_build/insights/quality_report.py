"""The quality card: what can be said about how good a map is, each figure with a sentence that says what it means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from spotmap_build.insights.validity import cluster_validity
from spotmap_build.model import Figure
from spotmap_build.project import quality

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array, Int32Array
    from spotmap_build.project.anchoring import Anchored
    from spotmap_build.project.neighbors import Neighbors

AGREEMENTS: Final = {
    "artist": "by the same artist",
    "album": "from the same album",
    "playlist": "in one of the same playlists",
    "genre": "of one of the same genres",
}
"""The kinds of labels there can be, and how a sentence speaks of them."""


@dataclass(frozen=True, slots=True, eq=False)
class QualityReport:
    """All figures in the order in which to show them.

    ``kept``: float32 ``[n]``, for each track the share of its ten most similar tracks that are among its ten nearest
    on the plane.
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
) -> QualityReport:
    """Measure a finished map.

    Parameters
    ----------
    unit_vectors, neighbors
        What the map was made of: float32 ``[n, d]``, and the nearest of each row.
    positions : numpy.ndarray
        Float32 ``[n, 2]``.
    cluster_labels : numpy.ndarray
        Int32 ``[n]``, -1 for noise.
    labels : mapping
        By kind (a key of :data:`AGREEMENTS`), what each track has of it: none, one or several. Kinds that no track has
        are left out.
    anchored : Anchored, optional
        How the map was held to the last one, where there was one.

    Returns
    -------
    QualityReport
        The figures, each with a sentence, and the share of its neighbors that each track keeps.
    """
    kept = quality.neighbor_recall(neighbors, positions)
    figures = [*_of_the_plane(unit_vectors, positions, kept), *_of_the_search(neighbors)]
    for kind, of_tracks in labels.items():
        figures += _of_labels(kind, quality.agreement(neighbors, positions, of_tracks))
    figures += _of_clusters(positions, cluster_labels)
    if anchored is not None and anchored.drift.known_count:
        figures += _of_the_past(anchored)
    return QualityReport(tuple(figures), kept)


def _of_the_plane(unit_vectors: Float32Array, positions: Float32Array, kept: Float32Array) -> list[Figure]:
    trust = quality.trustworthiness(unit_vectors, positions)
    continuity = quality.continuity(unit_vectors, positions)
    recall = float(kept.mean()) if len(kept) else 1.0
    return [
        Figure(
            "trustworthiness",
            "trustworthiness",
            trust,
            "How far you can trust that tracks side by side on the map sound alike: 1 is fully, 0.5 is a map drawn at "
            "random.",
            0.5,
        ),
        Figure(
            "continuity",
            "continuity",
            continuity,
            "How far tracks that sound alike are also side by side: 1 is always, 0.5 is a map drawn at random.",
            0.5,
        ),
        Figure(
            "neighbor_recall",
            "neighbors kept",
            recall,
            f"Of the {quality.NEIGHBORHOOD_SIZE} tracks that sound most like a track, {_percent(recall)} are also "
            f"among its {quality.NEIGHBORHOOD_SIZE} nearest on the map; two dimensions cannot hold all of them.",
            min(1.0, quality.NEIGHBORHOOD_SIZE / max(len(positions) - 1, 1)),
        ),
    ]


def _of_the_search(neighbors: Neighbors) -> list[Figure]:
    if neighbors.is_exact:
        return []
    return [
        Figure(
            "search_recall",
            "neighbors found",
            neighbors.recall,
            "The library is too large to compare every pair of tracks; "
            f"the faster search found {_percent(neighbors.recall)} of the true neighbors.",
        )
    ]


def _of_labels(kind: str, found: quality.Agreement) -> list[Figure]:
    if not found.labeled:
        return []
    what = AGREEMENTS[kind]
    return [
        Figure(
            f"{kind}_agreement_in_space",
            f"{kind}: neighbors by sound",
            found.in_space,
            f"Of the {quality.NEIGHBORHOOD_SIZE} tracks that sound most like a track, {_percent(found.in_space)} are "
            f"{what}; of tracks drawn at random, {_percent(found.by_chance)}.",
            found.by_chance,
        ),
        Figure(
            f"{kind}_agreement_on_map",
            f"{kind}: neighbors on the map",
            found.on_plane,
            f"Of the {quality.NEIGHBORHOOD_SIZE} nearest tracks on the map, {_percent(found.on_plane)} are {what}; "
            f"of tracks drawn at random, {_percent(found.by_chance)}.",
            found.by_chance,
        ),
    ]


def _of_clusters(positions: Float32Array, cluster_labels: Int32Array) -> list[Figure]:
    if not len(cluster_labels):
        return []
    noise = float(np.mean(cluster_labels < 0))
    figures = [
        Figure(
            "noise_share", "between regions", noise, f"{_percent(noise)} of the tracks lie between the named regions."
        )
    ]
    if cluster_labels.max() > 0:
        validity = cluster_validity(positions, cluster_labels)
        figures.append(
            Figure(
                "cluster_validity",
                "regions set apart",
                validity,
                "How clearly the regions are set apart (DBCV): 1 is islands in an empty sea, 0 is a matter of taste, "
                "below 0 they run into one another.",
            )
        )
    return figures


def _of_the_past(anchored: Anchored) -> list[Figure]:
    drift, paid = anchored.drift, anchored.fresh_trustworthiness - anchored.trustworthiness
    return [
        Figure(
            "drift_median",
            "moved since the last map",
            drift.median,
            f"Half of the {drift.known_count} tracks that were on the last map moved by less than "
            f"{_percent(drift.median)} of the map's diagonal.",
        ),
        Figure(
            "drift_95",
            "moved farthest",
            drift.percentile_95,
            f"Nineteen of twenty tracks moved by less than {_percent(drift.percentile_95)} of the map's diagonal."
            + (f" {anchored.fresh_reason} It was then turned to fit the last map." if anchored.fresh_reason else ""),
        ),
        Figure(
            "anchor_cost",
            "price of staying",
            paid,
            "How much more trustworthy a map without a past would be: "
            + (f"{paid:.3f}." if paid > 0 else "not at all."),
        ),
    ]


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if 0 < share < 0.095 else f"{100 * share:.0f} %"
