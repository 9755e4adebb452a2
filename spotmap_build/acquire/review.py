"""The ``review`` command: show doubtful matches of the last report and write the user's choices to overrides.toml.

The functions that select tracks and interpret answers are pure; :func:`run_review` asks and writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from spotmap_build.acquire.overrides import Override, parse_video_id, read_overrides, write_override
from spotmap_build.core.documents import decode_json
from spotmap_build.core.files import read_bounded
from spotmap_build.core.text import caption, printable
from spotmap_build.core.translation import gettext, translate
from spotmap_build.errors import ConfigError
from spotmap_build.ledger import LedgerOption, LedgerRow
from spotmap_build.registry.formats import MAX_REPORT_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

FOUND: Final = ("mapped", "matched")
"""Statuses of a track with a recording: analyzed, or only matched (``match``)."""
LINK: Final = "https://music.youtube.com/watch?v={video_id}"


class _Report(msgspec.Struct, frozen=True):
    ledger: tuple[LedgerRow, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """The meaning of an answer. Without an override, nothing changes; ``stops``: ask no more questions."""

    override: Override | None = None
    stops: bool = False


def doubtful(rows: Sequence[LedgerRow], below: float) -> list[LedgerRow]:
    """Return the tracks whose match should be reviewed, the worst first.

    These are tracks without a match although candidates were found, then matches with a confidence under ``below``
    (0..1).
    """
    return sorted((row for row in rows if _is_doubtful(row, below)), key=_review_order)


def _is_doubtful(row: LedgerRow, below: float) -> bool:
    if row.match is None:
        return False
    if row.status in FOUND:
        return row.match.score < below
    return row.stage == "match" and bool(row.match.considered)


def _review_order(row: LedgerRow) -> tuple[bool, float, str, str]:
    score = row.match.score if row.match else 0.0
    return row.status in FOUND, score, row.title.casefold(), row.id


def options(row: LedgerRow) -> list[LedgerOption]:
    """Return the numbered options without duplicates: the build's choice first, then the other candidates."""
    match = row.match
    if match is None:
        return []
    others = [option for option in match.considered if option.video_id != match.video_id]
    if not match.video_id:
        return others
    reason = "; ".join(match.evidence)
    taken = LedgerOption(match.video_id, match.title or "", match.artists or (), match.duration_s, match.score, reason)
    return [taken, *others]


def parse_answer(answer: str, choices: Sequence[LedgerOption]) -> Choice:
    """Interpret an answer.

    Raises
    ------
    ValueError
        The answer is invalid.
    """
    text = answer.strip()
    if text.lower() in {"", "k"}:
        return Choice()
    if text.lower() == "q":
        return Choice(stops=True)
    if text.lower() == "n":
        return Choice(Override(exclude=True))
    if text.isdecimal() and len(text) < 11:
        if not 1 <= int(text) <= len(choices):
            raise ValueError(f"There is no number {text}")
        return Choice(Override(video_id=choices[int(text) - 1].video_id))
    return Choice(Override(video_id=parse_video_id(text)))


def missing_tracks(report_path: Path) -> Iterator[str]:
    """Yield the name of every track that is not on the map, with the reason.

    Raises
    ------
    ConfigError
        The report is missing or invalid.
    """
    rows = [row for row in _read_ledger(report_path) if row.status == "failed"]
    if not rows:
        yield gettext("No track is missing.")
    for row in rows:
        yield f"{caption(row.artists, row.title)}: {translate(row.detail or '')}"


def describe(row: LedgerRow) -> str:
    """Describe a track and its candidate recordings, as lines of text."""
    length = "" if row.duration_ms is None else _format_duration(row.duration_ms / 1000)
    lines = ["", caption(row.artists, row.title), _indented(row.album or "", length, separator=" · ")]
    if row.status not in FOUND:
        lines.append(
            _indented(
                gettext(
                    "Not on the map: {why}",
                    why=translate(row.detail) if row.detail else gettext("no recording was found"),
                )
            )
        )
    for number, option in enumerate(options(row), start=1):
        is_taken = row.match is not None and option.video_id == row.match.video_id
        taken = [gettext("[taken]")] if is_taken else []
        lines.append("  ".join([f"{number:>3} {caption(option.artists, option.title)}", *taken]))
        lines.append(_indented(_difference(option.duration_s, row.duration_ms), option.reason, separator="; "))
        lines.append(_indented(LINK.format(video_id=option.video_id)))
    return "\n".join(printable(line) for line in lines if line.strip() or not line)


def _indented(*parts: str, separator: str = "") -> str:
    return "    " + separator.join(part for part in parts if part)


def _format_duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


def _difference(duration_s: float | None, wanted_ms: int | None) -> str:
    if duration_s is None:
        return gettext("of unknown length")
    if wanted_ms is None:
        return _format_duration(duration_s)
    difference_s = round(duration_s - wanted_ms / 1000)
    if difference_s == 0:
        return gettext("of the same length")
    length, seconds = _format_duration(duration_s), abs(difference_s)
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
    """Show each doubtful track and write the user's choice immediately. Return the number of choices written.

    Parameters
    ----------
    ask : Callable[[str], str] | None
        Shows a prompt and returns one line; raises ``EOFError`` at the end of input. With None, tracks are only listed.
    show : Callable[[str], None]
        Prints lines of text.
    doubtful_below : float
        See :func:`doubtful`.
    everything : bool
        Show all matched tracks, also those already decided in the file.

    Raises
    ------
    ConfigError
        The report is missing or invalid, or overrides.toml cannot be used.
    """
    rows = _read_ledger(report_path)
    decided = read_overrides(overrides_path)
    if everything:
        shown = sorted((row for row in rows if options(row)), key=_review_order)
    else:
        shown = [row for row in doubtful(rows, doubtful_below) if row.id not in decided]
    if not shown:
        show(gettext("Nothing to review: no match is in doubt."))
        return 0
    written = 0
    for number, row in enumerate(shown, start=1):
        show(describe(row))
        if ask is None:
            continue
        question = gettext(
            "[{number} of {total}] Enter a number, an address or an id; n = none of these, Enter = keep, q = quit: ",
            number=number,
            total=len(shown),
        )
        choice = _answer(ask, show, options(row), question)
        if choice.stops:
            break
        if choice.override is not None:
            write_override(overrides_path, row.id, choice.override, caption(row.artists, row.title))
            written += 1
    if written:
        where = gettext(
            "Choices written to {file}: {count}. The next build redoes only these tracks.",
            count=written,
            file=overrides_path,
        )
        show(f"\n{where}")
    return written


def _answer(
    ask: Callable[[str], str], show: Callable[[str], None], choices: Sequence[LedgerOption], question: str
) -> Choice:
    while True:
        try:
            return parse_answer(ask(question), choices)
        except EOFError:
            return Choice(stops=True)
        except ValueError as error:
            show(translate(f"{error}."))


def _read_ledger(path: Path) -> tuple[LedgerRow, ...]:
    try:
        return decode_json(read_bounded(path, MAX_REPORT_BYTES), _Report).ledger
    except FileNotFoundError as error:
        raise ConfigError(
            f"The report {path} does not exist.", hint="Build the map first, or name the report with --report."
        ) from error
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {error.strerror or error}.", hint="Build the map again, or name another --report."
        ) from error
    except ValueError as error:
        raise ConfigError(
            f"{path} is not the report of a build: {error}.", hint="Build the map again, or name another --report."
        ) from error
