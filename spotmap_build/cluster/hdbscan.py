"""Find the dense regions of the map, and measure how dense they are. The only module that imports hdbscan."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spotmap_build.cluster.islands import set_islands_apart

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from spotmap_build.model import Float32Array, Int32Array

NEAREST: Final = 5
LEAST_NEAREST: Final = 3
SMOOTHING: Final = 0.3
"""A place is as dense as a track's fifth nearest is near; in small libraries not the fifth, but this share of the
smallest cluster's size, the third at least. Were it a share in large ones too, groups that lie close would run
together; with the third at any size, or the second in small ones, islands fall apart."""
LARGEST: Final = 6
"""Times the smallest cluster's size from which on a cluster that lies near others is more readily taken apart: "excess
of mass" alone makes giants of half a library."""
LARGE_PARTS: Final = 0.4
"""Share of such a cluster's excess of mass that its parts must have to be taken instead: those of real music have .5 to
1. What lies apart is left whole: to the eye it is one, and random parts of a ring of 100 tracks may have .9."""
LIES_APART: Final = 1.5
"""Times the gap between a cluster's parts that lie around it."""
SMALLEST_ISLAND: Final = 1 / 3
"""Of the smallest cluster's size that a group may have which lies quite apart."""
REACH: Final = 2.0
"""Times a cluster's usual distance to a track's fifth nearest, within which a track may still belong to it."""
SAME_PLACE: Final = 1e-3
"""Of the usual distance between places: what is closer is one place, and is not cut."""
CORE_SIZE: Final = 5


def smallest_cluster(track_count: int) -> int:
    """How many tracks make a cluster: grows with the square root (100 tracks: 5, 10,000 tracks: 50)."""
    return max(5, round(0.5 * math.sqrt(track_count)))


def smallest_island(track_count: int) -> int:
    """How many tracks make a cluster where nothing else is near (100 tracks: 5, 10,000 tracks: 17)."""
    return max(5, round(SMALLEST_ISLAND * smallest_cluster(track_count)))


def hdbscan_labels(space: Float32Array) -> Int32Array:
    """Cluster by density: the clusters of most "excess of mass", and small islands.

    HDBSCAN (Campello, Moulavi and Sander, 2013) by the package ``hdbscan``. Clusters are taken from its condensed tree
    here: with its own limit of size, a large region without parts would be noise.

    Parameters
    ----------
    space : numpy.ndarray
        Float32 ``[n, d]`` in which to look: the map itself (docs/decisions/0005), or anything of few dimensions. On the
        vectors a third to three quarters of real tracks are noise.

    Returns
    -------
    numpy.ndarray
        Int32 ``[n]``, 0.. by falling size of the cluster (ties by first row), -1 for noise.
    """
    n = len(space)
    size = smallest_cluster(n)
    if n < 2 * size or not np.any(np.ptp(space, axis=0)):
        return np.full(n, -1, dtype=np.int32)
    import hdbscan

    # Neither max_cluster_size nor cluster_selection_epsilon of hdbscan: with the first, a large region without parts is
    # noise; with the second, so is a pile of equal tracks.
    tree = hdbscan.HDBSCAN(
        min_cluster_size=size,
        min_samples=min(NEAREST, max(LEAST_NEAREST, round(SMOOTHING * size))),
        core_dist_n_jobs=1,
        approx_min_span_tree=False,
    ).fit(space.astype(np.float64))
    usual, condensed = _usual_distance(space), tree.condensed_tree_.to_numpy()
    whole = _extract_clusters(condensed, n, n, SAME_PLACE * usual)
    labels = _extract_clusters(condensed, n, LARGEST * size, SAME_PLACE * usual)
    _share_out(space, labels, whole)
    linkage = tree.single_linkage_tree_.to_numpy()
    return by_size(set_islands_apart(labels, linkage, smallest_island(n), usual))


def _extract_clusters(tree: Any, n: int, large: int, same_place: float) -> Int32Array:
    """Extract labels from HDBSCAN's condensed tree.

    Its rows are (parent, child, lambda_val, child_size), where numbers from ``n`` on are clusters, ``n`` is
    everything, and children have larger numbers than their parents.
    """
    parent, child = tree["parent"].astype(np.int64), tree["child"].astype(np.int64)
    density = np.minimum(tree["lambda_val"], 1 / same_place)
    count = int(parent.max()) - n + 1
    is_cluster = child >= n
    birth, sizes = np.zeros(count), np.full(count, n)
    birth[child[is_cluster] - n] = density[is_cluster]
    sizes[child[is_cluster] - n] = tree["child_size"][is_cluster]
    parts: list[list[int]] = [[] for _ in range(count)]
    for one, other in zip(parent[is_cluster].tolist(), child[is_cluster].tolist(), strict=True):
        parts[one - n].append(other - n)
    excess = np.bincount(parent - n, (density - birth[parent - n]) * tree["child_size"], minlength=count)
    split = np.array([birth[some[0]] if some else np.inf for some in parts])
    is_giant = (sizes > large) & (split < LIES_APART * birth)
    chosen = _select_by_eom(excess, np.where(is_giant, LARGE_PARTS, 1.0), parts)
    owner = np.full(count, -1)
    for node in range(count):
        if node in chosen:
            owner[node] = node
        for part in parts[node]:
            owner[part] = owner[node]
    labels = np.full(n, -1, dtype=np.int32)
    labels[child[~is_cluster]] = owner[parent[~is_cluster] - n]
    return labels


