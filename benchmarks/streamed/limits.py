"""Check that ``--time-limit`` ends in time, and that many limited builds give the map of one long build."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

from benchmarks.streamed.library import Oddities, make_up, serve
from spotmap_build.emit.published import PublishedMap, read_published
from spotmap_build.project.anchoring import MAX_LOSS
from tests.support.command import Outcome, report, run_in_new_interpreter
from tests.support.streaming import UNTHROTTLED, Services

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array
    from spotmap_build.project.anchoring import Drift

JOBS: Final = {"SPOTMAP_JOBS": "2"}
TOLERANCE: Final = 0.05
"""How late a build may end, as a share of its limit."""
MAX_BUILDS: Final = 40
LISTENING_SHARE: Final = 0.75
"""Approximate share of a limit; the rest is for the map."""
PROMISE: Final = 0.01
"""Share of the map's diagonal: half of the known tracks move by less (docs/decisions/0004)."""


@dataclass(frozen=True)
class Timed:
    """A build with a time limit: how it ended, and after how many seconds."""

    outcome: Outcome
    took_s: float

    @property
    def waiting(self) -> str:
        """The part of its summary about waiting tracks."""
        found = re.search(r"The time limit was reached before ([\d,]+) recording", self.outcome.stderr)
        return found[1] if found else "0"

    @property
    def moved(self) -> float:
        """Median move of the known tracks in the layout, as a share of the map; 0 if none was anchored."""
        found = re.search(r"half of these moved by less than ([\d.]+)%", self.outcome.stderr)
        return float(found[1]) / 100 if found else 0.0


def measure_limits(count: int, limits_s: list[float], others: int, folder: Path) -> int:
    """Print when builds with a limit ended, and their summaries: for each limit, a first build and a continued one.

    After a third of each limit, ``others`` processes begin to use one processor each, until the build ends.
    """
    late = False
    print("| limit | audio | build | took | off by | exit | on the map | wait |\n|---|---|---|---|---|---|---|---|")
    for limit_s in limits_s:
        for audio in ("auto", "youtube"):
            with library_in(folder / "limits", count) as running:
                for build in ("first", "second"):
                    with processors_in_use(others, limit_s / 3):
                        timed = build_within(running, limit_s, audio)
                    off = timed.took_s / limit_s - 1
                    # A build with nothing left to do ends early, and a share of a very short limit means nothing.
                    late = late or off > max(TOLERANCE, 1 / limit_s)
                    print(
                        f"| {limit_s:g} s | {audio} | {build} | {timed.took_s:.1f} s | {off:+.1%} | "
                        f"{timed.outcome.status} | {report(running.folder)['mapped']} | {timed.waiting} |",
                        flush=True,
                    )
    return 1 if late else 0


def measure_many(count: int, limit_s: float, builds: int, folder: Path) -> int:
    """Print how the map of many builds with a limit differs from that of one build without.

    As on YouTube, there is a pause between downloads. Its length is chosen so that the library takes about ``builds``
    builds, however fast the machine is.
    """
    with library_in(folder / "long", count) as running:
        _check(running.build("--audio", "youtube", extra=JOBS, timeout_s=3_600))
        one, one_report = read_published(str(running.folder / "site")), report(running.folder)
    pause_s = LISTENING_SHARE * limit_s * builds / count
    print(
        "| build | took | off by | tracks | wait | half, 95 % of the known moved by, as published | half, as laid out |"
    )
    print("|---|---|---|---|---|---|---|")
    laid_out, done, late = [0.0], 0, False
    with library_in(folder / "short", count) as running:
        last, waiting = None, ""
        while waiting != "0" and done < MAX_BUILDS:
            timed = build_within(running, limit_s, "youtube", {"SPOTMAP_DOWNLOAD_PAUSE_S": f"{pause_s:.3f}"})
            _check(timed.outcome)
            done, waiting = done + 1, timed.waiting
            now = read_published(str(running.folder / "site"))
            moved = moves(last, now) if last else None
            laid_out.append(timed.moved)
            off = timed.took_s / limit_s - 1
            late = late or off > TOLERANCE
            published = f"{moved.median:.4f}, {moved.percentile_95:.4f}" if moved else "-"
            print(
                f"| {done} | {timed.took_s:.1f} s | {off:+.1%} | {len(now.track_ids)} | {waiting} | "
                f"{published} | {timed.moved:.4f} |",
                flush=True,
            )
            last = now
        many, many_report = last, report(running.folder)
    assert many is not None
    same = set(many.track_ids) == set(one.track_ids)
    costs = [_trustworthiness(each) for each in (one_report, many_report)]
    cost, moved_most = costs[0] - costs[1], max(laid_out)
    print(f"{done} builds of {limit_s:g} s, {count} tracks: the same tracks: {same}")
    print(f"trustworthiness of one build {costs[0]:.3f}, of many {costs[1]:.3f}: costs {cost:.3f} of {MAX_LOSS}")
    print(f"half of the known moved by at most {moved_most:.4f} of {PROMISE} as laid out")
    print(f"adjusted Rand index of clusters {rand_index(one, many):.3f}")
    return 0 if same and not late and cost <= MAX_LOSS and moved_most <= PROMISE else 1


