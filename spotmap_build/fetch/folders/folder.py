"""A folder of audio files as a library."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from spotmap_build.cache.keys import digest_bytes
from spotmap_build.core.files import absolute_path, system_devices
from spotmap_build.core.identifiers import ID_DIGITS
from spotmap_build.core.text import printable
from spotmap_build.core.translation import translatable
from spotmap_build.errors import SourceError, unreadable_source
from spotmap_build.fetch.exports.export_files import unreadable_folder_notices
from spotmap_build.fetch.folders.file_finder import FileFinder
from spotmap_build.fetch.folders.playlists import (
    PlaylistFile,
    file_playlists,
    folder_playlists,
    merge_playlists,
    read_playlists,
)
from spotmap_build.fetch.folders.walk import Listing, skipped_notices, walk
from spotmap_build.fetch.identify import (
    Cover,
    FileFacts,
    Unusable,
    cover_notices,
    display_facts,
    folder_covers,
    identify_files,
)
from spotmap_build.fetch.source import Loaded
from spotmap_build.fetch.tags import place_from_name
from spotmap_build.model import Failed, Library, Omission, Recording, Track

if TYPE_CHECKING:
    from spotmap_build.fetch.source import LoadContext


@dataclass(frozen=True, slots=True)
class FolderSource:
    """``--source folder:PATH``: each audio file below PATH is a track, each subfolder and playlist file a playlist."""

    root: Path

    def load(self, context: LoadContext) -> Loaded:
        """Walk the folder and read the metadata of new files.

        Raises
        ------
        SourceError
            The folder does not exist, is a file, or contains no audio file.
        """
        try:
            is_folder = self.root.is_dir()
            is_of_system = is_folder and self.root.stat().st_dev in system_devices()
        except OSError as error:
            raise unreadable_source(self.root, error) from error
        if self.root.is_file():
            raise SourceError(
                f"{self.root} is a file, not a folder.",
                hint="Give the folder that contains it. A table, playlist or music library: table:PATH.",
            )
        if not is_folder:
            raise SourceError(f"The folder {self.root} does not exist.", hint="Check the path after folder: .")
        if is_of_system:
            raise SourceError(
                f"{self.root} contains no music: there, the system shows processes and devices as files.",
                hint="Give the folder of your music, for example folder:~/Music.",
            )
        listing = walk(self.root)
        finder = FileFinder(self.root, listing.audio if listing.playlists else ())
        lists, about_lists = read_playlists(listing.playlists, finder, self.root)
        files = list(dict.fromkeys((*listing.audio, *(member for file in lists for member in file.members))))
        notices = (
            *unreadable_folder_notices(listing.unreadable),
            *skipped_notices(listing),
            *about_lists,
            *_home_notices(self.root),
        )
        if not files and not listing.misnamed:
            raise SourceError(
                " ".join((f"{self.root} contains no audio file.", *notices)),
                hint="All formats that FFmpeg decodes are found (MP3, M4A, FLAC, Ogg, WAV, WMA…), also in subfolders.",
            )
        facts = dict(zip(files, identify_files(files, context), strict=True))
        covers = folder_covers(listing.covers, context.cache)
        library, about_equal = _library(self.root, listing, lists, facts, covers)
        unreadable = [path for path, fact in facts.items() if isinstance(fact, FileFacts) and fact.is_cover_unreadable]
        unreadable += [listing.covers[folder] for folder, cover in covers.items() if cover.is_unreadable]
        notices = (*notices, *about_equal, *cover_notices(unreadable))
        return Loaded("folder", library, notices=notices, depends_on_more=finder.has_looked_on_disk)


def _home_notices(root: Path) -> tuple[str, ...]:
    """Return a notice if a folder contains more than a person's files: the whole home folder, or what is above it."""
    try:
        is_above_home = Path.home().resolve().is_relative_to(root.resolve())
    except RuntimeError:  # a container without a home folder
        is_above_home = root.resolve() == Path(root.resolve().anchor)
    if not is_above_home:
        return ()
    shown = printable(str(root))
    notice = translatable(
        f"{shown} contains your home folder: sounds of programs and games may be among its tracks. To map only your "
        "music, give its folder, for example folder:~/Music."
    )
    return (notice,)


