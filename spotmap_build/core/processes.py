"""What all worker processes share: they do not see Ctrl-C, and they end when the process that started them is gone."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import wait as wait_for_any


@contextmanager
def interrupts_blocked() -> Iterator[None]:
    """Start processes that never see Ctrl-C, not even before they could ask not to; ours arrives right after."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # where the first child starts it, it allows interrupts again (Python 3.11)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_with_parent() -> None:
    """Wait for the end of the parent, then end this process, whatever it does; runs in a thread of a worker.

    A parent killed by SIGKILL cannot end its workers.
    """
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait_for_any([parent.sentinel])
    os._exit(1)
