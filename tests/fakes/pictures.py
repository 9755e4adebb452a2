"""Made-up album covers, and invalid pictures."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib

from PIL import Image

MEGABYTE = 1 << 20


def cover(name: str, edge_px: int = 300) -> bytes:
    """Return a single-color JPEG; the color depends on the name."""
    red, green, blue = hashlib.sha256(name.encode()).digest()[:3]
    buffer = io.BytesIO()
    Image.new("RGB", (edge_px, edge_px), (red, green, blue)).save(buffer, "JPEG")
    return buffer.getvalue()


def png_of_nothing(width: int, height: int, content: bytes = b"") -> bytes:
    """Return a PNG that declares this size and contains only ``content``."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", content) + chunk(b"IEND", b"")
