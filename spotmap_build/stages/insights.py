"""Insights stage: figures and sentences about the finished map: quality, playlists, versions, neighbors."""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from itertools import islice
from typing import TYPE_CHECKING, Final

import msgspec
import orjson

from spotmap_build.atlas import Insights, PlaylistInsight
from spotmap_build.cache.keys import Key, digest_bytes
from spotmap_build.cache.memo import json_codec
from spotmap_build.core.documents import decode_json
from spotmap_build.core.language import page_message
from spotmap_build.core.translation import gettext, ngettext
from spotmap_build.run import machine, package_versions
from spotmap_build.stages.cluster import neighbor_rows, playlist_rows
from spotmap_build.stages.project import find_since

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from spotmap_build.atlas import Clusters, Figure
    from spotmap_build.cache.memo import Cached
    from spotmap_build.fetch.source import Fetched
    from spotmap_build.insights.explanations import Explainer
    from spotmap_build.model import Float32Array, Int32Array, Track
    from spotmap_build.run import Run
    from spotmap_build.stages.embed import Embedded
    from spotmap_build.stages.project import Projected

INSIGHTS_VERSION: Final = 6
INSIGHTS: Final = "insights.json"
NEIGHBORS_SHOWN: Final = 10
EXPLAINED: Final = 3
"""Number of these with explanations; readers look at the first ones only."""


def analyze(
    run: Run, fetched: Fetched, embedded: Embedded, projected: Projected, clusters: Cached[Clusters]
) -> Cached[Insights]:
    """Return the insights of a map, from the cache if none of their inputs has changed."""
    with run.clock.stage("insights"):
        key = Key(
            "insights",
            INSIGHTS_VERSION,
            {
                **embedded.sound_key,
                "layout": projected.digest,
                "past": projected.previous_map.digest,
                "ids": digest_bytes(orjson.dumps([track.id for track in embedded.tracks])),
                "clusters": clusters.digest,
                "playlists": fetched.playlists_digest,
                "words": digest_bytes(orjson.dumps([_words(track) for track in embedded.tracks])),
                "counts": [fetched.track_count, len(embedded.tracks), _doubtful_count(embedded)],
                "machine": machine(),
                "packages": package_versions("numpy", "scipy", "hdbscan"),
            },
        )
        run.progress.begin("insights", gettext("describing the map"))
        insights = run.cached(
            key,
            lambda: _find(fetched, embedded, projected, clusters.value),
            json_codec(INSIGHTS, _decoder(len(embedded.tracks), len(playlist_rows(fetched, embedded)), clusters)),
        )
        run.progress.end(_describe(insights.value) if insights.is_new else gettext("unchanged"))
        return insights


def _decoder(track_count: int, playlist_count: int, clusters: Cached[Clusters]) -> Callable[[bytes], Insights]:
    """Return a decoder that rejects insights about tracks, playlists or clusters that do not exist."""

    def decode(data: bytes) -> Insights:
        found = decode_json(data, Insights)
        rows = [row for one in found.playlists for row in (*one.suggestions, *(row for row, _ in one.misfits))]
        rows += [row for members, _ in found.songs for row in members]
        rows += [row for near in found.neighbors for row in near]
        rows += [*found.since.new, *found.since.moved] if found.since else []
        per_track = (found.neighbors, found.shared, found.kept)
        playlists = [number for one, other, _, _ in found.overlaps for number in (one, other)]
        names = decode_json(data, dict[str, msgspec.Raw]).keys()
        if (
            names != {each.name for each in fields(Insights)}  # all are optional, so nothing would do as insights
            or not all(0 <= row < track_count for row in rows)
            or not all(len(values) in (0, track_count) for values in per_track)
            or len(found.playlists) not in (0, playlist_count)
            or not all(0 <= number < playlist_count for number in playlists)
            or not all(0 <= number < len(clusters.value.clusters) for number in found.uncovered)
        ):
            raise ValueError("they refer to other tracks, playlists or clusters")
        return found

    return decode


