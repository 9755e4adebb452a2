"""Cluster stage: find regions and clusters, continue those of the last map, and name them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

import orjson

from spotmap_build.acquire.overrides import read_names
from spotmap_build.atlas import Cluster, Clusters
from spotmap_build.cache.keys import Key, digest_bytes
from spotmap_build.cache.memo import json_codec
from spotmap_build.core.documents import decode_json
from spotmap_build.core.translation import gettext
from spotmap_build.run import machine, package_versions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spotmap_build.cache.memo import Cached
    from spotmap_build.cluster.hierarchy import Groups
    from spotmap_build.cluster.identity import MatchedClusters
    from spotmap_build.cluster.naming import Names
    from spotmap_build.fetch.source import Fetched
    from spotmap_build.model import Float32Array, Int32Array, Playlist
    from spotmap_build.run import Run
    from spotmap_build.stages.embed import Embedded
    from spotmap_build.stages.previous_map import PreviousCluster, PreviousMap
    from spotmap_build.stages.project import Projected

CLUSTER_VERSION: Final = 9
"""Raise when the same layout gives different clusters or names."""
FOUND: Final = "clusters.json"
NEIGHBORS_ON_PLANE: Final = 15
"""Number of neighbors on the map, used if a table gives positions but no vectors."""


def cluster(run: Run, fetched: Fetched, embedded: Embedded, projected: Projected) -> Cached[Clusters]:
    """Return the clusters of a layout, from the cache if the layout, the terms and the last map are unchanged."""
    with run.clock.stage("cluster"):
        names = read_names(run.config.overrides)
        key = Key(
            "clusters",
            CLUSTER_VERSION,
            {
                "layout": projected.digest,
                **embedded.sound_key,
                "words": _words_digest(embedded),
                "playlists": fetched.playlists_digest,
                "names": dict(names),
                "anchor": projected.previous_map.digest,
                "machine": machine(),
                "packages": package_versions("hdbscan", "numpy", "scipy"),
            },
        )
        run.progress.begin("cluster", gettext("finding regions"))
        count = len(embedded.tracks)
        clusters = run.cached(
            key,
            lambda: _find(fetched, embedded, projected, names),
            json_codec(FOUND, partial(_decode, count)),
        )
        run.progress.end(_describe(clusters.value, count) if clusters.is_new else gettext("unchanged"))
        return clusters


def playlist_rows(fetched: Fetched, embedded: Embedded) -> tuple[tuple[Playlist, tuple[int, ...]], ...]:
    """Return every playlist with the rows of its tracks on the map, omitting playlists without any."""
    rows = {track.id: row for row, track in enumerate(embedded.tracks)}
    pairs = (
        (playlist, tuple(sorted(rows[track_id] for track_id in playlist.track_ids if track_id in rows)))
        for playlist in fetched.library.playlists
    )
    return tuple((playlist, members) for playlist, members in pairs if members)


def neighbor_rows(projected: Projected) -> Int32Array:
    """Return the nearest neighbors of each track by its vector, or by its position if there are no vectors."""
    from spotmap_build.project.quality import nearest_on_plane

    if projected.space.unit_vectors.shape[1] == 0:
        return nearest_on_plane(projected.layout.value.coordinates, NEIGHBORS_ON_PLANE)
    return projected.space.neighbors.indices


def _words_digest(embedded: Embedded) -> str:
    """Return a digest of everything that can become part of a name."""
    return digest_bytes(orjson.dumps([[track.genres, track.artists, track.album] for track in embedded.tracks]))


def _find(fetched: Fetched, embedded: Embedded, projected: Projected, names: Mapping[str, str]) -> Clusters:
    from spotmap_build.cluster.absence import why_no_clusters
    from spotmap_build.cluster.hierarchy import no_groups
    from spotmap_build.cluster.identity import describe_events

    layout, embeddings, last = projected.layout.value, embedded.embeddings.value, projected.previous_map.value
    coordinates = layout.coordinates
    absence = why_no_clusters(coordinates, embeddings.vectors, layout.trustworthiness)
    groups = no_groups(len(coordinates)) if absence else _groups(embedded, projected, last)
    rows = (_members(groups.clusters), _members(groups.regions))
    matched = _match_to_previous(embedded, rows, last)
    fixed = _fixed_names(matched[0], names), _fixed_names(matched[1], names)
    named = _name(fetched, embedded, rows, groups.parents, fixed)
    level = partial(_clusters_of_level, embedded, coordinates)
    strengths, parents = groups.membership.strengths, groups.parents
    clusters = level(rows[0], matched[0], named.clusters, strengths=strengths, parents=parents)
    regions = level(rows[1], matched[1], named.regions, strengths=groups.region_membership.strengths)
    known = {one.id: one.name for one in (*(last.clusters if last else ()), *(last.regions if last else ()))}
    known |= {one.id: one.name for one in (*clusters, *regions)}
    events = tuple(line for each in matched for line in describe_events(each.events, known)) if last else ()
    return Clusters(
        clusters=clusters,
        regions=regions,
        events=events,
        next_numbers=(matched[0].next_number, matched[1].next_number),
        absence=absence,
    )


def _groups(embedded: Embedded, projected: Projected, last: PreviousMap | None) -> Groups:
    """Continue the groups of the last map if this map continues it; otherwise find them from scratch."""
    import numpy as np

    from spotmap_build.cluster.continuation import NEW, continue_groups
    from spotmap_build.cluster.hierarchy import find_groups

    layout, neighbors = projected.layout.value, neighbor_rows(projected)
    if last is None or not last.clusters or layout.anchored is None or layout.anchored.fresh_reason:
        return find_groups(layout.coordinates, neighbors)
    before = {last.track_ids[member]: number for number, one in enumerate(last.clusters) for member in one.members}
    were_there = set(last.track_ids)
    previous = [before.get(track.id, -1) if track.id in were_there else NEW for track in embedded.tracks]
    parents = tuple(one.parent or 0 for one in last.clusters)
    return continue_groups(layout.coordinates, neighbors, np.array(previous, dtype=np.int32), parents)


def _members(labels: Int32Array) -> list[tuple[int, ...]]:
    from spotmap_build.cluster.labels import members_of

    return [tuple(rows.tolist()) for rows in members_of(labels)]


def _match_to_previous(
    embedded: Embedded, rows: tuple[list[tuple[int, ...]], list[tuple[int, ...]]], last: PreviousMap | None
) -> tuple[MatchedClusters, MatchedClusters]:
    from spotmap_build.cluster.identity import KnownCluster, match_clusters

    def remembered(one: PreviousCluster) -> KnownCluster:
        assert last is not None
        return KnownCluster(one.id, one.name, one.color, tuple(last.track_ids[member] for member in one.members))

    ids = [track.id for track in embedded.tracks]
    levels = ((last.clusters, last.regions) if last else ((), ()), last.next_numbers if last else (1, 1))
    first, second = (
        match_clusters(
            [remembered(one) for one in levels[0][level]],
            [[ids[row] for row in members] for members in rows[level]],
            next_number=levels[1][level],
            prefix=prefix,
        )
        for level, prefix in enumerate(("cluster", "region"))
    )
    return first, second


def _fixed_names(matched: MatchedClusters, names: Mapping[str, str]) -> dict[int, str]:
    """Return the fixed names: given by the person, or kept from the last map."""
    chosen = {number: names.get(one.id, one.name) for number, one in enumerate(matched.identities)}
    return {number: name for number, name in chosen.items() if name}


def _name(
    fetched: Fetched,
    embedded: Embedded,
    rows: tuple[list[tuple[int, ...]], list[tuple[int, ...]]],
    parents: tuple[int, ...],
    fixed: tuple[dict[int, str], dict[int, str]],
) -> Names:
    """Name both levels: clusters, then regions. The term matrix is built only if a name is missing."""
    from spotmap_build.cluster.naming import Names, name_levels
    from spotmap_build.cluster.term_matrix import build_term_matrix

    if all(len(named) == len(groups) for named, groups in zip(fixed, rows, strict=True)):
        clusters, regions = (tuple(named[number] for number in range(len(named))) for named in fixed)
        return Names(regions, clusters)
    matrix = build_term_matrix(embedded.embeddings.value, embedded.tracks, playlist_rows(fetched, embedded))
    return name_levels(matrix, rows[1], rows[0], parents, fixed_regions=fixed[1], fixed_clusters=fixed[0])


def _clusters_of_level(
    embedded: Embedded,
    coordinates: Float32Array,
    rows: Sequence[tuple[int, ...]],
    matched: MatchedClusters,
    names: Sequence[str],
    *,
    strengths: Float32Array,
    parents: tuple[int, ...] = (),
) -> tuple[Cluster, ...]:
    from spotmap_build.cluster.hdbscan import core_rows
    from spotmap_build.insights.axes import describe_slopes, find_slopes

    features, feature_names = embedded.embeddings.value.features, embedded.embeddings.value.feature_names
    return tuple(
        Cluster(
            id=identity.id,
            name=names[number],
            members=rows[number],
            core=core_rows(rows[number], strengths, coordinates),
            color=identity.color,
            axes=describe_slopes(find_slopes(coordinates, features, feature_names, rows[number])),
            parent=parents[number] if parents else None,
        )
        for number, identity in enumerate(matched.identities)
    )


def _decode(track_count: int, data: bytes) -> Clusters:
    """Decode the clusters from JSON without numpy, which a build with nothing to do does not import."""
    found = decode_json(data, Clusters)
    for one in (*found.clusters, *found.regions):
        if not all(0 <= row < track_count for row in (*one.members, *one.core)):
            raise ValueError(f"{one.id} holds a track that is not on the map")
        if one.parent is not None and not 0 <= one.parent < len(found.regions):
            raise ValueError(f"{one.id} is in a region that is not there")
    return found


def _describe(clusters: Clusters, track_count: int) -> str:
    count = len(clusters.clusters)
    if not count:
        return gettext("no dense regions")
    noise = track_count - sum(len(one.members) for one in clusters.clusters)
    return gettext(
        "{regions} regions with {clusters} clusters; {tracks} tracks lie between them",
        regions=len(clusters.regions),
        clusters=count,
        tracks=noise,
    )
