"""Tell dates that mean something from those that do not, and say dates and times of day in words, in UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final

DAY_S: Final = 86_400
NO_DATES: Final = frozenset(
    (
        *("1969-12-31", "1970-01-01"),  # zero of Unix, west of Greenwich the day before; Spotify's for old rows
        *("0001-01-01", "1601-01-01"),  # zero of .NET, of Windows
        *("1899-12-30", "1899-12-31", "1900-01-01", "1904-01-01"),  # zeros of spreadsheets
        *("1980-01-01", "9999-12-31"),  # zero of FAT; "never"
    )
)
"""What programs write where they know no date: the beginnings of their calendars, and the end."""

_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
"""In English whatever the locale, like the sentences around them."""


def is_known_date(text: str) -> bool:
    """Tell whether a text begins with a day (ISO 8601) that is in the calendar, and stands for itself.

    Examples
    --------
    >>> [is_known_date(text) for text in ("2021-03-04T05:06:07Z", "2021-02-30", "1970-01-01T00:00:00Z")]
    [True, False, False]
    """
    try:
        return date.fromisoformat(text[:10]).isoformat() == text[:10] and text[:10] not in NO_DATES
    except ValueError:
        return False


def latest_release_year() -> int:
    """Return the last year that what is in a library may come out in: albums are announced some months ahead."""
    return datetime.now(UTC).year + 1


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
