"""Context shared by all stages of one build: configuration, cache, progress and clock."""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Literal, TypeVar

from spotmap_build.cache.memo import memoize
from spotmap_build.config import available_processors
from spotmap_build.core.cpu_contention import ContentionMonitor, CpuTimes, read_cpu_times
from spotmap_build.core.interrupts import raise_if_interrupted

if TYPE_CHECKING:
    from spotmap_build.cache.keys import Key
    from spotmap_build.cache.memo import Cached, Codec
    from spotmap_build.cache.store import Cache
    from spotmap_build.config import Config
    from spotmap_build.progress import Progress

Value = TypeVar("Value")
Made = Literal["fresh", "held", "stayed"]


@dataclass(frozen=True, slots=True)
class MapCost:
    """Time to lay out, describe and publish a map of ``track_count`` tracks, normalized to an idle machine.

    ``made``: ``fresh``, ``held`` (aligned to the last map, which also computes a fresh layout for comparison), or
    ``stayed`` (so few new tracks that nothing is optimized). ``is_first``: whether it was the first map of its build,
    which includes the time for importing packages.
    """

    seconds: float
    track_count: int
    made: Made
    is_first: bool


@dataclass(frozen=True, slots=True)
class _Moment:
    total_s: float
    elsewhere_s: float
    cpu_times: CpuTimes


@dataclass(slots=True)
class Clock:
    """Seconds spent in each stage, and the cost of the latest layout, excluding covers and excerpts."""

    started_s: float = field(default_factory=time.monotonic)
    seconds: dict[str, float] = field(default_factory=dict)
    map_cost: MapCost | None = None
    cpu_times: Callable[[], CpuTimes] = read_cpu_times
    monitor: ContentionMonitor = field(default_factory=ContentionMonitor)
    _known_slowdown: float | None = None
    _map_began: _Moment | None = None

    @property
    def total_s(self) -> float:
        """Seconds since the build began."""
        return time.monotonic() - self.started_s

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time spent in the ``with`` block to the stage ``name``."""
        raise_if_interrupted()
        started_s = time.monotonic()
        try:
            yield
        finally:
            # A stage can run in several parts, before and after an early map.
            self.seconds[name] = round(self.seconds.get(name, 0.0) + time.monotonic() - started_s, 3)

    @property
    def slowdown(self) -> float:
        """Estimate how many times longer than on an idle machine a map takes now.

        While a map is computed, this is the slowdown measured since its start. Otherwise, it is the slowdown of the
        last map, or of this build before workers were started, corrected by how the workers progress: the time that
        this thread waits for its own workers says nothing about the load from other programs.
        """
        if self._map_began is not None:
            return self.cpu_times().slowdown(self._map_began.cpu_times)
        if self._known_slowdown is None:
            self._known_slowdown = self.cpu_times().slowdown()
        contention = self.monitor.recent()
        if contention is None:
            return self._known_slowdown
        return contention.slowdown_of_one(self._known_slowdown, available_processors())

    def begin_map(self) -> None:
        """Start measuring the cost of a map, unless already started."""
        if self._map_began is None:
            self._map_began = self._now()

    def end_map(self, track_count: int, made: Made | None) -> None:
        """Record the cost of the map just published; ``made``: None if its layout came from the cache."""
        if self._map_began is not None and made is not None:
            began, now = self._map_began, self._now()
            self._known_slowdown = now.cpu_times.slowdown(began.cpu_times)
            took_s = now.total_s - now.elsewhere_s - (began.total_s - began.elsewhere_s)
            self.map_cost = MapCost(took_s / self._known_slowdown, track_count, made, self.map_cost is None)
        self._map_began = None

    def _now(self) -> _Moment:
        # Covers and excerpts are left out: they stop by themselves at the time limit.
        return _Moment(self.total_s, self.spent_in("covers", "excerpts"), self.cpu_times())

    def spent_in(self, *stages: str) -> float:
        """Return the seconds spent so far in the given stages."""
        return sum(self.seconds.get(stage, 0.0) for stage in stages)


@dataclass(slots=True)
class Run:
    """One build: its configuration, cache, progress display and clock."""

    config: Config
    cache: Cache
    progress: Progress
    clock: Clock

    def cached(self, key: Key, compute: Callable[[], Value], codec: Codec[Value]) -> Cached[Value]:
        """Return the value of ``key`` from the cache, computing it if it is missing.

        See :func:`spotmap_build.cache.memo.memoize`.
        """
        raise_if_interrupted()
        return memoize(self.cache, key, compute, codec)


def machine() -> str:
    """Return platform and architecture, between which floating-point results may differ in the last bit."""
    return f"{sys.platform}-{platform.machine()}"


def package_versions(*names: str) -> dict[str, str]:
    """Return the versions of packages without importing them; ``""`` for one that is not installed."""
    return {name: _version(name) for name in names}


@cache
def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
