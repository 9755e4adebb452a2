"""Going through the doubtful recordings with the person, by the report of the last build; choices go to overrides.toml.

The first half decides what is asked and how an answer is meant (pure); :func:`run_review` asks and writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from spotmap_build.acquire.overrides import Override, parse_video_id, read_overrides, write_override
from spotmap_build.core.documents import decode_json
from spotmap_build.core.speech import gettext, said
from spotmap_build.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

FOUND: Final = ("mapped", "matched")
"""The statuses of a track that has a recording: it was listened to, or only looked for (``match``)."""
LINK: Final = "https://music.youtube.com/watch?v={video_id}"


class Option(msgspec.Struct, frozen=True):
    """A recording that was looked at. ``duration_s`` in seconds, ``score`` 0..1, ``reason`` in words."""

    video_id: str
    title: str = ""
    artists: tuple[str, ...] = ()
    duration_s: float | None = None
    score: float = 0.0
    reason: str = ""


class Decision(msgspec.Struct, frozen=True):
    """How the build decided.

    The recording that it took (``video_id`` empty or null: none), its confidence 0..1 as ``score``, why in words,
    and what else was looked at.
    """

    video_id: str | None = None
    title: str | None = ""
    artists: tuple[str, ...] | None = ()
    duration_s: float | None = None
    score: float = 0.0
    evidence: tuple[str, ...] = ()
    considered: tuple[Option, ...] = ()


class Row(msgspec.Struct, frozen=True):
    """What is needed here of the ledger's row of one track."""

    id: str
    title: str
    artists: tuple[str, ...] = ()
    album: str = ""
    duration_ms: int | None = None
    status: str = ""
    stage: str | None = None
    detail: str | None = None
    match: Decision | None = None


class _Report(msgspec.Struct, frozen=True):
    ledger: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """What an answer means. Without an override nothing is changed; ``stops``: no more questions."""

    override: Override | None = None
    stops: bool = False


def doubtful(rows: Sequence[Row], below: float) -> list[Row]:
    """Return the tracks whose recording a person should look at, the worst first.

    Those without any although some were looked at, then those whose match has a confidence under ``below`` (0..1).
    """
    return sorted((row for row in rows if _is_doubtful(row, below)), key=_badness)


def _is_doubtful(row: Row, below: float) -> bool:
    if row.match is None:
        return False
    if row.status in FOUND:
        return row.match.score < below
    return row.stage == "match" and bool(row.match.considered)


def _badness(row: Row) -> tuple[bool, float, str, str]:
    score = row.match.score if row.match else 0.0
    return row.status in FOUND, score, row.title.casefold(), row.id


def options(row: Row) -> list[Option]:
    """Return what the person can take by its number: the build's choice first, then what it looked at, each once."""
    match = row.match
    if match is None:
        return []
    others = [option for option in match.considered if option.video_id != match.video_id]
    if not match.video_id:
        return others
    reason = "; ".join(match.evidence)
    taken = Option(match.video_id, match.title or "", match.artists or (), match.duration_s, match.score, reason)
    return [taken, *others]


def analyze(answer: str, choices: Sequence[Option]) -> Choice:
    """Return what an answer means.

    Raises
    ------
    ValueError
        Nothing that was offered; with a plain sentence.
    """
    said = answer.strip()
    if said.lower() in {"", "k"}:
        return Choice()
    if said.lower() == "q":
        return Choice(stops=True)
    if said.lower() == "n":
        return Choice(Override(exclude=True))
    if said.isdecimal() and len(said) < 11:
        if not 1 <= int(said) <= len(choices):
            raise ValueError(f"There is no number {said}")
        return Choice(Override(video_id=choices[int(said) - 1].video_id))
    return Choice(Override(video_id=parse_video_id(said)))


