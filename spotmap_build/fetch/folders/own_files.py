"""What this program itself wrote into a folder of music is no music of the library: excerpts of a site, and lists.

Else each build would take what an earlier one had made of its clusters for playlists of the person.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from spotmap_build.core.documents import parse_json
from spotmap_build.core.files import read_bounded

SITE_MARKER: Final = "spotmap-site.json"
LIST_MANIFEST: Final = ".spotmap-lists.json"
LARGEST_MANIFEST_BYTES: Final = 1 << 26
LARGEST_LIST_BYTES: Final = 1 << 26
_EXCERPTS: Final = "audio"
_EXCERPT: Final = re.compile(r"[0-9a-f]{16}\.m4a")


class OwnFiles:
    """The files that this program wrote, as far as a walk from the top down has come."""

    def __init__(self) -> None:
        self._excerpts: set[Path] = set()
        self._lists: dict[Path, str] = {}

    def enter(self, folder: Path, names: Collection[str]) -> None:
        """Look into a folder of files with these names, before the folders in it."""
        if SITE_MARKER in names:
            self._excerpts.add(folder / _EXCERPTS)
        if LIST_MANIFEST in names:
            self._lists.update(_lists(folder))

    def __contains__(self, path: Path) -> bool:
        """Whether a file was written by this program, and not changed by hand since."""
        if path in self._lists:
            return _digest(path) == self._lists[path]
        return path.parent in self._excerpts and _EXCERPT.fullmatch(path.name) is not None


def _lists(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield the lists of a folder of lists, and the digest of what was written into each."""
    try:
        rows = parse_json(read_bounded(folder / LIST_MANIFEST, LARGEST_MANIFEST_BYTES))["lists"].values()
        yield from [(folder / row["file"], str(row["sha256"])) for row in rows]
    except (OSError, ValueError, LookupError, TypeError, AttributeError):  # then it is none of ours
        return


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(read_bounded(path, LARGEST_LIST_BYTES)).hexdigest()
    except OSError:  # who reads the list says why
        return ""
