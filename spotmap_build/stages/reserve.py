"""Reserve part of a time limit for the stages after the analysis, so that a build ends in time with a map."""

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
"""Processor seconds to load UMAP for the first map of a build, on a machine with two slow processors. The rest is
loaded during the analysis (``stages/preloading.py``)."""
FIXED_S: Final = 0.7
S_PER_TRACK: Final = 0.0015
"""Processor seconds per track for clusters, names, figures and files."""
S_PER_EPOCH: Final = 2.5e-6
"""Processor seconds per track and epoch of the layout."""
ENDING_S: Final = 0.7
"""Processor seconds that are in no map's cost: to stop the workers before it, and to write the report after it."""
MARGIN: Final = 1.1
"""Factor on the expected cost of a map, because the machine may become busier."""
MAX_MAP_SHARE: Final = 0.5
"""Maximum share of the time limit that is reserved for the map; otherwise a short limit would leave no analysis."""
PUBLISHING_SHARE: Final = 0.2
"""Share of a map's cost that comes after covers and excerpts."""
COVERS_SHARE: Final = 0.02
"""Maximum share of the time limit that is reserved for covers that are not cached yet."""
GRACE_SHARE: Final = 0.01
MAX_GRACE_S: Final = 20.0
"""Time for running jobs after the limit: a share of it, and a maximum."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """Predicts the cost of the next map on an idle machine.

    ``measured``: the last map that was laid out on this machine, if there is one. ``is_first``: whether the next map is
    the first of its build. ``is_fresh``: whether a fresh layout is requested.
    """

    measured: MapCost | None = None
    is_first: bool = True
    is_fresh: bool = False

    def seconds(self, track_count: int) -> float:
        """Return the expected processor seconds of a map, by its amount of work at the pace of the measured one."""
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
    """Return roughly how many processor seconds a map takes, by the number of epochs and tracks."""
    from spotmap_build.project.anchoring import SETTLING_EPOCHS
    from spotmap_build.project.layout import attempt_count, epoch_count

    fresh, held = epoch_count(track_count), epoch_count(track_count) + SETTLING_EPOCHS
    rounds = attempt_count(track_count) * {"fresh": fresh, "held": fresh + held, "stayed": 0}[made]
    return FIXED_S + is_first * LOADING_S + track_count * (S_PER_TRACK + rounds * S_PER_EPOCH)


@dataclass(frozen=True, slots=True)
class ReadyCounts:
    """Number of tracks that can go on a map now, and of cover URLs that were found with them in this build."""

    tracks: int
    covers: int = 0


def analysis_limit(run: Run, ready: Callable[[], ReadyCounts]) -> TimeLimit:
    """Return the time limit of the analysis, which leaves time to lay out and publish the tracks that are ready."""
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
    """Return the time limit for fetching covers and cutting excerpts, which are optional and must not delay a build."""
    return _limit(run, lambda map_s: PUBLISHING_SHARE * map_s(track_count))


def _limit(run: Run, reserved_s: Callable[[Callable[[int], float]], float]) -> TimeLimit:
    """Return a time limit that ends before the build's by the reserved time."""
    limit_s = run.config.time_limit_s
    if limit_s is None:
        return NO_LIMIT
    clock = run.clock
    measured = clock.map_cost or read_map_cost(run.config.report_path)
    forecast = Forecast(measured, is_first=clock.map_cost is None, is_fresh=run.config.fresh)
    max_s, grace_s = MAX_MAP_SHARE * limit_s, min(GRACE_SHARE * limit_s, MAX_GRACE_S)

    def map_s(track_count: int) -> float:
        return clock.slowdown * forecast.seconds(track_count)

    reserved_s(map_s)  # the load of the machine is measured before workers add to it
    return TimeLimit(
        clock.started_s + limit_s,
        format_seconds(limit_s),
        grace_s,
        reserved_s=lambda: min(reserved_s(map_s), max_s) + grace_s,
    )
