"""Cover art as small pictures for the map. The only module that imports PIL."""

from __future__ import annotations

import io
from typing import Final

EDGE_PX: Final = 160
"""Longest edge: the hover card shows covers at 80 CSS pixels, so this is sharp on a screen of double density."""
WEBP_QUALITIES: Final = (80, 60, 40, 20, 5)
"""Tried in turn until a thumbnail is no larger than it should be: the first does for most."""
ENOUGH_BYTES: Final = 5_800
"""Of a thumbnail: 3,000 albums then leave room for the rest of a site in 20 MB. Photographs have some 5 kB."""
LARGEST_SOURCE_PX: Final = 50_000_000
"""A picture with more pixels than this is a mistake or an attack; it would take gigabytes to decode."""
LARGEST_SOURCE_BYTES: Final = 64 << 20
LARGEST_THUMBNAIL_BYTES: Final = 1 << 20
"""A thumbnail has some 5 kB; what is larger carries something else along, such as a color profile of megabytes."""
FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
"""What music has as covers. Pillow knows forty more, among them some that it hands to other programs."""
COVER_NAMES: Final = ("cover", "folder", "front", "album", "albumart")
COVER_SUFFIXES: Final = (".jpg", ".jpeg", ".png", ".webp")


def load_decoders() -> None:
    """Import Pillow's formats now, rather than for the first picture."""
    from PIL import Image

    Image.init()


def thumbnail(image: bytes) -> bytes:
    """Make a WebP of at most ``EDGE_PX`` a side, without metadata; no bytes where the input is no readable picture.

    For worker processes: see :class:`~spotmap_build.fetch.thumbnails.Thumbnails`.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(io.BytesIO(image), formats=FORMATS) as picture:
            if picture.width * picture.height > LARGEST_SOURCE_PX:
                return b""
            picture.draft("RGB", (EDGE_PX * 2, EDGE_PX * 2))
            ImageOps.exif_transpose(picture, in_place=True)  # a copy would be another 200 MB
            upright = picture if picture.mode == "RGB" else picture.convert("RGB")
            upright.thumbnail((EDGE_PX, EDGE_PX), Image.Resampling.LANCZOS)
            small = b""
            for quality in WEBP_QUALITIES:
                buffer = io.BytesIO()
                upright.save(buffer, "WEBP", quality=quality, method=6)
                small = buffer.getvalue()
                if len(small) <= ENOUGH_BYTES:
                    break
    except Exception:  # noqa: BLE001 - a damaged picture makes Pillow raise anything; a cover is an ornament
        return b""
    return small if len(small) <= LARGEST_THUMBNAIL_BYTES else b""
