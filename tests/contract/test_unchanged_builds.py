"""Repeating a build with the real command: it is skipped if nothing has changed and runs otherwise."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.command import Outcome, environment, spotmap, tree

pytestmark = [pytest.mark.xdist_group("unchanged")]

OPTIONS = ("--source", "table:library.csv", "--max-failures", "0", "--log", "plain")
PIPELINE_MODULES = {
    "spotmap_build.pipeline",
    "spotmap_build.stages",
    "spotmap_build.report",
    "msgspec",
    "importlib.metadata",
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table with positions (one row without), built twice, so that the second build was unchanged."""
    folder = tmp_path_factory.mktemp("unchanged")
    rows = [f"t{number},a{number % 5},{number % 6},{number * number % 31}" for number in range(60)]
    (folder / "library.csv").write_text("\n".join(["title,artist,x,y", *rows, "lost,a1,,"]) + "\n")
    for _ in range(2):
        assert spotmap(*OPTIONS, cwd=folder).status == 3
    return folder


@pytest.fixture
def copy(built: Path, tmp_path: Path) -> Path:
    """A copy after another build, which runs because the copied files are different ones."""
    folder = tmp_path / "copy"
    shutil.copytree(built, folder)
    did_run, _ = build_again(folder)
    assert did_run
    return folder


def build_again(folder: Path, *options: object) -> tuple[bool, Outcome]:
    """Build and return whether the build ran (and thus replaced the report), and its outcome."""
    report = folder / "site.report.json"
    before = report.stat().st_ino if report.exists() else None
    outcome = spotmap(*OPTIONS, *options, cwd=folder)
    return report.stat().st_ino != before, outcome


def test_unchanged_build_is_skipped_with_the_same_output(copy: Path) -> None:
    did_run, first = build_again(copy, "--overrides", "none.toml")
    assert did_run, "the options are different"
    before = tree(copy)
    did_run, again = build_again(copy, "--overrides", "none.toml")
    assert not did_run
    assert again.status == first.status == 3
    assert "More tracks are missing than --max-failures allows." in again.stderr
    assert [re.sub(r"\(\d+ s\)", "", text) for text in (again.stdout, again.stderr)] == [
        re.sub(r"\(\d+ s\)", "", text) for text in (first.stdout, first.stderr)
    ]
    assert tree(copy) == before


def test_skipped_build_does_not_import_the_pipeline(copy: Path) -> None:
    program = (
        f"import sys\nfrom spotmap_build.cli import run\nsys.argv[1:] = {OPTIONS!r}\n"
        f"try: run()\nfinally: print(*({PIPELINE_MODULES!r} & sys.modules.keys()))"
    )
    # The first build runs: in this new process, packages differ from those of the forked builds.
    for imported in (PIPELINE_MODULES, set()):
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=copy, env=environment(), capture_output=True, text=True, check=False
        )
        assert (done.returncode, set(done.stdout.split())) == (3, imported), done.stderr


def damage_record(folder: Path) -> None:
    (record,) = (folder / ".spotmap/cache/ac").glob("site-v*/*/*.json")
    record.write_bytes(record.read_bytes()[:-9] + b"0" * 9)


def damage_blob(folder: Path) -> None:
    blob = max((folder / ".spotmap/cache/cas").glob("*/*"), key=lambda path: path.stat().st_size)
    blob.write_bytes(b"0" * blob.stat().st_size)


CHANGES: dict[str, Callable[[Path], object]] = {
    "damaged record": damage_record,
    "damaged blob": damage_blob,
    "damaged page": lambda folder: (folder / "site/index.html").write_text("x"),
    "missing file of the site": lambda folder: next(folder.glob("site/data/*/map.json")).unlink(),
    "no site": lambda folder: shutil.rmtree(folder / "site"),
    "no report": lambda folder: (folder / "site.report.json").unlink(),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_damage_is_repaired(built: Path, copy: Path, change: Callable[[Path], None]) -> None:
    change(copy)
    did_run, outcome = build_again(copy)
    assert did_run
    assert outcome.status == 3, outcome.stderr
    assert tree(copy / "site") == tree(built / "site")


def test_changed_table_is_built(copy: Path) -> None:
    table = copy / "library.csv"
    table.write_text(table.read_text().replace("\nt7,", "\nx7,"))
    did_run, outcome = build_again(copy)
    assert did_run
    assert "published" in outcome.stderr
