"""The real `playlists` command writes clusters as playlist files and updates them."""

from __future__ import annotations

import json
from pathlib import Path

import av
import pytest

from spotmap_build.emit.columns import unpack_ids
from tests.fakes.audio_files import tune, write_audio
from tests.support.command import Outcome, spotmap
from tests.support.site import published_document

RATE_HZ = 8_000
COUNT = 36


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A table of three islands, whose tracks all refer to the same file, and its map."""
    write_audio(tmp_path / "a song.ogg", tune(0.5, rate_hz=RATE_HZ, seed=1), rate_hz=RATE_HZ)
    write_table(tmp_path, COUNT)
    outcome = spotmap("--source", "table:library.csv", "--log", "json", cwd=tmp_path)
    assert outcome.status == 0, outcome.stderr
    return tmp_path


def write_table(folder: Path, count: int) -> None:
    places = [(number, number % 3, number % 3 * 50 + number % 4, number // 4 % 4) for number in range(count)]
    rows = [f"Title {number},Artist {island},{x},{y},a song.ogg,List {island}" for number, island, x, y in places]
    (folder / "library.csv").write_text("\n".join(["title,artist,x,y,path,playlist", *rows]) + "\n")


def write_lists(folder: Path, *more: object) -> Outcome:
    outcome = spotmap("playlists", "lists", *more, "--source", "table:library.csv", "--log", "json", cwd=folder)
    assert outcome.status == 0, outcome.stderr
    return outcome


def entries(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if not line.startswith("#")]


def test_every_cluster_is_a_playlist_of_playable_files(folder: Path) -> None:
    write_lists(folder)
    lists = sorted((folder / "lists/clusters").glob("*.m3u8"))
    assert len(lists) >= 3
    assert COUNT * 0.8 <= sum(len(entries(path)) for path in lists) <= COUNT
    for entry in {entry for path in lists for entry in entries(path)}:
        with av.open(entry) as container:
            assert container.streams.audio


@pytest.mark.parametrize(
    ("option", "expected"), [("relative", "a song.ogg"), ("absolute", "{folder}/a song.ogg"), ("", "")]
)
def test_site_contains_paths_only_on_request(folder: Path, option: str, expected: str) -> None:
    more = ("--paths", option) if option else ()
    assert spotmap("--source", "table:library.csv", "--log", "json", *more, cwd=folder).status == 0
    paths = published_document(folder / "site", "details-000.json").get("paths", {"width": 0, "text": ""})
    assert set(unpack_ids({"prefix": "", **paths})) == {expected.format(folder=folder)}


def test_relative_paths_start_at_the_folder_of_the_playlist(folder: Path) -> None:
    write_lists(folder, "--paths", "relative")
    path = next((folder / "lists/clusters").glob("*.m3u8"))
    assert set(entries(path)) == {"../../a song.ogg"}
    assert (path.parent / entries(path)[0]).resolve() == folder / "a song.ogg"


def test_lists_are_updated_as_the_library_grows(folder: Path) -> None:
    write_lists(folder, "--format", "m3u8", "--format", "jspf")
    before = {path.relative_to(folder).as_posix() for path in (folder / "lists").rglob("*.*")}
    assert write_lists(folder, "--format", "m3u8", "--format", "jspf").stdout.startswith("0 lists written")
    own = folder / "lists/clusters/mine.m3u8"
    own.write_text("mine")
    write_table(folder, COUNT + 6)
    assert spotmap("--source", "table:library.csv", cwd=folder).status == 0
    write_lists(folder, "--format", "m3u8", "--format", "jspf")
    after = {path.relative_to(folder).as_posix() for path in (folder / "lists").rglob("*.*")}
    assert before <= after
    assert own.read_text() == "mine"
    titles = [
        track["title"]
        for path in (folder / "lists/clusters").glob("*.jspf")
        for track in json.loads(path.read_text())["playlist"]["track"]
    ]
    assert "Title 40" in titles


def test_unmapped_library_is_mapped_without_writing_a_site(tmp_path: Path) -> None:
    write_audio(tmp_path / "a song.ogg", tune(0.5, rate_hz=RATE_HZ, seed=1), rate_hz=RATE_HZ)
    write_table(tmp_path, COUNT)
    write_lists(tmp_path)
    assert not (tmp_path / "site").exists()
    assert not (tmp_path / "site.report.json").exists()
