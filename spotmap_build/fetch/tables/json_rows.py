"""Read tables in JSON: one object per line, or a document that lists objects somewhere. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from spotmap_build.core.documents import parse_json
from spotmap_build.errors import SourceError
from spotmap_build.fetch.tables.bounds import MAX_COLUMNS, MAX_NESTED, Columns, bounded_lines, check_shape
from spotmap_build.fetch.tables.cells import text_of
from spotmap_build.fetch.tables.column_names import name_columns
from spotmap_build.fetch.tables.delimited import ROWS_PER_CHECK

OF_THE_TRACK: Final = ("track", "track_metadata", "song", "item")
MAX_DIGITS: Final = 18
MAX_DEPTH: Final = 100
MAX_LIST_DEPTH: Final = 12
"""Objects and lists around a list of tracks."""
FIX_LINE: Final = "Fix that line, or leave it out."
HALF: Final = re.compile("[\ud800-\udfff]")

Row = dict[str, Any]


def read_json(text: str, path: str, *, is_by_line: bool) -> Columns:
    """Return the columns of a table in JSON.

    Parameters
    ----------
    path
        Name of the table for messages.
    is_by_line
        Whether each line should be an object. Many programs confuse both forms, so the other one is tried as well.

    Raises
    ------
    SourceError
        It is neither, or too large.
    """
    if text.count("[") + text.count("{") > MAX_NESTED:
        raise SourceError(
            f"{path} contains more than {MAX_NESTED:,} lists and objects.", hint="Split it, or use Parquet."
        )
    if is_by_line:
        first = text.lstrip().partition("\n")[0]
        document = None if _is_object(first) else _parsed(text)
        return _columns(_lines(text, path), path) if document is None else _columns(_rows(document, path), path)
    try:
        document = parse_json(text)
    except ValueError as error:
        if _is_object(text.lstrip().partition("\n")[0]):
            return _columns(_lines(text, path), path)
        raise SourceError(
            f"{path} is not JSON: {error}.", hint="Export it again; the file may be incomplete."
        ) from error
    return _columns(_rows(document, path), path)


def _is_object(line: str) -> bool:
    return isinstance(_parsed(line.strip().removesuffix(",")), dict)


def _parsed(text: str) -> Any:
    try:
        return parse_json(text)
    except ValueError:
        return None


def _lines(text: str, path: str) -> Iterator[Row]:
    for number, line in enumerate(bounded_lines(text, path, newline="\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line.strip().removesuffix(","), parse_int=_integer)
            if "\\u" in line and HALF.search(document := json.dumps(row, ensure_ascii=False)):
                row = json.loads(HALF.sub("\ufffd", document), parse_int=_integer)
        except json.JSONDecodeError as error:
            raise SourceError(f"{path}, line {number} is not JSON: {error.msg}.", hint=FIX_LINE) from error
        except RecursionError as error:
            raise SourceError(f"{path}, line {number} nests too deeply.", hint=FIX_LINE) from error
        if not isinstance(row, dict):
            raise SourceError(f"{path}, line {number} is not a JSON object.", hint='A row looks like {"title": "…"}.')
        if any(_is_deep(value) for value in row.values()):
            raise SourceError(f"{path}, line {number} nests too deeply.", hint=FIX_LINE)
        yield row


def _rows(document: Any, path: str) -> list[Row]:
    """Return the tracks in a document: of all lists of objects those with titles and artists, or else with titles."""
    if "title" in _fields(table := _table(document)):
        return table
    lists = list(_lists(document, ""))
    found = [rows for rows in lists if _fields(rows) >= {"title", "artists"}]
    if found:
        return [row for rows in found for row in rows]
    if titled := [rows for rows in lists if "title" in _fields(rows)]:
        fields = _fields(max(titled, key=len))
        return [row for rows in titled if _fields(rows) == fields for row in rows]
    if isinstance(document, dict) and "title" in _fields([document]):
        return [document]
    raise SourceError(
        f"{path} does not list tracks.", hint='It needs a list of objects with titles, such as [{"title": "…"}].'
    )


def _table(document: Any) -> list[Row]:
    """Return the rows of a table that is not written row by row; empty if it is not a table."""
    if isinstance(document, dict) and isinstance(document.get("data"), list):
        document = [document.get("columns"), *document["data"]]
    if isinstance(document, dict) and document:
        columns = {
            name: list(values.values()) if isinstance(values, dict) else values for name, values in document.items()
        }
        shapes = {len(values) if isinstance(values, list) else 0 for values in columns.values()}
        is_table = (
            len(shapes) == 1
            and shapes != {0}
            and not any(isinstance(cell, dict) for values in columns.values() for cell in values)
        )
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)] if is_table else []
    if not isinstance(document, list) or not document:
        return []
    if all(isinstance(line, str) for line in document):
        return [{"title": line} for line in document]
    names, *rows = document
    is_table = isinstance(names, list) and all(isinstance(name, str) for name in names)
    if not is_table or not all(isinstance(row, list) and len(row) == len(names) for row in rows):
        return []
    return [dict(zip(names, row, strict=True)) for row in rows]


def _lists(value: Any, name: str, depth: int = MAX_LIST_DEPTH) -> Iterator[list[Row]]:
    """Yield the lists of objects, but not those within tracks; a list in an object with a name is a playlist."""
    if depth == 0:
        return
    if isinstance(value, dict):
        own = text_of(value)
        parts = list(value.values())
        if len(parts) > 1 and all(isinstance(part, dict) for part in parts) and "title" in _fields(parts):
            yield parts
            return
        for part in value.values():
            yield from _lists(part, own or name, depth - 1)
    elif isinstance(value, list):
        rows = [row for row in value if isinstance(row, dict)]
        if {"title", "artists"} <= _fields(rows):
            yield [{"playlists": [name], **row} for row in rows] if name else rows
            return
        inside = [found for row in rows for found in _lists(row, name, depth - 1)]
        if rows and not any("title" in _fields(found) for found in inside):  # albums have titles, too
            yield rows
        yield from inside


def _fields(rows: list[Row]) -> frozenset[str]:
    """Return the fields that any of the rows has."""
    names = {tuple(_named(row)) for row in rows}
    return frozenset().union(*map(_fields_of, names))


@lru_cache(maxsize=1 << 10)
def _fields_of(names: tuple[str, ...]) -> frozenset[str]:
    """Return the fields with these names; cached, because the same names occur in every row."""
    return frozenset(name_columns({name: ["…"] for name in names}).fields) if len(names) <= MAX_COLUMNS else frozenset()


def _columns(rows: Iterable[Row], path: str) -> Columns:
    kept: list[Mapping[str, Any]] = []
    names: dict[str, None] = {}
    for row in rows:
        kept.append(_named(row))
        names.update(dict.fromkeys(kept[-1]))
        if not len(kept) % ROWS_PER_CHECK or len(names) > MAX_COLUMNS:
            check_shape(path, rows=len(kept), columns=len(names))
    check_shape(path, rows=len(kept), columns=len(names))
    return {name: [row.get(name) for row in kept] for name in names}


def _named(row: Row) -> Row:
    """Return a row with lower-case names, and the properties of an object in it that is the track itself."""
    inside = next((row[name] for name in OF_THE_TRACK if isinstance(row.get(name), dict)), None)
    flat = row if inside is None else inside | {name: value for name, value in row.items() if value is not inside}
    return {name.strip().lower(): value for name, value in flat.items()}


def _is_deep(value: Any, depth: int = MAX_DEPTH) -> bool:
    if not isinstance(value, (list, dict)):
        return False
    inside: Iterable[Any] = value.values() if isinstance(value, dict) else value
    return depth == 0 or any(_is_deep(part, depth - 1) for part in inside)


def _integer(digits: str) -> int | float:
    """Read a whole number; one of more digits than anything here counts becomes a float."""
    return int(digits) if len(digits) <= MAX_DIGITS else float(digits)
