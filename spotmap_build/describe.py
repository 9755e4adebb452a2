"""What the commands say: the cache's figures as lines for people, and commands to be pasted. Pure."""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from spotmap_build.core.speech import gettext, number
from spotmap_build.fetch.spotify.playlist_changes import MOST_TRACKS, Rename

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from spotmap_build.cache.maintenance import CheckReport, Stats
    from spotmap_build.cache.merge import MergeReport
    from spotmap_build.cache.prune import PruneReport
    from spotmap_build.config import Config
    from spotmap_build.deploy import BuiltSite, Deployed
    from spotmap_build.emit.list_folder import Updated
    from spotmap_build.emit.lists import TrackList
    from spotmap_build.fetch.spotify.playlist_changes import Change
    from spotmap_build.stages import Proposal
    from spotmap_build.store import Pulled, Pushed

MOST_NAMED: Final = 10
"""Of the tracks that come into a playlist, or go: the others are counted."""


def format_bytes(size_bytes: int) -> str:
    """``512 B``, ``3.1 MB``: powers of 1,000, as disks are sold and as file managers show them."""
    size = float(size_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def short_path(path: Path) -> str:
    """Return a path as short as it can be given from the working folder."""
    with contextlib.suppress(OSError):  # the folder was deleted meanwhile
        folder = Path.cwd()
        if path.is_relative_to(folder):
            return str(path.relative_to(folder))
    return str(path)


def shell_word(text: str) -> str:
    """Return a text as one word of a command, to be pasted into the shell of this system.

    What a terminal cannot show (control characters, bytes that are no text) is written as bash and zsh read it.

    >>> shell_word("my map"), shell_word("site"), shell_word("-map")
    ("'my map'", 'site', './-map')
    """
    word = f"./{text}" if text.startswith("-") else text
    if sys.platform == "win32":
        return subprocess.list2cmdline([word])
    if word.isprintable():
        return shlex.quote(word)
    plain = {byte: chr(byte) for byte in range(0x20, 0x7F) if chr(byte) not in "'\\"}
    return "$'" + "".join(plain.get(byte, f"\\{byte:03o}") for byte in os.fsencode(word)) + "'"


def preview_command(config: Config) -> str:
    """Return the command that shows the map of a build."""
    return f"spotmap-build preview {shell_word(short_path(config.out))}"


def review_command(config: Config, usual: Config) -> str:
    """Return the command that decides what is doubtful of a build.

    ``usual``: what the command would take by itself.
    """
    command = "spotmap-build review"
    if config.report_path != usual.report_path:
        command += f" --report {shell_word(short_path(config.report_path))}"
    if config.overrides != usual.overrides:
        command += f" --overrides {shell_word(short_path(config.overrides))}"
    return command


def describe_stats(stats: Stats) -> Iterator[str]:
    """Yield a line a stage, and the sum."""
    for stage in stats.stages:
        failures = f", {stage.failures} of them failures" if stage.failures else ""
        yield f"{stage.stage:<16} {stage.records:>8} records, {format_bytes(stage.size_bytes)}{failures}"
    yield f"{'all':<16} {sum(stage.records for stage in stats.stages):>8} records, {format_bytes(stats.size_bytes)}"
    if stats.quarantine_bytes:
        yield f"{format_bytes(stats.quarantine_bytes)} of damaged entries were set aside; cache prune removes them."
    if stats.debris_bytes:
        yield f"{format_bytes(stats.debris_bytes)} were left by interrupted builds; cache prune removes them."
    if stats.store_bytes:
        yield f"{format_bytes(stats.store_bytes)} are a copy of the store; cache prune removes it."


def describe_check(report: CheckReport) -> Iterator[str]:
    """Yield what was looked at, what was wrong, and what that means."""
    yield f"{report.records} records and {report.blobs} files; {report.blobs_verified} files read back."
    for name in report.damaged:
        yield f"damaged, set aside: {name}"
    for name in report.dangling:
        yield f"lacks its content, set aside: {name}"
    if report.is_clean:
        yield "Every entry is intact."
    else:
        yield "The next build computes again what was set aside."


def describe_prune(report: PruneReport) -> Iterator[str]:
    """Yield what went and what stayed."""
    freed = format_bytes(report.freed_bytes)
    yield f"{report.records_deleted} records dropped, {report.records_kept} kept; {freed} freed."


def describe_merge(report: MergeReport) -> Iterator[str]:
    """Yield what came from the other cache, what was known, and what was left out."""
    came = f"{report.added:,} entries added, {report.replaced:,} replaced by better ones"
    yield f"{came} ({format_bytes(report.taken_bytes)}); {report.known:,} were known."
    if report.damaged:
        are = "entry of the other cache is" if report.damaged == 1 else "entries of the other cache are"
        yield f"{report.damaged:,} {are} damaged and left out. What is missing is computed again when it is needed."


def describe_pushed(pushed: Pushed, shown: str) -> Iterator[str]:
    """Yield what a push sent to a store."""
    if pushed.new_count:
        size = format_bytes(pushed.size_bytes)
        yield f"{_results(pushed.new_count)} went to {shown} ({size}); {pushed.known_count:,} were there."
    elif pushed.known_count:
        yield f"Nothing is new to {shown}: it has {_results(pushed.known_count)} already."
    elif not pushed.other_count:
        yield "The cache has nothing to send yet: nothing was listened to."
    if pushed.other_count:
        stayed = _results(pushed.other_count)
        yield f"{stayed} of tracks that are not on this map stayed here; --all sends them as well."
    yield from _damaged_lines(pushed.damaged, shown)


def describe_deployed(site: BuiltSite, deployed: Deployed, shown: str, *, dry_run: bool) -> Iterator[str]:
    """Yield what a deployment did, or would do."""
    if dry_run:
        for name in deployed.sent:
            size = format_bytes(site.sizes[name])
            yield gettext("would send    {file} ({size})", file=name, size=size)
        yield from (gettext("would remove  {file}", file=name) for name in deployed.removed)
    if deployed.sent or deployed.removed:
        size = format_bytes(sum(site.sizes[name] for name in deployed.sent))
        values = {"files": number(len(deployed.sent)), "place": shown, "size": size}
        if dry_run:
            sent = gettext("{files} files would be sent to {place} ({size})", **values)
        else:
            sent = gettext("{files} files were sent to {place} ({size})", **values)
        kept = gettext("{files} were there", files=number(deployed.kept_count))
        removed = number(len(deployed.removed))
        more = gettext(", {files} of an older version removed", files=removed) if deployed.removed else ""
        yield f"{sent}; {kept}{more}."
    else:
        yield gettext("Nothing is new to {place}: it shows this version already.", place=shown)
    for name in site.too_large:
        size = format_bytes(site.sizes[name])
        yield gettext(
            "{file} has {size}: Cloudflare Pages takes no file over 25 MiB; other hosts do.", file=name, size=size
        )


def describe_pulled(pulled: Pulled, shown: str) -> Iterator[str]:
    """Yield what a pull brought into the cache."""
    if pulled.is_there:
        yield f"{_results(pulled.new_count)} of {shown} came in; {pulled.known_count:,} were known."
    else:
        yield f"There is no store at {shown} yet. `spotmap-build store push` makes one."
    yield from _damaged_lines(pulled.damaged, shown)


def _results(count: int) -> str:
    return f"{count:,} result{'s' * (count != 1)}"


def _damaged_lines(damaged: tuple[str, ...], shown: str) -> Iterator[str]:
    yield from (f"damaged, nothing of it was used: packs/{name}.pack" for name in damaged)
    if damaged:
        yield f"Push from where the tracks were listened to, then delete what stays damaged in {shown}."


def list_lines(lists: Iterable[TrackList]) -> Iterator[str]:
    """Which lists a map has: id, kind, name, number of tracks."""
    for one in lists:
        yield f"{one.id:<12} {one.kind:<14} {one.name} ({len(one.tracks):,})"


def push_lines(proposal: Proposal) -> Iterator[str]:
    """Tell what a push would change on Spotify, and what it leaves as it is."""
    if not proposal.changes:
        yield "None of these lists has a track that is on Spotify."
    for change in proposal.changes:
        yield from _change_lines(change, proposal.titles)
    same = sum(not change.is_needed and not change.is_left_alone for change in proposal.changes)
    if same:
        yield f"{same} playlist{'s are' if same > 1 else ' is'} up to date."
    for change in proposal.changes:
        yield from (f"“{change.wanted.name}” {note}." for note in change.notes)
    if any(change.notes for change in proposal.changes):
        yield "What you changed by hand stays; --exact undoes it."
    if proposal.left_out:
        are = "track of these lists is" if proposal.left_out == 1 else "tracks of these lists are"
        yield f"{proposal.left_out:,} {are} not on Spotify, and left out."
    if proposal.beyond:
        are = "track is" if proposal.beyond == 1 else "tracks are"
        yield f"{proposal.beyond:,} {are} beyond the {MOST_TRACKS:,} that a playlist can hold, and left out."
    if proposal.forgotten:
        names = ", ".join(f"“{name}”" for name in proposal.forgotten)
        yield f"The map no longer has these lists; their playlists stay as they are: {names}."


def _change_lines(change: Change, titles: Mapping[str, str]) -> Iterator[str]:
    name = change.wanted.name
    if change.makes:
        yield f"“{name}”: a new private playlist of {len(change.added):,} tracks"
        return
    counts = ((len(change.added), "added"), (len(change.removed), "removed"), (change.moved_count, "moved"))
    parts = [f"{count:,} {what}" for count, what in counts if count]
    if any(isinstance(each, Rename) for each in change.operations):
        parts.append("renamed to this")
    if parts:
        yield f"“{name}”: {', '.join(parts)}"
    for sign, tracks in (("+", change.added), ("-", change.removed)):
        yield from (f"  {sign} {titles.get(track, track)}" for track in tracks[:MOST_NAMED])
        if len(tracks) > MOST_NAMED:
            yield f"  {sign} {len(tracks) - MOST_NAMED:,} more"


def update_lines(updated: Updated, folder: Path) -> Iterator[str]:
    """Yield what was done to a folder of lists."""
    yield f"{updated.written} lists written, {updated.unchanged} unchanged, {updated.removed} removed in {folder}."
    for name in updated.kept:
        yield f"{name} was changed by hand and stays as it is: rename it, and the list is written again."
