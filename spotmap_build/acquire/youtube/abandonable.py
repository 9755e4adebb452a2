"""Run calls that cannot be cancelled in a thread that the caller can abandon.

yt-dlp has a timeout only for the silence between two bytes. A server that sends a byte now and then, or a script that
never ends, would block forever. An abandoned thread ends when its connection does, and does not keep the process alive.
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
    """Checks for a minimum transfer rate: ``min_bytes`` in every ``window_s`` seconds. Thread-safe."""

    def __init__(self, min_bytes: float, window_s: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._least_bytes = min_bytes
        self._window_s = window_s
        self._clock = clock
        self._lock = threading.Lock()
        self._since_s = clock()
        self._bytes = 0

    def add_bytes(self, count: int) -> None:
        """Record received bytes."""
        with self._lock:
            self._bytes += count

    def is_too_slow(self) -> bool:
        """Return whether a window has ended with too few bytes; if it has ended, start the next one."""
        with self._lock:
            if self._clock() - self._since_s < self._window_s:
                return False
            is_too_slow = self._bytes < self._least_bytes
            self._since_s, self._bytes = self._clock(), 0
            return is_too_slow


class AbandonableThread:
    """A thread that runs calls one after the other. It ends when this object is garbage-collected."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        threading.Thread(target=_serve, args=(self._waiting,), daemon=True).start()
        weakref.finalize(self, self._waiting.put, None)

    def call(self, work: Callable[[], Result], check: Callable[[], None]) -> Result:
        """Run a call and wait for its result.

        Parameters
        ----------
        work : callable
            The call. It may continue after it was abandoned, so it must not modify shared state then.
        check : callable
            Called periodically while ``work`` runs. An exception it raises ends the waiting, but not the call.
        """
        done = threading.Event()
        results: list[Result] = []
        errors: list[BaseException] = []

        def make() -> None:
            try:
                results.append(work())
            except BaseException as error:  # noqa: BLE001 - re-raised in the waiting thread
                errors.append(error)
            finally:
                done.set()

        self._waiting.put(make)
        while not done.wait(CHECK_S):
            check()
        if errors:
            raise errors[0]
        return results[0]

    def close(self, work: Callable[[], object]) -> None:
        """Queue a last call behind the running one, without waiting for either."""

        def make() -> None:
            with contextlib.suppress(Exception):  # errors while closing do not matter
                work()

        self._waiting.put(make)


def _serve(waiting: queue.SimpleQueue[Callable[[], None] | None]) -> None:
    while (make := waiting.get()) is not None:
        make()
        del make  # drop the reference to the caller, so that it can be collected and end this thread
