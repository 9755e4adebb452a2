"""Builds of a Spotify library: the real command with spotipy, ytmusicapi and yt-dlp, against fake services."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.http_server import Fault
from tests.fakes.spotify_library import FakeLibrary, numbered_track, odd_playlist
from tests.fakes.youtube_music_server import FakeRecording
from tests.support.command import report, tree
from tests.support.streaming import Services, recordings_of, services, video_id

pytestmark = [pytest.mark.xdist_group("streamed"), pytest.mark.slow]

COUNT = 16


def library(count: int = COUNT, playlists: int = 2) -> FakeLibrary:
    return FakeLibrary.with_numbers(count, playlists, playlist_tracks=6)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """Services and a folder after a first build. Read-only."""
    folder = tmp_path_factory.mktemp("streamed")
    with services(library(), folder) as running:
        running.spotify.shows_covers = True
        outcome = running.build()
        assert outcome.status == 0, outcome.stderr
        assert outcome.analyzed_count == COUNT
        yield running


@pytest.fixture
def copy(built: Services, tmp_path: Path) -> Iterator[Services]:
    """A modifiable copy with its own services."""
    folder = tmp_path / "copy"
    shutil.copytree(built.folder, folder, symlinks=True)
    with services(library(), folder) as running:
        yield running


def rows(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the rows of the report's ledger by title."""
    return {row["title"]: row for row in report(folder)["ledger"]}


def test_every_track_is_mapped_with_its_recording_and_evidence(built: Services) -> None:
    ledger = rows(built.folder)
    assert Counter(row["status"] for row in ledger.values()) == {"mapped": COUNT}
    for number in range(COUNT):
        track = numbered_track(number)
        match = ledger[track["name"]]["match"]
        assert match["video_id"] == video_id(track)
        assert match["evidence"]


def test_cache_report_and_site_contain_no_secrets(built: Services) -> None:
    login = built.environment["SPOTMAP_SPOTIFY_LOGIN"]
    private = {login, *built.spotify.refresh_tokens, *built.spotify.access_tokens, built.spotify.library.user_id}
    everything = {**tree(built.folder / "site"), **tree(built.folder / ".spotmap")}
    everything["report"] = (built.folder / "site.report.json").read_bytes()
    for name, content in everything.items():
        assert not any(word.encode() in content for word in private), name


def covers(folder: Path) -> list[str]:
    """Return the cover file of each track in the site; empty if it has none."""
    (page,) = (folder / "site/data").glob("*/details-000.json")
    document = json.loads(page.read_bytes())
    return [document["art_files"][number] if number >= 0 else "" for number in document["art"]]


def test_every_track_has_the_cover_of_its_album(built: Services) -> None:
    assert len(built.spotify.requests_for("/image/")) == 2
    assert all(path.endswith("-300") for path in built.spotify.requests_for("/image/")), (
        "the smallest sufficient size is fetched"
    )
    shown_covers = covers(built.folder)
    assert sorted(Counter(shown_covers).values()) == [6, 10]
    assert {f"art/{name}" for name in shown_covers} == {name for name in tree(built.folder / "site") if "art/" in name}
    assert report(built.folder)["covers"] == {"wanted": 2, "missing": {}}


def test_downloaded_audio_is_deleted(built: Services) -> None:
    assert not [name for name in tree(built.folder) if name.endswith((".m4a", ".webm", ".part"))]


def test_second_build_requests_only_possible_changes_from_spotify(copy: Services) -> None:
    before = tree(copy.folder / "site")
    outcome = copy.build()
    assert (outcome.status, outcome.analyzed_count) == (0, 0)
    assert copy.music.requests == []
    assert copy.audio.requests == []
    assert not copy.spotify.requests_for("/items")
    assert not copy.spotify.requests_for("/image/")
    assert len(copy.spotify.requests_for("/me/tracks")) == 1
    assert tree(copy.folder / "site") == before
    misses = {stage: counts["misses"] for stage, counts in report(copy.folder)["cache"].items()}
    assert not {stage for stage in ("match", "search", "download", "embed", "layout", "site") if misses.get(stage)}


