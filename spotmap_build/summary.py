"""What a build came to, in a few lines for people: on the terminal, and as Markdown for a page of CI. Pure."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from spotmap_build.core.speech import gettext, gettext_noop, ngettext, said
from spotmap_build.core.text import printable
from spotmap_build.report import EXCLUDED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from spotmap_build.atlas import Figure
    from spotmap_build.config_values import Shard
    from spotmap_build.errors import SpotmapError
    from spotmap_build.model import Failed

REASONS: Final = {
    "waiting": gettext_noop("waiting until the service can be asked again"),
    "time-limit": gettext_noop("not listened to yet: the time limit was over; the next build goes on"),
    "no-preview": gettext_noop("of which no preview can be had: --audio auto listens to the whole recording"),
    "no-match": gettext_noop("without a recording on YouTube Music that is surely the right one: {review}"),
    "local-file": gettext_noop("of your own files, which Spotify only lists: add --source folder:PATH"),
    "unavailable": gettext_noop("not to be had on YouTube any more"),
    "age-restricted": gettext_noop("for which YouTube asks for an age: give --cookies"),
}
"""What the commonest codes of the ledger mean, after a number of tracks; others are named as they are."""
REVIEW: Final = "spotmap-build review"

SUMMARY_MARK: Final = "<!-- spotmap.summary/1 -->\n"
"""How a summary in a file begins, by which the next build knows that it may be replaced. Not shown by Markdown."""

WORD_JOINER: Final = "\u2060"
_MARKUP: Final = re.compile(r"[\\`*_\[\]<>&~|$]")
_LINK: Final = re.compile(r":(?=//)|(?<=www)\.", re.IGNORECASE)
_BLOCK: Final = re.compile(r"^(\d*)([#+\-=.)])(?=[#+\-=\s]|$)")
"""What begins a heading, a list or a line at the beginning of a text."""


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What a build came to.

    ``problem``: why the library or the map is not as new as it should be; the command ends with its status.
    ``notices``: what else is worth knowing, as sentences. ``repeats_until_unix_s``: it found everything known and as it
    should be, and until then another build would do the same, if the files that it depends on stay as they are; 0 else.
    ``figures``: how good the map is.
    """

    mapped_count: int
    track_count: int
    failures: tuple[Failed, ...]
    embedded_count: int
    changed: bool
    seconds: float
    notices: tuple[str, ...] = ()
    problem: SpotmapError | None = None
    repeats_until_unix_s: float = 0.0
    figures: tuple[Figure, ...] = ()

    @property
    def missing(self) -> tuple[Failed, ...]:
        """The tracks that should be on the map and are not."""
        return _not_left_out(self.failures)


@dataclass(frozen=True, slots=True)
class ShareResult:
    """What listening to a share of the library came to; the fields are those of :class:`BuildResult`."""

    shard: Shard
    track_count: int
    failures: tuple[Failed, ...]
    embedded_count: int
    seconds: float
    notices: tuple[str, ...] = ()
    problem: SpotmapError | None = None

    @property
    def missing(self) -> tuple[Failed, ...]:
        """The tracks of the share that should be in the cache and are not."""
        return _not_left_out(self.failures)


def _not_left_out(failures: tuple[Failed, ...]) -> tuple[Failed, ...]:
    """Return the failures that are nobody's wish."""
    return tuple(failure for failure in failures if failure.code != EXCLUDED)


def share_lines(result: ShareResult, took: str = "", review: str = REVIEW) -> Iterator[str]:
    """Yield the end of a build that listened to a share. ``took``: how long that was."""
    known = result.track_count - len(result.failures)
    time = f" ({took})" if took else ""
    said = gettext(
        "Shard {shard}: {known} of its {total} tracks are in the cache",
        shard=result.shard,
        known=known,
        total=result.track_count,
    )
    yield f"{said}{time}."
    if result.embedded_count:
        yield _listened(result.embedded_count)
    if result.missing:
        missing = len(result.missing)
        yield ngettext("{missing} is not:", "{missing} are not:", missing, missing=missing)
        yield from (f"  {line}" for line in missing_lines(result.missing, review))
    yield from result.notices


