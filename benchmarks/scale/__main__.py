"""What a map of many tracks costs: seconds of wall clock and processor, and memory, each way from a process of its own.

The vectors are made up (albums within styles within genres, in as many dimensions as Discogs-EffNet's): cost does not
ask what they mean, and no library of 50,000 tracks can be handed around.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array

DIMENSIONS = 1280
GENRES, STYLES_A_GENRE, ALBUM_TRACKS = 12, 20, 10
RECIPES = ("ours", "plain")


def main() -> int:
    arguments = _arguments()
    if arguments.inside:
        print(json.dumps(measure(arguments.inside, arguments.tracks[0])))
        return 0
    for count in arguments.tracks:
        for recipe in arguments.recipes:
            command = [sys.executable, "-m", "benchmarks.scale", "--inside", recipe, "--tracks", str(count)]
            finished = subprocess.run(command, check=True, capture_output=True, text=True)
            steps = json.loads(finished.stdout.strip().splitlines()[-1])
            print(
                f"{count} tracks, {recipe}: " + ", ".join(f"{name} {value}" for name, value in steps.items()),
                flush=True,
            )
    return 0


def measure(recipe: str, count: int) -> dict[str, float]:
    """Seconds of wall clock by step, then all of it and what it took of the processors (s) and of memory (MiB).

    From the moment the process begins, so that imports and compilation count; making up the vectors does not.
    """
    vectors = library(count)
    before_cpu_s, before_s = time.process_time(), time.monotonic()
    steps = {"plain": plain, "ours": ours}[recipe](vectors)
    return {name: round(value, 3) for name, value in steps.items()} | {
        "all": round(time.monotonic() - before_s, 1),
        "cpu": round(time.process_time() - before_cpu_s, 1),
        "MiB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def library(count: int) -> Float32Array:
    """float32 ``[count, 1280]``, of 60 dimensions in truth and a little noise in all."""
    import numpy as np

    generator = np.random.default_rng(0)
    genres = generator.normal(size=(GENRES, 60))
    styles = np.repeat(genres, STYLES_A_GENRE, axis=0) + 0.8 * generator.normal(size=(GENRES * STYLES_A_GENRE, 60))
    albums = styles[generator.integers(0, len(styles), -(-count // ALBUM_TRACKS))]
    albums = albums + 0.6 * generator.normal(size=albums.shape)
    inner = np.repeat(albums, ALBUM_TRACKS, axis=0)[:count] + 0.6 * generator.normal(size=(count, 60))
    vectors = inner.astype(np.float32) @ generator.normal(size=(60, DIMENSIONS)).astype(np.float32)
    vectors += generator.normal(size=(count, DIMENSIONS)).astype(np.float32)
    return np.asarray(vectors, dtype=np.float32)


def plain(vectors: Float32Array) -> dict[str, float]:
    """The plain recipe: z-score, PCA to 50, UMAP(15, 0.1), HDBSCAN(5, 3)."""
    from benchmarks.map_quality.recipes import plain_map

    started = time.monotonic()
    plain_map(vectors, 42)
    return {"umap and hdbscan": time.monotonic() - started}


def ours(vectors: Float32Array) -> dict[str, float]:
    """All that a build makes of the vectors: neighbours, layout, clusters and their names, the quality card."""
    import numpy as np

    steps: dict[str, float] = {}
    last = time.monotonic()

    def lap(name: str) -> None:
        nonlocal last
        steps[name] = time.monotonic() - last
        last = time.monotonic()

    from spotmap_build.project.card import quality_card
    from spotmap_build.project.layout import KEPT_NEIGHBOURS, lay_out_afresh
    from spotmap_build.project.neighbours import find_neighbours
    from spotmap_build.project.vectors import prepare

    unit = prepare(vectors, "centre")
    lap("prepare")
    neighbours = find_neighbours(unit, KEPT_NEIGHBOURS, 42)
    lap("neighbours")
    places = lay_out_afresh(unit, neighbours, 42)
    lap("layout")
    from spotmap_build.cluster.levels import find_groups

    groups = find_groups(places, neighbours.indices)
    lap("clusters")
    albums = [(str(row // ALBUM_TRACKS),) for row in range(len(vectors))]
    card = quality_card(
        unit, neighbours, places, cluster_labels=groups.regions, labels={"album": albums, "artist": albums}
    )
    lap("quality")
    steps |= {
        figure.name: figure.value for figure in card.figures if figure.name in {"trustworthiness", "search_recall"}
    }
    assert np.isfinite(places).all()
    return steps


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--tracks", type=int, nargs="+", default=[5000], metavar="N", help="[%(default)s]")
    parser.add_argument("--recipes", nargs="+", default=list(RECIPES), choices=RECIPES)
    parser.add_argument("--inside", choices=RECIPES, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
