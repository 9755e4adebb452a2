r"""Which artists a text in a table or an export names. Pure.

One tool joins names by comma and space, and writes a comma of a name as ``\,``; another by semicolon, or in older
versions by a comma alone ("Tyler, The Creator" has a space after his). A comma between digits ("10,000 Maniacs") is
part of a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from spotmap_build.fetch.tables.cells import parse_list, parse_texts
from spotmap_build.fetch.tags import fold_space

ESCAPED: Final = re.compile(r"(?<!\\), ")
SEMICOLON: Final = re.compile(r";")
BARE: Final = re.compile(r"(?<![0-9\\]),(?! )|(?<!\\),(?![ 0-9])")
ANY: Final = re.compile(r",")
WHOLE: Final = re.compile(r"(?!)")


def split_artists(text: str, uris: str, joint: re.Pattern[str]) -> tuple[str, ...]:
    r"""Return the artists of one row.

    With their URIs it is known how many there are. Else the row itself tells what stands between them, and where it
    holds commas with a space after them only, ``joint`` does: what its file says of these.

    >>> split_artists("One, Two\\, Too", "", WHOLE), split_artists("10,000 Maniacs", "", ESCAPED)
    (('One', 'Two, Too'), ('10,000 Maniacs',))
    """
    listed = parse_list(text)
    if listed is not None:
        return _distinct(listed)
    separator = _separator(text, joint)
    count = len(uris.split(",")) if uris else 0
    if count == 1:
        return _parts(text, WHOLE)
    choices = (_parts(text, choice) for choice in (separator, ESCAPED, SEMICOLON, BARE, ANY))
    return next((names for names in choices if len(names) == count), _parts(text, separator))


def parse_artists(value: object, uris: object) -> tuple[str, ...]:
    """Return the artists of a row of any table: listed, or joined by semicolons; as many as there are URIs, if any."""
    if isinstance(value, str) and uris:
        return split_artists(value, str(uris), WHOLE)
    return parse_texts(value)


def find_joint(texts: Iterable[str], *, joins_by_space: bool) -> re.Pattern[str]:
    """Tell what a comma with a space after it is in a file: what stands between artists, or part of their names.

    Parameters
    ----------
    joins_by_space
        Whether the file can be of the tool that joins by comma and space. It is not if a row shows another joint.
    """
    is_other = any(SEMICOLON.search(text) or BARE.search(text) for text in texts)
    return ESCAPED if joins_by_space and not is_other else WHOLE


def _separator(text: str, joint: re.Pattern[str]) -> re.Pattern[str]:
    if "\\," in text or (joint is ESCAPED and ESCAPED.search(text)):
        return ESCAPED
    return next((one for one in (SEMICOLON, BARE) if one.search(text)), joint)


def _parts(text: str, separator: re.Pattern[str]) -> tuple[str, ...]:
    return _distinct(part.replace("\\,", ",") for part in separator.split(text))


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(folded for name in names if (folded := fold_space(name))))
