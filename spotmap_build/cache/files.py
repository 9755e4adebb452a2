"""Writing files so that a reader sees all of them or nothing, whatever happens in between.

The order is: a temporary file on the same disk, flush it, rename it, flush the folder. Callers write content before the
record that names it, and delete in the opposite order.
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
"""How network and FUSE file systems refuse to flush a folder; they keep their own order."""


_IN_THE_WAY: Final = frozenset({errno.ENOTDIR, errno.EISDIR, errno.ELOOP})


def write_durably(target: Path, data: bytes, tmp: Path, *, mode: int = 0o666) -> None:
    """Put ``data`` at ``target`` in one step, on the disk when this returns. Leaves nothing behind if it fails.

    ``tmp`` is an existing folder on the same file system. ``mode`` is what the file may be opened by, less what the
    umask takes away. Raises ``OSError``.
    """
    replace_file(target, data, tmp / os.urandom(12).hex(), mode=mode)
    flush_folder(target.parent)


def flush_folder(folder: Path) -> None:
    """Make renames and deletions in ``folder`` last. Windows has no such call, its journal keeps them in order."""
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
    """Make a folder where there is none, openable by ``mode`` less what the umask takes away. Raises ``OSError``.

    Folders above it that are missing as well are made as usual.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=mode, exist_ok=True)


def digest_file(path: Path) -> str:
    """SHA-256 of a file's content, in hex, without holding the file in memory. Raises ``OSError``."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_in_the_way(error: OSError) -> bool:
    """Whether something that is no file lies where a file is to be (a folder, a pipe), or a file where a folder is.

    Damage to the cache, then, and no failure of the disk.
    """
    return isinstance(error, NotRegularFile | FileTooLarge) or error.errno in _IN_THE_WAY


def delete(path: Path) -> int:
    """Delete a file or a whole folder; returns how many bytes that frees. Raises ``OSError``."""
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
    """Move what is damaged out of the way, keeping it for whoever wants to know why.

    What cannot be moved (a read-only cache) stays as it is: reading verifies, so it is never served.

    Where ``path`` cannot be because a file lies in the place of one of its folders, that file is moved.
    """
    found = next((each for each in (path, *path.parents) if os.path.lexists(each)), path)
    if found != path and found.is_dir():
        return  # it is gone, and nothing is in its way
    for name in (found.name, f"{found.name}.{os.urandom(4).hex()}"):  # the second where the first is a folder
        with contextlib.suppress(OSError):
            found.replace(quarantine / name)
            return
