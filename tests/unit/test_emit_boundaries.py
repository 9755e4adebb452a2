"""Boundaries of groups: they enclose the requested share of the tracks in few closed rings, for any shape."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from spotmap_build.emit.boundaries import EXTENT, MIN_BANDWIDTH, Boundary, boundary
from spotmap_build.emit.contour import iso_rings, ring_area, simplify_ring

Points = npt.NDArray[np.float64]
RANDOM = np.random.default_rng(20)
START = RANDOM.bit_generator.state


@pytest.fixture(autouse=True)
def same_draws_in_any_order() -> None:
    """Give every test the same random points, regardless of the tests before it."""
    RANDOM.bit_generator.state = START


def blob(x: float, y: float, spread: float, count: int) -> Points:
    return RANDOM.normal((x, y), spread, (count, 2))


def arc(turn: float, count: int, spread: float) -> Points:
    angle = RANDOM.uniform(0, turn, count)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1) * 15_000 + 30_000 + RANDOM.normal(0, spread, (count, 2))


def polygons(found: Boundary) -> list[Points]:
    return [np.array(ring, dtype=np.float64).reshape(-1, 2) for ring in found.rings]


def area(found: Boundary) -> float:
    """Return the area of the islands minus the holes."""
    return sum(ring_area(ring) for ring in polygons(found))


def share_inside(found: Boundary, points: Points) -> float:
    """Return the share of the points inside, by the even-odd rule: count the edges that a ray to the right crosses."""
    crossings = np.zeros(len(points), dtype=np.int64)
    for ring in polygons(found):
        for (ax, ay), (bx, by) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
            spans = (ay > points[:, 1]) != (by > points[:, 1])
            if by != ay:
                crossings += spans & (points[:, 0] < ax + (points[:, 1] - ay) / (by - ay) * (bx - ax))
    return float((crossings % 2 == 1).mean())


SHAPES: dict[str, Callable[[], Points]] = {
    "one blob": lambda: blob(30_000, 30_000, 3_000, 800),
    "two blobs": lambda: np.vstack([blob(12_000, 12_000, 1_500, 500), blob(50_000, 45_000, 1_500, 400)]),
    "a crescent": lambda: arc(np.pi, 900, 700),
    "a thin line": lambda: np.stack([np.linspace(9_000, 60_000, 300), np.full(300, 30_000.0)], axis=1),
}


@pytest.mark.parametrize("share", [0.8, 0.92])
@pytest.mark.parametrize("shape", SHAPES)
def test_requested_share_of_the_group_is_inside(shape: str, share: float) -> None:
    points = SHAPES[shape]()
    assert share_inside(boundary(points, share), points) == pytest.approx(share, abs=0.06)


def test_area_is_nearly_the_smallest_possible() -> None:
    points = blob(30_000, 30_000, 3_000, 4_000)
    found = boundary(points, 0.8)
    # 80 % of a normal distribution are within sqrt(-2 ln 0.2) = 1.79 deviations; the estimate widens that a little.
    ideal = np.pi * (1.794 * 3_000) ** 2
    assert ideal * 0.9 < area(found) < ideal * 1.3


@pytest.mark.parametrize(
    "points",
    [
        pytest.param([[30_000, 30_000]], id="one track"),
        pytest.param([[500, 65_000]] * 40, id="coincident tracks"),
        pytest.param([[10_000, 10_000], [50_000, 50_000]], id="two tracks far apart"),
        pytest.param([[20_000, 20_000], [20_400, 20_100]], id="two tracks close together"),
        pytest.param([[0, 0], [65_535, 0], [0, 65_535]], id="three tracks in the corners"),
        pytest.param([[20_000, 20_000], [21_000, 20_000], [22_000, 20_000]], id="three tracks on a line"),
    ],
)
def test_tiny_groups_get_areas_around_their_tracks(points: list[list[float]]) -> None:
    found = boundary(np.array(points), 0.92)
    assert found.rings
    for ring in polygons(found):
        assert len(ring) >= 3
        assert 0 <= ring.min() <= ring.max() <= EXTENT
        assert ring_area(ring) > 0
    inner = np.clip(np.array(points, dtype=np.float64), 5, EXTENT - 5)
    assert share_inside(found, inner) == 1


def test_coincident_tracks_get_a_small_circle() -> None:
    (ring,) = polygons(boundary(np.full((25, 2), 20_000.0), 0.92))
    radii = np.hypot(*(ring - 20_000).T)
    assert radii == pytest.approx(np.full(len(ring), MIN_BANDWIDTH), rel=0.25)
    assert radii.max() / radii.min() < 1.15


def test_coincident_tracks_with_strays_get_an_area() -> None:
    points = np.vstack([np.full((96, 2), 30_000.0), [[10_000, 0], [60_000, 9_000], [0, 50_000], [5_000, 5_000]]])
    found = boundary(points, 0.92)
    assert share_inside(found, points) == 0.96


def test_islands_are_separate_and_strays_are_left_out() -> None:
    points = np.vstack([blob(10_000, 10_000, 999, 600), blob(50_000, 50_000, 999, 350), blob(10_000, 50_000, 800, 25)])
    centers = sorted((int(ring[:, 0].mean()), int(ring[:, 1].mean())) for ring in polygons(boundary(points, 0.8)))
    assert np.array(centers) == pytest.approx(np.array([(10_000, 10_000), (50_000, 50_000)]), abs=700)


def test_scattered_tracks_get_small_areas() -> None:
    """A playlist with tracks of every kind is scattered over the map, most of which must not be enclosed."""
    found = boundary(RANDOM.uniform(4_000, 61_000, (12, 2)), 0.8)
    assert len(found.rings) >= 5
    assert area(found) < 0.15 * EXTENT**2


def test_coincident_tracks_have_no_ring_without_an_area() -> None:
    """Where a density just reaches the threshold, an island can be a single point."""
    for _ in range(12):
        points = np.rint(RANDOM.uniform(0, 8, (15, 2))) * 8_000
        assert all(ring_area(ring) != 0 for ring in polygons(boundary(points, 0.8)))


def test_stray_does_not_change_the_shape() -> None:
    points = blob(20_000, 20_000, 800, 200)
    without_stray, with_stray = boundary(points, 0.8), boundary(np.vstack([points, [[65_000, 64_000]]]), 0.8)
    assert area(with_stray) == pytest.approx(area(without_stray), rel=0.1)
    assert len(with_stray.rings) == 1


def test_ring_of_tracks_has_a_hole_of_opposite_orientation() -> None:
    angle = np.linspace(0, 2 * np.pi, 3_000)
    points = np.stack([np.cos(angle), np.sin(angle)], axis=1) * 15_000 + RANDOM.normal(30_000, 900, (3_000, 2))
    areas = sorted(ring_area(ring) for ring in polygons(boundary(points, 0.95)))
    assert len(areas) == 2
    assert areas[0] < 0 < areas[1]


def test_peak_is_the_densest_point() -> None:
    points = np.vstack([blob(15_000, 15_000, 600, 500), blob(50_000, 50_000, 4_000, 500)])
    assert boundary(points, 0.92).peak == pytest.approx((15_000, 15_000), abs=700)


def test_boundary_has_few_corners() -> None:
    """The median of ten draws, because a single one has 30 to 47 corners (measured over 200)."""
    draws = [boundary(blob(30_000, 30_000, 3_000, 500), 0.92).rings for _ in range(10)]
    corners = np.median([sum(len(ring) // 2 for ring in rings) for rings in draws])
    assert 8 <= corners <= 40


@pytest.mark.parametrize(
    ("points", "share"),
    [
        (np.empty((0, 2)), 0.9),
        (np.array([[1.0, np.nan]]), 0.9),
        (np.array([[1.0, np.inf]]), 0.9),
        (np.ones((2, 2)), 1.0),
    ],
)
def test_invalid_points_or_share_are_refused(points: Points, share: float) -> None:
    with pytest.raises(ValueError, match="finite points"):
        boundary(points, share)


@pytest.mark.parametrize(
    ("threshold", "areas"),
    [
        pytest.param(0.6, [0.32, 0.32], id="saddle below the threshold"),
        pytest.param(0.4, [1.92], id="saddle above the threshold"),
    ],
)
def test_touching_hills_are_joined_only_above_the_saddle(threshold: float, areas: list[float]) -> None:
    field = np.zeros((4, 4))
    field[1, 1] = field[2, 2] = 1
    rings = iso_rings(field, threshold)
    assert [ring_area(ring) for ring in rings] == pytest.approx(areas)


def test_hole_has_opposite_orientation_and_corners_are_unique() -> None:
    field = np.pad(np.ones((5, 5)), 1)
    field[3, 3] = 0
    rings = sorted(iso_rings(field, 0.5), key=ring_area)
    assert [ring_area(ring) for ring in rings] == pytest.approx([-0.5, 24.5])
    assert all(len({tuple(corner) for corner in ring.tolist()}) == len(ring) for ring in rings)


def test_significant_corner_survives_simplification() -> None:
    square = np.array([[0, 0], [5, 0.01], [10, 0], [10, 10], [5, 9.99], [0, 10]], dtype=np.float64)
    assert simplify_ring(square, 1.0).tolist() == [[0, 0], [10, 0], [10, 10], [0, 10]]
    assert len(simplify_ring(square, 1e9)) == 3
