"""Spotify's Web API through spotipy: the only module that speaks to Spotify, and that knows how it fails.

spotipy is given a session of our own, so that it neither repeats nor waits by itself: how long to be patient is decided
here. At most four requests are in flight, a wait that Spotify asks for holds for all of them, and once it refuses it is
asked nothing more.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import requests
import spotipy  # type: ignore[import-untyped]
from spotipy.cache_handler import MemoryCacheHandler  # type: ignore[import-untyped]
from spotipy.oauth2 import SpotifyPKCE  # type: ignore[import-untyped]

from spotmap_build.errors import LoginError, ServiceError, ServiceRefused, SpotmapError
from spotmap_build.fetch.libraries.spotify.token import LOGIN_AGAIN_HINT, Login, login_ended
from spotmap_build.fetch.politeness import CircuitBreaker

if TYPE_CHECKING:
    from spotmap_build.fetch.libraries.spotify.settings import Patience, SpotifySettings

Answer = Mapping[str, Any]

SCOPES: Final = "user-library-read playlist-read-private playlist-read-collaborative"
PAGE_SIZE: Final = 50
IN_FLIGHT: Final = 4
REQUIRED: Final = {"items": list, "id": str, "access_token": str}
"""The field by which an answer is known to be one, and its type."""
ANNOUNCED_S: Final = 5.0
"""A longer wait is worth a word."""
UNSAID_WAIT_S: Final = 5.0
"""Where a rate limit does not say how long."""
CONNECTION_HINT: Final = "Check the connection and build again: what has been fetched is kept."
ALLOWED_HINT: Final = (
    "The app's owner needs Spotify Premium, and every other user has to be on the app's list (developer.spotify.com, "
    "your app, User Management)."
)
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _RATE_LIMITED = 401, 403, 404, 429


class NotReadable(ServiceError):
    """Spotify does not let this user's app read this one thing, or there is no such thing any more."""

    code = "not-readable"


class _NoSecrets(logging.Filter):
    """spotipy writes access and refresh tokens into its debug messages, and nothing else there that would be missed."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.INFO


def _keep_tokens_out_of_logs() -> None:
    for name in ("spotipy.client", "spotipy.oauth2"):
        logger = logging.getLogger(name)
        if not any(isinstance(known, _NoSecrets) for known in logger.filters):
            logger.addFilter(_NoSecrets())
    # Its complaints about single requests are not for the terminal: what they lead to is said in our own words.
    package = logging.getLogger("spotipy")
    if not package.handlers:
        package.addHandler(logging.NullHandler())


_keep_tokens_out_of_logs()


class _Pkce(SpotifyPKCE):  # type: ignore[misc]
    """spotipy's login without a client secret; it never asks a person, and tells the status of a refusal."""

    def __init__(self, client_id: str, redirect_uri: str, settings: SpotifySettings, session: requests.Session) -> None:
        super().__init__(
            client_id,
            redirect_uri,
            scope=SCOPES,
            open_browser=False,
            requests_timeout=settings.patience.timeout_s,
            requests_session=session,
            cache_handler=MemoryCacheHandler(),
        )
        self.OAUTH_AUTHORIZE_URL = settings.accounts_url + "authorize"
        self.OAUTH_TOKEN_URL = settings.accounts_url + "api/token"

    def _handle_oauth_error(self, http_error: requests.HTTPError) -> None:
        response = http_error.response
        try:
            reason = response.json()["error"]
        except (ValueError, TypeError, KeyError):
            reason = None
        raise spotipy.SpotifyException(
            response.status_code, -1, "", reason=reason, headers=response.headers
        ) from http_error


class Authorization:
    """One login in the making: the address to visit, and what its answer is good for. Never shown."""

    def __init__(self, client_id: str, redirect_uri: str, settings: SpotifySettings) -> None:
        self._client_id = client_id
        self._pkce = _Pkce(client_id, redirect_uri, settings, requests.Session())
        self._requests = _Requests(settings.patience, lambda _message: None)

    def url(self, state: str) -> str:
        """Where the person agrees. ``state`` comes back with the answer."""
        return str(self._pkce.get_authorize_url(state=state))

    def redeem(self, code: str) -> Answer:
        """The tokens for the ``code`` of the answer.

        Raises
        ------
        LoginError: Spotify does not take it. ServiceError: it cannot be reached.
        """

        def ask() -> object:
            self._pkce.get_access_token(code, check_cache=False)
            return self._pkce.cache_handler.get_cached_token()

        try:
            return self._requests.answer(ask, "access_token")
        except spotipy.SpotifyException as error:
            raise LoginError(
                f"Spotify did not complete the login ({_reason(error)}).",
                hint="Check the client ID and try again: an answer of Spotify's is good for a few minutes, and once.",
            ) from error


