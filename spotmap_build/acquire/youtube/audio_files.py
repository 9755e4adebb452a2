"""A first look at a downloaded file, without a decoder: whether it is audio, and whole."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO, Final

from spotmap_build.errors import TrackError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SAMPLE_BYTES: Final = 512
MP4_KINDS: Final = frozenset({b"ftyp", b"moov", b"mdat", b"moof", b"sidx", b"free", b"skip", b"styp", b"wide"})


def check_audio_file(path: Path) -> None:
    """Accept a file that may be audio; whether it can be decoded is found out when it is listened to.

    Raises
    ------
    TrackError
        It is empty, a text, or an MP4 file that ends before its end or does not say what is in it.
    """
    with path.open("rb") as file:
        head = file.read(SAMPLE_BYTES)
        if not head:
            raise _truncated("nothing arrived")
        if head.lstrip()[:1] in {b"<", b"{"}:
            raise TrackError("not-audio", "A page came instead of audio.", retryable=True)
        if head[4:8] in MP4_KINDS:
            _check_mp4(file, path.stat().st_size)


def _check_mp4(file: BinaryIO, size_bytes: int) -> None:
    kinds = set()
    for kind, end in _boxes(file, size_bytes):
        kinds.add(kind)
        if end > size_bytes:
            raise _truncated(f"{size_bytes:,} of at least {end:,} bytes arrived")
    if not {b"ftyp", b"moov"} <= kinds:
        raise _truncated("its table of contents is missing")


def _boxes(file: BinaryIO, size_bytes: int) -> Iterator[tuple[bytes, int]]:
    """Yield the outer boxes of an MP4 file: what they are, and where they end."""
    start = 0
    while start < size_bytes:
        file.seek(start)
        header = file.read(16)
        length, kind = struct.unpack(">I4s", header[:8]) if len(header) >= 8 else (size_bytes, b"")
        if length == 1 and len(header) == 16:
            (length,) = struct.unpack(">Q", header[8:])
        elif length == 0:
            length = size_bytes - start
        start += max(length, 8)
        yield kind, start


def _truncated(how: str) -> TrackError:
    return TrackError("truncated-audio", f"The download broke off before its end: {how}.", retryable=True)
