"""Measure the cost of large maps: wall-clock and processor seconds and memory, each recipe in a separate process.

The vectors are synthetic (albums within styles within genres, with as many dimensions as Discogs-EffNet's). The cost
does not depend on their meaning, and no library of 50,000 tracks can be distributed.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array

DIMENSIONS = 1280
GENRES, STYLES_A_GENRE, ALBUM_TRACKS = 12, 20, 10
PLAYLISTS = 20
RECIPES = ("ours", "plain", "command")


def main() -> int:
    arguments = _arguments()
    if arguments.inside:
        print(json.dumps(measure(arguments.inside, arguments.tracks[0], arguments.dimensions)))
        return 0
    for count in arguments.tracks:
        for recipe in arguments.recipes:
            command = [sys.executable, "-m", "benchmarks.scale", "--inside", recipe, "--tracks", str(count)]
            command += ["--dimensions", str(arguments.dimensions)]
            finished = subprocess.run(command, check=True, capture_output=True, text=True)
            steps = json.loads(finished.stdout.strip().splitlines()[-1])
            print(
                f"{count} tracks, {recipe}: " + ", ".join(f"{name} {value}" for name, value in steps.items()),
                flush=True,
            )
    return 0


def measure(recipe: str, count: int, dimensions: int) -> dict[str, float]:
    """Return wall-clock seconds by step, then the totals: wall-clock and processor seconds, and memory (MiB).

    The steps of ``ours`` and ``command`` also have processor seconds; those of ``command`` also the peak memory so far.

    Times count from the start of the process, including imports and compilation, but not the generation of the vectors.
    """
    vectors = library(count, dimensions)
    before_cpu_s, before_s = time.process_time(), time.monotonic()
    steps = {"plain": plain, "ours": ours, "command": command}[recipe](vectors)
    who = resource.RUSAGE_CHILDREN if recipe == "command" else resource.RUSAGE_SELF
    used = resource.getrusage(who)
    cpu_s = used.ru_utime + used.ru_stime if recipe == "command" else time.process_time() - before_cpu_s
    return {name: round(value, 3) for name, value in steps.items()} | {
        "all": round(time.monotonic() - before_s, 1),
        "cpu": round(cpu_s, 1),
        "MiB": round(used.ru_maxrss / 1024),
    }


def library(count: int, dimensions: int = DIMENSIONS) -> Float32Array:
    """Return float32 ``[count, dimensions]`` with 60 intrinsic dimensions and a little noise in all."""
    import numpy as np

    generator = np.random.default_rng(0)
    genres = generator.normal(size=(GENRES, 60))
    styles = np.repeat(genres, STYLES_A_GENRE, axis=0) + 0.8 * generator.normal(size=(GENRES * STYLES_A_GENRE, 60))
    albums = styles[generator.integers(0, len(styles), -(-count // ALBUM_TRACKS))]
    albums = albums + 0.6 * generator.normal(size=albums.shape)
    inner = np.repeat(albums, ALBUM_TRACKS, axis=0)[:count] + 0.6 * generator.normal(size=(count, 60))
    vectors = inner.astype(np.float32) @ generator.normal(size=(60, dimensions)).astype(np.float32)
    vectors += generator.normal(size=(count, dimensions)).astype(np.float32)
    return np.asarray(vectors, dtype=np.float32)


def plain(vectors: Float32Array) -> dict[str, float]:
    """The plain recipe: z-score, PCA to 50, UMAP(15, 0.1), HDBSCAN(5, 3)."""
    from benchmarks.map_quality.recipes import plain_map

    started = time.monotonic()
    plain_map(vectors, 42)
    return {"umap and hdbscan": time.monotonic() - started}


def ours(vectors: Float32Array) -> dict[str, float]:
    """What a build computes from the vectors: neighbors, layout, clusters and their names, the quality card."""
    import numpy as np

    steps: dict[str, float] = {}
    last_s, last_cpu_s = time.monotonic(), time.process_time()

    def lap(name: str) -> None:
        nonlocal last_s, last_cpu_s
        steps[name] = time.monotonic() - last_s
        steps[f"{name} cpu"] = time.process_time() - last_cpu_s
        last_s, last_cpu_s = time.monotonic(), time.process_time()

    from spotmap_build.insights.quality_report import quality_report
    from spotmap_build.project.layout import NEIGHBOR_COUNT, fit_layout
    from spotmap_build.project.neighbors import find_neighbors
    from spotmap_build.project.preprocessing import prepare

    unit = prepare(vectors, "center")
    lap("prepare")
    neighbors = find_neighbors(unit, NEIGHBOR_COUNT, 42)
    lap("neighbors")
    positions = fit_layout(unit, neighbors, 42)
    lap("layout")
    from spotmap_build.cluster.hierarchy import find_groups

    groups = find_groups(positions, neighbors.indices)
    lap("clusters")
    albums = [(str(row // ALBUM_TRACKS),) for row in range(len(vectors))]
    card = quality_report(
        unit, neighbors, positions, cluster_labels=groups.regions, labels={"album": albums, "artist": albums}
    )
    lap("quality")
    steps |= {
        figure.name: figure.value for figure in card.figures if figure.name in {"trustworthiness", "search_recall"}
    }
    assert np.isfinite(positions).all()
    return steps


def command(vectors: Float32Array) -> dict[str, float]:
    """``spotmap-build`` on a table of these vectors with genres and playlists, including names, insights and the site.

    As in real libraries, genres and playlists depend on the vectors: each is one side of a few random planes.
    """
    import numpy as np

    generator = np.random.default_rng(1)
    sides = vectors @ generator.normal(size=(vectors.shape[1], 8)).astype(np.float32) > 0
    styles = sides @ (1 << np.arange(8))
    tastes = vectors @ generator.normal(size=(vectors.shape[1], PLAYLISTS)).astype(np.float32)
    in_playlist = tastes > np.quantile(tastes, 0.99, axis=0)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        np.save(work / "library.npy", vectors)
        with (work / "library.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["title", "artists", "album", "genres", "playlists"])
            for row in range(len(vectors)):
                album = row // ALBUM_TRACKS
                playlists = ";".join(f"Playlist {number}" for number in np.flatnonzero(in_playlist[row]))
                writer.writerow(
                    [f"Track {row}", f"Artist {album // 3}", f"Album {album}", f"Style {styles[row]}", playlists]
                )
        options = ["--source", "table:library.csv", "--out", "site", "--cache-dir", "cache"]
        environment = os.environ | {"HOME": folder, "PYTHONPATH": str(Path.cwd())}
        program = [sys.executable, "-m", "benchmarks.scale.by_stage", *options]
        subprocess.run(program, cwd=work, env=environment, check=True, stdout=sys.stderr)
        report = json.loads((work / "site.report.json").read_text())
        used = json.loads((work / "stages.json").read_text())
    steps = {name: float(seconds) for name, seconds in report["seconds"].items()}
    steps |= {f"{name} cpu": float(seconds) for name, seconds in used["cpu_s"].items()}
    return steps | {f"{name} MiB": float(mib) for name, mib in used["peak_mib"].items()}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--tracks", type=int, nargs="+", default=[5000], metavar="N", help="[%(default)s]")
    parser.add_argument("--recipes", nargs="+", default=list(RECIPES), choices=RECIPES)
    parser.add_argument("--dimensions", type=int, default=DIMENSIONS, metavar="D", help="of the vectors  [%(default)s]")
    parser.add_argument("--inside", choices=RECIPES, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
