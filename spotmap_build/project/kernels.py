"""The inner loops that numpy is too slow for, compiled by numba. The only module that imports it.

Compiled code is kept beside this file, or in the person's own cache folder where that is not writable: only the first
build ever pays for it (about three seconds). Import this module inside the function that uses it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar, cast

import numba
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from spotmap_build.model import Float32Array, Int32Array

    UInt64Array = npt.NDArray[np.uint64]

Function = TypeVar("Function", bound="Callable[..., object]")

SIMILARITY_STEP: Final = 2.0**-20
"""Similarities are rounded to this, a millionth: finer differences are not heard, and tracks that differ by less than
that are told apart by their row."""
WHOLE: Final = np.float32(2**30)
"""What a component of a unit vector is multiplied by to be compared as a whole number of 32 bits."""
WHOLE_TO_STEPS: Final = 2.0**-60 / SIMILARITY_STEP
GRADIENT_LIMIT: Final = np.float32(4)
"""As in UMAP: no pair moves a track further in one step, before the step's size is applied."""
PUSHES: Final = 5
"""Random tracks that a track is pushed from for each one that it is pulled to; UMAP's own number."""


def _compiled(function: Function) -> Function:
    try:
        return cast("Function", numba.njit(cache=True, nogil=True, fastmath=False)(function))
    except RuntimeError:  # nowhere to keep the compiled code: a read-only system without a home
        return cast("Function", numba.njit(nogil=True, fastmath=False)(function))


@_compiled
def _similarity(one: Float32Array, other: Float32Array) -> np.float32:
    """The dot product of two unit vectors, rounded to ``SIMILARITY_STEP``: the same bits on every machine.

    Of whole numbers, because their sum has no order that a compiler or a library could choose. Wrong by 2^-25 at most
    with 1,280 dimensions.
    """
    total = np.int64(0)
    for at in range(one.shape[0]):
        total += np.int64(np.int32(np.rint(one[at] * WHOLE))) * np.int64(np.int32(np.rint(other[at] * WHOLE)))
    return np.float32(np.rint(total * WHOLE_TO_STEPS) * SIMILARITY_STEP)


@_compiled
def fill_similarities(
    vectors: Float32Array, rows: npt.NDArray[np.intp], others: Int32Array, similarities: Float32Array
) -> None:
    """Write how similar each of ``rows`` (``[r]``) is to each of its ``others`` (``[r, c]``) into ``similarities``."""
    for at in range(rows.shape[0]):
        for column in range(others.shape[1]):
            similarities[at, column] = _similarity(vectors[rows[at]], vectors[others[at, column]])


@_compiled
def _find_candidates(  # noqa: PLR0917 - compiled functions take no keyword-only arguments
    product: Float32Array, error: float, already: float, own: int, highest: Float32Array, candidates: Int32Array
) -> int:
    """Write the columns that may be among the best of a row into ``candidates``, rising, and tell how many these are.

    ``already``: what lies below is not better than those found before. ``highest``: room for k numbers.
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
            # What lies this far below k others cannot be among the k best.
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
    """Merge a block of the library into the k best of each of its rows: falling, ties by row number.

    ``product``, row vectors by column vectors, only tells who may be among the best: it is wrong by at most ``error``,
    and how wrong depends on the machine and on the block. Whoever may be is compared by :func:`_similarity`.

    Parameters
    ----------
    twins: for each column the first row of the library with the same vector. A column must come after its twin: blocks
        come in the order of their columns. Many equal tracks are then compared once.
    indices, best: int32 and float32 ``[rows, k]``, changed in place; empty places hold -1 and -inf.
    first_row, first_column: the numbers of the block's first row and column in the library; a row is never its own
        neighbour.
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
                if place == k:  # its twin was not among the best, or is not any more
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


@_compiled
def _next_random(state: UInt64Array) -> int:
    """xorshift64*: small, and equal on every machine."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    drawn: int = (x * np.uint64(2685821657736338717)) >> np.uint64(33)
    return drawn


@_compiled
def _limited(value: np.float32) -> np.float32:
    return min(GRADIENT_LIMIT, max(-GRADIENT_LIMIT, value))


@_compiled
def pull_and_push(  # noqa: PLR0917 - compiled functions take no keyword-only arguments
    places: Float32Array,
    heads: Int32Array,
    tails: Int32Array,
    epochs_per_sample: Float32Array,
    a: np.float32,
    b: np.float32,
    epochs: int,
    first_rate: np.float32,
    seed: int,
    homes: Float32Array,
    reach: Float32Array,
) -> None:
    """UMAP's optimisation (McInnes et al. 2018): stochastic gradient descent, ``places`` ``[n, 2]`` changed in place.

    Parameters
    ----------
    heads, tails, epochs_per_sample: the edges of the fuzzy graph, each in both directions, and how many epochs pass
        between two uses of one.
    first_rate: the size of the steps, which falls to nothing over the epochs.
    homes, reach: how far (``reach``, ``[n]``) each track may go from its home (``[n, 2]``). Infinite: anywhere.
    """
    n = places.shape[0]
    state = np.empty(1, np.uint64)
    state[0] = np.uint64(seed) * np.uint64(2) + np.uint64(88172645463325253)
    due = epochs_per_sample.copy()
    # All in single precision: the powers are what costs the time.
    one, two, tiny = np.float32(1), np.float32(2), np.float32(0.001)
    for epoch in range(epochs):
        rate = np.float32(first_rate * (1.0 - epoch / epochs))
        for edge in range(heads.shape[0]):
            if due[edge] > epoch:
                continue
            due[edge] += epochs_per_sample[edge]
            head, tail = heads[edge], tails[edge]
            across, up = places[head, 0] - places[tail, 0], places[head, 1] - places[tail, 1]
            squared = across * across + up * up
            if squared > 0:
                power = squared**b
                strength = -two * a * b * power / (squared * (a * power + one))
                across, up = _limited(strength * across) * rate, _limited(strength * up) * rate
                places[head, 0] += across
                places[head, 1] += up
                places[tail, 0] -= across
                places[tail, 1] -= up
            for _ in range(PUSHES):
                other = _next_random(state) % n
                across, up = places[head, 0] - places[other, 0], places[head, 1] - places[other, 1]
                squared = across * across + up * up
                if squared > 0:
                    strength = two * b / ((tiny + squared) * (a * squared**b + one))
                    places[head, 0] += _limited(strength * across) * rate
                    places[head, 1] += _limited(strength * up) * rate
        for row in range(n):
            if reach[row] < np.inf:
                across, up = places[row, 0] - homes[row, 0], places[row, 1] - homes[row, 1]
                distance = np.sqrt(across * across + up * up)
                if distance > reach[row]:
                    places[row, 0] = homes[row, 0] + across * (reach[row] / distance)
                    places[row, 1] = homes[row, 1] + up * (reach[row] / distance)
