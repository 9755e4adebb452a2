"""Text from outside: its bytes decoded, and made fit for a terminal, a log or a line of a file."""

from __future__ import annotations

import codecs
import contextlib
import re
import unicodedata
from typing import Final

_WINDOWS_1252: Final = {
    byte: letter for byte in range(0x80, 0xA0) if (letter := bytes([byte]).decode("cp1252", "ignore"))
}
"""Where Windows-1252 differs from Latin-1. Five of its bytes mean nothing, and stay control characters."""

_KANA: Final = re.compile(rb"\x82[\x9f-\xf1]|\x83[\x40-\x7e\x80-\x96]")
LEAST_KANA: Final = 2
_AFTER_LETTER: Final = re.compile(rb"(?<=[a-z])[\x80-\xff]")
_ONLY_MAC: Final = frozenset(b"\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x90\x98\x9b\x9d\x9f")
"""Lowercase letters in Mac Roman; in Windows-1252 capitals, signs or nothing, which follow no lowercase letter."""
_ONLY_WINDOWS: Final = frozenset(range(0xDF, 0x100)) - {0xF7}
"""Lowercase letters in Windows-1252; in Mac Roman capitals and signs, but for a few."""

_CENTRAL: Final = re.compile(rb"(?<=[a-z])[\x9d\x9f\xb3\xb9\xba\xbe\xbf](?=[a-z\xe0-\xff])")
"""Letters of Windows-1250 that stand within words of Polish, Czech and their neighbors; signs in Windows-1252."""
LEAST_CENTRAL: Final = 20
"""At most so many other letters that are not ASCII come with each of them."""

_TURKISH: Final = frozenset("ĞİŞğışÇÖÜçöüÂâîû".encode("cp1254"))
_ONLY_TURKISH: Final = frozenset("ĞİŞğış".encode("cp1254"))
"""Letters of Icelandic in Windows-1252, which uses letters with accents as well: in Turkish there are none."""
LEAST_TURKISH: Final = 4

_SCRIPTS: Final = {
    "cp1251": "Windows-1251",
    "koi8_r": "KOI8-R",
    "cp1253": "Windows-1253",
    "cp1256": "Windows-1256",
    "gb18030": "GB 18030",
    "big5": "Big5",
    "cp949": "Windows-949",
    "euc_jp": "EUC-JP",
}
"""Encodings of other scripts than the Latin one, as Python and as people call them."""
_ASCII_AND_HEBREW: Final = bytes((*range(0x80), *range(0xE0, 0xFB)))
_TOGETHER: Final = re.compile(rb"[\x80-\xff]{3,}")
_OTHER_LETTERS: Final = re.compile(r"([A-Za-z]?)[^\W\d_\x00-\x7f]+([A-Za-z]?)")
LEAST_BYTES: Final = 8
"""Fewer of them tell nothing."""
LONGEST_SAMPLE_BYTES: Final = 1 << 16

LEAST_WHOLE: Final = 10
"""UTF-8 has so many whole characters beside each damaged one. Text in another encoding hardly ever has any."""
_UNPRINTABLE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # control characters: ESC begins commands to a terminal
    "\u2028\u2029"  # ends of lines and paragraphs
    "\u202a-\u202e\u2066-\u2069"  # these turn the order of what follows around
    "\ud800-\udfff]"  # halves of a character: bytes of a file name that are no UTF-8
)

_COMMAND: Final = re.compile(r"^\s*:(?=:)|##(?=\w*\[)")
"""How a line begins a command to a runner of GitHub Actions (``::name::``), or holds one (``##[name]``)."""


def decode_text(content: bytes) -> str:
    r"""Decode text whose encoding nobody tells: by its byte order mark, else as UTF-8, else as Windows-1252.

    UTF-16 is recognized without a mark as well, where it begins with an ASCII character. UTF-8 of which a little is
    damaged stays UTF-8: characters written as two halves are joined, and what was cut in half is U+FFFD. Shift-JIS and
    Mac Roman are recognized where as Windows-1252 the text would be none. Nothing is refused.

    >>> decode_text("Bj\u00f6rk".encode("utf-16")), decode_text(b"Bj\xf6rk \x96 J\xf3ga")
    ('Björk', 'Björk – Jóga')
    """
    return decode_guessing(content)[0]


