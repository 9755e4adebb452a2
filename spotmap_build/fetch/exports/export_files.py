"""Read the files of an export from a folder, a zip, or a folder of zips.

Nothing is unpacked to disk, so that file names in a zip can do no harm, and all sizes are limited, because a small zip
can expand to terabytes.
"""

from __future__ import annotations

import io
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final

from spotmap_build.core.files import open_regular, read_bounded
from spotmap_build.core.text import printable
from spotmap_build.core.translation import translatable
from spotmap_build.errors import SourceError, unreadable_source
from spotmap_build.registry.formats import OTHER_ARCHIVES

MAX_FILE_BYTES: Final = 64 << 20
"""Spotify splits a listening history into files of about 12 MB."""
MAX_INNER_ZIP_BYTES: Final = 256 << 20
MAX_EXPORT_BYTES: Final = 2 << 30
MAX_READ_BYTES: Final = 8 << 20
"""Maximum size of one read from a zip, such as its directory, which has about 60 bytes per file."""
METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Methods used by exports. ``zipfile`` decompresses others without a limit: 3 kB of bzip2 may become 4 GB."""
MAX_FILES: Final = 20_000
MAX_REPORTED: Final = 3
ZIP_SUFFIX: Final = ".zip"
NOTES: Final = "__MACOSX"
"""A folder of metadata with the names of the files, which macOS adds to a zip."""
DAMAGED_ZIP: Final = (
    *(zipfile.BadZipFile, zlib.error, struct.error),
    *(EOFError, OSError, NotImplementedError, RuntimeError, ValueError, IndexError, OverflowError),
)
"""Exceptions that ``zipfile`` raises for invalid data, missing passwords or unknown methods."""


@dataclass(frozen=True, slots=True)
class ExportFile:
    """One file of an export.

    ``place``: its location, safe to display; ``name``: the last part of it; ``folder``: the folder or zip that contains
    it.
    """

    name: str
    place: str
    folder: str
    content: bytes


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Unreadable parts of an export: ``folders`` without permission, and ``faults`` of files."""

    folders: list[OSError] = field(default_factory=list)
    faults: list[SourceError] = field(default_factory=list)

    def add(self, fault: SourceError) -> None:
        """Note the error of a file, without its traceback, which would keep the content of the file in memory."""
        fault.__cause__ = fault.__context__ = None
        self.faults.append(fault.with_traceback(None))

    def sentences(self) -> tuple[str, ...]:
        """Return notices about what was left out."""
        left_out = [translatable(f"{fault.message} It was left out.") for fault in self.faults[:MAX_REPORTED]]
        if more := len(self.faults) - len(left_out):
            left_out.append(
                translatable(f"{more} further files could not be read.")
                if more > 1
                else translatable("1 further file could not be read.")
            )
        return (*unreadable_folder_notices(self.folders), *left_out)


def read_files(path: Path, is_wanted: Callable[[str], bool], left_out: LeftOut) -> Iterator[ExportFile]:
    """Yield the wanted files in natural order: ``Playlist2`` before ``Playlist10``.

    A zip inside a zip is read as well, but not a third level. Unreadable files are skipped.

    Parameters
    ----------
    path : Path
        A folder (including subfolders and zips in them), a zip, or one file.
    is_wanted : Callable[[str], bool]
        Whether to read a file of this name, in any folder.
    left_out : LeftOut
        Receives the errors of unreadable folders and files.

    Raises
    ------
    SourceError
        There is nothing at ``path``, or it exceeds the limits.
    """
    try:
        is_there = path.exists()
    except OSError as error:
        raise unreadable_source(path, error) from error
    if not is_there:
        raise SourceError(f"{path} does not exist.", hint="Check the path after --source.")
    yield from _Reading(path, is_wanted, left_out).files()


def unreadable_folder_notices(unreadable: list[OSError]) -> tuple[str, ...]:
    """Return a notice about unreadable folders, if any."""
    if not unreadable:
        return ()
    first = f"{printable(str(unreadable[0].filename))} ({unreadable[0].strerror or unreadable[0]})"
    if len(unreadable) == 1:
        return (f"The folder {first} cannot be read and was left out.",)
    return (f"{len(unreadable)} folders cannot be read and were left out, the first of them {first}.",)


class _TooMuch(SourceError):
    """The total exceeds the limits for an export."""