def test_new_track_needs_one_search_one_download_and_one_analysis(copy: Services) -> None:
    track = numbered_track(99)
    copy.add(track)
    outcome = copy.build()
    assert (outcome.status, outcome.analyzed_count) == (0, 1)
    assert [text for text, _ in copy.music.searches] == [track["external_ids"]["isrc"]]
    assert copy.audio.served == [video_id(track)]
    assert len(rows(copy.folder)) == COUNT + 1


def test_shards_together_search_and_download_each_track_once(tmp_path: Path) -> None:
    with services(library(8, 1), tmp_path) as running:
        searches: list[object] = []
        downloads: list[str] = []
        for shard in ("1/2", "2/2"):
            assert running.build("--shard", shard, "--cache-dir", shard[0]).status == 0
            assert running.audio.served
            searches += running.music.searches
            downloads += running.audio.served
        assert sorted(downloads) == sorted(video_id(numbered_track(number)) for number in range(8))
        assert max(Counter(searches).values()) == 1
        assert not (tmp_path / "site.report.json").exists()
        assert not (tmp_path / "site").exists()


def test_no_request_is_repeated_within_a_build(tmp_path: Path) -> None:
    with services(library(8, 1), tmp_path) as running:
        assert running.build().status == 0
        counts = Counter(running.spotify.requests)
        assert max(count for path, count in counts.items() if "/api/token" not in path) == 1
        assert max(Counter(running.music.searches).values()) == 1
        assert running.spotify.max_in_flight <= 4


def test_rows_that_are_not_tracks_are_reported_but_do_not_fail_the_build(tmp_path: Path) -> None:
    songs = library(6, 0)
    songs.playlists.append(odd_playlist())
    with services(songs, tmp_path) as running:
        outcome = running.build()
        assert outcome.status == 0, outcome.stderr
        codes = Counter(row["code"] for row in report(tmp_path)["ledger"])
        assert codes["episode"] == 1
        assert codes["local-file"] == 1
        assert codes[None] == 7


def test_track_without_a_recording_fails_and_is_retried_only_on_request(tmp_path: Path) -> None:
    songs = library(6, 0)
    found = [recording for recording in recordings_of(songs) if recording.title != "Song 3"]
    with services(songs, tmp_path, [*found, FakeRecording("karaokekara", "Song 3 (Karaoke)", ("Sing It",))]) as running:
        assert running.build().status == 0
        row = rows(tmp_path)["Song 3"]
        assert (row["status"], row["stage"], row["code"]) == ("failed", "match", "no-match")
        assert row["retry_at"]
        assert running.build("--max-failures", "0").status == 3
        assert running.music.requests == []
        assert running.build("--retry").status == 0
        assert running.music.searches


def test_override_replaces_the_recording_and_analyzes_only_that_track(copy: Services) -> None:
    overridden, excluded = numbered_track(3), numbered_track(4)
    (copy.folder / "overrides.toml").write_text(
        f'[track."spotify:track:{overridden["id"]}"]\nvideo_id = "chosenbyme1"\n\n'
        f'[track."spotify:track:{excluded["id"]}"]\nexclude = true\n'
    )
    outcome = copy.build()
    assert (outcome.status, outcome.analyzed_count) == (0, 1)
    assert copy.audio.served == ["chosenbyme1"]
    ledger = rows(copy.folder)
    assert ledger["Song 3"]["match"]["video_id"] == "chosenbyme1"
    assert ledger["Song 4"]["status"] == "excluded"


def test_kept_audio_is_not_downloaded_again(tmp_path: Path) -> None:
    with services(library(4, 0), tmp_path) as running:
        assert running.build("--keep-audio", "audio").status == 0
        kept = sorted((tmp_path / "audio").iterdir())
        assert len(kept) == 4
        assert kept[0].name.startswith("Artist 0")
        shutil.rmtree(tmp_path / ".spotmap")
        assert running.build("--keep-audio", "audio").analyzed_count == 4
        assert running.audio.requests == []
        assert sorted((tmp_path / "audio").iterdir()) == kept


