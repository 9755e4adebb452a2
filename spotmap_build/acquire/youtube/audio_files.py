"""Check without a decoder whether a downloaded file is audio and complete."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO, Final

from spotmap_build.core.translation import translatable
from spotmap_build.errors import TrackError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SAMPLE_BYTES: Final = 512
MP4_KINDS: Final = frozenset({b"ftyp", b"moov", b"mdat", b"moof", b"sidx", b"free", b"skip", b"styp", b"wide"})


def check_audio_file(path: Path) -> None:
    """Check that a file may be audio; whether it can be decoded shows only in the analysis.

    Raises
    ------
    TrackError
        It is empty, a text, or an MP4 file that is truncated or lacks its table of contents.
    """
    with path.open("rb") as file:
        head = file.read(SAMPLE_BYTES)
        if not head:
            raise _truncated(translatable("nothing arrived"))
        if head.lstrip()[:1] in {b"<", b"{"}:
            raise TrackError("not-audio", "A web page was received instead of audio.", retryable=True)
        if head[4:8] in MP4_KINDS:
            _check_mp4(file, path.stat().st_size)


def _check_mp4(file: BinaryIO, size_bytes: int) -> None:
    kinds = set()
    for kind, end in _boxes(file, size_bytes):
        kinds.add(kind)
        if end > size_bytes:
            raise _truncated(translatable(f"{size_bytes:,} of at least {end:,} bytes arrived"))
    if not {b"ftyp", b"moov"} <= kinds:
        raise _truncated(translatable("its table of contents is missing"))


def _boxes(file: BinaryIO, size_bytes: int) -> Iterator[tuple[bytes, int]]:
    """Yield the top-level boxes of an MP4 file: type and end offset."""
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
    return TrackError("truncated-audio", f"The download is incomplete: {how}.", retryable=True)
