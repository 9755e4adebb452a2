"""A folder of audio files as a library."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from spotmap_build.cache.keys import digest_bytes
from spotmap_build.core.files import read_bounded
from spotmap_build.core.identifiers import ID_DIGITS
from spotmap_build.core.text import printable
from spotmap_build.errors import SourceError
from spotmap_build.fetch.covers import COVER_NAMES, COVER_SUFFIXES
from spotmap_build.fetch.export_files import about_folders
from spotmap_build.fetch.identify import (
    Cover,
    FileFacts,
    Unusable,
    about_covers,
    display_facts,
    folder_covers,
    identify_files,
)
from spotmap_build.fetch.m3u import LARGEST_M3U_BYTES, parse_m3u
from spotmap_build.fetch.source import Loaded, with_distinct_ids
from spotmap_build.fetch.tags import fold_space
from spotmap_build.model import Failed, Library, Playlist, Recording, Track

if TYPE_CHECKING:
    from spotmap_build.fetch.source import LoadContext

AUDIO_SUFFIXES: Final = (
    ".ogg",
    ".oga",
    ".mp3",
    ".m4a",
    ".mp4",
    ".aac",
    ".flac",
    ".wav",
    ".aif",
    ".aiff",
    ".opus",
    ".webm",
)
PLAYLIST_SUFFIXES: Final = (".m3u", ".m3u8")


@dataclass(slots=True)
class Listing:
    """What a walk through the folder found; every list in one order whatever the file system's."""

    audio: list[Path] = field(default_factory=list)
    playlists: dict[Path, list[Path]] = field(default_factory=dict)
    covers: dict[Path, Path] = field(default_factory=dict)
    unusable: dict[Path, Unusable] = field(default_factory=dict)
    unreadable: list[OSError] = field(default_factory=list)
    """What is wrong with each folder that may not be read."""
    links: list[Path] = field(default_factory=list)
    """Ways to folders that are read already: links, some of which lead round in a circle."""


@dataclass(frozen=True, slots=True)
class FolderSource:
    """``--source folder:PATH``: each audio file below PATH is a track, each sub-folder or playlist file a playlist."""

    root: Path

    def load(self, context: LoadContext) -> Loaded:
        """Walk the folder and look into what is new.

        Raises
        ------
        SourceError: if the folder is not there or holds no audio file.
        """
        if not self.root.is_dir():
            raise SourceError(f"There is no folder {self.root}.", hint="Check the path after folder: .")
        listing = walk(self.root)
        if not listing.audio and not listing.unusable:
            raise SourceError(
                " ".join((f"{self.root} holds no audio file.", *about_folders(listing.unreadable))),
                hint=f"Files that end in {', '.join(AUDIO_SUFFIXES)} are looked for, in sub-folders too.",
            )
        facts = dict(zip(listing.audio, identify_files(listing.audio, context), strict=True))
        covers = folder_covers(listing.covers, context.cache)
        library = _library(self.root, listing, {**facts, **listing.unusable}, covers)
        unreadable = [path for path, fact in facts.items() if isinstance(fact, FileFacts) and fact.is_cover_unreadable]
        unreadable += [listing.covers[folder] for folder, cover in covers.items() if cover.is_unreadable]
        notices = (*about_folders(listing.unreadable), *_about_links(listing.links), *about_covers(unreadable))
        return Loaded("folder", library, notices=notices)


def walk(root: Path) -> Listing:
    """All audio files, playlist files and cover pictures below a folder, in sorted order; hidden ones are left out."""
    listing = Listing()
    for folder, folder_names, file_names in _walk_once(root, listing):
        for name in file_names:
            path, suffix = folder / name, Path(name).suffix.lower()
            if suffix in AUDIO_SUFFIXES:
                listing.audio.append(path)
            elif suffix in PLAYLIST_SUFFIXES:
                listing.playlists[path] = _playlist_entries(path)
            elif suffix in COVER_SUFFIXES and path.stem.lower() in COVER_NAMES:
                listing.covers.setdefault(folder, path)
        for name in folder_names:
            if Path(name).suffix.lower() in AUDIO_SUFFIXES:
                listing.unusable[folder / name] = Unusable("directory", "This is a folder that is named like a file.")
    found = set(listing.audio)
    for file, entries in listing.playlists.items():
        for entry in entries:
            if entry not in found:
                listing.unusable[entry] = Unusable(
                    "missing-file", f"{printable(file.name)} names it, but it is not there."
                )
    for path in list(listing.unusable):
        if any(audio.is_relative_to(path) for audio in listing.audio):
            del listing.unusable[path]  # an album that happens to be called so: its tracks speak for it
    return listing


