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

import os
import time
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Final, Self

from spotmap_build.cache import locks
from spotmap_build.cache.counters import Counters
from spotmap_build.cache.errors import CorruptEntry, translate
from spotmap_build.cache.files import digest_file, flush_folder, set_aside, write_durably
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
)
from spotmap_build.cache.roots import write_root

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from spotmap_build.cache.freshness import Failure, Freshness
    from spotmap_build.cache.keys import Key

PRODUCER: Final = "spotmap-build"

TOUCH_AFTER_S: Final = 86_400
"""A record's modification time says on which day it was last used, for prune. Finer would cost a write at every hit."""


class Cache:
    """A content-addressed store in one folder, held open under the shared lock. Made by :meth:`open`."""

    def __init__(self, folder: CacheFolder, clock: Callable[[], float], held: ExitStack) -> None:
        self._folder = folder
        self._clock = clock
        self._held = held
        self.counters = Counters()
        """Hits, misses and damaged entries by stage, since it was opened."""
        self._made_folders: set[Path] = set()
        self._used_keys: set[str] = set()

    @classmethod
    def open(cls, root: Path, *, create: bool = True, clock: Callable[[], float] = time.time) -> Self:
        """Open the cache in ``root``, making one if there is none and ``create``.

        ``clock`` gives the time in seconds since 1970, UTC: answers and failures expire by it. Use the result as a
        context manager, or ``close`` it. A read-only cache opens, serves hits, and raises when something is put.

        Raises
        ------
        CacheError: ``root`` is no cache, or one of another format (nothing was touched), or there is none and
            none can be made.
        CacheBusy: a prune is running and did not end within a minute.
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

    def lookup(self, key: Key, *, allow_expired: bool = False) -> Record | None:
        """What is known about ``key``, or None (a miss). Cheap: one small file is read, no content is hashed.

        A hit has the whole preimage of ``key``, and every blob that it names exists with the right size. It may be a
        cached failure: see ``record.failure``. Answers past their age and failures that are due again are misses,
        unless ``allow_expired`` (to know how often something failed already, or to go on without a network).

        Raises
        ------
        CacheError: the disk fails. Damaged records are misses.
        """
        path = self._folder.record(key.stage, key.stage_version, key.digest)
        try:
            record = self._read_record(path, key)
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
        return record

    def read(self, record: Record, name: str) -> bytes:
        """The bytes of the output ``name`` of ``record``, verified against their digest.

        Raises
        ------
        KeyError: the record has no such output.
        CorruptEntry: damaged, or gone. Set aside and counted as a miss instead of a hit: compute and ``put`` it again.
        """
        output = record.outputs[name]
        try:
            return self._read_verified(output.digest) if output.inline is None else inline_bytes(output)
        except (DamagedError, FileNotFoundError) as error:
            self._discard(record, output.digest)
            raise CorruptEntry(
                f"The cached output {name!r} of {record.stage} is damaged and will be computed again.",
                hint="If this happens more than once, check the disk: `spotmap-build cache check`.",
            ) from error

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
        CacheReadOnly, CacheFull, CacheError: nothing was kept, and no debris left.
        CorruptEntry: one of ``blobs`` is not there.
        """
        described = {
            name: describe_output(data, inline=len(data) <= INLINE_LIMIT_BYTES) for name, data in outputs.items()
        }
        for name, output in described.items():
            if output.inline is None:
                self._write_blob(output.digest, outputs[name])
        sizes = {digest: self._blob_size(digest) for digest in blobs}
        return self._write_record(
            key,
            Record(key.digest, key.stage, key.stage_version, described, sizes, None, freshness, PRODUCER, seconds),
        )

    def put_failure(self, key: Key, failure: Failure, seconds: float = 0.0) -> Record:
        """Keep the knowledge that ``key`` has no result, and whether and when to try again. Raises like :meth:`put`."""
        return self._write_record(
            key, Record(key.digest, key.stage, key.stage_version, {}, {}, failure, None, PRODUCER, seconds)
        )

    def put_blob(self, data: bytes) -> str:
        """Keep ``data`` under its own SHA-256, which is returned. The next prune drops it unless a record names it.

        Raises
        ------
        CacheReadOnly, CacheFull, CacheError: nothing was kept, and no debris left.
        """
        digest = digest_bytes(data)
        self._write_blob(digest, data)
        return digest

    def has_blob(self, digest: str) -> bool:
        """Whether there is content under ``digest``. Not whether it is intact: reading tells."""
        return self._folder.blob(digest).exists()

    def read_blob(self, digest: str) -> bytes:
        """The content under ``digest``, verified.

        Raises
        ------
        CorruptEntry: damaged (it is set aside) or not there.
        """
        try:
            return self._read_verified(digest)
        except (DamagedError, FileNotFoundError) as error:
            set_aside(self._folder.blob(digest), self._folder.quarantine)
            raise CorruptEntry(
                f"The cached file {digest[:12]}… is damaged or gone.", hint="Build again: it will be made anew."
            ) from error

    def write_root(self, build_id: str, key_digests: Iterable[str]) -> None:
        """Note which keys this build used, so that prune can tell what the last ten builds did not need.

        Raises
        ------
        ValueError: ``build_id`` is no file name (letters, digits, ``.``, ``_`` and ``-``).
        CacheError: it cannot be written.
        """
        try:
            write_root(self._folder, build_id, key_digests, now_unix_s=self._clock())
        except OSError as error:
            raise translate(error, self._folder.roots) from error

    def _read_record(self, path: Path, key: Key) -> Record | None:
        """The intact record at ``path``; None if a blob that it needs is gone."""
        with path.open("rb", buffering=0) as file:
            used_at_unix_s = os.fstat(file.fileno()).st_mtime
            data = file.read()
        record, canonical_key = decode_record(data)
        if canonical_key != key.canonical:
            raise DamagedError("it belongs to another key")
        for digest, size_bytes in record.required_blobs.items():
            blob = self._folder.blob(digest)
            try:
                actual_bytes = blob.stat().st_size
            except FileNotFoundError:
                return None
            if actual_bytes != size_bytes:
                set_aside(path, self._folder.quarantine)
                set_aside(blob, self._folder.quarantine)
                raise DamagedError("a blob has the wrong size")
        now = self._clock()
        if now - used_at_unix_s > TOUCH_AFTER_S:
            with suppress(OSError):  # a read-only cache is not pruned either
                os.utime(path, (now, now))
        return record

    def _read_verified(self, digest: str) -> bytes:
        path = self._folder.blob(digest)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise
        except OSError as error:
            raise translate(error, path) from error
        if digest_bytes(data) != digest:
            raise DamagedError("the content does not have its digest")
        return data

    def _blob_size(self, digest: str) -> int:
        try:
            return self._folder.blob(digest).stat().st_size
        except FileNotFoundError as error:
            raise CorruptEntry(
                f"The cached file {digest[:12]}… is gone.", hint="Build again: it will be made anew."
            ) from error

    def _write_blob(self, digest: str, data: bytes) -> None:
        path = self._folder.blob(digest)
        try:
            if path.exists() and path.stat().st_size == len(data) and digest_file(path) == digest:
                # Whoever wrote it may not have flushed its folder yet, and we are about to promise that it is there.
                flush_folder(path.parent)
                return
            self._write(path, data)
        except OSError as error:
            raise translate(error, path) from error

    def _write_record(self, key: Key, record: Record) -> Record:
        path = self._folder.record(key.stage, key.stage_version, key.digest)
        try:
            self._write(path, encode_record(record, key.canonical))
        except OSError as error:
            raise translate(error, path) from error
        self._used_keys.add(key.digest)
        return record

    def _write(self, path: Path, data: bytes) -> None:
        parent = path.parent
        if parent not in self._made_folders:
            parent.mkdir(parents=True, exist_ok=True)
            flush_folder(parent.parent)
            flush_folder(parent.parent.parent)
            self._made_folders.add(parent)
        write_durably(path, data, self._folder.tmp)

    def _discard(self, record: Record, digest: str) -> None:
        """Set a damaged blob aside, and the record that led to it first, so that no record is left without its blob."""
        path = self._folder.record(record.stage, record.stage_version, record.key_digest)
        set_aside(path, self._folder.quarantine)
        set_aside(self._folder.blob(digest), self._folder.quarantine)
        self.counters.add(record.stage, hits=-1, misses=1, corrupt=1)
