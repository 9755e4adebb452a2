"""Recognize files that this program wrote into a folder of music: the excerpts of a site, and lists.

Otherwise a build would read the excerpts as tracks, and lists of clusters as the user's playlists.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from spotmap_build.cache.keys import digest_bytes
from spotmap_build.core.documents import parse_json
from spotmap_build.core.files import read_bounded
from spotmap_build.registry.formats import LIST_MANIFEST, MARKER_NAME

MAX_MANIFEST_BYTES: Final = 1 << 26
MAX_LIST_BYTES: Final = 1 << 26
_EXCERPTS: Final = "audio"
_EXCERPT: Final = re.compile(r"[0-9a-f]{16}\.m4a")


class OwnFiles:
    """The files that this program wrote into the folders that a top-down walk has entered so far."""

    def __init__(self) -> None:
        self._excerpts: set[Path] = set()
        self._lists: dict[Path, str] = {}

    def enter(self, folder: Path, names: Collection[str]) -> None:
        """Register a folder with files of these names. Call it before entering its subfolders."""
        if MARKER_NAME in names:
            self._excerpts.add(folder / _EXCERPTS)
        if LIST_MANIFEST in names:
            self._lists.update(_lists(folder))

    def __contains__(self, path: Path) -> bool:
        """Return whether a file was written by this program and not edited since."""
        if path in self._lists:
            return _digest(path) == self._lists[path]
        return _EXCERPT.fullmatch(path.name) is not None and path.parent in self._excerpts


def _lists(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield each list in the folder's manifest, with the digest of what was written to it."""
    try:
        rows = parse_json(read_bounded(folder / LIST_MANIFEST, MAX_MANIFEST_BYTES))["lists"].values()
        yield from [(folder / row["file"], str(row["sha256"])) for row in rows]
    except (OSError, ValueError, LookupError, TypeError, AttributeError):  # not a manifest of this program
        return


def _digest(path: Path) -> str:
    try:
        return digest_bytes(read_bounded(path, MAX_LIST_BYTES))
    except OSError:  # reported by the reader of the list
        return ""