def _playlist_entries(file: Path) -> list[Path]:
    try:
        content = read_bounded(file, LARGEST_M3U_BYTES)
    except OSError as error:
        raise SourceError(f"The playlist {file} cannot be read: {error.strerror}.") from error
    return [Path(os.path.normpath(entry)) for entry in parse_m3u(content, file.parent)]


def _walk_once(root: Path, listing: Listing) -> Iterator[tuple[Path, list[str], list[str]]]:
    """``os.walk`` in sorted order that follows links, but enters every folder once only."""
    entered: set[tuple[int, int]] = set()
    for folder, folder_names, file_names in os.walk(root, followlinks=True, onerror=listing.unreadable.append):
        try:
            status = Path(folder).stat()
        except OSError as error:  # it is gone meanwhile
            listing.unreadable.append(error)
            folder_names.clear()
            continue
        if (status.st_dev, status.st_ino) in entered:
            listing.links.append(Path(folder))
            folder_names.clear()
            continue
        entered.add((status.st_dev, status.st_ino))
        folder_names[:] = sorted(name for name in folder_names if not name.startswith("."))
        yield Path(folder), folder_names, sorted(name for name in file_names if not name.startswith("."))


def _about_links(links: list[Path]) -> tuple[str, ...]:
    if not links:
        return ()
    first = printable(str(links[0]))
    if len(links) == 1:
        return (f"The folder {first} is read already under another name, and was not read twice.",)
    return (f"{len(links)} folders are read already under other names, and were not read twice, such as {first}.",)


def _library(
    root: Path, listing: Listing, facts: dict[Path, FileFacts | Unusable], covers: dict[Path, Cover]
) -> Library:
    ids = _track_ids(root, facts)
    tracks = tuple(_track(path, ids[path], facts[path], covers.get(path.parent, Cover()).art_digest) for path in facts)
    failures = [
        Failed(ids[path], "fetch", fact.code, fact.detail) for path, fact in facts.items() if isinstance(fact, Unusable)
    ]
    playlists = _from_files(listing, ids) if listing.playlists else _from_folders(root, ids)
    return Library(tracks, tuple(with_distinct_ids(playlists)), tuple(failures))


def _track_ids(root: Path, facts: dict[Path, FileFacts | Unusable]) -> dict[Path, str]:
    """Ids by sound, so that they survive renames; the second file with the same sound gets a number."""
    seen: dict[str, int] = {}
    ids = {}
    for path, fact in facts.items():
        if isinstance(fact, Unusable):
            base = digest_bytes(os.fsencode(os.path.relpath(path, root)))[:ID_DIGITS]
        else:
            base = fact.audio_digest[:ID_DIGITS]
        seen[base] = seen.get(base, 0) + 1
        ids[path] = f"folder:{base}" if seen[base] == 1 else f"folder:{base}~{seen[base]}"
    return ids


def _track(path: Path, track_id: str, fact: FileFacts | Unusable, folder_art: str) -> Track:
    title, artists = display_facts(path, fact)
    if isinstance(fact, Unusable):
        return Track(track_id, title, artists)
    return Track(
        id=track_id,
        title=title,
        artists=artists,
        album=fact.album,
        duration_ms=fact.duration_ms,
        isrc=fact.isrc,
        year=fact.year,
        art_digest=fact.art_digest or folder_art,
        recording=Recording(fact.audio_digest, path=str(path.absolute())),
    )


def _from_folders(root: Path, ids: dict[Path, str]) -> list[Playlist]:
    """One playlist a sub-folder: those right below the root, or below the only one that the root holds."""
    groups: dict[tuple[str, ...], list[str]] = {}
    parts = {path: path.relative_to(root).parts[:-1] for path in ids}
    depth = 1
    while len({folders[:depth] for folders in parts.values()}) == 1 and all(len(f) > depth for f in parts.values()):
        depth += 1
    for path, folders in parts.items():
        if len(folders) >= depth:
            groups.setdefault(folders[:depth], []).append(ids[path])
    return [_playlist(folders[-1], members) for folders, members in sorted(groups.items())]


def _from_files(listing: Listing, ids: dict[Path, str]) -> list[Playlist]:
    members = {file: [ids[entry] for entry in entries] for file, entries in listing.playlists.items()}
    return [_playlist(file.stem, track_ids) for file, track_ids in members.items() if track_ids]


def _playlist(name: str, members: list[str]) -> Playlist:
    shown = fold_space(name.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
    return Playlist(f"folder:{digest_bytes(shown.encode())[:ID_DIGITS]}", shown, tuple(dict.fromkeys(members)))
