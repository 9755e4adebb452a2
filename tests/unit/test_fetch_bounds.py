"""Hostile or damaged input of tables, playlists and exports: bounded memory, no waiting, clear errors."""

from __future__ import annotations

import datetime
import decimal
import io
import json
import os
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from spotmap_build.cache.store import Cache
from spotmap_build.errors import SourceError, TrackError
from spotmap_build.fetch.exports import export_files, takeout
from spotmap_build.fetch.exports.exportify import ExportifySource
from spotmap_build.fetch.exports.takeout import TakeoutSource
from spotmap_build.fetch.folders.folder import FolderSource
from spotmap_build.fetch.folders.walk import walk
from spotmap_build.fetch.source import LoadContext, Loaded
from spotmap_build.fetch.tables.parquet import read_parquet
from spotmap_build.fetch.tables.table import TableSource

if TYPE_CHECKING:
    from spotmap_build.fetch.source import LibrarySource, ProbeResult

MEGABYTE = 1 << 20
MEMORY_LIMIT_MB = 500
"""Memory in MB that loading may take beyond the process itself."""


def refuse(path: Path) -> ProbeResult:
    raise TrackError("unreadable", f"{path.name} is no audio.")


def load(source: LibrarySource, cache: Cache) -> Loaded:
    return source.load(LoadContext(cache, refuse, 1, lambda _done, _total: None))


MEASURED = """
import json, os, resource, sys
from pathlib import Path
import numpy, pyarrow.parquet
from spotmap_build.cache.store import Cache
from spotmap_build.errors import SourceError
from spotmap_build.fetch.exports.exportify import ExportifySource
from spotmap_build.fetch.source import LoadContext
from spotmap_build.fetch.tables.table import TableSource
from spotmap_build.fetch.exports.takeout import TakeoutSource
from spotmap_build.fetch.folders.walk import walk
def used_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
for line in sys.stdin:
    source, path = json.loads(line)
    if process := os.fork():
        _, status = os.waitpid(process, 0)
        print(json.dumps(status), flush=True)
        continue
    base = used_mb()
    with Cache.open(Path(path).parent / "measured") as cache:
        try:
            loaded = globals()[source](Path(path)).load(LoadContext(cache, None, 1, lambda *_: None))
            if loaded.vectors:
                loaded.vectors.value
            message = "read"
        except SourceError as error:
            message = str(error)
    print(json.dumps([message, used_mb() - base]), flush=True)
    os._exit(0)
"""


@pytest.fixture(scope="module")
def load_within_bounds() -> Iterator[Callable[[str, Path], str]]:
    """Yield a function that loads a source in a forked process, checks its memory and returns its message."""
    with subprocess.Popen(
        [sys.executable, "-c", MEASURED],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as forking:
        assert forking.stdin
        assert forking.stdout
        requests, answers = forking.stdin, forking.stdout

        def say(source: str, path: Path) -> str:
            requests.write(json.dumps([source, str(path)]) + "\n")
            requests.flush()
            answer = json.loads(answers.readline())
            assert isinstance(answer, list), f"the process ended with status {answer}"
            message, used_mb = answer
            assert json.loads(answers.readline()) == 0
            assert used_mb < MEMORY_LIMIT_MB
            return str(message)

        yield say
        requests.close()


def parquet(columns: dict[str, Any], **options: Any) -> bytes:
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), buffer, **options)
    return buffer.getvalue()


