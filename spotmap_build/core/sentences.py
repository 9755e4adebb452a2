"""Sentences that were written in English, in another language: each is known by the pattern that it follows. Pure.

Errors, their hints and the reasons of failures are in English in the code, in the cache, in the report and in logs that
programs read. Where a person reads them, they are translated: ``{path} has no column {name}.`` is a message of the
catalog ``errors``, and what stands in the place of its values is kept, or is known as a phrase itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

VALUE: Final = re.compile(r"\{(\w+)\}")
SENTENCE_END: Final = re.compile(r"(?<=[.?!]) |(?<=。) ?(?=.)")
"""Where texts of several sentences are divided, in the code's messages as in what was said."""
JOINT: Final = re.compile(r"(: |; | (?=(?:must|is|cannot|belongs|keeps|stays) ))")
"""Where a sentence is divided that follows no pattern: what is wrong is often known, if not with what."""
MOST_JOINED: Final = 4
"""Parts of a text that are tried as one sentence: there may be such ends in values, too."""
_GROUPED: Final = re.compile(r"\d{1,3}(?:,\d{3})+")


def literal(message: str) -> int:
    """Return how many letters of a message are not values.

    >>> literal("{path} has no rows.")
    9
    """
    return sum(letter.isalpha() for letter in VALUE.sub("", message))


class Sentences:
    """What a catalog says in place of English sentences.

    Parameters
    ----------
    texts : mapping of str to str
        By the English message, with the names of values in braces.
    number : callable
        Writes a whole number as people do in that language.
    """

    def __init__(self, texts: Mapping[str, str], number: Callable[[int], str]) -> None:
        self._texts = texts
        self._number = number
        with_values = sorted((message for message in texts if VALUE.search(message)), key=literal, reverse=True)
        self._patterns = [(message, [part for part in VALUE.split(message)[::2] if part]) for message in with_values]

    def say(self, text: str) -> str:
        """Return a text in the other language; what follows no pattern stays as it is."""
        parts = SENTENCE_END.split(text)
        said = ""
        while parts:
            sentence, used = self._next(parts)
            said += f"{'' if not said or said.endswith('。') else ' '}{sentence}"
            del parts[:used]
        return said

    def _next(self, parts: list[str]) -> tuple[str, int]:
        for count in range(1, min(len(parts), MOST_JOINED) + 1):
            found = self._find(" ".join(parts[:count]))
            if found is not None:
                return found, count
        return self._divide(parts[0]), 1

    def _find(self, sentence: str) -> str | None:
        if sentence in self._texts:
            return self._texts[sentence]
        for message, pieces in self._patterns:
            if all(piece in sentence for piece in pieces):  # much quicker than the pattern
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
        return self.say(text)

    def _divide(self, text: str) -> str:
        """Say what is no sentence as a whole: ``FILE: what is wrong``, ``SETTING must be this; it is that``."""
        parts = JOINT.split(text.removesuffix("."))
        said, first = "", 0
        while first < len(parts):
            for end in range(first + 1, min(len(parts), first + 2 * MOST_JOINED) + 1, 2):
                found = self._find("".join(parts[first:end]))
                if found is not None:
                    break
            else:
                found, end = parts[first], first + 1
            said += found + "".join(parts[end : end + 1])
            first = end + 1
        stop = text[len(text.removesuffix(".")) :]
        return said + (self._texts.get(stop, stop) if said != text.removesuffix(".") else stop)
