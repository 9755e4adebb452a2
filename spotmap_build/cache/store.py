"""The cache as a build uses it: look up a key, read its outputs, store new results.

::

    with Cache.open(Path(".spotmap/cache")) as cache:
        record = cache.lookup(key)
        if record is None:
            record = cache.put(key, {"vector": encode_array(vector)}, seconds=2.9)

Several threads may use one ``Cache``, and several processes one folder. Guarantees:

- A reader gets complete, verified bytes or a miss.
- Once ``put`` has returned, its result survives the process being killed.
- Damaged entries are counted and set aside, never served.
- A full or read-only disk raises a typed error and leaves no debris.
"""

from __future__ import annotations

import math
import os
import threading
import time
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self, TypeVar

from spotmap_build.cache import locks
from spotmap_build.cache.counters import Counters
from spotmap_build.cache.errors import CacheReadOnly, CorruptEntry, translate
from spotmap_build.cache.files import is_in_the_way, set_aside
from spotmap_build.cache.freshness import next_change_unix_s, retry_later
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

    from spotmap_build.cache.freshness import Failure, Freshness
    from spotmap_build.cache.keys import Key

Value = TypeVar("Value")

PRODUCER: Final = "spotmap-build"

TOUCH_AFTER_S: Final = 86_400
"""A record's modification time tells prune the day of its last use. More precision would cost a write on every hit."""

_DECODING_ERRORS: Final = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    CacheError,
)
"""Exceptions that a decoder raises for intact content of an unexpected form."""


