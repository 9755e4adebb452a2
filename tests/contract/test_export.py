"""`export` writes the map as a table that other programs read: the real command, and the readers of each format."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest

from spotmap_build import read_map
from spotmap_build.core.spreadsheet import TABLE_COLUMNS
from spotmap_build.errors import ConfigError
from tests.support.command import Outcome, spotmap

pytestmark = pytest.mark.xdist_group("export")

COUNT = 48
DIMENSIONS = 12


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The map of a table with vectors of its own, in three groups."""
    folder = tmp_path_factory.mktemp("export")
    draw = np.random.default_rng(5)
    centers = draw.normal(size=(3, DIMENSIONS)) * 4
    vectors = np.repeat(centers, COUNT // 3, axis=0) + draw.normal(size=(COUNT, DIMENSIONS))
    rows = [
        f'"Stück, {number}","Ada; Bo",Album,{1960 + number if number else ""},{"soft" if number % 2 else "loud"},'
        f"{number % 12 + 1}/12,{number // 12 + 1},"
        f'=1+1,{number},"{json.dumps(vector)}"'
        for number, vector in enumerate(vectors.round(4).tolist())
    ]
    (folder / "library.csv").write_text(
        "\n".join(["title,artist,album,year,=mood,track_number,disc_number,tags,file,vector", *rows]) + "\n"
    )
    outcome = spotmap("--source", "table:library.csv", "--log", "json", cwd=folder)
    assert outcome.status == 0, outcome.stderr
    return folder


def export(folder: Path, *arguments: object) -> Outcome:
    return spotmap("export", "--source", "table:library.csv", "--log", "json", *arguments, cwd=folder)


def done(folder: Path, *arguments: object) -> None:
    outcome = export(folder, *arguments)
    assert outcome.status == 0, outcome.stderr


def test_csv_holds_a_row_of_each_track_with_its_place_and_cluster(folder: Path) -> None:
    done(folder, "--out", "map.csv")
    with (folder / "map.csv").open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert sorted(row["title"] for row in rows) == sorted(f"Stück, {number}" for number in range(COUNT))
    assert {row["artists"] for row in rows} == {"Ada; Bo"}
    assert {row["'=mood"] for row in rows} == {"soft", "loud"}
    places = {(int(row["track_number"]), int(row["disc_number"])) for row in rows}
    assert places == {(track, disc) for track in range(1, 13) for disc in range(1, 5)}
    assert {row["own_tags"] for row in rows} == {"'=1+1"}, "no formula for a spreadsheet"
    assert next(row["year"] for row in rows if row["title"] == "Stück, 0") == ""
    assert len({(row["x"], row["y"]) for row in rows}) == COUNT
    assert len({row["cluster"] for row in rows} - {""}) >= 2


def test_parquet_holds_the_vectors_that_the_map_was_made_of(folder: Path) -> None:
    done(folder, "--out", "map.parquet", "--vectors")
    table = pyarrow.parquet.read_table(folder / "map.parquet")
    assert table.num_rows == COUNT
    assert table.column("artists").to_pylist()[0] == ["Ada", "Bo"]
    vectors = np.array(table.column("vector").to_pylist(), dtype=np.float32)
    with (folder / "library.csv").open(newline="", encoding="utf-8") as file:
        own = {row["title"]: json.loads(row["vector"]) for row in csv.DictReader(file)}
    expected = np.array([own[title] for title in table.column("title").to_pylist()], dtype=np.float32)
    np.testing.assert_allclose(vectors, expected, rtol=1e-6)


def test_geojson_is_within_the_degrees_that_there_are(folder: Path) -> None:
    done(folder, "--out", "map.geojson")
    found = json.loads((folder / "map.geojson").read_text(encoding="utf-8"))
    assert found["type"] == "FeatureCollection"
    places = np.array([feature["geometry"]["coordinates"] for feature in found["features"]])
    own = np.array([[feature["properties"][axis] for axis in ("x", "y")] for feature in found["features"]])
    assert places.shape == (COUNT, 2)
    assert np.abs(places).max() <= 85
    assert np.corrcoef(places[:, 0], own[:, 0])[0, 1] == pytest.approx(1)


def test_npz_opens_without_pickle(folder: Path) -> None:
    done(folder, "--out", "map.npz", "--vectors")
    with np.load(folder / "map.npz", allow_pickle=False) as arrays:
        assert arrays["id"].shape == arrays["x"].shape == (COUNT,)
        assert arrays["vector"].shape == (COUNT, DIMENSIONS)
        assert np.isnan(arrays["year"]).sum() == 1
        assert sorted(arrays["own_file"]) == list(range(COUNT))


def test_a_file_that_is_there_is_replaced_only_when_asked(folder: Path) -> None:
    (folder / "mine.csv").write_text("mine")
    outcome = export(folder, "--out", "mine.csv")
    assert outcome.status == 2
    assert "mine.csv already exists" in outcome.stderr
    assert (folder / "mine.csv").read_text() == "mine"
    done(folder, "--out", "mine.csv", "--force")
    assert (folder / "mine.csv").read_text(encoding="utf-8-sig").startswith(",".join(TABLE_COLUMNS))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--out", "map.txt"), "--format parquet|csv|geojson|npz"),
        (("--out", "map.csv", "--vectors"), "cannot hold them"),
    ],
)
def test_what_cannot_be_written_is_said(folder: Path, arguments: tuple[str, ...], said: str) -> None:
    outcome = export(folder, *arguments)
    assert outcome.status == 2
    assert said in outcome.stderr
    assert not (folder / arguments[1]).exists() or arguments[1] == "map.csv"


def test_a_notebook_reads_the_site_as_columns(folder: Path) -> None:
    found = read_map(folder / "site")
    assert len(found) == COUNT
    assert {len(values) for values in found.columns.values()} == {COUNT}
    assert sorted(found.columns["title"]) == sorted(f"Stück, {number}" for number in range(COUNT))
    assert found.columns["artists"][0] == ["Ada", "Bo"]
    assert set(found.columns["=mood"]) == {"soft", "loud"}
    assert found.columns["year"].count(None) == 1
    in_clusters = sum(len(cluster.members) for cluster in found.clusters)
    assert COUNT - found.columns["cluster"].count(None) == in_clusters
    assert {found.columns["cluster"][row] for row in found.clusters[0].members} == {found.clusters[0].name}


def test_a_site_whose_files_do_not_go_together_is_no_map(folder: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    shutil.copytree(folder / "site", site)
    path = next(site.glob("data/*/text.json"))
    text = json.loads(path.read_text())
    path.write_text(json.dumps(text | {"albums": [9] * COUNT}))
    with pytest.raises(ConfigError, match="do not match"):
        read_map(site)
