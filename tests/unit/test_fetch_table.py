"""TableSource reads tables with coordinates or vectors and reports the rows it cannot use."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from PIL import Image

from spotmap_build.cache.store import Cache
from spotmap_build.core.dates import latest_release_year
from spotmap_build.core.spreadsheet import TABLE_COLUMNS
from spotmap_build.errors import ConfigError, SourceError
from spotmap_build.fetch.merge import merge
from spotmap_build.fetch.source import LoadContext, Loaded
from spotmap_build.fetch.tables.files import read_columns
from spotmap_build.fetch.tables.table import TableSource
from spotmap_build.model import Listening

if TYPE_CHECKING:
    from spotmap_build.fetch.source import ProbeResult


def no_probe(path: Path) -> ProbeResult:
    raise AssertionError(f"{path} must not be probed")


def load(folder: Path, content: str | bytes, name: str = "t.csv") -> Loaded:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with Cache.open(folder / "cache") as cache:
        return TableSource(path).load(LoadContext(cache, no_probe, 1, lambda done, total: None))


@pytest.mark.parametrize(
    ("header", "cells", "expected"),
    [
        ("track_number,disc_number", "7,2", (7, 2, {})),
        ("Track Number,Disc Number", "7/12,2.0", (7, 2, {})),
        ("Track-Nummer,Disc-Nummer", "07,", (7, None, {})),
        ("Disc,mood", "Live at Home,calm", (None, None, {"disc": "Live at Home", "mood": "calm"})),
    ],
)
def test_track_and_disc_numbers_are_read(
    tmp_path: Path, header: str, cells: str, expected: tuple[int | None, int | None, dict[str, str]]
) -> None:
    (track,) = load(tmp_path, f"title,x,y,{header}\nSong,1,2,{cells}\n").library.tracks
    assert (track.track_number, track.disc_number, track.facets) == expected


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", "spotify_uri\nspotify:track:4uLU6hMCjMI75M1A2tKUQC\n"),
        (
            "t.txt",
            "https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC\nhttps://open.spotify.com/track/4uLU6hMCjMI75\n",
        ),
    ],
)
def test_list_of_spotify_addresses_is_refused_with_a_way_to_get_titles(tmp_path: Path, name: str, content: str) -> None:
    with pytest.raises(SourceError, match="no column 'title'") as caught:
        load(tmp_path, content, name)
    assert "Exportify" in caught.value.hint


def test_every_documented_column_is_read(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        "id,title,artists,album,duration_ms,isrc,explicit,playlists,year,added_at,x,y,mood,energy\n"
        "7,Song,A; B,Album,1234,XX1,true,One; Two,1999-02-03,2020-01-01,0.5,-2,calm,0.25\n",
    )
    (track,) = loaded.library.tracks
    assert (track.id, track.title, track.artists, track.album) == ("7", "Song", ("A", "B"), "Album")
    assert (track.duration_ms, track.isrc, track.explicit) == (1234, "XX1", True)
    assert (track.year, track.added_at, track.position) == (1999, "2020-01-01", (0.5, -2.0))
    assert track.facets == {"mood": "calm", "energy": 0.25}
    assert [playlist.name for playlist in loaded.library.playlists] == ["One", "Two"]


ADDRESS = "https://i.scdn.co/image/1"


@pytest.mark.parametrize(
    ("cell", "url", "is_shown"),
    [
        (ADDRESS, ADDRESS, False),
        (f" {ADDRESS} ", ADDRESS, False),
        ("http://i.scdn.co/a", "http://i.scdn.co/a", False),
        ("file:///etc/passwd", "file:///etc/passwd", False),
        (f"{ADDRESS}?a=1&amp;b=2", f"{ADDRESS}?a=1&b=2", False),
        ("covers/a.png", "", True),
        ("covers/b&amp;c.png", "", True),
        ("./covers/../covers/a.png", "", True),
        ("{folder}/covers/a.png", "", True),
        ("", "", False),
        ("N/A", "", False),
    ],
)
def test_artwork_column_accepts_paths_and_urls(tmp_path: Path, cell: str, url: str, is_shown: bool) -> None:
    (tmp_path / "covers").mkdir()
    Image.new("RGB", (20, 20), "red").save(tmp_path / "covers/a.png")
    Image.new("RGB", (20, 20), "red").save(tmp_path / "covers/b&amp;c.png")
    cell = cell.format(folder=tmp_path)
    loaded = load(tmp_path, f"title,x,y,art\nA,1,2,{cell}\nB,1,2,{ADDRESS}2\n")
    first, second = loaded.library.tracks
    assert (first.art_url, bool(first.art_digest), second.art_url) == (url, is_shown, f"{ADDRESS}2")
    assert (first.facets, loaded.notices) == ({}, ())


@pytest.mark.parametrize("cell", ["no.jpg", "covers", "t.csv", "a\0b.jpg", "~nobody-is-called-so/a", "x" * 5000])
def test_unreadable_artwork_is_reported_and_the_track_is_kept(tmp_path: Path, cell: str) -> None:
    (tmp_path / "covers").mkdir()
    loaded = load(tmp_path, f"title,x,y,Album Image URL\nA,1,2,{cell}\nB,1,2,{ADDRESS}\n")
    assert [(track.title, track.art_digest) for track in loaded.library.tracks] == [("A", ""), ("B", "")]
    assert len(loaded.notices) == 1
    assert "cannot be read and was left out" in loaded.notices[0]


def test_cover_column_without_images_becomes_a_facet(tmp_path: Path) -> None:
    track, _ = load(tmp_path, "title,x,y,cover\nA,1,2,yes\nB,1,2,no\n").library.tracks
    assert track.facets == {"cover": "yes"}


@pytest.mark.parametrize(
    "content",
    ["title,x,y\nA,1,2\n", "title;x;y\nA;1;2\n", "title\tx\ty\nA\t1\t2\n", "\ufeffTitle, X ,Y\r\nA,1,2\r\n\r\n"],
)
def test_delimiters_and_byte_order_marks_do_not_matter(tmp_path: Path, content: str) -> None:
    (track,) = load(tmp_path, content).library.tracks
    assert (track.title, track.position) == ("A", (1.0, 2.0))


def test_json_lines_and_parquet_match_csv(tmp_path: Path) -> None:
    rows = [{"title": "A", "artists": ["X", "Y"], "x": 1, "y": 2.5, "year": 1990}, {"title": "B", "x": 3, "y": 4}]
    lines = load(tmp_path, "\n".join(map(json.dumps, rows)), "t.jsonl").library
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "source.parquet")
    parquet = load(tmp_path, (tmp_path / "source.parquet").read_bytes(), "t.parquet").library
    csv = load(tmp_path, "title,artists,x,y,year\nA,X;Y,1,2.5,1990\nB,,3,4,\n").library
    assert lines.tracks == parquet.tracks == csv.tracks


def test_column_names_of_other_tools_are_recognized(tmp_path: Path) -> None:
    (track,) = load(tmp_path, "Track Name,Artist Name(s),Duration (ms),x,y\nA,B,5,1,1\n").library.tracks
    assert (track.title, track.artists, track.duration_ms) == ("A", ("B",), 5)


def test_identical_rows_become_separate_tracks(tmp_path: Path) -> None:
    tracks = load(tmp_path, "title,x,y\nA,1,1\nA,2,2\n").library.tracks
    assert len({track.id for track in tracks}) == 2


def test_row_without_coordinates_is_a_failure(tmp_path: Path) -> None:
    library = load(tmp_path, "title,x,y\nA,1,1\nB,,2\nC,nan,1\nD,inf,1\nE,east,1\n").library
    assert len(library.tracks) == 5
    assert {failure.code for failure in library.failures} == {"no-place"}
    assert len(library.failures) == 4


def test_row_with_only_a_title_is_searched_for_by_title(tmp_path: Path) -> None:
    loaded = load(tmp_path, "title,artists,path\nA,X,\nB,X,absent.ogg\n,X,\n")
    a, b, nameless = loaded.library.tracks
    assert loaded.is_streamed
    failures = {failure.track_id: failure.code for failure in loaded.library.failures}
    assert failures == {b.id: "unreadable", nameless.id: "no-recording"}
    assert (a.recording, nameless.title) == (None, "Untitled")


@pytest.mark.parametrize("content", ["title,x,y\nA,1,2\nB,,\n", "title,vector\nA,1 2\n", "title,path\nA,absent.ogg\n"])
def test_table_with_coordinates_vectors_or_files_needs_no_search(tmp_path: Path, content: str) -> None:
    assert not load(tmp_path, content).is_streamed


def test_genres_and_play_counts_are_read_and_personal_columns_are_dropped(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        "title,genres,play_count,Added By,username,e-mail,ip_addr\nA,pop; indie rock,7,secret,secret,secret,secret\n"
        "B,,0,secret,secret,secret,secret\nC,,-3,secret,secret,secret,secret\n",
    )
    a, b, c = loaded.library.tracks
    assert a.genres == ("pop", "indie rock")
    assert (a.play_count, b.play_count, c.play_count) == (7, 0, None)
    assert "secret" not in repr(loaded)


def test_play_dates_are_read_and_text_in_such_a_column_is_a_facet(tmp_path: Path) -> None:
    rows = "A,3,2021-05-06 07:08,2019-01-02\nB,,,2020-03-04\nC,1,,\n"
    loaded = load(tmp_path, f"title,Plays,Last Played,first_played\n{rows}")
    listening = [track.listening for track in loaded.library.tracks]
    assert listening == [Listening("2019-01-02", "2021-05-06"), Listening("2020-03-04", "2020-03-04"), None]
    (track,) = load(tmp_path, "title,last play\nA,a long way home\n").library.tracks
    assert (track.listening, track.facets) == (None, {"last play": "a long way home"})


LISTENS: Final = ("1546401600", "1546401700", "1577934000", "1609556400")


@pytest.mark.parametrize(
    ("columns", "row"),
    [
        ("uts,utc_time,artist,artist_mbid,album,track", '{when},"02 Jan 2019, 04:00",Artist,x,Album,{title}'),
        ("listened_at,title,artists", "{when},{title},Artist"),
        (
            "ts,ms_played,master_metadata_track_name,master_metadata_album_artist_name,spotify_track_uri",
            "{when},200000,{title},Artist,spotify:track:{uri}",
        ),
    ],
)
def test_listening_history_becomes_a_library_of_frequently_played_tracks(
    tmp_path: Path, columns: str, row: str
) -> None:
    def rows(title: str, uri: str, moments: Sequence[str]) -> list[str]:
        return [row.format(when=when, title=title, uri=uri * 22) for when in moments]

    text = "\n".join([columns, *rows("Song", "1", LISTENS), *rows("Other", "2", LISTENS[:2])])
    loaded = load(tmp_path, f"{text}\n")
    (track,) = loaded.library.tracks
    assert (track.title, track.artists, track.play_count, track.added_at) == ("Song", ("Artist",), 4, "2019-01-02")
    assert track.listening == Listening("2019-01-02", "2021-01-02", ((2019, 2), (2020, 1), (2021, 1)))
    assert any("1 others are left out" in notice for notice in loaded.notices)


def test_listen_shorter_than_thirty_seconds_is_not_counted(tmp_path: Path) -> None:
    lengths = ("29999", "30000", "", "200000", "30001")
    rows = "\n".join(f"A,2021-01-0{day},{length}" for day, length in enumerate(lengths, start=1))
    (track,) = load(tmp_path, f"title,listened_at,ms_played\n{rows}\n").library.tracks
    assert track.play_count == 3


@pytest.mark.parametrize("plays", [4, 2], ids=["four plays", "two plays"])
def test_private_plays_speech_and_device_columns_of_a_history_are_dropped(tmp_path: Path, plays: int) -> None:
    columns = (
        "ts,ms_played,platform,conn_country,reason_end,incognito_mode,master_metadata_track_name,spotify_track_uri"
    )
    row = "2021-01-01T00:00:0{n}Z,200000,my phone,NO,logout,{private},{title},{uri}"
    uri = "spotify:track:" + "1" * 22
    rows = [row.format(n=n, private="false", title="Song", uri=uri) for n in range(plays)]
    rows += [row.format(n=9, private="true", title="Secret", uri=uri.replace("1", "2")) for _ in range(plays)]
    rows += [row.format(n=n, private="false", title="", uri="") for n in range(5)]
    loaded = load(tmp_path, "\n".join([columns, *rows]) + "\n")
    assert {name for track in loaded.library.tracks for name in track.facets} == set()
    if plays >= 3:
        (track,) = loaded.library.tracks
        assert (track.title, track.play_count) == ("Song", plays)


@pytest.mark.parametrize(
    "text", ["title,played_at\nA,2021-01-01\nB,\n", "title,listened_at,x,y\nA,2021-01-01,1,2\nB,,3,4\n"]
)
def test_dated_rows_with_coordinates_or_distinct_titles_are_not_a_history(tmp_path: Path, text: str) -> None:
    tracks = load(tmp_path, text).library.tracks
    assert [track.listening for track in tracks] == [Listening("2021-01-01", "2021-01-01"), None]


@pytest.mark.parametrize("name", ["vector", "Embedding", "feature_vector"])
@pytest.mark.parametrize(
    "text",
    [
        *("[0.5, 1]", "0.5 1.0", "0.5,1", "[0.5,1.0]", "(0.5, 1)", "{0.5,1}"),
        *("[[0.5, 1]]", "0.5;1", "0.5|1", "0,5 1,0"),
        *("array([0.5, 1. ], dtype=float32)", "tensor([0.5, 1.0], device='cuda:0')", "[0.5\n 1. ]"),
        base64.b64encode(np.array([0.5, 1], "<f4").tobytes()).decode(),
        base64.b64encode(np.array([0.5, 1], "<f8").tobytes()).decode(),
    ],
)
def test_vector_column_is_read_in_every_notation(tmp_path: Path, text: str, name: str) -> None:
    vectors = load(tmp_path, f'title,{name}\nA,"{text}"\n').vectors
    assert vectors is not None
    assert vectors.value.tolist() == [[0.5, 1.0]]


@pytest.mark.parametrize("names", ["dim_0,dim_1,dim_2", "1,2,3", "E1,E2,E3", "feature 2,feature 0,feature 1"])
def test_numbered_columns_form_one_vector(tmp_path: Path, names: str) -> None:
    loaded = load(tmp_path, f"title,mood,{names}\nA,calm,0.5,1,2\nB,loud,4,5,6\n")
    assert loaded.vectors is not None
    order = np.argsort([name[-1] for name in names.split(",")])
    assert loaded.vectors.value.tolist() == np.array([[0.5, 1, 2], [4, 5, 6]])[:, order].tolist()
    assert loaded.library.tracks[0].facets == {"mood": "calm"}
    (notice,) = loaded.notices
    assert notice.endswith("were read as a vector.")


@pytest.mark.parametrize(
    ("names", "cells"),
    [
        ("f1,f2,f3", "1,,2"),
        ("f1,f2,f4", "1,2,3"),
        ("f1,f2,f3", "1,x,2"),
        ("f1,f2", "1,2"),
        ("week1,week2,week3", "1,2,3"),
    ],
)
def test_other_numeric_columns_are_facets(tmp_path: Path, names: str, cells: str) -> None:
    loaded = load(tmp_path, f"title,{names}\nA,{cells}\n")
    assert loaded.vectors is None
    assert loaded.library.tracks[0].facets


def test_missing_vector_is_reported_with_its_row(tmp_path: Path) -> None:
    vectors = load(tmp_path, "title,vector\nA,1 2\nB,3 4\nC,\nD,5 6\n").vectors
    assert vectors is not None
    with pytest.raises(SourceError, match="row 3"):
        _ = vectors.value


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        (
            "beets",
            "added,albumartist,artist,artists,disc,length,title,track,album\n2020-05-06,X,One,,01,3:45,Song,03,Disc\n",
            {
                "artists": ("One",),
                "track_number": 3,
                "disc_number": 1,
                "duration_ms": 225_000,
                "added_at": "2020-05-06",
            },
        ),
        (
            "foobar",
            "%title%|%artist%|%album%|%length%|%tracknumber%\nSong|One|Disc|3:45|03\n",
            {"artists": ("One",), "duration_ms": 225_000, "track_number": 3},
        ),
        (
            "MusicBee",
            "Title\tArtist\tAlbum\tTime\tTrack#\tDisc#\nSong\tOne\tDisc\t3:45\t3\t1\n",
            {"artists": ("One",), "duration_ms": 225_000, "track_number": 3, "disc_number": 1},
        ),
        (
            "the iTunes API",
            "trackName,artistName,collectionName,trackTimeMillis\nSong,One,Disc,225000\n",
            {"artists": ("One",), "duration_ms": 225_000},
        ),
        ("ListenBrainz", "recording_name,artist_name,release_name\nSong,One,Disc\n", {"artists": ("One",)}),
        (
            "units behind the names",
            "\U0001f3b5 Song Title (Original),Artist (Main),Album,\u23f1\ufe0f Duration [mm:ss]\nSong,One,Disc,3:45\n",
            {"artists": ("One",), "duration_ms": 225_000},
        ),
        ("R", 'title,artist,album\n"1","Song","One","Disc"\n', {"artists": ("One",)}),
        ("a release", "title,artist,release\nSong,One,Disc\n", {"artists": ("One",)}),
        ("an object", 'title,artists,album\nSong,"{""name"": ""One""}",Disc\n', {"artists": ("One",)}),
        ("a list with nothing in it", "title,artists,album\nSong,\"['One', None]\",Disc\n", {"artists": ("One",)}),
        ("guests", "title,artist,album,featured artists\nSong,One,Disc,Two\n", {"artists": ("One", "Two")}),
        (
            "an API in Python's words",
            "title,artists,album\nSong,\"[{'id': 1, 'name': 'One'}, {'name': \"\"D'Or\"\"}]\",Disc\n",
            {"artists": ("One", "D'Or")},
        ),
        (
            "a list drawn as a table",
            "| title | artist | album |\n|---|:---:|---|\n| Song | One | Disc |\n",
            {"artists": ("One",)},
        ),
        (
            "a database",
            "+-----+\n| title | artist | album |\n+---+---+---+\n| Song  | One    | Disc  |\n+-------+---+----+\n",
            {"artists": ("One",)},
        ),
        ("files that were joined", "title,artist,album\nTitle,Artist,Album\nSong,One,Disc\n", {"artists": ("One",)}),
        (
            "a spreadsheet that did not divide its lines",
            '"title,artist,album"\r\n"Song,""One"",Disc";;\r\n',
            {"artists": ("One",)},
        ),
    ],
)
def test_column_names_and_formats_of_many_programs_are_recognized(
    tmp_path: Path, name: str, content: str, expected: dict[str, object]
) -> None:
    loaded = load(tmp_path, content)
    (track,) = loaded.library.tracks
    assert (track.title, track.album) == ("Song", "Disc"), name
    assert {field: getattr(track, field) for field in expected} == expected
    assert loaded.notices == ()


def test_mix_name_column_is_appended_to_the_title(tmp_path: Path) -> None:
    rows = "Drift,Extended Mix\nMint (VIP),vip\nHalo,\n"
    tracks = load(tmp_path, f"Track Title,Mix Name\n{rows}").library.tracks
    assert [(track.title, track.facets) for track in tracks] == [
        ("Drift (Extended Mix)", {}),
        ("Mint (VIP)", {}),
        ("Halo", {}),
    ]


def test_nested_objects_of_an_api_response_are_read_by_name(tmp_path: Path) -> None:
    nested = {
        "name": "Song",
        "artists": [{"name": "One"}, {"name": "Two"}],
        "album": {"name": "Disc"},
        "duration_ms": 1,
    }
    row = {"added_at": "2020-01-01", "track": nested, "links": {"a": 1}}
    loaded = load(tmp_path, json.dumps(row), "t.jsonl")
    (track,) = loaded.library.tracks
    assert (track.title, track.artists, track.album, track.added_at) == ("Song", ("One", "Two"), "Disc", "2020-01-01")
    assert loaded.notices == ("t.jsonl: the column 'links' contains lists and was left out.",)


def test_durations_that_a_spreadsheet_stored_as_hours_are_read_as_minutes(tmp_path: Path) -> None:
    rows = [("3:45:00", 225_000), ("4:05:00", 245_000), ("2:59:00", 179_000)]
    tracks = load(tmp_path, "title,length\n" + "".join(f"A,{text}\n" for text, _ in rows)).library.tracks
    assert [track.duration_ms for track in tracks] == [duration_ms for _, duration_ms in rows]
    mixes = load(tmp_path, "title,length\nA,1:00:00\nB,2:00:00\nC,1:30:10\n").library.tracks
    assert [track.duration_ms for track in mixes] == [3_600_000, 7_200_000, 5_410_000]


def test_vectors_are_read_from_an_npy_file_next_to_the_table(tmp_path: Path) -> None:
    np.save(tmp_path / "t.npy", np.arange(6, dtype=np.float64).reshape(3, 2))
    vectors = load(tmp_path, "title\nA\nB\nC\n").vectors
    assert vectors is not None
    assert vectors.value.dtype == np.float32
    assert vectors.value.tolist() == [[0, 1], [2, 3], [4, 5]]


@pytest.mark.parametrize("scale", [1e200, 1e30, 1e-30, 1e-300])
def test_vectors_are_scaled_so_that_their_squares_do_not_overflow(tmp_path: Path, scale: float) -> None:
    array = np.array([[1, 2], [3, -4], [0, 1]])
    np.save(tmp_path / "t.npy", array * scale)
    vectors = load(tmp_path, "title\nA\nB\nC\n").vectors
    assert vectors is not None
    largest = np.abs(vectors.value).max()
    assert 0.5 <= largest <= 1
    np.testing.assert_allclose(vectors.value / largest, array / 4, rtol=1e-6)


def test_smallest_int64_is_scaled_without_overflow(tmp_path: Path) -> None:
    least = np.iinfo(np.int64).min
    np.save(tmp_path / "t.npy", np.array([[least, 0], [0, least]]))
    vectors = load(tmp_path, "title\nA\nB\n").vectors
    assert vectors is not None
    assert vectors.value.tolist() == [[-0.5, 0], [0, -0.5]]


@pytest.mark.parametrize(
    "array",
    [
        np.array([[1e30, 0], [0, 1e30], [1, 1]]),
        np.zeros((2, 2)),
        np.zeros(3),
        np.zeros((3, 2, 1)),
        np.array([["a", "b"]] * 3),
        np.full((3, 2), np.nan),
        np.eye(3, 2),
    ],
)
def test_invalid_vector_files_are_refused(tmp_path: Path, array: np.ndarray) -> None:
    np.save(tmp_path / "t.npy", array)
    vectors = load(tmp_path, "title\nA\nB\nC\n").vectors
    assert vectors is not None
    with pytest.raises(SourceError, match=r"t\.npy|t\.csv"):
        _ = vectors.value


@pytest.mark.parametrize("text", ["", "x", "1 2 3"])
def test_empty_or_mismatched_vector_is_refused(tmp_path: Path, text: str) -> None:
    vectors = load(tmp_path, f"title,vector\nA,1 2\nB,{text}\n").vectors
    assert vectors is not None
    with pytest.raises(SourceError, match="vector"):
        _ = vectors.value


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        ("artist\nA\n", "t.csv", "no column 'title'"),
        ("title\n", "t.csv", "no rows"),
        ("", "t.csv", "no column 'title'"),
        ("title,x\nA,1,2\n", "t.csv", "line 2"),
        ("{", "t.jsonl", "line 1"),
        ("[1]\n", "t.jsonl", "does not list tracks"),
        ("[1]\n", "t.json", "does not list tracks"),
        ('{"a": [{"b": 1}]}', "t.json", "does not list tracks"),
        ("\x01\x02" * 100, "t.csv", "is not text"),
        (b"ID3\x03" + b"\0" * 50, "t.csv", "is an audio file"),
        (b"\xff\xfe\x00", "t.csv", "no column 'title'"),
        (b"PK\x03\x04", "t.csv", "Excel workbook"),
        (b"PAR1", "t.parquet", "Parquet"),
        ("title\nA\n", "t.xlsx", "not a supported table"),
        ('"Title\nof song",artist\nA,B,C\n', "t.csv", "line 3: 3 fields"),
    ],
)
def test_unreadable_table_is_reported_with_its_location(
    tmp_path: Path, content: str | bytes, name: str, words: str
) -> None:
    with pytest.raises(SourceError, match=words):
        load(tmp_path, content, name)


def test_missing_table_is_reported(tmp_path: Path) -> None:
    with Cache.open(tmp_path / "cache") as cache, pytest.raises(SourceError, match="does not exist"):
        TableSource(tmp_path / "t.csv").load(LoadContext(cache, no_probe, 1, lambda done, total: None))


def test_table_with_coordinates_cannot_be_merged_with_other_sources(tmp_path: Path) -> None:
    projected = load(tmp_path, "title,x,y\nA,1,1\n")
    plain = load(tmp_path, "title,path\nA,\n")
    with pytest.raises(ConfigError, match="same map"):
        merge([projected, plain])


def test_track_from_two_sources_is_merged(tmp_path: Path) -> None:
    part = load(tmp_path, "id,title,playlists\n1,A,P\n2,B,P\n")
    both = merge([part, part]).library
    assert [track.id for track in both.tracks] == ["1", "2"]
    assert len({playlist.id for playlist in both.playlists}) == 2


EXPORTED = "title,artists,album,year,duration_ms,id,spotify,youtube_music"


@pytest.mark.parametrize(
    ("cell", "title"),
    [
        ("'=1+1", "=1+1"),
        ("''=1+1", "'=1+1"),
        ('"A; \'@B"', "A; @B"),
        ('"A;""\'=1"', 'A;"=1'),
        ('"A, \'-1"', "A, -1"),
        ("'Tis", "'Tis"),
        ("It's a '-1", "It's a '-1"),
    ],
)
def test_exported_list_is_read_back_unchanged(tmp_path: Path, cell: str, title: str) -> None:
    (tmp_path / "list.csv").write_text(f'\ufeff{EXPORTED}\r\n{cell},"Mara; \'-Jun",,1999,185400,t1,,\r\n', newline="")
    read = read_columns(tmp_path / "list.csv", lambda _: True).columns
    assert (read["title"], read["artists"], read["year"], read["id"]) == ([title], ["Mara; -Jun"], ["1999"], ["t1"])


@pytest.mark.parametrize("header", [f"{EXPORTED},path", ",".join(TABLE_COLUMNS), ",".join((*TABLE_COLUMNS, "tempo"))])
def test_exported_map_and_list_with_paths_are_read_back_unchanged(tmp_path: Path, header: str) -> None:
    names = header.split(",")
    cells = ["'=1+1" if name == "title" else "" for name in names]
    (tmp_path / "list.csv").write_text(f"{header}\n{','.join(cells)}\n")
    assert read_columns(tmp_path / "list.csv", lambda _: True).columns["title"] == ["=1+1"]


def test_escaped_column_names_are_read_back_unchanged(tmp_path: Path) -> None:
    header = ",".join((*TABLE_COLUMNS, "'=mood"))
    (tmp_path / "list.csv").write_text(f"{header}\n{',' * len(TABLE_COLUMNS)}soft\n")
    assert read_columns(tmp_path / "list.csv", lambda _: True).columns["=mood"] == ["soft"]


def test_leading_apostrophe_is_kept_in_other_tables(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("title,artists\n'=1+1,Mara\n")
    assert read_columns(tmp_path / "list.csv", lambda _: True).columns["title"] == ["'=1+1"]


PLAIN = "title,artists,x,y,energy\nÉté,Béla,0.5,-1.25,0.125\nB,Béla,2,4.5,1\n"
SPREADSHEET = "title;artists;x;y;energy\nÉté;Béla;0,5;-1,25;0,125\nB;Béla;2;4,5;1\n"


@pytest.mark.parametrize(
    "content",
    [
        "sep=,\n" + PLAIN,
        '"sep=;"\r\n' + SPREADSHEET,
        "\ufeffSEP=\t\n" + PLAIN.replace(",", "\t"),
        PLAIN.replace("\n", ",,\n"),
        PLAIN.replace("energy\n", "energy,,,\n"),
        PLAIN.replace("\nB", ",,\nB") + ",,,,,,\n , ,\n",
        "\n,,,,\n" + PLAIN,
        PLAIN.replace(",", ", "),
        PLAIN.replace("Été,Béla", '"Été", "Béla"'),
        PLAIN.replace("\n", "\r"),
        PLAIN.replace(",", "|"),
        PLAIN.encode("utf-16"),
        PLAIN.encode("utf-16-le"),
        PLAIN.encode("cp1252"),
        SPREADSHEET,
        SPREADSHEET.encode("cp1252"),
        SPREADSHEET.encode("utf-16-be"),
        '"title";"artists";"x";"y";"energy"' + SPREADSHEET.partition("energy")[2],
        "Unnamed: 0," + PLAIN.replace("\nÉ", "\n0,É").replace("\nB", "\n1,B"),
    ],
)
def test_table_reads_the_same_in_every_spreadsheet_format(tmp_path: Path, content: str | bytes) -> None:
    loaded, plain = load(tmp_path, content), load(tmp_path, PLAIN)
    assert loaded.library == plain.library
    assert loaded.notices == (
        (f"{tmp_path}/t.csv is not UTF-8 and was read as Windows-1252. If names look odd, save it as UTF-8.",)
        if isinstance(content, bytes) and b"\xe9t\xe9;" in content + b"\xe9t\xe9;" and b"\xc9t\xe9" in content
        else ()
    )


@pytest.mark.parametrize("word", ["NaN", "N/A", "null", "None", "-", "", "NA"])
def test_placeholder_for_missing_is_a_gap_in_numbers_and_text_in_titles(tmp_path: Path, word: str) -> None:
    content = f"title,artists,x,y,bpm\nNull,N/A,1,1,{word}\nB,X,2,2,120\nC,X,3,3,98.5\n"
    tracks = load(tmp_path, content).library.tracks
    assert [track.facets for track in tracks] == [{}, {"bpm": 120.0}, {"bpm": 98.5}]
    assert (tracks[0].title, tracks[0].artists) == ("Null", ("N/A",))


def test_first_value_wins_among_columns_of_the_same_name_with_a_notice(tmp_path: Path) -> None:
    loaded = load(tmp_path, "title,Mood,artist,mood,MOOD\nA,,X,calm,sad\nB,glad,Y,sad,\n")
    assert [track.facets["mood"] for track in loaded.library.tracks] == ["calm", "glad"]
    notice = f"{tmp_path}/t.csv has several columns named 'mood': of each row, the first value was used."
    assert loaded.notices == (notice,)


def test_nan_in_json_and_parquet_is_missing(tmp_path: Path) -> None:
    rows = [{"title": "A", "artists": None, "energy": 0.5}, {"title": "B", "energy": float("nan")}]
    lines = load(tmp_path, "\n".join(map(json.dumps, rows)), "t.jsonl").library
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "source.parquet")
    parquet = load(tmp_path, (tmp_path / "source.parquet").read_bytes(), "t.parquet").library
    assert [track.facets for track in lines.tracks] == [{"energy": 0.5}, {}]
    assert lines.tracks == parquet.tracks


def test_year_too_far_in_the_future_is_dropped(tmp_path: Path) -> None:
    last = latest_release_year()
    loaded = load(tmp_path, f"title,year\nA,{last}\nB,{last + 5}-01-01\nC,1999\nD,2999\n")
    assert [track.year for track in loaded.library.tracks] == [last, None, 1999, None]
    notice = f"t.csv: 2 values of the column 'year' could not be read, such as '{last + 5}-01-01'."
    assert loaded.notices == (notice,)


def test_unparsable_values_are_counted_and_reported(tmp_path: Path) -> None:
    rows = "".join(f"S{number},{number},3:45,2020-01-01\n" for number in range(40))
    loaded = load(tmp_path, f"title,bpm,duration,added_at\nA,fast,soon,once\nB,slow,4:00,2020-13-01\n{rows}")
    assert loaded.notices == (
        "t.csv: A value of the column 'duration' could not be read, such as 'soon'.",
        "t.csv: 2 values of the column 'added_at' could not be read, such as 'once'.",
        "t.csv: 2 values of the column 'bpm' could not be read, such as 'fast'.",
    )
    a, b, *others = loaded.library.tracks
    assert (a.duration_ms, b.duration_ms, b.added_at, a.facets) == (None, 240_000, "", {})
    assert {(track.duration_ms, track.added_at) for track in others} == {(225_000, "2020-01-01")}


def test_text_column_stays_text_whatever_its_name(tmp_path: Path) -> None:
    (track,) = load(tmp_path, "title,mood,duration,time\nA,N/A,long,evening\n").library.tracks
    assert track.facets == {"mood": "N/A", "duration": "long", "time": "evening"}


@pytest.mark.parametrize(
    ("name", "values", "durations"),
    [
        ("duration", ["215", "180"], [215_000, 180_000]),
        ("duration", ["215000", "180000"], [215_000, 180_000]),
        ("duration_s", ["215,5", "180"], [215_500, 180_000]),
        ("Duration (min)", ["3.5", "3:30"], [210_000, 210_000]),
        ("Time", ["3:35", "3:00"], [215_000, 180_000]),
        ("Time", ["215", "180"], [215_000, 180_000]),
        ("Time", ["13:35", "22:10"], [None, None]),
        ("Time", ["6:00", "6:04", "6:09"], [None] * 3),
        ("Length", ["3:35", "3:00"], [215_000, 180_000]),
        ("Length", ["12", "9"], [None, None]),
    ],
)
def test_duration_unit_is_inferred_from_name_and_values(
    tmp_path: Path, name: str, values: list[str], durations: list[int | None]
) -> None:
    rows = "".join(f'S{number},"{value}"\n' for number, value in enumerate(values))
    tracks = load(tmp_path, f"title,{name}\n{rows}").library.tracks
    assert [track.duration_ms for track in tracks] == durations
    assert all(name.lower() in track.facets for track in tracks) == (durations[0] is None)


@pytest.mark.parametrize("above", ["Shazam Library\n", "Table 1\r\n\r\n", '"My songs",,,\n'])
def test_text_above_the_header_is_reported(tmp_path: Path, above: str) -> None:
    loaded = load(tmp_path, f"{above}Title,Artist\nA,B\n")
    assert [(track.title, track.artists) for track in loaded.library.tracks] == [("A", ("B",))]
    title = above.strip('\r\n,"')
    assert loaded.notices == (f"{tmp_path}/t.csv: the text above the column names was left out: '{title}'.",)
    with pytest.raises(SourceError, match=f"line {above.count(chr(10)) + 2}: 3 fields"):
        load(tmp_path, f"{above}Title,Artist\nA,B,C\n")


@pytest.mark.parametrize(
    "path", ["file:///Users/secret/a.mp3", "/home/secret/a.mp3", "C:\\secret\\a.mp3", "Macintosh HD:secret:a.mp3"]
)
def test_columns_of_file_paths_are_dropped_with_a_notice(tmp_path: Path, path: str) -> None:
    loaded = load(tmp_path, f"title,Location,mood\nA,{path},a/b\n")
    assert "secret" not in repr(loaded)
    assert loaded.library.tracks[0].facets == {"mood": "a/b"}
    assert loaded.notices == ("t.csv: the column 'location' contains paths and was left out.",)


def test_placeholder_for_missing_is_not_a_playlist_name(tmp_path: Path) -> None:
    library = load(tmp_path, "title,playlists,genres\nA,NA,NaN\nB,None,pop\n").library
    assert [playlist.name for playlist in library.playlists] == ["None"]
    assert [track.genres for track in library.tracks] == [(), ("pop",)]


def test_ambiguous_dates_are_reported(tmp_path: Path) -> None:
    loaded = load(tmp_path, "title,Date added\nA,3/4/2021\n")
    assert loaded.library.tracks[0].added_at == "2021-03-04"
    assert loaded.notices == ("t.csv: dates of the column 'date added' such as 3/4/2021 were read as month/day/year.",)


SPOTIFY_ID = "5SuOikwiRyPMVoIQDJUgS0"
URI = f"spotify:track:{SPOTIFY_ID}"


@pytest.mark.parametrize(
    ("content", "playlists"),
    [
        (
            (
                "\ufeffTrack name,Artist name,Album,Playlist name,Type,ISRC,Spotify - id\n"
                f'"Song","Artist, 0","Album","Road trip","Playlist","USABC9912340","{SPOTIFY_ID}"\n'
            ),
            ["Road trip"],
        ),
        (
            (
                "title;artist;album;isrc;addedDate;addedBy;duration;url\n"
                f"Song;Artist, 0;Album;USABC9912340;2019-01-02;secret;225s;https://open.spotify.com/track/{SPOTIFY_ID}\n"
            ),
            [],
        ),
        (f"id,name,artists,album,isrc\n{SPOTIFY_ID},Song,\"['Artist, 0']\",Album,USABC9912340\n", []),
        (
            (
                "Name,Track URI,Track Name,Artist URI(s),Artist Name(s),Album Name,ISRC,Added By\n"
                f"Road trip,{URI},Song,spotify:artist:a,Artist\\, 0,Album,USABC9912340,spotify:user:secret\n"
            ),
            ["Road trip"],
        ),
    ],
)
def test_tables_of_playlist_exporters_are_read(tmp_path: Path, content: str, playlists: list[str]) -> None:
    loaded = load(tmp_path, content.replace("Artist\\, 0", '"Artist\\, 0"'))
    (track,) = loaded.library.tracks
    assert (track.id, track.title, track.artists, track.album) == (URI, "Song", ("Artist, 0",), "Album")
    assert track.isrc == "USABC9912340"
    assert [playlist.name for playlist in loaded.library.playlists] == playlists
    assert "secret" not in repr(loaded)


@pytest.mark.parametrize("plays", ["1,234", "1.234", "1 234", "1234", "1234.0"])
def test_grouped_counts_are_read_as_integers(tmp_path: Path, plays: str) -> None:
    (track,) = load(tmp_path, f"title;Plays\nA;{plays}\n").library.tracks
    assert track.play_count == 1234


def test_track_in_several_playlists_is_one_track(tmp_path: Path) -> None:
    header = "Track name,Artist name,Playlist name,Spotify - id"
    library = load(tmp_path, f"{header}\nSong,A,One,{SPOTIFY_ID}\nSong,A,Two,{SPOTIFY_ID}\nSong,A,Two,\n").library
    assert [track.id for track in library.tracks][:1] == [URI]
    assert len(library.tracks) == 2
    lists = {playlist.name: len(playlist.track_ids) for playlist in library.playlists}
    assert lists == {"One": 1, "Two": 2}
    assert len(load(tmp_path, f"title,id,x,y\nSong,{SPOTIFY_ID},1,1\nSong,{SPOTIFY_ID},2,2\n").library.tracks) == 2


def test_url_of_another_service_is_not_an_id(tmp_path: Path) -> None:
    rows = f"Song;A;https://open.spotify.com/track/{SPOTIFY_ID}?si=1\nOther;A;https://www.deezer.com/track/1\n"
    song, other = load(tmp_path, f"title;artist;url\n{rows}").library.tracks
    assert (song.id, other.id[:6]) == (URI, "table:")
    (only,) = load(tmp_path, "title;url\nOther;https://www.deezer.com/track/1\n").library.tracks
    assert only.facets == {"url": "https://www.deezer.com/track/1"}


def test_unnamed_columns_are_dropped_and_all_but_an_index_are_reported(tmp_path: Path) -> None:
    loaded = load(tmp_path, ",track_name,\n0,A,x\n1,B,y\n")
    assert [track.title for track in loaded.library.tracks] == ["A", "B"]
    assert loaded.notices == (f"{tmp_path}/t.csv: 1 column without a name was left out.",)


def test_undecodable_characters_are_reported(tmp_path: Path) -> None:
    loaded = load(tmp_path, ("title,artists\n" + "Été à Málaga,Béla Björk\n" * 50 + "Café").encode()[:-1])
    assert loaded.library.tracks[-1].title == "Caf\ufffd"
    assert loaded.notices == (f"{tmp_path}/t.csv is damaged: characters that cannot be read (1) are shown as \ufffd.",)


def test_lone_surrogate_is_replaced(tmp_path: Path) -> None:
    (track,) = load(tmp_path, '{"title": "a\\ud83d", "mood": "\\ud83d\\ude00"}\n', "t.jsonl").library.tracks
    assert (track.title, track.facets) == ("a\ufffd", {"mood": "\U0001f600"})


TWO_SONGS: Final = [("A", ("B",)), ("C", ("D",))]


@pytest.mark.parametrize(
    "content",
    [
        "'title','artist'\n'A','B'\n'C','D'\n",
        'title,artist\n="A","=""B"""\nC,="D"\n',
        "\u200btitle\u200b,artist\u00a0\nA,B\nC,D\n",
        "ｔｉｔｌｅ,ａｒｔｉｓｔ\nA,B\nC,D\n",
        ",,Track,,\ntitle,artist,,,\nA,B,,,\nC,D,,,\n",
        "# exported by me, in May\ntitle,artist\nA,B\nC,D\n",
        "Playlist:,My list\nOwner:,me\n\ntitle,artist\nA,B\nC,D\n",
    ],
)
def test_quirks_of_exporters_do_not_change_what_is_read(tmp_path: Path, content: str) -> None:
    assert [(track.title, track.artists) for track in load(tmp_path, content).library.tracks] == TWO_SONGS


