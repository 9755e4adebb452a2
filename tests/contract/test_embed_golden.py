"""Recorded embeddings and features of fixed audio: if an engine changes its results, the version must change.

If this fails after an update, raise ``own_version`` of the embedder, or ``FEATURES_VERSION``, and record the new values
(docs/decisions/0001).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from spotmap_build.embed import engines
from spotmap_build.embed.musicnn import Musicnn
from spotmap_build.embed.numpy_features import measure
from spotmap_build.registry.embedders import EngineName
from spotmap_build.registry.features import FEATURES
from tests.fakes.audio_files import tune
from tests.support.engines import load_or_skip, packaged_musicnn

pytestmark = pytest.mark.xdist_group("engines")  # one worker, so that the engines are loaded once

MEAN_FROM_470_EVERY_20 = (
    1.2449,
    2.3241,
    -0.0000,
    -0.0000,
    0.0000,
    0.0025,
    -0.0006,
    -0.0001,
    -0.0456,
    0.2177,
    0.2534,
    -1.0232,
    2.1153,
    0.3669,
    3.0157,
)
STD_FROM_470_EVERY_20 = (
    0.3185,
    0.4924,
    0.0000,
    0.0000,
    0.0000,
    0.0000,
    0.0000,
    0.0000,
    0.0012,
    0.0339,
    0.0003,
    0.2496,
    0.3981,
    0.2316,
    0.2509,
)
FIRST_TAGS = (
    0.0070,
    0.0025,
    0.0200,
    0.0361,
    0.5256,
    0.0173,
    0.0092,
    0.0089,
    0.0019,
    0.1160,
    0.0124,
    0.0015,
    0.0486,
    0.0005,
    0.0002,
    0.0004,
)
FEATURE_VALUES = {
    "brightness": 512.6948,
    "tempo": 120.0181,
    "beat_strength": 3.8151,
    "key": 9.0000,
    "mode": 1.0000,
    "key_clarity": 0.7111,
    "loudness": -15.6668,
    "loudness_range": 0.0729,
    "dynamics": 8.7238,
    "danceability": 3.3779,
    "energy": 31.8381,
    "power": 0.1254,
    "noisiness": 0.1231,
    "crispness": 1132.2455,
    "noise_to_tone": 0.5906,
}


def cosine(embedded: npt.NDArray[np.float32], values: tuple[float, ...]) -> float:
    recorded = np.array(values)
    return float(embedded @ recorded / np.linalg.norm(embedded) / np.linalg.norm(recorded))


@pytest.mark.parametrize("name", engines.SUFFIXES)
def test_musicnn_output_matches_the_recorded_values(name: EngineName) -> None:
    output = Musicnn(packaged_musicnn(name), load_or_skip(name))(tune(8, rate_hz=16_000, seed=3))
    mean, std = np.split(output.vector, 2)
    assert cosine(mean[470::20], MEAN_FROM_470_EVERY_20) > 0.9999
    assert cosine(std[470::20], STD_FROM_470_EVERY_20) > 0.9999
    np.testing.assert_allclose(output.tags[: len(FIRST_TAGS)], FIRST_TAGS, atol=2e-3)


def test_features_match_the_recorded_values() -> None:
    values = measure(tune(8, rate_hz=16_000, seed=3))
    embedded = {feature.name: float(value) for feature, value in zip(FEATURES, values, strict=True) if feature.public}
    assert embedded.keys() == FEATURE_VALUES.keys()
    for feature, recorded in FEATURE_VALUES.items():
        assert abs(embedded[feature] - recorded) <= 0.01 * max(1.0, abs(recorded)), feature
