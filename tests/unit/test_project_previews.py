"""What all previews have in common beside whole tracks is taken out; a few pairs move nothing much."""

from __future__ import annotations

import numpy as np
import pytest

from spotmap_build.project.previews import as_whole_tracks


def test_previews_get_the_mean_and_the_spread_of_whole_tracks() -> None:
    random = np.random.default_rng(1)
    wholes = random.normal(size=(400, 8)).astype(np.float32)
    shift = np.linspace(-3, 3, 8, dtype=np.float32)
    previews = 1.3 * wholes + shift + random.normal(scale=0.1, size=wholes.shape).astype(np.float32)
    corrected = as_whole_tracks(previews, previews, wholes)
    assert corrected.mean(axis=0) == pytest.approx(wholes.mean(axis=0), abs=0.1)
    assert corrected.std(axis=0) == pytest.approx(wholes.std(axis=0), abs=0.05)


def test_without_pairs_nothing_is_changed() -> None:
    none, vectors = np.zeros((0, 5), dtype=np.float32), np.ones((2, 5), dtype=np.float32)
    assert as_whole_tracks(vectors, none, none) is vectors


def test_one_pair_moves_little() -> None:
    zero, one = np.zeros((1, 3), np.float32), np.ones((1, 3), np.float32)
    assert np.abs(as_whole_tracks(one, one, zero) - one).max() < 0.1


def test_a_dimension_that_is_the_same_in_all_pairs_is_not_blown_up() -> None:
    previews = np.zeros((50, 1), np.float32)
    wholes = np.linspace(-1, 1, 50, dtype=np.float32)[:, None]
    assert np.isfinite(as_whole_tracks(previews, previews, wholes)).all()
