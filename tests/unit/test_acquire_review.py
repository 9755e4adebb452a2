"""The review command: which tracks it asks about, in which order, and how it writes overrides.toml."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from spotmap_build.acquire.overrides import Override, read_overrides, write_override
from spotmap_build.acquire.review import (
    Choice,
    describe,
    doubtful,
    missing_tracks,
    options,
    parse_answer,
    run_review,
)
from spotmap_build.errors import ConfigError
from spotmap_build.ledger import LedgerOption, LedgerRow
from spotmap_build.model import Candidate, Considered, Failed, Library, Match, Omission, Track
from spotmap_build.report import write_report

BOUND = 0.7


def considered(video_id: str, title: str = "Song", duration_s: int | None = 200, reason: str = "") -> dict[str, Any]:
    row = {"video_id": video_id, "title": title, "artists": ["Band"], "duration_s": duration_s, "score": 0.5}
    return row | {"reason": reason}


def row(name: str, *, score: float | None, video_id: str | None = None, others: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return a ledger row of the report; without a score, no match was attempted."""
    match: dict[str, Any] | None = None
    if score is not None:
        match = {
            "video_id": video_id,
            "title": video_id and "Song",
            "artists": ["Band"],
            "duration_s": 203,
            "score": score,
        }
        match |= {"evidence": ["the title differs"], "considered": [considered(other) for other in others]}
    mapped = {"status": "mapped", "stage": None, "code": None, "detail": None}
    failed = {"status": "failed", "stage": "match", "code": "no-match", "detail": "None of them is it."}
    facts = {"id": f"id-{name}", "title": name, "artists": ["Band"], "album": "Album", "duration_ms": 200_000}
    later = {"retryable": False, "retry_at": None, "match": match}
    return facts | (mapped if video_id else failed) | later


def typed(raw: dict[str, Any]) -> LedgerRow:
    return msgspec.convert(raw, LedgerRow)


