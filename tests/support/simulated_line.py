"""A simulation of the search, download and analysis pipeline with its own clock: 10,000 tracks take a second.

Its stations are as many as those of ``acquire.prefetch`` and the queues between them as long; what spares the services
is the real rate limiter. What each step takes is drawn: answers and downloads are not all alike.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field

from spotmap_build.acquire.prefetch import DOWNLOADS_AT_ONCE, FILES_AHEAD, SEARCHED_AHEAD, SEARCHES_AT_ONCE
from spotmap_build.core.rate_limiting import RateLimiter

Steps = Generator["float | Queue", None, None]
"""A thread: it yields how many seconds it takes, or the queue in which it waits for a change."""


@dataclass
class Clock:
    """Runs simulated threads in the order of their times."""

    now_s: float = 0.0
    _due: list[tuple[float, int, Steps]] = field(default_factory=list)
    _count: int = 0

    def start(self, steps: Steps, at_s: float | None = None) -> None:
        self._count += 1
        heapq.heappush(self._due, (self.now_s if at_s is None else at_s, self._count, steps))

    def run(self) -> float:
        """Run all threads to their end, and return the time of the end."""
        while self._due:
            self.now_s, _, steps = heapq.heappop(self._due)
            wanted = next(steps, None)
            if isinstance(wanted, Queue):
                wanted.waiting.append(steps)
            elif wanted is not None:
                self.start(steps, self.now_s + wanted)
        return self.now_s

    def limiter(self, per_second: float) -> Callable[[], Iterator[float]]:
        """The real one; what it gives waits for the next slot."""
        real = RateLimiter(per_second, clock=lambda: self.now_s)

        def wait() -> Iterator[float]:
            pauses_s: list[float] = []
            real.wait(pauses_s.append)
            yield from pauses_s

        return wait


@dataclass(eq=False)
class Queue:
    """A bounded one; ``writers`` is how many threads still put things into it."""

    clock: Clock
    size: int
    writers: int
    items: int = 0
    waiting: deque[Steps] = field(default_factory=deque)

    def put(self) -> Steps:
        while self.items >= self.size:
            yield self
        self.items += 1
        self._tell()

    def get(self) -> Generator[float | Queue, None, bool]:
        """Take one; false where none will come any more."""
        while not self.items:
            if not self.writers:
                return False
            yield self
        self.items -= 1
        self._tell()
        return True

    def close(self) -> None:
        self.writers -= 1
        self._tell()

    def _tell(self) -> None:
        while self.waiting:
            self.clock.start(self.waiting.popleft())


@dataclass(frozen=True)
class Times:
    """Seconds of each step on average, and how many requests a track takes in a search; each is drawn around that."""

    requests: float
    answer_s: float
    download_s: float
    listening_s: float


def run_line(
    count: int, workers: int, times: Times, *, searches_per_s: float, download_pause_s: float = 0.0, seed: int = 0
) -> float:
    """Return after how many seconds the last of ``count`` tracks was analyzed."""
    clock, draw = Clock(), random.Random(seed)
    search_slot = clock.limiter(searches_per_s)
    download_slot = clock.limiter(1 / download_pause_s) if download_pause_s else None
    found, ready = (
        Queue(clock, SEARCHED_AHEAD, SEARCHES_AT_ONCE),
        Queue(clock, FILES_AHEAD * workers, DOWNLOADS_AT_ONCE),
    )
    left = iter(range(count))

    def about(seconds: float) -> float:
        return seconds * draw.uniform(0.5, 1.5)

    def find() -> Steps:
        for _ in left:
            for _ in range(2 if draw.random() < times.requests - 1 else 1):
                yield from search_slot()
                yield about(times.answer_s)
            yield from found.put()
        found.close()

    def download() -> Steps:
        while (yield from found.get()):
            if download_slot:
                yield from download_slot()
            yield about(times.download_s)
            yield from ready.put()
        ready.close()

    def listen() -> Steps:
        while (yield from ready.get()):
            yield about(times.listening_s)

    for thread, number in ((find, SEARCHES_AT_ONCE), (download, DOWNLOADS_AT_ONCE), (listen, workers)):
        for _ in range(number):
            clock.start(thread())
    return clock.run()
