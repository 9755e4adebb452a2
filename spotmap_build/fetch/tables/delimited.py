"""Parse delimited text as written by spreadsheets and exporters, into columns of texts. Pure."""

from __future__ import annotations

import csv
import re
import string
import unicodedata
from collections import Counter
from dataclasses import dataclass
from itertools import chain, islice
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from spotmap_build.core.normalize import repair
from spotmap_build.core.spreadsheet import is_guarded, unguard_cell
from spotmap_build.core.text import printable, unescape
from spotmap_build.core.translation import translatable
from spotmap_build.errors import SourceError
from spotmap_build.fetch.tables.bounds import MAX_LINE_LENGTH, Columns, bounded_lines, check_shape
from spotmap_build.fetch.tables.column_names import can_name_files, is_known

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

DELIMITERS: Final = ",;\t|"
SEP_LINE: Final = re.compile(r"""\s*"?sep=(.)"?[,;\t| ]*(?:\r\n?|\n|$)""", re.I)
"""A first line that declares the delimiter for Excel."""
QUOTED: Final = re.compile(r'"[^"]*"?')
LINE: Final = re.compile(r"[^\r\n]+")
BETWEEN: Final = re.compile(r"[,;\t|]")
NUMBERED_FROM: Final = ("0", "1")
RULE_BEGINS: Final = ("", ":", "-", "+")
MIN_KNOWN: Final = 2
MAX_LINES_ABOVE_HEADER: Final = 10
"""Number of lines, from the beginning, in which the column names are searched."""
MAX_COUNTED: Final = 40
"""Names of a line that tell whether it is the one with the columns' names."""
MAX_TITLE_LENGTH: Final = 60
MAX_REPORTED: Final = 5
MAX_SAMPLE_LENGTH: Final = 1 << 16
"""Characters of the header from which the delimiter is found."""
ROWS_PER_CHECK: Final = 10_000
ESCAPED_QUOTE: Final = r"\""
NULL: Final = r"\N"
"""How databases write that a field has no value."""
DOUBLED_QUOTE: Final = re.compile(r'''(?<![\\"])(?:"""|(?<![,;\t|\r\n ])"")''')
"""The usual form of a quotation mark within a quoted field; at its start and end, two marks are an empty field."""
OTHER_KINDS: Final = {
    r"\s*<(?:[?!]|html|body|table|plist)": translatable("a page or a document (HTML or XML)"),
    r"\s*\{\\rtf": translatable("a text with formatting (RTF)"),
    r'\s*(?:\{\s*"|\[\s*[{\[])': "JSON",
    r"\s*#EXTM3U": translatable("a playlist (M3U)"),
}
"""Beginnings of text in other formats."""
EXPORT_AGAIN: Final = "Export it again as CSV; one JSON object a line is read from a file that ends in .jsonl."
TEXT_MARK: Final = '="'
EXCEL_TEXT: Final = re.compile(r'="(.*)"', re.S)
"""What keeps Excel from taking a text for a number."""
ENTITY: Final = re.compile(r"&(?:[a-z]{2,8}[0-9]{0,2}|#[0-9]{2,6}|#x[0-9a-f]{2,6});", re.I)
PADDING: Final = "\0\x1a \t\r\n"
"""What may follow the last row: DOS ends a text with one of these characters, and others fill a block."""
RULE: Final = re.compile(r":?-{3,}:?|\+(?:[-=]+\+)+")
"""A line between rows, as Markdown and databases draw it."""
WHOLE_LINE: Final = re.compile(r'^"((?:[^"\r\n]|"")*)"[,;\t ]*$', re.M)
"""A line that a spreadsheet took for one field, and quoted."""
UNNAMED: Final = re.compile(r"unnamed: [0-9]+")
"""What pandas calls a column without a name when it writes the table again."""


@dataclass(frozen=True, slots=True)
class Table:
    """The values of each column, all of the same length, and notices about what was left out.

    ``delimiter``: that of the text; empty for other formats.
    """

    columns: Columns
    notices: tuple[str, ...] = ()
    delimiter: str = ""