def _select_by_eom(excess: Any, share: Any, parts: list[list[int]]) -> set[int]:
    """Every cluster, or its parts where they have more than ``share`` of its excess of mass. Never all."""
    best, chosen = excess.copy(), [{node} for node in range(len(parts))]
    for node in range(len(parts) - 1, 0, -1):
        below = sum(best[part] for part in parts[node])
        if below > excess[node] * share[node]:
            best[node], chosen[node] = below, set().union(*(chosen[part] for part in parts[node]))
    return set().union(*(chosen[part] for part in parts[0]))


def _share_out(space: Float32Array, labels: Int32Array, whole: Int32Array) -> None:
    """Give what a large cluster leaves between its parts to the nearest part; ``labels`` is changed in place.

    ``whole``: the clusters if none is large. That one is cut must not make noise.
    """
    from scipy.spatial import cKDTree

    for cluster in np.unique(whole[(whole >= 0) & (labels < 0)]).tolist():
        rows = np.flatnonzero(whole == cluster)
        parts, left = rows[labels[rows] >= 0], rows[labels[rows] < 0]
        labels[left] = labels[parts[cKDTree(space[parts]).query(space[left])[1]]]


def clusters_in_reach(space: Float32Array, labels: Int32Array) -> Int32Array:
    """Return the cluster that each row of noise is nearest to, int32 ``[n]``.

    -1 where all are far, and for other rows.
    """
    from scipy.spatial import cKDTree

    inside = labels >= 0
    reached = np.full(len(labels), -1, dtype=np.int32)
    if inside.all() or not inside.any():
        return reached
    usual = _distances(space, NEAREST)
    reach = np.array([REACH * np.median(usual[labels == label]) for label in range(int(labels.max()) + 1)])
    distance, nearest = cKDTree(space[inside]).query(space[~inside])
    clusters = labels[inside][nearest]
    reached[~inside] = np.where(distance <= reach[clusters], clusters, -1)
    return reached


def by_size(labels: Int32Array) -> Int32Array:
    """Labels renumbered 0.. by falling number of rows (ties by first row); -1 stays."""
    found = [label for label in np.unique(labels).tolist() if label >= 0]
    found.sort(key=lambda label: (-int(np.sum(labels == label)), int(np.argmax(labels == label))))
    renumbered = np.full(len(labels), -1, dtype=np.int32)
    for number, label in enumerate(found):
        renumbered[labels == label] = number
    return renumbered


def _usual_distance(space: Float32Array) -> float:
    """Between places that are nearest to each other, however many tracks are on each."""
    return float(np.median(_distances(np.unique(space, axis=0), 1)))


def _distances(space: Float32Array, count: int) -> npt.NDArray[np.float64]:
    """How far the ``count``-th nearest of every row is."""
    from scipy.spatial import cKDTree

    return np.asarray(cKDTree(space).query(space, k=min(len(space), 1 + count))[0][:, -1])


def validity_of_each(positions: Float32Array, labels: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    """Return each cluster's share in the density-based cluster validity (DBCV), by hdbscan's implementation.

    Ties between mutual reachability distances are common, and which spanning tree they leave moves the index by a few
    hundredths.

    Parameters
    ----------
    positions : float32 ``[n, d]``
    labels : int ``[n]``
        0 to k - 1, each at least twice (hdbscan raises for a cluster of one), k at least 2.

    Returns
    -------
    float64 ``[k]``
        -1 to 1; 0 for a cluster that lies in one point with another (hdbscan: not a number).
    """
    from hdbscan.validity import validity_index

    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        _, scores = validity_index(positions.astype(np.float64), labels, per_cluster_scores=True)
    finite: npt.NDArray[np.float64] = np.nan_to_num(scores, nan=0.0)
    return finite


def core_rows(members: Sequence[int], strengths: Float32Array, coordinates: Float32Array) -> tuple[int, ...]:
    """Return the rows that stand for a cluster: strongest first, then nearest to the median of its members."""
    rows = np.asarray(members, dtype=np.intp)
    distance = np.linalg.norm(coordinates[rows] - np.median(coordinates[rows], axis=0), axis=1)
    order = np.lexsort((rows, distance, -strengths[rows]))
    return tuple(int(row) for row in rows[order][:CORE_SIZE])
