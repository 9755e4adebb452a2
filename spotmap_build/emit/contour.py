"""Contour lines on a grid, and their simplification. Pure geometry, in units of grid cells."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt
from contourpy import LineType, contour_generator

if TYPE_CHECKING:
    Float64Array = npt.NDArray[np.float64]


def iso_rings(values: Float64Array, threshold: float) -> list[Float64Array]:
    """Return the closed contour lines of a field at ``threshold`` (above 0).

    In a cell with two diagonally opposite high corners, these are connected if the mean of the corners is high.

    Parameters
    ----------
    values : float64 ``[rows, columns]``
        The field. It must be below the threshold along its edge, so that every line is closed.
    threshold : float
        The height of the lines.

    Returns
    -------
    list of float64 ``[k, 2]``
        (column, row) positions, the first point not repeated. High values are to the left of a line, so islands run
        counter-clockwise and holes clockwise (rows upwards).
    """
    lines = contour_generator(z=values, name="serial", line_type=LineType.Separate)
    rings = cast("list[Float64Array]", lines.lines(threshold))  # the result type depends on `line_type`
    return [ring[:-1] for ring in rings]


def ring_area(ring: Float64Array) -> float:
    """Return the signed area of a polygon ``[k, 2]`` (shoelace formula); positive if it runs counter-clockwise."""
    x, y = ring.T
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2)


def simplify_ring(ring: Float64Array, smallest_corner: float) -> Float64Array:
    """Remove corners of a ring ``[k, 2]`` until each spans an area of at least ``smallest_corner``.

    Visvalingam & Whyatt, "Line generalisation by repeated elimination of points", 1993: repeatedly removes the corner
    that forms the smallest triangle with its neighbors. At least three corners remain.
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
            # A corner never gets a smaller area than one that was removed, or whole slopes would be removed.
            areas[neighbor] = max(corner_area(neighbor), area)
            heapq.heappush(queue, (areas[neighbor], neighbor))
    simplified: Float64Array = ring[np.array(alive)]
    return simplified
