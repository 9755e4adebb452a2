"""A killed build loses no finished work, and the next build continues as if nothing had happened."""

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

TRACKS = 8
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


def count_embeddings(folder: Path) -> int:
    """Return the number of embeddings in the cache."""
    return len(list((folder / ".spotmap/cache/ac").glob("embed-v*/*/*.json")))


def wait_until_embedded(running: subprocess.Popen[str], folder: Path, count: int) -> None:
    wait_until(lambda: count_embeddings(folder) >= count or running.poll() is not None, f"{count} tracks are embedded")


@pytest.mark.slow
def test_build_killed_twice_analyzes_no_track_twice_and_makes_the_same_site(tmp_path: Path) -> None:
    generator = random.Random(20)
    write_library(tmp_path / "undisturbed/music", TRACKS)
    write_library(tmp_path / "killed/music", TRACKS)
    folder = tmp_path / "killed"

    for new_count in (1, 2):
        before = count_embeddings(folder)
        running = start(folder)
        wait_until_embedded(running, folder, min(before + new_count, TRACKS - 2))
        time.sleep(generator.uniform(0, 0.2))
        workers = psutil.Process(running.pid).children(recursive=True)
        running.send_signal(signal.SIGKILL)
        _, stderr = running.communicate()
        begin_events = [line for line in stderr.splitlines() if '"begin"' in line and '"embed"' in line]
        if begin_events:
            assert f'"total":{TRACKS - before}' in begin_events[-1], "finished work was not used"
        _, alive = psutil.wait_procs(workers, timeout=patience())
        assert not alive, "a worker outlived the build"
        assert count_embeddings(folder) >= before
        assert not (folder / "site").exists()

    kept = count_embeddings(folder)
    assert 0 < kept < TRACKS
    last = build("folder:music", folder)
    assert (last.status, last.analyzed_count) == (0, TRACKS - kept)
    assert build("folder:music", tmp_path / "undisturbed").status == 0
    assert tree(folder / "site") == tree(tmp_path / "undisturbed/site")


@pytest.mark.slow
def test_terminated_build_keeps_finished_work(tmp_path: Path) -> None:
    """``test_build_stopped_in_each_stage_is_continued`` interrupts builds with SIGINT."""
    write_library(tmp_path / "music", 4)
    running = start(tmp_path)
    wait_until_embedded(running, tmp_path, 1)
    workers = psutil.Process(running.pid).children(recursive=True)
    os.kill(running.pid, signal.SIGTERM)
    _, stderr = running.communicate(timeout=patience())
    assert running.returncode == 130
    assert "Finished work is kept" in stderr
    assert "Traceback" not in stderr
    _, alive = psutil.wait_procs(workers, timeout=patience())
    assert not alive
    kept = count_embeddings(tmp_path)
    assert kept >= 1
    assert build("folder:music", tmp_path).analyzed_count == 4 - kept


@pytest.mark.slow
def test_killed_worker_fails_at_most_its_track(tmp_path: Path) -> None:
    write_library(tmp_path / "music", 4)
    running = start(tmp_path)
    wait_until_embedded(running, tmp_path, 1)
    children = psutil.Process(running.pid).children()
    workers = [child for child in children if "spawn_main" in " ".join(child.cmdline())]
    workers[0].kill()
    _, stderr = running.communicate(timeout=patience(120))
    assert running.returncode == 0, stderr
    lost = [row for row in report(tmp_path)["ledger"] if row["status"] == "failed"]
    assert len(lost) <= 1
    assert all(row["code"] == "worker-died" and row["retryable"] for row in lost)
