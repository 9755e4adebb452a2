"""Common behavior of worker processes: they ignore Ctrl-C, end with their parent process, and have limits."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from contextlib import contextmanager
from multiprocessing.connection import wait as wait_for_any
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess


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


def start_worker(
    serve: Callable[..., None], *arguments: object, name: str
) -> tuple[BaseProcess, Connection[object, object]]:
    """Start a process that calls ``serve`` with its end of a pipe and the arguments; return it and our end.

    ``serve`` is defined at the top level of a module and calls :func:`set_up_worker` first; the arguments are
    picklable, because the process is not a fork.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs, *arguments), name=name, daemon=True)
    with interrupts_blocked():
        process.start()
    theirs.close()
    return process, ours


def set_up_worker() -> None:
    """Make this worker process ignore Ctrl-C, and end when its parent process ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Wait for the parent to end, then exit this process immediately.

    Needed because a parent killed by SIGKILL cannot end its workers.
    """
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait_for_any([parent.sentinel])
    os._exit(1)


def limit_memory(further_bytes: int) -> None:
    """Limit the memory of this process to what it uses now and ``further_bytes``, if the platform supports it."""
    statm = Path("/proc/self/statm")
    if sys.platform != "win32" and statm.exists():
        import resource

        limit = int(statm.read_text().split()[0]) * resource.getpagesize() + further_bytes
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def limit_cpu(further_s: int) -> None:
    """Limit the processor time of this process to what it has used and ``further_s``, if the platform supports it."""
    if sys.platform != "win32":
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        limit = int(used.ru_utime + used.ru_stime) + 1 + further_s
        resource.setrlimit(resource.RLIMIT_CPU, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))
