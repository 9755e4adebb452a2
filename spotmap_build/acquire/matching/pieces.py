"""Compare titles of classical works by movements, pieces and arias, however the work around them is named. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from rapidfuzz import fuzz

from spotmap_build.acquire.matching.albums import is_same_album
from spotmap_build.acquire.matching.classical import (
    BRACKET,
    CATALOG,
    COUNTED,
    MOVEMENT,
    NUMBER,
    arabic,
    genre_of_word,
    has_same_number,
    is_composer,
    is_tempo,
    last_part,
    part_numbers,
    read_work,
    same_movement,
    works_contradict,
)
from spotmap_build.acquire.matching.keys import read_key, without_key
from spotmap_build.acquire.matching.numerals import PARTS, ROMAN
from spotmap_build.acquire.matching.titles import canonical
from spotmap_build.acquire.matching.versions import read_segment
from spotmap_build.core.normalize import native
from spotmap_build.core.vocabulary import classical_words

if TYPE_CHECKING:
    from spotmap_build.acquire.matching.case import Case
    from spotmap_build.acquire.matching.titles import Title

_QUOTED: Final = re.compile(r"[\"“„«]([^\"“”„«»]+)[\"”“»]")
_STRUCTURE: Final = re.compile(r"\s*(?::|\s/|/\s|\s[-–—])\s*")
"""Signs between a work, its parts and the piece."""
_CALLED: Final = re.compile(r"[\"“„«]([^\"“”„«»]+)[\"”“»]\s*$")
"""A name in quotation marks at the end."""
_FROM: Final = re.compile(r"^\s*(?:from|aus|de|da|dal|dalla)\b", re.IGNORECASE)
_FEWEST_LETTERS: Final = 5
_SAME_WORDS: Final = 85
"""Minimum similarity (of 100) of the words of two names."""


@dataclass(frozen=True, slots=True)
class _Ending:
    name: str
    number: str


@dataclass(frozen=True, slots=True)
class _Piece:
    """``name``: the words that name the piece; ``whole``: all words; ``others``: in quotation marks and brackets."""

    name: str
    whole: str
    others: tuple[str, ...]
    numbers: frozenset[str]


def names_same_work(case: Case) -> bool:
    """Return whether the track and the candidate are the same part of a work, by their titles, album and length."""
    titles = case.wanted.track.title, case.candidate.title
    if same_movement(*titles):
        return True
    if not is_on_same_album(case):
        return False
    artists, is_by_composer = case.wanted.track.artists, case.wanted.is_by_composer
    is_classical = is_by_composer or (len(artists) > 1 and is_composer(artists[0]))
    checks = [is_called]
    checks += [same_ending, has_same_number, is_same_piece] if is_classical else []
    checks += [is_named_within] if is_by_composer else []
    return any(check(*titles) for check in checks)


def is_on_same_album(case: Case) -> bool:
    """Return whether the candidate is on the track's album and has the same length."""
    return case.is_exact and is_same_album(case.wanted.album, case.album)


def without_piece(title: Title) -> Title:
    """Return a title without marks that belong to the name of a piece: "(Flower Duet)" is no arrangement."""
    return replace(title, marks=tuple(mark for mark in title.marks if not _is_name_of_piece(mark.said)))


def _is_name_of_piece(said: str) -> bool:
    words, pieces = native(said).split(), classical_words().pieces
    rest = " ".join(word for word in words if word not in pieces)
    return not pieces.isdisjoint(words) and bool(rest) and read_segment(rest).sense == "unknown"


def same_ending(one: str, other: str) -> bool:
    """Return whether two titles end with the same movement name, even if the work is named differently or not at all.

    Such as "Clair de lune" and "Suite bergamasque: III. Clair de lune"; not for names that many movements have.
    """
    mine, theirs = _ending(one), _ending(other)
    if mine.name != theirs.name or (mine.number and theirs.number and mine.number != theirs.number):
        return False
    is_telling = not is_tempo(mine.name) and (len(mine.name.split()) > 1 or mine.number == theirs.number != "")
    parts = {part_numbers(title) for title in (one, other)} - {""}
    return is_telling and len(parts) < 2 and (read_work(one) is None or read_work(other) is None)


def is_called(one: str, other: str) -> bool:
    """Return whether one title ends with the other in quotation marks: ``Bagatelle ... "Für Elise"``.

    On the same album and with the same length, they are the same piece.
    """
    return any(
        (named := _CALLED.search(long)) is not None and canonical(named[1]) == canonical(short)
        for short, long in ((one, other), (other, one))
    )


