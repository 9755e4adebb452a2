"""RateLimiter spreads calls evenly; CircuitBreaker stops them after a refusal or repeated failures."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from spotmap_build.core.rate_limiting import FAILURES_IN_A_ROW, CircuitBreaker, RateLimiter
from spotmap_build.errors import ServiceError, ServiceRefused


class Clock:
    """A clock that advances only by sleeping or explicitly."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.slept_s: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.now_s += seconds


def limiter(per_second: float, clock: Clock) -> RateLimiter:
    return RateLimiter(per_second, clock=lambda: clock.now_s, sleep=clock.sleep)


def test_first_call_does_not_wait() -> None:
    clock = Clock()
    limiter(2, clock).wait()
    assert clock.slept_s == []


def test_calls_are_spread_evenly() -> None:
    clock = Clock()
    pace = limiter(2, clock)
    times_s = []
    for _ in range(5):
        pace.wait()
        times_s.append(clock.now_s)
    assert times_s == [0.0, 0.5, 1.0, 1.5, 2.0]


def test_call_after_a_long_one_does_not_wait() -> None:
    clock = Clock()
    pace = limiter(2, clock)
    pace.wait()
    clock.now_s += 0.7
    pace.wait()
    assert clock.slept_s == []


def test_idle_time_does_not_allow_a_burst() -> None:
    clock = Clock()
    pace = limiter(2, clock)
    pace.wait()
    clock.now_s += 60
    for _ in range(3):
        pace.wait()
    assert clock.slept_s == [0.5, 0.5]


def test_threads_share_one_rate() -> None:
    waits_s: list[float] = []
    lock = threading.Lock()

    def note(seconds: float) -> None:
        with lock:
            waits_s.append(seconds)

    pace = RateLimiter(4, clock=lambda: 0.0, sleep=note)
    with ThreadPoolExecutor(8) as threads:
        for _ in range(20):
            threads.submit(pace.wait)
    assert sorted(waits_s) == [number * 0.25 for number in range(1, 20)]


def test_hold_delays_all_calls_and_keeps_the_rate_afterwards() -> None:
    clock = Clock()
    pace = limiter(2, clock)
    pace.wait()
    pace.delay(5)
    pace.delay(1)
    times_s = []
    for _ in range(3):
        pace.wait()
        times_s.append(clock.now_s)
    assert times_s == [5.0, 5.5, 6.0]


def test_refusal_opens_the_breaker_immediately() -> None:
    breaker, refusal = CircuitBreaker(), ServiceRefused("Too many.")
    assert breaker.reason is None
    breaker.record_failure(refusal)
    assert breaker.reason is refusal


def test_only_consecutive_failures_open_the_breaker() -> None:
    breaker = CircuitBreaker()
    for _ in range(3):
        for _ in range(FAILURES_IN_A_ROW - 1):
            breaker.record_failure(ServiceError("A stall."))
        breaker.record_success()
    assert breaker.reason is None
    last = ServiceError("No connection.")
    for _ in range(FAILURES_IN_A_ROW - 1):
        breaker.record_failure(ServiceError("A stall."))
    breaker.record_failure(last)
    assert breaker.reason is last


@pytest.mark.parametrize("later_error", [ServiceError("A stall."), ServiceRefused("Again.")])
def test_open_breaker_keeps_its_first_reason(later_error: ServiceError) -> None:
    breaker, refusal = CircuitBreaker(), ServiceRefused("Too many.")
    breaker.record_failure(refusal)
    breaker.record_success()
    breaker.record_failure(later_error)
    assert breaker.reason is refusal
