"""How long a test waits before it calls something hung.

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
"""Times what a machine with nothing else to do needs at most."""


def slowness() -> float:
    """How many times slower than with nothing else to do this machine may be now."""
    waiting = os.getloadavg()[0] / (os.cpu_count() or 1)
    return max(1.0, waiting) * float(os.environ.get("SPOTMAP_TEST_PATIENCE", "1"))


def patience(seconds: float = LEAST_S) -> float:
    """A limit in seconds for what a machine with nothing else to do has surely done within ``seconds``."""
    return max(LEAST_S, seconds * GENEROSITY) * slowness()


def wait_until(is_so: Callable[[], object], what: str, pause_s: float = 0.01) -> None:
    """Ask until it is so; fail with ``what`` did not come about where that never happens."""
    ends_s = time.monotonic() + patience()
    while not is_so():
        assert time.monotonic() < ends_s, f"still not so: {what}"
        time.sleep(pause_s)
