"""Two people on one map, by the real command: one writes a card, the other adds it, and nothing of theirs moves."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spotmap_build.emit.columns import unpack_ids
from tests.support.command import Outcome, environment, report, spotmap
from tests.support.music import write_tune

pytestmark = [pytest.mark.xdist_group("two people"), pytest.mark.slow]

MINE, SHARED, THEIRS = range(4), range(4, 6), range(6, 9)


@dataclass(frozen=True)
class Two:
    """Ada's folder and Bo's, each with music, a cache and a site, and Bo's card at Ada's."""

    ada: Path
    bo: Path


def run(folder: Path, *arguments: object) -> Outcome:
    usual = ("--source", "folder:music", "--embedder", "musicnn", "--log", "json")
    outcome = spotmap(*arguments, *usual, cwd=folder)
    assert outcome.status == 0, outcome.stderr
    return outcome


def with_card(folder: Path, *more: object, card: str = "bo.json") -> Outcome:
    usual = ("--source", "folder:music", "--source", f"card:{card}", "--embedder", "musicnn", "--log", "json")
    return spotmap(*usual, *more, cwd=folder)


def document(folder: Path, name: str = "map.json") -> dict[str, Any]:
    generation = (folder / "site/index.html").read_text().split('data-generation="')[1].split('"')[0]
    content: dict[str, Any] = json.loads((folder / f"site/data/{generation}/{name}").read_bytes())
    return content


def places(folder: Path) -> dict[str, tuple[int, int]]:
    found = document(folder)
    ids = unpack_ids(document(folder, "details-000.json")["ids"])
    x, y = (np.cumsum(found[axis]).tolist() for axis in ("x", "y"))
    return dict(zip(ids, zip(x, y, strict=True), strict=True))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Two:
    home = tmp_path_factory.mktemp("two")
    two = Two(home / "ada", home / "bo")
    for folder, numbers in ((two.ada, [*MINE, *SHARED]), (two.bo, [*SHARED, *THEIRS])):
        for number in numbers:
            write_tune(folder / "music" / f"private folder/tune {number:02}.wav", number)
        run(folder)
    outcome = run(two.bo, "card", "bo.json")
    assert "5 tracks are in bo.json. A friend can add it with: --source card:bo.json" in outcome.stdout
    shutil.copy(two.bo / "bo.json", two.ada / "bo.json")
    return two


@pytest.fixture
def two(built: Two, tmp_path: Path) -> Two:
    shutil.copytree(built.ada, tmp_path / "ada")
    return Two(tmp_path / "ada", built.bo)


def test_a_card_says_nothing_of_its_owners_disk(built: Two) -> None:
    written = (built.bo / "bo.json").read_text(encoding="utf-8")
    for word in (str(built.bo), "private folder", "music/", ".wav", str(Path.home())):
        assert word not in written
    refused = spotmap("card", "bo.json", "--source", "folder:music", "--embedder", "musicnn", cwd=built.bo)
    assert refused.status == 2
    assert "bo.json already exists" in refused.stderr


def test_a_friends_tracks_are_placed_without_listening_and_mine_stay(two: Two) -> None:
    before = places(two.ada)
    outcome = with_card(two.ada)
    assert outcome.status == 0, outcome.stderr
    assert outcome.analyzed_count == 0
    after, found = places(two.ada), document(two.ada)
    assert {track: after[track] for track in before} == before
    assert len(after) == len(MINE) + len(SHARED) + len(THEIRS)
    assert {layer["name"]: layer["count"] for layer in found["layers"]} == {"me": 6, "bo": 5}
    assert len(found["guests"]) == len(THEIRS)
    (pair,) = document(two.ada, "people.json")["pairs"]
    assert pair["people"] == ["me", "bo"]
    assert pair["sentence"].startswith("2 tracks are in both libraries.")
    ids = list(after)
    assert {ids[track] for track in pair["would_like"][0]} == set(after) - set(before)
    assert report(two.ada)["tracks"] == len(before), "a friend's tracks are no part of the ledger"
    again = with_card(two.ada)
    assert "unchanged" in again.stderr
    assert places(two.ada) == after


def test_without_the_card_the_map_is_what_it_was(two: Two) -> None:
    before = {path.relative_to(two.ada): path.read_bytes() for path in (two.ada / "site/data").rglob("map.json")}
    assert with_card(two.ada, "--as", "Ada,Bo").status == 0
    assert {layer["name"] for layer in document(two.ada)["layers"]} == {"Ada", "Bo"}
    run(two.ada)
    assert (
        before.items()
        <= {path.relative_to(two.ada): path.read_bytes() for path in (two.ada / "site/data").rglob("map.json")}.items()
    )


def test_ones_own_card_from_another_machine_is_placed_as_well(two: Two) -> None:
    before = places(two.ada)
    outcome = with_card(two.ada, "--as", "Ada,Ada")
    assert outcome.status == 0, outcome.stderr
    assert len(places(two.ada)) == len(before) + len(THEIRS)
    assert [layer["name"] for layer in document(two.ada)["layers"]] == ["Ada"]
    assert "people" not in document(two.ada)["files"]


def test_a_second_build_with_a_card_loads_nothing_numerical(two: Two) -> None:
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


def test_a_map_whose_cache_is_lost_is_continued_without_its_guests(two: Two) -> None:
    assert with_card(two.ada).status == 0
    with_guests = places(two.ada)
    for lost in (two.ada / ".spotmap/cache/ac").glob("last-map*"):
        shutil.rmtree(lost)
    outcome = run(two.ada, "plan")
    assert outcome.status == 0
    run(two.ada)
    assert len(places(two.ada)) == len(with_guests) - len(THEIRS)


def test_a_card_of_another_embedder_is_refused_before_anything_is_heard(two: Two) -> None:
    from spotmap_build.fetch import card

    tracks, sounds = card.decode_card((two.ada / "bo.json").read_bytes())
    other = card.encode_card(tracks, [sounds.sounds[track.id] for track in tracks], "discogs-effnet 1 3ed9af50d536")
    (two.ada / "other.json").write_bytes(other)
    refused = with_card(two.ada, card="other.json")
    assert refused.status == 2
    assert "made by another embedder (discogs-effnet 1 3ed9af50d536) than this map is (musicnn 2" in refused.stderr


def test_a_damaged_card_stops_the_build_and_leaves_the_site(two: Two) -> None:
    before = (two.ada / "site/index.html").read_bytes()
    (two.ada / "bo.json").write_bytes((two.ada / "bo.json").read_bytes().replace(b"tune", b"tuna", 1))
    refused = with_card(two.ada)
    assert refused.status == 2
    assert "its checksum does not match" in refused.stderr
    assert (two.ada / "site/index.html").read_bytes() == before


def test_there_is_no_card_of_a_table_with_vectors(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("title,x,y\n" + "".join(f"T{n},{n},{n % 3}\n" for n in range(9)))
    refused = spotmap("card", "card.json", "--source", "table:t.csv", cwd=tmp_path)
    assert refused.status == 2
    assert "There is no card of this map" in refused.stderr
    assert not (tmp_path / "card.json").exists()
