"""Common titles, which many songs have, even of the same artist; the album or work must identify them. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from spotmap_build.acquire.matching.classical import genre_of_word, is_played_by_ensemble, read_work
from spotmap_build.acquire.matching.numerals import ROMAN
from spotmap_build.acquire.matching.titles import canonical
from spotmap_build.core.normalize import native
from spotmap_build.core.vocabulary import classical_words, title_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from spotmap_build.acquire.matching.titles import Title

_NUMBERED: Final = re.compile(
    r"(?:part|vol|chapter|act|track|scene|interlude|skit|episode|side|movement|cue) \d+|\d{0,2}m\d{1,3}"
)
"""The last alternative matches numbers of film cues: "1M4"."""
_ONLY_NUMBER: Final = re.compile(
    r"\s*(?:(?:no|nr|n°|number|№)[. ]\s*\d+|[IVX]{2,5}|[IVX]{1,5}\.|\d{1,2}\.)\s*", re.IGNORECASE
)
"""A movement without a name. "7" and "X" do not match, because they are songs."""


@lru_cache(maxsize=16_384)
def is_common_name(name: str) -> bool:
    """Return whether a canonical name is only a generic term: "main theme", "andante"."""
    if name in _whole():
        return True
    words = title_words().common
    tokens = [token for token in name.split() if not _is_number(token)]
    if tokens and set(tokens) & words.heads and set(tokens) <= words.heads | words.beside:
        return True
    tempi = classical_words()
    return bool(set(tokens) & tempi.tempi - tempi.beside_tempi) and set(tokens) <= tempi.tempi


def is_common(title: Title, artists: Sequence[str]) -> bool:
    """Return whether many songs have this title: "Main Title", "Chapter 3", "II. Andante con moto"; a mass's "Gloria".

    ``artists``: if one is a composer or an ensemble, names of movements are common, too.
    """
    name = title.full
    if any("skit" in mark.names for mark in title.marks):
        return True
    if is_common_name(name) or _NUMBERED.fullmatch(name) or _ONLY_NUMBER.fullmatch(title.core):
        return True
    work = read_work(title.core)
    is_identified = work is not None and bool(work.catalogs or work.key)
    is_work = any(map(_is_number, name.split())) or is_played_by_ensemble(artists)
    return not is_identified and is_work and _names_no_work(name)


def is_counted_work(title: Title) -> bool:
    """Return whether the composer's name would identify the work: "Prelude No. 2", "Symphony No. 5: II. Andante"."""
    tokens = title.full.split()
    return any(map(_is_number, tokens)) and any(map(genre_of_word, tokens))


def works_agree(one: Iterable[str], other: Iterable[str]) -> bool:
    """Return whether both sides name a common work."""
    return bool({canonical(name) for name in one} & {canonical(name) for name in other} - {""})


@lru_cache(maxsize=1)
def _whole() -> frozenset[str]:
    return frozenset(native(name) for name in title_words().common.whole)


def _names_no_work(name: str) -> bool:
    """Return whether every word denotes a movement, a tempo, a key or a genre."""
    words = classical_words()
    tokens = [token for token in name.split() if not _is_number(token) and len(token) > 1]
    known = words.movements | words.tempi | words.beside_movements | title_words().common.heads
    is_named = any(token in words.movements or genre_of_word(token) for token in tokens)
    return is_named and all(token in known or genre_of_word(token) for token in tokens)


def _is_number(token: str) -> bool:
    return token.isdecimal() or token in ROMAN