def decode_guessing(content: bytes) -> tuple[str, str]:
    """Decode as :func:`decode_text` does, and name the encoding where it had to be guessed; else that is empty."""
    if content.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return content.decode("utf-32", "replace"), ""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace"), ""
    if content[:1] == b"\0" != content[1:2] or content[1:2] == b"\0" != content[:1]:
        return content.decode("utf-16-be" if content[:1] == b"\0" else "utf-16-le", "replace"), ""
    try:
        return content.decode("utf-8-sig"), ""
    except UnicodeDecodeError:
        plain = content.removeprefix(codecs.BOM_UTF8)
    if damaged := _damaged_utf_8(plain):
        return damaged, ""
    return _guess(plain)


def _guess(content: bytes) -> tuple[str, str]:
    if _is_shift_jis(content):
        return content.decode("cp932"), "Shift-JIS"
    if _is_mac_roman(content):
        return content.decode("mac-roman"), "Mac Roman"
    if _is_of_another_script(content):
        if found := _of_another_script(content):
            return found
    elif _is_central_european(content):
        return content.decode("cp1250"), "Windows-1250"
    elif _is_turkish(content):
        return content.decode("cp1254", "replace"), "Windows-1254"
    return content.decode("latin-1").translate(_WINDOWS_1252), "Windows-1252"


def _is_of_another_script(content: bytes) -> bool:
    """Whether letters that are not ASCII stand together, as in no language that Windows-1252 is for."""
    together = sum(map(len, _TOGETHER.findall(content)))
    return 2 * together > len(content.translate(None, bytes(range(0x80)))) > LEAST_BYTES


def _of_another_script(content: bytes) -> tuple[str, str] | None:
    """Return the text and its likeliest encoding: by how often letters stand beside each other in each language."""
    if not content.translate(None, _ASCII_AND_HEBREW):  # capitals of Cyrillic would be among others
        return content.decode("cp1255"), "Windows-1255"
    if _is_euc_jp(content):
        return content.decode("euc_jp"), "EUC-JP"
    from charset_normalizer import from_bytes

    sample = content[:LONGEST_SAMPLE_BYTES]
    if len(sample) < len(content):  # not half a letter at the end
        sample = sample[: sample.rfind(b"\n") + 1] or sample
    best = from_bytes(sample, cp_isolation=list(_SCRIPTS)).best()
    if best is None or best.encoding not in _SCRIPTS or not _is_words(sample.decode(best.encoding, "replace")):
        return None
    encoding = "gb18030" if best.encoding == "cp949" and _is_chinese(sample) else best.encoding
    return content.decode(encoding, "replace"), _SCRIPTS[encoding]


def _is_chinese(content: bytes) -> bool:
    """Whether bytes that may be Korean are Chinese: as Korean, a quarter would be signs that are rare in it."""
    korean = content.decode("cp949", "replace")
    with contextlib.suppress(UnicodeDecodeError):
        chinese = [letter for letter in content.decode("gb18030") if letter > "\x7f" and letter.isalpha()]
        rare = sum("\u4e00" <= letter <= "\u9fff" for letter in korean)
        return 4 * rare > len(chinese) and all("\u4e00" <= letter <= "\u9fff" for letter in chinese)
    return False


def _is_words(text: str) -> bool:
    """Whether what is not ASCII is mostly letters (no rows of dots or dashes), seldom beside one of ASCII in a word."""
    others = [letter for letter in text if letter > "\x7f"]
    words = _OTHER_LETTERS.findall(text)
    return 2 * sum(map(str.isalpha, others)) > len(others) and 4 * sum(map(any, words)) < len(words)


def _is_shift_jis(content: bytes) -> bool:
    """Whether this is Japanese: some of its syllables begin with bytes that hardly occur in other texts."""
    if len(_KANA.findall(content)) < LEAST_KANA:
        return False
    try:
        text = content.decode("cp932")
    except UnicodeDecodeError:
        return False
    others = [letter for letter in text if letter > "\x7f"]
    return sum("\u3000" <= letter <= "\u9fff" for letter in others) * 2 >= len(others)


