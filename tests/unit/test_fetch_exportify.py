"""CSV files of both Exportify tools, in every version and language, become playlists."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from spotmap_build.errors import SourceError
from spotmap_build.fetch.exports.exportify import ExportifySource
from spotmap_build.model import Track

if TYPE_CHECKING:
    from spotmap_build.fetch.source import LoadContext, Loaded

ID = "4uLU6hMCjMI75M1A2tKUQC"
URI = f"spotify:track:{ID}"
ADDED = "2021-03-04T05:06:07Z"
FILES = Path(__file__).parents[1] / "fakes" / "exportify"
LANGUAGES = sorted({path.stem.removeprefix("watsonbox_2026_") for path in FILES.glob("watsonbox_2026_*")} - {"unknown"})
WHOLE_TRACK = Track(
    URI,
    "Song",
    ("One", "Two, Too"),
    "Album",
    duration_ms=213_000,
    isrc="USABC9912345",
    explicit=True,
    year=1999,
    added_at=ADDED,
    genres=("pop", "indie rock"),
    art_url="https://i.scdn.co/image/1",
    track_number=2,
    disc_number=1,
    album_id="spotify:album:x",
)


CONTEXT = cast("LoadContext", None)
"""Reading a file uses neither cache nor probe."""


def load(path: Path) -> Loaded:
    return ExportifySource(path).load(CONTEXT)


def load_text(folder: Path, text: str, name: str = "my_list.csv") -> Loaded:
    (folder / name).write_text(text, encoding="utf-8")
    return load(folder / name)


def only_track(loaded: Loaded) -> Track:
    (track,) = loaded.library.tracks
    return track


@pytest.mark.parametrize("name", ["watsonbox_2015", "watsonbox_2020", "pavelkomarov_2018", "pavelkomarov_2025"])
def test_every_version_of_both_tools_is_read(name: str) -> None:
    loaded = load(FILES / f"{name}.csv")
    track = only_track(loaded)
    assert (track.id, track.title, track.artists, track.album) == (URI, "Song", ("One", "Two, Too"), "Album")
    assert (track.duration_ms, track.added_at) == (213_000, ADDED)
    assert track.year == (None if name == "watsonbox_2015" else 1999)
    assert track.explicit == (True if name in {"watsonbox_2020", "pavelkomarov_2025"} else None)
    assert track.genres == (("pop", "indie rock") if name.startswith("pavelkomarov") else ())
    assert (track.track_number, track.disc_number) == ((2, 1) if name.startswith("watsonbox") else (None, None))
    assert track.facets == {}
    assert track.art_url == ("https://i.scdn.co/image/1" if name == "watsonbox_2020" else "")
    assert loaded.is_streamed
    assert [(playlist.name, playlist.track_ids) for playlist in loaded.library.playlists] == [
        (name.replace("_", " "), (URI,))
    ]
    assert "secret" not in repr(loaded)


def test_file_saved_again_by_a_spreadsheet_is_read() -> None:
    track = only_track(load(FILES / "spreadsheet.csv"))
    assert (track.id, track.artists, track.genres) == (URI, ("One", "Two, Too"), ("pop", "indie rock"))
    assert (track.duration_ms, track.explicit, track.year) == (213_000, True, 1999)


@pytest.mark.parametrize("language", LANGUAGES)
def test_headers_of_every_language_are_recognized(language: str) -> None:
    loaded = load(FILES / f"watsonbox_2026_{language}.csv")
    assert only_track(loaded) == WHOLE_TRACK
    assert loaded.library.playlists[0].name == "My List: 1"
    assert "secret" not in repr(loaded)


def test_columns_with_unknown_headers_are_recognized_by_their_values() -> None:
    loaded = load(FILES / "watsonbox_2026_unknown.csv")
    assert only_track(loaded) == replace(WHOLE_TRACK, genres=(), track_number=None, disc_number=None, album_id="")
    assert loaded.library.playlists[0].name == "watsonbox 2026 unknown"
    assert "secret" not in repr(loaded)


@pytest.mark.parametrize(
    ("rows", "artists"),
    [
        (["Tyler, The Creator"], [("Tyler, The Creator",)]),
        (
            ["Tyler, The Creator;Kali Uchis", "Earth, Wind & Fire"],
            [("Tyler, The Creator", "Kali Uchis"), ("Earth, Wind & Fire",)],
        ),
        (["Tyler, The Creator,Kali Uchis"], [("Tyler, The Creator", "Kali Uchis")]),
    ],
)
def test_comma_in_an_artists_name_does_not_split_it(
    tmp_path: Path, rows: list[str], artists: list[tuple[str, ...]]
) -> None:
    lines = [f'spotify:track:{number:022},T,"{text}",pop' for number, text in enumerate(rows)]
    loaded = load_text(tmp_path, "\n".join(["Track URI,Track Name,Artist Name(s),Genres", *lines]))
    assert [track.artists for track in loaded.library.tracks] == artists


def test_each_file_of_a_folder_or_zip_is_a_playlist(tmp_path: Path) -> None:
    folder = tmp_path / "lists"
    folder.mkdir()
    other = "spotify:track:" + "b" * 22
    header = "Track URI,Track Name,Artist Name(s),Duration (ms),Added At\n"
    (folder / "liked.csv").write_text(f"{header}{URI},Song,One,,2022-01-01T00:00:00Z\n{other},Other,Two,5000,\n")
    (folder / "road_trip_2.csv").write_text(f"{header}{URI},Song,One,213000,2021-01-01T00:00:00Z\n")
    (folder / "saved albums.csv").write_text("Album URI,Album Name,Album Type\nspotify:album:x,Album,album\n")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, f"../../top/{file.name}")
        archive.writestr("__MACOSX/._liked.csv", b"\xff\x00")
    (tmp_path / "lists.zip").write_bytes(content.getvalue())
    for path in (folder, tmp_path / "lists.zip"):
        loaded = load(path)
        song, _ = loaded.library.tracks
        assert (song.duration_ms, song.added_at) == (213_000, "2021-01-01T00:00:00Z")
        lists = {playlist.name: playlist.track_ids for playlist in loaded.library.playlists}
        assert lists == {"liked": (URI, other), "road trip 2": (URI,)}
        assert len(loaded.notices) == 1
        assert "saved albums.csv" in loaded.notices[0]


def test_rows_that_are_not_music_become_omissions(tmp_path: Path) -> None:
    local = "spotify:local:Someone:Demos:My+Song:201"
    library = load_text(
        tmp_path,
        f"Track URI,Track Name,Artist Name(s)\n{URI},Song,One\nspotify:episode:{ID},Talk,Host\n"
        f"{local},My Song,Someone\nspotify:track:{'b' * 22},,\n,,Nobody\n",
    ).library
    assert [(omission.title, omission.code) for omission in library.omissions] == [
        ("Talk", "episode"),
        ("", "empty-row"),
    ]
    codes = {failure.track_id: failure.code for failure in library.failures}
    assert codes == {local: "local-file", f"spotify:track:{'b' * 22}": "taken-down"}
    assert library.playlists[0].track_ids == (URI, local, f"spotify:track:{'b' * 22}")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no CSV file that lists tracks"),
        (b"Album URI,Album Name\nx,y\n", "no CSV file that lists tracks; it contains"),
        (b"Track URI,Track Name\n", "no CSV file that lists tracks"),
        (b"Track Name,Track URI\nA,B,C\n", "line 2: 3 fields"),
        (b"\xff\xfeT\x00", "no CSV file that lists tracks"),
        (b"PK\x03\x04", "Excel workbook"),
    ],
)
def test_file_without_tracks_is_reported(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(SourceError, match=words):
        load(tmp_path / "a.csv")


def test_missing_path_is_reported(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="does not exist"):
        load(tmp_path / "absent.csv")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_file_is_read_in_the_encoding_of_a_spreadsheet(tmp_path: Path, encoding: str) -> None:
    content = f"sep=;\r\nTrack URI;Track Name;Artist Name(s);Duration (ms);;\r\n{URI};Été;Béla;213000;;\r\n"
    (tmp_path / "list.csv").write_bytes(content.encode(encoding))
    loaded = load(tmp_path / "list.csv")
    track = only_track(loaded)
    assert (track.title, track.artists, track.duration_ms) == ("Été", ("Béla",), 213_000)
    assert ["Windows-1252" in notice for notice in loaded.notices] == [True] * (encoding == "cp1252")


@pytest.mark.parametrize(
    "added", ["1970-01-01T00:00:00Z", "1970-01-01", "1969-12-31T23:00:00Z", "0000-00-00", "0001-01-01T00:00:00Z", ""]
)
def test_placeholder_dates_are_dropped(tmp_path: Path, added: str) -> None:
    loaded = load_text(tmp_path, f"Track URI,Track Name,Artist Name(s),Added At\n{URI},Song,One,{added}\n")
    assert only_track(loaded).added_at == ""
    assert loaded.notices == ()


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        ("Track URI,Track Name,Artist Name(s),Genres", ["A;B", "C,D", "E, F", "10,000 Maniacs"]),
        ("Spotify ID,Track Name,Artist Name,Album Name", ["A;B", "C,D", "E, F", "10,000 Maniacs"]),
        ("Track URI,Track Name,Artist Name(s)", ["E\\, F", "A, B", "C, D", "10,000 Maniacs"]),
        ("Spotify URI,Track Name,Artist Name,Track Duration (ms)", ["A, B", "C, D", "E\\, F", "10,000 Maniacs"]),
    ],
)
def test_artist_separator_is_determined_per_row(tmp_path: Path, header: str, rows: list[str]) -> None:
    lines = [f'spotify:track:{number:022},T,"{text}",' for number, text in enumerate(rows)]
    loaded = load_text(tmp_path, "\n".join([header, *lines]))
    artists = {track.artists for track in loaded.library.tracks}
    assert artists == {("A", "B"), ("C", "D"), ("E, F",), ("10,000 Maniacs",)}


def test_playlist_column_of_another_tool_is_read(tmp_path: Path) -> None:
    loaded = load_text(
        tmp_path,
        "Track name,Artist name,Album,Playlist name,Type,ISRC,Spotify - id\n"
        f'"Song","Artist, 0","Album","Road","Playlist","US-ABC-99-12340","{ID}"\n'
        f'"Song","Artist, 0","Album","Home","Playlist","","{ID}"\n'
        '"Other","Somebody","","Home","Playlist","",""\n',
    )
    song, other = loaded.library.tracks
    assert (song.id, song.artists, song.isrc) == (URI, ("Artist, 0",), "USABC9912340")
    lists = {playlist.name: playlist.track_ids for playlist in loaded.library.playlists}
    assert lists == {"Road": (URI,), "Home": (URI, other.id)}


def write_lists(folder: Path, **files: str) -> Path:
    header = "Track URI,Track Name,Artist Name(s)\n"
    for name, letters in files.items():
        rows = "".join(f"spotify:track:{letter * 22},Song {letter},Artist\n" for letter in letters)
        (folder / f"{name}.csv").write_text(header + rows)
    return folder


def lists_of(loaded: Loaded) -> dict[str, str]:
    return {each.name: "".join(uri[-1] for uri in each.track_ids) for each in loaded.library.playlists}


def test_newest_download_of_a_playlist_is_used(tmp_path: Path) -> None:
    files = {"road": "abc", "road (1)": "abd", "road (2)": "abde", "home (1)": "x", "mix (1)": "p", "mix (2)": "q"}
    loaded = load(write_lists(tmp_path, **files))
    assert lists_of(loaded) == {"road": "abde", "home": "x", "mix (1)": "p", "mix (2)": "q"}
    assert loaded.notices == tuple(
        f"{tmp_path}/{name}.csv was left out: {tmp_path}/road (2).csv is a newer copy of it."
        for name in ("road (1)", "road")
    )


def test_damaged_file_does_not_affect_the_others(tmp_path: Path) -> None:
    write_lists(tmp_path, road="ab")
    (tmp_path / "bad.csv").write_text("Track Name,Track URI\nA,B,C\n")
    (tmp_path / "book.csv").write_bytes(b"PK\x03\x04")
    loaded = load(tmp_path)
    assert lists_of(loaded) == {"road": "ab"}
    assert loaded.notices == (
        f"{tmp_path}/bad.csv, line 2: 3 fields, but 2 columns. It was left out.",
        f"{tmp_path}/book.csv is a zip or an Excel workbook, not text. It was left out.",
    )


def test_artists_may_be_in_several_columns(tmp_path: Path) -> None:
    header = "Track URI,Track Name,Artist Name,Artist Name 2,Album Name"
    loaded = load_text(tmp_path, f"{header}\n{URI},Song,One,Two,Album\nspotify:track:{ID[::-1]},Other,One,,Album\n")
    assert [track.artists for track in loaded.library.tracks] == [("One", "Two"), ("One",)]
