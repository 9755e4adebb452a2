"""Find the dense regions of the map. The only module that imports hdbscan."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array, Int32Array

SMOOTHING: Final = 0.3
"""Share of the smallest cluster's size over which density is averaged: with a fixed 3, round islands of 250 points fell
apart into fragments and noise (583 of 3,000 points); with this, none did."""
CORE_SIZE: Final = 5


def smallest_cluster(track_count: int) -> int:
    """How many tracks make a cluster: grows with the square root (100 tracks: 5, 10,000 tracks: 50)."""
    return max(5, round(0.5 * math.sqrt(track_count)))


def find_dense_regions(coordinates: Float32Array) -> tuple[Int32Array, Float32Array]:
    """HDBSCAN (Campello et al. 2013) on the plane, leaves of the hierarchy.

    Leaves rather than "excess of mass": on maps of music the latter collapses to two to five giants. The plane
    rather than the vectors: there 33-75 % of real tracks are noise, and what is seen as a region should be one.

    Parameters
    ----------
    coordinates: float32 ``[n, 2]``.

    Returns
    -------
    labels: int32 ``[n]``, 0.. by falling size of the cluster (ties by first row), -1 for noise.
    strengths: float32 ``[n]``, 0..1, how central the track is in its cluster.
    """
    n = len(coordinates)
    size = smallest_cluster(n)
    if n < 2 * size or not np.any(np.ptp(coordinates, axis=0)):
        return np.full(n, -1, dtype=np.int32), np.zeros(n, dtype=np.float32)
    import hdbscan

    clusterer = hdbscan.HDBSCAN(
        min_cluster_size=size,
        min_samples=max(3, round(SMOOTHING * size)),
        cluster_selection_method="leaf",
        core_dist_n_jobs=1,
        approx_min_span_tree=False,
    ).fit(coordinates.astype(np.float64))
    return _by_size(np.asarray(clusterer.labels_, dtype=np.int32)), np.asarray(clusterer.probabilities_, np.float32)


def _by_size(labels: Int32Array) -> Int32Array:
    found = [label for label in np.unique(labels).tolist() if label >= 0]
    found.sort(key=lambda label: (-int(np.sum(labels == label)), int(np.argmax(labels == label))))
    renumbered = np.full(len(labels), -1, dtype=np.int32)
    for number, label in enumerate(found):
        renumbered[labels == label] = number
    return renumbered


def core_rows(labels: Int32Array, strengths: Float32Array, coordinates: Float32Array, cluster: int) -> tuple[int, ...]:
    """The rows that stand for a cluster: strongest first, then nearest to the median of its members."""
    rows = np.flatnonzero(labels == cluster)
    distance = np.linalg.norm(coordinates[rows] - np.median(coordinates[rows], axis=0), axis=1)
    order = np.lexsort((rows, distance, -strengths[rows]))
    return tuple(int(row) for row in rows[order][:CORE_SIZE])
