"""Lines of equal height on a grid, and fewer corners in them. Pure geometry, in units of the grid's cells."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    Float64Array = npt.NDArray[np.float64]

BOTTOM, RIGHT, TOP, LEFT = range(4)

_SEGMENTS: tuple[tuple[tuple[int, int], ...], ...] = (
    (),
    ((BOTTOM, LEFT),),
    ((RIGHT, BOTTOM),),
    ((RIGHT, LEFT),),
    ((TOP, RIGHT),),
    ((BOTTOM, LEFT), (TOP, RIGHT)),
    ((TOP, BOTTOM),),
    ((TOP, LEFT),),
    ((LEFT, TOP),),
    ((BOTTOM, TOP),),
    ((LEFT, TOP), (RIGHT, BOTTOM)),
    ((RIGHT, TOP),),
    ((LEFT, RIGHT),),
    ((BOTTOM, RIGHT),),
    ((LEFT, BOTTOM),),
    (),
)
"""Marching squares (Lorensen & Cline 1987, in the plane): for each pattern of high corners, the sides of the cell at
which a segment enters and leaves, high ground to its left. Bits: 1 lower left, 2 lower right, 4 upper right, 8
upper left. The two saddles (5 and 10) keep their high corners apart."""


def iso_rings(values: Float64Array, threshold: float) -> list[Float64Array]:
    """The closed lines at height ``threshold`` (above 0) of a field ``values`` float64 ``[rows, columns]``.

    Returns rings ``[k, 2]`` of (column, row) positions, the first point not repeated; high ground is to the left, so
    islands run counter-clockwise and holes clockwise (rows upwards). The field must lie below the threshold along
    its rim, which is what closes every line.
    """
    columns = values.shape[1]
    high = values >= threshold
    pattern = high[:-1, :-1] + 2 * high[:-1, 1:] + 4 * high[1:, 1:] + 8 * high[1:, :-1]
    leaves_at: dict[int, int] = {}
    rows_crossed, columns_crossed = np.nonzero((pattern > 0) & (pattern < 15))
    for row, column in zip(rows_crossed.tolist(), columns_crossed.tolist(), strict=True):
        # Each side of a cell is named by its lower or left node: twice the node's number, and one more where it is
        # upright.
        node = row * columns + column
        sides = (2 * node, 2 * (node + 1) + 1, 2 * (node + columns), 2 * node + 1)
        for enters, leaves in _SEGMENTS[pattern[row, column]]:
            leaves_at[sides[enters]] = sides[leaves]
    return [_crossings(values, threshold, ring) for ring in _follow(leaves_at)]


def _follow(leaves_at: dict[int, int]) -> list[list[int]]:
    """Join segments end to end: every side that is entered is left exactly once, so they fall into cycles."""
    rings = []
    while leaves_at:
        first, side = leaves_at.popitem()
        ring = [first]
        while side != first:
            ring.append(side)
            side = leaves_at.pop(side)
        rings.append(ring)
    return rings


def _crossings(values: Float64Array, threshold: float, sides: list[int]) -> Float64Array:
    """Where the line crosses each side, by linear interpolation between its two nodes."""
    node, upright = np.divmod(np.array(sides), 2)
    row, column = np.divmod(node, values.shape[1])
    near = values[row, column]
    far = values[row + upright, column + 1 - upright]
    along = (threshold - near) / (far - near)
    return np.stack([column + along * (1 - upright), row + along * upright], axis=1)


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
