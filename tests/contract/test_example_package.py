"""Install the package in examples/ like a user and build a map with everything that it adds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.audio_files import tune, write_audio
from tests.support.command import Outcome, report, run_in_new_interpreter
from tests.support.packages import EXAMPLE, ROOT, install

pytestmark = [pytest.mark.xdist_group("example-package"), pytest.mark.slow]
ARGUMENTS = ("--source", "beets:library.json", "--embedder", "bands", "--theme", "forest", "--template", "page")


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> str:
    target = install(EXAMPLE, tmp_path_factory.mktemp("packages"))
    return os.pathsep.join([str(target), str(ROOT)])


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("beets")
    (folder / "music").mkdir()
    rows = []
    for number in range(3):
        write_audio(folder / f"music/{number}.wav", tune(3 + number / 10, seed=number))
        rows.append({"id": number, "path": f"music/{number}.wav", "title": f"Piece {number}", "album": "All"})
    rows.append({"id": 9, "path": "music/gone.wav", "title": "Gone"})
    (folder / "library.json").write_text(json.dumps(rows))
    (folder / "page").mkdir()
    (folder / "page/404.html.j2").write_text("Not on the map of {{ title }}.")
    return folder


@pytest.fixture(scope="module")
def built(library: Path, packages: str) -> Outcome:
    return run_in_new_interpreter(*ARGUMENTS, cwd=library, extra={"PYTHONPATH": packages})


def test_package_adds_source_embedder_theme_and_template(built: Outcome, library: Path) -> None:
    assert built.status == 0, built.stderr
    assert "analyzing with bands" in built.stderr
    (path,) = library.glob("site/data/*/map.json")
    content = json.loads(path.read_text())
    assert (content["title"], content["count"], content["sources"]) == ("library", 3, ["beets"])
    assert "--map-background: #0c1510;" in (path.parent / "style.css").read_text()
    assert json.loads((library / "site/manifest.webmanifest").read_text())["background_color"] == "#0c1510"
    assert (library / "site/404.html").read_text() == "Not on the map of library."
    assert [row["title"] for row in report(library)["ledger"] if row["status"] == "failed"] == ["Gone"]


def test_second_build_analyzes_nothing(built: Outcome, library: Path, packages: str) -> None:
    again = run_in_new_interpreter(*ARGUMENTS, "--log", "json", cwd=library, extra={"PYTHONPATH": packages})
    assert again.status == 0, again.stderr
    assert again.analyzed_count == 0


def test_names_are_unknown_without_the_package(built: Outcome, library: Path) -> None:
    outcome = run_in_new_interpreter(*ARGUMENTS, cwd=library)
    assert outcome.status == 2
    assert "must be one of discogs-effnet, musicnn; it is 'bands'" in outcome.stderr


def test_tests_of_the_package_pass(packages: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "--rootdir",
            str(EXAMPLE),
            str(EXAMPLE / "tests"),
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": packages, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
