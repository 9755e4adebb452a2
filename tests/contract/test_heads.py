"""Heads of Discogs-EffNet run during the analysis or later on cached vectors, and are left out if unavailable."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spotmap_build import pipeline
from spotmap_build.cache.arrays import decode_array, encode_array
from spotmap_build.cache.records import decode_record, describe_output, encode_record, inline_bytes
from spotmap_build.config import load_config
from spotmap_build.embed.discogs_effnet import EMBEDDING, INPUT, PATCH_FRAMES, STYLES, DiscogsEffnet
from spotmap_build.embed.heads import Head, Heads, VectorsJob, apply_heads
from spotmap_build.embed.patches import mel_patches
from spotmap_build.emit.columns import unpack_numbers
from spotmap_build.errors import WeightsError
from spotmap_build.model import Done
from spotmap_build.progress import make_progress
from spotmap_build.registry import embedders
from spotmap_build.registry.embedders import EngineName
from spotmap_build.registry.heads import OF_EFFNET, HeadFile, HeadSpec
from spotmap_build.summary import BuildResult
from tests.fakes import stub_effnet, stub_heads
from tests.fakes.audio_files import tune
from tests.fakes.model_server import ModelServer, serve
from tests.support.engines import load_or_skip
from tests.support.music import write_library
from tests.support.site import published_document

pytestmark = pytest.mark.xdist_group("engines")  # one worker, so that the engines are loaded once

RATE_HZ = 16_000
ENGINES: tuple[EngineName, ...] = ("essentia", "onnx")
NAMES = [head.name for head in OF_EFFNET]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[EngineName, Path]:
    """The folder with the stand-ins for each engine."""
    folders: dict[EngineName, Path] = {}
    for engine in ENGINES:
        folder = folders[engine] = tmp_path_factory.mktemp(engine)
        is_onnx = engine == "onnx"
        (folder / "effnet").with_suffix(".onnx" if is_onnx else ".pb").write_bytes(
            stub_effnet.build_onnx() if is_onnx else stub_effnet.build()
        )
        for head in OF_EFFNET:
            (folder / head.name).write_bytes(stub_heads.build_onnx(head) if is_onnx else stub_heads.build(head))
    return folders


def heads_in(folder: Path) -> tuple[Head, ...]:
    return tuple(Head(str(folder / head.name), head.output_node, len(head.classes)) for head in OF_EFFNET)


def test_both_engines_give_the_same_mean_over_patches(
    files: dict[EngineName, Path],
) -> None:
    samples = tune(70, rate_hz=RATE_HZ)
    by_engine = {}
    for name in ENGINES:
        suffix = ".onnx" if name == "onnx" else ".pb"
        model = DiscogsEffnet(files[name] / f"effnet{suffix}", load_or_skip(name), heads_in(files[name]))
        by_engine[name] = model(samples).heads
    for head, essentia, onnx in zip(OF_EFFNET, *by_engine.values(), strict=True):
        assert essentia.shape == onnx.shape == (len(head.classes),)
        assert ((essentia >= 0) & (essentia <= 1)).all()
        np.testing.assert_allclose(essentia, onnx, atol=1e-4)
    patches = mel_patches(samples, patch_frames=PATCH_FRAMES, max_patches=64).mel
    network = load_or_skip("onnx").load_network(
        files["onnx"] / "effnet.onnx", input_name=INPUT, output_names=(STYLES, EMBEDDING)
    )
    by_patch = Heads(heads_in(files["onnx"]), load_or_skip("onnx"))(network(patches)[1])
    for mean, of_patches in zip(by_engine["onnx"], by_patch, strict=True):
        np.testing.assert_allclose(mean, of_patches.mean(axis=0), atol=1e-5)


def test_heads_match_essentias_algorithm(files: dict[EngineName, Path]) -> None:
    """The reference is ``TensorflowPredict2D``, as in Essentia's documentation."""
    load_or_skip("essentia")
    import essentia.standard

    embeddings = np.random.default_rng(1).uniform(0, 1, (20, 1280)).astype(np.float32)
    for name in ENGINES:
        results = Heads(heads_in(files[name]), load_or_skip(name))(embeddings)
        for head, ours in zip(OF_EFFNET, results, strict=True):
            path = str(files["essentia"] / head.name)
            theirs = essentia.standard.TensorflowPredict2D(graphFilename=path, output=head.output_node)(embeddings)
            np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_heads_of_cached_vectors_match_heads_of_patches(files: dict[EngineName, Path]) -> None:
    vectors = np.random.default_rng(2).uniform(0, 1, (3, 1280)).astype(np.float32)
    heads = heads_in(files["onnx"])
    outcome = apply_heads(VectorsJob("0", vectors, heads, "onnx"))
    assert isinstance(outcome, Done)
    expected = np.hstack(Heads(heads, load_or_skip("onnx"))(vectors))
    np.testing.assert_array_equal(outcome.value, expected)
    assert outcome.value.shape == (3, sum(len(head.classes) for head in OF_EFFNET))


