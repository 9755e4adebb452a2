"""Decode text of unknown encoding, and sanitize it for terminals, logs and line-based files."""

from __future__ import annotations

import codecs
import contextlib
import re
import unicodedata
from typing import Final

_WINDOWS_1252: Final = {
    byte: letter for byte in range(0x80, 0xA0) if (letter := bytes([byte]).decode("cp1252", "ignore"))
}
"""Where Windows-1252 differs from Latin-1. Five bytes are undefined and remain control characters."""

_KANA: Final = re.compile(rb"\x82[\x9f-\xf1]|\x83[\x40-\x7e\x80-\x96]")
LEAST_KANA: Final = 2
_AFTER_LETTER: Final = re.compile(rb"(?<=[a-z])[\x80-\xff]")
_ONLY_MAC: Final = frozenset(b"\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x90\x98\x9b\x9d\x9f")
"""Lowercase letters in Mac Roman. In Windows-1252, they are capitals, symbols or undefined, never after lowercase."""
_ONLY_WINDOWS: Final = frozenset(range(0xDF, 0x100)) - {0xF7}
"""Lowercase letters in Windows-1252. In Mac Roman, nearly all of them are capitals or symbols."""

_CENTRAL: Final = re.compile(rb"(?<=[a-z])[\x9d\x9f\xb3\xb9\xba\xbe\xbf](?=[a-z\xe0-\xff])")
"""Letters within Polish, Czech and related words in Windows-1250; symbols in Windows-1252."""
LEAST_CENTRAL: Final = 20
"""Maximum number of non-ASCII letters for each match of ``_CENTRAL`` in Windows-1250 text."""

_TURKISH: Final = frozenset("ĞİŞğışÇÖÜçöüÂâîû".encode("cp1254"))
_ONLY_TURKISH: Final = frozenset("ĞİŞğış".encode("cp1254"))
"""Icelandic letters in Windows-1252. Icelandic also uses letters with acute accents, which Turkish lacks."""
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
"""Encodings of non-Latin scripts: Python's name and the common name."""
_ASCII_AND_HEBREW: Final = bytes((*range(0x80), *range(0xE0, 0xFB)))
_RUNS: Final = re.compile(rb"[\x80-\xff]{3,}")
_OTHER_LETTERS: Final = re.compile(r"([A-Za-z]?)[^\W\d_\x00-\x7f]+([A-Za-z]?)")
LEAST_BYTES: Final = 8
"""Fewer non-ASCII bytes are too few to detect another script."""
LONGEST_SAMPLE_BYTES: Final = 1 << 16

LEAST_WHOLE: Final = 10
"""Minimum number of valid non-ASCII characters per damaged one in UTF-8. Other encodings rarely contain any."""
_UNPRINTABLE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # control characters; ESC starts terminal commands
    "\u2028\u2029"  # line and paragraph separators
    "\u202a-\u202e\u2066-\u2069"  # bidirectional controls, which reorder the following text
    "\ud800-\udfff]"  # surrogates: bytes of a file name that are not UTF-8
)

_COMMAND: Final = re.compile(r"^\s*:(?=:)|##(?=\w*\[)")
"""Commands to a GitHub Actions runner: ``::name::`` at the start of a line, or ``##[name]`` anywhere."""


def decode_text(content: bytes) -> str:
    r"""Decode text of unknown encoding: by its byte order mark, else as UTF-8, else by guessing. Never fails.

    UTF-16 without a byte order mark is recognized if the text starts with an ASCII character. Slightly damaged UTF-8 is
    still decoded as UTF-8: surrogate pairs are joined, and incomplete characters become U+FFFD. Otherwise, the text is
    Windows-1252 unless its bytes are characteristic of another encoding, such as Shift-JIS or Mac Roman.

    >>> decode_text("Bj\u00f6rk".encode("utf-16")), decode_text(b"Bj\xf6rk \x96 J\xf3ga")
    ('Björk', 'Björk – Jóga')
    """
    return decode_guessing(content)[0]


def decode_guessing(content: bytes) -> tuple[str, str]:
    """Decode like :func:`decode_text`, and also return the name of the encoding; empty if it was not guessed."""
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
    """Whether most non-ASCII bytes occur in runs, which no language written in Windows-1252 has."""
    in_runs = sum(map(len, _RUNS.findall(content)))
    return 2 * in_runs > len(content.translate(None, bytes(range(0x80)))) > LEAST_BYTES


