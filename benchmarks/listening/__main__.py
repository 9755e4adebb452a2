"""``python -m benchmarks.listening``: what listening costs, on each engine. See ``benchmarks/README.md``."""

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
    from benchmarks.listening.agreement import Heard
    from spotmap_build.embed.workers import Model
    from spotmap_build.model import Float32Array
    from spotmap_build.registry.embedders import EngineName

BOTH: Final = "both engines"
EMBEDDERS: Final = ("musicnn", "effnet")


def main() -> int:
    arguments = _arguments()
    for variable in THREAD_VARIABLES:
        os.environ[variable] = "1"
    readable = AUDIO_SUFFIXES - {".opus"}  # which Essentia's own loader cannot read
    paths = sorted(path for path in arguments.corpus.rglob("*") if path.suffix.lower() in readable)
    chosen = paths[:: max(1, len(paths) // arguments.tracks)][: arguments.tracks]
    if not chosen:
        print(f"There is no music in {arguments.corpus}.", file=sys.stderr)
        return 2
    # Not before: it loads numpy, which looks at the variables when it is loaded.
    if arguments.a_track:
        from benchmarks.listening.a_track import report_a_track

        report_a_track(chosen)
        return 0
    from benchmarks.listening.agreement import report_agreement

    costs, heard = _listen(chosen)
    report_agreement(heard)
    _report_costs(costs, len(chosen))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.listening", description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, metavar="DIR", help="a folder with music")
    parser.add_argument("--tracks", type=int, default=12, metavar="N", help="how many, spread over it  [%(default)s]")
    parser.add_argument("--a-track", action="store_true", help="only what a worker takes for a track and for a preview")
    return parser.parse_args()


def _listen(paths: list[Path]) -> tuple[Costs, list[Heard]]:
    """Hear every track on both engines and by the plain recipe, in one process with one thread."""
    import numpy as np

    from benchmarks.listening import effnet
    from benchmarks.listening.agreement import Heard
    from benchmarks.listening.plain_recipe import PlainRecipe
    from spotmap_build.embed.decode import decode
    from spotmap_build.embed.numpy_features import measure

    costs, heard = Costs(), []
    with tempfile.TemporaryDirectory() as folder:
        networks = effnet.write(Path(folder))
        models = {name: _models(name, networks[name]) for name in engines.SUFFIXES}
        recipe = PlainRecipe(networks["essentia"])
    # What is loaded at the first track is loaded once in a process, which hears hundreds.
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
        heard.append(Heard(vectors, features, recipe.listen(path, costs)))
        print(f"heard {path.name}", flush=True)
    return costs, heard


def _models(name: EngineName, effnet: Path) -> dict[str, Model]:
    from spotmap_build.embed.discogs_effnet import DiscogsEffnet
    from spotmap_build.embed.musicnn import Musicnn
    from spotmap_build.embed.weights import packaged

    engine = engines.load(name)
    musicnn = Musicnn(packaged(f"msd-musicnn{engines.SUFFIXES[name]}"), engine)
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
