"""Inner loops that are too slow in numpy, compiled by numba. The only module that imports it.

Compiled code is cached next to this file, or in the user's cache folder if that is not writable, so that only the first
build spends about three seconds on it. Import this module inside the function that uses it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar, cast

import numba
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from spotmap_build.model import Float32Array, Int32Array

Function = TypeVar("Function", bound="Callable[..., object]")

SIMILARITY_STEP: Final = 2.0**-20
"""Similarities are rounded to this step, about a millionth. Smaller differences are inaudible, and tracks that differ
by less are ordered by row."""
WHOLE: Final = np.float32(2**30)
"""Factor that converts a component of a unit vector to a 32-bit integer."""
WHOLE_TO_STEPS: Final = 2.0**-60 / SIMILARITY_STEP


def _compiled(function: Function) -> Function:
    try:
        return cast("Function", numba.njit(cache=True, nogil=True, fastmath=False)(function))
    except RuntimeError:  # compiled code cannot be cached: a read-only system without a home directory
        return cast("Function", numba.njit(nogil=True, fastmath=False)(function))


@_compiled
def _similarity(one: Float32Array, other: Float32Array) -> np.float32:
    """Return the dot product of two unit vectors, rounded to ``SIMILARITY_STEP``, with the same bits on every machine.

    It is computed with integers, whose sum does not depend on the order of summation. The error is at most 2^-25 with
    1,280 dimensions.
    """
    total = np.int64(0)
    for at in range(one.shape[0]):
        total += np.int64(np.int32(np.rint(one[at] * WHOLE))) * np.int64(np.int32(np.rint(other[at] * WHOLE)))
    return np.float32(np.rint(total * WHOLE_TO_STEPS) * SIMILARITY_STEP)


@_compiled
def fill_similarities(
    vectors: Float32Array, rows: npt.NDArray[np.intp], others: Int32Array, similarities: Float32Array
) -> None:
    """Write the similarity of each of ``rows`` (``[r]``) to each of its ``others`` (``[r, c]``) to ``similarities``."""
    for at in range(rows.shape[0]):
        for column in range(others.shape[1]):
            similarities[at, column] = _similarity(vectors[rows[at]], vectors[others[at, column]])


@_compiled
def _find_candidates(  # noqa: PLR0917 - compiled functions take no keyword-only arguments
    product: Float32Array, error: float, already: float, own: int, highest: Float32Array, candidates: Int32Array
) -> int:
    """Write the columns that may be among the best of a row to ``candidates``, ascending, and return their number.

    ``already``: lower bound for improving on earlier results. ``highest``: buffer for k numbers.
    """
    k = highest.shape[0]
    enough, count = np.float32(already), 0
    highest[:] = -np.inf
    for column in range(product.shape[0]):
        if product[column] < enough or column == own:
            continue
        candidates[count] = column
        count += 1
        place = k
        while place > 0 and product[column] > highest[place - 1]:
            place -= 1
        if place < k:
            for moved in range(k - 1, place, -1):
                highest[moved] = highest[moved - 1]
            highest[place] = product[column]
            # A value this far below k others cannot be among the k best.
            enough = np.float32(max(already, highest[k - 1] - SIMILARITY_STEP - 2 * error))
    kept = 0
    for column in candidates[:count]:
        if product[column] >= enough:
            candidates[kept] = column
            kept += 1
    return kept


@_compiled
def keep_best(  # noqa: PLR0917 - compiled functions take no keyword-only arguments
    product: Float32Array,
    error: float,
    row_vectors: Float32Array,
    column_vectors: Float32Array,
    twins: Int32Array,
    indices: Int32Array,
    best: Float32Array,
    first_row: int,
    first_column: int,
) -> None:
    """Merge a block of columns into the k best of each row, in descending order with ties by row number.

    ``product``, the matrix product of row and column vectors, only selects candidates: its error is at most ``error``,
    and depends on the machine and on the block. Candidates are then compared by :func:`_similarity`.

    Parameters
    ----------
    twins : Int32Array
        For each column, the first row of the library with the same vector, so that equal tracks are compared once. A
        column must come after its twin, that is, blocks must be passed in the order of their columns.
    indices, best
        Int32 and float32 ``[rows, k]``, changed in place; empty entries are -1 and -inf.
    first_row, first_column : int
        Indices of the block's first row and column in the library; a row is never its own neighbor.
    """
    rows, columns = product.shape
    k = best.shape[1]
    highest, candidates = np.empty(k, np.float32), np.empty(columns, np.int32)
    for row in range(rows):
        already = best[row, k - 1] - SIMILARITY_STEP / 2 - error
        count = _find_candidates(product[row], error, already, first_row + row - first_column, highest, candidates)
        for column in candidates[:count]:
            number, twin = first_column + column, twins[column]
            place = k
            if twin != number and twin != first_row + row:
                place = 0
                while place < k and indices[row, place] != twin:
                    place += 1
                if place == k:  # its twin is not among the best
                    continue
            value = best[row, place] if place < k else _similarity(row_vectors[row], column_vectors[column])
            place = k
            while place > 0 and (
                value > best[row, place - 1] or (value == best[row, place - 1] and number < indices[row, place - 1])
            ):
                place -= 1
            if place == k:
                continue
            for moved in range(k - 1, place, -1):
                best[row, moved] = best[row, moved - 1]
                indices[row, moved] = indices[row, moved - 1]
            best[row, place] = value
            indices[row, place] = number
