"""Decode text of unknown encoding, and sanitize it for terminals, logs and line-based files."""

from __future__ import annotations

import codecs
import contextlib
import re
import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spotmap_build.core.encodings import Encoding

_WINDOWS_1252: Final = {
    byte: letter for byte in range(0x80, 0xA0) if (letter := bytes([byte]).decode("cp1252", "ignore"))
}
"""Where Windows-1252 differs from Latin-1. Five bytes are undefined and remain control characters."""

_ESCAPES: Final = (b"\x1b$", b"~{")
"""Beginnings of escape sequences in 7-bit encodings. Text without them does not need ``core.encodings``."""
MIN_VALID_PER_DAMAGED: Final = 10
"""Minimum number of valid non-ASCII characters per damaged one in UTF-8. Other encodings rarely contain any."""
_UNPRINTABLE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # control characters; ESC starts terminal commands
    "\u2028\u2029"  # line and paragraph separators
    "\u202a-\u202e\u2066-\u2069"  # bidirectional controls, which reorder the following text
    "\ud800-\udfff]"  # surrogates: bytes of a file name that are not UTF-8
)

_JOINERS: Final = "\u200c\u200d"
"""Invisible characters within words, which Persian and emoji need."""

_LONG_REFERENCE: Final = re.compile(r"&#[0-9]{1000,};?")

_COMMAND: Final = re.compile(r"^\s*:(?=:)|##(?=\w*\[)")
"""Commands to a GitHub Actions runner: ``::name::`` at the start of a line, or ``##[name]`` anywhere."""
_CONTROL_CHARACTERS: Final = dict.fromkeys((*range(1, 9), *range(14, 26), *range(28, 32)))
"""Those that no text contains; ESC begins letters of other alphabets."""
_SAMPLE_LENGTH: Final = 4_096
_MAX_CONTROL_SHARE: Final = 0.05
"""Maximum share of these characters in a text that is only damaged."""


def decode_text(content: bytes, encoding: Encoding | None = None) -> str:
    r"""Decode text of unknown encoding: by its byte order mark, else as UTF-8, else by guessing. Never fails.

    UTF-16 without a byte order mark is recognized if the text starts with an ASCII character. Slightly damaged UTF-8 is
    still decoded as UTF-8: surrogate pairs are joined, and incomplete characters become U+FFFD. Otherwise, the
    encoding is guessed from the letters within words, see :mod:`spotmap_build.core.encodings`; ``encoding`` replaces
    the guess, see :func:`guess_together`.

    >>> decode_text("Bj\u00f6rk".encode("utf-16")), decode_text(b"Bj\xf6rk \x96 J\xf3ga")
    ('Björk', 'Björk – Jóga')
    """
    return decode_guessing(content, encoding)[0]


def decode_guessing(content: bytes, encoding: Encoding | None = None) -> tuple[str, str]:
    """Decode like :func:`decode_text`, and also return the name of the encoding; empty if it was not guessed."""
    if content.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return content.decode("utf-32", "replace"), ""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace"), ""
    if content[:1] == b"\0" != content[1:2] or content[1:2] == b"\0" != content[:1]:
        return content.decode("utf-16-be" if content[:1] == b"\0" else "utf-16-le", "replace"), ""
    try:
        return _decode_escaped(content) or (content.decode("utf-8-sig"), "")
    except UnicodeDecodeError:
        plain = content.removeprefix(codecs.BOM_UTF8)
    damaged = _damaged_utf_8(plain)
    return (damaged, "") if damaged else _decode_legacy(plain, encoding)


def guess_together(contents: Iterable[bytes]) -> Encoding | None:
    """Guess the common encoding of the texts that are not UTF-8; None if all are UTF-8."""
    legacy = [content for content in contents if not _is_utf_8(content)]
    if not legacy:
        return None
    from spotmap_build.core.encodings import guess_encoding

    return guess_encoding(b"\n".join(legacy))


def _is_utf_8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _decode_escaped(content: bytes) -> tuple[str, str] | None:
    if not any(escape in content for escape in _ESCAPES):
        return None
    from spotmap_build.core.encodings import decode_escaped

    return decode_escaped(content)


def _decode_legacy(content: bytes, encoding: Encoding | None) -> tuple[str, str]:
    from spotmap_build.core.encodings import DEFAULT, guess_encoding

    guessed = encoding or guess_encoding(content)
    if guessed.name == DEFAULT:
        return content.decode("latin-1").translate(_WINDOWS_1252), DEFAULT
    text = content.decode(guessed.codec, "replace")
    return unicodedata.normalize("NFC", text), guessed.name  # Vietnamese has separate marks


