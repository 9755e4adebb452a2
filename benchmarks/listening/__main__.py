"""``python -m benchmarks.listening``: the cost of analysis on each engine. See ``benchmarks/README.md``."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.listening.costs import Costs
from benchmarks.real_music.corpus import AUDIO_SUFFIXES
from spotmap_build.embed import engines
from spotmap_build.embed.pool import THREAD_VARIABLES

if TYPE_CHECKING:
    from benchmarks.listening.agreement import TrackResult
    from spotmap_build.embed.workers import Model
    from spotmap_build.model import Float32Array
    from spotmap_build.registry.embedders import EngineName

BOTH: Final = "both engines"
EMBEDDERS: Final = ("musicnn", "effnet")


def main() -> int:
    arguments = _arguments()
    for variable in THREAD_VARIABLES:
        os.environ[variable] = "1"
    readable = AUDIO_SUFFIXES - {".opus"}  # Essentia's own loader cannot read Opus
    paths = sorted(path for path in arguments.corpus.rglob("*") if path.suffix.lower() in readable)
    chosen = paths[:: max(1, len(paths) // arguments.tracks)][: arguments.tracks]
    if not chosen:
        print(f"There is no music in {arguments.corpus}.", file=sys.stderr)
        return 2
    # Import numpy only now: it reads the thread variables on import.
    if arguments.a_track:
        from benchmarks.listening.a_track import report_a_track

        report_a_track(chosen)
        return 0
    if arguments.patches:
        from benchmarks.listening.patch_counts import report_patch_counts

        report_patch_counts(chosen, arguments.patches)
        return 0
    from benchmarks.listening.agreement import report_agreement

    costs, results = _analyze(chosen)
    report_agreement(results)
    _report_costs(costs, len(chosen))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.listening", description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, metavar="DIR", help="a folder with music")
    parser.add_argument("--tracks", type=int, default=12, metavar="N", help="how many, evenly spread  [%(default)s]")
    parser.add_argument("--a-track", action="store_true", help="only the cost of a track and of a preview in a worker")
    parser.add_argument(
        "--patches", type=int, nargs="+", metavar="K", help="only how closely so many patches agree with all"
    )
    return parser.parse_args()


def _analyze(paths: list[Path]) -> tuple[Costs, list[TrackResult]]:
    """Analyze every track with both engines and the plain recipe, in one process with one thread."""
    import numpy as np

    from benchmarks.listening import effnet
    from benchmarks.listening.agreement import TrackResult
    from benchmarks.listening.plain_recipe import PlainRecipe
    from spotmap_build.embed.decode import decode
    from spotmap_build.embed.numpy_features import measure

    costs, results = Costs(), []
    with tempfile.TemporaryDirectory() as folder:
        networks = effnet.write(Path(folder))
        models = {name: _models(name, networks[name]) for name in engines.SUFFIXES}
        recipe = PlainRecipe(networks["essentia"])
    # Warm up: lazy imports happen once per process, and a real process analyzes hundreds of tracks.
    noise = np.random.default_rng(0).normal(0, 0.1, 5 * 16_000).astype(np.float32)
    measure(noise)
    for by_embedder in models.values():
        for model in by_embedder.values():
            model(noise)
    for path in paths:
        with costs.of(BOTH, "decoding"):
            samples = decode(path).samples
        with costs.of(BOTH, "features"):
            features = measure(samples)
        vectors: dict[tuple[str, str], Float32Array] = {}
        for name, by_embedder in models.items():
            for embedder, model in by_embedder.items():
                with costs.of(name, embedder):
                    vectors[name, embedder] = model(samples).vector
        results.append(TrackResult(vectors, features, recipe.analyze(path, costs)))
        print(f"analyzed {path.name}", flush=True)
    return costs, results


def _models(name: EngineName, effnet: Path) -> dict[str, Model]:
    from spotmap_build.embed.discogs_effnet import DiscogsEffnet
    from spotmap_build.embed.musicnn import Musicnn
    from spotmap_build.embed.weights import packaged_path

    engine = engines.load(name)
    musicnn = Musicnn(packaged_path(f"msd-musicnn{engines.SUFFIXES[name]}"), engine)
    return {"musicnn": musicnn, "effnet": DiscogsEffnet(effnet, engine)}


def _report_costs(costs: Costs, count: int) -> None:
    from benchmarks.listening.plain_recipe import NAME

    print(f"\nprocessor seconds a track, {count} tracks")
    for who, steps in costs.seconds.items():
        parts = ", ".join(f"{step} {seconds / count:.2f}" for step, seconds in steps.items())
        print(f"  {who:<13} {parts}")
    shared = ("decoding", "features")
    default = engines.choose("")
    for engine in sorted(engines.SUFFIXES, key=lambda name: name == default):
        less = []
        for embedder in EMBEDDERS:
            ours = costs.total((engine, embedder), *((BOTH, step) for step in shared))
            plain = costs.total(*((NAME, step) for step in (embedder, *shared)))
            less.append(f"{embedder} {plain / ours:.1f}")
        if engine != default:
            print(f"with --engine {engine}: {', '.join(less)} times less")
    print(f"{', '.join(less)} times less than the plain recipe")


if __name__ == "__main__":
    sys.exit(main())
