"""Search on YouTube Music through ytmusicapi, returning candidates and raising our own errors.

No account is used. All requests of a client, including the one for the visitor id, go through an adapter that limits
the rate, redirects to the configured host, limits the size of responses, and detects refusals before ytmusicapi fails
on them.
"""

from __future__ import annotations

import json
import locale
import re
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import urlsplit

import requests

from spotmap_build.acquire.services import CONNECTION, LATER
from spotmap_build.acquire.youtube.search_answers import candidates, check_answer, one_by_one
from spotmap_build.core.documents import parse_json
from spotmap_build.core.http import (
    BodyTooLarge,
    BoundedAdapter,
    Limits,
    RedirectRefused,
    ResponseTooSlow,
    make_session,
    reason_of,
)
from spotmap_build.core.retry import RetryPolicy
from spotmap_build.core.retry_after import parse_retry_after
from spotmap_build.errors import ServiceError, ServiceRefused, Unanswered, UnexpectedResponse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ytmusicapi import YTMusic

    from spotmap_build.core.rate_limiting import CircuitBreaker, RateLimiter
    from spotmap_build.model import Candidate

Kind = Literal["songs", "videos"]

OWN_ADDRESS: Final = "https://music.youtube.com/"
RETRY: Final = RetryPolicy(attempts=3, first_pause_s=1.0, factor=4.0)
"""For a request that got no response."""
ANSWER_BYTES: Final = 4 << 20
"""After decompression. A response has about 300 kB, the page with the visitor id less than a megabyte."""
ANSWER_S: Final = 60.0
REFUSALS: Final = frozenset({401, 403, 429})
_VISITOR: Final = re.compile(rb'"VISITOR_DATA"\s*:\s*("(?:[^"\\\n]|\\.){1,1000}")')
_HEADER_VALUE: Final = re.compile(r"[!-~]{1,1000}")
_ROBOT_PAGE: Final = re.compile(r"unusual traffic|captcha|not a bot|sign in", re.IGNORECASE)
OUTDATED: Final = (
    "Run the command again; if it still fails, YouTube Music has changed: pip install --upgrade ytmusicapi"
)


class YouTubeMusic:
    """Client for searches on YouTube Music. Thread-safe.

    Parameters
    ----------
    base_url
        Base URL, with a trailing slash; may be a proxy or a test server.
    limiter
        Applied before every request.
    breaker
        Records the outcome of every search; once it is open, no more requests are sent.
    timeout_s
        How long a connection may stay silent.
    answer_s
        Maximum time for a complete response.
    retry
        Retries for a search that got no response.
    """

    def __init__(
        self,
        base_url: str,
        *,
        limiter: RateLimiter,
        breaker: CircuitBreaker,
        timeout_s: float = 20,
        answer_s: float = ANSWER_S,
        retry: RetryPolicy = RETRY,
    ) -> None:
        limits = Limits(silence_s=timeout_s, total_s=answer_s, body_bytes=ANSWER_BYTES)
        self._adapter = _Adapter(base_url, limiter, breaker, limits)
        self._breaker = breaker
        self._retry = retry
        self._lock = threading.Lock()
        self._client: YTMusic | None = None

    def search(self, text: str, kind: Kind) -> tuple[Candidate, ...]:
        """Return the results of a query, best first: about twenty at most, possibly none.

        Raises
        ------
        ServiceRefused
            YouTube Music refuses further requests for now.
        UnexpectedResponse
            The response is invalid.
        ServiceError
            There is no response.
        """
        try:
            found = self._retry.call(lambda: self._search_once(text, kind), retry_on=Unanswered)
        except ServiceError as error:
            self._breaker.record_failure(error)
            raise
        self._breaker.record_success()
        return found

    def _search_once(self, text: str, kind: Kind) -> tuple[Candidate, ...]:
        from ytmusicapi.exceptions import YTMusicError

        # ytmusicapi raises any of these for an unexpected page.
        parse_errors = (YTMusicError, ValueError, TypeError, LookupError, AttributeError, RecursionError)
        try:
            client = self._connected()
            try:
                rows = _ask(client, text, kind)
            except parse_errors:
                rows = self._ask_by_row(client, text, kind, parse_errors)
                if not rows:
                    raise
            return candidates(rows)
        except (BodyTooLarge, RedirectRefused) as error:
            raise _unexpected_response() from error
        except ResponseTooSlow as error:  # no retry after a full timeout
            raise ServiceError(f"YouTube Music cannot be reached: {reason_of(error)}.", hint=CONNECTION) from error
        except requests.RequestException as error:
            raise Unanswered(f"YouTube Music cannot be reached: {reason_of(error)}.", hint=CONNECTION) from error
        except parse_errors as error:
            raise _unexpected_response() from error

    def _ask_by_row(
        self, client: YTMusic, text: str, kind: Kind, parse_errors: tuple[type[Exception], ...]
    ) -> list[dict[str, Any]]:
        """Let ytmusicapi parse the last response again, row by row, to skip only the invalid rows."""
        rows: list[dict[str, Any]] = []
        for answer in one_by_one(self._adapter.last_answer):
            with suppress(*parse_errors), self._adapter.answering(answer):
                rows += _ask(client, text, kind)
        return rows

    def _connected(self) -> YTMusic:
        """Return the client, created at the first search; the visitor id is fetched once for all threads."""
        with self._lock:
            if self._client is None:
                client = _make_client(self._adapter)
                _ = client.base_headers
                self._client = client
            return self._client


