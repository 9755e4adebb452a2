"""The summary of a build: what is missing and why, when it is retried, and text that is safe in Markdown."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from spotmap_build.atlas import Figure
from spotmap_build.cli import main
from spotmap_build.companion_files import SUMMARY
from spotmap_build.config import Config
from spotmap_build.config_values import Shard
from spotmap_build.core.program import COMMANDS, shell_word, with_program
from spotmap_build.describe import preview_command, review_command
from spotmap_build.errors import LoginError
from spotmap_build.model import Failed, Track
from spotmap_build.summary import (
    SUMMARY_MARK,
    BuildResult,
    ShardResult,
    inert,
    markdown,
    missing_lines,
    names_of_missing,
    shard_lines,
    shard_markdown,
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


def test_excluded_tracks_are_not_missing() -> None:
    assert result(LEFT_OUT, WAITING).missing == (WAITING,)


def test_ci_summary_explains_the_quality_of_the_map() -> None:
    figure = Figure("trust", "trustworthiness", 0.9348, "Neighbors are *real*.")
    page = markdown(result(figures=(figure,)), "A map")
    assert page.endswith("\nHow good is this map?\n\n- trustworthiness 0.93: Neighbors are \\*real\\*.\n")
    assert "How good" not in markdown(result(), "A map")


def test_summary_of_a_shard_counts_its_cached_tracks() -> None:
    shard = ShardResult(Shard(2, 3), 5, (WAITING,), 3, 1.0)
    lines = list(shard_lines(shard, "20 s"))
    assert lines[0] == "Shard 2/3: 4 of its 5 tracks are in the cache (20 s)."
    assert lines[3].strip().startswith("1 waiting")
    assert f"- {lines[1]}\n" in shard_markdown(shard, "A *map*")
    trouble = shard_markdown(replace(shard, problem=LoginError("No login.", hint="Log in.")), "A *map*")
    assert "> **No login.** Log in." in trouble


def test_most_common_reason_comes_first_with_the_earliest_retry() -> None:
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
def test_printed_commands_can_be_pasted(
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


def test_printed_commands_name_the_program_by_its_path_if_the_shell_does_not_find_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "my venv" / "bin"
    folder.mkdir(parents=True)
    (folder / "spotmap-build").write_text("#!/bin/sh\n")
    (folder / "spotmap-build").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["my venv/bin/spotmap-build", "--source", "demo"])
    monkeypatch.setenv("PATH", str(tmp_path))
    assert preview_command(Config(out=tmp_path / "site")) == "'my venv/bin/spotmap-build' preview site"
    monkeypatch.setenv("PATH", str(folder))
    assert preview_command(Config(out=tmp_path / "site")) == "spotmap-build preview site"


def test_commands_in_sentences_say_how_the_program_was_started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    hint = "Update spotmap-build, or run spotmap-build login (`spotmap-build --source demo` needs none)."
    assert tuple(sorted(main.commands)) == COMMANDS
    monkeypatch.setattr("sys.argv", ["/x/spotmap_build/__main__.py", "plan"])
    monkeypatch.setattr("sys.executable", "/my venv/python")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("PATH", str(tmp_path))
    typed = "'/my venv/python' -m spotmap_build"
    assert with_program(hint) == f"Update spotmap-build, or run {typed} login (`{typed} --source demo` needs none)."
    monkeypatch.setattr("sys.argv", ["/my venv/other", "plan"])
    assert with_program(hint) == hint


def test_windows_commands_use_double_quotes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "win32")
    assert shell_word("my map") == '"my map"'


def test_complete_map_has_a_one_line_summary() -> None:
    assert list(summary_lines(result(), "3 s", Path("r.json"))) == ["10 of 10 tracks are on the map (3 s)."]


@pytest.mark.parametrize(
    ("missing", "line"),
    [((WAITING,), "1 is missing; r.json says why:"), ((WAITING, LATER), "2 are missing; r.json says why:")],
)
def test_missing_tracks_are_counted(missing: tuple[Failed, ...], line: str) -> None:
    assert list(summary_lines(result(*missing), "3 s", Path("r.json")))[1] == line


def test_first_missing_tracks_are_named_for_each_reason() -> None:
    failures = [*(replace(WAITING, track_id=f"w{number}") for number in range(5)), LATER]
    tracks = [Track(failure.track_id, f"Song {failure.track_id}", ("Band",)) for failure in failures]
    names = names_of_missing(failures, tracks)
    lines = list(summary_lines(result(*failures, names=names), "3 s", Path("r.json"), "spotmap-build review"))
    assert lines[3] == "      Band - Song w0; Band - Song w1; Band - Song w2; …"
    assert lines[5] == "      Band - Song b"
    assert lines[-1] == "  To list them all with their reasons: spotmap-build review --missing"
    assert "Band" not in markdown(result(*failures, names=names), "A map")


def test_long_name_of_a_missing_track_is_shortened() -> None:
    assert names_of_missing([LATER], [Track("b", "x" * 500)])["b"] == "x" * 79 + "…"


def test_ci_summary_names_the_problem_and_the_next_step() -> None:
    problem = LoginError("The login to Spotify has ended.", hint="Log in again: spotmap-build login.")
    text = markdown(result(WAITING, problem=problem, notices=("The library is of yesterday.",)), "My map")
    assert text.startswith("## My map\n")
    assert "> **The login to Spotify has ended.** Log in again: spotmap-build login." in text
    assert "- The library is of yesterday." in text
    assert "1 waiting until" in text
    assert "\n\n\n" not in text


def test_quoted_text_cannot_start_a_line_in_the_ci_summary() -> None:
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
def test_hostile_text_is_inert_in_markdown(text: str) -> None:
    shown = inert(text)
    assert shown.replace("\u2060", "").isprintable()
    pairs = re.findall(r"\\(.)|(.)", shown)
    assert not {plain for _, plain in pairs} & MARKS
    assert not re.match(r"\s|(#|-|\+|=|\d+[.)])\s|[-=]{2}", shown)
    assert not re.search(r"(?<!\\)://|www\.|@\w", shown.lower())


@pytest.mark.parametrize("text", ["Their map", "Größer", "12 of 13", "2.5 hours", "-5 °C", "a - b #1", "C#"])
def test_ordinary_text_is_unchanged(text: str) -> None:
    assert inert(text) == text


@pytest.mark.parametrize("text", HOSTILE)
def test_names_cannot_add_lines_to_the_summary(text: str) -> None:
    plain = markdown(result(problem=LoginError("x", hint="x"), notices=("x",)), "x")
    hostile = markdown(result(problem=LoginError(text, hint=text), notices=(text,)), text)
    assert [line[:2] for line in hostile.splitlines()] == [line[:2] for line in plain.splitlines()]


def test_summary_of_a_build_is_recognized() -> None:
    assert SUMMARY.beginning.match(SUMMARY_MARK.encode())
    assert SUMMARY.beginning.match(markdown(result(), "<b>\n").encode())
