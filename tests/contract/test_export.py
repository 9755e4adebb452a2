"""The real `export` command writes tables that the usual readers of each format can read."""

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
    """The map of a table with vectors in three groups."""
    folder = tmp_path_factory.mktemp("export")
    generator = np.random.default_rng(5)
    centers = generator.normal(size=(3, DIMENSIONS)) * 4
    vectors = np.repeat(centers, COUNT // 3, axis=0) + generator.normal(size=(COUNT, DIMENSIONS))
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


def export_successfully(folder: Path, *arguments: object) -> None:
    outcome = export(folder, *arguments)
    assert outcome.status == 0, outcome.stderr


def test_csv_has_a_row_for_each_track_with_position_and_cluster(folder: Path) -> None:
    export_successfully(folder, "--out", "map.csv")
    with (folder / "map.csv").open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert sorted(row["title"] for row in rows) == sorted(f"Stück, {number}" for number in range(COUNT))
    assert {row["artists"] for row in rows} == {"Ada; Bo"}
    assert {row["'=mood"] for row in rows} == {"soft", "loud"}
    numbers = {(int(row["track_number"]), int(row["disc_number"])) for row in rows}
    assert numbers == {(track, disc) for track in range(1, 13) for disc in range(1, 5)}
    assert {row["own_tags"] for row in rows} == {"'=1+1"}, "formulas are escaped for spreadsheets"
    assert next(row["year"] for row in rows if row["title"] == "Stück, 0") == ""
    assert len({(row["x"], row["y"]) for row in rows}) == COUNT
    assert len({row["cluster"] for row in rows} - {""}) >= 2


def test_parquet_has_the_vectors_of_the_library(folder: Path) -> None:
    export_successfully(folder, "--out", "map.parquet", "--vectors")
    table = pyarrow.parquet.read_table(folder / "map.parquet")
    assert table.num_rows == COUNT
    assert table.column("artists").to_pylist()[0] == ["Ada", "Bo"]
    vectors = np.array(table.column("vector").to_pylist(), dtype=np.float32)
    with (folder / "library.csv").open(newline="", encoding="utf-8") as file:
        own = {row["title"]: json.loads(row["vector"]) for row in csv.DictReader(file)}
    expected = np.array([own[title] for title in table.column("title").to_pylist()], dtype=np.float32)
    np.testing.assert_allclose(vectors, expected, rtol=1e-6)


def test_geojson_coordinates_are_valid_and_linear_in_the_map_coordinates(folder: Path) -> None:
    export_successfully(folder, "--out", "map.geojson")
    found = json.loads((folder / "map.geojson").read_text(encoding="utf-8"))
    assert found["type"] == "FeatureCollection"
    coordinates = np.array([feature["geometry"]["coordinates"] for feature in found["features"]])
    own = np.array([[feature["properties"][axis] for axis in ("x", "y")] for feature in found["features"]])
    assert coordinates.shape == (COUNT, 2)
    assert np.abs(coordinates).max() <= 85
    assert np.corrcoef(coordinates[:, 0], own[:, 0])[0, 1] == pytest.approx(1)


def test_npz_can_be_loaded_without_pickle(folder: Path) -> None:
    export_successfully(folder, "--out", "map.npz", "--vectors")
    with np.load(folder / "map.npz", allow_pickle=False) as arrays:
        assert arrays["id"].shape == arrays["x"].shape == (COUNT,)
        assert arrays["vector"].shape == (COUNT, DIMENSIONS)
        assert np.isnan(arrays["year"]).sum() == 1
        assert sorted(arrays["own_file"]) == list(range(COUNT))


def test_existing_file_is_replaced_only_with_force(folder: Path) -> None:
    (folder / "mine.csv").write_text("mine")
    outcome = export(folder, "--out", "mine.csv")
    assert outcome.status == 2
    assert "mine.csv already exists" in outcome.stderr
    assert (folder / "mine.csv").read_text() == "mine"
    export_successfully(folder, "--out", "mine.csv", "--force")
    assert (folder / "mine.csv").read_text(encoding="utf-8-sig").startswith(",".join(TABLE_COLUMNS))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--out", "map.txt"), "--format parquet|csv|geojson|npz"),
        (("--out", "map.csv", "--vectors"), "cannot hold them"),
    ],
)
def test_unsupported_options_are_refused_without_writing(
    folder: Path, arguments: tuple[str, ...], message: str
) -> None:
    outcome = export(folder, *arguments)
    assert outcome.status == 2
    assert message in outcome.stderr
    assert not (folder / arguments[1]).exists() or arguments[1] == "map.csv"


def test_read_map_returns_the_site_as_columns(folder: Path) -> None:
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


def test_read_map_refuses_a_site_with_mismatched_files(folder: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    shutil.copytree(folder / "site", site)
    path = next(site.glob("data/*/text.json"))
    text = json.loads(path.read_text())
    path.write_text(json.dumps(text | {"albums": [9] * COUNT}))
    with pytest.raises(ConfigError, match="do not match"):
        read_map(site)
