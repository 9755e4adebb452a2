"""Progress is told in the way that fits who listens: a bar, lines, or JSON."""

from __future__ import annotations

import io
import json

import pytest

from spotmap_build.progress import PlainProgress, TerminalProgress, format_seconds, make_progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def tell(mode: str, stream: io.StringIO) -> str:
    progress = make_progress(mode, stream)
    progress.begin("embed", "listening", total=2)
    progress.advance(1)
    progress.end("2 recordings")
    progress.say("something is odd", level="warning")
    progress.close()
    return stream.getvalue()


def test_lines_name_the_stage_and_its_outcome() -> None:
    told = tell("auto", io.StringIO())
    assert told.splitlines() == ["embed: listening (2)", "embed: 2 recordings", "warning: something is odd"]


def test_json_is_one_object_a_line() -> None:
    events = [json.loads(line) for line in tell("json", io.StringIO()).splitlines()]
    assert [event["event"] for event in events] == ["begin", "advance", "end", "message"]
    assert events[0]["total"] == 2
    assert {event["stage"] for event in events} == {"embed"}


def test_a_terminal_gets_a_bar_and_a_tick() -> None:
    stream = Terminal()
    assert isinstance(make_progress("auto", stream), TerminalProgress)
    told = tell("auto", stream)
    assert "✓" in told
    assert "2 recordings" in told


def test_markup_in_a_message_is_told_as_it_is() -> None:
    stream = Terminal()
    progress = make_progress("auto", stream)
    progress.begin("fetch", "looking")
    progress.end("[bold]not markup[/bold] [link=x]")
    assert "[bold]not markup[/bold] [link=x]" in stream.getvalue()


def test_plain_lines_come_now_and_then_only(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now_s[0])
    stream = io.StringIO()
    progress = PlainProgress(stream)
    progress.begin("embed", "listening", total=100)
    for done in range(1, 31):
        now_s[0] = float(done)
        progress.advance(done)
    assert stream.getvalue().count("about") == 3


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "0 s"), (45, "45 s"), (89, "89 s"), (200, "3 min"), (4800, "80 min"), (5700, "1 h 35 min")],
)
def test_seconds_are_told_as_exactly_as_is_useful(seconds: float, text: str) -> None:
    assert format_seconds(seconds) == text
