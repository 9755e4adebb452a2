"""Analysis during downloads, on two processors, and its memory.

``python -m benchmarks.bounds.listening WHAT FOLDER`` takes one measurement in a separate process and prints JSON.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.bounds.measuring import Figure, measure_command

if TYPE_CHECKING:
    from spotmap_build.embed.workers import EmbedJob
    from spotmap_build.registry.embedders import EngineName

STREAMED: Final = 30
"""Number of recordings, of about a megabyte each."""
STREAMED_S: Final = 120
BLOCK_PAUSE_S: Final = 0.002
"""Pause between kilobytes for each of two downloads, which makes a megabyte a second together."""
WORKER_MIB: Final[dict[tuple[str, EngineName], int]] = {
    ("discogs-effnet", "essentia"): 650,
    ("musicnn", "essentia"): 300,
    ("discogs-effnet", "onnx"): 300,
    ("musicnn", "onnx"): 300,
}
LONG_HOURS: Final = 3
JOBS: Final = 12
TURNS: Final = 2
PARENT_TRACKS: Final = 5_000
PARENT_MIB, PARENT_KIB_A_TRACK = 300, 6
PARENT: Final = """
import resource, sys
from pathlib import Path
from spotmap_build import stages
from spotmap_build.cache.store import Cache
from spotmap_build.config import Config
from spotmap_build.progress import make_progress
from spotmap_build.run import Clock, Run
if __name__ == "__main__":
    config = Config(sources=("folder:music",), embedder="musicnn", cache_dir=Path("cache"), out=Path("site"), jobs=1)
    with Cache.open(config.cache_dir) as cache:
        run = Run(config, cache, make_progress("json"), Clock())
        embedded = list(stages.embed(run, stages.fetch(run)))[-1]
        assert embedded.embedded_count == 1, embedded.failures
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def figures(folder: Path) -> Iterator[Figure]:
    """Measure the bounds of the analysis, each in a separate process."""
    seen = _inside("overlap", folder)
    larger_s = max(seen["fetch_s"], seen["analyze_s"])
    more = f"both {seen['both_s']:.1f} s, download {seen['fetch_s']:.1f}, analysis {seen['analyze_s']:.1f}"
    name = "download and analysis concurrently, against the longer one alone"
    yield Figure(name, seen["both_s"] / larger_s, 1.1, "times", more=more)
    seen = _inside("processors", folder)
    more = f"one {seen['one_s']:.1f} s, two {seen['two_s']:.1f}; two processes without our pool {seen['limit']:.2f}"
    yield Figure("two processors against one", seen["one_s"] / seen["two_s"], 1.9, "times", is_minimum=True, more=more)
    seen = _inside("workers", folder)
    for (embedder, engine), mib in WORKER_MIB.items():
        short, long = seen[f"{embedder} {engine} short"], seen[f"{embedder} {engine} long"]
        yield Figure(f"a worker with {embedder} on {engine}", short, mib, "MiB")
        yield Figure("  and after a file of 3 hours", long, mib, "MiB")
    seen = _inside("parent", folder)
    bound_mib = PARENT_MIB + PARENT_KIB_A_TRACK * PARENT_TRACKS / 1024
    yield Figure(f"main process, one new track in {PARENT_TRACKS:,}", seen["peak_mib"], bound_mib, "MiB")


def _inside(script: str, folder: Path) -> dict[str, float]:
    place = folder / script
    place.mkdir()
    measure_command((sys.executable, "-m", "benchmarks.bounds.listening", script, place), place)
    lines = (place / "output.txt").read_text().strip().splitlines()
    seen: dict[str, float] = json.loads(lines[-1])
    return seen


def overlap(folder: Path) -> dict[str, float]:
    """Return the seconds of download and analysis: both concurrently, then each alone, with the same recordings."""
    from benchmarks.streamed.library import encoded, sound
    from tests.fakes.http_server import Fault
    from tests.fakes.spotify_library import FakeLibrary
    from tests.support.command import report
    from tests.support.streaming import services, video_id

    content = encoded(folder / "sound.m4a", sound(3, STREAMED_S))
    both, alone = folder / "both", folder / "alone"
    both.mkdir()
    jobs = {"SPOTMAP_JOBS": "2"}
    with services(FakeLibrary.with_numbers(STREAMED), both) as running:
        ids = [video_id(row["track"]) for row in running.spotify.library.saved]
        running.audio.contents.update(dict.fromkeys(ids, content))
        running.audio.faults.append(Fault("slow", path="/watch", times=1_000_000, pause_s=BLOCK_PAUSE_S))
        _done(running.build("--keep-audio", folder / "kept", "--cache-dir", folder / "first", extra=jobs))
        both_s = report(both)["seconds"]["embed"]
        fetch_s = _fetch_alone(running.audio.watch_url, ids, alone)
        running.audio.requests.clear()
        _done(running.build("--keep-audio", folder / "kept", "--cache-dir", folder / "second", extra=jobs))
        assert not running.audio.requests
        return {"both_s": both_s, "fetch_s": fetch_s, "analyze_s": report(both)["seconds"]["embed"]}


def _done(outcome: Any) -> None:
    if outcome.status:
        raise SystemExit(outcome.stderr)


def _fetch_alone(watch_url: str, ids: list[str], folder: Path) -> float:
    from spotmap_build.acquire.prefetch import Prefetcher
    from spotmap_build.acquire.youtube.download import DownloadSettings, download

    def get(video_id: str) -> Path:
        place = folder / video_id
        place.mkdir(parents=True)
        return download(video_id, place, DownloadSettings(watch_url))

    started_s = time.monotonic()
    with Prefetcher((), ids, find=lambda each: each, get=get, workers=len(ids)) as supply:
        assert sum(path is not None for path in supply.ready()) == len(ids)
    return time.monotonic() - started_s


