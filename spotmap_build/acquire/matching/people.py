"""What a name tells by itself: that it is a label's, a reworker's, nobody's, or one of an artist's several. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from spotmap_build.acquire.matching.titles import name_key
from spotmap_build.core.normalize import native
from spotmap_build.core.vocabulary import people_words

if TYPE_CHECKING:
    from collections.abc import Iterable

_LABELS: Final = re.compile(rf"\b(?:{'|'.join(sorted(people_words().labels))})\b")
_IMPOSTORS: Final = re.compile(
    rf"\b(?:{'|'.join(people_words().impostors.phrases)})\b|{'|'.join(people_words().impostors.pieces)}"
)


def is_impostor(name: str) -> bool:
    """Return whether the name is typical of artists or uploaders who imitate others' songs."""
    return _IMPOSTORS.search(native(name)) is not None


def is_label(names: Iterable[str]) -> bool:
    """Return whether all names look like record labels."""
    return all(_LABELS.search(native(name)) for name in names)


def is_nobody(name: str) -> bool:
    """Return whether a name only says that the artist is unknown."""
    return not name.strip() or native(name.strip("<>[]() ")) in _nobodies()


def words_of(name: str) -> frozenset[str]:
    """Return the normalized words of an artist's name."""
    return frozenset(native(name).split())


def is_various(name: str) -> bool:
    """Return whether a name only says that there are several artists."""
    return native(name) in _various()


def are_of_one_artist(one: frozenset[str], other: frozenset[str]) -> bool:
    """Return whether both are names of one artist, under each of which there may be a recording of the same song.

    ``one``, ``other``: the spellings of a name, as :func:`name_key`.
    """
    return any(not other.isdisjoint(_renamed().get(key, ())) for key in one)


@lru_cache(maxsize=1)
def _various() -> frozenset[str]:
    return frozenset(native(name) for name in people_words().various)


@lru_cache(maxsize=1)
def _renamed() -> dict[str, frozenset[str]]:
    """Return the keys of all names of an artist for each of them."""
    groups = [frozenset(map(name_key, names)) for names in people_words().renamed]
    return {key: group for group in groups for key in group}


@lru_cache(maxsize=1)
def _nobodies() -> frozenset[str]:
    return frozenset(native(name) for name in people_words().nobody)
