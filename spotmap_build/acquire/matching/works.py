"""Recognize the film, series or game that a title says the song is from. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from spotmap_build.core.normalize import is_latin, native
from spotmap_build.core.vocabulary import title_words

_WORDS: Final = title_words().works
_BEFORE: Final = "|".join(_WORDS.quoted)
_SORTS: Final = "|".join(_WORDS.sorts)
_QUOTED: Final = re.compile(
    rf"^(?P<before>(?:.*\s)?(?:{_BEFORE})\s(?:(?:[^\"“”«»„‘’']|(?<=\w)['’](?=\w))*\s)?)[\"“”«„‘'](?P<name>.+)[\"“”»’']\s*(?P<after>.*)$",
    re.IGNORECASE,
)
_CORNERED: Final = re.compile(r"^(?P<before>[^「『《〈]*)[「『《〈](?P<name>[^」』》〉]+)[」』》〉](?P<after>.*)$")
_BEFORE_SORT: Final = re.compile(rf"^(?:theme |music )?(?:{_BEFORE}) (?P<name>.*) (?:original )?(?:{_SORTS})$")
_SOUNDTRACK: Final = re.compile(r"^(?P<name>.+?) (?:original )?(?:motion picture )?(?:soundtrack|ost)(?: part \d+)?$")


@dataclass(frozen=True, slots=True)
class QuotedWork:
    """A work in quotation marks, and the text around it."""

    name: str
    around: str


def quoted_work(segment: str) -> QuotedWork | None:
    """Return the work in quotation marks: ``Love Theme from "Titanic"``."""
    cornered = _CORNERED.match(segment.strip())
    if cornered is not None:
        around = native(f"{cornered['before']} {cornered['after']}")
        rest = _beside_pieces(around)
        is_work = rest != around or cornered["after"].startswith("より")
        return QuotedWork(cornered["name"], rest) if is_work else None
    found = _QUOTED.match(segment.strip())
    return QuotedWork(found["name"], f"{found['before']}{found['after']}".strip()) if found else None


@lru_cache(maxsize=16_384)
def named_work(text: str) -> str:
    """Return the work that a mark names without quotation marks, recognized by the words around it; empty if none.

    ``text``: normalized by :func:`~spotmap_build.core.normalize.native`.
    """
    if is_latin(text):
        found = _BEFORE_SORT.match(text) or _SOUNDTRACK.match(text)
        if found is not None:
            return found["name"]
    lead = max((lead for lead in _leads() if text.startswith(f"{lead} ")), key=len, default="")
    if lead:
        return text[len(lead) + 1 :]
    names_work = not is_latin(text) and any(piece in text for piece in _pieces())
    return _beside_pieces(text) if names_work else ""


def _beside_pieces(text: str) -> str:
    """Remove the words for a theme, a film or an opening from a mark in a non-Latin script."""
    for piece in _pieces():
        text = text.replace(piece, " ")
    return " ".join(text.split())


@lru_cache(maxsize=1)
def _leads() -> tuple[str, ...]:
    return tuple(native(lead) for lead in _WORDS.leads)


@lru_cache(maxsize=1)
def _pieces() -> tuple[str, ...]:
    """Return the pieces, the longest first."""
    return tuple(sorted({native(piece) for piece in _WORDS.pieces}, key=lambda piece: (-len(piece), piece)))
