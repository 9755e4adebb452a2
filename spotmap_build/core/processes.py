"""Common behavior of worker processes: they ignore Ctrl-C, and they end when their parent process ends."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import wait as wait_for_any


@contextmanager
def interrupts_blocked() -> Iterator[None]:
    """Block SIGINT in processes started in this context, from their first instruction on; ours is only delayed."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # if the first child starts it, it unblocks SIGINT (Python 3.11)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_with_parent() -> None:
    """Wait for the parent to end, then exit this process immediately. Runs in a thread of each worker.

    Needed because a parent killed by SIGKILL cannot end its workers.
    """
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait_for_any([parent.sentinel])
    os._exit(1)
