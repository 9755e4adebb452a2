"""``python -m benchmarks.cluster``: analyze real music on a cluster, one of whose workers is killed.

The same run analyzes it on this machine: both caches must hold the same bytes. See ``benchmarks/README.md``.
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.real_music.corpus import AUDIO_SUFFIXES
from spotmap_build.cache.records import decode_record
from spotmap_build.embed.pool import THREAD_VARIABLES
from tests.fakes.audio_files import write_audio

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array

PORT: Final = 18786
RATE_HZ: Final = 16_000


def main() -> int:
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        count = cut_pieces(arguments.corpus, work / "music", arguments.tracks, arguments.seconds)
        print(f"{count} pieces of {arguments.seconds} s of real music, {os.cpu_count()} processors", flush=True)
        run("here", work, ["--jobs", str(arguments.workers)])
        here = stored_results(work / "here")
        print(f"  {len(here)} analyzed", flush=True)
        with cluster(arguments.workers, work) as workers:
            options = ["--executor", f"dask://127.0.0.1:{PORT}"]
            before = run("cluster", work, options, victim=workers[0], kill_at=count // 3)
        there = stored_results(work / "cluster")
        kept = sum(path.stat().st_mtime_ns == written for path, written in before.items())
        print(f"  {len(there)} analyzed; {len(before)} before a worker was killed, {kept} of them written once")
        same = sum(there.get(key) == outputs for key, outputs in here.items())
        print(f"{same} of {len(here)} have the same bytes")
        return 0 if same == len(here) == len(there) and kept == len(before) else 1


def cut_pieces(corpus: Path, folder: Path, count: int, seconds: int) -> int:
    """Write ``count`` pieces of the corpus: the first piece of each track, then the second of each, and so on."""
    import numpy as np

    folder.mkdir()
    length = seconds * RATE_HZ
    paths = sorted(path for path in corpus.rglob("*") if path.suffix.lower() in AUDIO_SUFFIXES)
    seen: set[bytes] = set()
    for turn in range(3):
        for path in paths:
            if len(seen) == count:
                return count
            samples = _beginning(path, (turn + 1) * length)[turn * length :]
            data = samples.tobytes()
            if len(samples) == length and np.abs(samples).max() > 0.01 and data not in seen:
                write_audio(folder / f"{len(seen):03}.wav", samples, rate_hz=RATE_HZ)
                seen.add(data)
    return len(seen)


def _beginning(path: Path, length: int) -> Float32Array:
    """Return the first samples of a file. Our own decoder would read all of it."""
    import av
    import numpy as np

    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE_HZ)
    parts: list[Float32Array] = []
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            parts += [resampled.to_ndarray()[0] for resampled in resampler.resample(frame)]
            if sum(map(len, parts)) >= length:
                break
    return np.concatenate(parts)[:length].astype(np.float32)


def run(name: str, work: Path, options: list[str], *, victim: int = 0, kill_at: int = 0) -> dict[Path, int]:
    """Analyze into the cache ``name``; kill the process ``victim`` when ``kill_at`` tracks are in it.

    Returns the records at that moment, and when they were written.
    """
    command = [sys.executable, "-m", "spotmap_build", "--source", "folder:music", "--embedder", "musicnn"]
    command += ["--shard", "1/1", "--cache-dir", name, "--log", "plain", *options]
    clean = {key: value for key, value in os.environ.items() if not key.startswith("SPOTMAP_")}
    started_s, cpu_s = time.monotonic(), _children_s()
    before: dict[Path, int] = {}
    with (work / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=work, env=clean, stdout=log, stderr=subprocess.STDOUT)
        while process.poll() is None:
            time.sleep(0.1)
            if victim and not before and len(found := _records(work / name)) >= kill_at:
                os.kill(victim, signal.SIGKILL)
                before = {path: path.stat().st_mtime_ns for path in found}
    if process.returncode:
        raise SystemExit((work / f"{name}.log").read_text())
    took = f"{time.monotonic() - started_s:.0f} s, {_children_s() - cpu_s:.0f} processor seconds of its own"
    print(f"{name}: {took}", flush=True)
    return before


def stored_results(cache: Path) -> dict[str, object]:
    """Return the stored results of each recording, by key."""
    records = [decode_record(path.read_bytes())[0] for path in _records(cache)]
    return {record.key_digest: record.outputs for record in records if record.failure is None}


def _records(cache: Path) -> list[Path]:
    return list(cache.glob("ac/embed-v*/*/*.json"))


@contextmanager
def cluster(count: int, work: Path) -> Iterator[list[int]]:
    """Start a scheduler and workers by Dask's commands, as a user does; yield the workers' process ids."""
    environment = os.environ | dict.fromkeys(THREAD_VARIABLES, "1")
    scheduler = ["scheduler", "--host", "127.0.0.1", "--port", str(PORT), "--no-dashboard"]
    worker = ["worker", f"tcp://127.0.0.1:{PORT}", "--nthreads", "1", "--no-nanny", "--no-dashboard"]
    worker += ["--local-directory", str(work)]
    dask = [sys.executable, "-m", "dask"]
    with (work / "dask.log").open("wb") as log:
        processes = [
            subprocess.Popen([*dask, *command], cwd=work, env=environment, stdout=log, stderr=log)
            for command in (scheduler, *[worker] * count)
        ]
        try:
            yield [process.pid for process in processes[1:]]
        finally:
            for process in processes:
                process.kill()  # they have nothing to finish
                process.wait()


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cluster", description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="a folder of music, see benchmarks.real_music")
    parser.add_argument("--tracks", type=int, default=300, help="[%(default)s]")
    parser.add_argument("--seconds", type=int, default=10, help="length of each piece [%(default)s]")
    parser.add_argument("--workers", type=int, default=3, help="[%(default)s]")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
