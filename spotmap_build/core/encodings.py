"""Guess the encoding of text that is not UTF-8, by how likely its words are in the languages of each encoding. Pure.

The probability of a word in a language is the product of those of its non-ASCII letters. Symbols within a word,
capitals after small letters, and letters that the language lacks make it improbable. The words of a library are in
several languages, but one of them prevails.
"""

from __future__ import annotations

import contextlib
import math
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Final

DEFAULT: Final = "Windows-1252"
MAX_EXAMINED: Final = 100_000
"""Maximum number of words that are not ASCII and are examined, repeated words included."""
MAX_BYTES: Final = 10_000
"""Total length of the distinct words that are kept, about 1,000 of them."""
MAX_WORD_BYTES: Final = 60
_WORD: Final = re.compile(rb"[^\x00-\x26\x28-\x40]+")
"""Letters, apostrophes and all that may be the second byte of a character."""
_ASCII: Final = bytes(range(0x80))
_REPEATED: Final = re.compile(rb"([\x80-\xff])\1{2,}")
"""Repeated bytes: dashes or drawn-out vowels."""
_EVIDENCE: Final = re.compile(
    rb"[\x81\x83\x88\x8a\x8c-\x90\x9a\x9c-\x9f\xaf\xc0-\xd6\xd8-\xf6\xf8-\xff]"  # letters, accents, undefined bytes
    rb"|([\x80-\xff])(?!\1)[\x80-\xff]"
    rb"|[^\x00-\x7f\xd7\xf7](?=[a-z])"  # not the signs of multiplication and division, as in "foo×bar"
    rb"|(?<=[a-z])[^\x00-\x7f\x99\xaa\xae\xb0\xb2\xba\xd7\xf7]"  # trademark, ordinal, degree, square follow words
    rb"|(?<=[a-z][a-z])\xba"
)
"""Bytes that may be letters. Words without them, such as "Nº", "4×4" and "©2020", have symbols of Windows-1252."""

