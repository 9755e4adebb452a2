"""Anchored layouts: known tracks keep their positions, and the drift is reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from spotmap_build.project import anchoring, layout
from spotmap_build.project.anchoring import (
    MAX_DISPLACEMENT,
    WIDE_MAX_DISPLACEMENT,
    Anchored,
    diagonal,
    drift_between,
    fit_anchored_layout,
    have_moved,
    max_displacement_of,
    procrustes_align,
)
from spotmap_build.project.layout import NEIGHBOR_COUNT, fit_layout
from spotmap_build.project.neighbors import find_neighbors
from spotmap_build.project.preprocessing import prepare
from spotmap_build.project.quality import trustworthiness

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array

pytestmark = pytest.mark.xdist_group("anchor")  # first layouts are shared
ALBUM_TRACKS = 8


def albums(count: int, seed: int = 0) -> Float32Array:
    """Return vectors of albums of eight tracks each, within eight styles."""
    generator = np.random.default_rng(seed)
    styles = generator.normal(size=(8, 40))
    centers = styles[generator.integers(0, 8, count)] + 0.7 * generator.normal(size=(count, 40))
    spread = 0.8 * generator.normal(size=(count * ALBUM_TRACKS, 40))
    return (np.repeat(centers, ALBUM_TRACKS, axis=0) + spread).astype(np.float32)


def anchored(
    vectors: Float32Array,
    previous: Float32Array,
    *,
    gone_count: int = 0,
    is_fresh_wanted: bool = False,
    last_fresh: float | None = None,
) -> Anchored:
    unit = prepare(vectors, "center")
    neighbors = find_neighbors(unit, NEIGHBOR_COUNT, seed=0)
    return fit_anchored_layout(
        unit,
        neighbors,
        previous,
        42,
        gone_count=gone_count,
        is_fresh_wanted=is_fresh_wanted,
        last_fresh_trustworthiness=last_fresh,
    )


MADE: dict[tuple[int, bytes], Float32Array] = {}


def fresh_layout(vectors: Float32Array) -> Float32Array:
    """Return a first layout, which is cached per vectors."""
    key = (layout.attempt_count(len(vectors)), vectors.tobytes())
    if key not in MADE:
        unit = prepare(vectors, "center")
        MADE[key] = fit_layout(unit, find_neighbors(unit, NEIGHBOR_COUNT, seed=0), 42)
    return MADE[key].copy()


def with_newcomers(positions: Float32Array, count: int) -> Float32Array:
    return np.concatenate([positions, np.full((count, 2), np.nan, np.float32)])


@pytest.fixture
def two_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compare two layouts of small libraries instead of eight, in tests for which the number does not matter."""
    for module in (anchoring, layout):
        monkeypatch.setattr(module, "attempt_count", lambda _track_count: 2)


@pytest.mark.slow
def test_known_tracks_stay_when_albums_are_added() -> None:
    vectors = albums(12)
    old = fresh_layout(vectors[: 10 * ALBUM_TRACKS])
    result = anchored(vectors, with_newcomers(old, 2 * ALBUM_TRACKS))
    assert result.fresh_reason == ""
    assert result.drift.known_count == 80
    assert result.drift.median <= 0.01
    assert result.drift.percentile_95 <= 0.05
    assert result.trustworthiness >= result.fresh_trustworthiness - 0.01
    assert np.isfinite(result.positions).all()


@pytest.mark.usefixtures("two_attempts")
@pytest.mark.slow
def test_known_tracks_stay_when_albums_are_removed_and_move_far_only_if_they_lost_neighbors() -> None:
    vectors, kept = albums(12), 10 * ALBUM_TRACKS
    old = fresh_layout(vectors)
    unchanged = anchored(vectors, old)
    shrunk = anchored(vectors[:kept], old[:kept], gone_count=2 * ALBUM_TRACKS)
    assert shrunk.fresh_reason == ""
    assert shrunk.drift.median <= 0.01
    assert shrunk.drift.percentile_95 <= 0.05
    assert shrunk.trustworthiness >= shrunk.fresh_trustworthiness - 0.01
    # How many tracks move depends on the quality of the layout, which differs between machines.
    farthest = np.linalg.norm(unchanged.positions - old, axis=1).max() / diagonal(old)
    far = np.linalg.norm(shrunk.positions - old[:kept], axis=1) / diagonal(old[:kept]) > 0.01
    assert farthest < 0.01
    assert far.mean() < 0.5


