"""How Spotify is asked: each request within bounds, and with patience where that helps.

No request follows a redirect, because each carries a secret. Answers are bounded in size and time, and looked at here
before anybody takes them apart.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import requests

from spotmap_build.core.documents import parse_json
from spotmap_build.core.http import BodyTooLarge, Limits, RedirectRefused, TooSlow, make_session
from spotmap_build.core.rate_limiting import CircuitBreaker
from spotmap_build.core.retry_after import parse_retry_after
from spotmap_build.errors import ServiceError, ServiceRefused, SpotmapError
from spotmap_build.fetch.spotify.rows import is_list_of_items, is_user_id
from spotmap_build.fetch.spotify.token import is_token

if TYPE_CHECKING:
    from spotmap_build.fetch.spotify.settings import RequestPolicy

Answer = Mapping[str, Any]

IN_FLIGHT: Final = 4
REQUIRED: Final[Mapping[str, Callable[[object], bool]]] = {
    "items": is_list_of_items,
    "id": is_user_id,
    "access_token": is_token,
    "snapshot_id": is_user_id,
}
"""The field by which an answer is known to be one, and what it has to be."""
ANNOUNCED_S: Final = 5.0
"""A longer wait is worth a word."""
UNSAID_WAIT_S: Final = 5.0
"""Where a rate limit does not say how long."""
CONNECTION_HINT: Final = "Check the connection and build again: what has been fetched is kept."
OTHER_ANSWER: Final = "its answer is not Spotify's (a login page of the network, perhaps)"
COSTLY: Final[Mapping[type[requests.RequestException], str]] = {
    RedirectRefused: "it sends requests on to another address (a login page of the network, perhaps)",
    BodyTooLarge: "its answer is much larger than Spotify's are",
    TooSlow: "its answer takes too long to arrive",
}
"""What takes long or brings much, and is not likely to be better in a second."""
COSTLY_ATTEMPTS: Final = 2
QUOTA_HINT: Final = (
    "Spotify counts the requests of all apps of one developer account together. Build again later: what has been "
    "fetched is kept, and the next build goes on from there."
)
_QUOTA_EXCEEDED: Final = "QUOTA_EXCEEDED"
NOT_IN_SCOPE: Final = "Insufficient client scope"
"""What Spotify says where a login does not allow what is asked for."""
_RATE_LIMITED: Final = 429


class Refusal(Exception):
    """Spotify answered with an error: its HTTP status, its own word for what is wrong (or none), its Retry-After."""

    def __init__(self, status: int, reason: str, retry_after: str | None) -> None:
        super().__init__(f"HTTP status {status}")
        self.status = status
        self.reason = reason
        self.retry_after = retry_after


def session_for(policy: RequestPolicy) -> requests.Session:
    """Make a session whose requests end within bounds; it raises :class:`Refusal` for an error that Spotify tells."""
    limits = Limits(policy.timeout_s, policy.total_s, policy.body_bytes)
    session = make_session(limits, follow_redirects=False)
    session.hooks["response"].append(_at_the_door)
    return session


def _at_the_door(response: requests.Response, **_options: object) -> None:
    """Take a refusal apart here: spotipy does so without looking whether it has the shape that it expects."""
    response.encoding = "utf-8"  # as JSON is; an encoding that the answer names could be slow to decode, or to guess
    if response.status_code >= 400:
        raise Refusal(response.status_code, _error_code(response.content), response.headers.get("Retry-After"))


def _error_code(content: bytes) -> str:
    """Spotify's own word for what is wrong: ``{"error": WORD}`` (accounts), ``{"error": {"reason": WORD}}`` (API)."""
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


