"""Property tests: for any file, a reader returns a valid library or raises a SpotmapError."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spotmap_build.cache.store import Cache
from spotmap_build.errors import SpotmapError
from spotmap_build.fetch.exports.exportify import ExportifySource
from spotmap_build.fetch.exports.takeout import TakeoutSource
from spotmap_build.fetch.source import LoadContext
from spotmap_build.fetch.tables.table import TableSource
from tests.unit.test_fetch_bounds import refuse, zipped

if TYPE_CHECKING:
    from spotmap_build.fetch.source import LibrarySource

URI = "spotify:track:" + "a" * 22
KEYS = [
    *(
        "tracks",
        "albums",
        "playlists",
        "name",
        "items",
        "track",
        "localTrack",
        "episode",
        "addedDate",
        "artist",
        "album",
    ),
    *("uri", "trackUri", "trackName", "artistName", "albumName", "ms_played", "msPlayed", "incognito_mode"),
    *("spotify_track_uri", "master_metadata_track_name", "master_metadata_album_artist_name", "title", "artists", "x"),
    *("y", "vector", "path", "id", "duration_ms", "play_count", "genres", "year", "explicit", "mood"),
]
ODD_TEXTS = st.sampled_from(
    [
        *(URI, "spotify:local:a:b:c:9", "spotify:local:", "spotify:episode:x", "\ud800", "a\0b", "~nobody", "~"),
        *("1e999", "-1", "NaN", "9" * 400, "0", "2020-01-01", "=1+1", "http://[", "..", "/", "file://", "\u2028"),
        *("ı̇", "²", "٣"),
    ]
)
TEXTS = st.one_of(ODD_TEXTS, st.text(max_size=8))
SCALARS = st.one_of(
    *(st.none(), st.booleans(), st.integers(), st.sampled_from([10**30, -(10**30), 1 << 63, 30_000])),
    *(st.floats(), TEXTS),
)
VALUES = st.one_of(
    SCALARS,
    st.lists(SCALARS, max_size=3),
    st.dictionaries(st.sampled_from(KEYS), SCALARS, max_size=3),
)
ROWS = st.lists(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6), max_size=3)
WORDS = st.integers(0, 9).flatmap(lambda chance: VALUES if chance == 0 else TEXTS)
"""Mostly texts, since otherwise hardly any row would be a track."""


def near(*keys: str) -> st.SearchStrategy[dict[str, Any]]:
    """Return objects with these keys, as Spotify writes them, with arbitrary values."""
    return st.fixed_dictionaries({keys[0]: WORDS}, optional=dict.fromkeys(keys[1:], WORDS))


ITEM = st.fixed_dictionaries(
    {"track": near("trackName", "trackUri", "artistName", "albumName")},
    optional={"localTrack": near("uri"), "episode": VALUES, "addedDate": WORDS},
)
LIST = st.fixed_dictionaries(
    {"name": WORDS, "items": st.lists(ITEM, min_size=1, max_size=4).map(lambda rows: [*rows, None, 1])}
)
PLAY = st.builds(
    lambda row, played: {**row, "ms_played": played},
    near("master_metadata_track_name", "spotify_track_uri", "master_metadata_album_artist_name", "incognito_mode"),
    st.one_of(st.just(99_999), SCALARS),
)
SAVED = near("track", "uri", "artist", "album")
EXPORT_NAMES = ["YourLibrary.json", "Playlist1.json", "StreamingHistory0.json", "Streaming_History_Audio_1.json"]
EXPORTS = st.one_of(
    st.tuples(
        st.just("YourLibrary.json"),
        st.fixed_dictionaries({"tracks": st.lists(SAVED, min_size=1, max_size=3), "albums": VALUES}),
    ),
    st.tuples(st.just("Playlist1.json"), st.fixed_dictionaries({"playlists": st.lists(LIST, min_size=1, max_size=3)})),
    st.tuples(st.just("Streaming_History_Audio_1.json"), st.lists(PLAY, max_size=4).map(lambda rows: rows * 3)),
    st.tuples(st.sampled_from(EXPORT_NAMES), st.one_of(VALUES, ROWS)),
)
CELLS = st.one_of(TEXTS, st.sampled_from([*KEYS, "Track URI", "Track Name", "Artist Name(s)", "Artist URI(s)", "Name"]))
SEPARATORS = st.sampled_from([",", ";", "\t", "\n", "\r\n", '"', "\\,"])


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with Cache.open(tmp_path_factory.mktemp("cache")) as opened:
        yield opened


def check(cache: Cache, make: Callable[[Path], LibrarySource], name: str, content: bytes) -> None:
    """Load a file; if that succeeds, check that the library is consistent and can be serialized."""
    with tempfile.TemporaryDirectory() as folder:
        # The path is a few folders deep so that ".." in a playlist stays within the temporary folder.
        path = Path(folder, "1", "2", "3", name)
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        try:
            loaded = make(path).load(LoadContext(cache, refuse, 1, lambda done, total: None))
        except SpotmapError:
            return
        library = loaded.library
        assert library.tracks
        orjson.dumps(library)
        ids = {track.id for track in library.tracks}
        assert len(ids) == len(library.tracks)
        assert all(track_id in ids for playlist in library.playlists for track_id in playlist.track_ids)
        assert all(failure.track_id in ids for failure in library.failures)


def mutated(content: bytes, changes: list[tuple[int, int]], length: float) -> bytes:
    changed = bytearray(content)
    for position, byte in changes:
        changed[position % len(changed)] = byte
    return bytes(changed[: int(len(changed) * length)])


MUTATIONS: st.SearchStrategy[list[tuple[int, int]]] = st.one_of(
    st.just([]), st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=6)
)
LENGTHS = st.one_of(st.just(1.0), st.just(1.0), st.floats(0, 1))
few = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))


@few
@given(EXPORTS)
def test_takeout_reads_any_json(cache: Cache, export: tuple[str, Any]) -> None:
    name, value = export
    check(cache, TakeoutSource, name, json.dumps(value).encode())


@few
@given(st.lists(EXPORTS, min_size=1, max_size=3), MUTATIONS, LENGTHS)
def test_takeout_reads_any_damaged_zip(
    cache: Cache, files: list[tuple[str, Any]], changes: list[tuple[int, int]], length: float
) -> None:
    content = zipped({f"top/{name}": json.dumps(value).encode() for name, value in files})
    check(cache, TakeoutSource, "export.zip", mutated(content, changes, length))


@few
@given(st.sampled_from([*EXPORT_NAMES, "export.zip"]), st.binary(max_size=200))
def test_takeout_reads_any_bytes(cache: Cache, name: str, content: bytes) -> None:
    check(cache, TakeoutSource, name, content)


@few
@given(st.sampled_from(["list.csv", "lists.zip"]), st.lists(st.one_of(CELLS, SEPARATORS), max_size=40))
def test_exportify_reads_any_text(cache: Cache, name: str, parts: list[str]) -> None:
    content = "".join(parts).encode("utf-8", "surrogatepass")
    check(cache, ExportifySource, name, content if name == "list.csv" else zipped({"a/b.csv": content}))


@few
@given(st.lists(st.lists(CELLS, min_size=5, max_size=5), min_size=1, max_size=4), MUTATIONS, LENGTHS)
def test_exportify_reads_any_rows(
    cache: Cache, rows: list[list[str]], changes: list[tuple[int, int]], length: float
) -> None:
    lines = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    header = "Track URI,Track Name,Artist Name(s),Artist URI(s),Track Duration (ms)"
    content = "\n".join([header, *lines]).encode("utf-8", "replace")
    check(cache, ExportifySource, "list.csv", content)
    check(cache, ExportifySource, "lists.zip", mutated(zipped({"b.csv": content}), changes, length))


@few
@given(st.sampled_from(["t.csv", "t.tsv", "t.m3u", "t.m3u8"]), st.lists(st.one_of(CELLS, SEPARATORS), max_size=40))
def test_tables_read_any_text(cache: Cache, name: str, parts: list[str]) -> None:
    check(cache, TableSource, name, "".join(parts).encode("utf-8", "surrogatepass"))


@few
@given(
    st.lists(st.sampled_from(KEYS), min_size=1, max_size=4, unique=True),
    st.lists(st.lists(TEXTS, min_size=5, max_size=5), max_size=4),
)
def test_tables_read_any_cells(cache: Cache, names: list[str], rows: list[list[str]]) -> None:
    lines = [",".join('"' + cell.replace('"', '""') + '"' for cell in row[: len(names) + 1]) for row in rows]
    check(cache, TableSource, "t.csv", "\n".join([",".join(["title", *names]), *lines]).encode("utf-8", "replace"))


@few
@given(ROWS, MUTATIONS)
def test_tables_read_any_json_lines(cache: Cache, rows: list[Any], changes: list[tuple[int, int]]) -> None:
    content = "\n".join(json.dumps({"title": "A", **row}) for row in rows).encode() + b"\n"
    check(cache, TableSource, "t.jsonl", content)
    check(cache, TableSource, "t.jsonl", mutated(content, changes, 1.0))


@few
@given(st.sampled_from(["t.csv", "t.jsonl", "t.m3u", "t.parquet", "t.xml"]), st.binary(max_size=200))
def test_tables_read_any_bytes(cache: Cache, name: str, content: bytes) -> None:
    check(cache, TableSource, name, content)


@few
@given(
    st.lists(st.one_of(TEXTS, st.sampled_from(["#EXTINF:", "1,", "A - B", "\n", "#PLAYLIST:", "a.ogg"])), max_size=30)
)
def test_m3u_reads_any_entries(cache: Cache, parts: list[str]) -> None:
    check(cache, TableSource, "t.m3u", "".join(parts).encode("utf-8", "replace"))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("YourLibrary.json", b'{"tracks": [{"track": "A", "uri": "' + b"x" * 70_000 + b'"}]}'),
        ("YourLibrary.json", b'{"tracks": [' + b"[" * 100_000),
        ("Playlist1.json", b'{"playlists": [{"name": "\\ud800", "items": [{"track": {"trackName": "\\udfff"}}]}]}'),
        ("StreamingHistory0.json", b'[{"msPlayed": ' + b"9" * 5_000 + b', "trackName": "A"}]'),
        ("StreamingHistory0.json", b'[{"msPlayed": Infinity, "trackName": "A", "artistName": "B"}]'),
        ("YourLibrary.json", '{"tracks": [{"track": "A", "artist": "B"}]}'.encode("utf-16")),
    ],
)
def test_takeout_reads_pathological_json(cache: Cache, name: str, content: bytes) -> None:
    check(cache, TakeoutSource, name, content)


@pytest.mark.parametrize(
    "content",
    [
        b'{"title": "A", "vector": ' + b"[" * 500 + b"]" * 500 + b"}",
        b'{"title": ' + b"[" * 100_000,
        b'{"title": "A", "vector": [' + b"9" * 400 + b"]}",
        b'{"title": "A", "duration_ms": ' + b"9" * 5_000 + b"}",
        b'{"title": "\\ud800"}',
        b'{"title": "A", "id": ' + b"9" * 4_000 + b"}",
    ],
)
def test_tables_read_pathological_json_lines(cache: Cache, content: bytes) -> None:
    check(cache, TableSource, "t.jsonl", content)
