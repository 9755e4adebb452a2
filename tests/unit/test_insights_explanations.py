"""Neighbors are explained by what few pairs share, and directions of the map only where they mean something."""

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
    """A hundred ordinary tracks, and before them ``rows``, which differ from those as they say."""
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


def test_a_tempo_and_a_key_are_as_remarkable_as_they_are_rare() -> None:
    embeddings = embeddings_of([{"tempo": 120, "key": 9, "mode": 0, "key_clarity": 80.0}] * 2)
    chances = {reason.text: reason.chance for reason in Explainer(embeddings).shared(0, 1)}
    tempi, *_, keys, modes, clarity = (embeddings.features[:, column].astype(float) for column in range(len(NAMES)))
    assert chances["tempo 120 and 120 BPM"] == np.mean(np.abs(tempi / 120 - 1) <= 0.01)
    assert chances["both in A minor"] == np.mean((keys == 9) & (modes == 0) & (clarity >= 60))


def test_two_styles_are_named_at_most_and_none_twice() -> None:
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
    "of_both",
    [
        {"brightness": 1500.0},  # in the middle, where most are
        {"key": 9.0, "mode": 0.0, "key_clarity": 20.0},  # the key is a guess
        {"tempo": 120.0, "beat_strength": 10.0},  # so is the tempo
        {"jazz": 0.03},
    ],
)
def test_what_most_share_or_nobody_knows_is_no_reason(of_both: dict[str, float]) -> None:
    subject = {"brightness": "bright", "key": "A minor", "tempo": "120", "jazz": "jazz"}[next(iter(of_both))]
    assert not [text for text in texts(of_both, of_both) if subject in text]


def test_a_misfit_is_reported_by_how_it_differs() -> None:
    explainer = Explainer(embeddings_of([{"brightness": 4000, "jazz": 0.9}]))
    reasons = explainer.difference(0, tuple(range(1, 100)))
    assert any(reason.startswith("brighter (4000 Hz against 1") for reason in reasons)
    assert any(reason.startswith("jazz (90% against") for reason in reasons)


def test_without_tags_and_features_there_is_nothing_to_say() -> None:
    nothing = np.zeros((3, 0), np.float32)
    explainer = Explainer(Embeddings(("a", "b", "c"), np.zeros((3, 2), np.float32), nothing, (), nothing, ()))
    assert explainer.shared(0, 1) == ()
    assert explainer.difference(0, [1, 2]) == ()
    assert explainer.difference(0, (1, 2)) == ()


def test_many_pairs_at_once_share_what_each_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spotmap_build.insights.explanations.BATCH_PAIRS", 64)
    explainer = Explainer(embeddings_of([{"jazz": 0.9, "tempo": 100, "key": 2, "mode": 1, "key_clarity": 90.0}] * 3))
    pairs = [(one, other) for one in range(20) for other in range(20) if one != other]
    found = list(explainer.shared_by_each(pairs))
    assert found == [explainer.shared(*pair) for pair in pairs]
    assert {"both jazz (90% and 90%)", "tempo 100 and 100 BPM"} <= {one.text for one in found[0]}
    assert list(explainer.shared_by_each([])) == []


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_few_equal_tracks_are_no_error(count: int) -> None:
    full = embeddings_of([])
    rows = np.zeros(count, dtype=np.intp)
    few = Embeddings(
        full.track_ids[:count], full.vectors[rows], full.tags[rows], full.tag_names, full.features[rows], NAMES
    )
    explainer = Explainer(few)
    explainer.shared(0, count - 1)
    explainer.difference(0, range(count))


def plane(count: int, seed: int = 0) -> Float32Array:
    return np.random.default_rng(seed).normal(size=(count, 2)).astype(np.float32)


def test_a_direction_that_means_something_is_reported() -> None:
    where, noise = plane(600), np.random.default_rng(1).normal(scale=0.5, size=(600, 2))
    features = np.stack([100 - 20 * (where[:, 1] + noise[:, 0]), 1000 + 300 * (where[:, 0] + noise[:, 1])], axis=1)
    slopes = find_slopes(where, features.astype(np.float32), ("tempo", "brightness"))
    assert describe_slopes(slopes) == "to the right brighter; upwards slower"


def test_a_direction_of_one_part_is_reported_for_that_part() -> None:
    where = plane(900)
    is_part = where[:, 0] > 0
    part, tempo = np.flatnonzero(is_part), 100 + 30 * where[:, 1] * np.where(is_part, 1, -1)
    features = tempo[:, np.newaxis].astype(np.float32)
    assert find_slopes(where, features, ("tempo",)) == ()
    assert describe_slopes(find_slopes(where, features, ("tempo",), part.tolist())) == "upwards faster"


def test_blobs_with_a_mood_each_are_no_direction() -> None:
    """Seventy groups, each of one random tempo: hundreds of tracks, and still only seventy observations."""
    said = 0
    for seed in range(60):
        generator = np.random.default_rng(seed)
        where = np.repeat(generator.normal(size=(70, 2)), 8, axis=0) + 0.01 * generator.normal(size=(560, 2))
        tempo = np.repeat(generator.normal(size=70), 8) + 0.1 * generator.normal(size=560)
        said += bool(find_slopes(where.astype(np.float32), tempo[:, np.newaxis].astype(np.float32), ("tempo",)))
    assert said <= 3


@pytest.mark.parametrize("count", [0, 1, 2, 5, 16, 30])
def test_small_maps_have_no_directions(count: int) -> None:
    where = plane(count)
    assert find_slopes(where, where[:, :1], ("tempo",)) == ()
    assert least_explained(count) == 1


def test_equal_features_and_places_have_no_directions() -> None:
    assert find_slopes(plane(600), np.ones((600, 1), np.float32), ("tempo",)) == ()
    assert find_slopes(np.zeros((600, 2), np.float32), plane(600)[:, :1], ("tempo",)) == ()


@pytest.mark.parametrize(
    ("one", "other", "relation"),
    [((9, 0), (9, 0), "same"), ((9, 0), (0, 1), "relative"), ((0, 1), (7, 1), "fifth"), ((0, 1), (6, 1), "")],
)
def test_how_keys_are_related(one: tuple[int, int], other: tuple[int, int], relation: str) -> None:
    assert key_relation(*one, *other) == key_relation(*other, *one) == relation


def test_words() -> None:
    assert key_name(9, 0) == "A minor"
    assert style_name("Electronic---Dub Techno") == "dub techno"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed([]) == ""


def test_standard_scores_ignore_a_broken_measurement_and_a_constant() -> None:
    values = np.concatenate([np.linspace(-1, 1, 99), [1e9]]).astype(np.float32)
    scores = standardize(np.stack([values, np.ones(100, np.float32)], axis=1))
    assert scores[98, 0] == pytest.approx(1.45, abs=0.1)
    assert not scores[:, 1].any()
