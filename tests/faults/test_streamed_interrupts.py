"""A streamed build that is interrupted or killed in any stage loses no finished work and repeats no request."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.spotify_library import FakeLibrary
from tests.support.command import report, started
from tests.support.patience import patience
from tests.support.streaming import UNTHROTTLED, Services, services

pytestmark = [pytest.mark.xdist_group("streamed-interrupts"), pytest.mark.slow]

TRACKS = 6
STAGES = ("fetch", "embed", "project", "cluster", "emit")


EXIT_STATUSES = {signal.SIGINT: (130, -signal.SIGINT), signal.SIGKILL: (-signal.SIGKILL,)}
"""Possible exit statuses. If SIGINT arrives while Python executes source text (for example, to create a dataclass), the
process is ended by the signal instead of returning 130; a shell shows both as 130."""


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Services]:
    with services(FakeLibrary.with_numbers(TRACKS, 1, playlist_tracks=4), tmp_path) as started:
        started.spotify.delay_s = 0.2
        (tmp_path / "temporary").mkdir()
        yield started


def stop_in(running: Services, stage: str, signal_number: signal.Signals) -> tuple[int | None, str]:
    """Start a build, send it a signal when a stage has begun, and return its exit status and output."""
    arguments = ("--source", "spotify", "--embedder", "musicnn", "--log", "json")
    extra = {**running.environment, **UNTHROTTLED, "TMPDIR": str(running.folder / "temporary")}
    with started(*arguments, cwd=running.folder, extra=extra) as (process, stderr):
        lines = []
        for line in stderr:
            lines.append(line)
            if has_begun(line, stage):
                assert process.pid is not None
                os.kill(process.pid, signal_number)
                break
        lines += stderr.readlines()
        process.join(patience())
        return process.exitcode, "".join(lines)


def has_begun(line: str, stage: str) -> bool:
    """Return whether a stage has begun; for the embed stage, whether two tracks are finished."""
    event = json.loads(line) if line.startswith("{") else {}
    if event.get("stage") != stage:
        return False
    if stage == "embed":
        return bool(event["event"] == "advance" and event["done"] >= 2)
    return bool(event["event"] == "begin")


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGKILL])
def test_build_stopped_in_each_stage_is_continued(running: Services, signal_number: signal.Signals) -> None:
    for stage in STAGES:
        status, lines = stop_in(running, stage, signal_number)
        assert status in EXIT_STATUSES[signal_number], f"{stage}: {lines}"
        assert "Traceback" not in lines, stage
        if signal_number == signal.SIGINT:
            assert list((running.folder / "temporary").iterdir()) == [], f"{stage}: temporary audio remains"
    searches, served = list(running.music.searches), list(running.audio.served)
    assert len(searches) <= len(set(searches)) + 4, "only searches in flight are repeated"
    running.music.requests.clear()
    last = running.build(extra={"TMPDIR": str(running.folder / "temporary")})
    assert (last.status, last.analyzed_count) == (0, 0), last.stderr
    assert running.music.searches == []
    assert len(served) == TRACKS
    assert {row["status"] for row in report(running.folder)["ledger"]} == {"mapped"}


def test_downloads_of_a_killed_build_are_reused_and_deleted_by_the_next(running: Services) -> None:
    temporary = running.folder / "temporary"
    stop_in(running, "embed", signal.SIGKILL)
    downloaded = {path.stem for path in temporary.glob("spotmap-*/*/*") if len(path.stem) == 11}
    assert list(temporary.glob("spotmap-*"))
    running.audio.served.clear()
    assert running.build(extra={"TMPDIR": str(temporary)}).status == 0
    assert not list(temporary.glob("spotmap-*"))
    assert not downloaded.intersection(running.audio.served), "finished downloads are not repeated"
