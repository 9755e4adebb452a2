"""Prepare embedding vectors for comparison by cosine similarity."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

import numpy as np
from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    import numpy.typing as npt

    from spotmap_build.model import Float32Array, Int32Array

    Float64Array = npt.NDArray[np.float64]
    Int64Array = npt.NDArray[np.int64]

MIN_NORM: Final = 1e-12
BLOCK_ROWS: Final = 2048
"""Number of vectors processed in double precision at a time: 20 MiB."""
KEPT_COMPONENTS: Final = 50
"""Number of principal components. With more, the layout preserves fewer neighbors; with 24, neighbors are less
accurate. It also makes the search for neighbors ten times faster."""
WHITENING_EXPONENT: Final = 0.25
"""Each component is divided by its standard deviation to this power: 0 changes nothing, 1 is full whitening."""
OUTLIER_FACTOR: Final = 30.0
"""Multiple of the median distance from the center beyond which a vector is an outlier. Networks never give such
vectors."""
MIN_RELATIVE_STD: Final = 1e-4
"""Components with a smaller standard deviation, relative to the largest, are rounding noise and are removed."""


@dataclass(frozen=True, slots=True, eq=False)
class Preparation:
    """A transformation fitted to a library, which can also be applied to vectors of other tracks.

    ``center``: float64 ``[d]``. ``axes``: float64 ``[d, e]``, scaled principal axes. Centered vectors are multiplied by
    them.
    """

    center: Float64Array
    axes: Float64Array

    def transform(self, vectors: Float32Array) -> Float32Array:
        """Return unit vectors like :func:`prepare`, using the fitted parameters.

        Computed in double precision, so that the result of a row does not depend on the other rows.
        """
        prepared = np.empty((len(vectors), self.axes.shape[1]), dtype=np.float32)
        with threadpool_limits(limits=1, user_api="blas"):
            for start in range(0, len(vectors), BLOCK_ROWS):
                rows = slice(start, start + BLOCK_ROWS)
                prepared[rows] = _normalized((vectors[rows] - self.center) @ self.axes)
        return _with_equal_copies(prepared, vectors)


def prepare(vectors: Float32Array, preprocessing: str) -> Float32Array:
    """Return unit vectors whose dot product is the similarity of two tracks.

    Except with ``"none"``, vectors are converted to principal components and partially whitened. The few strongest
    components of a network mostly distinguish loud from quiet and drums from no drums; with less weight on them, finer
    differences count as well (docs/decisions/0003).

    Parameters
    ----------
    vectors : numpy.ndarray
        Float32 ``[n, d]``, finite.
    preprocessing : str
        ``"zscore"``: standardize every dimension over the library, for musicnn's pooled activations, whose dimensions
        have very different scales. ``"center"``: subtract the library's mean, since a component that all tracks share
        carries no information. ``"none"``: compare vectors as they are.

    Returns
    -------
    numpy.ndarray
        Float32 ``[n, e]`` of unit length, e at most d. A row that becomes zero (equal to the mean) stays zero. Equal
        rows stay equal to the last bit, which matrix products alone do not guarantee.

    Examples
    --------
    >>> import numpy as np
    >>> unit_vectors = prepare(np.array([[3, 4], [6, 8], [-4, 3]], dtype=np.float32), "none")
    >>> np.round(unit_vectors @ unit_vectors.T, 3)
    array([[1., 1., 0.],
           [1., 1., 0.],
           [0., 0., 1.]], dtype=float32)
    """
    if not vectors.size:
        return vectors
    if preprocessing != "none":
        return fit_preparation(vectors, preprocessing).transform(vectors)
    return _with_equal_copies(_normalized(vectors).astype(np.float32), vectors)


def fit_preparation(vectors: Float32Array, preprocessing: str) -> Preparation:
    """Fit the transformation of :func:`prepare` to a non-empty library; ``preprocessing`` must not be ``"none"``."""
    vectors = _clip_outliers(vectors)
    center = vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
    centered = vectors - center
    deviation = _divide_by_deviation(centered) if preprocessing == "zscore" else np.ones_like(center)
    return Preparation(center.astype(np.float64), _whitening_axes(centered) / deviation[:, None])


def _clip_outliers(vectors: Float32Array) -> Float32Array:
    """Return the vectors, with extreme outliers moved towards the median.

    A single outlier would otherwise determine the mean and the first principal axis.
    """
    distances = _distances(vectors, vectors.mean(axis=0, dtype=np.float64))
    if not distances.max(initial=0.0) > OUTLIER_FACTOR * float(np.median(distances)):
        return vectors
    median = np.median(vectors, axis=0).astype(np.float64)
    distances = _distances(vectors, median)
    limit = OUTLIER_FACTOR * float(np.median(distances))
    if limit == 0:
        return vectors
    clipped = vectors.copy()
    far = np.flatnonzero(distances > limit)
    clipped[far] = median + (vectors[far] - median) * (limit / distances[far])[:, None]
    return clipped


def _distances(vectors: Float32Array, center: Float64Array) -> Float64Array:
    """Return the distance of each row from a center in double precision, one block at a time."""
    blocks = (vectors[start : start + BLOCK_ROWS] - center for start in range(0, len(vectors), BLOCK_ROWS))
    return np.concatenate([np.linalg.norm(block, axis=1) for block in blocks])


def _normalized(vectors: Float32Array | Float64Array) -> Float32Array | Float64Array:
    """Return the vectors scaled to unit length; zeros stay zeros."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Float32Array | Float64Array = vectors / np.maximum(norms, MIN_NORM)
    return scaled


