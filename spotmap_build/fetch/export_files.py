"""Read the files of an export where it lies: in a folder, in a zip, in a folder of zips.

Nothing is unpacked to the disk, so that no name inside a zip can do harm, and everything is bounded: a small zip can
hold terabytes of nothing.
"""

from __future__ import annotations

import io
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, Final

from spotmap_build.core.files import open_regular, read_bounded
from spotmap_build.core.text import printable
from spotmap_build.errors import SourceError

LARGEST_FILE_BYTES: Final = 64 << 20
"""Spotify cuts a listening history into files of about 12 MB."""
LARGEST_EXPORT_BYTES: Final = 2 << 30
LARGEST_PIECE_BYTES: Final = 8 << 20
"""What is read of a zip at once: its whole list of names, for one, which has some 60 bytes a file."""
METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""What exports are made of. ``zipfile`` decompresses the others without a bound: 3 kB of bzip2 can be 4 GB."""
MOST_FILES: Final = 20_000
ZIP_SUFFIX: Final = ".zip"
DAMAGED_ZIP: Final = (
    *(zipfile.BadZipFile, zlib.error, struct.error),
    *(EOFError, OSError, NotImplementedError, RuntimeError, ValueError, IndexError, OverflowError),
)
"""What ``zipfile`` raises, where the bytes make no sense, where a password is missing, or a method is unknown."""


@dataclass(frozen=True, slots=True)
class ExportFile:
    """One file of an export. ``name`` is the last part of ``place``, which is for people and safe to show."""

    name: str
    place: str
    content: bytes


def read_files(path: Path, is_wanted: Callable[[str], bool], unreadable: list[OSError]) -> Iterator[ExportFile]:
    """The files whose names are wanted, in one order: ``Playlist2`` before ``Playlist10``.

    Parameters
    ----------
    path: a folder (with its sub-folders and the zips in them), a zip, or one file.
    is_wanted: whether a file of this name is to be read; the folders that it lies in do not matter.
    unreadable: gets what is wrong with each sub-folder that may not be read.

    Raises
    ------
    SourceError: there is nothing at ``path``, it cannot be read, a zip is damaged, or it is absurdly large.
    """
    size_bytes = 0
    for number, file in enumerate(_files(path, is_wanted, unreadable), start=1):
        size_bytes += len(file.content)
        if number > MOST_FILES or size_bytes > LARGEST_EXPORT_BYTES:
            raise SourceError(
                f"{path} holds too much: the limits are {MOST_FILES:,} files and {LARGEST_EXPORT_BYTES:,} bytes.",
                hint="Give the export's own folder or zip.",
            )
        yield file


def about_folders(unreadable: list[OSError]) -> tuple[str, ...]:
    """Say how many folders may not be read, if any."""
    if not unreadable:
        return ()
    first = f"{printable(str(unreadable[0].filename))} ({unreadable[0].strerror or unreadable[0]})"
    if len(unreadable) == 1:
        return (f"The folder {first} cannot be read and was left out.",)
    return (f"{len(unreadable)} folders cannot be read and were left out, the first of them {first}.",)


def _files(path: Path, is_wanted: Callable[[str], bool], unreadable: list[OSError]) -> Iterator[ExportFile]:
    if path.is_dir():
        for folder, folder_names, names in os.walk(path, onerror=unreadable.append):
            folder_names[:] = sorted((name for name in folder_names if not name.startswith(".")), key=_in_order)
            for name in sorted((name for name in names if not name.startswith(".")), key=_in_order):
                if is_wanted(name) or name.lower().endswith(ZIP_SUFFIX):
                    yield from _file(Path(folder) / name, is_wanted)
    elif path.exists():
        yield from _file(path, is_wanted)
    else:
        raise SourceError(f"There is no file or folder {path}.", hint="Check the path after --source.")


def _file(path: Path, is_wanted: Callable[[str], bool]) -> Iterator[ExportFile]:
    if path.suffix.lower() == ZIP_SUFFIX:
        yield from _zipped(path, is_wanted)
    elif is_wanted(path.name):
        try:
            content = read_bounded(path, LARGEST_FILE_BYTES)
        except OSError as error:
            raise SourceError(f"{path} cannot be read: {error.strerror or error}.") from error
        yield ExportFile(path.name, printable(str(path)), content)


def _zipped(path: Path, is_wanted: Callable[[str], bool]) -> Iterator[ExportFile]:
    place = printable(str(path))
    try:
        with open_regular(path) as file, zipfile.ZipFile(_InPieces(file)) as archive:
            members = [(PurePosixPath(info.filename).name, info) for info in archive.infolist() if not info.is_dir()]
            wanted = [(name, info) for name, info in members if is_wanted(name) and not name.startswith(".")]
            for name, info in sorted(wanted, key=lambda member: _in_order(member[1].filename)):
                place = printable(f"{path}, {name}")
                if info.compress_type not in METHODS:
                    raise SourceError(
                        f"{place} is compressed by a method that exports do not use (number {info.compress_type}).",
                        hint="Unpack the zip, and give the folder.",
                    )
                with archive.open(info) as stream:
                    content = _bounded(stream, place)
                yield ExportFile(name, place, content)
    except DAMAGED_ZIP as error:
        raise SourceError(
            f"{place} cannot be unpacked: {printable(str(error)) or type(error).__name__}.",
            hint="Download it again; if it has a password, unpack it and give the folder.",
        ) from error


class _InPieces(io.RawIOBase):
    """A zip of which no more than ``LARGEST_PIECE_BYTES`` are read at once, whatever it says."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        content = self._file.read(min(size, LARGEST_PIECE_BYTES + 1) if size >= 0 else LARGEST_PIECE_BYTES + 1)
        if len(content) > LARGEST_PIECE_BYTES:
            raise zipfile.BadZipFile("it names too many files")
        return content

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True


def _bounded(stream: IO[bytes], place: str) -> bytes:
    content = bytearray()
    while piece := stream.read(1 << 20):
        content += piece
        if len(content) > LARGEST_FILE_BYTES:
            raise SourceError(f"{place} is too large: the limit is {LARGEST_FILE_BYTES:,} bytes.")
    return bytes(content)


def _in_order(name: str) -> tuple[str, str]:
    return re.sub(r"[0-9]+", lambda number: number.group().zfill(12), name.casefold()), name
