"""Build a music folder with the real command and engines; rebuilds compute only what is new."""

from __future__ import annotations

import io
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import mutagen.flac
import mutagen.wave
import numpy as np
import pytest
from mutagen.id3 import TIT2, TPE1
from PIL import Image

from spotmap_build.cache.arrays import encode_array
from spotmap_build.cache.records import decode_record, describe_output, encode_record
from tests.support.command import build, environment, report, run_in_new_interpreter, spotmap, tree
from tests.support.music import write_library, write_tune
from tests.support.site import published_document

# One worker, so that the first build is made once.
pytestmark = [pytest.mark.xdist_group("build"), pytest.mark.slow]

HEAVY_PACKAGES = (
    "numpy", "essentia", "onnxruntime", "av", "umap", "hdbscan", "numba", "sklearn", "scipy", "contourpy", "mutagen",
    "PIL", "jinja2", "rich",
)  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``music`` (18 tunes) and the site and cache of a first build. Read-only."""
    folder = tmp_path_factory.mktemp("built")
    write_library(folder / "music", 18)
    outcome = build("folder:music", folder, "--jobs", 2)
    assert outcome.status == 0, outcome.stderr
    assert outcome.analyzed_count == 18
    return folder


@pytest.fixture
def copy(built: Path, tmp_path: Path) -> Path:
    """A modifiable copy of the built folder with the same modification times."""
    folder = tmp_path / "copy"
    shutil.copytree(built, folder, symlinks=True)
    return folder


SITE_DATA_REFERENCE = Path(__file__).parents[2] / "docs/site-data.md"


def test_reference_documents_every_field_of_the_site_data(built: Path) -> None:
    sections = {
        kind: set(re.findall(r"`(\w+)`", text))
        for kind, text in re.findall(
            r"^## \S+ — `([\w.-]+/\d+)`\n(.*?)(?=^## |\Z)", SITE_DATA_REFERENCE.read_text(), re.MULTILINE | re.DOTALL
        )
    }
    documents = [json.loads(path.read_bytes()) for path in built.glob("site/data/*/*.json")]
    only_with_two_people = {"spotmap.people/1"}
    assert {document["schema"] for document in documents} == sections.keys() - only_with_two_people
    for document in documents:
        undocumented = document.keys() - sections[document["schema"]] - {"schema", "generation"}
        assert not undocumented, document["schema"]


def test_every_track_is_mapped_with_its_playlist(built: Path) -> None:
    document = published_document(built / "site")
    assert document["count"] == 18
    assert {playlist["name"] for playlist in document["playlists"]} == {"morning", "noon", "night"}
    rows = report(built)["ledger"]
    assert {row["status"] for row in rows} == {"mapped"}
    assert (built / "site/index.html").is_file()


def test_site_and_cache_contain_no_absolute_paths(built: Path) -> None:
    root = str(built).encode()
    for folder in ("site", ".spotmap"):
        for name, content in tree(built / folder).items():
            assert root not in content, name


def test_modules_in_the_working_directory_are_never_imported(tmp_path: Path) -> None:
    """This holds for the installed command and for its child processes."""
    write_tune(tmp_path / "music/tune.wav", 1)
    for name in ("av", "numpy", "socket", "spotmap_build"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    done = subprocess.run(
        [Path(sys.executable).parent / "spotmap-build", "--source", "folder:music", "--embedder", "musicnn"],
        cwd=tmp_path,
        env=environment({"PYTHONPATH": str(Path(__file__).parents[2])}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "ran").exists()


def test_merged_shards_make_the_same_site_as_one_build(built: Path, tmp_path: Path) -> None:
    shutil.copytree(built / "music", tmp_path / "music")
    analyzed_counts = []
    for shard in ("1/3", "2/3", "3/3"):
        outcome = build("folder:music", tmp_path, "--shard", shard, "--cache-dir", f"cache-{shard[0]}")
        assert outcome.status == 0, outcome.stderr
        analyzed_counts.append(outcome.analyzed_count)
        merged = spotmap("cache", "merge", f"cache-{shard[0]}", cwd=tmp_path)
        assert merged.status == 0, merged.stderr
    assert sum(analyzed_counts) == 18
    assert all(analyzed_counts)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".spotmap", "cache-1", "cache-2", "cache-3", "music"]

    outcome = build("folder:music", tmp_path)

    assert (outcome.status, outcome.analyzed_count) == (0, 0), outcome.stderr
    assert tree(tmp_path / "site") == tree(built / "site")


def test_second_build_has_no_cache_miss_and_writes_nothing(copy: Path) -> None:
    first = build("folder:music", copy)  # the copied files have other paths: they are probed, not analyzed
    assert (first.status, first.analyzed_count) == (0, 0)
    before = {path: path.stat().st_mtime_ns for path in (copy / "site").rglob("*")}
    second = build("folder:music", copy)
    assert second.status == 0
    assert {path: path.stat().st_mtime_ns for path in (copy / "site").rglob("*")} == before
    assert all(counts["misses"] == 0 for counts in report(copy)["cache"].values())


def test_second_build_imports_no_numerical_package(built: Path) -> None:
    program = (
        "import sys; from spotmap_build.cli import main\n"
        "main(['--source', 'folder:music', '--embedder', 'musicnn'], standalone_mode=False)\n"
        f"print(*(name for name in {HEAVY_PACKAGES!r} if name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=built, env=environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


def test_poster_is_written_outside_the_site_and_replaced_by_the_next_build(copy: Path) -> None:
    for _ in range(2):
        outcome = build("folder:music", copy, "--poster", "poster.svg", "--title", "Tunes")
        assert outcome.status == 0, outcome.stderr
        poster = (copy / "poster.svg").read_text()
        assert ">Tunes</text>" in poster
        assert poster.count("<circle") >= 18
        assert "Tracks that sound alike lie close together." in poster
    refused = build("folder:music", copy, "--poster", "site/poster.svg")
    assert refused.status == 2
    assert "would be inside the site" in refused.stderr


def test_new_file_is_the_only_one_analyzed(copy: Path) -> None:
    write_tune(copy / "music/night/new.wav", 99)
    outcome = build("folder:music", copy)
    assert (outcome.status, outcome.analyzed_count) == (0, 1)
    assert published_document(copy / "site")["count"] == 19


def test_renamed_moved_and_copied_files_are_not_analyzed_again(copy: Path) -> None:
    music = copy / "music"
    (music / "night/tune 02.wav").rename(music / "night/renamed.wav")
    (music / "noon/tune 01.wav").rename(music / "morning/moved.wav")
    shutil.copy(music / "morning/tune 00.wav", music / "noon/copied.wav")
    outcome = build("folder:music", copy)
    assert (outcome.status, outcome.analyzed_count) == (0, 0)
    rows = report(copy)["ledger"]
    assert len(rows) == 19
    assert {"renamed", "moved", "copied"} <= {row["title"] for row in rows}


def test_edited_tag_changes_the_title_without_another_analysis(copy: Path) -> None:
    file: Any = mutagen.wave.WAVE(copy / "music/night/tune 02.wav")  # type: ignore[no-untyped-call]
    file.add_tags()
    file.tags.add(TIT2(text="Nachtlied"))  # type: ignore[no-untyped-call]
    file.tags.add(TPE1(text="Jemand"))  # type: ignore[no-untyped-call]
    file.save()
    outcome = build("folder:music", copy)
    assert (outcome.status, outcome.analyzed_count) == (0, 0)
    assert "Nachtlied" in {row["title"] for row in report(copy)["ledger"]}


def test_removed_file_is_no_longer_mapped(copy: Path) -> None:
    (copy / "music/night/tune 02.wav").unlink()
    outcome = build("folder:music", copy)
    assert (outcome.status, outcome.analyzed_count) == (0, 0)
    assert published_document(copy / "site")["count"] == 17


def test_builds_of_the_same_music_in_two_folders_are_byte_identical(built: Path, tmp_path: Path) -> None:
    write_library(tmp_path / "music", 18)
    for path in (tmp_path / "music").rglob("*.wav"):
        os.utime(path, (1, 1))
    outcome = run_in_new_interpreter("--source", "folder:music", "--embedder", "musicnn", "--jobs", 1, cwd=tmp_path)
    assert outcome.status == 0, outcome.stderr
    assert tree(tmp_path / "site") == tree(built / "site")


def test_build_date_is_shown_only_if_given(copy: Path) -> None:
    assert published_document(copy / "site")["built_at"] is None
    assert build("folder:music", copy, extra={"SOURCE_DATE_EPOCH": "1700000000"}).status == 0
    assert str(published_document(copy / "site")["built_at"]).startswith("2023-11-14")


def test_damaged_cache_is_repaired_and_the_site_stays_the_same(copy: Path) -> None:
    before = tree(copy / "site")
    records = sorted((copy / ".spotmap/cache/ac").glob("embed-v*/*/*.json"))
    damaged = bytearray(records[0].read_bytes())
    damaged[len(damaged) // 2] ^= 1
    records[0].chmod(0o644)
    records[0].write_bytes(damaged)
    for blob in (copy / ".spotmap/cache/cas").glob("*/*"):
        blob.chmod(0o644)
        blob.write_bytes(blob.read_bytes()[:-1] + b"?")
    outcome = build("folder:music", copy)
    assert (outcome.status, outcome.analyzed_count) == (0, 1)
    assert tree(copy / "site") == before


def test_plan_reports_new_files_and_publishes_nothing(copy: Path) -> None:
    write_tune(copy / "music/night/new.wav", 99)
    before = tree(copy / "site")
    outcome = spotmap("plan", "--source", "folder:music", "--embedder", "musicnn", cwd=copy)
    assert outcome.status == 0
    assert "1 recording" in outcome.stdout
    assert tree(copy / "site") == before


@pytest.mark.parametrize("command", [("export", "--out", "map.csv"), ("card", "map.card"), ("playlists", "lists")])
def test_commands_that_use_the_map_analyze_no_new_file(copy: Path, command: tuple[str, ...]) -> None:
    write_tune(copy / "music/new.wav", 90)
    outcome = spotmap(*command, "--source", "folder:music", "--embedder", "musicnn", cwd=copy)
    assert outcome.status == 0, outcome.stderr
    assert len(list(copy.rglob("ac/embed-v*/*/*.json"))) == 18
    if command[0] == "export":
        assert len((copy / "map.csv").read_text(encoding="utf-8-sig").splitlines()) == 1 + 18


def test_folder_with_foreign_files_is_not_overwritten(copy: Path) -> None:
    thesis = copy / "thesis"
    thesis.mkdir()
    (thesis / "index.html").write_text("my life's work")
    outcome = build("folder:music", copy, "--out", "thesis")
    assert outcome.status == 2
    assert "--force" in outcome.stderr
    assert tree(thesis) == {"index.html": b"my life's work"}


def test_more_failures_than_allowed_publish_the_map_with_status_3(copy: Path) -> None:
    (copy / "music/bad.mp3").write_text("no music at all")
    outcome = build("folder:music", copy, "--max-failures", "0")
    assert outcome.status == 3
    assert published_document(copy / "site")["count"] == 18
    (row,) = (row for row in report(copy)["ledger"] if row["status"] == "failed")
    assert (row["title"], row["stage"], row["code"]) == ("bad", "fetch", "not-audio")


def test_library_without_any_usable_file_keeps_the_old_site(copy: Path) -> None:
    before = tree(copy / "site")
    shutil.rmtree(copy / "music")
    (copy / "music").mkdir()
    (copy / "music/bad.mp3").write_text("no music at all")
    outcome = build("folder:music", copy)
    assert outcome.status == 2
    assert "No track can be put on a map. The first: " in outcome.stderr
    assert tree(copy / "site") == before


def test_pruning_unused_entries_keeps_those_of_the_last_build(copy: Path) -> None:
    assert build("folder:music", copy).status == 0
    build("folder:music", copy)
    roots = sorted((copy / ".spotmap/cache/roots").iterdir(), key=lambda path: path.stat().st_mtime_ns)
    for path in roots[:-1]:
        path.unlink()  # as after ten unchanged builds
    assert spotmap("cache", "prune", "--unused", cwd=copy).status == 0
    assert list((copy / ".spotmap/cache/ac").glob("tag-names-v*/*/*.json")) != []
    assert build("folder:music", copy).analyzed_count == 0
    assert all(counts["misses"] == 0 for counts in report(copy)["cache"].values())


def picture(color: tuple[int, int, int]) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (300, 300), color).save(buffer, "PNG")
    return buffer.getvalue()


def test_embedded_covers_and_cover_files_are_in_the_site(tmp_path: Path) -> None:
    with_art = write_tune(tmp_path / "music/a/with art.flac", 1)
    embedded = mutagen.flac.Picture()  # type: ignore[no-untyped-call]
    embedded.data, embedded.type, embedded.mime = picture((200, 30, 30)), 3, "image/png"
    tagged: Any = mutagen.flac.FLAC(with_art)  # type: ignore[no-untyped-call]
    tagged.add_picture(embedded)
    tagged.save()
    write_tune(tmp_path / "music/b/beside art.ogg", 2)
    (tmp_path / "music/b/cover.jpg").write_bytes(picture((30, 200, 30)))
    write_tune(tmp_path / "music/c/without art.opus", 3)
    assert build("folder:music", tmp_path).status == 0
    (path,) = (tmp_path / "site/data").glob("*/details-000.json")
    details = json.loads(path.read_bytes())
    names = {name for name in details["art_files"] if (tmp_path / "site/art" / name).is_file()}
    assert len(names) == 2
    assert sorted(position >= 0 for position in details["art"]) == [False, True, True]
    for name in names:
        with Image.open(tmp_path / "site/art" / name) as cover:
            assert (cover.format, cover.size) == ("WEBP", (160, 160))
    assert build("folder:music", tmp_path).analyzed_count == 0


INVALID_CONTENTS = (b"{}", b"null", b"[1]", b"\xff\xfe", b"[[[[", encode_array(np.zeros((3, 3, 3), np.float32)))


def _replace_content(cache: Path) -> set[str]:
    """Replace the content of records with invalid content that has valid checksums, and return their stages.

    Only one record of the embed stage is replaced, and none of the last map.
    """
    invalid_contents, stages, embedded = itertools.cycle(INVALID_CONTENTS), set(), 0
    for path in sorted(cache.glob("ac/*/*/*.json")):
        record, key = decode_record(path.read_bytes())
        embedded += record.stage == "embed"
        if record.stage == "last-map" or (record.stage == "embed" and embedded > 1):
            continue
        stages.add(record.stage)
        outputs = {name: describe_output(next(invalid_contents), inline=True) for name in record.outputs}
        if record.stage == "site":
            outputs = {**record.outputs, ".git/hooks/post-checkout": describe_output(b"#!/bin/sh", inline=True)}
        path.write_bytes(encode_record(replace(record, outputs=outputs), key))
    return stages


def test_records_with_invalid_content_are_misses(copy: Path) -> None:
    build("folder:music", copy)
    before = tree(copy / "site")
    stages = _replace_content(copy / ".spotmap/cache")
    map_stages = {"boundaries", "clusters", "insights", "layout", "neighbors", "preparation", "site"}
    assert stages == {"embed", "identify", "tag-names"} | map_stages
    outcome = build("folder:music", copy)
    assert outcome.status == 0, outcome.stderr
    assert tree(copy / "site") == before
    counters = report(copy)["cache"]
    assert all(counters[stage]["corrupt"] for stage in stages)
