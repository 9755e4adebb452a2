"""On a map that people know, tracks stay in their region: new ones join, new regions appear, giants are split."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from spotmap_build.cluster.continuation import NEW, continue_groups, continue_labels
from spotmap_build.cluster.hierarchy import find_groups
from tests.support.clusters import CONTINENTS, blobs, degenerate, neighbors_of


def test_new_tracks_join_and_the_known_ones_stay() -> None:
    space = blobs(CONTINENTS, 30)
    known = np.arange(len(space)) % 10 != 0
    previous = np.repeat(np.arange(7, dtype=np.int32), 30)
    groups = continue_groups(space, neighbors_of(space), np.where(known, previous, NEW), (0, 0, 0, 1, 1, 2, 2))
    together = {(int(old), int(new)) for old, new in zip(previous, groups.clusters, strict=True)}
    assert len(together) == 7
    old_regions = np.array([0, 0, 0, 1, 1, 2, 2])[previous]
    assert len({(int(old), int(new)) for old, new in zip(old_regions, groups.regions, strict=True)}) == 3


def test_a_region_where_there_was_none_is_found() -> None:
    space = blobs(CONTINENTS[:3], 30)
    previous = np.repeat(np.array([0, 1, NEW], np.int32), 30)
    groups = continue_groups(space, neighbors_of(space), previous, (0, 0))
    assert len(groups.parents) == 3
    assert len(set(groups.parents)) == 2
    assert len(set(groups.clusters[60:].tolist())) == 1


def test_an_old_border_is_kept_where_a_new_clustering_would_draw_another() -> None:
    """Two halves of one cloud: no density tells them apart, and still they are what people know."""
    space = blobs([(0, 0), (30, 0)], 40, spread=1.0)
    previous = np.where(np.arange(80) < 40, space[:, 0] > 0, 2).astype(np.int32)
    groups = continue_groups(space, neighbors_of(space), previous, (0, 0, 1))
    assert len(groups.parents) == 3
    kept = {(int(old), int(new)) for old, new in zip(previous, groups.clusters, strict=True)}
    assert len(kept) == 3


def test_what_nearly_vanished_is_dissolved() -> None:
    fresh = np.full(100, -1, np.int32)
    previous = np.array([0] * 2 + [1] * 98, np.int32)
    neighbors = np.tile(np.arange(2, 12, dtype=np.int32), (100, 1))
    assert set(continue_labels(fresh, neighbors, previous).tolist()) == {1}


def test_what_grew_too_large_is_split_where_it_has_parts() -> None:
    fresh = np.repeat(np.array([0, 1], np.int32), 60)
    was = np.tile(np.repeat(np.array([0, NEW], np.int32), [35, 25]), 2)
    labels = continue_labels(fresh, np.zeros((120, 0), np.int32), was)
    assert labels.tolist() == [0] * 60 + [1] * 60


def test_what_was_large_before_stays_whole() -> None:
    fresh = np.repeat(np.array([0, 1], np.int32), 60)
    labels = continue_labels(fresh, np.zeros((120, 0), np.int32), np.zeros(120, np.int32))
    assert set(labels.tolist()) == {0}


@pytest.mark.parametrize(("inside", "new", "count"), [(30, 5, 2), (26, 5, 1), (30, 0, 1)])
def test_what_has_grown_to_several_groups_by_themselves_is_split(inside: int, new: int, count: int) -> None:
    """A first map of a few tracks may have had no room for them. Of 30 neighbors, so many are in the own one."""
    fresh = np.repeat(np.array([0, 1], np.int32), 40)
    previous = np.where(np.arange(80) % 40 < new, NEW, 0).astype(np.int32)
    own = fresh[:, np.newaxis] * 40 + np.arange(30)
    neighbors = np.where(np.arange(30) < inside, own, (own + 40) % 80).astype(np.int32)
    assert len(set(continue_labels(fresh, neighbors, previous).tolist())) == count


def test_a_track_whose_neighbors_all_left_goes_with_them() -> None:
    previous = np.array([0] * 50 + [1] * 50, np.int32)
    neighbors = np.where(np.arange(100)[:, np.newaxis] < 50, np.arange(10), np.arange(60, 70)).astype(np.int32)
    neighbors[0] = np.arange(60, 70)
    labels = continue_labels(previous, neighbors, previous)
    assert labels[0] == 1
    assert labels[1:50].max() == 0


def test_an_old_map_that_no_longer_fits_is_given_up() -> None:
    space = blobs(CONTINENTS, 30)
    scattered = np.random.default_rng(0).integers(0, 7, len(space)).astype(np.int32)
    groups = continue_groups(space, neighbors_of(space), scattered, (0, 0, 0, 1, 1, 2, 2))
    np.testing.assert_array_equal(groups.clusters, find_groups(space, neighbors_of(space)).clusters)


@pytest.mark.parametrize("case", degenerate(), ids=lambda case: case[0])
@pytest.mark.parametrize("label", [NEW, -1, 0])
def test_odd_libraries_are_continued_without_a_word(case: tuple[str, np.ndarray], label: int) -> None:
    _, space = case
    previous = np.full(len(space), label, np.int32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        groups = continue_groups(space, neighbors_of(space), previous, (0,) if label == 0 else ())
    assert len(groups.clusters) == len(groups.regions) == len(space)
    assert len(groups.parents) == groups.clusters.max(initial=-1) + 1
