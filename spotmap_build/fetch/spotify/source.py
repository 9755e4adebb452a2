"""``--source spotify``: the saved tracks and playlists of the logged-in user.

Online, only what may have changed is fetched. Offline, or if Spotify refuses requests, the last snapshot is used, even
if it is incomplete; the build fails only if there is none.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Self

from spotmap_build.cache.errors import CacheReadOnly
from spotmap_build.cache.keys import Key, digest_bytes
from spotmap_build.cache.pauses import Pause, StoredPause
from spotmap_build.core.dates import DAY_S, format_moment
from spotmap_build.core.text import printable
from spotmap_build.core.translation import translatable
from spotmap_build.errors import LoginError, ServiceError, ServiceRefused, SpotmapError
from spotmap_build.fetch.source import Loaded
from spotmap_build.fetch.spotify.assemble import ReadPlaylist, artists_by_weight, make_library
from spotmap_build.fetch.spotify.genres import Genres
from spotmap_build.fetch.spotify.settings import SpotifySettings
from spotmap_build.fetch.spotify.snapshot import CachedPages, LibraryIndex, ListState, SnapshotStore
from spotmap_build.fetch.spotify.token import Login, remaining, save_login

if TYPE_CHECKING:
    from spotmap_build.cache.store import Cache
    from spotmap_build.config import Config
    from spotmap_build.fetch.source import LoadContext

PAUSE_VERSION: Final = 1
NEW_SECRET: Final = (
    "Spotify has replaced the refresh token, and the one in SPOTMAP_SPOTIFY_LOGIN may stop working: put a new login "
    "there (spotmap-build login --print-ci-secret)."
)


@dataclass(frozen=True, slots=True)
class SpotifySource:
    """A user's library on Spotify. ``clock`` returns Unix time."""

    settings: SpotifySettings
    clock: Callable[[], float] = field(default=time.time, repr=False)

    @classmethod
    def from_config(cls, config: Config) -> Self:
        """Return the source for ``--source spotify``."""
        return cls(SpotifySettings.from_config(config))

    def load(self, context: LoadContext) -> Loaded:
        """Return the current library, or the last snapshot (with the reason in ``problem``, unless offline).

        Raises
        ------
        LoginError
            There is no login; or it has expired, and there is no snapshot.
        ServiceError
            Spotify cannot be contacted, and there is no snapshot.
        CacheError
            The cache cannot be read or written.
        """
        login = self.settings.known_login(context.say)
        snapshots = SnapshotStore(context.cache, login.user_digest, self.clock)
        sync = _Sync(self.settings, login, snapshots, self.clock)
        if not self.settings.offline:
            sync.run(context)
        index = snapshots.index()
        saved = snapshots.best(index.saved)
        if saved is None and not index.playlists:
            raise sync.problem or ServiceError(
                "Your Spotify library has not been fetched yet.", hint="Build once without --offline."
            )
        rows = saved.rows if saved else ()
        states = [(state, snapshots.best(state) if _is_read(state) else None) for state in index.playlists]
        playlists = [_read(state, held) for state, held in states if held or _is_refused(state, snapshots)]
        genres = Genres(context.cache, self.clock).known(artists_by_weight(rows, playlists), any_age=True)
        notices = list(sync.notices)
        if self.settings.offline or sync.problem is not None:
            unread = sum(
                not _is_refused(state, snapshots) and (held is None or not held.is_whole) for state, held in states
            )
            notices = [*_age(index, saved, unread, self.clock()), *notices]
        if not isinstance(sync.problem, LoginError):
            notices.append(remaining(login, self.clock()))
        library = make_library(
            rows, playlists, genres, unidentified=tuple(printable(name) for name in index.unidentified)
        )
        return Loaded("spotify", library, is_streamed=True, notices=tuple(notices), problem=sync.problem)


