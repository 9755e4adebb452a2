"""Both engines give the same results, so that they can share a cache (docs/decisions/0011). Essentia is the reference.

These tests use synthetic audio; the decision record reports the agreement on real music.
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
from spotmap_build.embed.weights import packaged_path
from spotmap_build.emit.columns import unpack_ids
from spotmap_build.registry.features import FEATURES
from tests.fakes import stub_effnet
from tests.fakes.audio_files import tune
from tests.support.command import Outcome, run_in_new_interpreter, spotmap
from tests.support.engines import load_or_skip, packaged_musicnn
from tests.support.music import write_library

pytestmark = pytest.mark.xdist_group("engines")  # one worker, so that the engines are loaded once

RATE_HZ = 16_000
TOLERANCE = 1e-4
FEATURE_TOLERANCES = {"tempo": 0.02, "beat_strength": 0.15, "loudness": 0.05, "loudness_range": 0.05}
"""Tolerances of features, in their units (tempo: relative); all others have 0.01."""


@pytest.fixture(scope="module")
def standard() -> Any:
    load_or_skip("essentia")
    import essentia.standard

    return essentia.standard


@pytest.fixture(scope="module")
def stubs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("stubs")
    (folder / "stub.pb").write_bytes(stub_effnet.build())
    (folder / "stub.onnx").write_bytes(stub_effnet.build_onnx())
    return folder / "stub.pb", folder / "stub.onnx"


def crescendo(seconds: float) -> npt.NDArray[np.float32]:
    """Return a tune with a drum that gets louder, so that every feature has something to measure."""
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    drum = np.sin(2 * np.pi * 60 * time_s) * np.exp(-20 * (time_s * 2 % 1))
    sound = 0.6 * tune(seconds, rate_hz=RATE_HZ, seed=5) + 0.3 * drum
    return np.asarray(sound * np.linspace(0.3, 1, len(time_s)), dtype=np.float32)


def assert_same(mine: npt.NDArray[np.float32], theirs: npt.NDArray[np.float32]) -> None:
    np.testing.assert_allclose(mine, theirs, atol=TOLERANCE)
    assert mine @ theirs / np.linalg.norm(mine) / np.linalg.norm(theirs) > 0.9999


def test_mel_bands_match_essentia(standard: Any) -> None:
    samples = crescendo(3)
    bands_of = standard.TensorflowInputMusiCNN()
    frames = standard.FrameGenerator(samples, frameSize=512, hopSize=256, startFromZero=False)
    theirs = np.array([bands_of(frame) for frame in frames])
    count = len(samples) // 256
    mine = mel_frames(samples, np.arange(count))
    np.testing.assert_allclose(mine, theirs[:count], atol=2e-3)
    assert np.abs(mine - theirs[:count]).mean() < 1e-5
    # Not equal: on some processors, the last bits of a matrix product depend on the number of rows.
    np.testing.assert_allclose(mel_frames(samples, np.array([0, 77, 5])), mine[[0, 77, 5]], atol=1e-6)


@pytest.mark.parametrize("seconds", [2, 9])
def test_musicnn_gives_the_same_results_on_both_engines(standard: Any, seconds: float) -> None:
    samples = crescendo(seconds)
    mine = Musicnn(packaged_musicnn("onnx"), load_or_skip("onnx"))(samples)
    theirs = Musicnn(packaged_musicnn("essentia"), load_or_skip("essentia"))(samples)
    assert_same(mine.vector, theirs.vector)
    assert_same(mine.tags, theirs.tags)
    assert mine.typical_sample == theirs.typical_sample


def test_packaged_onnx_network_is_the_converted_original() -> None:
    converted = convert(packaged_path("msd-musicnn.pb").read_bytes(), (POOLS, TAGS))
    assert converted == packaged_path("msd-musicnn.onnx").read_bytes()


def test_effnet_matches_essentias_algorithm_on_the_same_patches(standard: Any, stubs: tuple[Path, Path]) -> None:
    # 64 patches spread over 4,034 frames are 62 frames apart, like the algorithm's default.
    samples = crescendo(4034 * 256 / RATE_HZ)
    assert len(samples) == 4034 * 256
    of_essentia = DiscogsEffnet(stubs[0], load_or_skip("essentia"))(samples)
    of_onnx = DiscogsEffnet(stubs[1], load_or_skip("onnx"))(samples)
    pairs = (of_essentia.vector, of_onnx.vector), (of_essentia.tags, of_onnx.tags)
    for pair, output in zip(pairs, ("PartitionedCall:1", "PartitionedCall:0"), strict=True):
        reference = standard.TensorflowPredictEffnetDiscogs(graphFilename=str(stubs[0]), output=output)(samples)
        assert reference.shape == (64, len(pair[0]))
        for result in pair:
            assert_same(result, reference.mean(axis=0))


@pytest.mark.slow
def test_network_with_effnets_layers_gives_the_same_results_on_both_engines(standard: Any, tmp_path: Path) -> None:
    """The benchmark's stand-in has layers that musicnn lacks: strides, depthwise convolutions, global pooling."""
    assert standard
    noise = np.random.default_rng(2).uniform(0, 3, (WHOLE_BATCH, PATCH_FRAMES, 96)).astype(np.float32)
    patches = noise * np.linspace(0.1, 1, WHOLE_BATCH, dtype=np.float32)[:, np.newaxis, np.newaxis]
    of_essentia, of_onnx = (
        load_or_skip(name).load_network(path, input_name=INPUT, output_names=(STYLES, EMBEDDING))(patches)
        for name, path in effnet.write(tmp_path).items()
    )
    for theirs, mine, width in zip(of_essentia, of_onnx, (400, 1280), strict=True):
        assert theirs.shape == mine.shape == (WHOLE_BATCH, width)
        assert theirs.std(axis=0).max() > 1e-3
        np.testing.assert_allclose(theirs, mine, atol=TOLERANCE)


