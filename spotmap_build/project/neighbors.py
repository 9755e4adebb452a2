"""Every track's nearest neighbors by cosine: what all that asks "what sounds like this?" starts from.

Found once, and used by the layout, the lists of similar tracks and the quality figures. The bits of a matrix product
differ between machines and between blocks, so it only tells who may be among the nearest; how similar these are is
computed for each pair in one way, and equal vectors give equal neighbors everywhere. The only module that imports
pynndescent.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spotmap_build.project.preprocessing import first_equal_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from spotmap_build.model import Float32Array, Int32Array
    from spotmap_build.project.preprocessing import Int64Array

BLOCK_ROWS: Final = 2048
"""A block of similarities is 16 MiB: what two processors move quickly, at any size of library."""
LARGEST_FOR_EXACT: Final = 60_000
PRODUCT_ERROR: Final = 2.0**-23
"""Times the length of two unit vectors: more than their product in single precision can be wrong, in whatever order it
is summed. Twice the bound in Higham, "Accuracy and Stability of Numerical Algorithms" (2002), section 3.1, so that
lengths need not be one to the last bit."""
RECALL_SAMPLE: Final = 500
"""Rows that are searched exactly as well, to measure what an approximate search missed: within 0.02 of the truth."""


@dataclass(frozen=True, slots=True, eq=False)
class Neighbors:
    """``indices`` int32 ``[n, k]``: the nearest first, equal ones by row number, never the track itself.

    ``similarities``: float32 ``[n, k]``, cosine, -1 to 1, rounded to a millionth. ``recall``: the share of the true
    neighbors that is there, measured on a sample where the search was not exact, else 1.
    """

    indices: Int32Array
    similarities: Float32Array
    is_exact: bool
    recall: float

    def first(self, count: int) -> Neighbors:
        """Return the ``count`` nearest of each track; all there are, where there are fewer."""
        return Neighbors(self.indices[:, :count], self.similarities[:, :count], self.is_exact, self.recall)


def find_neighbors(unit_vectors: Float32Array, count: int, seed: int) -> Neighbors:
    """Find the nearest neighbors of every row: exactly, or approximately where exactly would take many minutes.

    The approximate search is NN-Descent (Dong, Moses and Li, 2011), by pynndescent.

    Parameters
    ----------
    unit_vectors : numpy.ndarray
        Float32 ``[n, d]``, rows of length one; a row of zeros is similar to nothing (0).
    count : int
        How many for each; at most n - 1.
    seed : int
        Of the approximate search, and of the sample on which it is measured.

    Returns
    -------
    Neighbors
        Without the row itself, the nearest first; equally near ones by row number.

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
    if n <= LARGEST_FOR_EXACT:
        return _exact(unit_vectors, k)
    return _approximate(unit_vectors, k, seed)


def update_neighbors(unit_vectors: Float32Array, count: int, held: Neighbors, before: Int32Array) -> Neighbors | None:
    """Return what :func:`find_neighbors` would, from the neighbors that were found when few rows were others.

    Only rows that are new, and those of whose neighbors one is gone, are searched for; the others are compared with
    what is new.

    Parameters
    ----------
    unit_vectors, count
        As for :func:`find_neighbors`.
    held : Neighbors
        Of other rows, most of which are still there.
    before : numpy.ndarray
        Int32 ``[n]``: for each row the one among those of ``held`` with the same vector, -1 where there is none.

    Returns
    -------
    Neighbors or None
        None where a search for all is no more work, or finds others: rows that stand in another order (of equally near
        ones, the first are taken), another number of neighbors, a search that was not exact.
    """
    n = len(unit_vectors)
    k = min(count, n - 1)
    known, new = np.flatnonzero(before >= 0), np.flatnonzero(before < 0)
    is_in_order = bool((np.diff(before[known]) > 0).all())
    if k < 1 or n > LARGEST_FOR_EXACT or not held.is_exact or held.indices.shape[1] != k or not is_in_order:
        return None
    now = np.full(len(held.indices), -1, np.int32)
    now[before[known]] = known
    indices, best = _nothing_yet(n, k)
    indices[known], best[known] = now[held.indices[before[known]]], held.similarities[before[known]]
    incomplete = np.flatnonzero((indices < 0).any(axis=1))
    if 2 * len(incomplete) > n:
        return None
    _merge_columns(unit_vectors, new, indices, best)
    # Itself is among what is found, or as many others are as near.
    found, similarities = nearest_rows(unit_vectors[incomplete], unit_vectors, k + 1)
    itself = found == incomplete[:, None]
    itself[~itself.any(axis=1), -1] = True
    indices[incomplete] = found[~itself].reshape(-1, k)
    best[incomplete] = similarities[~itself].reshape(-1, k)
    return Neighbors(indices, best, True, 1.0)


def match_rows(digests: Int64Array, before: Int64Array) -> Int32Array:
    """For each of ``digests`` the row among ``before`` that has it, each row once, in order; -1 where there is none."""
    rows: dict[int, deque[int]] = {}
    for row, digest in enumerate(before.tolist()):
        rows.setdefault(digest, deque()).append(row)
    nowhere = deque[int]()
    matched = (left.popleft() if (left := rows.get(digest, nowhere)) else -1 for digest in digests.tolist())
    return np.fromiter(matched, np.int32, len(digests))


