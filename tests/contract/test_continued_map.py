"""A rebuilt map keeps the positions of tracks and the names of clusters."""

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
from spotmap_build.emit.site import served_generation
from spotmap_build.stages.previous_map import LAST_MAP_VERSION, STATE
from tests.support.command import Outcome, report, spotmap, tree
from tests.support.site import published_document

pytestmark = [pytest.mark.xdist_group("continued"), pytest.mark.slow]

GROUPS = 6
COUNT = 120


def write_table(folder: Path, count: int, *, newcomers: int = 0) -> None:
    """Write a table of vectors in a few groups; newcomers form a separate group."""
    generator = np.random.default_rng(3)
    centers = generator.normal(size=(GROUPS + 1, 24))
    groups = np.arange(count) % GROUPS
    vectors = centers[groups] + 0.4 * generator.normal(size=(count, 24))
    new_vectors = centers[GROUPS] + 0.4 * generator.normal(size=(newcomers, 24))
    np.save(folder / "tracks.npy", np.vstack([vectors, new_vectors]).astype(np.float32))
    with (folder / "tracks.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "title", "artists", "genres", "playlists"])
        for number, group in enumerate([*groups.tolist(), *[GROUPS] * newcomers]):
            writer.writerow([f"t{number}", f"Song {number}", f"Artist {number % 9}", f"genre {group}", f"List {group}"])


def build(folder: Path, *more: str) -> Outcome:
    outcome = spotmap("--source", "table:tracks.csv", "--log", "json", *more, cwd=folder)
    assert outcome.status == 0, outcome.stderr
    return outcome


def positions(folder: Path) -> dict[str, np.ndarray[Any, Any]]:
    found = published_document(folder / "site")
    ids = unpack_ids(published_document(folder / "site", "details-000.json")["ids"])
    both = np.cumsum([found["x"], found["y"]], axis=1).T
    return dict(zip(ids, both, strict=True))


def new_tracks(folder: Path) -> set[str]:
    """Return the ids of the tracks that the map marks as new."""
    ids = unpack_ids(published_document(folder / "site", "details-000.json")["ids"])
    return {ids[track] for track in np.cumsum(published_document(folder / "site", "insights.json")["since"]["new"])}


def distances_moved(before: dict[str, Any], after: dict[str, Any]) -> np.ndarray[Any, Any]:
    """Return how far each common track has moved, as a share of the diagonal of the map, after scaling both maps."""
    common = [track for track in before if track in after]
    old, new = (np.array([positions_of[track] for track in common], float) for positions_of in (before, after))
    old, new = ((rows - rows.mean(0)) / np.linalg.norm(np.ptp(rows, axis=0)) for rows in (old, new))
    return np.asarray(np.linalg.norm(old - new, axis=1))


def cluster_names(folder: Path) -> dict[str, str]:
    return {cluster["id"]: cluster["name"] for cluster in report(folder)["clusters"]}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("continued")
    write_table(folder, COUNT)
    build(folder)
    return folder


def test_every_quality_figure_has_an_explanation(built: Path) -> None:
    figures = {figure["name"]: figure for figure in report(built)["quality"]}
    assert {"trustworthiness", "continuity", "neighbor_recall", "noise_share", "coverage"} <= figures.keys()
    assert all(figure["meaning"].endswith(".") for figure in figures.values())
    assert figures["genre_agreement_on_map"]["value"] > 0.9 > figures["genre_agreement_on_map"]["chance"]
    assert published_document(built / "site", "insights.json")["quality"] == report(built)["quality"]


def test_neighbors_are_in_the_same_group_and_have_reasons(built: Path) -> None:
    ids = unpack_ids(published_document(built / "site", "details-000.json")["ids"])
    found = published_document(built / "site", "neighbors-000.json")
    groups = [int(track[1:]) % GROUPS for track in ids]
    rows = list(enumerate(found["neighbors"]))
    same = [groups[neighbor] == groups[track] for track, neighbors in rows for neighbor in neighbors]
    assert np.mean(same) > 0.95
    assert all(track not in neighbors for track, neighbors in rows)
    assert {len(shared) for shared in found["shared"]} == {3}


def test_new_tracks_do_not_move_existing_tracks_with_or_without_the_cache(built: Path, tmp_path: Path) -> None:
    shutil.copytree(built, tmp_path, dirs_exist_ok=True)
    assert published_document(tmp_path / "site", "insights.json")["since"] is None
    before, clusters = positions(tmp_path), cluster_names(tmp_path)
    write_table(tmp_path, COUNT, newcomers=12)
    build(tmp_path)
    distance = distances_moved(before, positions(tmp_path))
    assert np.median(distance) <= 0.02
    assert np.quantile(distance, 0.95) <= 0.06
    after = cluster_names(tmp_path)
    assert {id_: after.get(id_) for id_ in clusters} == clusters
    assert new_tracks(tmp_path) == {f"t{number}" for number in range(COUNT, COUNT + 12)}
    again = tree(tmp_path / "site")
    build(tmp_path)
    assert tree(tmp_path / "site") == again

    shutil.rmtree(tmp_path / ".spotmap")
    last = positions(tmp_path)
    build(tmp_path)
    assert np.quantile(distances_moved(last, positions(tmp_path)), 0.95) <= 0.03
    assert cluster_names(tmp_path) == after


def test_map_can_continue_another_site_or_none(built: Path, tmp_path: Path) -> None:
    write_table(tmp_path, COUNT)
    build(tmp_path, "--anchor", str(built / "site"), "--seed", "7")
    assert np.quantile(distances_moved(positions(built), positions(tmp_path)), 0.95) <= 0.05
    build(tmp_path, "--anchor", "none", "--seed", "7")
    assert np.quantile(distances_moved(positions(built), positions(tmp_path)), 0.95) > 0.05


def test_anchor_without_a_map_is_an_error_that_names_it(tmp_path: Path) -> None:
    write_table(tmp_path, 20)
    outcome = spotmap("--source", "table:tracks.csv", "--anchor", "nowhere", cwd=tmp_path)
    assert outcome.status == 2
    assert "nowhere" in outcome.stderr
    assert "Traceback" not in outcome.stderr
    assert not (tmp_path / ".spotmap").exists(), "the error is found before the build starts"


def write_table_with_positions(folder: Path, count: int) -> None:
    """Write a table with positions, which needs no layout."""
    rows = [f"t{number},Song {number},Mara,{number % 7},{number // 7}" for number in range(count)]
    (folder / "tracks.csv").write_text("\n".join(["id,title,artists,x,y", *rows]))


def previous_maps(folder: Path) -> list[Path]:
    return sorted((folder / ".spotmap").rglob("last-map-v1/*/*.json"))


def test_losing_the_previous_map_is_reported_only_if_both_copies_are_lost(tmp_path: Path) -> None:
    """The map is cached twice: keyed by its site and by its path. A notice appears only if both are lost."""
    write_table_with_positions(tmp_path, 60)
    build(tmp_path)
    published, copies = tree(tmp_path / "site"), previous_maps(tmp_path)
    assert len(copies) == 2
    for damaged in copies:
        damaged.write_bytes(damaged.read_bytes()[:-9])
        assert "is not in the cache" not in build(tmp_path).stderr
        assert tree(tmp_path / "site") == published
    for record in previous_maps(tmp_path):
        record.unlink()
    assert "is not in the cache" in build(tmp_path).stderr
    assert "is not in the cache" not in build(tmp_path).stderr


def test_damaged_site_is_replaced_if_the_cache_is_lost(tmp_path: Path) -> None:
    write_table_with_positions(tmp_path, 30)
    build(tmp_path)
    published = tree(tmp_path / "site")
    shutil.rmtree(tmp_path / ".spotmap")
    damaged = tmp_path / "site/data" / served_generation(tmp_path / "site") / "map.json"
    content = json.loads(damaged.read_bytes())
    content["x"].pop()
    damaged.write_text(json.dumps(content))
    assert "This map does not continue it." in build(tmp_path).stderr
    assert tree(tmp_path / "site") == published


def test_name_from_overrides_is_used(tmp_path: Path) -> None:
    write_table(tmp_path, 120)
    build(tmp_path)
    chosen = report(tmp_path)["clusters"][0]["id"]
    (tmp_path / "overrides.toml").write_text(f'[names]\n{chosen} = "Evenings at home"\n')
    build(tmp_path)
    assert cluster_names(tmp_path)[chosen] == "Evenings at home"


@pytest.mark.parametrize("count", [1, 2, 5, 14, 15, 16])
def test_smallest_libraries_are_mapped(tmp_path: Path, count: int) -> None:
    write_table(tmp_path, count)
    assert "Warning" not in build(tmp_path).stderr
    assert published_document(tmp_path / "site")["count"] == count


@pytest.mark.parametrize("kind", ["equal", "two groups", "half twice"])
def test_degenerate_vectors_are_mapped(tmp_path: Path, kind: str) -> None:
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
    assert published_document(tmp_path / "site")["count"] == 60


def test_map_is_continued_after_an_upgrade(built: Path, tmp_path: Path) -> None:
    folder = tmp_path / "upgraded"
    shutil.copytree(built, folder)
    before, clusters = positions(folder), published_document(folder / "site")["clusters"]
    with Cache.open(folder / ".spotmap/cache") as cache:
        for key in previous_map_keys(folder):
            record = cache.lookup(key)
            assert record is not None
            outputs = {name: cache.read(record, name) for name in record.outputs}
            outputs[STATE] = orjson.dumps({**orjson.loads(outputs[STATE]), "environment": "of an earlier version"})
            cache.put(key, outputs, 0.0)
    build(folder)
    assert np.median(distances_moved(before, positions(folder))) <= 0.01
    identities = [
        [(cluster["id"], cluster["name"], cluster["color"]) for cluster in found]
        for found in (published_document(folder / "site")["clusters"], clusters)
    ]
    assert identities[0] == identities[1]
    after = tree(folder / "site")
    build(folder)
    assert tree(folder / "site") == after


def previous_map_keys(folder: Path) -> list[Key]:
    """Return the keys of the previous map of a copied folder, which is found by the published generation."""
    return [Key("last-map", LAST_MAP_VERSION, {"generation": served_generation(folder / "site")})]
