"""The cache as the build uses it: look a key up, read what it stands for, put what was computed.

::

    with Cache.open(Path(".spotmap/cache")) as cache:
        record = cache.lookup(key)
        if record is None:
            record = cache.put(key, {"vector": encode_array(vector)}, seconds=2.9)

A ``Cache`` may be used by several threads, and a folder by several processes. What it promises: a reader gets whole,
verified bytes or a miss; what ``put`` returned survives the process being killed; damage is counted and set aside,
never served; a full or read-only disk gives a typed error and leaves no debris.
"""

from __future__ import annotations

import math
import os
import threading
import time
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Self, TypeVar

from spotmap_build.cache import locks
from spotmap_build.cache.counters import Counters
from spotmap_build.cache.errors import CacheReadOnly, CorruptEntry, translate
from spotmap_build.cache.files import is_in_the_way, set_aside
from spotmap_build.cache.freshness import changes_at, retry_later
from spotmap_build.cache.keys import digest_bytes
from spotmap_build.cache.layout import CacheFolder, prepare
from spotmap_build.cache.records import (
    INLINE_LIMIT_BYTES,
    DamagedError,
    Record,
    decode_record,
    describe_output,
    encode_record,
    inline_bytes,
    read_record_file,
)
from spotmap_build.cache.roots import write_root
from spotmap_build.cache.writing import Writer
from spotmap_build.core.files import check_regular, open_regular
from spotmap_build.errors import CacheError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from pathlib import Path

    from spotmap_build.cache.freshness import Failure, Freshness
    from spotmap_build.cache.keys import Key

Value = TypeVar("Value")

PRODUCER: Final = "spotmap-build"

TOUCH_AFTER_S: Final = 86_400
"""A record's modification time says on which day it was last used, for prune. Finer would cost a write at every hit."""

_OTHER_SHAPE: Final = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError, CacheError)
"""What reading content raises that is intact and yet not what the reader knows."""


