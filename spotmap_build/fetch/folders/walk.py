"""Walk a music folder: find audio files, playlists and covers, and record what is left out."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from spotmap_build.core.files import system_devices
from spotmap_build.core.text import printable
from spotmap_build.fetch.covers import COVER_NAMES, COVER_SUFFIXES
from spotmap_build.fetch.folders.cue_sheets import CUE_SUFFIX, cue_sheet_notices
from spotmap_build.fetch.folders.m3u import FOOBAR_SUFFIX, PLAYLIST_SUFFIXES
from spotmap_build.fetch.folders.own_files import OwnFiles
from spotmap_build.registry.formats import OTHER_ARCHIVES

_DECODED: Final = """
    3ga 8svx aa aa3 aac ac3 adts adx aif aifc aiff alac amr ape at3 au bcstm bfstm brstm bwf caf dff dsf dss dts
    dtshd eac3 ec3 f4a flac gsm hca iff m1a m2a m4a m4b m4p m4r mka mlp mogg mp+ mp1 mp2 mp3 mpa mpc mpp nist oga
    ogg oma omg opus osq qcp qoa ra rf64 rka sbc shn snd sph spx tak thd tta voc vqe vqf vql w64 wav wave weba wma
    wsd wv wve xwma
    3g2 3gp asf avi f4v flv m2t m2ts m4v mk3d mkv mov mp4 mpeg mpg mts ogm ogv ogx rm rmvb vob webm wmv
"""
_NOT_DECODED: Final = """
    aax aaxc ay cda gbs hes it kar kss mid midi minipsf mo3 mod mptm nsf nsfe ofr ofs psf rmi s3m sap sid spc vgm
    vgz xm ym
"""
ARCHIVE_SUFFIXES: Final = frozenset((".zip", *OTHER_ARCHIVES))
"""Archives, in which albums are sold and sent; they are not opened."""
_NO_LIBRARY: Final = """
    .git .hg .svn .bzr .cache .thumbnails .venv .tox .npm .sync .stfolder .stversions
    .appledouble .appledb .appledesktop .fseventsd .spotlight-v100 .temporaryitems .documentrevisions-v100
    .dropbox.cache .@__thumb @eadir @tmp .snapshot .snapshots #snapshot .zfs
    .recycle .recycler #recycle @recycle $recycle.bin lost+found
"""

AUDIO_SUFFIXES: Final = frozenset(f".{kind}" for kind in _DECODED.split())
"""Audio and video formats that PyAV's FFmpeg decodes."""
NO_SOUND_SUFFIXES: Final = frozenset(f".{kind}" for kind in _NOT_DECODED.split())
"""Music that is not a recording (scores, programs), is encrypted, or has a format that FFmpeg does not support."""
NO_LIBRARY: Final = frozenset((*_NO_LIBRARY.split(), "system volume information"))
"""Folders of systems and programs, with deleted files, copies, previews or metadata. All other folders are read."""
NOTES: Final = frozenset((".appledouble", "@eadir"))
"""Those of ``NO_LIBRARY`` in which metadata files have the names of the original files."""
TRASH: Final = ".trash"
"""Prefix of trash folders on Linux and macOS."""
TRASH_CAN: Final = "trash"
"""Name of a home folder's trash on Linux, recognized by its subfolders (freedesktop.org's trash specification)."""
OWN: Final = ".spotmap"
"""Prefix of folders with intermediate results of this program."""
RESOURCE_FORK: Final = "._"
"""Prefix of macOS metadata files on foreign file systems."""


@dataclass(slots=True)
class Listing:
    """The result of walking a folder; the order of all lists is independent of the file system."""

    audio: list[Path] = field(default_factory=list)
    playlists: list[Path] = field(default_factory=list)
    covers: dict[Path, Path] = field(default_factory=dict)
    cue_sheets: list[Path] = field(default_factory=list)
    misnamed: list[Path] = field(default_factory=list)
    """Folders named like audio files that contain no music."""
    unreadable: list[OSError] = field(default_factory=list)
    """Errors of unreadable folders."""
    links: list[Path] = field(default_factory=list)
    """Links to folders that were already visited, possibly circular."""
    no_sound: Counter[str] = field(default_factory=Counter)
    """Number of music files that cannot be decoded, by suffix."""
    archives: Counter[str] = field(default_factory=Counter)
    """Number of archives, by suffix."""
    set_aside: Counter[str] = field(default_factory=Counter)
    """Number of audio files in folders of ``NO_LIBRARY``, by folder name."""


