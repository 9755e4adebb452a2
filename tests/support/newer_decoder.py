"""``spotmap-build`` with a newer decoder version: ``python -m tests.support.newer_decoder``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from spotmap_build.cache import decoding


@contextmanager
def newer_decoder() -> Iterator[None]:
    """Raise the decoder version until the end of the block."""
    decoding.DECODER_VERSION += 1  # type: ignore[misc]
    decoding.decoder.cache_clear()
    try:
        yield
    finally:
        decoding.DECODER_VERSION -= 1  # type: ignore[misc]
        decoding.decoder.cache_clear()


if __name__ == "__main__":
    with newer_decoder():
        from spotmap_build.cli import run

        run()