def _describe(insights: Insights) -> str:
    count = len(insights.playlists)
    return ngettext("the map and {count} playlist described", "the map and {count} playlists described", count)


def _words(track: Track) -> list[object]:
    return [track.title, track.artists, track.album, track.genres, track.duration_ms]


def _doubtful_count(embedded: Embedded) -> int:
    """Return the number of tracks on the map whose recording a person should review."""
    if not embedded.matches:
        return 0
    from spotmap_build.acquire.matching import DOUBTFUL_BELOW

    mapped = {track.id for track in embedded.tracks}
    return sum(
        match.candidate is not None and match.confidence < DOUBTFUL_BELOW
        for track_id, match in embedded.matches.items()
        if track_id in mapped
    )


def _find(fetched: Fetched, embedded: Embedded, projected: Projected, clusters: Clusters) -> Insights:
    """Compute the insights from positions, and from embeddings if there are any."""
    from spotmap_build.insights.playlists import overlaps, uncovered_clusters
    from spotmap_build.insights.strays import describe_strays

    rows = [members for _, members in playlist_rows(fetched, embedded)]
    strayed = [embedded.tracks[row].title for row in projected.layout.value.strays]
    of_places = Insights(
        uncovered=uncovered_clusters([one.members for one in clusters.clusters], rows),
        overlaps=tuple((pair.one, pair.other, pair.count, round(pair.share, 3)) for pair in overlaps(rows)),
        since=find_since(embedded, projected),
        notices=tuple(filter(None, (describe_strays(strayed, len(embedded.tracks)), clusters.absence))),
    )
    if projected.space.unit_vectors.shape[1] == 0:
        return of_places
    return _find_from_audio(of_places, fetched, embedded, projected, clusters)


def _find_from_audio(
    of_places: Insights, fetched: Fetched, embedded: Embedded, projected: Projected, clusters: Clusters
) -> Insights:
    from spotmap_build.insights.axes import describe_slopes, find_slopes
    from spotmap_build.insights.explanations import Explainer
    from spotmap_build.insights.versions import group_versions

    embeddings, layout, space = embedded.embeddings.value, projected.layout.value, projected.space
    rows = [members for _, members in playlist_rows(fetched, embedded)]
    neighbors = neighbor_rows(projected)
    explainer = Explainer(embeddings)
    figures, kept = _figures(fetched, embedded, projected, clusters)
    songs = group_versions(
        [track.title for track in embedded.tracks],
        [track.artists for track in embedded.tracks],
        [track.duration_ms for track in embedded.tracks],
        space.unit_vectors,
    )
    shown = neighbors[:, :NEIGHBORS_SHOWN]
    return replace(
        of_places,
        figures=figures,
        playlists=_playlists(rows, space.unit_vectors, neighbors, explainer),
        songs=tuple((song.rows, song.kinds) for song in songs),
        axes=describe_slopes(find_slopes(layout.coordinates, embeddings.features, embeddings.feature_names)),
        neighbors=tuple(map(tuple, shown.tolist())),
        shared=_shared_properties(explainer, shown[:, :EXPLAINED]),
        kept=tuple(round(share, 2) for share in kept.tolist()),
    )


def _shared_properties(explainer: Explainer, neighbors: Int32Array) -> tuple[tuple[str, ...], ...]:
    """Return the shared properties of each track and each of its neighbors, as text."""
    pairs = [(row, other) for row, others in enumerate(neighbors.tolist()) for other in others]
    texts = ("; ".join(reason.text for reason in reasons) for reasons in explainer.shared_by_each(pairs))
    return tuple(tuple(islice(texts, neighbors.shape[1])) for _ in range(len(neighbors)))


