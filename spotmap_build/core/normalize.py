"""Texts of different services made comparable. Pure.

Two forms are made. :func:`fold` writes everything in Latin letters: an identity for texts that are known to be in one
script. :func:`native` keeps each script's own letters, so that two different Chinese titles which are read alike stay
different.
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from anyascii import anyascii

if TYPE_CHECKING:
    from opencc import OpenCC  # type: ignore[import-untyped]

_MOJIBAKE: Final = re.compile(r"[Â-ôГвРС][^\x00-\x7f]")
"""A first byte of UTF-8 as Windows-1252 or -1251 shows it, and what may follow."""
_SPELLING: Final = str.maketrans(
    {
        **dict.fromkeys("'’‘ʼ`´ʹʻʿʾ", None),  # apostrophes: "don't" is one word
        **dict.fromkeys("ًٌٍَُِّْـٰ", None),  # Arabic vowel signs and the lengthening stroke
        **dict.fromkeys(map(chr, range(0x0591, 0x05BE)), None),  # Hebrew vowel and reading signs
        **dict.fromkeys(map(chr, range(0x05BF, 0x05C8)), None),
        "ё": "е",
        "Ё": "Е",
        "أ": "ا",
        "إ": "ا",
        "آ": "ا",
        "ى": "ي",
        "ة": "ه",
        "ی": "ي",  # Persian and Urdu have letters of their own for some that are Arabic
        "ک": "ك",
        "ہ": "ه",
        "ھ": "ه",
        "İ": "I",
        **dict.fromkeys("®©℗", None),
        "&": " and ",
        "＆": " and ",
    }
)
_WORD: Final = re.compile(r"[^\W_]+")
_SIGN_IN_WORD: Final = re.compile(r"(?<=\w)!(?=\w)|\$(?=\w)|(?<=\w)\$|(?<=\w)@(?=\w)")
_SIGNS: Final = {"!": "i", "$": "s", "@": "a"}
_KATAKANA: Final = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}
_VU: Final = re.compile(r"ゔ([ぁぃぇぉ]?)")
_BA_ROW: Final = {"": "ぶ", "ぁ": "ば", "ぃ": "び", "ぇ": "べ", "ぉ": "ぼ"}
"""A foreign v is written in two ways: "ラヴ", "ラブ"."""
_LAST_LATIN: Final = 0x24F
_HAN: Final = re.compile(r"[㐀-鿿]")


def fold(text: str) -> str:
    """Reduce a text to letters and digits in lower-case ASCII, words by single spaces.

    That is what stays of a text when script, accents, case and punctuation are taken away. A text of punctuation
    only folds to itself, without spaces.
    """
    latin = anyascii(unicodedata.normalize("NFKC", text)).casefold()
    words = "".join(letter if letter.isalnum() else " " for letter in latin.replace("'", "")).split()
    return " ".join(words) or "".join(text.split())


@lru_cache(maxsize=16_384)
def native(text: str) -> str:
    """Letters and digits in lower case, words by single spaces, each script in its own letters.

    Accents, apostrophes, vowel signs, and the two forms of Chinese characters and of Japanese syllables make no
    difference; "&" is "and"; a sign in the middle of a word is the letter that it stands for. Of a text that is only
    punctuation, the punctuation stays, without spaces.
    """
    repaired = unicodedata.normalize("NFKC", repair(text))
    plain = repaired.translate(_SPELLING) if repaired.isascii() else _plain(repaired)
    words = _WORD.findall(_SIGN_IN_WORD.sub(lambda sign: _SIGNS[sign[0]], plain).casefold())
    return " ".join(words) if any(word != "and" for word in words) else "".join(repaired.split())


def repair(text: str) -> str:
    """Undo HTML entities, and UTF-8 that was read as Windows-1252, Latin-1 or Windows-1251, where it round-trips."""
    if "&" in text and ";" in text:
        text = html.unescape(text)
    for _ in range(2):  # it happens to the same text twice
        if text.isascii() or not _MOJIBAKE.search(text):
            return text
        repaired = _reread(text, "cp1252") or _reread(text, "cp1251")
        if repaired is None:
            return text
        text = repaired
    return text


def is_latin(text: str) -> bool:
    """Whether no letter is of another script than the Latin one."""
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
    """Return the text that these bytes were meant to be, if they are good UTF-8."""
    try:
        return b"".join(_byte(letter, encoding) for letter in text).decode("utf-8")
    except UnicodeError:
        return None


def _byte(letter: str, encoding: str) -> bytes:
    """Bytes without a meaning in Windows-1252 pass as control characters."""
    if 0x80 <= ord(letter) <= 0x9F:
        return bytes([ord(letter)])
    return letter.encode(encoding)


@lru_cache(maxsize=1)
def _simplifier() -> OpenCC:
    from opencc import OpenCC

    return OpenCC("t2s")