def describe(row: Row) -> str:
    """Return a track and what may be its recording, as lines of text."""
    length = "" if row.duration_ms is None else _clock(row.duration_ms / 1000)
    lines = ["", _name(row.artists, row.title), _indented(row.album, length, separator=" · ")]
    if row.status not in FOUND:
        lines.append(
            _indented(
                gettext(
                    "Not on the map: {why}", why=said(row.detail) if row.detail else gettext("no recording was found")
                )
            )
        )
    for number, option in enumerate(options(row), start=1):
        is_taken = row.match is not None and option.video_id == row.match.video_id
        taken = [gettext("[taken]")] if is_taken else []
        lines.append("  ".join([f"{number:>3} {_name(option.artists, option.title)}", *taken]))
        lines.append(_indented(_difference(option.duration_s, row.duration_ms), option.reason, separator="; "))
        lines.append(_indented(LINK.format(video_id=option.video_id)))
    return "\n".join(_printable(line) for line in lines if line.strip() or not line)


def _indented(*parts: str, separator: str = "") -> str:
    return "    " + separator.join(part for part in parts if part)


def _name(artists: Sequence[str], title: str) -> str:
    return f"{', '.join(artists)} - {title}" if artists else title


def _printable(line: str) -> str:
    """Others wrote these texts: a control character must not reach the terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in line)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


def _difference(duration_s: float | None, wanted_ms: int | None) -> str:
    if duration_s is None:
        return gettext("of unknown length")
    if wanted_ms is None:
        return _clock(duration_s)
    difference_s = round(duration_s - wanted_ms / 1000)
    if difference_s == 0:
        return gettext("of the same length")
    length, seconds = _clock(duration_s), abs(difference_s)
    if difference_s > 0:
        return gettext("{length}, {seconds} s longer", length=length, seconds=seconds)
    return gettext("{length}, {seconds} s shorter", length=length, seconds=seconds)


def run_review(
    report_path: Path,
    overrides_path: Path,
    *,
    ask: Callable[[str], str] | None,
    show: Callable[[str], None],
    doubtful_below: float,
    everything: bool = False,
) -> int:
    """Show each doubtful track, and write what the person chooses at once. Returns how many choices were written.

    Parameters
    ----------
    ask : Callable[[str], str] | None
        Shows its argument and returns the answer (a line; EOFError where there are no more); None only lists.
    show : Callable[[str], None]
        Prints lines of text.
    doubtful_below : float
        See :func:`doubtful`.
    everything : bool
        Every track that was matched, also those that the file decides already.

    Raises
    ------
    ConfigError
        There is no such report, or overrides.toml cannot be used.
    """
    rows = _read_ledger(report_path)
    decided = read_overrides(overrides_path)
    if everything:
        shown = sorted((row for row in rows if options(row)), key=_badness)
    else:
        shown = [row for row in doubtful(rows, doubtful_below) if row.id not in decided]
    if not shown:
        show(gettext("Nothing to review: no recording is in doubt."))
        return 0
    written = 0
    for number, row in enumerate(shown, start=1):
        show(describe(row))
        if ask is None:
            continue
        question = gettext(
            "[{number} of {total}] Number, n = none of them, an address or id, Enter = keep, q = stop: ",
            number=number,
            total=len(shown),
        )
        choice = _answer(ask, show, options(row), question)
        if choice.stops:
            break
        if choice.override is not None:
            write_override(overrides_path, row.id, choice.override, _name(row.artists, row.title))
            written += 1
    if written:
        where = gettext(
            "{count} in {file}. The next build uses them; only these tracks are done again.",
            count=written,
            file=overrides_path,
        )
        show(f"\n{where}")
    return written


def _answer(ask: Callable[[str], str], show: Callable[[str], None], choices: Sequence[Option], question: str) -> Choice:
    while True:
        try:
            return analyze(ask(question), choices)
        except EOFError:
            return Choice(stops=True)
        except ValueError as error:
            show(said(f"{error}."))


def _read_ledger(path: Path) -> tuple[Row, ...]:
    try:
        return decode_json(path.read_bytes(), _Report).ledger
    except FileNotFoundError as error:
        raise ConfigError(
            f"There is no report {path}.", hint="Build the map first, or name the report with --report."
        ) from error
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{path} is not the report of a build: {error}.", hint="Build the map again, or name another --report."
        ) from error