class Cache:
    """A content-addressed store in one folder, held open under the shared lock. Made by :meth:`open`."""

    def __init__(self, folder: CacheFolder, clock: Callable[[], float], held: ExitStack) -> None:
        self._folder = folder
        self._clock = clock
        self._held = held
        self.counters = Counters()
        """Hits, misses and damaged entries by stage, since it was opened."""
        self._writer = Writer(folder)
        self._used_keys: set[str] = set()
        self._lock = threading.Lock()
        self._steady_until_unix_s = math.inf

    @classmethod
    def open(cls, root: Path, *, create: bool = True, clock: Callable[[], float] = time.time) -> Self:
        """Open the cache in ``root``, making one if there is none and ``create``.

        ``clock`` gives the time in seconds since 1970, UTC: answers and failures expire by it. Use the result as a
        context manager, or ``close`` it. A read-only cache opens, serves hits, and raises when something is put.

        Raises
        ------
        CacheError
            ``root`` is no cache, or one of another format (nothing was touched), or there is none and none can be made.
        CacheBusy
            A prune is running and did not end within a minute.
        """
        folder = prepare(root, create=create)
        with ExitStack() as opening:
            opening.enter_context(locks.shared(folder.lock))
            return cls(folder, clock, opening.pop_all())

    def close(self) -> None:
        """Give the shared lock back."""
        self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    @property
    def used_keys(self) -> frozenset[str]:
        """Digests of all keys that were found or put since the cache was opened: what this build needs."""
        return frozenset(self._used_keys)

    @property
    def steady_until_unix_s(self) -> float:
        """Until when a build that finds what was found until now finds it again, and has no use of it to note."""
        return self._steady_until_unix_s

    def lookup(
        self, key: Key, *, allow_expired: bool = False, outputs: Collection[str] = (), may_fail: bool = True
    ) -> Record | None:
        """Return what is known about ``key``, or None (a miss). Cheap: one small file is read, no content is hashed.

        A hit has the whole preimage of ``key``, and every blob that it names exists with the right size. It may be a
        cached failure: see ``record.failure``. Answers past their age and failures that are due again are misses,
        unless ``allow_expired`` (to know how often something failed already, or to go on without a network).

        ``outputs`` are what a result of this stage has, and ``may_fail`` is false where it never keeps a failure: a
        record that is otherwise was not made by this program, and counts as damaged.

        Raises
        ------
        CacheError
            The disk fails. Damaged records are misses.
        """
        path = self._folder.record(key.stage, key.stage_version, key.digest)
        try:
            record = self._read_record(path, key)
            if record is not None and not _is_as_made(record, outputs, may_fail):
                raise DamagedError("it lacks an output, or is a failure of a stage that has none")
        except DamagedError:
            set_aside(path, self._folder.quarantine)
            self.counters.add(key.stage, misses=1, corrupt=1)
            return None
        except FileNotFoundError:
            record = None
        except OSError as error:
            raise translate(error, path) from error
        if record is None or not (allow_expired or record.is_current(self._clock())):
            self.counters.add(key.stage, misses=1)
            return None
        self.counters.add(key.stage, hits=1)
        self._used_keys.add(key.digest)
        self._note_change_at(changes_at(record))
        return record

    def read(self, record: Record, name: str, *, is_optional: bool = False) -> bytes:
        """Return the bytes of the output ``name`` of ``record``, verified against their digest.

        ``is_optional``: the record is of use without this output, so that only the output is dropped where it is
        damaged.

        Raises
        ------
        CorruptEntry
            Damaged, or gone. Set aside and counted as a miss instead of a hit: compute and ``put`` it again.
        """
        output = record.outputs.get(name)
        try:
            if output is None:
                raise DamagedError("it has no such output")
            return self._read_verified(output.digest) if output.inline is None else inline_bytes(output)
        except (DamagedError, FileNotFoundError) as error:
            self._give_up(record, name, is_optional)
            if output is not None:
                set_aside(self._folder.blob(output.digest), self._folder.quarantine)
            raise CorruptEntry(
                f"The cached output {name!r} of {record.stage} is damaged and will be computed again.",
                hint="If this happens more than once, check the disk: `spotmap-build cache check`.",
            ) from error

    def decode(
        self, record: Record, name: str, decode: Callable[[bytes], Value], *, is_optional: bool = False
    ) -> Value:
        """Return what the output ``name`` of ``record`` says, read by ``decode``.

        This is how cached content is to be read: what is intact and yet of a shape that ``decode`` refuses (another
        program wrote it, or this one had a bug) is a miss like any damage, and does not end this build and all later
        ones.

        Raises
        ------
        CorruptEntry
            Damaged, gone, or of another shape. Set aside, as by :meth:`read`.
        """
        data = self.read(record, name, is_optional=is_optional)
        try:
            return decode(data)
        except _OTHER_SHAPE as error:
            self._give_up(record, name, is_optional)
            raise CorruptEntry(
                f"The cached output {name!r} of {record.stage} cannot be understood and will be computed again.",
                hint="Another program may have written to this cache: `spotmap-build cache check`.",
            ) from error

    def discard(self, record: Record) -> None:
        """Set a record aside that was found and is of no use; it counts as a miss instead of a hit, and as damaged."""
        path = self._folder.record(record.stage, record.stage_version, record.key_digest)
        set_aside(path, self._folder.quarantine)
        self.counters.add(record.stage, hits=-1, misses=1, corrupt=1)

    def put(
        self,
        key: Key,
        outputs: Mapping[str, bytes],
        seconds: float,
        *,
        blobs: Iterable[str] = (),
        freshness: Freshness | None = None,
    ) -> Record:
        """Keep what was computed for ``key``. On the disk, content before record, when this returns.

        ``seconds`` is what it cost. ``blobs`` are digests from :meth:`put_blob` that the outputs speak of: the record
        keeps them from being pruned and is a miss without them. ``freshness`` is for answers of the outside world.

        Raises
        ------
        CacheReadOnly, CacheFull, CacheError
            Nothing was kept, and no debris left.
        CorruptEntry
            One of ``blobs`` is not there.
        """
        described = {
            name: describe_output(data, inline=len(data) <= INLINE_LIMIT_BYTES) for name, data in outputs.items()
        }
        for name, output in described.items():
            if output.inline is None:
                self._writer.write_blob(output.digest, outputs[name])
        sizes = {digest: self._blob_size(digest) for digest in blobs}
        return self._write_record(
            key,
            Record(key.digest, key.stage, key.stage_version, described, sizes, None, freshness, PRODUCER, seconds),
        )

    def put_failure(self, key: Key, failure: Failure, seconds: float = 0.0, *, producer: str = PRODUCER) -> Record:
        """Keep the knowledge that ``key`` has no result, and whether and when to try again. Raises like :meth:`put`.

        ``producer``: what failed, where another one may succeed.
        """
        return self._write_record(
            key, Record(key.digest, key.stage, key.stage_version, {}, {}, failure, None, producer, seconds)
        )

    def put_passing_failure(self, key: Key, code: str, detail: str, seconds: float = 0.0) -> Failure:
        """Keep that ``key`` has no result for a reason that may pass; returns when it is to be tried again.

        That is later with each time, see :func:`~spotmap_build.cache.freshness.retry_later`. Raises like :meth:`put`.
        """
        previous = self.lookup(key, allow_expired=True)
        failed_before = previous.failure if previous is not None else None
        failure = retry_later(code, detail, now_unix_s=self._clock(), previous=failed_before)
        self.put_failure(key, failure, seconds)
        return failure

    def put_blob(self, data: bytes) -> str:
        """Keep ``data`` under its own SHA-256, which is returned. The next prune drops it unless a record names it.

        Raises
        ------
        CacheReadOnly, CacheFull, CacheError
            Nothing was kept, and no debris left.
        """
        digest = digest_bytes(data)
        self._writer.write_blob(digest, data)
        return digest

    def read_blob(self, digest: str, stage: str = "blob") -> bytes:
        """Return the content under ``digest``, verified. Damage is counted for ``stage``.

        Raises
        ------
        CorruptEntry
            Damaged (it is set aside) or not there.
        """
        try:
            return self._read_verified(digest)
        except (DamagedError, FileNotFoundError) as error:
            set_aside(self._folder.blob(digest), self._folder.quarantine)
            self.counters.add(stage, misses=1, corrupt=1)
            raise CorruptEntry(
                f"The cached file {digest[:12]}… is damaged or gone.", hint="Build again: it will be made again."
            ) from error

    def write_root(self, build_id: str, key_digests: Iterable[str], site: str = "") -> None:
        """Note which keys this build used, so that prune can tell what the last ten builds of each site did not need.

        ``site`` names the site that was built: 16 hex digits of a digest of its place, so that no path is stored.

        Raises
        ------
        ValueError
            ``build_id`` is no file name (letters, digits, ``.``, ``_`` and ``-``), or ``site`` no such name.
        CacheError
            It cannot be written.
        """
        try:
            write_root(self._folder, build_id, key_digests, site, now_unix_s=self._clock())
        except OSError as error:
            raise translate(error, self._folder.roots) from error

    def _read_record(self, path: Path, key: Key) -> Record | None:
        """Return the intact record at ``path``; None if a blob that it needs is gone."""
        data, used_at_unix_s = read_record_file(path)
        record, canonical_key = decode_record(data)
        if canonical_key != key.canonical:
            raise DamagedError("it belongs to another key")
        for digest, size_bytes in record.required_blobs.items():
            blob = self._folder.blob(digest)
            try:
                actual_bytes = check_regular(blob).st_size
            except FileNotFoundError:
                return None
            except OSError as error:
                if not is_in_the_way(error):
                    raise
                actual_bytes = -1
            if actual_bytes != size_bytes:
                set_aside(path, self._folder.quarantine)
                set_aside(blob, self._folder.quarantine)
                raise DamagedError("a blob has the wrong size")
        now = self._clock()
        if now - used_at_unix_s > TOUCH_AFTER_S:
            with suppress(OSError):  # a read-only cache is not pruned either
                os.utime(path, (now, now))
            used_at_unix_s = now
        self._note_change_at(used_at_unix_s + TOUCH_AFTER_S)
        return record

    def _give_up(self, record: Record, name: str, is_optional: bool) -> None:
        """Set a record aside whose output ``name`` is damaged; or only drop that, where the others are of use."""
        if not is_optional:
            self.discard(record)
            return
        path = self._folder.record(record.stage, record.stage_version, record.key_digest)
        try:
            found, canonical_key = decode_record(read_record_file(path)[0])
        except (DamagedError, FileNotFoundError):
            self.discard(record)
            return
        except OSError as error:
            raise translate(error, path) from error
        outputs = {each: output for each, output in found.outputs.items() if each != name}
        try:
            self._writer.write(path, encode_record(replace(found, outputs=outputs), canonical_key))
        except CacheReadOnly:
            self.discard(record)
            return
        self.counters.add(record.stage, hits=-1, misses=1, corrupt=1)

    def _note_change_at(self, unix_s: float) -> None:
        with self._lock:
            self._steady_until_unix_s = min(self._steady_until_unix_s, unix_s)

    def _read_verified(self, digest: str) -> bytes:
        path = self._folder.blob(digest)
        try:
            with open_regular(path) as file:
                data = file.read()
        except FileNotFoundError:
            raise
        except OSError as error:
            if is_in_the_way(error):
                raise DamagedError("something else lies in its place") from error
            raise translate(error, path) from error
        if digest_bytes(data) != digest:
            raise DamagedError("the content does not have its digest")
        return data

    def _blob_size(self, digest: str) -> int:
        try:
            return check_regular(self._folder.blob(digest)).st_size
        except OSError as error:
            if not (isinstance(error, FileNotFoundError) or is_in_the_way(error)):
                raise translate(error, self._folder.blob(digest)) from error
            raise CorruptEntry(
                f"The cached file {digest[:12]}… is gone.", hint="Build again: it will be made again."
            ) from error

    def _write_record(self, key: Key, record: Record) -> Record:
        path = self._folder.record(key.stage, key.stage_version, key.digest)
        self._writer.write(path, encode_record(record, key.canonical))
        self._used_keys.add(key.digest)
        return record


def _is_as_made(record: Record, outputs: Collection[str], may_fail: bool) -> bool:
    if record.failure is not None:
        return may_fail
    return all(name in record.outputs for name in outputs)
