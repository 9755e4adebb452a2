"""The order in which the site lists its tracks: along a Hilbert curve over the map.

Neighbors on the curve are neighbors on the map, so that differences between consecutive coordinates are small numbers
(a delta-coded column compresses about fourteen times better than nested objects) and a chunk of details covers one
place.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

ORDER = 16
"""Levels of the curve: it visits every point of a grid of 2^16 by 2^16, the resolution of the site's coordinates."""


def hilbert_index(x: npt.NDArray[np.int64], y: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """How far along the Hilbert curve each grid point lies.

    ``x`` and ``y`` are int64 ``[n]`` in 0..65535; so is the result, in 0..2^32-1, a bijection with the grid. One
    pass a level, from the coarsest quadrant to the finest, turning the frame as the curve does (the ``xy2d`` of
    https://en.wikipedia.org/wiki/Hilbert_curve, over whole columns).
    """
    x, y = x.copy(), y.copy()
    index = np.zeros_like(x)
    for level in reversed(range(ORDER)):
        right = (x >> level) & 1
        upper = (y >> level) & 1
        index += ((3 * right) ^ upper) << (2 * level)
        within = (1 << level) - 1
        x &= within
        y &= within
        # The two lower quadrants are walked with the axes swapped, the right one of them also backwards.
        mirrored = (upper == 0) & (right == 1)
        x = np.where(mirrored, within - x, x)
        y = np.where(mirrored, within - y, y)
        x, y = np.where(upper == 0, y, x), np.where(upper == 0, x, y)
    return index
