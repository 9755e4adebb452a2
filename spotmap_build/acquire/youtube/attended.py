"""Calls that nobody can stop, made in a thread that whoever waits for them can leave.

A downloader bounds the silence between two bytes. Against a server that drips, or a script that never ends, only time
helps; a thread that is left ends by itself when its connection does, and never holds up the end of the process.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
import weakref
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

CHECK_S: Final = 0.2

Result = TypeVar("Result")


class Pace:
    """Whether enough arrives: so many bytes in every so many seconds. Safe for threads."""

    def __init__(self, least_bytes: float, window_s: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._least_bytes = least_bytes
        self._window_s = window_s
        self._clock = clock
        self._lock = threading.Lock()
        self._since_s = clock()
        self._bytes = 0

    def arrived(self, count: int) -> None:
        """Note that something came."""
        with self._lock:
            self._bytes += count

    def is_too_slow(self) -> bool:
        """Tell whether a window is over in which too little came; then the next one begins."""
        with self._lock:
            if self._clock() - self._since_s < self._window_s:
                return False
            is_too_slow = self._bytes < self._least_bytes
            self._since_s, self._bytes = self._clock(), 0
            return is_too_slow


class OwnThread:
    """A thread that makes one call after the other; it ends when nobody holds this object any more."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        threading.Thread(target=_serve, args=(self._waiting,), daemon=True).start()
        weakref.finalize(self, self._waiting.put, None)

    def call(self, work: Callable[[], Result], look: Callable[[], None]) -> Result:
        """Make a call, and wait for it.

        Parameters
        ----------
        work : callable
            The call. After it was left, it must touch nothing that others use.
        look : callable
            Called again and again while it goes on. What it raises ends the waiting, not the call.
        """
        done = threading.Event()
        results: list[Result] = []
        errors: list[BaseException] = []

        def make() -> None:
            try:
                results.append(work())
            except BaseException as error:  # noqa: BLE001 - raised again where somebody waits for it
                errors.append(error)
            finally:
                done.set()

        self._waiting.put(make)
        while not done.wait(CHECK_S):
            look()
        if errors:
            raise errors[0]
        return results[0]

    def close(self, work: Callable[[], object]) -> None:
        """Make a last call, after the one that goes on, and wait for neither."""

        def make() -> None:
            with contextlib.suppress(Exception):  # nothing depends any more on what is closed
                work()

        self._waiting.put(make)


def _serve(waiting: queue.SimpleQueue[Callable[[], None] | None]) -> None:
    while (make := waiting.get()) is not None:
        make()
        del make  # it holds who called, and that one's end is ours
