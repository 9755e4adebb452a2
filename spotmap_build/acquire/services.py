"""What is remembered of a service from one build to the next: that it wanted no more requests, and until when."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from spotmap_build.cache.errors import CacheReadOnly
from spotmap_build.cache.freshness import Failure
from spotmap_build.cache.keys import Key
from spotmap_build.core.dates import format_date, format_time
from spotmap_build.core.rate_limiting import CircuitBreaker
from spotmap_build.core.retry_after import LONGEST_PAUSE_S, clamp_retry_at
from spotmap_build.errors import ServiceError, ServiceRefused
from spotmap_build.model import Failed

if TYPE_CHECKING:
    from spotmap_build.run import Run

SERVICE_VERSION: Final = 1
PAUSE_S: Final = 3_600
"""Where a service does not say when it may be asked again: YouTube speaks of "up to an hour"."""


class Service:
    """One service that a build asks: ``breaker`` opens when it refuses, and stays so until it may be asked again.

    ``name`` is for people; ``barred`` is why it must not be asked at all (``--offline``), or empty.
    """

    def __init__(self, run: Run, name: str, *, disabled_reason: str = "") -> None:
        self.name = name
        self.breaker = CircuitBreaker()
        self._run = run
        self._key = Key("service", SERVICE_VERSION, {"service": name})
        self._retry_at_unix_s: int | None = None
        self._is_recalled = False
        if disabled_reason:
            self.breaker.failed(ServiceRefused(disabled_reason))

    @property
    def is_open(self) -> bool:
        """Whether it may be asked. What an earlier build was told is looked up when somebody wants to know."""
        if not self._is_recalled and self.breaker.reason is None:
            self._recall()
        return self.breaker.reason is None

    def _recall(self) -> None:
        self._is_recalled = True
        record = self._run.cache.lookup(self._key)
        if record is None or record.failure is None:
            return
        if self._run.config.retry:  # for the builds after this one as well, unless it is refused again
            self._keep(record.failure.detail, int(time.time()))
            return
        retry_at_unix_s = record.failure.retry_at_unix_s
        if retry_at_unix_s is not None and retry_at_unix_s > time.time() + LONGEST_PAUSE_S:
            return  # no service wants that: it was remembered under a wrong clock, or by a version that believed all
        self._retry_at_unix_s = retry_at_unix_s
        self.breaker.failed(ServiceRefused(record.failure.detail))

    def waiting(self, track_id: str, stage: str) -> Failed:
        """The ledger's row of a track that waits until the service can be asked again."""
        reason = self.breaker.reason
        message = reason.message if reason else f"{self.name} was not asked yet."
        return Failed(track_id, stage, "waiting", message, retryable=True, retry_at_unix_s=self._retry_at_unix_s)

    def remember(self, error: ServiceError) -> None:
        """Keep a refusal in mind, so that the next build does not ask too early. Other errors pass."""
        if isinstance(error, ServiceRefused) and self._retry_at_unix_s is None:
            pause_s = PAUSE_S if error.retry_after_s is None else error.retry_after_s
            now_unix_s = time.time()
            self._retry_at_unix_s = clamp_retry_at(now_unix_s + pause_s, now_unix_s)
            self._keep(error.message, self._retry_at_unix_s)

    def _keep(self, detail: str, retry_at_unix_s: int) -> None:
        with suppress(CacheReadOnly):
            self._run.cache.put_failure(self._key, Failure("refused", detail, "retry_after", retry_at_unix_s))

    def summary(self) -> str:
        """Why it was not asked any more, and when it can be; empty while it can."""
        if self.breaker.reason is None:
            return ""
        return f"{self.breaker.reason.message}{when(self._retry_at_unix_s)}"


def when(retry_at_unix_s: int | None) -> str:
    """`` It can be tried again after 21:40 UTC on 3 December.``, or nothing where that is not known or no date."""
    if retry_at_unix_s is None:
        return ""
    try:
        moment = f"{format_time(retry_at_unix_s)} on {format_date(retry_at_unix_s, with_year=False)}"
    except (ValueError, OverflowError, OSError):
        return ""
    return f" It can be tried again after {moment}."