def is_named_within(one: str, other: str) -> bool:
    """Return whether one title is contained in the other: "Gymnopédie No. 1", "3 Gymnopédies: No. 1, Lent".

    On the same album and with the same length, they are the same piece.
    """
    if read_work(one) is not None and read_work(other) is not None:
        return False
    short, long = sorted((canonical(one).split(), canonical(other).split()), key=len)
    words = classical_words()
    distinctive = [word for word in short if len(word) > 2 and word not in words.tempi | words.beside_movements]
    counted = [frozenset(NUMBER.findall(native(title))) for title in (one, other)]
    if counted[0] and counted[1] and counted[0] != counted[1]:
        return False
    is_in = all(not {word, f"{word}s"}.isdisjoint(long) for word in short)
    return is_in and (len(distinctive) > 1 or (len(distinctive) == 1 and any(word.isdecimal() for word in short)))


def is_same_piece(one: str, other: str) -> bool:
    """Return whether two titles name the same aria or piece of what may be the same work.

    Such as "La traviata, Act I: Libiamo ne' lieti calici (Brindisi)" and "Verdi: La traviata / Act 1 - Libiamo". This
    is no evidence by itself: it takes the same album and length.
    """
    if works_contradict(one, other) or _keys_differ(one, other):
        return False
    first, second = _piece(one), _piece(other)
    if first.numbers and second.numbers and first.numbers.isdisjoint(second.numbers):
        return False
    if _begins_alike(first.whole, second.whole):
        return True
    pairs = [(first.name, second.name)]
    pairs += [(first.name, name) for name in second.others] + [(name, second.name) for name in first.others]
    return any(_is_same_name(mine, theirs) for mine, theirs in pairs)


def _ending(title: str) -> _Ending:
    """Return the last movement that a title names: "III. Frühlingsfeier", "No. 3, Frühlingsfeier"."""
    movement = MOVEMENT.search(title) or COUNTED.search(title)
    if movement is not None and movement[3]:
        return _Ending(canonical(movement[3]), arabic(movement[1] or movement[2] or ""))
    return _Ending(canonical(last_part(title) or title), "")


def _keys_differ(one: str, other: str) -> bool:
    pairs = zip(read_key(native(one)), read_key(native(other)), strict=True)
    return any(mine and theirs and mine != theirs for mine, theirs in pairs)


def _is_same_name(mine: str, theirs: str) -> bool:
    if min(len(mine), len(theirs)) < _FEWEST_LETTERS:
        return False
    if mine.replace(" ", "") == theirs.replace(" ", ""):
        return True
    shared = [word for word in set(mine.split()) & set(theirs.split()) if len(word) > 2]
    return len(shared) > 1 and fuzz.token_set_ratio(mine, theirs) >= _SAME_WORDS


def _begins_alike(mine: str, theirs: str) -> bool:
    """Return whether one name is the beginning of the other, as of a text that is sung: "Lacrimosa dies illa"."""
    short, long = sorted((mine.split(), theirs.split()), key=len)
    name = " ".join(short)
    is_general = is_tempo(name) or name in classical_words().pieces or all(map(genre_of_word, short))
    return len(name) >= _FEWEST_LETTERS and long[: len(short)] == short and not is_general


@lru_cache(maxsize=16_384)
def _piece(title: str) -> _Piece:
    brackets = [inside for inside in BRACKET.findall(title) if not _FROM.match(inside)]
    plain = BRACKET.sub(" ", title)
    last = next((part for part in reversed(_STRUCTURE.split(plain)) if part.strip()), "")
    names = (*brackets, *_QUOTED.findall(last))
    numbers = _numbers(last).union(*(_numbers(inside) for inside in brackets if not _telling(inside)))
    return _Piece(_telling(last), native(last), tuple(filter(None, map(_telling, names))), numbers)


def _telling(name: str) -> str:
    """Return the words of a name that are not those of a catalog, a key, a tempo, a genre or a number."""
    words = classical_words()
    general = words.tempi | words.pieces | words.movements - words.beside_movements
    tokens = without_key(CATALOG.sub(" ", native(name))).split()
    kept = [token for token in tokens if not (_is_number(token) or token in general or genre_of_word(token))]
    return " ".join(kept) if set(kept) - words.beside_movements - set(PARTS) else ""


def _numbers(name: str) -> frozenset[str]:
    tokens = CATALOG.sub(" ", native(name)).split()
    return frozenset(ROMAN.get(token, token) for token in tokens if _is_number(token) and token not in PARTS)


def _is_number(token: str) -> bool:
    return token[0].isdecimal() or token in ROMAN or token in PARTS
