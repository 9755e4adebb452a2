"""Snapshots of a Spotify library in the cache: single pages during a fetch, complete lists, and an index.

A list (the saved tracks, or one playlist) is stored under its ``version``, which changes with its content, so a list
with a known version is not fetched again. Spotify provides the version of playlists; that of the saved tracks is
derived from their number and the first page. Everything is stored per user, without identifying the user.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

import msgspec

from spotmap_build.cache.errors import CacheReadOnly, CorruptEntry
from spotmap_build.cache.freshness import Failure, Freshness
from spotmap_build.cache.keys import Key, canonical_json, digest_bytes
from spotmap_build.core.dates import DAY_S
from spotmap_build.core.documents import decode_json
from spotmap_build.fetch.spotify.rows import EDITION, Count, Page, Row, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from spotmap_build.cache.records import Record
    from spotmap_build.cache.store import Cache

SNAPSHOT_VERSION: Final = 1
LIST_AGE_S: Final = 365 * DAY_S
"""After a year, a list is fetched again even if its version is the same, because titles and ISRCs get corrected."""
PAGE_AGE_S: Final = 30 * DAY_S
NOT_READABLE_S: Final = 30 * DAY_S
"""An unreadable playlist is requested again after this time, or when it changes."""
SAVED: Final = "saved"
CONTENT: Final = "content.json"

Value = TypeVar("Value")
Moment = Annotated[int, msgspec.Meta(ge=0, lt=2**35)]
"""Unix time in the range of valid dates."""


@dataclass(frozen=True, slots=True)
class ListState:
    """One list of the library.

    ``version``: latest version on Spotify. ``held``: version that is completely cached (empty: none). ``total``: number
    of rows according to Spotify. ``id``: ``saved``, or that of the playlist. ``is_readable``: as in
    :class:`~spotmap_build.fetch.spotify.rows.ListedPlaylist`. ``is_pushed``: whether ``push`` created it.
    """

    id: Text
    version: Text
    held: Text = ""
    name: Text = ""
    total: Count = 0
    is_readable: bool = True
    is_pushed: bool = False


@dataclass(frozen=True, slots=True)
class LibraryIndex:
    """The latest index of the library.

    ``taken_at_unix_s``: when it was last completely up to date; 0 if never. ``unidentified``: names of listed playlists
    without a valid id, which cannot be fetched.
    """

    taken_at_unix_s: Moment = 0
    saved: ListState = ListState(SAVED, "")
    playlists: tuple[ListState, ...] = ()
    unidentified: tuple[Text, ...] = ()

    def with_held(self, state: ListState) -> LibraryIndex:
        """Return a copy with ``state`` marked as completely cached."""
        held = replace(state, held=state.version)
        if state.id == SAVED:
            return replace(self, saved=held)
        return replace(self, playlists=tuple(held if known.id == state.id else known for known in self.playlists))


@dataclass(frozen=True, slots=True)
class CachedPages:
    """Cached rows of a list. ``is_whole``: false if only the first pages are cached; ``edition``: as for a page."""

    rows: tuple[Row, ...]
    total: Count
    is_whole: bool = True
    edition: Count = 0


def version_of_saved(first: Page) -> str:
    """Return a version of the saved tracks, which changes when a track is added or their number changes."""
    return digest_bytes(canonical_json([first.total, [list(row.place) for row in first.rows]]))


def read_content(cache: Cache, record: Record, name: str, kind: type[Value]) -> Value | None:
    """Decode the output ``name`` of a record; None (a miss) if it is damaged or not of type ``kind``."""
    try:
        return cache.decode(record, name, lambda data: decode_json(data, kind))
    except CorruptEntry:
        return None


class SnapshotStore:
    """One user's snapshots in the cache. Thread-safe. Every method may raise ``CacheError``."""

    def __init__(self, cache: Cache, user_digest: str, clock: Callable[[], float]) -> None:
        self._cache = cache
        self._user = user_digest
        self._clock = clock
        self._complete_lists: dict[tuple[str, str], CachedPages] = {}

    def index(self) -> LibraryIndex:
        """Return the latest index of the library; an empty one if there is none."""
        return self._read(self._key("spotify-index"), LibraryIndex, any_age=True) or LibraryIndex()

    def save_index(self, index: LibraryIndex) -> None:
        """Store the index. With a read-only cache, this fails only if more than the time has changed."""
        try:
            self._write(self._key("spotify-index"), index, None)
        except CacheReadOnly:
            if replace(index, taken_at_unix_s=0) != replace(self.index(), taken_at_unix_s=0):
                raise

    def complete_list(self, list_id: str, version: str, *, any_age: bool = False) -> CachedPages | None:
        """Return all rows of a list in this version, if cached and (unless ``any_age``) not expired."""
        known = self._complete_lists.get((list_id, version))
        if known is None and version:
            known = self._read(self._list_key(list_id, version), CachedPages, any_age=any_age)
            if known is not None:
                self._complete_lists[list_id, version] = known
        return known if known is None or any_age or known.edition >= EDITION else None

    def save_list(self, state: ListState, rows: tuple[Row, ...], total: int) -> None:
        """Store a complete list."""
        held = CachedPages(rows, total, edition=EDITION)
        self._write(self._list_key(state.id, state.version), held, LIST_AGE_S)
        self._complete_lists[state.id, state.version] = held

    def is_refused(self, state: ListState) -> bool:
        """Return whether this version of the list was recently unreadable."""
        record = self._cache.lookup(self._list_key(state.id, state.version))
        return record is not None and record.failure is not None

    def save_refusal(self, state: ListState) -> None:
        """Record that the list is unreadable."""
        retry_at_unix_s = int(self._clock()) + NOT_READABLE_S
        failure = Failure("playlist-not-readable", "Spotify does not show it.", "retry_after", retry_at_unix_s)
        self._cache.put_failure(self._list_key(state.id, state.version), failure)

    def page(self, list_id: str, version: str, offset: int, *, any_age: bool = False) -> Page | None:
        """Return the page at row ``offset``, if cached; ``any_age`` as for :meth:`complete_list`."""
        known = self._read(self._page_key(list_id, version, offset), Page, any_age=any_age)
        return known if known is None or any_age or known.edition >= EDITION else None

    def save_page(self, list_id: str, version: str, offset: int, page: Page) -> None:
        """Store a page, so that the next attempt continues after it."""
        self._write(self._page_key(list_id, version, offset), page, PAGE_AGE_S)

    def expire_pages(self, list_id: str, version: str, offsets: Iterable[int]) -> None:
        """Mark pages as to be fetched again; they remain usable as a fallback."""
        for offset in offsets:
            page = self.page(list_id, version, offset, any_age=True)
            if page is not None:
                key = self._page_key(list_id, version, offset)
                self._cache.put(key, {CONTENT: msgspec.json.encode(page)}, seconds=0.0, freshness=Freshness(0, 0))

    def best(self, state: ListState) -> CachedPages | None:
        """Return the newest cached rows of a list, preferring complete ones; None if no page is cached."""
        for version in dict.fromkeys((state.version, state.held)):
            held = self.complete_list(state.id, version, any_age=True)
            if held is not None:
                return held
        rows: list[Row] = []
        page = self.page(state.id, state.version, 0, any_age=True)
        if page is None:
            return None
        while page is not None and page.rows:
            rows += page.rows
            page = self.page(state.id, state.version, len(rows), any_age=True)
        return CachedPages(tuple(rows), state.total, is_whole=False)

    def _key(self, stage: str, **which: str | int) -> Key:
        return Key(stage, SNAPSHOT_VERSION, {"user": self._user, **which})

    def _list_key(self, list_id: str, version: str) -> Key:
        return self._key("spotify-list", list=list_id, version=version)

    def _page_key(self, list_id: str, version: str, offset: int) -> Key:
        return self._key("spotify-page", list=list_id, version=version, offset=offset)

    def _read(self, key: Key, kind: type[Value], *, any_age: bool) -> Value | None:
        record = self._cache.lookup(key, allow_expired=any_age)
        if record is None or record.failure is not None:
            return None
        return read_content(self._cache, record, CONTENT, kind)

    def _write(self, key: Key, value: object, max_age_s: int | None) -> None:
        freshness = Freshness(int(self._clock()), max_age_s) if max_age_s else None
        self._cache.put(key, {CONTENT: msgspec.json.encode(value)}, seconds=0.0, freshness=freshness)