@pytest.mark.parametrize(
    ("cells", "title", "artists"),
    [
        ('"A \\"x\\" B",C', 'A "x" B', ("C",)),
        ('"A \\"x\\"",C', 'A "x"', ("C",)),
        ('"\\"x\\" A",""', '"x" A', ()),
        ('12\\" Mix,C', '12" Mix', ("C",)),
        ('Mix 12\\",C', 'Mix 12"', ("C",)),
        ('"C:\\","D\\E"', "C:\\", ("D\\E",)),
        ("A,\\N", "A", ()),
        ('"A ""x"" \\",C', 'A "x" \\', ("C",)),
        ("Rock &amp; Roll,Simon &amp; Ash", "Rock & Roll", ("Simon & Ash",)),
        ("R&B;C", "R&B;C", ()),
        ("AC\\DC,Me", "AC\\DC", ("Me",)),
    ],
)
def test_escapes_of_other_formats_are_decoded(tmp_path: Path, cells: str, title: str, artists: tuple[str, ...]) -> None:
    (track,) = load(tmp_path, f"title,artist\n{cells}\n").library.tracks
    assert (track.title, track.artists) == (title, artists)


def test_unclosed_quotation_mark_is_reported(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="the quotation mark before 'A,B' is not closed"):
        load(tmp_path, 'title,artist\n"A,B\nC,D\nE,F\n')


