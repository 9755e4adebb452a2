"""The Hilbert order visits every place once, and goes from each to one beside it."""

from __future__ import annotations

import numpy as np

from spotmap_build.emit.hilbert import hilbert_index


def test_every_step_goes_to_a_neighbor_and_no_place_is_left_out() -> None:
    side = 64
    x, y = (axis.ravel() for axis in np.meshgrid(np.arange(side), np.arange(side)))
    index = hilbert_index(x, y)
    assert sorted(index.tolist()) == list(range(side * side))
    along = np.argsort(index)
    steps = np.abs(np.diff(x[along])) + np.abs(np.diff(y[along]))
    assert set(steps.tolist()) == {1}


def test_the_corners_of_the_full_grid_are_where_the_curve_starts_and_ends() -> None:
    index = hilbert_index(np.array([0, 65535]), np.array([0, 0]))
    assert index.tolist() == [0, 2**32 - 1]


def test_the_input_is_not_changed() -> None:
    x, y = np.array([3, 60000]), np.array([5, 7])
    hilbert_index(x, y)
    assert x.tolist() == [3, 60000]
    assert y.tolist() == [5, 7]
