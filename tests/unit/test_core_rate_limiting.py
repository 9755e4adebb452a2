"""A service is asked at an even pace, and not at all once it refuses or has gone away."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from spotmap_build.core.rate_limiting import FAILURES_IN_A_ROW, CircuitBreaker, RateLimiter
from spotmap_build.errors import ServiceError, ServiceRefused


class Clock:
    """Time that passes only while somebody sleeps, or when it is asked to."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.slept_s: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.now_s += seconds


def limiter(per_second: float, clock: Clock) -> RateLimiter:
    return RateLimiter(per_second, clock=lambda: clock.now_s, sleep=clock.sleep)


def test_the_first_call_need_not_wait() -> None:
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


def test_a_call_that_took_long_is_not_followed_by_a_wait() -> None:
    clock = Clock()
    pace = limiter(2, clock)
    pace.wait()
    clock.now_s += 0.7
    pace.wait()
    assert clock.slept_s == []


def test_a_pause_earns_no_burst() -> None:
    clock = Clock()
    pace = limiter(2, clock)
    pace.wait()
    clock.now_s += 60
    for _ in range(3):
        pace.wait()
    assert clock.slept_s == [0.5, 0.5]


def test_threads_share_one_pace() -> None:
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


def test_when_it_is_held_nobody_calls_until_then_and_the_rest_is_spread_as_before() -> None:
    clock = Clock()
    pace = limiter(2, clock)
    pace.wait()
    pace.hold(5)
    pace.hold(1)
    times_s = []
    for _ in range(3):
        pace.wait()
        times_s.append(clock.now_s)
    assert times_s == [5.0, 5.5, 6.0]


def test_a_refusal_opens_it_at_once() -> None:
    breaker, refusal = CircuitBreaker(), ServiceRefused("Too many.")
    assert breaker.reason is None
    breaker.failed(refusal)
    assert breaker.reason is refusal


def test_failures_open_it_only_in_a_row() -> None:
    breaker = CircuitBreaker()
    for _ in range(3):
        for _ in range(FAILURES_IN_A_ROW - 1):
            breaker.failed(ServiceError("A stall."))
        breaker.succeeded()
    assert breaker.reason is None
    last = ServiceError("No connection.")
    for _ in range(FAILURES_IN_A_ROW - 1):
        breaker.failed(ServiceError("A stall."))
    breaker.failed(last)
    assert breaker.reason is last


@pytest.mark.parametrize("then", [ServiceError("A stall."), ServiceRefused("Again.")])
def test_once_open_it_stays_open_for_its_first_reason(then: ServiceError) -> None:
    breaker, refusal = CircuitBreaker(), ServiceRefused("Too many.")
    breaker.failed(refusal)
    breaker.succeeded()
    breaker.failed(then)
    assert breaker.reason is refusal
