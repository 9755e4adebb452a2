"""Merging another cache into this one, for example that of a second machine.

The other cache is treated as untrusted input and never written to. An entry is copied with all of its blobs or not at
all. Each blob is verified by its digest and written before the record, so that neither a truncated file nor an
interruption can damage this cache.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from spotmap_build.cache import locks
from spotmap_build.cache.errors import translate
from spotmap_build.cache.files import digest_file, is_in_the_way
from spotmap_build.cache.freshness import rank
from spotmap_build.cache.keys import digest_bytes
from spotmap_build.cache.layout import CacheFolder, is_content, prepare, recognize
from spotmap_build.cache.maintenance import read_record
from spotmap_build.cache.records import DamagedError, inline_bytes
from spotmap_build.cache.roots import read_root_file
from spotmap_build.cache.writing import Writer
from spotmap_build.core.files import check_regular, read_bounded
from spotmap_build.errors import CacheError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from spotmap_build.cache.records import Record

MAX_CONTENT_BYTES: Final = 2**31
"""The largest blob of a build, the nearest neighbors of a million tracks, has a quarter of a gigabyte."""


@dataclass(frozen=True, slots=True)
class MergeReport:
    """How many entries of the other cache were added, replaced an entry here, were known already, or were damaged.

    ``copied_bytes``: size of the copied records and of their blobs that were new here.
    """

    added: int = 0
    replaced: int = 0
    known: int = 0
    damaged: int = 0
    copied_bytes: int = 0


def merge(root: Path, other: Path, *, clock: Callable[[], float] = time.time) -> MergeReport:
    """Copy new and better entries from the cache at ``other`` to the one at ``root``, which is created if missing.

    :func:`~spotmap_build.cache.freshness.rank` ranks entries of the same key; on a tie, the entry in ``root`` stays.
    ``prune --unused`` keeps what the last builds of either cache used. Builds may run in both at the same time.

    Raises
    ------
    CacheError
        One of the two is not a cache, both are the same, ``other`` cannot be read, or ``root`` cannot be written.
        Entries copied until then are complete.
    """
    try:
        theirs = recognize(other)
    except OSError as error:
        raise _unreadable(other, error) from error
    ours = prepare(root, create=True)
    if root.samefile(other):
        raise CacheError(f"{other} is this cache itself.", hint="Name another cache to merge into this one.")
    with locks.shared(ours.lock):
        return _Merger(theirs, ours, clock()).run()


class _Merger:
    """The state of one merge."""

    def __init__(self, theirs: CacheFolder, ours: CacheFolder, now_unix_s: float) -> None:
        self._theirs, self._ours, self._now_unix_s = theirs, ours, now_unix_s
        self._writer = Writer(ours)
        self._copied_bytes = 0
        self._counts = {"added": 0, "replaced": 0, "known": 0, "damaged": 0}

    def run(self) -> MergeReport:
        with _reading(self._theirs.root):
            paths = list(self._theirs.records())
        for path in paths:
            try:
                self._counts[self._copy_record(path)] += 1
            except FileNotFoundError:  # pruned meanwhile
                continue
            except DamagedError:
                self._counts["damaged"] += 1
        self._copy_roots()
        return MergeReport(**self._counts, copied_bytes=self._copied_bytes)

    def _copy_record(self, path: Path) -> str:
        """Copy one record with its blobs if it is better than ours; return the counter to increase."""
        if not is_content(path.relative_to(self._theirs.root).as_posix()):
            raise DamagedError("not the name of a record")
        with _reading(self._theirs.root):
            data, record, used_at_unix_s = read_record(self._theirs, path)
        target = self._ours.record(record.stage, record.stage_version, record.key_digest)
        ours = self._our_record(target)
        if ours is not None and rank(record, self._now_unix_s) <= rank(ours, self._now_unix_s):
            return "known"
        for output in record.outputs.values():
            if output.inline is not None and len(inline_bytes(output)) != output.size_bytes:
                raise DamagedError("an inlined output does not match its size")
        for digest, size_bytes in record.required_blobs.items():
            if not _has_blob(self._ours, digest, size_bytes, verify=True):
                self._writer.write_blob(digest, self._read_blob(digest, size_bytes))
                self._copied_bytes += size_bytes
        self._writer.write(target, data)
        self._copied_bytes += len(data)
        # Keep the time of the last use for prune. With a time in the future, the record would never be old enough.
        used_at_unix_s = min(max(used_at_unix_s, 0.0), self._now_unix_s)
        os.utime(target, (used_at_unix_s, used_at_unix_s))
        return "added" if ours is None else "replaced"

    def _our_record(self, path: Path) -> Record | None:
        """Return our record of the same key; None if there is none, it is damaged, or it lacks a blob."""
        try:
            _, record, _ = read_record(self._ours, path)
            is_complete = all(_has_blob(self._ours, *blob) for blob in record.required_blobs.items())
        except (FileNotFoundError, DamagedError):
            return None
        except OSError as error:
            raise translate(error, path) from error
        return record if is_complete else None

    def _read_blob(self, digest: str, size_bytes: int) -> bytes:
        """Return a blob of the other cache. Raises ``DamagedError`` if it is missing or incomplete."""
        try:
            with _reading(self._theirs.root):
                data = read_bounded(self._theirs.blob(digest), min(size_bytes, MAX_CONTENT_BYTES))
        except FileNotFoundError as error:
            raise DamagedError("a blob is gone") from error
        if len(data) != size_bytes or digest_bytes(data) != digest:
            raise DamagedError("a blob does not match its digest")
        return data

    def _copy_roots(self) -> None:
        """Copy the roots. Damaged ones are skipped, as roots only protect entries from pruning."""
        for path in list(self._theirs.roots.glob("*.json")):
            target = self._ours.roots / path.name
            if not is_content(f"roots/{path.name}") or os.path.lexists(target):
                continue
            with suppress(FileNotFoundError, DamagedError), _reading(self._theirs.root):
                data, note = read_root_file(path)
                if note.written_at_unix_s <= self._now_unix_s:
                    self._writer.write(target, data)


@contextmanager
def _reading(other: Path) -> Iterator[None]:
    """Translate read errors of the other cache. ``FileNotFoundError`` is left to the caller."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        if is_in_the_way(error):
            raise DamagedError("not a regular file") from error
        raise _unreadable(other, error) from error


def _unreadable(other: Path, error: OSError) -> CacheError:
    return CacheError(
        f"The cache at {other} cannot be read: {error.strerror or error}.",
        hint="Check the path and its read permissions. Entries copied until then are kept.",
    )


def _has_blob(folder: CacheFolder, digest: str, size_bytes: int, *, verify: bool = False) -> bool:
    path = folder.blob(digest)
    try:
        return check_regular(path).st_size == size_bytes and (not verify or digest_file(path) == digest)
    except OSError as error:
        if isinstance(error, FileNotFoundError) or is_in_the_way(error):
            return False
        raise translate(error, path) from error
