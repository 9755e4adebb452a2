"""Quality figures match their definitions in the literature, and each is explained in a sentence."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

import numpy as np
import pytest

from spotmap_build.cluster.hdbscan import validity_of_each
from spotmap_build.insights.quality_report import QualityReport, quality_report
from spotmap_build.insights.validity import cluster_validity
from spotmap_build.project import quality
from spotmap_build.project.anchoring import Anchored, Drift
from spotmap_build.project.neighbors import find_neighbors
from spotmap_build.project.preprocessing import prepare

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array, Int32Array
    from spotmap_build.project.neighbors import Neighbors


def ring(count: int, jitter: float = 0.0) -> tuple[Float32Array, Float32Array]:
    """Return unit vectors on a circle, and positions on the same circle moved by up to ``jitter``."""
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)
    moved = circle + np.random.default_rng(0).uniform(-jitter, jitter, circle.shape)
    return circle, moved.astype(np.float32)


@pytest.mark.slow
@pytest.mark.parametrize("count", [25, 80, 300])
def test_trustworthiness_and_continuity_match_scikit_learn(count: int) -> None:
    manifold = pytest.importorskip("sklearn.manifold")
    unit = prepare(np.random.default_rng(1).normal(size=(count, 9)).astype(np.float32), "none")
    positions = np.random.default_rng(2).normal(size=(count, 2)).astype(np.float32)
    expected = manifold.trustworthiness(unit, positions, n_neighbors=10, metric="cosine")
    assert quality.trustworthiness(unit, positions) == pytest.approx(expected, abs=1e-4)
    assert quality.continuity(unit, positions) == pytest.approx(
        manifold.trustworthiness(positions, unit, n_neighbors=10), abs=1e-2
    )


def test_perfect_map_is_fully_trustworthy_and_a_random_one_is_not() -> None:
    unit, positions = ring(60)
    assert quality.trustworthiness(unit, positions) == pytest.approx(1, abs=1e-3)
    shuffled = positions[np.random.default_rng(0).permutation(60)]
    assert quality.trustworthiness(unit, shuffled) == pytest.approx(0.5, abs=0.1)
    assert quality.continuity(unit, shuffled) == pytest.approx(0.5, abs=0.1)


def test_sample_gives_nearly_the_same_trustworthiness(monkeypatch: pytest.MonkeyPatch) -> None:
    unit = prepare(np.random.default_rng(1).normal(size=(900, 5)).astype(np.float32), "none")
    positions = np.ascontiguousarray(unit[:, :2])
    whole = quality.trustworthiness(unit, positions)
    monkeypatch.setattr(quality, "SAMPLE", 300)
    assert quality.trustworthiness(unit, positions) == pytest.approx(whole, abs=0.01)


def test_neighbor_recall_is_given_per_track() -> None:
    unit, positions = ring(60)
    positions[7] = [-5, -5]
    kept = quality.kept_neighbors(find_neighbors(unit, 10, seed=0).indices, quality.nearest_on_plane(positions, 10))
    assert kept.shape == (60,)
    assert kept[30] == 1
    assert kept[7] < 0.5


def test_coincident_tracks_are_not_their_own_neighbors() -> None:
    positions = np.zeros((30, 2), np.float32)
    near = quality.nearest_on_plane(positions, 10)
    assert near.shape == (30, 10)
    assert not np.any(near == np.arange(30)[:, None])


def both_neighbors(unit: Float32Array, positions: Float32Array, count: int) -> tuple[Neighbors, Int32Array]:
    return find_neighbors(unit, count, seed=0), quality.nearest_on_plane(positions, quality.NEIGHBORHOOD_SIZE)


def test_artist_agreement_is_compared_with_chance() -> None:
    unit, positions = ring(80)
    artists = [(f"artist {row // 20}",) for row in range(80)]
    found = quality.agreement(*both_neighbors(unit, positions, 10), artists)
    assert found.in_space > 0.8
    assert found.on_plane == pytest.approx(found.in_space, abs=0.01)
    assert found.by_chance == pytest.approx(19 / 79, abs=0.01)
    assert found.labeled == 80


def test_one_common_label_is_enough_and_unlabeled_tracks_are_skipped() -> None:
    unit, positions = ring(20)
    labels = [("everywhere", f"only {row}") for row in range(10)] + [()] * 10
    found = quality.agreement(*both_neighbors(unit, positions, 2), labels)
    assert found.labeled == 10
    assert found.in_space == pytest.approx(0.9)


def test_agreement_does_not_depend_on_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    unit, positions = ring(60)
    labels = [tuple(f"label {(row * number) % 13}" for number in range(row % 5)) for row in range(60)]
    neighbors = both_neighbors(unit, positions, 10)
    expected = quality.agreement(*neighbors, labels)
    monkeypatch.setattr(quality, "LABELS_PER_BLOCK", 7)
    monkeypatch.setattr(quality, "RANDOM_PAIRS", 500)
    found = quality.agreement(*neighbors, labels)
    assert (found.in_space, found.on_plane, found.labeled) == (expected.in_space, expected.on_plane, expected.labeled)
    assert 0 < found.by_chance < 1


def test_tracks_with_thousands_of_labels_take_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality, "RANDOM_PAIRS", 5_000)
    monkeypatch.setattr(quality, "LABELS_PER_BLOCK", 100_000)
    unit, positions = ring(4)
    labels = [[f"label {number}" for number in range(2_000)]] * 4
    neighbors = both_neighbors(unit, positions, 2)
    tracemalloc.start()
    try:
        assert quality.agreement(*neighbors, labels).by_chance == 1
        assert tracemalloc.get_traced_memory()[1] < 15 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("labels", [[], [()], [(), ()], [("",), ("",)]])
def test_without_labels_there_is_no_agreement(labels: list[tuple[str, ...]]) -> None:
    unit, positions = ring(len(labels))
    assert quality.agreement(*both_neighbors(unit, positions, 10), labels).labeled == 0


def blobs(spread: float, noise: int = 0) -> tuple[Float32Array, Int32Array]:
    generator = np.random.default_rng(0)
    of = generator.integers(0, 4, 200)
    centers = np.array([[0, 0], [10, 0], [0, 10], [10, 10]])
    positions = (centers[of] + spread * generator.normal(size=(200, 2))).astype(np.float32)
    of[:noise] = -1
    return positions, of.astype(np.int32)


def test_separated_clusters_are_more_valid_than_overlapping_ones() -> None:
    values = [cluster_validity(*blobs(spread)) for spread in (0.1, 1.0, 5.0)]
    assert values[0] > 0.9
    assert values[0] > values[1] > values[2]
    assert values[2] < 0


def test_noise_reduces_validity() -> None:
    positions, labels = blobs(0.1)
    assert cluster_validity(*blobs(0.1, noise=100)) < 0.6 * cluster_validity(positions, labels)


def test_duplicates_and_tiny_clusters_have_a_validity() -> None:
    positions = np.repeat(np.array([[0, 0], [5, 5], [9, 0]], np.float32), [6, 6, 1], axis=0)
    labels = np.repeat(np.array([0, 1, 2], np.int32), [6, 6, 1])
    assert 0.9 < cluster_validity(positions, labels) <= 1
    assert cluster_validity(positions, np.zeros(13, np.int32)) == 0
    assert cluster_validity(positions[:0], labels[:0]) == 0


def test_coincident_clusters_do_not_affect_the_others() -> None:
    positions = np.repeat(np.array([[0, 0], [0, 0], [9, 0]], np.float32), 4, axis=0)
    positions[8:] += np.random.default_rng(0).normal(scale=0.1, size=(4, 2)).astype(np.float32)
    labels = np.repeat(np.array([0, 3, 7], np.int32), 4)
    assert 0.25 < cluster_validity(positions, labels) < 1 / 3


def test_validity_matches_hdbscan() -> None:
    validity_index = pytest.importorskip("hdbscan.validity").validity_index
    positions, labels = blobs(1.0, noise=20)
    expected = validity_index(positions.astype(np.float64), labels)
    assert cluster_validity(positions, np.where(labels < 0, -1, 3 * labels).astype(np.int32)) == pytest.approx(expected)


@pytest.mark.parametrize("clusters", [2, 7, 40])
def test_validity_of_each_cluster_matches_hdbscan(clusters: int) -> None:
    validity_index = pytest.importorskip("hdbscan.validity").validity_index
    generator = np.random.default_rng(clusters)
    labels = np.concatenate([np.repeat(np.arange(clusters), 2), generator.integers(0, clusters, 10 * clusters)])
    places = np.round(
        generator.normal(size=(clusters, 2))[labels] * 9 + generator.normal(size=(len(labels), 2)), 1
    ).astype(np.float32)
    _, expected = validity_index(places.astype(np.float64), labels, per_cluster_scores=True)
    assert validity_of_each(places, labels) == pytest.approx(expected)


def test_sample_gives_a_similar_validity(monkeypatch: pytest.MonkeyPatch) -> None:
    positions, labels = blobs(0.5)
    whole = cluster_validity(positions, labels)
    monkeypatch.setattr("spotmap_build.insights.validity.SAMPLE", 120)
    assert cluster_validity(positions, labels) == pytest.approx(whole, abs=0.2)


def report_of(count: int, anchored: Anchored | None = None) -> QualityReport:
    unit, positions = ring(count, jitter=0.05)
    labels = (np.arange(count) % 2).astype(np.int32)
    artists = [(f"artist {row // 4}",) for row in range(count)]
    return quality_report(
        unit,
        find_neighbors(unit, 30, seed=0),
        positions,
        cluster_labels=labels,
        labels={"artist": artists, "genre": [()] * count},
        anchored=anchored,
    )


def test_known_trustworthiness_is_not_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    unit, positions = ring(40, jitter=0.05)
    neighbors, labels = find_neighbors(unit, 30, seed=0), np.zeros(40, dtype=np.int32)
    known = quality.trustworthiness(unit, positions)
    measured = quality_report(unit, neighbors, positions, cluster_labels=labels, labels={})
    monkeypatch.setattr("spotmap_build.project.quality.trustworthiness", None)
    given = quality_report(unit, neighbors, positions, cluster_labels=labels, labels={}, trustworthiness=known)
    assert given.figures == measured.figures


def test_every_figure_of_the_report_is_finite_and_explained() -> None:
    anchored = Anchored(ring(40)[1], Drift(0.004, 0.02, 36), 0.95, 0.96)
    card = report_of(40, anchored)
    names = [figure.name for figure in card.figures]
    assert names == [
        "trustworthiness", "continuity", "neighbor_recall",
        "artist_agreement_in_space", "artist_agreement_on_map",
        "noise_share", "cluster_validity",
        "drift_median", "drift_95", "anchor_cost",
    ]  # fmt: skip
    assert all(np.isfinite(figure.value) for figure in card.figures)
    assert all(figure.meaning.endswith(".") and "nan" not in figure.meaning for figure in card.figures)
    assert "less than 0.4 % of the map" in card.figures[7].meaning
    assert card.kept.shape == (40,)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 14, 15, 16])
def test_tiny_map_has_a_report(count: int) -> None:
    card = report_of(count)
    assert all(np.isfinite(figure.value) for figure in card.figures)
    assert len(card.kept) == count
