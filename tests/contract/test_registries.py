"""One row in a registry adds a source, an embedder or a feature; the command derives everything else from it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fakes.audio_files import tune, write_audio
from tests.support.command import Outcome, run_in_new_interpreter

pytestmark = [pytest.mark.xdist_group("registries"), pytest.mark.slow]

ADDED = "tests.support.plugged_in"
TRACKS = 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path_ = tmp_path_factory.mktemp("added")
    (path_ / "My shelf").mkdir()
    for number in range(TRACKS):
        write_audio(path_ / f"My shelf/{number}.wav", tune(3 + number / 10, seed=number))
    return path_


@pytest.fixture(scope="module")
def built(folder: Path) -> Outcome:
    arguments = ("--source", "shelf:My shelf", "--embedder", "bands", "--engine", "onnx")
    return run_in_new_interpreter(*arguments, cwd=folder, module=ADDED)


@pytest.mark.slow
def test_map_is_built_with_added_source_embedder_and_feature(built: Outcome, folder: Path) -> None:
    assert built.status == 0, built.stderr
    assert "analyzing with bands" in built.stderr
    (path,) = folder.glob("site/data/*/map.json")
    content = json.loads(path.read_text())
    assert (content["title"], content["count"], content["sources"]) == ("My shelf", TRACKS, ["shelf"])
    assert content["columns"]["features"]["peak"] == "FS"
    (details,) = folder.glob("site/data/*/details-000.json")
    assert "peak" in json.loads(details.read_text())["features"]


def test_help_lists_added_source_and_embedder(folder: Path) -> None:
    help_text = " ".join(run_in_new_interpreter("build", "--help", cwd=folder, module=ADDED).stdout.split())
    assert "card:PATH or shelf:PATH." in help_text
    assert "musicnn is built in; bands hears seven bands." in help_text


def test_error_for_an_unknown_source_lists_all_sources(folder: Path) -> None:
    outcome = run_in_new_interpreter("--source", "self:x", cwd=folder, module=ADDED)
    assert outcome.status == 2
    assert "card:PATH, shelf:PATH." in outcome.stderr
