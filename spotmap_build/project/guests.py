"""Places for friends' tracks on a map that stays as it is: each among those of the library that it sounds most like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.spatial import cKDTree

from spotmap_build.project.anchoring import beside_hosts
from spotmap_build.project.quality import kept_neighbors

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array, Int32Array

VOTERS: Final = 5
"""Tracks of the library around a guest's place, most of which have to be in a cluster for the guest to be."""


def place_guests(unit_vectors: Float32Array, positions: Float32Array) -> Float32Array:
    """Place guests: those rows of ``unit_vectors`` that come after the library's.

    Parameters
    ----------
    unit_vectors : numpy.ndarray
        Float32 ``[n + g, d]``, rows of length one.
    positions : numpy.ndarray
        Float32 ``[n, 2]``: where the library's tracks are, n at least 1.

    Returns
    -------
    numpy.ndarray
        Float32 ``[g, 2]``, never outside of what the library's tracks span: the map would be drawn in another scale.
    """
    count = len(positions)
    known = np.arange(len(unit_vectors)) < count
    previous = np.full((len(unit_vectors), 2), np.nan, dtype=np.float32)
    previous[:count] = positions
    placed = (
        beside_hosts(unit_vectors, previous, known)[count:] if count > 1 else np.repeat(positions, (~known).sum(), 0)
    )
    return np.asarray(np.clip(placed, positions.min(axis=0), positions.max(axis=0)), dtype=np.float32)


def clusters_of_guests(places: Float32Array, positions: Float32Array, labels: Int32Array) -> Int32Array:
    """Return the cluster of each guest, int32 ``[g]``: that of most tracks of the library around it, or -1."""
    voters = min(VOTERS, len(positions))
    _, near = cKDTree(positions).query(places, k=voters)
    votes = labels[np.asarray(near).reshape(len(places), voters)]
    agreeing = (votes[:, :, None] == votes[:, None, :]).sum(axis=2)
    most = agreeing.argmax(axis=1, keepdims=True)
    chosen, count = (np.take_along_axis(each, most, axis=1)[:, 0] for each in (votes, agreeing))
    return np.asarray(np.where(2 * count > voters, chosen, -1), dtype=np.int32)


def kept_of_guests(neighbors: Sequence[Sequence[int]], places: Float32Array, positions: Float32Array) -> Float32Array:
    """Return for each guest the share of its ``neighbors`` that are also nearest on the map, float32 ``[g]``.

    ``neighbors``: rows of the library, then guests; as many for each.
    """
    true = np.asarray(neighbors, dtype=np.int32)
    return kept_neighbors(true, np.concatenate([positions, places]), first=len(positions))
