"""A map that its owner comes back to: what was there stays where it was, and is called what it was called."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from spotmap_build.cache.keys import Key
from spotmap_build.cache.store import Cache
from spotmap_build.emit.columns import unpack_ids
from spotmap_build.stages.previous_map import PAST_VERSION, STATE
from tests.support.command import Outcome, report, spotmap, tree

pytestmark = [pytest.mark.xdist_group("continued"), pytest.mark.slow]

GROUPS = 6


def write_table(folder: Path, count: int, *, newcomers: int = 0) -> None:
    """A table of vectors in a few groups; newcomers are of a group of their own."""
    chance = np.random.default_rng(3)
    centers = chance.normal(size=(GROUPS + 1, 24))
    groups = np.arange(count) % GROUPS
    vectors = centers[groups] + 0.4 * chance.normal(size=(count, 24))
    fresh = centers[GROUPS] + 0.4 * chance.normal(size=(newcomers, 24))
    np.save(folder / "tracks.npy", np.vstack([vectors, fresh]).astype(np.float32))
    with (folder / "tracks.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "title", "artists", "genres", "playlists"])
        for number, group in enumerate([*groups.tolist(), *[GROUPS] * newcomers]):
            writer.writerow([f"t{number}", f"Song {number}", f"Artist {number % 9}", f"genre {group}", f"List {group}"])


def build(folder: Path, *more: str) -> Outcome:
    outcome = spotmap("--source", "table:tracks.csv", "--log", "json", *more, cwd=folder)
    assert outcome.status == 0, outcome.stderr
    return outcome


def document(folder: Path, name: str = "map.json") -> dict[str, Any]:
    """A file of the map that the page names."""
    generation = (folder / "site/index.html").read_text().split('data-generation="')[1].split('"')[0]
    content: dict[str, Any] = json.loads((folder / f"site/data/{generation}/{name}").read_bytes())
    return content


def places(folder: Path) -> dict[str, np.ndarray[Any, Any]]:
    found = document(folder)
    ids = unpack_ids(document(folder, "details-000.json")["ids"])
    both = np.cumsum([found["x"], found["y"]], axis=1).T
    return dict(zip(ids, both, strict=True))


def new_tracks(folder: Path) -> set[str]:
    """What the map tells of as new."""
    ids = unpack_ids(document(folder, "details-000.json")["ids"])
    return {ids[track] for track in np.cumsum(document(folder, "insights.json")["since"]["new"])}


def moved(before: dict[str, Any], after: dict[str, Any]) -> np.ndarray[Any, Any]:
    """How far each track that is on both maps has moved, as a share of the diagonal, both maps made one size."""
    known = [track for track in before if track in after]
    one, other = (np.array([where[track] for track in known], float) for where in (before, after))
    one, other = ((rows - rows.mean(0)) / np.linalg.norm(np.ptp(rows, axis=0)) for rows in (one, other))
    return np.asarray(np.linalg.norm(one - other, axis=1))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("continued")
    write_table(folder, 180)
    build(folder)
    return folder


def test_every_figure_of_the_report_has_a_sentence(built: Path) -> None:
    figures = {figure["name"]: figure for figure in report(built)["quality"]}
    assert {"trustworthiness", "continuity", "neighbor_recall", "noise_share", "coverage"} <= figures.keys()
    assert all(figure["meaning"].endswith(".") for figure in figures.values())
    assert figures["genre_agreement_on_map"]["value"] > 0.9 > figures["genre_agreement_on_map"]["chance"]
    assert document(built, "insights.json")["quality"] == report(built)["quality"]


def test_neighbors_are_those_of_the_sound_and_say_what_they_share(built: Path) -> None:
    ids = unpack_ids(document(built, "details-000.json")["ids"])
    near = document(built, "neighbors-000.json")
    groups = [int(track[1:]) % GROUPS for track in ids]
    same = [groups[other] == groups[row] for row, others in enumerate(near["neighbors"]) for other in others]
    assert np.mean(same) > 0.95
    assert all(row not in others for row, others in enumerate(near["neighbors"]))
    assert {len(shared) for shared in near["shared"]} == {3}


def test_new_tracks_leave_the_others_where_they_were_with_and_without_the_cache(built: Path, tmp_path: Path) -> None:
    shutil.copytree(built, tmp_path, dirs_exist_ok=True)
    assert document(tmp_path, "insights.json")["since"] is None
    before, clusters = places(tmp_path), {one["id"]: one["name"] for one in report(tmp_path)["clusters"]}
    write_table(tmp_path, 180, newcomers=18)
    build(tmp_path)
    distance = moved(before, places(tmp_path))
    assert np.median(distance) <= 0.02
    assert np.quantile(distance, 0.95) <= 0.06
    after = {one["id"]: one["name"] for one in report(tmp_path)["clusters"]}
    assert {id_: after.get(id_) for id_ in clusters} == clusters
    assert new_tracks(tmp_path) == {f"t{number}" for number in range(180, 198)}
    again = tree(tmp_path / "site")
    build(tmp_path)
    assert tree(tmp_path / "site") == again

    shutil.rmtree(tmp_path / ".spotmap")
    last = places(tmp_path)
    build(tmp_path)
    assert np.quantile(moved(last, places(tmp_path)), 0.95) <= 0.03
    assert {one["id"]: one["name"] for one in report(tmp_path)["clusters"]} == after


def test_a_map_can_continue_another_site_or_none(built: Path, tmp_path: Path) -> None:
    write_table(tmp_path, 180)
    build(tmp_path, "--anchor", str(built / "site"), "--seed", "7")
    assert np.quantile(moved(places(built), places(tmp_path)), 0.95) <= 0.05
    build(tmp_path, "--anchor", "none", "--seed", "7")
    assert np.quantile(moved(places(built), places(tmp_path)), 0.95) > 0.05


def test_a_place_without_a_map_is_an_error_that_names_it(tmp_path: Path) -> None:
    write_table(tmp_path, 20)
    outcome = spotmap("--source", "table:tracks.csv", "--anchor", "nowhere", cwd=tmp_path)
    assert outcome.status == 2
    assert "nowhere" in outcome.stderr
    assert "Traceback" not in outcome.stderr
    assert not (tmp_path / ".spotmap").exists(), "it is known before anything is begun"


def write_places(folder: Path, count: int) -> None:
    """A table that gives the places itself, which makes a map in a moment."""
    rows = [f"t{number},Song {number},Mara,{number % 7},{number // 7}" for number in range(count)]
    (folder / "tracks.csv").write_text("\n".join(["id,title,artists,x,y", *rows]))


def last_maps(folder: Path) -> list[Path]:
    return sorted((folder / ".spotmap").rglob("last-map-v1/*/*.json"))


def generation(folder: Path) -> str:
    return str(document(folder)["generation"])


def test_a_last_map_that_is_lost_is_reported_or_changes_nothing(tmp_path: Path) -> None:
    """The map is kept twice: by the site, and by its place. With either the site stays; without, it is a notice."""
    write_places(tmp_path, 60)
    build(tmp_path)
    published, (one, other) = tree(tmp_path / "site"), last_maps(tmp_path)
    for damaged in (one, other):
        damaged.write_bytes(damaged.read_bytes()[:-9])
        assert "has lost the map" not in build(tmp_path).stderr
        assert tree(tmp_path / "site") == published
    for record in last_maps(tmp_path):
        record.unlink()
    assert "has lost the map" in build(tmp_path).stderr
    assert "has lost the map" not in build(tmp_path).stderr


def test_without_the_cache_a_damaged_site_is_replaced(tmp_path: Path) -> None:
    write_places(tmp_path, 30)
    build(tmp_path)
    published = tree(tmp_path / "site")
    shutil.rmtree(tmp_path / ".spotmap")
    damaged = tmp_path / "site/data" / generation(tmp_path) / "map.json"
    content = json.loads(damaged.read_bytes())
    content["x"].pop()
    damaged.write_text(json.dumps(content))
    assert "This map was laid out without regard to it." in build(tmp_path).stderr
    assert tree(tmp_path / "site") == published


def test_a_name_given_by_hand_stands(tmp_path: Path) -> None:
    write_table(tmp_path, 120)
    build(tmp_path)
    chosen = report(tmp_path)["clusters"][0]["id"]
    (tmp_path / "overrides.toml").write_text(f'[names]\n{chosen} = "Evenings at home"\n')
    build(tmp_path)
    assert {one["id"]: one["name"] for one in report(tmp_path)["clusters"]}[chosen] == "Evenings at home"


@pytest.mark.parametrize("count", [1, 2, 5, 14, 15, 16])
def test_the_smallest_libraries_become_maps(tmp_path: Path, count: int) -> None:
    write_table(tmp_path, count)
    assert "Warning" not in build(tmp_path).stderr
    assert document(tmp_path)["count"] == count


@pytest.mark.parametrize("kind", ["equal", "two groups", "half twice"])
def test_degenerate_vectors_become_maps(tmp_path: Path, kind: str) -> None:
    write_table(tmp_path, 60)
    vectors = np.load(tmp_path / "tracks.npy")
    if kind == "equal":
        vectors[:] = vectors[0]
    elif kind == "two groups":
        vectors[:] = vectors[np.arange(60) % 2]
    else:
        vectors[30:] = vectors[:30]
    np.save(tmp_path / "tracks.npy", vectors)
    outcome = build(tmp_path)
    assert "Traceback" not in outcome.stderr
    assert "Warning" not in outcome.stderr
    assert document(tmp_path)["count"] == 60


def test_after_an_upgrade_the_map_is_continued(built: Path, tmp_path: Path) -> None:
    folder = tmp_path / "upgraded"
    shutil.copytree(built, folder)
    before, clusters = places(folder), document(folder)["clusters"]
    with Cache.open(folder / ".spotmap/cache") as cache:
        for key in previous_map_keys(folder):
            record = cache.lookup(key)
            assert record is not None
            outputs = {name: cache.read(record, name) for name in record.outputs}
            outputs[STATE] = orjson.dumps({**orjson.loads(outputs[STATE]), "environment": "of an earlier version"})
            cache.put(key, outputs, 0.0)
    build(folder)
    assert np.median(moved(before, places(folder))) <= 0.01
    names = [
        [(one["id"], one["name"], one["color"]) for one in found] for found in (document(folder)["clusters"], clusters)
    ]
    assert names[0] == names[1]
    after = tree(folder / "site")
    build(folder)
    assert tree(folder / "site") == after


def previous_map_keys(folder: Path) -> list[Key]:
    """The keys that the last map of a copied folder is found by: the generation that is served."""
    generation = (folder / "site/index.html").read_text().split('data-generation="')[1].split('"')[0]
    return [Key("last-map", PAST_VERSION, {"generation": generation})]
