"""What can go wrong with the cache, as a person or a caller has to tell it apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spotmap_build.core.files import DISK_FULL, NOT_WRITABLE
from spotmap_build.errors import CacheError

if TYPE_CHECKING:
    from pathlib import Path


class CorruptEntry(CacheError):
    """An entry is damaged or gone. It is out of the way already: compute it again and ``put`` it."""

    code = "cache_corrupt"


class CacheFull(CacheError):
    """The disk, the quota or the largest file size allowed is exhausted. Nothing half-written was left behind."""

    code = "cache_full"


class CacheReadOnly(CacheError):
    """The cache may be read but not written. Hits are still served."""

    code = "cache_read_only"


class CacheBusy(CacheError):
    """Another process holds the lock: a build while this one wants to prune, or the other way round."""

    code = "cache_busy"


def translate(error: OSError, path: Path) -> CacheError:
    """Say what an operating system error at ``path`` means for the cache, and what to do about it."""
    reason = error.strerror or str(error)
    if error.errno in DISK_FULL:
        return CacheFull(
            f"The cache cannot grow: {reason} ({path}).",
            hint="Free some space or run `spotmap-build cache prune`, then build again: what is finished is kept.",
        )
    if error.errno in NOT_WRITABLE:
        return CacheReadOnly(
            f"The cache cannot be written: {reason} ({path}).",
            hint="Make the folder writable for you, or choose another one with --cache-dir.",
        )
    return CacheError(f"The cache cannot be used: {reason} ({path}).", hint="Check the disk that the cache lies on.")
