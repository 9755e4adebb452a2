"""Styles of a track: the tags that stand out from the library, in the words of the clusters' names."""

from __future__ import annotations

import numpy as np
import pytest

from spotmap_build.insights.styles import MAX_STYLES, find_styles

NAMES = ("Electronic---Dub Techno", "rock", "country", "female vocalists", "60s", "Electronic---Disco", "Soul---Disco")
QUIET = (0.0,) * len(NAMES)


def styles_of(*rows: tuple[float, ...], others: int = 20) -> list[list[tuple[str, int]]]:
    """Return the styles of these rows in a library with ``others`` tracks without tags."""
    tags = np.array([*rows, *[QUIET] * others], dtype=np.float32)
    return [list(styles) for styles in find_styles(tags, NAMES)[: len(rows)]]


@pytest.mark.parametrize(
    ("activations", "words"),
    [
        ((0.4, 0, 0, 0, 0, 0, 0), ["dub techno"]),
        ((0, 0.07, 0, 0, 0, 0, 0), ["rock"]),  # weak, but stronger than in any other track
        ((0, 0.02, 0.02, 0.02, 0, 0, 0), []),
        ((0, 0, 0.05, 0, 0, 0, 0), ["country"]),
        ((0, 0, 0, 0.2, 0, 0, 0), []),  # strings and pads get such a score as well
        ((0, 0, 0, 0.3, 0, 0, 0), ["female voice"]),
        ((0, 0, 0, 0, 0.9, 0, 0), []),  # a decade is not a style
        ((0, 0, 0, 0, 0, 0.3, 0.6), ["disco"]),
        ((0.2, 0.6, 0, 0, 0, 0, 0), ["rock", "dub techno"]),
    ],
)
def test_outstanding_tags_become_styles(activations: tuple[float, ...], words: list[str]) -> None:
    (styles,) = styles_of(activations)
    assert [word for word, _ in styles] == words


def test_common_tag_is_a_style_only_with_a_high_score() -> None:
    half, whole = (0, 0.3, 0, 0, 0, 0, 0), (0, 0.6, 0, 0, 0, 0, 0)
    assert styles_of(half, half, half, others=0) == [[], [], []]
    assert [word for word, _ in styles_of(whole, whole, whole, others=0)[0]] == ["rock"]


def test_strengths_are_ranks_among_tracks_with_the_style() -> None:
    rows = [(0.1 + 0.1 * step, 0, 0, 0, 0, 0, 0) for step in range(3)]
    assert [strength for ((_, strength),) in styles_of(*rows, others=40)] == [2, 5, 8]


def test_number_of_styles_is_limited_and_zero_without_tags() -> None:
    names = tuple(f"Genre---Style {number}" for number in range(12))
    tags = np.zeros((30, 12), dtype=np.float32)
    tags[0] = 0.5
    assert [len(styles) for styles in find_styles(tags, names)] == [MAX_STYLES, *[0] * 29]
    assert find_styles(np.zeros((3, 0), dtype=np.float32), ()) == ()
    assert find_styles(np.zeros((0, 12), dtype=np.float32), names) == ()


def test_moods_and_instruments_are_listed_in_addition_to_styles() -> None:
    names = (*(f"Genre---Style {number}" for number in range(8)), "Mood---dark mood", "Instrument---piano")
    tags = np.zeros((30, len(names)), dtype=np.float32)
    tags[0, :8], tags[0, 8], tags[0, 9] = 0.3, 0.5, 0.9
    tags[1, 9] = 0.5
    first, second, *_ = find_styles(tags, names)
    words = [word for word, _ in first]
    assert words[2:4] == ["piano", "dark mood"]
    assert len([word for word in words if word.startswith("style")]) == MAX_STYLES
    assert [word for word, _ in second] == ["piano"]
