"""Ask Spotify for what may have changed since the last snapshot, and for nothing else; keep each page as it comes."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from spotmap_build.errors import LoginError, ServiceError, SpotmapError
from spotmap_build.fetch.libraries.spotify.api import ALLOWED_HINT, IN_FLIGHT, PAGE_SIZE, NotReadable
from spotmap_build.fetch.libraries.spotify.rows import (
    ListedPlaylist,
    Page,
    Row,
    is_end,
    read_listing,
    read_page,
    with_new_rows,
)
from spotmap_build.fetch.libraries.spotify.snapshot import SAVED, Held, ListState, version_of_saved
from spotmap_build.fetch.libraries.spotify.token import digest_of_user

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from spotmap_build.fetch.libraries.spotify.api import SpotifyApi
    from spotmap_build.fetch.libraries.spotify.snapshot import Shelf

SHORT_LIST: Final = "Spotify's list of {name} breaks off after {rows} of {total} rows."


class Refresh:
    """One build's questions to Spotify. ``problem`` is the first error that kept something from being current."""

    def __init__(
        self,
        api: SpotifyApi,
        shelf: Shelf,
        user_digest: str,
        clock: Callable[[], float],
        advance: Callable[[int, int], None],
    ) -> None:
        self._api = api
        self._shelf = shelf
        self._user_digest = user_digest
        self._clock = clock
        self._advance = advance
        self._lock = threading.Lock()
        self._pages_done = 0
        self._pages_expected = 0
        self._index = shelf.index()
        self.problem: SpotmapError | None = None

    def run(self) -> None:
        """Bring the shelf up to date as far as Spotify allows. An error of Spotify's ends in ``problem``.

        Raises
        ------
        CacheError: the disk fails.
        """
        try:
            self._refresh_saved()
            self._refresh_listing()
            self._refresh_playlists()
        except (LoginError, ServiceError) as error:
            self.problem = self.problem or error
        if self.problem is None:
            self._index = replace(self._index, taken_at_unix_s=int(self._clock()))
        self._shelf.keep_index(self._index)

    def _refresh_saved(self) -> None:
        before = self._index.saved
        self._expect(1)
        try:
            first = read_page(self._api.saved_tracks(0), 0)
        except NotReadable as error:
            raise LoginError("Spotify does not let this app read your saved tracks.", hint=ALLOWED_HINT) from error
        self._came()
        state = ListState(SAVED, version_of_saved(first), before.held, total=first.total)
        if self._shelf.whole(SAVED, state.version) is None:
            self._shelf.keep_page(SAVED, state.version, 0, first)
            self._index = replace(self._index, saved=state)
            self._shelf.keep_index(self._index)
            self._shelf.keep_whole(state, Held(self._saved_rows(state, first), first.total))
        self._index = self._index.with_held(state)

    def _saved_rows(self, state: ListState, first: Page) -> tuple[Row, ...]:
        """All saved tracks: the new ones before the known ones, where that is all that happened."""
        known = self._shelf.whole(SAVED, state.held)
        if known is not None and first.total - known.total > 0:
            enough = first.total - known.total + 1
            front = self._rows(state, "your saved tracks", self._api.saved_tracks, enough=enough)
            rows = with_new_rows(known.rows, known.total, front, first.total)
            if rows is not None:
                return rows
        return self._rows(state, "your saved tracks", self._api.saved_tracks)

    def _refresh_listing(self) -> None:
        """Which playlists there are, in which version, and which of them are here already."""
        listed: list[ListedPlaylist] = []
        offset, is_last = 0, False
        while not is_last:
            self._expect(1)
            answer = self._api.playlists(offset)
            self._came()
            listed += read_listing(answer, lambda owner: digest_of_user(owner) == self._user_digest)
            count = len(answer["items"])
            offset += count
            is_last = is_end(answer, offset)
            if not count and not is_last:
                raise ServiceError(SHORT_LIST.format(name="your playlists", rows=offset, total=answer.get("total")))
        held = {state.id: state.held for state in self._index.playlists}
        states = {
            playlist.id: ListState(
                playlist.id,
                playlist.version or f"asked-{int(self._clock())}",
                held.get(playlist.id, ""),
                playlist.name,
                playlist.total,
                playlist.is_readable,
            )
            for playlist in listed
        }
        self._index = replace(self._index, playlists=tuple(states.values()))
        self._shelf.keep_index(self._index)

    def _refresh_playlists(self) -> None:
        readable = [state for state in self._index.playlists if state.is_readable]
        missing = []
        for state in readable:
            if self._shelf.whole(state.id, state.version) is not None:
                self._index = self._index.with_held(state)
            elif not self._shelf.is_refused(state):
                missing.append(state)
        self._expect(sum(-(-state.total // PAGE_SIZE) for state in missing))
        if missing:
            with ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="spotify") as threads:
                list(threads.map(self._refresh_playlist, missing))

    def _refresh_playlist(self, state: ListState) -> None:
        """One playlist. If it cannot be read now, that is noted, and the others still are."""
        try:
            rows = self._rows(
                state, f"the playlist “{state.name}”", lambda offset: self._api.playlist_items(state.id, offset)
            )
        except NotReadable:
            self._shelf.keep_refused(state)
        except (LoginError, ServiceError) as error:
            with self._lock:
                self.problem = self.problem or error
        else:
            self._shelf.keep_whole(state, Held(rows, len(rows)))
            with self._lock:
                self._index = self._index.with_held(state)

    def _rows(
        self, state: ListState, name: str, ask: Callable[[int], Mapping[str, Any]], *, enough: int | None = None
    ) -> tuple[Row, ...]:
        """All rows of a list, or the first ``enough``: pages that have come already are not asked for again."""
        rows: list[Row] = []
        is_last = False
        while not is_last and (enough is None or len(rows) < enough):
            page = self._shelf.page(state.id, state.version, len(rows))
            if page is None:
                if state.id == SAVED:
                    self._expect(1)
                page = read_page(ask(len(rows)), len(rows))
                self._came()
                if not page.rows and not page.is_last:
                    raise ServiceError(
                        SHORT_LIST.format(name=name, rows=len(rows), total=page.total),
                        hint="Build again later: what has been fetched is kept.",
                    )
                self._shelf.keep_page(state.id, state.version, len(rows), page)
            rows += page.rows
            is_last = page.is_last
        return tuple(rows)

    def _expect(self, pages: int) -> None:
        with self._lock:
            self._pages_expected += pages

    def _came(self) -> None:
        with self._lock:
            self._pages_done += 1
            self._advance(self._pages_done, max(self._pages_done, self._pages_expected))
