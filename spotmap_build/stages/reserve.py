"""What of a time limit is kept for the stages after listening: a build ends with a map, and in time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from spotmap_build.acquire.time_limit import NO_LIMIT, TimeLimit
from spotmap_build.progress import format_seconds
from spotmap_build.report import read_map_cost

if TYPE_CHECKING:
    from collections.abc import Callable

    from spotmap_build.run import Run

MAP_S: Final = 10.0
MAP_S_A_TRACK: Final = 0.003
"""What a map takes at most on an idle machine, where none has been measured yet (5,000 tracks: 25 s)."""
MARGIN: Final = 1.2
"""Over what was measured: others may come to use the machine more."""
MARGIN_OF_USUAL: Final = 1.8
"""The same where an earlier build measured another kind (processor seconds of whole commands: 9 for 283 tracks from
scratch, 15 and 12 for 447 and 700 that are held to what was there; some 5 of each are loading)."""
LARGEST_SHARE: Final = 0.5
"""Of the limit, for the map: with less time than that a build would never listen."""
PUBLISHING_SHARE: Final = 0.2
"""Of what a map takes, for what comes after covers and excerpts."""
COVERS_SHARE: Final = 0.02
GRACE_SHARE: Final = 0.01
"""Of the limit: for covers that nobody has fetched yet, and for what is being listened to when the time is over."""


def listening_limit(run: Run, track_count: int) -> TimeLimit:
    """Until when to listen, so that there is time to lay out up to ``track_count`` tracks and to publish."""
    if run.config.shard is not None:  # no map follows
        return _limit(run, lambda _: 0.0)
    covers_share = COVERS_SHARE if run.config.fetch_covers else 0.0
    return _limit(run, lambda limit_s: _map_s(run, track_count) + covers_share * limit_s)


def extras_limit(run: Run, track_count: int) -> TimeLimit:
    """Until when covers may be fetched and excerpts cut: a map does without, and they must not make a build late."""
    return _limit(run, lambda _: PUBLISHING_SHARE * _map_s(run, track_count))


def _limit(run: Run, kept_s: Callable[[float], float]) -> TimeLimit:
    """Return the end of what may take as long as there is time, so much before that of the build."""
    limit_s = run.config.time_limit_s
    if limit_s is None:
        return NO_LIMIT
    grace_s = GRACE_SHARE * limit_s
    ends_s = run.clock.started_s + limit_s - min(kept_s(limit_s), LARGEST_SHARE * limit_s) - grace_s
    return TimeLimit(ends_s, format_seconds(limit_s), grace_s)


def _map_s(run: Run, track_count: int) -> float:
    """How long a map will take: by the last that was laid out, in this build or before, else what it takes at most.

    A map that is found in the cache measures nothing. Where others use the machine, it takes so much longer.
    """
    return run.clock.slowdown * _idle_map_s(run, track_count)


def _idle_map_s(run: Run, track_count: int) -> float:
    guess_s = _guess_s(track_count)
    measured = run.clock.map_cost or read_map_cost(run.config.report_path)
    if measured is None:
        return guess_s
    is_alike = measured.is_usual or run.clock.map_cost is not None
    margin = MARGIN if is_alike else MARGIN_OF_USUAL
    return margin * measured.seconds * guess_s / _guess_s(measured.track_count)


def _guess_s(track_count: int) -> float:
    return MAP_S + MAP_S_A_TRACK * track_count
