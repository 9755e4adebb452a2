"""Requests to Spotify with limits, validation and retries.

No request follows a redirect, because each carries a secret. Responses are limited in size and time, and validated
here before they are parsed further.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

import requests

from spotmap_build.core.documents import parse_json
from spotmap_build.core.http import BodyTooLarge, Limits, RedirectRefused, ResponseTooSlow, make_session, reason_of
from spotmap_build.core.rate_limiting import CircuitBreaker
from spotmap_build.core.retry_after import parse_retry_after
from spotmap_build.core.translation import translatable
from spotmap_build.errors import ServiceError, ServiceRefused, SpotmapError
from spotmap_build.fetch.spotify.rows import Answer, is_list_of_items, is_user_id
from spotmap_build.fetch.spotify.token import is_token

if TYPE_CHECKING:
    from spotmap_build.fetch.spotify.settings import RequestPolicy


IN_FLIGHT: Final = 4
REQUIRED: Final[Mapping[str, Callable[[object], bool]]] = {
    "items": is_list_of_items,
    "id": is_user_id,
    "access_token": is_token,
    "snapshot_id": is_user_id,
}
"""Validators of the field that identifies a valid response."""
ANNOUNCED_S: Final = 5.0
"""Waits longer than this are reported."""
UNSAID_WAIT_S: Final = 5.0
"""Wait after a rate limit without ``Retry-After``."""
CONNECTION_HINT: Final = "Check the connection and build again: fetched data are kept."
OTHER_ANSWER: Final = translatable("the response is not from Spotify (perhaps a login page of the network)")
COSTLY: Final = (RedirectRefused, BodyTooLarge, ResponseTooSlow)
"""Errors that take long or transfer much, and are unlikely to go away within seconds."""
COSTLY_ATTEMPTS: Final = 2
QUOTA_HINT: Final = (
    "Spotify counts the requests of all apps of a developer account together. Build again later: fetched data are "
    "kept, and the next build continues from there."
)
_QUOTA_EXCEEDED: Final = "QUOTA_EXCEEDED"
NOT_IN_SCOPE: Final = "Insufficient client scope"
"""Spotify's error message if the login's scope does not cover the request."""
_RATE_LIMITED: Final = 429


class Refusal(Exception):
    """An error response from Spotify: HTTP status, error code (may be empty) and ``Retry-After``."""

    def __init__(self, status: int, reason: str, retry_after: str | None) -> None:
        super().__init__(f"HTTP status {status}")
        self.status = status
        self.reason = reason
        self.retry_after = retry_after


def session_for(policy: RequestPolicy) -> requests.Session:
    """Create a session with limits that raises :class:`Refusal` for error responses."""
    limits = Limits(policy.timeout_s, policy.total_s, policy.body_bytes)
    session = make_session(limits, follow_redirects=False)
    session.hooks["response"].append(_raise_for_error)
    return session


def _raise_for_error(response: requests.Response, **_options: object) -> None:
    """Parse error responses here, because spotipy does so without validating their structure."""
    response.encoding = "utf-8"  # JSON is UTF-8; other declared encodings could be slow to decode or to guess
    if response.status_code >= 400:
        raise Refusal(response.status_code, _error_code(response.content), response.headers.get("Retry-After"))


def _error_code(content: bytes) -> str:
    """Return Spotify's error code: ``{"error": CODE}`` (accounts) or ``{"error": {"reason": CODE}}`` (API)."""
    try:
        answer = parse_json(content)
    except ValueError:
        return ""
    error = answer.get("error") if isinstance(answer, dict) else None
    if isinstance(error, dict):
        message = error.get("message")
        if isinstance(message, str) and _QUOTA_EXCEEDED in message:
            return _QUOTA_EXCEEDED
        if message == NOT_IN_SCOPE:
            return NOT_IN_SCOPE
        error = error.get("reason")
    return error if isinstance(error, str) else ""


