"""Density-based clustering: dense regions become clusters, sparse tracks stay noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from spotmap_build.cluster import density_tree
from spotmap_build.cluster.density_tree import DensityTree, condense
from spotmap_build.cluster.hdbscan import (
    clusters_in_reach,
    core_rows,
    hdbscan_labels,
    single_linkage,
    smallest_cluster,
    smallest_island,
)
from tests.support.clusters import blobs, discs

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array


def islands(sizes: list[int], spread: float = 0.3, seed: int = 0) -> Float32Array:
    """Return round islands of the given sizes in a row, at distances of ten."""
    generator = np.random.default_rng(seed)
    parts = [
        generator.normal(scale=spread, size=(size, 2)) + np.array([10 * number, 0]) for number, size in enumerate(sizes)
    ]
    return np.concatenate(parts).astype(np.float32)


@pytest.mark.parametrize(
    ("tracks", "size", "island"), [(0, 5, 5), (50, 5, 5), (100, 5, 5), (400, 10, 5), (10_000, 50, 17)]
)
def test_smallest_cluster_grows_with_the_library(tracks: int, size: int, island: int) -> None:
    assert (smallest_cluster(tracks), smallest_island(tracks)) == (size, island)


@pytest.mark.parametrize("count", [12, 300, 4000])
@pytest.mark.parametrize("min_size", [2, 5, 40])
def test_trees_equal_those_of_the_hdbscan_package(count: int, min_size: int) -> None:
    from hdbscan import HDBSCAN  # slow to import

    generator = np.random.default_rng(count)
    places = generator.normal(size=(8, 2))[generator.integers(0, 8, count)] * 9 + generator.normal(size=(count, 2))
    reference = HDBSCAN(min_cluster_size=min_size, min_samples=4, core_dist_n_jobs=1, approx_min_span_tree=False).fit(
        places
    )
    linkage = single_linkage(places, 4)
    assert linkage.tolist() == reference.single_linkage_tree_.to_numpy().tolist()

    tree, condensed = condense(linkage, min_size, same_place=1e-9), reference.condensed_tree_.to_numpy()
    assert tree.sizes[0] == count
    assert _described(tree, 0) == _described_by_hdbscan(condensed, count, birth=0.0)


def _described(tree: DensityTree, group: int) -> object:
    exit_densities = sorted(zip(tree.rows[group].tolist(), tree.exit_densities[group].tolist(), strict=True))
    parts = sorted((_described(tree, part) for part in tree.parts[group]), key=repr)
    return tree.birth[group], exit_densities, parts


def _described_by_hdbscan(condensed: Any, group: int, birth: float) -> object:
    own = condensed[condensed["parent"] == group]
    exit_densities = sorted((int(row["child"]), float(row["lambda_val"])) for row in own if row["child_size"] == 1)
    larger = (row for row in own if row["child_size"] > 1)
    parts = (_described_by_hdbscan(condensed, row["child"], float(row["lambda_val"])) for row in larger)
    return birth, exit_densities, sorted(parts, key=repr)


def test_coincident_rows_leave_a_cluster_at_the_same_density() -> None:
    places = np.repeat(np.array([[0.0, 0], [1, 0], [9, 0]]), [6, 4, 5], axis=0)
    tree = condense(single_linkage(places, 1), 3, same_place=0.5)
    assert sorted(tree.sizes.tolist()) == [4, 5, 6, 10, 15]
    assert {float(density) for exit_densities in tree.exit_densities for density in exit_densities} == {2.0}
    assert sorted(row for rows in tree.rows for row in rows.tolist()) == list(range(15))


def test_islands_are_found_and_numbered_by_size() -> None:
    labels = hdbscan_labels(islands([20, 40, 30]))
    found = [int(np.bincount(part[part >= 0]).argmax()) for part in (labels[:20], labels[20:60], labels[60:])]
    assert len(set(found)) == 3
    sizes = np.bincount(labels[labels >= 0])
    assert np.all(np.diff(sizes) <= 0)


@pytest.mark.parametrize(
    ("groups", "size"),
    [(2, 100), (2, 1000), (5, 80), (5, 200), (12, 250), (20, 10), (60, 16), (60, 50)],
    ids=str,
)
@pytest.mark.parametrize("shape", ["disc", "hill"])
def test_every_separate_island_is_one_cluster(groups: int, size: int, shape: str) -> None:
    """A uniform disc is hardest: its random density variations look like parts."""
    side = int(np.ceil(np.sqrt(groups)))
    centers = [(10.0 * (number % side), 10.0 * (number // side)) for number in range(groups)]
    space = discs(centers, size, radius=2.5) if shape == "disc" else blobs(centers, size, spread=0.9)
    labels = hdbscan_labels(space)
    truth = np.repeat(np.arange(groups), size)
    assert labels.max() + 1 == groups
    assert np.mean(labels < 0) <= 0.02
    assert len(set(zip(truth[labels >= 0].tolist(), labels[labels >= 0].tolist(), strict=True))) == groups


def test_groups_of_very_different_size_and_density_are_clusters() -> None:
    parts = [
        blobs([(0, 0)], 1500, 2.0),
        blobs([(20, 0)], 300, 0.2),
        discs([(40, 0)], 60, 3.0),
        blobs([(55, 0)], 12, 0.3),
    ]
    labels = hdbscan_labels(np.concatenate(parts))
    assert np.bincount(labels[labels >= 0]).tolist() == [1500, 300, 60, 12]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("count", "shape"), [(2, "rings"), (5, "rings"), (60, "near discs")])
def test_rings_and_small_discs_are_not_split_by_random_variation(count: int, shape: str, seed: int) -> None:
    """Rings of a few dozen tracks, and discs no larger than the smallest cluster, are the hardest."""
    side = int(np.ceil(np.sqrt(count)))
    size = 16 if shape == "near discs" else 80
    generator = np.random.default_rng(seed)
    angle, spread = 2 * np.pi * generator.random(count * size), generator.normal(scale=0.3, size=(count * size, 2))
    around = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    places = np.repeat([(10.0 * (number % side), 10.0 * (number // side)) for number in range(count)], size, axis=0)
    distance = 3.7 * np.sqrt(generator.random((count * size, 1))) if shape == "near discs" else 3.0
    space = (places + distance * around + (0 if shape == "near discs" else spread)).astype(np.float32)
    labels = hdbscan_labels(space)
    largest = [int(np.bincount(part[part >= 0]).max()) for part in np.split(labels, count)]
    if shape == "rings":
        assert np.bincount(labels).tolist() == [size] * count
    else:
        assert abs(int(labels.max()) + 1 - count) <= 6
        assert np.mean(np.array(largest) >= 0.8 * size) > 0.85


def test_groups_within_distant_continents_are_separated() -> None:
    """The gap around a continent is far wider than the gaps between its groups."""
    centers = [(2.0 * (number % 2) + 40.0 * (number // 4), 2.0 * (number // 2 % 2)) for number in range(12)]
    labels = hdbscan_labels(blobs(centers, 9, 0.25))
    assert labels.max() + 1 == 12
    assert all(len(set(part.tolist()) - {-1}) == 1 for part in np.split(labels, 12))


@pytest.mark.parametrize("far_off", [0, 12])
def test_distant_island_does_not_merge_all_other_tracks_into_one_cluster(far_off: int) -> None:
    """Nine overlapping hills, as on maps of real music, with or without a small island."""
    centers = [(3.0 * (number % 3), 3.0 * (number // 3)) for number in range(9)]
    space = np.concatenate([blobs(centers, 40, 0.6), blobs([(60, 60)], far_off, 0.3, seed=1)])
    labels = hdbscan_labels(space)
    assert labels.max() + 1 == 9 + (far_off > 0)
    assert np.mean(labels < 0) < 0.3
    assert len(set(labels[360:].tolist())) == (far_off > 0)


@pytest.mark.parametrize("seed", [1, 2])
def test_overlapping_hills_are_separated_despite_islands_around_them(seed: int) -> None:
    from sklearn.metrics import adjusted_rand_score

    """Twenty hills of unequal size and density at random positions: most overlap, so none is isolated."""
    generator = np.random.default_rng(seed)
    centers = generator.normal(scale=8.0, size=(20, 2))
    shares, spreads = np.arange(1, 21) ** -0.8, generator.uniform(0.5, 1.5, 20)
    truth = generator.choice(20, size=3_000, p=shares / shares.sum())
    space = centers[truth] + generator.normal(size=(3_000, 2)) * spreads[truth][:, None]
    labels = hdbscan_labels(space.astype(np.float32))
    assert np.bincount(labels + 1)[1:].max() < 900
    assert adjusted_rand_score(truth, labels) > 0.45


@pytest.mark.parametrize(("turn", "seed"), [(2.0, 1), (2.0, 2), (1.2, 1)])
def test_ring_or_arc_of_most_tracks_is_one_cluster(turn: float, seed: int) -> None:
    """Random variation splits it into many parts, but small ones."""
    generator = np.random.default_rng(seed)
    angles, radii = generator.uniform(0, turn * np.pi, 588), 2 + generator.normal(scale=0.14, size=588)
    ring = np.column_stack([radii * np.cos(angles), radii * np.sin(angles)])
    labels = hdbscan_labels(np.concatenate([ring, blobs([(9, 0)], 12, 0.2)]).astype(np.float32))
    assert np.bincount(labels[labels >= 0]).tolist() == [588, 12]


def test_hill_of_most_tracks_is_one_cluster() -> None:
    labels = hdbscan_labels(np.concatenate([blobs([(0, 0)], 360, 1.0), blobs([(15, 0)], 40, 0.3)]))
    assert np.bincount(labels + 1).tolist()[1:] == [360, 40]


def test_cluster_that_splits_into_small_parts_leaves_no_noise_between_them() -> None:
    """Four hills of ten tracks where the smallest cluster is 16, with a track between each pair."""
    hills = blobs([(0, 0), (3, 0), (0, 3), (3, 3)], 10, 0.3)
    between = np.array([(1.5, 0), (0, 1.4), (1.6, 3), (3, 1.5)], np.float32)
    space = np.concatenate([hills, between, blobs([(50, 0), (80, 0)], 478, 2.0)])
    labels = hdbscan_labels(space)
    assert smallest_cluster(len(space)) == 16
    assert len({tuple(labels[first : first + 10].tolist()) for first in (0, 10, 20, 30)}) == 4
    assert set(labels[40:44].tolist()) <= set(labels[:40].tolist())
    assert labels.max() + 1 == 6


@pytest.mark.parametrize("share", [0.2, 1.0])
def test_splitting_a_large_cluster_creates_no_noise(share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three overlapping hills. With a share of 0.2 they are always split."""
    space = np.concatenate([blobs([(0, 0), (2.2, 0), (1.1, 2)], 60, 0.5), blobs([(30, 0)], 60, 0.5, seed=3)])
    monkeypatch.setattr(density_tree, "MIN_PARTS_MASS_SHARE", share)
    monkeypatch.setattr(density_tree, "MIN_ISOLATION", 1.0)
    monkeypatch.setattr(density_tree, "NEAR", 100)
    labels = hdbscan_labels(space)
    assert (labels.max() == 1) == (share == 1)
    assert labels.min() == 0


