"""``python -m benchmarks.listening``: what listening costs on each engine. See ``benchmarks/README.md``."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.real_music.corpus import AUDIO_SUFFIXES
from spotmap_build.embed import engines
from spotmap_build.embed.pool import THREAD_VARIABLES

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array
    from spotmap_build.registry.embedders import EngineName

RECIPE: Final = "plain recipe"
DECODING: Final = "both engines"


@dataclass
class Costs:
    """Processor seconds of each step, summed over tracks, by engine."""

    seconds: dict[str, dict[str, float]] = field(default_factory=dict)

    def measure(self, engine: str, step: str, work: Callable[[], Float32Array]) -> Float32Array:
        """Do a piece of work, and add what it took."""
        started = time.process_time()
        result = work()
        steps = self.seconds.setdefault(engine, {})
        steps[step] = steps.get(step, 0.0) + time.process_time() - started
        return result


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
    _report(*_listen(chosen), len(chosen))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.listening", description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, metavar="DIR", help="a folder with music")
    parser.add_argument("--tracks", type=int, default=12, metavar="N", help="how many, spread over it  [%(default)s]")
    return parser.parse_args()


def _listen(paths: list[Path]) -> tuple[Costs, dict[EngineName, list[dict[str, Float32Array]]]]:
    """Every track on both engines and by the plain recipe, in one process with one thread."""
    from spotmap_build.embed.musicnn import Musicnn
    from spotmap_build.embed.weights import packaged

    costs = Costs()
    heard: dict[EngineName, list[dict[str, Float32Array]]] = {name: [] for name in engines.SUFFIXES}
    models = {
        name: Musicnn(packaged(f"msd-musicnn{suffix}"), engines.load(name)) for name, suffix in engines.SUFFIXES.items()
    }
    for path in paths:
        samples = costs.measure(DECODING, "decoding", partial(_samples, path))
        for name, model in models.items():

            def vector(model: Musicnn = model, samples: Float32Array = samples) -> Float32Array:
                return model(samples).vector

            features = partial(engines.load(name).measure, samples)
            heard[name].append(
                {
                    "musicnn": costs.measure(name, "musicnn", vector),
                    "features": costs.measure(name, "features", features),
                }
            )
        for step, work in _plain_recipe(path):
            costs.measure(RECIPE, step, work)
        print(f"heard {path.name}", flush=True)
    return costs, heard


def _samples(path: Path) -> Float32Array:
    from spotmap_build.embed.decode import decode

    return decode(path).samples


def _plain_recipe(path: Path) -> list[tuple[str, Callable[[], Float32Array]]]:
    """What most would write first: Essentia's own loader, predictor and extractors on the whole track."""
    import numpy as np

    from spotmap_build.embed import essentia_engine, essentia_features
    from spotmap_build.embed.weights import packaged

    standard = essentia_engine.load()
    loaded: dict[int, Float32Array] = {}

    def load(rate_hz: int) -> Float32Array:
        loaded[rate_hz] = standard.MonoLoader(filename=str(path), sampleRate=rate_hz)()
        return loaded[rate_hz]

    def predict() -> Float32Array:
        weights = str(packaged("msd-musicnn.pb"))
        outputs = standard.TensorflowPredictMusiCNN(graphFilename=weights, output="model/flatten/Reshape")
        vector: Float32Array = np.asarray(outputs(loaded[16_000])).mean(axis=0)
        return vector

    def measure() -> Float32Array:
        standard.RhythmExtractor2013(method="multifeature")(loaded[44_100])
        return np.array(list(essentia_features.whole(standard, loaded[16_000]).values()))

    return [
        ("decoding", lambda: load(16_000)),
        ("decoding", lambda: load(44_100)),
        ("musicnn", predict),
        ("features", measure),
    ]


def _report(costs: Costs, heard: dict[EngineName, list[dict[str, Float32Array]]], count: int) -> None:
    import numpy as np

    from spotmap_build.registry.features import FEATURES

    print(f"\nprocessor seconds a track, {count} tracks")
    for engine, steps in costs.seconds.items():
        parts = ", ".join(f"{step} {seconds / count:.2f}" for step, seconds in steps.items())
        print(f"  {engine:<13} {parts}")
    shared = sum(costs.seconds[DECODING].values())
    recipe = sum(costs.seconds[RECIPE].values())
    less = [f"{name} {recipe / (shared + sum(costs.seconds[name].values())):.1f}" for name in heard]
    print(f"  musicnn and features: {', '.join(less)} times less than the plain recipe")
    one, other = ({part: np.stack([row[part] for row in rows]) for part in rows[0]} for rows in heard.values())
    cosines = np.sum(one["musicnn"] * other["musicnn"], axis=1) / np.linalg.norm(one["musicnn"], axis=1)
    cosines /= np.linalg.norm(other["musicnn"], axis=1)
    print("\nagreement of the engines")
    print(f"  musicnn        largest difference {np.abs(one['musicnn'] - other['musicnn']).max():.1e}")
    print(f"                 least cosine {cosines.min():.7f}")
    for column, feature in enumerate(FEATURES):
        if feature.public:
            apart = np.abs(one["features"][:, column] - other["features"][:, column])
            print(
                f"  {feature.name:<15}half within {np.median(apart):.4g}, all within {apart.max():.4g} {feature.unit}"
            )


if __name__ == "__main__":
    sys.exit(main())
