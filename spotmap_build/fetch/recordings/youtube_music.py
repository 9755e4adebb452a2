"""YouTube Music's search, through ytmusicapi: what it finds as candidates, what goes wrong in our own errors.

It is asked without an account. All requests of a client, the one for the visitor id included, go through one adapter
that keeps the pace, reaches the configured host, and understands refusals before ytmusicapi stumbles over them.
"""

from __future__ import annotations

import locale
import re
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from spotmap_build.errors import ServiceError, ServiceRefused
from spotmap_build.model import Candidate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ytmusicapi import YTMusic

    from spotmap_build.fetch.politeness import CircuitBreaker, RateLimiter

Kind = Literal["songs", "videos"]

OWN_ADDRESS: Final = "https://music.youtube.com/"
PAUSES_S: Final = (1.0, 4.0)
"""Before the second and the third try of a request that was not answered."""
REFUSALS: Final = frozenset({401, 403, 429})
_ROBOT_PAGE: Final = re.compile(r"unusual traffic|captcha|not a bot|sign in", re.IGNORECASE)
LATER: Final = "Wait an hour and run the same command again: everything that was found is kept."
OUTDATED: Final = "Run the command again; if it stays so, YouTube Music has changed: pip install --upgrade ytmusicapi"
CONNECTION: Final = "Check the connection, and run the command again: everything that was found is kept."


class _Unanswered(ServiceError):
    """No answer, or one that says that the service is in trouble: worth another try at once."""


class YouTubeMusic:
    """Searches YouTube Music. Safe for threads.

    Parameters
    ----------
    base_url: where it is, with a slash at its end; another than YouTube's own serves for proxies and tests.
    limiter: waited for before every request.
    breaker: told how every search went; once it is open, nothing is asked any more.
    timeout_s: how long a connection may stay silent.
    pauses_s: waits before each further try of what was not answered.
    """

    def __init__(
        self,
        base_url: str,
        *,
        limiter: RateLimiter,
        breaker: CircuitBreaker,
        timeout_s: float = 20,
        pauses_s: tuple[float, ...] = PAUSES_S,
    ) -> None:
        self._adapter = _Adapter(base_url, limiter, breaker, timeout_s)
        self._breaker = breaker
        self._pauses_s = pauses_s
        self._lock = threading.Lock()
        self._client: YTMusic | None = None

    def search(self, text: str, kind: Kind) -> tuple[Candidate, ...]:
        """What a query finds, best first: at most about twenty, and none where nothing is found.

        Raises
        ------
        ServiceRefused: it wants no more requests for now. ServiceError: no answer, or none that can be understood.
        """
        try:
            found = self._search(text, kind)
        except ServiceError as error:
            if error is not self._breaker.reason:
                self._breaker.failed(error)
            raise
        self._breaker.succeeded()
        return found

    def _search(self, text: str, kind: Kind) -> tuple[Candidate, ...]:
        for pause_s in self._pauses_s:
            try:
                return self._search_once(text, kind)
            except _Unanswered:
                time.sleep(pause_s)
        return self._search_once(text, kind)

    def _search_once(self, text: str, kind: Kind) -> tuple[Candidate, ...]:
        from ytmusicapi.exceptions import YTMusicError

        try:
            # A limit below the size of a page: the first page is all we want, and one request.
            rows = self._connected().search(text, filter=kind, limit=1)
            return tuple(candidate for candidate in map(_candidate, rows) if candidate is not None)
        except requests.RequestException as error:
            raise _Unanswered(f"YouTube Music cannot be reached: {_reason(error)}.", hint=CONNECTION) from error
        # A page that is not what it should be leaks out of ytmusicapi as any of these.
        except (YTMusicError, ValueError, TypeError, LookupError, AttributeError) as error:
            raise ServiceError("YouTube Music gave an answer that cannot be understood.", hint=OUTDATED) from error

    def _connected(self) -> YTMusic:
        """The client, made at the first search; the visitor id is fetched once, whoever comes first."""
        with self._lock:
            if self._client is None:
                client = _make_client(self._adapter)
                _ = client.base_headers
                self._client = client
            return self._client


class _Adapter(HTTPAdapter):
    """Every request of a client passes here."""

    def __init__(self, base_url: str, limiter: RateLimiter, breaker: CircuitBreaker, timeout_s: float) -> None:
        super().__init__()
        self._base_url = base_url
        self._limiter = limiter
        self._breaker = breaker
        self._timeout_s = timeout_s

    def send(self, request: requests.PreparedRequest, *_: Any, **options: Any) -> requests.Response:
        """Wait for its turn, send to the configured host, and look at the answer before ytmusicapi does."""
        self._limiter.wait()
        if self._breaker.reason is not None:
            raise self._breaker.reason
        asked_for = request.url or ""
        if asked_for.startswith(OWN_ADDRESS):
            request.url = self._base_url + asked_for.removeprefix(OWN_ADDRESS)
            # Those that were chosen are for the host that ytmusicapi knows.
            options["proxies"] = requests.utils.get_environ_proxies(request.url)
        response = super().send(request, **{**options, "timeout": self._timeout_s})
        try:
            _check(response, is_page=request.method == "GET")
        except ServiceError:
            response.close()
            raise
        return response


def _check(response: requests.Response, *, is_page: bool) -> None:
    """Raise what a status says, or a page where data should be; ``is_page``: a page is what was asked for."""
    status = response.status_code
    if status in REFUSALS or urlsplit(response.headers.get("Location", "")).path.startswith("/sorry/"):
        raise _refused(f"HTTP {status}", response)
    if status >= 500:
        raise _Unanswered(f"YouTube Music is in trouble (HTTP {status}).", hint="Run the command again later.")
    is_html = response.headers.get("Content-Type", "").startswith("text/html")
    if is_html and not is_page and _ROBOT_PAGE.search(response.text):
        raise _refused("it asks for a person", response)


def _refused(why: str, response: requests.Response) -> ServiceRefused:
    wait = response.headers.get("Retry-After", "")
    retry_after_s = float(wait) if wait.isascii() and wait.isdigit() else None
    return ServiceRefused(
        f"YouTube Music wants no more requests for now ({why}).", hint=LATER, retry_after_s=retry_after_s
    )


def _make_client(adapter: _Adapter) -> YTMusic:
    from ytmusicapi import YTMusic

    session = requests.Session()
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    with _locale_kept():
        # In another language, the same search can give nothing.
        return YTMusic(requests_session=session, language="en")


@contextmanager
def _locale_kept() -> Iterator[None]:
    """ytmusicapi changes the locale of the whole process."""
    before = locale.setlocale(locale.LC_ALL)
    try:
        yield
    finally:
        locale.setlocale(locale.LC_ALL, before)


def _candidate(row: dict[str, Any]) -> Candidate | None:
    """One row of the results; None where it cannot be played, here or at all."""
    if not row.get("videoId") or not row.get("title") or not row.get("isAvailable", True):
        return None
    return Candidate(
        video_id=row["videoId"],
        title=row["title"],
        artists=tuple(artist["name"] for artist in row.get("artists") or () if (artist["name"] or "").strip()),
        album=(row.get("album") or {}).get("name") or "",
        duration_s=row.get("duration_seconds"),
        video_type=row.get("videoType") or "",
        is_explicit=row.get("isExplicit"),
    )


def _reason(error: requests.RequestException) -> str:
    if isinstance(error, requests.Timeout):
        return "it does not answer"
    if isinstance(error, requests.exceptions.SSLError):
        return "no secure connection"
    return "no connection" if isinstance(error, requests.ConnectionError) else type(error).__name__
