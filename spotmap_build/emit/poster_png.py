"""Convert a poster to PNG, for printers that do not accept SVG."""

from __future__ import annotations

import zlib
from typing import Final

WIDTH_PX: Final = 4000
"""242 dots per inch on A2, 342 on A3."""
CSS_DPI: Final = 96.0
MARK: Final = b"Software\0spotmap.poster/1"
"""Identifies the file as a poster, which later builds may replace. It contains no date."""
_HEADER_BYTES: Final = 33
"""Size of the signature and the first chunk (W3C, Portable Network Graphics), after which other chunks may follow."""


def png_of(svg: bytes) -> bytes:
    """Render a poster with the fonts of this machine. ``output_paths`` checks beforehand that resvg is installed."""
    import resvg_py

    png = bytes(resvg_py.svg_to_bytes(svg_string=svg.decode(), width=WIDTH_PX, dpi=CSS_DPI))
    chunk = b"tEXt" + MARK
    marked = len(MARK).to_bytes(4) + chunk + zlib.crc32(chunk).to_bytes(4)
    return png[:_HEADER_BYTES] + marked + png[_HEADER_BYTES:]
