"""Push and pull: bring what one side knows to the other. Nothing is ever taken away from either.

Where both know something of one key, the better knowledge stays (:func:`~spotmap_build.cache.freshness.worth`): a
result before a failure, a lasting answer before one that expires, then the later one. The order in which stores are
pushed to and pulled from therefore does not matter.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Final, Protocol

from spotmap_build.cache.errors import CorruptEntry
from spotmap_build.cache.freshness import worth
from spotmap_build.cache.maintenance import records_of, used_by_last_build
from spotmap_build.core.text import printable
from spotmap_build.errors import ConfigError
from spotmap_build.store.packs import Result, make_packs, place_in_packs, read_pack

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from spotmap_build.cache.freshness import Worth
    from spotmap_build.cache.keys import Key
    from spotmap_build.cache.records import Record
    from spotmap_build.cache.store import Cache

STAGES: Final = frozenset({"embed", "tag-names", "match", "preview", "download"})
"""What travels: what listening and searching gave, and what was tried in vain. No audio, no library, no login; and no
answers to searches, because the decision that was made of one has its candidates."""


class Store(Protocol):
    """Where packs are kept. Every method raises ``StoreError`` where the store cannot be used."""

    shown: str
    """What people know it by."""

    def names(self) -> tuple[str, ...] | None:
        """Return the names of all packs; None where there is no store yet."""

    def read(self, name: str) -> bytes:
        """Return the bytes of a pack, as they are.

        Raises
        ------
        ValueError
            They cannot be those of a pack.
        """

    def add(self, packs: Iterable[tuple[str, bytes]]) -> None:
        """Add packs by their names, each of them whole; makes the store where there is none."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push did.

    ``other_count``: results that were not to travel. ``damaged``: packs of the store that cannot be read, and were not
    written again by this push.
    """

    new_count: int
    known_count: int
    other_count: int
    size_bytes: int
    damaged: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull did. ``is_there``: whether there is a store. ``damaged``: packs of which nothing was taken."""

    is_there: bool
    new_count: int
    known_count: int
    damaged: tuple[str, ...]


def keys_of_map(root: Path, out: Path) -> frozenset[str]:
    """Return the digests of the keys that the last build of the map at ``out`` used.

    Raises
    ------
    ConfigError
        The cache in ``root`` knows of no build of that map.
    CacheError
        The cache cannot be read.
    """
    keys = used_by_last_build(root, out)
    if keys is None:
        raise ConfigError(
            f"No build of the map at {printable(str(out))} is known to this cache.",
            hint="Build it first, so that it is known which results are its own; or send all that there are: --all.",
        )
    return keys


def push(cache: Cache, root: Path, store: Store, now_unix_s: float, keys: Collection[str] | None = None) -> Pushed:
    """Send to a store what the cache in ``root`` knows and the store does not.

    Parameters
    ----------
    cache, root
        The cache, and where it is.
    store
        Where to.
    now_unix_s
        Seconds since 1970.
    keys
        Digests of the keys that may travel; None for all.

    Raises
    ------
    StoreError
        The store cannot be used. It holds what it held.
    CacheError
        The cache cannot be read.
    """
    damaged: list[str] = []
    there: dict[str, Worth] = {}
    for result in _results(store, store.names() or (), damaged):
        known = worth(result, now_unix_s)
        there[result.key.digest] = max(known, there.get(result.key.digest, known))
    new: list[tuple[Key, Record]] = []
    known_count = other_count = 0
    for key, record in records_of(root, STAGES):
        if record.blobs:  # of no stage that travels; it would be worth nothing without them
            continue
        if keys is not None and key.digest not in keys:
            other_count += 1
        elif key.digest in there and worth(record, now_unix_s) <= there[key.digest]:
            known_count += 1
        else:
            new.append((key, record))
    new.sort(key=lambda one: place_in_packs(one[0]))
    sent = _Sent()
    packs = sent.noting(make_packs(sent.counting(_whole(cache, new))))
    if (first := next(packs, None)) is not None:
        store.add(chain((first,), packs))
    still_damaged = tuple(name for name in damaged if name not in sent.names)
    return Pushed(sent.count, known_count, other_count, sent.size_bytes, still_damaged)


@dataclass(slots=True)
class _Sent:
    """What went to a store, counted on its way."""

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
    """Bring into the cache what the store knows and the cache does not.

    Every pack is verified, and its results go in one by one as a build's own would: what is damaged is left out, and
    whatever interrupts this, each result in the cache is whole.

    Raises
    ------
    StoreError
        The store cannot be used. The cache is as it was.
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
        if ours is not None and worth(ours, now_unix_s) >= worth(result, now_unix_s):
            known_count += 1
            continue
        new_count += 1
        if result.failure is not None:
            cache.put_failure(result.key, result.failure, result.seconds, producer=result.producer)
        else:
            cache.put(result.key, result.outputs, result.seconds, freshness=result.freshness)
    return Pulled(True, new_count, known_count, tuple(damaged))


def _results(store: Store, names: Iterable[str], damaged: list[str]) -> Iterator[Result]:
    """Yield every result of a store that this program has a use for; ``damaged`` gets the names of damaged packs."""
    for name in names:
        try:
            results = read_pack(name, store.read(name))
        except ValueError:
            damaged.append(name)
            continue
        yield from (result for result in results if result.key.stage in STAGES)


def _whole(cache: Cache, records: Iterable[tuple[Key, Record]]) -> Iterator[Result]:
    """Yield results with their bytes. One that is damaged is set aside, and made again by the next build."""
    for key, record in records:
        with suppress(CorruptEntry):
            outputs = {name: cache.read(record, name) for name in record.outputs}
            yield Result(key, outputs, record.failure, record.freshness, record.producer, record.seconds)