class Asking:
    """Retry single requests: what is worth another try gets one, and waits are bounded."""

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
        """Nothing more is asked: every further request raises ``problem``."""
        with self._lock:
            self._ended = self._ended or problem

    def answer(self, ask: Callable[[], object], required: str, *, is_change: bool = False) -> Answer:
        """Return what ``ask`` brings: a JSON object that holds ``required``.

        ``is_change``: it changes something, and is asked for once, since it may have been done though no answer came.
        Where Spotify wants a pause it has done nothing, and is asked again.

        Raises
        ------
        Refusal
            Spotify refuses, and patience does not help.
        ServiceRefused
            Spotify wants no more requests for longer than the policy allows to wait, or the quota is used up.
        ServiceError
            No answer of use came in as many attempts as the policy allows, to this request or to others before it.
        LoginError
            An earlier request showed that the login has ended.
        """
        failures = 0
        while True:
            try:
                answer = self._once(ask, required)
            except _RateLimited:
                continue  # the wait is before the next request; how long in all is bounded
            except _Useless as useless:
                failures += 1
                attempts = 1 if is_change else self._policy.attempts
                if failures >= (min(attempts, COSTLY_ATTEMPTS) if useless.is_costly else attempts):
                    what = "changed" if is_change else "read"
                    problem = ServiceError(f"Spotify cannot be {what}: {useless}.", hint=CONNECTION_HINT)
                    self._breaker.failed(problem)
                    raise problem from useless
                time.sleep(self._policy.pause_s(failures))
            else:
                self._breaker.succeeded()
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
                    raise _Useless(f"its service is in trouble (HTTP status {error.status})") from error
                raise
            except requests.RequestException as error:
                raise _useless(error) from error
            except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
                # spotipy takes apart what it gets without looking whether it is what it expects
                raise _Useless("its answer is none that can be understood") from error
        if not isinstance(answer, dict) or not REQUIRED[required](answer.get(required)):
            raise _Useless(OTHER_ANSWER)
        return answer

    def _wait_until_resumed(self) -> None:
        while (wait_s := self._resume_at_s - time.monotonic()) > 0 and self._ended is None:
            time.sleep(wait_s)

    def _quota_exceeded(self, wait_s: float | None) -> SpotmapError:
        """End it all: this is no matter of seconds."""
        asks = "" if wait_s is None else f" It wants no more requests for {_duration(wait_s)}."
        problem = ServiceRefused(
            f"The quota of your Spotify developer account is used up ({_QUOTA_EXCEEDED}).{asks}",
            hint=QUOTA_HINT,
            retry_after_s=wait_s or None,
        )
        self.end(problem)
        return self._ended or problem

    def _slow_down(self, wait_s: float) -> None:
        """Let all wait, or end it all where that would be too long."""
        policy = self._policy
        wait_s = max(wait_s, policy.first_pause_s)
        with self._lock:
            now_s = time.monotonic()
            further_s = max(0.0, now_s + wait_s - max(now_s, self._resume_at_s))
            if wait_s > policy.longest_wait_s or self._waited_s + further_s > policy.total_wait_s:
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
    """A request brought nothing of use, and might do so another time. The message says why.

    ``is_costly``: it took so long, or so much, that one further try has to do.
    """

    def __init__(self, reason: str, *, is_costly: bool = False) -> None:
        super().__init__(reason)
        self.is_costly = is_costly


class _RateLimited(Exception):
    """A request came too early."""


def _useless(error: requests.RequestException) -> _Useless:
    """In our words: what the library says is long, and names addresses."""
    for kind, reason in COSTLY.items():
        if isinstance(error, kind):
            return _Useless(reason, is_costly=True)
    if isinstance(error, requests.JSONDecodeError):
        return _Useless(OTHER_ANSWER)
    if isinstance(error, requests.exceptions.ProxyError):
        return _Useless("the proxy does not let it through")
    if isinstance(error, requests.exceptions.SSLError):
        return _Useless("no secure connection can be made")
    if isinstance(error, requests.Timeout):
        return _Useless("it does not answer")
    return _Useless("there is no connection")


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{math.ceil(seconds)} s"
    return f"{math.ceil(seconds / 60)} minutes" if seconds < 7_200 else f"{math.ceil(seconds / 3_600)} hours"