def _with_equal_copies(prepared: Float32Array, vectors: Float32Array) -> Float32Array:
    """Make rows that are equal in ``vectors`` bitwise equal in ``prepared``, in place."""
    first = first_equal_rows(vectors)
    copies = np.flatnonzero(first != np.arange(len(first)))
    prepared[copies] = prepared[first[copies]]
    return prepared


def first_equal_rows(vectors: Float32Array) -> Int32Array:
    """Return for each row the index of the first row with the same bits, possibly its own: int32 ``[n]``."""
    first = np.arange(len(vectors), dtype=np.int32)
    # Only rows whose bits have the same sum can be equal, so only these are hashed.
    sums = np.ascontiguousarray(vectors).view(np.uint32).sum(axis=1, dtype=np.uint64)
    _, group_of, sizes = np.unique(sums, return_inverse=True, return_counts=True)
    first_by_digest: dict[bytes, int] = {}
    for row in np.flatnonzero(sizes[group_of] > 1).tolist():
        first[row] = first_by_digest.setdefault(blake2b(vectors[row].tobytes(), digest_size=16).digest(), row)
    return first


def row_digests(vectors: Float32Array) -> Int64Array:
    """Return a digest of each row: int64 ``[n]``. Rows with the same bits have the same digest."""
    digests = (blake2b(row.tobytes(), digest_size=8).digest() for row in vectors)
    return np.frombuffer(b"".join(digests), dtype="<i8").astype(np.int64)


def _whitening_axes(centered: Float32Array) -> Float64Array:
    """Return the principal axes with the scale that partially whitens: float64 ``[d, e]``, zeros for equal vectors."""
    components, axes = _decompose(centered, KEPT_COMPONENTS)
    std = np.sqrt(np.mean(components.astype(np.float64) ** 2, axis=0))
    is_significant = std > MIN_RELATIVE_STD * std.max(initial=0.0)
    if not is_significant.any():
        return np.zeros_like(axes)
    return np.asarray(axes[:, is_significant] / std[is_significant] ** WHITENING_EXPONENT)


def principal_components(centered: Float32Array, count: int) -> Float32Array:
    """Return at most ``count`` principal components, float32 ``[n, e]``, in order of decreasing variance.

    Signs are fixed (the largest value is positive), so that equal vectors never give a mirrored map. BLAS uses one
    thread: two take four times as long and round differently, so that a map would depend on the number of processors.
    """
    return _decompose(centered, count)[0]


def _decompose(centered: Float32Array, count: int) -> tuple[Float32Array, Float64Array]:
    """Return principal components and axes: float32 ``[n, e]`` and float64 ``[d, e]``."""
    n, d = centered.shape
    if n == 0 or d == 0:
        return np.zeros((n, 0), dtype=np.float32), np.zeros((d, 0))
    with threadpool_limits(limits=1, user_api="blas"):
        if d <= n:
            axes = _leading_eigenvectors((centered.T @ centered).astype(np.float64), count)
            components = centered @ axes.astype(np.float32)
        else:
            by_row = _leading_eigenvectors((centered @ centered.T).astype(np.float64), count)
            along = centered.T @ by_row.astype(np.float32)
            lengths = np.linalg.norm(along, axis=0)
            components = (by_row * lengths).astype(np.float32)
            axes = along.astype(np.float64) / np.maximum(lengths, MIN_NORM)
    largest = components[np.abs(components).argmax(axis=0), np.arange(components.shape[1])]
    signs = np.where(largest < 0, -1, 1)
    return np.asarray(components * signs, dtype=np.float32), np.asarray(axes * signs, dtype=np.float64)


def _leading_eigenvectors(symmetric: Float64Array, count: int) -> Float64Array:
    """Return the eigenvectors of the ``count`` largest eigenvalues as columns, largest first."""
    leading: Float64Array = np.linalg.eigh(symmetric)[1][:, ::-1][:, :count]
    return leading


def _divide_by_deviation(centered: Float32Array) -> Float32Array:
    """Divide each dimension by its standard deviation in place; return these, infinity for constant dimensions."""
    deviation = centered.std(axis=0, dtype=np.float64).astype(np.float32)
    # Nearly constant dimensions are rounding noise, which a division by their standard deviation would amplify.
    constant = deviation <= 1e-6 * max(float(deviation.max(initial=0.0)), MIN_NORM)
    deviation[constant] = np.inf
    centered /= deviation
    return np.asarray(deviation, dtype=np.float32)
