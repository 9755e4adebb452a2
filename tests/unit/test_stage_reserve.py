"""The part of a time limit that is reserved for the map: its cost, the load of the machine, the number of tracks."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, cast

import orjson
import pytest

from spotmap_build.cache.keys import Key
from spotmap_build.cache.memo import memoize
from spotmap_build.cache.store import Cache
from spotmap_build.config import Config
from spotmap_build.core.cpu_contention import (
    MIN_RUN_IN_WINDOW_S,
    WINDOW_S,
    Contention,
    ContentionMonitor,
    CpuTimes,
    process_age_s,
    read_cpu_times,
    read_cpu_times_by_thread,
)
from spotmap_build.progress import Progress
from spotmap_build.project.anchoring import Anchored, Drift
from spotmap_build.report import encode_map_cost, read_map_cost
from spotmap_build.run import Clock, Made, MapCost, Run
from spotmap_build.stages import reserve
from spotmap_build.stages.project import Projection, layout_codec
from spotmap_build.stages.reserve import (
    ENDING_S,
    MARGIN,
    Forecast,
    ReadyCounts,
    analysis_limit,
    extras_limit,
    map_work_s,
)

IDLE = CpuTimes(1.0, 0.0)
NOT_MEASURED = [
    b"",
    b"[]",
    b"{}",
    b"\xff",
    b'{"map_cost": 3}',
    b'{"map_cost": {"seconds": "x", "tracks": 10, "made": "held", "first": true}}',
    b'{"map_cost": {"seconds": -1, "tracks": 10, "made": "held", "first": true}}',
    b'{"map_cost": {"seconds": 3, "tracks": "ten", "made": "held", "first": true}}',
    b'{"map_cost": {"seconds": 3, "tracks": 10, "made": "baked", "first": true}}',
    b'{"map_cost": {"seconds": 3, "tracks": 10, "usual": true}}',
]


def run_with(config: Config, map_cost: MapCost | None = None, *, cpu_times: CpuTimes = IDLE) -> Run:
    clock = Clock(0.0, {}, map_cost, lambda: cpu_times, ContentionMonitor(dict))
    return Run(config, cast("Cache", None), cast("Progress", None), clock)


def reserved_s(run: Run, tracks: int, covers: int = 0) -> float:
    """Return how much of the limit is reserved for everything after the analysis."""
    return (
        cast("float", run.config.time_limit_s) - analysis_limit(run, lambda: ReadyCounts(tracks, covers)).last_start_s
    )


@pytest.mark.parametrize(
    ("tracks", "made", "is_first", "seconds"),
    [
        (0, "fresh", True, 2.2),  # little to lay out, but everything to load
        (60, "fresh", True, 2.9),
        (356, "fresh", True, 5.0),
        (356, "held", True, 8.1),  # a fresh layout and an anchored one
        (661, "held", False, 7.6),  # everything is loaded
        (661, "stayed", False, 1.7),
        (2_000, "fresh", True, 7.7),  # one layout; smaller maps get several
        (20_000, "fresh", True, 42.2),
    ],
)
def test_map_work_depends_on_tracks_and_kind_of_layout(tracks: int, made: Made, is_first: bool, seconds: float) -> None:
    assert map_work_s(tracks, made, is_first=is_first) == pytest.approx(seconds, abs=0.06)


@pytest.mark.parametrize(("made", "is_first"), [("fresh", True), ("fresh", False), ("held", True), ("stayed", False)])
def test_measured_cost_of_any_kind_scales_the_forecast(made: Made, is_first: bool) -> None:
    twice_as_slow = MapCost(2 * map_work_s(300, made, is_first=is_first), 300, made, is_first)
    expected_s = 2 * MARGIN * map_work_s(700, "held", is_first=True) + ENDING_S
    assert Forecast(twice_as_slow).seconds(700) == pytest.approx(expected_s)
    expected_s = 2 * MARGIN * map_work_s(700, "fresh", is_first=False) + ENDING_S
    assert Forecast(twice_as_slow, is_first=False, is_fresh=True).seconds(700) == pytest.approx(expected_s)
    assert Forecast().seconds(700) == pytest.approx(MARGIN * map_work_s(700, "fresh", is_first=True) + ENDING_S)


@pytest.mark.parametrize("content", NOT_MEASURED)
def test_without_a_measurement_a_first_map_is_forecast(tmp_path: Path, content: bytes) -> None:
    config = Config(out=tmp_path / "site", time_limit_s=1000, fetch_covers=False)
    expected_s = Forecast().seconds(1000) + 10
    assert reserved_s(run_with(config), 1000) == pytest.approx(expected_s)
    config.report_path.write_bytes(content)
    assert reserved_s(run_with(config), 1000) == pytest.approx(expected_s)


def test_measured_cost_is_read_from_the_report_or_this_build(tmp_path: Path) -> None:
    config = Config(out=tmp_path / "site", time_limit_s=1000, fetch_covers=False)
    last, of_this_build = MapCost(10.0, 1000, "held", is_first=True), MapCost(7.0, 900, "fresh", is_first=True)
    config.report_path.write_bytes(orjson.dumps(encode_map_cost(last)))
    assert read_map_cost(config.report_path) == last
    assert reserved_s(run_with(config), 1000) == pytest.approx(Forecast(last).seconds(1000) + 10)
    after = Forecast(of_this_build, is_first=False)
    assert reserved_s(run_with(config, of_this_build), 5000) == pytest.approx(after.seconds(5000) + 10)
    busy = run_with(config, of_this_build, cpu_times=CpuTimes(1.0, 2.0))
    assert reserved_s(busy, 1000) == pytest.approx(3 * after.seconds(1000) + 10)


def test_time_for_covers_is_reserved_if_some_are_missing(tmp_path: Path) -> None:
    config = Config(out=tmp_path / "site", time_limit_s=1000, fetch_covers=True)
    without_s = reserved_s(run_with(config), 1000)
    assert reserved_s(run_with(config), 1000, covers=50) == pytest.approx(without_s + 5)
    assert reserved_s(run_with(config), 1000, covers=5000) == pytest.approx(without_s + 20)
    assert reserved_s(run_with(replace(config, fetch_covers=False)), 1000, covers=50) == pytest.approx(without_s)


def test_short_limit_is_split_in_half_and_extras_end_before_publishing(tmp_path: Path) -> None:
    config = Config(out=tmp_path / "site", time_limit_s=10, fetch_covers=True)
    assert reserved_s(run_with(config), 100_000) == pytest.approx(5 + 0.1)
    run = run_with(config, MapCost(2.0, 60, "fresh", is_first=False))
    publishing_s = reserve.PUBLISHING_SHARE * Forecast(run.clock.map_cost, is_first=False).seconds(60)
    assert extras_limit(run, 60).last_start_s == pytest.approx(10 - publishing_s - 0.1)
    unlimited = run_with(Config())
    assert (
        extras_limit(unlimited, 10).last_start_s
        == analysis_limit(unlimited, lambda: ReadyCounts(10)).last_start_s
        == math.inf
    )
    day = replace(config, time_limit_s=86_400, fetch_covers=False)
    assert reserved_s(run_with(day), 60) == pytest.approx(Forecast().seconds(60) + reserve.MAX_GRACE_S)


def test_map_cost_is_measured_after_the_analysis_and_scaled_to_an_idle_machine() -> None:
    samples = [(1.0, 1.0), (2.0, 1.0), (3.0, 7.0), (5.0, 9.0), (6.0, 9.0), (7.0, 9.0), (8.0, 9.0)]
    cpu_times = (CpuTimes(*each) for each in samples)
    clock = Clock(cpu_times=lambda: next(cpu_times), monitor=ContentionMonitor(dict))
    assert clock.slowdown == 2
    clock.begin_map()
    clock.begin_map()  # has no effect
    clock.started_s -= 12.0  # 12 seconds pass
    clock.seconds["covers"] = 4.0
    clock.end_map(60, "fresh")
    assert clock.slowdown == 7
    assert clock.map_cost is not None
    assert (clock.map_cost.track_count, clock.map_cost.made, clock.map_cost.is_first) == (60, "fresh", True)
    assert clock.map_cost.seconds == pytest.approx(8 / 7, abs=0.01)
    clock.begin_map()
    assert clock.slowdown == 1  # of the new map so far
    clock.end_map(60, None)  # cached
    assert (clock.slowdown, clock.map_cost.is_first) == (7, True)
    clock.begin_map()
    clock.end_map(60, "held")
    assert (clock.map_cost.made, clock.map_cost.is_first) == ("held", False)


@pytest.mark.parametrize(
    ("drift", "reason", "held", "made"),
    [
        (None, "", None, "fresh"),
        (Drift(0.0, 0.0, 9), "", None, "stayed"),
        (Drift(0.0, 0.01, 9), "", None, "held"),
        (Drift(0.2, 0.3, 9), "A new layout was requested.", None, "fresh"),
        (Drift(0.2, 0.3, 9), "Keeping the known tracks in place would have cost too much.", 0.7, "held"),
    ],
)
def test_kind_of_layout_is_known_from_a_cached_projection(
    drift: Drift | None, reason: str, held: float | None, made: Made, tmp_path: Path
) -> None:
    import numpy as np

    places = np.zeros((9, 2), dtype=np.float32)
    anchored = Anchored(places, drift, 0.9, 0.9, reason, held) if drift is not None else None
    with Cache.open(tmp_path) as cache:
        kept = memoize(cache, Key("layout", 1, {}), lambda: Projection(places, anchored), layout_codec(len(places)))
        assert kept.value.made == made


@pytest.mark.parametrize(
    ("contention", "known", "processors", "expected"),
    [
        (Contention(1.0, 2.0), 1.0, 2, 1.0),
        (Contention(1.0, 2.0), 5.0, 2, 1.0),  # other processes have ended
        (Contention(1.4, 2.8), 1.0, 2, 1.0),  # no other processes
        (Contention(4.0, 2.0), 3.0, 2, 3.0),  # consistent with the measurement
        (Contention(4.0, 2.0), 1.0, 2, math.sqrt(2.0 * 3.5)),  # other processes have started
        (Contention(4.0, 2.0), 9.0, 2, math.sqrt(2.0 * 3.5)),
        (Contention(3.0, 1.0), 1.0, 2, 3.0),  # only one own thread ran
        (Contention(6.0, 16.0), 3.0, 16, 3.0),
    ],
)
def test_slowdown_of_one_thread_is_estimated_from_many(
    contention: Contention, known: float, processors: int, expected: float
) -> None:
    assert contention.slowdown_of_one(known, processors) == pytest.approx(expected)


def test_contention_is_measured_from_the_first_sample_over_a_window() -> None:
    now_s, found = 0.0, {"main": CpuTimes(9.0, 9.0)}
    monitor = ContentionMonitor(lambda: dict(found), lambda: now_s)
    assert monitor.recent() is None
    now_s = 10.0
    found |= {"main": CpuTimes(9.1, 9.0), "worker": CpuTimes(500.0, 0.0)}  # start time unknown
    assert monitor.recent() is None
    now_s = 20.0
    found |= {"main": CpuTimes(9.2, 9.0), "worker": CpuTimes(505.0, 5.0)}
    contention = monitor.recent()
    assert contention is not None
    assert (contention.slowdown, contention.mean_runnable) == pytest.approx(
        (10.2 / 5.2, 1 + (10.2 - 100.04 / 10.2) / 20)
    )
    now_s += WINDOW_S
    found = {"main": CpuTimes(9.2 + MIN_RUN_IN_WINDOW_S, 9.0)}  # the worker has ended
    contention = monitor.recent()
    assert contention is not None
    assert (contention.slowdown, contention.mean_runnable) == (1.0, 1.0)


def test_schedstat_of_threads_is_parsed_or_empty(tmp_path: Path) -> None:
    place = tmp_path / "schedstat"
    for content, expected in (
        ("3000000000 1500000000 77\n", CpuTimes(3.0, 1.5)),
        ("", CpuTimes()),
        ("a b c", CpuTimes()),
    ):
        place.write_text(content)
        assert read_cpu_times(place) == expected
    assert read_cpu_times(tmp_path / "none").slowdown() == 1.0
    assert read_cpu_times_by_thread(tmp_path / "none") == {}
    for thread, children in (("7", "9 10"), ("8", "")):
        folder = tmp_path / "7/task" / thread
        folder.mkdir(parents=True)
        (folder / "schedstat").write_text("1000000000 0 1\n")
        (folder / "children").write_text(children)
    (tmp_path / "9").mkdir()
    (tmp_path / "9/schedstat").write_text("2000000000 1000000000 1\n")
    found = read_cpu_times_by_thread(tmp_path / "7")
    assert found == {"7": CpuTimes(1.0, 0.0), "8": CpuTimes(1.0, 0.0), "9": CpuTimes(2.0, 1.0), "10": CpuTimes()}


@pytest.mark.parametrize("content", [None, "", "7 (a b", "7 (odd) name) S 1"])
def test_unknown_process_age_falls_back_to_cpu_time(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "stat").write_text(content)
    assert process_age_s(tmp_path / "stat") > 0
    assert process_age_s() > 0


@dataclass
class Machine:
    """A simulated machine with other users, which shares processors by thread or by group."""

    processors: int
    sharing: Literal["threads", "groups"]
    others: Callable[[float], int]
    now_s: float = 0.0
    seen: dict[str, CpuTimes] = field(default_factory=dict)

    def slowdown(self, ours: int) -> float:
        others = self.others(self.now_s)
        if self.sharing == "threads":
            return max(1.0, (ours + others) / self.processors)
        return max(1.0, ours * (1 + others) / self.processors)  # each other process is a group

    def pass_s(self, seconds: float, *threads: str) -> float:
        """Run threads in parallel for a while and return how long each has run."""
        slowdown = self.slowdown(len(threads))
        ran_s = seconds / slowdown
        for name in threads:
            before = self.seen.get(name, CpuTimes())
            self.seen[name] = CpuTimes(before.ran_s + ran_s, before.waited_s + seconds - ran_s)
        self.now_s += seconds
        return ran_s


@pytest.mark.parametrize("sharing", ["threads", "groups"])
@pytest.mark.parametrize(
    ("others", "limit_s"),
    [
        (lambda _: 0, 60),
        (lambda _: 2, 120),
        (lambda _: 5, 200),
        (lambda now_s: 4 if now_s > 60 else 0, 400),  # others start
        (lambda now_s: 0 if now_s > 60 else 4, 400),  # others end
        (lambda now_s: 8 if now_s < 30 else 0, 120),
    ],
    ids=["idle", "busy", "very busy", "busier", "less busy", "busy at first"],
)
@pytest.mark.parametrize("pace", [0.6, 1.0, 1.5])
def test_time_limit_is_kept_on_a_busy_machine(
    tmp_path: Path,
    sharing: Literal["threads", "groups"],
    others: Callable[[float], int],
    limit_s: float,
    pace: float,
) -> None:
    machine = Machine(2, sharing, others)
    config = Config(out=tmp_path / "site", time_limit_s=limit_s, fetch_covers=False)
    measured = MapCost(pace * map_work_s(250, "fresh", is_first=True), 250, "fresh", is_first=True)
    config.report_path.write_bytes(orjson.dumps(encode_map_cost(measured)))
    machine.pass_s(2.0, "main")
    clock = Clock(
        0.0,
        cpu_times=lambda: machine.seen["main"],
        monitor=ContentionMonitor(lambda: dict(machine.seen), lambda: machine.now_s),
    )
    run = Run(config, cast("Cache", None), cast("Progress", None), clock)
    embedded_count = 250.0
    limit = replace(analysis_limit(run, lambda: ReadyCounts(int(embedded_count))), clock=lambda: machine.now_s)
    while not limit.is_past_grace:
        embedded_count += machine.pass_s(0.5, "one", "two") * 2
    work_s = pace * map_work_s(int(embedded_count), "held", is_first=True)
    while work_s > 0:
        work_s -= machine.pass_s(0.1, "main")
    assert abs(machine.now_s / limit_s - 1) < 0.05
