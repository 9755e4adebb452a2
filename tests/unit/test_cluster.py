"""Dense regions are found where they are, noise stays noise, and clusters join to regions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from spotmap_build.cluster.hdbscan import core_rows, hdbscan_labels, smallest_cluster

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array


def islands(sizes: list[int], spread: float = 0.3, seed: int = 0) -> Float32Array:
    """Round islands of the given sizes in a row, ten apart."""
    generator = np.random.default_rng(seed)
    parts = [
        generator.normal(scale=spread, size=(size, 2)) + np.array([10 * number, 0]) for number, size in enumerate(sizes)
    ]
    return np.concatenate(parts).astype(np.float32)


@pytest.mark.parametrize(("tracks", "size"), [(0, 5), (50, 5), (100, 5), (400, 10), (10_000, 50)])
def test_the_smallest_cluster_grows_with_the_library(tracks: int, size: int) -> None:
    assert smallest_cluster(tracks) == size


def test_islands_are_found_and_numbered_by_size() -> None:
    labels, strengths = hdbscan_labels(islands([20, 40, 30]))
    found = [int(np.bincount(part[part >= 0]).argmax()) for part in (labels[:20], labels[20:60], labels[60:])]
    assert len(set(found)) == 3
    sizes = np.bincount(labels[labels >= 0])
    assert np.all(np.diff(sizes) <= 0)
    assert strengths.min() >= 0
    assert strengths.max() <= 1


def test_tracks_far_from_all_others_are_noise() -> None:
    coordinates = np.concatenate([islands([40, 40]), np.array([[500, 500], [-500, 200]], np.float32)])
    labels, _ = hdbscan_labels(coordinates)
    assert labels[-2:].tolist() == [-1, -1]


@pytest.mark.parametrize("count", [0, 1, 2, 5, 9, 14, 16])
def test_small_libraries_are_no_error(count: int) -> None:
    labels, strengths = hdbscan_labels(islands([count]))
    assert len(labels) == len(strengths) == count


def test_tracks_in_one_place_are_no_region() -> None:
    labels, _ = hdbscan_labels(np.zeros((50, 2), np.float32))
    assert set(labels.tolist()) == {-1}


def test_the_core_of_a_cluster_lies_in_its_middle() -> None:
    coordinates = islands([60])
    core = core_rows(range(60), np.ones(60, np.float32), coordinates)
    distance = np.linalg.norm(coordinates - np.median(coordinates, axis=0), axis=1)
    assert set(core) == set(np.argsort(distance)[:5].tolist())
