"""Lines of equal height on a grid, and fewer corners in them. Pure geometry, in units of the grid's cells."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt
from contourpy import LineType, contour_generator

if TYPE_CHECKING:
    Float64Array = npt.NDArray[np.float64]


def iso_rings(values: Float64Array, threshold: float) -> list[Float64Array]:
    """Return the closed lines at height ``threshold`` (above 0) of a field.

    A cell whose high corners lie across from each other joins them where its middle, their mean, is high.

    Parameters
    ----------
    values : float64 ``[rows, columns]``
        The field. It must lie below the threshold along its rim, which is what closes every line.
    threshold : float
        What lies above it is high.

    Returns
    -------
    list of float64 ``[k, 2]``
        (column, row) positions, the first point not repeated. High ground is to the left, so islands run
        counter-clockwise and holes clockwise (rows upwards).
    """
    lines = contour_generator(z=values, name="serial", line_type=LineType.Separate)
    rings = cast("list[Float64Array]", lines.lines(threshold))  # which of contourpy's shapes, `line_type` says
    return [ring[:-1] for ring in rings]


def ring_area(ring: Float64Array) -> float:
    """Signed area of a polygon ``[k, 2]`` by the shoelace formula; positive where it runs counter-clockwise."""
    x, y = ring.T
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2)


def simplify_ring(ring: Float64Array, smallest_corner: float) -> Float64Array:
    """Leave out the corners of ``[k, 2]`` that matter least until each spans at least ``smallest_corner`` (an area).

    Visvalingam & Whyatt, "Line generalisation by repeated elimination of points", 1993: the corner whose triangle
    with its neighbors is smallest goes first. At least a triangle is left.
    """
    count = len(ring)
    before = [(i - 1) % count for i in range(count)]
    after = [(i + 1) % count for i in range(count)]
    points: list[list[float]] = ring.tolist()

    def corner_area(i: int) -> float:
        (ax, ay), (bx, by), (cx, cy) = points[before[i]], points[i], points[after[i]]
        return abs((bx - ax) * (cy - ay) - (cx - ax) * (by - ay)) / 2

    areas = [corner_area(i) for i in range(count)]
    queue = [(area, i) for i, area in enumerate(areas)]
    heapq.heapify(queue)
    alive = [True] * count
    left = count
    while left > 3 and queue:
        area, i = heapq.heappop(queue)
        if not alive[i] or area != areas[i]:
            continue
        if area >= smallest_corner:
            break
        alive[i] = False
        left -= 1
        after[before[i]], before[after[i]] = after[i], before[i]
        for neighbor in (before[i], after[i]):
            # A corner never becomes cheaper than one already left out, or whole slopes would go at once.
            areas[neighbor] = max(corner_area(neighbor), area)
            heapq.heappush(queue, (areas[neighbor], neighbor))
    simplified: Float64Array = ring[np.array(alive)]
    return simplified