class SpotifyApi:
    """What a login may read. Threads may share it.

    Every request raises LoginError (the login has ended), ServiceRefused (Spotify wants to be left alone; nothing more
    is asked), NotReadable (this one thing may not be read), or ServiceError (no answer, after some patience).

    ``say`` is told of waits, ``renewed`` of another refresh token that replaces the login's.
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
        session = requests.Session()
        self._login = login
        self._renewed = renewed
        self._clock = clock
        self._refresh_token = login.refresh_token
        self._access_token = access_token
        self._token_lock = threading.Lock()
        self._requests = _Requests(settings.patience, say)
        self._pkce = _Pkce(login.client_id, "http://127.0.0.1/callback", settings, session)
        self._client = spotipy.Spotify(
            auth=access_token, requests_session=session, requests_timeout=settings.patience.timeout_s
        )
        self._client.prefix = settings.api_url

    def user_id(self) -> str:
        """Who has logged in."""
        return str(self._get(self._client.me, "id")["id"])

    def saved_tracks(self, offset: int) -> Answer:
        """A page of saved tracks, newest first."""
        return self._get(lambda: self._client.current_user_saved_tracks(PAGE_SIZE, offset), "items")

    def playlists(self, offset: int) -> Answer:
        """A page of the playlists that the user owns or follows."""
        return self._get(lambda: self._client.current_user_playlists(PAGE_SIZE, offset), "items")

    def playlist_items(self, playlist_id: str, offset: int) -> Answer:
        """A page of what is in a playlist."""
        return self._get(lambda: self._client.playlist_items(playlist_id, limit=PAGE_SIZE, offset=offset), "items")

    def artist(self, artist_id: str) -> Answer:
        """One artist."""
        return self._get(lambda: self._client.artist(artist_id), "id")

    def _get(self, ask: Callable[[], object], required: str) -> Answer:
        used = self._current_token()
        try:
            try:
                return self._requests.answer(ask, required)
            except spotipy.SpotifyException as error:
                if error.http_status != _UNAUTHORIZED:
                    raise
            self._refresh(used)
            return self._requests.answer(ask, required)
        except spotipy.SpotifyException as error:
            problem = _translated(error)
            if isinstance(problem, LoginError):
                self._requests.end(problem)
            raise problem from error

    def _current_token(self) -> str:
        if not self._access_token:
            self._refresh("")
        return self._access_token

    def _refresh(self, used: str) -> None:
        """Get another access token, unless another thread has done so since ``used`` was taken."""
        with self._token_lock:
            if self._access_token != used:
                return
            try:
                answer = self._requests.answer(
                    lambda: self._pkce.refresh_access_token(self._refresh_token), "access_token"
                )
            except spotipy.SpotifyException as error:
                problem = self._not_refreshed(error)
                self._requests.end(problem)
                raise problem from error
            self._access_token = str(answer["access_token"])
            self._client.set_auth(self._access_token)
            newer = str(answer.get("refresh_token") or self._refresh_token)
            if newer != self._refresh_token:
                self._refresh_token = newer
                self._renewed(newer)

    def _not_refreshed(self, error: spotipy.SpotifyException) -> SpotmapError:
        if error.reason == "invalid_grant":
            return login_ended(self._login, self._clock())
        return LoginError(
            f"Spotify does not accept the login ({_reason(error)}).",
            hint=f"Check that the app with this client ID still exists. {LOGIN_AGAIN_HINT}",
        )


class _Requests:
    """Patience with single requests: what is worth another try gets one, and waits are bounded."""

    def __init__(self, patience: Patience, say: Callable[[str], object]) -> None:
        self._patience = patience
        self._say = say
        self._slots = threading.BoundedSemaphore(IN_FLIGHT)
        self._lock = threading.Lock()
        self._breaker = CircuitBreaker()
        self._ended: SpotmapError | None = None
        self._resume_at_s = 0.0
        self._waited_s = 0.0

    def end(self, problem: SpotmapError) -> None:
        """Nothing more is asked: every further request raises ``problem``."""
        with self._lock:
            self._ended = self._ended or problem

    def answer(self, ask: Callable[[], object], required: str) -> Answer:
        """What ``ask`` brings: a JSON object that holds ``required``.

        Raises
        ------
        spotipy.SpotifyException: a refusal that no patience helps against. ServiceRefused, ServiceError.
        """
        failures = 0
        while True:
            try:
                answer = self._once(ask, required)
            except _RateLimited:
                continue  # the wait is before the next request; how long in all is bounded
            except _Useless as useless:
                failures += 1
                if failures == self._patience.attempts:
                    problem = ServiceError(f"Spotify cannot be read: {useless}.", hint=CONNECTION_HINT)
                    self._breaker.failed(problem)
                    raise problem from useless
                time.sleep(self._patience.first_pause_s * 2 ** (failures - 1))
            else:
                self._breaker.succeeded()
                return answer

    def _once(self, ask: Callable[[], object], required: str) -> Answer:
        with self._slots:
            self._wait_if_told()
            ended = self._ended or self._breaker.reason
            if ended is not None:
                raise ended
            try:
                answer = ask()
            except spotipy.SpotifyException as error:
                if error.http_status == _RATE_LIMITED:
                    self._slow_down(_seconds(error.headers.get("Retry-After")))
                    raise _RateLimited from error
                if error.http_status >= 500:
                    raise _Useless(f"its service is in trouble (HTTP status {error.http_status})") from error
                raise
            except requests.RequestException as error:
                raise _Useless(_trouble(error)) from error
            except (ValueError, TypeError, AttributeError, KeyError) as error:
                # spotipy takes apart what it gets without looking whether it is what it expects
                raise _Useless("its answer is none that can be understood") from error
        if not isinstance(answer, dict) or not isinstance(answer.get(required), REQUIRED[required]):
            raise _Useless("its answer is not Spotify's (a login page of the network, perhaps)")
        return answer

    def _wait_if_told(self) -> None:
        while (wait_s := self._resume_at_s - time.monotonic()) > 0 and self._ended is None:
            time.sleep(wait_s)

    def _slow_down(self, wait_s: float) -> None:
        """Let all wait, or end it all where that would be too long."""
        patience = self._patience
        wait_s = max(wait_s, patience.first_pause_s)
        with self._lock:
            now_s = time.monotonic()
            further_s = max(0.0, now_s + wait_s - max(now_s, self._resume_at_s))
            if wait_s > patience.longest_wait_s or self._waited_s + further_s > patience.total_wait_s:
                self._ended = self._ended or ServiceRefused(
                    f"Spotify wants no more requests for {_duration(wait_s)}.",
                    hint="Build again later: what has been fetched is kept, and the next build goes on from there.",
                    retry_after_s=wait_s,
                )
                raise self._ended
            self._waited_s += further_s
            self._resume_at_s = max(self._resume_at_s, now_s + wait_s)
        if further_s > ANNOUNCED_S:
            self._say(f"Spotify asks to wait for {_duration(wait_s)}.")


class _Useless(Exception):
    """A request brought nothing of use, and might do so another time. The message says why."""


class _RateLimited(Exception):
    """A request came too early."""


def _translated(error: spotipy.SpotifyException) -> SpotmapError:
    status = error.http_status
    if status == _UNAUTHORIZED:
        return LoginError("Spotify does not accept its own fresh access token.", hint=LOGIN_AGAIN_HINT)
    if status in {_FORBIDDEN, _NOT_FOUND}:
        return NotReadable(f"Spotify does not let this app read it (HTTP status {status}).", hint=ALLOWED_HINT)
    return ServiceError(f"Spotify did not understand a request (HTTP status {status}).", hint="Please report this.")


def _reason(error: spotipy.SpotifyException) -> str:
    known = error.reason if isinstance(error.reason, str) and error.reason.replace("_", "").isalnum() else ""
    return known[:40] or f"HTTP status {error.http_status}"


def _trouble(error: requests.RequestException) -> str:
    """In our words: what the library says is long, and names addresses."""
    if isinstance(error, requests.exceptions.ProxyError):
        return "the proxy does not let it through"
    if isinstance(error, requests.exceptions.SSLError):
        return "no secure connection can be made"
    if isinstance(error, requests.Timeout):
        return "it does not answer"
    return "there is no connection"


def _seconds(header: object) -> float:
    with suppress(TypeError, ValueError):
        seconds = float(str(header))
        if math.isfinite(seconds) and seconds >= 0:
            return seconds
    return UNSAID_WAIT_S


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{math.ceil(seconds)} s"
    return f"{math.ceil(seconds / 60)} minutes" if seconds < 7_200 else f"{math.ceil(seconds / 3_600)} hours"
