"""Escape table cells that a spreadsheet would read as a formula, and undo the escaping. Pure.

``csvCell`` in ``site_template/viewer/data/exports.js`` does the same on the page, and explains the reason.
"""

from __future__ import annotations

import re
from typing import Final

PAGE_COLUMNS: Final = ("title", "artists", "album", "year", "duration_ms", "id", "spotify", "youtube_music")
"""Columns of a list saved by the page; ``path`` may follow."""
TABLE_COLUMNS: Final = (
    *("id", "title", "artists", "album", "duration_ms", "year", "added_at", "genres", "plays", "isrc", "video_id"),
    *("x", "y", "cluster_id", "cluster", "region_id", "region"),
)
"""First columns of an exported map; features and the columns of the source follow."""
_FORMULA: Final = re.compile(r"""(^|[;,\t\r\n])([\s"]*)(?='*[=+\-@\uff1d\uff0b\uff0d\uff20])""")
_TAB: Final = re.compile(r"^(?='*[\t\r])")
_BEFORE_FORMULA: Final = re.compile(r"""(^|[;,\t\r\n])([\s"]*)'(?='*[=+\-@\uff1d\uff0b\uff0d\uff20])""")
_BEFORE_TAB: Final = re.compile(r"^'(?='*[\t\r])")


def guard_cell(text: str) -> str:
    """Put an apostrophe before anything that a spreadsheet would read as a formula.

    >>> guard_cell("=1+1"), guard_cell("Mint"), guard_cell("a; -b")
    ("'=1+1", 'Mint', "a; '-b")
    """
    return _TAB.sub("'", _FORMULA.sub(r"\1\2'", text))


def unguard_cell(text: str) -> str:
    """Remove the apostrophes added by :func:`guard_cell`.

    >>> unguard_cell("'=1+1"), unguard_cell("'Tis")
    ('=1+1', "'Tis")
    """
    return _BEFORE_FORMULA.sub(r"\1\2", _BEFORE_TAB.sub("", text))


def is_guarded(names: tuple[str, ...]) -> bool:
    """Return whether a table with these columns was written by the page or by a command of this program."""
    return names in (PAGE_COLUMNS, (*PAGE_COLUMNS, "path")) or names[: len(TABLE_COLUMNS)] == TABLE_COLUMNS
