"""Explanations: what neighbors have in common, how misfits differ, and what directions of the map mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from spotmap_build.cluster.wording import key_name, key_relation, listed, standardize, style_name
from spotmap_build.insights.axes import describe_slopes, find_slopes, least_explained
from spotmap_build.insights.explanations import Explainer
from spotmap_build.model import Embeddings

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array

NAMES = ("tempo", "beat_strength", "brightness", "key", "mode", "key_clarity")


def embeddings_of(rows: list[dict[str, float]], seed: int = 0) -> Embeddings:
    """Return embeddings of a hundred random tracks, preceded by ``rows``, which set some of their values."""
    generator = np.random.default_rng(seed)
    count = 100 + len(rows)
    features = np.stack(
        [
            generator.uniform(70, 170, count),
            generator.uniform(30, 75, count),
            generator.uniform(1000, 2000, count),
            generator.integers(0, 9, count),
            generator.integers(0, 2, count),
            generator.uniform(40, 90, count),
        ],
        axis=1,
    ).astype(np.float32)
    tags = generator.uniform(0, 0.2, (count, 2)).astype(np.float32)
    for at, row in enumerate(rows):
        for name, value in row.items():
            if name in NAMES:
                features[at, NAMES.index(name)] = value
            else:
                tags[at, ("Rock---Surf", "jazz").index(name)] = value
    ids = tuple(map(str, range(count)))
    return Embeddings(ids, np.zeros((count, 1), np.float32), tags, ("Rock---Surf", "jazz"), features, NAMES)


def texts(*rows: dict[str, float]) -> list[str]:
    return [reason.text for reason in Explainer(embeddings_of(list(rows))).shared(0, 1)]


def test_neighbors_share_a_style() -> None:
    assert "both surf (50% and 40%)" in texts({"Rock---Surf": 0.5}, {"Rock---Surf": 0.4})


def test_neighbors_share_tempo_key_and_brightness() -> None:
    shared = texts(
        {"tempo": 120, "key": 9, "mode": 0, "key_clarity": 80.0, "brightness": 2100},
        {"tempo": 122, "key": 9, "mode": 0, "key_clarity": 80.0, "brightness": 2200},
    )
    assert {"tempo 120 and 122 BPM", "both in A minor", "both bright (2100 Hz and 2200 Hz)"} <= set(shared)


def test_chance_of_a_shared_tempo_or_key_is_its_frequency() -> None:
    embeddings = embeddings_of([{"tempo": 120, "key": 9, "mode": 0, "key_clarity": 80.0}] * 2)
    chances = {reason.text: reason.chance for reason in Explainer(embeddings).shared(0, 1)}
    tempi, *_, keys, modes, clarity = (embeddings.features[:, column].astype(float) for column in range(len(NAMES)))
    assert chances["tempo 120 and 120 BPM"] == np.mean(np.abs(tempi / 120 - 1) <= 0.01)
    assert chances["both in A minor"] == np.mean((keys == 9) & (modes == 0) & (clarity >= 60))


def test_at_most_two_distinct_styles_are_named() -> None:
    names = ("electronic", "electronica", "house", "techno")
    tags = np.zeros((100, 4), np.float32)
    tags[:2] = 0.9, 0.8, 0.7, 0.6
    nothing = np.zeros((100, 0), np.float32)
    found = Explainer(Embeddings(tuple(map(str, range(100))), nothing, tags, names, nothing, ())).shared(0, 1)
    assert [reason.text for reason in found] == ["both electronic (90% and 90%)", "both house (70% and 70%)"]


def test_relative_keys_are_reported() -> None:
    shared = texts({"key": 9, "mode": 0, "key_clarity": 80.0}, {"key": 0, "mode": 1, "key_clarity": 80.0})
    assert "relative keys, A minor and C major" in shared


@pytest.mark.parametrize(
    "values",
    [
        {"brightness": 1500.0},  # near the mean, as most are
        {"key": 9.0, "mode": 0.0, "key_clarity": 20.0},  # the key is uncertain
        {"tempo": 120.0, "beat_strength": 10.0},  # the tempo is uncertain
        {"jazz": 0.03},
    ],
)
def test_common_or_uncertain_values_are_no_reason(values: dict[str, float]) -> None:
    subject = {"brightness": "bright", "key": "A minor", "tempo": "120", "jazz": "jazz"}[next(iter(values))]
    assert not [text for text in texts(values, values) if subject in text]


def test_misfit_is_described_by_its_differences() -> None:
    explainer = Explainer(embeddings_of([{"brightness": 4000, "jazz": 0.9}]))
    reasons = explainer.difference(0, tuple(range(1, 100)))
    assert any(reason.startswith("brighter (4000 Hz against 1") for reason in reasons)
    assert any(reason.startswith("jazz (90% against") for reason in reasons)


def test_without_tags_and_features_there_are_no_reasons() -> None:
    nothing = np.zeros((3, 0), np.float32)
    explainer = Explainer(Embeddings(("a", "b", "c"), np.zeros((3, 2), np.float32), nothing, (), nothing, ()))
    assert explainer.shared(0, 1) == ()
    assert explainer.difference(0, [1, 2]) == ()
    assert explainer.difference(0, (1, 2)) == ()


def test_batched_pairs_give_the_same_reasons_as_single_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spotmap_build.insights.explanations.BATCH_PAIRS", 64)
    explainer = Explainer(embeddings_of([{"jazz": 0.9, "tempo": 100, "key": 2, "mode": 1, "key_clarity": 90.0}] * 3))
    pairs = [(left, right) for left in range(20) for right in range(20) if left != right]
    found = list(explainer.shared_by_each(pairs))
    assert found == [explainer.shared(*pair) for pair in pairs]
    assert {"both jazz (90% and 90%)", "tempo 100 and 100 BPM"} <= {reason.text for reason in found[0]}
    assert list(explainer.shared_by_each([])) == []


@pytest.mark.parametrize("count", [1, 2, 5])
def test_few_equal_tracks_have_nothing_to_explain(count: int) -> None:
    full = embeddings_of([])
    rows = np.zeros(count, dtype=np.intp)
    few = Embeddings(
        full.track_ids[:count], full.vectors[rows], full.tags[rows], full.tag_names, full.features[rows], NAMES
    )
    explainer = Explainer(few)
    assert explainer.shared(0, count - 1) == ()
    assert explainer.difference(0, range(count)) == ()


def plane(count: int, seed: int = 0) -> Float32Array:
    return np.random.default_rng(seed).normal(size=(count, 2)).astype(np.float32)


def test_direction_that_correlates_with_a_feature_is_described() -> None:
    positions, noise = plane(600), np.random.default_rng(1).normal(scale=0.5, size=(600, 2))
    features = np.stack(
        [100 - 20 * (positions[:, 1] + noise[:, 0]), 1000 + 300 * (positions[:, 0] + noise[:, 1])], axis=1
    )
    slopes = find_slopes(positions, features.astype(np.float32), ("tempo", "brightness"))
    assert describe_slopes(slopes) == "to the right: brighter; upward: slower"


def test_direction_within_a_part_of_the_map_is_described() -> None:
    positions = plane(900)
    is_part = positions[:, 0] > 0
    part, tempo = np.flatnonzero(is_part), 100 + 30 * positions[:, 1] * np.where(is_part, 1, -1)
    features = tempo[:, np.newaxis].astype(np.float32)
    assert find_slopes(positions, features, ("tempo",)) == ()
    assert describe_slopes(find_slopes(positions, features, ("tempo",), part.tolist())) == "upward: faster"


def test_uniform_groups_do_not_create_a_direction() -> None:
    """Seventy groups with one random tempo each: hundreds of tracks, but only seventy independent observations."""
    described_count = 0
    for seed in range(60):
        generator = np.random.default_rng(seed)
        positions = np.repeat(generator.normal(size=(70, 2)), 8, axis=0) + 0.01 * generator.normal(size=(560, 2))
        tempo = np.repeat(generator.normal(size=70), 8) + 0.1 * generator.normal(size=560)
        described_count += bool(
            find_slopes(positions.astype(np.float32), tempo[:, np.newaxis].astype(np.float32), ("tempo",))
        )
    assert described_count <= 3


@pytest.mark.parametrize("count", [0, 1, 2, 5, 16, 30])
def test_small_maps_have_no_directions(count: int) -> None:
    positions = plane(count)
    assert find_slopes(positions, positions[:, :1], ("tempo",)) == ()
    assert least_explained(count) == 1


def test_constant_features_or_coordinates_have_no_directions() -> None:
    assert find_slopes(plane(600), np.ones((600, 1), np.float32), ("tempo",)) == ()
    assert find_slopes(np.zeros((600, 2), np.float32), plane(600)[:, :1], ("tempo",)) == ()


@pytest.mark.parametrize(
    ("left", "right", "relation"),
    [((9, 0), (9, 0), "same"), ((9, 0), (0, 1), "relative"), ((0, 1), (7, 1), "fifth"), ((0, 1), (6, 1), "")],
)
def test_relation_of_two_keys(left: tuple[int, int], right: tuple[int, int], relation: str) -> None:
    assert key_relation(*left, *right) == key_relation(*right, *left) == relation


def test_names_of_keys_styles_and_lists() -> None:
    assert key_name(9, 0) == "A minor"
    assert style_name("Electronic---Dub Techno") == "dub techno"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed([]) == ""


def test_standard_scores_are_robust_against_outliers_and_constants() -> None:
    values = np.concatenate([np.linspace(-1, 1, 99), [1e9]]).astype(np.float32)
    scores = standardize(np.stack([values, np.ones(100, np.float32)], axis=1))
    assert scores[98, 0] == pytest.approx(1.45, abs=0.1)
    assert not scores[:, 1].any()
