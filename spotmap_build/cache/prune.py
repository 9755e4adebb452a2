"""Pruning a cache: select records (pure), delete them, then delete the blobs that no record names any more.

Records are deleted before their blobs, with a flush of the folders in between. If prune is interrupted, every remaining
record still has all of its blobs, and the next prune deletes the rest.
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
    """What to keep. All rules that are set apply.

    Without rules, only damaged entries, debris and blobs without a record are deleted. The local copy of a store is
    always deleted and fetched again when needed.

    ``max_size_bytes``: of records and their blobs; the least recently used are deleted first. ``max_age_s``: since the
    last use (accurate to the day). ``only_rooted``: delete entries that none of the last ten builds of any site used.
    """

    max_size_bytes: int | None = None
    max_age_s: float | None = None
    only_rooted: bool = False


@dataclass(frozen=True, slots=True)
class PruneReport:
    """What was deleted. ``freed_bytes``: records, blobs, debris, quarantine and the local copy of a store."""

    records_deleted: int
    freed_bytes: int
    records_kept: int


def plan_prune(
    found: Sequence[Entry], policy: PrunePolicy, *, now_unix_s: float, rooted: frozenset[str]
) -> list[Entry]:
    """Select the records to delete. Pure. ``rooted`` contains the key digests that the last builds used."""
    selected = [entry for entry in found if _is_selected(entry, policy, now_unix_s, rooted)]
    if policy.max_size_bytes is None:
        return selected
    selected_paths = {entry.path for entry in selected}
    kept = (entry for entry in found if entry.path not in selected_paths)
    oldest_first = sorted(kept, key=lambda entry: (entry.used_at_unix_s, entry.key_digest))
    return selected + _oldest_beyond(oldest_first, policy.max_size_bytes)


def prune(root: Path, policy: PrunePolicy, *, clock: Callable[[], float] = time.time) -> PruneReport:
    """Apply ``policy`` to the cache at ``root`` under the exclusive lock.

    Raises
    ------
    CacheBusy
        A build is running. Nothing was deleted.
    CacheError
        There is no cache, no build is recorded (for ``only_rooted``), or the disk fails.
    """
    folder = prepare(root, create=False)
    with locks.exclusive(folder.lock):
        rooted = rooted_keys(folder) if policy.only_rooted else frozenset()
        if rooted is None:
            raise CacheError(
                f"The cache at {root} has no record of what any build used, so all entries would be deleted.",
                hint="Finish a build first, or prune by size or age.",
            )
        try:
            found = list(entries(folder))
            selected = plan_prune(found, policy, now_unix_s=clock(), rooted=rooted)
            return _delete(folder, selected)
        except OSError as error:
            raise translate(error, root) from error


def _is_selected(entry: Entry, policy: PrunePolicy, now_unix_s: float, rooted: frozenset[str]) -> bool:
    too_old = policy.max_age_s is not None and now_unix_s - entry.used_at_unix_s > policy.max_age_s
    return entry.is_damaged or too_old or (policy.only_rooted and entry.key_digest not in rooted)


def _oldest_beyond(oldest_first: Sequence[Entry], max_size_bytes: int) -> list[Entry]:
    """Return the oldest records to delete until the rest fits. A blob is freed with the last record that names it."""
    uses = Counter(digest for entry in oldest_first for digest in entry.blobs)
    sizes = {digest: size_bytes for entry in oldest_first for digest, size_bytes in entry.blobs.items()}
    total_bytes = sum(sizes.values()) + sum(entry.size_bytes for entry in oldest_first)
    selected = []
    for entry in oldest_first:
        if total_bytes <= max_size_bytes:
            break
        selected.append(entry)
        uses.subtract(entry.blobs.keys())
        total_bytes -= entry.size_bytes + sum(sizes[digest] for digest in entry.blobs if uses[digest] == 0)
    return selected


def _delete(folder: CacheFolder, selected: Sequence[Entry]) -> PruneReport:
    deleted = [entry for entry in selected if _unlink_unless_used(entry)]
    for directory in {entry.path.parent for entry in deleted}:
        flush_folder(directory)
    # Read the records again instead of relying on the plan: only blobs that no record names now may be deleted.
    kept = list(entries(folder))
    named = {digest for entry in kept for digest in entry.blobs}
    blob_bytes = _delete_all(path for path in folder.blobs() if path.name not in named)
    # Files only: no build creates a folder there, so a folder is not ours to delete.
    debris = [path for path in folder.tmp.glob("*") if not path.is_dir()]
    copy = [folder.store_copy] if os.path.lexists(folder.store_copy) else []
    other_bytes = _delete_all([*debris, *folder.quarantine.glob("*"), *copy])
    record_bytes = sum(entry.size_bytes for entry in deleted)
    return PruneReport(len(deleted), record_bytes + blob_bytes + other_bytes, len(kept))


def _unlink_unless_used(entry: Entry) -> bool:
    """Delete a record unless it was used after it was selected.

    A build can use it in spite of the lock if the cache is on a network file system whose locks do not reach every
    machine.
    """
    try:
        if entry.path.lstat().st_mtime > entry.used_at_unix_s:
            return False
        delete(entry.path)
    except FileNotFoundError:
        return False
    return True


def _delete_all(paths: Iterable[Path]) -> int:
    """Delete all paths and return the number of bytes freed."""
    return sum(delete(path) for path in paths)
