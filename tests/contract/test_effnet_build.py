"""Builds with Discogs-EffNet, including the download of its weights: the real code with a small stand-in network."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from spotmap_build import pipeline
from spotmap_build.cache.records import decode_record, encode_record
from spotmap_build.config import load_config
from spotmap_build.errors import WeightsError
from spotmap_build.progress import make_progress
from spotmap_build.registry import embedders
from spotmap_build.registry.embedders import EngineName
from tests.fakes import stub_effnet
from tests.fakes.audio_files import tune, write_audio
from tests.fakes.model_server import ModelServer, serve
from tests.support.command import spotmap
from tests.support.engines import load_or_skip
from tests.support.music import write_library
from tests.support.site import published_document

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("forked_workers")]

FOLDER = "/models/feature-extractors/discogs-effnet/"
PB, ONNX = f"{FOLDER}discogs-effnet-bs64-1.pb", f"{FOLDER}discogs-effnet-bsdynamic-1.onnx"
STYLES = [f"Genre {number % 15}---Style {number}" for number in range(400)]


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> ModelServer:
    """Serve stand-in networks; the embedder differs from the real one only in size and digest of its weights."""
    graph, network = stub_effnet.build(), stub_effnet.build_onnx()
    spec = embedders.find("discogs-effnet")
    assert spec.weights is not None
    assert spec.onnx_weights is not None
    changed = dataclasses.replace(
        spec,
        weights=dataclasses.replace(spec.weights, **size_and_digest(graph)),
        onnx_weights=dataclasses.replace(spec.onnx_weights, **size_and_digest(network)),
        weights_sha256=hashlib.sha256(graph).hexdigest(),
        heads=(),  # tests/contract/test_heads.py
    )
    monkeypatch.setitem(embedders.EMBEDDERS, "discogs-effnet", changed)
    labels = json.dumps({"classes": STYLES}).encode()
    return ModelServer({PB: graph, ONNX: network, f"{FOLDER}discogs-effnet-bs64-1.json": labels})


def size_and_digest(content: bytes) -> dict[str, Any]:
    return {"size_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


@pytest.mark.parametrize("engine", ["essentia", "onnx"])
def test_embeddings_of_one_engine_are_reused_by_the_other(
    stub: ModelServer, tmp_path: Path, engine: EngineName
) -> None:
    load_or_skip("essentia")
    other_engine = "onnx" if engine == "essentia" else "essentia"
    write_library(tmp_path / "music", 6)
    with serve(stub) as server:
        settings = {"SPOTMAP_MODELS": server.url, "SPOTMAP_MODELS_DIR": str(tmp_path / "models")}
        flags: dict[str, object] = {"sources": ("folder:music",), "jobs": 1}
        progress = make_progress("plain", io.StringIO())
        first = pipeline.build(load_config(flags | {"engine": engine}, settings, tmp_path), progress)
        again = pipeline.build(load_config(flags | {"engine": other_engine}, settings, tmp_path), progress)
        downloads = [path for path, _ in server.requests if not path.endswith(".json")]
    assert downloads == [PB if engine == "essentia" else ONNX]
    assert (first.mapped_count, first.embedded_count) == (6, 6)
    assert (again.mapped_count, again.embedded_count) == (6, 0)


def test_weights_are_downloaded_once_and_not_needed_without_new_tracks(stub: ModelServer, tmp_path: Path) -> None:
    write_library(tmp_path / "music", 8)
    messages = io.StringIO()
    with serve(stub) as server:
        settings = {"SPOTMAP_MODELS": server.url, "SPOTMAP_MODELS_DIR": str(tmp_path / "models")}
        config = load_config({"sources": ("folder:music",), "jobs": 2}, settings, tmp_path)
        first = pipeline.build(config, make_progress("plain", messages))
        request_count = len(server.requests)
        shutil.rmtree(tmp_path / "models")
        (tmp_path / "music/noon/tune 01.wav").unlink()
        second = pipeline.build(config, make_progress("plain", messages))
    assert (first.mapped_count, first.embedded_count) == (8, 8)
    assert (second.mapped_count, second.embedded_count) == (7, 0)
    assert request_count == len(server.requests) == 2
    assert "non-commercial" in messages.getvalue()
    records = [json.loads(path.read_bytes()) for path in (tmp_path / ".spotmap/cache/ac").glob("embed-v*/*/*.json")]
    sizes = {name: output["size_bytes"] for name, output in records[0]["content"]["outputs"].items()}
    arrays = {"vector.npy": 128 + 4 * 1280, "tags.npy": 128 + 4 * 400, "features.npy": 128 + 4 * 41}
    assert sizes == arrays | {"typical.json": sizes["typical.json"]}


def test_missing_typical_moments_do_not_cause_another_analysis(stub: ModelServer, tmp_path: Path) -> None:
    write_library(tmp_path / "music", 4)
    progress = make_progress("plain", io.StringIO())
    with serve(stub) as server:
        settings = {"SPOTMAP_MODELS": server.url, "SPOTMAP_MODELS_DIR": str(tmp_path / "models")}
        config = load_config({"sources": ("folder:music",), "jobs": 1}, settings, tmp_path)
        pipeline.build(config, progress)
        with_moments = published_document(tmp_path / "site", "details-000.json")
        remove_typical_moments(config.cache_dir)
        again = pipeline.build(config, progress)
        without_moments = published_document(tmp_path / "site", "details-000.json")
        (tmp_path / "music/new").mkdir()
        write_audio(tmp_path / "music/new/one.wav", tune(9, seed=77))
        third = pipeline.build(config, progress)
    assert all(isinstance(second, int) and 0 <= second <= 9 for second in with_moments.pop("typical_s"))
    assert again.embedded_count == 0
    assert without_moments == with_moments
    assert third.embedded_count == 1
    moments = published_document(tmp_path / "site", "details-000.json")["typical_s"]
    assert (len(moments), moments.count(None)) == (5, 4)


def remove_typical_moments(folder: Path) -> None:
    """Remove typical moments from embed records, as in caches of earlier versions."""
    for path in folder.glob("ac/embed-v*/*/*.json"):
        record, canonical_key = decode_record(path.read_bytes())
        outputs = {name: output for name, output in record.outputs.items() if name != "typical.json"}
        path.write_bytes(encode_record(dataclasses.replace(record, outputs=outputs), canonical_key))


def test_weights_with_a_wrong_checksum_are_refused_and_nothing_is_published(stub: ModelServer, tmp_path: Path) -> None:
    write_library(tmp_path / "music", 3)
    stub.files[ONNX] = stub.files[ONNX][:-1] + b"?"
    with serve(stub) as server:
        settings = {"SPOTMAP_MODELS": server.url, "SPOTMAP_MODELS_DIR": str(tmp_path / "models")}
        config = load_config({"sources": ("folder:music",)}, settings, tmp_path)
        with pytest.raises(WeightsError, match="SHA-256"):
            pipeline.build(config, make_progress("plain", io.StringIO()))
    assert not (tmp_path / "site").exists()


def test_error_without_weights_and_network_suggests_musicnn(tmp_path: Path) -> None:
    write_library(tmp_path / "music", 3)
    settings = {"SPOTMAP_MODELS": "http://127.0.0.1:9/", "SPOTMAP_MODELS_DIR": str(tmp_path / "models")}
    outcome = spotmap("--source", "folder:music", cwd=tmp_path, extra=settings)
    assert outcome.status == 6
    assert "--embedder musicnn" in outcome.stderr
    assert "Traceback" not in outcome.stderr
    assert not (tmp_path / "site").exists()
