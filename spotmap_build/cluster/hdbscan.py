"""Cluster the map by density, and measure cluster validity. The only module that imports hdbscan."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Final

import numpy as np

from spotmap_build.cluster.density_tree import condense, select_clusters
from spotmap_build.cluster.islands import separate_islands
from spotmap_build.cluster.labels import by_size, members_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from spotmap_build.cluster.density_tree import SelectedCluster
    from spotmap_build.model import Float32Array, Int32Array

    Float64Array = npt.NDArray[np.float64]

NEAREST: Final = 5
MIN_NEIGHBORS: Final = 3
SMOOTHING: Final = 0.3
"""``min_samples``: density is measured by the distance to the fifth nearest track, or in small libraries to this share
of the smallest part's size, at least the third. If it grew with the library, close groups would merge; with the third
for all sizes, or the second in small libraries, islands would break up."""
PART_SHARE: Final = 0.5
MIN_PART_SIZE: Final = 8
"""Parts of a cluster that clearly splits may have half the smallest cluster's size, but at least eight tracks. Smaller
parts occur everywhere by chance, unless they are isolated."""
MIN_ISLAND_SIZE: Final = 1 / 3
"""Minimum size of an isolated group, as a share of the smallest cluster's size."""
MAX_REACH: Final = 2.0
"""Maximum distance of a track from its cluster, as a multiple of the cluster's usual distance to the fifth nearest
track."""
LEAF_SIZE: Final = 13
"""Leaf size of hdbscan's search trees; its default."""
SAME_PLACE: Final = 1e-3
"""Share of the usual distance between places below which tracks count as being in one place."""
CORE_SIZE: Final = 5


def load_hdbscan() -> None:
    """Import the dependencies of this module, which takes a second (hdbscan imports scikit-learn)."""
    import hdbscan.validity  # noqa: F401 - for the functions of this module
    import scipy.spatial  # noqa: F401


def smallest_cluster(track_count: int) -> int:
    """Return the minimum size of a cluster, which grows with the square root (100 tracks: 5, 10,000 tracks: 50)."""
    return max(5, round(0.5 * math.sqrt(track_count)))


def smallest_island(track_count: int) -> int:
    """Return the minimum size of an isolated cluster (100 tracks: 5, 10,000 tracks: 17)."""
    return max(5, round(MIN_ISLAND_SIZE * smallest_cluster(track_count)))


def smallest_part(track_count: int) -> int:
    """Return the minimum size of a part of a cluster (100 tracks: 5, 1,000 tracks: 8, 10,000 tracks: 25)."""
    size = smallest_cluster(track_count)
    return min(size, max(MIN_PART_SIZE, round(PART_SHARE * size)))


def hdbscan_labels(space: Float32Array) -> Int32Array:
    """Cluster by density: prominent groups with the largest excess of mass, and small islands.

    Uses HDBSCAN (Campello, Moulavi and Sander, 2013) from the package ``hdbscan``. Clusters are selected from the
    condensed tree by our own rules: with the package's size limit, a large region without parts would be noise.

    Parameters
    ----------
    space : numpy.ndarray
        Float32 ``[n, d]``, the map (docs/decisions/0005) or another space of few dimensions. In the space of the
        vectors, a third to three quarters of real tracks would be noise.

    Returns
    -------
    numpy.ndarray
        Int32 ``[n]``, 0.. by decreasing size of the cluster (ties by first row), -1 for noise.
    """
    n = len(space)
    size, part = smallest_cluster(n), smallest_part(n)
    labels = np.full(n, -1, dtype=np.int32)
    if n < 2 * size or not np.any(np.ptp(space, axis=0)):
        return labels
    nearest = min(NEAREST, max(MIN_NEIGHBORS, round(SMOOTHING * part)))
    linkage = single_linkage(space.astype(np.float64), nearest)
    usual = _usual_distance(space)
    tree = condense(linkage, part, SAME_PLACE * usual)
    number = 0
    for cluster in select_clusters(tree, size):
        for rows in cluster.parts:
            labels[rows] = number
            number += 1
        _assign_to_nearest(space, labels, cluster)
    return by_size(separate_islands(labels, linkage, smallest_island(n), usual))


