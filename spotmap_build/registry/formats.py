"""What a map is written as, by the names that options give it."""

from __future__ import annotations

from typing import Final

EXPORT_FORMATS: Final = ("parquet", "csv", "geojson", "npz")
LIST_FORMATS: Final = ("m3u8", "jspf")