def read_delimited(text: str, place: str) -> Table:
    """Parse the columns of a text delimited by commas, semicolons, tabs or bars.

    Rows may have additional empty fields, and spaces may follow a delimiter. Columns without a name and values are
    ignored; of several columns with the same name, the first value in each row counts. Names are in lower case; an
    empty field is None.

    Parameters
    ----------
    place
        Name of the text for messages.

    Raises
    ------
    SourceError
        A row has too many fields, or the table is too large.
    """
    text = _unwrapped(text)
    header = _find_header(text)
    check_shape(place, rows=0, columns=_least_columns(text, header))
    names, rows, about_quotes = _read_rows(text, header, place)
    unnamed = (_values(rows, position) for position, name in enumerate(names) if not name)
    left_out = sum(any(values) and not _is_numbering(values) for values in unnamed)
    repeated = [name for name, count in Counter(names).items() if name and count > 1]
    notices = (*_about(place, text[header.above : header.start], left_out, repeated), *about_quotes)
    columns = _named(names, rows)
    if is_guarded(tuple(columns)):
        columns = {
            unguard_cell(name): [value and unguard_cell(value) for value in values] for name, values in columns.items()
        }
    return Table(columns, notices, header.delimiter)


def without_padding(text: str, place: str) -> str:
    """Return a text without what may surround its rows; refuse other formats, whatever the file's name.

    Raises
    ------
    SourceError
        It is a page, a formatted text, JSON or a playlist.
    """
    text = text.replace("\ufeff", "").rstrip(PADDING)
    for beginning, kind in OTHER_KINDS.items():
        if re.match(beginning, text, re.IGNORECASE):
            raise SourceError(f"{place} is {kind}, not a table, in spite of its name.", hint=EXPORT_AGAIN)
    return text


def _with_doubled_quotes(text: str, delimiter: str) -> str:
    r"""Convert quotation marks within fields from ``\"``, as MySQL and others write them, to the usual form.

    >>> print(_with_doubled_quotes(r'12\" mix,"a \"b\" c"', ","))
    12" mix,"a ""b"" c"
    """
    between = rf"[{re.escape(delimiter)}\r\n]"
    end = rf" *(?:{between}|\Z)"
    field = rf'(?:^|(?<={between})) *"(?:[^"\\]|\\(?!"{end})(?s:.))*+\\?"(?={end})'
    return re.sub(rf"{field}|{re.escape(ESCAPED_QUOTE)}", _doubled, text)


def _doubled(found: re.Match[str]) -> str:
    """Return a field in quotation marks, or a single mark that is in none, as most programs write them."""
    text = found[0]
    return '"' if text == ESCAPED_QUOTE else text[:-1].replace(ESCAPED_QUOTE, '""') + '"'


@dataclass(frozen=True, slots=True)
class _Header:
    """The line of column names, from ``start`` to ``end`` in the text, and the marks between and around its fields.

    ``above``: where the text above it begins, after a line that declares the delimiter.
    """

    above: int
    start: int
    end: int
    delimiter: str
    quote: str


def _find_header(text: str) -> _Header:
    declared = SEP_LINE.match(text)
    above = declared.end() if declared else 0
    start, end = _header_line(text, above)
    sample = text[start : min(end, start + MAX_SAMPLE_LENGTH)]
    delimiter = declared[1] if declared and declared[1] not in '"\r\n' else _find_delimiter(sample)
    quote = "'" if sample.lstrip().startswith("'") and '"' not in sample else '"'
    return _Header(above, start, end, delimiter, quote)


def _header_line(text: str, above: int) -> tuple[int, int]:
    """Return start and end of the line of column names: the first with several known names, or with one.

    Some programs write a title or other information above it. If no line has known names, the first nonempty one is
    used.
    """
    first = named = None
    fewest = 0
    for line in islice(LINE.finditer(text, above), MAX_LINES_ABOVE_HEADER):
        sample = line[0][:MAX_SAMPLE_LENGTH]
        names, known = _parts(sample), known_names(sample)
        if known > 1 and (named is None or 2 * known >= len(names) >= fewest):
            return line.span()
        is_open = sample.count('"') % 2 == 1
        first = first or (line.span() if names else None)
        if named is None and (len(names) > 1 or known or is_open):
            named = line.span()
            fewest = len(names) + 1 if known else 0  # a song may be called "Title", and its artist "Album"
        if is_open:
            break
    return named or first or (len(text), len(text))


