"""Read a list of songs as people write it: a line per song, with artist and title. Pure."""

from __future__ import annotations

import re
from itertools import islice
from typing import Final

from spotmap_build.core.text import fold_space
from spotmap_build.core.translation import translatable
from spotmap_build.fetch.tables.bounds import Columns, bounded_lines, check_shape
from spotmap_build.fetch.tables.delimited import (
    LINE,
    MAX_LINES_ABOVE_HEADER,
    MAX_SAMPLE_LENGTH,
    ROWS_PER_CHECK,
    Table,
    known_names,
)
from spotmap_build.fetch.tables.header_words import field_of_words
from spotmap_build.fetch.tags import split_caption

SAMPLE: Final = 1_000
MIN_CAPTION_SHARE: Final = 0.8
"""Share of the lines that have a dash between artist and title, if it is such a list."""
MAX_CAPTION_LENGTH: Final = 300
NUMBERED: Final = re.compile(r"\s*[0-9]{1,4}[.):]\s+(?=\S)")
_STAMPED: Final = re.compile(r"\s*[\[(]?(?:[0-9]{1,2}:)?[0-9]{1,3}:[0-9]{2}[\])]?(?:\s*[-\N{EN DASH}])?\s+(?=\S)")
"""The moments of a mix at which tracks begin."""
REMARKS: Final = ("# ", "//")
TITLE_FIRST: Final = ("title", "artists")
_BULLET: Final = re.compile(r"\s*[-*\u2022]\s+(?=\S)")


def read_captions(text: str, place: str) -> Table | None:
    """Return the titles and artists of lines such as "Artist - Title"; None if it is another kind of text."""
    found = (match[0] for match in LINE.finditer(text) if not match[0].isspace() and not match[0].startswith(REMARKS))
    sample = [line[:MAX_SAMPLE_LENGTH] for line in islice(found, SAMPLE)]
    header = _header(sample[0]) if sample else ()
    if any(map(known_names, sample[bool(header) : MAX_LINES_ABOVE_HEADER])) or not is_captions(sample):
        return None
    lines: list[str] = []
    for whole in bounded_lines(text, place, newline=None):
        if (line := whole.strip()) and not line.startswith(REMARKS):
            lines.append(line[1:-1] if line[0] == line[-1] == '"' else line)
            if not len(lines) % ROWS_PER_CHECK:
                check_shape(place, rows=len(lines), columns=2)
    check_shape(place, rows=len(lines), columns=2)
    for mark in (NUMBERED, _BULLET, _STAMPED):
        if all(map(mark.match, lines[1:])):
            lines = [mark.sub("", line, count=1) for line in lines]
    rows = [split_caption(fold_space(line)) for line in lines]
    if header:
        rows = [row[::-1] if header == TITLE_FIRST else row for row in rows[1:]]
    notice = translatable(f"{place} has no column names: each line was read as artist and title.")
    columns: Columns = {"title": [title for title, _ in rows], "artists": [artist or None for _, artist in rows]}
    return Table(columns, (notice,))


def _header(line: str) -> tuple[str, ...]:
    """Return what the parts of the lines are, if the first line says it."""
    named = tuple(field_of_words(part) for part in reversed(split_caption(line.strip().lower())))
    return named if named in {TITLE_FIRST, TITLE_FIRST[::-1]} else ()


def is_captions(texts: list[str]) -> bool:
    """Return whether most texts are an artist and a title with a dash in between.

    >>> is_captions(["Daft Punk - One More Time", "Moby \N{EN DASH} Porcelain"]), is_captions(["Porcelain"])
    (True, False)
    """
    count = sum(len(text) <= MAX_CAPTION_LENGTH and bool(split_caption(text)[1]) for text in texts)
    return bool(texts) and count >= MIN_CAPTION_SHARE * len(texts)
