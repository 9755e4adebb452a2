"""Numbers in titles: as words, in Roman numerals, and after the words for a part."""

from __future__ import annotations

from typing import Final

from spotmap_build.core.vocabulary import title_words

NUMBERS: Final = {word: str(number) for number, word in enumerate(title_words().numbers)}
ORDINALS: Final = {word: str(number) for number, word in enumerate(title_words().ordinals, start=1)}
ROMAN: Final = {word: str(number) for number, word in enumerate(title_words().roman, start=1)}
PARTS: Final = {word: part for part, words in title_words().parts.items() for word in words}
"""Words before a number that tells one part from another."""
