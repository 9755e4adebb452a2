"""The audio of one's own files, for the preview on this machine: which file a track is.

The list is written beside the site, never into it and never into the cache: it holds paths of this machine, and is for
its owner's eyes only. It is there twice: for the preview, and as a script for a page that is opened from disk.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import msgspec

from spotmap_build.config import script_beside
from spotmap_build.core.documents import decode_json
from spotmap_build.core.files import open_regular, read_bounded, write_atomically
from spotmap_build.core.text import is_text
from spotmap_build.emit.page import as_script

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from spotmap_build.model import Track

SCHEMA: Final = "spotmap.local-audio/1"
LARGEST_LIST_BYTES: Final = 1 << 29
SCRIPT_OF: Final = "audio.json"
"""What the script calls the list when it gives it to the page."""
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
"""What browsers play, or some of them; the page says where one does not."""


class _List(msgspec.Struct):
    schema: str
    files: dict[str, str]


def encode_local_audio(tracks: Iterable[Track]) -> bytes:
    """Say which file each track is, as JSON; nothing where none is a file.

    Names that are no text (bytes that are not UTF-8) are left out: those tracks cannot be played.
    """
    files = {}
    for track in tracks:
        named = track.recording.path if track.recording is not None else None
        if named is not None and is_text(named) and (path := Path(named)).suffix.lower() in MEDIA_TYPES:
            files[track.id] = str(path.absolute())
    return msgspec.json.encode(_List(SCHEMA, files)) if files else b""


def write_local_audio(place: Path, content: bytes) -> None:
    """Write or remove the list beside a site, readable for its owner only. A file that no build wrote stays.

    Raises
    ------
    OSError
        It cannot be written.
    """
    _replace(place, content, _is_ours)
    script = as_script(SCRIPT_OF, content) if content else b""
    _replace(script_beside(place), script, _is_our_script)


def _replace(place: Path, content: bytes, is_ours: Callable[[bytes], bool]) -> None:
    try:
        before = read_bounded(place, LARGEST_LIST_BYTES)
    except FileNotFoundError:
        before = b""
    if before == content or (before and not is_ours(before)):
        return
    if content:
        write_atomically(place, content, is_private=True)
    else:
        place.unlink(missing_ok=True)


def _is_ours(content: bytes) -> bool:
    try:
        return _decode(content).schema == SCHEMA
    except ValueError:
        return False


def _is_our_script(content: bytes) -> bool:
    return content.startswith(b'spotmapReceive("' + SCRIPT_OF.encode())


def _decode(content: bytes) -> _List:
    return decode_json(content, _List)


def _read(place: Path) -> _List:
    """Return the list. Raises ``OSError`` where there is none, ``ValueError`` where it is none that a build wrote."""
    return _decode(read_bounded(place, LARGEST_LIST_BYTES))


class LocalAudio:
    """The list beside a site, read again whenever a build has replaced it. Safe for threads."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._lock = threading.Lock()
        self._version: tuple[int, ...] = ()
        self._files: dict[str, str] = {}

    def paths(self) -> dict[str, str]:
        """Return the files of the tracks that can be played, by track id."""
        return self._current()

    def open(self, track_id: str) -> tuple[BinaryIO, str] | None:
        """Open a track's file; returns it with its media type, or None where the track is none of the list.

        Raises
        ------
        OSError
            The file is not there any more, or is none.
        """
        path = self._current().get(track_id)
        if path is None:
            return None
        return open_regular(Path(path)), MEDIA_TYPES[Path(path).suffix.lower()]

    def _current(self) -> dict[str, str]:
        with self._lock:
            try:
                found = self._place.stat()
                version = (found.st_mtime_ns, found.st_size, found.st_ino)
                if version != self._version:
                    read = _read(self._place)
                    files = read.files if read.schema == SCHEMA else {}
                    self._files = {key: path for key, path in files.items() if Path(path).suffix.lower() in MEDIA_TYPES}
                    self._version = version
            except (OSError, ValueError):  # there is none (any more), or none that a build wrote
                self._version, self._files = (), {}
            return self._files