def report(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "site.report.json"
    path.write_bytes(msgspec.json.encode({"schema": "spotmap.report/1", "tracks": len(rows), "ledger": rows}))
    return path


def test_most_doubtful_tracks_come_first() -> None:
    rows = [
        row("fine", score=0.95, video_id="a" * 11),
        row("weak", score=0.6, video_id="a" * 11),
        row("at the bound", score=BOUND, video_id="a" * 11),
        row("weaker", score=0.2, video_id="a" * 11),
        row("none of these", score=0.5, others=("b" * 11,)),
        row("perhaps one of these", score=0.3, others=("b" * 11,)),
        row("nothing was found", score=0.0),
        row("from a folder", score=None),
    ]
    assert [found.title for found in doubtful([typed(raw) for raw in rows], BOUND)] == [
        *("perhaps one of these", "none of these"),
        *("weaker", "weak"),
    ]


def test_missing_tracks_are_listed_with_their_reasons(tmp_path: Path) -> None:
    excluded = row("excluded", score=None) | {"status": "excluded"}
    path = report(tmp_path, row("fine", score=0.9, video_id="a" * 11), row("gone", score=None), excluded)
    assert list(missing_tracks(path)) == ["Band - gone: None of them is it."]
    assert list(missing_tracks(report(tmp_path, excluded))) == ["No track is missing."]


def test_failure_of_another_stage_is_not_reviewed() -> None:
    waiting = row("waiting", score=0.9, others=("b" * 11,)) | {"stage": "download"}
    assert doubtful([typed(waiting)], BOUND) == []


def test_current_match_is_the_first_option_and_listed_once() -> None:
    choices = options(typed(row("x", score=0.5, video_id="a" * 11, others=("b" * 11, "a" * 11))))
    assert [option.video_id for option in choices] == ["a" * 11, "b" * 11]
    assert choices[0].reason == "the title differs"


CHOICES = (LedgerOption("a" * 11), LedgerOption("b" * 11))


@pytest.mark.parametrize(
    ("answer", "choice"),
    [
        ("", Choice()),
        (" K ", Choice()),
        ("q", Choice(stops=True)),
        ("n", Choice(Override(exclude=True))),
        ("2", Choice(Override(video_id="b" * 11))),
        ("12345678901", Choice(Override(video_id="12345678901"))),
        ("https://youtu.be/QH3Fx41Jpl4", Choice(Override(video_id="QH3Fx41Jpl4"))),
    ],
)
def test_answer_is_parsed(answer: str, choice: Choice) -> None:
    assert parse_answer(answer, CHOICES) == choice


@pytest.mark.parametrize(("answer", "words"), [("0", "number 0"), ("3", "number 3"), ("-1", "-1"), ("yes", "yes")])
def test_invalid_answer_is_reported(answer: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_answer(answer, CHOICES)


def test_track_is_shown_with_its_options() -> None:
    raw = row("Song \x1b[31m", score=0.5, video_id="a" * 11)
    raw["match"]["considered"] = [
        considered("b" * 11, "Song (Live)", 188, "it is a live recording"),
        considered("c" * 11, duration_s=200),
        considered("d" * 11, duration_s=None),
    ]
    assert describe(typed(raw)).splitlines() == [
        "",
        "Band - Song  [31m",
        "    Album · 3:20",
        "  1 Band - Song  [taken]",
        "    3:23, 3 s longer; the title differs",
        f"    https://music.youtube.com/watch?v={'a' * 11}",
        "  2 Band - Song (Live)",
        "    3:08, 12 s shorter; it is a live recording",
        f"    https://music.youtube.com/watch?v={'b' * 11}",
        "  3 Band - Song",
        "    of the same length",
        f"    https://music.youtube.com/watch?v={'c' * 11}",
        "  4 Band - Song",
        "    of unknown length",
        f"    https://music.youtube.com/watch?v={'d' * 11}",
    ]


def test_unmapped_track_is_shown_with_its_reason() -> None:
    assert "    Not on the map: None of them is it." in describe(typed(row("x", score=0.5, others=("b" * 11,))))


def scripted(*answers: str) -> tuple[Callable[[str], str], list[str]]:
    """Return a function that gives these answers, then the end of input, and the list of its questions."""
    questions: list[str] = []

    def ask(question: str) -> str:
        questions.append(question)
        if len(questions) > len(answers):
            raise EOFError
        return answers[len(questions) - 1]

    return ask, questions


def test_answers_are_written_one_by_one(tmp_path: Path) -> None:
    path = report(
        tmp_path,
        row("1 none", score=0.1, others=("b" * 11,)),
        row("2 second", score=0.2, video_id="a" * 11, others=("b" * 11,)),
        row("3 pasted", score=0.3, video_id="a" * 11),
        row("4 kept", score=0.4, video_id="a" * 11),
        row("5 after the end", score=0.5, video_id="a" * 11),
        row("6 never asked", score=0.6, video_id="a" * 11),
    )
    overrides = tmp_path / "overrides.toml"
    shown: list[str] = []
    ask, questions = scripted("n", "7", "2", "https://youtu.be/QH3Fx41Jpl4", "")
    assert run_review(path, overrides, ask=ask, show=shown.append, doubtful_below=BOUND) == 3
    assert read_overrides(overrides) == {
        "id-1 none": Override(exclude=True),
        "id-2 second": Override(video_id="b" * 11),
        "id-3 pasted": Override(video_id="QH3Fx41Jpl4"),
    }
    assert "# Band - 2 second\n" in overrides.read_text()
    assert "There is no number 7." in shown
    assert [question.partition("]")[0] for question in questions] == [
        "[1 of 6",
        "[2 of 6",
        "[2 of 6",
        *(f"[{n} of 6" for n in (3, 4, 5)),
    ]
    assert shown[-1].startswith("\nChoices written to ")


def test_choice_is_saved_before_the_next_question(tmp_path: Path) -> None:
    path = report(tmp_path, row("a", score=0.1, video_id="a" * 11), row("b", score=0.2, video_id="a" * 11))
    overrides = tmp_path / "overrides.toml"
    saved_counts: list[int] = []

    def ask(question: str) -> str:
        saved_counts.append(len(read_overrides(overrides)))
        return "n"

    run_review(path, overrides, ask=ask, show=lambda text: None, doubtful_below=BOUND)
    assert saved_counts == [0, 1]


def test_decided_tracks_are_shown_only_with_everything(tmp_path: Path) -> None:
    path = report(tmp_path, row("a", score=0.1, video_id="a" * 11), row("sure", score=0.9, video_id="a" * 11))
    overrides = tmp_path / "overrides.toml"
    write_override(overrides, "id-a", Override(exclude=True), "Band - a")
    shown: list[str] = []
    run_review(path, overrides, ask=None, show=shown.append, doubtful_below=BOUND)
    assert shown == ["Nothing to review: no match is in doubt."]
    shown.clear()
    run_review(path, overrides, ask=None, show=shown.append, doubtful_below=BOUND, everything=True)
    assert [text.splitlines()[1] for text in shown] == ["Band - a", "Band - sure"]


def test_report_of_a_library_with_episodes_and_failures_is_read_back(tmp_path: Path) -> None:
    """Entries that are no tracks have rows without an album."""
    omitted = Omission("spotify:episode:1", "A talk", "episode", "A podcast.")
    library = Library((Track("a", "Song", ("Band",)), Track("b", "Silence")), omissions=(omitted,))
    failures = (Failed("b", "embed", "silent", "There is no sound in it.", retry_at_unix_s=1_800_000_000),)
    other = Considered(Candidate("b" * 11, "Other"), 0.4, "another title")
    match = Match(Candidate("a" * 11, "Song", ("Band",), duration_s=200), 0.3, ("the title differs",), (other,))
    path, shown = tmp_path / "site.report.json", list[str]()
    write_report(
        path, library, failures, {"a": match}, reached="mapped", preview_ids=frozenset("a"), extra={}, force=False
    )
    run_review(path, tmp_path / "overrides.toml", ask=None, show=shown.append, doubtful_below=BOUND)
    (text,) = shown
    assert "  1 Band - Song  [taken]" in text
    assert "  2 Other" in text


@pytest.mark.parametrize("content", [None, b"pipe", b"", b"{}", b'{"ledger": [{}]}', b"\xff"])
def test_invalid_report_is_reported(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "site.report.json"
    if content == b"pipe":
        os.mkfifo(path)
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"report") as caught:
        run_review(path, tmp_path / "overrides.toml", ask=None, show=lambda text: None, doubtful_below=BOUND)
    assert "Build the map" in caught.value.hint
