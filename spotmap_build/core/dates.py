"""Recognize placeholder dates, and format dates and times of day for people, in UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final

DAY_S: Final = 86_400
NO_DATES: Final = frozenset(
    (
        *("1969-12-31", "1970-01-01"),  # Unix epoch, also west of Greenwich; used by Spotify for old rows
        *("0001-01-01", "1601-01-01"),  # epochs of .NET and Windows
        *("1899-12-30", "1899-12-31", "1900-01-01", "1904-01-01"),  # epochs of spreadsheets
        *("1980-01-01", "9999-12-31"),  # epoch of FAT; "never"
    )
)
"""Placeholders that programs write for unknown dates: the first and last dates of their calendars."""


def is_known_date(text: str) -> bool:
    """Return whether a text starts with a valid ISO 8601 date that is not a placeholder.

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
    """Return the latest plausible release year: next year, because albums are announced months before release."""
    return datetime.now(UTC).year + 1


def format_date(unix_s: float) -> str:
    """Format a date (UTC) as ISO 8601, which needs no translation.

    Raises
    ------
    ValueError, OverflowError, OSError
        No calendar reaches so far.

    Examples
    --------
    >>> format_date(1_800_000_000)
    '2027-01-15'
    """
    return f"{datetime.fromtimestamp(unix_s, UTC):%Y-%m-%d}"


def format_moment(unix_s: float) -> str:
    """Format a date and a time of day (UTC).

    Raises
    ------
    ValueError, OverflowError, OSError
        No calendar reaches so far.

    Examples
    --------
    >>> format_moment(1_800_000_000)
    '2027-01-15 08:00 UTC'
    """
    return f"{datetime.fromtimestamp(unix_s, UTC):%Y-%m-%d %H:%M} UTC"
