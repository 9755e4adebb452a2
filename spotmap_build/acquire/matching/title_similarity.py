"""Compare whether two titles name the same song. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

from anyascii import anyascii

from spotmap_build.acquire.matching import numerals
from spotmap_build.acquire.matching.titles import Title, canonical, with_final_g
from spotmap_build.acquire.matching.transliteration import (
    comparable,
    is_read_by_letter,
    is_romaji,
    scripts,
    sound_alike,
    sound_near,
)
from spotmap_build.acquire.matching.versions import Mark, read_segment
from spotmap_build.core.normalize import is_latin
from spotmap_build.core.vocabulary import title_words

if TYPE_CHECKING:
    from collections.abc import Iterable

Naming = Literal["same", "alike", "subtitle", "translated", "different"]

_UMLAUTS: Final = re.compile("[äöüøæåÄÖÜØÆÅ]")
_KANA: Final = re.compile(r"[ぁ-ゖー]+|[ァ-ヺー]+|[^ぁ-ゖァ-ヺー]+")
_SPOKEN: Final = re.compile(r"[+*=%]|#(?!\s?\d)|^[-−](?=\d)")
_MASK: Final = re.compile(r"(?<=\w)[*@#%]+(?!\s)|(?<=\w)\*+")
"""Characters that mask letters of a swear word."""
_WITHIN: Final = re.compile(r"^[^\w*]+|[^\w*]+$")
"""Punctuation around a word."""
_LETTERS: Final = re.compile(r"[\w*]+")
_OTHER_MASKS: Final = re.compile(r"[@#%]")
_STARS: Final = re.compile(r"(?<=\w)(?:\\\*)+")
_MAX_MASKED: Final = 8
"""Maximum number of masked places in a title; each one doubles the time to compare."""
_SHORT: Final = 3
_VOWEL: Final = re.compile("[aeiou]")
_LONG_VOWELS: Final = (("ou", "o"), ("oo", "o"), ("uu", "u"), ("aa", "a"), ("ii", "i"), ("wo", "o"), ("ei", "e"))
_ROMANIZED: Final = (("aa", "a"), ("ee", "i"), ("oo", "u"), ("w", "v"))
_LONG_CONSONANT: Final = re.compile(r"(?<=[aeiou])([b-df-hj-np-tv-z])\1(?=[aeiou])")
_GERUND: Final = re.compile(r"((?:[aeiou]|\By)\w*)ing\b")
"""An ending that may be written without its g and without an apostrophe; "thing" and "king" are other words."""
_LAST_PART: Final = re.compile(r" part (\d+)$")
_BETWEEN_WORDS: Final = re.compile(r"(?<!\d) | (?!\d)")
_OFFICIAL: Final = re.compile(r"\b(?:remaster(?:ed)?|official|lyrics?|audio|hd|hq|4k|uhd|1080p|720p|visuali[sz]er)\b")


@dataclass(frozen=True, slots=True)
class Named:
    """The result of comparing two titles, with both titles as parsed for the comparison.

    For example, "Song Live at the Mill" can be split only once the name "Song" is known.
    """

    naming: Naming
    wanted: Title
    offered: Title


def compare_names(wanted: Title, offered: Title) -> Named:
    """Compare the names of two songs."""
    if _is_short(wanted) and _is_short(offered) and _differ_by_a_sign(wanted, offered):
        return Named("different", wanted, offered)
    if _compact(wanted.full) == _compact(offered.full):
        return Named("same", wanted, offered)
    if _respelled(wanted, offered) or _is_censored(wanted, offered):
        return Named("same", wanted, offered)
    if wanted.extras == offered.extras or not (wanted.extras and offered.extras):
        longer = _split_off(offered, canonical(wanted.core))
        if longer is not None:
            return Named(_by_extras(wanted, longer), wanted, longer)
        longer = _split_off(wanted, canonical(offered.core))
        if longer is not None:
            return Named(_by_extras(longer, offered), longer, offered)
    return Named(_compare_all(wanted, offered), wanted, offered)


def is_written_alike(wanted: Title, offered: Title) -> bool:
    """Return whether two titles are spellings of a language with another script: "Lag Jaa Gale", "Lag Ja Gale".

    This is no evidence by itself: it takes the same album and length.
    """
    mine, theirs = (_compact(" ".join(map(_romanized, title.full.split()))) for title in (wanted, offered))
    return mine == theirs and len(mine) > _SHORT


def _romanized(word: str) -> str:
    """Return a word without what romanizations spell differently: long vowels and consonants, v and w."""
    for spelling, sound in _ROMANIZED:
        word = word.replace(spelling, sound)
    return _LONG_CONSONANT.sub(r"\1", word)


def may_be_translation(one: str, other: str) -> bool:
    """Return whether one of two titles, not in Latin letters, may be a translation of the other.

    In phonetic scripts, titles that sound nearly alike are different words ("Город", "Goroda"). A Latin title in
    Japanese syllables is a transliteration rather than a translation, so it must contain the syllables that the other
    title spells out.
    """
    foreign, latin = (other, one) if is_latin(one) else (one, other)
    if is_read_by_letter(foreign) and sound_near(foreign, latin):
        return False
    if "kana" not in scripts(foreign) or not is_romaji(latin):
        return True
    letters = "".join(letter for letter in unicodedata.normalize("NFKC", foreign) if letter.isalnum() or letter == "ー")
    pattern = "".join(_syllables(run) if _is_kana(run) else ".+" for run in _KANA.findall(letters))
    return re.fullmatch(pattern, _short(latin)) is not None


def _syllables(run: str) -> str:
    """Return a pattern for kana in Latin letters. Katakana are mostly loanwords, of which only consonants are kept."""
    reading = _short(anyascii(run))
    return _VOWEL.sub("[aeiou]*", reading) if "ァ" <= run[0] <= "ヺ" else reading


def _compare_all(wanted: Title, offered: Title) -> Naming:
    if wanted.extras and offered.extras and _names(wanted) == _names(offered):
        return "same"
    if wanted.extras and offered.extras and wanted.extras != offered.extras:
        return "alike" if _sound_alike_in_parts(wanted, offered) else "different"
    mine, theirs = (wanted.core, *wanted.aliases), (offered.core, *offered.aliases)
    if {canonical(name) for name in mine} & {canonical(name) for name in theirs}:
        return _by_extras(wanted, offered)
    if _is_beside(wanted.core, offered.extras) or _is_beside(offered.core, wanted.extras):
        return "subtitle"
    if any(not comparable(one, other) and sound_alike(one, other) for one in mine for other in theirs):
        return "alike" if _by_extras(wanted, offered) == "same" else "different"
    return "alike" if _are_read_alike(wanted, offered) else _compare_languages(wanted, offered)


def _names(title: Title) -> list[str]:
    """Return a title's name and subtitles in one order, since services swap them: "Volare (Nel blu)"."""
    return sorted(map(canonical, (title.core, *title.extras)))


