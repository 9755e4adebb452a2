"""Cluster validity on the plane: DBCV (Moulavi et al., "Density-based clustering validation", 2014)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from spotmap_build.cluster.hdbscan import validity_of_each

if TYPE_CHECKING:
    import numpy.typing as npt

    from spotmap_build.model import Float32Array, Int32Array

SAMPLE: Final = 2000
"""Sample size, because the work grows quadratically. The same share of every cluster is sampled, with a fixed seed."""


def cluster_validity(positions: Float32Array, labels: Int32Array) -> float:
    """Return how much denser clusters are inside than between them, as one number for the whole map.

    Clusters of a single track count as noise.

    Parameters
    ----------
    positions : float32 ``[n, 2]``
    labels : int32 ``[n]``
        -1 for noise.

    Returns
    -------
    float
        -1 to 1: positive if clusters are denser inside than between them. Noise counts as 0. 0 with fewer than two
        clusters.
    """
    rows = _sample(labels)
    positions, labels = positions[rows], labels[rows]
    found, sizes = np.unique(labels[labels >= 0], return_counts=True)
    kept, sizes = found[sizes > 1], sizes[sizes > 1]
    if len(kept) < 2:
        return 0.0
    inside = np.isin(labels, kept)
    scores = validity_of_each(positions[inside], np.searchsorted(kept, labels[inside]))
    return float(scores @ sizes / len(labels))


def _sample(labels: Int32Array) -> npt.NDArray[np.intp]:
    if len(labels) <= SAMPLE:
        return np.arange(len(labels))
    # Shuffle rows within clusters, sort by label and take every k-th row, so that each cluster keeps its share (+-1).
    shuffled = np.random.default_rng(0).permutation(len(labels))
    ordered = shuffled[np.argsort(labels[shuffled], kind="stable")]
    return np.sort(ordered[np.linspace(0, len(labels) - 1, SAMPLE).astype(np.intp)])
