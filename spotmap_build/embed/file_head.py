"""Inspect the first bytes of a file: whether it is readable, and whether it looks like audio."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from spotmap_build.core.files import open_regular
from spotmap_build.errors import TrackError

if TYPE_CHECKING:
    from pathlib import Path

ID3_HEADER_BYTES: Final = 10


def read_head(path: Path) -> bytes:
    """Read a file's first 16 bytes.

    Raises
    ------
    TrackError
        ``unreadable`` or ``empty-file``.
    """
    try:
        with open_regular(path) as file:
            # Kernel files (such as those in /proc) state a size of 0, and reading them can block forever.
            head = file.read(16) if os.fstat(file.fileno()).st_size else b""
    except OSError as error:
        raise unreadable(error) from error
    if not head:
        raise TrackError("empty-file", "The file is empty (0 bytes).", hint="Copy or download it again.")
    return head


def tag_bytes(head: bytes) -> int:
    """Return the size of the ID3v2 tag at the start of a file in bytes, read from its header; 0 without a tag."""
    if not head.startswith(b"ID3") or len(head) < ID3_HEADER_BYTES or max(head[6:10]) > 0x7F:
        return 0
    first, second, third, fourth = head[6:10]
    footer = ID3_HEADER_BYTES if head[5] & 0x10 else 0
    return ID3_HEADER_BYTES + (first << 21 | second << 14 | third << 7 | fourth) + footer


def begins_like_audio(head: bytes) -> bool:
    """Return whether a file's first 16 bytes are those of an audio format.

    If so, a file that cannot be decoded is damaged; otherwise it is not audio.
    """
    known = (b"ID3", b"OggS", b"fLaC", b"RIFF", b"FORM", b"\x1aE\xdf\xa3", b"wvpk", b"MAC ", b"TTA1", b"caff")
    is_mpeg = len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0
    return (
        head.startswith((*known, b"DSD ", b"FRM8", b"MPCK", b"MP+", b"\x30\x26\xb2\x75"))
        or head[4:8] == b"ftyp"
        or is_mpeg
    )


def unreadable(error: OSError) -> TrackError:
    """Return the error of a track whose file the operating system cannot read."""
    text = f"The file cannot be read: {error.strerror or error}."
    return TrackError("unreadable", text, retryable=True, hint="Is the disk mounted, and may you read the file?")
