"""Measure whether a map stays recognizable while its library grows and shrinks.

Uses the corpus of benchmarks/map_quality by album (a game's folder is one album, a large folder is several). One series
begins with a map of four tenths of the albums and adds a tenth in each of ten steps. The other begins with all albums
and removes a tenth in each of ten steps. Every map is anchored to the one before.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.map_quality.embeddings import embed_corpus
from benchmarks.map_quality.recipes import vectors_of
from benchmarks.scale.__main__ import ALBUM_TRACKS, library
from spotmap_build.project.anchoring import Anchored, drift_between, fit_anchored_layout
from spotmap_build.project.layout import NEIGHBOR_COUNT, fit_layout
from spotmap_build.project.neighbors import find_neighbors
from spotmap_build.project.preprocessing import prepare

if TYPE_CHECKING:
    import numpy.typing as npt

    from spotmap_build.model import Float32Array

VECTOR = "mean+std 1506"
MAX_ALBUM_TRACKS = 10
STEPS = 10
HEAD = (
    "| step | tracks | median move | 95th percentile | trustworthiness | laid out from scratch | since the first map |"
)


def main() -> int:
    arguments = _arguments()
    if arguments.made_up:
        vectors = library(arguments.made_up)
        albums = np.arange(len(vectors)) // ALBUM_TRACKS
    else:
        embedded = embed_corpus(arguments.corpus, arguments.work / "cache", None, 2)
        vectors, albums = vectors_of(embedded)[VECTOR], albums_of(embedded.games)
    for seed in range(arguments.seeds):
        print(
            f"{len(vectors)} tracks, {albums.max() + 1} albums, order {seed}\n\n{HEAD}\n|---|---|---|---|---|---|---|"
        )
        for name, result, since_first in grow_and_shrink(vectors, albums, seed):
            figures = (
                result.drift.median,
                result.drift.percentile_95,
                result.trustworthiness,
                result.fresh_trustworthiness,
            )
            cells = " | ".join(f"{figure:.4f}" for figure in figures)
            print(
                f"| {name} | {len(result.positions)} | {cells} | {since_first:.3f} | {result.fresh_reason}", flush=True
            )
        print()
    return 0


def albums_of(games: Sequence[str]) -> npt.NDArray[np.intp]:
    """Return the album number of each track: consecutive tracks of one game, at most ``MAX_ALBUM_TRACKS`` of them."""
    numbers, filled = [0], 1
    for before, game in pairwise(games):
        begins = game != before or filled == MAX_ALBUM_TRACKS
        numbers.append(numbers[-1] + begins)
        filled = 1 if begins else filled + 1
    return np.array(numbers)


def grow_and_shrink(
    vectors: Float32Array, albums: npt.NDArray[np.intp], seed: int
) -> Iterator[tuple[str, Anchored, float]]:
    """Yield every step's name, its map, and the median move since the first map of its series."""
    count = int(albums.max()) + 1
    order = np.random.default_rng(seed).permutation(count)
    growing = [count / 1.1 ** (STEPS - step) for step in range(STEPS + 1)]
    shrinking = [count * 0.9**step for step in range(STEPS + 1)]
    for sign, sizes in (("+", growing), ("-", shrinking)):
        rows = np.flatnonzero(np.isin(albums, order[: round(sizes[0])]))
        positions = np.full((len(vectors), 2), np.nan, dtype=np.float32)
        unit = prepare(vectors[rows], "zscore")
        positions[rows] = fit_layout(unit, find_neighbors(unit, NEIGHBOR_COUNT, seed), seed)
        first = positions.copy()
        for step, size in enumerate(sizes[1:], start=1):
            rows = np.flatnonzero(np.isin(albums, order[: round(size)]))
            unit = prepare(vectors[rows], "zscore")
            neighbors = find_neighbors(unit, NEIGHBOR_COUNT, seed)
            gone_count = int(np.isfinite(np.delete(positions, rows, axis=0)).all(axis=1).sum())
            result = fit_anchored_layout(unit, neighbors, positions[rows], seed, gone_count=gone_count)
            positions[:] = np.nan
            positions[rows] = result.positions
            yield f"{sign}{step}", result, drift_between(first[rows], result.positions).median


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stability", description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("build/map-quality"), metavar="DIR", help="[%(default)s]")
    parser.add_argument("--corpus", type=Path, default=Path("build/map-quality/corpus"), metavar="DIR")
    parser.add_argument("--made-up", type=int, metavar="N", help="N synthetic tracks instead of the corpus")
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="orders of albums  [%(default)s]")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
