"""What the commands say: the cache's figures as lines for people, and commands to be pasted. Pure."""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from spotmap_build.core.speech import gettext, ngettext, number, said
from spotmap_build.core.text import padded
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
        failures = gettext(", {failures} of them failures", failures=stage.failures) if stage.failures else ""
        yield f"{padded(stage.stage, 16)} {_records(stage.records, stage.size_bytes)}{failures}"
    total = sum(stage.records for stage in stats.stages)
    every = gettext("all")
    yield f"{padded(every, 16)} {_records(total, stats.size_bytes)}"
    if stats.quarantine_bytes:
        size = format_bytes(stats.quarantine_bytes)
        yield gettext("{size} of damaged entries were set aside; cache prune removes them.", size=size)
    if stats.debris_bytes:
        size = format_bytes(stats.debris_bytes)
        yield gettext("{size} were left by interrupted builds; cache prune removes them.", size=size)
    if stats.store_bytes:
        size = format_bytes(stats.store_bytes)
        yield gettext("{size} are a copy of the store; cache prune removes it.", size=size)


def _records(count: int, size_bytes: int) -> str:
    return gettext("{records} records, {size}", records=str(count).rjust(8), size=format_bytes(size_bytes))


def describe_check(report: CheckReport) -> Iterator[str]:
    """Yield what was looked at, what was wrong, and what that means."""
    yield gettext(
        "{records} records and {files} files; {verified} files read back.",
        records=report.records,
        files=report.blobs,
        verified=report.blobs_verified,
    )
    yield from (gettext("damaged, set aside: {name}", name=name) for name in report.damaged)
    yield from (gettext("lacks its content, set aside: {name}", name=name) for name in report.dangling)
    if report.is_clean:
        yield gettext("Every entry is intact.")
    else:
        yield gettext("The next build computes again what was set aside.")


def describe_prune(report: PruneReport) -> Iterator[str]:
    """Yield what went and what stayed."""
    yield gettext(
        "{dropped} records dropped, {kept} kept; {size} freed.",
        dropped=report.records_deleted,
        kept=report.records_kept,
        size=format_bytes(report.freed_bytes),
    )


def describe_merge(report: MergeReport) -> Iterator[str]:
    """Yield what came from the other cache, what was known, and what was left out."""
    yield gettext(
        "{added} entries added, {replaced} replaced by better ones ({size}); {known} were known.",
        added=number(report.added),
        replaced=number(report.replaced),
        size=format_bytes(report.taken_bytes),
        known=number(report.known),
    )
    if report.damaged:
        damaged = ngettext(
            "{count} entry of the other cache is damaged and left out.",
            "{count} entries of the other cache are damaged and left out.",
            report.damaged,
        )
        later = gettext("What is missing is computed again when it is needed.")
        yield f"{damaged} {later}"


def describe_pushed(pushed: Pushed, shown: str) -> Iterator[str]:
    """Yield what a push sent to a store."""
    if pushed.new_count:
        yield ngettext(
            "{count} result went to {place} ({size}); {known} were there.",
            "{count} results went to {place} ({size}); {known} were there.",
            pushed.new_count,
            place=shown,
            size=format_bytes(pushed.size_bytes),
            known=number(pushed.known_count),
        )
    elif pushed.known_count:
        yield ngettext(
            "Nothing is new to {place}: it has {count} result already.",
            "Nothing is new to {place}: it has {count} results already.",
            pushed.known_count,
            place=shown,
        )
    elif not pushed.other_count:
        yield gettext("The cache has nothing to send yet: nothing was listened to.")
    if pushed.other_count:
        yield ngettext(
            "{count} result of tracks that are not on this map stayed here; --all sends them as well.",
            "{count} results of tracks that are not on this map stayed here; --all sends them as well.",
            pushed.other_count,
        )
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
        yield ngettext(
            "{count} result of {place} came in; {known} were known.",
            "{count} results of {place} came in; {known} were known.",
            pulled.new_count,
            place=shown,
            known=number(pulled.known_count),
        )
    else:
        yield gettext("There is no store at {place} yet. `spotmap-build store push` makes one.", place=shown)
    yield from _damaged_lines(pulled.damaged, shown)