def test_head_with_a_wrong_class_count_is_refused(files: dict[EngineName, Path]) -> None:
    moods, *_ = heads_in(files["onnx"])
    heads = Heads([dataclasses.replace(moods, class_count=40)], load_or_skip("onnx"))
    with pytest.raises(WeightsError, match="56 classes, not 40") as refused:
        heads(np.zeros((1, 1280), dtype=np.float32))
    assert "--no-heads" in refused.value.hint


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> ModelServer:
    """Serve stand-ins; the embedder and heads differ from the real ones only in the digests of their weights."""
    network, served = stub_effnet.build_onnx(), {}

    def stand_in(head: HeadSpec) -> HeadSpec:
        content = stub_heads.build_onnx(head)
        served[f"/models/{head.onnx_file.url_path}"] = content
        file = HeadFile(head.onnx_file.url_path, hashlib.sha256(content).hexdigest())
        return dataclasses.replace(head, onnx_file=file)

    spec = embedders.find("discogs-effnet")
    assert spec.onnx_weights is not None
    assert spec.weights is not None
    digest = hashlib.sha256(network).hexdigest()
    weights = dataclasses.replace(spec.onnx_weights, size_bytes=len(network), sha256=digest)
    changed = dataclasses.replace(
        spec,
        weights=dataclasses.replace(spec.weights, sha256=digest),
        onnx_weights=weights,
        weights_sha256=digest,
        heads=tuple(map(stand_in, spec.heads)),
    )
    monkeypatch.setitem(embedders.EMBEDDERS, "discogs-effnet", changed)
    labels = json.dumps({"classes": [f"Genre {n % 15}---Style {n}" for n in range(400)]}).encode()
    served |= {f"/models/{weights.url_path}": network, f"/models/{weights.labels_url_path}": labels}
    return ModelServer(served)


class Map:
    """A folder of music and its map, built in this process."""

    def __init__(self, folder: Path, server: ModelServer, track_count: int = 16) -> None:
        self.folder, self.server = folder, server
        write_library(folder / "music", track_count)

    def build(self, **flags: object) -> tuple[BuildResult, str]:
        """Build and return the result and the output."""
        settings = {"SPOTMAP_MODELS": self.server.url, "SPOTMAP_MODELS_DIR": str(self.folder / "models")}
        config = load_config({"sources": ("folder:music",), "jobs": 1} | flags, settings, self.folder)
        said = io.StringIO()
        return pipeline.build(config, make_progress("plain", said)), said.getvalue()

    def document(self, name: str) -> dict[str, Any]:
        return published_document(self.folder / "site", name)

    def records(self) -> list[Path]:
        return sorted((self.folder / ".spotmap/cache/ac").glob("embed-v*/*/*.json"))

    def voices_of_vectors(self) -> list[float]:
        """Return the head's output for the cached vectors in percent, in the order of their records."""
        (voice,) = [head for head in OF_EFFNET if head.name == "voice"]
        path = self.folder / "models" / voice.onnx_file.file_name
        head = Head(str(path), voice.output_node, len(voice.classes))
        cached = [decode_record(path.read_bytes())[0].outputs["vector.npy"] for path in self.records()]
        vectors = np.array([decode_array(inline_bytes(output)) for output in cached])
        (results,) = Heads([head], load_or_skip("onnx"))(vectors)
        voices: list[float] = (100 * results[:, voice.column]).tolist()
        return voices

    def voices_of_patches(self) -> list[float]:
        """Return the head's output during the analysis in percent, in the order of the records."""
        outputs = [decode_record(path.read_bytes())[0].outputs for path in self.records()]
        voices = [output for named in outputs for name, output in named.items() if name.startswith("voice-")]
        return [100 * float(decode_array(inline_bytes(voice))[1]) for voice in voices]

    def damage(self, path: Path, head: str) -> None:
        """Replace a head's output in a record with an array of another length and a valid checksum."""
        record, canonical_key = decode_record(path.read_bytes())
        (name,) = [name for name in record.outputs if name.startswith(f"{head}-")]
        other = describe_output(encode_array(np.zeros(7, dtype=np.float32)), inline=True)
        changed = dataclasses.replace(record, outputs={**record.outputs, name: other})
        path.write_bytes(encode_record(changed, canonical_key))

    def remove_heads(self) -> dict[str, dict[str, Any]]:
        """Remove the outputs of heads from embed records and return them."""
        removed = {}
        for path in self.records():
            record, canonical_key = decode_record(path.read_bytes())
            kept = {name: output for name, output in record.outputs.items() if name.partition("-")[0] not in NAMES}
            removed[path.name] = {
                name.partition("-")[0]: decode_array(inline_bytes(output))
                for name, output in record.outputs.items()
                if name not in kept
            }
            path.write_bytes(encode_record(dataclasses.replace(record, outputs=kept), canonical_key))
        return removed


