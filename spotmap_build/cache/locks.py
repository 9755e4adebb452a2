"""The lock of a cache: shared by all builds, exclusive for prune.

Builds therefore never wait for each other. The operating system releases the lock when a process ends for any reason.
On POSIX it is a ``flock``. Windows has exclusive byte locks only, so a build locks any one of 1,024 bytes and prune
locks all of them. On a file system without locks, a cache can be used but not pruned.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from typing import TYPE_CHECKING, Final

from spotmap_build.cache.errors import CacheBusy, translate
from spotmap_build.core.files import NOT_WRITABLE
from spotmap_build.errors import CacheError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PRUNE_PATIENCE_S: Final = 60.0
"""How long a build waits for a running prune before it fails. On a busy ext4 disk, deleting 5,000 records took 1.4 s
and 20,000 took 24 s, so most prunes end in time, but emptying a very large cache may not."""

_POLL_S: Final = 0.05
_UNSUPPORTED: Final = frozenset({errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})

if sys.platform == "win32":
    import msvcrt

    _SLOTS = 1_024

    def _try_lock(descriptor: int, *, exclusive: bool) -> bool:
        offsets, length = ((0,), _SLOTS) if exclusive else (range(_SLOTS), 1)
        for offset in offsets:
            os.lseek(descriptor, offset, os.SEEK_SET)
            try:
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, length)
            except OSError as error:
                if error.errno not in (errno.EACCES, errno.EDEADLK):
                    raise
            else:
                return True
        return False
else:
    import fcntl

    def _try_lock(descriptor: int, *, exclusive: bool) -> bool:
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@contextlib.contextmanager
def shared(path: Path, *, patience_s: float = PRUNE_PATIENCE_S) -> Iterator[None]:
    """Hold the lock shared while the block runs. Waits up to ``patience_s`` for a prune to end.

    A cache that cannot be locked (a read-only copy without a lock file, a file system without locks) is used unlocked.

    Raises
    ------
    CacheBusy
        The prune did not end in time.
    """
    with _opened(path) as descriptor:
        deadline = time.monotonic() + patience_s
        while descriptor is not None and _attempt(descriptor, path, exclusive=False) is False:
            if time.monotonic() >= deadline:
                raise CacheBusy(
                    f"The cache at {path.parent} has been locked by a prune for more than {patience_s:.0f} s.",
                    hint="Wait until `spotmap-build cache prune` has ended, then build again.",
                )
            time.sleep(_POLL_S)
        yield


@contextlib.contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock exclusively while the block runs. Does not wait.

    Raises
    ------
    CacheBusy
        A build or another prune is running.
    CacheError
        The cache is read-only, or its file system has no locks.
    """
    with _opened(path) as descriptor:
        held = descriptor is not None and _attempt(descriptor, path, exclusive=True)
        if held is None or descriptor is None:
            raise CacheError(
                f"The cache at {path.parent} cannot be locked, so it cannot be pruned safely.",
                hint="Its disk does not support file locks or is read-only. You may delete the whole folder instead.",
            )
        if not held:
            raise CacheBusy(
                f"The cache at {path.parent} is in use.",
                hint="A build is running: wait until it ends or stop it, then prune again.",
            )
        yield


def _attempt(descriptor: int, path: Path, *, exclusive: bool) -> bool | None:
    """Return whether the lock was acquired; None if the file system has no locks."""
    try:
        return _try_lock(descriptor, exclusive=exclusive)
    except OSError as error:
        if error.errno in _UNSUPPORTED:
            return None
        raise translate(error, path) from error


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int | None]:
    """Yield the open lock file, or None if it neither exists nor can be created. Closing it releases the lock."""
    try:
        descriptor = _open_for_locking(path)
    except OSError as error:
        raise translate(error, path) from error
    try:
        yield descriptor
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _open_for_locking(path: Path) -> int | None:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, path.parent.stat().st_mode & 0o666 | 0o600)
    except OSError as error:
        if error.errno not in NOT_WRITABLE:
            raise
    try:
        return os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
