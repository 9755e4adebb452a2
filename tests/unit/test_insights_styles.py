"""What stands out in a track: by each tag's own measure, in the words of the clusters' names."""

from __future__ import annotations

import numpy as np
import pytest

from spotmap_build.insights.styles import MAX_STYLES, find_styles

NAMES = ("Electronic---Dub Techno", "rock", "country", "female vocalists", "60s", "Electronic---Disco", "Soul---Disco")
QUIET = (0.0,) * len(NAMES)


def styles_of(*rows: tuple[float, ...], others: int = 20) -> list[list[tuple[str, int]]]:
    """Of these rows, in a library that has so many others without anything."""
    tags = np.array([*rows, *[QUIET] * others], dtype=np.float32)
    return [list(one) for one in find_styles(tags, NAMES)[: len(rows)]]


@pytest.mark.parametrize(
    ("activations", "words"),
    [
        ((0.4, 0, 0, 0, 0, 0, 0), ["dub techno"]),
        ((0, 0.07, 0, 0, 0, 0, 0), ["rock"]),  # faint, and more than anywhere else
        ((0, 0.02, 0.02, 0.02, 0, 0, 0), []),
        ((0, 0, 0.05, 0, 0, 0, 0), ["country"]),
        ((0, 0, 0, 0.2, 0, 0, 0), []),  # strings and pads have as much of a voice
        ((0, 0, 0, 0.3, 0, 0, 0), ["female voice"]),
        ((0, 0, 0, 0, 0.9, 0, 0), []),  # a decade is no sound
        ((0, 0, 0, 0, 0, 0.3, 0.6), ["disco"]),
        ((0.2, 0.6, 0, 0, 0, 0, 0), ["rock", "dub techno"]),
    ],
)
def test_what_stands_out(activations: tuple[float, ...], words: list[str]) -> None:
    (styles,) = styles_of(activations)
    assert [word for word, _ in styles] == words


def test_what_all_have_does_not_stand_out_unless_it_is_certain() -> None:
    half, whole = (0, 0.3, 0, 0, 0, 0, 0), (0, 0.6, 0, 0, 0, 0, 0)
    assert styles_of(half, half, half, others=0) == [[], [], []]
    assert [word for word, _ in styles_of(whole, whole, whole, others=0)[0]] == ["rock"]


def test_strengths_are_ranks_among_those_that_have_it() -> None:
    rows = [(0.1 + 0.1 * step, 0, 0, 0, 0, 0, 0) for step in range(3)]
    assert [strength for ((_, strength),) in styles_of(*rows, others=40)] == [2, 5, 8]


def test_a_track_has_few_styles_and_a_library_without_tags_none() -> None:
    names = tuple(f"Genre---Style {number}" for number in range(12))
    tags = np.zeros((30, 12), dtype=np.float32)
    tags[0] = 0.5
    assert [len(one) for one in find_styles(tags, names)] == [MAX_STYLES, *[0] * 29]
    assert find_styles(np.zeros((3, 0), dtype=np.float32), ()) == ()
    assert find_styles(np.zeros((0, 12), dtype=np.float32), names) == ()


def test_moods_and_instruments_are_among_the_first_words_and_take_no_place_of_styles() -> None:
    names = (*(f"Genre---Style {number}" for number in range(8)), "Mood---dark mood", "Instrument---piano")
    tags = np.zeros((30, len(names)), dtype=np.float32)
    tags[0, :8], tags[0, 8], tags[0, 9] = 0.3, 0.5, 0.9
    tags[1, 9] = 0.5
    first, second, *_ = find_styles(tags, names)
    words = [word for word, _ in first]
    assert words[2:4] == ["piano", "dark mood"]
    assert len([word for word in words if word.startswith("style")]) == MAX_STYLES
    assert [word for word, _ in second] == ["piano"]
