"""A build of a streamed library is stopped in any stage, politely or not: nothing finished is lost or asked again."""

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


ENDINGS = {signal.SIGINT: (130, -signal.SIGINT), signal.SIGKILL: (-signal.SIGKILL,)}
"""How a process may end. A shell calls the first two the same: where the interrupt comes while Python executes text, as
when a dataclass is made, it ends by the signal itself, whatever status the program asks for."""


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Services]:
    with services(FakeLibrary.with_numbers(TRACKS, 1, playlist_tracks=4), tmp_path) as started:
        started.spotify.delay_s = 0.2
        (tmp_path / "temporary").mkdir()
        yield started


def stop_in(running: Services, stage: str, how: signal.Signals) -> tuple[int | None, str]:
    """Start a build, send it a signal as soon as a stage has begun; the status, and what it said."""
    arguments = ("--source", "spotify", "--embedder", "musicnn", "--log", "json")
    extra = {**running.environment, **UNTHROTTLED, "TMPDIR": str(running.folder / "temporary")}
    with started(*arguments, cwd=running.folder, extra=extra) as (process, stderr):
        said = []
        for line in stderr:
            said.append(line)
            if is_moment(line, stage):
                assert process.pid is not None
                os.kill(process.pid, how)
                break
        said += stderr.readlines()
        process.join(patience())
        return process.exitcode, "".join(said)


def is_moment(line: str, stage: str) -> bool:
    """Whether a stage has begun; listening is well under way, with searches, downloads and workers all at it."""
    event = json.loads(line) if line.startswith("{") else {}
    if event.get("stage") != stage:
        return False
    if stage == "embed":
        return bool(event["event"] == "advance" and event["done"] >= 2)
    return bool(event["event"] == "begin")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_stopped_in_each_stage_it_goes_on_from_there(running: Services, how: signal.Signals) -> None:
    for stage in STAGES:
        status, said = stop_in(running, stage, how)
        assert status in ENDINGS[how], f"{stage}: {said}"
        assert "Traceback" not in said, stage
        if how == signal.SIGINT:
            assert list((running.folder / "temporary").iterdir()) == [], f"{stage}: audio was left behind"
    searches, given = list(running.music.searches), list(running.audio.served)
    assert len(searches) <= len(set(searches)) + 4, "only what was under way is asked again"
    running.music.requests.clear()
    last = running.build(extra={"TMPDIR": str(running.folder / "temporary")})
    assert (last.status, last.analyzed_count) == (0, 0), last.stderr
    assert running.music.searches == []
    assert len(given) == TRACKS
    assert {row["status"] for row in report(running.folder)["ledger"]} == {"mapped"}


def test_what_a_killed_build_had_downloaded_is_deleted_by_the_next(running: Services) -> None:
    temporary = running.folder / "temporary"
    stop_in(running, "embed", signal.SIGKILL)
    arrived = {path.stem for path in temporary.glob("spotmap-*/*/*") if len(path.stem) == 11}
    assert list(temporary.glob("spotmap-*"))
    running.audio.served.clear()
    assert running.build(extra={"TMPDIR": str(temporary)}).status == 0
    assert not list(temporary.glob("spotmap-*"))
    assert not arrived.intersection(running.audio.served), "what had arrived is not fetched again"