class RequestRetrier:
    """Sends requests with retries and limited waits. Thread-safe."""

    def __init__(self, policy: RequestPolicy, say: Callable[[str], object]) -> None:
        self._policy = policy
        self._say = say
        self._slots = threading.BoundedSemaphore(IN_FLIGHT)
        self._lock = threading.Lock()
        self._breaker = CircuitBreaker()
        self._ended: SpotmapError | None = None
        self._resume_at_s = 0.0
        self._waited_s = 0.0

    def end(self, problem: SpotmapError) -> None:
        """Stop: every further request raises ``problem``."""
        with self._lock:
            self._ended = self._ended or problem

    def answer(self, ask: Callable[[], object], required: str, *, is_change: bool = False) -> Answer:
        """Return the JSON object that ``ask`` requests; it must contain the field ``required``.

        ``is_change``: the request changes something, so it is not retried without a response, because it may have been
        executed. After a rate limit it was not executed, and is retried.

        Raises
        ------
        Refusal
            Spotify returned an error that retries do not resolve.
        ServiceRefused
            Spotify requests a longer wait than the policy allows, or the quota is used up.
        ServiceError
            There was no valid response within the allowed attempts, to this or earlier requests.
        LoginError
            An earlier request showed that the login has expired.
        """
        failures = 0
        while True:
            try:
                answer = self._once(ask, required)
            except _RateLimited:
                continue  # the next attempt waits first; the total wait is limited
            except _Useless as useless:
                failures += 1
                attempts = 1 if is_change else self._policy.attempts
                if failures >= (min(attempts, COSTLY_ATTEMPTS) if useless.is_costly else attempts):
                    message = (
                        f"Nothing can be changed on Spotify: {useless}."
                        if is_change
                        else f"Spotify cannot be read: {useless}."
                    )
                    problem = ServiceError(message, hint=CONNECTION_HINT)
                    self._breaker.record_failure(problem)
                    raise problem from useless
                time.sleep(self._policy.pause_s(failures))
            else:
                self._breaker.record_success()
                return answer

    def _once(self, ask: Callable[[], object], required: str) -> Answer:
        with self._slots:
            self._wait_until_resumed()
            ended = self._ended or self._breaker.reason
            if ended is not None:
                raise ended
            try:
                answer = ask()
            except Refusal as error:
                wait_s = parse_retry_after(error.retry_after)
                if error.reason.upper() == _QUOTA_EXCEEDED:
                    raise self._quota_exceeded(wait_s) from error
                if error.status == _RATE_LIMITED:
                    self._slow_down(UNSAID_WAIT_S if wait_s is None else wait_s)
                    raise _RateLimited from error
                if error.status >= 500:
                    raise _Useless(translatable(f"it reports a server error (HTTP status {error.status})")) from error
                raise
            except requests.JSONDecodeError as error:
                raise _Useless(OTHER_ANSWER) from error
            except requests.RequestException as error:
                raise _Useless(reason_of(error), is_costly=isinstance(error, COSTLY)) from error
            except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
                # spotipy parses responses without validating their structure
                raise _Useless(translatable("the response is invalid")) from error
        if not isinstance(answer, dict) or not REQUIRED[required](answer.get(required)):
            raise _Useless(OTHER_ANSWER)
        return answer

    def _wait_until_resumed(self) -> None:
        while (wait_s := self._resume_at_s - time.monotonic()) > 0 and self._ended is None:
            time.sleep(wait_s)

    def _quota_exceeded(self, wait_s: float | None) -> SpotmapError:
        """Stop all requests, because a quota does not recover within seconds."""
        asks = "" if wait_s is None else f" Spotify refuses requests for {_duration(wait_s)}."
        problem = ServiceRefused(
            f"The quota of your Spotify developer account is used up ({_QUOTA_EXCEEDED}).{asks}",
            hint=QUOTA_HINT,
            retry_after_s=wait_s or None,
        )
        self.end(problem)
        return self._ended or problem

    def _slow_down(self, wait_s: float) -> None:
        """Make all requests wait, or stop if the wait would be too long."""
        policy = self._policy
        wait_s = max(wait_s, policy.first_pause_s)
        with self._lock:
            now_s = time.monotonic()
            further_s = max(0.0, now_s + wait_s - max(now_s, self._resume_at_s))
            if wait_s > policy.longest_wait_s or self._waited_s + further_s > policy.total_wait_s:
                self._ended = self._ended or ServiceRefused(
                    f"Spotify refuses requests for {_duration(wait_s)}.",
                    hint="Build again later: fetched data are kept, and the next build continues from there.",
                    retry_after_s=wait_s,
                )
                raise self._ended
            self._waited_s += further_s
            self._resume_at_s = max(self._resume_at_s, now_s + wait_s)
        if further_s > ANNOUNCED_S:
            self._say(f"Spotify asks to wait for {_duration(wait_s)}.")


class _Useless(Exception):
    """A request failed but may succeed when retried. The message is the reason.

    ``is_costly``: it took so much time or data that only one more attempt is made.
    """

    def __init__(self, reason: str, *, is_costly: bool = False) -> None:
        super().__init__(reason)
        self.is_costly = is_costly


class _RateLimited(Exception):
    """A request exceeded the rate limit."""


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{math.ceil(seconds)} s"
    minutes, hours = math.ceil(seconds / 60), math.ceil(seconds / 3_600)
    return translatable(f"{minutes} minutes") if seconds < 7_200 else translatable(f"{hours} hours")