def single_linkage(rows: Float64Array, nearest: int) -> Float64Array:
    """Return the single linkage of rows by mutual reachability, from hdbscan's minimum spanning tree.

    The steps of ``HDBSCAN`` are called individually: the class spends most of its time on scikit-learn's neighbor
    search, on tables of merges, and on labels that are not needed here. Its options ``max_cluster_size`` and
    ``cluster_selection_epsilon`` are not suitable: the first turns a large region without parts into noise, the second
    a pile of equal tracks.

    Parameters
    ----------
    rows : numpy.ndarray
        Float64 ``[n, d]``, n at least 2.
    nearest : int
        ``min_samples``: the core distance of a row is the distance to this many other rows.

    Returns
    -------
    numpy.ndarray
        Float64 ``[n - 1, 4]``: (left, right, distance, size), in the format of :func:`scipy.cluster.hierarchy.linkage`.
    """
    from hdbscan._hdbscan_boruvka import KDTreeBoruvkaAlgorithm

    spanning = KDTreeBoruvkaAlgorithm(
        _Nearest(rows),
        min(nearest, len(rows) - 1),
        metric="euclidean",
        leaf_size=LEAF_SIZE,
        approx_min_span_tree=False,
        n_jobs=1,
    ).spanning_tree()
    return _merges(spanning[np.argsort(spanning[:, 2])])


def _merges(edges: Float64Array) -> Float64Array:
    """Convert the edges of a spanning tree to merges, shortest first. hdbscan's function takes five times as long."""
    n = len(edges) + 1
    above, sizes = list(range(2 * n - 1)), [1] * n
    nodes: list[int] = []
    for merge, ends in enumerate(edges[:, :2].astype(np.int64).tolist(), start=n):
        size = 0
        for end in ends:
            node = end
            while above[node] != node:
                above[node] = node = above[above[node]]
            nodes.append(node)
            size += sizes[node]
        above[nodes[-2]] = above[nodes[-1]] = merge
        sizes.append(size)
    return np.column_stack([np.reshape(nodes, (n - 1, 2)), edges[:, 2], sizes[n:]]).astype(np.float64)


class _Nearest:
    """The search tree that is passed to hdbscan. scipy's gives the same neighbors in a sixth of the time."""

    def __init__(self, rows: Float64Array) -> None:
        self.data = rows

    def query(self, rows: object, k: int, **_how: bool) -> tuple[Float64Array, npt.NDArray[np.intp]]:
        """Return the distances and indices of the ``k`` nearest rows of each row."""
        from scipy.spatial import cKDTree

        distances, nearest = cKDTree(self.data).query(np.asarray(rows), k=k, workers=-1)
        return distances, nearest


def _assign_to_nearest(space: Float32Array, labels: Int32Array, cluster: SelectedCluster) -> None:
    """Assign rows between a cluster's parts to the nearest part, in ``labels``, so that a split creates no noise."""
    from scipy.spatial import cKDTree

    if len(cluster.between):
        inside = np.concatenate(cluster.parts)
        labels[cluster.between] = labels[inside[cKDTree(space[inside]).query(space[cluster.between])[1]]]


def clusters_in_reach(space: Float32Array, labels: Int32Array) -> Int32Array:
    """Return the nearest cluster of each row of noise, int32 ``[n]``; -1 if all are far away, and for other rows."""
    from scipy.spatial import cKDTree

    inside = labels >= 0
    reached = np.full(len(labels), -1, dtype=np.int32)
    if inside.all() or not inside.any():
        return reached
    usual = _distances(space, NEAREST)
    reach = np.array([MAX_REACH * np.median(usual[rows]) for rows in members_of(labels)])
    distance, nearest = cKDTree(space[inside]).query(space[~inside])
    clusters = labels[inside][nearest]
    reached[~inside] = np.where(distance <= reach[clusters], clusters, -1)
    return reached


def _usual_distance(space: Float32Array) -> float:
    """Return the usual distance between neighboring places, regardless of the number of tracks in each."""
    ordered = space[np.lexsort(space.T)]  # numpy.unique takes five times as long for rows
    is_first = np.append(True, np.any(ordered[1:] != ordered[:-1], axis=1))
    return float(np.median(_distances(ordered[is_first], 1)))


def _distances(space: Float32Array, count: int) -> Float64Array:
    """Return the distance of the ``count``-th nearest row of every row."""
    from scipy.spatial import cKDTree

    return np.asarray(cKDTree(space).query(space, k=min(len(space), 1 + count), workers=-1)[0][:, -1])