def parquet_of_rows(rows: int) -> bytes:
    buffer = io.BytesIO()
    with pyarrow.parquet.ParquetWriter(buffer, pyarrow.schema([("title", pyarrow.string())])) as writer:
        part = pyarrow.table({"title": pyarrow.nulls(400_000, pyarrow.string())})
        for _ in range(rows // len(part)):
            writer.write_table(part)
    return buffer.getvalue()


def parquet_of_one_text(length: int, rows: int) -> bytes:
    """Return a table whose rows all refer to one dictionary entry."""
    indices = pyarrow.array([0] * rows, pyarrow.int32())
    return parquet({"title": pyarrow.DictionaryArray.from_arrays(indices, ["y" * length])}, compression="zstd")


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def npy(shape: tuple[int, ...], content: bytes = bytes(160), kind: str = "<f4") -> bytes:
    header = repr({"descr": kind, "fortran_order": False, "shape": shape}).encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + content


BOMBS: dict[str, tuple[str, str, Callable[[], bytes], str]] = {
    "Parquet of 40 million rows": ("TableSource", "t.parquet", lambda: parquet_of_rows(40_000_000), "rows"),
    "Parquet of 800,000 empty rows": ("TableSource", "t.parquet", lambda: parquet_of_rows(800_000), "too large"),
    "a list of 5 million lines": (
        *("TableSource", "t.txt", lambda: b"A - S\n" * 1_000 + b"ab\n" * 5_000_000),
        "rows",
    ),
    "Parquet of long texts": (
        *("TableSource", "t.parquet", lambda: parquet({"title": ["x" * 70_000_000]}, compression="zstd")),
        "too large",
    ),
    "Parquet of one text in every row": (
        *("TableSource", "t.parquet", lambda: parquet_of_one_text(4_000_000, 100_000)),
        "texts of the column 'title' are too long",
    ),
    "CSV of 20 million columns": ("TableSource", "t.csv", lambda: b"title" + b",a" * (20 * MEGABYTE), "columns"),
    "CSV of 20 million quoted columns": (
        "TableSource",
        "t.csv",
        lambda: b'"title"' + b",a" * (20 * MEGABYTE),
        "columns",
    ),
    "CSV of many columns and short rows": (
        *("TableSource", "t.csv", lambda: b"title," + b",".join(b"%d" % n for n in range(4_000)) + b"\na" * 100_000),
        "cells",
    ),
    "CSV of one line": ("TableSource", "t.csv", lambda: b"title\n" + b"a" * (40 * MEGABYTE), "too long"),
    "JSON lines of lists": ("TableSource", "t.jsonl", lambda: b'{"title": [' + b"[]," * (13 * MEGABYTE), "lists"),
    "JSON lines of names": (
        *("TableSource", "t.jsonl", lambda: b"\n".join(b'{"title": 1, "%d": 1}' % n for n in range(10_000))),
        "columns",
    ),
    "JSON lines that are empty": ("TableSource", "t.jsonl", lambda: b"\n" * (20 * MEGABYTE), "too many lines"),
    "library of empty tracks": (
        *("TableSource", "t.xml", lambda: b"<DJ_PLAYLISTS>" + b"<TRACK TrackID='1'/>" * 510_000),
        "more than 500,000 tracks",
    ),
    "library of one tag": (
        *("TableSource", "t.xml", lambda: b"<DJ_PLAYLISTS><TRACK " + b"a " * (20 * MEGABYTE) + b">"),
        "contains no music",
    ),
    "library of depth": ("TableSource", "t.xml", lambda: b"<plist>" + b"<dict>" * 1_000_000, "contains no music"),
    "bzip2": (
        *("TakeoutSource", "t.zip", lambda: zipped({"YourLibrary.json": bytes(50 * MEGABYTE)}, zipfile.ZIP_BZIP2)),
        "with an unsupported method",
    ),
    "lzma": (
        *("ExportifySource", "t.zip", lambda: zipped({"list.csv": bytes(20 * MEGABYTE)}, zipfile.ZIP_LZMA)),
        "with an unsupported method",
    ),
    "deflate": ("TakeoutSource", "t.zip", lambda: zipped({"YourLibrary.json": bytes(65 * MEGABYTE)}), "too large"),
    "zip of damaged files": (
        *("TakeoutSource", "t.zip", lambda: zipped({f"Playlist{n}.json": b"[" * 60_000_000 for n in range(12)})),
        "too many values",
    ),
    "lists in zip": (
        *("TakeoutSource", "t.zip", lambda: zipped({"Playlist1.json": b"[" + b"[]," * 20_000_000})),
        "too many values",
    ),
    "texts in zip": (
        *("TakeoutSource", "t.zip", lambda: zipped({"Playlist1.json": b"[" + b'"ab",' * 12_000_000})),
        "too many values",
    ),
}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in kilobytes on Linux only")
@pytest.mark.parametrize("name", BOMBS)
def test_bomb_is_reported_in_bounded_memory(
    load_within_bounds: Callable[[str, Path], str], tmp_path: Path, name: str
) -> None:
    source, file_name, make, words = BOMBS[name]
    (tmp_path / file_name).write_bytes(make())
    assert words in load_within_bounds(source, tmp_path / file_name)


EVERY_TYPE = {
    "title": pyarrow.array(["A", "B", None]),
    "nanoseconds": pyarrow.array([1_700_000_000_000_000_001, 2**62, None], pyarrow.timestamp("ns", "UTC")),
    "distant time": pyarrow.array([2**62, -(2**62), 0], pyarrow.timestamp("us")),
    "distant date": pyarrow.array([2**31 - 1, 0, -(2**31)], pyarrow.int32()).cast(pyarrow.date32()),
    "time": pyarrow.array([1, None, 86_399_999_999_999], pyarrow.time64("ns")),
    "duration": pyarrow.array([2**62, 1, None], pyarrow.duration("ns")),
    "decimal": pyarrow.array([decimal.Decimal("9" * 38), decimal.Decimal(1), None], pyarrow.decimal128(38, 0)),
    "bytes": pyarrow.array([b"abc", b"\xff\xfe", None]),
    "null": pyarrow.nulls(3),
    "half": pyarrow.array([1.5, None, 2.5], pyarrow.float32()).cast(pyarrow.float16()),
    "words": pyarrow.array(["x", "y", "x"]).dictionary_encode(),
    "genres": pyarrow.array([["a", "b"], None, []]),
    "fixed": pyarrow.array([[1.0, 2.0], [3.0, 4.0], None], pyarrow.list_(pyarrow.float32(), 2)),
    "large": pyarrow.array([2**64 - 1, 0, None], pyarrow.uint64()),
    "a.b": pyarrow.array([1, 2, 3]),
    "map": pyarrow.array([[("a", 1)], [], None], pyarrow.map_(pyarrow.string(), pyarrow.int32())),
    "struct": pyarrow.array([{"a": 1}, None, {"a": 2}]),
    "lists": pyarrow.array([[["a"]], None, []]),
}


def test_parquet_columns_of_every_type_are_read(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    path.write_bytes(parquet(EVERY_TYPE))
    columns, left_out = read_parquet(path, lambda name: name != "large")
    assert left_out == ["map", "struct", "lists"]
    first = {name: values[0] for name, values in columns.items()}
    assert first.pop("nanoseconds").isoformat() == "2023-11-14T22:13:20+00:00"
    assert columns["distant time"] == [None, None, datetime.datetime(1970, 1, 1)]  # noqa: DTZ001
    assert columns["distant date"] == [None, datetime.date(1970, 1, 1), None]
    assert columns["bytes"] == ["abc", None, None]
    assert columns["half"] == [1.5, None, 2.5]
    assert columns["genres"] == [["a", "b"], None, []]
    assert columns["fixed"] == [[1.0, 2.0], [3.0, 4.0], None]
    assert (columns["words"], columns["a.b"], columns["null"]) == (["x", "y", "x"], [1, 2, 3], [None] * 3)
    assert "large" not in columns


def test_skipped_columns_are_reported(tmp_path: Path, cache: Cache) -> None:
    (tmp_path / "t.parquet").write_bytes(parquet(EVERY_TYPE))
    assert load(TableSource(tmp_path / "t.parquet"), cache).notices == (
        "t.parquet: columns of structures or maps are left out: 'map', 'struct', 'lists'.",
        "t.parquet: the column 'fixed' contains lists and was left out.",
    )
    (tmp_path / "t.parquet").write_bytes(parquet({"title": [{"a": 1}]}))
    with pytest.raises(SourceError, match="no column 'title'") as caught:
        load(TableSource(tmp_path / "t.parquet"), cache)
    assert "'title'" in caught.value.hint


def test_damaged_parquet_file_is_read_or_reported(tmp_path: Path) -> None:
    original, changes, path = parquet(EVERY_TYPE), random.Random(7), tmp_path / "t.parquet"
    outcomes = set()
    for _ in range(150):
        damaged = bytearray(original)
        for _ in range(changes.randint(1, 6)):
            damaged[changes.randrange(len(damaged))] = changes.randrange(256)
        path.write_bytes(damaged)
        try:
            outcomes.add(bool(read_parquet(path, bool)))
        except SourceError as error:
            outcomes.add("\n" in str(error))
    assert outcomes == {True, False}


INVALID_VECTORS = [
    (npy((3, 20 * 10**12)), "shape"),
    (npy((2, 16_000)), "shorter"),
    (npy((2, 4), bytes(31)), "shorter"),
    (npy((2,)), "shape"),
    (npy((2, -4)), "no array of shape"),
    (npy((2, 4), kind="|O"), "shape"),
    (npy((2, 1), np.array([[1e300], [1]]).tobytes(), "<f8"), "out of all proportion"),
    (b"", "is empty"),
    (b"\x93NUMPY\x09\x00" + bytes(100), "not a .npy file"),
    (b"\x93NUMPY\x01\x00\xff\xff" + b"(" * 65_535, "not a .npy file"),
    (b"\x93NUMPY\x01\x00\x00\x20" + b"(" * 8_192, "not a .npy file"),
    (b"PK\x03\x04" + bytes(100), "not a .npy file"),
    (b"\x80\x04cos\nsystem\n(S'false'\ntR.", "not a .npy file"),
]


@pytest.mark.parametrize(("content", "words"), INVALID_VECTORS, ids=range(len(INVALID_VECTORS)))
def test_invalid_vector_file_is_reported(tmp_path: Path, cache: Cache, content: bytes, words: str) -> None:
    (tmp_path / "t.csv").write_text("title\nA\nB\n")
    (tmp_path / "t.npy").write_bytes(content)
    with pytest.raises(SourceError, match=words):
        _ = load(TableSource(tmp_path / "t.csv"), cache).vectors.value  # type: ignore[union-attr]


def test_coordinates_beyond_single_precision_become_failures(tmp_path: Path, cache: Cache) -> None:
    (tmp_path / "t.csv").write_text("title,x,y\nA,1,1\nB,1e308,-1e308\nC,1,1e39\n")
    failures = load(TableSource(tmp_path / "t.csv"), cache).library.failures
    assert [failure.detail for failure in failures] == [
        "Its x or y is too far away for a map: x='1e308', y='-1e308'.",
        "Its x or y is too far away for a map: x='1', y='1e39'.",
    ]


SPECIAL: dict[str, tuple[Callable[[Path], LibrarySource], str]] = {
    "table": (TableSource, "t.csv"),
    "lines": (TableSource, "t.jsonl"),
    "parquet": (TableSource, "t.parquet"),
    "list": (TableSource, "t.m3u8"),
    "takeout": (TakeoutSource, "t.zip"),
    "in takeout": (lambda path: TakeoutSource(path.parent), "YourLibrary.json"),
    "exportify": (ExportifySource, "t.csv"),
    "exportify zip": (lambda path: ExportifySource(path.parent), "t.zip"),
    "vectors": (lambda path: TableSource(path.with_suffix(".csv")), "t.npy"),
    "list in a folder": (lambda path: FolderSource(path.parent), "t.m3u"),
}


@pytest.mark.parametrize("kind", ["a pipe", "/dev/zero", "/dev/urandom", "/proc/kmsg", "missing", "itself"])
@pytest.mark.parametrize("source", SPECIAL)
def test_special_file_is_reported(tmp_path: Path, cache: Cache, source: str, kind: str) -> None:
    make, name = SPECIAL[source]
    path = tmp_path / "place" / name
    path.parent.mkdir()
    if source == "vectors":
        path.with_suffix(".csv").write_text("title\nA\n")
    if kind == "a pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(path.name if kind == "itself" else kind)
    with pytest.raises(SourceError):
        load(make(path), cache)


def test_file_names_in_a_zip_cannot_inject_terminal_sequences(tmp_path: Path, cache: Cache) -> None:
    name = "a\n::error::b\x1b[2J\udc80.csv"
    files = {name.encode("utf-8", "replace").decode(): b"x\n1\n", "good.csv": b"Track Name,Artist Name(s)\nA,B\n"}
    (tmp_path / "t.zip").write_bytes(zipped(files))
    (notice,) = load(ExportifySource(tmp_path / "t.zip"), cache).notices
    assert notice.isprintable()


def test_zip_with_too_many_entries_is_reported(tmp_path: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_files, "MAX_READ_BYTES", 70_000)
    (tmp_path / "t.zip").write_bytes(zipped({f"a/{number}": b"" for number in range(1_500)}))
    with pytest.raises(SourceError, match="too many files"):
        load(TakeoutSource(tmp_path / "t.zip"), cache)


def test_rows_of_an_export_are_limited(tmp_path: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(takeout, "MAX_ROWS", 3)
    rows = [{"track": str(number), "artist": "A"} for number in range(4)]
    (tmp_path / "YourLibrary.json").write_text(json.dumps({"tracks": rows}))
    with pytest.raises(SourceError, match="limit is 3 rows"):
        load(TakeoutSource(tmp_path), cache)


def test_unreadable_folders_and_symlink_loops_are_reported(
    tmp_path: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    music = tmp_path / "music"
    for name in ("closed", "open"):
        (music / name).mkdir(parents=True)
        (music / name / "a.ogg").write_bytes(b"x")
    (music / "open" / "again").symlink_to(music, target_is_directory=True)
    (music / "self").symlink_to(music / "self")
    scandir = os.scandir

    def closed(path: Any) -> Any:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)
    notices = load(FolderSource(music), cache).notices
    assert notices == (
        f"The folder {music}/closed (Permission denied) cannot be read and was left out.",
        f"The folder {music}/open/again was already read under another name and was skipped.",
    )
    assert walk(music).audio == [music / "open/a.ogg"]


def test_undecodable_file_names_can_be_serialized(tmp_path: Path, cache: Cache) -> None:
    import orjson

    music = tmp_path / os.fsdecode(b"m\xff")
    odd = os.fsdecode(b"\xe9\xff")
    (music / odd).mkdir(parents=True)
    for name in (f"{odd}.mp3", f"{odd}/{odd}.ogg", f"{odd}/cover.jpg"):
        (music / name).write_bytes(b"x")
    (music / f"{odd}.m3u").write_bytes(b"gone.ogg\n\xe9\xff.ogg\nnul\0.ogg\n/dev/zero\n")
    (music / odd / "again").symlink_to(music, target_is_directory=True)
    loaded = load(FolderSource(music), cache)
    assert len(loaded.library.tracks) == 2
    orjson.dumps((loaded.library, loaded.notices))


@pytest.mark.parametrize("source", [TableSource, FolderSource, TakeoutSource, ExportifySource])
def test_path_that_cannot_be_accessed_is_a_clear_error(
    tmp_path: Path, cache: Cache, source: Callable[[Path], LibrarySource]
) -> None:
    with pytest.raises(SourceError, match="cannot be read: File name too long"):
        load(source(tmp_path / ("x" * 300 + ".csv")), cache)