@pytest.mark.parametrize(
    "content",
    [
        'title,artist,comment,rating\nA,B,"x\ny",\n',
        'title;artist;comment;rating;mood\nA;B;"x\ny" ;;\n\n',
        "'title','artist','comment'\n'A','B','x\ny'\n",
    ],
)
def test_multiline_last_row_is_not_an_unclosed_quotation_mark(tmp_path: Path, content: str) -> None:
    loaded = load(tmp_path, content)
    assert [(track.title, track.artists) for track in loaded.library.tracks] == [("A", ("B",))]
    assert loaded.notices == ()


def test_titles_that_look_like_column_names_are_kept(tmp_path: Path) -> None:
    loaded = load(tmp_path, "title,mood\nA,calm\nYear,Time\n")
    assert [track.title for track in loaded.library.tracks] == ["A", "Year"]


def test_field_that_swallowed_rows_is_reported(tmp_path: Path) -> None:
    loaded = load(tmp_path, 'title,artist\n"A,B\nC,D\n"E",F\n')
    assert loaded.notices == (f"{tmp_path}/t.csv: the field that begins with 'A,B' may lack a quotation mark.",)


@pytest.mark.parametrize("isrc", ["usrc11111111", "US-RC1-11-11111", "US RC1 11 11111"])
def test_isrc_is_normalized(tmp_path: Path, isrc: str) -> None:
    (track,) = load(tmp_path, f"title,isrc\nA,{isrc}\n").library.tracks
    assert track.isrc == "USRC11111111"


