"""Create cover thumbnails for the map. The only module that decodes images of others."""

from __future__ import annotations

import io
from typing import Final

EDGE_PX: Final = 160
"""Longest edge. The hover card shows covers at 80 CSS pixels, so this is sharp on screens with double density."""
WEBP_QUALITIES: Final = (80, 60, 40, 20, 5)
"""Tried in this order until a thumbnail is at most ``ENOUGH_BYTES``; for most images, the first is enough."""
ENOUGH_BYTES: Final = 5_800
"""Target size of a thumbnail, so that a site with 3,000 albums fits into 20 MB. Photographs take about 5 kB."""
MAX_SOURCE_PX: Final = 50_000_000
"""An image with more pixels is a mistake or an attack, and would take gigabytes to decode."""
MAX_SOURCE_BYTES: Final = 64 << 20
MAX_THUMBNAIL_BYTES: Final = 1 << 20
"""A thumbnail has about 5 kB; a larger one contains other data, such as a color profile of megabytes."""
FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
"""Formats that covers use. Pillow supports forty more, some of them by running other programs."""
COVER_NAMES: Final = ("cover", "folder", "front", "album", "albumart")
COVER_SUFFIXES: Final = (".jpg", ".jpeg", ".png", ".webp")


def load_decoders() -> None:
    """Import Pillow's decoders now rather than at the first image."""
    from PIL import Image

    Image.init()


def thumbnail(image: bytes) -> bytes:
    """Return a WebP of at most ``EDGE_PX`` per side, without metadata; ``b""`` if the image cannot be read.

    Called in a worker process, see :class:`~spotmap_build.fetch.thumbnails.Thumbnails`.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(io.BytesIO(image), formats=FORMATS) as picture:
            if picture.width * picture.height > MAX_SOURCE_PX:
                return b""
            picture.draft("RGB", (EDGE_PX * 2, EDGE_PX * 2))
            ImageOps.exif_transpose(picture, in_place=True)  # a copy would take another 200 MB
            upright = picture if picture.mode == "RGB" else picture.convert("RGB")
            upright.thumbnail((EDGE_PX, EDGE_PX), Image.Resampling.LANCZOS)
            small = b""
            for quality in WEBP_QUALITIES:
                buffer = io.BytesIO()
                upright.save(buffer, "WEBP", quality=quality, method=6)
                small = buffer.getvalue()
                if len(small) <= ENOUGH_BYTES:
                    break
    except Exception:  # noqa: BLE001 - Pillow may raise anything for a damaged image; covers are optional
        return b""
    return small if len(small) <= MAX_THUMBNAIL_BYTES else b""
