"""What all previews have in common beside whole tracks is taken out; a few pairs move nothing much."""

from __future__ import annotations

import numpy as np
import pytest

from spotmap_build.project.preview_shift import common_shift


def test_a_common_shift_is_found_through_the_noise_of_single_tracks() -> None:
    random = np.random.default_rng(1)
    wholes = random.normal(size=(60, 8)).astype(np.float32)
    shift = np.linspace(-3, 3, 8, dtype=np.float32)
    previews = wholes + shift + random.normal(scale=0.3, size=wholes.shape).astype(np.float32)
    assert common_shift(previews, wholes) == pytest.approx(shift * 60 / 70, abs=0.15)


def test_without_pairs_nothing_is_moved() -> None:
    none = np.zeros((0, 5), dtype=np.float32)
    assert common_shift(none, none).tolist() == [0.0] * 5


def test_one_pair_moves_little() -> None:
    assert np.abs(common_shift(np.ones((1, 3), np.float32), np.zeros((1, 3), np.float32))).max() < 0.1
