"""Fetch from Spotify only what may have changed since the last snapshot, storing each page as it arrives."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeVar

from spotmap_build.core.translation import translatable
from spotmap_build.errors import LoginError, ServiceError, SpotmapError
from spotmap_build.fetch.spotify.api import ALLOWED_HINT, PAGE_SIZE, NotReadable
from spotmap_build.fetch.spotify.requesting import IN_FLIGHT
from spotmap_build.fetch.spotify.rows import (
    SAVED_TRACKS,
    THE_PLAYLIST,
    YOUR_PLAYLISTS,
    Answer,
    ListedPlaylist,
    ListingPage,
    Page,
    Row,
    read_listing_page,
    read_page,
    with_new_rows,
)
from spotmap_build.fetch.spotify.snapshot import SAVED, ListState, version_of_saved
from spotmap_build.fetch.spotify.token import digest_of_user

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from spotmap_build.fetch.spotify.api import SpotifyApi
    from spotmap_build.fetch.spotify.snapshot import SnapshotStore

SHORT_LIST: Final = translatable("Spotify's list of {name} ends after {rows} of {total} rows.")
ENDLESS_LIST: Final = translatable(
    "Spotify's list of {name} does not end: it has more than {rows:,} rows, but should have {total:,}."
)
REPEATED_LIST: Final = translatable("Spotify's list of {name} repeats itself after {rows:,} of {total:,} rows.")
LIST_HINT: Final = "Build again later: what has been fetched is kept."
MAX_ROWS: Final = 500_000
"""Maximum rows of one list. Playlists have about 10,000 at most; some users have 100,000 saved tracks."""
SPARE_PAGES: Final = 100
"""Tolerance, because a list may grow while it is read, and a page may have fewer rows than requested."""
MAX_PAGES: Final = 20_000
"""Maximum pages per build (a million rows). The next build fetches the rest."""
AnyPage = TypeVar("AnyPage", Page, ListingPage)


class Refresh:
    """The update from Spotify in one build. ``problem``: the first error that left something outdated."""

    def __init__(
        self,
        api: SpotifyApi,
        snapshots: SnapshotStore,
        user_digest: str,
        clock: Callable[[], float],
        advance: Callable[[int, int], None],
    ) -> None:
        self._api = api
        self._snapshots = snapshots
        self._user_digest = user_digest
        self._clock = clock
        self._advance = advance
        self._lock = threading.Lock()
        self._pages_done = 0
        self._pages_expected = 0
        self._index = snapshots.index()
        self.problem: SpotmapError | None = None

    def run(self) -> None:
        """Update the snapshot as far as possible. Errors from Spotify are stored in ``problem``.

        Raises
        ------
        CacheError
            The cache cannot be read or written.
        """
        try:
            self._refresh_saved()
            self._refresh_listing()
            self._refresh_playlists()
        except (LoginError, ServiceError) as error:
            self.problem = self.problem or error
        if self.problem is None:
            self._index = replace(self._index, taken_at_unix_s=int(self._clock()))
        self._snapshots.save_index(self._index)

    def _refresh_saved(self) -> None:
        before = self._index.saved
        self._expect(1)
        try:
            first = read_page(self._ask(self._api.saved_tracks, 0), 0)
        except NotReadable as error:
            raise LoginError("Spotify does not allow this app to read your saved tracks.", hint=ALLOWED_HINT) from error
        state = ListState(SAVED, version_of_saved(first), before.held, total=first.total)
        if self._snapshots.complete_list(SAVED, state.version) is None:
            self._snapshots.save_page(SAVED, state.version, 0, first)
            self._index = replace(self._index, saved=state)
            self._snapshots.save_index(self._index)
            self._snapshots.save_list(state, self._saved_rows(state, first), first.total)
        self._index = self._index.with_held(state)

    def _saved_rows(self, state: ListState, first: Page) -> tuple[Row, ...]:
        """Return all saved tracks, fetching only new ones if rows were only added at the front."""
        known = self._snapshots.complete_list(SAVED, state.held)
        if known is not None and first.total - known.total > 0:
            enough = first.total - known.total + 1
            front = self._rows(state, SAVED_TRACKS, self._api.saved_tracks, enough=enough)
            rows = with_new_rows(known.rows, known.total, front, first.total)
            if rows is not None:
                return rows
        return self._rows(state, SAVED_TRACKS, self._api.saved_tracks)

    def _refresh_listing(self) -> None:
        """Fetch the list of playlists with their versions, and determine which are already cached."""

        def ask(offset: int) -> Answer:
            self._expect(1)
            return self._ask(self._api.playlists, offset)

        listed = listed_playlists(ask, self._user_digest)
        held = {state.id: state.held for state in self._index.playlists}
        states = {
            playlist.id: ListState(
                playlist.id,
                playlist.version or f"asked-{int(self._clock())}",
                held.get(playlist.id, ""),
                playlist.name,
                playlist.total,
                playlist.is_readable,
                bool(playlist.mark),
            )
            for playlist in listed
            if _is_identified(playlist)
        }
        unidentified = tuple(playlist.name for playlist in listed if not _is_identified(playlist))
        self._index = replace(self._index, playlists=tuple(states.values()), unidentified=unidentified)
        self._snapshots.save_index(self._index)

    def _refresh_playlists(self) -> None:
        readable = [state for state in self._index.playlists if state.is_readable and not state.is_pushed]
        missing = []
        for state in readable:
            if self._snapshots.complete_list(state.id, state.version) is not None:
                self._index = self._index.with_held(state)
            elif not self._snapshots.is_refused(state):
                missing.append(state)
        self._expect(sum(-(-state.total // PAGE_SIZE) for state in missing))
        if missing:
            with ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="spotify") as threads:
                list(threads.map(self._refresh_playlist, missing))

    def _refresh_playlist(self, state: ListState) -> None:
        """Fetch one playlist. If it is not readable, that is recorded, and the others are still fetched."""
        try:
            rows = self._rows(
                state, THE_PLAYLIST.format(name=state.name), lambda offset: self._api.playlist_items(state.id, offset)
            )
        except NotReadable:
            self._snapshots.save_refusal(state)
        except (LoginError, ServiceError) as error:
            with self._lock:
                self.problem = self.problem or error
        else:
            self._snapshots.save_list(state, rows, len(rows))
            with self._lock:
                self._index = self._index.with_held(state)

    def _rows(
        self, state: ListState, name: str, ask: Callable[[int], Answer], *, enough: int | None = None
    ) -> tuple[Row, ...]:
        """Return all rows of a list, or the first ``enough``, fetching only pages that are not cached."""
        rows: list[Row] = []
        offsets: list[int] = []
        new_offsets: set[int] = set()

        def read(offset: int) -> Page:
            page = self._snapshots.page(state.id, state.version, offset)
            if page is not None:
                return page
            new_offsets.add(offset)
            if state.id == SAVED:
                self._expect(1)
            return read_page(self._ask(ask, offset), offset)

        try:
            for page in checked_pages(name, read, can_repeat=state.id != SAVED):
                if len(rows) in new_offsets:
                    self._snapshots.save_page(state.id, state.version, len(rows), page)
                offsets.append(len(rows))
                rows += page.rows
                if enough is not None and len(rows) >= enough:
                    break
        except _NoEnd:
            self._snapshots.expire_pages(state.id, state.version, offsets)
            raise
        return tuple(rows)

    def _ask(self, ask: Callable[[int], Answer], offset: int) -> Answer:
        """Fetch the page at ``offset``, up to a limit of pages per build."""
        if self._pages_done >= MAX_PAGES:
            raise ServiceError(
                f"Your Spotify library has more than the {MAX_PAGES:,} pages that one build fetches.",
                hint="Build again: fetched data are kept, and the next build continues from there.",
            )
        answer = ask(offset)
        self._came()
        return answer

    def _expect(self, pages: int) -> None:
        with self._lock:
            self._pages_expected += pages

    def _came(self) -> None:
        with self._lock:
            self._pages_done += 1
            self._advance(self._pages_done, max(self._pages_done, self._pages_expected))


def _is_identified(playlist: ListedPlaylist) -> bool:
    """Return whether its rows can be requested. ``SAVED`` is never an id of Spotify; it stands for the saved tracks."""
    return playlist.id not in {"", SAVED}


def listed_playlists(ask: Callable[[int], Answer], user_digest: str) -> list[ListedPlaylist]:
    """Return the playlists that the user owns or follows. ``ask`` fetches the page at an offset.

    Raises
    ------
    ServiceError
        The list is inconsistent, see :meth:`ListEnd.check`.
    """

    def read(offset: int) -> ListingPage:
        return read_listing_page(ask(offset), offset, lambda owner: digest_of_user(owner) == user_digest)

    return [row for page in checked_pages(YOUR_PLAYLISTS, read, can_repeat=False) for row in page.rows]


def checked_pages(name: str, read: Callable[[int], AnyPage], *, can_repeat: bool) -> Iterator[AnyPage]:
    """Yield the pages of a list up to its end. ``read`` returns the page at an offset.

    ``can_repeat``: whether the list may contain the same row more than once.

    Raises
    ------
    ServiceError
        The list is inconsistent, see :meth:`ListEnd.check`.
    """
    end = ListEnd(name, can_repeat=can_repeat)
    is_last = False
    while not is_last:
        page = read(end.rows)
        end.check([row.id for row in page.rows], page.count, page.total, page.is_last)
        is_last = page.is_last
        yield page


class _NoEnd(ServiceError):
    """A list does not end or repeats itself, so none of its pages can be trusted."""


class ListEnd:
    """Checks that a paginated list ends, whatever Spotify returns.

    ``rows``: number of rows so far. ``can_repeat``: whether the list may contain the same row more than once.
    """

    def __init__(self, name: str, *, can_repeat: bool) -> None:
        self._name = name
        self._can_repeat = can_repeat
        self._seen: set[str] = set()
        self._last_ids: list[str] = []
        self._max_pages = 0
        self._pages = 0
        self.rows = 0

    def check(self, ids: list[str], count: int, total: int, is_last: bool) -> None:
        """Check the next page of ``count`` rows in a list that declares ``total`` rows.

        Raises
        ------
        ServiceError
            The list is truncated.
        _NoEnd
            It repeats itself, or does not end.
        """
        self._pages += 1
        self._max_pages = self._max_pages or 2 * (total // PAGE_SIZE) + SPARE_PAGES
        if total > MAX_ROWS or (self._pages > self._max_pages and not is_last):
            raise _NoEnd(self._sentence(ENDLESS_LIST, total), hint=LIST_HINT)
        if not (count or is_last):
            raise ServiceError(self._sentence(SHORT_LIST, total), hint=LIST_HINT)
        if self._is_repeated(ids) and not is_last:
            raise _NoEnd(self._sentence(REPEATED_LIST, total), hint=LIST_HINT)
        self._last_ids = ids
        if not self._can_repeat:
            self._seen.update(ids)
        self.rows += count

    def _is_repeated(self, ids: list[str]) -> bool:
        if self._can_repeat:  # even whole pages of the same song
            return len(ids) < PAGE_SIZE and ids == self._last_ids
        known = {row_id for row_id in ids if row_id}
        return bool(known) and known <= self._seen

    def _sentence(self, reason: str, total: int) -> str:
        return reason.format(name=self._name, rows=self.rows, total=total)
