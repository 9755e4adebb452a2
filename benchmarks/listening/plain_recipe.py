"""The code that most people would write first: Essentia's loader, predictors and extractors, on full tracks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from benchmarks.listening import essentia_features
from spotmap_build.embed import essentia_engine
from spotmap_build.embed.discogs_effnet import EMBEDDING
from spotmap_build.embed.musicnn import POOLS
from spotmap_build.embed.weights import packaged_path

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.listening.costs import Costs
    from spotmap_build.model import Float32Array

NAME: Final = "plain recipe"


class FullTrack(NamedTuple):
    """The recipe's output for a track; ``pools``: for each patch, see :mod:`spotmap_build.embed.musicnn`."""

    pools: Float32Array
    embedding: Float32Array
    features: dict[str, float]


class PlainRecipe:
    """The loaded predictors. They process every patch: one per second for EffNet, one per 1.5 seconds for musicnn."""

    def __init__(self, effnet: Path) -> None:
        essentia_engine.load()  # quiet, and with one thread
        import essentia.standard

        self._standard = essentia.standard
        self._musicnn = self._standard.TensorflowPredictMusiCNN(
            graphFilename=str(packaged_path("msd-musicnn.pb")), output=POOLS
        )
        self._effnet = self._standard.TensorflowPredictEffnetDiscogs(graphFilename=str(effnet), output=EMBEDDING)

    def analyze(self, path: Path, costs: Costs) -> FullTrack:
        """Analyze a track, and record the cost of each step."""
        load = self._standard.MonoLoader
        with costs.of(NAME, "decoding"):
            samples = load(filename=str(path), sampleRate=16_000)()
            for_rhythm = load(filename=str(path), sampleRate=44_100)()
        with costs.of(NAME, "musicnn"):
            pools = np.asarray(self._musicnn(samples))
        with costs.of(NAME, "effnet"):
            embedding = np.asarray(self._effnet(samples))
        with costs.of(NAME, "features"):
            tempo_bpm = self._standard.RhythmExtractor2013(method="multifeature")(for_rhythm)[0]
            features = {"tempo": tempo_bpm, **essentia_features.whole(self._standard, samples)}
        return FullTrack(pools, embedding, features)
