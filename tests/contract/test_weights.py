"""Weights are downloaded once, even over unreliable connections, and only the right file is accepted."""

from __future__ import annotations

import contextlib
import hashlib
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from spotmap_build.embed import download, weights
from spotmap_build.errors import WeightsError
from spotmap_build.registry import embedders
from spotmap_build.registry.embedders import EmbedderSpec
from spotmap_build.registry.heads import HeadFile
from tests.fakes.model_server import ModelServer, serve

CONTENT = random.Random(0).randbytes(1_000_000)
LABELS = [f"Genre---Style {number}" for number in range(400)]
PB, JSON = "/models/net/small.pb", "/models/net/small.json"


def spec_of(content: bytes = CONTENT) -> EmbedderSpec:
    effnet = embedders.find("discogs-effnet")
    assert effnet.weights is not None
    digest = hashlib.sha256(content).hexdigest()
    at = replace(effnet.weights, url_path="net/small.pb", labels_url_path="net/small.json")
    small = replace(at, size_bytes=len(content), sha256=digest)
    return replace(effnet, weights=small, weights_sha256=digest)


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "RETRY", replace(download.RETRY, first_pause_s=0.0))


@pytest.fixture
def server() -> Iterator[ModelServer]:
    files = {PB: CONTENT, JSON: json.dumps({"classes": LABELS}).encode()}
    with serve(ModelServer(files)) as running:
        yield running


def fetch(server: ModelServer, folder: Path, spec: EmbedderSpec | None = None) -> Path:
    return weights.ensure_weights(spec or spec_of(), server.url, folder, say=lambda _: None)


def refusal(server: ModelServer, folder: Path) -> str:
    with pytest.raises(WeightsError) as refused:
        fetch(server, folder)
    assert "--embedder musicnn" in refused.value.hint
    assert weights.find(spec_of(), folder) is None
    return refused.value.message


def test_weights_are_downloaded_once_with_a_notice_of_their_license(server: ModelServer, tmp_path: Path) -> None:
    messages: list[str] = []
    for _ in range(2):
        path = weights.ensure_weights(spec_of(), server.url, tmp_path / "new", say=messages.append)
    assert path.read_bytes() == CONTENT
    assert [path for path, _ in server.requests] == [PB, JSON]
    assert len(messages) == 1
    assert "CC BY-NC-SA 4.0" in messages[0]
    assert sorted(file.name for file in path.parent.iterdir()) == ["small.json", "small.pb"]
    assert weights.tag_names(spec_of(), tmp_path / "new") == tuple(LABELS)


def test_offline_uses_only_existing_weights(server: ModelServer, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="may not download anything") as refused:
        weights.ensure_weights(spec_of(), None, tmp_path, say=lambda _: None)
    assert "--offline" in refused.value.hint
    path = fetch(server, tmp_path)
    assert weights.ensure_weights(spec_of(), None, tmp_path, say=lambda _: None) == path


HEAD = HeadFile("heads/small.pb", hashlib.sha256(CONTENT).hexdigest())
HEAD_PATH = "/models/heads/small.pb"


def test_head_is_downloaded_once_and_verified(server: ModelServer, tmp_path: Path) -> None:
    server.files[HEAD_PATH] = CONTENT[:-1] + bytes([CONTENT[-1] ^ 1])
    for url, reason in ((None, "may not download anything"), (server.url, "SHA-256")):
        with pytest.raises(WeightsError, match=reason) as refused:
            weights.ensure_head(HEAD, url, tmp_path / "new")
        assert "--no-heads" in refused.value.hint
    assert not (tmp_path / "new").exists()
    server.files[HEAD_PATH] = CONTENT
    for url in (server.url, None):
        assert weights.ensure_head(HEAD, url, tmp_path / "new").read_bytes() == CONTENT
    assert [path for path, _ in server.requests] == [HEAD_PATH] * 2
    (tmp_path / "new/small.pb").write_bytes(CONTENT[:-1])
    assert weights.find_head(HEAD, tmp_path / "new") is None


