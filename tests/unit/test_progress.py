"""Progress is given in the way that fits who listens: a bar, lines, or JSON."""

from __future__ import annotations

import io
import json
import re

import orjson
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
    said = tell("auto", io.StringIO())
    assert said.splitlines() == ["embed: listening (2)", "embed: 2 recordings", "warning: something is odd"]


def test_json_is_one_object_a_line() -> None:
    events = [json.loads(line) for line in tell("json", io.StringIO()).splitlines()]
    assert [event["event"] for event in events] == ["begin", "advance", "end", "message"]
    assert events[0]["total"] == 2
    assert {event["stage"] for event in events} == {"embed"}


def test_a_terminal_gets_a_bar_and_a_tick() -> None:
    stream = Terminal()
    assert isinstance(make_progress("auto", stream), TerminalProgress)
    said = tell("auto", stream)
    assert "✓" in said
    assert "2 recordings" in said


def test_markup_in_a_message_is_printed_as_it_is() -> None:
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
def test_seconds_are_reported_as_exactly_as_is_useful(seconds: float, text: str) -> None:
    assert format_seconds(seconds) == text


HOSTILE = [
    "x\n::error::y",
    "::stop-commands::z",
    " \t ::add-mask::y",
    "\x1b::error::y",
    "\u00a0::error::y",
    "a ##[error]b",
    "###[group]c",
    "##vso[task.setvariable]d",
    "\x1b[2J\x1b]0;t\x07",
    "\x9b2J\x7f",
    "a\rb\u2028c\u2029d\x85e\x0bf\x0cg",
    "\u202eabc\u2066",
    "\udcff\udcfe",
    "[bold]x[/bold]",
]


def commands(said: str) -> list[str]:
    """What a runner of CI would take for a command (as actions/runner reads a line)."""
    lines = said.splitlines()
    return [line for line in lines if line.lstrip().startswith("::") or re.search(r"##\w*\[", line)]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_name_commands_a_runner_or_adds_a_line_to_a_log(text: str) -> None:
    stream = io.StringIO()
    progress = PlainProgress(stream)
    progress.begin(text, text, total=2)
    progress.end(text)
    progress.say(text)
    progress.say(text, level="warning")
    said = stream.getvalue()
    assert said.count("\n") == len(said.splitlines()) == 4
    assert all(line.isprintable() or "\u00a0" in line for line in said.splitlines())
    assert not commands(said)
    said.encode()


@pytest.mark.parametrize("text", HOSTILE)
def test_json_tells_any_text_as_it_is_and_acts_on_nothing(text: str) -> None:
    stream = io.StringIO()
    progress = make_progress("json", stream)
    progress.begin("embed", text, total=2)
    progress.end(text)
    progress.say(text)
    said = stream.getvalue()
    assert said.count("\n") == len(said.splitlines()) == 3
    assert all(line.isprintable() or "\u00a0" in line for line in said.splitlines())
    assert not commands(said)
    begin, end, message = (json.loads(line) for line in said.encode().splitlines())
    assert begin["what"] == end["outcome"] == message["message"] == re.sub("[\ud800-\udfff]", "\ufffd", text)


def test_json_is_written_as_orjson_writes_it() -> None:
    stream = io.StringIO()
    make_progress("json", stream).say('Größe "\\" / \t 日本 😀', level="warning")
    said = stream.getvalue()
    assert said.encode() == orjson.dumps(orjson.loads(said)) + b"\n"


@pytest.mark.parametrize("text", HOSTILE)
def test_no_name_acts_on_a_terminal(text: str) -> None:
    def said(text: str) -> str:
        stream = Terminal()
        progress = TerminalProgress(stream)
        progress.say(text)
        progress.end(text)
        return stream.getvalue()

    ordinary = re.escape(said("ordinary")).replace("ordinary", "(?P<name>.*)", 1).replace("ordinary", "(?P=name)")
    found = re.fullmatch(ordinary, said(text), re.DOTALL)
    assert found
    assert found["name"].replace("\u00a0", "").isprintable()


def test_the_bar_of_a_stage_shows_a_name_as_it_is() -> None:
    stream = Terminal()
    progress = TerminalProgress(stream)
    progress.begin("embed", "[red]a[/red]\x1b]0;t\x07\n::b")
    progress.close()
    assert "[red]a[/red] ]0;t  ::b" in stream.getvalue()
