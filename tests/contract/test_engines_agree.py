"""Both engines hear the same, so that one cache serves both (docs/decisions/0011): Essentia is the reference.

The sounds are made up here; how far the engines agree on real music stands in the decision record.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from benchmarks.listening import effnet, essentia_features
from scripts.graph_to_onnx import convert
from spotmap_build.cache.arrays import decode_array
from spotmap_build.cache.records import decode_record, inline_bytes
from spotmap_build.embed.discogs_effnet import EMBEDDING, INPUT, PATCH_FRAMES, STYLES, WHOLE_BATCH, DiscogsEffnet
from spotmap_build.embed.mel import mel_frames
from spotmap_build.embed.musicnn import POOLS, TAGS, Musicnn
from spotmap_build.embed.numpy_features import measure
from spotmap_build.embed.numpy_features.beats import doubled, track
from spotmap_build.embed.numpy_features.onsets import onsets
from spotmap_build.embed.numpy_features.rhythm import SCALES, mutual_agreement
from spotmap_build.embed.weights import packaged
from spotmap_build.emit.columns import unpack_ids
from spotmap_build.registry.features import FEATURES
from tests.fakes import stub_effnet
from tests.fakes.audio_files import tune
from tests.support.command import Outcome, run_in_new_interpreter, spotmap
from tests.support.engines import load_or_skip, packaged_musicnn
from tests.support.music import write_library

pytestmark = pytest.mark.xdist_group("engines")  # one process, so that the engines are loaded once

RATE_HZ = 16_000
CLOSE = 1e-4
FEATURES_CLOSE = {"tempo": 0.02, "beat_strength": 0.15, "loudness": 0.05, "loudness_range": 0.05}
"""Of features by name: by how much they may differ, in their units (the tempo as a share); others by a hundredth."""


@pytest.fixture(scope="module")
def standard() -> Any:
    load_or_skip("essentia")
    from spotmap_build.embed import essentia_engine

    return essentia_engine.load()


@pytest.fixture(scope="module")
def stubs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("stubs")
    (folder / "stub.pb").write_bytes(stub_effnet.build())
    (folder / "stub.onnx").write_bytes(stub_effnet.build_onnx())
    return folder / "stub.pb", folder / "stub.onnx"


def music(seconds: float) -> npt.NDArray[np.float32]:
    """A tune that grows louder, with a drum: something for every feature."""
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    drum = np.sin(2 * np.pi * 60 * time_s) * np.exp(-20 * (time_s * 2 % 1))
    sound = 0.6 * tune(seconds, rate_hz=RATE_HZ, seed=5) + 0.3 * drum
    return np.asarray(sound * np.linspace(0.3, 1, len(time_s)), dtype=np.float32)


def assert_same(mine: npt.NDArray[np.float32], theirs: npt.NDArray[np.float32]) -> None:
    np.testing.assert_allclose(mine, theirs, atol=CLOSE)
    assert mine @ theirs / np.linalg.norm(mine) / np.linalg.norm(theirs) > 0.9999


def test_mel_bands_are_those_of_essentias_frame_generator(standard: Any) -> None:
    samples = music(3)
    bands_of = standard.TensorflowInputMusiCNN()
    cutter = standard.FrameGenerator(samples, frameSize=512, hopSize=256, startFromZero=False)
    theirs = np.array([bands_of(frame) for frame in cutter])
    count = len(samples) // 256
    mine = mel_frames(samples, np.arange(count))
    np.testing.assert_allclose(mine, theirs[:count], atol=2e-3)
    assert np.abs(mine - theirs[:count]).mean() < 1e-5
    np.testing.assert_array_equal(mel_frames(samples, np.array([0, 77, 5])), mine[[0, 77, 5]])


@pytest.mark.parametrize("seconds", [2, 9])
def test_musicnn_is_the_same_on_both_engines(standard: Any, seconds: float) -> None:
    samples = music(seconds)
    mine = Musicnn(packaged_musicnn("onnx"), load_or_skip("onnx"))(samples)
    theirs = Musicnn(packaged_musicnn("essentia"), load_or_skip("essentia"))(samples)
    assert_same(mine.vector, theirs.vector)
    assert_same(mine.tags, theirs.tags)
    assert mine.typical_sample == theirs.typical_sample


def test_the_packaged_network_is_what_the_script_makes_of_essentias() -> None:
    made = convert(packaged("msd-musicnn.pb").read_bytes(), (POOLS, TAGS))
    assert made == packaged("msd-musicnn.onnx").read_bytes()


def test_effnet_is_essentias_own_algorithm_where_both_look_at_the_same_patches(
    standard: Any, stubs: tuple[Path, Path]
) -> None:
    # 64 patches spread over 4,034 frames are 62 frames apart: the algorithm's default.
    samples = music(4034 * 256 / RATE_HZ)
    assert len(samples) == 4034 * 256
    of_essentia = DiscogsEffnet(stubs[0], load_or_skip("essentia"))(samples)
    of_onnx = DiscogsEffnet(stubs[1], load_or_skip("onnx"))(samples)
    pairs = (of_essentia.vector, of_onnx.vector), (of_essentia.tags, of_onnx.tags)
    for (one, other), output in zip(pairs, ("PartitionedCall:1", "PartitionedCall:0"), strict=True):
        reference = standard.TensorflowPredictEffnetDiscogs(graphFilename=str(stubs[0]), output=output)(samples)
        assert reference.shape == (64, len(one))
        assert_same(one, reference.mean(axis=0))
        assert_same(other, reference.mean(axis=0))


@pytest.mark.slow
def test_a_network_of_effnets_layers_is_the_same_on_both_engines(standard: Any, tmp_path: Path) -> None:
    """Strides, kernels of one channel each, means over a plane: what the benchmark's stand-in has, and musicnn not."""
    assert standard
    noise = np.random.default_rng(2).uniform(0, 3, (WHOLE_BATCH, PATCH_FRAMES, 96)).astype(np.float32)
    patches = noise * np.linspace(0.1, 1, WHOLE_BATCH, dtype=np.float32)[:, np.newaxis, np.newaxis]
    of_essentia, of_onnx = (
        load_or_skip(name).load_network(path, input_name=INPUT, output_names=(STYLES, EMBEDDING))(patches)
        for name, path in effnet.write(tmp_path).items()
    )
    for one, other, width in zip(of_essentia, of_onnx, (400, 1280), strict=True):
        assert one.shape == other.shape == (WHOLE_BATCH, width)
        assert one.std(axis=0).max() > 1e-3
        np.testing.assert_allclose(one, other, atol=CLOSE)


