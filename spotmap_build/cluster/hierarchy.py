"""Group clusters into regions, and compute the membership strength of tracks. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from spotmap_build.cluster.hdbscan import clusters_in_reach, hdbscan_labels
from spotmap_build.cluster.labels import by_size, members_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from spotmap_build.model import Float32Array, Int32Array

MAX_WITHOUT_REGIONS: Final = 3
"""Up to this number of clusters, no regions are needed."""
MIN_ENCLOSED_SHARE: Final = 0.5
"""Minimum share of neighbors in a cluster for a track that is noise by density to be assigned to it."""
MIN_SUPPORTED_SHARE: Final = 1 / 3
"""The same for a track that is also close to that cluster on the map."""
VOTER_COUNT: Final = 15
"""Number of nearest neighbors that vote."""


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Both levels of groups.

    ``clusters`` and ``regions``: int32 ``[n]``, 0.. by decreasing size, -1 for noise; ``parents``: the region of every
    cluster; ``membership`` and ``region_membership``: see :class:`Membership`.
    """

    clusters: Int32Array
    regions: Int32Array
    parents: tuple[int, ...]
    membership: Membership
    region_membership: Membership


@dataclass(frozen=True, slots=True, eq=False)
class Membership:
    """Membership strengths of tracks: shares of their nearest neighbors, 0..1.

    ``strengths`` float32 ``[n]``: share in the track's own cluster; 0 for noise. ``seconds`` int32 ``[n]``: the other
    cluster with the most neighbors, -1 if there is none; for noise, the cluster with the most neighbors.
    ``second_strengths`` float32 ``[n]``: share in that cluster.
    """

    strengths: Float32Array
    seconds: Int32Array
    second_strengths: Float32Array


def find_groups(space: Float32Array, neighbors: Int32Array) -> Groups:
    """Find clusters and their regions, and the membership strength of every track.

    Parameters
    ----------
    space : numpy.ndarray
        Float32 ``[n, d]``, see :func:`~spotmap_build.cluster.hdbscan.hdbscan_labels`.
    neighbors : numpy.ndarray
        Int32 ``[n, k]``, the nearest rows of each row by the vectors, without itself, nearest first.

    Returns
    -------
    Groups
        Both levels.
    """
    voters = neighbors[:, :VOTER_COUNT]
    dense = hdbscan_labels(space)
    labels = by_size(absorb_supported_noise(dense, clusters_in_reach(space, dense), voters))
    return groups_of(labels, join_clusters(labels, space), voters)


def groups_of(labels: Int32Array, parents: tuple[int, ...], neighbors: Int32Array) -> Groups:
    """Return both levels, given the region of every cluster. Regions are renumbered by decreasing size."""
    regions = by_size(label_regions(labels, parents, neighbors))
    parents = tuple(int(regions[rows[0]]) for rows in members_of(labels))
    return Groups(labels, regions, parents, soft_membership(labels, neighbors), soft_membership(regions, neighbors))


def no_groups(count: int) -> Groups:
    """Return groups for ``count`` tracks without any clusters."""
    return groups_of(np.full(count, -1, dtype=np.int32), (), np.zeros((count, 0), dtype=np.int32))


def region_count(cluster_count: int) -> int:
    """Return the number of regions, few enough to be distinguishable: 5 for 12 clusters, 11 for 60."""
    if cluster_count <= MAX_WITHOUT_REGIONS:
        return cluster_count
    return round(math.sqrt(2 * cluster_count))


def join_clusters(labels: Int32Array, space: Float32Array) -> tuple[int, ...]:
    """Return the region of every cluster, 0.. by decreasing number of tracks.

    Uses Ward's method on the clusters' centers, weighted by size, which gives regions of similar extent. The top of
    HDBSCAN's tree is not suitable: clusters split off one at a time, and most of the library stays in one region.

    Parameters
    ----------
    labels : Int32Array
        Int32 ``[n]``, -1 for noise.
    space : Float32Array
        Float32 ``[n, d]``, the space that was clustered.
    """
    members = members_of(labels)
    count = len(members)
    groups = {label: [label] for label in range(count)}
    weights = np.array([len(rows) for rows in members], dtype=np.float64)
    centers = np.array([space[rows].mean(axis=0, dtype=np.float64) for rows in members]).reshape(count, space.shape[1])
    costs = np.full((count, count), np.inf)  # of the union of each pair, above the diagonal
    for label in range(count):
        costs[label, label + 1 :] = _union_costs(centers, weights, label)[label + 1 :]
    while len(groups) > max(1, region_count(count)):
        left, right = (int(label) for label in np.unravel_index(int(np.argmin(costs)), costs.shape))
        total = weights[left] + weights[right]
        centers[left] = (weights[left] * centers[left] + weights[right] * centers[right]) / total
        weights[left] = total
        groups[left] += groups.pop(right)
        costs[right, :] = costs[:, right] = np.inf
        others = np.array(sorted(groups.keys() - {left}), dtype=np.intp)
        costs[np.minimum(others, left), np.maximum(others, left)] = _union_costs(centers, weights, left)[others]
    order = sorted(groups, key=lambda label: (-weights[label], label))
    region_of = {label: number for number, key in enumerate(order) for label in groups[key]}
    return tuple(region_of[label] for label in range(count))


