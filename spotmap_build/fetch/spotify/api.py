"""Client for Spotify's Web API through spotipy. The only module that sends requests to Spotify and knows its errors.

spotipy gets our own session, so that it neither retries nor waits by itself; retries are decided in
:mod:`~spotmap_build.fetch.spotify.requesting`. At most four requests are in flight. A wait that Spotify asks for
applies to all of them, and after a refusal no more requests are sent.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import requests
import spotipy  # type: ignore[import-untyped]
from spotipy.cache_handler import MemoryCacheHandler  # type: ignore[import-untyped]
from spotipy.oauth2 import SpotifyPKCE  # type: ignore[import-untyped]

from spotmap_build.errors import LoginError, ServiceError, SpotmapError
from spotmap_build.fetch.spotify.playlist_changes import Add, Move, Operation, Remove, Rename
from spotmap_build.fetch.spotify.requesting import NOT_IN_SCOPE, Refusal, RequestRetrier, session_for
from spotmap_build.fetch.spotify.rows import Answer
from spotmap_build.fetch.spotify.token import (
    LOGIN_AGAIN_HINT,
    LOGIN_TO_WRITE_HINT,
    Login,
    is_token,
    login_ended,
)

if TYPE_CHECKING:
    from spotmap_build.fetch.spotify.settings import SpotifySettings

PAGE_SIZE: Final = 50
ALLOWED_HINT: Final = (
    "The app's owner needs Spotify Premium, and every other user must be on the app's list (developer.spotify.com, "
    "your app, User Management)."
)
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND = 401, 403, 404


class NotReadable(ServiceError):
    """Spotify does not allow this app to read the item, or the item no longer exists."""

    code = "not-readable"


class NotWritable(ServiceError):
    """Spotify does not allow this app to change the item, or the item no longer exists."""

    code = "not-writable"


class _NoSecrets(logging.Filter):
    """Drops spotipy's debug messages, which contain access and refresh tokens."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.INFO


def _keep_tokens_out_of_logs() -> None:
    for name in ("spotipy.client", "spotipy.oauth2"):
        logger = logging.getLogger(name)
        if not any(isinstance(known, _NoSecrets) for known in logger.filters):
            logger.addFilter(_NoSecrets())
    # Its warnings about single requests must not reach the terminal, because our own errors cover them.
    package = logging.getLogger("spotipy")
    if not package.handlers:
        package.addHandler(logging.NullHandler())


_keep_tokens_out_of_logs()


class _Pkce(SpotifyPKCE):  # type: ignore[misc]
    """spotipy's login without a client secret, without prompts, and with the configured endpoints."""

    def __init__(
        self, client_id: str, redirect_uri: str, settings: SpotifySettings, session: requests.Session, scope: str
    ) -> None:
        super().__init__(
            client_id,
            redirect_uri,
            scope=scope,
            open_browser=False,
            requests_timeout=settings.request_policy.timeout_s,
            requests_session=session,
            cache_handler=MemoryCacheHandler(),
        )
        self.OAUTH_AUTHORIZE_URL = settings.accounts_url + "authorize"
        self.OAUTH_TOKEN_URL = settings.accounts_url + "api/token"


class Authorization:
    """A login in progress: its URL, and the exchange of the response for tokens. Never logged."""

    def __init__(self, client_id: str, redirect_uri: str, settings: SpotifySettings, scope: str) -> None:
        self._client_id = client_id
        self._pkce = _Pkce(client_id, redirect_uri, settings, session_for(settings.request_policy), scope)
        self._requests = RequestRetrier(settings.request_policy, lambda _message: None)

    def url(self, state: str) -> str:
        """Return the URL where the user agrees. ``state`` is returned with the response."""
        return str(self._pkce.get_authorize_url(state=state))

    def redeem(self, code: str) -> Answer:
        """Exchange the ``code`` of the response for tokens.

        Raises
        ------
        LoginError
            Spotify does not accept it.
        ServiceError
            Spotify cannot be reached.
        """

        def ask() -> object:
            self._pkce.get_access_token(code, check_cache=False)
            return self._pkce.cache_handler.get_cached_token()

        try:
            return self._requests.answer(ask, "access_token")
        except Refusal as error:
            raise LoginError(
                f"Spotify did not complete the login ({_reason(error)}).",
                hint="Check the client ID and try again: a response from Spotify is valid once, for a few minutes.",
            ) from error


