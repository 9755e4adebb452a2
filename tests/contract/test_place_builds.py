"""Builds into unusual folders, of unusual positions, and of untrusted projects."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from spotmap_build.registry.formats import MARKER_NAME
from tests.support.command import spotmap, tree

TRACKS = 30


def write_table(path: Path) -> Path:
    rows = [f"t{number},a{number % 5},{number % 6},{number * number % 31}" for number in range(TRACKS)]
    path.write_text("\n".join(["title,artist,x,y", *rows]) + "\n")
    return path


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site in the working folder, whose name is not UTF-8 and contains an escape sequence."""
    folder = tmp_path_factory.mktemp("odd") / os.fsdecode(b"map \xff\x1b[2J")
    folder.mkdir()
    source = f"table:{write_table(folder.parent / 'library.csv')}"
    for outcome in [spotmap("--source", source, "--out", ".", "--log", "json", cwd=folder) for _ in range(2)]:
        assert outcome.status == 0, outcome.stderr
        assert outcome.events[-2]["message"].startswith(f"{TRACKS} of {TRACKS} tracks are on the map")
        assert "next to the site" in outcome.events[0]["message"]
    return folder


def test_site_in_the_working_folder_contains_nothing_else(site: Path) -> None:
    assert {Path(path).parts[0] for path in tree(site)} <= {
        "index.html",
        "404.html",
        "sw.js",
        "manifest.webmanifest",
        "icon-192.png",
        "icon-512.png",
        "data",
        "art",
        MARKER_NAME,
    }
    siblings = {entry.name.removeprefix(site.name) for entry in site.parent.iterdir()}
    assert siblings == {"", ".report.json", ".unchanged.json", ".spotmap", "library.csv"}
    report = json.loads((site.parent / f"{site.name}.report.json").read_text())
    assert report["mapped"] == TRACKS


def test_outliers_and_identical_positions_in_a_table_are_reported(tmp_path: Path) -> None:
    lines = write_table(tmp_path / "far.csv").read_text().splitlines()
    (tmp_path / "far.csv").write_text("\n".join([*lines, "Voyager,a1,1e6,-3e6"]) + "\n")
    (tmp_path / "same.csv").write_text("\n".join([lines[0], *(f"t{row},a,5,5" for row in range(TRACKS))]) + "\n")
    far = spotmap("--source", "table:far.csv", "--out", "far", cwd=tmp_path)
    same = spotmap("--source", "table:same.csv", "--out", "same", cwd=tmp_path)
    (sentence,) = json.loads((tmp_path / "far.report.json").read_text())["notices"]
    assert sentence.startswith(f"1 of {TRACKS + 1} tracks lies so far from all others")
    assert "“Voyager”" in sentence
    assert sentence in far.stderr
    (sentence,) = json.loads((tmp_path / "same.report.json").read_text())["notices"]
    assert sentence == f"All {TRACKS} tracks lie on one spot: nothing tells them apart, and there are no clusters."
    assert sentence in same.stderr
    (document,) = (tmp_path / "same" / "data").glob("*/map.json")
    assert json.loads(document.read_text())["no_clusters"] == sentence
    page = (tmp_path / "same" / "index.html").read_text()
    assert "Each track&#39;s position comes from a table." in page
    assert "sound alike" not in page


@pytest.mark.parametrize(
    ("line", "victim"),
    [
        ('report = "{home}/.bashrc"', ".bashrc"),
        ('summary = "../home/.bashrc"', ".bashrc"),
        ('report = "link/.bashrc"', ".bashrc"),
        ('report = "precious"', "../project/precious"),
        ('overrides = "{home}/.bashrc"', ".bashrc"),
    ],
)
def test_untrusted_project_cannot_overwrite_files_of_the_user(tmp_path: Path, line: str, victim: str) -> None:
    home, project = tmp_path / "home", tmp_path / "project"
    for folder in (home, project):
        folder.mkdir()
    (home / ".bashrc").write_text("mine\n")
    (project / "precious").write_text("mine\n")
    (project / "link").symlink_to(home)
    write_table(project / "t.csv")
    settings = f'[build]\nsources = ["table:t.csv"]\ntitle = "x\\nssh-rsa AAAA attacker"\n{line.format(home=home)}\n'
    (project / "spotmap.toml").write_text(settings)
    before = tree(tmp_path)
    outcome = spotmap(cwd=project, extra={"HOME": str(home)})
    assert outcome.status == 2
    assert "Traceback" not in outcome.stderr
    assert (home / victim).read_text() == "mine\n"
    assert tree(tmp_path) == before


def test_map_is_built_even_if_the_audio_list_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "a.ogg").write_bytes(b"a file to be played")
    (tmp_path / "library.csv").write_text("title,x,y,path\n" + "".join(f"t{n},{n},{n % 3},a.ogg\n" for n in range(9)))
    (tmp_path / "site.audio.json").mkdir()
    outcome = spotmap("--source", "table:library.csv", cwd=tmp_path)
    assert outcome.status == 0, outcome.stderr
    assert "The preview cannot play your files" in outcome.stderr
    assert (tmp_path / "site/index.html").is_file()