def label_regions(labels: Int32Array, parents: tuple[int, ...], neighbors: Int32Array) -> Int32Array:
    """Return the region of every track, int32 ``[n]``: that of its cluster, or for noise, that of most neighbors.

    A track between two clusters of a region belongs to the region. One between regions, or far from all, is noise.
    """
    regions = np.full(len(labels), -1, dtype=np.int32)
    inside = labels >= 0
    regions[inside] = np.asarray(parents, dtype=np.int32)[labels[inside]]
    return absorb_noise(regions, neighbors)


def absorb_supported_noise(labels: Int32Array, reached: Int32Array, neighbors: Int32Array) -> Int32Array:
    """Assign noise to a nearby cluster (``reached``) if that cluster has the most votes of its neighbors.

    If map and audio agree, the density does not matter.
    """
    around = soft_membership(labels, neighbors)
    joins = (
        (labels < 0) & (reached >= 0) & (reached == around.seconds) & (around.second_strengths >= MIN_SUPPORTED_SHARE)
    )
    return np.where(joins, reached, labels).astype(np.int32)


def absorb_noise(labels: Int32Array, neighbors: Int32Array) -> Int32Array:
    """Assign noise to a cluster if at least half of its neighbors are in it."""
    around = soft_membership(labels, neighbors)
    joins = (labels < 0) & (around.second_strengths >= MIN_ENCLOSED_SHARE)
    return np.where(joins, around.seconds, labels).astype(np.int32)


def soft_membership(labels: Int32Array, neighbors: Int32Array) -> Membership:
    """Return the memberships of every track in its own and its second cluster, by the votes of its neighbors.

    Parameters
    ----------
    labels : Int32Array
        Int32 ``[n]``, -1 for noise.
    neighbors : Int32Array
        Int32 ``[n, k]``, the nearest rows of each row, without itself.
    """
    n, voted = len(labels), labels[neighbors]
    width = int(voted.max(initial=-1)) + 2
    # One number per pair of track and cluster: at most n k of them occur, regardless of the number of clusters.
    codes = (np.arange(n, dtype=np.int64)[:, np.newaxis] * width + voted + 1).ravel()
    pairs, counts = np.unique(codes, return_counts=True)
    rows, clusters = pairs // width, (pairs % width - 1).astype(np.int32)
    shares = (counts / max(1, neighbors.shape[1])).astype(np.float32)
    own = (clusters == labels[rows]) & (clusters >= 0)
    strengths = np.zeros(n, dtype=np.float32)
    strengths[rows[own]] = shares[own]
    rival = (clusters >= 0) & ~own
    rows, clusters, shares = rows[rival], clusters[rival], shares[rival]
    # The last rival of each row wins: ascending share, then descending number, so that the larger cluster wins ties.
    order = np.lexsort((-clusters, shares, rows))
    seconds, second_strengths = np.full(n, -1, dtype=np.int32), np.zeros(n, dtype=np.float32)
    last = np.flatnonzero(np.append(np.diff(rows[order]) > 0, True)) if len(rows) else np.zeros(0, dtype=np.intp)
    seconds[rows[order][last]] = clusters[order][last]
    second_strengths[rows[order][last]] = shares[order][last]
    return Membership(strengths, seconds, second_strengths)


def _union_costs(
    centers: npt.NDArray[np.float64], weights: npt.NDArray[np.float64], label: int
) -> npt.NDArray[np.float64]:
    """Return by how much the union of a group with each group would increase the within-group variance: ``[k]``."""
    distances = np.sum((centers - centers[label]) ** 2, axis=1)
    return np.asarray(distances * (weights * weights[label]) / (weights + weights[label]), dtype=np.float64)
