"""How busy the machine is, as this process has felt it: for how long its threads ran, and waited for a processor."""

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
"""Linux only; where there is none, no machine counts as busy."""
STAT: Final = Path("/proc/self/stat")
LEAST_S: Final = 0.1
"""Less than that says nothing: one turn of another process is some milliseconds."""
FELT: Final = 0.1
"""So far two measurements of the same load may lie apart."""
LATELY_S: Final = 20.0
"""So far back a :class:`Watch` looks: what others do changes from minute to minute."""
LOOK_S: Final = 1.0
LEAST_LATELY_S: Final = 1.0
"""Threads that ran for less than that in the meantime have mostly slept: those get their turn at once."""


@dataclass(frozen=True, slots=True)
class Turns:
    """Seconds of a thread, or of several, since it began."""

    ran_s: float = 0.0
    waited_s: float = 0.0

    @property
    def wanted_s(self) -> float:
        """For how long it could have run."""
        return self.ran_s + self.waited_s

    def slowdown(self, since: Turns | None = None) -> float:
        """Tell how many times as long as on an idle machine its work took, from the beginning or another moment on.

        Examples
        --------
        >>> Turns(4.0, 6.0).slowdown(since=Turns(1.0, 0.0))
        3.0
        """
        lately = self - (since or Turns())
        return 1.0 if lately.ran_s < LEAST_S else lately.wanted_s / lately.ran_s

    def __add__(self, more: Turns) -> Turns:
        return Turns(self.ran_s + more.ran_s, self.waited_s + more.waited_s)

    def __sub__(self, before: Turns) -> Turns:
        return Turns(self.ran_s - before.ran_s, self.waited_s - before.waited_s)


@dataclass(frozen=True, slots=True)
class Crowd:
    """How threads of this build got on side by side.

    ``slowdown``: how many times as long as alone on an idle machine their work took. ``at_once``: how many of them
    wanted to run while one did, on average, this one included.
    """

    slowdown: float = 1.0
    at_once: float = 1.0

    @classmethod
    def of(cls, threads: Collection[Turns], seconds: float) -> Crowd:
        """Tell of what each thread did in so many seconds; when which of them slept is not known.

        Examples
        --------
        >>> Crowd.of([Turns(1.0, 3.0), Turns(1.0, 3.0), Turns(0.0, 0.0)], 4.0)
        Crowd(slowdown=4.0, at_once=2.0)
        >>> Crowd.of([Turns(1.0, 3.0), Turns(1.0, 3.0), Turns(0.0, 0.0)], 16.0)
        Crowd(slowdown=4.0, at_once=1.25)
        """
        wanted_s, ran_s = sum(each.wanted_s for each in threads), sum(each.ran_s for each in threads)
        by_others_s = wanted_s - sum(each.wanted_s**2 for each in threads) / wanted_s
        return cls(wanted_s / ran_s, 1 + by_others_s / seconds)

    def slowdown_of_one(self, known: float, processors: int) -> float:
        """Tell how many times longer one thread alone will take, as soon as the others are done.

        Where a system shares processors thread by thread, one less to share with helps each a little; where it shares
        them group by group (containers, sessions of a desktop), one thread gets all that its whole group had. ``known``
        is the same as it was seen last: it holds where it lies between these, else the middle of them does.

        Examples
        --------
        >>> Crowd(slowdown=5.0, at_once=2.0).slowdown_of_one(4.0, processors=2)
        4.0
        >>> Crowd(slowdown=4.5, at_once=2.0).slowdown_of_one(1.0, processors=2)
        3.0
        """
        by_group = max(1.0, self.slowdown / self.at_once)
        by_thread = max(1.0, self.slowdown - (self.at_once - 1) / processors)
        nearest = min(max(known, by_group), by_thread)
        return nearest if math.isclose(known, nearest, rel_tol=FELT) else math.sqrt(by_group * by_thread)


def read_turns(path: Path = SCHEDSTAT) -> Turns:
    """Return what the system says of the calling thread, or another; nothing where it says nothing."""
    try:
        ran_ns, waited_ns = map(int, path.read_text().split()[:2])
    except (OSError, ValueError):
        return Turns()
    return Turns(ran_ns / 1e9, waited_ns / 1e9)


def read_family(process: Path = SELF) -> dict[str, Turns]:
    """Return what the system says of each thread of this process, and of the first of each that it has started."""
    found = {}
    with suppress(OSError):  # no such system
        for thread in (process / "task").iterdir():
            found[thread.name] = read_turns(thread / "schedstat")
            with suppress(OSError):  # it has just ended
                for child in (thread / "children").read_text().split():
                    found[child] = read_turns(process.parent / child / "schedstat")
    return found


@dataclass(frozen=True, slots=True)
class _Look:
    at_s: float
    seconds: float
    threads: Mapping[str, Turns]
    """Since the look before."""


@dataclass(slots=True)
class Watch:
    """Watches how the threads and workers of this build get on, for as long as somebody asks."""

    read: Callable[[], Mapping[str, Turns]] = read_family
    clock: Callable[[], float] = time.monotonic
    _looks: deque[_Look] = field(default_factory=deque)
    _seen: Mapping[str, Turns] = field(default_factory=dict)
    _seen_s: float = -math.inf

    def lately(self) -> Crowd | None:
        """Return how they got on in the last seconds; None where they hardly ran, or nobody knows."""
        now_s = self.clock()
        if now_s - self._seen_s >= LOOK_S:
            self._look(now_s)
        threads: dict[str, Turns] = {}
        for look in self._looks:
            for name, turns in look.threads.items():
                threads[name] = threads.get(name, Turns()) + turns
        if sum(turns.ran_s for turns in threads.values()) < LEAST_LATELY_S:
            return None
        return Crowd.of(threads.values(), sum(look.seconds for look in self._looks))

    def _look(self, now_s: float) -> None:
        found, before = self.read(), self._seen
        # Who has started or ended since is left out: it is not known when.
        threads = {name: turns - before[name] for name, turns in found.items() if name in before}
        if threads:
            self._looks.append(_Look(now_s, now_s - self._seen_s, threads))
        self._seen, self._seen_s = found, now_s
        while self._looks and now_s - self._looks[0].at_s >= LATELY_S:
            self._looks.popleft()


def process_age_s(stat: Path = STAT) -> float:
    """How many seconds ago this process was started; where the system does not say, for how long it has run."""
    try:
        # After the name, which may hold anything: the 22nd field of all, in ticks since the system's start.
        ticks = int(stat.read_text().rpartition(")")[2].split()[19])
        return max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK"))
    except (OSError, ValueError, IndexError, AttributeError):
        return time.process_time()
