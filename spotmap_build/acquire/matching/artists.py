"""Compare the artists of a track and a candidate. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

from spotmap_build.acquire.matching.ensembles import is_ensemble, is_nearly_same_ensemble, is_same_ensemble
from spotmap_build.acquire.matching.people import are_of_one_artist, is_impostor, is_label, is_nobody, is_various
from spotmap_build.acquire.matching.titles import name_key, split_scripts
from spotmap_build.acquire.matching.transliteration import (
    comparable,
    is_read_by_letter,
    share_a_japanese_name,
    sound_alike,
)
from spotmap_build.acquire.matching.versions import read_segment
from spotmap_build.core.normalize import is_latin, native, repair
from spotmap_build.core.vocabulary import people_words, version_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Level = Literal[
    "same",
    "alike",
    "turned",
    "fewer",
    "fewer, not the first",
    "more",
    "various",
    "label",
    "missing",
    "unreadable",
    "half unreadable",
    "half heard",
    "related",
    "different",
    "other guests",
]

_SOLOIST_AND_CONDUCTOR: Final = 2
"""Number of artists who have to agree if only the orchestra's name differs, which may be a translation."""
_BEST_FIRST: Final[tuple[Level, ...]] = ("alike", "turned", "fewer", "more")
"""Levels of two names of the same artist."""
MAX_WORDS: Final = 10
"""Maximum words of a name whose order may be rotated."""
_CHANNEL: Final = re.compile(r"\s+-\s+topic$|\s*vevo$|\s+(?:official|oficial|officiel)(?:\s+channel)?$", re.IGNORECASE)
_ALIAS: Final = re.compile(
    r"[(\[]([^)\]]*)[)\]]|\b(?:aka|a\.k\.a\.|fka|f\.k\.a\.|formerly(?: known as)?|alias|previously)\b", re.IGNORECASE
)
_FORMERLY: Final = re.compile(
    r"^(?:aka|a\.k\.a\.|fka|f\.k\.a\.|formerly(?: known as)?|alias|previously)\s+", re.IGNORECASE
)
_PARTED: Final = re.compile(
    r"\s*[;,、\\]\s*|\s+(?:&|\+|x|×|/|·|•|–|-|vs\.?|feat\.?|ft\.?|featuring|pres\.?|presents|and|und|et|y|e|og|och|with|con|avec|mit"
    r"|med|met|com)\s+|\s*＆\s*",
    re.IGNORECASE,
)
_UMLAUTS: Final = str.maketrans(
    {
        "ä": "ae",
        "ö": "oe",
        "ü": "ue",
        "ø": "oe",
        "æ": "ae",
        "å": "aa",
        "Ä": "ae",
        "Ö": "oe",
        "Ü": "ue",
        "Ø": "oe",
        "Æ": "ae",
        "Å": "aa",
    }
)
_TITLED: Final = re.compile(r"^(?:sir|dame|lord|maestro)\s+(?=\S+\s)", re.IGNORECASE)
"""Titles before a name, which some services omit."""
_WITH_BAND: Final = re.compile(
    r"^(.+?) (?:&|\+|and|y|e|et|und|och|og|en) (?:the|his|her|los|las|os|les|die|seine|ihre|sus|son|ses) .+$"
    r"|^(?:the )?(\S+ .+) (?:trio|quartett?|quintett?|sextet|septet|octet|big band|orchestra)$",
    re.IGNORECASE,
)
"""A leader with a band: "Ada & The Tides", "The Ada Finch Quartet"."""
_TWO_NAMES: Final = re.compile(r"\s+[/–-]\s+")
"""Between two names of one person in a credit: "Yusuf / Cat Stevens"."""
_ARTICLE: Final = re.compile(r"^(?:los|las|les|el|la|le|die|der|das|os|as|de|het|il|i|gli) (?=\S)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Agreement:
    """The result of comparing two lists of artists, with an explanation."""

    level: Level
    sentence: str


@dataclass(frozen=True, slots=True)
class _Name:
    """One credit. ``keys``: normalized spellings; ``parts``: the keys of each artist, if it may name several."""

    text: str
    keys: frozenset[str]
    spellings: tuple[str, ...]
    parts: tuple[frozenset[str], ...]


@lru_cache(maxsize=16_384)
def names_in(artists: tuple[str, ...]) -> frozenset[str]:
    """Return all keys under which these artists may appear in a title."""
    return frozenset(key for credit in artists for key in _name(credit).keys if key)


def listed_singly(artists: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    """Split each credit of several artists of whom one is also among the others: "Ada & Finch", if Finch is.

    Only if the others are several as well: "Finch" is not "Ada & Finch".
    """
    names = [_name(credit) for credit in others]
    if len(names) < 2 and not any(name.parts for name in names):
        return tuple(artists)
    theirs = frozenset(key for name in names for keys in (name.keys, *name.parts) for key in keys)
    singly: list[str] = []
    for credit in artists:
        name = _name(credit)
        is_list = any(part & theirs for part in name.parts) and not name.keys & theirs
        singly += [part for part in _PARTED.split(name.text) if part.strip()] if is_list else [credit]
    return tuple(singly)


def compare_artists(
    wanted: Sequence[str],
    offered: Sequence[str],
    others: Iterable[frozenset[str]] = (),
    works: Iterable[frozenset[str]] = (),
) -> Agreement:
    """Compare the artists of a track and a candidate.

    Parameters
    ----------
    wanted : Sequence[str]
        The track's artists, main artist first, including guests named in the title.
    offered : Sequence[str]
        The same for the candidate.
    others : Iterable[frozenset[str]]
        Words of names that may be missing on one side: remixers, who are already named in the title's mark.
    works : Iterable[frozenset[str]]
        The same for films and series named in a title, which some services list as artists. Ignored if the two sides
        have no artist in common.
    """
    first = [_name(credit) for credit in wanted if not is_nobody(credit)]
    second = [_name(credit) for credit in offered if not is_nobody(credit)]
    unknown = _compare_unknown(first, second)
    if unknown is not None:
        return unknown
    excused = [names for names in others if names]
    if len(_uncovered(first, second)) < len(first):
        excused += [names for names in works if names]
    lacking = [name for name in _uncovered(first, second) if not _is_excused(name, excused)]
    added = [
        name
        for name in _uncovered(second, first)
        if not _is_excused(name, excused) and (lacking or not any(_sound_alike(known, name) for known in first))
    ]
    if lacking and added:
        return _compare_spellings(lacking, added, count_agreeing=len(first) - len(lacking))
    if len(lacking) == len(first) or any(is_impostor(name.text) for name in added):
        return Agreement("different", f"it is by {_listed(second)}")
    if added and not is_label(name.text for name in added):
        return Agreement("more", f"it also names {_listed(added)}")
    if lacking:
        level: Level = "fewer, not the first" if first[0] in lacking else "fewer"
        return Agreement(level, f"it does not name {_listed(lacking)}")
    return Agreement("same", "the artists are the same")


def _compare_unknown(first: list[_Name], second: list[_Name]) -> Agreement | None:
    """Return the result if one side has no artist, or only "various artists"; else None."""
    if not first:
        return Agreement("missing", "the library does not give the artist")
    if not second:
        return Agreement("missing", "its artist is not given")
    if all(is_various(name.text) for name in second):
        return Agreement("various", 'its artist is given as "various"')
    if all(is_various(name.text) for name in first):
        return Agreement("various", 'the library gives the artist as "various"')
    return None


def _compare_spellings(lacking: list[_Name], added: list[_Name], *, count_agreeing: int) -> Agreement:
    """Compare names with different spellings: in another script, in another word order, or of different people.

    ``count_agreeing``: how many of the track's artists are among the candidate's.
    """
    all_lack = not count_agreeing
    left, right = list(lacking), list(added)
    levels: set[Level] = {"alike"}
    for name in lacking:
        found = [(level, other) for other in right if (level := _compare_name(name, other, all_lack=all_lack))]
        if found:
            level, match = min(found, key=lambda pair: _BEST_FIRST.index(pair[0]))
            levels.add(level)
            left.remove(name)
            right.remove(match)
    by = f"it is by {_listed(added)}"
    if not left and not right:
        worst = max(levels, key=_BEST_FIRST.index)
        are_same = worst in {"alike", "turned"}
        return Agreement(worst, "the artists are the same, written differently" if are_same else by)
    was_turned = "turned" in levels
    if not (left or was_turned or any(is_impostor(name.text) for name in right)):
        return Agreement("more", f"it also names {_listed(right)}")
    if not (right or was_turned or lacking[0] in left):
        return Agreement("fewer", f"it does not name {_listed(left)}")
    if any(is_impostor(name.text) for name in right):
        return Agreement("different", by)
    if left and right:
        level = _compare_unlike(left, right, count_agreeing=count_agreeing)
        if level is not None:
            return Agreement(level, f"{by}, in another script or language")
    return _compare_strangers(lacking, added, right) if all_lack else Agreement("other guests", by)


def _compare_unlike(left: list[_Name], right: list[_Name], *, count_agreeing: int) -> Level | None:
    """Compare names of which none is spelled like another; None if they could be compared, and differ."""
    if all(_is_unreadable(name, other) for name in left for other in right):
        if len(left) == len(right) == 1 and share_a_japanese_name(left[0].text, right[0].text):
            return "half heard"
        return "half unreadable" if count_agreeing else "unreadable"
    are_ensembles = all(is_ensemble(name.text) for name in (*left, *right))
    return "half heard" if are_ensembles and count_agreeing >= _SOLOIST_AND_CONDUCTOR else None


def _compare_name(name: _Name, other: _Name, *, all_lack: bool) -> Level | None:
    """Compare two spellings; None if they name different artists.

    ``all_lack``: whether no other artist of the track is among the candidate's, which would be evidence for both.
    """
    if _sound_alike(name, other) or is_same_ensemble(name.text, other.text):
        return "alike"
    if not all_lack and is_nearly_same_ensemble(name.text, other.text):
        return "alike"
    if _is_turned(name, other) or are_of_one_artist(name.keys, other.keys):
        return "turned"
    return None if all_lack else _compare_bands(name, other)


def _compare_strangers(lacking: list[_Name], added: list[_Name], unknown: list[_Name]) -> Agreement:
    """Compare the artists if none of the track's is among the candidate's.

    ``unknown``: the candidate's artists that match none of the track's.
    """
    by = f"it is by {_listed(added)}"
    if is_label(name.text for name in unknown):
        return Agreement("label", f"its artist is given as {_listed(unknown)}, perhaps a label")
    if len(lacking) > 1 or len(added) > 1:
        return Agreement("different", by)
    level = _compare_bands(lacking[0], added[0])
    return Agreement(level or ("related" if _share_a_word(lacking[0], added[0]) else "different"), by)


def _compare_bands(name: _Name, other: _Name) -> Level | None:
    """Compare a leader with the leader and band, or one with both names of an artist; None if neither is so."""
    if any(_keys(part) & other.keys for part in _parts_of(name.text)):
        return "fewer"
    return "more" if any(_keys(part) & name.keys for part in _parts_of(other.text)) else None


def _parts_of(credit: str) -> tuple[str, ...]:
    """Return the leader of a band, each of two names of an artist, or the name without its article."""
    band = _WITH_BAND.match(credit)
    leader = (band[1] or band[2],) if band else ()
    article = (_ARTICLE.sub("", credit),) if _ARTICLE.match(credit) else ()
    names = _TWO_NAMES.split(credit)
    return (*leader, *article, *(names if len(names) > 1 else ()))


@lru_cache(maxsize=16_384)
def _name(credit: str) -> _Name:
    text = _CHANNEL.sub("", repair(credit)).strip() or credit
    spellings = [text] if is_impostor(text) else [text, *_other_spellings(text)]
    parts = list(dict.fromkeys(part for part in _PARTED.split(text) if part.strip()))
    return _Name(
        text,
        frozenset(key for spelling in spellings for key in _keys(spelling)),
        tuple(spellings),
        tuple(_keys(part) for part in parts) if len(parts) > 1 else (),
    )


def _other_spellings(text: str) -> list[str]:
    """Return other names of the artist in one credit: in brackets, in another script, or family name first."""
    spellings: list[str] = []
    if _ALIAS.search(text) and native(text).split()[-1] not in people_words().countries:
        parts = [_FORMERLY.sub("", part.strip(" ()[],")) for part in _ALIAS.split(text) if part]
        spellings += [part for part in parts if part]
    twice = split_scripts(text)
    if twice and all(part in spellings or _may_be_name(part) for part in twice):
        spellings += twice
    if _TITLED.match(text):
        spellings.append(_TITLED.sub("", text))
    if text.count(",") == 1:
        last, first = text.split(",")
        spellings.append(f"{first} {last}")
    return spellings


def _may_be_name(part: str) -> bool:
    """Return whether a part of a credit may be a name by itself, unlike "Piano" or "Official Channel"."""
    return read_segment(part).sense == "unknown" and len(part) > 1 and not is_label([part])


def _keys(spelling: str) -> frozenset[str]:
    return frozenset({name_key(spelling), name_key(spelling.translate(_UMLAUTS))})


def _is_excused(name: _Name, excused: list[frozenset[str]]) -> bool:
    own = set(native(name.text).split()) - version_words().fillers
    return bool(own) and any(own <= others for others in excused)


def _uncovered(names: list[_Name], others: list[_Name]) -> list[_Name]:
    """Return the names missing in the other list, whether artists are listed separately or in one credit ("A & B").

    A credit with several artists must be covered in all its parts: "Finch" is not "Sable & Finch".
    """
    theirs = frozenset(key for other in others for keys in (other.keys, *other.parts) for key in keys)
    ours = frozenset(key for name in names for keys in (name.keys, *name.parts) for key in keys)
    return [name for name in names if not _is_covered(name, others, ours, theirs)]


def _is_covered(name: _Name, others: list[_Name], ours: frozenset[str], theirs: frozenset[str]) -> bool:
    if any(name.keys & other.keys for other in others):
        return True
    if name.parts and all(part & theirs for part in name.parts):
        return True
    return any(
        all(part & ours for part in other.parts) and any(part & name.keys for part in other.parts)
        for other in others
        if other.parts
    )


def _sound_alike(name: _Name, other: _Name) -> bool:
    """Compare names in different scripts by sound; the family name may come first or last."""
    return any(
        sound_alike(*pair)
        for spelling in name.spellings
        for other_spelling in other.spellings
        if not comparable(spelling, other_spelling) or is_latin(spelling) != is_latin(other_spelling)
        for pair in _across(spelling, other_spelling)
    )


def _across(one: str, other: str) -> Iterable[tuple[str, str]]:
    foreign, latin = (other, one) if is_latin(one) else (one, other)
    tokens = latin.split()
    yield foreign, latin
    for start in range(1, min(len(tokens), MAX_WORDS)):
        yield foreign, " ".join(tokens[start:] + tokens[:start])


def _is_turned(name: _Name, other: _Name) -> bool:
    """Return whether the names have the same words in another order ("Orchestra of the Mill").

    Also if one name adds a country, which distinguishes bands of the same name; the candidate's only in brackets, since
    "Finch UK" may be a band that plays the songs of Finch.
    """
    first, second = native(name.text).split(), native(other.text).split()
    if (first[-1] in people_words().countries) != (second[-1] in people_words().countries):
        return first[:-1] == second or (second[:-1] == first and _ALIAS.search(other.text) is not None)
    left, right = set(first) - {"of", "the"}, set(second) - {"of", "the"}
    return len(left) > 1 and left == right


def _is_unreadable(name: _Name, other: _Name) -> bool:
    """Return whether two names cannot be compared because the script of one does not determine its pronunciation."""
    if any(comparable(left, right) for left in name.spellings for right in other.spellings):
        return False
    return not (is_read_by_letter(name.text) and is_read_by_letter(other.text))


def _share_a_word(name: _Name, other: _Name) -> bool:
    return bool(set(native(name.text).split()) & set(native(other.text).split()) - version_words().fillers)


def _listed(names: Iterable[_Name]) -> str:
    return ", ".join(name.text for name in names)
