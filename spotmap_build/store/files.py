"""What lies in a store, be it a folder or a branch: ``FORMAT``, a README, and ``packs/<sha256>.pack``."""

from __future__ import annotations

import re
from typing import Final

from spotmap_build.errors import UpstreamError

FORMAT_NAME: Final = "FORMAT"
FORMAT: Final = b"spotmap.store/1\n"
LARGEST_FORMAT_BYTES: Final = 64
README_NAME: Final = "README.md"
README: Final = b"""\
# What was heard and matched

Written by `spotmap-build store push`, for `spotmap-build store pull`: how each track of a library sounds, as numbers,
and which recording was found for it. There is no audio in it and no login; titles and artists are.

Files in `packs/` are never changed. They may be copied from one store into another.
"""
PACKS: Final = "packs"
_PACK: Final = re.compile(r"([0-9a-f]{64})\.pack")


class StoreError(UpstreamError):
    """A store cannot be reached, read or written, or is none."""

    code = "store"


def file_name(name: str) -> str:
    """Return the name of a pack's file."""
    return f"{name}.pack"


def pack_name(file: str) -> str:
    """Return the name of the pack in a file; empty where it is another file."""
    found = _PACK.fullmatch(file)
    return found[1] if found else ""


def check_format(found: bytes, shown: str) -> None:
    """Make sure that this program knows a store's format.

    Raises
    ------
    StoreError
        It does not; nothing was touched.
    """
    if found.strip() != FORMAT.strip():
        text = found[:LARGEST_FORMAT_BYTES].decode("utf-8", errors="replace").strip()
        raise StoreError(
            f"{shown} has the format {text!r}; this program knows {FORMAT.decode().strip()!r}.",
            hint="Update spotmap-build, or name another store.",
        )
