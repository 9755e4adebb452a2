"""Prepare embedding vectors for a comparison by angle."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Final

import numpy as np
from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    import numpy.typing as npt

    from spotmap_build.model import Float32Array, Int32Array

    Float64Array = npt.NDArray[np.float64]

SMALLEST_NORM: Final = 1e-12
KEPT_COMPONENTS: Final = 50
"""Principal components that are kept: with more, less of what is near stays near on the plane; with 24, neighbors are
found less well. It also makes the search for neighbors ten times faster."""
WHITENING_EXPONENT: Final = 0.25
"""Each component is divided by its spread to this power: 0 leaves it as it is, 1 makes all equally loud (whitening)."""
LEAST_SPREAD: Final = 1e-4
"""Of the largest component's: what spreads less is rounding noise, and must not be made louder."""


def prepare(vectors: Float32Array, preprocessing: str) -> Float32Array:
    """Return unit vectors whose dot product is the similarity of two tracks.

    Except with ``"none"``, the vectors are turned to their principal components, the loudest of which are partially
    whitened. A network's few strongest components tell loud from quiet and drums from none, over and over; a little
    softer, the finer ones count as well (docs/decisions/0003).

    Parameters
    ----------
    vectors : numpy.ndarray
        Float32 ``[n, d]``, finite.
    preprocessing : str
        ``"zscore"``: every dimension to mean 0 and standard deviation 1 over the library, for musicnn's pooled
        activations, whose dimensions have very different scales. ``"center"``: the library's mean is taken away, for
        what all tracks share says nothing about any of them. ``"none"``: vectors are compared as they came.

    Returns
    -------
    numpy.ndarray
        Float32 ``[n, e]`` of unit length, e at most d. A row that becomes zero (equal to the mean) stays zero. Equal
        rows stay equal to the last bit, which matrix products alone do not promise.

    Examples
    --------
    >>> import numpy as np
    >>> unit_vectors = prepare(np.array([[3, 4], [6, 8], [-4, 3]], dtype=np.float32), "none")
    >>> np.round(unit_vectors @ unit_vectors.T, 3)
    array([[1., 1., 0.],
           [1., 1., 0.],
           [0., 0., 1.]], dtype=float32)
    """
    prepared = vectors.astype(np.float32, copy=True)
    if not prepared.size:
        return prepared
    if preprocessing in {"center", "zscore"}:
        prepared -= prepared.mean(axis=0, dtype=np.float64).astype(np.float32)
        if preprocessing == "zscore":
            _divide_by_deviation(prepared)
        prepared = partially_whiten(prepared)
    norms = np.linalg.norm(prepared, axis=1, keepdims=True)
    prepared /= np.maximum(norms, SMALLEST_NORM)
    first = first_equal_rows(vectors)
    copies = np.flatnonzero(first != np.arange(len(first)))
    prepared[copies] = prepared[first[copies]]
    return prepared


def first_equal_rows(vectors: Float32Array) -> Int32Array:
    """For each row the number of the first one with the same bits, which may be its own: int32 ``[n]``."""
    first: dict[bytes, int] = {}
    digests = (blake2b(row.tobytes(), digest_size=16).digest() for row in vectors)
    return np.fromiter((first.setdefault(digest, row) for row, digest in enumerate(digests)), np.int32, len(vectors))


def partially_whiten(centered: Float32Array) -> Float32Array:
    """Principal components, each divided by its spread to the power ``WHITENING_EXPONENT``: float32 ``[n, e]``."""
    components = principal_components(centered, KEPT_COMPONENTS)
    spread = np.sqrt(np.mean(components.astype(np.float64) ** 2, axis=0))
    is_significant = spread > LEAST_SPREAD * spread.max(initial=0.0)
    if not is_significant.any():
        return np.zeros_like(components)
    return np.asarray(components[:, is_significant] / spread[is_significant] ** WHITENING_EXPONENT, dtype=np.float32)


def principal_components(centered: Float32Array, count: int) -> Float32Array:
    """Return the first ``count`` principal components (fewer where there are no more), widest first.

    Float32 ``[n, e]``.

    Signs are fixed (the largest value is positive), so that equal vectors never give a mirrored map. BLAS has one
    thread: two take four times as long, and round otherwise, so that a map would depend on the number of processors.
    """
    n, d = centered.shape
    if n == 0 or d == 0:
        return np.zeros((n, 0), dtype=np.float32)
    with threadpool_limits(limits=1, user_api="blas"):
        if d <= n:
            axes = _leading_eigenvectors((centered.T @ centered).astype(np.float64), count)
            components = centered @ axes.astype(np.float32)
        else:
            axes = _leading_eigenvectors((centered @ centered.T).astype(np.float64), count)
            components = (axes * np.linalg.norm(centered.T @ axes.astype(np.float32), axis=0)).astype(np.float32)
    largest = components[np.abs(components).argmax(axis=0), np.arange(components.shape[1])]
    return np.asarray(components * np.where(largest < 0, -1, 1), dtype=np.float32)


def _leading_eigenvectors(symmetric: Float64Array, count: int) -> Float64Array:
    """Eigenvectors of the ``count`` largest eigenvalues as columns, largest first."""
    found: Float64Array = np.linalg.eigh(symmetric)[1][:, ::-1][:, :count]
    return found


def _divide_by_deviation(centered: Float32Array) -> None:
    deviation = centered.std(axis=0, dtype=np.float64).astype(np.float32)
    # A dimension that hardly varies is rounding noise; dividing by it would make it the loudest of all.
    constant = deviation <= 1e-6 * max(float(deviation.max(initial=0.0)), SMALLEST_NORM)
    centered /= np.where(constant, np.float32(1), deviation)
    centered[:, constant] = 0
