"""CPU contention: how long the threads of this process ran, and how long they waited for a processor."""

from __future__ import annotations

import math
import os
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

SELF: Final = Path("/proc/self")
SCHEDSTAT: Final = Path("/proc/thread-self/schedstat")
"""Linux only. Without it, the machine counts as idle."""
STAT: Final = Path("/proc/self/stat")
MIN_RUN_S: Final = 0.1
"""Shorter run times are too noisy: a time slice of another process takes some milliseconds."""
TOLERANCE: Final = 0.1
"""Relative difference that two measurements of the same load may have."""
WINDOW_S: Final = 20.0
"""How far back a :class:`ContentionMonitor` looks. The load by other processes changes from minute to minute."""
SAMPLE_INTERVAL_S: Final = 1.0
MIN_RUN_IN_WINDOW_S: Final = 1.0
"""Threads that ran for less mostly slept, and the scheduler prefers those: they say nothing about contention."""


@dataclass(frozen=True, slots=True)
class CpuTimes:
    """Seconds since the start of one thread, or the sum over several."""

    ran_s: float = 0.0
    waited_s: float = 0.0

    @property
    def runnable_s(self) -> float:
        """Time during which it could have run: running or waiting for a processor."""
        return self.ran_s + self.waited_s

    def slowdown(self, since: CpuTimes | None = None) -> float:
        """Return how much longer its work took than on an idle machine, since the start or since an earlier reading.

        Examples
        --------
        >>> CpuTimes(4.0, 6.0).slowdown(since=CpuTimes(1.0, 0.0))
        3.0
        """
        recent = self - (since or CpuTimes())
        return 1.0 if recent.ran_s < MIN_RUN_S else recent.runnable_s / recent.ran_s

    def __add__(self, more: CpuTimes) -> CpuTimes:
        return CpuTimes(self.ran_s + more.ran_s, self.waited_s + more.waited_s)

    def __sub__(self, before: CpuTimes) -> CpuTimes:
        return CpuTimes(self.ran_s - before.ran_s, self.waited_s - before.waited_s)


@dataclass(frozen=True, slots=True)
class Contention:
    """How much the threads of this build slowed each other down.

    ``slowdown``: how much longer their work took than on an idle machine. ``mean_runnable``: how many of them were
    runnable while one was, on average, including that one.
    """

    slowdown: float = 1.0
    mean_runnable: float = 1.0

    @classmethod
    def of(cls, threads: Collection[CpuTimes], seconds: float) -> Contention:
        """Estimate contention from the CPU times of each thread over ``seconds``; when each of them slept is unknown.

        Examples
        --------
        >>> Contention.of([CpuTimes(1.0, 3.0), CpuTimes(1.0, 3.0), CpuTimes(0.0, 0.0)], 4.0)
        Contention(slowdown=4.0, mean_runnable=2.0)
        >>> Contention.of([CpuTimes(1.0, 3.0), CpuTimes(1.0, 3.0), CpuTimes(0.0, 0.0)], 16.0)
        Contention(slowdown=4.0, mean_runnable=1.25)
        """
        runnable_s, ran_s = sum(each.runnable_s for each in threads), sum(each.ran_s for each in threads)
        by_others_s = runnable_s - sum(each.runnable_s**2 for each in threads) / runnable_s
        return cls(runnable_s / ran_s, 1 + by_others_s / seconds)

    def slowdown_of_one(self, known: float, processors: int) -> float:
        """Estimate the slowdown of a single thread after the others have finished.

        If the scheduler shares processors between threads, each remaining thread gains a little. If it shares them
        between groups (containers, desktop sessions), one thread gets all that its group had. ``known`` is the slowdown
        that was last measured. It is returned if it lies between these two; otherwise their geometric mean is.

        Examples
        --------
        >>> Contention(slowdown=5.0, mean_runnable=2.0).slowdown_of_one(4.0, processors=2)
        4.0
        >>> Contention(slowdown=4.5, mean_runnable=2.0).slowdown_of_one(1.0, processors=2)
        3.0
        """
        by_group = max(1.0, self.slowdown / self.mean_runnable)
        by_thread = max(1.0, self.slowdown - (self.mean_runnable - 1) / processors)
        nearest = min(max(known, by_group), by_thread)
        return nearest if math.isclose(known, nearest, rel_tol=TOLERANCE) else math.sqrt(by_group * by_thread)


def read_cpu_times(path: Path = SCHEDSTAT) -> CpuTimes:
    """Read the CPU times of the calling thread, or of the one with this file; zeros if the system does not tell."""
    try:
        ran_ns, waited_ns = map(int, path.read_text().split()[:2])
    except (OSError, ValueError):
        return CpuTimes()
    return CpuTimes(ran_ns / 1e9, waited_ns / 1e9)


def read_cpu_times_by_thread(process: Path = SELF) -> dict[str, CpuTimes]:
    """Read the CPU times of each thread of this process, and of the main thread of each child process."""
    found = {}
    with suppress(OSError):  # not Linux
        for thread in (process / "task").iterdir():
            found[thread.name] = read_cpu_times(thread / "schedstat")
            with suppress(OSError):  # the thread has just ended
                for child in (thread / "children").read_text().split():
                    found[child] = read_cpu_times(process.parent / child / "schedstat")
    return found


@dataclass(frozen=True, slots=True)
class _Sample:
    at_s: float
    seconds: float
    threads: Mapping[str, CpuTimes]
    """Since the previous sample."""


@dataclass(slots=True)
class ContentionMonitor:
    """Measures the contention between the threads and workers of this build, each time it is asked."""

    read: Callable[[], Mapping[str, CpuTimes]] = read_cpu_times_by_thread
    clock: Callable[[], float] = time.monotonic
    _samples: deque[_Sample] = field(default_factory=deque)
    _seen: Mapping[str, CpuTimes] = field(default_factory=dict)
    _seen_s: float = -math.inf

    def recent(self) -> Contention | None:
        """Return the contention of the last seconds; None if the threads hardly ran, or the system does not tell."""
        now_s = self.clock()
        if now_s - self._seen_s >= SAMPLE_INTERVAL_S:
            self._take_sample(now_s)
        threads: dict[str, CpuTimes] = {}
        for sample in self._samples:
            for name, cpu_times in sample.threads.items():
                threads[name] = threads.get(name, CpuTimes()) + cpu_times
        if sum(cpu_times.ran_s for cpu_times in threads.values()) < MIN_RUN_IN_WINDOW_S:
            return None
        return Contention.of(threads.values(), sum(sample.seconds for sample in self._samples))

    def _take_sample(self, now_s: float) -> None:
        found, before = self.read(), self._seen
        # Threads that started or ended in between are left out, because the time of that is unknown.
        threads = {name: cpu_times - before[name] for name, cpu_times in found.items() if name in before}
        if threads:
            self._samples.append(_Sample(now_s, now_s - self._seen_s, threads))
        self._seen, self._seen_s = found, now_s
        while self._samples and now_s - self._samples[0].at_s >= WINDOW_S:
            self._samples.popleft()


def process_age_s(stat: Path = STAT) -> float:
    """Return the seconds since this process was started, or its CPU time if the system does not tell."""
    try:
        # Field 22, in clock ticks since boot. Counted from after the process name, which may hold anything.
        ticks = int(stat.read_text().rpartition(")")[2].split()[19])
        return max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK"))
    except (OSError, ValueError, IndexError, AttributeError):
        return time.process_time()
