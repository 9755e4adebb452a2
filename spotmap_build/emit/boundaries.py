"""Boundaries of groups of tracks on the map: the smallest area that contains most of a group.

A highest-density region (Hyndman, "Computing and graphing highest density regions", 1996) can have several islands and
non-convex shapes, and ignores strays. A convex hull would cover the whole map because of a single stray. Pure: points
in, rings out.
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
"""Width of each of the three box blurs, in cells."""
BANDWIDTH_CELLS = float(np.sqrt(3 * (BOX_WIDTH**2 - 1) / 12))
"""Standard deviation of the three blurs in cells: a box of width w has variance (w^2 - 1) / 12. Determines the cell
size."""
BLUR_REACH_CELLS = 3 * (BOX_WIDTH // 2)
"""Reach of the three blurs. With this margin the density is 0 at the edge of the grid, so that every contour closes."""
MAX_CELLS = 400
"""Maximum number of cells along one side of the window; beyond it, the bandwidth grows with the cell."""
MIN_BANDWIDTH = EXTENT / 256
"""Bandwidth of a group without extent (one track, or identical positions): a small circle of about this radius."""
MAX_BANDWIDTH = EXTENT / 24
"""Approximate bandwidth of a cluster on a map of ten. Scattered tracks are drawn as islands: with the bandwidth of
their own standard deviation they would form one large area, full of other tracks."""
MIN_ISLAND_SIZE = 0.06
"""Islands with a smaller share of the group, and holes with a smaller share of the region's area, are noise."""
MAX_THRESHOLD = 0.9
"""Maximum threshold as a share of the peak. If most of a group has one position, the quantile would be the peak itself
and leave no area."""
MIN_TRACKS_FOR_QUANTILE = 12
"""Number of tracks below which a density quantile is not meaningful."""
FEW_TRACKS_THRESHOLD = float(np.exp(-0.5))
"""Threshold as a share of the peak, for few tracks or identical positions: the normal density at one bandwidth."""
SIMPLIFIED_CORNER = 0.06 * BANDWIDTH_CELLS**2
"""Corners with a smaller area, in cells squared, are removed: they are invisible compared with the blur."""
SIMPLIFIED_CORNER_OF_RING = 0.003
"""The same as a share of the ring's area, so that small islands stay round (a circle keeps about 16 corners)."""


@dataclass(frozen=True, slots=True)
class Boundary:
    """The highest-density region of a group.

    ``rings`` are closed polygons (the first point is not repeated), each ``(x, y, x, y, ...)`` in 0..65535. Islands run
    counter-clockwise (y upwards) and holes clockwise, which is correct for both fill rules. ``peak`` is the densest
    place.
    """

    rings: tuple[tuple[int, ...], ...]
    peak: tuple[int, int]


class Boundaries:
    """Boundaries of many groups. Known boundaries are reused: equal points have equal boundaries."""

    def __init__(self, known: Mapping[str, Boundary] | None = None) -> None:
        self._known = known or {}
        self.used: dict[str, Boundary] = {}
        """All requested boundaries, by a digest of their points and share."""

    def of(self, points: Int64Array, share: float) -> Boundary:
        """Return the :func:`boundary` of points on the map."""
        content = np.ascontiguousarray(points, dtype="<i8").tobytes() + f"{share!r}".encode()
        name = blake2b(content, digest_size=16).hexdigest()
        if name not in self.used:
            self.used[name] = self._known.get(name) or boundary(points, share)
        return self.used[name]


@dataclass(frozen=True, slots=True, eq=False)
class _Region:
    """The part of a density above a threshold, without small islands.

    ``values`` is the density, float64 ``[rows, columns]``, 0 on removed islands. Node (0, 0) is at ``origin`` on the
    map, and nodes are ``cell`` apart. ``island_of``: int ``[n]``, the island of each point, 0 for none.
    """

    values: Float64Array
    threshold: float
    origin: Float64Array
    cell: float
    island_of: Int64Array

    def to_map(self, nodes: Float64Array) -> Int64Array:
        return np.clip(np.rint(nodes * self.cell + self.origin), 0, EXTENT).astype(np.int64)


