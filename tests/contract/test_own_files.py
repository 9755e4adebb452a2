"""Local files that are tracks of the Spotify library are analyzed instead of downloads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import mutagen
import pytest

from tests.fakes.spotify_library import FakeLibrary, FakePlaylist, playlist_row, stamp, track_json
from tests.support.command import report
from tests.support.music import write_tune
from tests.support.streaming import Services, previews_of, services, video_id

pytestmark = [pytest.mark.xdist_group("streamed"), pytest.mark.slow]

DURATION_S = 4.0
TRACKS = [
    track_json(f"Song {number}", [f"Artist {number}"], duration_ms=round(DURATION_S * 1000)) for number in range(6)
]
BY_ISRC, BY_WORDS, OTHER_TITLE, LONGER = range(4)
HERE = {BY_ISRC, BY_WORDS}
ELSEWHERE = [track for number, track in enumerate(TRACKS) if number not in HERE]
SOURCES = ("--source", "spotify", "--source", "folder:music", "--embedder", "musicnn")
MESSAGE = "2 tracks are also among your local files, and not downloaded."


def write_tagged(path: Path, number: int, *, duration_s: float = DURATION_S, **tags: str) -> None:
    """Write a tune with tags."""
    file: Any = mutagen.File(write_tune(path, number, duration_s), easy=True)
    if file.tags is None:
        file.add_tags()
    for name, value in tags.items():
        file[name] = value
    file.save()


def write_own_files(folder: Path) -> None:
    """Write two tracks of the library, two that only resemble tracks of it, and one that is not in it."""
    isrcs = [track["external_ids"]["isrc"] for track in TRACKS]
    isrc = f"{isrcs[BY_ISRC][:2]}-{isrcs[BY_ISRC][2:5]}-{isrcs[BY_ISRC][5:7]}-{isrcs[BY_ISRC][7:]}".lower()
    write_tagged(folder / "a.mp3", 1, title="Song 0 (Remastered 2011)", artist="Artist Zero & Friends", isrc=isrc)
    write_tagged(folder / "b.ogg", 2, title="SONG 1", artist="artist 1", album="A Collection")
    write_tagged(folder / "c.flac", 3, title="Quite Another", artist="Artist 2", isrc=isrcs[OTHER_TITLE])
    write_tagged(folder / "d.mp3", 4, duration_s=16, title="Song 3", artist="Artist 3", isrc=isrcs[LONGER])
    write_tagged(folder / "e.flac", 5, title="Only Here", artist="Artist 9")


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Services]:
    rows = [playlist_row(track, stamp(number)) for number, track in enumerate(TRACKS)]
    library = FakeLibrary.of(TRACKS, [FakePlaylist("All of them", rows)])
    write_own_files(tmp_path / "music")
    with services(library, tmp_path, previews=previews_of(library), audio_mode="auto") as started:
        yield started


def requests_about(running: Services, track: dict[str, Any]) -> list[str]:
    """Return the requests to Deezer and YouTube Music that mention a track."""
    requests = [*running.deezer.requests, *running.music.requests]
    texts = [f"{unquote_plus(request.path)} {request.body!r}" for request in requests]
    return [text for text in texts if track["name"] in text or track["external_ids"]["isrc"] in text]


def test_local_files_are_analyzed_instead_of_downloads(running: Services) -> None:
    plan = running.run("plan", *SOURCES)
    assert MESSAGE in plan.stdout
    assert "Previews: 4 of 30 seconds" in plan.stdout
    assert "4 recordings to find" in plan.stdout

    outcome = running.run(*SOURCES, "--log", "json")
    assert outcome.status == 0, outcome.stderr
    assert MESSAGE in outcome.stderr
    assert sorted(running.audio.served) == sorted(map(video_id, ELSEWHERE))
    assert len(running.deezer.places("/preview/")) == len(ELSEWHERE)
    for number, track in enumerate(TRACKS):
        assert bool(requests_about(running, track)) == (number not in HERE), track["name"]

    ledger = report(running.folder)["ledger"]
    assert {row["status"] for row in ledger} == {"mapped"}
    of_spotify = {row["title"]: row for row in ledger if row["id"].startswith("spotify:track:")}
    assert sorted(of_spotify) == [track["name"] for track in TRACKS]
    assert [row["match"] is None for row in of_spotify.values()] == [number in HERE for number in range(len(TRACKS))]
    assert sorted(row["title"] for row in ledger if not row["id"].startswith("spotify:track:")) == [
        "Only Here",
        "Quite Another",
        "Song 3",
    ]

    files_alone = running.run("--source", "folder:music", "--embedder", "musicnn", "--log", "json", "--out", "files")
    assert (files_alone.status, files_alone.analyzed_count) == (0, 0), files_alone.stderr
