"""Rate limiter and circuit breaker for requests to services.

Both are thread-safe. The rate limiter's clock and sleep function can be replaced, so that tests need not wait.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

from spotmap_build.errors import ServiceError, ServiceRefused

if TYPE_CHECKING:
    from collections.abc import Callable

FAILURES_IN_A_ROW: Final = 5
"""After this many consecutive failures, assume there is no connection instead of trying thousands more requests."""


class RateLimiter:
    """Spaces calls evenly, at most ``per_second`` per second, without bursts."""

    def __init__(
        self,
        per_second: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._interval_s = 1 / per_second
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._next_s = -float("inf")

    def wait(self, sleep: Callable[[float], object] | None = None) -> None:
        """Wait until the next call may be made. ``sleep`` may return early, like ``Event.wait``."""
        with self._lock:
            now_s = self._clock()
            slot_s = max(now_s, self._next_s)
            self._next_s = slot_s + self._interval_s
        if slot_s > now_s:
            (sleep or self._sleep)(slot_s - now_s)

    def delay(self, seconds: float) -> None:
        """Delay all further calls by at least ``seconds``, as a service requests when it received too many."""
        with self._lock:
            self._next_s = max(self._next_s, self._clock() + seconds)


class CircuitBreaker:
    """Stops requests to a service for the rest of the build once it refuses or is unreachable.

    Opens at the first :class:`ServiceRefused`, or after ``FAILURES_IN_A_ROW`` consecutive failures.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures = 0
        self._reason: ServiceError | None = None

    @property
    def reason(self) -> ServiceError | None:
        """The error that opened the circuit; None while requests are allowed."""
        return self._reason

    def record_success(self) -> None:
        """Record that a request succeeded."""
        with self._lock:
            self._failures = 0

    def record_failure(self, error: ServiceError) -> None:
        """Record that a request failed or was refused; :attr:`reason` itself is not counted again."""
        with self._lock:
            if error is self._reason:
                return
            self._failures += 1
            if self._reason is None and (isinstance(error, ServiceRefused) or self._failures >= FAILURES_IN_A_ROW):
                self._reason = error