def boundary(points: npt.NDArray[np.floating | np.integer], share: float) -> Boundary:
    """Return the smallest area that contains a share of the points, as rings.

    It is the highest-density region (Hyndman, 1996) of the points' density on a grid.

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
        There are no points, they are not finite, or the share is outside of 0..1.
    """
    if len(points) == 0 or not np.isfinite(points).all() or not 0 < share < 1:
        raise ValueError(f"a boundary needs finite points and a share between 0 and 1, not {len(points)} and {share}")
    located = np.asarray(points, dtype=np.float64)
    region = _region(located, share, _bandwidth(_robust_std(located), len(located)))
    if region.island_of.max() > 1:
        # Distant islands inflate the standard deviation, and with it the bandwidth. Repeat with the standard deviation
        # within islands.
        within = [located[region.island_of == island] for island in np.unique(region.island_of[region.island_of > 0])]
        variances = [_robust_std(island) ** 2 for island in within]
        variance = np.average(variances, weights=[len(island) for island in within])
        region = _region(located, share, _bandwidth(float(np.sqrt(variance)), len(located) / len(within)))
    row, column = np.unravel_index(int(region.values.argmax()), region.values.shape)
    peak = region.to_map(np.array([column, row], dtype=np.float64))
    return Boundary(rings=_rings(region), peak=(int(peak[0]), int(peak[1])))


def _rings(region: _Region) -> tuple[tuple[int, ...], ...]:
    rings = iso_rings(region.values, region.threshold)
    areas = [ring_area(ring) for ring in rings]
    smallest_hole = MIN_ISLAND_SIZE * max(areas)
    simplified = (
        simplify_ring(ring, min(SIMPLIFIED_CORNER, SIMPLIFIED_CORNER_OF_RING * abs(area)))
        for ring, area in zip(rings, areas, strict=True)
        if area > 0 or -area > smallest_hole
    )
    on_map = (_without_repeats(region.to_map(ring)) for ring in simplified)
    # An island that barely reaches the threshold can collapse to fewer than three coordinates.
    return tuple(tuple(ring.ravel().tolist()) for ring in on_map if len(ring) >= 3)


def _without_repeats(ring: Int64Array) -> Int64Array:
    """Remove repeated corners, which arise because corners outside of the map are moved to its edge."""
    differs = (ring != np.roll(ring, 1, axis=0)).any(axis=1)
    distinct: Int64Array = ring[differs]
    return distinct


def _region(points: Float64Array, share: float, bandwidth: float) -> _Region:
    """Estimate the density, and cut it at the threshold that ``share`` of the members exceed.

    On each side, the window excludes the outermost points, an eighth of the share that the region excludes. That hardly
    changes the threshold, and keeps a few strays from extending the grid over empty parts of the map.
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
    values = _bilinear_histogram(nodes[inside], rows, columns)
    for axis in (0, 1) * 3:
        values = ndimage.uniform_filter1d(values, BOX_WIDTH, axis=axis, mode="constant")
    at_members = ndimage.map_coordinates(values, nodes.T[::-1], order=1, mode="constant")
    quantile = float(np.quantile(at_members, 1 - share, method="lower"))
    is_small = len(points) < MIN_TRACKS_FOR_QUANTILE or bandwidth <= MIN_BANDWIDTH
    highest = FEW_TRACKS_THRESHOLD if is_small else MAX_THRESHOLD
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
    """Return which of the islands 1..count have enough members: always the fullest, never index 0 (no island)."""
    members = np.bincount(island_of, minlength=count + 1)
    kept = members >= MIN_ISLAND_SIZE * len(island_of)
    kept[1 + members[1:].argmax()] = True
    kept[0] = False
    return kept


def _robust_std(points: Float64Array) -> float:
    """Return Silverman's robust standard deviation as one number for both axes.

    Per axis it is the smaller of the standard deviation and its estimate from the interquartile range.
    """
    lower_quartile, upper_quartile = np.quantile(points, (0.25, 0.75), axis=0)
    deviation = points.std(axis=0)
    robust = (upper_quartile - lower_quartile) / 1.34
    # If more than half of the points are on one line, the interquartile range is 0: use the standard deviation.
    sigma = np.where(robust > 0, np.minimum(deviation, robust), deviation)
    return float(np.sqrt((sigma**2).mean()))


def _bandwidth(sigma: float, count: float) -> float:
    """Apply Silverman's rule of thumb (1986, eq. 3.31; the exponent for two dimensions): 0.9 sigma n^(-1/6)."""
    return min(max(0.9 * sigma * float(count ** (-1 / 6)), MIN_BANDWIDTH), MAX_BANDWIDTH)


def _bilinear_histogram(nodes: Float64Array, rows: int, columns: int) -> Float64Array:
    """Return a histogram on the grid's nodes, in which each point is distributed bilinearly over four nodes."""
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
