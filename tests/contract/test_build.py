"""A folder of music becomes a map, and a rebuild does only what is new: with the real command and the real engines."""

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

# One process, so that the first build is made once.
pytestmark = [pytest.mark.xdist_group("build"), pytest.mark.slow]

HEAVY = (
    "numpy", "essentia", "onnxruntime", "av", "umap", "hdbscan", "numba", "sklearn", "scipy", "contourpy", "mutagen",
    "PIL", "jinja2", "rich",
)  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds ``music`` (18 tunes), and the site and cache of a first build. Not to be changed."""
    folder = tmp_path_factory.mktemp("built")
    write_library(folder / "music", 18)
    outcome = build("folder:music", folder, "--jobs", 2)
    assert outcome.status == 0, outcome.stderr
    assert outcome.analyzed_count == 18
    return folder


@pytest.fixture
def copy(built: Path, tmp_path: Path) -> Path:
    """The built folder once more, free to be changed; times of change are kept."""
    folder = tmp_path / "copy"
    shutil.copytree(built, folder, symlinks=True)
    return folder


DESCRIBED = Path(__file__).parents[2] / "docs/site-data.md"


def test_the_reference_names_everything_in_the_sites_files(built: Path) -> None:
    sections = {
        kind: set(re.findall(r"`(\w+)`", text))
        for kind, text in re.findall(
            r"^## \S+ — `([\w.-]+/\d+)`\n(.*?)(?=^## |\Z)", DESCRIBED.read_text(), re.MULTILINE | re.DOTALL
        )
    }
    documents = [json.loads(path.read_bytes()) for path in built.glob("site/data/*/*.json")]
    only_of_two_people = {"spotmap.people/1"}
    assert {document["schema"] for document in documents} == sections.keys() - only_of_two_people
    for document in documents:
        unnamed = document.keys() - sections[document["schema"]] - {"schema", "generation"}
        assert not unnamed, document["schema"]


def map_document(folder: Path) -> dict[str, Any]:
    """The map that visitors of the site see: the generation that its page names."""
    found = re.search(r'data-generation="(\w+)"', (folder / "site/index.html").read_text())
    assert found
    document: dict[str, Any] = json.loads((folder / f"site/data/{found[1]}/map.json").read_bytes())
    return document


def test_every_track_is_on_the_map_with_its_playlist(built: Path) -> None:
    document = map_document(built)
    assert document["count"] == 18
    assert {playlist["name"] for playlist in document["playlists"]} == {"morning", "noon", "night"}
    rows = report(built)["ledger"]
    assert {row["status"] for row in rows} == {"mapped"}
    assert (built / "site/index.html").is_file()


def test_no_path_of_this_machine_is_in_the_site_or_in_the_cache(built: Path) -> None:
    needle = str(built).encode()
    for folder in ("site", ".spotmap"):
        for name, content in tree(built / folder).items():
            assert needle not in content, name


def test_no_code_is_taken_from_the_folder_that_one_is_in(tmp_path: Path) -> None:
    """Neither by the build itself, as a package installs it, nor by the processes that it starts."""
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


def test_three_shards_merged_make_the_site_of_one_build(built: Path, tmp_path: Path) -> None:
    shutil.copytree(built / "music", tmp_path / "music")
    heard = []
    for shard in ("1/3", "2/3", "3/3"):
        outcome = build("folder:music", tmp_path, "--shard", shard, "--cache-dir", f"cache-{shard[0]}")
        assert outcome.status == 0, outcome.stderr
        heard.append(outcome.analyzed_count)
        merged = spotmap("cache", "merge", f"cache-{shard[0]}", cwd=tmp_path)
        assert merged.status == 0, merged.stderr
    assert sum(heard) == 18
    assert all(heard)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".spotmap", "cache-1", "cache-2", "cache-3", "music"]

    outcome = build("folder:music", tmp_path)

    assert (outcome.status, outcome.analyzed_count) == (0, 0), outcome.stderr
    assert tree(tmp_path / "site") == tree(built / "site")


def test_a_second_build_runs_no_stage_and_writes_nothing(copy: Path) -> None:
    first = build("folder:music", copy)  # the copied files lie elsewhere: they are looked into, not listened to
    assert (first.status, first.analyzed_count) == (0, 0)
    before = {path: path.stat().st_mtime_ns for path in (copy / "site").rglob("*")}
    second = build("folder:music", copy)
    assert second.status == 0
    assert {path: path.stat().st_mtime_ns for path in (copy / "site").rglob("*")} == before
    assert all(counts["misses"] == 0 for counts in report(copy)["cache"].values())


def test_a_second_build_imports_no_engine(built: Path) -> None:
    program = (
        "import sys; from spotmap_build.cli import main\n"
        "main(['--source', 'folder:music', '--embedder', 'musicnn'], standalone_mode=False)\n"
        f"print(*(name for name in {HEAVY!r} if name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=built, env=environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


def test_a_poster_is_drawn_beside_the_site_and_drawn_again_over_itself(copy: Path) -> None:
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


def test_one_new_file_is_one_embedding(copy: Path) -> None:
    write_tune(copy / "music/night/new.wav", 99)
    outcome = build("folder:music", copy)
    assert (outcome.status, outcome.analyzed_count) == (0, 1)
    assert map_document(copy)["count"] == 19


def test_a_renamed_a_moved_and_a_copied_file_need_no_listening(copy: Path) -> None:
    music = copy / "music"
    (music / "night/tune 02.wav").rename(music / "night/renamed.wav")
    (music / "noon/tune 01.wav").rename(music / "morning/moved.wav")
    shutil.copy(music / "morning/tune 00.wav", music / "noon/copied.wav")
    outcome = build("folder:music", copy)
    assert (outcome.status, outcome.analyzed_count) == (0, 0)
    rows = report(copy)["ledger"]
    assert len(rows) == 19
    assert {"renamed", "moved", "copied"} <= {row["title"] for row in rows}


def test_an_edited_tag_changes_the_title_and_needs_no_listening(copy: Path) -> None:
    file: Any = mutagen.wave.WAVE(copy / "music/night/tune 02.wav")  # type: ignore[no-untyped-call]
    file.add_tags()
    file.tags.add(TIT2(text="Nachtlied"))  # type: ignore[no-untyped-call]
    file.tags.add(TPE1(text="Jemand"))  # type: ignore[no-untyped-call]
    file.save()
    outcome = build("folder:music", copy)
    assert (outcome.status, outcome.analyzed_count) == (0, 0)
    assert "Nachtlied" in {row["title"] for row in report(copy)["ledger"]}


def test_a_removed_file_leaves_the_map(copy: Path) -> None:
    (copy / "music/night/tune 02.wav").unlink()
    outcome = build("folder:music", copy)
    assert (outcome.status, outcome.analyzed_count) == (0, 0)
    assert map_document(copy)["count"] == 17


def test_two_builds_of_the_same_music_in_two_folders_are_byte_identical(built: Path, tmp_path: Path) -> None:
    write_library(tmp_path / "music", 18)
    for path in (tmp_path / "music").rglob("*.wav"):
        os.utime(path, (1, 1))
    outcome = run_in_new_interpreter("--source", "folder:music", "--embedder", "musicnn", "--jobs", 1, cwd=tmp_path)
    assert outcome.status == 0, outcome.stderr
    assert tree(tmp_path / "site") == tree(built / "site")


def test_a_date_is_shown_only_where_it_is_given(copy: Path) -> None:
    assert map_document(copy)["built_at"] is None
    assert build("folder:music", copy, extra={"SOURCE_DATE_EPOCH": "1700000000"}).status == 0
    assert str(map_document(copy)["built_at"]).startswith("2023-11-14")


def test_a_damaged_cache_is_mended_and_the_site_is_the_same(copy: Path) -> None:
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


def test_plan_says_what_is_new_and_publishes_nothing(copy: Path) -> None:
    write_tune(copy / "music/night/new.wav", 99)
    before = tree(copy / "site")
    outcome = spotmap("plan", "--source", "folder:music", "--embedder", "musicnn", cwd=copy)
    assert outcome.status == 0
    assert "1 recording" in outcome.stdout
    assert tree(copy / "site") == before


def test_a_folder_of_somebody_else_is_not_touched(copy: Path) -> None:
    thesis = copy / "thesis"
    thesis.mkdir()
    (thesis / "index.html").write_text("my life's work")
    outcome = build("folder:music", copy, "--out", "thesis")
    assert outcome.status == 2
    assert "--force" in outcome.stderr
    assert tree(thesis) == {"index.html": b"my life's work"}


def test_tracks_past_max_failures_are_published_with_status_3(copy: Path) -> None:
    (copy / "music/bad.mp3").write_text("no music at all")
    outcome = build("folder:music", copy, "--max-failures", "0")
    assert outcome.status == 3
    assert map_document(copy)["count"] == 18
    (row,) = (row for row in report(copy)["ledger"] if row["status"] == "failed")
    assert (row["title"], row["stage"], row["code"]) == ("bad", "fetch", "not-audio")


def test_a_library_of_nothing_but_bad_files_leaves_the_old_site(copy: Path) -> None:
    before = tree(copy / "site")
    shutil.rmtree(copy / "music")
    (copy / "music").mkdir()
    (copy / "music/bad.mp3").write_text("no music at all")
    outcome = build("folder:music", copy)
    assert outcome.status == 2
    assert "None of the 1 tracks" in outcome.stderr
    assert tree(copy / "site") == before


def test_pruning_what_is_unused_spares_what_the_last_build_used(copy: Path) -> None:
    assert build("folder:music", copy).status == 0
    build("folder:music", copy)
    noted = sorted((copy / ".spotmap/cache/roots").iterdir(), key=lambda path: path.stat().st_mtime_ns)
    for path in noted[:-1]:
        path.unlink()  # as after ten builds that had nothing to do
    assert spotmap("cache", "prune", "--unused", cwd=copy).status == 0
    assert list((copy / ".spotmap/cache/ac").glob("tag-names-v*/*/*.json")) != []
    assert build("folder:music", copy).analyzed_count == 0
    assert all(counts["misses"] == 0 for counts in report(copy)["cache"].values())


def picture(color: tuple[int, int, int]) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (300, 300), color).save(buffer, "PNG")
    return buffer.getvalue()


def test_covers_in_files_and_beside_them_are_on_the_page(tmp_path: Path) -> None:
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


ODD_CONTENTS = (b"{}", b"null", b"[1]", b"\xff\xfe", b"[[[[", encode_array(np.zeros((3, 3, 3), np.float32)))


def _replace_content(cache: Path) -> set[str]:
    """Make records say other things than this program writes, with seals and digests that are right; their stages.

    All but what was heard, of which it is one, and the last map.
    """
    odd, stages, embedded = itertools.cycle(ODD_CONTENTS), set(), 0
    for path in sorted(cache.glob("ac/*/*/*.json")):
        record, key = decode_record(path.read_bytes())
        embedded += record.stage == "embed"
        if record.stage == "last-map" or (record.stage == "embed" and embedded > 1):
            continue
        stages.add(record.stage)
        outputs = {name: describe_output(next(odd), inline=True) for name in record.outputs}
        if record.stage == "site":
            outputs = {**record.outputs, ".git/hooks/post-checkout": describe_output(b"#!/bin/sh", inline=True)}
        path.write_bytes(encode_record(replace(record, outputs=outputs), key))
    return stages


def test_records_that_say_other_things_than_this_program_writes_are_misses(copy: Path) -> None:
    build("folder:music", copy)
    before = tree(copy / "site")
    stages = _replace_content(copy / ".spotmap/cache")
    of_the_map = {"boundaries", "clusters", "insights", "layout", "neighbors", "preparation", "site"}
    assert stages == {"embed", "identify", "tag-names"} | of_the_map
    outcome = build("folder:music", copy)
    assert outcome.status == 0, outcome.stderr
    assert tree(copy / "site") == before
    counters = report(copy)["cache"]
    assert all(counters[stage]["corrupt"] for stage in stages)
