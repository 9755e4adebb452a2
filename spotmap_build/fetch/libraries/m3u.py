"""Read M3U and M3U8 playlists: lists of files, one a line. Pure."""

from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath
from urllib.parse import unquote, urlsplit


def parse_m3u(content: bytes, folder: Path) -> list[Path]:
    """The files that a playlist names, in order; addresses on the web are left out.

    Parameters
    ----------
    content: UTF-8 with or without a byte order mark; anything else is read as Latin-1, as the format once prescribed.
    folder: where the playlist lies; relative entries start there.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    entries = (line.strip() for line in text.splitlines())
    paths = (_entry_path(entry, folder) for entry in entries if entry and not entry.startswith("#"))
    return [path for path in paths if path is not None]


def _entry_path(entry: str, folder: Path) -> Path | None:
    scheme = urlsplit(entry).scheme
    if scheme == "file":
        return Path(unquote(urlsplit(entry).path))
    if len(scheme) > 1:  # one letter is a drive of Windows
        return None
    relative = PureWindowsPath(entry).as_posix() if "\\" in entry and "/" not in entry else entry
    return folder / PurePosixPath(relative)
