"""Size limits of tables. Larger ones are a mistake or an attack, and would exhaust the memory."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, Final

from spotmap_build.core.translation import translatable
from spotmap_build.errors import SourceError

MAX_TABLE_BYTES: Final = 512 << 20
MAX_ROWS: Final = 1_000_000
MAX_LINES: Final = 4 * MAX_ROWS
MAX_COLUMNS: Final = 4_096
MAX_CELLS: Final = 20_000_000
MAX_NESTED: Final = 4_000_000
"""Lists and objects in all rows of JSON; two bytes of text become sixty in memory."""
MAX_LINE_LENGTH: Final = 1 << 24
"""Characters. A vector of several thousand numbers as text exceeds the csv module's default limit of 131,072."""
MAX_COORDINATE: Final = 1e15
"""Of a position. Positions are stored in single precision, and distances are squared."""

TOO_MANY_COLUMNS: Final = translatable("{place} has {count:,} columns; the limit is {limit:,}.")
TOO_MANY_ROWS: Final = translatable("{place} has {count:,} rows; the limit is {limit:,}.")
TOO_MANY_CELLS: Final = translatable("{place} has {count:,} cells; the limit is {limit:,}.")

Columns = dict[str, list[Any]]
"""A table: lists of values by column name, all of the same length."""


def check_shape(place: str, *, rows: int, columns: int) -> None:
    """Check the number of rows and columns of a table; ``place`` is its name for messages.

    Raises
    ------
    SourceError
        There are too many.
    """
    for count, limit, sentence in (
        (columns, MAX_COLUMNS, TOO_MANY_COLUMNS),
        (rows, MAX_ROWS, TOO_MANY_ROWS),
        (rows * columns, MAX_CELLS, TOO_MANY_CELLS),
    ):
        if count > limit:
            raise SourceError(
                sentence.format(place=place, count=count, limit=limit),
                hint="Check that it is the right file. Split it, or remove columns that the map does not need.",
            )


def bounded_lines(text: str, place: str, newline: str | None) -> Iterator[str]:
    """Yield the lines lazily, because a list of millions of empty lines would exhaust the memory.

    Parameters
    ----------
    newline
        As for ``open``.

    Raises
    ------
    SourceError
        A line is too long, or there are too many; the message contains ``place``.
    """
    # StringIO would take four bytes per character.
    for number, line in enumerate(io.TextIOWrapper(io.BytesIO(text.encode()), "utf-8", newline=newline), start=1):
        if len(line) > MAX_LINE_LENGTH:
            raise SourceError(
                f"{place}, line {number} is too long: the limit is {MAX_LINE_LENGTH:,} characters.",
                hint="A table has one line for each track; save it again as CSV.",
            )
        if number > MAX_LINES:
            raise SourceError(
                f"{place} has too many lines: the limit is {MAX_LINES:,}.",
                hint="Split it, and give each part after its own --source.",
            )
        yield line
