"""How long it takes to find, download and listen to tracks. Pure.

The stations of the line work at once, each on what the one before has done: the slowest governs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SECONDS_A_TRACK: Final = 1.5
"""Processor seconds for decoding, a network and the 41 features. ``python -m benchmarks.listening --a-track`` measures
them, with musicnn on a busy machine: 1.24 for 24 tracks of 2.8 minutes, 1.47 for 16 of 3.0; songs are a bit longer."""
SECONDS_A_PREVIEW: Final = 0.8
"""The same for 30 seconds: 0.74 and 0.90 in these runs."""
SEARCHES_A_TRACK: Final = 1.3
"""Most tracks are found by the first query, some take several."""
REQUESTS_A_PREVIEW: Final = 1.1
"""The answer to an ISRC brings the preview's address; a search, or an address that is too old, takes one more."""
SECONDS_A_DOWNLOAD: Final = 2.0
"""What a download itself takes, at least; two are under way at once."""
DOWNLOADS_AT_ONCE: Final = 2


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast each station is; see :class:`~spotmap_build.config.Config` for the first three."""

    searches_per_s: float
    previews_per_s: float
    download_pause_s: float
    worker_count: int


@dataclass(frozen=True, slots=True)
class Timetable:
    """Seconds that each station takes by itself; 0 where it has nothing to do."""

    searching_s: float = 0.0
    downloading_s: float = 0.0
    listening_s: float = 0.0

    @property
    def total_s(self) -> float:
        """How long all of it takes: as long as the slowest."""
        return max(self.searching_s, self.downloading_s, self.listening_s)


def previews_timetable(count: int, to_listen_to: int, pace: Pace) -> Timetable:
    """Tell how long it takes to ask for ``count`` previews, and to listen to ``to_listen_to`` of them.

    Examples
    --------
    >>> pace = Pace(searches_per_s=2, previews_per_s=5, download_pause_s=8, worker_count=4)
    >>> round(previews_timetable(5_000, 5_000, pace).total_s / 60)
    18
    """
    return Timetable(
        downloading_s=count * REQUESTS_A_PREVIEW / pace.previews_per_s,
        listening_s=to_listen_to * SECONDS_A_PREVIEW / pace.worker_count,
    )


def recordings_timetable(searches: int, downloads: int, to_listen_to: int, pace: Pace) -> Timetable:
    """Tell how long it takes to find, to download and to listen to so many whole recordings.

    Examples
    --------
    >>> pace = Pace(searches_per_s=2, previews_per_s=5, download_pause_s=8, worker_count=4)
    >>> round(recordings_timetable(10_000, 10_000, 10_000, pace).total_s / 3600)
    22
    """
    return Timetable(
        searching_s=searches * SEARCHES_A_TRACK / pace.searches_per_s,
        downloading_s=downloads * max(pace.download_pause_s, SECONDS_A_DOWNLOAD / DOWNLOADS_AT_ONCE),
        listening_s=to_listen_to * SECONDS_A_TRACK / pace.worker_count,
    )
