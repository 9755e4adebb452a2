"""Playlists are compared with random ones: coherence, misfits, suggestions, overlaps and uncovered clusters."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import pytest

from spotmap_build.insights.playlists import (
    NullModel,
    coherence,
    describe_coherence,
    describe_misfit,
    measure_playlists,
    overlaps,
    uncovered_clusters,
)

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array, Int32Array


def library(groups: int = 6, size: int = 40, dimensions: int = 12, seed: int = 0) -> Float32Array:
    """Return centered unit vectors in ``groups`` consecutive groups."""
    generator = np.random.default_rng(seed)
    centers = np.repeat(generator.normal(size=(groups, dimensions)), size, axis=0)
    vectors = centers + 0.4 * generator.normal(size=centers.shape)
    vectors -= vectors.mean(axis=0)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def neighbors_of(vectors: Float32Array, count: int = 10) -> Int32Array:
    similarity = vectors @ vectors.T
    np.fill_diagonal(similarity, -2)
    return np.argsort(-similarity, axis=1, kind="stable")[:, : max(0, min(count, len(vectors) - 1))].astype(np.int32)


@pytest.mark.parametrize("size", [3, 10, 60])
def test_null_model_matches_random_draws(size: int) -> None:
    vectors, generator = library(), np.random.default_rng(1)
    drawn = []
    for _ in range(4_000):
        members = vectors[generator.choice(len(vectors), size, replace=False)]
        drawn.append((np.sum(members.sum(axis=0) ** 2) - size) / (size * (size - 1)))
    chance = NullModel.of(vectors)
    assert chance.mean == pytest.approx(float(np.mean(drawn)), abs=float(4 * np.std(drawn) / 60))
    assert chance.deviation(size) == pytest.approx(float(np.std(drawn)), rel=0.06)


def test_whole_library_has_no_deviation() -> None:
    vectors = library()
    assert NullModel.of(vectors).deviation(len(vectors)) == pytest.approx(0, abs=1e-4)


def test_playlist_of_one_group_is_coherent_and_a_random_one_is_not() -> None:
    vectors = library()
    random = np.random.default_rng(2).choice(240, 20, replace=False).tolist()
    tight, loose = measure_playlists([range(20), random], vectors, neighbors_of(vectors))
    assert tight.coherence is not None
    assert loose.coherence is not None
    assert tight.coherence.z > 5
    assert abs(loose.coherence.z) < 2
    assert "no more alike" in describe_coherence(loose.coherence)
    assert "much more alike" in describe_coherence(tight.coherence)


def test_closeness_is_independent_of_playlist_size_but_z_is_not() -> None:
    vectors = library()
    small, large = measure_playlists([range(8), range(40)], vectors, neighbors_of(vectors))
    assert small.coherence is not None
    assert large.coherence is not None
    assert large.coherence.closeness == pytest.approx(small.coherence.closeness, abs=0.15)
    assert large.coherence.z > 1.5 * small.coherence.z


def test_misfits_are_found_and_matching_tracks_suggested() -> None:
    vectors = library()
    (figures,) = measure_playlists([[*range(30), 100, 150]], vectors, neighbors_of(vectors))
    assert {fit.row for fit in figures.misfits} == {100, 150}
    assert "brighter. Its similarity" in describe_misfit(figures, figures.misfits[0], ["brighter"])
    assert figures.misfits[0].closeness < figures.usual_closeness
    assert figures.suggestions
    assert {fit.row for fit in figures.suggestions} <= set(range(30, 40))


def test_playlist_of_two_groups_has_hardly_any_misfits() -> None:
    vectors = library()
    (figures,) = measure_playlists([[*range(20), *range(40, 60)]], vectors, neighbors_of(vectors))
    assert len(figures.misfits) <= 2


def test_playlist_of_the_whole_library_has_no_findings() -> None:
    vectors = library()
    (figures,) = measure_playlists([range(240)], vectors, neighbors_of(vectors))
    assert figures.coherence is not None
    assert figures.coherence.z == 0
    assert figures.misfits == figures.suggestions == ()


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 15])
@pytest.mark.parametrize("kind", ["equal", "different", "zero"])
def test_small_and_uniform_libraries_are_no_error(count: int, kind: str) -> None:
    vectors = {
        "equal": np.tile(np.array([0.6, 0.8], np.float32), (count, 1)),
        "different": library(2, 10)[:count],
        "zero": np.zeros((count, 4), np.float32),
    }[kind]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figures = measure_playlists([range(count), range(min(count, 3)), []], vectors, neighbors_of(vectors))
    assert len(figures) == 3
    assert all(np.isfinite(each.coherence.z) for each in figures if each.coherence is not None)


def test_coherence_of_exact_duplicates_is_finite() -> None:
    vectors = library()
    copied = np.concatenate([vectors, vectors])
    alike = coherence(copied[[0, 240, 1, 241]], NullModel.of(copied), 1.0)
    assert np.isfinite(alike.z)
    assert alike.closeness > 0.3


def test_clusters_without_a_playlist_are_found() -> None:
    assert uncovered_clusters([range(20), range(20, 40), range(40, 60)], [range(10), [20]]) == (1, 2)


def test_overlap_is_relative_to_the_smaller_playlist() -> None:
    (pair,) = overlaps([range(100), range(95, 105), range(200, 220)])
    assert (pair.one, pair.other, pair.count, pair.share) == (0, 1, 5, 0.5)
    assert overlaps([]) == overlaps([[]]) == overlaps([[], []]) == ()
