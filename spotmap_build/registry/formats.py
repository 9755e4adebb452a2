"""Names of the export formats, as used by options."""

from __future__ import annotations

from typing import Final

EXPORT_FORMATS: Final = ("parquet", "csv", "geojson", "npz")
LIST_FORMATS: Final = ("m3u8", "jspf")
