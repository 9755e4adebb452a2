"""Statistics and integrity checks of a cache. Deletion is in ``prune``."""

from __future__ import annotations

import os
import random
from collections import defaultdict
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from spotmap_build.cache import locks
from spotmap_build.cache.errors import translate
from spotmap_build.cache.files import digest_file, is_in_the_way, set_aside, size_on_disk
from spotmap_build.cache.layout import CacheFolder, prepare
from spotmap_build.cache.records import DamagedError, decode_record, key_of, read_record_file
from spotmap_build.cache.roots import last_used, site_name
from spotmap_build.core.files import check_regular

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from spotmap_build.cache.keys import Key
    from spotmap_build.cache.records import Record


@dataclass(frozen=True, slots=True)
class Entry:
    """The parts of a record that maintenance needs. ``used_at_unix_s`` is accurate to the day."""

    path: Path
    key_digest: str
    size_bytes: int
    used_at_unix_s: float
    blobs: Mapping[str, int] = field(default_factory=dict)
    is_failure: bool = False
    is_damaged: bool = False


@dataclass(frozen=True, slots=True)
class StageStats:
    """Totals of one version of one stage. ``size_bytes``: its records and their blobs, each counted once per stage."""

    stage: str
    records: int
    failures: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Stats:
    """Totals of a cache.

    ``size_bytes``: of records and blobs. ``debris_bytes``: of temporary files, left behind by killed processes or being
    written by running ones. ``store_bytes``: of the local copy of a store in git.
    """

    stages: tuple[StageStats, ...]
    blobs: int
    size_bytes: int
    quarantine_bytes: int
    debris_bytes: int
    store_bytes: int = 0


@dataclass(frozen=True, slots=True)
class CheckReport:
    """Result of :func:`check`. Paths are relative to the cache's folder."""

    records: int
    blobs: int
    blobs_verified: int
    damaged: tuple[str, ...]
    """Records and blobs whose content changed after they were written. They were set aside."""
    dangling: tuple[str, ...]
    """Records that lack a blob. They were set aside."""

    @property
    def is_clean(self) -> bool:
        """Whether all entries are intact."""
        return not self.damaged and not self.dangling


def entries(folder: CacheFolder) -> Iterator[Entry]:
    """Yield every record, damaged ones included, in no particular order. Skips records deleted in the meantime."""
    for path in folder.records():
        try:
            data, record, used_at_unix_s = read_record(folder, path)
        except FileNotFoundError:
            continue
        except DamagedError:
            with suppress(FileNotFoundError):
                yield Entry(path, path.stem, size_on_disk(path), path.lstat().st_mtime, is_damaged=True)
        else:
            failed = record.failure is not None
            yield Entry(path, path.stem, len(data), used_at_unix_s, record.required_blobs, is_failure=failed)


def read_record(folder: CacheFolder, path: Path) -> tuple[bytes, Record, float]:
    """Return the bytes of a record's file, the decoded record, and when it was last used (seconds since 1970).

    Raises
    ------
    DamagedError
        The record was changed after it was written, or its path is that of another key.
    OSError
        The file does not exist, or the disk fails.
    """
    data, used_at_unix_s = read_record_file(path)
    record, _ = decode_record(data)
    if path != folder.record(record.stage, record.stage_version, record.key_digest):
        raise DamagedError("its path does not match its key")
    return data, record, used_at_unix_s


def records_of(root: Path, stages: Collection[str]) -> Iterator[tuple[Key, Record]]:
    """Yield the intact records of ``stages`` in the cache at ``root``, of all versions, in no particular order.

    Raises
    ------
    CacheError
        There is no cache, or it cannot be read.
    """
    with _opened(root) as folder:
        for path in folder.records():
            if path.parent.parent.name.rpartition("-v")[0] not in stages:
                continue
            with suppress(FileNotFoundError, DamagedError):  # `check` and the next build handle damage
                data, record, _ = read_record(folder, path)
                yield key_of(data), record


