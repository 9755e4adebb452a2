"""Place friends' tracks ("guests") on an unchanged map, each among the most similar tracks of the library."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.spatial import cKDTree

from spotmap_build.project.anchoring import place_at_hosts
from spotmap_build.project.quality import kept_neighbors, nearest_on_plane

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array, Int32Array

VOTERS: Final = 5
"""Number of library tracks around a guest that vote on its cluster."""


def place_guests(unit_vectors: Float32Array, positions: Float32Array) -> Float32Array:
    """Place guests, whose rows in ``unit_vectors`` follow those of the library.

    Parameters
    ----------
    unit_vectors : numpy.ndarray
        Float32 ``[n + g, d]``, rows of length one.
    positions : numpy.ndarray
        Float32 ``[n, 2]``, positions of the library's tracks, n at least 1.

    Returns
    -------
    numpy.ndarray
        Float32 ``[g, 2]``, within the bounding box of the library, so that the scale of the map does not change.
    """
    count = len(positions)
    known = np.arange(len(unit_vectors)) < count
    previous = np.full((len(unit_vectors), 2), np.nan, dtype=np.float32)
    previous[:count] = positions
    placed = (
        place_at_hosts(unit_vectors, previous, known)[count:] if count > 1 else np.repeat(positions, (~known).sum(), 0)
    )
    return np.asarray(np.clip(placed, positions.min(axis=0), positions.max(axis=0)), dtype=np.float32)


def clusters_of_guests(places: Float32Array, positions: Float32Array, labels: Int32Array) -> Int32Array:
    """Return the cluster of each guest, int32 ``[g]``: that of the majority of library tracks around it, or -1."""
    voters = min(VOTERS, len(positions))
    _, near = cKDTree(positions).query(places, k=voters)
    votes = labels[np.asarray(near).reshape(len(places), voters)]
    agreeing = (votes[:, :, None] == votes[:, None, :]).sum(axis=2)
    most = agreeing.argmax(axis=1, keepdims=True)
    chosen, count = (np.take_along_axis(each, most, axis=1)[:, 0] for each in (votes, agreeing))
    return np.asarray(np.where(2 * count > voters, chosen, -1), dtype=np.int32)


def kept_of_guests(neighbors: Sequence[Sequence[int]], places: Float32Array, positions: Float32Array) -> Float32Array:
    """Return the share of each guest's ``neighbors`` that are also nearest on the map, float32 ``[g]``.

    ``neighbors``: row numbers, in which guests follow the library; the same number for each guest.
    """
    similar = np.asarray(neighbors, dtype=np.int32)
    all_positions = np.concatenate([positions, places])
    return kept_neighbors(similar, nearest_on_plane(all_positions, similar.shape[1], first=len(positions)))