def test_download_resumes_after_cut_connections(server: ModelServer, tmp_path: Path) -> None:
    server.cut_after_bytes, server.cuts_left = 300_000, 3
    assert fetch(server, tmp_path).read_bytes() == CONTENT
    assert [byte_range for path, byte_range in server.requests if path == PB] == [
        "",
        *(f"bytes={n}00000-" for n in (3, 6, 9)),
    ]


def test_next_build_resumes_a_partial_download(server: ModelServer, tmp_path: Path) -> None:
    server.cut_after_bytes, server.cuts_left = 400_000, 1
    server.files.pop(JSON)
    part = tmp_path / f"small.pb.{hashlib.sha256(CONTENT).hexdigest()[:12]}.part"
    part.write_bytes(CONTENT[:250_000])
    with pytest.raises(WeightsError, match=r"small\.json"):
        fetch(server, tmp_path)
    assert [byte_range for path, byte_range in server.requests if path == PB] == ["bytes=250000-", "bytes=650000-"]
    server.files[JSON] = json.dumps({"classes": LABELS}).encode()
    assert fetch(server, tmp_path).read_bytes() == CONTENT
    assert server.requests[-1] == (JSON, "")


def test_download_restarts_if_the_server_does_not_support_ranges(server: ModelServer, tmp_path: Path) -> None:
    server.supports_ranges, server.cut_after_bytes, server.cuts_left = False, 500_000, 1
    assert fetch(server, tmp_path).read_bytes() == CONTENT


def test_busy_server_is_retried(server: ModelServer, tmp_path: Path) -> None:
    server.refusals = [503, 429]
    assert fetch(server, tmp_path).read_bytes() == CONTENT