def test_only_noise_close_to_a_cluster_is_in_its_reach() -> None:
    space = islands([60, 60])
    shore = space[np.argmin(space[:60, 0])] - [0.1, 0]
    space = np.concatenate([space, [shore, [5, 0], [500, 500]]]).astype(np.float32)
    labels = np.repeat(np.array([0, 1, -1], np.int32), [60, 60, 3])
    assert clusters_in_reach(space, labels).tolist() == [-1] * 120 + [0, -1, -1]


def test_distant_tracks_are_noise() -> None:
    coordinates = np.concatenate([islands([40, 40]), np.array([[500, 500], [-500, 200]], np.float32)])
    labels = hdbscan_labels(coordinates)
    assert labels[-2:].tolist() == [-1, -1]


@pytest.mark.parametrize("count", [0, 1, 2, 5, 9, 14, 16])
def test_small_libraries_are_no_error(count: int) -> None:
    assert len(hdbscan_labels(islands([count]))) == count


@pytest.mark.parametrize("count", [20, 60, 500])
@pytest.mark.parametrize("unevenness", [0, 1e-4])
def test_rounding_of_equal_distances_creates_no_clusters(count: int, unevenness: float) -> None:
    steps = np.arange(count) + np.random.default_rng(count).normal(scale=unevenness, size=count)
    around = 2 * np.pi * steps / count
    for places in (np.column_stack([steps, 2 * steps]), np.column_stack([np.cos(around), np.sin(around)])):
        assert hdbscan_labels(places.astype(np.float32)).max() <= 0


def test_coincident_tracks_are_no_region() -> None:
    labels = hdbscan_labels(np.zeros((50, 2), np.float32))
    assert set(labels.tolist()) == {-1}


def test_core_of_a_cluster_is_near_its_median() -> None:
    coordinates = islands([60])
    core = core_rows(range(60), np.ones(60, np.float32), coordinates)
    distance = np.linalg.norm(coordinates - np.median(coordinates, axis=0), axis=1)
    assert set(core) == set(np.argsort(distance)[:5].tolist())
