"""How large a table may be: what is beyond is a mistake or an attack, and would fill the memory."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, Final

from spotmap_build.errors import SourceError

LARGEST_TABLE_BYTES: Final = 512 << 20
MOST_ROWS: Final = 1_000_000
MOST_LINES: Final = 4 * MOST_ROWS
MOST_COLUMNS: Final = 4_096
MOST_CELLS: Final = 20_000_000
MOST_NESTED: Final = 4_000_000
"""Lists and objects in all rows of JSON: two bytes of text become sixty of memory."""
LONGEST_LINE: Final = 1 << 24
"""Characters: a vector of some thousand numbers written as text passes the csv module's own limit of 131,072."""

Columns = dict[str, list[Any]]
"""A table: the values below each name, all of one length."""


def check_shape(place: str, *, rows: int, columns: int) -> None:
    """Check the number of rows and columns of a table.

    Raises
    ------
    SourceError
        There are too many; ``place`` names the table.
    """
    for count, limit, what in (
        (columns, MOST_COLUMNS, "columns"),
        (rows, MOST_ROWS, "rows"),
        (rows * columns, MOST_CELLS, "cells"),
    ):
        if count > limit:
            raise SourceError(
                f"{place} has {count:,} {what}; {limit:,} are the most that can be read.",
                hint="Is it the right file? Divide it, or leave out the columns that no map needs.",
            )


def bounded_lines(text: str, place: str, newline: str) -> Iterator[str]:
    """Yield the lines one by one: as a list, those of a file of nothing but line ends would fill the memory.

    Parameters
    ----------
    newline
        As for ``open``: what ends a line.

    Raises
    ------
    SourceError
        A line is too long, or there are too many; ``place`` names the table.
    """
    # Not StringIO, which takes four bytes a character.
    for number, line in enumerate(io.TextIOWrapper(io.BytesIO(text.encode()), "utf-8", newline=newline), start=1):
        if len(line) > LONGEST_LINE:
            raise SourceError(f"{place}, line {number} is too long: the limit is {LONGEST_LINE:,} characters.")
        if number > MOST_LINES:
            raise SourceError(f"{place} has too many lines: the limit is {MOST_LINES:,}.")
        yield line
