"""What of a time limit is kept for the stages after listening: a build ends with a map, and in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from spotmap_build.acquire.time_limit import NO_LIMIT, TimeLimit
from spotmap_build.progress import format_seconds
from spotmap_build.report import read_map_cost

if TYPE_CHECKING:
    from collections.abc import Callable

    from spotmap_build.run import Made, MapCost, Run

LOADING_S: Final = 1.5
"""Processor seconds, on a machine of two slow processors, for what the first map of a build has to load: UMAP. The rest
was loaded while something was listened to (``stages/preloading.py``)."""
FIXED_S: Final = 0.7
S_PER_TRACK: Final = 0.0015
"""Clusters, names, figures, files."""
S_PER_EPOCH: Final = 2.5e-6
"""Of one track."""
ENDING_S: Final = 0.7
"""Processor seconds of what no map's cost has in it: workers are stopped before, the report is written after."""
MARGIN: Final = 1.1
"""Over what a map is expected to take: others may come to use the machine more."""
MAX_MAP_SHARE: Final = 0.5
"""Of the limit, for the map: with less time than that a build would never listen."""
PUBLISHING_SHARE: Final = 0.2
"""Of what a map takes, for what comes after covers and excerpts."""
COVERS_SHARE: Final = 0.02
"""Of the limit, at most, for covers that nobody has fetched yet."""
GRACE_SHARE: Final = 0.01
MAX_GRACE_S: Final = 20.0
"""Of the limit, and at most: for what is being listened to when the time is over."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the next map of a build will take as on an idle machine.

    ``measured``: the latest map of this machine that was laid out, in this build or before, where there is one.
    ``is_first``: whether it is the first of its build. ``is_fresh``: whether a fresh one is wanted.
    """

    measured: MapCost | None = None
    is_first: bool = True
    is_fresh: bool = False

    def seconds(self, track_count: int) -> float:
        """Tell how long a map of so many tracks takes: by what is to be done, at the pace of the one measured."""
        made: Made = "fresh" if self.measured is None or self.is_fresh else "held"
        expected_s = map_work_s(track_count, made, is_first=self.is_first)
        return MARGIN * expected_s * self._pace + ENDING_S

    @property
    def _pace(self) -> float:
        if self.measured is None:
            return 1.0
        cost = self.measured
        return cost.seconds / map_work_s(cost.track_count, cost.made, is_first=cost.is_first)


def map_work_s(track_count: int, made: Made, *, is_first: bool) -> float:
    """Tell how many processor seconds a map takes, about: by how often which tracks are moved."""
    from spotmap_build.project.anchoring import SETTLING_EPOCHS
    from spotmap_build.project.layout import attempt_count, epoch_count

    fresh, held = epoch_count(track_count), epoch_count(track_count) + SETTLING_EPOCHS
    rounds = attempt_count(track_count) * {"fresh": fresh, "held": fresh + held, "stayed": 0}[made]
    return FIXED_S + is_first * LOADING_S + track_count * (S_PER_TRACK + rounds * S_PER_EPOCH)


@dataclass(frozen=True, slots=True)
class ReadyCounts:
    """How many tracks can go on a map by now, and how many addresses of covers came with them in this build."""

    tracks: int
    covers: int = 0


def analysis_limit(run: Run, ready: Callable[[], ReadyCounts]) -> TimeLimit:
    """Until when to listen, so that there is time to lay out what is ready by then, and to publish."""
    config = run.config
    if config.shard is not None:  # no map follows
        return _limit(run, lambda _: 0.0)

    def reserved_s(map_s: Callable[[int], float]) -> float:
        from spotmap_build.acquire.album_covers import PER_S

        now = ready()
        max_s = COVERS_SHARE * (config.time_limit_s or 0.0)
        return map_s(now.tracks) + (min(now.covers / PER_S, max_s) if config.fetch_covers else 0.0)

    return _limit(run, reserved_s)


def extras_limit(run: Run, track_count: int) -> TimeLimit:
    """Until when covers may be fetched and excerpts cut: a map does without, and they must not make a build late."""
    return _limit(run, lambda map_s: PUBLISHING_SHARE * map_s(track_count))


def _limit(run: Run, reserved_s: Callable[[Callable[[int], float]], float]) -> TimeLimit:
    """Return the end of what may take as long as there is time, so much before that of the build."""
    limit_s = run.config.time_limit_s
    if limit_s is None:
        return NO_LIMIT
    clock = run.clock
    measured = clock.map_cost or read_map_cost(run.config.report_path)
    forecast = Forecast(measured, is_first=clock.map_cost is None, is_fresh=run.config.fresh)
    max_s, grace_s = MAX_MAP_SHARE * limit_s, min(GRACE_SHARE * limit_s, MAX_GRACE_S)

    def map_s(track_count: int) -> float:
        return clock.slowdown * forecast.seconds(track_count)

    reserved_s(map_s)  # how busy the machine is, is felt by one thread before workers are started
    return TimeLimit(
        clock.started_s + limit_s,
        format_seconds(limit_s),
        grace_s,
        reserved_s=lambda: min(reserved_s(map_s), max_s) + grace_s,
    )