@contextmanager
def processors_in_use(others: int, after_s: float) -> Iterator[None]:
    """Start processes after a while that use one processor each, each in its own session like another user's work."""
    busy: list[subprocess.Popen[bytes]] = []

    def begin() -> None:
        command = [sys.executable, "-c", "while True: pass"]
        busy.extend(subprocess.Popen(command, start_new_session=True) for _ in range(others))

    timer = threading.Timer(after_s, begin)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        for process in busy:
            process.kill()
            process.wait()


@contextmanager
def library_in(folder: Path, count: int) -> Iterator[Services]:
    """Serve a library without oddities, with an empty working folder."""
    folder.mkdir(parents=True)
    try:
        with serve(make_up(count, Oddities()), folder) as running:
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def build_within(
    running: Services, limit_s: float, audio: str, variables: Mapping[str, str] = MappingProxyType({})
) -> Timed:
    """Build with a time limit as from a shell, including the startup time of the interpreter."""
    started_s = time.monotonic()
    outcome = run_in_new_interpreter(
        *("--source", "spotify", "--embedder", "musicnn", "--log", "json"),
        *("--time-limit", f"{limit_s:g}s", "--audio", audio),
        cwd=running.folder,
        extra={**running.environment, **UNTHROTTLED, **JOBS, **variables},
        timeout_s=3_600,
    )
    return Timed(outcome, time.monotonic() - started_s)


def moves(before: PublishedMap, after: PublishedMap) -> Drift:
    """Return how much the tracks of both published maps moved, as a share of the map's diagonal.

    Each map is fitted into its frame when it is published; the moves include that.
    """
    from spotmap_build.project.anchoring import drift_between

    rows = {track_id: row for row, track_id in enumerate(before.track_ids)}
    places = _places(before)
    known = np.array([places[rows[track_id]] if track_id in rows else (np.nan, np.nan) for track_id in after.track_ids])
    return drift_between(known.astype(np.float32), _places(after))


def rand_index(left: PublishedMap, right: PublishedMap) -> float:
    """Return the adjusted Rand index of two maps' clusters, with unclustered tracks as one cluster."""
    from sklearn.metrics import adjusted_rand_score

    rows = {track_id: row for row, track_id in enumerate(right.track_ids)}
    left_labels, right_labels = _labels(left), _labels(right)
    shared = [row for row, track_id in enumerate(left.track_ids) if track_id in rows]
    return float(adjusted_rand_score(left_labels[shared], right_labels[[rows[left.track_ids[row]] for row in shared]]))


def _places(made: PublishedMap) -> Float32Array:
    return np.column_stack([made.x, made.y]).astype(np.float32)


def _labels(made: PublishedMap) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    labels = np.full(len(made.track_ids), -1, dtype=np.int64)
    for number, cluster in enumerate(made.clusters):
        labels[list(cluster.members)] = number
    return labels


def _trustworthiness(document: dict[str, object]) -> float:
    figures = document["quality"]
    assert isinstance(figures, list)
    return float(next(figure["value"] for figure in figures if figure["name"] == "trustworthiness"))


def _check(outcome: Outcome) -> None:
    if outcome.status:
        raise SystemExit(outcome.stderr)
