"""Clusters are joined into regions, and each track has a membership strength and a second cluster."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import pytest

from spotmap_build.cluster.hierarchy import (
    absorb_supported_noise,
    find_groups,
    join_clusters,
    label_regions,
    region_count,
    soft_membership,
)
from tests.support.clusters import CONTINENTS, blobs, degenerate, neighbors_of

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array


def test_adjacent_clusters_form_a_region() -> None:
    labels = np.repeat(np.arange(7, dtype=np.int32), 30)
    parents = join_clusters(labels, blobs(CONTINENTS, 30))
    assert region_count(7) == 4
    assert {parents[label] for label in (0, 1, 2)}.isdisjoint({parents[label] for label in (3, 4, 5, 6)})
    assert parents[3] == parents[4] or parents[5] == parents[6]
    sizes = np.bincount(np.array(parents)[labels])
    assert np.all(np.diff(sizes) <= 0)


@pytest.mark.parametrize(("clusters", "regions"), [(0, 0), (1, 1), (3, 3), (12, 5), (60, 11), (200, 20)])
def test_number_of_regions_is_limited(clusters: int, regions: int) -> None:
    assert region_count(clusters) == regions


def test_track_between_two_clusters_of_a_region_is_in_the_region_only() -> None:
    labels = np.array([0, 0, 1, 1, 2, 2, -1, -1], np.int32)
    neighbors = np.zeros((8, 4), np.int32)
    neighbors[6] = [0, 1, 2, 3]
    neighbors[7] = [0, 4, 6, 6]
    regions = label_regions(labels, (0, 0, 1), neighbors)
    assert regions.tolist() == [0, 0, 0, 0, 1, 1, 0, -1]


def test_membership_is_the_share_of_neighbors() -> None:
    labels = np.array([0, 0, 1, 1, -1], np.int32)
    neighbors = np.array([[1, 2, 3, 4], [0, 0, 0, 0], [3, 3, 0, 4], [2, 2, 2, 2], [2, 3, 0, 1]], np.int32)
    membership = soft_membership(labels, neighbors)
    assert membership.strengths.tolist() == [0.25, 1.0, 0.5, 1.0, 0.0]
    assert membership.seconds.tolist() == [1, -1, 0, -1, 0]
    assert membership.second_strengths.tolist() == [0.5, 0.0, 0.25, 0.0, 0.5]


@pytest.mark.parametrize(
    ("reached", "neighbors", "joins"),
    [
        (1, [2, 3, 4, 5, 4, 5], 1),
        (0, [2, 3, 4, 5, 4, 5], -1),
        (-1, [2, 3, 2, 3, 2, 3], -1),
        (1, [2, 4, 5, 4, 5, 4], -1),
        (1, [2, 3, 0, 1, 0, 5], -1),
    ],
    ids=["both agree", "map and sound disagree", "far from all", "too few neighbors", "more neighbors elsewhere"],
)
def test_noise_joins_a_cluster_where_map_and_sound_agree(reached: int, neighbors: list[int], joins: int) -> None:
    labels = np.array([0, 0, 1, 1, -1, -1], np.int32)
    near = np.tile(np.array(neighbors, np.int32), (6, 1))
    where = np.array([1, 1, 0, 0, reached, -1], np.int32)
    assert absorb_supported_noise(labels, where, near).tolist() == [0, 0, 1, 1, joins, -1]


def test_second_cluster_differs_from_the_first() -> None:
    generator = np.random.default_rng(0)
    labels = generator.integers(-1, 6, 400).astype(np.int32)
    membership = soft_membership(labels, generator.integers(0, 400, (400, 16)).astype(np.int32))
    known = membership.seconds >= 0
    assert np.all(membership.seconds[known] != labels[known])
    assert np.all(membership.strengths[labels < 0] == 0)
    assert np.all(membership.strengths + membership.second_strengths <= 1 + 1e-6)


def test_two_exact_groups_are_two_regions() -> None:
    space = np.repeat(np.array([[0, 0], [5, 5]], np.float32), [20, 30], axis=0)
    groups = find_groups(space, neighbors_of(space))
    assert groups.parents == (0, 1)
    assert np.bincount(groups.regions).tolist() == [30, 20]


@pytest.mark.parametrize(("name", "space"), degenerate(), ids=lambda value: value if isinstance(value, str) else "")
def test_degenerate_libraries_cause_no_warnings(name: str, space: Float32Array) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        groups = find_groups(space, neighbors_of(space))
    n = len(space)
    assert len(groups.clusters) == len(groups.regions) == len(groups.membership.strengths) == n
    assert np.isfinite(groups.membership.strengths).all()
    assert len(groups.parents) == groups.clusters.max(initial=-1) + 1
    inside = groups.clusters >= 0
    assert np.all(groups.regions[inside] == np.array(groups.parents, np.int32)[groups.clusters[inside]])


def test_coincident_tracks_are_one_cluster() -> None:
    """Equal distances can be cut anywhere, and no cut is meaningful."""
    (_, space) = degenerate()[-1]
    labels = find_groups(space, neighbors_of(space)).clusters
    pile = labels[80:]
    assert len(set(pile.tolist())) == 1
    assert pile[0] >= 0


def test_both_levels_are_numbered_by_decreasing_size() -> None:
    space = blobs(CONTINENTS, 40)
    groups = find_groups(space, neighbors_of(space))
    for labels in (groups.clusters, groups.regions):
        assert np.all(np.diff(np.bincount(labels[labels >= 0])) <= 0)
    inside = groups.clusters >= 0
    assert np.all(groups.regions[inside] == np.array(groups.parents)[groups.clusters[inside]])
