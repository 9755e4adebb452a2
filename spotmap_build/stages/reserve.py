"""What of a time limit is kept for the stages after listening: a build ends with a map, and in time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from spotmap_build.acquire.time_limit import NO_LIMIT, TimeLimit
from spotmap_build.progress import format_seconds
from spotmap_build.report import read_map_seconds

if TYPE_CHECKING:
    from spotmap_build.run import Run

MAP_STAGES: Final = ("project", "cluster", "insights", "emit")
MAP_S: Final = 15.0
MAP_S_A_TRACK: Final = 0.005
"""What these take at most where no build has measured it yet (5,000 tracks: 40 s)."""
COMPUTED_FROM: Final = 0.1
"""The share of that below which a build has not made a map but found it in the cache: that measures nothing."""
LARGEST_SHARE: Final = 0.5
"""Of the limit, for the map: with less time than that a build would never listen."""
COVERS_SHARE: Final = 0.02
GRACE_SHARE: Final = 0.01
"""Of the limit: for covers that nobody has fetched yet, and for what is being listened to when the time is over."""


def listening_limit(run: Run, track_count: int) -> TimeLimit:
    """Until when to listen, so that there is time to lay out up to ``track_count`` tracks and to publish."""
    limit_s = run.config.time_limit_s
    if limit_s is None:
        return NO_LIMIT
    map_s = min(_map_s(run, track_count), LARGEST_SHARE * limit_s)
    covers_s = COVERS_SHARE * limit_s if run.config.fetch_covers else 0.0
    grace_s = GRACE_SHARE * limit_s
    ends_s = run.clock.started_s + limit_s - map_s - covers_s - grace_s
    return TimeLimit(ends_s, format_seconds(limit_s), grace_s)


def extras_limit(run: Run) -> TimeLimit:
    """Until when covers may be fetched and excerpts cut: a map does without, and they must not make a build late."""
    limit_s = run.config.time_limit_s
    if limit_s is None:
        return NO_LIMIT
    grace_s = GRACE_SHARE * limit_s
    ends_s = run.clock.started_s + limit_s - grace_s - run.clock.latest.get("emit", 0.0)
    return TimeLimit(ends_s, format_seconds(limit_s), grace_s)


def _map_s(run: Run, track_count: int) -> float:
    """By the map that this build has made, else by the last build's, else by what it takes at most."""
    if "emit" in run.clock.latest:
        return sum(run.clock.latest.get(stage, 0.0) for stage in MAP_STAGES)
    guess_s = _guess_s(track_count)
    measured, mapped_count = read_map_seconds(run.config.report_path)
    factor = sum(measured.get(stage, 0.0) for stage in MAP_STAGES) / _guess_s(mapped_count)
    return guess_s if factor < COMPUTED_FROM else factor * guess_s


def _guess_s(track_count: int) -> float:
    return MAP_S + MAP_S_A_TRACK * track_count
