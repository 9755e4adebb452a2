"""Parse the ``Retry-After`` header: how long a service asks clients to wait."""

from __future__ import annotations

import math
import time
from email.utils import parsedate_to_datetime
from typing import Final

MAX_PAUSE_S: Final = 7 * 86_400
"""No service used here blocks clients for longer; a larger value is an error or malicious."""


def parse_retry_after(header: str | None, *, now_unix_s: float | None = None) -> float | None:
    """Parse a ``Retry-After`` value: seconds or a date (RFC 9110, section 10.2.3), at most ``MAX_PAUSE_S``.

    Parameters
    ----------
    header : str or None
        The header's value; None if the response has no such header.
    now_unix_s : float, optional
        The time to compare a date with; the current time by default.

    Returns
    -------
    float or None
        Seconds from now, at least 0; None if the header is missing or invalid.
    """
    if header is None:
        return None
    try:
        wait_s = float(header)
    except ValueError:
        try:
            moment_unix_s = parsedate_to_datetime(header).timestamp()
        except (ValueError, TypeError, OverflowError):
            return None
        wait_s = moment_unix_s - (time.time() if now_unix_s is None else now_unix_s)
    return None if math.isnan(wait_s) or wait_s < 0 else min(wait_s, float(MAX_PAUSE_S))


def clamp_retry_at(retry_at_unix_s: float, now_unix_s: float) -> int:
    """Limit a stored retry time to at most ``MAX_PAUSE_S`` from now."""
    return int(min(retry_at_unix_s, now_unix_s + MAX_PAUSE_S))
