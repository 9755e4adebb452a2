"""If a map has no structure, no clusters are named, and the page says why."""

from __future__ import annotations

import numpy as np
import pytest

from spotmap_build.cluster.absence import why_no_clusters
from spotmap_build.cluster.hierarchy import no_groups
from spotmap_build.insights.strays import describe_strays

PLACES = np.random.default_rng(0).normal(size=(200, 2)).astype(np.float32)
VECTORS = np.random.default_rng(1).normal(size=(200, 16)).astype(np.float32)
NO_VECTORS = np.zeros((200, 0), np.float32)


@pytest.mark.parametrize(
    ("coordinates", "vectors", "trustworthiness", "expected"),
    [
        (PLACES, VECTORS, 0.93, ""),
        (PLACES, NO_VECTORS, None, ""),
        (PLACES, VECTORS, 0.6, "hardly better than a random one (trustworthiness 0.60"),
        (PLACES[:20], VECTORS[:20], 0.6, ""),
        (PLACES, np.ones_like(VECTORS), 0.5, "All 200 tracks have the same vector"),
        (np.ones_like(PLACES), NO_VECTORS, None, "All 200 tracks lie on one spot"),
        (PLACES[:1], VECTORS[:1], 1.0, ""),
        (PLACES[:0], VECTORS[:0], 1.0, ""),
    ],
    ids=[
        "a map",
        "given coordinates",
        "chance",
        "few tracks",
        "equal vectors",
        "coincident tracks",
        "one track",
        "none",
    ],
)
def test_reason_for_missing_clusters_is_given(
    coordinates: np.ndarray, vectors: np.ndarray, trustworthiness: float | None, expected: str
) -> None:
    found = why_no_clusters(coordinates, vectors, trustworthiness)
    assert expected in found
    assert bool(expected) == bool(found)


@pytest.mark.parametrize("count", [0, 1, 5])
def test_no_groups_has_no_clusters_and_no_regions(count: int) -> None:
    groups = no_groups(count)
    assert groups.clusters.tolist() == groups.regions.tolist() == [-1] * count
    assert groups.parents == ()


def test_description_of_strays_lists_at_most_three() -> None:
    assert describe_strays([], 10) == ""
    assert "1 of 10 tracks lies" in describe_strays(["A"], 10)
    assert "“A”, “B”, “C” and 2 more. They are" in describe_strays(list("ABCDE"), 1000)