@pytest.mark.parametrize("seconds", [1, 25])
def test_features_are_those_of_essentia(standard: Any, seconds: float) -> None:
    samples = music(seconds)
    mine, theirs = measure(samples), essentia_features.measure(standard, samples)
    for feature, one, other in zip(FEATURES, mine.tolist(), theirs.tolist(), strict=True):
        bound = FEATURES_CLOSE.get(feature.name, 0.01) * (other if feature.name == "tempo" else 1)
        assert abs(one - other) <= max(bound, 0.005 * abs(other)), (feature.name, one, other)


def test_measures_of_change_and_beats_are_those_of_essentias_tracker(standard: Any) -> None:
    samples = standard.Resample(inputSampleRate=RATE_HZ, outputSampleRate=44_100)(music(20))
    found = onsets(samples)
    spectrum, polar = standard.FFT(size=2048), standard.CartesianToPolar()
    window = standard.Windowing(size=2048, type="hann")
    methods = {name: standard.OnsetDetection(method=name) for name in ("complex", "rms", "melflux")}
    theirs: dict[str, Any] = {name: [] for name in methods}
    for frame in standard.FrameGenerator(samples, frameSize=2048, hopSize=1024, startFromZero=True):
        strengths, phases = polar(spectrum(window(frame)))
        for name, method in methods.items():
            theirs[name].append(method(strengths, phases))
    for name in ("beat_emphasis", "infogain"):
        theirs[name] = standard.OnsetDetectionGlobal(method=name, frameSize=2048, hopSize=512)(samples)
    coarse = [found.complex_difference, found.energy_rise, found.mel_flux]
    for mine, other in zip([*coarse, found.beat_emphasis, found.information_gain], theirs.values(), strict=True):
        # The last frame breaks off, which sounds above 8 kHz as well; there we do not listen.
        np.testing.assert_allclose(mine[:-1], other[:-1], atol=1e-4 * max(other))
    measures = [*map(doubled, coarse), found.beat_emphasis, found.information_gain]
    beats = track(measures, scales=SCALES)
    for number, (mine, values) in enumerate(zip(beats, theirs.values(), strict=True)):
        options = {"sampleRateODF": 44_100 / 1024, "resample": "x2"} if number < len(coarse) else {"resample": "none"}
        np.testing.assert_allclose(mine, standard.TempoTapDegara(**options)(np.float32(values)), atol=1e-4)
    *_, confidence = standard.BeatTrackerMultiFeature()(samples)
    assert mutual_agreement(beats).mean() == pytest.approx(confidence, abs=1e-3)