def _sound_alike_in_parts(wanted: Title, offered: Title) -> bool:
    """Return whether names and subtitles, in two scripts, sound alike: "桜(独唱)", "Sakura (Dokusho)"."""
    mine, theirs = (wanted.core, *wanted.extras), (offered.core, *offered.extras)
    pairs = list(zip(mine, theirs, strict=False))
    return len(mine) == len(theirs) and all(not comparable(*pair) and sound_alike(*pair) for pair in pairs)


def _are_read_alike(wanted: Title, offered: Title) -> bool:
    """Return whether one whole title is the other in Latin letters, since only one of them may be split into parts."""
    mine, theirs = (" ".join((title.core, *title.extras, *title.aliases)) for title in (wanted, offered))
    return is_latin(mine) != is_latin(theirs) and sound_alike(mine, theirs)


def _compare_languages(wanted: Title, offered: Title) -> Naming:
    mine, theirs = (wanted.core, *wanted.aliases), (offered.core, *offered.aliases)
    if any(comparable(one, other) for one in mine for other in theirs):
        return "translated" if _same_language(wanted, offered) else "different"
    return "translated"


def _by_extras(wanted: Title, offered: Title) -> Naming:
    mine, theirs = (sorted(canonical(extra) for extra in title.extras) for title in (wanted, offered))
    return "same" if mine == theirs else "subtitle"


def _is_beside(core: str, extras: tuple[str, ...]) -> bool:
    """Return whether the name is the other title's only subtitle: "One More Night (Bir Gece Daha)"."""
    return len(extras) == 1 and canonical(core) == canonical(extras[0])


def _split_off(title: Title, core: str) -> Title | None:
    """Split off words for a version after the song's name; None if there is other text."""
    own = canonical(title.core)
    if not core or not own.startswith(f"{core} "):
        return None
    rest = own[len(core) + 1 :]
    reading = read_segment(rest)
    if reading.sense == "version":
        return replace(title, core=core, marks=(*title.marks, reading.mark))
    return replace(title, core=core) if reading.sense == "neutral" and _OFFICIAL.search(rest) else None


