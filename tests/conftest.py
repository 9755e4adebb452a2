"""What holds for all tests."""

from __future__ import annotations

import os
import signal

# A shell that starts tests in the background has them ignore Ctrl-C, and so would every process that they start and
# interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

LONGEST_ID = 60


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name a long value by its beginning: names of tests go from process to process, and into logs."""
    if isinstance(val, str | bytes) and len(val) > LONGEST_ID:
        return f"{val[:LONGEST_ID]!r} and {len(val) - LONGEST_ID} more"
    return None


def pytest_xdist_auto_num_workers() -> int:
    """With ``-n auto``, two workers more than there are processors: often one waits for a page or a service."""
    return (os.cpu_count() or 1) + 2
