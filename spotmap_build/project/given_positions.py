"""Coordinates that a table brings along, of any size and in any place, as a map. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from spotmap_build.model import Float32Array

    Float64Array = npt.NDArray[np.float64]
    IndexArray = npt.NDArray[np.intp]

MOST: Final = 0.9
"""Share of the tracks that say how wide the map is."""
FAR: Final = 5.0
"""Times as far from the middle as :data:`MOST` of the tracks, from where on a track is a stray. Half of the tracks in
another city are none: they are what the map is of."""
RIM: Final = (1.1, 1.3)
"""Where strays lie, nearest and farthest, in units of the farthest other track."""
COARSE: Final = 1e3
"""Times its own width that a map may lie from the origin: beyond, single precision would coarsen it."""

SMALLEST: Final = 1e-12
"""A map that is smaller is enlarged: squares of its distances are nothing in single precision."""


@dataclass(frozen=True, slots=True, eq=False)
class GivenMap:
    """``coordinates``: float32 ``[n, 2]``. ``strays``: rows that lie so far off that they were moved to the rim."""

    coordinates: Float32Array
    strays: IndexArray


def place_given(positions: Float64Array) -> GivenMap:
    """Lay out places as they are, but for strays, which would make a dot of everything else.

    A stray keeps its direction from the middle, and strays keep the order of their distances; on one spot they stay on
    one spot.

    Parameters
    ----------
    positions : numpy.ndarray
        Float64 ``[n, 2]``, finite, in any unit.

    Returns
    -------
    GivenMap
        Coordinates, and which rows are strays.
    """
    if len(positions) == 0:
        return GivenMap(np.zeros((0, 2), np.float32), np.zeros(0, np.intp))
    middle = np.median(positions, axis=0)
    distance = _lengths(positions - middle)
    if 0 < float(distance.max()) < SMALLEST:
        positions = (positions - middle) / distance.max()
        middle, distance = np.zeros(2), _lengths(positions)
    usual = float(np.quantile(distance, MOST, method="lower"))
    is_stray = distance > FAR * usual
    if usual == 0 or not is_stray.any():
        is_coarse = float(np.abs(middle).max()) > COARSE * float(distance.max())
        return GivenMap((positions - middle if is_coarse else positions).astype(np.float32), np.zeros(0, np.intp))
    kept = positions[~is_stray]
    offsets = positions - (kept.min(axis=0) + kept.max(axis=0)) / 2
    distance = _lengths(offsets)
    steps, order = np.unique(distance[is_stray], return_inverse=True)
    nearest, farthest = RIM
    ranks = order.reshape(-1) / max(1, len(steps) - 1)
    radius = float(distance[~is_stray].max()) * (nearest + (farthest - nearest) * ranks)
    offsets[is_stray] *= (radius / distance[is_stray])[:, np.newaxis]
    return GivenMap(offsets.astype(np.float32), np.flatnonzero(is_stray))


def _lengths(offsets: Float64Array) -> Float64Array:
    lengths: Float64Array = np.hypot(offsets[:, 0], offsets[:, 1])
    return lengths
