"""What `plan` says of the time agrees with a line of stations that works by a clock of its own."""

from __future__ import annotations

import heapq
from pathlib import Path

import orjson
import pytest

from spotmap_build.acquire.time_limit import NO_LIMIT, TimeLimit
from spotmap_build.acquire.timetable import (
    SEARCHES_A_TRACK,
    SECONDS_A_PREVIEW,
    SECONDS_A_TRACK,
    Pace,
    previews_timetable,
    recordings_timetable,
)
from spotmap_build.config_values import parse_duration
from spotmap_build.report import read_seconds

PACE = Pace(searches_per_s=2, previews_per_s=5, download_pause_s=8, worker_count=2)


def line(arrivals_s: list[float], seconds_each: float, servers: int) -> list[float]:
    """When each of a station's items is done: ``servers`` at once, in the order in which they arrive."""
    free = [0.0] * servers
    done = []
    for arrives_s in arrivals_s:
        ends_s = max(arrives_s, heapq.heappop(free)) + seconds_each
        heapq.heappush(free, ends_s)
        done.append(ends_s)
    return done


@pytest.mark.parametrize("count", [1_000, 5_000, 10_000])
@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("pause_s", [0.0, 2.0, 8.0])
def test_whole_recordings_take_as_long_as_the_line_that_finds_downloads_and_listens(
    count: int, workers: int, pause_s: float
) -> None:
    found = line([0.0] * count, SEARCHES_A_TRACK / PACE.searches_per_s, 1)
    fetched = line(line(found, pause_s, 1), 2.0, 2)
    simulated_s = line(fetched, SECONDS_A_TRACK, workers)[-1]
    pace = Pace(PACE.searches_per_s, PACE.previews_per_s, pause_s, workers)
    assert recordings_timetable(count, count, count, pace).total_s == pytest.approx(simulated_s, rel=0.05)


@pytest.mark.parametrize("count", [1_000, 5_000, 10_000])
@pytest.mark.parametrize("workers", [1, 4])
def test_previews_take_as_long_as_the_line_that_asks_and_listens(count: int, workers: int) -> None:
    asked = line([0.0] * count, 1.1 / PACE.previews_per_s, 1)
    simulated_s = line(asked, SECONDS_A_PREVIEW, workers)[-1]
    pace = Pace(PACE.searches_per_s, PACE.previews_per_s, 8, workers)
    assert previews_timetable(count, count, pace).total_s == pytest.approx(simulated_s, rel=0.05)


def test_what_has_nothing_to_do_takes_no_time() -> None:
    assert recordings_timetable(0, 0, 0, PACE).total_s == 0


def test_a_time_limit_is_over_when_its_time_has_come() -> None:
    now_s = 10.0
    limit = TimeLimit(12.0, "2 s", clock=lambda: now_s)
    assert not limit.is_over
    now_s = 12.0
    assert limit.is_over
    assert "2 s" in limit.sentence
    assert not NO_LIMIT.is_over


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2h", 7_200),
        ("90m", 5_400),
        ("1h 30m", 5_400),
        ("1h30m", 5_400),
        ("45", 45),
        ("45 s", 45),
        ("1.5 h", 5_400),
        ("1d 2h", 93_600),
        (90, 90),
        ("20 min", 1_200),
    ],
)
def test_times_are_read_as_people_write_them(text: object, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "0", "-1h", "soon", "2 hours and more", "1h 1h", "1h30", True, "31d", "9" * 5_000, "h"]
)
def test_what_is_no_time_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="must be"):
        parse_duration(text)


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"seconds": 3}', b'{"seconds": {"emit": "x", "project": -1}}', b"\xff"]
)
def test_a_report_that_says_no_seconds_says_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "report.json").write_bytes(content)
    assert read_seconds(tmp_path / "report.json") == {}
    assert read_seconds(tmp_path / "none.json") == {}


def test_the_seconds_of_the_last_build_are_read_from_its_report(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_bytes(orjson.dumps({"seconds": {"emit": 1.5, "project": 3}}))
    assert read_seconds(tmp_path / "report.json") == {"emit": 1.5, "project": 3.0}
