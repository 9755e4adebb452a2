"""Isolated groups of tracks become clusters of their own."""

from __future__ import annotations

import numpy as np
import pytest

from spotmap_build.cluster.islands import separate_islands


def groups(labels: list[int]) -> list[list[int]]:
    return [np.flatnonzero(np.array(labels) == label).tolist() for label in sorted(set(labels))]


@pytest.mark.parametrize(
    ("places", "labels", "expected"),
    [
        ([0, 1, 2, 20, 21, 22, 60], [-1] * 7, [[6], [0, 1, 2], [3, 4, 5]]),
        ([0, 1, 20, 21, 22, 40], [-1] * 6, [[0, 1, 5], [2, 3, 4]]),
        ([0, 1, 2, 9, 10, 11, 60, 61, 62], [0] * 9, [[0, 1, 2], [3, 4, 5], [6, 7, 8]]),
        ([0, 1, 2, 3, 4, 5, 60, 61, 62], [0] * 6 + [1] * 3, [[0, 1, 2, 3, 4, 5], [6, 7, 8]]),
        ([0, 1, 2, 3.4, 4.4, 5.4], [0] * 6, [[0, 1, 2, 3, 4, 5]]),
        ([0, 1, 2, 14, 26, 38, 50, 62, 63, 64], [0] * 10, [list(range(10))]),
        ([0, 1, 2, 20, 21, 22, 40], [0] * 7, [[0, 1, 2, 6], [3, 4, 5]]),
        ([0, 0, 0, 1, 1, 1, 2, 2, 2], [0] * 9, [list(range(9))]),
        ([0, 1, 2, 3], [-1] * 4, [[0, 1, 2, 3]]),
        ([0], [-1], [[0]]),
    ],
    ids=[
        "within noise",
        "too few tracks",
        "several islands",
        "islands that are clusters already",
        "too close to each other",
        "only half on islands",
        "a stray stays with the first part",
        "three coincident groups",
        "one group",
        "one row",
    ],
)
def test_isolated_group_becomes_a_cluster(places: list[float], labels: list[int], expected: list[list[int]]) -> None:
    from scipy.cluster.hierarchy import linkage  # slow to import

    tree = linkage(np.array(places, dtype=float)[:, None]) if len(places) > 1 else np.zeros((0, 4))
    before = np.array(labels, np.int32)
    found = separate_islands(before, tree, min_size=3, usual_distance=1.0)
    assert before.tolist() == labels
    assert groups(found.tolist()) == sorted(expected, key=lambda rows: (found[rows[0]], rows))
