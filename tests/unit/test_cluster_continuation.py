"""Continuing the clusters of the previous map: tracks stay in their region, new regions appear, huge ones split."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from spotmap_build.cluster.continuation import NEW, continue_groups, continue_labels
from spotmap_build.cluster.hierarchy import find_groups
from tests.support.clusters import CONTINENTS, blobs, degenerate, neighbors_of


def test_new_tracks_join_and_known_tracks_stay() -> None:
    space = blobs(CONTINENTS, 30)
    known = np.arange(len(space)) % 10 != 0
    previous = np.repeat(np.arange(7, dtype=np.int32), 30)
    groups = continue_groups(space, neighbors_of(space), np.where(known, previous, NEW), (0, 0, 0, 1, 1, 2, 2))
    pairs = {(int(old), int(new)) for old, new in zip(previous, groups.clusters, strict=True)}
    assert len(pairs) == 7
    old_regions = np.array([0, 0, 0, 1, 1, 2, 2])[previous]
    assert len({(int(old), int(new)) for old, new in zip(old_regions, groups.regions, strict=True)}) == 3


def test_new_region_is_found() -> None:
    space = blobs(CONTINENTS[:3], 30)
    previous = np.repeat(np.array([0, 1, NEW], np.int32), 30)
    groups = continue_groups(space, neighbors_of(space), previous, (0, 0))
    assert len(groups.parents) == 3
    assert len(set(groups.parents)) == 2
    assert len(set(groups.clusters[60:].tolist())) == 1


def test_previous_border_is_kept_where_new_clustering_would_draw_another() -> None:
    """Two halves of one cloud: density does not separate them, but users know them as two clusters."""
    space = blobs([(0, 0), (30, 0)], 40, spread=1.0)
    previous = np.where(np.arange(80) < 40, space[:, 0] > 0, 2).astype(np.int32)
    groups = continue_groups(space, neighbors_of(space), previous, (0, 0, 1))
    assert len(groups.parents) == 3
    kept = {(int(old), int(new)) for old, new in zip(previous, groups.clusters, strict=True)}
    assert len(kept) == 3


def test_nearly_empty_cluster_is_dissolved() -> None:
    fresh = np.full(100, -1, np.int32)
    previous = np.array([0] * 2 + [1] * 98, np.int32)
    neighbors = np.tile(np.arange(2, 12, dtype=np.int32), (100, 1))
    assert set(continue_labels(fresh, neighbors, previous).tolist()) == {1}


def test_cluster_that_grew_too_large_is_split_into_its_parts() -> None:
    fresh = np.repeat(np.array([0, 1], np.int32), 60)
    previous = np.tile(np.repeat(np.array([0, NEW], np.int32), [35, 25]), 2)
    labels = continue_labels(fresh, np.zeros((120, 0), np.int32), previous)
    assert labels.tolist() == [0] * 60 + [1] * 60


def test_cluster_that_was_always_large_stays_whole() -> None:
    fresh = np.repeat(np.array([0, 1], np.int32), 60)
    labels = continue_labels(fresh, np.zeros((120, 0), np.int32), np.zeros(120, np.int32))
    assert set(labels.tolist()) == {0}


@pytest.mark.parametrize(("inside", "new_count", "count"), [(30, 5, 2), (26, 5, 1), (30, 0, 1)])
def test_cluster_that_grew_into_several_separate_groups_is_split(inside: int, new_count: int, count: int) -> None:
    """A first map of few tracks may have been too small for them. ``inside`` of 30 neighbors are in the same group."""
    fresh = np.repeat(np.array([0, 1], np.int32), 40)
    previous = np.where(np.arange(80) % 40 < new_count, NEW, 0).astype(np.int32)
    own = fresh[:, np.newaxis] * 40 + np.arange(30)
    neighbors = np.where(np.arange(30) < inside, own, (own + 40) % 80).astype(np.int32)
    assert len(set(continue_labels(fresh, neighbors, previous).tolist())) == count


def test_track_follows_its_neighbors_to_another_cluster() -> None:
    previous = np.array([0] * 50 + [1] * 50, np.int32)
    neighbors = np.where(np.arange(100)[:, np.newaxis] < 50, np.arange(10), np.arange(60, 70)).astype(np.int32)
    neighbors[0] = np.arange(60, 70)
    labels = continue_labels(previous, neighbors, previous)
    assert labels[0] == 1
    assert labels[1:50].max() == 0


def test_previous_map_that_no_longer_fits_is_discarded() -> None:
    space = blobs(CONTINENTS, 30)
    scattered = np.random.default_rng(0).integers(0, 7, len(space)).astype(np.int32)
    groups = continue_groups(space, neighbors_of(space), scattered, (0, 0, 0, 1, 1, 2, 2))
    np.testing.assert_array_equal(groups.clusters, find_groups(space, neighbors_of(space)).clusters)


@pytest.mark.parametrize("case", degenerate(), ids=lambda case: case[0])
@pytest.mark.parametrize("label", [NEW, -1, 0])
def test_degenerate_libraries_are_continued_without_warnings(case: tuple[str, np.ndarray], label: int) -> None:
    _, space = case
    previous = np.full(len(space), label, np.int32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        groups = continue_groups(space, neighbors_of(space), previous, (0,) if label == 0 else ())
    assert len(groups.clusters) == len(groups.regions) == len(space)
    assert len(groups.parents) == groups.clusters.max(initial=-1) + 1
