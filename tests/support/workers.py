"""Which processes listen for a build."""

from __future__ import annotations

import psutil


def workers_of(pid: int) -> list[psutil.Process]:
    """Find the workers of a process: copies of its fork server, or, where there is none, what it spawned."""
    started = psutil.Process(pid).children(recursive=True)
    servers = {
        child.pid for child in started if child.ppid() == pid and _is_called(child, "multiprocessing.forkserver")
    }
    return [child for child in started if child.ppid() in servers or _is_called(child, "spawn_main")]


def _is_called(process: psutil.Process, what: str) -> bool:
    return what in " ".join(process.cmdline())