def test_columns_with_personal_data_are_dropped(tmp_path: Path) -> None:
    (track,) = load(
        tmp_path, "title,IP Address,Client IP,E-Mail,Device Id,mood\nA,1.2.3.4,::1,a@b.c,d,calm\n"
    ).library.tracks
    assert track.facets == {"mood": "calm"}


@pytest.mark.parametrize(
    ("suffix", "hint"),
    [
        (".xlsx", "CSV"),
        (".ods", "CSV"),
        (".json", "Export it again"),
        (".nml", "M3U"),
        (".gz", "Unpack"),
        (".fpl", ".m3u8"),
        (".xml", "M3U"),
        (".zip", "takeout:"),
    ],
)
def test_unsupported_file_format_gets_a_hint(tmp_path: Path, suffix: str, hint: str) -> None:
    with pytest.raises(SourceError) as raised:
        load(tmp_path, "x", f"t{suffix}")
    assert hint in raised.value.hint


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ('{"title":"A","artist":"B"}\n{"title":"C","artist":"D"}\n', "JSON"),
        ('[{"title":"A","artist":"B"}]', "JSON"),
        ("<!DOCTYPE html>\n<html><head><title>Sign in, please</title></head></html>", "HTML"),
        ('<?xml version="1.0"?><plist version="1.0"><dict></dict></plist>', "XML"),
        ("{\\rtf1\\ansi title,artist\\par A,B}", "RTF"),
        ("#EXTM3U\n#EXTINF:1,A - B\nx.mp3\n", "M3U"),
    ],
)
def test_other_text_formats_are_recognized_and_refused(tmp_path: Path, content: str, kind: str) -> None:
    with pytest.raises(SourceError, match=kind):
        load(tmp_path, content)