@pytest.mark.slow
@pytest.mark.usefixtures("forked_workers")
def test_moods_instruments_and_voices_are_on_the_map(server: ModelServer, tmp_path: Path) -> None:
    """Build with heads, from records without heads, without the weights of heads, and with heads switched off."""
    with serve(server):
        world = Map(tmp_path, server)
        first, said = world.build()
        assert first.embedded_count == 16
        assert said.count("non-commercial") == 2
        assert "(moods, instruments, voice, dance appeal, cheerfulness)" in said
        columns = world.document("map.json")["columns"]
        assert {columns["features"][name] for name in ("voice", "dance_appeal", "cheerfulness")} == {"%"}
        voices = world.document("details-000.json")["features"]["voice"]
        moods = {name for head in OF_EFFNET for name in head.words if name}
        assert moods & {*columns["styles"]}

        layout = world.document("map.json")["x"]
        patches = world.remove_heads()
        assert {len(values["moods"]) for values in patches.values()} == {56}
        again, said = world.build()
        assert (again.embedded_count, again.mapped_count) == (0, 16)
        assert world.document("map.json")["columns"]["features"] == columns["features"]
        assert world.document("map.json")["x"] == layout
        column = world.document("details-000.json")["features"]["voice"]
        assert sorted(unpack_numbers(column)) == pytest.approx(sorted(world.voices_of_vectors()), abs=column["step"])
        assert column != voices

        request_count = len(server.requests)
        for path in (tmp_path / "models").iterdir():
            path.unlink()
        server.files = {}
        (tmp_path / "music/noon/tune 01.wav").touch()
        _, said = world.build()
        assert "Left out of this map" not in said
        assert len(server.requests) == request_count

        without, said = world.build(heads=False)
        assert without.embedded_count == 0
        assert "voice" not in world.document("map.json")["columns"]["features"]
        assert not moods & {*world.document("map.json")["columns"]["styles"]}


@pytest.mark.slow
@pytest.mark.usefixtures("forked_workers")
def test_map_is_made_without_an_unavailable_head(server: ModelServer, tmp_path: Path) -> None:
    del server.files[next(path for path in server.files if "instrument-discogs" in path)]
    with serve(server):
        world = Map(tmp_path, server, track_count=6)
        result, said = world.build()
    assert (result.embedded_count, result.mapped_count) == (6, 6)
    assert "Left out of this map: instruments." in said
    assert "--no-heads" in said
    instruments = {word for head in OF_EFFNET if head.name == "instruments" for word in head.words if word}
    assert not instruments & {*world.document("map.json")["columns"]["styles"]}
    assert "voice" in world.document("map.json")["columns"]["features"]


@pytest.mark.slow
@pytest.mark.usefixtures("forked_workers")
def test_damaged_head_output_is_recomputed_from_the_vector(server: ModelServer, tmp_path: Path) -> None:
    """Two voice outputs are damaged; the weights of the moods are unavailable but not needed."""
    with serve(server):
        world = Map(tmp_path, server, track_count=6)
        world.build()
        before = world.document("map.json")
        records = world.records()
        said = world.voices_of_patches()
        for path in records[:2]:
            world.damage(path, "voice")
        (moods,) = [head for head in embedders.find("discogs-effnet").heads if head.name == "moods"]
        (tmp_path / "models" / moods.onnx_file.file_name).unlink()
        del server.files[f"/models/{moods.onnx_file.url_path}"]
        again, output = world.build()
    assert (again.embedded_count, again.mapped_count) == (0, 6)
    assert output.count("It was set aside and is recomputed") == 1
    assert world.records() == records
    after = world.document("map.json")
    assert (after["x"], after["columns"]["features"]) == (before["x"], before["columns"]["features"])
    assert {word for word in moods.words if word} & {*after["columns"]["styles"]} & {*before["columns"]["styles"]}
    column = world.document("details-000.json")["features"]["voice"]
    expected = [*world.voices_of_vectors()[:2], *said[2:]]
    assert sorted(unpack_numbers(column)) == pytest.approx(sorted(expected), abs=column["step"])