def test_misplaced_tracks_may_move_farther() -> None:
    vectors = albums(20)
    unit = prepare(vectors, "center")
    neighbors = find_neighbors(unit, NEIGHBOR_COUNT, seed=0)
    # Each album is in its own corner, except for one track of each of the first three albums.
    anchors = np.repeat(np.stack([np.arange(20) % 5, np.arange(20) // 5], axis=1), ALBUM_TRACKS, axis=0).astype(
        np.float32
    )
    anchors += np.tile(np.linspace(0, 0.1, ALBUM_TRACKS, dtype=np.float32), 20)[:, np.newaxis]
    strangers = [0, 8, 16]
    anchors[strangers] = anchors[[159, 150, 140]]
    known = np.ones(160, np.bool_)
    known[100] = False
    whole = np.float32(diagonal(anchors[known]))
    max_displacement = max_displacement_of(unit, neighbors, anchors, known, 0.04) / whole
    assert np.isinf(max_displacement[[*strangers, 100]]).all()
    assert np.isinf(max_displacement).sum() == 4
    assert np.isclose(max_displacement, WIDE_MAX_DISPLACEMENT).sum() == 22
    assert np.isclose(max_displacement, MAX_DISPLACEMENT).sum() == 134
    assert np.isclose(max_displacement_of(unit, neighbors, anchors, known, 0.0)[known] / whole, MAX_DISPLACEMENT).all()


@pytest.mark.usefixtures("two_attempts")
def test_few_new_tracks_are_placed_at_their_album_without_optimization(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = albums(30)
    old = fresh_layout(vectors)
    figure = trustworthiness(prepare(vectors, "center"), old)
    old[[3, 77]] = np.nan
    monkeypatch.setattr("spotmap_build.project.anchoring.fit_layout", unreachable)
    monkeypatch.setattr("spotmap_build.project.anchoring.optimize_layout", unreachable)
    result = anchored(vectors, old, last_fresh=figure)
    known = np.isfinite(old).all(axis=1)
    assert np.array_equal(result.positions[known], old[known])
    assert result.fresh_trustworthiness == figure
    album = result.positions.reshape(30, ALBUM_TRACKS, 2)
    for row in (3, 77):
        others = np.delete(album[row // ALBUM_TRACKS], row % ALBUM_TRACKS, axis=0)
        assert np.linalg.norm(result.positions[row] - np.median(others, axis=0)) < 0.1 * diagonal(old[known])


def unreachable(*_arguments: object, **_options: object) -> Float32Array:
    raise AssertionError("must not be called")


@pytest.mark.usefixtures("two_attempts")
@pytest.mark.slow
@pytest.mark.parametrize(("last_fresh", "new_count"), [(None, 1), (1.5, 1), (0.9, 24)])
def test_layout_is_optimized_if_its_quality_is_unknown_or_insufficient(
    last_fresh: float | None, new_count: int
) -> None:
    vectors = albums(10)
    old = fresh_layout(vectors)
    old[:new_count] = np.nan
    result = anchored(vectors, old, last_fresh=last_fresh)
    assert result.fresh_trustworthiness != last_fresh


@pytest.mark.usefixtures("two_attempts")
@pytest.mark.slow
def test_new_tracks_are_placed_among_their_album() -> None:
    vectors = albums(14)
    old = fresh_layout(vectors)
    old[::ALBUM_TRACKS] = np.nan
    positions = anchored(vectors, old).positions
    album = positions.reshape(14, ALBUM_TRACKS, 2)
    to_album = np.linalg.norm(album[:, 0] - np.median(album[:, 1:], axis=1), axis=1)
    assert np.median(to_album) < 0.1 * diagonal(positions)


@pytest.mark.usefixtures("two_attempts")
@pytest.mark.slow
@pytest.mark.parametrize("unit_of_last_map", [0.001, 65535.0])
def test_previous_map_may_have_any_unit(unit_of_last_map: float) -> None:
    vectors = albums(12)
    old = fresh_layout(vectors[: 10 * ALBUM_TRACKS])
    result = anchored(vectors, with_newcomers(old * unit_of_last_map, 2 * ALBUM_TRACKS))
    assert result.drift.median <= 0.01
    assert diagonal(result.positions) == pytest.approx(unit_of_last_map * diagonal(old), rel=0.3)


@pytest.mark.parametrize("mirror", [1, -1])
@pytest.mark.parametrize("degrees", [0, 40, 130, 180, 290])
def test_alignment_undoes_rotation_mirroring_and_scaling(degrees: float, mirror: int) -> None:
    old = np.random.default_rng(0).normal(size=(30, 2)).astype(np.float32)
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) * [1, mirror]
    other = (7 * old @ turn + [3, -5]).astype(np.float32)
    assert np.allclose(procrustes_align(other, old), old, atol=1e-4)


def test_alignment_is_robust_against_a_moved_group() -> None:
    old = np.random.default_rng(0).normal(size=(100, 2)).astype(np.float32)
    moved = old.copy()
    moved[:15] += [9, 9]
    aligned = procrustes_align(moved, old)
    assert np.median(np.linalg.norm(aligned[15:] - old[15:], axis=1)) < 0.2


@pytest.mark.usefixtures("two_attempts")
@pytest.mark.slow
def test_requested_fresh_layout_is_aligned_with_the_previous_map() -> None:
    vectors = albums(14)
    old = fresh_layout(vectors)
    mirrored = old * np.array([-1, 1], np.float32)
    result = anchored(vectors, mirrored, is_fresh_wanted=True)
    assert result.fresh_reason == "A new layout was requested."
    assert result.drift.median < 1e-3


@pytest.mark.usefixtures("two_attempts")
def test_map_with_too_few_known_tracks_is_laid_out_fresh() -> None:
    vectors = albums(20)
    previous = np.full((160, 2), np.nan, np.float32)
    previous[:5] = np.random.default_rng(0).normal(size=(5, 2))
    assert anchored(vectors, previous).fresh_reason == "Only 5 of 160 tracks were on the last map."


@pytest.mark.usefixtures("two_attempts")
@pytest.mark.slow
def test_anchors_that_would_ruin_the_map_are_discarded() -> None:
    vectors = albums(14)
    nonsense = np.random.default_rng(0).normal(size=(112, 2)).astype(np.float32)
    result = anchored(vectors, nonsense)
    assert "trustworthiness" in result.fresh_reason
    assert result.held_trustworthiness is not None
    assert result.held_trustworthiness < result.trustworthiness
    assert result.trustworthiness == result.fresh_trustworthiness


@pytest.mark.usefixtures("two_attempts")
@pytest.mark.parametrize("count", [0, 1, 2, 5, 6, 14, 15, 16])
@pytest.mark.parametrize("is_equal", [False, True])
def test_small_and_uniform_libraries_can_be_anchored(count: int, is_equal: bool) -> None:
    vectors = np.ones((count, 12), np.float32) if is_equal else albums(2)[:count, :12]
    previous = fresh_layout(vectors)
    previous[-1:] = np.nan
    result = anchored(vectors, previous)
    assert result.positions.shape == (count, 2)
    assert np.isfinite(result.positions).all()


@pytest.mark.usefixtures("two_attempts")
@pytest.mark.slow
def test_anchored_layout_is_deterministic() -> None:
    vectors = albums(12)
    previous = with_newcomers(fresh_layout(vectors[: 10 * ALBUM_TRACKS]), 2 * ALBUM_TRACKS)
    assert anchored(vectors, previous).positions.tobytes() == anchored(vectors, previous).positions.tobytes()


def test_drift_is_a_share_of_the_diagonal() -> None:
    old = np.array([[0, 0], [3, 4], [np.nan, np.nan]], np.float32)
    new = np.array([[0, 0.5], [3, 4], [1, 1]], np.float32)
    drift = drift_between(old, new)
    assert drift.known_count == 2
    assert drift.median == pytest.approx(0.25 / np.hypot(3, 3.5), rel=1e-5)


def test_track_that_drifted_by_more_than_a_twentieth_has_moved() -> None:
    previous = np.array([[0, 0], [100, 0], [0, 100], [100, 100], [50, 50], [np.nan, np.nan]], np.float32)
    positions = np.array([[0, 0], [100, 0], [0, 100], [100, 93], [42, 50], [20, 20]], np.float32)
    assert have_moved(previous, positions).tolist() == [False, False, False, False, True, False]


def test_single_known_track_never_counts_as_moved() -> None:
    previous = np.array([[7, 7], [np.nan, np.nan]], np.float32)
    assert not have_moved(previous, np.array([[0, 0], [1, 1]], np.float32)).any()
