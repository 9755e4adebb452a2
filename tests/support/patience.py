"""Timeouts after which a test considers something hung.

Timeouts in tests end what would otherwise never end; they do not measure speed. All of them are computed here, so that
they grow with the machine's load. ``SPOTMAP_TEST_PATIENCE`` multiplies them for slow machines.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Final

MIN_TIMEOUT_S: Final = 60.0
GENEROSITY: Final = 3.0
"""Ratio of a timeout to the longest time that an idle machine needs."""
MAX_SLOWNESS: Final = 3.0
"""A heavier load does not lengthen timeouts further, so that a test that fails by one ends within minutes."""


def slowness() -> float:
    """Return by which factor the machine's current load may slow it down."""
    waiting = os.getloadavg()[0] / (os.cpu_count() or 1)
    return min(max(1.0, waiting), MAX_SLOWNESS) * float(os.environ.get("SPOTMAP_TEST_PATIENCE", "1"))


def patience(seconds: float = MIN_TIMEOUT_S) -> float:
    """Return a timeout in seconds for an action that an idle machine completes within ``seconds``."""
    return max(MIN_TIMEOUT_S, seconds * GENEROSITY) * slowness()


def wait_until(condition: Callable[[], object], description: str, pause_s: float = 0.01) -> None:
    """Poll until the condition holds; after the timeout, fail with a message that contains ``description``."""
    deadline_s = time.monotonic() + patience()
    while not condition():
        assert time.monotonic() < deadline_s, f"timed out waiting until {description}"
        time.sleep(pause_s)
