"""Interpret a bracket or suffix of a title: a version mark, a work, or something irrelevant. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from spotmap_build.acquire.matching.works import named_work, quoted_work
from spotmap_build.core.normalize import is_latin, native
from spotmap_build.core.vocabulary import album_words, title_words, version_words
from spotmap_build.core.vocabulary.segments import find_words, is_noun

Sense = Literal["version", "neutral", "unknown"]
LENGTHS: Final = frozenset({"edit", "single", "extended", "club"})
"""Kinds that are the same recording cut or arranged to another length."""

_HOURS: Final = re.compile(
    r"\b\d+ ?(?:hours?|hrs?|h|stunden?|horas?|heures?|ore|час(?:а|ов)?|시간|时间|小时|שעות|ساعات)\b"
)
_SPEED: Final = re.compile(r"\b(?:x(\d) ?\d{0,2}|(\d) \d{1,2} ?x)\b")
"""A speed factor: "0.8x"."""
_OF_A_FILE: Final = re.compile(
    r"\b\d{2,3} ?kbps\b|https?://\S*|\bwww\.\S*|^[\w-]+\.(?:com|net|org|ru|me|cc)$|\b(?:mp3|m4a|flac|wav)\b|^320$",
    re.IGNORECASE,
)
"""Text about a file or its origin, and not about the recording."""
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_NUMBER: Final = re.compile(r"\d+(?:st|nd|rd|th|bit|k|khz)?|bit")
"""Numbers in the mark of a remaster: "24 Bit Remastered 05"."""
_BONUS: Final = re.compile(r"(?:(?!tour\b)\w+ ){0,2}bonus (?:track|cut)|(?:19|20)\d\d (?:digital )?master")
"""A bonus track of a country or a shop, or the year of a master."""
_GLUED: Final = re.compile(r"(?<=[^\x00-\x7f]|\d)(ver|version|mix|remix|edit)\b")
"""A suffix without a space, after a year or in scripts that do not use spaces: "アニメver."."""
_REMASTERS: Final = tuple(version_words().remasters)
_OWN_VERSION: Final = re.compile(r"(?:\w['’]?s['’]?|^\W*(?:my|your)) version\s*$", re.IGNORECASE)
_YEARS_VERSION: Final = re.compile(r"^(?:19|20)\d\d (?:version|ver|versie|versione|recording)$")
_MADE_IN_YEAR: Final = re.compile(r"\b(?:new|studio|mix|version|recording|original(?= \d)|(?<=\d )original)\b")
"""Words that together with a year mean the recording, and not its publication: "New 2023", "Original Mix 2022"."""
_NAMED_MIX: Final = re.compile(r"\bstereo mix\b")
"""A mix that is another one if it has a year or a name."""
TOGETHER: Final = "&"
"""Marks that a version is by several people, so that one with fewer of the names is different."""
_TOGETHER: Final = re.compile(r"[&+,/×]|\s(?:and|x|vs\.?|und|y|et)\s", re.IGNORECASE)
_BY_SOMEBODY: Final = frozenset({"remix", "dub", "edit", "extended", "club"})
_PLAIN_MIXES: Final = frozenset({"mix", "mixes"})


@dataclass(frozen=True, slots=True)
class Mark:
    """A version mark of a title.

    ``kinds``: kinds of version ("live", "remix"); ``names``: words that distinguish it from others of its kind (the
    remixer, the concert); ``said``: the text as written, to compare by sound.
    """

    kinds: frozenset[str]
    names: frozenset[str] = frozenset()
    said: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """The interpretation of a segment of a title.

    ``mark`` is set if ``sense`` is "version"; ``work``: the film, series or game that it names.
    """

    sense: Sense
    mark: Mark = Mark(frozenset())
    work: str = ""


@lru_cache(maxsize=16_384)
def read_segment(segment: str) -> Reading:
    """Interpret the content of a bracket, or the text after a dash."""
    text = _GLUED.sub(r" \1", native(segment))
    quoted = quoted_work(segment)
    is_shown = _names_a_show(text)
    if quoted is not None and not is_shown and read_segment(quoted.around).sense != "version":
        return Reading("neutral", work=quoted.name)
    found = find_words(text)
    kinds = found.kinds | {kind for kind, words in version_words().kinds.items() if text in words.alone}
    nouns = {word for word in found.rest if is_noun(word)}
    names = frozenset(word for word in found.rest if word not in version_words().fillers and word not in nouns)
    years = frozenset(word for word in names if _YEAR.fullmatch(word))
    of_transfer = names if _is_remaster(text, nouns) else frozenset[str]()
    if _HOURS.search(text):
        kinds |= {"loop"}
    if (speed := _SPEED.search(text)) is not None:
        kinds |= {"slowed" if (speed[1] or speed[2]) == "0" else "sped up"}
    if is_shown and "live" not in kinds:
        kinds |= {"session"}
    if kinds == {"arrangement"} and of_transfer:  # a series of remasters: "Original Jazz Classics Remasters"
        kinds = frozenset()
    if not kinds and names and _NAMED_MIX.search(text):
        kinds = frozenset({"new mix"})
    if not kinds and (_OWN_VERSION.search(segment) or _YEARS_VERSION.match(text)):
        kinds = frozenset({"re-recording"})
    if kinds & _BY_SOMEBODY and _TOGETHER.search(segment):
        names |= {TOGETHER}
    if kinds:
        return Reading("version", Mark(settle(kinds), names, segment))
    if _is_edition(text):
        return Reading("neutral")
    languages = _languages(text, names | {noun for noun in nouns if not is_latin(noun)})
    if languages:
        return Reading("version", Mark(languages))
    of_year = frozenset[str]() if _MADE_IN_YEAR.search(text) else years
    is_neutral = found.is_neutral and names <= of_year | of_transfer
    if is_neutral or _BONUS.fullmatch(text) or _is_of_a_file(segment) or _starts_neutral(text):
        return Reading("neutral")
    work = "" if nouns and not is_latin(text) else named_work(text)
    return Reading("neutral", work=work) if work else _read_nouns(segment, names, nouns, years)


def _is_edition(text: str) -> bool:
    """Return whether a segment names only the edition of the album: "Legacy Edition", "Japanese Bonus Track"."""
    return any(edition.fullmatch(f" {text}") for edition in _editions())


@lru_cache(maxsize=1)
def _editions() -> tuple[re.Pattern[str], ...]:
    return tuple(map(re.compile, album_words().editions))


def _is_of_a_file(segment: str) -> bool:
    """Return whether a segment is about a file and has nothing else that distinguishes recordings."""
    rest = _OF_A_FILE.sub(" ", segment)
    if rest == segment:
        return False
    words = set(native(rest).split()) if any(map(str.isalnum, rest)) else set()
    return words <= version_words().fillers or read_segment(rest).sense == "neutral"


def _read_nouns(segment: str, names: frozenset[str], nouns: set[str], years: frozenset[str]) -> Reading:
    """Interpret a segment whose only known words are words for "version", or years."""
    if nouns & _PLAIN_MIXES and names and names == years:
        return Reading("version", Mark(frozenset({"new mix"}), years, segment))
    if nouns & _PLAIN_MIXES and names:
        return Reading("version", Mark(frozenset({"remix"}), names, segment))
    if (nouns and names) or any(not is_latin(noun) for noun in nouns):
        return Reading("version", Mark(frozenset({"another version"}), names | nouns, segment))
    if years and names == years:
        return Reading("version", Mark(frozenset({"re-recording"}), years))
    return Reading("neutral" if nouns else "unknown")


def settle(kinds: frozenset[str]) -> frozenset[str]:
    """Remove kinds that are implied by others."""
    if "live" in kinds:
        kinds -= {"session", "talk", "arrangement"} if len(kinds) > 1 else frozenset()
    if "edit" in kinds:
        kinds -= {"single", "club"}
    if "extended" in kinds:
        kinds -= {"club", "single"}
    if "clean" in kinds:
        kinds -= {"edit"}
    if "karaoke" in kinds:
        kinds -= {"instrumental", "cover"}
    if "new mix" in kinds and len(kinds) > 1:
        kinds -= {"new mix"}
    return kinds - {"explicit"} if len(kinds) > 1 else kinds


def _languages(text: str, names: frozenset[str]) -> frozenset[str]:
    """Return the language that a mark names, if it names nothing else except a person ("of ...")."""
    found = {f"{language} version" for word in names for language in _language(word)}
    if not found:
        return frozenset()
    others = [word for word in names if not _language(word) and not is_noun(word)]
    return frozenset(found) if not others or " of " in text else frozenset()


@lru_cache(maxsize=4_096)
def _language(word: str) -> tuple[str, ...]:
    """Return the languages that a word names. In non-Latin scripts, the name may be part of an inflected word."""
    if is_latin(word):
        return tuple(language for language, names in version_words().languages.items() if word in names)
    return tuple(
        language
        for language, names in version_words().languages.items()
        if any(not is_latin(name) and native(name) in word for name in names)
    )


def _is_remaster(text: str, nouns: set[str]) -> bool:
    """Return whether a mark is that of any remaster: "Abbey Road Remaster", "Half-Speed Remastered".

    Numbers and words for "version" may follow the word for a remaster; names may only precede it.
    """
    words = text.split()
    place = max((at for at, word in enumerate(words) if word.startswith(_REMASTERS)), default=-1)
    before, after = words[: max(place, 0)], words[place + 1 :]
    is_last = all(_NUMBER.fullmatch(word) or is_noun(word) or word in version_words().fillers for word in after)
    return place >= 0 and is_last and nouns.isdisjoint(before) and title_words().numbered.isdisjoint(before)


def _names_a_show(text: str) -> bool:
    return any(show in f" {text} " for show in _shows())


@lru_cache(maxsize=1)
def _shows() -> tuple[str, ...]:
    return tuple(f" {native(show)} " if is_latin(show) else native(show) for show in version_words().shows)


def _starts_neutral(text: str) -> bool:
    return any(text.startswith(f"{lead} ") for lead in version_words().neutral.leads)
