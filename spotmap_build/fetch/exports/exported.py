"""A list of tracks that the map's page has exported as CSV, read back as it was."""

from __future__ import annotations

import re
from typing import Any, Final

EXPORTED_COLUMNS: Final = ("title", "artists", "album", "year", "duration_ms", "id", "spotify", "youtube_music")

_BEFORE_FORMULA: Final = re.compile(r"""(^|[;,\t\r\n])([\s"]*)'(?='*[=+\-@\uff1d\uff0b\uff0d\uff20])""")
_BEFORE_TAB: Final = re.compile(r"^'(?='*[\t\r])")


def without_apostrophes(columns: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Take away the apostrophes that the page puts before what a spreadsheet would take for a formula.

    Only from a table with just the columns of such a list: an apostrophe in any other is part of a title. The other
    half is ``csvCell`` in ``site_template/viewer/data/exports.js``.
    """
    if tuple(columns) != EXPORTED_COLUMNS:
        return columns
    return {
        name: [_BEFORE_FORMULA.sub(r"\1\2", _BEFORE_TAB.sub("", value)) if value else value for value in values]
        for name, values in columns.items()
    }
