"""Push cached results to a store and pull them from it. Neither side ever loses a result.

If both sides have a record for a key, the better one is kept (:func:`~spotmap_build.cache.freshness.rank`): results
before failures, permanent answers before expiring ones, then the later one. The order of pushes and pulls therefore
does not matter.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Final, Protocol

from spotmap_build.cache.errors import CorruptEntry
from spotmap_build.cache.freshness import rank
from spotmap_build.cache.maintenance import records_of, used_by_last_build
from spotmap_build.core.text import printable
from spotmap_build.errors import ConfigError
from spotmap_build.store.packs import Result, make_packs, place_in_packs, read_pack

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from spotmap_build.cache.freshness import Rank
    from spotmap_build.cache.keys import Key
    from spotmap_build.cache.records import Record
    from spotmap_build.cache.store import Cache

STAGES: Final = frozenset({"embed", "tag-names", "match", "preview", "download"})
"""Stages whose records are synchronized: results of analyses and searches, and their failures. No audio, library or
login; no search responses either, because match decisions include their candidates."""


class Store(Protocol):
    """A place for packs. Every method raises ``StoreError`` if the store cannot be used."""

    shown: str
    """The name to show in messages."""

    def names(self) -> tuple[str, ...] | None:
        """Return the names of all packs, or None if there is no store yet."""

    def read(self, name: str) -> bytes:
        """Return the bytes of a pack, unverified.

        Raises
        ------
        ValueError
            They cannot be a pack.
        """

    def add(self, packs: Iterable[tuple[str, bytes]]) -> None:
        """Add packs by name, each atomically. Creates the store if there is none."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """The outcome of a push.

    ``other_count``: results that were excluded. ``damaged``: unreadable packs of the store that this push did not
    replace.
    """

    new_count: int
    known_count: int
    other_count: int
    size_bytes: int
    damaged: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pulled:
    """The outcome of a pull. ``is_there``: whether there is a store. ``damaged``: packs that were skipped."""

    is_there: bool
    new_count: int
    known_count: int
    damaged: tuple[str, ...]


def keys_of_map(root: Path, out: Path) -> frozenset[str]:
    """Return the digests of the keys that the last build of the map at ``out`` used.

    Raises
    ------
    ConfigError
        The cache in ``root`` has no record of a build of that map.
    CacheError
        The cache cannot be read.
    """
    keys = used_by_last_build(root, out)
    if keys is None:
        raise ConfigError(
            f"This cache has no record of a build of the map at {printable(str(out))}.",
            hint="Build the map first, which records the results that it uses; or send all results: --all.",
        )
    return keys


def push(cache: Cache, root: Path, store: Store, now_unix_s: float, keys: Collection[str] | None = None) -> Pushed:
    """Send the results of the cache in ``root`` that a store lacks.

    Parameters
    ----------
    cache, root
        The cache, and its folder.
    store
        The destination.
    now_unix_s
        Seconds since 1970.
    keys
        Digests of the keys to send, or None for all.

    Raises
    ------
    StoreError
        The store cannot be used. It is unchanged.
    CacheError
        The cache cannot be read.
    """
    damaged: list[str] = []
    there: dict[str, Rank] = {}
    for result in _results(store, store.names() or (), damaged):
        known = rank(result, now_unix_s)
        there[result.key.digest] = max(known, there.get(result.key.digest, known))
    new: list[tuple[Key, Record]] = []
    known_count = other_count = 0
    for key, record in records_of(root, STAGES):
        if record.blobs:  # no synchronized stage has blobs, and the record would be useless without them
            continue
        if keys is not None and key.digest not in keys:
            other_count += 1
        elif key.digest in there and rank(record, now_unix_s) <= there[key.digest]:
            known_count += 1
        else:
            new.append((key, record))
    new.sort(key=lambda item: place_in_packs(item[0]))
    sent = _Sent()
    packs = sent.noting(make_packs(sent.counting(_with_contents(cache, new))))
    if (first := next(packs, None)) is not None:
        store.add(chain((first,), packs))
    still_damaged = tuple(name for name in damaged if name not in sent.names)
    return Pushed(sent.count, known_count, other_count, sent.size_bytes, still_damaged)


@dataclass(slots=True)
class _Sent:
    """Counts what is sent while it is streamed."""

    count: int = 0
    size_bytes: int = 0
    names: set[str] = field(default_factory=set)

    def counting(self, results: Iterable[Result]) -> Iterator[Result]:
        for result in results:
            self.count += 1
            yield result

    def noting(self, packs: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
        for name, packed in packs:
            self.names.add(name)
            self.size_bytes += len(packed)
            yield name, packed


def pull(cache: Cache, store: Store, now_unix_s: float) -> Pulled:
    """Fetch the results of a store that the cache lacks.

    Every pack is verified and damaged ones are skipped. Results are written one by one, so that the cache stays
    consistent if this is interrupted.

    Raises
    ------
    StoreError
        The store cannot be used. The cache is unchanged.
    CacheError
        The cache cannot be written.
    """
    names = store.names()
    if names is None:
        return Pulled(False, 0, 0, ())
    damaged: list[str] = []
    new_count = known_count = 0
    for result in _results(store, names, damaged):
        ours = cache.lookup(result.key, allow_expired=True)
        if ours is not None and rank(ours, now_unix_s) >= rank(result, now_unix_s):
            known_count += 1
            continue
        new_count += 1
        if result.failure is not None:
            cache.put_failure(result.key, result.failure, result.seconds, producer=result.producer)
        else:
            cache.put(result.key, result.outputs, result.seconds, freshness=result.freshness)
    return Pulled(True, new_count, known_count, tuple(damaged))


def _results(store: Store, names: Iterable[str], damaged: list[str]) -> Iterator[Result]:
    """Yield the results of synchronized stages; append the names of damaged packs to ``damaged``."""
    for name in names:
        try:
            results = read_pack(name, store.read(name))
        except ValueError:
            damaged.append(name)
            continue
        yield from (result for result in results if result.key.stage in STAGES)


def _with_contents(cache: Cache, records: Iterable[tuple[Key, Record]]) -> Iterator[Result]:
    """Yield results with their contents. Damaged ones are quarantined; the next build computes them again."""
    for key, record in records:
        with suppress(CorruptEntry):
            outputs = {name: cache.read(record, name) for name in record.outputs}
            yield Result(key, outputs, record.failure, record.freshness, record.producer, record.seconds)
