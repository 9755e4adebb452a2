"""Names of orchestras, choirs and quartets in different languages. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from spotmap_build.core.normalize import native
from spotmap_build.core.vocabulary import classical_words

_ORCHESTRA: Final = re.compile(
    r"(?:orchest(?:er|ra|re)|orchestr|orkest(?:eri?|ar)?|orkestra(?:si)?|orkiestra|orquest(?:a|ra)|zenekara?|оркестр)s?$"
)
_PERFORMING_BODIES: Final = ("philharmonic", "symphony", "choir", "quartet", "opera")
"""Kinds whose words mean an ensemble, unlike "radio" and "camera", which other artists have in their names as well."""


@lru_cache(maxsize=4_096)
def is_ensemble(name: str) -> bool:
    """Return whether a name has a word for an orchestra, a choir or the like."""
    tokens = native(name).split()
    patterns = (_ORCHESTRA, *(_bodies()[body] for body in _PERFORMING_BODIES))
    return not classical_words().ensembles.isdisjoint(tokens) or any(
        pattern.search(token) for pattern in patterns for token in tokens
    )


def is_same_ensemble(one: str, other: str) -> bool:
    """Return whether two names are translations of each other: "Wiener Philharmoniker", "Vienna Philharmonic"."""
    mine, theirs = _words(one), _words(other)
    return mine == theirs and is_ensemble(one) and is_ensemble(other) and bool(mine - _general())


def is_nearly_same_ensemble(one: str, other: str) -> bool:
    """Return whether two names differ only in an attribute that is often left out: "National", "Royal".

    It takes other evidence, such as the conductor, that they are the same.
    """
    mine, theirs = _words(one), _words(other)
    optional = classical_words().attributes_of_ensembles
    is_named = is_ensemble(one) and is_ensemble(other) and bool(mine - _general())
    return is_named and mine - optional == theirs - optional and (mine <= theirs or theirs <= mine)


def _general() -> frozenset[str]:
    """Return the words that many ensembles have in their names."""
    words = classical_words()
    return frozenset(words.bodies) | words.attributes_of_ensembles


@lru_cache(maxsize=4_096)
def _words(name: str) -> frozenset[str]:
    """Return the words of an ensemble's name in one language, without those for an orchestra and articles.

    A choir named together with its orchestra is left out, too.
    """
    words = classical_words()
    found: set[str] = set()
    for token in native(name).split():
        rest = _ORCHESTRA.sub("", token)
        if rest and rest not in words.beside_ensembles:
            found.update(_translations(rest))
    is_choir_too = "choir" in found and any(_ORCHESTRA.search(token) for token in native(name).split())
    return frozenset(found - {"choir"} if is_choir_too else found)


@lru_cache(maxsize=4_096)
def _translations(word: str) -> tuple[str, ...]:
    words = classical_words()
    place = next((place for place, forms in words.places.items() if word in forms), "")
    if place:
        return (place,)
    bodies = tuple(body for body, pattern in _bodies().items() if pattern.search(word))
    return bodies or (word,)


@lru_cache(maxsize=1)
def _bodies() -> dict[str, re.Pattern[str]]:
    return {body: re.compile(pattern) for body, pattern in classical_words().bodies.items()}