def _is_euc_jp(content: bytes) -> bool:
    """Whether this is Japanese: a quarter of it is syllables, which texts in Chinese or Korean would hardly give."""
    try:
        others = [letter for letter in content.decode("euc_jp") if letter > "\x7f"]
    except UnicodeDecodeError:
        return False
    return 4 * sum("\u3041" <= letter <= "\u30ff" for letter in others) >= len(others)


def _is_mac_roman(content: bytes) -> bool:
    """Whether letters with accents stand where Windows-1252 has signs and capitals in the middle of words."""
    inside = {found[0][0] for found in _AFTER_LETTER.finditer(content)}
    return bool(inside & _ONLY_MAC) and not inside & _ONLY_WINDOWS


def _is_central_european(content: bytes) -> bool:
    """Whether letters of Windows-1250 stand where Windows-1252 has signs in the middle of words."""
    found = len(_CENTRAL.findall(content))
    try:
        others = (
            sum(map(str.isalpha, content.decode("cp1250"))) - len(re.findall(rb"[A-Za-z]", content)) if found else 0
        )
    except UnicodeDecodeError:
        return False
    return found > 0 and found * LEAST_CENTRAL >= others


def _is_turkish(content: bytes) -> bool:
    """Whether all letters that are not ASCII are Turkish, and some are so only in Windows-1254."""
    letters = [letter for letter in content if letter >= 0xC0]
    distinct = _ONLY_TURKISH.intersection(letters)
    return len(distinct) > 1 and len(letters) >= LEAST_TURKISH and _TURKISH.issuperset(letters)


def _damaged_utf_8(content: bytes) -> str:
    """Return the text of UTF-8 with a few faults; none where the bytes are those of another encoding."""
    with contextlib.suppress(UnicodeDecodeError):
        halves = content.decode("utf-8", "surrogatepass")
        return halves.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    text = content.decode("utf-8", "replace")
    faults = text.count("\ufffd")
    others = len(text) - len(text.encode("ascii", "ignore")) - faults
    return text if faults * LEAST_WHOLE <= others else ""


def is_text(name: str) -> bool:
    r"""Tell whether a file's name is text: one of bytes that are not UTF-8 holds halves of characters instead.

    >>> is_text("Bj\u00f6rk"), is_text("Bj\udcf6rk")
    (True, False)
    """
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def printable(text: str) -> str:
    r"""Replace what would act on a terminal or end a line: control characters by spaces, half characters by U+FFFD.

    >>> printable("a\x1b[2Jb\n::error::c")
    'a [2Jb ::error::c'
    """
    return _UNPRINTABLE.sub(lambda found: "\ufffd" if found[0] >= "\ud800" else " ", text)


def columns(text: str) -> int:
    """Return how many columns of a terminal a text takes: letters of Chinese and Japanese take two.

    >>> columns("Cache"), columns("キャッシュ")
    (5, 10)
    """
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def padded(text: str, width: int) -> str:
    """Return a text with the spaces after it that it lacks of a number of columns."""
    return text + " " * (width - columns(text))


def log_line(text: str) -> str:
    r"""Make one line of a text, for a log that a runner of CI may read: it says what it says, and commands nothing.

    >>> log_line("::error::a\n##[group]b")
    ': :error::a ## [group]b'
    """
    return _COMMAND.sub(r"\g<0> ", printable(text))


def printable_json(document: str) -> str:
    r"""Escape in a JSON document what :func:`log_line` would replace: every reader gets the text that was meant.

    Only halves of a character become U+FFFD, because not every reader takes them.

    >>> printable_json('"a\x7f##[b]"')
    '"a\\u007f#\\u0023[b]"'
    """
    return re.sub(r"##(?=\w*\[)", r"#\\u0023", _UNPRINTABLE.sub(_escaped, document))


def _escaped(found: re.Match[str]) -> str:
    character = found[0]
    if character == "\n":  # between the lines of an indented document; in a text it is escaped already
        return character
    return "\ufffd" if character >= "\ud800" else f"\\u{ord(character):04x}"
