"""How long a service wants to be left alone, by its ``Retry-After`` header."""

from __future__ import annotations

import math
import time
from email.utils import parsedate_to_datetime
from typing import Final

LONGEST_PAUSE_S: Final = 7 * 86_400
"""No service that is asked here bars anybody for longer; a larger number is a mistake, or spite."""


def parse_retry_after(header: str | None, *, now_unix_s: float | None = None) -> float | None:
    """Read a ``Retry-After``: seconds or a date (RFC 9110, section 10.2.3), at most ``LONGEST_PAUSE_S``.

    Parameters
    ----------
    header : str or None
        The header's value; None where the answer has none.
    now_unix_s : float, optional
        The time that a date is compared with; the clock's by default.

    Returns
    -------
    float or None
        Seconds from now, 0 or more; None where the service does not say, or says nothing that makes sense.
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
    return None if math.isnan(wait_s) or wait_s < 0 else min(wait_s, float(LONGEST_PAUSE_S))


def clamp_retry_at(retry_at_unix_s: float, now_unix_s: float) -> int:
    """Bound a moment that is remembered: at most ``LONGEST_PAUSE_S`` from now, whatever was stored."""
    return int(min(retry_at_unix_s, now_unix_s + LONGEST_PAUSE_S))
