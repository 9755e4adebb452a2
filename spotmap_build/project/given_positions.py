"""Convert coordinates from a table, of any scale and offset, to a layout. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from spotmap_build.model import Float32Array

    Float64Array = npt.NDArray[np.float64]
    IndexArray = npt.NDArray[np.intp]

WIDTH_SHARE: Final = 0.9
"""Share of the tracks that determine the width of the map."""
STRAY_DISTANCE: Final = 5.0
"""A track is a stray if it is this many times as far from the center as :data:`WIDTH_SHARE` of the tracks. Half of the
tracks in another city are no strays, but part of what the map shows."""
RIM: Final = (1.1, 1.3)
"""Distances of the nearest and the farthest stray, in units of the farthest other track."""
COARSE: Final = 1e3
"""Maximum distance of a map from the origin in units of its width; beyond it, single precision is too coarse."""

MIN_SIZE: Final = 1e-12
"""A smaller map is enlarged, because squares of its distances underflow in single precision."""


@dataclass(frozen=True, slots=True, eq=False)
class GivenMap:
    """``coordinates``: float32 ``[n, 2]``. ``strays``: rows that were too far out and were moved to the rim."""

    coordinates: Float32Array
    strays: IndexArray


def normalize_positions(positions: Float64Array) -> GivenMap:
    """Use given positions, but move strays closer, because they would shrink all other tracks to a dot.

    Strays keep their direction from the center and the order of their distances. Equal positions stay equal.

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
    if 0 < float(distance.max()) < MIN_SIZE:
        positions = (positions - middle) / distance.max()
        middle, distance = np.zeros(2), _lengths(positions)
    usual = float(np.quantile(distance, WIDTH_SHARE, method="lower"))
    is_stray = distance > STRAY_DISTANCE * usual
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
