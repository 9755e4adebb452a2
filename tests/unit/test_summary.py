"""The end of a build says what is missing, why, and when it is tried again."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from spotmap_build.atlas import Figure
from spotmap_build.config import Config
from spotmap_build.config_values import Shard
from spotmap_build.describe import preview_command, review_command, shell_word
from spotmap_build.errors import LoginError
from spotmap_build.model import Failed
from spotmap_build.report import SUMMARY
from spotmap_build.summary import (
    SUMMARY_MARK,
    BuildResult,
    ShareResult,
    inert,
    markdown,
    missing_lines,
    share_lines,
    share_markdown,
    summary_lines,
)

WAITING = Failed("a", "download", "waiting", "", retryable=True, retry_at_unix_s=1_800_000_000)
LATER = Failed("b", "match", "no-match", "", retryable=True, retry_at_unix_s=1_900_000_000)
LEFT_OUT = Failed("c", "match", "excluded", "Left out by overrides.toml.")


def result(*failures: Failed, **changes: object) -> BuildResult:
    values: dict[str, object] = {
        "mapped_count": 10,
        "track_count": 10 + len(failures),
        "failures": failures,
        "embedded_count": 3,
        "changed": True,
        "seconds": 1.0,
    }
    return BuildResult(**(values | changes))  # type: ignore[arg-type]


def test_what_was_left_out_on_purpose_is_not_missing() -> None:
    assert result(LEFT_OUT, WAITING).missing == (WAITING,)


def test_a_page_of_ci_says_how_good_the_map_is() -> None:
    figure = Figure("trust", "trustworthiness", 0.9348, "Neighbors are *real*.")
    page = markdown(result(figures=(figure,)), "A map")
    assert page.endswith("\nHow good is this map?\n\n- trustworthiness 0.93: Neighbors are \\*real\\*.\n")
    assert "How good" not in markdown(result(), "A map")


def test_a_shard_says_what_of_its_share_is_in_the_cache() -> None:
    share = ShareResult(Shard(2, 3), 5, (WAITING,), 3, 1.0)
    lines = list(share_lines(share, "20 s"))
    assert lines[0] == "Shard 2/3: 4 of its 5 tracks are in the cache (20 s)."
    assert lines[3].strip().startswith("1 waiting")
    assert f"- {lines[1]}\n" in share_markdown(share, "A *map*")
    trouble = share_markdown(replace(share, problem=LoginError("No login.", hint="Log in.")), "A *map*")
    assert "> **No login.** Log in." in trouble


def test_the_commonest_reason_comes_first_and_the_next_try_is_the_earliest() -> None:
    lines = list(missing_lines((LATER, WAITING, WAITING)))
    assert lines[0].startswith("2 waiting")
    assert lines[1].startswith("1 without a certain match")
    assert lines[2] == "The next retry is possible after 2027-01-15 08:00 UTC."


@pytest.mark.parametrize(
    ("out", "preview", "review"),
    [
        ("site", "preview site", "review"),
        ("my map", "preview 'my map'", "review --report 'my map.report.json'"),
        (
            "it's $HOME; `id`",
            "preview 'it'\"'\"'s $HOME; `id`'",
            "review --report 'it'\"'\"'s $HOME; `id`.report.json'",
        ),
        ("-map", "preview ./-map", "review --report ./-map.report.json"),
        (
            "m\xe9\udcff's\n",
            "preview $'m\\303\\251\\377\\047s\\012'",
            "review --report $'m\\303\\251\\377\\047s\\012.report.json'",
        ),
        ("/srv/my map", "preview '/srv/my map'", "review --report '/srv/my map.report.json'"),
    ],
)
def test_a_command_that_is_printed_can_be_pasted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, out: str, preview: str, review: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.platform", "linux")
    usual = Config(out=tmp_path / "site", overrides=tmp_path / "overrides.toml")
    config = replace(usual, out=tmp_path / out)
    assert preview_command(config) == f"spotmap-build {preview}"
    assert review_command(config, usual) == f"spotmap-build {review}"
    assert next(missing_lines((LATER,), review_command(config, usual))).endswith(f": spotmap-build {review}")
    elsewhere = replace(usual, overrides=tmp_path / "my choices.toml")
    assert review_command(elsewhere, usual) == "spotmap-build review --overrides 'my choices.toml'"


def test_a_command_for_windows_has_quotation_marks_of_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "win32")
    assert shell_word("my map") == '"my map"'


def test_nothing_missing_is_one_line() -> None:
    assert list(summary_lines(result(), "3 s", Path("r.json"))) == ["10 of 10 tracks are on the map (3 s)."]


@pytest.mark.parametrize(
    ("missing", "line"),
    [((WAITING,), "1 is missing; r.json says why:"), ((WAITING, LATER), "2 are missing; r.json says why:")],
)
def test_what_is_missing_is_counted_in_plain_words(missing: tuple[Failed, ...], line: str) -> None:
    assert list(summary_lines(result(*missing), "3 s", Path("r.json")))[1] == line


def test_the_page_of_a_scheduled_build_names_the_problem_and_what_to_do() -> None:
    problem = LoginError("The login to Spotify has ended.", hint="Log in again: spotmap-build login.")
    text = markdown(result(WAITING, problem=problem, notices=("The library is of yesterday.",)), "My map")
    assert text.startswith("## My map\n")
    assert "> **The login to Spotify has ended.** Log in again: spotmap-build login." in text
    assert "- The library is of yesterday." in text
    assert "1 waiting until" in text
    assert "\n\n\n" not in text


def test_what_is_quoted_on_that_page_begins_no_line_of_its_own() -> None:
    hostile = "x\n\n# Heading\r::error::x\u2028\x1b[2J"
    problem = LoginError(hostile, hint=hostile)
    text = markdown(result(WAITING, problem=problem, notices=(hostile,)), hostile)
    assert not {"\r", "\x1b", "\u2028"} & set(text)
    assert len(text.splitlines()) == len(
        markdown(result(WAITING, problem=LoginError("x", hint="y"), notices=("x",)), "x").splitlines()
    )


HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "a\n# heading",
    "a\r\n\r\n- item\n",
    "# heading",
    "- item",
    "--- ",
    "===",
    "1. one",
    "22) two",
    "+ plus",
    "[text](https://evil.example)",
    "![picture](https://evil.example/x.png)",
    "<https://evil.example>",
    "https://evil.example",
    "WWW.evil.example",
    "`code`",
    "**bold** _it_ ~~gone~~",
    "a | b",
    "&lt;b&gt;",
    "\\<b>",
    "\x1b]0;title\x07",
    "\u202eabc",
    "@somebody",
    "~~~",
    "$x$",
    "    code",
]
MARKS = set("`*_[]<>&~|$")


@pytest.mark.parametrize("text", HOSTILE)
def test_what_others_wrote_is_no_markdown(text: str) -> None:
    shown = inert(text)
    assert shown.replace("\u2060", "").isprintable()
    pairs = re.findall(r"\\(.)|(.)", shown)
    assert not {plain for _, plain in pairs} & MARKS
    assert not re.match(r"\s|(#|-|\+|=|\d+[.)])\s|[-=]{2}", shown)
    assert not re.search(r"(?<!\\)://|www\.|@\w", shown.lower())


@pytest.mark.parametrize("text", ["Their map", "Größer", "12 of 13", "2.5 hours", "-5 °C", "a - b #1", "C#"])
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert inert(text) == text


@pytest.mark.parametrize("text", HOSTILE)
def test_no_name_adds_a_line_to_the_summary(text: str) -> None:
    plain = markdown(result(problem=LoginError("x", hint="x"), notices=("x",)), "x")
    hostile = markdown(result(problem=LoginError(text, hint=text), notices=(text,)), text)
    assert [line[:2] for line in hostile.splitlines()] == [line[:2] for line in plain.splitlines()]


def test_the_summary_of_a_build_is_known_again() -> None:
    assert SUMMARY.beginning.match(SUMMARY_MARK.encode())
    assert SUMMARY.beginning.match(markdown(result(), "<b>\n").encode())
