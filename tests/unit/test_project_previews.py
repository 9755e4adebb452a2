"""Correcting embeddings of previews by pairs of previews and full tracks."""

from __future__ import annotations

import numpy as np
import pytest

from spotmap_build.project.previews import correct_previews


def test_previews_get_the_mean_and_standard_deviation_of_full_tracks() -> None:
    random = np.random.default_rng(1)
    full_tracks = random.normal(size=(400, 8)).astype(np.float32)
    shift = np.linspace(-3, 3, 8, dtype=np.float32)
    previews = 1.3 * full_tracks + shift + random.normal(scale=0.1, size=full_tracks.shape).astype(np.float32)
    corrected = correct_previews(previews, previews, full_tracks)
    assert corrected.mean(axis=0) == pytest.approx(full_tracks.mean(axis=0), abs=0.1)
    assert corrected.std(axis=0) == pytest.approx(full_tracks.std(axis=0), abs=0.05)


def test_without_pairs_nothing_changes() -> None:
    none, vectors = np.zeros((0, 5), dtype=np.float32), np.ones((2, 5), dtype=np.float32)
    assert correct_previews(vectors, none, none) is vectors


def test_single_pair_has_little_effect() -> None:
    zero, one = np.zeros((1, 3), np.float32), np.ones((1, 3), np.float32)
    assert np.abs(correct_previews(one, one, zero) - one).max() < 0.1


def test_constant_dimension_stays_finite() -> None:
    previews = np.zeros((50, 1), np.float32)
    full_tracks = np.linspace(-1, 1, 50, dtype=np.float32)[:, None]
    assert np.isfinite(correct_previews(previews, previews, full_tracks)).all()