def _merge_columns(
    unit_vectors: Float32Array, columns: npt.NDArray[np.intp], indices: Int32Array, best: Float32Array
) -> None:
    """Merge some rows, rising, into the k best of every row, in place."""
    from spotmap_build.project.kernels import keep_best

    twins, error = first_equal_rows(unit_vectors), _product_error(unit_vectors)
    for run in np.split(columns, np.flatnonzero(np.diff(columns) > 1) + 1) if len(columns) else ():
        first, run_columns = int(run[0]), slice(int(run[0]), int(run[-1]) + 1)
        others = unit_vectors[run_columns]
        for start in range(0, len(unit_vectors), BLOCK_ROWS):
            rows = slice(start, start + BLOCK_ROWS)
            some = unit_vectors[rows]
            keep_best(some @ others.T, error, some, others, twins[run_columns], indices[rows], best[rows], start, first)


def nearest_rows(queries: Float32Array, unit_vectors: Float32Array, count: int) -> tuple[Int32Array, Float32Array]:
    """For each row of ``queries`` the ``count`` most similar rows of ``unit_vectors``, and how similar they are.

    int32 and float32 ``[q, k]`` with k at most ``len(unit_vectors)``, sorted as in :class:`Neighbors`.
    """
    from spotmap_build.project.kernels import keep_best

    n, k = len(unit_vectors), min(count, len(unit_vectors))
    indices, best = _nothing_yet(len(queries), k)
    twins, error = first_equal_rows(unit_vectors), _product_error(unit_vectors)
    for start in range(0, len(queries) if k else 0, BLOCK_ROWS):
        rows = slice(start, start + BLOCK_ROWS)
        for column in range(0, n, BLOCK_ROWS):
            columns = slice(column, column + BLOCK_ROWS)
            some, others = queries[rows], unit_vectors[columns]
            # Queries are none of the rows: they are numbered past the last.
            keep_best(
                some @ others.T, error, some, others, twins[columns], indices[rows], best[rows], n + start, column
            )
    return indices, best


def similarities_between(unit_vectors: Float32Array, rows: npt.NDArray[np.intp], others: Int32Array) -> Float32Array:
    """How similar each of ``rows`` (``[r]``) is to each row in its line of ``others`` (``[r, c]``): float32 ``[r, c]``.

    Rounded, and the same bits on every machine, as in :class:`Neighbors`.
    """
    from spotmap_build.project.kernels import fill_similarities

    similarities = np.empty(others.shape, np.float32)
    fill_similarities(unit_vectors, rows, others, similarities)
    return similarities


def _nothing_yet(rows: int, k: int) -> tuple[Int32Array, Float32Array]:
    return np.full((rows, k), -1, np.int32), np.full((rows, k), -np.inf, np.float32)


def _product_error(unit_vectors: Float32Array) -> float:
    return float(PRODUCT_ERROR * unit_vectors.shape[1])


def _exact(unit_vectors: Float32Array, k: int) -> Neighbors:
    """All pairs, in blocks so that memory does not grow with n squared; every product is computed once."""
    from spotmap_build.project.kernels import keep_best

    n = len(unit_vectors)
    indices, best = _nothing_yet(n, k)
    twins, error = first_equal_rows(unit_vectors), _product_error(unit_vectors)
    for row in range(0, n, BLOCK_ROWS):
        rows = slice(row, row + BLOCK_ROWS)
        for column in range(row, n, BLOCK_ROWS):
            columns = slice(column, column + BLOCK_ROWS)
            some, others = unit_vectors[rows], unit_vectors[columns]
            product = some @ others.T
            keep_best(product, error, some, others, twins[columns], indices[rows], best[rows], row, column)
            if column > row:
                back = np.ascontiguousarray(product.T)
                keep_best(back, error, others, some, twins[rows], indices[columns], best[columns], column, row)
    return Neighbors(indices, best, True, 1.0)


def _approximate(unit_vectors: Float32Array, k: int, seed: int) -> Neighbors:
    from pynndescent import NNDescent

    _keep_compiled_code()
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
    """Yield what pynndescent compiles longest, and keeps nowhere itself.

    Not what is given a distance as a function: numba knows it again in no other process.
    """
    from pynndescent import kernels, utils

    yield kernels.generate_graph_update_array_batched
    yield utils.build_candidates_owner
    yield utils.sort_updates_by_block
    yield utils.apply_sorted_graph_update_array
    yield utils.deheap_sort


@cache
def _keep_compiled_code() -> None:
    """Have numba keep pynndescent's compiled functions: beside its modules, or in the person's own cache folder."""
    # A read-only system without a home has nowhere to keep them, and another pynndescent may name them otherwise.
    with suppress(RuntimeError, AttributeError, ImportError):
        for function in compiled_functions():
            function.enable_caching()


def _in_order(
    unit_vectors: Float32Array, rows: npt.NDArray[np.intp], found: Int32Array, k: int
) -> tuple[Int32Array, Float32Array]:
    """Return the k best of what was found for ``rows``, with similarities and ties as the exact search gives them."""
    similarities = similarities_between(unit_vectors, rows, found)
    # Last: the track itself, and places that the search left empty.
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
