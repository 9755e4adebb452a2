"""Client for Deezer's public API: look up recordings by ISRC or search, and fetch 30-second previews. No login.

Responses are validated: their structure, errors (which come with status 200), and the host of a preview. A preview's
URL is signed and expires within minutes, so it is used immediately and never stored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, TypeVar
from urllib.parse import quote, urlsplit

import msgspec
import requests

from spotmap_build.acquire.services import CONNECTION, LATER
from spotmap_build.acquire.youtube.audio_files import check_audio_file
from spotmap_build.core.documents import convert, parse_json
from spotmap_build.core.http import (
    BodyTooLarge,
    Limits,
    RedirectRefused,
    ResponseTooSlow,
    is_trustworthy_address,
    make_session,
    reason_of,
)
from spotmap_build.core.retry import RetryPolicy
from spotmap_build.core.retry_after import parse_retry_after
from spotmap_build.core.text import one_line
from spotmap_build.core.translation import translatable
from spotmap_build.errors import OutputError, ServiceError, ServiceRefused, TrackError, Unanswered, UnexpectedResponse

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from spotmap_build.core.rate_limiting import CircuitBreaker, RateLimiter

Result = TypeVar("Result")
Answer = dict[str, object]
"""A response, as parsed JSON."""

RETRY: Final = RetryPolicy(attempts=2, first_pause_s=1.0)
"""For a request that got no response."""
BUSY_RETRY: Final = RetryPolicy(attempts=4, first_pause_s=5.0)
"""For a request over the quota: Deezer counts requests over five seconds, so the quota is free again after that."""
ANSWER_BYTES: Final = 2 << 20
"""A page of results has about 30 kB."""
ANSWER_S: Final = 30.0
PREVIEW_BYTES: Final = 4 << 20
"""A preview is an MP3 of about 480 kB."""
PREVIEW_S: Final = 60.0
PREVIEW_HOST: Final = "dzcdn.net"
MAX_ID: Final = (1 << 53) - 1
MAX_TEXT_LENGTH: Final = 1_000
MAX_ADDRESS_LENGTH: Final = 4_000
MAX_DURATION_S: Final = 7 * 86_400
MAX_ARTISTS: Final = 50
MAX_RESULTS: Final = 25
QUOTA: Final = 4
BUSY: Final = 700
NO_DATA: Final = 800
"""Error codes, which come with HTTP status 200."""
REFUSALS: Final = frozenset({401, 403})
EXPIRED: Final = frozenset({401, 403, 404, 410})
"""Responses of the preview host to an expired signature."""


class _Busy(ServiceError):
    """The service asks to retry in a moment."""


class PreviewExpired(TrackError):
    """The URL of a preview has expired; requesting the track again returns a new one."""

    def __init__(self) -> None:
        super().__init__("preview-expired", translatable("The address of its preview had expired."), retryable=True)


class DeezerTrack(msgspec.Struct, frozen=True):
    """One recording on Deezer. ``preview``: short-lived URL of its preview; ``cover``: URL of its album cover.

    Either is empty if there is none.
    """

    id: int
    title: str
    artists: tuple[str, ...] = ()
    album: str = ""
    duration_s: int | None = None
    isrc: str = ""
    explicit: bool | None = None
    preview: str = ""
    cover: str = ""


class _Named(msgspec.Struct):
    name: str | None = None


class _Album(msgspec.Struct):
    title: str | None = None
    cover_medium: str | None = None


class _Answer(msgspec.Struct):
    id: Annotated[int, msgspec.Meta(ge=1, le=MAX_ID)]
    title: str
    isrc: str | None = None
    duration: Annotated[int, msgspec.Meta(ge=0, le=MAX_DURATION_S)] | None = None
    explicit_lyrics: bool | None = None
    preview: str | None = None
    artist: _Named | None = None
    contributors: list[_Named] | None = None
    album: _Album | None = None


class Deezer:
    """Client for Deezer's API. Thread-safe.

    Parameters
    ----------
    api_url : str
        Base URL, with a trailing slash.
    limiter : RateLimiter
        Applied before every API request. Deezer allows 50 requests in any five seconds per IP address, which other
        programs may share.
    breaker : CircuitBreaker
        Records the outcome of every request; once it is open, no more requests are sent.
    retry, busy_retry : RetryPolicy
        Retries for a request that got no response, and for one over the quota.
    """

    def __init__(
        self,
        api_url: str,
        *,
        limiter: RateLimiter,
        breaker: CircuitBreaker,
        retry: RetryPolicy = RETRY,
        busy_retry: RetryPolicy = BUSY_RETRY,
    ) -> None:
        self._api_url = api_url
        self._limiter = limiter
        self._breaker = breaker
        self._retry, self._busy_retry = retry, busy_retry
        self._api = make_session(Limits(total_s=ANSWER_S, body_bytes=ANSWER_BYTES), follow_redirects=False)
        self._files = make_session(Limits(total_s=PREVIEW_S, body_bytes=PREVIEW_BYTES), follow_redirects=False)

    def track_by_isrc(self, isrc: str) -> DeezerTrack | None:
        """Return the recording with an ISRC, or None if Deezer has none.

        Raises
        ------
        ServiceRefused
            Deezer refuses further requests for now.
        UnexpectedResponse
            The response is invalid.
        ServiceError
            There is no response.
        """
        return self._track(f"track/isrc:{quote(isrc, safe='')}")

    def track(self, track_id: int) -> DeezerTrack | None:
        """Return a recording by its id, with a fresh preview URL; raises as :meth:`track_by_isrc`."""
        return self._track(f"track/{track_id}")

    def search(self, text: str) -> tuple[DeezerTrack, ...]:
        """Return the search results, best first; raises as :meth:`track_by_isrc`.

        Invalid results are skipped.
        """
        found = self._request_json(f"search/track?q={quote(text, safe='')}&limit={MAX_RESULTS}")
        rows = [] if found is None else found.get("data")
        if not isinstance(rows, list):
            raise self._record_failure(_unexpected_response())
        tracks = []
        for row in rows[:MAX_RESULTS]:
            try:
                tracks.append(_read_track(row))
            except ValueError:
                continue
        return tuple(tracks)

    def fetch_preview(self, address: str, path: Path) -> None:
        """Download a preview to a file.

        Raises
        ------
        PreviewExpired
            The URL has expired.
        TrackError
            It is not the URL of a preview, or the content is not audio.
        ServiceError
            There is no response.
        OutputError
            The file cannot be written.
        """
        if not self.is_preview_address(address):
            raise TrackError("no-preview", "Deezer returned a preview URL on a host that is not its own.")
        content = self._call_with_retries(lambda: self._fetch_once(address))
        try:
            path.write_bytes(content)
        except OSError as error:
            raise OutputError(
                f"A preview cannot be stored: {error.strerror or error}.", hint="Free some disk space."
            ) from error
        check_audio_file(path)

    def is_preview_address(self, address: str) -> bool:
        """Return whether a URL may be a preview: HTTPS on Deezer's host, or on the configured API host."""
        try:
            parts, api = urlsplit(address), urlsplit(self._api_url)
            host, origin, api_origin = parts.hostname or "", (parts.scheme, parts.netloc), (api.scheme, api.netloc)
        except ValueError:
            return False
        if parts.username is not None or len(address) > MAX_ADDRESS_LENGTH or not is_trustworthy_address(address):
            return False
        return origin == api_origin or (
            parts.scheme == "https" and (host == PREVIEW_HOST or host.endswith(f".{PREVIEW_HOST}"))
        )

    def _track(self, path: str) -> DeezerTrack | None:
        found = self._request_json(path)
        if found is None:
            return None
        try:
            return _read_track(found)
        except ValueError as error:
            raise self._record_failure(_unexpected_response()) from error

    def _request_json(self, path: str) -> Answer | None:
        """Return the response as parsed JSON, or None if Deezer has no data."""
        return self._call_with_retries(lambda: self._request_once(path))

    def _call_with_retries(self, attempt: Callable[[], Result]) -> Result:
        try:
            # A "busy" response pauses all threads; otherwise the others would use up their attempts meanwhile.
            result = self._busy_retry.call(
                lambda: self._retry.call(attempt, retry_on=Unanswered), retry_on=_Busy, sleep=self._limiter.delay
            )
        except ServiceError as error:
            raise self._record_failure(error) from None
        except TrackError:  # the service did answer
            self._breaker.record_success()
            raise
        self._breaker.record_success()
        return result

    def _fetch_once(self, address: str) -> bytes:
        if self._breaker.reason is not None:
            raise self._breaker.reason
        try:
            response = self._files.get(address)
        except (BodyTooLarge, RedirectRefused) as error:
            raise TrackError("not-audio", f"Its preview cannot be used: {error}.", retryable=True) from error
        except requests.RequestException as error:
            raise _unreached(error) from error
        if response.status_code in EXPIRED:
            raise PreviewExpired
        if response.status_code != 200:
            raise Unanswered(f"Deezer does not deliver previews (HTTP {response.status_code}).", hint=LATER)
        return response.content

    def _request_once(self, path: str) -> Answer | None:
        self._limiter.wait()
        if self._breaker.reason is not None:
            raise self._breaker.reason
        try:
            response = self._api.get(self._api_url + path)
        except (BodyTooLarge, RedirectRefused) as error:
            raise _unexpected_response() from error
        except ResponseTooSlow as error:  # no retry after a full timeout
            raise ServiceError(_unreached(error).message, hint=CONNECTION) from error
        except requests.RequestException as error:
            raise _unreached(error) from error
        _check_status(response)
        try:
            found = parse_json(response.content)
        except ValueError as error:
            raise _unexpected_response() from error
        return _without_error(found)

    def _record_failure(self, error: ServiceError) -> ServiceError:
        self._breaker.record_failure(error)
        return error