def _playlists(
    rows: Sequence[tuple[int, ...]], unit_vectors: Float32Array, neighbors: Int32Array, explainer: Explainer
) -> tuple[PlaylistInsight, ...]:
    from spotmap_build.insights.playlists import describe_coherence, describe_misfit, measure_playlists

    measured = measure_playlists(rows, unit_vectors, neighbors)
    return tuple(
        PlaylistInsight(
            closeness=None if found.coherence is None else round(found.coherence.closeness, 3),
            sentence="" if found.coherence is None else describe_coherence(found.coherence),
            misfits=tuple(
                (misfit.row, describe_misfit(found, misfit, explainer.difference(misfit.row, members)))
                for misfit in found.misfits
            ),
            suggestions=tuple(fit.row for fit in found.suggestions),
        )
        for members, found in zip(rows, measured, strict=True)
    )


def _figures(
    fetched: Fetched, embedded: Embedded, projected: Projected, clusters: Clusters
) -> tuple[tuple[Figure, ...], Float32Array]:
    from spotmap_build.insights.quality_report import quality_report

    layout = projected.layout.value
    report = quality_report(
        projected.space.unit_vectors,
        projected.space.neighbors,
        layout.coordinates,
        cluster_labels=clusters.labels(len(embedded.tracks)),
        labels=_labels(fetched, embedded),
        anchored=layout.anchored,
        trustworthiness=layout.measured_trustworthiness,
    )
    return (*report.figures, *_of_the_library(fetched, embedded)), report.kept


def _labels(fetched: Fetched, embedded: Embedded) -> Mapping[str, Sequence[Sequence[str]]]:
    """Return the labels of each track that neighbors can share, by kind."""
    in_playlists: list[list[str]] = [[] for _ in embedded.tracks]
    for playlist, rows in playlist_rows(fetched, embedded):
        for row in rows:
            in_playlists[row].append(playlist.id)
    labels: dict[str, list[Sequence[str]]] = {
        "artist": [track.artists for track in embedded.tracks],
        "album": [[track.album] if track.album else [] for track in embedded.tracks],
        "playlist": list(in_playlists),
        "genre": [track.genres for track in embedded.tracks],
    }
    return {kind: values for kind, values in labels.items() if any(values)}


def _of_the_library(fetched: Fetched, embedded: Embedded) -> tuple[Figure, ...]:
    from spotmap_build.atlas import Figure

    total, doubtful = fetched.track_count, _doubtful_count(embedded)
    figures = [
        Figure(
            "coverage",
            page_message("library on the map"),
            len(embedded.tracks) / max(1, total),
            page_message(
                "{mapped} of the library's {total} tracks are on the map; the report says why others are not."
            ).format(mapped=len(embedded.tracks), total=total),
        )
    ]
    if embedded.preview_ids:
        previews = len(embedded.preview_ids)
        figures.append(
            Figure(
                "listened_in_whole",
                page_message("analyzed in full"),
                1 - previews / len(embedded.tracks),
                page_message(
                    "Of {count} tracks, only 30 seconds were analyzed; their positions are provisional until their "
                    "full recordings are."
                ).format(count=previews),
            )
        )
    if embedded.matches:
        some = page_message("For {count} of the tracks, the recording may be the wrong one.")
        none = page_message("No track's recording is in doubt.")
        share = doubtful / max(1, len(embedded.tracks))
        figures.append(
            Figure(
                "doubtful_matches",
                page_message("doubtful recordings"),
                share,
                some.format(count=doubtful) if doubtful else none,
            )
        )
    return tuple(figures)


def describe_map(clusters: Clusters, insights: Insights) -> dict[str, object]:
    """Return the part of the report about the map: quality, regions with their ids (for naming), and their changes."""
    return {
        "quality": [asdict(figure) | {"value": round(figure.value, 4)} for figure in insights.figures],
        "regions": [{"id": one.id, "name": one.name, "tracks": len(one.members)} for one in clusters.regions],
        "clusters": [
            {
                "id": one.id,
                "name": one.name,
                "tracks": len(one.members),
                "region": None if one.parent is None else clusters.regions[one.parent].id,
            }
            for one in clusters.clusters
        ],
        "events": list(clusters.events),
    } | ({"notices": list(insights.notices)} if insights.notices else {})
