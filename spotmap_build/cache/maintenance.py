"""Looking after a cache: what is in it, and whether it is intact. Deleting from it is in ``prune``."""

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
    """A record, as far as maintenance needs it: the file, when it was last used (to the day), and its blobs' sizes."""

    path: Path
    key_digest: str
    size_bytes: int
    used_at_unix_s: float
    blobs: Mapping[str, int] = field(default_factory=dict)
    is_failure: bool = False
    is_damaged: bool = False


@dataclass(frozen=True, slots=True)
class StageStats:
    """One version of one stage. ``size_bytes``: its records, and the blobs they name (each counted once a stage)."""

    stage: str
    records: int
    failures: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Stats:
    """What a cache holds. ``debris_bytes`` is what killed processes left, or what running ones are writing.

    ``size_bytes``: of records and blobs. ``store_bytes``: of the copy of a store in git.
    """

    stages: tuple[StageStats, ...]
    blobs: int
    size_bytes: int
    quarantine_bytes: int
    debris_bytes: int
    store_bytes: int = 0


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What :func:`check` found. Names are relative to the cache's folder."""

    records: int
    blobs: int
    blobs_verified: int
    damaged: tuple[str, ...]
    """Records and blobs that are not what was written, set aside."""
    dangling: tuple[str, ...]
    """Records without a blob that they need, set aside."""
    debris: tuple[str, ...]
    """Files in ``tmp/``: of running builds, or of killed ones (the next prune removes those)."""

    @property
    def is_clean(self) -> bool:
        """Whether everything that could be served is intact. Debris is never served."""
        return not self.damaged and not self.dangling


def entries(folder: CacheFolder) -> Iterator[Entry]:
    """Every record, damaged ones included, in no order. One that goes away meanwhile is left out."""
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
    """Return the bytes of a record's file, what they say, and when it was last used (seconds since 1970).

    Raises
    ------
    DamagedError
        It is no record as it was written, or lies in the place of another one.
    OSError
        There is nothing, or the disk fails.
    """
    data, used_at_unix_s = read_record_file(path)
    record, _ = decode_record(data)
    if path != folder.record(record.stage, record.stage_version, record.key_digest):
        raise DamagedError("not at the place of its key")
    return data, record, used_at_unix_s


def records_of(root: Path, stages: Collection[str]) -> Iterator[tuple[Key, Record]]:
    """Every intact record of some stages in the cache at ``root``, of all their versions, in no order.

    Raises
    ------
    CacheError
        There is no cache, or it cannot be read.
    """
    with _opened(root) as folder:
        for path in folder.records():
            if path.parent.parent.name.rpartition("-v")[0] not in stages:
                continue
            with suppress(FileNotFoundError, DamagedError):  # what is damaged is for `check`, and for the next build
                data, record, _ = read_record(folder, path)
                yield key_of(data), record


def used_by_last_build(root: Path, out: Path) -> frozenset[str] | None:
    """Return the digests of all keys that the last build of the site at ``out`` used; None where none is known.

    Raises
    ------
    CacheError
        There is no cache, or it cannot be read.
    """
    with _opened(root) as folder:
        return last_used(folder, site_name(out))


def stats(root: Path) -> Stats:
    """Count what is in the cache at ``root``, by stage.

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
    """Verify the cache at ``root`` and set aside whatever is damaged; builds may go on meanwhile.

    All records are verified and all blobs that they need looked for. Of the blobs' contents a random ``subset``
    (0..1) is hashed: another one each time, unless ``seed`` is given.

    Raises
    ------
    CacheError
        There is no cache, or it cannot be read.
    """
    with _opened(root) as folder:
        return _check(folder, subset, random.Random(seed))


@contextmanager
def _opened(root: Path) -> Iterator[CacheFolder]:
    """Yield a cache that others may go on using meanwhile. Errors of the disk become the cache's own."""
    folder = prepare(root, create=False)
    with locks.shared(folder.lock):
        try:
            yield folder
        except OSError as error:
            raise translate(error, root) from error


def _check(folder: CacheFolder, subset: float, chance: random.Random) -> CheckReport:
    # Records before blobs: a build that goes on writes in the opposite order, so what a record names is there to be
    # found.
    found = list(entries(folder))
    damaged_records = [entry.path for entry in found if entry.is_damaged]
    needed = {digest: size_bytes for entry in found for digest, size_bytes in entry.blobs.items()}
    blobs = sorted(folder.blobs())
    sampled = {path for path in blobs if chance.random() < subset}
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
        debris=_names(folder, list(folder.tmp.glob("*"))),
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
