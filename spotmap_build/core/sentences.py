"""Translate finished English sentences by matching them with message patterns. Pure.

Errors, their hints and the reasons of failures are in English in the code, the cache, the report and in logs that
programs read. They are translated only for display. For example, ``{path} has no column {name}.`` is a message of the
catalog ``errors``. The values found in its placeholders are kept, or translated if they match a message themselves.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

VALUE: Final = re.compile(r"\{(\w+)\}")
SENTENCE_END: Final = re.compile(r"(?<=[.?!]) |(?<=。) ?(?=.)")
"""Splits a text into sentences, both in messages of the code and in texts to translate."""
JOINT: Final = re.compile(r"(: |; | (?=(?:must|is|cannot|belongs|keeps|stays) ))")
"""Splits a sentence that matches no pattern. Often, the error is a known message even if its subject is not."""
MAX_JOINED: Final = 4
"""Maximum number of parts that are tried as one sentence, because values can contain sentence ends too."""
_GROUPED: Final = re.compile(r"\d{1,3}(?:,\d{3})+")


def literal_letter_count(message: str) -> int:
    """Return the number of letters in a message outside its placeholders.

    >>> literal_letter_count("{path} has no rows.")
    9
    """
    return sum(letter.isalpha() for letter in VALUE.sub("", message))


class SentenceTranslator:
    """Translator for English sentences.

    Parameters
    ----------
    texts : mapping of str to str
        Translations by English message, with the names of values in braces.
    number : callable
        Formats an integer in the target language.
    """

    def __init__(self, texts: Mapping[str, str], number: Callable[[int], str]) -> None:
        self._texts = texts
        self._number = number
        with_values = sorted(
            (message for message in texts if VALUE.search(message)), key=literal_letter_count, reverse=True
        )
        self._patterns = [(message, [part for part in VALUE.split(message)[::2] if part]) for message in with_values]

    def translate(self, text: str) -> str:
        """Translate a text. Parts that match no pattern stay unchanged."""
        parts = SENTENCE_END.split(text)
        translated = ""
        while parts:
            sentence, used = self._next(parts)
            translated += f"{'' if not translated or translated.endswith('。') else ' '}{sentence}"
            del parts[:used]
        return translated

    def _next(self, parts: list[str]) -> tuple[str, int]:
        for count in range(1, min(len(parts), MAX_JOINED) + 1):
            found = self._find(" ".join(parts[:count]))
            if found is not None:
                return found, count
        return self._divide(parts[0]), 1

    def _find(self, sentence: str, end: str = "") -> str | None:
        if sentence in self._texts:
            return self._texts[sentence]
        for message, literals in self._patterns:
            if message.endswith(end) and all(
                part in sentence for part in literals
            ):  # much faster than the regular expression
                pattern = "(.*?)".join(map(re.escape, VALUE.split(message)[::2]))
                if found := re.fullmatch(pattern, sentence, re.DOTALL):
                    return self._filled(message, found.groups())
        return None

    def _filled(self, message: str, found: tuple[str, ...]) -> str:
        values = dict(zip(VALUE.findall(message), map(self._value, found), strict=True))
        return VALUE.sub(lambda name: values[name[1]], self._texts[message])

    def _value(self, text: str) -> str:
        if _GROUPED.fullmatch(text):
            return self._number(int(text.replace(",", "")))
        return self.translate(text)

    def _divide(self, text: str) -> str:
        """Translate the parts of a sentence that is no message: ``FILE: error``, ``SETTING must be X; it is Y``."""
        parts = JOINT.split(text.removesuffix("."))
        translated, first = "", 0
        while first < len(parts):
            rest = self._find(f"{''.join(parts[first:])}.", end=".") if first and text.endswith(".") else None
            if rest is not None:  # a whole sentence behind the name of a file
                return translated + rest
            for end in range(first + 1, min(len(parts), first + 2 * MAX_JOINED) + 1, 2):
                found = self._find("".join(parts[first:end]))
                if found is not None:
                    break
            else:
                found, end = parts[first], first + 1
            translated += found + "".join(parts[end : end + 1])
            first = end + 1
        stop = text[len(text.removesuffix(".")) :]
        return translated + (self._texts.get(stop, stop) if translated != text.removesuffix(".") else stop)
