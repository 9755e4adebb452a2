"""Placing given coordinates of any scale and offset, with strays moved to the rim of the map."""

from __future__ import annotations

import numpy as np
import pytest

from spotmap_build.project.given_positions import normalize_positions
from tests.support.clusters import blobs

GROUPS = blobs([(0, 0), (30, 0), (0, 30), (30, 30)], 120).astype(np.float64)


def spread(coordinates: np.ndarray) -> float:
    return float(np.ptp(coordinates, axis=0).max())


@pytest.mark.parametrize("offset", [0.0, 52.5, -7e5])
def test_coordinates_without_strays_keep_their_distances(offset: float) -> None:
    made = normalize_positions(GROUPS + offset)
    assert len(made.strays) == 0
    np.testing.assert_allclose(np.diff(made.coordinates, axis=0), np.diff(GROUPS, axis=0), atol=1e-4)


def test_typical_coordinates_are_unchanged() -> None:
    np.testing.assert_array_equal(normalize_positions(GROUPS).coordinates, GROUPS.astype(np.float32))


@pytest.mark.parametrize("size", [1e-13, 1e-40, 1e-300])
def test_tiny_coordinates_keep_their_precision(size: float) -> None:
    places = np.random.default_rng(5).normal(size=(50, 2))
    found = normalize_positions(places * size + 3 * size).coordinates
    expected = (places - np.median(places, axis=0)) / np.hypot(*(places - np.median(places, axis=0)).T).max()
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_coordinates_far_from_the_origin_keep_their_precision() -> None:
    made = normalize_positions(1e-3 * GROUPS + np.array([4.5e6, -1e9]))
    assert spread(made.coordinates) == pytest.approx(1e-3 * spread(GROUPS), rel=1e-3)
    assert len(np.unique(made.coordinates[:, 0])) > 300


@pytest.mark.parametrize(
    "far",
    [[(1e6, 1e6)], [(5000, 5000)], [(-1e12, 0), (0, 2e3)], [(1e4 + step, -33.8 + step / 3) for step in range(40)]],
    ids=["one", "a nearer one", "two at different distances", "a tenth elsewhere"],
)
def test_strays_are_moved_to_the_rim(far: list[tuple[float, float]]) -> None:
    made = normalize_positions(np.concatenate([GROUPS, far]))
    count = len(GROUPS)
    assert made.strays.tolist() == list(range(count, count + len(far)))
    np.testing.assert_allclose(
        np.diff(made.coordinates[:count], axis=0), np.diff(GROUPS, axis=0), atol=1e-4 * spread(GROUPS)
    )
    assert spread(made.coordinates) < 2 * spread(GROUPS)
    middle = (made.coordinates[:count].min(axis=0) + made.coordinates[:count].max(axis=0)) / 2
    distance = np.linalg.norm(made.coordinates - middle, axis=1)
    assert distance[count:].min() > distance[:count].max()
    assert len(np.unique(made.coordinates[count:], axis=0)) == len(far)
    order = np.argsort(
        np.linalg.norm(np.array(far) - (GROUPS.min(axis=0) + GROUPS.max(axis=0)) / 2, axis=1), kind="stable"
    )
    assert np.all(np.diff(distance[count:][order]) > -1e-3)


@pytest.mark.parametrize("share", [0.5, 0.2])
def test_two_distant_groups_are_not_strays(share: float) -> None:
    count = int(share * len(GROUPS))
    places = GROUPS.copy()
    places[:count] += [1e5, 3e4]
    made = normalize_positions(places)
    assert len(made.strays) == 0
    assert spread(made.coordinates) == pytest.approx(spread(places), rel=1e-6)


@pytest.mark.parametrize(
    "places",
    [np.zeros((0, 2)), np.full((1, 2), 7.0), np.full((500, 2), 5.0), np.array([[0.0, 0.0], [1e9, 1e9]])],
    ids=["none", "one", "all coincident", "two"],
)
def test_tiny_maps_have_no_strays(places: np.ndarray) -> None:
    made = normalize_positions(places)
    assert len(made.strays) == 0
    assert np.isfinite(made.coordinates).all()
    assert len(np.unique(made.coordinates, axis=0)) == len(np.unique(places, axis=0))


def test_maps_with_mostly_coincident_tracks_have_no_strays() -> None:
    made = normalize_positions(np.concatenate([np.zeros((95, 2)), 10 * np.eye(2), [[1e4, 0], [3, 3], [-7, 2]]]))
    assert len(made.strays) == 0


def test_coincident_strays_stay_coincident() -> None:
    made = normalize_positions(np.concatenate([GROUPS, np.full((5, 2), 1e7)]))
    assert len(made.strays) == 5
    assert len(np.unique(made.coordinates[-5:], axis=0)) == 1
