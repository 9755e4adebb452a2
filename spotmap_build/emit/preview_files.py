"""Resolve requests to files of a site, or to ranges of them. Other files in the folder are not served."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from urllib.parse import unquote, urlsplit

from spotmap_build.core.files import read_bounded
from spotmap_build.emit.marker import MAX_MARKER_BYTES, Marker, is_safe_path
from spotmap_build.registry.formats import MARKER_NAME

LOCAL_NAMES = frozenset({"127.0.0.1", "localhost"})
_RANGE = re.compile(r"bytes=(\d{1,18})?-(\d{1,18})?")


def is_local_host(header: str | None) -> bool:
    """Return whether a ``Host`` header names this machine, with any port."""
    name, _, port = (header or "").partition(":")
    return name.lower() in LOCAL_NAMES and (not port or (port.isascii() and port.isdigit()))


def find_file(folder: Path, target: str, listed: frozenset[str] | None) -> Path | None:
    """Return the file for a request target like a static host: for a folder, its ``index.html``.

    Returns None if the site has no such file. Links are followed to other files of the site only.

    Parameters
    ----------
    folder : Path
        The folder of the site.
    target : str
        The target in the request.
    listed : frozenset[str] | None
        The files of the site. If None (not known), every path that is valid in a site is served.

    Raises
    ------
    ValueError
        The target is not a valid URL.
    """
    path = unquote(urlsplit(target).path, errors="replace")
    if not path.startswith("/") or "\0" in path or "\\" in path or ".." in path.split("/"):
        return None
    folder = folder.resolve()
    try:
        place = (folder / path.lstrip("/")).resolve(strict=True)
        if path.endswith("/"):
            place = (place / "index.html").resolve(strict=True)
    except (OSError, RuntimeError):  # RuntimeError: circular links
        return None
    if not place.is_relative_to(folder) or not place.is_file():
        return None
    inside = place.relative_to(folder).as_posix()
    is_of_site = is_safe_path(inside) if listed is None else inside in listed
    return place if is_of_site else None


class ListedFiles:
    """The files of a site according to its marker, which is read again whenever a build has replaced it."""

    def __init__(self, folder: Path) -> None:
        self._place = folder / MARKER_NAME
        self._lock = threading.Lock()
        self._version: tuple[int, ...] = ()
        self._paths: frozenset[str] | None = None

    def paths(self) -> frozenset[str] | None:
        """Return the files; None if there is no readable marker."""
        with self._lock:
            try:
                found = self._place.stat()
                version = (found.st_mtime_ns, found.st_size, found.st_ino)
                if version != self._version:
                    self._paths = Marker.decode(read_bounded(self._place, MAX_MARKER_BYTES)).paths | {MARKER_NAME}
                    self._version = version
            except (OSError, ValueError):
                self._version, self._paths = (), None
            return self._paths


def parse_range(header: str | None, size_bytes: int) -> range | None:
    """Parse a ``Range`` header (RFC 9110, section 14.2) into a range of bytes of a file.

    Parameters
    ----------
    header : str or None
        The header's value; None if the request has none.
    size_bytes : int
        Size of the file.

    Returns
    -------
    range or None
        None if the header is missing, invalid or names several ranges, so that the full file is sent; an empty range if
        it is not satisfiable.

    Examples
    --------
    >>> parse_range("bytes=10-19", 100), parse_range("bytes=-5", 100), parse_range("bytes=0-1,4-5", 100)
    (range(10, 20), range(95, 100), None)
    """
    found = _RANGE.fullmatch(header.strip()) if header else None
    if found is None or not any(found.groups()):
        return None
    first, last = (int(part) if part else None for part in found.groups())
    if first is None:  # a suffix range
        return range(max(0, size_bytes - (last or 0)), size_bytes)
    if last is not None and last < first:
        return None
    return range(first, size_bytes if last is None else min(last + 1, size_bytes))
