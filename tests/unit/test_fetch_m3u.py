"""Playlists in M3U become libraries: files to listen to, and names to be found."""

from __future__ import annotations

from pathlib import Path

import pytest

from spotmap_build.cache.store import Cache
from spotmap_build.embed.decode import probe
from spotmap_build.fetch.m3u import m3u_columns
from spotmap_build.fetch.source import LoadContext, Loaded
from spotmap_build.fetch.table import TableSource
from tests.fakes.audio_files import tune, write_audio

URI = "spotify:track:" + "a" * 22


def load(folder: Path, content: str | bytes, name: str = "road_trip.m3u8") -> Loaded:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with Cache.open(folder / "cache") as cache:
        return TableSource(path).load(LoadContext(cache, probe, 1, lambda done, total: None))


def entries(content: str | bytes) -> list[tuple[object, ...]]:
    columns = m3u_columns(content if isinstance(content, bytes) else content.encode(), "list")
    return list(zip(columns["title"], columns["artists"], columns["duration_ms"], columns["path"], strict=True))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("#EXTM3U\n#EXTINF:217,One - Song\nmusic/a.mp3\n", ("Song", "One", 217_000, "music/a.mp3")),
        (
            "\ufeff#EXTM3U\r\n#extinf:217 , One - Song\r\n..\\music\\a.mp3\r\n",
            ("Song", "One", 217_000, "../music/a.mp3"),
        ),
        ("#EXTINF:-1,One - Song\nhttps://example.org/a.mp3\n", ("Song", "One", None, None)),
        ("#EXTINF:0,Song without an artist\n", ("Song without an artist", None, None, None)),
        ('#EXTINF:217.4 tvg-name="a, b" x="",One - Song - Live\n', ("Song - Live", "One", 217_000, None)),
        ("#EXTINF:217,One - \n", ("One -", None, 217_000, None)),
        ("a.mp3", (None, None, None, "a.mp3")),
        ("file:///music/a%20b.mp3", (None, None, None, "/music/a b.mp3")),
        (
            "#EXTINF:1,One - S\u00f3\n#EXTVLCOPT:x\n\n# note\na.mp3".encode("latin-1"),
            ("S\u00f3", "One", 1_000, "a.mp3"),
        ),
        ("http://[\n", (None, None, None, None)),
    ],
)
def test_an_entry_is_read_in_all_its_forms(content: str | bytes, expected: tuple[object, ...]) -> None:
    assert entries(content) == [expected]


def test_a_name_belongs_to_the_line_below_it() -> None:
    found = entries("#EXTINF:1,A - One\n#EXTINF:2,A - Two\ntwo.mp3\nthree.mp3\n#EXTINF:4,A - Four\n")
    assert found == [
        ("One", "A", 1_000, None),
        ("Two", "A", 2_000, "two.mp3"),
        (None, None, None, "three.mp3"),
        ("Four", "A", 4_000, None),
    ]


def test_files_are_listened_to_and_names_are_to_be_found(tmp_path: Path) -> None:
    write_audio(tmp_path / "here.wav", tune(1))
    loaded = load(
        tmp_path,
        f"#PLAYLIST:On the Road\n#EXTINF:2,One - Here\nhere.wav\n#EXTINF:3,One - Gone\ngone.ogg\n"
        f"#EXTINF:200,One - Found\n{URI}\n#EXTINF:200,One - Nowhere\nhttps://example.org/\nhttps://example.org/x\n"
        "#EXTINF:2,One - Here\nhere.wav\n",
    )
    here, gone, found, nowhere, nameless = loaded.library.tracks
    assert here.recording is not None
    assert (here.title, here.artists) == ("Here", ("One",))
    assert (found.id, found.recording, found.duration_ms) == (URI, None, 200_000)
    assert (nowhere.title, nowhere.recording) == ("Nowhere", None)
    codes = {failure.track_id: failure.code for failure in loaded.library.failures}
    assert codes == {gone.id: "unreadable", nameless.id: "no-recording"}
    assert loaded.is_streamed
    (playlist,) = loaded.library.playlists
    assert playlist.name == "On the Road"
    assert playlist.track_ids == tuple(track.id for track in loaded.library.tracks)


def test_a_file_without_a_name_is_called_by_its_tags_or_its_file_name(tmp_path: Path) -> None:
    write_audio(tmp_path / "01 - One - Song.wav", tune(1))
    loaded = load(tmp_path, "01 - One - Song.wav\n")
    (track,) = loaded.library.tracks
    assert (track.title, track.artists) == ("Song", ("One",))
    assert not loaded.is_streamed
    assert loaded.library.playlists[0].name == "road_trip"


def test_ids_do_not_change_with_the_order_of_the_entries(tmp_path: Path) -> None:
    one, two = "#EXTINF:1,A - One\n", "#EXTINF:2,A - Two\n"
    before = {track.title: track.id for track in load(tmp_path, one + two).library.tracks}
    after = {track.title: track.id for track in load(tmp_path, two + one).library.tracks}
    assert before == after