def test_content_with_a_wrong_checksum_is_discarded(server: ModelServer, tmp_path: Path) -> None:
    server.files[PB] = CONTENT[:-1] + bytes([CONTENT[-1] ^ 1])
    assert "SHA-256" in refusal(server, tmp_path)
    assert list(tmp_path.iterdir()) == []
    server.files[PB] = CONTENT
    assert fetch(server, tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("content", [b"<html>Welcome to the hotel's network</html>", CONTENT + b"x"])
def test_file_of_another_size_is_refused(server: ModelServer, tmp_path: Path, content: bytes) -> None:
    server.files[PB] = content
    assert "expected size" in refusal(server, tmp_path)


def test_damaged_file_is_replaced(server: ModelServer, tmp_path: Path) -> None:
    (tmp_path / "small.pb").write_bytes(bytes(len(CONTENT)))
    assert weights.find(spec_of(), tmp_path) is None
    assert fetch(server, tmp_path).read_bytes() == CONTENT


def test_missing_file_on_the_server_is_reported(server: ModelServer, tmp_path: Path) -> None:
    server.files.pop(PB)
    assert "404" in refusal(server, tmp_path)
    assert len(server.requests) == 1


@pytest.mark.parametrize("content", [b"{}", json.dumps({"classes": LABELS[:399]}).encode(), bytes(2_000_000)])
def test_labels_that_do_not_match_the_model_are_refused(server: ModelServer, tmp_path: Path, content: bytes) -> None:
    server.files[JSON] = content
    assert "small.json" in refusal(server, tmp_path)


def test_missing_network_is_reported(tmp_path: Path) -> None:
    with serve(ModelServer({})) as gone:
        pass
    message = refusal(gone, tmp_path)
    assert "cannot be fetched: no connection" in message


def test_connections_without_data_are_given_up(server: ModelServer, tmp_path: Path) -> None:
    server.cut_after_bytes, server.cuts_left = 0, 100
    assert "cannot be fetched" in refusal(server, tmp_path)


def test_slow_download_is_given_up_and_its_part_is_kept(
    server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "PACE_WINDOW_S", 0.0)
    monkeypatch.setattr(download, "PACE_WINDOW_BYTES", len(CONTENT))
    assert "bytes arrived in 0 s" in refusal(server, tmp_path)
    (part,) = tmp_path.iterdir()
    assert CONTENT.startswith(part.read_bytes())
    assert part.stat().st_size > 0


def test_server_that_always_restarts_is_given_up(server: ModelServer, tmp_path: Path) -> None:
    server.supports_ranges, server.cut_after_bytes, server.cuts_left, server.cut_grows_bytes = False, 500_000, 999, 1
    assert "keeps starting again" in refusal(server, tmp_path)
    assert len(server.requests) <= 2 * download.MAX_RECEIVED_FACTOR + 1


@pytest.mark.parametrize("length", ["9" * 5_000, "-5", "1e6", "0x10", "12", "2000000", ""])
def test_wrong_content_length_does_not_affect_later_downloads(server: ModelServer, tmp_path: Path, length: str) -> None:
    server.stated_length = length
    with contextlib.suppress(WeightsError):
        fetch(server, tmp_path)
    server.stated_length = ""
    assert fetch(server, tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/small", "data:,x", "//", "http://[", "\xff"])
@pytest.mark.parametrize("path", [PB, JSON])
def test_redirects_to_other_schemes_are_refused(server: ModelServer, tmp_path: Path, target: str, path: str) -> None:
    server.redirects[path] = target
    assert "cannot be fetched" in refusal(server, tmp_path)


def test_redirect_within_http_is_followed(server: ModelServer, tmp_path: Path) -> None:
    server.files["/elsewhere"] = CONTENT
    server.redirects[PB] = "/elsewhere"
    assert fetch(server, tmp_path).read_bytes() == CONTENT


def test_endless_redirect_is_given_up(server: ModelServer, tmp_path: Path) -> None:
    server.redirects[PB] = PB
    assert "cannot be fetched" in refusal(server, tmp_path)
    assert len(server.requests) < 10


@pytest.mark.parametrize(
    "url", ["http://models.example/", "ftp://127.0.0.1/", "file:///tmp/", "", "https://", "http://[/"]
)
def test_only_https_urls_are_allowed(tmp_path: Path, url: str) -> None:
    with pytest.raises(WeightsError, match="not an HTTPS address"):
        weights.ensure_weights(spec_of(), url, tmp_path, say=lambda _: None)


def test_symbolic_link_in_place_of_a_partial_download_is_not_followed(server: ModelServer, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    models = tmp_path / "models"
    models.mkdir()
    (models / f"small.pb.{hashlib.sha256(CONTENT).hexdigest()[:12]}.part").symlink_to(victim)
    (models / "small.json").symlink_to(victim)
    assert fetch(server, models).read_bytes() == CONTENT
    assert victim.read_text() == "mine"


def test_class_names_of_known_weights_are_verified(
    server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected_digest = hashlib.sha256("\n".join(LABELS).encode()).hexdigest()
    monkeypatch.setitem(embedders._CLASSES_SHA256, hashlib.sha256(CONTENT).hexdigest(), expected_digest)
    wrong_names = [f"Somebody---Else {number}" for number in range(400)]
    for wrong in (wrong_names, LABELS[::-1]):
        server.files[JSON] = json.dumps({"classes": wrong}).encode()
        assert "does not name the model's 400 classes" in refusal(server, tmp_path)
    server.files[JSON] = json.dumps({"link": "in another version", "classes": LABELS}, indent=4).encode()
    fetch(server, tmp_path)
    (tmp_path / "small.json").write_text(json.dumps({"classes": wrong_names}))
    with pytest.raises(WeightsError):
        weights.tag_names(spec_of(), tmp_path)
    fetch(server, tmp_path)
    assert weights.tag_names(spec_of(), tmp_path) == tuple(LABELS)


def test_class_names_of_the_real_weights_have_a_digest() -> None:
    effnet = embedders.find("discogs-effnet").weights
    assert effnet is not None
    assert len(effnet.classes_sha256) == 64


def test_error_names_the_setting_of_an_unwritable_folder(server: ModelServer, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WeightsError, match="cannot be stored") as refused:
        fetch(server, tmp_path / "file" / "models")
    assert "SPOTMAP_MODELS_DIR" in refused.value.hint


def test_missing_labels_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="names of the model's classes"):
        weights.tag_names(spec_of(), tmp_path)


def test_musicnn_is_packaged_with_the_right_digest(tmp_path: Path) -> None:
    spec = embedders.find("musicnn")
    path = weights.ensure_weights(spec, "http://127.0.0.1:9/", tmp_path, say=lambda _: None)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == spec.weights_sha256