class Cache:
    """A content-addressed store in one folder, open under the shared lock. Created by :meth:`open`."""

    def __init__(self, folder: CacheFolder, clock: Callable[[], float], held: ExitStack) -> None:
        self._folder = folder
        self._clock = clock
        self._held = held
        self.counters = Counters()
        """Hits, misses and damaged entries by stage since the cache was opened."""
        self._writer = Writer(folder)
        self._used_keys: set[str] = set()
        self._lock = threading.Lock()
        self._steady_until_unix_s = math.inf

    @classmethod
    def open(cls, root: Path, *, create: bool = True, clock: Callable[[], float] = time.time) -> Self:
        """Open the cache in ``root``, creating it if it does not exist and ``create`` is set.

        ``clock`` returns seconds since 1970, UTC, and decides when answers and failures expire. Use the result as a
        context manager, or ``close`` it. A read-only cache serves hits and raises on ``put``.

        Raises
        ------
        CacheError
            ``root`` is not a cache or has another format (nothing was changed), or a cache cannot be created.
        CacheBusy
            A prune is running and did not end within a minute.
        """
        folder = prepare(root, create=create)
        with ExitStack() as opening:
            opening.enter_context(locks.shared(folder.lock))
            return cls(folder, clock, opening.pop_all())

    def close(self) -> None:
        """Release the shared lock."""
        self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    @property
    def used_keys(self) -> frozenset[str]:
        """Digests of all keys found or stored since the cache was opened, that is, those that this build needs."""
        return frozenset(self._used_keys)

    @property
    def steady_until_unix_s(self) -> float:
        """Until when a repeated build has the same hits and writes nothing: no hit expires or needs a new use time."""
        return self._steady_until_unix_s

    def lookup(
        self, key: Key, *, allow_expired: bool = False, outputs: Collection[str] = (), may_fail: bool = True
    ) -> Record | None:
        """Return the record of ``key``, or None (a miss). Reads one small file and hashes no blob.

        A hit has the same preimage as ``key``, and every blob that it names exists with the right size. It may be a
        cached failure: see ``record.failure``. Expired answers and failures that are due again are misses, unless
        ``allow_expired`` is set (to count earlier attempts, or to continue without a network).

        ``outputs`` names the outputs that every result of this stage has; ``may_fail`` is false if the stage never
        stores failures. A record that violates either was not written by this program and counts as damaged.

        Raises
        ------
        CacheError
            The disk fails. Damaged records are misses.
        """
        name = self._folder.record_name(key.stage, key.stage_version, key.digest)
        try:
            record = self._read_record(name, key)
            if record is not None and not _has_expected_form(record, outputs, may_fail):
                raise DamagedError("an output is missing, or it is a failure of a stage that stores none")
        except DamagedError:
            set_aside(Path(name), self._folder.quarantine)
            self.counters.add(key.stage, misses=1, corrupt=1)
            return None
        except FileNotFoundError:
            record = None
        except OSError as error:
            raise translate(error, Path(name)) from error
        if record is None or not (allow_expired or record.is_current(self._clock())):
            self.counters.add(key.stage, misses=1)
            return None
        self.counters.add(key.stage, hits=1)
        self._used_keys.add(key.digest)
        self._note_change_at(next_change_unix_s(record))
        return record

    def read(self, record: Record, name: str, *, is_optional: bool = False) -> bytes:
        """Return the bytes of the output ``name`` of ``record``, verified against their digest.

        ``is_optional``: the record is usable without this output, so damage removes only the output from it.

        Raises
        ------
        CorruptEntry
            The output is damaged or gone. The record is set aside and counts as a miss instead of a hit: compute the
            result again and ``put`` it.
        """
        output = record.outputs.get(name)
        try:
            if output is None:
                raise DamagedError("there is no such output")
            return self._read_verified(output.digest) if output.inline is None else inline_bytes(output)
        except (DamagedError, FileNotFoundError) as error:
            self._drop_damaged(record, name, is_optional)
            if output is not None:
                set_aside(self._folder.blob(output.digest), self._folder.quarantine)
            raise CorruptEntry(
                f"The cached output {name!r} of {record.stage} is damaged and will be computed again.",
                hint="If this happens more than once, check the disk: `spotmap-build cache check`.",
            ) from error

    def decode(
        self, record: Record, name: str, decode: Callable[[bytes], Value], *, is_optional: bool = False
    ) -> Value:
        """Return the output ``name`` of ``record``, decoded by ``decode``.

        Prefer this to :meth:`read`: intact content that ``decode`` refuses (written by another program, or by a bug of
        this one) becomes a miss like any damage, instead of failing this build and all later ones.

        Raises
        ------
        CorruptEntry
            The output is damaged, gone, or refused by ``decode``. It is set aside as by :meth:`read`.
        """
        data = self.read(record, name, is_optional=is_optional)
        try:
            return decode(data)
        except _DECODING_ERRORS as error:
            self._drop_damaged(record, name, is_optional)
            raise CorruptEntry(
                f"The cached output {name!r} of {record.stage} cannot be decoded and will be computed again.",
                hint="Another program may have written to this cache: `spotmap-build cache check`.",
            ) from error

    def discard(self, record: Record) -> None:
        """Set aside an unusable record; it counts as damaged, and as a miss instead of a hit."""
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
        """Store the outputs computed for ``key``. They are on disk when this returns, blobs before the record.

        ``seconds`` is the time spent computing them. ``blobs`` are digests from :meth:`put_blob` that the outputs refer
        to: the record protects them from pruning and is a miss without them. ``freshness`` is for answers of services.

        Raises
        ------
        CacheReadOnly, CacheFull, CacheError
            Nothing was stored, and no debris is left.
        CorruptEntry
            One of ``blobs`` is missing.
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
        """Store that ``key`` has no result, and whether and when to try again. Raises like :meth:`put`.

        ``producer`` names the program that failed, if another one may succeed.
        """
        return self._write_record(
            key, Record(key.digest, key.stage, key.stage_version, {}, {}, failure, None, producer, seconds)
        )

    def put_transient_failure(self, key: Key, code: str, detail: str, seconds: float = 0.0) -> Failure:
        """Store that ``key`` has no result for a temporary reason, and return the failure with its retry time.

        The wait grows with each attempt, see :func:`~spotmap_build.cache.freshness.retry_later`. Raises like
        :meth:`put`.
        """
        record = self.lookup(key, allow_expired=True)
        previous = record.failure if record is not None else None
        failure = retry_later(code, detail, now_unix_s=self._clock(), previous=previous)
        self.put_failure(key, failure, seconds)
        return failure

    def put_blob(self, data: bytes) -> str:
        """Store ``data`` under its SHA-256, which is returned. The next prune deletes it unless a record names it.

        Raises
        ------
        CacheReadOnly, CacheFull, CacheError
            Nothing was stored, and no debris is left.
        """
        digest = digest_bytes(data)
        self._writer.write_blob(digest, data)
        return digest

    def read_blob(self, digest: str, stage: str = "blob") -> bytes:
        """Return the verified content of the blob ``digest``. Damage is counted for ``stage``.

        Raises
        ------
        CorruptEntry
            The blob is damaged (and set aside) or missing.
        """
        try:
            return self._read_verified(digest)
        except (DamagedError, FileNotFoundError) as error:
            set_aside(self._folder.blob(digest), self._folder.quarantine)
            self.counters.add(stage, misses=1, corrupt=1)
            raise CorruptEntry(
                f"The cached file {digest[:12]}… is damaged or gone.", hint="Build again to recreate it."
            ) from error

    def write_root(self, build_id: str, key_digests: Iterable[str], site: str = "") -> None:
        """Record the keys that this build used, so that prune can keep what the last ten builds of each site needed.

        ``site`` names the site that was built: 16 hex digits of a digest of its path, so that no path is stored.

        Raises
        ------
        ValueError
            ``build_id`` is not a file name (letters, digits, ``.``, ``_`` and ``-``), or ``site`` not 16 hex digits.
        CacheError
            The root cannot be written.
        """
        try:
            write_root(self._folder, build_id, key_digests, site, now_unix_s=self._clock())
        except OSError as error:
            raise translate(error, self._folder.roots) from error

    def _read_record(self, name: str, key: Key) -> Record | None:
        """Return the intact record at the path ``name``; None if one of its blobs is gone."""
        data, used_at_unix_s = read_record_file(name)
        record, _ = decode_record(data, key)
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
                set_aside(Path(name), self._folder.quarantine)
                set_aside(blob, self._folder.quarantine)
                raise DamagedError("a blob has the wrong size")
        now = self._clock()
        if now - used_at_unix_s > TOUCH_AFTER_S:
            with suppress(OSError):  # a read-only cache is never pruned, so it needs no use time
                os.utime(name, (now, now))
            used_at_unix_s = now
        self._note_change_at(used_at_unix_s + TOUCH_AFTER_S)
        return record

    def _drop_damaged(self, record: Record, name: str, is_optional: bool) -> None:
        """Set aside a record whose output ``name`` is damaged, or remove only that output if it is optional."""
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
                raise DamagedError("not a regular file") from error
            raise translate(error, path) from error
        if digest_bytes(data) != digest:
            raise DamagedError("the content does not match its digest")
        return data

    def _blob_size(self, digest: str) -> int:
        try:
            return check_regular(self._folder.blob(digest)).st_size
        except OSError as error:
            if not (isinstance(error, FileNotFoundError) or is_in_the_way(error)):
                raise translate(error, self._folder.blob(digest)) from error
            raise CorruptEntry(
                f"The cached file {digest[:12]}… is gone.", hint="Build again to recreate it."
            ) from error

    def _write_record(self, key: Key, record: Record) -> Record:
        path = self._folder.record(key.stage, key.stage_version, key.digest)
        self._writer.write(path, encode_record(record, key.canonical))
        self._used_keys.add(key.digest)
        return record


def _has_expected_form(record: Record, outputs: Collection[str], may_fail: bool) -> bool:
    if record.failure is not None:
        return may_fail
    return all(name in record.outputs for name in outputs)
