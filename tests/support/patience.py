"""Time limits after which a test considers something hung.

A limit in a test is there to end what would never end, and says nothing about speed. So all of them come from here, and
grow with what else the machine is doing. ``SPOTMAP_TEST_PATIENCE`` multiplies them, on a machine that is slower still.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Final

LEAST_S: Final = 60.0
GENEROSITY: Final = 3.0
"""Limits as a multiple of the time that an idle machine needs at most."""


def slowness() -> float:
    """Return how many times slower than when idle this machine may be now."""
    waiting = os.getloadavg()[0] / (os.cpu_count() or 1)
    return max(1.0, waiting) * float(os.environ.get("SPOTMAP_TEST_PATIENCE", "1"))


def patience(seconds: float = LEAST_S) -> float:
    """Return a limit in seconds for an action that an idle machine certainly completes within ``seconds``."""
    return max(LEAST_S, seconds * GENEROSITY) * slowness()


def wait_until(is_so: Callable[[], object], what: str, pause_s: float = 0.01) -> None:
    """Poll until the condition holds; fail with a message that contains ``what`` after the limit."""
    ends_s = time.monotonic() + patience()
    while not is_so():
        assert time.monotonic() < ends_s, f"still not so: {what}"
        time.sleep(pause_s)