def used_by_last_build(root: Path, out: Path) -> frozenset[str] | None:
    """Return the digests of all keys that the last build of the site at ``out`` used; None if no build is known.

    Raises
    ------
    CacheError
        There is no cache, or it cannot be read.
    """
    with _opened(root) as folder:
        return last_used(folder, site_name(out))


def stats(root: Path) -> Stats:
    """Return totals of the cache at ``root``, by stage.

    Raises
    ------
    CacheError
        There is no cache, or it cannot be read.
    """
    with _opened(root) as folder:
        by_stage: dict[str, list[Entry]] = defaultdict(list)
        for entry in entries(folder):
            by_stage[entry.path.parent.parent.name].append(entry)
        blob_sizes = [size_on_disk(path) for path in folder.blobs()]
        stages = tuple(_stage_stats(stage, found) for stage, found in sorted(by_stage.items()))
        record_bytes = sum(entry.size_bytes for found in by_stage.values() for entry in found)
        return Stats(
            stages=stages,
            blobs=len(blob_sizes),
            size_bytes=record_bytes + sum(blob_sizes),
            quarantine_bytes=_size_bytes(folder.quarantine),
            debris_bytes=_size_bytes(folder.tmp),
            store_bytes=size_on_disk(folder.store_copy) if os.path.lexists(folder.store_copy) else 0,
        )


def check(root: Path, *, subset: float = 1.0, seed: int | None = None) -> CheckReport:
    """Verify the cache at ``root`` and set aside damaged entries. Builds may run at the same time.

    Verifies all records and the existence of all blobs that they name. Hashes the content of a random ``subset`` (0..1)
    of the blobs, a different one each time unless ``seed`` is given.

    Raises
    ------
    CacheError
        There is no cache, or it cannot be read.
    """
    with _opened(root) as folder:
        return _check(folder, subset, random.Random(seed))


@contextmanager
def _opened(root: Path) -> Iterator[CacheFolder]:
    """Yield a cache under the shared lock. Errors of the operating system become cache errors."""
    folder = prepare(root, create=False)
    with locks.shared(folder.lock):
        try:
            yield folder
        except OSError as error:
            raise translate(error, root) from error


def _check(folder: CacheFolder, subset: float, generator: random.Random) -> CheckReport:
    # Records before blobs: a running build writes in the opposite order, so the blobs of each record found exist.
    found = list(entries(folder))
    damaged_records = [entry.path for entry in found if entry.is_damaged]
    needed = {digest: size_bytes for entry in found for digest, size_bytes in entry.blobs.items()}
    blobs = sorted(folder.blobs())
    sampled = {path for path in blobs if generator.random() < subset}
    damaged_blobs = [path for path in blobs if _is_damaged(path, needed.get(path.name), verify=path in sampled)]
    intact = {path.name for path in blobs} - {path.name for path in damaged_blobs}
    dangling = [entry.path for entry in found if not entry.blobs.keys() <= intact]
    for path in [*damaged_records, *dangling, *damaged_blobs]:
        set_aside(path, folder.quarantine)
    return CheckReport(
        records=len(found),
        blobs=len(blobs),
        blobs_verified=len(sampled),
        damaged=_names(folder, [*damaged_records, *damaged_blobs]),
        dangling=_names(folder, dangling),
    )


def _is_damaged(blob: Path, size_bytes: int | None, *, verify: bool) -> bool:
    try:
        if size_bytes not in (None, check_regular(blob).st_size):
            return True
        return verify and digest_file(blob) != blob.name
    except OSError as error:
        if is_in_the_way(error):
            return True
        raise


def _names(folder: CacheFolder, paths: list[Path]) -> tuple[str, ...]:
    return tuple(sorted(path.relative_to(folder.root).as_posix() for path in paths))


def _stage_stats(stage: str, found: list[Entry]) -> StageStats:
    blobs = {digest: size_bytes for entry in found for digest, size_bytes in entry.blobs.items()}
    return StageStats(
        stage=stage,
        records=len(found),
        failures=sum(entry.is_failure for entry in found),
        size_bytes=sum(entry.size_bytes for entry in found) + sum(blobs.values()),
    )


def _size_bytes(directory: Path) -> int:
    return sum(map(size_on_disk, directory.glob("*")))
