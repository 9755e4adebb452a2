"""Read M3U and M3U8 playlists: lists of files, one a line, with what they are called. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from spotmap_build.cache.keys import digest_bytes
from spotmap_build.core.identifiers import ID_DIGITS
from spotmap_build.fetch.spotify_ids import track_uri
from spotmap_build.fetch.tags import TITLE_SEPARATOR, fold_space

M3U_SUFFIXES: Final = (".m3u", ".m3u8")
LARGEST_M3U_BYTES: Final = 16 << 20
"""A playlist of 100,000 files with long names."""
EXTINF: Final = re.compile(r"#EXTINF:\s*(-?[0-9]{1,9})?[0-9.]*((?:\s+[\w-]+=\"[^\"]*\")*)\s*,(.*)", re.I)
"""``#EXTINF:217,Artist - Title``; some put attributes before the comma."""
PLAYLIST: Final = re.compile(r"#PLAYLIST:(.*)", re.I)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a playlist: its line (empty where only a name is given), and what it is called."""

    line: str
    name: str = ""
    duration_s: int | None = None

    @property
    def path(self) -> Path | None:
        """The file, as the playlist says it; None where there is none or it is on the web."""
        return _path(self.line) if self.line else None

    @property
    def words(self) -> tuple[str, str]:
        """Title and artist."""
        artist, separator, title = self.name.partition(TITLE_SEPARATOR)
        return (title.strip(), artist.strip()) if separator and artist.strip() and title.strip() else (self.name, "")


def parse_m3u(content: bytes, folder: Path) -> list[Path]:
    """The files that a playlist names, in order; addresses on the web are left out.

    Parameters
    ----------
    content: UTF-8 with or without a byte order mark; anything else is read as Latin-1, as the format once prescribed.
    folder: where the playlist lies; relative entries start there.
    """
    return [folder / entry.path for entry in _entries(_text(content)) if entry.path is not None]


def m3u_columns(content: bytes, name: str) -> dict[str, list[Any]]:
    """The entries of a playlist as the columns of a table, equal ones once; paths are as the playlist says them.

    ``name`` is the playlist's where it does not name itself.
    """
    text = _text(content)
    given = next((found.group(1) for line in text.splitlines() if (found := PLAYLIST.fullmatch(line.strip()))), "")
    entries = list(dict.fromkeys(_entries(text)))
    return {
        "id": [track_uri(entry.line) or _id(entry) for entry in entries],
        "title": [entry.words[0] or None for entry in entries],
        "artists": [entry.words[1] or None for entry in entries],
        "duration_ms": [entry.duration_s and entry.duration_s * 1000 for entry in entries],
        "path": [None if entry.path is None else str(entry.path) for entry in entries],
        "playlists": [[fold_space(given) or name] for _ in entries],
    }


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _entries(text: str) -> Iterator[Entry]:
    """Names come before the line that they belong to; one that no line follows is an entry without a file."""
    named: Entry | None = None
    for line in (line.strip() for line in text.splitlines()):
        found = EXTINF.fullmatch(line)
        if found or (line and not line.startswith("#")):
            if found and named:
                yield named
            elif not found:
                yield Entry(line, named.name, named.duration_s) if named else Entry(line)
            named = _named(found) if found else None
    if named:
        yield named


def _named(found: re.Match[str]) -> Entry | None:
    seconds = int(found.group(1) or 0)
    name = fold_space(found.group(3))
    return Entry("", name, seconds if seconds > 0 else None) if name else None


def _id(entry: Entry) -> str:
    return "m3u:" + digest_bytes((entry.line or entry.name).encode())[:ID_DIGITS]


def _path(line: str) -> Path | None:
    try:
        address = urlsplit(line)
    except ValueError:
        return None  # a broken address on the web, such as http://[
    if address.scheme == "file":
        return Path(unquote(address.path))
    if len(address.scheme) > 1:  # one letter is a drive of Windows
        return None
    return Path(PureWindowsPath(line).as_posix() if "\\" in line and "/" not in line else line)
