"""The result of a build in a few lines: for the terminal, and as Markdown for a CI summary. Pure functions."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from spotmap_build.core.text import caption, printable
from spotmap_build.core.translation import gettext, gettext_noop, ngettext, translate
from spotmap_build.ledger import EXCLUDED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from spotmap_build.atlas import Figure
    from spotmap_build.config_values import Shard
    from spotmap_build.errors import SpotmapError
    from spotmap_build.model import Failed, Track

REASONS: Final = {
    "waiting": gettext_noop("waiting until the service accepts requests again"),
    "time-limit": gettext_noop("not analyzed within the time limit; the next build continues"),
    "no-preview": gettext_noop("without a preview: --audio auto analyzes the whole recording"),
    "no-match": gettext_noop("without a certain match on YouTube Music; to choose one: {review}"),
    "local-file": gettext_noop("that Spotify only lists as local files: add --source folder:PATH"),
    "taken-down": gettext_noop("no longer available on Spotify"),
    "unavailable": gettext_noop("no longer available on YouTube"),
    "age-restricted": gettext_noop("age-restricted on YouTube: give --cookies"),
    "service": gettext_noop("for which no service could be reached; the next build tries again"),
    "download": gettext_noop("not downloaded; the next build tries again"),
    "not-audio": gettext_noop("without sound that can be decoded"),
    "damaged-audio": gettext_noop("with damaged audio: copy or download the file again"),
    "empty-file": gettext_noop("without content (0 bytes): copy or download the file again"),
    "unreadable": gettext_noop("whose file cannot be read"),
    "silent": gettext_noop("silent"),
    "too-short": gettext_noop("shorter than half a second"),
    "no-recording": gettext_noop("without an audio file to analyze"),
    "no-place": gettext_noop("without a usable position (x and y)"),
    "directory": gettext_noop("that is a folder with the name of an audio file"),
    "out-of-memory": gettext_noop("that needs more memory than this machine has"),
    "internal-error": gettext_noop("whose analysis failed because of an error in spotmap-build"),
}
"""Descriptions of the most common codes of the ledger, shown after a track count; other codes are shown as they are."""
REVIEW: Final = "spotmap-build review"
NAMED_PER_REASON: Final = 3
MAX_NAME_LENGTH: Final = 80

SUMMARY_MARK: Final = "<!-- spotmap.summary/1 -->\n"
"""First line of a summary file; marks it as replaceable by the next build. Not visible in rendered Markdown."""

WORD_JOINER: Final = "\u2060"
_MARKUP: Final = re.compile(r"[\\`*_\[\]<>&~|$]")
_LINK: Final = re.compile(r":(?=//)|(?<=www)\.", re.IGNORECASE)
_BLOCK: Final = re.compile(r"^(\d*)([#+\-=.)])(?=[#+\-=\s]|$)")
"""Markdown syntax at the start of a text: a heading, a list item or a rule."""


@dataclass(frozen=True, slots=True)
class BuildResult:
    """The result of a build.

    ``problem``: why the library or the map is out of date; the command exits with its status. ``notices``: further
    messages, as sentences. ``repeats_until_unix_s``: nonzero if the build found everything cached and up to date; until
    then, another build would do the same as long as its input files do not change. ``figures``: quality of the map.
    ``names``: see :func:`names_of_missing`.
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
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def missing(self) -> tuple[Failed, ...]:
        """The tracks that should be on the map and are not."""
        return _without_excluded(self.failures)


@dataclass(frozen=True, slots=True)
class ShardResult:
    """The result of analyzing a shard of the library; the fields are those of :class:`BuildResult`."""

    shard: Shard
    track_count: int
    failures: tuple[Failed, ...]
    embedded_count: int
    seconds: float
    notices: tuple[str, ...] = ()
    problem: SpotmapError | None = None

    @property
    def missing(self) -> tuple[Failed, ...]:
        """The tracks of the shard that should be in the cache and are not."""
        return _without_excluded(self.failures)


def _without_excluded(failures: tuple[Failed, ...]) -> tuple[Failed, ...]:
    """Drop the tracks that the user excluded."""
    return tuple(failure for failure in failures if failure.code != EXCLUDED)


def shard_lines(result: ShardResult, took: str = "", review: str = REVIEW) -> Iterator[str]:
    """Yield the summary of a shard build. ``took``: its duration."""
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
        yield _analyzed(result.embedded_count)
    if result.missing:
        missing = len(result.missing)
        yield ngettext("{missing} is missing:", "{missing} are missing:", missing, missing=missing)
        yield from (f"  {line}" for line in missing_lines(result.missing, review))
    yield from result.notices


