"""Words that titles, albums and credits are made of, in many languages: TOML files, each read when it is first needed.

``versions.toml``: which version of a song it is; ``titles.toml``: names that many songs have, numbers and parts;
``people.toml``: names that are nobody's own; ``classical.toml``: composers, sorts of works, tempi.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import TypeVar

import msgspec

Words = TypeVar("Words")


@dataclass(frozen=True, slots=True)
class Spellings:
    """What says one thing. ``phrases``: whole words; ``pieces``: of other scripts, anywhere in a word; ``leads``:
    phrases after which only names follow."""

    phrases: tuple[str, ...] = ()
    pieces: tuple[str, ...] = ()
    leads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of version. ``told``: for a person; ``alone``: what says it only where nothing stands beside it;
    ``of_albums``: whether an album's name can say it of all that is on it."""

    told: str
    phrases: tuple[str, ...] = ()
    pieces: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()
    of_albums: bool = False


@dataclass(frozen=True, slots=True)
class VersionWords:
    """``kinds``: by their name; ``neutral``: what does not matter; ``nouns``: words for "version"; ``fillers``: words
    that tell nothing; ``languages``: how each is called."""

    kinds: dict[str, Kind]
    neutral: Spellings
    nouns: Spellings
    fillers: frozenset[str]
    languages: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class TitleWords:
    """``numbers`` from zero on, ``ordinals`` and ``roman`` from one on; ``parts``: the words for each sort of part;
    ``common``: titles that many songs have."""

    common: frozenset[str]
    numbers: tuple[str, ...]
    ordinals: tuple[str, ...]
    roman: tuple[str, ...]
    parts: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class PeopleWords:
    """``various``, ``nobody``: names that stand for many and for nobody; ``impostors``: words in names of those who
    live on other people's songs; ``labels``: of companies; ``countries``: what tells two bands of one name apart."""

    impostors: Spellings
    various: frozenset[str]
    nobody: frozenset[str]
    countries: frozenset[str]
    labels: frozenset[str]


@dataclass(frozen=True, slots=True)
class ClassicalWords:
    """``genres``: how the names of each sort of work begin; a ``$`` says that the word ends there."""

    tempi: frozenset[str]
    composers: frozenset[str]
    genres: dict[str, tuple[str, ...]]


@lru_cache(maxsize=1)
def version_words() -> VersionWords:
    """Read the words for versions of a song."""
    return _read("versions", VersionWords)


@lru_cache(maxsize=1)
def title_words() -> TitleWords:
    """Read the words for numbers and parts, and the titles that many songs have."""
    return _read("titles", TitleWords)


@lru_cache(maxsize=1)
def people_words() -> PeopleWords:
    """Read the words in names of people."""
    return _read("people", PeopleWords)


@lru_cache(maxsize=1)
def classical_words() -> ClassicalWords:
    """Read the words in titles of classical works."""
    return _read("classical", ClassicalWords)


def _read(name: str, words: type[Words]) -> Words:
    text = (resources.files(__name__) / f"{name}.toml").read_text(encoding="utf-8")
    return msgspec.toml.decode(text, type=words)
