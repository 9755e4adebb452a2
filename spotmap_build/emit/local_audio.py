"""The list of local audio files by track, from which the preview on this machine plays the person's own music.

The list contains paths of this machine and is private. It is therefore written next to the site, never into the site or
the cache. A second copy is a script, for pages opened from disk.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import msgspec

from spotmap_build.config import sibling_script
from spotmap_build.core.documents import decode_json
from spotmap_build.core.files import absolute_path, open_regular, read_bounded, write_atomically
from spotmap_build.core.text import is_text
from spotmap_build.emit.page import as_script

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from spotmap_build.model import Track

SCHEMA: Final = "spotmap.local-audio/1"
MAX_LIST_BYTES: Final = 1 << 29
SCRIPT_OF: Final = "audio.json"
"""The name under which the script passes the list to the page."""
MEDIA_TYPES: Final = {
    ".aac": "audio/aac",
    ".aif": "audio/aiff",
    ".aiff": "audio/aiff",
    ".flac": "audio/flac",
    ".m4a": "audio/mp4",
    ".m4b": "audio/mp4",
    ".mka": "audio/x-matroska",
    ".mp2": "audio/mpeg",
    ".mp3": "audio/mpeg",
    ".mp4": "audio/mp4",
    ".oga": "audio/ogg",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".wav": "audio/wav",
    ".weba": "audio/webm",
    ".webm": "audio/webm",
}
"""Formats that at least some browsers play. The page reports if the current one does not."""


class _List(msgspec.Struct):
    schema: str
    files: dict[str, str]


def encode_local_audio(tracks: Iterable[Track]) -> bytes:
    """Encode the files of tracks as JSON; empty if no track has a file.

    Files whose names are not valid UTF-8 are omitted; these tracks cannot be played.
    """
    files = {}
    for track in tracks:
        name = track.recording.path if track.recording is not None else None
        if name is not None and is_text(name) and os.path.splitext(name)[1].lower() in MEDIA_TYPES:  # noqa: PTH122
            files[track.id] = absolute_path(name)
    return msgspec.json.encode(_List(SCHEMA, files)) if files else b""


def write_local_audio(path: Path, content: bytes) -> None:
    """Write or remove the list next to a site, readable by its owner only. Files that no build wrote are kept.

    Raises
    ------
    OSError
        The list cannot be written.
    """
    _replace(path, content, _is_ours)
    script = as_script(SCRIPT_OF, content) if content else b""
    _replace(sibling_script(path), script, _is_our_script)


def _replace(path: Path, content: bytes, is_ours: Callable[[bytes], bool]) -> None:
    try:
        before = read_bounded(path, MAX_LIST_BYTES)
    except FileNotFoundError:
        before = b""
    if before == content or (before and not is_ours(before)):
        return
    if content:
        write_atomically(path, content, is_private=True)
    else:
        path.unlink(missing_ok=True)


def _is_ours(content: bytes) -> bool:
    try:
        return _decode(content).schema == SCHEMA
    except ValueError:
        return False


def _is_our_script(content: bytes) -> bool:
    return content.startswith(b'spotmapReceive("' + SCRIPT_OF.encode())


def _decode(content: bytes) -> _List:
    return decode_json(content, _List)


def _read(path: Path) -> _List:
    """Read the list. Raises ``OSError`` if there is none, ``ValueError`` if no build wrote it."""
    return _decode(read_bounded(path, MAX_LIST_BYTES))


class LocalAudio:
    """The list next to a site, read again whenever a build has replaced it. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._version: tuple[int, ...] = ()
        self._files: dict[str, str] = {}

    def paths(self) -> dict[str, str]:
        """Return the files of playable tracks by track id."""
        return self._current()

    def open(self, track_id: str) -> tuple[BinaryIO, str] | None:
        """Open a track's file and return it with its media type; None if the track is not in the list.

        Raises
        ------
        OSError
            The file has been deleted, or is not a regular file.
        """
        path = self._current().get(track_id)
        if path is None:
            return None
        return open_regular(Path(path)), MEDIA_TYPES[Path(path).suffix.lower()]

    def _current(self) -> dict[str, str]:
        with self._lock:
            try:
                found = self._path.stat()
                version = (found.st_mtime_ns, found.st_size, found.st_ino)
                if version != self._version:
                    read = _read(self._path)
                    files = read.files if read.schema == SCHEMA else {}
                    self._files = {key: path for key, path in files.items() if Path(path).suffix.lower() in MEDIA_TYPES}
                    self._version = version
            except (OSError, ValueError):  # the list does not exist, or no build wrote it
                self._version, self._files = (), {}
            return self._files
