"""Names of export formats, as used by options, of archives, and of the files that mark what this program wrote."""

from __future__ import annotations

from typing import Final

EXPORT_FORMATS: Final = ("parquet", "csv", "geojson", "npz")
LIST_FORMATS: Final = ("m3u8", "jspf")
OTHER_ARCHIVES: Final = (".7z", ".rar", ".tar", ".tgz", ".gz", ".bz2", ".xz")
"""Suffixes of archives, except ``.zip``, which are not opened anywhere."""
MARKER_NAME: Final = "spotmap-site.json"
"""Marks a folder as a published site."""
LIST_MANIFEST: Final = ".spotmap-lists.json"
"""Names the lists in a folder that ``playlists`` wrote."""
MAX_REPORT_BYTES: Final = 1 << 29
"""Maximum size of a report: half a million tracks."""
