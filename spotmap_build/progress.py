"""Progress of a build. The only module that prints while a build runs.

Everything goes to standard error, so that standard output stays free for results. There are three formats: ``tty`` (a
progress bar), ``plain`` (a line every ten seconds, for CI and log files) and ``json`` (one JSON object per line, for
programs).
"""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Final, Protocol, TextIO

from spotmap_build.core.program import with_program
from spotmap_build.core.text import log_line, printable, printable_json
from spotmap_build.core.translation import gettext, gettext_noop, translate

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

PLAIN_INTERVAL_S: Final = 10.0
"""Frequent enough to see that a build in CI is alive, rare enough to keep the log readable."""

LEVELS: Final = {"warning": gettext_noop("warning"), "error": gettext_noop("error")}


class Progress(Protocol):
    """Receiver of progress events. ``stage`` is a stage of the pipeline: fetch, embed, project, ..., emit."""

    def begin(self, stage: str, title: str, total: int | None = None) -> None:
        """Report the start of a stage; ``total`` is its number of steps, if known."""

    def advance(self, done: int) -> None:
        """Report that ``done`` steps of the stage are finished."""

    def end(self, outcome: str) -> None:
        """Report the end of the stage; ``outcome`` is a short sentence."""

    def say(self, message: str, *, level: str = "info") -> None:
        """Report a message; ``level`` is ``info``, ``warning`` or ``error``."""

    def close(self) -> None:
        """Restore the terminal. Called in any case, even after an error."""


def make_progress(mode: str, stream: TextIO | None = None) -> Progress:
    """Return the progress display for a mode; ``auto`` is ``tty`` on a terminal and ``plain`` elsewhere."""
    stream = stream or sys.stderr
    if mode == "json":
        return JsonProgress(stream)
    if mode == "tty" or (mode == "auto" and stream.isatty()):
        return TerminalProgress(stream)
    return PlainProgress(stream)


class PlainProgress:
    """Lines of text, at most one every ten seconds within a stage."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._stage = ""
        self._total: int | None = None
        self._started_s = 0.0
        self._reported_s = 0.0

    def begin(self, stage: str, title: str, total: int | None = None) -> None:
        self._stage, self._total = stage, total
        self._started_s = self._reported_s = time.monotonic()
        if total:
            self._line(f"{stage}: {translate(title)} ({total})")

    def advance(self, done: int) -> None:
        now_s = time.monotonic()
        if self._total and now_s - self._reported_s >= PLAIN_INTERVAL_S:
            self._reported_s = now_s
            left_s = (now_s - self._started_s) / max(done, 1) * (self._total - done)
            left = gettext(
                "{done} of {total}, about {time} left", done=done, total=self._total, time=format_seconds(left_s)
            )
            self._line(f"{self._stage}: {left}")

    def end(self, outcome: str) -> None:
        self._line(f"{self._stage}: {translate(outcome)}")

    def say(self, message: str, *, level: str = "info") -> None:
        self._line(
            translate(message) if level == "info" else f"{gettext(LEVELS.get(level, level))}: {translate(message)}"
        )

    def close(self) -> None:
        self._stream.flush()

    def _line(self, text: str) -> None:
        self._stream.write(log_line(with_program(text)) + "\n")
        self._stream.flush()


class JsonProgress:
    """One JSON object per line: ``event`` and its fields; ``time_s`` counts from the start of the build."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._stage = ""
        self._started_s = time.monotonic()

    def begin(self, stage: str, title: str, total: int | None = None) -> None:
        self._stage = stage
        self._event("begin", what=title, total=total)

    def advance(self, done: int) -> None:
        self._event("advance", done=done)

    def end(self, outcome: str) -> None:
        self._event("end", outcome=outcome)

    def say(self, message: str, *, level: str = "info") -> None:
        self._event("message", level=level, message=message)

    def close(self) -> None:
        self._stream.flush()

    def _event(self, event: str, **fields: object) -> None:
        time_s = round(time.monotonic() - self._started_s, 3)
        row = {"event": event, "stage": self._stage, "time_s": time_s, **fields}
        document = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
        self._stream.write(printable_json(document) + "\n")
        self._stream.flush()


class TerminalProgress:
    """A progress bar for the current stage, a check mark for each finished one. Rich is imported on first use."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._stage = ""
        self._bar: RichProgress | None = None
        self._task: TaskID | None = None
        self._console_made: Console | None = None

    @property
    def _console(self) -> Console:
        from rich.console import Console

        if self._console_made is None:
            self._console_made = Console(file=self._stream, highlight=False, soft_wrap=True)
        return self._console_made

    def begin(self, stage: str, title: str, total: int | None = None) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        self.close()
        self._stage = stage
        counting = (BarColumn(bar_width=28), MofNCompleteColumn(), TimeRemainingColumn()) if total else ()
        self._bar = Bar(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            *counting,
            console=self._console,
            transient=True,
        )
        self._bar.start()
        self._task = self._bar.add_task(printable(f"{stage:<8} {translate(title)}"), total=total)

    def advance(self, done: int) -> None:
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done)

    def end(self, outcome: str) -> None:
        self.close()
        self._print(("✓ ", "green"), (f"{self._stage:<8} ", "bold"), (translate(outcome), ""))

    def say(self, message: str, *, level: str = "info") -> None:
        self._print((with_program(translate(message)), {"warning": "yellow", "error": "bold red"}.get(level, "")))

    def _print(self, *pieces: tuple[str, str]) -> None:
        """Print one line of ``(text, style)`` pieces."""
        from rich.text import Text

        self._console.print(Text.assemble(*((printable(text), style) for text, style in pieces)))

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def format_seconds(seconds: float) -> str:
    """Format a duration with useful precision: ``3 s``, ``2 min``, ``1 h 20 min``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
