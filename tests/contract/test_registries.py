"""A source, an embedder and a feature are each added by one row of a table: the command knows the rest from it."""

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
    place = tmp_path_factory.mktemp("added")
    (place / "My shelf").mkdir()
    for number in range(TRACKS):
        write_audio(place / f"My shelf/{number}.wav", tune(3 + number / 10, seed=number))
    return place


@pytest.fixture(scope="module")
def built(folder: Path) -> Outcome:
    arguments = ("--source", "shelf:My shelf", "--embedder", "bands", "--engine", "onnx")
    return run_in_new_interpreter(*arguments, cwd=folder, module=ADDED)


@pytest.mark.slow
def test_a_map_is_made_by_what_was_added(built: Outcome, folder: Path) -> None:
    assert built.status == 0, built.stderr
    assert "analyzing with bands" in built.stderr
    (path,) = folder.glob("site/data/*/map.json")
    shown = json.loads(path.read_text())
    assert (shown["title"], shown["count"], shown["sources"]) == ("My shelf", TRACKS, ["shelf"])
    assert shown["columns"]["features"]["peak"] == "FS"
    (details,) = folder.glob("site/data/*/details-000.json")
    assert "peak" in json.loads(details.read_text())["features"]


def test_the_command_tells_of_what_was_added(folder: Path) -> None:
    said = " ".join(run_in_new_interpreter("build", "--help", cwd=folder, module=ADDED).stdout.split())
    assert "card:PATH or shelf:PATH." in said
    assert "musicnn is built in; bands hears seven bands." in said


def test_an_unknown_source_is_answered_with_all_there_are(folder: Path) -> None:
    outcome = run_in_new_interpreter("--source", "self:x", cwd=folder, module=ADDED)
    assert outcome.status == 2
    assert "card:PATH, shelf:PATH." in outcome.stderr
