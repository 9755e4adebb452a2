"""Load a playlist (M3U, PLS, XSPF, JSPF, WPL, ZPL, ASX, B4S) as a table, with paths relative to its folder."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

from spotmap_build.core.files import read_bounded
from spotmap_build.errors import SourceError
from spotmap_build.fetch.folders.file_finder import FileFinder, is_there
from spotmap_build.fetch.folders.m3u import (
    MAX_M3U_BYTES,
    M3u,
    is_share,
    likely_path,
    m3u_columns,
    parse_m3u,
    without_fragment,
)
from spotmap_build.fetch.folders.walk import walk


def read_m3u(path: Path) -> dict[str, list[Any]]:
    """Return the columns of a playlist, with the paths of existing files.

    Raises
    ------
    SourceError
        It is not a playlist of music.
    OSError
        It cannot be read.
    """
    content = read_bounded(path, MAX_M3U_BYTES)
    m3u = parse_m3u(content)
    if m3u.fault:
        raise SourceError(
            f"{path} cannot be used: {m3u.fault}.",
            hint="Give a playlist of music files: M3U, PLS, XSPF, JSPF, WPL, ZPL, ASX or B4S.",
        )
    near = NearFiles(path.parent, m3u)
    return m3u_columns(content, path.stem, near.find, lambda line: is_there(path.parent / line))


class NearFiles:
    """The files near a playlist. Folders are walked only if a line does not match exactly."""

    def __init__(self, folder: Path, m3u: M3u) -> None:
        leads_up = any(entry.line.startswith("..") for entry in m3u.entries)
        self._folder = folder
        self._encoding = m3u.encoding
        self._root = folder.absolute().parent if leads_up else folder.absolute()
        self._exact = FileFinder(folder, ())

    @cached_property
    def _all(self) -> FileFinder:
        return FileFinder(self._root, walk(self._root).audio)

    def find(self, line: str) -> list[str]:
        """Return the paths of a line: several if it is a folder, the likeliest if there is no such file."""
        found = self._find(line) or self._find(without_fragment(line))
        files = [] if found is None else walk(found).audio if found.is_dir() else [found]
        if files:
            return [str(file.absolute()) for file in files]
        return [] if is_share(line) else [likely_path(line, self._encoding) if line.startswith("file:") else line]

    def _find(self, line: str) -> Path | None:
        if not line:
            return None
        near = self._exact.find_literal(line, self._folder, self._encoding)
        return near or self._all.find_literal(line, self._folder, self._encoding)
