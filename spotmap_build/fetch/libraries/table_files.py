"""Read the rows of a CSV, JSON Lines, Parquet or M3U file as columns of plain values.

The only module that imports pyarrow.
"""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any, Final

from spotmap_build.errors import SourceError
from spotmap_build.fetch.libraries.m3u import M3U_SUFFIXES, m3u_columns

JSON_SUFFIXES: Final = (".jsonl", ".ndjson")
TABLE_SUFFIXES: Final = (".csv", ".tsv", *JSON_SUFFIXES, ".parquet", *M3U_SUFFIXES)
DELIMITERS: Final = ",;\t"
LONGEST_FIELD: Final = 1 << 24
"""Characters: a vector of some thousand numbers written as text passes the csv module's own limit of 131,072."""
MOST_DIGITS: Final = 18

Columns = dict[str, list[Any]]


def read_columns(path: Path) -> Columns:
    """The table as ``{column name: values}``, all of one length; a value that a row lacks is None.

    Raises
    ------
    SourceError: naming the file, and the line where one can be named.
    """
    suffix = path.suffix.lower()
    if suffix not in TABLE_SUFFIXES:
        raise SourceError(f"{path} is no table that can be read.", hint=f"Tables end in {', '.join(TABLE_SUFFIXES)}.")
    try:
        if suffix == ".parquet":
            return _read_parquet(path)
        if suffix in M3U_SUFFIXES:
            return m3u_columns(path.read_bytes(), path.stem)
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise SourceError(f"There is no file {path}.", hint="Check the path after table: .") from error
    except UnicodeDecodeError as error:
        raise SourceError(f"{path} is not UTF-8 text.", hint="Save it with the encoding UTF-8.") from error
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror or error}.") from error
    return _read_json_lines(text, path) if suffix in JSON_SUFFIXES else read_delimited(text, str(path))


def read_delimited(text: str, place: str) -> Columns:
    """The columns of a text with commas, semicolons or tabs between its fields; ``place`` names it in messages.

    Raises
    ------
    SourceError: naming the line.
    """
    header = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=header.count)
    csv.field_size_limit(LONGEST_FIELD)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows = []
    try:
        names = [name.strip().lower() for name in next(reader, [])]
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
                rows.append(row + [""] * (len(names) - len(row)))
    except csv.Error as error:
        raise SourceError(f"{place}, line {reader.line_num}: {error}.") from error
    return {name: [row[position] or None for row in rows] for position, name in enumerate(names)}


def _read_json_lines(text: str, path: Path) -> Columns:
    rows = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line, parse_int=_integer)
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
        rows.append({name.strip().lower(): value for name, value in row.items()})
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def _integer(digits: str) -> int | float:
    """A number of more digits than anything here counts is one of no exact meaning."""
    return int(digits) if len(digits) <= MOST_DIGITS else float(digits)


def _read_parquet(path: Path) -> Columns:
    if not path.is_file():
        raise FileNotFoundError(path)
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise SourceError(
            f"Reading {path.name} needs the package pyarrow.", hint="Install it: pip install 'spotmap-build[parquet]'."
        ) from error
    try:
        table = pyarrow.parquet.read_table(path)
    except pyarrow.ArrowException as error:
        raise SourceError(f"{path} is not a Parquet file that can be read: {error}.") from error
    return {name.strip().lower(): table.column(name).to_pylist() for name in table.column_names}
