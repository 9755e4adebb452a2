"""What all steps of one build share."""

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
from spotmap_build.core.turns import Turns, Watch, read_turns

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
    """How long it took, as on an idle machine, to lay a map of so many tracks out, to describe it and to publish it.

    ``made``: ``fresh``, ``held`` to the last map (which takes a fresh one to compare with), or ``stayed``, where so
    little is new that nothing is optimized. ``is_first``: of its build, which has to load a lot.
    """

    seconds: float
    track_count: int
    made: Made
    is_first: bool


@dataclass(frozen=True, slots=True)
class _Moment:
    total_s: float
    elsewhere_s: float
    turns: Turns


@dataclass(slots=True)
class Clock:
    """Seconds spent in each stage, and what the latest map that was laid out took, without covers and excerpts."""

    started_s: float = field(default_factory=time.monotonic)
    seconds: dict[str, float] = field(default_factory=dict)
    map_cost: MapCost | None = None
    turns: Callable[[], Turns] = read_turns
    watch: Watch = field(default_factory=Watch)
    _known_slowdown: float | None = None
    _map_began: _Moment | None = None

    @property
    def total_s(self) -> float:
        """Seconds since the build began."""
        return time.monotonic() - self.started_s

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure what is done inside, as a part of the stage ``name``."""
        started_s = time.monotonic()
        try:
            yield
        finally:
            # A stage that goes on after an early map was published counts as one.
            self.seconds[name] = round(self.seconds.get(name, 0.0) + time.monotonic() - started_s, 3)

    @property
    def slowdown(self) -> float:
        """How many times longer than on an idle machine a map takes now.

        While one is made, as it was seen until now. Before: as this build went, or the last map, before workers were
        started, corrected by how these get on: what this thread waits for its own workers says nothing of others.
        """
        if self._map_began is not None:
            return self.turns().slowdown(self._map_began.turns)
        if self._known_slowdown is None:
            self._known_slowdown = self.turns().slowdown()
        crowd = self.watch.lately()
        if crowd is None:
            return self._known_slowdown
        return crowd.slowdown_of_one(self._known_slowdown, available_processors())

    def begin_map(self) -> None:
        """Note that all is listened to, if that was not noted: from here on, the time is the map's."""
        if self._map_began is None:
            self._map_began = self._now()

    def end_map(self, track_count: int, made: Made | None) -> None:
        """Note that a map is published, and what it took; ``made``: None where it was not laid out just now."""
        if self._map_began is not None and made is not None:
            began, now = self._map_began, self._now()
            self._known_slowdown = now.turns.slowdown(began.turns)
            took_s = now.total_s - now.elsewhere_s - (began.total_s - began.elsewhere_s)
            self.map_cost = MapCost(took_s / self._known_slowdown, track_count, made, self.map_cost is None)
        self._map_began = None

    def _now(self) -> _Moment:
        # Covers and excerpts end when there is no more time for them.
        return _Moment(self.total_s, self.spent_in("covers", "excerpts"), self.turns())

    def spent_in(self, *stages: str) -> float:
        """Seconds spent in some stages until now."""
        return sum(self.seconds.get(stage, 0.0) for stage in stages)


@dataclass(slots=True)
class Run:
    """One build: what was asked, the cache, whom to tell, and the time it takes."""

    config: Config
    cache: Cache
    progress: Progress
    clock: Clock

    def cached(self, key: Key, compute: Callable[[], Value], codec: Codec[Value]) -> Cached[Value]:
        """Return the value of ``key``, from the cache or else computed.

        See :func:`spotmap_build.cache.memo.memoize`.
        """
        return memoize(self.cache, key, compute, codec)


def machine() -> str:
    """Return the kind of processor and system: floating-point results may differ in the last bit between two kinds."""
    return f"{sys.platform}-{platform.machine()}"


def package_versions(*names: str) -> dict[str, str]:
    """Versions of installed packages, without importing them; empty where one is not installed."""
    return {name: _version(name) for name in names}


@cache
def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