class SpotifyApi:
    """Client for the endpoints that a login may read or, if allowed, change. Thread-safe.

    Every request may raise ``LoginError`` (the login has expired), ``ServiceRefused`` (no more requests are sent),
    ``NotReadable`` or ``NotWritable`` (only this item cannot be read or changed), or ``ServiceError`` (no response
    after retries; a change may have been made nevertheless).

    ``say`` is called with messages about waits, ``renewed`` with a refresh token that replaces the login's.
    """

    def __init__(
        self,
        settings: SpotifySettings,
        login: Login,
        *,
        say: Callable[[str], object] = lambda _message: None,
        renewed: Callable[[str], object] = lambda _token: None,
        access_token: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        session = session_for(settings.request_policy)
        self._login = login
        self._renewed = renewed
        self._say = say
        self._clock = clock
        self._refresh_token = login.refresh_token
        self._access_token = access_token
        self._token_lock = threading.Lock()
        self._requests = RequestRetrier(settings.request_policy, say)
        self._pkce = _Pkce(login.client_id, "http://127.0.0.1/callback", settings, session, login.scope)
        self._client = spotipy.Spotify(
            auth=access_token, requests_session=session, requests_timeout=settings.request_policy.timeout_s
        )
        self._client.prefix = settings.api_url

    def user_id(self) -> str:
        """Return the id of the logged-in user."""
        return str(self._get(self._client.me, "id")["id"])

    def saved_tracks(self, offset: int) -> Answer:
        """Return a page of saved tracks, newest first."""
        return self._get(lambda: self._client.current_user_saved_tracks(PAGE_SIZE, offset), "items")

    def playlists(self, offset: int) -> Answer:
        """Return a page of the playlists that the user owns or follows."""
        return self._get(lambda: self._client.current_user_playlists(PAGE_SIZE, offset), "items")

    def playlist_items(self, playlist_id: str, offset: int) -> Answer:
        """Return a page of the items in a playlist."""
        return self._get(lambda: self._client.playlist_items(playlist_id, limit=PAGE_SIZE, offset=offset), "items")

    def artist(self, artist_id: str) -> Answer:
        """Return an artist."""
        return self._get(lambda: self._client.artist(artist_id), "id")

    def create_playlist(self, name: str, description: str) -> str:
        """Create an empty private playlist, and return its id."""
        return str(
            self._change(
                lambda: self._client.current_user_playlist_create(name, public=False, description=description), "id"
            )["id"]
        )

    def change_playlist(self, playlist_id: str, operation: Operation) -> None:
        """Make one change to a playlist."""
        client = self._client
        match operation:
            case Rename(name):
                # Spotify's response is empty.
                self._change(
                    lambda: client.playlist_change_details(playlist_id, name=name) or {"id": playlist_id}, "id"
                )
            case Remove(tracks):
                self._change(
                    lambda: client.playlist_remove_all_occurrences_of_items(playlist_id, tracks), "snapshot_id"
                )
            case Move(start, length, before):
                self._change(lambda: client.playlist_reorder_items(playlist_id, start, before, length), "snapshot_id")
            case Add(position, tracks):
                self._change(lambda: client.playlist_add_items(playlist_id, tracks, position), "snapshot_id")

    def _change(self, ask: Callable[[], object], required: str) -> Answer:
        return self._get(ask, required, is_change=True)

    def _get(self, ask: Callable[[], object], required: str, *, is_change: bool = False) -> Answer:
        used = self._current_token()
        try:
            try:
                return self._requests.answer(ask, required, is_change=is_change)
            except Refusal as error:
                if error.status != _UNAUTHORIZED:
                    raise
            self._refresh(used)
            return self._requests.answer(ask, required, is_change=is_change)
        except Refusal as error:
            problem = _translated(error, is_change=is_change)
            if isinstance(problem, LoginError):
                self._requests.end(problem)
            raise problem from error

    def _current_token(self) -> str:
        if not self._access_token:
            self._refresh("")
        return self._access_token

    def _refresh(self, used: str) -> None:
        """Get a new access token, unless another thread has replaced ``used`` already."""
        with self._token_lock:
            if self._access_token != used:
                return
            try:
                answer = self._requests.answer(
                    lambda: self._pkce.refresh_access_token(self._refresh_token), "access_token"
                )
            except Refusal as error:
                problem = self._not_refreshed(error)
                self._requests.end(problem)
                raise problem from error
            self._access_token = str(answer["access_token"])
            self._client.set_auth(self._access_token)
            self._keep_newer(answer.get("refresh_token") or self._refresh_token)

    def _keep_newer(self, refresh_token: object) -> None:
        if refresh_token == self._refresh_token:
            return
        if not isinstance(refresh_token, str) or not is_token(refresh_token):
            self._say("Spotify sent an invalid refresh token; the login is unchanged.")
            return
        self._refresh_token = refresh_token
        self._renewed(refresh_token)

    def _not_refreshed(self, error: Refusal) -> SpotmapError:
        if error.reason == "invalid_grant":
            return login_ended(self._login, self._clock())
        return LoginError(
            f"Spotify does not accept the login ({_reason(error)}).",
            hint=f"Check that the app with this client ID still exists. {LOGIN_AGAIN_HINT}",
        )


def _translated(error: Refusal, *, is_change: bool) -> SpotmapError:
    status = error.status
    if is_change and error.reason == NOT_IN_SCOPE:
        return LoginError("The Spotify login does not allow this.", hint=LOGIN_TO_WRITE_HINT)
    if status == _UNAUTHORIZED:
        return LoginError("Spotify does not accept its own fresh access token.", hint=LOGIN_AGAIN_HINT)
    if is_change and status in {_FORBIDDEN, _NOT_FOUND}:
        return NotWritable(
            f"Spotify does not allow this app to change playlists (HTTP status {status}).", hint=ALLOWED_HINT
        )
    if status in {_FORBIDDEN, _NOT_FOUND}:
        return NotReadable(f"Spotify does not allow this app to read it (HTTP status {status}).", hint=ALLOWED_HINT)
    return ServiceError(f"Spotify rejected a request (HTTP status {status}).", hint="Please report this.")


def _reason(error: Refusal) -> str:
    known = error.reason if error.reason.replace("_", "").isalnum() else ""
    return known[:40] or f"HTTP status {error.status}"