def _damaged_lines(damaged: tuple[str, ...], shown: str) -> Iterator[str]:
    yield from (gettext("damaged, nothing of it was used: packs/{name}.pack", name=name) for name in damaged)
    if damaged:
        yield gettext(
            "Push from where the tracks were listened to, then delete what stays damaged in {place}.", place=shown
        )


def list_lines(lists: Iterable[TrackList]) -> Iterator[str]:
    """Which lists a map has: id, kind, name, number of tracks."""
    for one in lists:
        yield f"{one.id:<12} {one.kind:<14} {one.name} ({len(one.tracks):,})"


def push_lines(proposal: Proposal) -> Iterator[str]:
    """Tell what a push would change on Spotify, and what it leaves as it is."""
    if not proposal.changes:
        yield gettext("None of these lists has a track that is on Spotify.")
    for change in proposal.changes:
        yield from _change_lines(change, proposal.titles)
    same = sum(not change.is_needed and not change.is_left_alone for change in proposal.changes)
    if same:
        yield ngettext("{count} playlist is up to date.", "{count} playlists are up to date.", same)
    for change in proposal.changes:
        yield from (said(f"“{change.wanted.name}” {note}.") for note in change.notes)
    if any(change.notes for change in proposal.changes):
        yield gettext("What you changed by hand stays; --exact undoes it.")
    if proposal.left_out:
        yield ngettext(
            "{count} track of these lists is not on Spotify, and left out.",
            "{count} tracks of these lists are not on Spotify, and left out.",
            proposal.left_out,
        )
    if proposal.beyond:
        yield ngettext(
            "{count} track is beyond the {most} that a playlist can hold, and left out.",
            "{count} tracks are beyond the {most} that a playlist can hold, and left out.",
            proposal.beyond,
            most=number(MOST_TRACKS),
        )
    if proposal.forgotten:
        names = ", ".join(f"“{name}”" for name in proposal.forgotten)
        yield gettext("The map no longer has these lists; their playlists stay as they are: {names}.", names=names)


def _change_lines(change: Change, titles: Mapping[str, str]) -> Iterator[str]:
    name = change.wanted.name
    if change.makes:
        count = number(len(change.added))
        yield gettext("“{name}”: a new private playlist of {tracks} tracks", name=name, tracks=count)
        return
    changes = [
        gettext("{count} added", count=number(len(change.added))) if change.added else "",
        gettext("{count} removed", count=number(len(change.removed))) if change.removed else "",
        gettext("{count} moved", count=number(change.moved_count)) if change.moved_count else "",
        gettext("renamed to this") if any(isinstance(each, Rename) for each in change.operations) else "",
    ]
    if any(changes):
        yield f"“{name}”: {', '.join(filter(None, changes))}"
    for sign, tracks in (("+", change.added), ("-", change.removed)):
        yield from (f"  {sign} {titles.get(track, track)}" for track in tracks[:MOST_NAMED])
        if len(tracks) > MOST_NAMED:
            more = gettext("{count} more", count=number(len(tracks) - MOST_NAMED))
            yield f"  {sign} {more}"


def update_lines(updated: Updated, folder: Path) -> Iterator[str]:
    """Yield what was done to a folder of lists."""
    yield gettext(
        "{written} lists written, {unchanged} unchanged, {removed} removed in {folder}.",
        written=updated.written,
        unchanged=updated.unchanged,
        removed=updated.removed,
        folder=folder,
    )
    for name in updated.kept:
        yield gettext(
            "{name} was changed by hand and stays as it is: rename it, and the list is written again.", name=name
        )
