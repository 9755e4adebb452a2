"""Taking over what another cache holds: that of a second machine, or one that came from anywhere.

The other cache is read as if a stranger had made it, and nothing is written there. An entry comes with all of its
contents or not at all, each verified by its digest and written in the usual order, so that neither half a file nor an
interruption leaves this cache worse than it was.
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
from spotmap_build.cache.freshness import worth
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

LARGEST_CONTENT_BYTES: Final = 2**31
"""The largest that a build keeps, what is near to each of a million tracks, has a quarter of a gigabyte."""


@dataclass(frozen=True, slots=True)
class MergeReport:
    """What came of another cache's entries: new ones, better ones than were here, those that were known, damaged ones.

    ``taken_bytes``: of the records that came, and of the contents that were not here before.
    """

    added: int = 0
    replaced: int = 0
    known: int = 0
    damaged: int = 0
    taken_bytes: int = 0


def merge(root: Path, other: Path, *, clock: Callable[[], float] = time.time) -> MergeReport:
    """Add to the cache at ``root``, made where there is none, what the one at ``other`` knows better.

    Which is better says :func:`~spotmap_build.cache.freshness.worth`; of equals, the one that is here stays. What
    either of them used in its last builds is kept from ``prune --unused``. Builds may go on in both meanwhile.

    Raises
    ------
    CacheError
        One of them is no cache, both are the same, ``other`` cannot be read, or ``root`` not be written. What had come
        until then is whole.
    """
    try:
        theirs = recognize(other)
    except OSError as error:
        raise _unreadable(other, error) from error
    ours = prepare(root, create=True)
    if root.samefile(other):
        raise CacheError(f"{other} is this cache itself.", hint="Name the cache whose entries are to be added.")
    with locks.shared(ours.lock):
        return _Merger(theirs, ours, clock()).run()


class _Merger:
    """One merge, and what came until now."""

    def __init__(self, theirs: CacheFolder, ours: CacheFolder, now_unix_s: float) -> None:
        self._theirs, self._ours, self._now_unix_s = theirs, ours, now_unix_s
        self._writer = Writer(ours)
        self._taken_bytes = 0
        self._counts = {"added": 0, "replaced": 0, "known": 0, "damaged": 0}

    def run(self) -> MergeReport:
        with _reading(self._theirs.root):
            paths = list(self._theirs.records())
        for path in paths:
            try:
                self._counts[self._take(path)] += 1
            except FileNotFoundError:  # pruned meanwhile
                continue
            except DamagedError:
                self._counts["damaged"] += 1
        self._take_roots()
        return MergeReport(**self._counts, taken_bytes=self._taken_bytes)

    def _take(self, path: Path) -> str:
        """Take one record with its contents, if it is better than ours; returns what became of it."""
        if not is_content(path.relative_to(self._theirs.root).as_posix()):
            raise DamagedError("no record has such a name")
        with _reading(self._theirs.root):
            data, record, used_at_unix_s = read_record(self._theirs, path)
        target = self._ours.record(record.stage, record.stage_version, record.key_digest)
        held = self._held(target)
        if held is not None and worth(record, self._now_unix_s) <= worth(held, self._now_unix_s):
            return "known"
        for output in record.outputs.values():
            if output.inline is not None and len(inline_bytes(output)) != output.size_bytes:
                raise DamagedError("an inlined output does not have its size")
        for digest, size_bytes in record.required_blobs.items():
            if not _has_blob(self._ours, digest, size_bytes, verify=True):
                self._writer.write_blob(digest, self._read_blob(digest, size_bytes))
                self._taken_bytes += size_bytes
        self._writer.write(target, data)
        self._taken_bytes += len(data)
        # When it was last used, for prune. A time in the future would keep it from ever being old.
        used_at_unix_s = min(max(used_at_unix_s, 0.0), self._now_unix_s)
        os.utime(target, (used_at_unix_s, used_at_unix_s))
        return "added" if held is None else "replaced"

    def _held(self, path: Path) -> Record | None:
        """Return what is here under the same key; None where it is nothing, damaged, or lacks a content."""
        try:
            _, record, _ = read_record(self._ours, path)
            is_whole = all(_has_blob(self._ours, *blob) for blob in record.required_blobs.items())
        except (FileNotFoundError, DamagedError):
            return None
        except OSError as error:
            raise translate(error, path) from error
        return record if is_whole else None

    def _read_blob(self, digest: str, size_bytes: int) -> bytes:
        """Return a content of the other cache. Raises ``DamagedError`` where it is not there whole."""
        try:
            with _reading(self._theirs.root):
                data = read_bounded(self._theirs.blob(digest), min(size_bytes, LARGEST_CONTENT_BYTES))
        except FileNotFoundError as error:
            raise DamagedError("a content is gone") from error
        if len(data) != size_bytes or digest_bytes(data) != digest:
            raise DamagedError("a content does not have its digest")
        return data

    def _take_roots(self) -> None:
        """Take the notes of what builds used: they only say what is not to be pruned, so damaged ones are left out."""
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
    """Say whose cache it was that could not be read. What is gone, or is no file, is for the caller."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        if is_in_the_way(error):
            raise DamagedError("something else lies in its place") from error
        raise _unreadable(other, error) from error


def _unreadable(other: Path, error: OSError) -> CacheError:
    return CacheError(
        f"The cache at {other} cannot be read: {error.strerror or error}.",
        hint="Check the path, and that you may read all of it. What came until then is kept.",
    )


def _has_blob(folder: CacheFolder, digest: str, size_bytes: int, *, verify: bool = False) -> bool:
    path = folder.blob(digest)
    try:
        return check_regular(path).st_size == size_bytes and (not verify or digest_file(path) == digest)
    except OSError as error:
        if isinstance(error, FileNotFoundError) or is_in_the_way(error):
            return False
        raise translate(error, path) from error
