"""Read text with delimiters as spreadsheets and exporters write it: the texts below each name. Pure."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from spotmap_build.core.spreadsheet import is_guarded, unguard_cell
from spotmap_build.core.text import printable
from spotmap_build.errors import SourceError
from spotmap_build.fetch.tables.bounds import LONGEST_LINE, Columns, bounded_lines, check_shape
from spotmap_build.fetch.tables.column_names import KNOWN, fold_name

if TYPE_CHECKING:
    from _csv import Reader

DELIMITERS: Final = ",;\t|"
SEP_LINE: Final = re.compile(r"""\s*"?sep=(.)"?[,;\t| ]*(?:\r\n?|\n|$)""", re.I)
"""A first line that says to Excel what stands between the fields."""
QUOTED: Final = re.compile(r'"[^"]*"?')
LINE: Final = re.compile(r"[^\r\n]+")
BETWEEN: Final = re.compile(r"[,;\t|]")
MOST_ABOVE: Final = 10
"""Lines, from the beginning, of which one has the columns' names."""
LONGEST_TITLE: Final = 60
MOST_REPORTED: Final = 5
LONGEST_SAMPLE: Final = 1 << 16
"""Characters of the header from which the delimiter is found."""
ROWS_A_CHECK: Final = 10_000
UNNAMED: Final = re.compile(r"unnamed: [0-9]+")
"""What pandas calls a column without a name when it writes the table again."""


@dataclass(frozen=True, slots=True)
class Table:
    """The values below each column's name, all of one length, and sentences on what was left out.

    ``delimiter``: what stands between the fields of a text; empty for other kinds of tables.
    """

    columns: Columns
    notices: tuple[str, ...] = ()
    delimiter: str = ""


def read_delimited(text: str, place: str) -> Table:
    """Read the columns of a text with commas, semicolons, tabs or bars between its fields.

    Rows may be longer than the header by empty fields, and spaces may follow a delimiter. Columns that have neither a
    name nor values are none; of several with one name, each row's first value counts. Names are in lower case; an
    empty field is None.

    Parameters
    ----------
    place
        Names the text in messages.

    Raises
    ------
    SourceError
        A row has too many fields, or the table is too large.
    """
    sep_line = SEP_LINE.match(text)
    above = sep_line.end() if sep_line else 0
    start, end = _header(text, above)
    header = text[start : min(end, start + LONGEST_SAMPLE)]
    delimiter = sep_line[1] if sep_line and sep_line[1] not in '"\r\n' else _find_delimiter(header)
    check_shape(place, rows=0, columns=_least_columns(text, start, end, delimiter))
    csv.field_size_limit(LONGEST_LINE)
    lines = bounded_lines(text[start:] if start else text, place, newline="")
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    lines_above = max(text.count("\n", 0, start), text.count("\r", 0, start))
    try:
        names = [_name(cell) for cell in next(reader, [])]
        check_shape(place, rows=0, columns=len(names))
        rows = _rows(reader, len(names), place, lines_above)
    except csv.Error as error:
        raise SourceError(f"{place}, line {lines_above + reader.line_num}: {error}.") from error
    unnamed = (_values(rows, position) for position, name in enumerate(names) if not name)
    left_out = sum(any(values) and not _is_numbering(values) for values in unnamed)
    notices = _about(
        place, text[above:start], left_out, [name for name, count in Counter(names).items() if name and count > 1]
    )
    columns = _named(names, rows)
    if is_guarded(tuple(columns)):
        columns = {name: [value and unguard_cell(value) for value in values] for name, values in columns.items()}
    return Table(columns, notices, delimiter)


def _header(text: str, above: int) -> tuple[int, int]:
    """Where the line of column names begins and ends: the first one with several, or with one that is known.

    Some programs write a title above it. Where no line is one of names, the first one that says something is taken.
    """
    first = None
    for line in islice(LINE.finditer(text, above), MOST_ABOVE):
        sample = line[0][:LONGEST_SAMPLE]
        names = [name for part in BETWEEN.split(sample) if (name := part.strip(' "\ufeff\xa0'))]
        first = first or (line.span() if names else None)
        if len(names) > 1 or (names and fold_name(names[0]) in KNOWN) or sample.count('"') % 2:
            return line.span()
    return first or (len(text), len(text))


def _about(place: str, above: str, unnamed: int, twice: list[str]) -> tuple[str, ...]:
    notices = []
    if twice:
        shown = ", ".join(f"'{printable(name)[:LONGEST_TITLE]}'" for name in twice[:MOST_REPORTED])
        more = f" and {len(twice) - MOST_REPORTED} more" if len(twice) > MOST_REPORTED else ""
        notices.append(f"{place} has several columns named {shown}{more}: of each row, the first value was used.")
    if title := printable(above.strip(DELIMITERS + '" \r\n'))[:LONGEST_TITLE]:
        notices.append(f"{place}: what stands above the column names was left out: '{title}'.")
    if unnamed:
        many = f"{unnamed} columns without a name were" if unnamed > 1 else "1 column without a name was"
        notices.append(f"{place}: {many} left out.")
    return tuple(notices)


def _find_delimiter(header: str) -> str:
    plain = QUOTED.sub("", header)
    return max(DELIMITERS, key=plain.count)


def _least_columns(text: str, start: int, end: int, delimiter: str) -> int:
    """How many columns there are for sure, counted without dividing the header: quotation marks may hold delimiters."""
    return 0 if text.find('"', start, end) >= 0 and end - start <= LONGEST_LINE else text.count(delimiter, start, end)


def _name(cell: str) -> str:
    name = cell.strip("\ufeff \t\n\r\v\f\xa0").lower()
    return "" if UNNAMED.fullmatch(name) else name


def _named(names: list[str], rows: list[list[str]]) -> Columns:
    """Return the columns that have names; of several with one name, each row's first value."""
    columns: dict[str, list[str | None]] = {}
    for position, name in enumerate(names):
        if not name:
            continue
        values = _values(rows, position)
        before = columns.get(name)
        columns[name] = [old or new for old, new in zip(before, values, strict=True)] if before else values
    return columns


def _rows(reader: Reader, width: int, place: str, lines_above: int) -> list[list[str]]:
    rows = []
    for row in reader:
        if any(map(str.strip, row)):
            if len(row) > width and any(map(str.strip, row[width:])):
                raise SourceError(
                    f"{place}, line {lines_above + reader.line_num}: {len(row)} fields, but {width} columns.",
                    hint="A field that contains the delimiter must stand in quotation marks.",
                )
            rows.append(row if len(row) >= width else [*row, *[""] * (width - len(row))])
            if not len(rows) % ROWS_A_CHECK:
                check_shape(place, rows=len(rows), columns=width)
    check_shape(place, rows=len(rows), columns=width)
    return rows


def _values(rows: list[list[str]], position: int) -> list[str | None]:
    return [value if value.strip() else None for value in map(itemgetter(position), rows)]


def _is_numbering(values: list[str | None]) -> bool:
    """Whether a column just numbers the rows, as pandas writes its index."""
    return any(values == [str(number) for number in range(first, first + len(values))] for first in (0, 1))