@pytest.mark.parametrize("seconds", [1, 25])
def test_features_match_essentia(standard: Any, seconds: float) -> None:
    samples = crescendo(seconds)
    of_numpy, of_essentia = measure(samples), essentia_features.measure(standard, samples)
    for feature, mine, theirs in zip(FEATURES, of_numpy.tolist(), of_essentia.tolist(), strict=True):
        tolerance = FEATURE_TOLERANCES.get(feature.name, 0.01) * (theirs if feature.name == "tempo" else 1)
        assert abs(mine - theirs) <= max(tolerance, 0.005 * abs(theirs)), (feature.name, mine, theirs)


def test_onset_functions_and_beats_match_essentia(standard: Any) -> None:
    samples = standard.Resample(inputSampleRate=RATE_HZ, outputSampleRate=44_100)(crescendo(20))
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
    for mine, expected in zip([*coarse, found.beat_emphasis, found.information_gain], theirs.values(), strict=True):
        # The cut at the last frame adds frequencies above 8 kHz, which this implementation ignores.
        np.testing.assert_allclose(mine[:-1], expected[:-1], atol=1e-4 * max(expected))
    measures = [*map(doubled, coarse), found.beat_emphasis, found.information_gain]
    beats = track(measures, scales=SCALES)
    for number, (mine, values) in enumerate(zip(beats, theirs.values(), strict=True)):
        options = {"sampleRateODF": 44_100 / 1024, "resample": "x2"} if number < len(coarse) else {"resample": "none"}
        np.testing.assert_allclose(mine, standard.TempoTapDegara(**options)(np.float32(values)), atol=1e-4)
    *_, confidence = standard.BeatTrackerMultiFeature()(samples)
    assert mutual_agreement(beats).mean() == pytest.approx(confidence, abs=1e-3)


@pytest.mark.slow
def test_library_has_the_same_map_without_essentia(tmp_path: Path) -> None:
    """Builds with the default engine without Essentia and with Essentia give the same keys, vectors and clusters."""
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
    mine, theirs = (embed_outputs(tmp_path / cache) for cache in ("without", "with"))
    assert mine.keys() == theirs.keys()
    for key, parts in mine.items():
        assert_same(parts["vector.npy"], theirs[key]["vector.npy"])
        np.testing.assert_array_equal(parts["features.npy"], theirs[key]["features.npy"])
    assert cluster_by_track(tmp_path / "site-without") == cluster_by_track(tmp_path / "site-with")
    assert build("essentia", "without").analyzed_count == 0


def embed_outputs(folder: Path) -> dict[str, dict[str, npt.NDArray[np.float32]]]:
    """Return the arrays of the embed stage in a cache, by record name."""
    found = {}
    for path in folder.glob("ac/embed-v*/*/*.json"):
        record, _ = decode_record(path.read_bytes())
        arrays = {name: output for name, output in record.outputs.items() if name.endswith(".npy")}
        found[path.name] = {name: decode_array(inline_bytes(output)) for name, output in arrays.items()}
    return found


def cluster_by_track(site: Path) -> dict[str, int]:
    """Return the cluster of each track of a site by track id."""
    (folder,) = (site / "data").iterdir()
    details = json.loads((folder / "details-000.json").read_bytes())
    clusters = json.loads((folder / "map.json").read_bytes())["cluster"]
    return dict(zip(unpack_ids(details["ids"]), clusters, strict=True))
