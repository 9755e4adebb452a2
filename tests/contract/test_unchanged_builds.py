"""The same build again: reported at once while nothing has changed, done where anything has. With the real command."""

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
NOT_NEEDED = {"spotmap_build.pipeline", "spotmap_build.stages", "spotmap_build.report", "msgspec", "importlib.metadata"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table with places, of which one row has none, built twice: the second build found nothing to do."""
    folder = tmp_path_factory.mktemp("unchanged")
    rows = [f"t{number},a{number % 5},{number % 6},{number * number % 31}" for number in range(60)]
    (folder / "library.csv").write_text("\n".join(["title,artist,x,y", *rows, "lost,a1,,"]) + "\n")
    for _ in range(2):
        assert spotmap(*OPTIONS, cwd=folder).status == 3
    return folder


@pytest.fixture
def copy(built: Path, tmp_path: Path) -> Path:
    """The same elsewhere. These are other files, so that the first build there is done."""
    folder = tmp_path / "copy"
    shutil.copytree(built, folder)
    is_done, _ = build_again(folder)
    assert is_done
    return folder


def build_again(folder: Path, *options: object) -> tuple[bool, Outcome]:
    """Whether the build was done, which puts a new report in the place of the old one, and how it ended."""
    report = folder / "site.report.json"
    before = report.stat().st_ino if report.exists() else None
    outcome = spotmap(*OPTIONS, *options, cwd=folder)
    return report.stat().st_ino != before, outcome


def test_the_same_is_reported_again_and_not_done(copy: Path) -> None:
    is_done, first = build_again(copy, "--overrides", "none.toml")
    assert is_done, "other options"
    before = tree(copy)
    is_done, again = build_again(copy, "--overrides", "none.toml")
    assert not is_done
    assert again.status == first.status == 3
    assert "More tracks are missing than --max-failures allows." in again.stderr
    assert [re.sub(r"\(\d+ s\)", "", text) for text in (again.stdout, again.stderr)] == [
        re.sub(r"\(\d+ s\)", "", text) for text in (first.stdout, first.stderr)
    ]
    assert tree(copy) == before


def test_nothing_that_builds_is_loaded_to_report_the_same_again(copy: Path) -> None:
    program = (
        f"import sys\nfrom spotmap_build.cli import run\nsys.argv[1:] = {OPTIONS!r}\n"
        f"try: run()\nfinally: print(*({NOT_NEEDED!r} & sys.modules.keys()))"
    )
    for needed in (NOT_NEEDED, set()):  # the processes of other builds see more packages: the first one is done
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=copy, env=environment(), capture_output=True, text=True, check=False
        )
        assert (done.returncode, set(done.stdout.split())) == (3, needed), done.stderr


def damage_a_record(folder: Path) -> None:
    (record,) = (folder / ".spotmap/cache/ac").glob("site-v*/*/*.json")
    record.write_bytes(record.read_bytes()[:-9] + b"0" * 9)


def damage_a_blob(folder: Path) -> None:
    blob = max((folder / ".spotmap/cache/cas").glob("*/*"), key=lambda path: path.stat().st_size)
    blob.write_bytes(b"0" * blob.stat().st_size)


CHANGES: dict[str, Callable[[Path], object]] = {
    "a damaged record": damage_a_record,
    "a damaged blob": damage_a_blob,
    "a damaged page": lambda folder: (folder / "site/index.html").write_text("x"),
    "a lost file of the site": lambda folder: next(folder.glob("site/data/*/map.json")).unlink(),
    "no site": lambda folder: shutil.rmtree(folder / "site"),
    "no report": lambda folder: (folder / "site.report.json").unlink(),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_what_is_damaged_is_mended(built: Path, copy: Path, change: Callable[[Path], None]) -> None:
    change(copy)
    is_done, outcome = build_again(copy)
    assert is_done
    assert outcome.status == 3, outcome.stderr
    assert tree(copy / "site") == tree(built / "site")


def test_another_table_is_another_map(copy: Path) -> None:
    table = copy / "library.csv"
    table.write_text(table.read_text().replace("\nt7,", "\nx7,"))
    is_done, outcome = build_again(copy)
    assert is_done
    assert "published" in outcome.stderr
