"""Read the rows of a CSV, JSON Lines, Parquet or M3U file as columns of plain values, within bounds."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from spotmap_build.core.files import read_bounded
from spotmap_build.core.text import printable
from spotmap_build.errors import SourceError
from spotmap_build.fetch.exported import without_apostrophes
from spotmap_build.fetch.m3u import M3U_SUFFIXES
from spotmap_build.fetch.m3u_table import read_m3u
from spotmap_build.fetch.table_bounds import (
    LARGEST_TABLE_BYTES,
    LONGEST_LINE,
    MOST_COLUMNS,
    MOST_LINES,
    MOST_NESTED,
    check_shape,
)

JSON_SUFFIXES: Final = (".jsonl", ".ndjson")
TABLE_SUFFIXES: Final = (".csv", ".tsv", *JSON_SUFFIXES, ".parquet", *M3U_SUFFIXES)
DELIMITERS: Final = ",;\t"
MOST_DIGITS: Final = 18
DEEPEST: Final = 100
ROWS_A_CHECK: Final = 10_000

Columns = dict[str, list[Any]]


def read_columns(path: Path, is_used: Callable[[str], bool]) -> tuple[Columns, tuple[str, ...]]:
    """Return the table as ``{column name: values}``, all of one length, and sentences on what was left out.

    A value that a row lacks is None.

    Parameters
    ----------
    is_used: whether a column of this name, in lower case, is of use; where it can, the others are not read.

    Raises
    ------
    SourceError: naming the file, and the line where one can be named.
    """
    suffix = path.suffix.lower()
    if suffix not in TABLE_SUFFIXES:
        raise SourceError(f"{path} is no table that can be read.", hint=f"Tables end in {', '.join(TABLE_SUFFIXES)}.")
    try:
        if suffix == ".parquet":
            return _read_parquet(path, is_used)
        if suffix in M3U_SUFFIXES:
            return read_m3u(path), ()
        text = read_bounded(path, LARGEST_TABLE_BYTES).decode("utf-8-sig")
    except FileNotFoundError as error:
        raise SourceError(f"There is no file {path}.", hint="Check the path after table: .") from error
    except UnicodeDecodeError as error:
        raise SourceError(f"{path} is not UTF-8 text.", hint="Save it with the encoding UTF-8.") from error
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror or error}.") from error
    return (_read_json_lines(text, path) if suffix in JSON_SUFFIXES else read_delimited(text, str(path))), ()


def _read_parquet(path: Path, is_used: Callable[[str], bool]) -> tuple[Columns, tuple[str, ...]]:
    from spotmap_build.fetch.parquet import read_parquet

    columns, left_out = read_parquet(path, is_used)
    if not left_out:
        return columns, ()
    names = ", ".join(f"'{printable(name)}'" for name in left_out[:3]) + ("…" if left_out[3:] else "")
    return columns, (f"{path.name}: columns of structures or maps are left out: {names}.",)


def read_delimited(text: str, place: str) -> Columns:
    """The columns of a text with commas, semicolons or tabs between its fields; ``place`` names it in messages.

    Raises
    ------
    SourceError: naming the line.
    """
    header_length = text.find("\n")
    delimiter = max(DELIMITERS, key=lambda character: text.count(character, 0, header_length))
    check_shape(place, rows=0, columns=_least_columns(text, header_length, delimiter))
    csv.field_size_limit(LONGEST_LINE)
    reader = csv.reader(_lines(text, place, newline=""), delimiter=delimiter)
    rows = []
    try:
        names = [name.strip().lower() for name in next(reader, [])]
        check_shape(place, rows=0, columns=len(names))
        if len(set(names)) != len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise SourceError(f"{place} has two columns named '{twice}'.", hint="Rename one of them.")
        for row in reader:
            if any(row):
                if len(row) > len(names):
                    raise SourceError(
                        f"{place}, line {reader.line_num}: {len(row)} fields, but {len(names)} columns.",
                        hint="A field that contains the delimiter must stand in quotation marks.",
                    )
                rows.append(row)
                if not len(rows) % ROWS_A_CHECK:
                    check_shape(place, rows=len(rows), columns=len(names))
    except csv.Error as error:
        raise SourceError(f"{place}, line {reader.line_num}: {error}.") from error
    check_shape(place, rows=len(rows), columns=len(names))
    columns: Columns = {
        name: [(row[position] or None) if position < len(row) else None for row in rows]
        for position, name in enumerate(names)
    }
    return without_apostrophes(columns)


def _least_columns(text: str, header_length: int, delimiter: str) -> int:
    """How many columns there are for sure, told without dividing the header: quotation marks may hold delimiters."""
    end = len(text) if header_length < 0 else header_length
    return 0 if text.find('"', 0, end) >= 0 and end <= LONGEST_LINE else text.count(delimiter, 0, end)


def _lines(text: str, place: str, newline: str) -> Iterator[str]:
    """The lines one by one: as a list, those of a file of nothing but line ends would fill the memory."""
    # Not StringIO, which takes four bytes a character.
    for number, line in enumerate(io.TextIOWrapper(io.BytesIO(text.encode()), "utf-8", newline=newline), start=1):
        if len(line) > LONGEST_LINE:
            raise SourceError(f"{place}, line {number} is too long: the limit is {LONGEST_LINE:,} characters.")
        if number > MOST_LINES:
            raise SourceError(f"{place} has too many lines: the limit is {MOST_LINES:,}.")
        yield line


def _read_json_lines(text: str, path: Path) -> Columns:
    if text.count("[") + text.count("{") > MOST_NESTED:
        raise SourceError(
            f"{path} holds more than {MOST_NESTED:,} lists and objects.", hint="Divide it, or use Parquet."
        )
    rows = []
    names: dict[str, None] = {}
    for number, line in enumerate(_lines(text, str(path), newline="\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line.rstrip("\n"), parse_int=_integer)
            if "\\u" in line:
                json.dumps(row, ensure_ascii=False).encode()
        except json.JSONDecodeError as error:
            raise SourceError(f"{path}, line {number} is not JSON: {error.msg}.") from error
        except UnicodeEncodeError as error:
            raise SourceError(f"{path}, line {number} holds half a character: {error.reason}.") from error
        except RecursionError as error:
            raise SourceError(f"{path}, line {number} nests too deeply.") from error
        if not isinstance(row, dict):
            raise SourceError(f"{path}, line {number} is not a JSON object.", hint='A row looks like {"title": "…"}.')
        if any(_is_deep(value) for value in row.values()):
            raise SourceError(f"{path}, line {number} nests too deeply.")
        rows.append({name.strip().lower(): value for name, value in row.items()})
        names.update(dict.fromkeys(rows[-1]))
        if not len(rows) % ROWS_A_CHECK or len(names) > MOST_COLUMNS:
            check_shape(str(path), rows=len(rows), columns=len(names))
    check_shape(str(path), rows=len(rows), columns=len(names))
    return {name: [row.get(name) for row in rows] for name in names}


def _is_deep(value: Any, left: int = DEEPEST) -> bool:
    if not isinstance(value, (list, dict)):
        return False
    inside: Iterable[Any] = value.values() if isinstance(value, dict) else value
    return left == 0 or any(_is_deep(part, left - 1) for part in inside)


def _integer(digits: str) -> int | float:
    """A number of more digits than anything here counts is one of no exact meaning."""
    return int(digits) if len(digits) <= MOST_DIGITS else float(digits)
