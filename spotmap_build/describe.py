"""Output of commands as text: results of ``cache``, ``store``, ``deploy`` and ``push``, and shell commands to paste.

Functions return text and print nothing.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from spotmap_build.core.program import program, shell_word
from spotmap_build.core.text import pad_to_width
from spotmap_build.core.translation import format_count, gettext, ngettext, translate
from spotmap_build.fetch.spotify.playlist_changes import MAX_TRACKS, Rename

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from spotmap_build.cache.maintenance import CheckReport, Stats
    from spotmap_build.cache.merge import MergeReport
    from spotmap_build.cache.prune import PruneReport
    from spotmap_build.config import Config
    from spotmap_build.deploy import BuiltSite, Deployed
    from spotmap_build.emit.list_folder import Updated
    from spotmap_build.emit.lists import TrackList
    from spotmap_build.fetch.spotify.playlist_changes import Change
    from spotmap_build.stages.push import Proposal
    from spotmap_build.store import Pulled, Pushed

MAX_NAMED: Final = 10
"""Number of tracks or damaged files that are listed by name; the rest are counted."""


def format_bytes(size_bytes: int) -> str:
    """Format a size as ``512 B`` or ``3.1 MB``, in powers of 1,000 as disks and file managers do."""
    size = float(size_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def short_path(path: Path) -> str:
    """Return a path relative to the working folder if it lies inside."""
    with contextlib.suppress(OSError):  # the working folder was deleted
        folder = Path.cwd()
        if path.is_relative_to(folder):
            return str(path.relative_to(folder))
    return str(path)


def preview_command(config: Config) -> str:
    """Return the command that previews the map of a build."""
    return f"{program()} preview {shell_word(short_path(config.out))}"


def review_command(config: Config, usual: Config) -> str:
    """Return the command for reviewing the doubtful matches of a build.

    ``usual``: the configuration that the command would use without options.
    """
    command = f"{program()} review"
    if config.report_path != usual.report_path:
        command += f" --report {shell_word(short_path(config.report_path))}"
    if config.overrides != usual.overrides:
        command += f" --overrides {shell_word(short_path(config.overrides))}"
    return command


def describe_stats(stats: Stats) -> Iterator[str]:
    """Yield one line per stage, and the total."""
    for stage in stats.stages:
        failures = gettext(", {failures} of them failures", failures=stage.failures) if stage.failures else ""
        yield f"{pad_to_width(stage.stage, 16)} {_records(stage.records, stage.size_bytes)}{failures}"
    total = sum(stage.records for stage in stats.stages)
    every = gettext("all")
    yield f"{pad_to_width(every, 16)} {_records(total, stats.size_bytes)}"
    if stats.quarantine_bytes:
        size = format_bytes(stats.quarantine_bytes)
        yield gettext("{size} of damaged entries were set aside; cache prune removes them.", size=size)
    if stats.debris_bytes:
        size = format_bytes(stats.debris_bytes)
        yield gettext("{size} are leftovers of interrupted builds; cache prune removes them.", size=size)
    if stats.store_bytes:
        size = format_bytes(stats.store_bytes)
        yield gettext("{size} are a copy of the store; cache prune removes it.", size=size)


def _records(count: int, size_bytes: int) -> str:
    records = str(count).rjust(8)
    return ngettext(
        "{records} record, {size}", "{records} records, {size}", count, records=records, size=format_bytes(size_bytes)
    )


def describe_check(report: CheckReport) -> Iterator[str]:
    """Yield what was checked, what is damaged, and the consequence."""
    yield gettext(
        "{records} records and {files} files; {verified} files read back.",
        records=report.records,
        files=report.blobs,
        verified=report.blobs_verified,
    )
    yield from _first([gettext("damaged, set aside: {name}", name=name) for name in report.damaged])
    yield from _first([gettext("lacks its content, set aside: {name}", name=name) for name in report.dangling])
    if report.is_clean:
        yield gettext("Every entry is intact.")
    else:
        yield gettext("The next build recomputes the entries that were set aside.")


def describe_prune(report: PruneReport) -> Iterator[str]:
    """Yield how much was dropped and how much was kept."""
    yield gettext(
        "{dropped} records dropped, {kept} kept; {size} freed.",
        dropped=report.records_deleted,
        kept=report.records_kept,
        size=format_bytes(report.freed_bytes),
    )


def describe_merge(report: MergeReport) -> Iterator[str]:
    """Yield how many entries were added, replaced, already known, and skipped as damaged."""
    yield gettext(
        "{added} entries added, {replaced} replaced by better ones ({size}); {known} were already there.",
        added=format_count(report.added),
        replaced=format_count(report.replaced),
        size=format_bytes(report.copied_bytes),
        known=format_count(report.known),
    )
    if report.damaged:
        damaged = ngettext(
            "{count} entry of the other cache is damaged and was skipped.",
            "{count} entries of the other cache are damaged and were skipped.",
            report.damaged,
        )
        later = gettext("Missing entries are recomputed when needed.")
        yield f"{damaged} {later}"


def describe_pushed(pushed: Pushed, shown: str) -> Iterator[str]:
    """Yield what a push sent to a store."""
    if pushed.new_count:
        yield ngettext(
            "{count} result was sent to {place} ({size}); {known} were already there.",
            "{count} results were sent to {place} ({size}); {known} were already there.",
            pushed.new_count,
            place=shown,
            size=format_bytes(pushed.size_bytes),
            known=format_count(pushed.known_count),
        )
    elif pushed.known_count:
        yield ngettext(
            "{place} is up to date: it has {count} result already.",
            "{place} is up to date: it has {count} results already.",
            pushed.known_count,
            place=shown,
        )
    elif not pushed.other_count:
        yield gettext("The cache has nothing to send yet: no track was analyzed.")
    if pushed.other_count:
        yield ngettext(
            "{count} result of tracks that are not on this map was not sent; --all includes it.",
            "{count} results of tracks that are not on this map were not sent; --all includes them.",
            pushed.other_count,
        )
    yield from _damaged_lines(pushed.damaged, shown)


def describe_deployed(site: BuiltSite, deployed: Deployed, shown: str, *, dry_run: bool) -> Iterator[str]:
    """Yield what a deployment did, or would do in a dry run."""
    if dry_run:
        for name in deployed.sent:
            size = format_bytes(site.sizes[name])
            yield gettext("would send    {file} ({size})", file=name, size=size)
        yield from (gettext("would remove  {file}", file=name) for name in deployed.removed)
    if deployed.sent or deployed.removed:
        size = format_bytes(sum(site.sizes[name] for name in deployed.sent))
        values = {"files": format_count(len(deployed.sent)), "place": shown, "size": size}
        if dry_run:
            sent = gettext("{files} files would be sent to {place} ({size})", **values)
        else:
            sent = gettext("{files} files were sent to {place} ({size})", **values)
        kept = gettext("{files} were already there", files=format_count(deployed.kept_count))
        removed = format_count(len(deployed.removed))
        more = gettext(", {files} of an older version removed", files=removed) if deployed.removed else ""
        sentence = f"{sent}; {kept}{more}"
        yield gettext("{sentence}.", sentence=sentence)
    else:
        yield gettext("{place} is up to date: it shows this version already.", place=shown)
    for name in site.too_large:
        size = format_bytes(site.sizes[name])
        yield gettext(
            "{file} has {size}: Cloudflare Pages accepts no files over 25 MiB; other hosts do.", file=name, size=size
        )


def describe_pulled(pulled: Pulled, shown: str) -> Iterator[str]:
    """Yield what a pull added to the cache."""
    if pulled.is_there:
        yield ngettext(
            "{count} result was added from {place}; {known} were already here.",
            "{count} results were added from {place}; {known} were already here.",
            pulled.new_count,
            place=shown,
            known=format_count(pulled.known_count),
        )
    else:
        yield gettext("There is no store at {place} yet. `spotmap-build store push` creates one.", place=shown)
    yield from _damaged_lines(pulled.damaged, shown)


def _damaged_lines(damaged: tuple[str, ...], shown: str) -> Iterator[str]:
    yield from _first([gettext("damaged and not used: packs/{name}.pack", name=name) for name in damaged])
    if damaged:
        yield gettext(
            "Push again from the machine that analyzed the tracks, then delete what is still damaged in {place}.",
            place=shown,
        )


def _first(lines: Sequence[str]) -> Iterator[str]:
    """Yield the first lines, and how many more there are: thousands would hide the lines around them."""
    yield from lines[:MAX_NAMED]
    if len(lines) > MAX_NAMED:
        yield gettext("{count} more", count=format_count(len(lines) - MAX_NAMED))


def list_lines(lists: Iterable[TrackList]) -> Iterator[str]:
    """Yield one line per list of a map: id, kind, name, number of tracks."""
    for track_list in lists:
        yield f"{track_list.id:<12} {track_list.kind:<14} {track_list.name} ({len(track_list.tracks):,})"


def push_lines(proposal: Proposal) -> Iterator[str]:
    """Yield what a push would change on Spotify, and what it leaves unchanged."""
    if not proposal.changes:
        yield gettext("None of the tracks in these lists is on Spotify.")
    for change in proposal.changes:
        yield from _change_lines(change, proposal.titles)
    same = sum(not change.is_needed and not change.is_left_alone for change in proposal.changes)
    if same:
        yield ngettext("{count} playlist is up to date.", "{count} playlists are up to date.", same)
    for change in proposal.changes:
        yield from (translate(f"“{change.wanted.name}” {note}.") for note in change.notes)
    if any(change.notes for change in proposal.changes):
        yield gettext("Your manual changes are kept; --exact undoes them.")
    if proposal.left_out:
        yield ngettext(
            "{count} track of these lists is not on Spotify and is left out.",
            "{count} tracks of these lists are not on Spotify and are left out.",
            proposal.left_out,
        )
    if proposal.beyond:
        yield ngettext(
            "{count} track exceeds the {most} that a playlist can hold and is left out.",
            "{count} tracks exceed the {most} that a playlist can hold and are left out.",
            proposal.beyond,
            most=format_count(MAX_TRACKS),
        )
    if proposal.forgotten:
        names = ", ".join(f"“{name}”" for name in proposal.forgotten)
        yield gettext("The map no longer has these lists; their playlists are kept unchanged: {names}.", names=names)


def _change_lines(change: Change, titles: Mapping[str, str]) -> Iterator[str]:
    name = change.wanted.name
    if change.makes:
        count = format_count(len(change.added))
        yield gettext("“{name}”: a new private playlist of {tracks} tracks", name=name, tracks=count)
        return
    changes = [
        gettext("{count} added", count=format_count(len(change.added))) if change.added else "",
        gettext("{count} removed", count=format_count(len(change.removed))) if change.removed else "",
        gettext("{count} moved", count=format_count(change.moved_count)) if change.moved_count else "",
        gettext("renamed to this") if any(isinstance(each, Rename) for each in change.operations) else "",
    ]
    if any(changes):
        yield f"“{name}”: {', '.join(filter(None, changes))}"
    for sign, tracks in (("+", change.added), ("-", change.removed)):
        yield from (f"  {sign} {titles.get(track, track)}" for track in tracks[:MAX_NAMED])
        if len(tracks) > MAX_NAMED:
            more = gettext("{count} more", count=format_count(len(tracks) - MAX_NAMED))
            yield f"  {sign} {more}"


def update_lines(updated: Updated, folder: Path) -> Iterator[str]:
    """Yield what was changed in a folder of playlist files."""
    yield gettext(
        "{written} lists written, {unchanged} unchanged, {removed} removed in {folder}.",
        written=updated.written,
        unchanged=updated.unchanged,
        removed=updated.removed,
        folder=folder,
    )
    for name in updated.kept:
        yield gettext("{name} was edited by hand and is kept: rename it to have the list written again.", name=name)