def summary_lines(result: BuildResult, took: str, report_path: Path, review: str = REVIEW) -> Iterator[str]:
    """Yield the end of a build on the terminal. ``review``: the command that decides doubtful tracks."""
    yield gettext(
        "{mapped} of {total} tracks are on the map ({took}).",
        mapped=result.mapped_count,
        total=result.track_count,
        took=took,
    )
    if result.missing:
        missing = len(result.missing)
        yield ngettext(
            "{missing} is not; {report} says why:",
            "{missing} are not; {report} says why:",
            missing,
            missing=missing,
            report=report_path,
        )
        yield from (f"  {line}" for line in missing_lines(result.missing, review))
    yield from result.notices


def missing_lines(failures: tuple[Failed, ...], review: str = REVIEW) -> Iterator[str]:
    """How many are missing for which reason, the commonest first, and when the next is tried again."""
    counts = Counter(failure.code for failure in failures)
    for code, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        yield f"{count} {gettext(REASONS[code]).format(review=review) if code in REASONS else code}"
    next_try = min((f.retry_at_unix_s for f in failures if f.retry_at_unix_s is not None), default=None)
    if next_try is not None:
        when = f"{datetime.fromtimestamp(next_try, UTC):%Y-%m-%d %H:%M}"
        yield gettext("The next can be tried again after {when} UTC.", when=when)


def _listened(count: int) -> str:
    return ngettext("{n} were listened to in this build.", "{n} were listened to in this build.", count, n=count)


def inert(text: str) -> str:
    """Text that others wrote, as Markdown that shows it as it is: no markup, no HTML, no link, one line."""
    escaped = _MARKUP.sub(r"\\\g<0>", printable(text).strip())
    # No backslash keeps an address or a person's name with @ from becoming a link.
    escaped = _LINK.sub(r"\\\g<0>", escaped).replace("@", f"@{WORD_JOINER}")
    return _BLOCK.sub(r"\1\\\2", escaped)


def markdown(result: BuildResult, title: str) -> str:
    """Return the same as Markdown, for the summary of a scheduled build."""
    of_all = gettext(
        "**{mapped} of {total}** tracks are on the map.", mapped=result.mapped_count, total=result.track_count
    )
    lines = [f"## {inert(title)}", "", of_all]
    lines.append(_listened(result.embedded_count) if result.embedded_count else "")
    lines.append(gettext("The site was published.") if result.changed else gettext("The site is unchanged."))
    if result.problem is not None:
        lines += ["", f"> **{inert(said(result.problem.message))}** {inert(said(result.problem.hint))}".rstrip()]
    if result.missing:
        lines += ["", gettext("{missing} missing:", missing=len(result.missing)), ""]
        lines += [f"- {inert(line)}" for line in missing_lines(result.missing)]
    if result.notices:
        lines += ["", *(f"- {inert(said(notice))}" for notice in result.notices)]
    if result.figures:
        lines += ["", gettext("How good is this map?"), ""]
        lines += [f"- {inert(one.label)} {one.value:.2f}: {inert(one.meaning)}" for one in result.figures]
    return "\n".join(line for index, line in enumerate(lines) if line or lines[index - 1 : index] != [""]) + "\n"


def share_markdown(result: ShareResult, title: str) -> str:
    """Return the end of a build that listened to a share as Markdown."""
    lines = [f"## {inert(title)}", "", *(f"- {inert(line)}" for line in share_lines(result))]
    if result.problem is not None:
        lines += ["", f"> **{inert(said(result.problem.message))}** {inert(said(result.problem.hint))}".rstrip()]
    return "\n".join(lines) + "\n"