def summary_lines(result: BuildResult, took: str, report_path: Path, review: str = REVIEW) -> Iterator[str]:
    """Yield the summary of a build for the terminal. ``review``: the command for reviewing doubtful matches."""
    yield gettext(
        "{mapped} of {total} tracks are on the map ({took}).",
        mapped=result.mapped_count,
        total=result.track_count,
        took=took,
    )
    if result.missing:
        missing = len(result.missing)
        yield ngettext(
            "{missing} is missing; {report} says why:",
            "{missing} are missing; {report} says why:",
            missing,
            missing=missing,
            report=report_path,
        )
        yield from (f"  {line}" for line in missing_lines(result.missing, review, result.names))
        command = f"{review} --missing"
        yield "  " + gettext("To list them all with their reasons: {command}", command=command)
    yield from result.notices


def names_of_missing(failures: Iterable[Failed], tracks: Iterable[Track]) -> dict[str, str]:
    """Return the names of the first few missing tracks for each reason, by track id."""
    counts: Counter[str] = Counter()
    named = set()
    for failure in failures:
        counts[failure.code] += 1
        if counts[failure.code] <= NAMED_PER_REASON:
            named.add(failure.track_id)
    if not named:
        return {}
    return {track.id: _short(caption(track.artists, track.title)) for track in tracks if track.id in named}


def _short(name: str) -> str:
    return name if len(name) <= MAX_NAME_LENGTH else f"{name[: MAX_NAME_LENGTH - 1]}…"


def missing_lines(
    failures: tuple[Failed, ...], review: str = REVIEW, names: Mapping[str, str] = MappingProxyType({})
) -> Iterator[str]:
    """Yield the number of missing tracks for each reason, most frequent first, and the time of the next retry.

    Below each reason are those of its tracks that ``names`` contains, by id.
    """
    counts = Counter(failure.code for failure in failures)
    for code, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        yield f"{count} {gettext(REASONS[code]).format(review=review) if code in REASONS else code}"
        named = [names[failure.track_id] for failure in failures if failure.code == code and failure.track_id in names]
        if named:
            yield f"    {'; '.join(named)}{'; …' if count > len(named) else ''}"
    next_try = min((f.retry_at_unix_s for f in failures if f.retry_at_unix_s is not None), default=None)
    if next_try is not None:
        when = f"{datetime.fromtimestamp(next_try, UTC):%Y-%m-%d %H:%M}"
        yield gettext("The next retry is possible after {when} UTC.", when=when)


def _analyzed(count: int) -> str:
    return ngettext("{n} was analyzed in this build.", "{n} were analyzed in this build.", count, n=count)


def inert(text: str) -> str:
    """Escape untrusted text for Markdown: one line, without markup, HTML or links."""
    escaped = _MARKUP.sub(r"\\\g<0>", printable(text).strip())
    # A backslash does not stop GitHub from linking addresses and @mentions; an invisible word joiner does.
    escaped = _LINK.sub(r"\\\g<0>", escaped).replace("@", f"@{WORD_JOINER}")
    return _BLOCK.sub(r"\1\\\2", escaped)


def markdown(result: BuildResult, title: str) -> str:
    """Return the summary of a build as Markdown, for scheduled builds."""
    of_all = gettext(
        "**{mapped} of {total}** tracks are on the map.", mapped=result.mapped_count, total=result.track_count
    )
    lines = [f"## {inert(title)}", "", of_all]
    lines.append(_analyzed(result.embedded_count) if result.embedded_count else "")
    lines.append(gettext("The site was published.") if result.changed else gettext("The site is unchanged."))
    lines += _problem_lines(result.problem)
    if result.missing:
        lines += ["", gettext("{missing} missing:", missing=len(result.missing)), ""]
        lines += [f"- {inert(line)}" for line in missing_lines(result.missing)]
    if result.notices:
        lines += ["", *(f"- {inert(translate(notice))}" for notice in result.notices)]
    if result.figures:
        lines += ["", gettext("How good is this map?"), ""]
        lines += [f"- {inert(figure.label)} {figure.value:.2f}: {inert(figure.meaning)}" for figure in result.figures]
    return "\n".join(line for index, line in enumerate(lines) if line or lines[index - 1 : index] != [""]) + "\n"


def shard_markdown(result: ShardResult, title: str) -> str:
    """Return the summary of a shard build as Markdown."""
    lines = [f"## {inert(title)}", "", *(f"- {inert(line)}" for line in shard_lines(result))]
    lines += _problem_lines(result.problem)
    return "\n".join(lines) + "\n"


def _problem_lines(problem: SpotmapError | None) -> list[str]:
    if problem is None:
        return []
    return ["", f"> **{inert(translate(problem.message))}** {inert(translate(problem.hint))}".rstrip()]
