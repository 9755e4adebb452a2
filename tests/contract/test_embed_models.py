"""The models on both engines: Discogs-EffNet's code with a stand-in network, musicnn with its real weights."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spotmap_build.embed import engines
from spotmap_build.embed.discogs_effnet import DiscogsEffnet
from spotmap_build.embed.engines import Engine
from spotmap_build.embed.musicnn import Musicnn
from spotmap_build.embed.numpy_features import measure
from spotmap_build.embed.patches import mel_patches
from spotmap_build.errors import WeightsError
from spotmap_build.registry.embedders import EngineName
from spotmap_build.registry.features import FEATURES
from tests.fakes import stub_effnet
from tests.fakes.audio_files import tune
from tests.support.engines import load_or_skip, packaged_musicnn
from tests.support.patience import patience

pytestmark = pytest.mark.xdist_group("engines")  # one worker, so that the engines are loaded once

RATE_HZ = 16_000


@pytest.fixture(params=engines.SUFFIXES)
def name(request: pytest.FixtureRequest) -> EngineName:
    engine_name: EngineName = request.param
    return engine_name


@pytest.fixture
def engine(name: EngineName) -> Engine:
    return load_or_skip(name)


@pytest.fixture(scope="session")
def stubs(tmp_path_factory: pytest.TempPathFactory) -> dict[EngineName, Path]:
    folder = tmp_path_factory.mktemp("models")
    paths: dict[EngineName, Path] = {"essentia": folder / "stub.pb", "onnx": folder / "stub.onnx"}
    paths["essentia"].write_bytes(stub_effnet.build())
    paths["onnx"].write_bytes(stub_effnet.build_onnx())
    return paths


@pytest.fixture
def stub_path(stubs: dict[EngineName, Path], name: EngineName) -> Path:
    return stubs[name]


def features_by_name(features: Any) -> dict[str, float]:
    return {feature.name: float(value) for feature, value in zip(FEATURES, features, strict=True)}


@pytest.mark.parametrize("seconds", [0.5, 2, 2.048, 2.1, 3, 70])
def test_effnet_output_has_the_same_shape_for_any_duration(engine: Engine, stub_path: Path, seconds: float) -> None:
    output = DiscogsEffnet(stub_path, engine)(tune(seconds, rate_hz=RATE_HZ))
    vector, tags = output.vector, output.tags
    assert (vector.shape, tags.shape) == ((1280,), (400,))
    assert vector.dtype == tags.dtype == np.float32
    assert np.isfinite(vector).all()
    assert ((tags >= 0) & (tags <= 1)).all()
    assert 0 <= output.typical_sample <= max(0, seconds - 2.048) * RATE_HZ


def test_padding_of_the_batch_does_not_affect_the_vector(engine: Engine, stub_path: Path) -> None:
    """A clip of one patch has the same vector as a batch that repeats the patch."""
    samples = tune(2.048, rate_hz=RATE_HZ)
    patches = mel_patches(samples, patch_frames=128, max_patches=64).mel
    assert len(patches) == 1
    network = engine.load_network(
        stub_path, input_name="serving_default_melspectrogram", output_names=("PartitionedCall:0", "PartitionedCall:1")
    )
    _, embedding = network(np.repeat(patches, 64, axis=0))
    np.testing.assert_allclose(DiscogsEffnet(stub_path, engine)(samples).vector, embedding[0], atol=1e-4)


def test_musicnn_vector_is_mean_and_standard_deviation_of_the_mean_pools(engine: Engine, name: EngineName) -> None:
    """The pools alternate between the maximum over time and the mean, which is never larger."""
    samples = tune(3, rate_hz=RATE_HZ)
    patches = mel_patches(samples, patch_frames=187, max_patches=20).mel
    path = packaged_musicnn(name)
    pools, tags = engine.load_network(
        path, input_name="model/Placeholder", output_names=("model/flatten/Reshape", "model/Sigmoid")
    )(patches)
    output = Musicnn(path, engine)(samples)
    maxima, means = pools[:, 0::2], pools[:, 1::2]
    assert (maxima >= means - 1e-5).all()
    assert not (pools[:, :753] >= pools[:, 753:] - 1e-5).all()
    np.testing.assert_allclose(output.vector[:753], means.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(output.vector[753:], means.std(axis=0), atol=1e-5)
    np.testing.assert_allclose(output.tags, tags.mean(axis=0), atol=1e-5)
    assert ((tags >= 0) & (tags <= 1)).all()


def test_typical_moment_is_in_the_longest_homogeneous_part(engine: Engine, name: EngineName) -> None:
    """The audio is twelve seconds of noise, then thirty seconds of a tune."""
    hiss = np.random.default_rng(1).normal(0, 0.1, 12 * RATE_HZ).astype(np.float32)
    output = Musicnn(packaged_musicnn(name), engine)(np.concatenate([hiss, tune(30, rate_hz=RATE_HZ)]))
    assert output.typical_sample >= 12 * RATE_HZ


@pytest.mark.parametrize("model_class", [DiscogsEffnet, Musicnn])
def test_file_that_is_not_a_model_is_refused(engine: Engine, tmp_path: Path, model_class: Any) -> None:
    path = tmp_path / "broken"
    path.write_bytes(b"<html>Not Found</html>")
    with pytest.raises(WeightsError, match="cannot be loaded as a model") as refused:
        model_class(path, engine)
    assert "musicnn" in refused.value.hint


def test_weights_of_another_model_are_refused(engine: Engine, name: EngineName) -> None:
    with pytest.raises(WeightsError, match="cannot be loaded as a model"):
        DiscogsEffnet(packaged_musicnn(name), engine)


def test_features_of_synthetic_signals_have_the_expected_values() -> None:
    time_s = np.arange(12 * RATE_HZ) / RATE_HZ
    generator = np.random.default_rng(0)
    noise = features_by_name(measure((0.1 * generator.normal(size=len(time_s))).astype(np.float32)))
    sine = features_by_name(measure((0.5 * np.sin(2 * np.pi * 440 * time_s)).astype(np.float32)))
    assert noise["noise_to_tone"] > 0.8
    assert sine["noise_to_tone"] < 0.01
    assert sine["key"] == 9
    assert sine["brightness"] == pytest.approx(440, rel=0.01)
    assert sine["power"] == pytest.approx(0.5 / np.sqrt(2), rel=0.01)
    # A sine at -6 dBFS in both channels, K-weighted: BS.1770 puts full scale at 997 Hz to -3.01 + 3.01 LUFS.
    assert sine["loudness"] == pytest.approx(-6.0, abs=1)
    clicks = np.where(np.arange(len(time_s)) % (RATE_HZ // 2) < 40, 0.9, 0) * generator.normal(size=len(time_s))
    beat = features_by_name(measure(clicks.astype(np.float32)))
    assert beat["tempo"] == pytest.approx(120, abs=1)
    assert beat["beat_strength"] > 2


def test_c_major_chord_is_in_c_major() -> None:
    time_s = np.arange(6 * RATE_HZ) / RATE_HZ
    notes_hz = (130.81, 261.63, 329.63, 392.0, 523.25)
    chord = sum(np.sin(2 * np.pi * note_hz * time_s) for note_hz in notes_hz) * 0.1
    features = features_by_name(measure(np.asarray(chord, dtype=np.float32)))
    assert (features["key"], features["mode"]) == (0, 1)
    assert features["key_clarity"] > 0.7


@pytest.mark.parametrize("seconds", [0.5, 1, 2.9])
def test_short_clips_have_finite_features(seconds: float) -> None:
    features = features_by_name(measure(tune(seconds, rate_hz=RATE_HZ)))
    assert np.isfinite(list(features.values())).all()
    assert features["tempo"] > 0


def test_extreme_signals_have_finite_features_within_their_ranges() -> None:
    time_s = np.arange(4 * RATE_HZ) / RATE_HZ
    for sound in (
        np.full(len(time_s), 0.5),
        np.where(time_s == 1, 0.5, 0),
        2e-4 * np.sin(2 * np.pi * 50 * time_s),
        np.sign(np.sin(2 * np.pi * 440 * time_s)),
    ):
        features = features_by_name(measure(sound.astype(np.float32)))
        assert np.isfinite(list(features.values())).all()
        assert features["loudness"] >= -70
        assert 0 <= features["danceability"] <= 5
        assert 0 <= features["key_clarity"] <= 1


def test_onnxruntime_telemetry_is_off_and_writes_no_file(tmp_path: Path) -> None:
    """The telemetry starts on import, with a file that names the session."""
    program = "from spotmap_build.embed import onnx_engine; onnx_engine.load()"
    variables = {**os.environ, "TMPDIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", program], env=variables, check=True, timeout=patience())
    assert list(tmp_path.iterdir()) == []


WITHOUT_ENGINE = """
import sys; sys.modules["{module}"] = None
from spotmap_build.embed import {engine}; from spotmap_build.errors import ConfigError
try: {engine}.load()
except ConfigError as error: print(error.message, error.hint)
"""


@pytest.mark.parametrize(
    ("module", "engine", "hint"),
    [("essentia", "essentia_engine", "--engine onnx"), ("onnxruntime", "onnx_engine", "pip install onnxruntime")],
)
def test_missing_engine_is_a_configuration_error(module: str, engine: str, hint: str) -> None:
    script = WITHOUT_ENGINE.format(module=module, engine=engine)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "cannot be loaded on this machine" in done.stdout
    assert hint in done.stdout


RUN_MUSICNN = """
import os, sys
import numpy as np
from spotmap_build.embed import engines, musicnn, weights
engine = engines.load("{name}")
musicnn.Musicnn(weights.packaged_path("msd-musicnn{suffix}"), engine)(np.ones(48000, dtype=np.float32))
print(os.environ.get("TF_NUM_INTRAOP_THREADS"), "TF_ENABLE_ONEDNN_OPTS" in os.environ)
assert "essentia.standard" not in sys.modules, "workers would need 120 MiB more"
"""


@pytest.mark.slow
@pytest.mark.parametrize(("name", "expected"), [("essentia", "1 False\n"), ("onnx", "None True\n")])
def test_engine_prints_nothing_and_ignores_tensorflow_variables(name: EngineName, expected: str) -> None:
    load_or_skip(name)
    done = subprocess.run(
        [sys.executable, "-c", RUN_MUSICNN.format(name=name, suffix=engines.SUFFIXES[name])],
        capture_output=True,
        text=True,
        check=True,
        env={"TF_ENABLE_ONEDNN_OPTS": "1", "PYTHONPATH": str(Path.cwd())},
    )
    assert (done.stdout, done.stderr) == (expected, "")
