"""Which file of a site, or which part of one, a request means. Whatever else lies in its folder is not served."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from urllib.parse import unquote, urlsplit

from spotmap_build.core.files import read_bounded
from spotmap_build.emit.marker import LARGEST_MARKER_BYTES, MARKER_NAME, Marker, is_safe_path

LOCAL_NAMES = frozenset({"127.0.0.1", "localhost"})
_RANGE = re.compile(r"bytes=(\d{1,18})?-(\d{1,18})?")


def is_local_host(header: str | None) -> bool:
    """Whether a ``Host`` header names this machine, with any port."""
    name, _, port = (header or "").partition(":")
    return name.lower() in LOCAL_NAMES and (not port or port.isdigit())


def find_file(folder: Path, target: str, listed: frozenset[str] | None = None) -> Path | None:
    """Return the file that a request target means, as static hosts read it: a folder means its ``index.html``.

    None where the site has no such file; links that lead to anything but another of its files count as none.

    Parameters
    ----------
    folder : Path
        The site's.
    target : str
        As it stands in the request.
    listed : frozenset[str] | None
        The files that the site has; None where that is not known, then those that have the places of such.

    Raises
    ------
    ValueError
        The target is none.
    """
    path = unquote(urlsplit(target).path, errors="replace")
    if not path.startswith("/") or "\0" in path or "\\" in path or ".." in path.split("/"):
        return None
    folder = folder.resolve()
    try:
        place = (folder / path.lstrip("/")).resolve(strict=True)
        if path.endswith("/"):
            place = (place / "index.html").resolve(strict=True)
    except (OSError, RuntimeError):  # RuntimeError: links in a circle
        return None
    if not place.is_relative_to(folder) or not place.is_file():
        return None
    inside = place.relative_to(folder).as_posix()
    is_of_site = is_safe_path(inside) if listed is None else inside in listed
    return place if is_of_site else None


class ListedFiles:
    """The files that a site has by its marker, which is read again whenever a build has replaced it."""

    def __init__(self, folder: Path) -> None:
        self._place = folder / MARKER_NAME
        self._lock = threading.Lock()
        self._version: tuple[int, ...] = ()
        self._paths: frozenset[str] | None = None

    def paths(self) -> frozenset[str] | None:
        """None where there is no marker that can be read."""
        with self._lock:
            try:
                found = self._place.stat()
                version = (found.st_mtime_ns, found.st_size, found.st_ino)
                if version != self._version:
                    self._paths = Marker.decode(read_bounded(self._place, LARGEST_MARKER_BYTES)).paths | {MARKER_NAME}
                    self._version = version
            except (OSError, ValueError):
                self._version, self._paths = (), None
            return self._paths


def parse_range(header: str | None, size_bytes: int) -> range | None:
    """Read a ``Range`` header (RFC 9110, section 14.2) as the bytes that are wanted of a file.

    Parameters
    ----------
    header : str or None
        The header's value; None where the request has none.
    size_bytes : int
        Of the file.

    Returns
    -------
    range or None
        The whole file where no range, several, or one that cannot be understood is asked for; None where the file has
        no such bytes.

    Examples
    --------
    >>> parse_range("bytes=10-19", 100), parse_range("bytes=-5", 100), parse_range("bytes=100-", 100)
    (range(10, 20), range(95, 100), None)
    """
    found = _RANGE.fullmatch(header.strip()) if header else None
    if found is None or not any(found.groups()):
        return range(size_bytes)
    first, last = (int(part) if part else None for part in found.groups())
    if first is None:  # so many of the last bytes
        wanted = range(max(0, size_bytes - (last or 0)), size_bytes)
    elif last is not None and last < first:
        return range(size_bytes)
    else:
        wanted = range(first, size_bytes if last is None else min(last + 1, size_bytes))
    return wanted if wanted else None
