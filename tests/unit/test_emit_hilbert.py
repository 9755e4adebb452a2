"""The Hilbert index visits every cell of the grid once, each next to the one before."""

from __future__ import annotations

import numpy as np

from spotmap_build.emit.hilbert import hilbert_index


def test_every_cell_is_visited_and_every_step_goes_to_a_neighbor() -> None:
    side = 64
    x, y = (axis.ravel() for axis in np.meshgrid(np.arange(side), np.arange(side)))
    index = hilbert_index(x, y)
    assert sorted(index.tolist()) == list(range(side * side))
    order = np.argsort(index)
    steps = np.abs(np.diff(x[order])) + np.abs(np.diff(y[order]))
    assert set(steps.tolist()) == {1}


def test_curve_starts_and_ends_at_corners_of_the_full_grid() -> None:
    index = hilbert_index(np.array([0, 65535]), np.array([0, 0]))
    assert index.tolist() == [0, 2**32 - 1]


def test_input_is_not_modified() -> None:
    x, y = np.array([3, 60000]), np.array([5, 7])
    hilbert_index(x, y)
    assert x.tolist() == [3, 60000]
    assert y.tolist() == [5, 7]
