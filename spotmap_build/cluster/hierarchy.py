"""From clusters to regions, and how firmly a track belongs to either. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from spotmap_build.cluster.hdbscan import by_size, clusters_in_reach, hdbscan_labels

if TYPE_CHECKING:
    import numpy.typing as npt

    from spotmap_build.model import Float32Array, Int32Array

FEW: Final = 3
"""So many clusters or fewer need no level above them."""
ENCLOSED: Final = 0.5
"""Share of a track's neighbors that must lie in a cluster for a track that density alone leaves out to be in it."""
WITNESSED: Final = 1 / 3
"""The same for a track that lies by that cluster on the map as well."""
MOST_VOTES: Final = 15
"""Nearest neighbors that are asked."""


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Both levels.

    ``clusters`` and ``regions``: int32 ``[n]``, 0.. by falling size, -1 for noise; ``parents``: the region of every
    cluster; ``membership`` and ``region_membership``: see :class:`Membership`.
    """

    clusters: Int32Array
    regions: Int32Array
    parents: tuple[int, ...]
    membership: Membership
    region_membership: Membership


@dataclass(frozen=True, slots=True, eq=False)
class Membership:
    """How firmly tracks belong to their cluster: shares of their nearest neighbors, 0..1.

    ``strengths`` float32 ``[n]``: that lie in the track's own cluster; 0 for noise. ``seconds`` int32 ``[n]``: the
    other cluster that most of them lie in, -1 where none does; for noise, the cluster that the track is nearest to.
    ``second_strengths`` float32 ``[n]``: that lie in that one.
    """

    strengths: Float32Array
    seconds: Int32Array
    second_strengths: Float32Array


def find_groups(space: Float32Array, neighbors: Int32Array) -> Groups:
    """Find clusters, the regions that they make, and how firmly every track belongs to them.

    Parameters
    ----------
    space : numpy.ndarray
        Float32 ``[n, d]``, see :func:`~spotmap_build.cluster.hdbscan.hdbscan_labels`.
    neighbors : numpy.ndarray
        Int32 ``[n, k]``, the nearest rows of each by the vectors themselves, without itself, nearest first.

    Returns
    -------
    Groups
        Both levels.
    """
    asked = neighbors[:, :MOST_VOTES]
    dense = hdbscan_labels(space)
    labels = by_size(join_witnessed(dense, clusters_in_reach(space, dense), asked))
    return groups_of(labels, join_clusters(labels, space), asked)


def groups_of(labels: Int32Array, parents: tuple[int, ...], neighbors: Int32Array) -> Groups:
    """Both levels, where the region of every cluster is known; regions are renumbered by falling size."""
    regions = by_size(label_regions(labels, parents, neighbors))
    parents = tuple(int(regions[np.argmax(labels == number)]) for number in range(len(parents)))
    return Groups(labels, regions, parents, soft_membership(labels, neighbors), soft_membership(regions, neighbors))


def no_groups(count: int) -> Groups:
    """Return the groups of so many tracks where none are to be found."""
    return groups_of(np.full(count, -1, dtype=np.int32), (), np.zeros((count, 0), dtype=np.int32))


def region_count(cluster_count: int) -> int:
    """How many regions are easily distinguished and still say something: 12 clusters make 5, 60 make 11."""
    if cluster_count <= FEW:
        return cluster_count
    return round(math.sqrt(2 * cluster_count))


def join_clusters(labels: Int32Array, space: Float32Array) -> tuple[int, ...]:
    """Return the region of every cluster, 0.. by falling number of tracks.

    Ward's method on the clusters' centers, weighted by their size: it gives regions of like extent. The top
    of HDBSCAN's own tree does not: there clusters split off one by one, and all but a few stay one giant.

    Parameters
    ----------
    labels : Int32Array
        Int32 ``[n]``, -1 for noise.
    space : Float32Array
        Float32 ``[n, d]``, what was clustered.
    """
    count = int(labels.max(initial=-1)) + 1
    members = [np.flatnonzero(labels == label) for label in range(count)]
    groups = {label: [label] for label in range(count)}
    weights = np.array([len(rows) for rows in members], dtype=np.float64)
    centers = np.array([space[rows].mean(axis=0, dtype=np.float64) for rows in members]).reshape(count, space.shape[1])
    while len(groups) > max(1, region_count(count)):
        one, other = _cheapest(centers, weights, sorted(groups))
        total = weights[one] + weights[other]
        centers[one] = (weights[one] * centers[one] + weights[other] * centers[other]) / total
        weights[one] = total
        groups[one] += groups.pop(other)
    order = sorted(groups, key=lambda label: (-weights[label], label))
    region_of = {label: number for number, key in enumerate(order) for label in groups[key]}
    return tuple(region_of[label] for label in range(count))


def label_regions(labels: Int32Array, parents: tuple[int, ...], neighbors: Int32Array) -> Int32Array:
    """Return the region of every track, int32 ``[n]``: its cluster's; or, where it is in none, that of most neighbors.

    A track between two clusters of one region is no noise there; one between regions, or far from all, still is.
    """
    regions = np.full(len(labels), -1, dtype=np.int32)
    inside = labels >= 0
    regions[inside] = np.asarray(parents, dtype=np.int32)[labels[inside]]
    return absorb_noise(regions, neighbors)


def join_witnessed(labels: Int32Array, reached: Int32Array, neighbors: Int32Array) -> Int32Array:
    """Join noise to a cluster that it lies by (``reached``), where its neighbors speak for that cluster most.

    What map and sound agree on need not be dense.
    """
    around = soft_membership(labels, neighbors)
    joins = (labels < 0) & (reached >= 0) & (reached == around.seconds) & (around.second_strengths >= WITNESSED)
    return np.where(joins, reached, labels).astype(np.int32)


def absorb_noise(labels: Int32Array, neighbors: Int32Array) -> Int32Array:
    """Noise of which at least half of the neighbors are in one cluster is in that cluster as well."""
    around = soft_membership(labels, neighbors)
    joins = (labels < 0) & (around.second_strengths >= ENCLOSED)
    return np.where(joins, around.seconds, labels).astype(np.int32)


def soft_membership(labels: Int32Array, neighbors: Int32Array) -> Membership:
    """Own and second cluster of every track by its neighbors' votes.

    Parameters
    ----------
    labels : Int32Array
        Int32 ``[n]``, -1 for noise.
    neighbors : Int32Array
        Int32 ``[n, k]``, each row's nearest rows, without itself.
    """
    n, voted = len(labels), labels[neighbors]
    width = int(voted.max(initial=-1)) + 2
    # One number for every pair of track and cluster: at most n k of them occur, however many clusters there are.
    codes = (np.arange(n, dtype=np.int64)[:, np.newaxis] * width + voted + 1).ravel()
    pairs, counts = np.unique(codes, return_counts=True)
    rows, clusters = pairs // width, (pairs % width - 1).astype(np.int32)
    shares = (counts / max(1, neighbors.shape[1])).astype(np.float32)
    own = (clusters == labels[rows]) & (clusters >= 0)
    strengths = np.zeros(n, dtype=np.float32)
    strengths[rows[own]] = shares[own]
    rival = (clusters >= 0) & ~own
    rows, clusters, shares = rows[rival], clusters[rival], shares[rival]
    # Of every row's rivals the last is kept: rising share, then falling number, so that ties go to the larger cluster.
    order = np.lexsort((-clusters, shares, rows))
    seconds, second_strengths = np.full(n, -1, dtype=np.int32), np.zeros(n, dtype=np.float32)
    last = np.flatnonzero(np.append(np.diff(rows[order]) > 0, True)) if len(rows) else np.zeros(0, dtype=np.intp)
    seconds[rows[order][last]] = clusters[order][last]
    second_strengths[rows[order][last]] = shares[order][last]
    return Membership(strengths, seconds, second_strengths)


def _cheapest(centers: npt.NDArray[np.float64], weights: npt.NDArray[np.float64], labels: list[int]) -> tuple[int, int]:
    """Return the two groups whose union raises the spread within groups least."""
    points, sizes = centers[labels], weights[labels]
    distance = np.sum((points[:, np.newaxis] - points) ** 2, axis=2)
    cost = distance * (sizes[:, np.newaxis] * sizes) / (sizes[:, np.newaxis] + sizes)
    cost[np.tril_indices(len(labels))] = np.inf
    one, other = np.unravel_index(int(np.argmin(cost)), cost.shape)
    return labels[int(one)], labels[int(other)]