def _library(
    root: Path,
    listing: Listing,
    lists: Iterable[PlaylistFile],
    files: Mapping[Path, FileFacts | Unusable],
    covers: Mapping[Path, Cover],
) -> tuple[Library, tuple[str, ...]]:
    twins = _twins(listing, files)
    facts = {path: fact for path, fact in files.items() if path not in twins}
    misnamed = Unusable("directory", "This is a folder with the name of an audio file.")
    facts.update(dict.fromkeys(listing.misnamed, misnamed))
    ids, folders = _track_ids(root, facts), _folders_of(facts)
    albums = _album_ids(root, facts, folders)
    art_digests = {folder: cover.art_digest for folder, cover in covers.items()}
    tracks = tuple(
        _track(path, ids[path], fact, art_digests.get(folders[path], ""), albums.get(path, ""))
        for path, fact in facts.items()
    )
    failures = [
        Failed(ids[path], "fetch", fact.code, f"{_display_path(path, root)}: {fact.detail}")
        for path, fact in facts.items()
        if isinstance(fact, Unusable)
    ]
    from_files, notices = file_playlists(root, lists, ids | {path: ids[twin] for path, twin in twins.items()})
    from_folders = folder_playlists(root, {path: ids[path] for path in (*listing.audio, *listing.misnamed)})
    playlists = merge_playlists(from_files, from_folders)
    return Library(tracks, tuple(playlists), tuple(failures), tuple(_closed(root, listing))), notices


def _display_path(path: Path, root: Path) -> str:
    """Return a path relative to the folder, for messages."""
    return printable(os.path.relpath(path, root))


def _twins(listing: Listing, files: Mapping[Path, FileFacts | Unusable]) -> dict[Path, Path]:
    """Map files outside of the folder, named in playlists, to files inside with the same audio."""
    inside = set(listing.audio)
    if len(inside) == len(files):
        return {}
    sounds = {fact.audio_digest: path for path in reversed(listing.audio) if isinstance(fact := files[path], FileFacts)}
    return {
        path: sounds[fact.audio_digest]
        for path, fact in files.items()
        if path not in inside and isinstance(fact, FileFacts) and fact.audio_digest in sounds
    }


def _closed(root: Path, listing: Listing) -> Iterable[Omission]:
    """Yield omissions for unreadable folders, whose content is unknown."""
    for error in listing.unreadable:
        name = _display_path(Path(os.fsdecode(error.filename or root)), root)
        place = digest_bytes(os.fsencode(name))[:ID_DIGITS]
        reason = translatable(f"{name}: the folder cannot be read: {error.strerror or error}.")
        yield Omission(f"folder:{place}", name, "unreadable", reason)


def _track_ids(root: Path, facts: Mapping[Path, FileFacts | Unusable]) -> dict[Path, str]:
    """Return ids derived from the audio, so that they survive renames; copies of the same audio get numbers."""
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


def _folders_of(paths: Iterable[Path]) -> dict[Path, Path]:
    """Return the folder of each file: one object for all its files, because hashing equal paths takes long."""
    folders: dict[Path, Path] = {}
    return {path: folders.setdefault(folder := path.parent, folder) for path in paths}


def _album_ids(root: Path, facts: Mapping[Path, FileFacts | Unusable], folders: Mapping[Path, Path]) -> dict[Path, str]:
    """Return album ids for files in a folder of which at least half of the files are on that album."""
    names: dict[Path, Counter[str]] = defaultdict(Counter)
    for path, fact in facts.items():
        names[folders[path]][fact.album if isinstance(fact, FileFacts) else ""] += 1
    ids = {folder: digest_bytes(os.fsencode(os.path.relpath(folder, root)))[:ID_DIGITS] for folder in names}
    return {
        path: ids[folders[path]]
        for path, fact in facts.items()
        if isinstance(fact, FileFacts)
        and fact.album
        and 2 * names[folders[path]][fact.album] >= names[folders[path]].total()
    }


def _track(path: Path, track_id: str, fact: FileFacts | Unusable, folder_art: str, album_id: str) -> Track:
    title, artists = display_facts(path, fact)
    if isinstance(fact, Unusable):
        return Track(track_id, title, artists)
    disc, number = place_from_name(path.stem)
    return Track(
        id=track_id,
        title=title,
        artists=artists,
        album=fact.album,
        duration_ms=fact.duration_ms,
        isrc=fact.isrc,
        year=fact.year,
        track_number=fact.track_number or number,
        disc_number=fact.disc_number if fact.track_number else disc,
        album_id=album_id,
        art_digest=fact.art_digest or folder_art,
        recording=Recording(fact.audio_digest, path=absolute_path(path)),
    )
