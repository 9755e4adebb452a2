"""What holds for all tests."""

from __future__ import annotations

import signal

# A shell that starts tests in the background has them ignore Ctrl-C, and so would every process that they start and
# interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
