"""Asking services no more than they like: so many requests a second, and none at all once they refuse.

Both are safe for threads, and take their clock from outside, so that tests need not wait.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

from spotmap_build.errors import ServiceError, ServiceRefused

if TYPE_CHECKING:
    from collections.abc import Callable

FAILURES_IN_A_ROW: Final = 5
"""So many requests in a row without an answer mean that there is no connection: do not wait for twenty thousand."""


class NotUnderstood(ServiceError):
    """An answer makes no sense. Nothing is remembered of it: the next build asks again."""


class RateLimiter:
    """Spreads calls evenly: at most ``per_second`` of them, without bursts."""

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
        """Wait until the next call may be made. ``sleep``: another way to wait, which may be cut short."""
        with self._lock:
            now_s = self._clock()
            slot_s = max(now_s, self._next_s)
            self._next_s = slot_s + self._interval_s
        if slot_s > now_s:
            (sleep or self._sleep)(slot_s - now_s)

    def hold(self, seconds: float) -> None:
        """Let nobody's next call be made for so long, as a service wants that got too many."""
        with self._lock:
            self._next_s = max(self._next_s, self._clock() + seconds)


class CircuitBreaker:
    """Remembers that a service refused, so that it is not asked again in this build.

    It opens at the first :class:`ServiceRefused`, or when ``FAILURES_IN_A_ROW`` requests failed one after another.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures = 0
        self._reason: ServiceError | None = None

    @property
    def reason(self) -> ServiceError | None:
        """Why it is open; None while requests may be made."""
        return self._reason

    def succeeded(self) -> None:
        """Note that a request was answered."""
        with self._lock:
            self._failures = 0

    def failed(self, error: ServiceError) -> None:
        """Note that a request was not answered, or refused."""
        with self._lock:
            self._failures += 1
            if self._reason is None and (isinstance(error, ServiceRefused) or self._failures >= FAILURES_IN_A_ROW):
                self._reason = error
