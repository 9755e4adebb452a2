"""The files of a store, in a folder or a branch: ``FORMAT``, a README, and ``packs/<sha256>.pack``."""

from __future__ import annotations

import re
from typing import Final

from spotmap_build.errors import UpstreamError

FORMAT_NAME: Final = "FORMAT"
FORMAT: Final = b"spotmap.store/1\n"
MAX_FORMAT_BYTES: Final = 64
README_NAME: Final = "README.md"
README: Final = b"""\
# Store of spotmap-build

Written by `spotmap-build store push` and read by `spotmap-build store pull`. For each track of a library it contains
the results of the audio analysis and the recording that was matched. It contains titles and artists, but neither audio
nor logins.

Files in `packs/` are never changed. They can be copied from one store to another.
"""
PACKS: Final = "packs"
_PACK: Final = re.compile(r"([0-9a-f]{64})\.pack")


class StoreError(UpstreamError):
    """A store cannot be reached, read or written, or is not a store."""

    code = "store"


def file_name(name: str) -> str:
    """Return the file name of a pack."""
    return f"{name}.pack"


def pack_name(file: str) -> str:
    """Return the name of the pack with this file name; empty if it is not that of a pack."""
    found = _PACK.fullmatch(file)
    return found[1] if found else ""


def check_format(found: bytes, shown: str) -> None:
    """Make sure that this version supports a store's format.

    Raises
    ------
    StoreError
        It does not. Nothing was changed.
    """
    if found.strip() != FORMAT.strip():
        text = found[:MAX_FORMAT_BYTES].decode("utf-8", errors="replace").strip()
        raise StoreError(
            f"{shown} has the format {text!r}; this version supports {FORMAT.decode().strip()!r}.",
            hint="Update spotmap-build, or choose another store.",
        )
