"""Cells that a spreadsheet takes for text whatever they begin with: how tables are written, and read back. Pure.

``csvCell`` in ``site_template/viewer/data/exports.js`` does the same on the page, and says why.
"""

from __future__ import annotations

import re
from typing import Final

PAGE_COLUMNS: Final = ("title", "artists", "album", "year", "duration_ms", "id", "spotify", "youtube_music")
"""What a list has that the page saves; ``path`` may follow."""
TABLE_COLUMNS: Final = (
    *("id", "title", "artists", "album", "duration_ms", "year", "added_at", "genres", "plays", "isrc", "video_id"),
    *("x", "y", "cluster_id", "cluster", "region_id", "region"),
)
"""How the columns of an exported map begin; features and the source's own follow."""
_FORMULA: Final = re.compile(r"""(^|[;,\t\r\n])([\s"]*)(?='*[=+\-@\uff1d\uff0b\uff0d\uff20])""")
_TAB: Final = re.compile(r"^(?='*[\t\r])")
_BEFORE_FORMULA: Final = re.compile(r"""(^|[;,\t\r\n])([\s"]*)'(?='*[=+\-@\uff1d\uff0b\uff0d\uff20])""")
_BEFORE_TAB: Final = re.compile(r"^'(?='*[\t\r])")


def guard_cell(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would take for a formula.

    >>> guard_cell("=1+1"), guard_cell("Mint"), guard_cell("a; -b")
    ("'=1+1", 'Mint', "a; '-b")
    """
    return _TAB.sub("'", _FORMULA.sub(r"\1\2'", text))


def unguard_cell(text: str) -> str:
    """Take the apostrophes away again.

    >>> unguard_cell("'=1+1"), unguard_cell("'Tis")
    ('=1+1', "'Tis")
    """
    return _BEFORE_FORMULA.sub(r"\1\2", _BEFORE_TAB.sub("", text))


def is_guarded(names: tuple[str, ...]) -> bool:
    """Tell by its columns whether a table was written by this program, page or command."""
    return names in (PAGE_COLUMNS, (*PAGE_COLUMNS, "path")) or names[: len(TABLE_COLUMNS)] == TABLE_COLUMNS
