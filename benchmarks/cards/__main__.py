"""Measure how many of a track's ten nearest neighbors a card keeps, and where a card places its tracks.

Prints the table of docs/map-quality.md, for the corpus of benchmarks/real_music. ``--write-scale`` writes the scale of
musicnn's vectors for ``project.shared_space``: mean and standard deviation over the corpus. In the table, each half of
the games uses the scale of the other half, because a user's music is not in the package's scale either.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.cards.two import print_two_libraries
from benchmarks.map_quality.embeddings import embed_corpus
from benchmarks.map_quality.recipes import vectors_of
from spotmap_build.project import shared_space
from spotmap_build.project.neighbors import find_neighbors
from spotmap_build.project.preprocessing import prepare

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotmap_build.model import Float32Array

NEAREST = 10
EMBEDDERS = {"mean+std 1506": ("musicnn", "zscore"), "discogs-effnet 1280": ("discogs-effnet", "center")}
SILENT = 1e-6
MIN_SHARE = 0.25
"""Minimum deviation as a share of the median one; it limits how much a dimension is amplified."""
WIDTHS = (32, 64, 96, 128, 192)


def main() -> int:
    arguments = _arguments()
    embedded = embed_corpus(arguments.corpus, arguments.work / "cache", arguments.effnet, arguments.jobs)
    vectors = vectors_of(embedded)
    if arguments.write_scale:
        np.save(arguments.write_scale, _scale(vectors["mean+std 1506"]).astype(np.float32))
        return 0
    print(
        "| vectors | directions | of the ten nearest kept | of the map's own space | by chance |\n|---|---|---|---|---|"
    )
    for name, (embedder, preprocessing) in EMBEDDERS.items():
        if name in vectors:
            _print(name, vectors[name], embedded.games, embedder, preprocessing)
    print_two_libraries(vectors["mean+std 1506"], embedded.games, draws=5)
    return 0


def _print(name: str, vectors: Float32Array, games: Sequence[str], embedder: str, preprocessing: str) -> None:
    is_even = _every_other_game(games)
    for width in WIDTHS:
        kept, true = [], []
        for half in (is_even, ~is_even):
            scale = _scale(vectors[~half]) if preprocessing == "zscore" else None
            own = vectors[half]
            points = _as_on_a_card(own, embedder, width, scale)
            by_card = shared_space.compare_sounds(points)
            own_space = prepare(own, preprocessing)
            plain = prepare(own if scale is None else (own - scale[0]) / scale[1], "center")
            kept.append(_kept_share(plain, by_card))
            true.append(_kept_share(own_space, by_card))
        chance = NEAREST / (len(vectors) / 2 - 1)
        print(f"| {name} | {width} | {np.mean(kept):.2f} | {np.mean(true):.2f} | {chance:.2f} |", flush=True)


def _every_other_game(games: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    number = {game: place for place, game in enumerate(sorted(set(games)))}
    return np.array([number[game] % 2 == 0 for game in games])


def _scale(vectors: Float32Array) -> Float32Array:
    deviation = vectors.std(axis=0, dtype=np.float64)
    # A dimension that hardly varies here may vary elsewhere and then dominate; most of musicnn's are near zero here.
    usual = np.median(deviation[deviation > SILENT * deviation.max()])
    return np.stack([vectors.mean(axis=0, dtype=np.float64), np.maximum(deviation, MIN_SHARE * usual)])


def _as_on_a_card(vectors: Float32Array, embedder: str, width: int, scale: Float32Array | None) -> Float32Array:
    scaled = vectors if scale is None else (vectors - scale[0]) / scale[1]
    # Another scale than the package's, but the same directions; any first few of them are as random as all.
    directions = shared_space.directions(embedder, vectors.shape[1], max(WIDTHS))[:, :width]
    return shared_space.decode_sounds(shared_space.encode_sounds((scaled @ directions).astype(np.float32)))


def _kept_share(left: Float32Array, right: Float32Array) -> float:
    pairs = zip(find_neighbors(left, NEAREST, 0).indices, find_neighbors(right, NEAREST, 0).indices, strict=True)
    return float(np.mean([len({*a.tolist()} & {*b.tolist()}) / NEAREST for a, b in pairs]))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cards", description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("build/map-quality"), metavar="DIR", help="[%(default)s]")
    parser.add_argument("--corpus", type=Path, default=Path("build/map-quality/corpus"), metavar="DIR")
    parser.add_argument("--effnet", type=Path, metavar="FILE", help="weights of Discogs-EffNet, if available")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="worker processes  [%(default)s]")
    parser.add_argument("--write-scale", type=Path, metavar="FILE", help="write the scale, and measure nothing")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