def processors(folder: Path) -> dict[str, float]:
    """Return the seconds of the same jobs with one worker and with two, in turns.

    ``limit``: what two processors can reach here, which is less than twice one where they share memory or a core: the
    speed of two processes that analyze the same files without our pool, against one.
    """
    from spotmap_build.embed.pool import EmbedPool

    job = _job(_file(folder, 120), "musicnn", "onnx", folder)
    took = {"one_s": 0.0, "two_s": 0.0}
    with EmbedPool(1) as one, EmbedPool(2) as two:
        pools = (("one_s", one, 1), ("two_s", two, 2))
        for _, pool, count in pools:
            list(pool.run([job] * count))
        for _ in range(TURNS):
            for name, pool, _ in pools:
                started_s = time.monotonic()
                list(pool.run([job] * JOBS))
                took[name] += time.monotonic() - started_s
    alone_s, beside_s = (max(_analyze_side_by_side(folder, count)) for count in (1, 2))
    return {**took, "limit": 2 * alone_s / beside_s}


def _analyze_side_by_side(folder: Path, count: int) -> list[float]:
    """Return the seconds of :func:`repeated` in each of some processes that run at the same time."""
    command = [sys.executable, "-m", "benchmarks.bounds.listening", "repeated", str(folder)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(count)]
    return [json.loads(process.communicate()[0])["seconds"] for process in processes]


def repeated(folder: Path) -> dict[str, float]:
    """Return the seconds of several analyses in this process, after a warm-up."""
    from spotmap_build.embed.pool import THREAD_VARIABLES
    from spotmap_build.embed.workers import embed_file

    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    job = _job(folder / "120.mp3", "musicnn", "onnx", folder)
    embed_file(job)
    started_s = time.monotonic()
    for _ in range(JOBS):
        embed_file(job)
    return {"seconds": time.monotonic() - started_s}


def workers(folder: Path) -> dict[str, float]:
    """Return the peak memory (MiB) of a worker after files of four minutes, and after a file of three hours."""
    from spotmap_build.embed.pool import EmbedPool

    short, long = _file(folder, 240), _long_file(folder)
    found = {}
    for embedder, engine in WORKER_MIB:
        with EmbedPool(1) as pool:
            for name, path in (("short", short), ("long", long)):
                for _, outcome, _ in pool.run([_job(path, embedder, engine, folder)] * 2):
                    assert not hasattr(outcome, "code"), outcome
                found[f"{embedder} {engine} {name}"] = max(map(_peak_mib, _children()))
    return found


def parent(folder: Path) -> dict[str, float]:
    """Return the peak memory (MiB) of a build's main process, until its one new track is analyzed."""
    from benchmarks.bounds.starting import NEW

    library = folder / "library"  # ``use`` writes output.txt; the one in ``folder`` belongs to this process
    library.mkdir()
    measure_command((sys.executable, "-m", "benchmarks.bounds.analyzed", library, str(PARENT_TRACKS)), library)
    (library / "parent.py").write_text(PARENT)
    measure_command((sys.executable, "-c", NEW), library)
    measure_command((sys.executable, library / "parent.py"), library)
    return {"peak_mib": float((library / "output.txt").read_text().strip().splitlines()[-1])}


def _file(folder: Path, seconds: int) -> Path:
    from benchmarks.streamed.library import encoded, sound

    path = folder / f"{seconds}.mp3"
    if not path.exists():
        encoded(path, sound(5, seconds))
    return path


def _long_file(folder: Path) -> Path:
    """Write a long MP3 by repeating the frames of a short one."""
    minute, path = _file(folder, 60).read_bytes(), folder / "long.mp3"
    with path.open("wb") as file:
        for _ in range(LONG_HOURS * 60):
            file.write(minute)
    return path


def _job(path: Path, embedder: str, engine: EngineName, folder: Path) -> EmbedJob:
    from spotmap_build.embed.workers import EmbedJob
    from spotmap_build.registry import embedders

    weights = _weights(embedder, engine, folder)
    return EmbedJob(path.stem, str(path), None, embedders.find(embedder).model, str(weights), engine, str(folder))


def _weights(embedder: str, engine: EngineName, folder: Path) -> Path:
    """Return musicnn's weights; for discogs-effnet, a random network of the same size, which has the same cost."""
    from spotmap_build.embed.engines import SUFFIXES
    from spotmap_build.embed.weights import packaged_path

    if embedder == "musicnn":
        return packaged_path(f"msd-musicnn{SUFFIXES[engine]}")
    from benchmarks.listening import effnet

    return effnet.write(folder)[engine]


def _children() -> list[int]:
    import psutil

    return [child.pid for child in psutil.Process(os.getpid()).children(recursive=True)]


def _peak_mib(pid: int) -> float:
    """Return the peak memory of a running process, according to Linux."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def analyze_once(engine: EngineName, folder: Path) -> None:
    """Analyze four minutes of audio in this process, as a worker does."""
    from spotmap_build.embed.pool import THREAD_VARIABLES
    from spotmap_build.embed.workers import embed_file

    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    outcome = embed_file(_job(folder / "240.mp3", "musicnn", engine, folder))
    assert not hasattr(outcome, "code"), outcome


def file(folder: Path) -> dict[str, float]:
    """Write the file of four minutes, and return its size."""
    return {"bytes": _file(folder, 240).stat().st_size}


WHAT: Final = {
    "overlap": overlap,
    "processors": processors,
    "repeated": repeated,
    "workers": workers,
    "parent": parent,
    "file": file,
}

if __name__ == "__main__":
    print(json.dumps(WHAT[sys.argv[1]](Path(sys.argv[2]))))
