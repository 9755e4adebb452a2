"""Errors of the cache that a caller or the person running the build has to tell apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spotmap_build.core.files import DISK_FULL, NOT_WRITABLE
from spotmap_build.errors import CacheError

if TYPE_CHECKING:
    from pathlib import Path


class CorruptEntry(CacheError):
    """An entry is damaged or gone. It has been set aside already: compute the result again and ``put`` it."""

    code = "cache_corrupt"


class CacheFull(CacheError):
    """The disk is full, or a quota or file size limit is reached. No partially written file is left behind."""

    code = "cache_full"


class CacheReadOnly(CacheError):
    """The cache can be read but not written. Hits are still served."""

    code = "cache_read_only"


class CacheBusy(CacheError):
    """Another process holds the lock: a build when this one wants to prune, or vice versa."""

    code = "cache_busy"


def translate(error: OSError, path: Path) -> CacheError:
    """Translate an operating system error at ``path`` into a cache error that says what to do about it."""
    reason = error.strerror or str(error)
    if error.errno in DISK_FULL:
        return CacheFull(
            f"The cache cannot grow: {reason} ({path}).",
            hint="Free some space or run `spotmap-build cache prune`, then build again: finished results are kept.",
        )
    if error.errno in NOT_WRITABLE:
        return CacheReadOnly(
            f"The cache cannot be written: {reason} ({path}).",
            hint="Give yourself write permission for the folder, or choose another one with --cache-dir.",
        )
    hint = "Check the disk that holds the cache."
    if isinstance(error, (NotADirectoryError, IsADirectoryError)):
        hint = "Move away what is there, or choose another folder with --cache-dir."
    return CacheError(f"The cache cannot be used: {reason} ({path}).", hint=hint)
