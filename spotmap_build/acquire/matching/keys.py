"""Musical keys in titles: "in C-Sharp Minor", "cis-Moll", "en do dièse mineur". Pure."""

from __future__ import annotations

import re
from typing import Final

_LETTERS: Final = re.compile(r"\bin ([a-g])(?: (flat|sharp))?(?: (major|minor|dur|moll)\b|$)")
_GERMAN: Final = re.compile(r"\b(?:in )?([a-h](?:is|es|s)?) (dur|moll)\b")
_SYLLABLES: Final = re.compile(
    r"\b(?:in|en|em) (do|ut|re|mi|fa|sol|la|si)(?: (diese|diesis|sostenido|sustenido|bemol|bemolle))?"
    r"(?: (majeur|mineur|maggiore|minore|mayor|menor|maior)\b)"
)
_OF_SYLLABLES: Final = {"do": "c", "ut": "c", "re": "d", "mi": "e", "fa": "f", "sol": "g", "la": "a", "si": "b"}
_MINOR: Final = frozenset({"minor", "moll", "mineur", "minore", "menor"})
_GERMAN_FLATS: Final = {"as": "a flat", "es": "e flat", "b": "b flat", "h": "b"}


def read_key(text: str) -> tuple[str, str]:
    """Return the tonic in English ("c sharp"), and "major" or "minor"; empty where the text does not say.

    ``text``: normalized by :func:`~spotmap_build.core.normalize.native`.
    """
    if german := _GERMAN.search(text):
        return _tonic_of_german(german[1]), "minor" if german[2] == "moll" else "major"
    if syllables := _SYLLABLES.search(text):
        accidental = "" if not syllables[2] else " flat" if syllables[2].startswith("bemol") else " sharp"
        return _OF_SYLLABLES[syllables[1]] + accidental, "minor" if syllables[3] in _MINOR else "major"
    if letters := _LETTERS.search(text):
        mode = "" if not letters[3] else "minor" if letters[3] in _MINOR else "major"
        return f"{letters[1]} {letters[2]}" if letters[2] else letters[1], mode
    return "", ""


def without_key(text: str) -> str:
    """Return a text without its key."""
    for pattern in (_GERMAN, _SYLLABLES, _LETTERS):
        text = pattern.sub(" ", text)
    return " ".join(text.split())


def _tonic_of_german(name: str) -> str:
    if name in _GERMAN_FLATS:
        return _GERMAN_FLATS[name]
    return f"{name[0]} {'sharp' if name.endswith('is') else 'flat'}" if len(name) > 1 else name