def validity_of_each(positions: Float32Array, labels: npt.NDArray[np.intp]) -> Float64Array:
    """Return each cluster's share in the density-based cluster validity (DBCV), by hdbscan's implementation.

    Ties between mutual reachability distances are common. The choice among the resulting spanning trees changes the
    index by a few hundredths.

    Parameters
    ----------
    positions : float32 ``[n, d]``
    labels : int ``[n]``
        0 to k - 1, each at least twice (hdbscan raises for a cluster of one track), k at least 2.

    Returns
    -------
    float64 ``[k]``
        -1 to 1; 0 for a cluster that coincides with another in one point (NaN in hdbscan).
    """
    places = positions.astype(np.float64)
    sparseness, inner, core = [], [], []
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        for rows in members_of(labels):
            reach, core_distances = _mutual_reachability(places[rows])
            nodes, longest_edge = _internal_spanning_tree(reach)
            sparseness.append(longest_edge)
            inner.append(rows[nodes])
            core.append(core_distances[nodes])
        separation = _separation_of_each(places, inner, core)
        scores = (separation - sparseness) / np.maximum(separation, sparseness)
    finite: Float64Array = np.nan_to_num(scores, nan=0.0)
    return finite


def _mutual_reachability(places: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Return mutual reachability distances within a cluster, ``[n, n]``, and each place's all-points core distance."""
    from hdbscan.validity import all_points_core_distance
    from scipy.spatial.distance import cdist

    distances = cdist(places, places)
    core_distances = all_points_core_distance(distances.copy(), d=places.shape[1])
    return np.maximum(distances, np.maximum(core_distances[:, None], core_distances)), core_distances


def _internal_spanning_tree(reach: Float64Array) -> tuple[npt.NDArray[np.intp], float]:
    """Return the internal nodes of a cluster's minimum spanning tree, and the length of its longest internal edge.

    Equal to hdbscan's ``internal_minimum_spanning_tree`` on mutual reachability distances ``[n, n]``, but finds the
    parents of all nodes together; hdbscan's search for each node took most of the time.
    """
    from hdbscan.validity import mst_linkage_core

    tree = mst_linkage_core(reach)
    added, lengths = tree[:, 1].astype(np.intp), tree[:, 2]
    order = np.zeros(len(reach), dtype=np.intp)
    order[added] = np.arange(1, len(reach))
    # A node was joined to an earlier one at exactly this distance; among several, hdbscan uses the first row.
    is_parent = np.isclose(reach[added], lengths[:, None]) & (order < order[added, None])
    parents = is_parent.argmax(axis=1)
    nodes = np.flatnonzero(np.bincount(np.concatenate([parents, added]), minlength=len(reach)) > 1)
    if not len(nodes):
        nodes = np.zeros(1, dtype=np.intp)
    is_inner = np.isin(parents, nodes) & np.isin(added, nodes)
    return nodes, float(lengths[is_inner].max() if is_inner.any() else lengths.max())


def _separation_of_each(
    places: Float64Array, inner: Sequence[npt.NDArray[np.intp]], core: Sequence[Float64Array]
) -> Float64Array:
    """Return the distance of each cluster from the nearest other one by mutual reachability: float64 ``[k]``.

    It is measured between the rows ``inner`` of each cluster, with their ``core`` distances. Each cluster is compared
    with all others together; hdbscan compares pairs, which took most of the time with many clusters.
    """
    from scipy.spatial.distance import cdist

    starts = np.cumsum([0, *map(len, inner)])
    found, cores = places[np.concatenate(inner)], np.concatenate(core)
    separation = np.full(len(inner), np.inf)
    for number, (start, end) in enumerate(itertools.pairwise(starts.tolist())):
        if end == len(found):
            break
        reach = cdist(found[start:end], found[end:])
        np.maximum(reach, cores[start:end, None], out=reach)
        np.maximum(reach, cores[None, end:], out=reach)
        of_others = np.minimum.reduceat(reach.min(axis=0), starts[number + 1 : -1] - end)
        separation[number] = min(separation[number], of_others.min())
        separation[number + 1 :] = np.minimum(separation[number + 1 :], of_others)
    return separation


def core_rows(members: Sequence[int], strengths: Float32Array, coordinates: Float32Array) -> tuple[int, ...]:
    """Return representative rows of a cluster: those with the strongest membership, then nearest to the median."""
    rows = np.asarray(members, dtype=np.intp)
    distance = np.linalg.norm(coordinates[rows] - np.median(coordinates[rows], axis=0), axis=1)
    order = np.lexsort((rows, distance, -strengths[rows]))
    return tuple(int(row) for row in rows[order][:CORE_SIZE])
