"""Processes killed at any moment while they write to, or prune, a cache; and several of them at once."""

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

KILLS = 20
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


def begun(process: subprocess.Popen[str]) -> IO[str]:
    """What it prints, from where its work begins."""
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n", process.communicate()[1]
    return process.stdout


def kill(process: subprocess.Popen[str]) -> str:
    """Kill it, unless it has ended well; what it had printed by then."""
    process.kill()
    printed, errors = process.communicate()
    assert process.returncode in (0, -signal.SIGKILL), errors
    return printed


def key(number: int) -> Key:
    return Key("embed", 1, {"track": number})


def assert_whole(cache: Cache, number: int) -> None:
    data = number.to_bytes(4, "big")
    record = cache.lookup(key(number))
    assert record is not None, f"{number} was put, and is gone"
    read = {name: cache.read(record, name) for name in record.outputs}
    assert read == {"small": data * 100, "one": data * 5_000, "two": data * 50_000}


@pytest.mark.slow
def test_what_put_returned_outlives_the_process(tmp_path: Path) -> None:
    chance = random.Random(20)
    finished: list[int] = []
    for round_number in range(KILLS):
        process = start(WRITER, tmp_path, round_number * 10_000, (round_number + 1) * 10_000)
        printed = begun(process)
        lines = [printed.readline() for _ in range(chance.randint(1, 20))]
        # In the middle of the next one, at whatever place.
        time.sleep(chance.uniform(0, 0.01))
        finished += map(int, ("".join(lines) + kill(process)).split())
    with Cache.open(tmp_path) as cache:
        for number in finished:
            assert_whole(cache, number)
        assert cache.counters.snapshot()["embed"].corrupt == 0
    assert check(tmp_path).is_clean
    prune(tmp_path, PrunePolicy())
    assert check(tmp_path).debris == ()


def fill_for_pruning(root: Path) -> None:
    with Cache.open(root) as cache:
        for number in range(PRUNED):
            if cache.lookup(key(number)) is None:
                cache.put(key(number), {"vector": (number + 1).to_bytes(2, "big") * 5_000}, seconds=0)


def count_files(root: Path) -> int:
    return sum(len(files) for _, _, files in os.walk(root))


@pytest.mark.slow
def test_a_prune_that_is_killed_leaves_no_record_without_its_content(tmp_path: Path) -> None:
    """Killed as soon as so many files are gone, from the first to nearly the last."""
    fill_for_pruning(tmp_path)
    whole = count_files(tmp_path)
    left = []
    for step in range(KILLS):
        fill_for_pruning(tmp_path)
        pruner, few = start(PRUNER, tmp_path, 0), whole * (KILLS - step) // KILLS
        begun(pruner)
        while count_files(tmp_path) >= few and pruner.poll() is None:
            pass
        kill(pruner)
        report = check(tmp_path)
        assert report.is_clean, f"killed after {step}/{KILLS} of a prune"
        left.append((report.records, report.blobs))
    assert any(records < PRUNED for records, _ in left), f"no record was ever deleted: {left}"
    assert any(records < blobs for records, blobs in left), f"never killed before it was through: {left}"
    prune(tmp_path, PrunePolicy(max_size_bytes=0))
    report = check(tmp_path)
    assert (report.records, report.blobs, report.debris) == (0, 0, ())


def test_processes_that_write_the_same_keys_at_once_do_not_get_in_each_others_way(tmp_path: Path) -> None:
    numbers = range(40)
    writers = [start(WRITER, tmp_path, numbers.start, numbers.stop) for _ in range(3)]
    with Cache.open(tmp_path) as reader:
        while any(writer.poll() is None for writer in writers):
            for number in numbers:
                if reader.lookup(key(number)) is not None:
                    assert_whole(reader, number)
    for writer in writers:
        reported, errors = writer.communicate()
        assert (writer.returncode, errors) == (0, "")
        assert len(reported.splitlines()) == 1 + len(numbers)
    with Cache.open(tmp_path) as cache:
        for number in numbers:
            assert_whole(cache, number)
    report = check(tmp_path)
    assert report.is_clean
    assert (report.records, report.debris) == (len(numbers), ())


@pytest.mark.parametrize("end", ["returns", "killed"])
def test_the_lock_of_a_process_that_is_gone_is_free(tmp_path: Path, end: str) -> None:
    process = start(WRITER, tmp_path, 0, 1 if end == "returns" else 10_000)
    begun(process).readline()
    if end == "returns":
        process.wait(patience())
    kill(process)
    prune(tmp_path, PrunePolicy())
