"""Cache keys: everything a result depends on, as canonical JSON and its SHA-256.

A ``key`` is a hash of inputs, a ``digest`` a hash of content. Both are SHA-256 in lower-case hex (64 characters), and
the same in every process, under every hash seed and on every operating system.
"""

from __future__ import annotations

import hashlib
import math
import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_MAX_DEPTH: Final = 64
"""Deeper than any key of ours, and below the limits of orjson (254) and of Python's stack. Also catches cycles."""

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_STAGE_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,62}")


class UnkeyableError(ValueError):
    """A value has no canonical form: it is not plain JSON data, or not a finite number. A bug in the caller."""


def canonical_json(value: object) -> bytes:
    """Serialize ``value`` as canonical JSON: UTF-8, keys sorted by code point, no white space.

    Accepts plain data only: ``None``, ``bool``, ``int`` (64 bits), finite ``float``, ``str``, ``list`` or ``tuple``
    (the same thing in JSON), ``dict`` with ``str`` keys. Subclasses such as ``numpy.float64`` or enums are refused,
    because the text would depend on another library's formatting. ``1`` and ``1.0`` give different texts, as do ``0.0``
    and ``-0.0``.

    Raises
    ------
    UnkeyableError
        A value is none of these. The message names the place of the first one.
    """
    _require_plain(value, "$", 0)
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError as error:  # an integer beyond 64 bits, or a lone surrogate
        raise UnkeyableError(f"No canonical JSON for this value: {error}") from error


def digest_bytes(data: bytes) -> str:
    """Return the SHA-256 of ``data`` as 64 lower-case hex digits."""
    return hashlib.sha256(data).hexdigest()


def place_digest(path: Path) -> str:
    """Return the SHA-256 of an absolute path: a name for a place on this machine that does not reveal it."""
    return digest_bytes(os.fsencode(path.absolute()))


def is_digest(value: object) -> bool:
    """Return whether ``value`` has the form of a :func:`digest_bytes` result."""
    return isinstance(value, str) and _DIGEST.fullmatch(value) is not None


@dataclass(frozen=True, slots=True)
class Key:
    """Everything that one result depends on.

    ``stage`` names the computation (``embed``) and ``stage_version`` its code: raise the version when the same preimage
    gives different bytes. ``preimage`` is plain JSON data, by convention ``{"params": …, "inputs": …, "environment":
    …}``: the settings, the digests of the inputs, and the properties of this machine that change the output bytes. It
    is stored as it is, so it must not contain paths, hosts or secrets.

    ``canonical`` is the text that is hashed and ``digest`` its SHA-256. Both are computed when the key is created, so
    changing the dictionary afterwards does not change the key. Two keys are equal if their texts are equal.

    Raises
    ------
    UnkeyableError
        The preimage is not plain JSON data, or the stage is not a valid folder name.
    """

    stage: str
    stage_version: int
    preimage: Mapping[str, object] = field(compare=False)
    canonical: bytes = field(init=False, repr=False)
    digest: str = field(init=False, compare=False)

    @classmethod
    def of(cls, key_fields: object) -> Self:
        """Return the key stored in a record as ``preimage``, ``stage`` and ``stage_version``.

        Raises
        ------
        UnkeyableError
            ``key_fields`` is anything else.
        """
        match key_fields:
            case {"preimage": dict(preimage), "stage": str(stage), "stage_version": int(version), **rest} if not rest:
                return cls(stage, version, preimage)
        raise UnkeyableError("Not a complete key: preimage, stage and stage_version")

    def __post_init__(self) -> None:
        if not _STAGE_NAME.fullmatch(self.stage) or self.stage_version < 0:
            raise UnkeyableError(f"Not a stage and version for a cache key: {self.stage!r}, {self.stage_version!r}")
        canonical = canonical_json(
            {"preimage": self.preimage, "stage": self.stage, "stage_version": self.stage_version}
        )
        object.__setattr__(self, "canonical", canonical)
        object.__setattr__(self, "digest", digest_bytes(canonical))


def _require_plain(value: object, where: str, depth: int) -> None:
    if value is None or type(value) is str or type(value) is bool or type(value) is int:
        return
    if type(value) is float:
        if not math.isfinite(value):
            raise UnkeyableError(f"{where} is {value}, which is not a finite number")
        return
    if depth >= _MAX_DEPTH:
        raise UnkeyableError(f"{where[:80]}… is nested more than {_MAX_DEPTH} levels deep, or contains itself")
    if type(value) is dict:
        for name, item in value.items():
            if type(name) is not str:
                raise UnkeyableError(f"{where} has the key {name!r}, which is not a string")
            _require_plain(item, f"{where}.{name}", depth + 1)
        return
    if type(value) is list or type(value) is tuple:
        for index, item in enumerate(value):
            _require_plain(item, f"{where}[{index}]", depth + 1)
        return
    kind = type(value)
    raise UnkeyableError(f"{where} is a {kind.__module__}.{kind.__qualname__}, which is not plain JSON data")
