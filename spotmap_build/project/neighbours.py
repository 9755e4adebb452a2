"""Every track's nearest neighbours by cosine: what all that asks "what sounds like this?" starts from.

The only module that imports pynndescent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array, Int32Array

BLOCK_BYTES: Final = 64 * 2**20
"""Similarities held at once: 64 MiB keeps a block inside what two processors move quickly, at any library size."""
LARGEST_FOR_EXACT: Final = 30_000
"""Work grows with n squared: 30,000 x 1,280 is about a minute on two processors."""


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """``indices`` int32 ``[n, k]``, the track itself first, then by rising distance (ties by row number);
    ``distances`` float32 ``[n, k]``, 1 - cosine, from 0 to 2."""

    indices: Int32Array
    distances: Float32Array


def find_neighbours(unit_vectors: Float32Array, count: int, seed: int) -> Neighbours:
    """The k nearest neighbours of every row, itself included: exact, or approximate where exact would take minutes.

    Parameters
    ----------
    unit_vectors: float32 ``[n, d]``, rows of length one (or zero).
    count: k; at most n are given.
    seed: of the approximate search.
    """
    if len(unit_vectors) <= LARGEST_FOR_EXACT:
        return exact_neighbours(unit_vectors, count)
    return _approximate_neighbours(unit_vectors, count, seed)


def exact_neighbours(unit_vectors: Float32Array, count: int) -> Neighbours:
    """Blockwise search over all pairs, so that memory does not grow with n squared; parameters as above."""
    n = len(unit_vectors)
    k = min(count, n)
    indices = np.empty((n, k), dtype=np.int32)
    distances = np.empty((n, k), dtype=np.float32)
    block = max(1, BLOCK_BYTES // (4 * max(n, 1)))
    for start in range(0, n, block):
        stop = min(start + block, n)
        distance = 1 - unit_vectors[start:stop] @ unit_vectors.T
        # The track itself comes first, whatever rounding or exact duplicates say.
        distance[np.arange(stop - start), np.arange(start, stop)] = -np.inf
        chosen = np.sort(np.argpartition(distance, k - 1, axis=1)[:, :k], axis=1)
        values = np.take_along_axis(distance, chosen, axis=1)
        order = np.argsort(values, axis=1, kind="stable")
        indices[start:stop] = np.take_along_axis(chosen, order, axis=1)
        distances[start:stop] = np.take_along_axis(values, order, axis=1)
    return Neighbours(indices, np.clip(distances, 0, 2))


def _approximate_neighbours(unit_vectors: Float32Array, count: int, seed: int) -> Neighbours:
    from pynndescent import NNDescent

    index = NNDescent(unit_vectors, metric="cosine", n_neighbors=count, random_state=seed, n_jobs=1)
    indices, distances = index.neighbor_graph
    rows = np.arange(len(unit_vectors), dtype=np.int32)
    indices, distances = _self_first(np.asarray(indices, np.int32), np.asarray(distances, np.float32), rows)
    return Neighbours(indices, np.clip(distances, 0, 2))


def _self_first(indices: Int32Array, distances: Float32Array, rows: Int32Array) -> tuple[Int32Array, Float32Array]:
    """Among exact duplicates the search may name another row first; the contract names the row itself."""
    is_self = indices == rows[:, None]
    is_self[~is_self.any(axis=1), -1] = True  # not found at all: it takes the place of the farthest
    order = np.argsort(~is_self, axis=1, kind="stable")
    indices, distances = np.take_along_axis(indices, order, 1), np.take_along_axis(distances, order, 1)
    indices[:, 0], distances[:, 0] = rows, 0
    return indices, distances
