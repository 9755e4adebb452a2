"""Compare vectors and their preprocessing on real music: which make the best map?

Prints the tables of docs/map-quality.md. The corpus is that of benchmarks/real_music: soundtracks of free games from
Debian packages; the game is the label. Tracks are analyzed once, and the results are cached.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.map_quality.embeddings import embed_corpus
from benchmarks.map_quality.figures import Row, accuracy_in_space, mean_and_std, measure
from benchmarks.map_quality.recipes import OURS, PREPARATIONS, our_map, plain_map, vectors_of
from benchmarks.real_music.corpus import OTHERS, PACKAGES, CorpusError, collect

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array

COMPARED_ON_THE_PLANE = ("spectral 41", "dense 200", "mean 753", "mean+std 1506", "discogs-effnet 1280")
HEAD = "| vector | recipe | kNN space | kNN plane | trustworthiness | ARI | ARI with noise | noise | clusters |"


def main() -> int:
    arguments = _arguments()
    corpus, debs = arguments.corpus or arguments.work / "corpus", arguments.debs or arguments.work / "debs"
    packages = OTHERS if arguments.others else PACKAGES
    try:
        for collected in collect(packages, debs, corpus):
            print(f"{collected.game}: {collected.tracks} tracks", flush=True)
    except CorpusError as problem:
        print(problem, file=sys.stderr)
        return 1
    embedded = embed_corpus(corpus, arguments.work / "cache", arguments.effnet, arguments.jobs, packages)
    largest = max(map(embedded.games.count, embedded.games)) / len(embedded.games)
    print(f"{len(embedded.games)} tracks of {len(set(embedded.games))} games; the largest has {largest:.3f} of them\n")
    vectors = vectors_of(embedded)
    _compare_preparations(vectors, embedded.games)
    _compare_maps(vectors, embedded.games, range(arguments.seeds))
    return 0


def _compare_preparations(vectors: dict[str, Float32Array], games: Sequence[str]) -> None:
    print(f"| vector | {' | '.join(PREPARATIONS)} |\n|---|{'---|' * len(PREPARATIONS)}")
    for name, of_tracks in vectors.items():
        cells = [f"{accuracy_in_space(prepare(of_tracks), games):.3f}" for prepare in PREPARATIONS.values()]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
    print()


def _compare_maps(vectors: dict[str, Float32Array], games: Sequence[str], seeds: range) -> None:
    print(f"{HEAD}\n|{'---|' * HEAD.count(' | ')}---|")
    for name in (name for name in COMPARED_ON_THE_PLANE if name in vectors):
        of_tracks = vectors[name]
        _print_row(name, "plain", [measure(plain_map(of_tracks, seed), games) for seed in seeds])
        for preparation in ("z-scored", OURS):
            made = [measure(our_map(of_tracks, seed, preparation), games) for seed in seeds]
            _print_row(name, f"ours, {preparation}", made)


def _print_row(vector: str, recipe: str, rows: list[Row]) -> None:
    mean, std = mean_and_std(rows)
    pairs = [
        (mean.space, 0.0),
        (mean.plane, std.plane),
        (mean.trust, std.trust),
        (mean.ari, std.ari),
        (mean.ari_all, std.ari_all),
        (mean.noise, std.noise),
    ]
    cells = [f"{value:.3f}" + (f" ± {seeds:.3f}" if seeds else "") for value, seeds in pairs]
    print(f"| {vector} | {recipe} | {' | '.join(cells)} | {mean.clusters:.0f} |", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.map_quality", description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("build/map-quality"), metavar="DIR", help="[%(default)s]")
    parser.add_argument("--debs", type=Path, metavar="DIR", help="downloaded packages; missing ones are added")
    parser.add_argument("--corpus", type=Path, metavar="DIR", help="an unpacked corpus")
    parser.add_argument("--others", action="store_true", help="eighteen other games instead: the second corpus")
    parser.add_argument("--effnet", type=Path, metavar="FILE", help="weights of Discogs-EffNet, if available")
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help="maps of each kind  [%(default)s]")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="worker processes  [%(default)s]")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