def _damaged_utf_8(content: bytes) -> str:
    """Return the text of slightly damaged UTF-8; empty if the bytes are in another encoding."""
    with contextlib.suppress(UnicodeDecodeError):
        surrogates = content.decode("utf-8", "surrogatepass")
        return surrogates.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    text = content.decode("utf-8", "replace")
    faults = text.count("\ufffd")
    non_ascii = len(text) - len(text.encode("ascii", "ignore")) - faults
    return text if faults * MIN_VALID_PER_DAMAGED <= non_ascii else ""


def is_text(name: str) -> bool:
    r"""Return whether a file name is valid text. Python represents bytes that are not UTF-8 as surrogates.

    >>> is_text("Bj\u00f6rk"), is_text("Bj\udcf6rk")
    (True, False)
    """
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def printable(text: str) -> str:
    r"""Replace characters that affect a terminal or end a line by spaces, and unpaired surrogates by U+FFFD.

    >>> printable("a\x1b[2Jb\n::error::c")
    'a [2Jb ::error::c'
    """
    return _UNPRINTABLE.sub(lambda found: "\ufffd" if found[0] >= "\ud800" else " ", text)


def one_line(text: str) -> str:
    r"""Replace what :func:`printable` replaces, and normalize whitespace to single spaces.

    >>> one_line(" a\n\tb\x1b[2J ")
    'a b [2J'
    """
    return " ".join(printable(text).split())


def fold_space(text: str) -> str:
    r"""Normalize whitespace to single spaces, and remove control and other invisible characters.

    Unlike :func:`one_line`, this also removes byte order marks and other format characters, as in names from tags and
    tables. Joiners are kept.

    >>> fold_space("\ufeffPost\x00  Debut")
    'Post Debut'
    """
    if not text.isprintable():
        text = "".join(letter if letter.isprintable() else _substitute(letter) for letter in text)
    return " ".join(text.split())


def _substitute(character: str) -> str:
    if character in _JOINERS:
        return character
    return "" if unicodedata.category(character) == "Cf" else " "


def unescape(text: str) -> str:
    """Decode HTML entities. A reference with thousands of digits, for which Python raises an error, becomes U+FFFD.

    >>> unescape("Tom &amp; Jerry &#233;")
    'Tom & Jerry é'
    """
    import html  # deferred: its table of entities takes time to load

    return html.unescape(_LONG_REFERENCE.sub("\ufffd", text) if len(text) > 1_000 else text)


def without_login(text: str) -> str:
    """Remove user names and passwords from the addresses in a text.

    >>> without_login("https://me:secret@example.org/map is no map")
    'https://example.org/map is no map'
    """
    return re.sub(r"//[^/\s]*@", "//", text)


def display_width(text: str) -> int:
    """Return the width of a text in terminal columns. Chinese and Japanese characters take two.

    >>> display_width("Cache"), display_width("キャッシュ")
    (5, 10)
    """
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def pad_to_width(text: str, width: int) -> str:
    """Pad a text with spaces to a width in terminal columns."""
    return text + " " * (width - display_width(text))


def is_binary(text: str) -> bool:
    """Return whether the beginning of a decoded file shows that it is not text, not even a damaged one."""
    sample = text[:_SAMPLE_LENGTH]
    return len(sample) - len(sample.translate(_CONTROL_CHARACTERS)) > _MAX_CONTROL_SHARE * len(sample)


def caption(artists: Iterable[str], title: str) -> str:
    """Return the artists and the title of a track as people write them.

    >>> caption(["Juno", "Ash"], "Dawn"), caption([], "Dawn")
    ('Juno, Ash - Dawn', 'Dawn')
    """
    return " - ".join(filter(None, (", ".join(artists), title)))


def log_line(text: str) -> str:
    r"""Turn a text into one line of a log, without anything that a CI runner would execute as a command.

    >>> log_line("::error::a\n##[group]b")
    ': :error::a ## [group]b'
    """
    return _COMMAND.sub(r"\g<0> ", printable(text))


def printable_json(document: str) -> str:
    r"""Escape in a JSON document what :func:`log_line` would replace, so that parsers still get the original text.

    Only unpaired surrogates are replaced, by U+FFFD, because some parsers reject them.

    >>> printable_json('"a\x7f##[b]"')
    '"a\\u007f#\\u0023[b]"'
    """
    return re.sub(r"##(?=\w*\[)", r"#\\u0023", _UNPRINTABLE.sub(_escaped, document))


def _escaped(found: re.Match[str]) -> str:
    character = found[0]
    if character == "\n":  # only between lines of an indented document; within strings, it is already escaped
        return character
    return "\ufffd" if character >= "\ud800" else f"\\u{ord(character):04x}"