def test_match_finds_recordings_without_downloads(tmp_path: Path) -> None:
    with services(library(5, 0), tmp_path) as running:
        outcome = running.run("match", "--source", "spotify")
        assert outcome.status == 0, outcome.stderr
        assert {row["status"] for row in report(tmp_path)["ledger"]} == {"matched"}
        assert running.audio.requests == []
        assert not (tmp_path / "site").exists()
        assert running.build().status == 0
        assert running.music.requests == []


def test_plan_reports_recordings_to_find_without_requests(tmp_path: Path) -> None:
    with services(library(5, 0), tmp_path) as running:
        outcome = running.run("plan", "--source", "spotify")
        assert "5 recordings to find on YouTube Music" in outcome.stdout
        assert running.music.requests == []


def test_common_tracks_of_two_people_are_mapped_once(copy: Services) -> None:
    export = copy.folder / "friend"
    export.mkdir()
    shared = [f"spotify:track:{numbered_track(number)['id']}" for number in (1, 2)]
    listed = [{"artist": "Artist 0", "album": "Album 0", "track": "Song", "uri": uri} for uri in shared]
    (export / "YourLibrary.json").write_text(json.dumps({"tracks": listed}))
    sources = ("--source", "spotify", "--source", "takeout:friend", "--as", "me,friend")
    outcome = copy.run(*sources, "--embedder", "musicnn", "--log", "json")
    assert (outcome.status, outcome.analyzed_count) == (0, 0), outcome.stderr
    assert len(rows(copy.folder)) == COUNT
    documents = [json.loads(path.read_bytes()) for path in (copy.folder / "site/data").glob("*/map.json")]
    (layers,) = (document["layers"] for document in documents if document["layers"])
    assert {layer["name"]: layer["count"] for layer in layers} == {"me": COUNT, "friend": 2}


def test_tracks_of_an_export_have_the_covers_of_their_recordings(copy: Services) -> None:
    copy.music.shows_covers = True
    chosen = [numbered_track(number) for number in (7, 8, 9, 10, 11)]
    listed = [
        {"artist": track["artists"][0]["name"], "album": track["album"]["name"], "track": track["name"]}
        for track in chosen
    ]
    (copy.folder / "YourLibrary.json").write_text(json.dumps({"tracks": listed}))
    shutil.rmtree(copy.folder / "site")
    command = ("--source", "takeout:YourLibrary.json", "--embedder", "musicnn", "--log", "json")
    copy.music.faults.append(Fault("status", status=404, path="/image/"))
    outcome = copy.run(*command)
    assert (outcome.status, outcome.analyzed_count) == (0, 5), outcome.stderr
    assert sum(request.place.startswith("/image/") for request in copy.music.requests) == 2
    assert sorted(map(bool, covers(copy.folder))) in ([False] * 2 + [True] * 3, [False] * 3 + [True] * 2)
    assert "1 of 2 covers is missing: 1 not there any more." in outcome.stderr
    assert report(copy.folder)["covers"] == {"wanted": 2, "missing": {"gone": 1}}
    assert copy.run(*command).status == 0
    assert copy.music.requests == []


def test_library_of_two_pages_is_built_by_two_workers(tmp_path: Path) -> None:
    """The second page of saved tracks is not full. Most tracks are excluded, because analyzing them takes long."""
    excluded = [f'[track."spotify:track:{numbered_track(number)["id"]}"]\nexclude = true' for number in range(5, 49)]
    (tmp_path / "overrides.toml").write_text("\n".join(excluded))
    with services(FakeLibrary.with_numbers(55, 20), tmp_path) as running:
        first = running.build("--jobs", 2, timeout_s=600)
        assert first.status == 0, first.stderr
        assert first.analyzed_count == 11
        assert Counter(row["status"] for row in report(tmp_path)["ledger"]) == {"mapped": 11, "excluded": 44}
        running.add(numbered_track(1000))
        second = running.build()
        assert (second.status, second.analyzed_count) == (0, 1)
        assert len(set(running.audio.served)) == 1