def walk(root: Path) -> Listing:
    """Find all audio files, playlist files and cover pictures below a folder, in sorted order."""
    listing, own = Listing(), OwnFiles()
    for folder, folder_names, file_names in _walk_once(root, listing):
        own.enter(folder, file_names)
        for name in file_names:
            path = folder / name
            suffix = path.suffix.lower()
            if path in own:
                continue
            if suffix in AUDIO_SUFFIXES:
                listing.audio.append(path)
            elif suffix in PLAYLIST_SUFFIXES or suffix == FOOBAR_SUFFIX:
                listing.playlists.append(path)
            elif suffix == CUE_SUFFIX:
                listing.cue_sheets.append(path)
            elif suffix in COVER_SUFFIXES and path.stem.lower() in COVER_NAMES:
                listing.covers.setdefault(folder, path)
            elif suffix in NO_SOUND_SUFFIXES:
                listing.no_sound[suffix] += 1
            elif suffix in ARCHIVE_SUFFIXES:
                listing.archives[suffix] += 1
        listing.misnamed += [folder / name for name in folder_names if Path(name).suffix.lower() in AUDIO_SUFFIXES]
    if listing.misnamed:
        holding = {folder for audio in listing.audio for folder in audio.parents}
        listing.misnamed = [folder for folder in listing.misnamed if folder not in holding]
    return listing


def _walk_once(root: Path, listing: Listing) -> Iterator[tuple[Path, list[str], list[str]]]:
    """Like ``os.walk`` in sorted order, following links, but visiting every folder only once.

    Views of the system's state, which contain no files and no end, are not entered.
    """
    entered: set[tuple[int, int]] = set()
    system = system_devices()
    for folder, folder_names, file_names in os.walk(root, followlinks=True, onerror=listing.unreadable.append):
        try:
            status = Path(folder).stat()
        except OSError as error:  # deleted in the meantime
            listing.unreadable.append(error)
            folder_names.clear()
            continue
        if (status.st_dev, status.st_ino) in entered:
            listing.links.append(Path(folder))
            folder_names.clear()
            continue
        if status.st_dev in system:
            folder_names.clear()
            continue
        entered.add((status.st_dev, status.st_ino))
        no_library = {name for name in folder_names if _is_no_library(Path(folder, name))}
        for name in no_library:
            listing.set_aside[name] += _count_audio(Path(folder, name))
        folder_names[:] = sorted(name for name in folder_names if name not in no_library)
        yield Path(folder), folder_names, sorted(name for name in file_names if not name.startswith(RESOURCE_FORK))


def _is_no_library(folder: Path) -> bool:
    folded = folder.name.casefold()
    if folded == TRASH_CAN:
        return (folder / "files").is_dir() and (folder / "info").is_dir()
    return folded in NO_LIBRARY or folded.startswith((TRASH, OWN, RESOURCE_FORK))


def _count_audio(folder: Path) -> int:
    """Count the audio files in a folder; 0 for folders of metadata files."""
    if folder.name.casefold() in NOTES:
        return 0
    return sum(
        Path(name).suffix.lower() in AUDIO_SUFFIXES and not name.startswith(RESOURCE_FORK)
        for _, _, names in os.walk(folder)
        for name in names
    )


def skipped_notices(listing: Listing) -> tuple[str, ...]:
    """Return notices about files that were left out or not split, and folders that were not read twice."""
    return (
        *_link_notices(listing.links),
        *_no_sound_notices(listing.no_sound),
        *_archive_notices(listing.archives),
        *_set_aside_notices(listing.set_aside),
        *cue_sheet_notices(listing.cue_sheets, listing.audio),
    )


def _link_notices(links: list[Path]) -> tuple[str, ...]:
    if not links:
        return ()
    first = printable(str(links[0]))
    if len(links) == 1:
        return (f"The folder {first} was already read under another name and was skipped.",)
    return (f"{len(links)} folders were already read under other names and were skipped, such as {first}.",)


def _no_sound_notices(counts: Counter[str]) -> tuple[str, ...]:
    if not counts:
        return ()
    kinds = ", ".join(sorted(counts))
    if counts.total() == 1:
        return (f"1 file is in a format that cannot be decoded ({kinds}) and was left out.",)
    return (f"{counts.total()} files are in formats that cannot be decoded ({kinds}) and were left out.",)


def _archive_notices(counts: Counter[str]) -> tuple[str, ...]:
    if not counts:
        return ()
    kinds = ", ".join(sorted(counts))
    if counts.total() == 1:
        return (f"1 archive ({kinds}) was left out: unpack it if it contains music.",)
    return (f"{counts.total()} archives ({kinds}) were left out: unpack them if they contain music.",)


def _set_aside_notices(counts: Counter[str]) -> tuple[str, ...]:
    names = sorted(printable(name) for name, count in counts.items() if count)
    if not names:
        return ()
    shown = ", ".join(names[:3]) + ("…" if names[3:] else "")
    if counts.total() == 1:
        return (f"1 audio file is in a folder of deleted or hidden files ({shown}) and was left out.",)
    return (f"{counts.total()} audio files are in folders of deleted or hidden files ({shown}) and were left out.",)
