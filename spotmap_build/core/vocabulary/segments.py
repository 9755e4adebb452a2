"""Recognize version words in title segments: "Live at Red Rocks", "2011 Remaster", "リミックス". Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from spotmap_build.core.normalize import is_latin, native
from spotmap_build.core.vocabulary import version_words

_NAMED_BY_WORDS: Final = frozenset({"arrangement", "excerpt", "mixed", "talk", "8D", "theme"})
"""Kinds with several variants, which the word itself distinguishes."""


@dataclass(frozen=True, slots=True)
class Found:
    """Words found in a segment of a title.

    ``kinds``: kinds of versions; ``is_neutral``: whether the segment has a word that is irrelevant to the version;
    ``rest``: unknown words, and words that distinguish variants of a kind.
    """

    kinds: frozenset[str]
    is_neutral: bool
    rest: tuple[str, ...]


def find_words(text: str) -> Found:
    """Find the words of :func:`version_words` in a segment of a title, longest phrases first.

    ``text``: normalized by :func:`~spotmap_build.core.normalize.native`.
    """
    tokens = text.split()
    kinds: set[str] = set()
    rest: list[str] = []
    names: list[str] = []
    is_neutral = False
    position = 0
    while position < len(tokens):
        for phrase, kind in _phrases().get(tokens[position], ()):
            if tuple(tokens[position : position + len(phrase)]) == phrase:
                is_neutral |= not kind
                kinds |= kind
                if kind & _NAMED_BY_WORDS:
                    names.extend(phrase)
                position += len(phrase)
                break
        else:
            is_remaster = tokens[position].startswith(version_words().remasters)
            is_neutral |= is_remaster
            rest += [] if is_remaster else [tokens[position]]
            position += 1
    if not is_latin(text):
        return _find_pieces(kinds, is_neutral, rest + names)
    return Found(frozenset(kinds), is_neutral, (*rest, *names))


def _find_pieces(kinds: set[str], is_neutral: bool, rest: list[str]) -> Found:
    """Find words in non-Latin scripts: first consecutive words, then parts of words."""
    names: list[str] = []
    for piece, kind in _pieces():
        size = len(piece.split())
        for start in range(len(rest) - size + 1 if size > 1 else 0):
            if piece in " ".join(rest[start : start + size]):
                is_neutral |= not kind
                kinds |= kind
                rest = rest[:start] + rest[start + size :]
                break
    for token in rest:
        found = [] if is_latin(token) else [kind for piece, kind in _pieces() if piece in token]
        for kind in found:
            is_neutral |= not kind
            kinds |= kind
        if not found:
            names.append(token)
    return Found(frozenset(kinds), is_neutral, tuple(names))


def is_noun(word: str) -> bool:
    """Return whether a word means "version" in any language."""
    nouns = version_words().nouns
    return word in nouns.phrases or (not is_latin(word) and any(native(piece) in word for piece in nouns.pieces))


@lru_cache(maxsize=1)
def _phrases() -> dict[str, list[tuple[tuple[str, ...], frozenset[str]]]]:
    """Return phrases and their kinds by first word, longest first. Neutral phrases have no kinds."""
    kinds: dict[str, set[str]] = {}
    for kind, words in version_words().kinds.items():
        for phrase in words.phrases:
            kinds.setdefault(native(phrase), set()).add(kind)
    for phrase in version_words().neutral.phrases:
        kinds.setdefault(native(phrase), set())
    table: dict[str, list[tuple[tuple[str, ...], frozenset[str]]]] = {}
    for phrase, found in kinds.items():
        tokens = tuple(phrase.split())
        table.setdefault(tokens[0], []).append((tokens, frozenset(found)))
    for entries in table.values():
        entries.sort(key=lambda entry: -len(entry[0]))
    return table


@lru_cache(maxsize=1)
def _pieces() -> list[tuple[str, frozenset[str]]]:
    table = [
        (native(piece), frozenset({kind})) for kind, words in version_words().kinds.items() for piece in words.pieces
    ]
    return table + [(native(piece), frozenset()) for piece in version_words().neutral.pieces if not is_latin(piece)]