def _of_another_script(content: bytes) -> tuple[str, str] | None:
    """Return the text and its most likely encoding, based on letter pair frequencies of each language."""
    if not content.translate(None, _ASCII_AND_HEBREW):  # Cyrillic text would also contain capitals
        return content.decode("cp1255"), "Windows-1255"
    if _is_euc_jp(content):
        return content.decode("euc_jp"), "EUC-JP"
    from charset_normalizer import from_bytes

    sample = content[:LONGEST_SAMPLE_BYTES]
    if len(sample) < len(content):  # do not cut within a character
        sample = sample[: sample.rfind(b"\n") + 1] or sample
    best = from_bytes(sample, cp_isolation=list(_SCRIPTS)).best()
    if best is None or best.encoding not in _SCRIPTS or not _is_words(sample.decode(best.encoding, "replace")):
        return None
    encoding = "gb18030" if best.encoding == "cp949" and _is_chinese(sample) else best.encoding
    return content.decode(encoding, "replace"), _SCRIPTS[encoding]


def _is_chinese(content: bytes) -> bool:
    """Whether bytes that also decode as Korean are Chinese: over a quarter would be Hanja, which are rare in Korean."""
    korean = content.decode("cp949", "replace")
    with contextlib.suppress(UnicodeDecodeError):
        chinese = [letter for letter in content.decode("gb18030") if letter > "\x7f" and letter.isalpha()]
        rare = sum("\u4e00" <= letter <= "\u9fff" for letter in korean)
        return 4 * rare > len(chinese) and all("\u4e00" <= letter <= "\u9fff" for letter in chinese)
    return False


def _is_words(text: str) -> bool:
    """Whether non-ASCII characters are mostly letters (not dots, dashes) and rarely share words with ASCII letters."""
    non_ascii = [letter for letter in text if letter > "\x7f"]
    words = _OTHER_LETTERS.findall(text)
    return 2 * sum(map(str.isalpha, non_ascii)) > len(non_ascii) and 4 * sum(map(any, words)) < len(words)


def _is_shift_jis(content: bytes) -> bool:
    """Whether this is Shift-JIS: its kana start with bytes that are rare in other encodings."""
    if len(_KANA.findall(content)) < LEAST_KANA:
        return False
    try:
        text = content.decode("cp932")
    except UnicodeDecodeError:
        return False
    non_ascii = [letter for letter in text if letter > "\x7f"]
    return sum("\u3000" <= letter <= "\u9fff" for letter in non_ascii) * 2 >= len(non_ascii)


def _is_euc_jp(content: bytes) -> bool:
    """Whether this is EUC-JP: at least a quarter of it is kana, which is very unlikely for Chinese or Korean text."""
    try:
        non_ascii = [letter for letter in content.decode("euc_jp") if letter > "\x7f"]
    except UnicodeDecodeError:
        return False
    return 4 * sum("\u3041" <= letter <= "\u30ff" for letter in non_ascii) >= len(non_ascii)


def _is_mac_roman(content: bytes) -> bool:
    """Whether bytes within words are accented letters in Mac Roman but symbols or capitals in Windows-1252."""
    inside = {found[0][0] for found in _AFTER_LETTER.finditer(content)}
    return bool(inside & _ONLY_MAC) and not inside & _ONLY_WINDOWS


def _is_central_european(content: bytes) -> bool:
    """Whether bytes within words are letters in Windows-1250 but symbols in Windows-1252."""
    found = len(_CENTRAL.findall(content))
    try:
        non_ascii = (
            sum(map(str.isalpha, content.decode("cp1250"))) - len(re.findall(rb"[A-Za-z]", content)) if found else 0
        )
    except UnicodeDecodeError:
        return False
    return found > 0 and found * LEAST_CENTRAL >= non_ascii


def _is_turkish(content: bytes) -> bool:
    """Whether all non-ASCII letters are Turkish, and some of them exist only in Windows-1254."""
    letters = [letter for letter in content if letter >= 0xC0]
    distinct = _ONLY_TURKISH.intersection(letters)
    return len(distinct) > 1 and len(letters) >= LEAST_TURKISH and _TURKISH.issuperset(letters)


def _damaged_utf_8(content: bytes) -> str:
    """Return the text of slightly damaged UTF-8; empty if the bytes are in another encoding."""
    with contextlib.suppress(UnicodeDecodeError):
        surrogates = content.decode("utf-8", "surrogatepass")
        return surrogates.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    text = content.decode("utf-8", "replace")
    faults = text.count("\ufffd")
    non_ascii = len(text) - len(text.encode("ascii", "ignore")) - faults
    return text if faults * LEAST_WHOLE <= non_ascii else ""


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


def columns(text: str) -> int:
    """Return the width of a text in terminal columns. Chinese and Japanese characters take two.

    >>> columns("Cache"), columns("キャッシュ")
    (5, 10)
    """
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def padded(text: str, width: int) -> str:
    """Pad a text with spaces to a width in terminal columns."""
    return text + " " * (width - columns(text))


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
