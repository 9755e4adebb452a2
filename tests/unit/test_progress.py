"""Progress as a bar on a terminal, as plain lines, or as JSON; names cannot inject commands into any of them."""

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


def report_progress(mode: str, stream: io.StringIO) -> str:
    progress = make_progress(mode, stream)
    progress.begin("embed", "listening", total=2)
    progress.advance(1)
    progress.end("2 recordings")
    progress.say("something is odd", level="warning")
    progress.close()
    return stream.getvalue()


def test_lines_name_the_stage_and_its_outcome() -> None:
    output = report_progress("auto", io.StringIO())
    assert output.splitlines() == ["embed: listening (2)", "embed: 2 recordings", "warning: something is odd"]


def test_json_has_one_object_per_line() -> None:
    events = [json.loads(line) for line in report_progress("json", io.StringIO()).splitlines()]
    assert [event["event"] for event in events] == ["begin", "advance", "end", "message"]
    assert events[0]["total"] == 2
    assert {event["stage"] for event in events} == {"embed"}


def test_terminal_shows_a_bar_and_a_tick() -> None:
    stream = Terminal()
    assert isinstance(make_progress("auto", stream), TerminalProgress)
    output = report_progress("auto", stream)
    assert "✓" in output
    assert "2 recordings" in output


def test_markup_in_a_message_is_printed_literally() -> None:
    stream = Terminal()
    progress = make_progress("auto", stream)
    progress.begin("fetch", "looking")
    progress.end("[bold]not markup[/bold] [link=x]")
    assert "[bold]not markup[/bold] [link=x]" in stream.getvalue()


def test_plain_lines_are_printed_at_intervals(monkeypatch: pytest.MonkeyPatch) -> None:
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
def test_durations_are_rounded_for_people(seconds: float, text: str) -> None:
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


def commands(output: str) -> list[str]:
    """Return the lines that a CI runner would take for commands, by the rules of actions/runner."""
    lines = output.splitlines()
    return [line for line in lines if line.lstrip().startswith("::") or re.search(r"##\w*\[", line)]


@pytest.mark.parametrize("text", HOSTILE)
def test_names_cannot_inject_commands_or_lines_into_a_log(text: str) -> None:
    stream = io.StringIO()
    progress = PlainProgress(stream)
    progress.begin(text, text, total=2)
    progress.end(text)
    progress.say(text)
    progress.say(text, level="warning")
    output = stream.getvalue()
    assert output.count("\n") == len(output.splitlines()) == 4
    assert all(line.isprintable() or "\u00a0" in line for line in output.splitlines())
    assert not commands(output)
    output.encode()


@pytest.mark.parametrize("text", HOSTILE)
def test_json_preserves_any_text_and_cannot_inject_commands(text: str) -> None:
    stream = io.StringIO()
    progress = make_progress("json", stream)
    progress.begin("embed", text, total=2)
    progress.end(text)
    progress.say(text)
    output = stream.getvalue()
    assert output.count("\n") == len(output.splitlines()) == 3
    assert all(line.isprintable() or "\u00a0" in line for line in output.splitlines())
    assert not commands(output)
    begin, end, message = (json.loads(line) for line in output.encode().splitlines())
    assert begin["what"] == end["outcome"] == message["message"] == re.sub("[\ud800-\udfff]", "\ufffd", text)


def test_json_equals_that_of_orjson() -> None:
    stream = io.StringIO()
    make_progress("json", stream).say('Größe "\\" / \t 日本 😀', level="warning")
    output = stream.getvalue()
    assert output.encode() == orjson.dumps(orjson.loads(output)) + b"\n"


@pytest.mark.parametrize("text", HOSTILE)
def test_names_cannot_inject_terminal_sequences(text: str) -> None:
    def shown(text: str) -> str:
        stream = Terminal()
        progress = TerminalProgress(stream)
        progress.say(text)
        progress.end(text)
        return stream.getvalue()

    ordinary = re.escape(shown("ordinary")).replace("ordinary", "(?P<name>.*)", 1).replace("ordinary", "(?P=name)")
    found = re.fullmatch(ordinary, shown(text), re.DOTALL)
    assert found
    assert found["name"].replace("\u00a0", "").isprintable()


def test_bar_shows_a_name_literally() -> None:
    stream = Terminal()
    progress = TerminalProgress(stream)
    progress.begin("embed", "[red]a[/red]\x1b]0;t\x07\n::b")
    progress.close()
    assert "[red]a[/red] ]0;t  ::b" in stream.getvalue()
