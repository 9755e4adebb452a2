"""Estimates of the time needed to find, download and analyze tracks. Pure.

The stages run in parallel as a pipeline, so the slowest one determines the total.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SECONDS_PER_TRACK: Final = 1.5
"""Processor seconds per track for decoding, the network and the 41 features, as measured by
``python -m benchmarks.listening --a-track`` with musicnn on a busy machine: 1.24 for 24 tracks of 2.8 minutes, 1.47 for
16 tracks of 3.0 minutes. Songs are slightly longer."""
SECONDS_PER_PREVIEW: Final = 0.8
"""The same for a preview of 30 seconds: 0.74 and 0.90 in these runs."""
SEARCHES_PER_TRACK: Final = 1.3
"""Most tracks are found by the first query, some need several."""
REQUESTS_PER_PREVIEW: Final = 1.1
"""The response to an ISRC includes the preview's URL; a search, or an expired URL, takes another request."""
SECONDS_PER_DOWNLOAD: Final = 2.0
"""Minimum duration of a download; two run at the same time."""
CONCURRENT_DOWNLOADS: Final = 2


@dataclass(frozen=True, slots=True)
class Pace:
    """Rates of the stages; see :class:`~spotmap_build.config.Config` for the first three."""

    searches_per_s: float
    previews_per_s: float
    download_pause_s: float
    worker_count: int


@dataclass(frozen=True, slots=True)
class TimeEstimate:
    """Seconds that each stage takes by itself; 0 if it has nothing to do."""

    searching_s: float = 0.0
    downloading_s: float = 0.0
    analyzing_s: float = 0.0

    @property
    def total_s(self) -> float:
        """Seconds for the whole pipeline: those of the slowest stage."""
        return max(self.searching_s, self.downloading_s, self.analyzing_s)


def estimate_previews(count: int, to_analyze: int, pace: Pace) -> TimeEstimate:
    """Estimate the time to request ``count`` previews and analyze ``to_analyze`` of them.

    Examples
    --------
    >>> pace = Pace(searches_per_s=2, previews_per_s=5, download_pause_s=8, worker_count=4)
    >>> round(estimate_previews(5_000, 5_000, pace).total_s / 60)
    18
    """
    return TimeEstimate(
        downloading_s=count * REQUESTS_PER_PREVIEW / pace.previews_per_s,
        analyzing_s=to_analyze * SECONDS_PER_PREVIEW / pace.worker_count,
    )


def estimate_recordings(searches: int, downloads: int, to_analyze: int, pace: Pace) -> TimeEstimate:
    """Estimate the time to find, download and analyze whole recordings.

    Examples
    --------
    >>> pace = Pace(searches_per_s=2, previews_per_s=5, download_pause_s=8, worker_count=4)
    >>> round(estimate_recordings(10_000, 10_000, 10_000, pace).total_s / 3600)
    22
    """
    return TimeEstimate(
        searching_s=searches * SEARCHES_PER_TRACK / pace.searches_per_s,
        downloading_s=downloads * max(pace.download_pause_s, SECONDS_PER_DOWNLOAD / CONCURRENT_DOWNLOADS),
        analyzing_s=to_analyze * SECONDS_PER_TRACK / pace.worker_count,
    )
