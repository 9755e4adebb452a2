"""Parse JSON and TOML into plain values or types. Every error in a document raises ``ValueError``."""

from __future__ import annotations

import re
import threading
from contextlib import AbstractContextManager
from typing import Any, Final, TypeVar

from spotmap_build.core.translation import translatable

Value = TypeVar("Value")

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
"""Unpaired surrogates cannot be encoded, so they may not occur in file names and pages."""
_MAY_HOLD_SURROGATES: Final = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")

_LINE: Final = re.compile(r"\(at line (\d+),")
_SLIPS: Final = (
    (r"Cannot (?:declare|overwrite)", translatable("It is given twice: remove one of the two.")),
    ("[\u2018-\u201f\xab\xbb]", translatable('Use straight quotation marks, as in title = "My music".')),
    (
        r'"[^"]*\\',
        translatable("In a path, write / instead of \\, or single quotation marks, as in 'folder:C:\\Music'."),
    ),
    (r"^\s*[\w-]+\s*:", translatable('Write = between a name and its value, as in title = "My music".')),
    (r"=\s*(?i:true|false|yes|no|on|off)\b", translatable("Write true or false, in small letters.")),
    (
        r"=\s*\[?\s*[^\W\d]|=\s*\[?\s*[~/.]",
        translatable('Write a text in quotation marks, as in title = "My music".'),
    ),
)
"""Usual slips in TOML, in the line or in the parser's message, and what to do instead. Compiled when one is made."""

_PREPARING: Final = threading.Lock()
_prepared: Final[set[object]] = set()


def parse_json(content: str | bytes) -> Any:
    r"""Parse JSON, replacing unpaired surrogates by U+FFFD.

    Raises
    ------
    ValueError
        The content is not valid JSON or Unicode, is nested too deeply, or contains a number with thousands of digits.

    Examples
    --------
    >>> parse_json(r'["\ud83d\ude00", "\ud83d"]')
    ['😀', '�']
    """
    import json  # deferred: not needed if there is no document to parse

    with _PlainErrors():
        text = content if isinstance(content, str) else content.decode(json.detect_encoding(content), "surrogatepass")
        value = json.loads(text)
        if _MAY_HOLD_SURROGATES.search(text):
            value = json.loads(_SURROGATE.sub("\ufffd", json.dumps(value, ensure_ascii=False)))
        return value


def parse_toml(content: str | bytes) -> dict[str, Any]:
    """Parse TOML, given as text or as UTF-8.

    Raises
    ------
    ValueError
        The content is not valid TOML or UTF-8, or is nested too deeply.
    """
    text = _decode(content) if isinstance(content, bytes) else content
    import tomllib

    with _PlainErrors():
        return tomllib.loads(text)


def _decode(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ValueError(translatable(f"line {line} is not UTF-8 text")) from error


def toml_advice(content: str | bytes, error: ValueError) -> str:
    """Return what to change in TOML that :func:`parse_toml` refused; empty if it is none of the usual slips."""
    if isinstance(error.__cause__, UnicodeDecodeError):
        return translatable("Save the file as UTF-8.")
    found = _LINE.search(str(error))
    text = content.decode("utf-8", "replace") if isinstance(content, bytes) else content
    line = text.split("\n")[int(found[1]) - 1] if found else ""
    return next((advice for slip, advice in _SLIPS if re.search(slip, line) or re.match(slip, str(error))), "")


def decode_json(content: str | bytes, kind: type[Value]) -> Value:
    """Parse JSON into a struct, a dataclass, or a container of them. Thread-safe.

    Raises
    ------
    ValueError
        The content is not valid JSON, is nested too deeply, or does not match the type. In the last case, it is a
        ``msgspec.ValidationError``, which names the position.
    """
    import msgspec

    _prepare(kind)
    with _PlainErrors():
        return msgspec.json.decode(content, type=kind)


def convert(value: object, kind: type[Value], *, strict: bool = True, from_attributes: bool = False) -> Value:
    """Convert a parsed value, or any object with ``from_attributes``, to a type. Thread-safe.

    Parameters
    ----------
    value
        The value to convert.
    kind
        A struct, a dataclass, or a container of them.
    strict
        Whether to reject strings where the type requires a number.
    from_attributes
        Whether to accept any object that has the fields as attributes.

    Raises
    ------
    ValueError
        The value does not match the type. It is a ``msgspec.ValidationError``, which names the position.
    """
    import msgspec

    _prepare(kind)
    return msgspec.convert(value, kind, strict=strict, from_attributes=from_attributes)


class _PlainErrors(AbstractContextManager[None]):
    """Raises ``ValueError`` for every error, and describes Python's limits without its advice to programmers.

    A class, because a generator takes longer than decoding a record of the cache.
    """

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, RecursionError):
            raise ValueError("it nests too deeply") from error
        if isinstance(error, ValueError) and "integer string conversion" in str(error):
            raise ValueError("it contains a number of thousands of digits") from error


def _prepare(kind: object) -> None:
    """Let msgspec inspect a type while no other thread does.

    msgspec caches its information on the class before it is complete (msgspec 0.22, ``StructInfo_Convert`` and
    ``DataclassInfo_Convert``). If a second thread uses the class at that moment, it reads fields that are not yet
    initialized, and the process crashes with a segmentation fault.
    """
    if kind in _prepared:
        return
    import msgspec

    with _PREPARING:
        msgspec.json.Decoder(kind)
        _prepared.add(kind)
