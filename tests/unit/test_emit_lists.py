"""Exported lists can be read by other players, and updating their folder keeps files of the user."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from spotmap_build.core.files import portable_name
from spotmap_build.emit.list_folder import ListFile, Updated, update_folder
from spotmap_build.emit.lists import TrackList, encode_list
from spotmap_build.errors import OutputError
from spotmap_build.model import Recording, Track
from spotmap_build.registry.formats import LIST_MANIFEST

OWN = Track("own", "A\nSong", ("One", "Two"), "Album", 185_400, recording=Recording("0", path="/music/a song.flac"))
VIDEO = Track("v", "Video", ("Three",), recording=Recording("1", video_id="QH3Fx41Jpl4"))
SPOTIFY = Track("spotify:track:4uLU6hMCjMI75M1A2tKUQC", "Listed")
NOWHERE = Track("n", "Nowhere")
SONGS = TrackList("cluster-1", "clusters", "Slow & dark", (OWN, VIDEO, SPOTIFY, NOWHERE))


def test_m3u_entry_is_a_file_or_a_url_or_a_comment() -> None:
    assert encode_list(SONGS, "m3u8").decode() == (
        "#EXTM3U\n#PLAYLIST:Slow & dark\n"
        "#EXTINF:185,One, Two - A Song\n/music/a song.flac\n"
        "#EXTINF:-1,Three - Video\nhttps://music.youtube.com/watch?v=QH3Fx41Jpl4\n"
        "#EXTINF:-1,Listed\nhttps://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC\n"
        "# no address: Nowhere\n"
    )


def test_paths_can_be_relative_to_the_list(tmp_path: Path) -> None:
    own = Track("own", "A", recording=Recording("0", path=str(tmp_path / "music/#1 hit.mp3")))
    lines = encode_list(TrackList("a", "b", "c", (own,)), "m3u8", tmp_path / "music").decode().splitlines()
    assert lines[-1] == f".{os.sep}#1 hit.mp3"
    lines = encode_list(TrackList("a", "b", "c", (own,)), "m3u8", tmp_path / "lists/clusters").decode().splitlines()
    assert lines[-1] == str(Path("../../music/#1 hit.mp3"))


def test_path_with_a_line_break_is_left_out() -> None:
    broken = Track("own", "A", recording=Recording("0", path="/music/a\n/etc/passwd"))
    assert b"passwd" not in encode_list(TrackList("a", "b", "c", (broken,)), "m3u8")


def test_jspf_contains_every_track_with_its_metadata() -> None:
    playlist = json.loads(encode_list(SONGS, "jspf"))["playlist"]
    assert playlist["title"] == "Slow & dark"
    assert playlist["track"] == [
        {
            "title": "A Song",
            "creator": "One, Two",
            "album": "Album",
            "duration": 185_400,
            "location": ["file:///music/a%20song.flac"],
        },
        {"title": "Video", "creator": "Three", "location": ["https://music.youtube.com/watch?v=QH3Fx41Jpl4"]},
        {
            "title": "Listed",
            "location": ["https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC"],
            "identifier": ["spotify:track:4uLU6hMCjMI75M1A2tKUQC"],
        },
        {"title": "Nowhere"},
    ]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Rock", "Rock"),
        ("AC/DC: Back in Black?", "AC_DC_ Back in Black_"),
        ("..", ""),
        ("con", "con_"),
        ("Aux.live", "Aux.live_"),
        (" a. ", "a"),
        ("\n", "_"),
        ("é" * 300, "é" * 63),
        ("half \ud800", "half \ufffd"),
    ],
)
def test_file_name_is_portable(text: str, name: str) -> None:
    assert portable_name(text) == name


def list_file(key: str, name: str, content: bytes = b"one") -> ListFile:
    return ListFile(key, "clusters", name, ".m3u8", content)


def test_list_keeps_its_file_name_when_its_name_and_content_change(tmp_path: Path) -> None:
    assert update_folder(tmp_path / "lists", [list_file("1", "Rock"), list_file("2", "Jazz")]) == Updated(2, 0, 0)
    assert update_folder(tmp_path / "lists", [list_file("1", "Hard Rock", b"two"), list_file("2", "Jazz")]) == Updated(
        1, 1, 0
    )
    files = sorted(path.name for path in (tmp_path / "lists/clusters").iterdir())
    assert files == ["Jazz.m3u8", "Rock.m3u8"]
    assert (tmp_path / "lists/clusters/Rock.m3u8").read_bytes() == b"two"


def test_removed_list_is_deleted(tmp_path: Path) -> None:
    update_folder(tmp_path, [list_file("1", "Rock"), list_file("2", "Jazz")])
    assert update_folder(tmp_path, [list_file("2", "Jazz")]) == Updated(0, 1, 1)
    assert [path.name for path in (tmp_path / "clusters").iterdir()] == ["Jazz.m3u8"]


def test_files_of_the_user_are_not_overwritten_or_removed(tmp_path: Path) -> None:
    (tmp_path / "clusters").mkdir()
    (tmp_path / "clusters/rock.m3u8").write_bytes(b"mine")
    update_folder(tmp_path, [list_file("1", "Rock"), list_file("2", "Jazz")])
    assert (tmp_path / "clusters/rock.m3u8").read_bytes() == b"mine"
    (tmp_path / "clusters/Jazz.m3u8").write_bytes(b"changed by hand")
    updated = update_folder(tmp_path, [list_file("1", "Rock"), list_file("2", "Jazz", b"two")])
    assert updated.kept == ("clusters/Jazz.m3u8",)
    updated = update_folder(tmp_path, [list_file("1", "Rock")])
    assert updated.kept == ("clusters/Jazz.m3u8",)
    assert (tmp_path / "clusters/Jazz.m3u8").read_bytes() == b"changed by hand"


def test_lists_with_the_same_name_get_separate_files(tmp_path: Path) -> None:
    update_folder(tmp_path, [list_file("1", "Rock"), list_file("2", "ROCK")])
    assert len(list((tmp_path / "clusters").iterdir())) == 2


@pytest.mark.parametrize(
    "file", ["../victim", "clusters/../../victim", "/tmp/victim", "victim", "a/b/victim", "clusters/vic\0tim"]
)
def test_manifest_cannot_point_outside_the_folder(tmp_path: Path, file: str) -> None:
    folder = tmp_path / "lists"
    folder.mkdir()
    (tmp_path / "victim").write_bytes(b"mine")
    manifest = {"schema": "spotmap.lists/1", "lists": {"1": {"file": file, "sha256": "0"}}}
    (folder / LIST_MANIFEST).write_text(json.dumps(manifest))
    update_folder(folder, [list_file("2", "Jazz")])
    assert (tmp_path / "victim").read_bytes() == b"mine"


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"schema": "other/1", "lists": {}}', "\x00"])
def test_invalid_manifest_is_ignored(tmp_path: Path, content: str) -> None:
    (tmp_path / LIST_MANIFEST).write_text(content)
    assert update_folder(tmp_path, [list_file("1", "Rock")]).written == 1


def test_file_in_place_of_the_folder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "lists").write_text("mine")
    with pytest.raises(OutputError, match="cannot be written"):
        update_folder(tmp_path / "lists", [list_file("1", "Rock")])
