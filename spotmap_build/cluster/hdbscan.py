"""Find the dense regions of the map, and measure how dense they are. The only module that imports hdbscan."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from spotmap_build.model import Float32Array, Int32Array

SMOOTHING: Final = 0.3
"""Share of the smallest cluster's size over which density is averaged: with a fixed 3, round islands of 250 points fell
apart into fragments and noise (583 of 3,000 points); with this, none did. At least 2: with 3, a twentieth more of the
real music of docs/decisions/0005 is noise, and the regions are no better."""
LARGEST: Final = 6
"""Times the smallest cluster's size that a cluster with parts may have. Without a limit "excess of mass" gives two to
five giants on some libraries; with leaves only, a third more of the tracks are noise."""
SAME_PLACE: Final = 1e-3
"""Of the median distance to a track's fifth nearest: what is closer is one place, and is not cut."""
NEAREST: Final = 5
CORE_SIZE: Final = 5


def smallest_cluster(track_count: int) -> int:
    """How many tracks make a cluster: grows with the square root (100 tracks: 5, 10,000 tracks: 50)."""
    return max(5, round(0.5 * math.sqrt(track_count)))


def hdbscan_labels(space: Float32Array) -> tuple[Int32Array, Float32Array]:
    """HDBSCAN (Campello et al. 2013), the clusters of most "excess of mass" that are not too large.

    Parameters
    ----------
    space: float32 ``[n, d]`` in which to look: the map itself (docs/decisions/0005), or anything of few dimensions. On
        the vectors a third to three quarters of real tracks are noise.

    Returns
    -------
    labels: int32 ``[n]``, 0.. by falling size of the cluster (ties by first row), -1 for noise.
    strengths: float32 ``[n]``, 0..1, how central the track is in its cluster.
    """
    n = len(space)
    size = smallest_cluster(n)
    if n < 2 * size or not np.any(np.ptp(space, axis=0)):
        return np.full(n, -1, dtype=np.int32), np.zeros(n, dtype=np.float32)
    import hdbscan

    # Neither max_cluster_size nor cluster_selection_epsilon of hdbscan: with the first, a large region without parts is
    # noise; with the second, so is a pile of equal tracks.
    tree = hdbscan.HDBSCAN(
        min_cluster_size=size,
        min_samples=max(2, round(SMOOTHING * size)),
        core_dist_n_jobs=1,
        approx_min_span_tree=False,
    ).fit(space.astype(np.float64))
    return _extract_clusters(tree.condensed_tree_.to_numpy(), n, LARGEST * size, _same_place(space))


def _extract_clusters(tree: Any, n: int, largest: int, same_place: float) -> tuple[Int32Array, Float32Array]:
    """Labels and strengths from HDBSCAN's condensed tree: rows (parent, child, lambda_val, child_size), where numbers
    from ``n`` on are clusters, ``n`` is everything, and children have larger numbers than their parents."""
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
    chosen = _select_by_eom(excess, sizes, parts, largest)
    owner = np.full(count, -1)
    for node in range(count):
        if node in chosen:
            owner[node] = node
        for part in parts[node]:
            owner[part] = owner[node]
    point, leaves_at = child[~is_cluster], density[~is_cluster]
    owners = owner[parent[~is_cluster] - n]
    labels, strengths = np.full(n, -1, dtype=np.int32), np.zeros(n, dtype=np.float32)
    labels[point] = owners
    highest = np.zeros(count)
    np.maximum.at(highest, owners[owners >= 0], leaves_at[owners >= 0])
    strengths[point] = np.where(owners >= 0, leaves_at / np.where(owners >= 0, highest[owners], 1), 0)
    return by_size(labels), strengths


def _select_by_eom(excess: Any, sizes: Any, parts: list[list[int]], largest: int) -> set[int]:
    """Every cluster or its parts, whichever has more excess of mass; its parts where it is too large. Never all."""
    best, chosen = excess.copy(), [{node} for node in range(len(parts))]
    for node in range(len(parts) - 1, 0, -1):
        below = sum(best[part] for part in parts[node])
        if below > 0 and (below > excess[node] or sizes[node] > largest):
            best[node], chosen[node] = below, set().union(*(chosen[part] for part in parts[node]))
    return set().union(*(chosen[part] for part in parts[0]))


def by_size(labels: Int32Array) -> Int32Array:
    """Labels renumbered 0.. by falling number of rows (ties by first row); -1 stays."""
    found = [label for label in np.unique(labels).tolist() if label >= 0]
    found.sort(key=lambda label: (-int(np.sum(labels == label)), int(np.argmax(labels == label))))
    renumbered = np.full(len(labels), -1, dtype=np.int32)
    for number, label in enumerate(found):
        renumbered[labels == label] = number
    return renumbered


def _same_place(space: Float32Array) -> float:
    from scipy.spatial import cKDTree

    distance = cKDTree(space).query(space, k=min(len(space), 1 + NEAREST))[0][:, -1]
    return SAME_PLACE * float(np.median(distance[distance > 0])) if np.any(distance > 0) else SAME_PLACE


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
    """The rows that stand for a cluster: strongest first, then nearest to the median of its members."""
    rows = np.asarray(members, dtype=np.intp)
    distance = np.linalg.norm(coordinates[rows] - np.median(coordinates[rows], axis=0), axis=1)
    order = np.lexsort((rows, distance, -strengths[rows]))
    return tuple(int(row) for row in rows[order][:CORE_SIZE])