class _Reading:
    """A traversal of an export that counts what was read."""

    def __init__(self, path: Path, is_wanted: Callable[[str], bool], left_out: LeftOut) -> None:
        self._path = path
        self._is_wanted = is_wanted
        self._left_out = left_out
        self._file_count = 0
        self._size_bytes = 0

    def files(self) -> Iterator[ExportFile]:
        for file in _walk(self._path, self._left_out.folders) if self._path.is_dir() else (self._path,):
            if _is_zip(file.name):
                yield from self._zip_file(file)
            elif self._is_wanted(file.name):
                yield from self._plain_file(file)
            elif file == self._path and _begins_as_zip(file):
                yield from self._zip_file(file)
            elif file == self._path and file.suffix.lower() in OTHER_ARCHIVES:
                raise SourceError(f"{file} is not a zip.", hint="Unpack it, and give the folder.")

    def _plain_file(self, path: Path) -> Iterator[ExportFile]:
        try:
            content = read_bounded(path, MAX_FILE_BYTES)
        except OSError as error:
            self._left_out.add(unreadable_source(path, error))
            return
        self._spend(len(content), files=1)
        yield ExportFile(path.name, printable(str(path)), str(path.parent), content)

    def _zip_file(self, path: Path) -> Iterator[ExportFile]:
        place = printable(str(path))
        try:
            with open_regular(path) as file:
                yield from self._zipped(file, place)
        except OSError as error:
            self._left_out.add(_damaged(place, error))

    def _zipped(self, file: BinaryIO, place: str, *, is_inner: bool = False) -> Iterator[ExportFile]:
        try:
            with zipfile.ZipFile(_InPieces(file)) as archive:
                for info in self._members(archive):
                    yield from self._member(archive, info, place, is_inner=is_inner)
        except DAMAGED_ZIP as error:
            self._left_out.add(_damaged(place, error))

    def _members(self, archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
        names = ((_inner_path(info).name, info) for info in archive.infolist() if not info.is_dir())
        members = [
            info
            for name, info in names
            if not name.startswith(".")
            and NOTES not in _inner_path(info).parts
            and (self._is_wanted(name) or _is_zip(name))
        ]
        return sorted(members, key=lambda info: _in_order(info.filename))

    def _member(
        self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, outside: str, *, is_inner: bool
    ) -> Iterator[ExportFile]:
        path = _inner_path(info)
        place = printable(f"{outside}, {path.name}")
        try:
            content = self._content(archive, info, place, is_inner=is_inner)
        except _TooMuch:
            raise
        except SourceError as error:
            self._left_out.add(error)
            return
        except DAMAGED_ZIP as error:
            self._left_out.add(_damaged(place, error))
            return
        if _is_zip(path.name):
            yield from self._zipped(io.BytesIO(content), place, is_inner=True)
        else:
            self._spend(0, files=1)
            yield ExportFile(path.name, place, f"{outside}/{path.parent}", content)

    def _content(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, place: str, *, is_inner: bool) -> bytes:
        if info.compress_type not in METHODS:
            raise SourceError(
                f"{place} is compressed with an unsupported method (number {info.compress_type}).",
                hint="Unpack the zip, and give the folder.",
            )
        is_zip = _is_zip(info.filename)
        if is_zip and is_inner:
            raise SourceError(f"{place} is a zip in a zip in a zip.", hint="Unpack it, and give the folder.")
        limit = MAX_INNER_ZIP_BYTES if is_zip else MAX_FILE_BYTES
        content = bytearray()
        with archive.open(info) as stream:
            while piece := stream.read(1 << 20):
                content += piece
                self._spend(len(piece))
                if len(content) > limit:
                    raise SourceError(
                        f"{place} is too large: the limit is {limit:,} bytes.",
                        hint="Unpack the zip, split that file or take it out, and give the folder.",
                    )
        return bytes(content)

    def _spend(self, size_bytes: int, files: int = 0) -> None:
        self._file_count += files
        self._size_bytes += size_bytes
        if self._file_count > MAX_FILES or self._size_bytes > MAX_EXPORT_BYTES:
            raise _TooMuch(
                f"{self._path} is too large: the limits are {MAX_FILES:,} files and {MAX_EXPORT_BYTES:,} bytes.",
                hint="Give the export's own folder or zip.",
            )


def _walk(root: Path, unreadable: list[OSError]) -> Iterator[Path]:
    for folder, folder_names, names in os.walk(root, onerror=unreadable.append):
        folder_names[:] = sorted((name for name in folder_names if not name.startswith(".")), key=_in_order)
        yield from (Path(folder) / name for name in sorted(names, key=_in_order) if not name.startswith("."))


def _begins_as_zip(path: Path) -> bool:
    """Return whether a file is a zip by content, since browsers give incomplete downloads other names."""
    try:
        with open_regular(path) as file:
            return os.fstat(file.fileno()).st_size > 0 and file.read(4) == b"PK\x03\x04"
    except OSError:
        return False  # reported when the file is read


def _inner_path(info: zipfile.ZipInfo) -> PurePosixPath:
    """Return the path inside a zip; some Windows programs use backslashes."""
    return PurePosixPath(info.filename.replace("\\", "/"))


def _is_zip(name: str) -> bool:
    return name.lower().endswith(ZIP_SUFFIX)


def _damaged(place: str, error: Exception) -> SourceError:
    return SourceError(
        f"{place} cannot be unpacked: {printable(str(error)) or type(error).__name__}.",
        hint="Download it again; if it has a password, unpack it and give the folder.",
    )


class _InPieces(io.RawIOBase):
    """A zip from which at most ``MAX_READ_BYTES`` are read at once, whatever its headers say."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        content = self._file.read(min(size, MAX_READ_BYTES + 1) if size >= 0 else MAX_READ_BYTES + 1)
        if len(content) > MAX_READ_BYTES:
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


def _in_order(name: str) -> tuple[str, str]:
    return re.sub(r"[0-9]+", lambda number: number.group().zfill(12), name.casefold()), name
