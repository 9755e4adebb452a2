"""Making a cache smaller: decide which records go (pure), then delete them, and after them what nothing names any more.

Records go before their blobs, and their folders are flushed in between: wherever prune dies, every record left has
all its blobs. What it could not finish, the next one does.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spotmap_build.cache import locks
from spotmap_build.cache.errors import translate
from spotmap_build.cache.files import delete, flush_folder
from spotmap_build.cache.layout import CacheFolder, prepare
from spotmap_build.cache.maintenance import Entry, entries
from spotmap_build.cache.roots import rooted_keys
from spotmap_build.errors import CacheError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class PrunePolicy:
    """What may stay. Each rule set applies; with none, only damage, debris and blobs without a record go.

    The copy of a store goes with every prune: it is fetched again when it is needed.

    ``max_size_bytes``: records and the blobs they name, the least recently used going first. ``max_age_s``: since the
    last use (known to the day). ``only_rooted``: drop what none of the last ten builds of any site used.
    """

    max_size_bytes: int | None = None
    max_age_s: float | None = None
    only_rooted: bool = False


@dataclass(frozen=True, slots=True)
class PruneReport:
    """What went. ``freed_bytes`` counts records, blobs, debris, quarantine and the copy of a store."""

    records_deleted: int
    freed_bytes: int
    records_kept: int


def plan_prune(
    found: Sequence[Entry], policy: PrunePolicy, *, now_unix_s: float, rooted: frozenset[str]
) -> list[Entry]:
    """Decide which records go. Pure. ``rooted`` are the key digests that the last builds used."""
    doomed = [entry for entry in found if _is_doomed(entry, policy, now_unix_s, rooted)]
    if policy.max_size_bytes is None:
        return doomed
    gone = {entry.path for entry in doomed}
    staying = sorted(
        (entry for entry in found if entry.path not in gone), key=lambda entry: (entry.used_at_unix_s, entry.key_digest)
    )
    return doomed + _oldest_beyond(staying, policy.max_size_bytes)


def prune(root: Path, policy: PrunePolicy, *, clock: Callable[[], float] = time.time) -> PruneReport:
    """Apply ``policy`` to the cache at ``root``, alone: no build may be running.

    Raises
    ------
    CacheBusy
        A build is running. Nothing was deleted.
    CacheError
        There is no cache, no build has been noted (for ``only_rooted``), or the disk fails.
    """
    folder = prepare(root, create=False)
    with locks.exclusive(folder.lock):
        rooted = rooted_keys(folder) if policy.only_rooted else frozenset()
        if rooted is None:
            raise CacheError(
                f"The cache at {root} does not know what any build used, so everything would go.",
                hint="Finish a build first, or prune by size or age.",
            )
        try:
            found = list(entries(folder))
            doomed = plan_prune(found, policy, now_unix_s=clock(), rooted=rooted)
            return _delete(folder, doomed)
        except OSError as error:
            raise translate(error, root) from error


def _is_doomed(entry: Entry, policy: PrunePolicy, now_unix_s: float, rooted: frozenset[str]) -> bool:
    too_old = policy.max_age_s is not None and now_unix_s - entry.used_at_unix_s > policy.max_age_s
    return entry.is_damaged or too_old or (policy.only_rooted and entry.key_digest not in rooted)


def _oldest_beyond(oldest_first: Sequence[Entry], max_size_bytes: int) -> list[Entry]:
    """Return the oldest records to drop until the rest fits. A blob is freed with the last record that names it."""
    uses = Counter(digest for entry in oldest_first for digest in entry.blobs)
    sizes = {digest: size_bytes for entry in oldest_first for digest, size_bytes in entry.blobs.items()}
    total_bytes = sum(sizes.values()) + sum(entry.size_bytes for entry in oldest_first)
    doomed = []
    for entry in oldest_first:
        if total_bytes <= max_size_bytes:
            break
        doomed.append(entry)
        uses.subtract(entry.blobs.keys())
        total_bytes -= entry.size_bytes + sum(sizes[digest] for digest in entry.blobs if uses[digest] == 0)
    return doomed


def _delete(folder: CacheFolder, doomed: Sequence[Entry]) -> PruneReport:
    deleted = [entry for entry in doomed if _unlink_unless_used(entry)]
    for directory in {entry.path.parent for entry in deleted}:
        flush_folder(directory)
    # Looked at again, not worked out from the plan: only what no record on the disk names now may go.
    kept = list(entries(folder))
    named = {digest for entry in kept for digest in entry.blobs}
    blob_bytes = _delete_all(path for path in folder.blobs() if path.name not in named)
    # Files only: no build makes a folder there, so that one is somebody's.
    debris = [path for path in folder.tmp.glob("*") if not path.is_dir()]
    copy = [folder.store_copy] if os.path.lexists(folder.store_copy) else []
    other_bytes = _delete_all([*debris, *folder.quarantine.glob("*"), *copy])
    record_bytes = sum(entry.size_bytes for entry in deleted)
    return PruneReport(len(deleted), record_bytes + blob_bytes + other_bytes, len(kept))


def _unlink_unless_used(entry: Entry) -> bool:
    """Delete a record, unless it is newer than when the decision was made.

    Then somebody used it without our lock (a cache shared through a file system where locks do not reach every
    machine).
    """
    try:
        if entry.path.lstat().st_mtime > entry.used_at_unix_s:
            return False
        delete(entry.path)
    except FileNotFoundError:
        return False
    return True


def _delete_all(paths: Iterable[Path]) -> int:
    """Delete all of them; returns how many bytes that frees."""
    return sum(delete(path) for path in paths)
