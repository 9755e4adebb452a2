"""What decodes files, and which of its failures another try may mend: what one decoder cannot read, another may."""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from spotmap_build.cache.records import Record

DECODER_VERSION: Final = 2
"""Raise when files can be read that could not before: those that failed are tried once more, and no others."""


@lru_cache(maxsize=1)
def decoder() -> str:
    """Name what decodes files, as the producer of failures to decode."""
    return f"spotmap-build, decoder {DECODER_VERSION}, PyAV {version('av')}"


def is_worth_another_try(record: Record, *, retry: bool) -> bool:
    """Tell whether what failed may succeed now: what another decoder could not read, with ``retry`` what may pass."""
    if record.failure is None:
        return False
    return record.producer != decoder() if record.failure.kind == "permanent" else retry