@pytest.mark.slow
def test_a_library_is_the_same_where_essentia_cannot_be_loaded(tmp_path: Path) -> None:
    """By default and with Essentia out of reach, and then by Essentia: the same keys, vectors and map; one cache."""
    load_or_skip("essentia")
    write_library(tmp_path / "music", 6)
    (tmp_path / "hidden/essentia").mkdir(parents=True)
    (tmp_path / "hidden/essentia/__init__.py").write_text("raise ImportError('hidden')")
    paths = os.pathsep.join(filter(None, (str(tmp_path / "hidden"), os.environ.get("PYTHONPATH", ""))))

    def build(engine: str, cache: str, run: Callable[..., Outcome] = spotmap, **extra: str) -> Outcome:
        options = ("--embedder", "musicnn", "--cache-dir", cache, "--out", f"site-{cache}", "--log", "json")
        chosen = ("--engine", engine) if engine else ()
        return run("--source", "folder:music", *options, *chosen, cwd=tmp_path, extra=extra)

    without = build("", "without", run_in_new_interpreter, PYTHONPATH=paths)
    with_essentia = build("essentia", "with")
    assert (without.status, with_essentia.status) == (0, 0), without.stderr + with_essentia.stderr
    assert (without.analyzed_count, with_essentia.analyzed_count) == (6, 6)
    mine, theirs = (outputs(tmp_path / cache) for cache in ("without", "with"))
    assert mine.keys() == theirs.keys()
    for key, parts in mine.items():
        assert_same(parts["vector.npy"], theirs[key]["vector.npy"])
        np.testing.assert_array_equal(parts["features.npy"], theirs[key]["features.npy"])
    assert grouping(tmp_path / "site-without") == grouping(tmp_path / "site-with")
    assert build("essentia", "without").analyzed_count == 0


def outputs(folder: Path) -> dict[str, dict[str, npt.NDArray[np.float32]]]:
    """The arrays that listening left in a cache, by the names of records."""
    found = {}
    for path in folder.glob("ac/embed-v*/*/*.json"):
        record, _ = decode_record(path.read_bytes())
        arrays = {name: output for name, output in record.outputs.items() if name.endswith(".npy")}
        found[path.name] = {name: decode_array(inline_bytes(output)) for name, output in arrays.items()}
    return found


def grouping(site: Path) -> dict[str, int]:
    """The cluster of each track of a site, by its id."""
    (folder,) = (site / "data").iterdir()
    details = json.loads((folder / "details-000.json").read_bytes())
    clusters = json.loads((folder / "map.json").read_bytes())["cluster"]
    return dict(zip(unpack_ids(details["ids"]), clusters, strict=True))
