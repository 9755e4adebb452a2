"""What `plan` says of the time agrees with a line of stations that works by a clock of its own."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import cast

import orjson
import pytest

from spotmap_build import pipeline, stages
from spotmap_build.acquire.time_limit import NO_LIMIT, TimeLimit
from spotmap_build.acquire.timetable import (
    REQUESTS_A_PREVIEW,
    SEARCHES_A_TRACK,
    SECONDS_A_DOWNLOAD,
    SECONDS_A_PREVIEW,
    SECONDS_A_TRACK,
    Pace,
    previews_timetable,
    recordings_timetable,
)
from spotmap_build.cache.errors import CorruptEntry
from spotmap_build.cache.store import Cache
from spotmap_build.config import Config
from spotmap_build.config_values import parse_duration
from spotmap_build.core.turns import Turns, read_turns
from spotmap_build.errors import CacheError
from spotmap_build.progress import Progress, format_seconds, make_progress
from spotmap_build.report import encode_map_cost, read_map_cost
from spotmap_build.run import Clock, MapCost, Run
from spotmap_build.stages.reserve import extras_limit, listening_limit
from tests.support.simulated_line import Times, run_line

IDLE = Turns(1.0, 0.0)
PACE = Pace(searches_per_s=2, previews_per_s=5, download_pause_s=8, worker_count=2)


@pytest.mark.parametrize("count", [1_000, 5_000, 10_000])
@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("pause_s", [0.0, 8.0])
def test_whole_recordings_take_as_long_as_the_line_that_finds_downloads_and_listens(
    count: int, workers: int, pause_s: float
) -> None:
    times = Times(SEARCHES_A_TRACK, 0.3, SECONDS_A_DOWNLOAD, SECONDS_A_TRACK)
    simulated_s = run_line(count, workers, times, searches_per_s=PACE.searches_per_s, download_pause_s=pause_s)
    pace = replace(PACE, download_pause_s=pause_s, worker_count=workers)
    assert recordings_timetable(count, count, count, pace).total_s == pytest.approx(simulated_s, rel=0.05)


@pytest.mark.parametrize("count", [1_000, 5_000, 10_000])
@pytest.mark.parametrize("workers", [1, 4])
def test_previews_take_as_long_as_the_line_that_asks_and_listens(count: int, workers: int) -> None:
    times = Times(REQUESTS_A_PREVIEW, 0.15, 0.2, SECONDS_A_PREVIEW)
    simulated_s = run_line(count, workers, times, searches_per_s=PACE.previews_per_s)
    pace = replace(PACE, worker_count=workers)
    assert previews_timetable(count, count, pace).total_s == pytest.approx(simulated_s, rel=0.05)


def test_the_page_says_how_long_libraries_take_as_plan_does() -> None:
    page = (Path(__file__).parents[2] / "docs/spotify.md").read_text()
    usual = Config()
    for count in (1_000, 5_000, 10_000):
        cells = [f"{count:,}"]
        for workers in (2, 4):
            pace = Pace(usual.searches_per_s, usual.previews_per_s, usual.download_pause_s, workers)
            cells.append(format_seconds(previews_timetable(count, count, pace).total_s))
        whole = recordings_timetable(count, count, count, pace)
        cells += map(format_seconds, (whole.searching_s, whole.downloading_s, whole.listening_s, whole.total_s))
        assert f"| {' | '.join(cells)} |" in page


def test_what_has_nothing_to_do_takes_no_time() -> None:
    assert recordings_timetable(0, 0, 0, PACE).total_s == 0


def test_a_time_limit_is_over_when_its_time_has_come() -> None:
    now_s = 10.0
    limit = TimeLimit(12.0, "2 s", 0.5, clock=lambda: now_s)
    assert not limit.is_over
    now_s = 12.0
    assert limit.is_over
    assert not limit.is_past_grace
    now_s = 12.5
    assert limit.is_past_grace
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


NOT_MEASURED = [
    b"",
    b"[]",
    b"{}",
    b"\xff",
    b'{"map_cost": 3}',
    b'{"map_cost": {"seconds": "x", "tracks": 10, "usual": true}}',
    b'{"map_cost": {"seconds": -1, "tracks": 10, "usual": true}}',
    b'{"map_cost": {"seconds": 3, "tracks": "ten", "usual": true}}',
    b'{"map_cost": {"seconds": 3, "usual": true}}',
]


def run_with(config: Config, map_cost: MapCost | None = None, *, turns: Turns = IDLE) -> Run:
    return Run(config, cast("Cache", None), cast("Progress", None), Clock(0.0, {}, map_cost, lambda: turns))


@pytest.mark.parametrize("content", NOT_MEASURED)
def test_where_no_map_was_measured_as_much_time_is_kept_as_one_takes_at_most(tmp_path: Path, content: bytes) -> None:
    config = Config(out=tmp_path / "site", time_limit_s=1000, fetch_covers=False)
    assert listening_limit(run_with(config), 1000).ends_s == pytest.approx(1000 - 13 - 10)
    config.report_path.write_bytes(content)
    assert listening_limit(run_with(config), 1000).ends_s == pytest.approx(1000 - 13 - 10)


def test_as_much_time_is_kept_for_the_map_as_the_last_one_took_and_some_more(tmp_path: Path) -> None:
    config = Config(out=tmp_path / "site", time_limit_s=1000, fetch_covers=False)
    last = MapCost(10.0, 1000, is_usual=True)
    config.report_path.write_bytes(orjson.dumps(encode_map_cost(last)))
    assert read_map_cost(config.report_path) == last
    assert listening_limit(run_with(config), 1000).ends_s == pytest.approx(1000 - 12 - 10)
    assert listening_limit(run_with(config), 5000).ends_s == pytest.approx(1000 - 12 * 25 / 13 - 10)
    of_this_build = MapCost(7.0, 1000, is_usual=False)
    assert listening_limit(run_with(config, of_this_build), 1000).ends_s == pytest.approx(1000 - 8.4 - 10)
    config.report_path.write_bytes(orjson.dumps(encode_map_cost(replace(last, is_usual=False))))
    assert listening_limit(run_with(config), 1000).ends_s == pytest.approx(1000 - 18 - 10)
    busy = run_with(config, of_this_build, turns=Turns(1.0, 2.0))
    assert listening_limit(busy, 1000).ends_s == pytest.approx(1000 - 3 * 8.4 - 10)


def test_the_first_map_of_a_build_that_is_held_to_the_last_one_tells_of_the_next() -> None:
    turns = iter([Turns(1.0, 1.0), Turns(3.0, 7.0), Turns(5.0, 9.0)])
    clock = Clock(turns=lambda: next(turns))
    assert clock.slowdown == 2
    assert clock.slowdown == 2
    clock.note_map(12.0, Turns(1.0, 1.0), 60, is_held=True)
    assert (clock.map_cost, clock.slowdown) == (MapCost(3.0, 60, is_usual=True), 4)
    clock.note_map(8.0, Turns(3.0, 7.0), 60, is_held=True)
    assert (clock.map_cost, clock.slowdown) == (MapCost(4.0, 60, is_usual=False), 2)


def test_what_the_system_says_of_a_thread_is_read_or_nothing(tmp_path: Path) -> None:
    place = tmp_path / "schedstat"
    for content, expected in (("3000000000 1500000000 77\n", Turns(3.0, 1.5)), ("", Turns()), ("a b c", Turns())):
        place.write_text(content)
        assert read_turns(place) == expected
    assert read_turns(tmp_path / "none").slowdown() == 1.0


def test_a_short_limit_is_half_for_listening_and_extras_end_in_time_to_publish(tmp_path: Path) -> None:
    run = run_with(Config(out=tmp_path / "site", time_limit_s=10, fetch_covers=True), MapCost(2.0, 60, is_usual=False))
    assert listening_limit(run_with(run.config), 100_000).ends_s == pytest.approx(10 - 5 - 0.1)
    assert extras_limit(run, 60).ends_s == pytest.approx(10 - 0.48 - 0.1)
    assert extras_limit(run_with(Config()), 10).ends_s == listening_limit(run_with(Config()), 10).ends_s == math.inf


def test_a_build_that_starts_over_has_no_more_time_than_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started_s = []

    def find_damage(run: Run) -> None:
        started_s.append(run.clock.started_s)
        raise CorruptEntry("It is damaged.")

    monkeypatch.setattr(stages, "fetch", find_damage)
    with pytest.raises(CacheError):
        pipeline.plan(Config(out=tmp_path / "site", cache_dir=tmp_path / "cache"), make_progress("json"))
    assert len(started_s) == pipeline.CORRUPTION_LIMIT
    assert len(set(started_s)) == 1
