"""The ``push`` command: create private Spotify playlists from lists of the map, and keep them up to date.

A playlist is recognized by its stored record (``pushed``) or by its description. Playlists that no push created are
never changed, and none is ever deleted. A request that changes something is not retried blindly: if there is no
response, the playlist is read again, and the remaining changes are recomputed.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from spotmap_build.errors import ServiceError, ServiceRefused
from spotmap_build.fetch.spotify.api import NotWritable, SpotifyApi
from spotmap_build.fetch.spotify.playlist_changes import Found, decide, describe, is_made_of, mark_of
from spotmap_build.fetch.spotify.refresh import checked_pages, listed_playlists
from spotmap_build.fetch.spotify.rows import THE_PLAYLIST, read_page
from spotmap_build.fetch.spotify.source import keep_renewed, refusal_of, stored_pause

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from spotmap_build.cache.store import Cache
    from spotmap_build.fetch.spotify.playlist_changes import Change, Made, WantedList
    from spotmap_build.fetch.spotify.pushed import PushedLists
    from spotmap_build.fetch.spotify.rows import ListedPlaylist, Page
    from spotmap_build.fetch.spotify.settings import SpotifySettings
    from spotmap_build.fetch.spotify.token import Login

ATTEMPTS: Final = 3
"""Attempts per playlist in one push; each attempt sends only what is still missing."""
CONTINUE_HINT: Final = "Finished changes are recorded: run the same command again to continue."


class Push:
    """One push: :meth:`propose` changes, have the user confirm them, :meth:`apply_changes`.

    Requests raise ``LoginError``, ``ServiceRefused`` or ``ServiceError``, like those of :class:`SpotifyApi`.
    """

    def __init__(
        self,
        settings: SpotifySettings,
        login: Login,
        memory: PushedLists,
        cache: Cache,
        *,
        exact: bool,
        say: Callable[[str], object],
    ) -> None:
        self._login = login
        self._memory = memory
        self._policy = settings.request_policy
        self._exact = exact
        self._say = say
        self._pause = stored_pause(cache, login, time.time)
        if settings.retry:
            self._pause.clear()
        self._api = SpotifyApi(settings, login, say=say, renewed=lambda token: self._renewed(settings, token))

    def propose(self, wanted: Sequence[WantedList]) -> tuple[Change, ...]:
        """Read the playlists on Spotify, and return the necessary changes, without applying them."""
        pause = self._pause.current()
        if pause is not None:
            raise refusal_of(pause, time.time())
        with self._storing_refusal():
            return self._propose(wanted)

    def apply_changes(self, changes: Iterable[Change]) -> None:
        """Apply the proposed changes, one playlist after the other, and store each step.

        If a playlist has changed on Spotify since the proposal, its changes are recomputed first.
        """
        with self._storing_refusal():
            for change in self._recomputed(changes):
                self._apply_change(change)

    def forgotten(self, list_ids: Iterable[str]) -> tuple[str, ...]:
        """Return the names of playlists whose lists are no longer on the map; they are kept unchanged."""
        now = set(list_ids)
        return tuple(made.name for list_id, made in self._memory.known.items() if list_id not in now)

    @contextmanager
    def _storing_refusal(self) -> Iterator[None]:
        try:
            yield
        except ServiceRefused as error:
            self._pause.start(error)
            raise

    def _apply_change(self, change: Change) -> None:
        try:
            self._make(change)
            if change.is_needed:
                self._say(f"“{change.wanted.name}” is up to date.")
        except ServiceRefused as error:
            raise ServiceRefused(error.message, hint=CONTINUE_HINT, retry_after_s=error.retry_after_s) from error
        except NotWritable as error:
            raise NotWritable(f"“{change.wanted.name}”: {error.message}", hint=error.hint) from error
        except ServiceError as error:
            raise ServiceError(f"“{change.wanted.name}”: {error.message}", hint=CONTINUE_HINT) from error

    def _recomputed(self, changes: Iterable[Change]) -> list[Change]:
        """Return the changes, recomputed for playlists whose version has changed."""
        listed, known = self._listed(), self._memory.known
        decided = []
        for change in changes:
            playlist = listed.get(change.playlist)
            if playlist is not None and playlist.version and playlist.version == change.version:
                decided.append(change)
                continue
            now = self._proposal(change.wanted, listed, known)
            if (now.playlist, now.operations) != (change.playlist, change.operations):
                self._say(
                    f"“{change.wanted.name}” was changed on Spotify in the meantime: its changes were recomputed."
                )
            decided.append(now)
        return decided

    def _propose(self, wanted: Sequence[WantedList]) -> tuple[Change, ...]:
        listed = self._listed()
        known = self._memory.known
        return tuple(self._proposal(each, listed, known) for each in wanted)

    def _proposal(self, wanted: WantedList, listed: dict[str, ListedPlaylist], known: dict[str, Made]) -> Change:
        made = known.get(wanted.id)
        if made is not None and is_made_of(wanted, made.name, (*made.put, *made.trying)):
            found = self._found(listed[made.playlist]) if made.playlist in listed else None
            return decide(wanted, made, found, exact=self._exact)
        taken = {each.playlist for each in known.values()}
        for playlist in listed.values():
            if playlist.mark == mark_of(wanted.id) and playlist.id not in taken:
                found = self._found(playlist)
                if is_made_of(wanted, found.name, filter(None, found.rows)):
                    return decide(wanted, None, found, exact=self._exact)
        return decide(wanted, None, None, exact=self._exact)

    def _make(self, change: Change) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._apply(change)
            except (ServiceRefused, NotWritable):
                raise
            except ServiceError:
                if attempt == ATTEMPTS:
                    raise
                time.sleep(self._policy.pause_s(attempt))
                (change,) = self._propose([change.wanted])
            else:
                return

    def _apply(self, change: Change) -> None:
        wanted, playlist = change.wanted, change.playlist
        if change.makes:
            playlist = self._api.create_playlist(wanted.name, describe(wanted.id))
        if change.is_needed:
            self._memory.save(wanted.id, replace(change.before, playlist=playlist))
        for operation in change.operations:
            self._api.change_playlist(playlist, operation)
        after = change.after if change.is_left_alone else replace(change.after, playlist=playlist)
        if after != self._memory.known.get(wanted.id):
            self._memory.save(wanted.id, after)

    def _listed(self) -> dict[str, ListedPlaylist]:
        """Return the playlists that the user owns or follows, by id."""
        return {each.id: each for each in listed_playlists(self._api.playlists, self._login.user_digest) if each.id}

    def _found(self, playlist: ListedPlaylist) -> Found:
        def read(offset: int) -> Page:
            return read_page(self._api.playlist_items(playlist.id, offset), offset)

        pages = checked_pages(THE_PLAYLIST.format(name=playlist.name), read, can_repeat=True)
        rows = tuple(row.id for page in pages for row in page.rows)
        return Found(playlist.id, playlist.name, rows, playlist.version)

    def _renewed(self, settings: SpotifySettings, refresh_token: str) -> None:
        notice = keep_renewed(settings, self._login, refresh_token)
        if notice:
            self._say(notice)
