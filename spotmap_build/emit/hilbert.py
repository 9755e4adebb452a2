"""The order of tracks in the site's files: along a Hilbert curve over the map.

Neighbors on the curve are neighbors on the map. Differences between consecutive coordinates are therefore small (a
delta-encoded column compresses about fourteen times better than nested objects), and a chunk of details covers one part
of the map.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

ORDER = 16
"""Levels of the curve, which visits every point of a grid of 2^16 by 2^16, the resolution of the site's coordinates."""


def hilbert_index(x: npt.NDArray[np.int64], y: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the position of each grid point along the Hilbert curve.

    ``x`` and ``y`` are int64 ``[n]`` in 0..65535. The result is int64 ``[n]`` in 0..2^32-1 and a bijection with the
    grid. Vectorized version of ``xy2d`` in https://en.wikipedia.org/wiki/Hilbert_curve: one pass per level from the
    coarsest quadrant to the finest, rotating the frame with the curve.
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
        # The curve traverses the two lower quadrants with swapped axes, and the right one of them also mirrored.
        mirrored = (upper == 0) & (right == 1)
        x = np.where(mirrored, within - x, x)
        y = np.where(mirrored, within - y, y)
        x, y = np.where(upper == 0, y, x), np.where(upper == 0, x, y)
    return index
