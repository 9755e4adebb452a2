"""Parse JSON and TOML, as they are or into types; whatever is wrong with a document is one ``ValueError``."""

from __future__ import annotations

import re
import threading
from typing import Any, Final, TypeVar

Value = TypeVar("Value")

_HALF: Final = re.compile("[\ud800-\udfff]")
"""Half of a character, which no file's name and no page can hold."""
_MAY_HOLD_HALVES: Final = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")

_PREPARING: Final = threading.Lock()
_prepared: Final[set[object]] = set()


def parse_json(content: str | bytes) -> Any:
    r"""Parse JSON. Half of a character becomes U+FFFD.

    Raises
    ------
    ValueError
        It is no JSON, no text in Unicode, nests too deeply, or holds a number of thousands of digits.

    Examples
    --------
    >>> parse_json(r'["\ud83d\ude00", "\ud83d"]')
    ['😀', '�']
    """
    import json  # neither is loaded for a document that is not there

    try:
        text = content if isinstance(content, str) else content.decode(json.detect_encoding(content), "surrogatepass")
        value = json.loads(text)
        if _MAY_HOLD_HALVES.search(text):
            value = json.loads(_HALF.sub("\ufffd", json.dumps(value, ensure_ascii=False)))
        return value
    except RecursionError as error:
        raise ValueError("it nests too deeply") from error


def parse_toml(content: str | bytes) -> dict[str, Any]:
    """Parse TOML, given as text or as UTF-8.

    Raises
    ------
    ValueError
        It is no TOML, not UTF-8, or nests too deeply.
    """
    text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
    import tomllib

    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise ValueError("it nests too deeply") from error


def decode_json(content: str | bytes, kind: type[Value]) -> Value:
    """Parse JSON into a type: a struct, a dataclass, or a container of them. Safe for threads.

    Raises
    ------
    ValueError
        It is no JSON, nests too deeply, or is not of this type: ``msgspec.ValidationError`` says where.
    """
    import msgspec

    _prepare(kind)
    try:
        return msgspec.json.decode(content, type=kind)
    except RecursionError as error:
        raise ValueError("it nests too deeply") from error


def convert(value: object, kind: type[Value], *, strict: bool = True, from_attributes: bool = False) -> Value:
    """Convert what was parsed, or another object with ``from_attributes``, into a type. Safe for threads.

    Parameters
    ----------
    value
        What to convert.
    kind
        A struct, a dataclass, or a container of them.
    strict
        Whether a number in a string is refused where a number is asked for.
    from_attributes
        Whether any object serves that has the fields as attributes.

    Raises
    ------
    ValueError
        It is not of this type: ``msgspec.ValidationError`` says where.
    """
    import msgspec

    _prepare(kind)
    return msgspec.convert(value, kind, strict=strict, from_attributes=from_attributes)


def _prepare(kind: object) -> None:
    """Let msgspec look at a type for the first time while no other thread does.

    It keeps what it learns of a class on the class before it knows all (msgspec 0.22, ``StructInfo_Convert`` and
    ``DataclassInfo_Convert``): a second thread that meets the class in that moment reads fields that are not there yet,
    and the process ends by a segmentation fault.
    """
    if kind in _prepared:
        return
    import msgspec

    with _PREPARING:
        msgspec.json.Decoder(kind)
        _prepared.add(kind)
