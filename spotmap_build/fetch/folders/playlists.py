"""The playlists of a music folder: its subfolders, and the playlist files in it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from spotmap_build.cache.keys import digest_bytes
from spotmap_build.core.files import read_bounded
from spotmap_build.core.identifiers import ID_DIGITS
from spotmap_build.core.text import fold_space, printable
from spotmap_build.core.translation import translatable
from spotmap_build.fetch.folders.file_finder import FileFinder
from spotmap_build.fetch.folders.m3u import MAX_M3U_BYTES, PLAYLIST_SUFFIXES, Entry, parse_m3u
from spotmap_build.fetch.playlist_names import distinct_playlists
from spotmap_build.model import Playlist

if TYPE_CHECKING:
    from spotmap_build.core.encodings import Encoding

MAX_REPORTED: Final = 20
MAX_LINE_LENGTH: Final = 200


@dataclass(frozen=True, slots=True)
class PlaylistFile:
    """A playlist file, its name, and its member files, inside or outside of the folder."""

    file: Path
    members: tuple[Path, ...]
    name: str


@dataclass(frozen=True, slots=True)
class _Read:
    file: Path
    entries: tuple[Entry, ...] = ()
    fault: str = ""
    name: str = ""
    encoding: Encoding | None = None


def read_playlists(files: Sequence[Path], finder: FileFinder, root: Path) -> tuple[list[PlaylistFile], tuple[str, ...]]:
    """Read playlist files; return them with notices about files and entries that are left out."""
    reads = [_read(file, finder) for file in files]
    usable = {_place(read.file) for read in reads if not read.fault}
    notices = []
    found: dict[Path, list[Path]] = {}
    for read in reads:
        if read.fault:
            notices.append(f"The playlist {_display_path(read.file, root)} was left out: {read.fault}.")
            continue
        found[_place(read.file)], missing = _members(read, finder, usable)
        notices += _missing_entry_notices(read, missing, _display_path(read.file, root))
    lists = [
        PlaylistFile(read.file, tuple(dict.fromkeys(_expanded(_place(read.file), found))), read.name or read.file.stem)
        for read in reads
        if not read.fault
    ]
    if len(notices) > MAX_REPORTED:
        more = len(notices) - MAX_REPORTED
        notices[MAX_REPORTED:] = [
            translatable(f"{more} more playlists were left out, or contain files that are not in this folder.")
        ]
    return lists, tuple(notices)


def _place(file: Path) -> Path:
    """Return the normalized path by which a playlist may refer to another."""
    return Path(os.path.normpath(file.absolute()))


def _read(file: Path, finder: FileFinder) -> _Read:
    try:
        content = read_bounded(file, MAX_M3U_BYTES)
    except OSError as error:
        return _Read(file, fault=printable(error.strerror or str(error)))
    m3u = parse_m3u(content, lambda line: finder.is_there(file.parent / line))
    return _Read(file, m3u.entries, m3u.fault, m3u.name, m3u.encoding)


def _members(read: _Read, finder: FileFinder, lists: Set[Path]) -> tuple[list[Path], list[Entry]]:
    """Return the distinct members of a playlist (files and other ``lists``), and the entries without a member."""
    members: dict[Path, None] = {}
    missing = []
    meant: dict[Path | None, bool] = {None: False}
    for entry in read.entries:
        is_file = entry.line and not entry.is_address
        found = finder.find(entry.line, read.file.parent, read.encoding) if is_file else None
        if found not in meant and found is not None:
            files = _files(found, finder, lists)
            meant[found] = bool(files)
            members.update(dict.fromkeys(files))
        if not meant[found]:
            missing.append(entry)
    return list(members), missing


def _files(found: Path, finder: FileFinder, lists: Set[Path]) -> list[Path]:
    if found.is_dir():
        return finder.files_in(found)
    if found.suffix.lower() in PLAYLIST_SUFFIXES:
        return [place] if (place := _place(found)) in lists else []
    return [found]


def _expanded(file: Path, found: Mapping[Path, list[Path]]) -> Iterator[Path]:
    """Yield the members of a playlist, replacing nested playlists by their members."""
    seen = {file}
    ways = [iter(found[file])]
    while ways:
        for member in ways[-1]:
            if member not in found:
                yield member
            elif member not in seen:
                seen.add(member)
                ways.append(iter(found[member]))
                break
        else:
            ways.pop()


def _display_path(file: Path, root: Path) -> str:
    return printable(os.path.relpath(file, root))


def _missing_entry_notices(read: _Read, missing: Sequence[Entry], name: str) -> Iterator[str]:
    """Yield one notice about the entries of a playlist that are left out, if any."""
    if not missing:
        return
    lost = [entry for entry in missing if entry.line and not entry.is_address]
    elsewhere = len(missing) - len(lost)
    of, sentences = translatable(f"of {len(read.entries)} entries of {name}"), []
    if lost:
        first = printable(lost[0].line[:MAX_LINE_LENGTH])
        sentences.append(
            translatable(f"1 {of} is a file that is not in this folder: {first}.")
            if len(lost) == 1
            else translatable(f"{len(lost)} {of} are files that are not in this folder, such as {first}.")
        )
    if elsewhere:
        sentences.append(
            translatable(f"1 {of} is on the web or has no file, and cannot be in a folder's library.")
            if elsewhere == 1
            else translatable(f"{elsewhere} {of} are on the web or have no file, and cannot be in a folder's library.")
        )
    yield " ".join(sentences)


Placed = tuple[tuple[str, ...], Playlist]
"""The folders that a playlist is in, below the root, and the playlist."""


def folder_playlists(root: Path, ids: Mapping[Path, str]) -> list[Placed]:
    """Return one playlist per subfolder: those directly below the root, or below its only subfolder."""
    groups: dict[tuple[str, ...], list[str]] = {}
    parents = {path: path.parent for path in ids}
    parts_of = {parent: parent.relative_to(root).parts for parent in {*parents.values()}}
    parts = {path: parts_of[parent] for path, parent in parents.items()}
    depth = 1
    while len({folders[:depth] for folders in parts.values()}) == 1 and all(len(f) > depth for f in parts.values()):
        depth += 1
    for path, folders in parts.items():
        if len(folders) >= depth:
            groups.setdefault(folders[:depth], []).append(ids[path])
    return [(_shown(folders[:-1]), _playlist(folders[-1], members)) for folders, members in sorted(groups.items())]


def file_playlists(
    root: Path, files: Iterable[PlaylistFile], ids: Mapping[Path, str]
) -> tuple[list[Placed], tuple[str, ...]]:
    """Return one playlist per nonempty playlist file; of equal ones the first, with a notice if the names differ."""
    playlists: dict[frozenset[str], Placed] = {}
    notices = []
    for file in files:
        playlist = _playlist(file.name, [ids[member] for member in file.members])
        if not playlist.track_ids:
            continue
        placed = (_shown(file.file.parent.relative_to(root).parts), playlist)
        _, first = playlists.setdefault(frozenset(playlist.track_ids), placed)
        if first.id != playlist.id:
            notices.append(
                f"The playlists {first.name} and {playlist.name} contain the same tracks and are shown as one."
            )
    if len(notices) > MAX_REPORTED:
        notices[MAX_REPORTED:] = [translatable(f"So do {len(notices) - MAX_REPORTED} more.")]
    return list(playlists.values()), tuple(notices)


def merge_playlists(lists: Sequence[Placed], folders: Sequence[Placed]) -> list[Playlist]:
    """Combine both kinds under distinct names, without folders that equal a playlist file of the same name."""
    known = {(playlist.id, frozenset(playlist.track_ids)) for _, playlist in lists}
    others = [placed for placed in folders if (placed[1].id, frozenset(placed[1].track_ids)) not in known]
    places = [*lists, *others]
    return distinct_playlists([playlist for _, playlist in places], [above for above, _ in places])


def _shown(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(fold_space(name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")) for name in names)


def _playlist(name: str, members: Sequence[str]) -> Playlist:
    (shown,) = _shown([name])
    return Playlist(f"folder:{digest_bytes(shown.encode())[:ID_DIGITS]}", shown, tuple(dict.fromkeys(members)))
