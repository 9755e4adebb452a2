"""A simulation of the search, download and analysis pipeline with its own clock: 10,000 tracks take a second.

The numbers of threads and the sizes of queues are those of ``acquire.prefetch``, and the rate limiter is real.
The duration of each step is drawn at random.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field

from spotmap_build.acquire.prefetch import (
    CONCURRENT_DOWNLOADS,
    CONCURRENT_SEARCHES,
    FILES_PER_WORKER,
    MAX_SEARCHED_AHEAD,
)
from spotmap_build.core.rate_limiting import RateLimiter

Steps = Generator["float | Queue", None, None]
"""A thread: it yields the seconds that a step takes, or the queue whose change it waits for."""


@dataclass
class Clock:
    """Runs simulated threads in order of time."""

    now_s: float = 0.0
    _due: list[tuple[float, int, Steps]] = field(default_factory=list)
    _count: int = 0

    def start(self, steps: Steps, at_s: float | None = None) -> None:
        self._count += 1
        heapq.heappush(self._due, (self.now_s if at_s is None else at_s, self._count, steps))

    def run(self) -> float:
        """Run all threads until they end and return the end time."""
        while self._due:
            self.now_s, _, steps = heapq.heappop(self._due)
            step = next(steps, None)
            if isinstance(step, Queue):
                step.waiting.append(steps)
            elif step is not None:
                self.start(steps, self.now_s + step)
        return self.now_s

    def limiter(self, per_second: float) -> Callable[[], Iterator[float]]:
        """Return a function that waits for the next slot of a real rate limiter."""
        rate_limiter = RateLimiter(per_second, clock=lambda: self.now_s)

        def wait() -> Iterator[float]:
            pauses_s: list[float] = []
            rate_limiter.wait(pauses_s.append)
            yield from pauses_s

        return wait


@dataclass(eq=False)
class Queue:
    """A bounded queue; ``writers`` is the number of threads that still put items into it."""

    clock: Clock
    size: int
    writers: int
    items: int = 0
    waiting: deque[Steps] = field(default_factory=deque)

    def put(self) -> Steps:
        while self.items >= self.size:
            yield self
        self.items += 1
        self._wake_waiting()

    def get(self) -> Generator[float | Queue, None, bool]:
        """Take an item; return False if the queue is empty and has no writers left."""
        while not self.items:
            if not self.writers:
                return False
            yield self
        self.items -= 1
        self._wake_waiting()
        return True

    def close(self) -> None:
        self.writers -= 1
        self._wake_waiting()

    def _wake_waiting(self) -> None:
        while self.waiting:
            self.clock.start(self.waiting.popleft())


@dataclass(frozen=True)
class Times:
    """Mean seconds of each step and mean requests of a search, around which actual values are drawn."""

    requests: float
    answer_s: float
    download_s: float
    analysis_s: float


def simulate_pipeline(
    count: int, workers: int, times: Times, *, searches_per_s: float, download_pause_s: float = 0.0
) -> float:
    """Return the seconds until the last of ``count`` tracks is analyzed."""
    clock, generator = Clock(), random.Random(0)
    search_slot = clock.limiter(searches_per_s)
    download_slot = clock.limiter(1 / download_pause_s) if download_pause_s else None
    found, ready = (
        Queue(clock, MAX_SEARCHED_AHEAD, CONCURRENT_SEARCHES),
        Queue(clock, FILES_PER_WORKER * workers, CONCURRENT_DOWNLOADS),
    )
    remaining = iter(range(count))

    def draw_s(seconds: float) -> float:
        return seconds * generator.uniform(0.5, 1.5)

    def search() -> Steps:
        for _ in remaining:
            for _ in range(2 if generator.random() < times.requests - 1 else 1):
                yield from search_slot()
                yield draw_s(times.answer_s)
            yield from found.put()
        found.close()

    def download() -> Steps:
        while (yield from found.get()):
            if download_slot:
                yield from download_slot()
            yield draw_s(times.download_s)
            yield from ready.put()
        ready.close()

    def analyze() -> Steps:
        while (yield from ready.get()):
            yield draw_s(times.analysis_s)

    for thread, number in ((search, CONCURRENT_SEARCHES), (download, CONCURRENT_DOWNLOADS), (analyze, workers)):
        for _ in range(number):
            clock.start(thread())
    return clock.run()
