"""Processes that are killed while they write to or prune a cache, and several writers at the same time."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

import pytest

from spotmap_build.cache import Cache, Key
from spotmap_build.cache.maintenance import check
from spotmap_build.cache.prune import PrunePolicy, prune
from tests.support.patience import patience

KILLS = 10
PRUNED = 60

WRITER = """
import sys
from pathlib import Path
from spotmap_build.cache import Cache, Key

first, last = int(sys.argv[2]), int(sys.argv[3])
with Cache.open(Path(sys.argv[1])) as cache:
    print("open", flush=True)
    for number in range(first, last):
        data = number.to_bytes(4, "big")
        outputs = {"small": data * 100, "one": data * 5_000, "two": data * 50_000}
        cache.put(Key("embed", 1, {"track": number}), outputs, seconds=0)
        print(number, flush=True)
"""

PRUNER = """
import sys
from pathlib import Path
from spotmap_build.cache.prune import PrunePolicy, prune

print("open", flush=True)
prune(Path(sys.argv[1]), PrunePolicy(max_size_bytes=int(sys.argv[2])))
"""


def start(program: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def output_after_start(process: subprocess.Popen[str]) -> IO[str]:
    """Wait until the process has opened the cache and return its remaining output."""
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n", process.communicate()[1]
    return process.stdout


def kill(process: subprocess.Popen[str]) -> str:
    """Kill a process, unless it has ended successfully, and return what it has printed."""
    process.kill()
    printed, errors = process.communicate()
    assert process.returncode in (0, -signal.SIGKILL), errors
    return printed


def key(number: int) -> Key:
    return Key("embed", 1, {"track": number})


def assert_complete(cache: Cache, number: int) -> None:
    data = number.to_bytes(4, "big")
    record = cache.lookup(key(number))
    assert record is not None, f"{number} was put, and is gone"
    read = {name: cache.read(record, name) for name in record.outputs}
    assert read == {"small": data * 100, "one": data * 5_000, "two": data * 50_000}


@pytest.mark.slow
def test_finished_writes_survive_a_killed_process(tmp_path: Path) -> None:
    generator = random.Random(20)
    finished: list[int] = []
    for round_number in range(KILLS):
        process = start(WRITER, tmp_path, round_number * 10_000, (round_number + 1) * 10_000)
        printed = output_after_start(process)
        lines = [printed.readline() for _ in range(generator.randint(1, 20))]
        # Kill it at a random point of the next write.
        time.sleep(generator.uniform(0, 0.01))
        finished += map(int, ("".join(lines) + kill(process)).split())
    with Cache.open(tmp_path) as cache:
        for number in finished:
            assert_complete(cache, number)
        assert cache.counters.snapshot()["embed"].corrupt == 0
    assert check(tmp_path).is_clean
    prune(tmp_path, PrunePolicy())
    assert not any((tmp_path / "tmp").iterdir())


def fill_for_pruning(root: Path) -> None:
    with Cache.open(root) as cache:
        for number in range(PRUNED):
            if cache.lookup(key(number)) is None:
                cache.put(key(number), {"vector": (number + 1).to_bytes(2, "big") * 5_000}, seconds=0)


def count_files(root: Path) -> int:
    return sum(len(files) for _, _, files in os.walk(root))


@pytest.mark.slow
def test_killed_prune_leaves_no_record_without_its_content(tmp_path: Path) -> None:
    """Kill the prune at increasing numbers of deleted files."""
    fill_for_pruning(tmp_path)
    file_count = count_files(tmp_path)
    remaining = []
    for step in range(KILLS):
        fill_for_pruning(tmp_path)
        pruner, threshold = start(PRUNER, tmp_path, 0), file_count * (KILLS - step) // KILLS
        output_after_start(pruner)
        while count_files(tmp_path) >= threshold and pruner.poll() is None:
            pass
        kill(pruner)
        report = check(tmp_path)
        assert report.is_clean, f"killed after {step}/{KILLS} of a prune"
        remaining.append((report.records, report.blobs))
    assert any(records < PRUNED for records, _ in remaining), f"no prune deleted a record: {remaining}"
    assert any(records < blobs for records, blobs in remaining), f"no prune was killed before its end: {remaining}"
    prune(tmp_path, PrunePolicy(max_size_bytes=0))
    report = check(tmp_path)
    assert (report.records, report.blobs) == (0, 0)
    assert not any((tmp_path / "tmp").iterdir())


def test_processes_can_write_the_same_keys_simultaneously(tmp_path: Path) -> None:
    numbers = range(40)
    writers = [start(WRITER, tmp_path, numbers.start, numbers.stop) for _ in range(3)]
    with Cache.open(tmp_path) as reader:
        while any(writer.poll() is None for writer in writers):
            for number in numbers:
                if reader.lookup(key(number)) is not None:
                    assert_complete(reader, number)
    for writer in writers:
        reported, errors = writer.communicate()
        assert (writer.returncode, errors) == (0, "")
        assert len(reported.splitlines()) == 1 + len(numbers)
    with Cache.open(tmp_path) as cache:
        for number in numbers:
            assert_complete(cache, number)
    report = check(tmp_path)
    assert report.is_clean
    assert report.records == len(numbers)
    assert not any((tmp_path / "tmp").iterdir())


@pytest.mark.parametrize("end", ["returns", "killed"])
def test_lock_of_an_ended_process_is_released(tmp_path: Path, end: str) -> None:
    process = start(WRITER, tmp_path, 0, 1 if end == "returns" else 10_000)
    output_after_start(process).readline()
    if end == "returns":
        process.wait(patience())
    kill(process)
    prune(tmp_path, PrunePolicy())