class _Sync:
    """The synchronization with Spotify in one build. ``problem``: what prevented it; ``notices``: other messages."""

    def __init__(
        self, settings: SpotifySettings, login: Login, snapshots: SnapshotStore, clock: Callable[[], float]
    ) -> None:
        self._settings = settings
        self._login = login
        self._snapshots = snapshots
        self._clock = clock
        self.notices: list[str] = []
        self.problem: SpotmapError | None = None

    def run(self, context: LoadContext) -> None:
        """Update the snapshot, and then the genres."""
        remembered = stored_pause(context.cache, self._login, self._clock)
        if self._settings.retry:
            remembered.clear()
        elif (pause := remembered.current()) is not None:
            self.problem = refusal_of(pause, self._clock())
            return
        # Imports spotipy and requests, which take a third of a second that an offline build does not need.
        from spotmap_build.fetch.spotify.api import SpotifyApi
        from spotmap_build.fetch.spotify.refresh import Refresh

        api = SpotifyApi(self._settings, self._login, say=context.say, renewed=self._keep_renewed, clock=self._clock)
        refresh = Refresh(api, self._snapshots, self._login.user_digest, self._clock, context.advance)
        refresh.run()
        self.problem = refresh.problem
        if refresh.problem is not None:
            if isinstance(refresh.problem, ServiceRefused):
                remembered.start(refresh.problem)
            return
        try:
            Genres(context.cache, self._clock).fetch(api, self._artists())
        except CacheReadOnly:
            return
        except (LoginError, ServiceError) as error:
            # The library is complete; genres are optional, and the next build fetches them again.
            if isinstance(error, ServiceRefused):
                remembered.start(error)
            self.notices.append(f"Not all genres could be fetched. {error.message}")

    def _artists(self) -> list[str]:
        index = self._snapshots.index()
        saved = self._snapshots.best(index.saved)
        held = [(state, self._snapshots.best(state)) for state in index.playlists if _is_read(state)]
        return artists_by_weight(saved.rows if saved else (), [_read(state, rows) for state, rows in held])

    def _keep_renewed(self, refresh_token: str) -> None:
        notice = keep_renewed(self._settings, self._login, refresh_token)
        if notice:
            self.notices.append(notice)


def keep_renewed(settings: SpotifySettings, login: Login, refresh_token: str) -> str:
    """Store a new refresh token of the login; return a notice if that fails, else ``""``."""
    if settings.ci_secret:
        return NEW_SECRET
    try:
        save_login(replace(login, refresh_token=refresh_token), settings.token_file)
    except LoginError as error:
        return f"Spotify has replaced the refresh token. {error.message} {error.hint}"
    return ""


def stored_pause(cache: Cache, login: Login, clock: Callable[[], float]) -> StoredPause:
    """Return the stored pause that Spotify requested from the app of a login."""
    app = digest_bytes(login.client_id.encode())[:32]
    return StoredPause(cache, Key("spotify-pause", PAUSE_VERSION, {"app": app}), clock)


def refusal_of(pause: Pause, now_unix_s: float) -> ServiceRefused:
    """Return the error for a pause that has not expired."""
    moment = format_moment(pause.retry_at_unix_s)
    return ServiceRefused(
        f"{pause.reason} It accepts requests again after {moment}.",
        hint="Build again then; --retry sends requests now, which may make the pause longer.",
        retry_after_s=pause.retry_at_unix_s - now_unix_s,
    )


def _read(state: ListState, held: CachedPages | None) -> ReadPlaylist:
    return ReadPlaylist(state.id, printable(state.name), held.rows if held else None, state.is_pushed)


def _is_read(state: ListState) -> bool:
    """Return whether its tracks belong to the library; playlists that ``push`` created from a map do not."""
    return state.is_readable and not state.is_pushed


def _is_refused(state: ListState, snapshots: SnapshotStore) -> bool:
    return not _is_read(state) or snapshots.is_refused(state)


def _age(index: LibraryIndex, saved: CachedPages | None, unread_playlists: int, now_unix_s: float) -> list[str]:
    """Return messages about the age and completeness of the snapshot that is used."""
    sentences = []
    if index.taken_at_unix_s:
        taken = format_moment(index.taken_at_unix_s)
        days = max(0, int(now_unix_s - index.taken_at_unix_s) // DAY_S)
        ago = {0: "less than a day ago", 1: "a day ago"}.get(days, f"{days} days ago")
        sentences.append(translatable(f"The library is as of {taken}, {ago}."))
    if saved is not None and not saved.is_whole:
        sentences.append(
            translatable(
                f"Only the last {len(saved.rows):,} of {saved.total:,} saved tracks have been fetched so far; the next "
                "build goes on from there."
            )
        )
    if unread_playlists:
        count = "1 playlist has" if unread_playlists == 1 else f"{unread_playlists:,} playlists have"
        sentences.append(translatable(f"{count} not been fetched completely yet."))
    return sentences
