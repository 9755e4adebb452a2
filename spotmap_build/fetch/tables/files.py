"""Read tables (CSV, JSON Lines, Parquet) and playlists (M3U and others) as columns of plain values, within bounds."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from spotmap_build.core.files import read_bounded
from spotmap_build.core.text import decode_guessing, printable
from spotmap_build.core.translation import translatable
from spotmap_build.errors import SourceError
from spotmap_build.fetch.folders.m3u import PLAYLIST_SUFFIXES
from spotmap_build.fetch.tables.bounds import (
    MAX_COLUMNS,
    MAX_NESTED,
    MAX_TABLE_BYTES,
    Columns,
    bounded_lines,
    check_shape,
)
from spotmap_build.fetch.tables.delimited import ROWS_PER_CHECK, Table, read_delimited
from spotmap_build.fetch.tables.m3u import read_m3u

JSON_SUFFIXES: Final = (".jsonl", ".ndjson")
TABLE_SUFFIXES: Final = (".csv", ".tsv", ".txt", *JSON_SUFFIXES, ".parquet", *PLAYLIST_SUFFIXES)
OF_THE_TRACK: Final = ("track", "track_metadata")
MAX_DIGITS: Final = 18
MAX_DEPTH: Final = 100

INSTEAD: Final = {
    **dict.fromkeys(
        (".xlsx", ".xls", ".xlsm", ".ods", ".numbers"), "Open it in its program, and save or export it as CSV (UTF-8)."
    ),
    ".json": "Write one JSON object a line, into a file that ends in .jsonl.",
    ".xml": "From Apple Music or iTunes, export the library or a playlist as text (.txt) or as M3U.",
    ".zip": "Give an export of Spotify as takeout:PATH, one of Exportify as exportify:PATH; unpack any other.",
}
"""What to do with files that are no tables yet, by their suffix."""

NO_TEXT: Final = {
    b"PK\x03\x04": "a zip or an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"\x1f\x8b": "compressed by gzip",
    b"%PDF": "a PDF",
    b"PAR1": "a Parquet file",
}
"""Signatures of other file types that are sometimes named ``.csv``."""
HALF: Final = re.compile("[\ud800-\udfff]")


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
        raise SourceError(f"{path} cannot be read: {error.strerror or error}.") from error
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
            table = _read_text(read_bounded(path, MAX_TABLE_BYTES), path)
    except FileNotFoundError as error:
        raise SourceError(f"{path} does not exist.", hint="Check the path after table: .") from error
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror or error}.") from error
    return table


def decode_table(content: bytes, place: str) -> tuple[str, tuple[str, ...]]:
    """Decode the text of a table, with a notice if the encoding was guessed. ``place``: its name for messages.

    Raises
    ------
    SourceError
        It is a file of another type, whatever its name.
    """
    for beginning, kind in NO_TEXT.items():
        if content.startswith(beginning):
            raise SourceError(
                f"{place} is {kind}, not text.", hint="Open it in its program, and save or export it as CSV (UTF-8)."
            )
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
        return Table(_without_nan(_read_json_lines(text, path)), about)
    table = read_delimited(text, str(path))
    return replace(table, notices=(*about, *table.notices))


def _read_parquet(path: Path, is_used: Callable[[str], bool]) -> Table:
    from spotmap_build.fetch.tables.parquet import read_parquet

    columns, left_out = read_parquet(path, is_used)
    names = ", ".join(f"'{printable(name)}'" for name in left_out[:3]) + ("…" if left_out[3:] else "")
    notice = translatable(f"{path.name}: columns of structures or maps are left out: {names}.")
    return Table(_without_nan(columns), (notice,) if left_out else ())


def _without_nan(columns: Columns) -> Columns:
    """Where JSON and Parquet write a number that is none, there is no value."""
    return {name: [None if value != value else value for value in values] for name, values in columns.items()}  # noqa: PLR0124


def _read_json_lines(text: str, path: Path) -> Columns:
    if text.count("[") + text.count("{") > MAX_NESTED:
        raise SourceError(
            f"{path} contains more than {MAX_NESTED:,} lists and objects.", hint="Split it, or use Parquet."
        )
    rows = []
    names: dict[str, None] = {}
    for number, line in enumerate(bounded_lines(text, str(path), newline="\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line.rstrip("\n"), parse_int=_integer)
            if "\\u" in line and HALF.search(document := json.dumps(row, ensure_ascii=False)):
                row = json.loads(HALF.sub("\ufffd", document), parse_int=_integer)
        except json.JSONDecodeError as error:
            raise SourceError(f"{path}, line {number} is not JSON: {error.msg}.") from error
        except RecursionError as error:
            raise SourceError(f"{path}, line {number} nests too deeply.") from error
        if not isinstance(row, dict):
            raise SourceError(f"{path}, line {number} is not a JSON object.", hint='A row looks like {"title": "…"}.')
        if any(_is_deep(value) for value in row.values()):
            raise SourceError(f"{path}, line {number} nests too deeply.")
        rows.append({name.strip().lower(): value for name, value in _flat(row).items()})
        names.update(dict.fromkeys(rows[-1]))
        if not len(rows) % ROWS_PER_CHECK or len(names) > MAX_COLUMNS:
            check_shape(str(path), rows=len(rows), columns=len(names))
    check_shape(str(path), rows=len(rows), columns=len(names))
    return {name: [row.get(name) for row in rows] for name in names}


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with what an object in it says of the track, as APIs tell it from when it was added or heard."""
    inside = next((row[name] for name in OF_THE_TRACK if isinstance(row.get(name), dict)), None)
    return row if inside is None else inside | {name: value for name, value in row.items() if value is not inside}


def _is_deep(value: Any, left: int = MAX_DEPTH) -> bool:
    if not isinstance(value, (list, dict)):
        return False
    inside: Iterable[Any] = value.values() if isinstance(value, dict) else value
    return left == 0 or any(_is_deep(part, left - 1) for part in inside)


def _integer(digits: str) -> int | float:
    """Read a whole number; one of more digits than anything here counts becomes a float."""
    return int(digits) if len(digits) <= MAX_DIGITS else float(digits)
