"""Interpret single cells of tables from any program: missing values, lists, truth values. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from spotmap_build.core.text import fold_space

BETWEEN_TEXTS: Final = re.compile(";")
BETWEEN_GENRES: Final = re.compile("[,;|]")
MISSING: Final = frozenset(
    (
        *("", "-", "--", "–", "—", "?", "nan", "-nan", "na", "n/a", "n.a.", "#n/a", "<na>", "null", "(null)", "none"),
        *("nil", "undefined", "nat", "\\n", ".", "unknown", "missing", "not available", "n.d.", "n/d", "k.a.", "k. a."),
        "-1",
        *("inf", "+inf", "-inf", "infinity", "-infinity"),
        *("#value!", "#div/0!", "#ref!", "#name?", "#num!", "#null!", "#nv", "1.#ind", "-1.#ind", "1.#qnan"),
    )
)
"""Words for missing values in spreadsheets, databases, R and pandas. They may also be titles."""
NO_NAME: Final = frozenset({"nan", "-nan", "na", "n/a", "#n/a", "<na>", "null", "(null)"})
"""Those of them that are not names of playlists or genres."""
YES: Final = (
    "true",
    "1",
    "1.0",
    "yes",
    "y",
    "t",
    "explicit",
    "wahr",
    "ja",
    "vrai",
    "oui",
    "verdadero",
    "vero",
    "si",
    "e",
    "x",
    "✓",
    "✔",
)
NO: Final = ("false", "0", "0.0", "no", "n", "f", "clean", "falsch", "nein", "faux", "non", "falso", "notexplicit")
TRUTH: Final = dict.fromkeys(YES, True) | dict.fromkeys(NO, False)
"""Spreadsheets write truth values in the language of their user interface."""
MAX_LIST_LENGTH: Final = 1 << 16
_ITEM: Final = re.compile(r"""'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)\"""", re.S)
_BETWEEN: Final = re.compile(r"(?:[\s,]|\bNone\b|\bnan\b)*")
_OBJECT: Final = re.compile(r"\s*\{\s*'")
_NAMED: Final = re.compile(r"""'name'\s*:\s*('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""", re.S)
"""The ``name`` of an object in Python's notation."""


def is_missing(value: object) -> bool:
    """Return whether a cell of numbers, dates and the like has no value.

    >>> [is_missing(value) for value in (None, " N/A ", float("nan"), 0, "0")]
    [True, True, True, False, False]
    """
    return value is None or value != value or str(value).strip().lower() in MISSING  # noqa: PLR0124 - NaN


def parse_list(text: str) -> list[str] | None:
    """Parse a list of texts that Python, NumPy or JSON wrote into one cell; None if it is not a list.

    Of objects, as in lists of artists from APIs, the names are returned.

    >>> parse_list('''['Artist', "Guest D'Or"]'''), parse_list("['a' 'b']"), parse_list("[ingenting]")
    (['Artist', "Guest D'Or"], ['a', 'b'], None)
    >>> parse_list('[{"name": "Artist", "id": 7}]')
    ['Artist']
    """
    inside = text.strip()
    if not (inside[:1] + inside[-1:] in {"[]", "()", "{}"} and len(inside) <= MAX_LIST_LENGTH):
        return None
    try:
        items = json.loads(inside)
        if isinstance(items, dict) and text_of(items):
            return [text_of(items)]
        is_list = isinstance(items, list) and all(isinstance(item, (str, dict, type(None))) for item in items)
        return list(map(text_of, items)) if is_list else None
    except (ValueError, RecursionError):
        inside = inside[1:-1]
    if _OBJECT.match(inside):
        inside = ",".join(found[1] for found in _NAMED.finditer(inside))
    if not _BETWEEN.fullmatch(_ITEM.sub("", inside)) or (inside.strip() == "" and text.strip() != "[]"):
        return None
    return [re.sub(r"\\(.)", r"\1", found[1] if found[1] is not None else found[2]) for found in _ITEM.finditer(inside)]


def parse_texts(
    value: object, between: re.Pattern[str] = BETWEEN_TEXTS, *, is_optional: bool = False
) -> tuple[str, ...]:
    """Return the distinct texts of one cell: a list, or joined by the separator ``between``.

    ``is_optional``: words for missing values are not texts.
    """
    if isinstance(value, str):
        return _parse_joined(value, between, is_optional)
    return _distinct(value if isinstance(value, (list, tuple)) else [value] if value else [])


@lru_cache(maxsize=1 << 16)
def _parse_joined(text: str, between: re.Pattern[str], is_optional: bool) -> tuple[str, ...]:
    """Split the texts of a cell; cached, because artists, genres and playlists repeat."""
    listed = [] if is_optional and text.strip().lower() in NO_NAME else parse_list(text)
    return _distinct(between.split(text) if listed is None else listed)


def _distinct(parts: Sequence[object]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(folded for part in parts if (folded := fold_space(text_of(part)))))


def text_of(value: object) -> str:
    """Return a cell as text; of an object, such as an artist or album from an API, the name."""
    if isinstance(value, dict):
        value = value.get("name") or value.get("title") or value.get("#text")
    return "" if value is None or isinstance(value, dict) else str(value)


def parse_truth(value: object) -> bool | None:
    """Parse a truth value; None if it is none."""
    return TRUTH.get(re.sub(r"[\s_-]", "", str(value).lower()))