_LATIN: Final = {
    "English": "éöáóüíñäèçøåïšžëãêúàæâýôîßðþœùûì",
    "German": "äüöß",
    "French": "éèàêçîôûâïëùœÿ",
    "Spanish": "óíáñéúü",
    "Portuguese": "ãçáéíêóõâúàôü",
    "Italian": "àèùòéì",
    "Swedish, Finnish": "äöåéšž",
    "Danish, Norwegian": "åøæé",
    "Icelandic": "áðíéóþöæúý",
    "Dutch": "ëéïöü",
    "Catalan": "àóéèíçòúïü",
    "Polish": "łęóążśćńź",
    "Czech": "íáěéřšžčýůúťňďóö",
    "Slovak": "áíčšžéýľúťňôďäóĺŕ",
    "Hungarian": "éáöóőíüúű",
    "Romanian": "ăîâţş",
    "Croatian, Slovenian": "čšžćđ",
    "Turkish": "ışğüçöİâîû",
    "Lithuanian": "šėžųįūčąę",
    "Latvian": "āīēšūļžņčģķō",
    "Estonian": "äõüöšž",
    "Vietnamese": "đôươâêăáàéíóúãõèìòùý\u0300\u0301\u0303\u0309\u0323",
}
_OTHERS: Final = {
    "Russian": "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё",
    "Ukrainian": "оаинвіетрслкудмпязьгбчхйїшжюєцщфґ",
    "Greek": "αοιετσνηυρπκμλςωγδχθφβξζψάίόέήύώϊϋΐΰ",
    "Hebrew": "יוהלאבמרשתדנםקעחפכטסגזןצךףץ",
    "Arabic": "اليمنوردهبتعسفحقكجشصخةأطضزغإىذثظءئآؤپچژگ",
    "Thai": "านรอกเง่มยัวีล้ทตดสิปคะบหไูุขจพ็แช์ใโึำถผซืธญศณภฟฉฐฝษฮฆ๊๋ฤฎฏฑฒฌฬฦฯๆ",
}
"""Letters by language that are not ASCII, the most frequent first; in English, those of names from elsewhere."""
_WESTERN: Final = (
    *("English", "German", "French", "Spanish", "Portuguese", "Italian", "Swedish, Finnish", "Danish, Norwegian"),
    *("Icelandic", "Dutch", "Catalan", "Estonian"),
)
_CENTRAL: Final = (*("Polish", "Czech", "Slovak", "Hungarian", "Romanian", "Croatian, Slovenian"), "German", "French")
_BALTIC: Final = ("Lithuanian", "Latvian", "Polish", "German", "Swedish, Finnish")


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoding, by its name in Python and its usual name.

    ``rarity``: negative logarithm of its prior probability. ``languages``: those it is used for; none if its letters
    take two bytes.
    """

    codec: str
    name: str
    rarity: float
    languages: tuple[str, ...] = ()


SCRIPT, WINDOWS, OTHER, OLD = 3.0, 4.0, 5.0, 6.0
ENCODINGS: Final = (
    Encoding("cp1252", DEFAULT, 0.0, _WESTERN),
    Encoding("cp1250", "Windows-1250", WINDOWS, _CENTRAL),
    Encoding("cp1254", "Windows-1254", WINDOWS, ("Turkish", "German", "French")),
    Encoding("cp1257", "Windows-1257", OTHER, _BALTIC),
    Encoding("cp1258", "Windows-1258", OTHER, ("Vietnamese", "French")),
    Encoding("iso8859-2", "ISO 8859-2", OTHER, _CENTRAL),
    Encoding("mac-roman", "Mac Roman", WINDOWS, _WESTERN),
    Encoding("mac-latin2", "Mac Central European", OLD, _CENTRAL),
    Encoding("cp850", "DOS code page 850", OTHER, _WESTERN),
    Encoding("cp437", "DOS code page 437", OLD, _WESTERN),
    Encoding("cp852", "DOS code page 852", OTHER, _CENTRAL),
    Encoding("cp857", "DOS code page 857", OLD, ("Turkish", "German", "French")),
    Encoding("cp775", "DOS code page 775", OLD, _BALTIC),
    Encoding("cp1251", "Windows-1251", SCRIPT, ("Russian", "Ukrainian")),
    Encoding("koi8-u", "KOI8-U", SCRIPT, ("Russian", "Ukrainian")),
    Encoding("iso8859-5", "ISO 8859-5", OTHER, ("Russian", "Ukrainian")),
    Encoding("cp1125", "DOS code page 866", OTHER, ("Russian", "Ukrainian")),
    Encoding("mac-cyrillic", "Mac Cyrillic", OTHER, ("Russian", "Ukrainian")),
    Encoding("cp1253", "Windows-1253", SCRIPT, ("Greek",)),
    Encoding("iso8859-7", "ISO 8859-7", WINDOWS, ("Greek",)),
    Encoding("cp737", "DOS code page 737", OTHER, ("Greek",)),
    Encoding("cp869", "DOS code page 869", OLD, ("Greek",)),
    Encoding("cp1255", "Windows-1255", SCRIPT, ("Hebrew",)),
    Encoding("cp862", "DOS code page 862", OTHER, ("Hebrew",)),
    Encoding("cp1256", "Windows-1256", SCRIPT, ("Arabic",)),
    Encoding("iso8859-6", "ISO 8859-6", WINDOWS, ("Arabic",)),
    Encoding("cp720", "DOS code page 720", OTHER, ("Arabic",)),
    Encoding("cp874", "Windows-874", SCRIPT, ("Thai",)),
    Encoding("cp932", "Shift-JIS", SCRIPT),
    Encoding("euc_jp", "EUC-JP", OTHER),
    Encoding("gb18030", "GB 18030", SCRIPT),
    Encoding("big5hkscs", "Big5", SCRIPT),
    Encoding("cp949", "Windows-949", SCRIPT),
    Encoding("johab", "Johab", OLD),
)
WITH_ESCAPES: Final = {
    re.compile(rb"\x1b\$\)C"): ("iso2022_kr", "ISO-2022-KR"),
    re.compile(rb"\x1b\$"): ("iso2022_jp_ext", "ISO-2022-JP"),
    re.compile(rb"~\{(?:[0-w][!-~]){2,}~\}"): ("hz", "HZ"),
}
"""Encodings of 7 bits, by what precedes their letters."""

_FOREIGN: Final = 4.0
"""Cost of a word that is not in the prevailing language of the text."""
_SYMBOL: Final = 4.0
"""Maximum cost of a word that may consist of symbols, so that they are improbable in no encoding."""
_CAPITAL, _CAPITAL_WITHIN, _RUN, _BESIDE_ASCII, _UNKNOWN, _INVALID = 0.5, 8.0, 2.0, 6.0, 9.0, 12.0
_UNKNOWN_SYMBOL: Final = 11.0
_NO_TEXT: Final = frozenset(("Cc", "Cn", "Co"))
_APOSTROPHE, _WITHIN_WORD = "\N{RIGHT SINGLE QUOTATION MARK}", 2.0
_COMMON: Final = dict.fromkeys("“”„‘’–—…«»·•°€£¿¡\xa0‚´", 4.0) | dict.fromkeys("©®™²³½¼¾ªº§", 7.0)
_OF_PAIRS: Final = {
    "cp932": ("shift_jis", range(0x88, 0x98), 8.0),
    "euc_jp": ("euc_jp", range(0xB0, 0xD0), 8.0),
    "gb18030": ("gb2312", range(0xB0, 0xD8), 7.7),
    "big5hkscs": ("big5", range(0xA4, 0xC7), 7.8),
    "cp949": ("euc_kr", range(0xB0, 0xC9), 7.0),
    "johab": ("euc_kr", range(0xB0, 0xC9), 7.0),
}
"""The original set of each, the first bytes of its usual characters there, and their cost."""
_SIGN, _KANA, _RARE = 7.0, 4.5, 12.0


def guess_encoding(content: bytes) -> Encoding:
    r"""Return the most likely encoding of text that is not UTF-8.

    >>> guess_encoding("Miłość w Zakopanem".encode("iso8859-2")).name, guess_encoding(b"Caf\xe9").name
    ('ISO 8859-2', 'Windows-1252')
    """
    words = _words(content)
    letters = b"".join(word for word, max_cost in words if max_cost == math.inf).translate(None, _ASCII)
    if not letters:
        return ENCODINGS[0]
    bounds = sorted((_lower_bound(letters, encoding), place) for place, encoding in enumerate(ENCODINGS))
    best = (math.inf, 0)
    for bound, place in bounds:
        if bound > best[0]:
            break
        best = min(best, (_cost(words, ENCODINGS[place], best[0]), place))
    return ENCODINGS[best[1]]


def decode_escaped(content: bytes) -> tuple[str, str] | None:
    """Decode ASCII text with escape sequences before other letters; None if it has none.

    >>> decode_escaped("さくら".encode("iso2022_jp"))
    ('さくら', 'ISO-2022-JP')
    """
    for beginning, (codec, name) in WITH_ESCAPES.items():
        if beginning.search(content):
            with contextlib.suppress(UnicodeDecodeError):
                text = content.decode(codec)
                return None if text.isascii() else (text, name)
    return None


def _words(content: bytes) -> list[tuple[bytes, float]]:
    """Return the distinct words that are not ASCII, within bounds, each with its maximum cost."""
    words: dict[bytes, None] = {}
    length = 0
    others = (found[0] for found in _WORD.finditer(content) if not found[0].isascii())
    for found in islice(others, MAX_EXAMINED):
        if found in words:
            continue
        word = _REPEATED.sub(rb"\1\1", found[: 2 * MAX_WORD_BYTES])[:MAX_WORD_BYTES]
        if word not in words:
            words[word] = None
            length += len(word)
            if length >= MAX_BYTES:
                break
    return [(word, math.inf if _EVIDENCE.search(word) else _SYMBOL) for word in words]


def _lower_bound(letters: bytes, encoding: Encoding) -> float:
    """Return a lower bound of the cost of words with these bytes. It takes much less time than the cost."""
    return encoding.rarity + (sum(map(_least_costs(encoding).__getitem__, letters)) if encoding.languages else 0)


def _cost(words: list[tuple[bytes, float]], encoding: Encoding, limit: float) -> float:
    """Return the negative logarithm of the probability of some words, in the best of the encoding's languages.

    The computation stops above ``limit``.
    """
    languages = [_letters(language) for language in encoding.languages]
    is_latin = not _OTHERS.keys() & encoding.languages
    costs = [encoding.rarity] * max(len(languages), 1)
    for word, max_cost in words:
        text = word.decode(encoding.codec, "replace")
        if languages:
            shape, letters = _cost_of_shape(text, is_latin=is_latin), [letter for letter in text if letter > "\x7f"]
            own = [sum(map(language.__getitem__, letters)) for language in languages]
            foreign = min(own) + _FOREIGN
            costs = [cost + min(shape + min(each, foreign), max_cost) for cost, each in zip(costs, own, strict=True)]
        else:
            costs[0] += min(_cost_of_pairs(text, encoding.codec), max_cost)
        if min(costs) > limit:
            break
    return min(costs)


class _Letters(dict[str, float]):
    """The cost of each letter in a language: its frequency falls with its rank. Others are added when first used."""

    def __init__(self, language: str) -> None:
        letters = _LATIN.get(language) or _OTHERS[language]
        shares = [1 / (rank + 2) for rank in range(len(letters))]
        costs = {letter: math.log(sum(shares) / share) for letter, share in zip(letters, shares, strict=True)}
        upper = {letter.upper(): cost for letter, cost in reversed(costs.items()) if len(letter.upper()) == 1}
        super().__init__(upper | costs)

    def __missing__(self, letter: str) -> float:
        if letter == "\ufffd" or unicodedata.category(letter) in _NO_TEXT:
            cost = _INVALID
        else:
            cost = _COMMON.get(letter) or (_UNKNOWN if letter.isalpha() else _UNKNOWN_SYMBOL)
        self[letter] = cost
        return cost


class _LeastCosts(dict[int, float]):
    """The cost of each byte, in the language where it is least. Computed when first used."""

    def __init__(self, encoding: Encoding) -> None:
        super().__init__()
        self._encoding = encoding

    def __missing__(self, byte: int) -> float:
        letter = bytes([byte]).decode(self._encoding.codec, "replace")
        cost = min(_letters(language)[letter] for language in self._encoding.languages)
        self[byte] = cost - _WITHIN_WORD * (letter == _APOSTROPHE)
        return self[byte]


_letters: Final = lru_cache(maxsize=64)(_Letters)
_least_costs: Final = lru_cache(maxsize=64)(_LeastCosts)


def _cost_of_shape(word: str, *, is_latin: bool) -> float:
    """Return the part of a word's cost that is the same in all languages of a script."""
    cost, before, run = 0.0, "", 0
    is_upper = word.isupper()
    for letter in word:
        if letter.isascii():
            cost += _BESIDE_ASCII * (run > 0 and not is_latin and letter.isalpha())
            run = 0
        else:
            if not is_latin and _is_ascii_letter(before):
                cost += _BESIDE_ASCII
            if letter == _APOSTROPHE and before.isalpha():
                cost -= _WITHIN_WORD
            run = run + 1 if letter.isalpha() else 0
            cost += _RUN * (is_latin and run > 2)
            if letter.isupper():
                cost += _CAPITAL_WITHIN if before.islower() and not is_upper else _CAPITAL
        before = letter
    return cost


def _is_ascii_letter(letter: str) -> bool:
    return letter.isascii() and letter.isalpha()


def _cost_of_pairs(word: str, codec: str) -> float:
    cost, before = 0.0, ""
    for letter in word:
        if not letter.isascii():
            cost += _cost_of_pair(letter, codec) + (_BESIDE_ASCII if _is_ascii_letter(before) else 0)
        elif before and not before.isascii() and letter.isalpha():
            cost += _BESIDE_ASCII
        before = letter
    return cost


@lru_cache(maxsize=1 << 16)
def _cost_of_pair(letter: str, codec: str) -> float:
    if letter == "\ufffd" or unicodedata.category(letter) in _NO_TEXT:
        return _INVALID
    if "\u3041" <= letter <= "\u30ff" and codec in {"cp932", "euc_jp"}:
        return _KANA
    if "\u3000" <= letter <= "\u303f" or "\uff01" <= letter <= "\uff9f":
        return _SIGN
    if not letter.isalpha():
        return _RARE
    original, usual, cost = _OF_PAIRS[codec]
    try:
        return cost if letter.encode(original)[0] in usual else _RARE
    except UnicodeEncodeError:
        return _RARE
