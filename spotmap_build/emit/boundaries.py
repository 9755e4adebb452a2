"""Where a group of tracks lives on the map: the smallest area that holds most of them.

A highest-density region (Hyndman, "Computing and graphing highest density regions", 1996) may have several islands,
keeps the shape of a crescent and ignores strays, where a convex hull covers the whole map after one of them.
Everything here is
pure: points in, rings out.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from spotmap_build.emit.contour import iso_rings, ring_area, simplify_ring

if TYPE_CHECKING:
    from collections.abc import Mapping

    Float64Array = npt.NDArray[np.float64]
    Int64Array = npt.NDArray[np.int64]

EXTENT = 65535
"""Largest coordinate of the map; the smallest is 0."""

BOX_WIDTH = 9
"""Cells that each of the three box blurs averages over."""
BANDWIDTH_CELLS = float(np.sqrt(3 * (BOX_WIDTH**2 - 1) / 12))
"""Standard deviation of three such blurs, in cells: a box of w has variance (w^2 - 1) / 12. Cells are sized by it."""
BLUR_REACH_CELLS = 3 * (BOX_WIDTH // 2)
"""How far three blurs carry a point. With this margin the density is 0 at the rim, so that every contour closes."""
MAX_CELLS = 400
"""Most cells along one side of the window; past it the bandwidth grows with the cell."""
MIN_BANDWIDTH = EXTENT / 256
"""What a group without extent (one track, or equal ones) is drawn with: a small circle of about this radius."""
WIDEST_BANDWIDTH = EXTENT / 24
"""About what a cluster of a map of ten is drawn with. Tracks that lie scattered are islands: by their own wide spread
they would be drawn as a continent, full of others."""
SMALLEST_ISLAND = 0.06
"""Islands (and holes) that hold a smaller share of the group (of the region's area) are noise to the eye."""
HIGHEST_THRESHOLD = 0.9
"""Of the peak. Where most of a group lies in one point the quantile is the peak itself, and would leave no area."""
FEW = 12
"""Below this many tracks a density quantile says little."""
THRESHOLD_OF_FEW = float(np.exp(-0.5))
"""Of the peak, for a few tracks and for equal ones: what a normal density falls to one bandwidth away from them."""
SIMPLIFIED_CORNER = 0.06 * BANDWIDTH_CELLS**2
"""Area of a corner, in cells squared, below which it is left out: invisible next to the blur itself."""
SIMPLIFIED_CORNER_OF_RING = 0.003
"""The same as a share of the ring's own area, so that a small island stays round (a circle keeps about 16 corners)."""


@dataclass(frozen=True, slots=True)
class Boundary:
    """The highest-density region of a group.

    ``rings`` are closed polygons (the first point is not repeated), each ``(x, y, x, y, ...)`` in 0..65535: islands run
    counter-clockwise (y upwards), holes clockwise, so both fill rules draw them right. ``peak`` is the densest place.
    """

    rings: tuple[tuple[int, ...], ...]
    peak: tuple[int, int]


class Boundaries:
    """The boundaries of many groups, of which some may be known already: equal points have equal boundaries."""

    def __init__(self, known: Mapping[str, Boundary] | None = None) -> None:
        self._known = known or {}
        self.used: dict[str, Boundary] = {}
        """All that were asked for, by a digest of what they are of."""

    def of(self, points: Int64Array, share: float) -> Boundary:
        """Return :func:`boundary` of points of the map."""
        content = np.ascontiguousarray(points, dtype="<i8").tobytes() + f"{share!r}".encode()
        name = blake2b(content, digest_size=16).hexdigest()
        if name not in self.used:
            self.used[name] = self._known.get(name) or boundary(points, share)
        return self.used[name]


@dataclass(frozen=True, slots=True, eq=False)
class _Region:
    """The part of a density that lies above a threshold, without its small islands.

    ``values`` is the density, float64 ``[rows, columns]``, 0 on dropped islands; node (0, 0) lies at ``origin`` of
    the map, nodes are ``cell`` apart. ``island_of``: int ``[n]``, the island each point is on, 0 for none.
    """

    values: Float64Array
    threshold: float
    origin: Float64Array
    cell: float
    island_of: Int64Array

    def to_map(self, nodes: Float64Array) -> Int64Array:
        return np.clip(np.rint(nodes * self.cell + self.origin), 0, EXTENT).astype(np.int64)


def boundary(points: npt.NDArray[np.floating | np.integer], share: float) -> Boundary:
    """Return the smallest area that holds a share of the points, as rings.

    A highest-density region (Hyndman, 1996) of the points' density on a grid.

    Parameters
    ----------
    points : numpy.ndarray
        ``[n, 2]``, n at least 1, finite, in 0..65535.
    share : float
        0..1.

    Returns
    -------
    Boundary

    Raises
    ------
    ValueError
        For no points, for numbers that are not finite and for a share outside 0..1.
    """
    if len(points) == 0 or not np.isfinite(points).all() or not 0 < share < 1:
        raise ValueError(f"a boundary needs finite points and a share between 0 and 1, not {len(points)} and {share}")
    located = np.asarray(points, dtype=np.float64)
    region = _region(located, share, _bandwidth(_spread(located), len(located)))
    if region.island_of.max() > 1:
        # Far islands make the group look wide, and the kernel with it. Look again with the spread that islands have
        # inside.
        within = [located[region.island_of == island] for island in np.unique(region.island_of[region.island_of > 0])]
        variance = np.average([_spread(island) ** 2 for island in within], weights=[len(island) for island in within])
        region = _region(located, share, _bandwidth(float(np.sqrt(variance)), len(located) / len(within)))
    row, column = np.unravel_index(int(region.values.argmax()), region.values.shape)
    peak = region.to_map(np.array([column, row], dtype=np.float64))
    return Boundary(rings=_rings(region), peak=(int(peak[0]), int(peak[1])))


def _rings(region: _Region) -> tuple[tuple[int, ...], ...]:
    rings = iso_rings(region.values, region.threshold)
    areas = [ring_area(ring) for ring in rings]
    smallest_hole = SMALLEST_ISLAND * max(areas)
    simplified = (
        simplify_ring(ring, min(SIMPLIFIED_CORNER, SIMPLIFIED_CORNER_OF_RING * abs(area)))
        for ring, area in zip(rings, areas, strict=True)
        if area > 0 or -area > smallest_hole
    )
    on_map = (_without_repeats(region.to_map(ring)) for ring in simplified)
    # An island that just reaches the threshold can be a speck between two coordinates of the map.
    return tuple(tuple(ring.ravel().tolist()) for ring in on_map if len(ring) >= 3)


def _without_repeats(ring: Int64Array) -> Int64Array:
    """Corners beyond the rim of the map are moved onto it, and some of them onto each other."""
    differs = (ring != np.roll(ring, 1, axis=0)).any(axis=1)
    distinct: Int64Array = ring[differs]
    return distinct


def _region(points: Float64Array, share: float, bandwidth: float) -> _Region:
    """Estimate the density, and cut it where ``share`` of the members lie above.

    The window leaves out the outermost points on each of its four sides, an eighth of what the region leaves out
    anyway: that moves the threshold little and stops a few strays from spending the grid on empty map.
    """
    trimmed = (1 - share) / 8
    low = np.quantile(points, trimmed, axis=0, method="lower")
    high = np.quantile(points, 1 - trimmed, axis=0, method="higher")
    cell = max(bandwidth / BANDWIDTH_CELLS, float((high - low).max()) / MAX_CELLS)
    margin = BLUR_REACH_CELLS + 1
    origin = low - margin * cell
    columns, rows = (int(cells) + 2 * margin + 2 for cells in (high - low) / cell)
    nodes = (points - origin) / cell
    inside = ((points >= low) & (points <= high)).all(axis=1)
    values = _spread_over_nodes(nodes[inside], rows, columns)
    for axis in (0, 1) * 3:
        values = ndimage.uniform_filter1d(values, BOX_WIDTH, axis=axis, mode="constant")
    at_members = ndimage.map_coordinates(values, nodes.T[::-1], order=1, mode="constant")
    quantile = float(np.quantile(at_members, 1 - share, method="lower"))
    is_small = len(points) < FEW or bandwidth <= MIN_BANDWIDTH
    highest = THRESHOLD_OF_FEW if is_small else HIGHEST_THRESHOLD
    threshold = min(quantile, highest * float(values.max()))
    islands, count = ndimage.label(values >= threshold, structure=np.ones((3, 3)))
    nearest = np.rint(nodes[:, ::-1]).astype(np.int64)
    on_grid = ((nearest >= 0) & (nearest < values.shape)).all(axis=1)
    island_of = np.zeros(len(points), dtype=np.int64)
    island_of[on_grid] = islands[tuple(nearest[on_grid].T)]
    kept = _islands_kept(island_of, count)
    return _Region(
        values=np.where(kept[islands] | (islands == 0), values, 0.0),
        threshold=threshold,
        origin=origin,
        cell=cell,
        island_of=np.where(kept[island_of], island_of, 0),
    )


def _islands_kept(island_of: Int64Array, count: int) -> npt.NDArray[np.bool_]:
    """Which of the islands 1..count hold enough of the group; the fullest always does. Index 0 (no island) is False."""
    members = np.bincount(island_of, minlength=count + 1)
    kept = members >= SMALLEST_ISLAND * len(island_of)
    kept[1 + members[1:].argmax()] = True
    kept[0] = False
    return kept


def _spread(points: Float64Array) -> float:
    """Return a robust standard deviation, as one number for both axes.

    Silverman's: that of the quartiles where those are closer.
    """
    lower_quartile, upper_quartile = np.quantile(points, (0.25, 0.75), axis=0)
    deviation = points.std(axis=0)
    robust = (upper_quartile - lower_quartile) / 1.34
    # More than half of the points on one line make the quartiles meet; the deviation still knows better.
    sigma = np.where(robust > 0, np.minimum(deviation, robust), deviation)
    return float(np.sqrt((sigma**2).mean()))


def _bandwidth(sigma: float, count: float) -> float:
    """Silverman's rule of thumb (1986, eq. 3.31; the exponent for two dimensions): 0.9 sigma n^(-1/6)."""
    return min(max(0.9 * sigma * float(count ** (-1 / 6)), MIN_BANDWIDTH), WIDEST_BANDWIDTH)


def _spread_over_nodes(nodes: Float64Array, rows: int, columns: int) -> Float64Array:
    """Return a histogram on the grid's nodes.

    Each point is shared by its four, by nearness, so no peak is rounded off.
    """
    corner = np.floor(nodes).astype(np.int64)
    across, up = (nodes - corner).T
    first = corner[:, 1] * columns + corner[:, 0]
    total = np.zeros(rows * columns)
    for offset, weight in (
        (0, (1 - across) * (1 - up)),
        (1, across * (1 - up)),
        (columns, (1 - across) * up),
        (columns + 1, across * up),
    ):
        total += np.bincount(first + offset, weights=weight, minlength=rows * columns)
    return total.reshape(rows, columns)