def _ask(client: YTMusic, text: str, kind: Kind) -> list[dict[str, Any]]:
    # A limit below the page size makes ytmusicapi fetch only the first page, in one request.
    rows: list[dict[str, Any]] = client.search(text, filter=kind, limit=1)
    return rows


class _Answers(threading.local):
    """``last``: the last response, as passed to ytmusicapi. ``instead``: a response to return without a request."""

    last: bytes = b""
    instead: bytes | None = None


class _Adapter(BoundedAdapter):
    """The transport adapter for all requests of a client."""

    def __init__(self, base_url: str, limiter: RateLimiter, breaker: CircuitBreaker, limits: Limits) -> None:
        super().__init__(limits)
        self._base_url = base_url
        self._limiter = limiter
        self._breaker = breaker
        self._answers = _Answers()

    @property
    def last_answer(self) -> bytes:
        """The response to this thread's last search; empty if there was none."""
        return self._answers.last

    @contextmanager
    def answering(self, answer: bytes) -> Iterator[None]:
        """Return ``answer`` for this thread's searches, without sending requests."""
        self._answers.instead = answer
        try:
            yield
        finally:
            self._answers.instead = None

    def send(self, request: requests.PreparedRequest, *_: Any, **options: Any) -> requests.Response:
        """Apply the rate limit, send to the configured host, and validate the response before ytmusicapi parses it."""
        if self._answers.instead is not None:
            return _answer(request, self._answers.instead)
        self._answers.last = b""
        self._limiter.wait()
        if self._breaker.reason is not None:
            raise self._breaker.reason
        asked_for = request.url or ""
        if asked_for.startswith(OWN_ADDRESS):
            request.url = self._base_url + asked_for.removeprefix(OWN_ADDRESS)
            # The given proxies are those for the original host.
            options["proxies"] = requests.utils.get_environ_proxies(request.url)
        response = super().send(request, **options)
        response.encoding = "utf-8"  # never guess another one
        try:
            _check(response, is_page=request.method == "GET")
        except ServiceError:
            response.close()
            raise
        if request.method == "GET":
            return _with_content(response, _visitor_page(response.content))
        if response.ok and not response.is_redirect:
            self._answers.last = check_answer(response.content)
            return _with_content(response, self._answers.last)
        return response


def _with_content(response: requests.Response, content: bytes) -> requests.Response:
    response._content = content
    return response


def _answer(request: requests.PreparedRequest, content: bytes) -> requests.Response:
    response = requests.Response()
    response.status_code, response.reason, response.encoding = 200, "OK", "utf-8"
    response.request, response.url = request, request.url or ""
    return _with_content(response, content)


def _visitor_page(page: bytes) -> bytes:
    """Return only the part of the page that ytmusicapi needs: its own regular expression can be made to run forever."""
    found = _VISITOR.search(page)
    visitor_id = ""
    with suppress(ValueError):
        visitor_id = parse_json(found[1]) if found else ""
    if not _HEADER_VALUE.fullmatch(visitor_id):  # sent as a header; searches work without it, too
        visitor_id = ""
    return f"ytcfg.set({json.dumps({'VISITOR_DATA': visitor_id})});".encode()


def _check(response: requests.Response, *, is_page: bool) -> None:
    """Raise the error for a status, or for an HTML page instead of data. ``is_page``: a page is expected."""
    status = response.status_code
    if status in REFUSALS or urlsplit(response.headers.get("Location", "")).path.startswith("/sorry/"):
        raise _refused(f"HTTP {status}", response)
    if status >= 500:
        raise Unanswered(f"YouTube Music has a server error (HTTP {status}).", hint="Run the command again later.")
    is_html = response.headers.get("Content-Type", "").startswith("text/html")
    if is_html and not is_page and _ROBOT_PAGE.search(response.text):
        raise _refused("it asks for proof that you are not a bot", response)


def _refused(why: str, response: requests.Response) -> ServiceRefused:
    retry_after_s = parse_retry_after(response.headers.get("Retry-After"))
    return ServiceRefused(
        f"YouTube Music is refusing requests for now ({why}).", hint=LATER, retry_after_s=retry_after_s
    )


def _make_client(adapter: _Adapter) -> YTMusic:
    from ytmusicapi import ytmusic

    session = make_session(follow_redirects=True)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    vars(ytmusic)["locale"] = _ReadOnlyLocale()
    # In another language, the same search may find nothing.
    return ytmusic.YTMusic(requests_session=session, language="en")


class _ReadOnlyLocale:
    """A replacement of the module ``locale`` for ytmusicapi, which sets the process locale when a client is created.

    Changing the locale is not safe while other threads run (setlocale(3)), such as those that download and decode.
    """

    def setlocale(self, category: int, _locale: object = None) -> str:
        return locale.setlocale(category)

    def __getattr__(self, name: str) -> object:
        return getattr(locale, name)


def _unexpected_response() -> UnexpectedResponse:
    return UnexpectedResponse("YouTube Music returned an invalid response.", hint=OUTDATED)
