"""Numbers in titles: in words, as Roman numerals, and after words for parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from spotmap_build.core.vocabulary import title_words

if TYPE_CHECKING:
    from collections.abc import Sequence

NUMBERS: Final = {word: str(number) for number, word in enumerate(title_words().numbers)}
ORDINALS: Final = {word: str(number) for number, word in enumerate(title_words().ordinals, start=1)}
ROMAN: Final = {word: str(number) for number, word in enumerate(title_words().roman, start=1)}
PARTS: Final = {word: part for part, words in title_words().parts.items() for word in words}
"""Words before the number of a part."""
_TENS: Final = {word: 10 * number for number, word in enumerate(title_words().tens, start=2)}
_TIMES: Final = {"hundred": "00", "thousand": "000", "million": "000000", "billion": "000000000"}
_ENDINGS: Final = {"first": "st", "second": "nd", "third": "rd"}
_MAX_DIGITS: Final = 9
_ORDINAL_WORDS: Final = {number: word for word, number in ORDINALS.items()}


def join_number_words(tokens: Sequence[str]) -> list[str]:
    """Convert numbers of several words, or from twenty on, to digits, and "7th" to a word.

    >>> join_number_words(["twenty", "one", "guns"]), join_number_words(["one", "two", "3rd"])
    (['21', 'guns'], ['one', 'two', 'third'])
    >>> join_number_words("the twenty first of a thousand or ten thousand years".split())
    ['the', '21st', 'of', '1000', 'or', '10000', 'years']
    """
    joined: list[str] = []
    for token in tokens:
        before = joined[-1] if joined else ""
        ones = int(NUMBERS.get(token, 0))
        times = _TIMES.get(token, "")
        if before in _TENS and 0 < ones < 10:
            joined[-1] = str(_TENS[before] + ones)
        elif before in _TENS and int(ORDINALS.get(token, 10)) < 10:
            joined[-1] = f"{_TENS[before] + int(ORDINALS[token])}{_ENDINGS.get(token, 'th')}"
        elif times and (count := _count(before)):
            joined[-1] = f"{count}{times}"
        else:
            joined.append(_ORDINAL_WORDS.get(token[:-2], token) if token[-2:] in {"st", "nd", "rd", "th"} else token)
    return [str(_TENS[token]) if token in _TENS else token for token in joined]


def _count(word: str) -> str:
    """Return the count that a word before "hundred" or "thousand" means, as digits; empty if it is not a number."""
    if word == "a":
        return "1"
    if word in _TENS:
        return str(_TENS[word])
    return word if word.isdecimal() and 0 < len(word) <= _MAX_DIGITS else NUMBERS.get(word, "")
