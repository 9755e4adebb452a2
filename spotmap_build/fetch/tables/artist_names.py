r"""Split the artists in a cell of a table or an export. Pure.

One tool joins names by comma and space, and escapes a comma in a name as ``\,``. Another joins them by semicolon, or in
older versions by a comma without a space (unlike that in "Tyler, The Creator"). A comma between digits
("10,000 Maniacs") is part of a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from spotmap_build.core.text import fold_space
from spotmap_build.fetch.tables.cells import parse_list, parse_texts
from spotmap_build.fetch.tags import JOINTS

ESCAPED: Final = re.compile(r"(?<!\\), ")
SEMICOLON: Final = re.compile(r";")
BARE: Final = re.compile(r"(?<![0-9\\]),(?! )|(?<!\\),(?![ 0-9])")
ANY: Final = re.compile(r",")
WHOLE: Final = re.compile(r"(?!)")


def split_artists(text: str, uris: str, joint: re.Pattern[str]) -> tuple[str, ...]:
    r"""Return the artists of one row.

    The URIs give the number of artists. Without them, the separator is inferred from the row itself or, if it has only
    commas followed by a space, from ``joint``, which was inferred from the whole file.

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
    """Return the artists of a row in any table: a list, or joined by semicolons; as many as URIs, if there are any."""
    if isinstance(value, str) and uris:
        return split_artists(value, str(uris), WHOLE)
    return parse_texts(value, JOINTS)


def find_joint(texts: Iterable[str], *, joins_by_space: bool) -> re.Pattern[str]:
    """Infer whether a comma followed by a space separates artists in a file, or is part of their names.

    Parameters
    ----------
    joins_by_space
        Whether the file may come from the tool that joins by comma and space. Another separator in a row rules it out.
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
