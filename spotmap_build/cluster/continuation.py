"""Continue the clustering of the last map: tracks stay in their cluster unless there is a reason to leave it. Pure.

A clustering from scratch changes the cluster of a quarter of all tracks when a tenth of the library is new
(docs/decisions/0006): an equally good partition, but a map that people no longer recognize. Therefore the old one is
continued: new tracks join clusters by their neighbors, new clusters are found where there are none, and only clusters
that have grown too large are split.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from spotmap_build.cluster.density_tree import LARGE_CLUSTER_FACTOR
from spotmap_build.cluster.hdbscan import smallest_cluster, smallest_island
from spotmap_build.cluster.hierarchy import (
    VOTER_COUNT,
    Groups,
    absorb_noise,
    find_groups,
    groups_of,
    soft_membership,
)
from spotmap_build.cluster.labels import by_size, members_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from spotmap_build.model import Float32Array, Int32Array

    BoolArray = npt.NDArray[np.bool_]

NEW: Final = -2
"""Label of tracks that were not on the last map."""
MAX_GROWTH: Final = 1.5
"""A cluster with parts is split if it exceeds this multiple of its former size, and of a large cluster's size."""
MIN_COHESION: Final = 0.9
"""Share of its tracks' neighbors inside a part that makes it a group of its own. A cluster that has grown to several
such parts is split; the first map may have had too few tracks for them."""
MAX_STRANDED_SHARE: Final = 0.1
"""A track with a smaller share of its neighbors in its own cluster moves to another one that has most of them."""
MAX_LOSS: Final = 0.15
"""Maximum loss of the mean share of neighbors in a track's own cluster, compared with clustering from scratch."""


def continue_groups(
    space: Float32Array, neighbors: Int32Array, previous: Int32Array, previous_parents: tuple[int, ...]
) -> Groups:
    """Update the groups of the last map. If clustering from scratch fits far better, its groups are returned instead.

    Parameters
    ----------
    space, neighbors
        As for :func:`~spotmap_build.cluster.hierarchy.find_groups`, of a map anchored to the last one.
    previous : Int32Array
        Int32 ``[n]``, the cluster of each track on the last map, -1 for noise, :data:`NEW` for new tracks.
    previous_parents : tuple[int, ...]
        The region of each cluster of the last map.
    """
    fresh = find_groups(space, neighbors)
    voters = neighbors[:, :VOTER_COUNT]
    labels = continue_labels(fresh.clusters, voters, previous)
    parents = _parents(labels, voters, previous_parents)
    continued = _renumbered(labels, parents, voters)
    return fresh if _agreement(continued) < _agreement(fresh) - MAX_LOSS else continued


def _agreement(groups: Groups) -> float:
    """Return the mean share of a track's neighbors that are in its own cluster (0..1; 0 for noise)."""
    strengths = groups.membership.strengths
    return float(np.mean(strengths)) if len(strengths) else 0.0


def continue_labels(fresh: Int32Array, neighbors: Int32Array, previous: Int32Array) -> Int32Array:
    """Return labels with the old numbers of clusters, higher numbers for new ones and -1 for noise: int32 ``[n]``."""
    labels = _kept_clusters(previous)
    _place_free_tracks(labels, fresh, previous)
    _split_grown_clusters(labels, fresh, neighbors, previous)
    around = soft_membership(labels, neighbors)
    leaves = (labels >= 0) & (around.strengths < MAX_STRANDED_SHARE) & (around.second_strengths > 0.5)
    labels[leaves] = around.seconds[leaves]
    return absorb_noise(labels, neighbors) if len(labels) else labels


def _kept_clusters(previous: Int32Array) -> Int32Array:
    """Return the old labels, with -1 for new tracks and for clusters of which too few tracks are left to be regions."""
    labels = np.where(previous >= 0, previous, -1).astype(np.int32)
    counts = np.bincount(labels[labels >= 0], minlength=1)
    labels[(labels >= 0) & (counts[labels] < min(smallest_cluster(len(labels)) / 2, smallest_island(len(labels))))] = -1
    return labels


def _place_free_tracks(labels: Int32Array, fresh: Int32Array, previous: Int32Array) -> None:
    """Label tracks that are in no cluster, in place: as a new cluster if there are enough in a fresh one."""
    size, number = smallest_cluster(len(labels)), _first_free_number(labels, previous)
    for rows in members_of(fresh):
        free = rows[labels[rows] < 0]
        if len(free) >= min(size, len(rows)) and 2 * len(free) >= len(rows):
            labels[free] = number
            number += 1
        elif len(free) < len(rows):
            # Newcomers to a place that is a region already.
            held = np.bincount(labels[rows[labels[rows] >= 0]])
            if 2 * held.max() >= held.sum():
                labels[free] = held.argmax()


def _split_grown_clusters(labels: Int32Array, fresh: Int32Array, neighbors: Int32Array, previous: Int32Array) -> None:
    """Split clusters that have grown, in place, if they are too large now or consist of cohesive fresh clusters."""
    size, number = smallest_cluster(len(labels)), _first_free_number(labels, previous)
    before, now = (np.bincount(each[each >= 0], minlength=number) for each in (previous, labels))
    is_overgrown = now > MAX_GROWTH * np.maximum(before, LARGE_CLUSTER_FACTOR * size)
    is_cohesive = _are_cohesive(fresh, neighbors)
    for cluster in np.flatnonzero(now > before).tolist():
        rows = np.flatnonzero(labels == cluster)
        inside = fresh[rows][fresh[rows] >= 0]
        parts = [part for part in np.unique(inside).tolist() if np.sum(inside == part) >= size]
        if not is_overgrown[cluster] and not (len(parts) > 1 and is_cohesive[parts].all()):
            continue
        for part in sorted(parts, key=lambda part: (-int(np.sum(inside == part)), part))[1:]:
            labels[rows[fresh[rows] == part]] = number
            number += 1


def _first_free_number(labels: Int32Array, previous: Int32Array) -> int:
    """Return the first number above those of old and new clusters: numbers of old ones are not used again."""
    return max(int(labels.max(initial=-1)), int(previous.max(initial=-1))) + 1


def _are_cohesive(fresh: Int32Array, neighbors: Int32Array) -> BoolArray:
    """Return for each fresh cluster whether its tracks have nearly all their neighbors in it: bool ``[clusters]``."""
    strengths = soft_membership(fresh, neighbors).strengths
    return np.array([np.mean(strengths[rows]) >= MIN_COHESION for rows in members_of(fresh)], dtype=np.bool_)


def _parents(labels: Int32Array, neighbors: Int32Array, previous_parents: tuple[int, ...]) -> tuple[int, ...]:
    """Return the region of every number in ``labels``.

    The old one; for new clusters that of most neighbors, or another new one.
    """
    parents = list(previous_parents)
    for cluster in range(len(previous_parents), int(labels.max(initial=-1)) + 1):
        around = labels[neighbors[labels == cluster]]
        known = around[(around >= 0) & (around < len(parents))]
        regions = np.bincount(np.asarray(parents, dtype=np.intp)[known], minlength=1) if len(known) else np.zeros(1)
        is_near = 5 * regions.max() >= around.size > 0
        parents.append(int(regions.argmax()) if is_near else max(parents, default=-1) + 1)
    return tuple(parents)


def _renumbered(labels: Int32Array, parents: tuple[int, ...], neighbors: Int32Array) -> Groups:
    """Return the groups with clusters renumbered by decreasing size, without empty ones."""
    numbered = by_size(labels)
    return groups_of(numbered, tuple(parents[labels[rows[0]]] for rows in members_of(numbered)), neighbors)
