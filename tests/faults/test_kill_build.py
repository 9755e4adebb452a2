"""A build that is killed at any moment loses nothing that it had finished; what follows is as if nothing happened."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.support.command import build, environment, report, tree
from tests.support.music import write_library
from tests.support.patience import patience, wait_until

TRACKS = 12
KILLS = 3
COMMAND = ("--source", "folder:music", "--embedder", "musicnn", "--log", "json", "--jobs", "2")


def start(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "spotmap_build", *COMMAND],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def embedded(folder: Path) -> int:
    """How many embeddings the cache holds."""
    return len(list((folder / ".spotmap/cache/ac").glob("embed-v*/*/*.json")))


def wait_until_embedded(running: subprocess.Popen[str], folder: Path, count: int) -> None:
    wait_until(lambda: embedded(folder) >= count or running.poll() is not None, "the build gets on")


@pytest.mark.slow
def test_killed_three_times_no_track_is_listened_to_twice_and_the_site_is_the_same(tmp_path: Path) -> None:
    chance = random.Random(20)
    write_library(tmp_path / "undisturbed/music", TRACKS)
    write_library(tmp_path / "killed/music", TRACKS)
    folder = tmp_path / "killed"

    for kill in range(KILLS):
        before = embedded(folder)
        running = start(folder)
        wait_until_embedded(running, folder, min(before + chance.randint(0, 2), TRACKS - 2))
        time.sleep(chance.uniform(0, 0.2))
        workers = psutil.Process(running.pid).children(recursive=True)
        running.send_signal(signal.SIGKILL)
        _, stderr = running.communicate()
        said = [line for line in stderr.splitlines() if '"begin"' in line and '"embed"' in line]
        if said:
            assert f'"total":{TRACKS - before}' in said[-1], f"kill {kill}: finished work was not used"
        _, alive = psutil.wait_procs(workers, timeout=patience())
        assert not alive, "a worker outlived the build"
        assert embedded(folder) >= before
        assert not (folder / "site").exists()

    kept = embedded(folder)
    assert 0 < kept < TRACKS
    last = build("folder:music", folder)
    assert (last.status, last.analyzed_count) == (0, TRACKS - kept)
    assert build("folder:music", tmp_path / "undisturbed").status == 0
    assert tree(folder / "site") == tree(tmp_path / "undisturbed/site")


@pytest.mark.slow
@pytest.mark.parametrize("polite", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_build_ends_and_loses_nothing(tmp_path: Path, polite: signal.Signals) -> None:
    write_library(tmp_path / "music", 6)
    running = start(tmp_path)
    wait_until_embedded(running, tmp_path, 2)
    workers = psutil.Process(running.pid).children(recursive=True)
    os.kill(running.pid, polite)
    _, stderr = running.communicate(timeout=patience())
    assert running.returncode == 130
    assert "Finished work is kept" in stderr
    assert "Traceback" not in stderr
    _, alive = psutil.wait_procs(workers, timeout=patience())
    assert not alive
    kept = embedded(tmp_path)
    assert kept >= 2
    assert build("folder:music", tmp_path).analyzed_count == 6 - kept


@pytest.mark.slow
def test_a_worker_that_is_killed_takes_only_its_own_track(tmp_path: Path) -> None:
    write_library(tmp_path / "music", 5)
    running = start(tmp_path)
    wait_until_embedded(running, tmp_path, 1)
    workers = [each for each in psutil.Process(running.pid).children() if "spawn_main" in " ".join(each.cmdline())]
    workers[0].kill()
    _, stderr = running.communicate(timeout=patience(120))
    assert running.returncode == 0, stderr
    lost = [row for row in report(tmp_path)["ledger"] if row["status"] == "failed"]
    assert len(lost) <= 1
    assert all(row["code"] == "worker-died" and row["retryable"] for row in lost)
