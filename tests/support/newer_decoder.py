"""``spotmap-build`` of a version that decodes more: ``python -m tests.support.newer_decoder``."""

from __future__ import annotations

from spotmap_build.cache import decoding

if __name__ == "__main__":
    decoding.DECODER_VERSION += 1  # type: ignore[misc]

    from spotmap_build.cli import run

    run()
