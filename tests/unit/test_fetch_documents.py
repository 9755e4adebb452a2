"""Tables in JSON documents of services and programs, and plain lists with one track per line."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from spotmap_build.errors import SourceError
from spotmap_build.fetch.source import Loaded
from tests.unit.test_fetch_table import load

URI = "spotify:track:4uLU6hMCjMI75M1A2tKUQC"


def rows(loaded: Loaded) -> list[tuple[str, str, int | None]]:
    return [(track.title, ";".join(track.artists), track.duration_ms) for track in loaded.library.tracks]


DOCUMENTS: dict[str, tuple[Any, list[tuple[str, str, int | None]]]] = {
    "a list": (
        [{"title": "S", "artist": "A", "duration": 225}, {"title": "T"}],
        [("S", "A", 225_000), ("T", "", None)],
    ),
    "an object with a list": ({"tracks": [{"title": "S", "artist": ["A", "B"]}]}, [("S", "A;B", None)]),
    "one object": ({"title": "Song", "artist": "Ada"}, [("Song", "Ada", None)]),
    "objects by number": (
        {str(row): {"title": f"S{row}", "artist": "A"} for row in (1, 2)},
        [("S1", "A", None), ("S2", "A", None)],
    ),
    "columns": ({"title": ["S", "T"], "artist": ["A", "B"]}, [("S", "A", None), ("T", "B", None)]),
    "columns by row": (
        {"title": {"0": "S", "1": "T"}, "artist": {"0": "A", "1": "B"}},
        [("S", "A", None), ("T", "B", None)],
    ),
    "names and data": ({"columns": ["title", "artist"], "index": [0], "data": [["S", "A"]]}, [("S", "A", None)]),
    "names and rows": ([["title", "artist"], ["S", "A"]], [("S", "A", None)]),
    "tracks in albums of artists": (
        {
            "library": {
                "artists": [{"name": "A", "albums": [{"title": "D", "tracks": [{"title": "S"}, {"title": "T"}]}]}]
            }
        },
        [("S", "", None), ("T", "", None)],
    ),
    "tracks of two albums": (
        {"albums": [{"title": "D", "tracks": [{"title": "S"}]}, {"title": "E", "tracks": [{"title": "T"}]}]},
        [("S", "", None), ("T", "", None)],
    ),
    "artists from the second track on": (
        {"a": [{"title": "S"}, {"title": "T", "artist": "A"}], "b": [{"title": "U", "artist": "B"}]},
        [("S", "", None), ("T", "A", None), ("U", "B", None)],
    ),
    "lines": (["A - S", "B - T"], [("S", "A", None), ("T", "B", None)]),
    "artists within a track": (
        {"recordings": [{"title": "S", "length": 225_000, "artist-credit": [{"name": "A", "artist": {"name": "A"}}]}]},
        [("S", "A", 225_000)],
    ),
    "tracks within rows": (
        {"items": [{"created": "2020", "item": {"title": "S", "duration": 225, "artists": [{"id": 1, "name": "A"}]}}]},
        [("S", "A", 225_000)],
    ),
    "a service's page": (
        {"data": [{"title": "S", "duration": 224, "artist": {"name": "A"}, "album": {"title": "B"}}], "total": 1},
        [("S", "A", 224_000)],
    ),
    "Spotify's API": (
        {
            "items": [
                {
                    "added_at": "2020-01-01",
                    "track": {"name": "S", "uri": URI, "artists": [{"name": "A"}, {"name": "B"}]},
                }
            ]
        },
        [("S", "A;B", None)],
    ),
    "a media server": (
        {"Items": [{"Name": "S", "RunTimeTicks": 2_250_000_000, "Artists": ["A"]}]},
        [("S", "A", 225_000)],
    ),
    "plays": (
        [
            {"endTime": f"2020-01-0{day} 10:00", "artistName": "A", "trackName": "S", "msPlayed": 200_000}
            for day in (1, 2, 3)
        ],
        [("S", "A", None)],
    ),
}


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("name", ["t.json", "t.jsonl"])
@pytest.mark.parametrize(("document", "expected"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_tracks_of_a_json_document_are_read(
    tmp_path: Path, document: Any, expected: list[tuple[str, str, int | None]], name: str, indent: int | None
) -> None:
    if isinstance(document, dict) and name == "t.jsonl":
        indent = 1  # an object in one line is a row
    assert rows(load(tmp_path, json.dumps(document, indent=indent), name)) == expected


def test_lists_in_a_json_document_are_playlists(tmp_path: Path) -> None:
    lists = [
        {"name": name, "tracks": [{"title": title, "artist": "A"}]} for name, title in (("One", "S"), ("Two", "T"))
    ]
    library = load(tmp_path, json.dumps({"playlists": lists}), "t.json").library
    assert {playlist.name: len(playlist.track_ids) for playlist in library.playlists} == {"One": 1, "Two": 1}


def test_json_lines_are_read_from_a_file_named_json(tmp_path: Path) -> None:
    content = '{"title": "S"},\n{"title": "T"},\n'
    assert rows(load(tmp_path, content, "t.jsonl")) == [("S", "", None), ("T", "", None)]
    assert rows(load(tmp_path, '{"title": "S"}\n{"title": "T"}\n', "t.json")) == [("S", "", None), ("T", "", None)]


@pytest.mark.parametrize("content", ["[" * 100_000, '[{"title": "S"}', "{}", "[]", "7", '{"a": {"b": "c"}}'])
def test_json_without_tracks_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(SourceError, match=r"t\.json (?:is not JSON|does not list tracks)"):
        load(tmp_path, content, "t.json")


@pytest.mark.parametrize(
    "content",
    [
        "Daft Punk - One, More Time\nMoby \N{EN DASH} Porcelain\n",
        "\n1. Daft Punk - One, More Time\n2. Moby - Porcelain\n",
        "# my list\n00:00 Daft Punk - One, More Time\n1:05:20 Moby - Porcelain\n",
        '"Daft Punk - One, More Time"\n"Moby - Porcelain"\n',
        "- Daft Punk - One, More Time\n- Moby - Porcelain\n",
        "Artist - Title\nDaft Punk - One, More Time\nMoby - Porcelain\n",
        "Title - Artist\nOne, More Time - Daft Punk\nPorcelain - Moby\n",
        'title\nDaft Punk - "One, More Time"\nMoby - Porcelain\n'.replace('"', ""),
        'Track Name,Last Played Date\n"Daft Punk - One, More Time",1\nMoby - Porcelain,1\n',
    ],
)
@pytest.mark.parametrize("name", ["t.txt", "t.csv"])
def test_lines_of_artist_and_title_are_tracks(tmp_path: Path, content: str, name: str) -> None:
    if content.startswith("title\n"):
        content = content.replace("One, More", "One More")
    loaded = load(tmp_path, content, name)
    found = [(title.replace(",", ""), artist) for title, artist, _ in rows(loaded)]
    assert found == [("One More Time", "Daft Punk"), ("Porcelain", "Moby")]
    assert any("artist and title" in notice for notice in loaded.notices)


def test_title_with_a_dash_is_not_split_if_there_are_artists(tmp_path: Path) -> None:
    assert rows(load(tmp_path, "title,artist\nSong - Live,A\n")) == [("Song - Live", "A", None)]


@pytest.mark.parametrize("end", ["\0" * 20, "\x1a", "\r\n\x1a\0"])
def test_padding_at_the_end_of_a_file_is_ignored(tmp_path: Path, end: str) -> None:
    assert rows(load(tmp_path, f"title,artist\nS,A\n{end}")) == [("S", "A", None)]


@pytest.mark.parametrize("end", ["\0" * 20, "\x1a", "\r\n\x1a\0"])
def test_padding_after_a_list_of_captions_is_ignored(tmp_path: Path, end: str) -> None:
    assert rows(load(tmp_path, f"A - S\nB - T\n{end}", "t.txt")) == [("S", "A", None), ("T", "B", None)]


@pytest.mark.parametrize("beginning", ["{\\rtf1\\ansi\n", "<html><body>\n"])
def test_captions_in_a_formatted_text_or_a_page_are_refused(tmp_path: Path, beginning: str) -> None:
    with pytest.raises(SourceError, match="not a table"):
        load(tmp_path, beginning + "Daft Punk - One More Time\n" * 60, "t.txt")


@pytest.mark.parametrize("beginning", ["RIFF RAFF - Tip Toe", "ID3 - Song"])
def test_text_that_begins_like_an_audio_file_is_read(tmp_path: Path, beginning: str) -> None:
    artist, title = beginning.split(" - ")
    assert rows(load(tmp_path, f"{beginning}\nB - T\n", "t.txt")) == [(title, artist, None), ("T", "B", None)]


@pytest.mark.parametrize("song", ["Кукушка", "Ζορμπάς", "České řeči žluťoučký kůň", "שיר", "أغنية", "さくら"])
def test_utf_16_in_any_script_is_text(tmp_path: Path, song: str) -> None:
    content = f"title\tartist\r\n{song}\t{song}\r\n" * 1
    assert rows(load(tmp_path, content.encode("utf-16"), "t.txt")) == [(song, song, None)]


@pytest.mark.parametrize(
    "text",
    [
        "title,artist,playlist,date\nHit,A,P1,2021-01-01\nHit,A,P2,2021-02-01\nHit,A,P3,2021-03-01\nOther,B,P1,2021-01-01\n",
        "date,rank,song,artist\n2021-01-01,1,Hit,A\n2021-01-08,1,Hit,A\n2021-01-15,2,Hit,A\n2021-01-15,1,Other,B\n",
        "title,artist,date\nHit,A,2021-01-01\nHit,A,2021-02-01\nHit,A,2021-03-01\n"
        + "".join(f"Song {row},B,2021-01-01\n" for row in range(4)),
    ],
)
def test_dates_of_playlists_charts_and_lists_are_no_plays(tmp_path: Path, text: str) -> None:
    loaded = load(tmp_path, text)
    assert {title for title, _, _ in rows(loaded)} >= {"Hit"}
    assert len({title for title, _, _ in rows(loaded)}) == len(set(re.findall("Hit|Other|Song [0-9]", text)))
    assert {track.play_count for track in loaded.library.tracks} == {None}


def test_concatenated_files_have_one_header_and_no_byte_order_marks(tmp_path: Path) -> None:
    part = "\ufefftitle,artist\nS,A\n"
    assert rows(load(tmp_path, part + part.replace("S", "T"))) == [("S", "A", None), ("T", "A", None)]


def test_mojibake_and_entities_in_cells_are_repaired(tmp_path: Path) -> None:
    loaded = load(tmp_path, "title,artist\nBj\u00c3\u00b6rk,Beyonc\u00c3\u00a9\nCaf&eacute;,Rock &amp;amp; Roll\n")
    assert rows(loaded) == [("Bj\u00f6rk", "Beyonc\u00e9", None), ("Caf\u00e9", "Rock & Roll", None)]


def test_mojibake_is_repaired_in_a_header_and_in_further_columns(tmp_path: Path) -> None:
    loaded = load(tmp_path, "TÃ­tulo,StÃ¤mning\nS,frÃ¶hlich\nT,frÃ¶hlich\n")
    assert [(track.title, track.facets) for track in loaded.library.tracks] == [
        (title, {"stämning": "fröhlich"}) for title in ("S", "T")
    ]


@pytest.mark.parametrize("name", ["BjÃ¶rk - Joga.mp3", "Björk - Joga.mp3"])
def test_path_is_repaired_only_if_it_does_not_exist(tmp_path: Path, name: str) -> None:
    (tmp_path / "mus").mkdir()
    (tmp_path / "mus" / name).write_bytes(b"audio")
    (track,) = load(tmp_path, "x,y,title,path\n1,2,JÃ³ga,mus/BjÃ¶rk - Joga.mp3\n").library.tracks
    assert track.title == "Jóga"
    assert track.recording is not None
    assert track.recording.path == str(tmp_path / "mus" / name)


def test_existing_path_counts_before_its_repaired_name(tmp_path: Path) -> None:
    for name in ("BjÃ¶rk.mp3", "Björk.mp3"):
        (tmp_path / name).write_bytes(b"audio")
    tracks = load(tmp_path, "x,y,title,path\n1,2,A,BjÃ¶rk.mp3\n3,4,B,Björk.mp3\n").library.tracks
    assert [Path(str(track.recording and track.recording.path)).name for track in tracks] == ["BjÃ¶rk.mp3", "Björk.mp3"]


def test_mojibake_is_repaired_in_json_also_within_lists(tmp_path: Path) -> None:
    loaded = load(tmp_path, json.dumps([{"title": "JÃ³ga", "artists": ["BjÃ¶rk", "O"], "when": "FrÃ¼h"}] * 2), "t.json")
    assert [(track.title, track.artists) for track in loaded.library.tracks] == [("Jóga", ("Björk", "O"))] * 2


@pytest.mark.parametrize(
    ("column", "cells", "lengths_ms"),
    [
        ("duration", ["3.75", "4.5", "5.1"], [225_000, 270_000, 306_000]),
        ("duration", ["3.45", "4.05", "2.59"], [225_000, 245_000, 179_000]),
        ("duration", ["0.00260416666667", "0.00283564814815"], [225_000, 245_000]),
        ("duration", ["225000000", "199000000"], [225_000, 199_000]),
        ("duration_us", ["225000000", "199000000"], [225_000, 199_000]),
        ("duration", ["225000000000", "199000000000"], [225_000, 199_000]),
        ("duration", ["-1", "225"], [None, 225_000]),
        ("duration", ["3.45", "4.05", "2.59", "N/A"], [225_000, 245_000, 179_000, None]),
        ("duration", ["10", "12", "8"], [10_000, 12_000, 8_000]),
        ("length", ["225.5", "199"], [225_500, 199_000]),
        ("length", ["225500", "199000"], [225_500, 199_000]),
        ("length", ["12", "14"], [None, None]),
    ],
)
def test_duration_unit_is_inferred_from_the_magnitude(
    tmp_path: Path, column: str, cells: list[str], lengths_ms: list[int | None]
) -> None:
    content = f"title\t{column}\n" + "".join(f"S{row}\t{cell}\n" for row, cell in enumerate(cells))
    assert [track.duration_ms for track in load(tmp_path, content, "t.tsv").library.tracks] == lengths_ms


def test_rows_with_lists_of_their_own_are_read_in_time_in_proportion(tmp_path: Path) -> None:
    document = [{"title": f"S{row}", "links": [{"site": "x"}]} for row in range(5_000)]
    loaded = load(tmp_path, json.dumps(document), "t.json")
    assert len(loaded.library.tracks) == len(document)
