"""Spotify's account-data export becomes a library with play counts and without private data."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from spotmap_build.errors import SourceError
from spotmap_build.fetch.exports import export_files
from spotmap_build.fetch.exports.takeout import TakeoutSource
from spotmap_build.model import Library, Listening

if TYPE_CHECKING:
    from spotmap_build.fetch.source import LoadContext, Loaded

CONTEXT = cast("LoadContext", None)
"""An export uses neither cache nor probe."""
A, B, C = (f"spotify:track:{letter * 22}" for letter in "abc")
LOCAL = "spotify:local:Some+One:Demos:My+Song:201"


def saved(uri: str, track: str = "Song", artist: str = "Artist", album: str = "Album") -> dict[str, str]:
    return {"artist": artist, "album": album, "track": track, "uri": uri}


def item(uri: str, track: str = "Song", artist: str = "Artist", album: str = "Album", added: str = "2021-03-04") -> Any:
    words = {"trackName": track, "artistName": artist, "albumName": album, "trackUri": uri}
    return {"track": words, "episode": None, "localTrack": None, "addedDate": added}


def playlists(**lists: list[Any]) -> dict[str, Any]:
    return {
        "playlists": [
            {
                "name": name,
                "lastModifiedDate": "2022-01-01",
                "collaborators": ["secret"],
                "description": "a &amp; b",
                "items": items,
                "numberOfFollowers": 3,
            }
            for name, items in lists.items()
        ]
    }


def play(uri: str | None, track: str | None = "Song", ms: object = 200_000, **more: object) -> dict[str, object]:
    row = {
        "ts": "2021-01-01T00:00:00Z",
        "username": "secret",
        "platform": "secret",
        "ms_played": ms,
        "conn_country": "secret",
        "ip_addr": "secret",
        "user_agent_decrypted": "secret",
        "master_metadata_track_name": track,
        "master_metadata_album_artist_name": "Artist",
        "master_metadata_album_album_name": "Album",
        "spotify_track_uri": uri,
        "episode_name": None,
        "incognito_mode": False,
    }
    return row | more


def short_play(track: str = "Song", artist: str = "Artist", ms: int = 30_000) -> dict[str, object]:
    return {"endTime": "2021-01-01 00:00", "artistName": artist, "trackName": track, "msPlayed": ms}


def folder_of(root: Path, **files: Any) -> Path:
    for name, content in files.items():
        text = content if isinstance(content, str) else json.dumps(content)
        (root / f"{name}.json").write_text(text, encoding="utf-8")
    return root


def zip_of(path: Path, files: dict[str, Any]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content if isinstance(content, (str, bytes)) else json.dumps(content))
    return path


def load(path: Path) -> Loaded:
    return TakeoutSource(path).load(CONTEXT)


def counts(library: Library) -> dict[str, int | None]:
    return {track.id: track.play_count for track in library.tracks}


def test_saved_tracks_and_playlists_form_one_library(tmp_path: Path) -> None:
    loaded = load(
        folder_of(
            tmp_path,
            YourLibrary={"tracks": [saved(A), saved(B, "Other")], "albums": [{"album": "x"}], "shows": []},
            Playlist1=playlists(Road=[item(C, "Third", added="2020-01-02"), item(A)], Empty=[]),
            Playlist2=playlists(Road=[item(A, added="2019-05-06"), item(A)]),
            Userdata={"email": "secret"},
        )
    )
    library = loaded.library
    assert loaded.is_streamed
    assert [(track.id, track.title, track.artists, track.album) for track in library.tracks] == [
        (A, "Song", ("Artist",), "Album"),
        (B, "Other", ("Artist",), "Album"),
        (C, "Third", ("Artist",), "Album"),
    ]
    assert [track.added_at for track in library.tracks] == ["2019-05-06", "", "2020-01-02"]
    assert [(playlist.name, playlist.track_ids) for playlist in library.playlists] == [
        ("Road", (C, A)),
        ("Road (2)", (A,)),
    ]
    assert len({playlist.id for playlist in library.playlists}) == 2
    assert "1 saved album is not on the map" in loaded.notices[0]
    assert "secret" not in repr(loaded)


@pytest.mark.parametrize(
    "top", ["", "Spotify Account Data/", "Données Spotify/sous/", "../../../", "/tmp/", "C:\\x/", "Spotify\\x\\"]
)
def test_files_are_found_anywhere_in_the_zip(tmp_path: Path, top: str) -> None:
    path = zip_of(
        tmp_path / "my_spotify_data.zip",
        {
            f"{top}YourLibrary.json": {"tracks": [saved(A)]},
            f"{top}Playlist1.json": playlists(One=[item(A)]),
            f"__MACOSX/{top}._YourLibrary.json": b"\x00\x05",
            "__MACOSX/YourLibrary.json": b"\x00\x05",
        },
    )
    before = sorted(tmp_path.rglob("*"))
    loaded = load(path)
    assert [track.id for track in loaded.library.tracks] == [A]
    assert loaded.notices == ()
    assert sorted(tmp_path.rglob("*")) == before


def test_both_zips_in_one_folder_form_one_export(tmp_path: Path) -> None:
    zip_of(tmp_path / "account.zip", {"YourLibrary.json": {"tracks": [saved(A)]}})
    zip_of(tmp_path / "history.zip", {"x/Streaming_History_Audio_2021_0.json": [play(A), play(B, "Other")]})
    assert counts(load(tmp_path).library) == {A: 1}


def test_playlist_files_are_read_in_numeric_order(tmp_path: Path) -> None:
    files = {f"Playlist{number}": playlists(**{f"List {number}": [item(A)]}) for number in (10, 2, 1)}
    names = [playlist.name for playlist in load(folder_of(tmp_path, **files)).library.playlists]
    assert names == ["List 1", "List 2", "List 10"]


def test_old_exports_without_uris_get_ids_from_names(tmp_path: Path) -> None:
    old = {"artist": "Artist", "album": "Album", "track": "Song"}
    path = folder_of(
        tmp_path,
        YourLibrary={"tracks": [old, old | {"album": "Live"}]},
        Playlist1={"playlists": [{"name": "P", "items": [{"track": {"trackName": "Song", "artistName": "Artist"}}]}]},
    )
    ids = [track.id for track in load(path).library.tracks]
    assert len(set(ids)) == 3
    assert all(track_id.startswith("takeout:") for track_id in ids)
    assert ids == [track.id for track in load(path).library.tracks]


def test_row_without_a_uri_is_matched_by_name(tmp_path: Path) -> None:
    path = folder_of(
        tmp_path,
        YourLibrary={"tracks": [{"artist": "Artist", "album": "Album", "track": "Song"}]},
        Playlist1=playlists(P=[item(A)]),
    )
    assert [track.id for track in load(path).library.tracks] == [A]


def test_rows_that_are_not_music_become_omissions(tmp_path: Path) -> None:
    rows = [
        {"track": None, "episode": {"episodeName": "Talk"}, "localTrack": None},
        {"track": None, "audiobook": {"audiobookName": "Read"}},
        {"track": None, "episode": None, "localTrack": {"uri": LOCAL}, "addedDate": "2021-03-04"},
        item("spotify:local:::Untold:0", "", "", ""),
        item(B, "", "", ""),
        {"track": None},
        None,
        item("", "", "", ""),
        item(A),
    ]
    library = load(folder_of(tmp_path, Playlist1=playlists(P=rows))).library
    assert [(omission.title, omission.code) for omission in library.omissions] == [
        ("Talk", "episode"),
        ("Read", "episode"),
        *[("", "empty-row")] * 3,
    ]
    assert len({omission.id for omission in library.omissions}) == 5
    assert {failure.track_id: failure.code for failure in library.failures} == {
        LOCAL: "local-file",
        "spotify:local:::Untold:0": "local-file",
        B: "taken-down",
    }
    local = library.tracks[0]
    assert (local.title, local.artists, local.album, local.duration_ms) == ("My Song", ("Some One",), "Demos", 201_000)
    assert [track.title for track in library.tracks] == ["My Song", "Untold", "Untitled", "Song"]


def test_plays_of_thirty_seconds_or_more_are_counted(tmp_path: Path) -> None:
    rows = [
        *[play(A)] * 3,
        play(A, ms=29_999),
        play(A, ms=30_000),
        play(A, ms=None),
        play(A, ms="200000"),
        play(A, incognito_mode=True),
        play(None, None, episode_name="Talk"),
        "row",
    ]
    path = folder_of(
        tmp_path,
        YourLibrary={"tracks": [saved(A), saved(B, "Other")]},
        Streaming_History_Audio_2019_2021_1=rows,
        Streaming_History_Audio_2021_2=[play(A, ts="2021-06-01T00:00:00Z")],
        Streaming_History_Video_2021=[play(A)],
        StreamingHistory0=[short_play()] * 50,
        StreamingHistory_podcast_0=[short_play()],
    )
    loaded = load(path)
    assert counts(loaded.library) == {A: 5, B: None}
    assert "secret" not in repr(loaded)


def test_play_of_another_release_counts_for_the_track_with_the_same_name(tmp_path: Path) -> None:
    path = folder_of(
        tmp_path,
        YourLibrary={"tracks": [saved(A), saved(B, album="Best of")]},
        endsong_0=[play(C), play(C, "SONG!"), play(C, master_metadata_album_album_name="Single"), play(C, "Unknown")],
    )
    assert counts(load(path).library) == {A: 3, B: 1}


def test_short_history_is_counted_by_title_and_artist(tmp_path: Path) -> None:
    path = folder_of(
        tmp_path,
        YourLibrary={"tracks": [saved(A), saved(B, "Other")]},
        StreamingHistory_music_0=[*[short_play()] * 2, short_play(artist="Somebody else")],
    )
    assert counts(load(path).library) == {A: 2, B: None}


def test_history_alone_becomes_a_library_of_frequently_played_tracks(tmp_path: Path) -> None:
    loaded = load(folder_of(tmp_path, endsong_0=[*[play(A)] * 3, *[play(B, "Other")] * 2]))
    assert counts(loaded.library) == {A: 3}
    assert loaded.library.tracks[0].title == "Song"
    assert "secret" not in repr(loaded)


def test_only_dates_and_years_of_plays_are_kept(tmp_path: Path) -> None:
    moments = (*(f"{day}T05:06:07Z" for day in ("2019-03-04", "2019-12-31", "2021-06-01", "1970-01-01")), "noon", "")
    path = folder_of(
        tmp_path,
        YourLibrary={"tracks": [saved(A), saved(B, "Other"), saved(C, "Third")]},
        endsong_0=[*(play(A, ts=moment) for moment in moments), play(A, ms=29_999, ts="2023-01-01T00:00:00Z")],
        endsong_1=[play(f"spotify:track:{9:022d}", ts="2018-02-03T00:00:00Z"), play(B, "Other", ts="")],
        StreamingHistory_music_0=[short_play() | {"endTime": "2022-07-08 09:10"}],
    )
    tracks = {track.id: track for track in load(path).library.tracks}
    assert tracks[A].listening == Listening("2018-02-03", "2022-07-08", ((2018, 1), (2019, 2), (2021, 1), (2022, 1)))
    assert tracks[A].play_count == 8
    assert (tracks[B].play_count, tracks[B].listening) == (1, None)
    assert (tracks[C].play_count, tracks[C].listening) == (None, None)


def test_history_alone_sets_added_at_to_the_first_play(tmp_path: Path) -> None:
    rows = [play(A, ts=f"{year}-05-06T00:00:00Z") for year in (2021, 2019, 2020)]
    (track,) = load(folder_of(tmp_path, endsong_0=rows)).library.tracks
    assert (track.added_at, track.listening and track.listening.last_on) == ("2019-05-06", "2021-05-06")


def test_unsaved_played_tracks_are_not_added_to_a_library(tmp_path: Path) -> None:
    path = folder_of(tmp_path, YourLibrary={"tracks": [saved(A)]}, endsong_0=[play(B, "Other")] * 9)
    assert counts(load(path).library) == {A: None}


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "contains no YourLibrary.json"),
        ({"Userdata": {}}, "contains no YourLibrary.json"),
        ({"YourLibrary": {"tracks": []}}, "contains no tracks"),
        ({"YourLibrary": "{"}, "YourLibrary.json is damaged"),
        ({"YourLibrary": "[" * 100_000}, "YourLibrary.json is damaged"),
        ({"YourLibrary": []}, "YourLibrary.json is not a valid Spotify"),
        ({"Playlist1": {"playlists": {}}}, "Playlist1.json is not a valid Spotify"),
        ({"endsong_0": {}}, "endsong_0.json is not a valid Spotify"),
        ({"endsong_0": [play(A)] * 2}, "contains no tracks"),
    ],
)
def test_unusable_export_is_reported_with_a_hint(tmp_path: Path, files: dict[str, Any], words: str) -> None:
    with pytest.raises(SourceError, match=words) as raised:
        load(folder_of(tmp_path, **files))
    assert raised.value.hint


def test_unreadable_zips_are_reported_by_name(tmp_path: Path) -> None:
    good = zip_of(tmp_path / "good.zip", {"YourLibrary.json": {"tracks": [saved(A)]}}).read_bytes()
    (tmp_path / "half.zip").write_bytes(good[: len(good) // 2])
    locked = bytearray(good)
    locked[6] |= 1
    locked[good.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "locked.zip").write_bytes(locked)
    for name in ("half.zip", "locked.zip"):
        with pytest.raises(SourceError, match=name):
            load(tmp_path / name)
    with pytest.raises(SourceError, match="does not exist"):
        load(tmp_path / "absent.zip")


@pytest.mark.parametrize("name", ["my_spotify_data.7z", "my_spotify_data.tar.gz"])
def test_archive_of_another_kind_has_to_be_unpacked(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"7z\xbc\xaf")
    with pytest.raises(SourceError, match="is not a zip") as caught:
        load(tmp_path / name)
    assert caught.value.hint == "Unpack it, and give the folder."


def test_zip_bomb_is_refused(tmp_path: Path) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("YourLibrary.json", b" " * (export_files.MAX_FILE_BYTES + 1))
    (tmp_path / "bomb.zip").write_bytes(bomb.getvalue())
    assert len(bomb.getvalue()) < 100_000
    with pytest.raises(SourceError, match="too large"):
        load(tmp_path / "bomb.zip")


def test_export_with_too_many_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder_of(tmp_path, Playlist1=playlists(A=[item(A)]), Playlist2=playlists(B=[item(A)]))
    monkeypatch.setattr(export_files, "MAX_FILES", 1)
    with pytest.raises(SourceError, match="too large"):
        load(path)


MARKS = [" (1)", "(1)", "-1", "_1", " 2", " copy", " copy 2", " - Copy", " - Copy (2)", " - Kopie", " (copie)"]


@pytest.mark.parametrize("mark", MARKS)
def test_renamed_download_copies_are_recognized(tmp_path: Path, mark: str) -> None:
    files = {
        f"YourLibrary{mark}": {"tracks": [saved(A)]},
        f"Playlist2{mark}": playlists(One=[item(B)]),
        f"StreamingHistory_music_0{mark}": [short_play()],
        f"Userdata{mark}": {"email": "secret"},
    }
    library = load(folder_of(tmp_path, **files)).library
    assert counts(library) == {A: 1, B: 1}
    assert [playlist.name for playlist in library.playlists] == ["One"]


@pytest.mark.parametrize("name", ["Copy of YourLibrary.json", "Kopie von YourLibrary.json", "YOURLIBRARY (3).JSON"])
def test_localized_copy_names_are_recognized(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(json.dumps({"tracks": [saved(A)]}))
    assert [track.id for track in load(tmp_path).library.tracks] == [A]


def test_zip_inside_a_zip_is_read_one_level_deep(tmp_path: Path) -> None:
    inner = zip_of(
        tmp_path / "inner.zip", {"Spotify Account Data/YourLibrary.json": {"tracks": [saved(A)]}}
    ).read_bytes()
    middle = zip_of(tmp_path / "middle.zip", {"deep.zip": inner}).read_bytes()
    files = {"Spotify/my_spotify_data.zip": inner, "readme.txt": "x", "__MACOSX/._my_spotify_data.zip": b"\x00"}
    loaded = load(zip_of(tmp_path / "backup.zip", files))
    assert [track.id for track in loaded.library.tracks] == [A]
    assert loaded.notices == ()
    with pytest.raises(SourceError, match=r"outer\.zip, middle\.zip, deep\.zip is a zip in a zip in a zip"):
        load(zip_of(tmp_path / "outer.zip", {"middle.zip": middle}))


def test_zip_is_recognized_without_its_suffix(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "my_spotify_data.zip (1)", {"YourLibrary.json": {"tracks": [saved(A)]}})
    assert [track.id for track in load(path).library.tracks] == [A]


def test_zip_inside_a_zip_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_files, "MAX_INNER_ZIP_BYTES", 1 << 20)
    with pytest.raises(SourceError, match=r"data\.zip is too large"):
        load(zip_of(tmp_path / "bomb.zip", {"data.zip": bytes(3 << 20)}))


def test_refused_files_count_toward_the_total_size_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_files, "MAX_FILE_BYTES", 1 << 20)
    monkeypatch.setattr(export_files, "MAX_EXPORT_BYTES", 5 << 20)
    with pytest.raises(SourceError, match="is too large"):
        load(zip_of(tmp_path / "bomb.zip", {f"Playlist{number}.json": bytes(3 << 20) for number in range(9)}))


@pytest.mark.parametrize("added", ["1970-01-01", "1970-01-01T00:00:00Z", "0000-00-00", "0001-01-01", "2021-02-30", ""])
def test_placeholder_dates_are_dropped(tmp_path: Path, added: str) -> None:
    path = folder_of(tmp_path, Playlist1=playlists(Old=[item(A, added=added), item(B, added="2020-01-02")]))
    assert [track.added_at for track in load(path).library.tracks] == ["", "2020-01-02"]


def test_plays_are_deduplicated_across_exports(tmp_path: Path) -> None:
    plays = [play(A, ts=f"2021-01-0{day}T00:00:00Z") for day in range(1, 8)]
    newer = [
        *[short_play() | {"endTime": f"2021-01-0{day} 00:00"} for day in range(5, 8)],
        *[short_play() | {"endTime": f"2021-02-0{day} 00:00"} for day in range(1, 3)],
    ]
    zip_of(tmp_path / "2021.zip", {"x/endsong_0.json": plays[:3], "x/endsong_1.json": plays[3:5]})
    zip_of(tmp_path / "2022.zip", {"x/Streaming_History_Audio_2021_0.json": plays})
    (tmp_path / "copy").mkdir()
    folder_of(tmp_path / "copy", **{"Streaming_History_Audio_2021_0 (1)": plays, "YourLibrary": {"tracks": [saved(A)]}})
    folder_of(tmp_path, StreamingHistory_music_0=newer, **{"StreamingHistory_music_0 (1)": newer})
    assert counts(load(tmp_path).library) == {A: 9}


@pytest.mark.parametrize("older", ["2021-01-01", ""])
def test_newest_version_of_a_playlist_is_used(tmp_path: Path, older: str) -> None:
    new, old = playlists(Road=[item(A), item(B)], Same=[item(A)]), playlists(Road=[item(C)], Same=[item(A)])
    for playlist in old["playlists"]:
        playlist["lastModifiedDate"] = older
    loaded = load(folder_of(tmp_path, **{"Playlist1": old, "Playlist1 (1)": new}))
    lists = [(playlist.name, playlist.track_ids) for playlist in loaded.library.playlists]
    assert lists == [("Road", (A, B)), ("Same", (A,))]
    assert {track.id for track in loaded.library.tracks} == {A, B}
    assert loaded.notices == ("The playlist “Road” is in several exports; the newest version was used.",)


def test_playlists_of_the_same_name_in_one_export_stay_separate(tmp_path: Path) -> None:
    content = playlists(Road=[item(A)])
    content["playlists"] += playlists(Road=[item(B)])["playlists"]
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        folder_of(tmp_path / name, Playlist1=content)
    lists = load(tmp_path).library.playlists
    assert [(playlist.name, playlist.track_ids) for playlist in lists] == [("Road", (A,)), ("Road (2)", (B,))]


def test_damaged_file_does_not_affect_the_others(tmp_path: Path) -> None:
    good = zip_of(tmp_path / "good.zip", {"YourLibrary.json": {"tracks": [saved(A)]}, "Playlist1.json": "{"})
    (tmp_path / "half.zip").write_bytes(good.read_bytes()[:100])
    folder_of(tmp_path, Playlist2=playlists(One=[item(B)]), endsong_0="[1,")
    loaded = load(tmp_path)
    assert {track.id for track in loaded.library.tracks} == {A, B}
    assert [notice.split(" is damaged")[0].split(" cannot be")[0] for notice in loaded.notices] == [
        f"{tmp_path}/endsong_0.json",
        f"{tmp_path}/good.zip, Playlist1.json",
        f"{tmp_path}/half.zip",
    ]
    assert all(notice.endswith("It was left out.") for notice in loaded.notices)
