"""What is remembered of a service from one build to the next: that it wanted no more requests, and until when."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from spotmap_build.cache.keys import Key
from spotmap_build.cache.pauses import RememberedPause
from spotmap_build.core.dates import format_date, format_time
from spotmap_build.core.rate_limiting import CircuitBreaker, NotUnderstood
from spotmap_build.core.speech import sentence
from spotmap_build.errors import ServiceError, ServiceRefused
from spotmap_build.model import Failed

if TYPE_CHECKING:
    from spotmap_build.run import Run

SERVICE_VERSION: Final = 1


class Service:
    """One service that a build asks: ``breaker`` opens when it refuses, and stays so until it may be asked again.

    ``name`` is for people; ``disabled_reason``: why it must not be asked at all (``--offline``), or empty.
    """

    def __init__(self, run: Run, name: str, *, disabled_reason: str = "") -> None:
        self.name = name
        self.breaker = CircuitBreaker()
        self._pause = RememberedPause(run.cache, Key("service", SERVICE_VERSION, {"service": name}))
        self._asks_anyway = run.config.retry
        self._retry_at_unix_s: int | None = None
        self._is_recalled = False
        self._is_disabled = bool(disabled_reason)
        self._is_missed = False
        self._lock = threading.Lock()
        if disabled_reason:
            self.breaker.failed(ServiceRefused(disabled_reason))

    @property
    def is_open(self) -> bool:
        """Whether it may be asked. What it answered to an earlier build is looked up when somebody wants to know."""
        if not self._is_recalled and self.breaker.reason is None:
            self._recall()
        return self.breaker.reason is None

    def _recall(self) -> None:
        self._is_recalled = True
        if self._asks_anyway:
            self._pause.lift()
            return
        pause = self._pause.current()
        if pause is not None:
            self._retry_at_unix_s = pause.retry_at_unix_s
            self.breaker.failed(ServiceRefused(pause.reason))

    def waiting(self, track_id: str, stage: str) -> Failed:
        """Return the ledger's row of a track that waits until the service can be asked again."""
        reason = self.breaker.reason
        if reason is not None:  # another thread was refused, and may not have noted until when
            self.remember(reason)
        self._is_missed = True
        message = reason.message if reason else f"{self.name} was not asked yet."
        return Failed(track_id, stage, "waiting", message, retryable=True, retry_at_unix_s=self._retry_at_unix_s)

    def remember(self, error: ServiceError) -> None:
        """Keep a refusal in mind, so that the next build does not ask too early. Other errors pass."""
        with self._lock:
            if isinstance(error, ServiceRefused) and not self._is_disabled and self._retry_at_unix_s is None:
                self._retry_at_unix_s = self._pause.begin(error).retry_at_unix_s

    def summary(self) -> str:
        """Why it was not asked any more, and when it can be; empty while it can, or where nobody wanted to ask it."""
        if self.breaker.reason is None or (self._is_disabled and not self._is_missed):
            return ""
        return f"{self.breaker.reason.message}{when_again(self._retry_at_unix_s)}"


class Unanswered:
    """The questions that a service did not answer in this build. Safe for threads."""

    def __init__(self, run: Run, service: Service) -> None:
        self._run = run
        self._service = service
        self._lock = threading.Lock()
        self._questions: list[tuple[Key, ServiceError]] = []

    def add(self, track_id: str, key: Key, error: ServiceError) -> Failed:
        """Note that the decision under ``key`` could not be made; returns the ledger's row of its track."""
        self._service.remember(error)
        if not self._service.is_open:
            return self._service.waiting(track_id, "match")
        if not isinstance(error, NotUnderstood):
            with self._lock:
                self._questions.append((key, error))
        return Failed(track_id, "match", error.code, error.message, retryable=True)

    def keep(self) -> None:
        """Remember them, so that they are asked again later, and not at every build.

        Not where the service is gone altogether: then it was not these tracks' fault.
        """
        with self._lock:
            questions, self._questions = self._questions, []
        if not self._service.is_open:
            return
        cache = self._run.cache
        for key, error in questions:
            cache.put_passing_failure(key, error.code, error.message)


def when_again(retry_at_unix_s: int | None) -> str:
    """`` It can be tried again after 21:40 UTC on 3 December.``, or nothing where that is not known or no date."""
    if retry_at_unix_s is None:
        return ""
    try:
        moment = f"{format_time(retry_at_unix_s)} on {format_date(retry_at_unix_s, with_year=False)}"
    except (ValueError, OverflowError, OSError):
        return ""
    return sentence(f" It can be tried again after {moment}.")
