"""Text from outside, made fit for a terminal, a log or a line of a file."""

from __future__ import annotations

import re
from typing import Final

_UNPRINTABLE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # control characters: ESC begins commands to a terminal
    "\u2028\u2029"  # ends of lines and paragraphs
    "\u202a-\u202e\u2066-\u2069"  # these turn the order of what follows around
    "\ud800-\udfff]"  # halves of a character: bytes of a file name that are no UTF-8
)


def printable(text: str) -> str:
    """Replace what would act on a terminal or end a line: control characters by spaces, half characters by U+FFFD.

    >>> printable("a\\x1b[2Jb\\n::error::c")
    'a [2Jb ::error::c'
    """
    return _UNPRINTABLE.sub(lambda found: "\ufffd" if found[0] >= "\ud800" else " ", text)
