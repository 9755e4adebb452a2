"""Compare texts in different scripts by sound. Pure.

There are many ways to write a name in Latin letters (Hepburn and Nippon-shiki, pinyin and Wade-Giles, the revised
romanization of Korean and personal spellings), so a coarse phonetic form is compared. It can show that two texts sound
alike; if they do not, one may still be a translation of the other.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

from anyascii import anyascii
from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from spotmap_build.core.normalize import is_latin, native

if TYPE_CHECKING:
    from pykakasi import kakasi

Script = Literal["latin", "cyrillic", "greek", "arabic", "hebrew", "kana", "han", "hangul", "other"]

_ALIKE: Final = 0.85
"""Minimum similarity of two phonetic forms."""
_ALIKE_LETTER_BY_LETTER: Final = 0.94
"""The same for scripts that are romanized letter by letter, in which a different ending makes another word."""
_LETTERS_APART: Final = 2
"""Maximum number of consecutive letters that may be spelled differently."""
_NEAR: Final = 0.75
_TELLING_WORD: Final = 4
"""Minimum letters of a word that is unlikely to be contained in another one by chance."""
_SPELLED: Final = dict(
    zip(
        "abcdefghijklmnopqrstuvwxyz",
        (
            *("ei", "bi", "si", "di", "i", "ef", "ji", "eichi", "ai", "jei", "kei", "el", "em"),
            *("en", "o", "pi", "kyu", "ar", "es", "ti", "yu", "bi", "dabeuryu", "eks", "wai", "jet"),
        ),
        strict=True,
    )
)
"""Names of the letters, for names that are spelled out: "IU" is "아이유"."""
_MAX_SPELLED_LENGTH: Final = 4
_ABJADS_ALIKE: Final = 0.92

_RANGES: Final[tuple[tuple[int, int, Script], ...]] = (
    (0x0370, 0x03FF, "greek"),
    (0x0400, 0x052F, "cyrillic"),
    (0x0590, 0x05FF, "hebrew"),
    (0x0600, 0x06FF, "arabic"),
    (0x3040, 0x30FF, "kana"),
    (0x3400, 0x9FFF, "han"),
    (0xAC00, 0xD7AF, "hangul"),
)
_ROUGHER: Final = (
    ("shch", "s"),
    ("sch", "s"),
    ("tch", "c"),
    ("tsch", "c"),
    ("sh", "s"),
    ("zh", "j"),
    ("ch", "c"),
    ("kh", "h"),
    ("gh", "g"),
    ("th", "t"),
    ("dh", "d"),
    ("ph", "f"),
    ("ts", "c"),
    ("tz", "c"),
    ("ks", "x"),
    ("eo", "o"),
    ("eu", "u"),
    ("oo", "u"),
    ("ou", "o"),
    ("uu", "u"),
    ("ae", "e"),
    ("aa", "a"),
    ("ee", "i"),
    ("ei", "e"),
    ("ii", "i"),
    ("iy", "i"),
    ("yy", "i"),
    ("ij", "i"),
    ("yi", "i"),
    ("ck", "k"),
)
_LETTERS: Final = str.maketrans({"y": "i", "j": "i", "w": "v", "q": "k", "'": None})
_DOUBLED: Final = re.compile(r"(.)\1+")
_ROMAJI: Final = re.compile(
    r"(?:(?:[kgsztdnhbpmrfjwy]|ky|gy|sh|ch|ts|ny|hy|by|py|my|ry|(?P<d>[ksptc])(?=[kspt]))?[aiueo]|n)+"
)
_PINYIN: Final = re.compile(
    r"(?:(?:zh|ch|sh|ts|tz|hs|[bpmfdtnlgkhjqxrzcsyw])?"
    r"(?:i?a(?:ng|n|i|o)?|u?a(?:ng|n|i)?|ia|ie|iu|iong|ong|ou|uo|ui|un|ue|e(?:ng|n|i|r)?|i(?:ng|n)?|o|u))+"
)
_TWO_LETTERS: Final = (("sh", "s"), ("kh", "h"), ("ch", "h"), ("zh", "s"), ("th", "t"), ("ph", "f"), ("dh", "d"))
_VOWELS: Final = str.maketrans("kpf", "qbb", "aeiouyjwv'")
_MATRES: Final = str.maketrans("אעויב", "aaoib")
"""Hebrew letters that may represent a vowel, and one that is not always a v."""
_BEFORE_H: Final = str.maketrans({"ה": "'ה", "ه": "'ه"})
"""Keeps a letter and the h after it apart: "זה" is not "zh"."""
_THROAT: Final = str.maketrans("", "", "q")
"""The letter qaf, which is silent in half of the Arabic dialects."""
_KOREAN: Final = str.maketrans("rkptj", "lgbdc")
_FIRM: Final = str.maketrans("kptcmz", "gbddns", "aeiouyjhlrfvw'")
"""Unifies voiced and voiceless consonants, and omits vowels and the letters that may be missing."""
_KATAKANA: Final = re.compile(r"[ァ-ヺー]{2}")
_HIRAGANA: Final = re.compile(r"[ぁ-ゖ]")
_MIN_CONSONANTS: Final = 4
"""With so few letters, all must agree; fewer are no evidence."""
_NOT_SPOKEN: Final = re.compile(r"gh(?=t)|r(?![aeiouy])|\bk(?=n)|\bw(?=r)|(?<=m)b\b")
"""Replacements in English words, according to Japanese pronunciation."""
_HEARD: Final = (
    (r"tion|sion", "sn"),
    (r"tch|ch|ts", "t"),
    (r"sh|th|j|z", "s"),
    (r"ph|f", "h"),
    (r"c(?=[eiy])", "s"),
    (r"ck|qu?|c", "k"),
    (r"x", "ks"),
)
_GREEK_PAIRS: Final = (
    *(("ου", "ou"), ("μπ", "b"), ("ντ", "d"), ("γκ", "g")),
    *(("γγ", "ng"), ("ει", "i"), ("οι", "i"), ("αι", "e")),
)
_ONE_OF_TWO: Final = str.maketrans("lvm", "rbn")
_IOTATED: Final = re.compile("[yji][oe]")
_HARD_C: Final = re.compile("c(?![eiyhz])")
_BOUND: Final = re.compile(r"(?<=\w\w)ه(?=\s)")
"""An Arabic ending that is pronounced as t before the next word ("Madinat El Nour")."""
_ARTICLE: Final = re.compile(r"\b(?:[aeu]l|[ae]([sntdrz]h?)(?= \1))\b ?")
_ABJADS: Final[frozenset[Script]] = frozenset({"arabic", "hebrew"})


@lru_cache(maxsize=16_384)
def scripts(text: str) -> frozenset[Script]:
    """Return the scripts of the letters of a text."""
    if is_latin(text):
        return frozenset({"latin"}) if any(letter.isalpha() for letter in text) else frozenset()
    return frozenset(_script(letter) for letter in text if letter.isalpha() and letter not in "々ー")


def comparable(one: str, other: str) -> bool:
    """Return whether two texts share a script, so that equal words would be spelled equally."""
    first, second = scripts(one), scripts(other)
    return not first or not second or bool(_written(first) & _written(second))


@lru_cache(maxsize=16_384)
def sound_alike(one: str, other: str) -> bool:
    """Return whether two texts sound alike, of which at least one is not in Latin letters.

    Arabic and Hebrew leave the vowels out, so there the consonants decide.
    """
    found = scripts(one) | scripts(other)
    if found & _ABJADS:
        return _is_short_word_alike(one, other) or any(
            _ratio(_skeleton(first), _skeleton(second)) >= _ABJADS_ALIKE for first, second in _pairs(one, other)
        )
    if _is_loanword(one, other):
        return True
    pairs = [(_rough(first), _rough(second)) for first, second in _pairs(one, other)]
    if found & {"cyrillic", "greek", "other"}:
        return any(_ratio(first, second) >= _ALIKE_LETTER_BY_LETTER for first, second in pairs)
    is_certain = "hangul" in found or {"kana", "han"} & found == {"kana"}
    return any(
        _ratio(first, second) >= _ALIKE
        and _is_one_spelling(first, second)
        and (not is_certain or _firm_consonants(first) == _firm_consonants(second))
        for first, second in pairs
    )


def _firm_consonants(rough: str) -> str:
    """Return the consonants that every romanization of Korean and Japanese writes: "Min-seok" is not "Min-seo"."""
    return _DOUBLED.sub(r"\1", rough.translate(_FIRM))


def _is_loanword(one: str, other: str) -> bool:
    """Return whether katakana spell the other text, an English word, by comparing consonants."""
    spelled, english = (other, one) if is_latin(one) else (one, other)
    is_spelled = bool(_KATAKANA.search(spelled)) and scripts(spelled) <= {"kana", "latin"}
    if not is_spelled or _HIRAGANA.search(spelled) or not english.isascii():
        return False
    first, second = _consonants(anyascii(spelled)), _consonants(_NOT_SPOKEN.sub("", english.casefold()))
    fewer = min(len(first), len(second))
    return (fewer > _MIN_CONSONANTS and _ratio(first, second) >= _ALIKE) or (
        fewer == _MIN_CONSONANTS and first == second
    )


def _consonants(reading: str) -> str:
    """Return the consonants that Japanese preserves of an English word: "girl" is "gaaru"."""
    rough = "".join(letter for letter in reading.casefold() if letter.isalnum() or letter == " ")
    for spelling, sound in _HEARD:
        rough = re.sub(spelling, sound, rough)
    return _DOUBLED.sub(r"\1", "".join(letter for letter in rough.translate(_ONE_OF_TWO) if letter not in "aeiouyw "))


def _is_short_word_alike(one: str, other: str) -> bool:
    """Compare words with a single consonant, in which the vowel letters have to agree as well ("אבא", "Abba")."""
    first, second = (anyascii(native(text).translate(_MATRES)) for text in (one, other))
    return min(len(first), len(second)) > 2 and len(_skeleton(first)) == 1 and _rough(first) == _rough(second)


def sound_near(one: str, other: str) -> bool:
    """Return whether two texts sound too similar for one to be a translation of the other."""
    return any(_ratio(_rough(first), _rough(second)) >= _NEAR for first, second in _pairs(one, other))


def share_a_japanese_name(one: str, other: str) -> bool:
    """Return whether a word of a Japanese name in Latin letters is a possible reading of a part of the other name."""
    foreign, latin = (other, one) if is_latin(one) else (one, other)
    if not is_romaji(latin) or "han" not in scripts(foreign) or scripts(foreign) - {"han", "kana"}:
        return False
    wanted = [_rough(word) for word in native(latin).split() if len(word) >= _TELLING_WORD]
    heard = [_rough(reading) for reading in _readings(foreign)[-1:]]
    return any(fuzz.partial_ratio(word, reading) >= 100 * _NEAR for word in wanted for reading in heard)


def is_read_by_letter(text: str) -> bool:
    """Return whether the script is phonetic, so that a name in Latin letters that sounds different is another name."""
    return bool(scripts(text)) and not scripts(text) & {"kana", "han", "hangul", "other"}


def is_romaji(text: str) -> bool:
    """Return whether a text in Latin letters may be Japanese: it consists only of Japanese syllables."""
    words = native(text).split()
    return bool(words) and all(_ROMAJI.fullmatch(word) for word in words)


def is_east_asian_reading(text: str) -> bool:
    """Return whether all words of a text in Latin letters may be Japanese or Chinese, by their syllables."""
    words = [word for word in native(text).split() if len(word) > 1]
    return bool(words) and all(_ROMAJI.fullmatch(word) or _PINYIN.fullmatch(word) for word in words)


def _script(letter: str) -> Script:
    code = ord(letter)
    if code <= 0x24F or 0x1E00 <= code <= 0x1EFF:
        return "latin"
    return next((name for first, last, name in _RANGES if first <= code <= last), "other")


def _written(found: frozenset[Script]) -> frozenset[Script]:
    """Merge kana and Chinese characters into one script, because Japanese mixes them."""
    return found - {"kana"} | {"han"} if "kana" in found else found


def _pairs(one: str, other: str) -> list[tuple[str, str]]:
    """Return pairs of possible readings of both texts."""
    found = scripts(one) | scripts(other)
    pairs = [(first, second) for first in _readings(one) for second in _readings(other)]
    if "han" in found:
        pairs += [(_wade(first), _wade(second)) for first, second in pairs]
    if "hangul" in found:
        pairs += [(first.translate(_KOREAN), second.translate(_KOREAN)) for first, second in pairs]
    if "cyrillic" in found:  # ё is often written as е, and some romanize е as "ye"
        pairs += [(_IOTATED.sub("e", first), _IOTATED.sub("e", second)) for first, second in pairs]
    if found & {"cyrillic", "greek"}:  # "Merkouri" is also "Mercouri"
        pairs += [(_HARD_C.sub("k", first), _HARD_C.sub("k", second)) for first, second in pairs]
    if found & _ABJADS:
        pairs = [(_without_article(first), _without_article(second)) for first, second in pairs]
        pairs += [(first.translate(_THROAT), second.translate(_THROAT)) for first, second in pairs]
    if "hebrew" in found:  # the letter bet is both b and v
        pairs += [(first.replace("v", "b"), second.replace("v", "b")) for first, second in pairs]
        pairs += [(first, second.replace("v", "b")) for first, second in pairs]
    return pairs


@lru_cache(maxsize=16_384)
def _readings(text: str) -> tuple[str, ...]:
    """Return possible readings of a text in Latin letters; Chinese characters are read in Chinese and in Japanese."""
    plain = native(text)
    if is_latin(plain):
        letters = plain.replace(" ", "")
        is_spelled = text.isupper() and letters.isalpha() and 1 < len(letters) <= _MAX_SPELLED_LENGTH
        return (plain, " ".join(map(_SPELLED.__getitem__, letters))) if is_spelled else (plain,)
    if "arabic" in scripts(text):
        plain = " ".join(word.removeprefix("ال") for word in plain.split())
    found = scripts(text)
    readings = [] if {"kana", "han"} <= found else [anyascii(plain.translate(_BEFORE_H).replace("ב", "b")).casefold()]
    if found & {"kana", "han"}:
        readings.append(" ".join(part["hepburn"] for part in _japanese().convert(text)))
    if _BOUND.search(plain):
        readings.append(anyascii(_BOUND.sub("ت", plain)).casefold())
    if "greek" in found:
        spellings = {plain, plain.replace("χ", "h")}
        readings += [anyascii(_as_greek_is_spoken(each, sound)).casefold() for each in spellings for sound in "fv"]
    if "г" in plain:  # h in Ukrainian
        readings.append(anyascii(plain.replace("г", "h")).casefold())
    return tuple(readings)


def _as_greek_is_spoken(plain: str, sound: str) -> str:
    """Replace Greek digraphs by their sound. ``sound``: the sound of the second letter in "ευ"."""
    for pair, letters in (*_GREEK_PAIRS, ("αυ", f"α{sound}"), ("ευ", f"ε{sound}")):
        plain = plain.replace(pair, letters)
    return plain


def _ratio(one: str, other: str) -> float:
    """Return the similarity of two readings; 0 if they are too short to compare."""
    return fuzz.ratio(one, other) / 100 if min(len(one), len(other)) >= 2 else 0.0


def _is_one_spelling(one: str, other: str) -> bool:
    """Return whether only single letters differ, and not a whole word, which counts little in a long title."""
    apart = 0
    for step in Levenshtein.opcodes(one, other):
        letters = max(step.src_end - step.src_start, step.dest_end - step.dest_start)
        if step.tag != "equal":
            apart += letters
        elif letters > 1:
            apart = 0
        if apart > _LETTERS_APART:
            return False
    return True


def _rough(reading: str) -> str:
    rough = "".join(letter for letter in reading if letter.isalnum())
    for spelling, sound in _ROUGHER:
        rough = rough.replace(spelling, sound)
    return _DOUBLED.sub(r"\1", rough.translate(_LETTERS))


def _skeleton(reading: str) -> str:
    """Return the consonants as in Arabic and Hebrew script; a final h marks a vowel."""
    words = []
    for word in reading.split():
        rough = word
        for spelling, sound in _TWO_LETTERS:
            rough = rough.replace(spelling, sound)
        rough = "".join(letter for letter in rough if letter.isalnum())
        words.append(_DOUBLED.sub(r"\1", rough.removesuffix("h")).translate(_VOWELS))
    return "".join(words)


def _wade(reading: str) -> str:
    """Unify the spellings of pinyin and Wade-Giles."""
    for spelling, sound in (("hs", "sh"), ("zh", "ch"), ("q", "ch"), ("x", "sh"), ("j", "ch")):
        reading = reading.replace(spelling, sound)
    return reading


def _without_article(reading: str) -> str:
    return _ARTICLE.sub("", reading)


@lru_cache(maxsize=1)
def _japanese() -> kakasi:
    """Return the converter for Japanese, created on first use because its dictionary takes about a second to load."""
    from pykakasi import kakasi

    return kakasi()  # type: ignore[no-untyped-call]
