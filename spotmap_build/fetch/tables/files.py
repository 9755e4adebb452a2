"""Read tables (CSV, JSON Lines, Parquet), playlists and libraries of music programs as columns of plain values."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from spotmap_build.core.files import read_bounded
from spotmap_build.core.text import decode_guessing, is_binary, printable
from spotmap_build.core.translation import translatable
from spotmap_build.errors import SourceError, unreadable_source
from spotmap_build.fetch.folders.m3u import FOOBAR_SUFFIX, PLAYLIST_SUFFIXES
from spotmap_build.fetch.tables.bounds import MAX_TABLE_BYTES, Columns
from spotmap_build.fetch.tables.caption_lines import read_captions
from spotmap_build.fetch.tables.delimited import Table, read_delimited, without_padding
from spotmap_build.fetch.tables.json_rows import read_json
from spotmap_build.fetch.tables.m3u import read_m3u
from spotmap_build.fetch.tables.music_libraries import MAX_LIBRARY_BYTES
from spotmap_build.fetch.tables.music_library_files import music_library_table

LIBRARY_SUFFIXES: Final = (".xml", ".nml")
JSON_SUFFIXES: Final = (".json", ".jsonl", ".ndjson")
TABLE_SUFFIXES: Final = (
    ".csv",
    ".tsv",
    ".tab",
    ".txt",
    *JSON_SUFFIXES,
    ".parquet",
    *LIBRARY_SUFFIXES,
    *PLAYLIST_SUFFIXES,
)

INSTEAD: Final = {
    **dict.fromkeys(
        (".xlsx", ".xls", ".xlsm", ".ods", ".numbers"), "Open it in its program, and save or export it as CSV (UTF-8)."
    ),
    FOOBAR_SUFFIX: "Only foobar2000 can read it: save the playlist there as .m3u8.",
    ".gz": "Unpack it first.",
    ".zip": "Give an export of Spotify as takeout:PATH, one of Exportify as exportify:PATH; unpack any other.",
}
"""What to do with files that are no tables yet, by their suffix."""

SIGNATURES: Final = {
    rb"PK\x03\x04": translatable("a zip or an Excel workbook"),
    rb"\xd0\xcf\x11\xe0": translatable("an old Excel workbook"),
    rb"\x1f\x8b": translatable("compressed by gzip"),
    rb"%PDF": translatable("a PDF"),
    rb"PAR1": translatable("a Parquet file"),
    rb"SQLite format 3": translatable("a database (SQLite)"),
    rb"ID3[\x02-\x04]|fLaC|OggS|RIFF(?s:.{4})WAVE": translatable("an audio file"),
    rb"\x89PNG|\xff\xd8\xff": translatable("a picture"),
}
"""Beginnings of other file types that are sometimes named ``.csv``."""
SAMPLE_BYTES: Final = 4_096


def read_columns(path: Path, is_used: Callable[[str], bool]) -> Table:
    """Return the columns of a table, with notices about what was left out. Missing values are None.

    Parameters
    ----------
    is_used : Callable[[str], bool]
        Whether a column of this name, in lower case, is needed; others are not read if the format allows that.

    Raises
    ------
    SourceError
        The table cannot be read; the message names the file and, if known, the line.
    """
    suffix = path.suffix.lower()
    try:
        is_folder = path.is_dir()
    except OSError as error:
        raise unreadable_source(path, error) from error
    if is_folder:
        raise SourceError(f"{path} is a folder, not a table.", hint="Name one of its files, or give it as folder:PATH.")
    if suffix not in TABLE_SUFFIXES:
        raise SourceError(
            f"{path} is not a supported table.",
            hint=INSTEAD.get(suffix) or f"Tables end in {', '.join(TABLE_SUFFIXES)}. Save a spreadsheet as CSV.",
        )
    try:
        if suffix == ".parquet":
            table = _read_parquet(path, is_used)
        elif suffix in PLAYLIST_SUFFIXES:
            table = Table(read_m3u(path))
        else:
            limit_bytes = MAX_LIBRARY_BYTES if suffix in LIBRARY_SUFFIXES else MAX_TABLE_BYTES
            table = _read_text(read_bounded(path, limit_bytes), path)
    except FileNotFoundError as error:
        raise SourceError(f"{path} does not exist.", hint="Check the path after table: .") from error
    except OSError as error:
        raise unreadable_source(path, error) from error
    return table


def decode_table(content: bytes, place: str) -> tuple[str, tuple[str, ...]]:
    """Decode the text of a table, with a notice if the encoding was guessed.

    ``place``: its name for messages.

    Raises
    ------
    SourceError
        It is a file of another type, whatever its name.
    """
    for beginning, kind in SIGNATURES.items():
        if re.match(beginning, content):
            raise SourceError(
                f"{place} is {kind}, not text.", hint="Open it in its program, and save or export it as CSV (UTF-8)."
            )
    sample, _ = decode_guessing(content[:SAMPLE_BYTES])
    if is_binary(sample):
        raise SourceError(f"{place} is not text.", hint="Check that it is the right file.")
    text, encoding = decode_guessing(content)
    if "\ufffd" in text and "\ufffd".encode() not in content:
        return text, (
            translatable(
                f"{place} is damaged: characters that cannot be read ({text.count(chr(0xFFFD)):,}) are shown as \ufffd."
            ),
        )
    if not encoding:
        return text, ()
    return text, (
        translatable(f"{place} is not UTF-8 and was read as {encoding}. If names look odd, save it as UTF-8."),
    )


def _read_text(content: bytes, path: Path) -> Table:
    text, about = decode_table(content, str(path))
    if path.suffix.lower() in JSON_SUFFIXES:
        return Table(
            _without_nan(read_json(text, str(path), is_by_line=path.suffix.lower() != JSON_SUFFIXES[0])), about
        )
    if path.suffix.lower() in LIBRARY_SUFFIXES:
        table = music_library_table(text, path)
        return replace(table, notices=(*about, *table.notices))
    text = without_padding(text, str(path))
    table = read_captions(text, str(path)) or read_delimited(text, str(path))
    return replace(table, notices=(*about, *table.notices))


def _read_parquet(path: Path, is_used: Callable[[str], bool]) -> Table:
    from spotmap_build.fetch.tables.parquet import read_parquet

    columns, left_out = read_parquet(path, is_used)
    names = ", ".join(f"'{printable(name)}'" for name in left_out[:3]) + ("…" if left_out[3:] else "")
    notice = translatable(f"{path.name}: columns of structures or maps are left out: {names}.")
    return Table(_without_nan(columns), (notice,) if left_out else ())


def _without_nan(columns: Columns) -> Columns:
    """Replace NaN, which JSON and Parquet may contain, by None."""
    return {name: [None if value != value else value for value in values] for name, values in columns.items()}  # noqa: PLR0124
