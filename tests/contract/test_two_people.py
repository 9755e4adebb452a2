"""One person writes a card with the real command, another adds it to their map, whose tracks do not move."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from spotmap_build.emit.columns import unpack_ids
from tests.support.command import Outcome, environment, report, spotmap
from tests.support.music import write_tune
from tests.support.site import published_document

pytestmark = [pytest.mark.xdist_group("two people"), pytest.mark.slow]

MINE, SHARED, THEIRS = range(4), range(4, 6), range(6, 9)


@dataclass(frozen=True)
class Folders:
    """The folders of Ada and Bo, each with music, cache and site; Ada's contains Bo's card."""

    ada: Path
    bo: Path


def run(folder: Path, *arguments: object) -> Outcome:
    options = ("--source", "folder:music", "--embedder", "musicnn", "--log", "json")
    outcome = spotmap(*arguments, *options, cwd=folder)
    assert outcome.status == 0, outcome.stderr
    return outcome


def with_card(folder: Path, *more: object, card: str = "bo.json") -> Outcome:
    options = ("--source", "folder:music", "--source", f"card:{card}", "--embedder", "musicnn", "--log", "json")
    return spotmap(*options, *more, cwd=folder)


def positions(folder: Path) -> dict[str, tuple[int, int]]:
    found = published_document(folder / "site")
    ids = unpack_ids(published_document(folder / "site", "details-000.json")["ids"])
    x, y = (np.cumsum(found[axis]).tolist() for axis in ("x", "y"))
    return dict(zip(ids, zip(x, y, strict=True), strict=True))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    home = tmp_path_factory.mktemp("two")
    two = Folders(home / "ada", home / "bo")
    for folder, numbers in ((two.ada, [*MINE, *SHARED]), (two.bo, [*SHARED, *THEIRS])):
        for number in numbers:
            write_tune(folder / "music" / f"private folder/tune {number:02}.wav", number)
        run(folder)
    outcome = run(two.bo, "card", "bo.json")
    assert "5 tracks are in bo.json. A friend can add it with: --source card:bo.json" in outcome.stdout
    shutil.copy(two.bo / "bo.json", two.ada / "bo.json")
    return two


@pytest.fixture
def two(built: Folders, tmp_path: Path) -> Folders:
    shutil.copytree(built.ada, tmp_path / "ada")
    return Folders(tmp_path / "ada", built.bo)


def test_card_contains_no_paths(built: Folders) -> None:
    written = (built.bo / "bo.json").read_text(encoding="utf-8")
    for word in (str(built.bo), "private folder", "music/", ".wav", str(Path.home())):
        assert word not in written
    refused = spotmap("card", "bo.json", "--source", "folder:music", "--embedder", "musicnn", cwd=built.bo)
    assert refused.status == 2
    assert "bo.json already exists" in refused.stderr


def test_tracks_of_a_card_are_placed_without_analysis_or_moving_others(two: Folders) -> None:
    before = positions(two.ada)
    outcome = with_card(two.ada)
    assert outcome.status == 0, outcome.stderr
    assert outcome.analyzed_count == 0
    after, found = positions(two.ada), published_document(two.ada / "site")
    assert {track: after[track] for track in before} == before
    assert len(after) == len(MINE) + len(SHARED) + len(THEIRS)
    assert {layer["name"]: layer["count"] for layer in found["layers"]} == {"me": 6, "bo": 5}
    assert len(found["guests"]) == len(THEIRS)
    (pair,) = published_document(two.ada / "site", "people.json")["pairs"]
    assert pair["people"] == ["me", "bo"]
    assert pair["sentence"].startswith("2 tracks are in both libraries.")
    ids = list(after)
    assert {ids[track] for track in pair["would_like"][0]} == set(after) - set(before)
    assert report(two.ada)["tracks"] == len(before), "a friend's tracks are not in the ledger"
    again = with_card(two.ada)
    assert "unchanged" in again.stderr
    assert positions(two.ada) == after


def test_removing_the_card_restores_the_map(two: Folders) -> None:
    before = {path.relative_to(two.ada): path.read_bytes() for path in (two.ada / "site/data").rglob("map.json")}
    assert with_card(two.ada, "--as", "Ada,Bo").status == 0
    assert {layer["name"] for layer in published_document(two.ada / "site")["layers"]} == {"Ada", "Bo"}
    run(two.ada)
    assert (
        before.items()
        <= {path.relative_to(two.ada): path.read_bytes() for path in (two.ada / "site/data").rglob("map.json")}.items()
    )


def test_own_card_from_another_machine_adds_its_tracks(two: Folders) -> None:
    before = positions(two.ada)
    outcome = with_card(two.ada, "--as", "Ada,Ada")
    assert outcome.status == 0, outcome.stderr
    assert len(positions(two.ada)) == len(before) + len(THEIRS)
    assert [layer["name"] for layer in published_document(two.ada / "site")["layers"]] == ["Ada"]
    assert "people" not in published_document(two.ada / "site")["files"]


def test_second_build_with_a_card_imports_no_numerical_package(two: Folders) -> None:
    assert with_card(two.ada).status == 0
    program = (
        "import sys; from spotmap_build.cli import main\n"
        "options = ['--source', 'folder:music', '--source', 'card:bo.json', '--embedder', 'musicnn']\n"
        "main(options, standalone_mode=False)\n"
        "print(*({'numpy', 'scipy', 'numba', 'onnxruntime'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=two.ada, env=environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "", done.stdout
    assert "people: unchanged" in done.stderr


def test_map_without_its_cached_previous_map_continues_without_guests(two: Folders) -> None:
    assert with_card(two.ada).status == 0
    with_guests = positions(two.ada)
    for records in (two.ada / ".spotmap/cache/ac").glob("last-map*"):
        shutil.rmtree(records)
    outcome = run(two.ada, "plan")
    assert outcome.status == 0
    run(two.ada)
    assert len(positions(two.ada)) == len(with_guests) - len(THEIRS)


def test_card_of_another_embedder_is_refused(two: Folders) -> None:
    from spotmap_build.fetch import card

    tracks, sounds = card.decode_card((two.ada / "bo.json").read_bytes())
    other = card.encode_card(tracks, [sounds.sounds[track.id] for track in tracks], "discogs-effnet 1 3ed9af50d536")
    (two.ada / "other.json").write_bytes(other)
    refused = with_card(two.ada, card="other.json")
    assert refused.status == 2
    assert "made with another embedder (discogs-effnet 1 3ed9af50d536) than this map (musicnn 2" in refused.stderr


def test_damaged_card_stops_the_build_and_keeps_the_site(two: Folders) -> None:
    before = (two.ada / "site/index.html").read_bytes()
    (two.ada / "bo.json").write_bytes((two.ada / "bo.json").read_bytes().replace(b"tune", b"tuna", 1))
    refused = with_card(two.ada)
    assert refused.status == 2
    assert "its checksum does not match" in refused.stderr
    assert (two.ada / "site/index.html").read_bytes() == before


def test_table_with_positions_has_no_card(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("title,x,y\n" + "".join(f"T{n},{n},{n % 3}\n" for n in range(9)))
    refused = spotmap("card", "card.json", "--source", "table:t.csv", cwd=tmp_path)
    assert refused.status == 2
    assert "This map cannot be written as a card" in refused.stderr
    assert not (tmp_path / "card.json").exists()
