"""Normalize texts from different services for comparison. Pure.

There are two forms. :func:`fold` transliterates everything to Latin letters, for texts that are known to share one
script. :func:`native` keeps each script, so that different Chinese titles with the same pronunciation stay different.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from anyascii import anyascii

from spotmap_build.core.text import unescape

if TYPE_CHECKING:
    from opencc import OpenCC  # type: ignore[import-untyped]

_MOJIBAKE: Final = re.compile(r"[Â-ôГвРС][^\x00-\x7f]")
"""The first byte of a UTF-8 sequence as decoded in Windows-1252 or -1251, and a possible next byte."""
_SPELLING: Final = str.maketrans(
    {
        **dict.fromkeys("'’‘ʼ`´ʹʻʿʾ", None),  # apostrophes: "don't" is one word
        **dict.fromkeys("ًٌٍَُِّْـٰ", None),  # Arabic vowel signs and tatweel (elongation)
        **dict.fromkeys(map(chr, range(0x0591, 0x05BE)), None),  # Hebrew vowel points and cantillation marks
        **dict.fromkeys(map(chr, range(0x05BF, 0x05C8)), None),
        "़": None,  # Devanagari spellings of one word
        "ँ": "ं",
        "ё": "е",
        "Ё": "Е",
        "أ": "ا",
        "إ": "ا",
        "آ": "ا",
        "ى": "ي",
        "ة": "ه",
        "ی": "ي",  # Persian and Urdu variants of Arabic letters
        "ک": "ك",
        "ہ": "ه",
        "ھ": "ه",
        "İ": "I",
        **dict.fromkeys("®©℗", None),
        "&": " and ",
        "＆": " and ",
    }
)
_VOWEL_SIGNS: Final = "".join(
    letter for letter in map(chr, range(0x0900, 0x1900)) if unicodedata.category(letter) in {"Mn", "Mc"}
)
"""Signs from Devanagari to Mongolian that are part of a word: without them "दिल" would be "दाल"."""
_WORD: Final = re.compile(rf"(?:[^\W_]+|[{_VOWEL_SIGNS}]+)+")
_SIGN_IN_WORD: Final = re.compile(r"(?<=\w)!(?=\w)|\$(?=\w)|(?<=\w)\$|(?<=\w)@(?=\w)")
_SIGNS: Final = {"!": "i", "$": "s", "@": "a"}
_KATAKANA: Final = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}
_VU: Final = re.compile(r"ゔ([ぁぃぇぉ]?)")
_BA_ROW: Final = {"": "ぶ", "ぁ": "ば", "ぃ": "び", "ぇ": "べ", "ぉ": "ぼ"}
"""There are two spellings of v in loanwords: "ラヴ", "ラブ"."""
_LAST_LATIN: Final = 0x24F
_HAN: Final = re.compile(r"[㐀-鿿]")


def fold(text: str) -> str:
    """Reduce a text to lowercase ASCII letters and digits, with single spaces between words.

    This removes differences in script, accents, case and punctuation. Text without letters and digits keeps its
    punctuation, but not its spaces.
    """
    latin = anyascii(unicodedata.normalize("NFKC", text)).casefold()
    words = "".join(letter if letter.isalnum() else " " for letter in latin.replace("'", "")).split()
    return " ".join(words) or "".join(text.split())


@lru_cache(maxsize=16_384)
def native(text: str) -> str:
    """Reduce a text to lowercase letters and digits of its own script, with single spaces between words.

    Accents, apostrophes and vowel signs are removed. Chinese characters are simplified, and katakana become hiragana.
    "&" becomes "and", and a symbol used as a letter within a word becomes that letter. Text without letters and digits
    keeps its punctuation, but not its spaces.
    """
    repaired = unicodedata.normalize("NFKC", repair(text))
    plain = repaired.translate(_SPELLING) if repaired.isascii() else _plain(repaired)
    words = _WORD.findall(_SIGN_IN_WORD.sub(lambda sign: _SIGNS[sign[0]], plain).casefold())
    return " ".join(words) if any(word != "and" for word in words) else "".join(repaired.split())


def repair(text: str) -> str:
    """Decode HTML entities, and undo UTF-8 misread as Windows-1252, Latin-1 or Windows-1251 if it round-trips."""
    if "&" in text and ";" in text:
        text = unescape(text)
    for _ in range(2):  # some texts were misread twice
        if text.isascii() or not _MOJIBAKE.search(text):
            return text
        repaired = _reread(text, "cp1252") or _reread(text, "cp1251")
        if repaired is None:
            return text
        text = repaired
    return text


def is_latin(text: str) -> bool:
    """Return whether all letters are Latin."""
    return text.isascii() or all(ord(letter) <= _LAST_LATIN or not letter.isalpha() for letter in text)


def _plain(text: str) -> str:
    if _HAN.search(text):
        text = _simplifier().convert(text)
    text = _VU.sub(lambda sound: _BA_ROW[sound[1]], text.translate(_SPELLING).translate(_KATAKANA))
    return "".join(_letter(letter) for letter in text)


def _letter(letter: str) -> str:
    code = ord(letter)
    if code < 0x80 or code >= 0x2E80:
        return letter
    if code <= _LAST_LATIN or 0x1E00 <= code <= 0x1EFF:
        return anyascii(letter)
    if 0x370 <= code <= 0x3FF or 0x1F00 <= code <= 0x1FFF:  # Greek: without accents
        return unicodedata.normalize("NFD", letter)[0]
    return "" if unicodedata.category(letter) == "Mn" and code < 0x370 else letter


def _reread(text: str, encoding: str) -> str | None:
    """Encode the text again and return it decoded as UTF-8; None if its bytes are not valid UTF-8."""
    try:
        return b"".join(_byte(letter, encoding) for letter in text).decode("utf-8")
    except UnicodeError:
        return None


def _byte(letter: str, encoding: str) -> bytes:
    """Return the byte of a letter. Bytes that are undefined in Windows-1252 were read as control characters."""
    if 0x80 <= ord(letter) <= 0x9F:
        return bytes([ord(letter)])
    return letter.encode(encoding)


@lru_cache(maxsize=1)
def _simplifier() -> OpenCC:
    from opencc import OpenCC

    return OpenCC("t2s")
