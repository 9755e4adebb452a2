"""The `plan` command's time estimates agree with a simulated pipeline, and time limits are kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from spotmap_build import pipeline, stages
from spotmap_build.acquire.time_limit import NO_LIMIT, TimeLimit
from spotmap_build.acquire.timetable import (
    REQUESTS_PER_PREVIEW,
    SEARCHES_PER_TRACK,
    SECONDS_PER_DOWNLOAD,
    SECONDS_PER_PREVIEW,
    SECONDS_PER_TRACK,
    Pace,
    estimate_previews,
    estimate_recordings,
)
from spotmap_build.cache.errors import CorruptEntry
from spotmap_build.config import Config
from spotmap_build.config_values import parse_duration
from spotmap_build.errors import CacheError
from spotmap_build.progress import format_seconds, make_progress
from spotmap_build.run import Run
from tests.support.simulated_pipeline import Times, simulate_pipeline

PACE = Pace(searches_per_s=2, previews_per_s=5, download_pause_s=8, worker_count=2)


@pytest.mark.parametrize("count", [1_000, 5_000, 10_000])
@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("pause_s", [0.0, 8.0])
def test_estimate_for_recordings_agrees_with_the_simulation(count: int, workers: int, pause_s: float) -> None:
    times = Times(SEARCHES_PER_TRACK, 0.3, SECONDS_PER_DOWNLOAD, SECONDS_PER_TRACK)
    simulated_s = simulate_pipeline(count, workers, times, searches_per_s=PACE.searches_per_s, download_pause_s=pause_s)
    pace = replace(PACE, download_pause_s=pause_s, worker_count=workers)
    assert estimate_recordings(count, count, count, pace).total_s == pytest.approx(simulated_s, rel=0.05)


@pytest.mark.parametrize("count", [1_000, 5_000, 10_000])
@pytest.mark.parametrize("workers", [1, 4])
def test_estimate_for_previews_agrees_with_the_simulation(count: int, workers: int) -> None:
    times = Times(REQUESTS_PER_PREVIEW, 0.15, 0.2, SECONDS_PER_PREVIEW)
    simulated_s = simulate_pipeline(count, workers, times, searches_per_s=PACE.previews_per_s)
    pace = replace(PACE, worker_count=workers)
    assert estimate_previews(count, count, pace).total_s == pytest.approx(simulated_s, rel=0.05)


def test_estimates_in_the_documentation_match_the_code() -> None:
    page = (Path(__file__).parents[2] / "docs/spotify.md").read_text()
    defaults = Config()
    for count in (1_000, 5_000, 10_000):
        cells = [f"{count:,}"]
        for workers in (2, 4):
            pace = Pace(defaults.searches_per_s, defaults.previews_per_s, defaults.download_pause_s, workers)
            cells.append(format_seconds(estimate_previews(count, count, pace).total_s))
        whole = estimate_recordings(count, count, count, pace)
        cells += map(format_seconds, (whole.searching_s, whole.downloading_s, whole.analyzing_s, whole.total_s))
        assert f"| {' | '.join(cells)} |" in page


def test_no_work_takes_no_time() -> None:
    assert estimate_recordings(0, 0, 0, PACE).total_s == 0


def test_time_limit_is_over_at_its_end_and_grace_follows() -> None:
    now_s = 10.0
    limit = TimeLimit(12.0, "2 s", 0.5, clock=lambda: now_s)
    assert not limit.is_reached
    assert not limit.is_past_grace
    now_s = 12.0
    assert limit.is_reached
    assert not limit.is_past_grace
    now_s = 12.5
    assert limit.is_past_grace
    assert "2 s" in limit.reason
    assert not NO_LIMIT.is_reached


def test_reserve_of_a_time_limit_may_change_until_it_is_reached() -> None:
    now_s, reserved_s = 10.0, 3.0
    limit = TimeLimit(20.0, "2 s", 1.0, reserved_s=lambda: reserved_s, clock=lambda: now_s)
    assert not limit.is_reached
    now_s, reserved_s = 17.5, 2.0
    assert not limit.is_reached
    now_s = 18.25  # checked late
    assert limit.is_reached
    reserved_s = 0.0
    assert limit.is_reached
    assert not limit.is_past_grace
    now_s = 19.0  # a second after it was over
    assert limit.is_past_grace


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
def test_durations_are_parsed(text: object, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "0", "-1h", "soon", "2 hours and more", "1h 1h", "1h30", True, "31d", "9" * 5_000, "h"]
)
def test_invalid_duration_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="must be"):
        parse_duration(text)


def test_restarted_build_keeps_its_start_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started_s = []

    def find_damage(run: Run) -> None:
        started_s.append(run.clock.started_s)
        raise CorruptEntry("It is damaged.")

    monkeypatch.setattr(stages, "fetch", find_damage)
    with pytest.raises(CacheError):
        pipeline.plan(Config(out=tmp_path / "site", cache_dir=tmp_path / "cache"), make_progress("json"))
    assert len(started_s) == pipeline.CORRUPTION_LIMIT
    assert len(set(started_s)) == 1