def _check_status(response: requests.Response) -> None:
    status = response.status_code
    if status == 429:
        raise _over_quota(parse_retry_after(response.headers.get("Retry-After")))
    if status in REFUSALS:
        raise ServiceRefused(f"Deezer is refusing requests for now (HTTP {status}).", hint=LATER)
    if status >= 500:
        raise Unanswered(f"Deezer has a server error (HTTP {status}).", hint=LATER)


def _over_quota(retry_after_s: float | None) -> ServiceError:
    if retry_after_s is not None and retry_after_s > BUSY_RETRY.pause_s(BUSY_RETRY.attempts):
        return ServiceRefused("Deezer is refusing requests for now.", hint=LATER, retry_after_s=retry_after_s)
    return _Busy("Deezer is refusing requests for now: it received too many.", hint=LATER)


def _without_error(found: object) -> Answer | None:
    """Return the response, or None if it reports that there is no data; raise any other error that it reports."""
    if not isinstance(found, dict):
        raise _unexpected_response()
    error = found.get("error")
    if not error:
        return found
    code = error.get("code") if isinstance(error, dict) else None
    if code == NO_DATA:
        return None
    if code == QUOTA:
        raise _over_quota(None)
    if code == BUSY:
        raise _Busy("Deezer is busy.", hint=LATER)
    raise _unexpected_response()


def _read_track(row: object) -> DeezerTrack:
    """Parse one track of a response; raise ``ValueError`` if it is invalid."""
    answer = convert(row, _Answer, strict=False)
    contributors = answer.contributors or ([answer.artist] if answer.artist else [])
    artists = tuple(dict.fromkeys(_text(each.name) for each in contributors[:MAX_ARTISTS] if each.name))
    return DeezerTrack(
        id=answer.id,
        title=_text(answer.title),
        artists=artists,
        album=_text(answer.album.title) if answer.album else "",
        duration_s=answer.duration or None,
        isrc=_text(answer.isrc),
        explicit=answer.explicit_lyrics,
        preview=answer.preview or "",
        cover=(answer.album.cover_medium or "") if answer.album else "",
    )


def _text(value: str | None) -> str:
    return one_line((value or "")[:MAX_TEXT_LENGTH])


def _unreached(error: requests.RequestException) -> ServiceError:
    return Unanswered(f"Deezer cannot be reached: {reason_of(error)}.", hint=CONNECTION)


def _unexpected_response() -> UnexpectedResponse:
    return UnexpectedResponse("Deezer returned an invalid response.", hint="Run the command again later.")
