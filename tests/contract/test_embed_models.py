"""The models on Essentia as in a build: Discogs-EffNet's code with a stand-in graph, musicnn with its own weights."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spotmap_build.embed import engine
from spotmap_build.embed.discogs_effnet import DiscogsEffnet
from spotmap_build.embed.musicnn import Musicnn
from spotmap_build.embed.patches import mel_patches
from spotmap_build.embed.spectral import FEATURES, spectral
from spotmap_build.embed.weights import packaged
from spotmap_build.errors import WeightsError
from tests.fakes import stub_effnet
from tests.fakes.audio_files import tune

RATE_HZ = 16_000
MUSICNN = packaged("msd-musicnn.pb")


@pytest.fixture(scope="session")
def stub_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "stub-discogs-effnet.pb"
    path.write_bytes(stub_effnet.build())
    return path


def named(features: Any) -> dict[str, float]:
    return {feature.name: float(value) for feature, value in zip(FEATURES, features, strict=True)}


def test_effnet_equals_essentias_own_algorithm_where_both_look_at_the_same_patches(stub_path: Path) -> None:
    # 64 patches spread over 4,034 frames are 62 frames apart: the algorithm's default.
    samples = tune(4034 * 256 / RATE_HZ, rate_hz=RATE_HZ)
    assert len(samples) == 4034 * 256
    vector, tags = DiscogsEffnet(stub_path)(samples)
    standard = engine.load()
    for mine, output in ((tags, "PartitionedCall:0"), (vector, "PartitionedCall:1")):
        theirs = standard.TensorflowPredictEffnetDiscogs(graphFilename=str(stub_path), output=output)(samples)
        assert theirs.shape == (64, len(mine))
        np.testing.assert_array_equal(mine, theirs.mean(axis=0, dtype=np.float64).astype(np.float32))


def test_mel_frames_are_those_of_essentias_frame_generator() -> None:
    samples = tune(3, rate_hz=RATE_HZ)
    standard = engine.load()
    bands_of = standard.TensorflowInputMusiCNN()
    cutter = standard.FrameGenerator(samples, frameSize=512, hopSize=256, startFromZero=False)
    theirs = np.array([bands_of(frame) for frame in cutter])
    count = len(samples) // 256
    np.testing.assert_array_equal(engine.mel_frames(samples, np.arange(count)), theirs[:count])
    np.testing.assert_array_equal(engine.mel_frames(samples, np.array([0, 77, 5])), theirs[[0, 77, 5]])


@pytest.mark.parametrize("seconds", [0.5, 2, 2.048, 2.1, 3, 70])
def test_effnet_gives_the_same_shapes_for_any_length(stub_path: Path, seconds: float) -> None:
    vector, tags = DiscogsEffnet(stub_path)(tune(seconds, rate_hz=RATE_HZ))
    assert (vector.shape, tags.shape) == ((1280,), (400,))
    assert vector.dtype == tags.dtype == np.float32
    assert np.isfinite(vector).all()
    assert ((tags >= 0) & (tags <= 1)).all()


def test_empty_rows_of_the_batch_do_not_count(stub_path: Path) -> None:
    """A clip of one patch, and the same patch in a batch full of it, have one vector."""
    samples = tune(2.048, rate_hz=RATE_HZ)
    patches = mel_patches(samples, patch_frames=128, wanted=64)
    assert len(patches) == 1
    graph = engine.Graph(
        stub_path, input_name="serving_default_melspectrogram", output_names=("PartitionedCall:0", "PartitionedCall:1")
    )
    _, embedding = graph(np.repeat(patches, 64, axis=0))
    np.testing.assert_allclose(DiscogsEffnet(stub_path)(samples)[0], embedding[0], rtol=1e-6)


def test_musicnn_takes_the_means_of_the_pools_and_their_spread() -> None:
    """Every mean over time stands after its maximum, and is never above it."""
    samples = tune(3, rate_hz=RATE_HZ)
    patches = mel_patches(samples, patch_frames=187, wanted=20)
    pools, tags = engine.Graph(
        MUSICNN, input_name="model/Placeholder", output_names=("model/flatten/Reshape", "model/Sigmoid")
    )(patches)
    vector, mean_tags = Musicnn(MUSICNN)(samples)
    maxima, means = pools[:, 0::2], pools[:, 1::2]
    assert (maxima >= means - 1e-5).all()
    assert not (pools[:, :753] >= pools[:, 753:] - 1e-5).all()
    np.testing.assert_allclose(vector[:753], means.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(vector[753:], means.std(axis=0), atol=1e-5)
    np.testing.assert_allclose(mean_tags, tags.mean(axis=0), atol=1e-5)
    assert ((tags >= 0) & (tags <= 1)).all()


@pytest.mark.parametrize("make", [DiscogsEffnet, Musicnn])
def test_a_file_that_is_no_model_is_refused(tmp_path: Path, make: Any) -> None:
    path = tmp_path / "broken.pb"
    path.write_bytes(b"<html>Not Found</html>")
    with pytest.raises(WeightsError, match="cannot be loaded as a model") as refused:
        make(path)
    assert "musicnn" in refused.value.hint


def test_features_mean_what_they_say() -> None:
    time_s = np.arange(12 * RATE_HZ) / RATE_HZ
    generator = np.random.default_rng(0)
    noise = named(spectral((0.1 * generator.normal(size=len(time_s))).astype(np.float32)))
    sine = named(spectral((0.5 * np.sin(2 * np.pi * 440 * time_s)).astype(np.float32)))
    assert noise["noise_to_tone"] > 0.8
    assert sine["noise_to_tone"] < 0.01
    assert sine["key"] == 9
    assert sine["brightness"] == pytest.approx(440, rel=0.01)
    assert sine["power"] == pytest.approx(0.5 / np.sqrt(2), rel=0.01)
    # A sine at -6 dBFS in both channels, K-weighted: BS.1770 puts full scale at 997 Hz to -3.01 + 3.01 LUFS.
    assert sine["loudness"] == pytest.approx(-6.0, abs=1)
    clicks = np.where(np.arange(len(time_s)) % (RATE_HZ // 2) < 40, 0.9, 0) * generator.normal(size=len(time_s))
    beat = named(spectral(clicks.astype(np.float32)))
    assert beat["tempo"] == pytest.approx(120, abs=1)
    assert beat["beat_strength"] > 2


def test_a_c_major_chord_is_in_c_major() -> None:
    time_s = np.arange(6 * RATE_HZ) / RATE_HZ
    notes_hz = (130.81, 261.63, 329.63, 392.0, 523.25)
    chord = sum(np.sin(2 * np.pi * note_hz * time_s) for note_hz in notes_hz) * 0.1
    features = named(spectral(np.asarray(chord, dtype=np.float32)))
    assert (features["key"], features["mode"]) == (0, 1)
    assert features["key_clarity"] > 0.7


@pytest.mark.parametrize("seconds", [0.5, 1, 2.9])
def test_short_clips_have_all_their_features(seconds: float) -> None:
    features = named(spectral(tune(seconds, rate_hz=RATE_HZ)))
    assert np.isfinite(list(features.values())).all()
    assert features["tempo"] > 0


def test_odd_sounds_have_finite_features_within_their_ranges() -> None:
    time_s = np.arange(4 * RATE_HZ) / RATE_HZ
    for sound in (
        np.full(len(time_s), 0.5),
        np.where(time_s == 1, 0.5, 0),
        2e-4 * np.sin(2 * np.pi * 50 * time_s),
        np.sign(np.sin(2 * np.pi * 440 * time_s)),
    ):
        features = named(spectral(sound.astype(np.float32)))
        assert np.isfinite(list(features.values())).all()
        assert features["loudness"] >= -70
        assert 0 <= features["danceability"] <= 5
        assert 0 <= features["key_clarity"] <= 1


def test_essentia_is_loaded_quietly_with_a_clean_environment() -> None:
    script = (
        "import os; from pathlib import Path; from spotmap_build.embed import engine, musicnn, weights\n"
        "import numpy as np\n"
        "musicnn.Musicnn(weights.packaged('msd-musicnn.pb'))(np.ones(48000, dtype=np.float32))\n"
        "print(os.environ['TF_NUM_INTRAOP_THREADS'], 'TF_ENABLE_ONEDNN_OPTS' in os.environ)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={"TF_ENABLE_ONEDNN_OPTS": "1", "PYTHONPATH": str(Path.cwd())},
    )
    assert (done.stdout, done.stderr) == ("1 False\n", "")


def test_without_essentia_there_is_a_sentence_and_no_traceback() -> None:
    script = (
        "import sys; sys.modules['essentia'] = None\n"
        "from spotmap_build.embed import engine; from spotmap_build.errors import ConfigError\n"
        "try: engine.load()\n"
        "except ConfigError as error: print(error.message, error.hint)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "cannot be loaded on this machine" in done.stdout
    assert "table with vectors" in done.stdout