def _same_language(wanted: Title, offered: Title) -> bool:
    """Return whether both titles are marked with the same language, in which a song may have another name."""
    return bool(_languages(wanted.marks) & _languages(offered.marks))


def _languages(marks: Iterable[Mark]) -> set[str]:
    return {kind for mark in marks for kind in mark.kinds if kind.endswith(" version") and kind[0].isupper()}


def _respelled(wanted: Title, offered: Title) -> bool:
    """Return whether the titles differ only in the spelling of umlauts: "Grün", "Gruen"."""
    one, other = " ".join((wanted.core, *wanted.extras)), " ".join((offered.core, *offered.extras))
    if not _UMLAUTS.search(one + other):
        return False
    return _without_digraphs(one) == _without_digraphs(other)


def _is_censored(wanted: Title, offered: Title) -> bool:
    """Return whether one title is the other with masked letters: "F**k"."""
    one, other = (with_final_g(" ".join((title.core, *title.extras)).casefold()) for title in (wanted, offered))
    if (_MASK.search(one) is None) == (_MASK.search(other) is None):
        return False
    starred, plain = ([_WITHIN.sub("", word) for word in name.split()] for name in (one, other))
    if _MASK.search(other):
        starred, plain = plain, starred
    if len(starred) != len(plain) or sum(len(_MASK.findall(word)) for word in starred) > _MAX_MASKED:
        return False
    return all(re.fullmatch(_unmasked(word), written) for word, written in zip(starred, plain, strict=True))


@lru_cache(maxsize=4_096)
def _unmasked(word: str) -> str:
    """Return a pattern for a masked word: the matching swear words, or else any word of its length."""
    pattern = _pattern(_OTHER_MASKS.sub("*", word))
    swears = [swear for swear in title_words().swears if re.fullmatch(pattern, swear)]
    return "|".join(swears) if swears else _pattern(word)


def _pattern(letters: str) -> str:
    return _STARS.sub(_unstar, re.escape(letters))


def _unstar(stars: re.Match[str]) -> str:
    """Return a pattern for as many letters as stars, or one more."""
    count = stars[0].count("*")
    return rf"[^\W_]{{{count},{count + 1}}}"


def _without_digraphs(name: str) -> str:
    plain = canonical(name)
    for two, letter in (("ae", "a"), ("oe", "o"), ("ue", "u"), ("aa", "a")):
        plain = plain.replace(two, letter)
    return plain


def _is_short(title: Title) -> bool:
    """Return whether a title is so short that punctuation may be significant. Stars count as letters."""
    return max(len(_compact(title.full)), len("".join(_LETTERS.findall(title.core)))) <= _SHORT


def _differ_by_a_sign(wanted: Title, offered: Title) -> bool:
    """Return whether two short titles differ in spoken signs ("C++", "C"), or in the accent of a single letter."""
    if _SPOKEN.findall(wanted.core.strip()) != _SPOKEN.findall(offered.core.strip()):
        return True
    if not len(wanted.full) == len(offered.full) == 1:
        return False
    one, other = _letter(wanted.core), _letter(offered.core)
    return one != other and not (_has_a_word(one) and _has_a_word(other))


def _letter(name: str) -> str:
    plain = unicodedata.normalize("NFKC", name).strip().casefold()
    return "".join(letter for letter in plain if letter.isalnum()) or plain


def _has_a_word(letters: str) -> bool:
    """Return whether there is a word besides a number: "No. 5", but not "Five"."""
    return len(letters) > 1 and not (letters.isdecimal() or letters in numerals.NUMBERS or letters in numerals.ROMAN)


@lru_cache(maxsize=16_384)
def _compact(name: str) -> str:
    """Remove spaces, the g of "staying", and the word for a part at the end, since "II" may be "Pt. 2".

    Spaces between digits are kept: "24/7" is not "247".
    """
    return _BETWEEN_WORDS.sub("", _LAST_PART.sub(r" \1", _GERUND.sub(r"\1in", name)))


def _is_kana(run: str) -> bool:
    return all("ぁ" <= letter <= "ヺ" or letter == "ー" for letter in run)


def _short(reading: str) -> str:
    plain = "".join(letter for letter in reading.casefold() if letter.isalnum())
    for long, vowel in _LONG_VOWELS:
        plain = plain.replace(long, vowel)
    return plain
