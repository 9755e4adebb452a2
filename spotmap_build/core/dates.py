"""Say dates and times of day in words, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

DAY_S: Final = 86_400

_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
"""In English whatever the locale, like the sentences around them."""


def format_date(unix_s: float, *, with_year: bool = True) -> str:
    """Say a date (UTC) in words.

    Raises
    ------
    ValueError, OverflowError, OSError
        No calendar reaches so far.

    Examples
    --------
    >>> format_date(1_800_000_000)
    '15 January 2027'
    >>> format_date(1_800_000_000, with_year=False)
    '15 January'
    """
    moment = datetime.fromtimestamp(unix_s, UTC)
    return f"{moment.day} {_MONTHS[moment.month - 1]}" + (f" {moment.year}" if with_year else "")


def format_time(unix_s: float) -> str:
    """Say a time of day.

    Raises
    ------
    ValueError, OverflowError, OSError
        No calendar reaches so far.

    Examples
    --------
    >>> format_time(1_800_000_000)
    '08:00 UTC'
    """
    return f"{datetime.fromtimestamp(unix_s, UTC):%H:%M} UTC"