def _parts(line: str) -> list[str]:
    return [name for part in BETWEEN.split(line) if (name := part.strip(' "\xa0'))]


def known_names(line: str) -> int:
    """Return how many of the texts in a line may be names of columns."""
    return sum(is_known(_name(name)) for name in _parts(line)[:MAX_COUNTED])


def _about(place: str, above: str, unnamed: int, twice: list[str]) -> tuple[str, ...]:
    notices = []
    if twice:
        shown = ", ".join(f"'{printable(name)[:MAX_TITLE_LENGTH]}'" for name in twice[:MAX_REPORTED])
        more = f" and {len(twice) - MAX_REPORTED} more" if len(twice) > MAX_REPORTED else ""
        notices.append(f"{place} has several columns named {shown}{more}: of each row, the first value was used.")
    if title := printable(above.strip(DELIMITERS + '+-=" \r\n'))[:MAX_TITLE_LENGTH]:
        notices.append(f"{place}: the text above the column names was left out: '{title}'.")
    if unnamed:
        many = f"{unnamed} columns without a name were" if unnamed > 1 else "1 column without a name was"
        notices.append(f"{place}: {many} left out.")
    return tuple(notices)


def _find_delimiter(header: str) -> str:
    plain = QUOTED.sub("", header)
    return max(DELIMITERS, key=plain.count)


def _least_columns(text: str, header: _Header) -> int:
    """Return a lower bound of the number of columns, since quoted names may contain delimiters."""
    start, end = header.start, header.end
    is_quoted = text.find('"', start, end) >= 0 and end - start <= MAX_LINE_LENGTH
    return 0 if is_quoted else text.count(header.delimiter, start, end)


def _name(cell: str) -> str:
    seen = "".join(letter for letter in cell if unicodedata.category(letter) != "Cf")
    name = " ".join(unicodedata.normalize("NFKC", seen).split()).lower()
    return "" if UNNAMED.fullmatch(name) else name


def _named(names: list[str], rows: list[list[str]]) -> Columns:
    """Return the named columns; of several with the same name, the first value in each row."""
    columns: dict[str, list[str | None]] = {}
    for position, name in enumerate(names):
        if not name:
            continue
        values = _values(rows, position, _unmarked if can_name_files(name) else _plain)
        before = columns.get(name)
        columns[name] = [old or new for old, new in zip(before, values, strict=True)] if before else values
    return columns


def _unwrapped(text: str) -> str:
    """Unquote lines that are single quoted fields, as a spreadsheet writes lines that it did not split."""
    first = LINE.search(text)
    whole = WHOLE_LINE.fullmatch(first[0]) if first else None
    names = BETWEEN.split(whole[1]) if whole else []
    if sum(map(is_known, names)) < MIN_KNOWN:
        return text
    return WHOLE_LINE.sub(lambda line: line[1].replace('""', '"'), text.replace("\r\n", "\n").replace("\r", "\n"))


def _is_no_row(row: list[str], names: list[str]) -> bool:
    """Return whether a row is empty, a separator line, or a repeated header, as in concatenated files."""
    first = row[0].strip() if row else ""
    if first[:1] in RULE_BEGINS:
        filled = [cell for cell in map(str.strip, row) if cell]
        if all(map(RULE.fullmatch, filled)) and (len(filled) != 1 or first.startswith("+")):
            return True
    is_perhaps = first.lower() == names[0] and len(names) > 1
    return is_perhaps and [_name(repair(_plain(cell))) for cell in row[: len(names)]] == names


