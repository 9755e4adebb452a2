"""Packing columns of the details files as docs/site-data.md describes, at the precision of the page."""

from __future__ import annotations

import gzip
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from spotmap_build.emit.columns import (
    NumberColumn,
    WordColumn,
    day_number,
    pack_ids,
    pack_texts,
    unpack_ids,
    unpack_numbers,
    unpack_words,
)
from tests.support.properties import PATIENT

ALPHABET = [code for code in range(35, 0x800) if code != 92 and not 127 <= code <= 160]
LINES = some.lists(some.text(some.characters(codec="utf-8", exclude_characters="\n\r\x85\u2028\u2029")), min_size=1)


def numbers(packed: dict[str, Any]) -> list[float | None]:
    """Decode as documented: even positions are steps up, odd ones steps down."""
    values: list[float | None] = []
    for character in packed["codes"]:
        position = -1 if character == " " else ALPHABET.index(ord(character))
        steps = position // 2 if position % 2 == 0 else -(position + 1) // 2
        values.append(None if position < 0 else packed["middle"] + steps * packed["step"])
    return values


def packed(values: list[float]) -> dict[str, Any]:
    return NumberColumn(np.array(values, dtype=np.float64)).encode_range(0, len(values))


@PATIENT
@given(LINES)
def test_any_ids_round_trip(ids: list[str]) -> None:
    assert unpack_ids(pack_ids(ids)) == ids


@pytest.mark.parametrize(
    "ids",
    [
        ["spotify:track:4uLU6hMCjMI75M1A2tKUQC", "spotify:track:0nQJEeL5uBKN9iZUqBvWFF"],
        ["spotify:track:4uLU6hMCjMI75M1A2tKUQC", "file:a", "=b", ""],
        ["spotify:track:=odd", "spotify:track:fine"],
        ["=a", "b"],
        [""],
    ],
)
def test_ids_of_mixed_libraries_round_trip(ids: list[str]) -> None:
    assert unpack_ids(pack_ids(ids)) == ids


def test_spotify_ids_are_joined_without_their_common_prefix() -> None:
    assert pack_ids(["spotify:track:abc", "spotify:track:xyz"]) == {
        "prefix": "spotify:track:",
        "width": 3,
        "text": "abcxyz",
    }


def test_texts_outside_the_basic_plane_are_stored_one_per_line() -> None:
    assert pack_texts(["\U0001d11e", "a"])["width"] == 0


@PATIENT
@given(some.lists(some.floats(-1e6, 1e6, allow_subnormal=False), min_size=1))
def test_numbers_round_trip_to_half_a_step(values: list[float]) -> None:
    column = packed(values)
    for given_value, value in zip(values, numbers(column), strict=True):
        assert value is not None
        assert abs(value - given_value) <= column["step"] * 0.501


def test_central_98_percent_of_values_have_60_steps_or_more() -> None:
    random = np.random.default_rng(5)
    for scale in (0.003, 1.0, 7.0, 400.0, 3e4):
        values = random.normal(3 * scale, scale, 5000)
        column = NumberColumn(values).encode_range(0, 5000)
        assert np.ptp(np.quantile(values, (0.01, 0.99))) / column["step"] >= 60
        assert len(json.dumps(column["step"])) <= 6


def test_outlier_neither_breaks_the_encoding_nor_merges_the_other_values() -> None:
    values = [*np.random.default_rng(5).normal(120, 20, 999).tolist(), 50_000.0]
    column = packed(values)
    assert max(map(ord, column["codes"])) < 0x800
    assert len(set(column["codes"])) > 1
    assert numbers(column)[-1] == pytest.approx(50_000, abs=column["step"])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 1, 11], [0, 1, 11]),
        ([np.nan, 7.5, np.inf], [None, 7.5, None]),
        ([np.nan], [None]),
        ([], []),
        ([0.123, 0.123], [0.123, 0.123]),
        ([0.0, 0.0], [0, 0]),
    ],
)
def test_integers_constants_and_missing_values_round_trip(values: list[float], expected: list[float | None]) -> None:
    assert numbers(packed(values)) == pytest.approx(expected)


def test_part_contains_its_rows() -> None:
    column = NumberColumn(np.arange(10.0))
    assert numbers(column.encode_range(3, 5)) == [3, 4]


def test_number_takes_less_than_a_byte_compressed() -> None:
    values = np.random.default_rng(5).normal(120, 20, 2048)
    size = len(gzip.compress(json.dumps(NumberColumn(values).encode_range(0, 2048), ensure_ascii=False).encode()))
    assert size / 2048 < 1


@pytest.mark.parametrize(
    ("day", "number"),
    [("1970-01-01", 0), ("1970-01-03T10:00:00Z", 2), ("2015-01-27", 16462), ("", None), ("soon", None)],
)
def test_days_are_numbered_from_1970(day: str, number: int | None) -> None:
    assert day_number(day) == number


def test_unpack_numbers_decodes_as_documented() -> None:
    values = np.random.default_rng(3).normal(size=2_000) ** 3
    column = packed([*values.tolist(), float("nan"), 0.0])
    expected = [float("nan") if value is None else value for value in numbers(column)]
    np.testing.assert_allclose(unpack_numbers(column), expected)


WORDS = some.lists(some.tuples(some.integers(0, 500).map("style {}".format), some.integers(1, 9)), max_size=6)


@PATIENT
@given(some.lists(WORDS, min_size=1, max_size=40), some.data())
def test_any_words_round_trip(rows: list[list[tuple[str, int]]], data: some.DataObject) -> None:
    column = WordColumn(rows)
    middle = data.draw(some.integers(0, len(rows) - 1))
    parts = [column.encode_range(first, end) for first, end in ((0, middle), (middle, len(rows))) if end > first]
    assert [row for part in parts for row in unpack_words(part, column.words)] == rows
    assert all("\\" not in json.dumps(part, ensure_ascii=False) for part in parts)


def test_frequent_words_have_plain_characters() -> None:
    column = WordColumn([[("rare", 3), ("common", 9)], [("common", 1)]])
    assert column.words == ["common", "rare"]
    assert column.encode_range(0, 2) == {"codes": "$# #", "strengths": "391"}
