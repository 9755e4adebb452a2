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
"""Similarities are rounded to this, a millionth: matrix products differ in their last bits with the shape of a block,
and exact duplicates must tie exactly to be told apart by their row."""
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
def keep_best(
    similarity: Float32Array, indices: Int32Array, best: Float32Array, first_row: int, first_column: int
) -> None:
    """Merge a block of similarities into the k best of each of its rows: falling, ties by row number.

    ``indices`` int32 and ``best`` float32 ``[rows, k]`` are changed in place; empty places hold -1 and -inf. The
    block's first row and column have these numbers in the library; a row is never its own neighbour.
    """
    rows, columns = similarity.shape
    k = best.shape[1]
    for row in range(rows):
        enough = best[row, k - 1] - SIMILARITY_STEP
        for block_column in range(columns):
            if similarity[row, block_column] < enough:
                continue
            column = first_column + block_column
            if column == first_row + row:
                continue
            value = np.float32(np.rint(similarity[row, block_column] / SIMILARITY_STEP) * SIMILARITY_STEP)
            place = k
            while place > 0 and (
                value > best[row, place - 1] or (value == best[row, place - 1] and column < indices[row, place - 1])
            ):
                place -= 1
            if place == k:
                continue
            for moved in range(k - 1, place, -1):
                best[row, moved] = best[row, moved - 1]
                indices[row, moved] = indices[row, moved - 1]
            best[row, place] = value
            indices[row, place] = column
            enough = best[row, k - 1] - SIMILARITY_STEP


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
