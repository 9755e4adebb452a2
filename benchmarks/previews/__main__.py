"""Compare vectors of 30 seconds with those of full tracks: can both be on one map?

Prints the table of docs/map-quality.md. The preview of a track is its middle 30 seconds, with the corpus of
benchmarks/real_music. In each draw, a random half of the library has previews only, and a few of the other tracks
have both.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.map_quality.embeddings import ANALYSIS_VERSION, analyze_all, analyze_middle, digest_of, embed_corpus
from spotmap_build.cache.arrays import decode_array
from spotmap_build.cache.keys import Key
from spotmap_build.cache.store import Cache
from spotmap_build.project.neighbors import find_neighbors
from spotmap_build.project.preprocessing import prepare
from spotmap_build.project.previews import correct_previews
from spotmap_build.registry.embedders import EMBEDDERS

if TYPE_CHECKING:
    from benchmarks.map_quality.embeddings import Embedded
    from spotmap_build.model import Float32Array

    Correct = Callable[[Float32Array, Float32Array, Float32Array], Float32Array]

NEAREST = 10
PARTS = ("mean-mean", "mean-spread")


def main() -> int:
    arguments = _arguments()
    embedded = embed_corpus(arguments.corpus, arguments.work / "cache", None, arguments.jobs)
    previews = _previews(embedded, arguments.corpus, arguments.work / "cache", arguments.jobs)
    wholes = np.concatenate([embedded.parts[part] for part in PARTS], axis=1)
    print(f"{len(wholes)} tracks; {arguments.draws} draws\n")
    _print_each_kind(wholes, previews)
    _print_mixed(wholes, previews, arguments.draws)
    return 0


def _previews(embedded: Embedded, corpus: Path, cache_folder: Path, jobs: int) -> Float32Array:
    paths = [corpus / title for title in embedded.titles]
    weights = EMBEDDERS["musicnn"].weights_sha256
    keys = {
        path: Key("map-quality", ANALYSIS_VERSION, {"part": "preview", "sound": digest_of(path), "weights": weights})
        for path in paths
    }
    with Cache.open(cache_folder) as cache:
        analyze_all(cache, analyze_middle, keys, jobs)
        rows = []
        for path in paths:
            record = cache.lookup(keys[path])
            assert record is not None, path
            rows.append(np.concatenate([decode_array(cache.read(record, part)) for part in PARTS]))
    return np.stack(rows).astype(np.float32)


def _print_each_kind(wholes: Float32Array, previews: Float32Array) -> None:
    unit_wholes, unit_previews = prepare(wholes, "zscore"), prepare(previews, "zscore")
    kept = _shared(_nearest(unit_wholes), _nearest(unit_previews))
    centered = [vectors - vectors.mean(axis=0) for vectors in (wholes, previews)]
    cosines = [a @ b / (np.linalg.norm(a) * np.linalg.norm(b)) for a, b in zip(*centered, strict=True)]
    print(f"A library of previews alone: centered cosine {np.mean(cosines):.2f}, neighbors kept {kept:.2f}\n")


def _corrections() -> Iterator[tuple[str, int, Correct]]:
    yield "unchanged", 0, lambda vectors, _previews, _wholes: vectors
    yield "shift of 60 pairs", 60, lambda vectors, a, b: vectors - (a - b).mean(axis=0)
    for pairs in (10, 30, 60):
        yield f"shift and scale of {pairs} pairs", pairs, correct_previews


def _print_mixed(wholes: Float32Array, previews: Float32Array, draws: int) -> None:
    print("| half and half | nearest of the own kind | true neighbors kept | largest share of a kind in a cluster |")
    print("|---|---|---|---|")
    truth = _nearest(prepare(wholes, "zscore"))
    for name, pair_count, correct in _corrections():
        rows = [_mixed((wholes, previews, truth), pair_count, correct, seed) for seed in range(draws)]
        means, spreads = np.mean(rows, axis=0), np.std(rows, axis=0)
        cells = [f"{mean:.2f} ± {spread:.2f}" for mean, spread in zip(means, spreads, strict=True)]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def _mixed(
    vectors: tuple[Float32Array, Float32Array, np.ndarray], pair_count: int, correct: Correct, seed: int
) -> tuple[float, float, float]:
    from benchmarks.map_quality.recipes import our_map

    wholes, previews, truth = vectors

    random = np.random.default_rng(seed)
    order = random.permutation(len(wholes))
    is_preview = np.zeros(len(wholes), dtype=bool)
    is_preview[order[: len(order) // 2]] = True
    pairs = order[len(order) // 2 :][:pair_count]
    mixed = wholes.copy()
    mixed[is_preview] = correct(previews[is_preview], previews[pairs], wholes[pairs])
    nearest = _nearest(prepare(mixed, "zscore"))
    own = float((is_preview[nearest] == is_preview[:, None]).mean())
    made = our_map(mixed, seed)
    shares = [is_preview[made.labels == label].mean() for label in range(made.labels.max() + 1)]
    return own, _shared(truth, nearest), float(max(max(share, 1 - share) for share in shares))


def _nearest(unit_vectors: Float32Array) -> np.ndarray:
    return find_neighbors(unit_vectors, NEAREST, 0).indices


def _shared(first: np.ndarray, second: np.ndarray) -> float:
    pairs = zip(first.tolist(), second.tolist(), strict=True)
    return float(np.mean([len(set(one) & set(other)) / NEAREST for one, other in pairs]))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.previews", description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("build/map-quality"), metavar="DIR", help="[%(default)s]")
    parser.add_argument("--corpus", type=Path, default=Path("build/map-quality/corpus"), metavar="DIR")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="[%(default)s]")
    parser.add_argument("--draws", type=int, default=5, metavar="N", help="[%(default)s]")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
