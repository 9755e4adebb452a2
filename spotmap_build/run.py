"""What all steps of one build share."""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, TypeVar

from spotmap_build.cache.memo import memoize
from spotmap_build.core.turns import Turns, read_turns

if TYPE_CHECKING:
    from spotmap_build.cache.keys import Key
    from spotmap_build.cache.memo import Cached, Codec
    from spotmap_build.cache.store import Cache
    from spotmap_build.config import Config
    from spotmap_build.progress import Progress

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class MapCost:
    """How long it takes on an idle machine to lay a map of so many tracks out, to describe it and to publish it.

    ``is_usual``: it was held to the last map, and the first of its build, which has to load a lot: as it will be in the
    next build. Others take less.
    """

    seconds: float
    track_count: int
    is_usual: bool


@dataclass(slots=True)
class Clock:
    """Seconds spent in each stage, and what the latest map that was laid out took, without covers and excerpts."""

    started_s: float = field(default_factory=time.monotonic)
    seconds: dict[str, float] = field(default_factory=dict)
    map_cost: MapCost | None = None
    turns: Callable[[], Turns] = read_turns
    _slowdown: float | None = None

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
        """How many times longer than on an idle machine a map takes: as the last one, else as this build until now.

        Asked first before workers are started: what this thread waits for its own workers says nothing of others.
        """
        if self._slowdown is None:
            self._slowdown = self.turns().slowdown()
        return self._slowdown

    def note_map(self, took_s: float, since: Turns, track_count: int, *, is_held: bool) -> None:
        """Note what it took to make a map that was laid out just now, from ``since`` on."""
        self._slowdown = self.turns().slowdown(since)
        is_usual = is_held and self.map_cost is None
        self.map_cost = MapCost(took_s / self._slowdown, track_count, is_usual)

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
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = ""
    return found
