"""Atomic, durable file writes: a reader sees either the complete file or no file, even after a crash.

A write creates a temporary file on the same disk, flushes it, renames it and flushes the folder. Callers write a blob
before the record that names it, and delete in the opposite order.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
import sys
from typing import TYPE_CHECKING, Final

from spotmap_build.core.files import FileTooLarge, NotRegularFile, open_regular, replace_file

if TYPE_CHECKING:
    from pathlib import Path

_NO_FOLDER_FLUSH: Final = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EBADF})
"""Errors with which network and FUSE file systems refuse to flush a folder; they order their writes themselves."""


_IN_THE_WAY: Final = frozenset({errno.ENOTDIR, errno.EISDIR, errno.ELOOP})


def write_durably(target: Path, data: bytes, tmp: Path, *, mode: int = 0o666) -> None:
    """Write ``data`` to ``target`` atomically and flush it to disk. Leaves nothing behind if it fails.

    ``tmp`` is an existing folder on the same file system. ``mode`` holds the permissions of the file, to which the
    umask is applied. Raises ``OSError``.
    """
    replace_file(target, data, tmp / os.urandom(12).hex(), mode=mode)
    flush_folder(target.parent)


def flush_folder(folder: Path) -> None:
    """Make renames and deletions in ``folder`` durable.

    Does nothing on Windows, which has no such call and keeps them in order by its journal.
    """
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_FOLDER_FLUSH:
            raise
    finally:
        os.close(descriptor)


def make_folder(folder: Path, mode: int) -> None:
    """Create a folder with the permissions ``mode`` (less the umask) unless it exists. Raises ``OSError``.

    Missing parent folders are created with the default permissions.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=mode, exist_ok=True)


def digest_file(path: Path) -> str:
    """Return the SHA-256 of a file's content in hex, without reading the file into memory. Raises ``OSError``."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_in_the_way(error: OSError) -> bool:
    """Return whether ``error`` means that a path holds the wrong kind of thing, such as a folder in place of a file.

    That is damage to the cache rather than a failure of the disk.
    """
    return isinstance(error, NotRegularFile | FileTooLarge) or error.errno in _IN_THE_WAY


def delete(path: Path) -> int:
    """Delete a file or a whole folder and return the number of bytes freed. Raises ``OSError``."""
    if not stat.S_ISDIR(path.lstat().st_mode):
        size_bytes = path.lstat().st_size
        path.unlink()
        return size_bytes
    import shutil

    size_bytes = size_on_disk(path)
    shutil.rmtree(path)
    return size_bytes


def size_on_disk(path: Path) -> int:
    """Return the size of a file, or of all files in a folder. Links are not followed."""
    if path.is_symlink() or not path.is_dir():
        return path.lstat().st_size
    return sum(each.lstat().st_size for each in path.rglob("*") if each.is_symlink() or not each.is_dir())


def set_aside(path: Path, quarantine: Path) -> None:
    """Move a damaged file to ``quarantine``, where it can be examined.

    A file that cannot be moved (in a read-only cache) stays where it is. It is never served, because every read is
    verified. If a file occupies the place of one of the parent folders of ``path``, that file is moved.
    """
    found = next((each for each in (path, *path.parents) if os.path.lexists(each)), path)
    if found != path and found.is_dir():
        return  # `path` is gone already, and nothing occupies its place
    for name in (found.name, f"{found.name}.{os.urandom(4).hex()}"):  # the second name if the first is a folder
        with contextlib.suppress(OSError):
            found.replace(quarantine / name)
            return
