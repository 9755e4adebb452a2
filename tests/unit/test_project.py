"""Vectors are compared as they should be, neighbours are exact, any number of tracks gets a repeatable place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from spotmap_build.project import neighbours as neighbours_module
from spotmap_build.project.layout import WIDEST_BAND, close_empty_bands, lay_out, minimum_distance, principal_plane
from spotmap_build.project.neighbours import exact_neighbours, find_neighbours
from spotmap_build.project.vectors import prepare

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array


def groups(count: int, dimensions: int = 32, group_count: int = 3, seed: int = 0) -> tuple[Float32Array, list[int]]:
    """Vectors around ``group_count`` centres, and the group of each."""
    generator = np.random.default_rng(seed)
    centres = generator.normal(scale=4, size=(group_count, dimensions))
    of = [row % group_count for row in range(count)]
    return (centres[of] + generator.normal(size=(count, dimensions))).astype(np.float32), of


@pytest.mark.parametrize("preprocessing", ["none", "centre", "zscore"])
def test_prepared_vectors_have_length_one(preprocessing: str) -> None:
    vectors, _ = groups(20)
    assert np.allclose(np.linalg.norm(prepare(vectors, preprocessing), axis=1), 1, atol=1e-5)


def test_zscore_ignores_dimensions_that_do_not_vary() -> None:
    vectors, _ = groups(20, dimensions=4)
    vectors[:, 2] = 1e6
    prepared = prepare(vectors, "zscore")
    assert np.all(prepared[:, 2] == 0)
    assert np.isfinite(prepared).all()


def test_a_track_equal_to_the_mean_stays_finite() -> None:
    assert np.isfinite(prepare(np.ones((5, 8), np.float32), "centre")).all()


def test_preparing_leaves_its_input_alone() -> None:
    vectors, _ = groups(10)
    before = vectors.copy()
    prepare(vectors, "zscore")
    assert np.array_equal(vectors, before)


@pytest.mark.parametrize("count", [1, 2, 7, 50])
def test_neighbours_equal_those_of_a_plain_sort(count: int) -> None:
    unit = prepare(groups(50)[0], "none")
    found = exact_neighbours(unit, count)
    distance = 1 - (unit.astype(np.float64) @ unit.T.astype(np.float64))
    np.fill_diagonal(distance, -1)
    expected = np.argsort(distance, axis=1, kind="stable")[:, :count]
    assert np.array_equal(found.indices, expected)
    assert np.all(found.distances[:, 0] == 0)
    assert np.all(np.diff(found.distances, axis=1) >= 0)


def test_blocks_do_not_change_the_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    unit = prepare(groups(101)[0], "none")
    whole = exact_neighbours(unit, 10)
    monkeypatch.setattr(neighbours_module, "BLOCK_BYTES", 4 * 101 * 7)
    in_blocks = exact_neighbours(unit, 10)
    assert np.array_equal(whole.indices, in_blocks.indices)


def test_a_track_is_its_own_nearest_neighbour_among_duplicates() -> None:
    unit = prepare(np.ones((6, 4), np.float32), "none")
    assert exact_neighbours(unit, 3).indices[:, 0].tolist() == list(range(6))


@pytest.mark.slow
def test_the_approximate_search_finds_nearly_all_true_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    unit = prepare(groups(2000, group_count=10)[0], "none")
    unit[:5] = unit[5]
    exact = exact_neighbours(unit, 15)
    monkeypatch.setattr(neighbours_module, "LARGEST_FOR_EXACT", 1000)
    approximate = find_neighbours(unit, 15, seed=1)
    shared = [len(set(a) & set(b)) for a, b in zip(exact.indices.tolist(), approximate.indices.tolist(), strict=True)]
    assert np.mean(shared) / 15 > 0.95
    assert approximate.indices[:, 0].tolist() == list(range(2000))


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 6, 7, 14, 15, 16, 40])
def test_any_number_of_tracks_gets_finite_places(count: int) -> None:
    coordinates = lay_out(groups(count)[0], preprocessing="centre", seed=42).coordinates
    assert coordinates.shape == (count, 2)
    assert coordinates.dtype == np.float32
    assert np.isfinite(coordinates).all()
    assert len({tuple(place) for place in coordinates.tolist()}) == count


@pytest.mark.parametrize("count", [2, 5, 16, 60])
def test_equal_tracks_get_places_of_their_own(count: int) -> None:
    coordinates = lay_out(np.ones((count, 16), np.float32), preprocessing="centre", seed=42).coordinates
    assert np.isfinite(coordinates).all()
    assert len({tuple(place) for place in coordinates.tolist()}) == count


def test_the_same_vectors_are_laid_out_the_same() -> None:
    vectors, _ = groups(80)
    first = lay_out(vectors, preprocessing="zscore", seed=7).coordinates
    second = lay_out(vectors, preprocessing="zscore", seed=7).coordinates
    assert first.tobytes() == second.tobytes()


def test_groups_of_similar_tracks_lie_apart() -> None:
    vectors, of = groups(90)
    coordinates = lay_out(vectors, preprocessing="centre", seed=42).coordinates
    nearest = exact_neighbours_on_plane(coordinates)
    assert np.mean([of[row] == of[other] for row, other in enumerate(nearest)]) > 0.95


def exact_neighbours_on_plane(coordinates: Float32Array) -> list[int]:
    distance = np.linalg.norm(coordinates[:, None] - coordinates[None], axis=2)
    np.fill_diagonal(distance, np.inf)
    return [int(row) for row in distance.argmin(axis=1)]


def test_the_principal_plane_is_never_mirrored() -> None:
    vectors, _ = groups(30)
    plane = principal_plane(vectors)
    shuffled = principal_plane(vectors[::-1].copy())[::-1]
    assert np.allclose(plane, shuffled, atol=1e-3)


@pytest.mark.parametrize(("tracks", "distance"), [(0, 0.5), (100, 0.5), (160, 0.296), (260, 0.1), (100_000, 0.1)])
def test_small_libraries_are_given_more_room(tracks: int, distance: float) -> None:
    assert minimum_distance(tracks) == pytest.approx(distance, abs=0.001)


def test_an_empty_band_across_the_map_is_narrowed_and_nothing_else_moves() -> None:
    island = np.random.default_rng(0).uniform(0, 1, size=(40, 2)).astype(np.float32)
    far = island + np.array([50, 0.3], np.float32)
    closed = close_empty_bands(np.concatenate([island, far]))
    assert np.allclose(closed[:40] - closed[0], island - island[0], atol=1e-5)
    assert np.allclose(closed[40:] - closed[40], far - far[0], atol=1e-4)
    gap = closed[40:, 0].min() - closed[:40, 0].max()
    assert gap == pytest.approx(WIDEST_BAND, abs=1e-4)