def _read_rows(text: str, header: _Header, place: str) -> tuple[list[str], list[list[str]], tuple[str, ...]]:
    """Return the column names, the rows, and notices about quotation marks."""
    csv.field_size_limit(MAX_LINE_LENGTH)
    body = text[header.start :]
    if ESCAPED_QUOTE in body and not DOUBLED_QUOTE.search(body):
        body = _with_doubled_quotes(body, header.delimiter)
    lines = bounded_lines(body, place, newline="")
    reader = csv.reader(lines, delimiter=header.delimiter, quotechar=header.quote, skipinitialspace=True)
    lines_above = max(text.count("\n", 0, header.start), text.count("\r", 0, header.start))
    try:
        names = [_name(repair(_plain(cell))) for cell in next(reader, [])]
        check_shape(place, rows=0, columns=len(names))
        first = next(reader, [])
        if len(first) == len(names) + 1 and first[0].strip() in NUMBERED_FROM:
            names.insert(0, "")  # R writes row numbers without a column name
        rows = _rows(chain([first], reader), names, place, lambda: lines_above + reader.line_num)
    except csv.Error as error:
        raise SourceError(
            f"{place}, line {lines_above + reader.line_num}: {error}.", hint="Fix that line, or save the table again."
        ) from error
    ends_quoted = body.rstrip(header.delimiter + string.whitespace).endswith(header.quote)
    return names, rows, _about_quotes(rows, place, header.delimiter, ends_quoted=ends_quoted)


def _rows(reader: Iterable[list[str]], names: list[str], place: str, line: Callable[[], int]) -> list[list[str]]:
    rows, width = [], len(names)
    for row in reader:
        if not _is_no_row(row, names):
            if len(row) > width and any(map(str.strip, row[width:])):
                raise SourceError(
                    f"{place}, line {line()}: {len(row)} fields, but {width} columns.",
                    hint="A field that contains the delimiter must be in quotation marks.",
                )
            rows.append(row if len(row) >= width else [*row, *[""] * (width - len(row))])
            if not len(rows) % ROWS_PER_CHECK:
                check_shape(place, rows=len(rows), columns=width)
    check_shape(place, rows=len(rows), columns=width)
    return rows


def _about_quotes(rows: list[list[str]], place: str, delimiter: str, *, ends_quoted: bool) -> tuple[str, ...]:
    """Return a notice if a missing quotation mark seems to join several rows into one field.

    Raises
    ------
    SourceError
        It is never closed, so the last field contains all following rows.
    """
    last = next((cell for cell in reversed(rows[-1]) if cell), "") if rows else ""
    if "\n" in last and not ends_quoted:
        beginning = _beginning(last)
        raise SourceError(
            f"{place}: the quotation mark before '{beginning}' is not closed.",
            hint="Close it, or remove it.",
        )
    for row in rows:
        for cell in row:
            if "\n" in cell and any(line.count(delimiter) >= len(row) - 1 > 0 for line in cell.splitlines()[1:]):
                beginning = _beginning(cell)
                return (translatable(f"{place}: the field that begins with '{beginning}' may lack a quotation mark."),)
    return ()


def _beginning(cell: str) -> str:
    return printable(cell.splitlines()[0])[:MAX_TITLE_LENGTH]


def _unmarked(cell: str) -> str:
    """Remove Excel's text markers from a cell."""
    found = EXCEL_TEXT.fullmatch(cell) if cell.startswith(TEXT_MARK) else None
    return found[1].replace('""', '"') if found else cell


def _plain(cell: str) -> str:
    """Remove Excel's text markers from a cell, and decode HTML entities."""
    cell = _unmarked(cell)
    for _ in range(2):  # some are encoded twice
        cell = unescape(cell) if "&" in cell and ENTITY.search(cell) else cell
    return cell


def _values(rows: list[list[str]], position: int, clean: Callable[[str], str] = _plain) -> list[str | None]:
    cells = list(map(itemgetter(position), rows))
    together = "".join(cells)  # few columns need cleaning, and all cells are searched at once in a tenth of the time
    if TEXT_MARK in together or ENTITY.search(together):
        cells = list(map(clean, cells))
    return [value if (text := value.strip()) and text != NULL else None for value in cells]


def _is_numbering(values: list[str | None]) -> bool:
    """Return whether a column only numbers the rows, like the index of pandas."""
    return any(values == [str(number) for number in range(first, first + len(values))] for first in (0, 1))
