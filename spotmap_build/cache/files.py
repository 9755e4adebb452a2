"""Writing files so that a reader sees all of them or nothing, whatever happens in between.

The order is: a temporary file on the same disk, flush it, rename it, flush the folder. Callers write content before the
record that names it, and delete in the opposite order.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_NO_FOLDER_FLUSH: Final = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EBADF})
"""How network and FUSE file systems refuse to flush a folder; they keep their own order."""


def write_durably(target: Path, data: bytes, tmp: Path) -> None:
    """Put ``data`` at ``target`` in one step, on the disk when this returns. Leaves nothing behind if it fails.

    ``tmp`` is an existing folder on the same file system. Raises ``OSError``.
    """
    temporary = tmp / os.urandom(12).hex()
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:  # an interrupt as well: the person pressed Ctrl-C, and wants no debris
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
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


def digest_file(path: Path) -> str:
    """SHA-256 of a file's content, in hex, without holding the file in memory. Raises ``OSError``."""
    with path.open("rb", buffering=0) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def set_aside(path: Path, quarantine: Path) -> None:
    """Move a damaged file out of the way, keeping it for whoever wants to know why. One that is gone or cannot be moved
    (a read-only cache) stays as it is: reading verifies, so it is never served."""
    with contextlib.suppress(OSError):
        path.replace(quarantine / path.name)
