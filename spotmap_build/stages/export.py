"""Export stage: the map as a table with everything known about each track except its path."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from spotmap_build.atlas import Clusters
    from spotmap_build.emit.export import MapTable
    from spotmap_build.model import Embeddings, Track
    from spotmap_build.stages.embed import Embedded
    from spotmap_build.stages.project import Projected


RESERVED_NAMES: Final = ("vector", "tags", "tags_names", "file", "allow_pickle")
"""Names of matrices, and parameters of numpy's archive. Columns of the source with such names are renamed."""


def make_table(embedded: Embedded, projected: Projected, clusters: Clusters, *, with_vectors: bool) -> MapTable:
    """Create a table with one row per track: metadata, position, cluster and region, features.

    Parameters
    ----------
    with_vectors : bool
        Whether to include embedding vectors and tag activations, which take about 6 KB per track.
    """
    from spotmap_build.emit.export import MapTable

    embeddings, coordinates = embedded.embeddings.value, projected.layout.value.coordinates
    columns = {
        **_track_columns(embedded.tracks),
        "x": coordinates[:, 0].astype(float).tolist(),
        "y": coordinates[:, 1].astype(float).tolist(),
        **_group_names(clusters, len(embedded.tracks)),
        **_features(embeddings),
        **_album_positions(embedded.tracks),
        **_play_dates(embedded.tracks),
    }
    taken = {*columns, *RESERVED_NAMES}
    columns |= {f"own_{name}" if name in taken else name: own for name, own in _own_columns(embedded.tracks).items()}
    if not with_vectors:
        return MapTable(columns, {}, {})
    matrices = {"vector": embeddings.vectors, "tags": embeddings.tags}
    return MapTable(
        columns,
        {name: matrix for name, matrix in matrices.items() if matrix.shape[1]},
        {"tags": embeddings.tag_names} if embeddings.tag_names else {},
    )


def _track_columns(tracks: Sequence[Track]) -> dict[str, list[Any]]:
    return {
        "id": [track.id for track in tracks],
        "title": [track.title for track in tracks],
        "artists": [list(track.artists) for track in tracks],
        "album": [track.album or None for track in tracks],
        "duration_ms": [track.duration_ms for track in tracks],
        "year": [track.year for track in tracks],
        "added_at": [track.added_at or None for track in tracks],
        "genres": [list(track.genres) for track in tracks],
        "plays": [track.play_count for track in tracks],
        "isrc": [track.isrc or None for track in tracks],
        "video_id": [(track.recording and track.recording.video_id) or None for track in tracks],
    }


def _album_positions(tracks: Sequence[Track]) -> dict[str, list[int | None]]:
    """Return track and disc numbers, if any are known."""
    columns = {
        "track_number": [track.track_number for track in tracks],
        "disc_number": [track.disc_number for track in tracks],
    }
    return {name: numbers for name, numbers in columns.items() if any(numbers)}


def _play_dates(tracks: Sequence[Track]) -> dict[str, list[Any]]:
    """Return the days of the first and the last play, if a source has them."""
    listening = [track.listening for track in tracks]
    if not any(listening):
        return {}
    return {
        "first_played": [(one and one.first_on) or None for one in listening],
        "last_played": [(one and one.last_on) or None for one in listening],
    }


def _group_names(clusters: Clusters, count: int) -> dict[str, list[str | None]]:
    """Return names and ids of the cluster and region of each track; None for noise. Ids are stable across builds."""
    labels = clusters.labels(count).tolist()
    region_of = {row: number for number, one in enumerate(clusters.regions) for row in one.members}
    regions = [region_of.get(row) for row in range(len(labels))]
    return {
        "cluster_id": [clusters.clusters[label].id if label >= 0 else None for label in labels],
        "cluster": [clusters.clusters[label].name if label >= 0 else None for label in labels],
        "region_id": [None if number is None else clusters.regions[number].id for number in regions],
        "region": [None if number is None else clusters.regions[number].name for number in regions],
    }


def _features(embeddings: Embeddings) -> dict[str, list[float | None]]:
    """Return the features in the units of :data:`~spotmap_build.registry.features.FEATURES`; None if unknown."""
    return {
        name: [None if math.isnan(value) else value for value in embeddings.features[:, column].astype(float).tolist()]
        for column, name in enumerate(embeddings.feature_names)
    }


def _own_columns(tracks: Sequence[Track]) -> Mapping[str, list[Any]]:
    """Return the source's own columns by name."""
    names = dict.fromkeys(name for track in tracks for name in track.facets)
    return {name: [track.facets.get(name) for track in tracks] for name in names}
