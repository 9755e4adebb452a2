"""What holds for all tests."""

from __future__ import annotations

import os
import signal

# A shell that starts tests in the background has them ignore Ctrl-C, and so would every process that they start and
# interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_xdist_auto_num_workers() -> int:
    """With ``-n auto``, one worker more than there are processors: a third of the time, workers wait for a page or a
    service."""
    return (os.cpu_count() or 1) + 1
