"""Push and pull: bring what one side knows to the other. Nothing is ever taken away from either.

Where both know something of one key, the better knowledge stays (:func:`_better`): a result before a failure, a
lasting answer before one that expires, then the later one. The order in which stores are pushed to and pulled from
therefore does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from spotmap_build.cache.errors import CorruptEntry
from spotmap_build.cache.freshness import worth
from spotmap_build.cache.maintenance import records_of
from spotmap_build.store.packs import Result, make_packs, read_pack

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
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

    def add(self, packs: Mapping[str, bytes]) -> None:
        """Add packs beside those that are there by then, all of them or none; makes the store where there is none."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push did. ``damaged``: packs of the store that cannot be read, and were not written again by this push."""

    new_count: int
    known_count: int
    size_bytes: int
    damaged: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull did. ``is_there``: whether there is a store. ``damaged``: packs of which nothing was taken."""

    is_there: bool
    new_count: int
    known_count: int
    damaged: tuple[str, ...]


def push(cache: Cache, root: Path, store: Store, now_unix_s: float) -> Pushed:
    """Send to a store what the cache in ``root`` knows and the store does not.

    Raises
    ------
    StoreError
        The store cannot be used. It holds what it held.
    CacheError
        The cache cannot be read.
    """
    damaged: list[str] = []
    there: dict[str, Worth] = {}
    for result in _results(store, damaged):
        known = _worth(result, now_unix_s)
        there[result.key.digest] = max(known, there.get(result.key.digest, known))
    new, known_count = [], 0
    for key, record in records_of(root, STAGES):
        if record.blobs:  # of no stage that travels; it would be worth nothing without them
            continue
        if key.digest in there and _worth(record, now_unix_s) <= there[key.digest]:
            known_count += 1
            continue
        try:
            new.append(_result_of(cache, key, record))
        except CorruptEntry:
            continue  # it was set aside, and will be made again by the next build
    packs = dict(make_packs(new))
    if packs:
        store.add(packs)
    still_damaged = tuple(name for name in damaged if name not in packs)
    return Pushed(len(new), known_count, sum(map(len, packs.values())), still_damaged)


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
    if store.names() is None:
        return Pulled(False, 0, 0, ())
    damaged: list[str] = []
    new_count = known_count = 0
    for result in _results(store, damaged):
        ours = cache.lookup(result.key, allow_expired=True)
        if ours is not None and _worth(ours, now_unix_s) >= _worth(result, now_unix_s):
            known_count += 1
            continue
        new_count += 1
        if result.failure is not None:
            cache.put_failure(result.key, result.failure, result.seconds, producer=result.producer)
        else:
            cache.put(result.key, result.outputs, result.seconds, freshness=result.freshness)
    return Pulled(True, new_count, known_count, tuple(damaged))


def _results(store: Store, damaged: list[str]) -> Iterator[Result]:
    """Yield every result of a store that this program has a use for; ``damaged`` gets the names of damaged packs."""
    for name in store.names() or ():
        try:
            results = read_pack(name, store.read(name))
        except ValueError:
            damaged.append(name)
            continue
        yield from (result for result in results if result.key.stage in STAGES)


def _result_of(cache: Cache, key: Key, record: Record) -> Result:
    outputs = {name: cache.read(record, name) for name in record.outputs}
    return Result(key, outputs, record.failure, record.freshness, record.producer, record.seconds)


def _worth(known: Record | Result, now_unix_s: float) -> Worth:
    return worth(known.failure, known.freshness, now_unix_s)
