"""Cluster: the dense regions of the map, and their names."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from spotmap_build.cache.keys import Key
from spotmap_build.model import Cluster
from spotmap_build.steps.run import machine, package_versions

if TYPE_CHECKING:
    from spotmap_build.model import Clusters, Playlist
    from spotmap_build.steps.embed import Heard
    from spotmap_build.steps.fetch import Fetched
    from spotmap_build.steps.project import Placed
    from spotmap_build.steps.run import Run

CLUSTER_VERSION: Final = 1
"""Raise when the same layout would be clustered or named otherwise."""
LABELS: Final = "labels.npy"
CLUSTERS: Final = "clusters.json"


@dataclass(frozen=True, slots=True)
class Clustered:
    """``digest`` names the content of ``read()``."""

    digest: str
    read: Callable[[], Clusters]


def cluster(run: Run, fetched: Fetched, heard: Heard, placed: Placed) -> Clustered:
    """The clusters of a layout, from the cache where layout, tags and playlists are as they were."""
    with run.clock.stage("cluster"):
        key = Key(
            "clusters",
            CLUSTER_VERSION,
            {
                "layout": placed.digest,
                "tags": heard.digest,
                "playlists": fetched.playlists_digest,
                "machine": machine(),
                "packages": package_versions("hdbscan", "numpy"),
            },
        )
        run.progress.begin("cluster", "finding regions")
        record = run.cache.lookup(key)
        outcome = "the regions are as they were"
        if record is None:
            started = time.monotonic()
            clusters = _find_clusters(fetched, heard, placed)
            record = run.cache.put(key, _encode(clusters), seconds=time.monotonic() - started)
            outcome = _describe(clusters)
        run.progress.end(outcome)
        digest = f"{record.outputs[LABELS].digest}-{record.outputs[CLUSTERS].digest}"
        return Clustered(digest, lambda: _decode(run, key))


def playlist_rows(fetched: Fetched, heard: Heard) -> tuple[tuple[Playlist, tuple[int, ...]], ...]:
    """Every playlist with the rows of its tracks that are on the map; playlists without any are left out."""
    rows = {track.id: row for row, track in enumerate(heard.tracks)}
    pairs = (
        (playlist, tuple(sorted(rows[track_id] for track_id in playlist.track_ids if track_id in rows)))
        for playlist in fetched.library.playlists
    )
    return tuple((playlist, members) for playlist, members in pairs if members)


def _find_clusters(fetched: Fetched, heard: Heard, placed: Placed) -> Clusters:
    import numpy as np

    from spotmap_build.cluster.density import core_rows, find_dense_regions
    from spotmap_build.cluster.naming import name_clusters
    from spotmap_build.model import Clusters

    coordinates = placed.read().coordinates
    embeddings = heard.read()
    labels, strengths = find_dense_regions(coordinates)
    count = int(labels.max(initial=-1)) + 1
    names = name_clusters(labels, embeddings.tags, embeddings.tag_names, playlist_rows(fetched, heard), count)
    clusters = tuple(
        Cluster(
            id=f"cluster-{number}",
            name=names[number],
            members=tuple(np.flatnonzero(labels == number).tolist()),
            core=core_rows(labels, strengths, coordinates, number),
        )
        for number in range(count)
    )
    return Clusters(labels, clusters)


def _encode(clusters: Clusters) -> dict[str, bytes]:
    from spotmap_build.cache.arrays import encode_array

    return {LABELS: encode_array(clusters.labels), CLUSTERS: msgspec.json.encode(clusters.clusters)}


def _decode(run: Run, key: Key) -> Clusters:
    from spotmap_build.cache.arrays import decode_array
    from spotmap_build.model import Clusters

    found: Sequence[Cluster] = msgspec.json.decode(run.read(key, CLUSTERS), type=tuple[Cluster, ...])
    return Clusters(decode_array(run.read(key, LABELS)), tuple(found))


def _describe(clusters: Clusters) -> str:
    count, noise = len(clusters.clusters), int((clusters.labels < 0).sum())
    return f"{count} regions; {noise} tracks lie between them" if count else "no dense regions"
