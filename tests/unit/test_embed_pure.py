"""Embedding without models: patches, audio detection, labels, features and the choice of engine."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from spotmap_build.embed import engines
from spotmap_build.embed.file_head import begins_like_audio
from spotmap_build.embed.patches import loop_to, most_typical, patch_starts
from spotmap_build.embed.sound import Sound
from spotmap_build.embed.weights import parse_labels, tag_names
from spotmap_build.errors import ConfigError
from spotmap_build.registry import embedders
from spotmap_build.registry.features import FEATURES, to_displayed_values

LABELS = [f"Genre---Style {number}" for number in range(4)]


@pytest.mark.parametrize(
    ("frames", "patch", "wanted", "expected"),
    [
        (128, 128, 64, [0]),
        (130, 128, 64, [0, 2]),
        (256, 128, 64, [0, 43, 85, 128]),
        (300, 100, 3, [0, 100, 200]),
        (1000, 100, 4, [0, 300, 600, 900]),
        (4034, 128, 64, list(range(0, 3907, 62))),
    ],
)
def test_patches_are_spread_from_the_first_frame_to_the_last(
    frames: int, patch: int, wanted: int, expected: list[int]
) -> None:
    assert patch_starts(frames, patch, wanted).tolist() == expected


def test_recording_shorter_than_a_patch_has_none() -> None:
    with pytest.raises(ValueError, match="are too few for a patch"):
        patch_starts(127, 128, 64)


def test_short_sound_is_looped_and_long_sound_is_unchanged() -> None:
    sound = np.array([1, 2, 3], dtype=np.float32)
    assert loop_to(sound, 7).tolist() == [1, 2, 3, 1, 2, 3, 1]
    assert loop_to(sound, 3) is sound


@pytest.mark.parametrize(
    ("vectors", "expected"),
    [
        ([[1, 2, 3]], 0),
        ([[9, 1, 1], [1, 2, 9], [1, 3, 9], [1, 9, 9]], 1),
        ([[0, 0, 9], [1, 1, 1], [0, 0, 9]], 0),  # the first of equal vectors; a constant one resembles none
        ([[101, 102, 109], [1, 9, 1], [0, 1, 8]], 0),  # a common offset does not count
        ([[2, 2], [1, 1]], 0),
    ],
)
def test_most_typical_vector_is_closest_to_the_mean(vectors: list[list[float]], expected: int) -> None:
    assert most_typical(np.array(vectors, dtype=np.float32)) == expected


@pytest.mark.parametrize(("sample", "expected"), [(0, 5.0), (16_000, 6.0), (31_999, 6.9999), (32_000, 60.0)])
def test_sample_positions_are_mapped_to_times_through_windows(sample: int, expected: float) -> None:
    sound = Sound(np.zeros(48_000, dtype=np.float32), ((0, 5.0), (32_000, 60.0)))
    assert sound.time_s(sample) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"ID3\x04", True),
        (b"OggS\x00", True),
        (b"fLaC", True),
        (b"\x00\x00\x00\x20ftypM4A ", True),
        (b"\xff\xfb\x90\x00", True),
        (b"\xff", False),
        (b"<!DOCTYPE html>", False),
        (b"\x89PNG\r\n", False),
    ],
)
def test_audio_is_recognized_by_its_first_bytes(head: bytes, expected: bool) -> None:
    assert begins_like_audio(head) is expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (json.dumps({"classes": LABELS}), tuple(LABELS)),
        (json.dumps({"classes": LABELS, "name": "another variant of the file"}), tuple(LABELS)),
        (json.dumps({"classes": LABELS[:3]}), ()),
        (json.dumps({"classes": [*LABELS[:3], LABELS[0]]}), ()),
        (json.dumps({"classes": [*LABELS[:3], "no separator"]}), ()),
        (json.dumps({"classes": [*LABELS[:3], 7]}), ()),
        (json.dumps({"classes": [*LABELS[:3], "Genre---\x1b[2J"]}), ()),
        (json.dumps({"classes": [*LABELS[:3], "Genre---two\nlines"]}), ()),
        (json.dumps({"classes": [*LABELS[:3], "Genre---\u202eturned"]}), ()),
        (json.dumps({"classes": [*LABELS[:3], "Genre---\ud800"]}), ()),
        (json.dumps({"classes": [*LABELS[:3], "Genre---" + "x" * 100]}), ()),
        (json.dumps({"classes": [*LABELS[:3], [LABELS[3]]]}), ()),
        (json.dumps({"classes": LABELS[3]}), ()),
        ("[" * 100_000, ()),
        (json.dumps({"labels": LABELS}), ()),
        (json.dumps(LABELS), ()),
        ("<html>404</html>", ()),
        ("\udcff", ()),
    ],
)
def test_labels_are_parsed_and_validated(content: str, expected: tuple[str, ...]) -> None:
    assert parse_labels(content.encode(errors="surrogateescape"), 4, "") == expected


def test_there_are_41_features_with_unique_names_and_a_sentence_each() -> None:
    assert len({feature.name for feature in FEATURES}) == len({feature.label for feature in FEATURES}) == 41
    assert all(feature.meaning.endswith(".") for feature in FEATURES)
    shown = [feature.name for feature in FEATURES if feature.public]
    assert len(shown) == 15
    assert not any(name.startswith("mfcc") for name in shown)


def test_unknown_embedder_is_refused_with_the_known_names() -> None:
    with pytest.raises(ConfigError, match="no embedder 'vggish'") as refused:
        embedders.find("vggish")
    assert "discogs-effnet, musicnn" in refused.value.hint


def test_different_models_have_different_environments() -> None:
    effnet, musicnn = (embedders.environment(embedders.find(name)) for name in ("discogs-effnet", "musicnn"))
    assert effnet["weights"] != musicnn["weights"]
    assert effnet["embedder"] != musicnn["embedder"]


@pytest.mark.parametrize(
    ("wanted", "installed", "expected"),
    [
        ("", "onnxruntime essentia", "onnx"),
        ("", "onnxruntime", "onnx"),
        ("", "essentia", "essentia"),
        ("", "", "onnx"),
        ("onnx", "essentia", "onnx"),
        ("essentia", "onnxruntime", "essentia"),
    ],
)
def test_onnxruntime_is_preferred_unless_another_engine_is_requested_or_alone(
    monkeypatch: pytest.MonkeyPatch, wanted: str, installed: str, expected: str
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object() if name in installed.split() else None)
    assert engines.choose(wanted) == expected


@pytest.mark.parametrize("name", embedders.EMBEDDERS)
def test_embedder_differs_between_engines_only_in_its_weights_file(name: str) -> None:
    spec = embedders.find(name)
    assert spec.on("essentia") == spec
    other = spec.on("onnx")
    assert embedders.environment(other) == embedders.environment(spec)
    assert (other.weights, other.packaged) != (spec.weights, spec.packaged)
    assert tag_names(other, None) == tag_names(spec, None) if spec.packaged else other.weights is not None


def test_musicnn_names_its_fifty_tags() -> None:
    names = tag_names(embedders.find("musicnn"), None)
    assert (len(set(names)), names[0], names[-1]) == (50, "rock", "happy")


def test_querying_embedders_and_engines_imports_no_heavy_packages() -> None:
    script = (
        "import sys; from spotmap_build.embed import engines, numpy_features, weights, workers\n"
        "from spotmap_build.registry import embedders\n"
        "embedders.environment(embedders.find('musicnn')); engines.choose('')\n"
        "print([name for name in ('numpy', 'av', 'essentia', 'onnxruntime', 'platformdirs') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_unitless_features_are_shown_as_percent() -> None:
    column = {feature.name: at for at, feature in enumerate(FEATURES)}
    measured = np.full((1, len(FEATURES)), 1.8, dtype=np.float32)
    measured[0, column["key_clarity"]] = 0.25
    shown = dict(zip(column, to_displayed_values(measured)[0].tolist(), strict=True))
    wanted = {"danceability": 50, "key_clarity": 25, "beat_strength": 34, "noise_to_tone": 100, "tempo": 1.8}
    assert {name: shown[name] for name in wanted} == pytest.approx(wanted, abs=0.1)
    assert measured[0, column["danceability"]] == np.float32(1.8)
