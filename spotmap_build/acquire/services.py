"""State of an online service: a refusal, with the time until which it lasts, is remembered across builds."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from spotmap_build.cache.keys import Key
from spotmap_build.cache.pauses import StoredPause
from spotmap_build.core.dates import format_moment
from spotmap_build.core.rate_limiting import CircuitBreaker
from spotmap_build.core.translation import translatable
from spotmap_build.errors import ServiceError, ServiceRefused, UnexpectedResponse
from spotmap_build.model import Failed

if TYPE_CHECKING:
    from spotmap_build.run import Run

SERVICE_VERSION: Final = 1
LATER: Final = "Wait an hour and run the same command again: finished work is kept."
CONNECTION: Final = "Check the connection, and run the command again: finished work is kept."
"""Hints for all services of recordings."""


class Service:
    """An online service that a build contacts. ``breaker`` opens when the service refuses requests.

    ``name``: shown in messages. ``disabled_reason``: why it must not be contacted at all (``--offline``), or empty.
    """

    def __init__(self, run: Run, name: str, *, disabled_reason: str = "") -> None:
        self.name = name
        self.breaker = CircuitBreaker()
        self._pause = StoredPause(run.cache, Key("service", SERVICE_VERSION, {"service": name}))
        self._ignores_pause = run.config.retry
        self._retry_at_unix_s: int | None = None
        self._is_pause_loaded = False
        self._is_disabled = bool(disabled_reason)
        self._was_needed = False
        self._lock = threading.Lock()
        if disabled_reason:
            self.breaker.record_failure(ServiceRefused(disabled_reason))

    @property
    def is_open(self) -> bool:
        """Whether requests are allowed. Refusals of earlier builds are looked up on first use."""
        if not self._is_pause_loaded and self.breaker.reason is None:
            self._load_pause()
        return self.breaker.reason is None

    def _load_pause(self) -> None:
        self._is_pause_loaded = True
        if self._ignores_pause:
            self._pause.clear()
            return
        pause = self._pause.current()
        if pause is not None:
            self._retry_at_unix_s = pause.retry_at_unix_s
            self.breaker.record_failure(ServiceRefused(pause.reason))

    def waiting_row(self, track_id: str, stage: str) -> Failed:
        """Return the ledger row of a track that waits until the service accepts requests again."""
        reason = self.breaker.reason
        if reason is not None:  # the refused request may be another thread's, which has not stored it yet
            self.store_refusal(reason)
        self._was_needed = True
        message = reason.message if reason else f"{self.name} was not asked yet."
        return Failed(track_id, stage, "waiting", message, retryable=True, retry_at_unix_s=self._retry_at_unix_s)

    def failed_row(self, track_id: str, stage: str, error: ServiceError) -> Failed:
        """Return the ledger row of a track whose request failed, and store the error if it is a refusal."""
        self.store_refusal(error)
        if not self.is_open:
            return self.waiting_row(track_id, stage)
        return Failed(track_id, stage, error.code, error.message, retryable=True)

    def store_refusal(self, error: ServiceError) -> None:
        """Store a refusal, so that the next build does not send requests too early. Other errors are ignored."""
        with self._lock:
            if isinstance(error, ServiceRefused) and not self._is_disabled and self._retry_at_unix_s is None:
                self._retry_at_unix_s = self._pause.start(error).retry_at_unix_s

    def summary(self) -> str:
        """Return why it accepts no requests, and from when it will; empty if it accepts them, or if none was needed."""
        if self.breaker.reason is None or (self._is_disabled and not self._was_needed):
            return ""
        return f"{self.breaker.reason.message}{retry_note(self._retry_at_unix_s)}"


class UnansweredRequests:
    """Requests that a service did not answer in this build. Thread-safe."""

    def __init__(self, run: Run, service: Service) -> None:
        self._run = run
        self._service = service
        self._lock = threading.Lock()
        self._failed_requests: list[tuple[Key, ServiceError]] = []

    def add(self, track_id: str, key: Key, error: ServiceError) -> Failed:
        """Record that the decision under ``key`` could not be made; return the ledger row of its track."""
        row = self._service.failed_row(track_id, "match", error)
        if self._service.is_open and not isinstance(error, UnexpectedResponse):
            with self._lock:
                self._failed_requests.append((key, error))
        return row

    def save(self) -> None:
        """Store the failures, so that the requests are retried later instead of in every build.

        Nothing is stored if the service has failed as a whole, because the cause is then not these tracks.
        """
        with self._lock:
            failed_requests, self._failed_requests = self._failed_requests, []
        if not self._service.is_open:
            return
        cache = self._run.cache
        for key, error in failed_requests:
            cache.put_transient_failure(key, error.code, error.message)


def retry_note(retry_at_unix_s: int | None) -> str:
    """Return `` It can be tried again after 2027-01-15 08:00 UTC.``; empty if the time is unknown or invalid."""
    if retry_at_unix_s is None:
        return ""
    try:
        moment = format_moment(retry_at_unix_s)
    except (ValueError, OverflowError, OSError):
        return ""
    return translatable(f" It can be tried again after {moment}.")
