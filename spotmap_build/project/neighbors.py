"""Nearest neighbors of every track by cosine similarity, for the layout, similar tracks and quality figures.

The last bits of a matrix product differ between machines and between blocks, so it only selects candidates. Their
similarities are then computed for each pair in a reproducible way, so that equal vectors give equal neighbors on every
machine. The only module that imports pynndescent.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spotmap_build.project.compiled_code import keep_compiled_code
from spotmap_build.project.preprocessing import first_equal_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from spotmap_build.model import Float32Array, Int32Array
    from spotmap_build.project.preprocessing import Int64Array

BLOCK_ROWS: Final = 2048
"""A block of similarities takes 16 MiB, which two processors handle quickly for libraries of any size."""
MAX_TRACKS_FOR_EXACT: Final = 60_000
PRODUCT_ERROR: Final = 2.0**-23
"""Upper bound of the error of a dot product of unit vectors in single precision, per dimension and for any order of
summation. It is twice the bound in Higham, "Accuracy and Stability of Numerical Algorithms" (2002), section 3.1, so
that vectors need not have exactly unit length."""
RECALL_SAMPLE: Final = 500
"""Number of rows that are also searched exactly, to estimate the recall of an approximate search within 0.02."""


@dataclass(frozen=True, slots=True, eq=False)
class Neighbors:
    """``indices`` int32 ``[n, k]``: the nearest first, ties by row number, without the track itself.

    ``similarities``: float32 ``[n, k]``, cosine, -1 to 1, rounded to a millionth. ``recall``: share of the true
    neighbors that were found, estimated on a sample; 1 for an exact search.
    """

    indices: Int32Array
    similarities: Float32Array
    is_exact: bool
    recall: float

    def first(self, count: int) -> Neighbors:
        """Return the ``count`` nearest neighbors of each track, or all if there are fewer."""
        return Neighbors(self.indices[:, :count], self.similarities[:, :count], self.is_exact, self.recall)


def find_neighbors(unit_vectors: Float32Array, count: int, seed: int) -> Neighbors:
    """Find the nearest neighbors of every row: exactly, or approximately if an exact search would take many minutes.

    The approximate search is NN-Descent (Dong, Moses and Li, 2011), by pynndescent.

    Parameters
    ----------
    unit_vectors : numpy.ndarray
        Float32 ``[n, d]``, rows of length one; a row of zeros is similar to nothing (0).
    count : int
        Number of neighbors per row; at most n - 1.
    seed : int
        Seed of the approximate search, and of the sample that estimates its recall.

    Returns
    -------
    Neighbors
        Without the row itself, the nearest first, ties by row number.

    Examples
    --------
    >>> import numpy as np
    >>> found = find_neighbors(np.array([[1, 0], [0.8, 0.6], [0, 1]], dtype=np.float32), 1, seed=0)
    >>> found.indices.tolist(), found.is_exact
    ([[1], [0], [1]], True)
    """
    n = len(unit_vectors)
    k = max(0, min(count, n - 1))
    if k == 0:
        return Neighbors(np.empty((n, 0), np.int32), np.empty((n, 0), np.float32), True, 1.0)
    if n <= MAX_TRACKS_FOR_EXACT:
        return _exact(unit_vectors, k)
    return _approximate(unit_vectors, k, seed)


def update_neighbors(unit_vectors: Float32Array, count: int, held: Neighbors, before: Int32Array) -> Neighbors | None:
    """Return the result of :func:`find_neighbors` by updating an earlier one, if few rows have changed.

    Only new rows, and rows that lost a neighbor, are searched again. All other rows are compared with new rows only.

    Parameters
    ----------
    unit_vectors, count
        As for :func:`find_neighbors`.
    held : Neighbors
        The earlier result, most of whose rows still exist.
    before : numpy.ndarray
        Int32 ``[n]``: for each row, the row of ``held`` with the same vector, -1 if there is none.

    Returns
    -------
    Neighbors or None
        None if a full search takes no longer, or would give another result: the order of rows differs (which decides
        ties), the number of neighbors differs, or the earlier search was not exact.
    """
    n = len(unit_vectors)
    k = min(count, n - 1)
    known, new = np.flatnonzero(before >= 0), np.flatnonzero(before < 0)
    is_in_order = bool((np.diff(before[known]) > 0).all())
    if k < 1 or n > MAX_TRACKS_FOR_EXACT or not held.is_exact or held.indices.shape[1] != k or not is_in_order:
        return None
    now = np.full(len(held.indices), -1, np.int32)
    now[before[known]] = known
    indices, best = _nothing_yet(n, k)
    indices[known], best[known] = now[held.indices[before[known]]], held.similarities[before[known]]
    incomplete = np.flatnonzero((indices < 0).any(axis=1))
    if 2 * len(incomplete) > n:
        return None
    search = _Search(unit_vectors, unit_vectors, 0, indices, best)
    for run in np.split(new, np.flatnonzero(np.diff(new) > 1) + 1) if len(new) else ():
        for rows in _blocks(n):
            search.compare(rows, slice(int(run[0]), int(run[-1]) + 1))
    # The row itself is among the results, unless enough other rows are equally near.
    found, similarities = nearest_rows(unit_vectors[incomplete], unit_vectors, k + 1)
    itself = found == incomplete[:, None]
    itself[~itself.any(axis=1), -1] = True
    indices[incomplete] = found[~itself].reshape(-1, k)
    best[incomplete] = similarities[~itself].reshape(-1, k)
    return Neighbors(indices, best, True, 1.0)


def match_rows(digests: Int64Array, before: Int64Array) -> Int32Array:
    """Return for each digest the row of ``before`` with the same digest, using each row once; -1 if there is none."""
    rows: dict[int, deque[int]] = {}
    for row, digest in enumerate(before.tolist()):
        rows.setdefault(digest, deque()).append(row)
    nowhere = deque[int]()
    matched = (left.popleft() if (left := rows.get(digest, nowhere)) else -1 for digest in digests.tolist())
    return np.fromiter(matched, np.int32, len(digests))


def nearest_rows(queries: Float32Array, unit_vectors: Float32Array, count: int) -> tuple[Int32Array, Float32Array]:
    """Return the ``count`` most similar rows of ``unit_vectors`` for each row of ``queries``, and their similarities.

    Int32 and float32 ``[q, k]`` with k at most ``len(unit_vectors)``, sorted as in :class:`Neighbors`.
    """
    n, k = len(unit_vectors), min(count, len(unit_vectors))
    indices, best = _nothing_yet(len(queries), k)
    search = _Search(queries, unit_vectors, n, indices, best)  # queries are not rows of the library
    for rows in _blocks(len(queries) if k else 0):
        for columns in _blocks(n):
            search.compare(rows, columns)
    return indices, best


class _Search:
    """An exact search for the most similar rows of ``unit_vectors``, block by block.

    ``first_number``: number of the first query; a query is not compared with the row of its number. ``indices`` and
    ``best``: the k best rows so far of each query and their similarities, int32 and float32 ``[q, k]``; changed by
    :meth:`compare`, which has to be called in the order of the columns.
    """

    def __init__(
        self,
        queries: Float32Array,
        unit_vectors: Float32Array,
        first_number: int,
        indices: Int32Array,
        best: Float32Array,
    ) -> None:
        self._queries, self._unit_vectors, self._first_number = queries, unit_vectors, first_number
        self._indices, self._best = indices, best
        self._twins = first_equal_rows(unit_vectors)
        self._error = float(PRODUCT_ERROR * unit_vectors.shape[1])

    def compare(self, rows: slice, columns: slice, product: Float32Array | None = None) -> Float32Array:
        """Compare some queries with some rows of ``unit_vectors``; return their product, computed if not given."""
        from spotmap_build.project.kernels import keep_best

        some, others = self._queries[rows], self._unit_vectors[columns]
        product = some @ others.T if product is None else product
        keep_best(
            product,
            self._error,
            some,
            others,
            self._twins[columns],
            self._indices[rows],
            self._best[rows],
            self._first_number + rows.start,
            columns.start,
        )
        return product


def _blocks(count: int, start: int = 0) -> Iterator[slice]:
    return (slice(at, at + BLOCK_ROWS) for at in range(start, count, BLOCK_ROWS))


def similarities_between(unit_vectors: Float32Array, rows: npt.NDArray[np.intp], others: Int32Array) -> Float32Array:
    """Return the similarity of each of ``rows`` (``[r]``) to each row in ``others`` (``[r, c]``): float32 ``[r, c]``.

    Rounded and reproducible on every machine, as in :class:`Neighbors`.
    """
    from spotmap_build.project.kernels import fill_similarities

    similarities = np.empty(others.shape, np.float32)
    fill_similarities(unit_vectors, rows, others, similarities)
    return similarities


def _nothing_yet(rows: int, k: int) -> tuple[Int32Array, Float32Array]:
    return np.full((rows, k), -1, np.int32), np.full((rows, k), -np.inf, np.float32)


def _exact(unit_vectors: Float32Array, k: int) -> Neighbors:
    """Compare all pairs in blocks, so that memory does not grow with n squared. Every product is computed once."""
    n = len(unit_vectors)
    indices, best = _nothing_yet(n, k)
    search = _Search(unit_vectors, unit_vectors, 0, indices, best)
    for rows in _blocks(n):
        for columns in _blocks(n, rows.start):
            product = search.compare(rows, columns)
            if columns.start > rows.start:
                search.compare(columns, rows, np.ascontiguousarray(product.T))
    return Neighbors(indices, best, True, 1.0)


def _approximate(unit_vectors: Float32Array, k: int, seed: int) -> Neighbors:
    from pynndescent import NNDescent

    keep_compiled_code(compiled_functions)
    n = len(unit_vectors)
    index = NNDescent(unit_vectors, metric="cosine", n_neighbors=k + 1, random_state=seed, n_jobs=-1)
    found = np.asarray(index.neighbor_graph[0], np.int32)
    indices, best = _nothing_yet(n, k)
    for start in range(0, n, BLOCK_ROWS):
        rows = np.arange(start, min(start + BLOCK_ROWS, n))
        indices[rows], best[rows] = _in_order(unit_vectors, rows, found[rows], k)
    sample = np.sort(np.random.default_rng(seed).choice(n, min(RECALL_SAMPLE, n), replace=False))
    return Neighbors(indices, best, False, _recall(unit_vectors, sample, indices[sample]))


def compiled_functions() -> Iterator[Any]:
    """Yield the functions of pynndescent that take longest to compile and that it does not cache itself.

    Functions that take a distance function as an argument are excluded, because numba cannot cache them across
    processes.
    """
    from pynndescent import kernels, utils

    yield kernels.generate_graph_update_array_batched
    yield utils.build_candidates_owner
    yield utils.sort_updates_by_block
    yield utils.apply_sorted_graph_update_array
    yield utils.deheap_sort


def _in_order(
    unit_vectors: Float32Array, rows: npt.NDArray[np.intp], found: Int32Array, k: int
) -> tuple[Int32Array, Float32Array]:
    """Return the k best results for ``rows``, with similarities and order as in the exact search."""
    similarities = similarities_between(unit_vectors, rows, found)
    # Sort last: the track itself, and entries that the search left empty.
    similarities[(found == rows[:, None]) | (found < 0)] = -np.inf
    order = np.lexsort((found, -similarities), axis=1)[:, :k]
    return np.take_along_axis(found, order, axis=1), np.take_along_axis(similarities, order, axis=1)


def _recall(unit_vectors: Float32Array, sample: npt.NDArray[np.intp], found: Int32Array) -> float:
    true, _ = nearest_rows(unit_vectors[sample], unit_vectors, found.shape[1] + 1)
    hits = sum(
        len(set(of_true) - {row} & set(of_found))
        for row, of_true, of_found in zip(sample.tolist(), true.tolist(), found.tolist(), strict=True)
    )
    return hits / found.size
