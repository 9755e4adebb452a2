"""The version of the audio decoder, and which decoding failures are worth a retry with another version."""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from spotmap_build.cache.records import Record

DECODER_VERSION: Final = 2
"""Raise when the decoder can read more files than before: only files that failed are tried again."""


@lru_cache(maxsize=1)
def decoder() -> str:
    """Name the decoder and its version, as stored in the ``producer`` field of decoding failures."""
    return f"spotmap-build, decoder {DECODER_VERSION}, PyAV {version('av')}"


def is_worth_another_try(record: Record, *, retry: bool) -> bool:
    """Return whether a failed result may succeed now.

    Permanent failures are worth another try if another decoder produced them, all others only with ``retry``.
    """
    if record.failure is None:
        return False
    return record.producer != decoder() if record.failure.kind == "permanent" else retry
