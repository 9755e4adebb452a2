"""Cover art as small pictures for the map. The only module that imports PIL."""

from __future__ import annotations

import io
from typing import Final

EDGE_PX: Final = 160
"""Longest edge: the hover card shows covers at 80 CSS pixels, so this is sharp on a screen of double density."""
WEBP_QUALITY: Final = 80
LARGEST_SOURCE_PX: Final = 50_000_000
"""A picture with more pixels than this is a mistake or an attack; it would take gigabytes to decode."""
COVER_NAMES: Final = ("cover", "folder", "front", "album", "albumart")
COVER_SUFFIXES: Final = (".jpg", ".jpeg", ".png", ".webp")


def thumbnail(image: bytes) -> bytes:
    """A WebP of at most ``EDGE_PX`` a side, without metadata; empty bytes where the input is no readable picture.

    A cover is an ornament: one that cannot be read costs the track nothing, so this is not a failure.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(io.BytesIO(image)) as picture:
            if picture.width * picture.height > LARGEST_SOURCE_PX:
                return b""
            picture.draft("RGB", (EDGE_PX * 2, EDGE_PX * 2))
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return b""
    upright.thumbnail((EDGE_PX, EDGE_PX), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    upright.save(buffer, "WEBP", quality=WEBP_QUALITY, method=6)
    return buffer.getvalue()
