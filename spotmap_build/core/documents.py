"""Parse JSON and TOML that other people made: whatever is wrong with a document is one ``ValueError``."""

from __future__ import annotations

from typing import Any


def parse_json(content: str | bytes) -> Any:
    """Parse JSON.

    Raises
    ------
    ValueError
        It is no JSON, no text in Unicode, nests too deeply, or holds a number of thousands of digits.
    """
    import json  # neither is loaded for a document that is not there

    try:
        return json.loads(content)
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
