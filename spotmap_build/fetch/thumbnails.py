"""Make cover thumbnails in a process of its own, one at a time, within bounds of time and memory.

Pictures come from anywhere, and decoders of pictures have holes: one that crashes, hangs or fills the memory costs its
cover and nothing else.
"""

from __future__ import annotations

import multiprocessing
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from spotmap_build.core.processes import end_with_parent, interrupts_blocked
from spotmap_build.fetch.covers import (
    LARGEST_SOURCE_BYTES,
    LARGEST_THUMBNAIL_BYTES,
    load_decoders,
    thumbnail,
)

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

DEADLINE_S: Final = 60.0
"""A cover takes a fifth of a second; the largest that are read take a few."""
CPU_S: Final = 30
MOST_LOST: Final = 10
"""Processes. After so many, the other covers of this build are left out: each may have cost a minute."""
MEMORY_BYTES: Final = 480 << 20
"""Beyond what the process has when it starts; a JPEG or PNG of 50 million pixels takes some 400 MB."""


class UnreadablePicture(Exception):
    """There is no thumbnail of a picture.

    ``is_final``: because of the picture; else because the process could not be started, or the build was stopped.
    """

    def __init__(self, *, is_final: bool) -> None:
        super().__init__("The picture cannot be read.")
        self.is_final = is_final


class Thumbnails:
    """Makes thumbnails for any number of threads; a context manager. The process is started for the first picture."""

    def __init__(self, deadline_s: float = DEADLINE_S) -> None:
        self._deadline_s = deadline_s
        self._turn = threading.Lock()
        self._worker: _Worker | None = None
        self._lost = 0
        self._is_closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process at once; a thread that waits for a thumbnail gets none."""
        self._is_closed = True
        if (worker := self._worker) is not None:
            worker.kill()
        with self._turn:
            self._discard()

    def make(self, image: bytes) -> bytes:
        """Return the thumbnail of a picture.

        Raises
        ------
        UnreadablePicture
            It cannot be read, or not within the bounds.
        """
        if len(image) > LARGEST_SOURCE_BYTES:
            raise UnreadablePicture(is_final=True)
        with self._turn:
            worker = self._ready_worker()
            try:
                small = worker.ask(image, self._deadline_s)
            except (OSError, EOFError) as error:
                self._discard()
                self._lost += 1
                raise UnreadablePicture(is_final=not self._is_closed) from error
        if not small:
            raise UnreadablePicture(is_final=True)
        return small

    def _ready_worker(self) -> _Worker:
        try:
            if self._worker is None and not self._is_closed and self._lost < MOST_LOST:
                self._worker = _Worker()
            if self._worker is None or self._is_closed:
                raise UnreadablePicture(is_final=False)
            self._worker.wait_until_ready()
        except (OSError, EOFError) as error:
            self._discard()
            self._lost += 1
            raise UnreadablePicture(is_final=False) from error
        return self._worker

    def _discard(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.end()


class _Worker:
    """The parent's view of the process. What it says are bytes and never pickles: it may have been taken over."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection: Connection[Any, Any]
        self._connection, theirs = context.Pipe()
        self._process: BaseProcess = context.Process(target=_serve, args=(theirs,), name="spotmap-covers", daemon=True)
        self._is_ready = False
        with interrupts_blocked():
            self._process.start()
        theirs.close()

    def wait_until_ready(self) -> None:
        if not self._is_ready:
            with self._killed_after(DEADLINE_S):
                self._connection.recv_bytes(LARGEST_THUMBNAIL_BYTES)
            self._is_ready = True

    def ask(self, image: bytes, deadline_s: float) -> bytes:
        """Return what the process makes of a picture. Raises OSError or EOFError where it dies or has to be killed."""
        with self._killed_after(deadline_s):
            self._connection.send_bytes(image)
            return self._connection.recv_bytes(LARGEST_THUMBNAIL_BYTES)

    def kill(self) -> None:
        with suppress(ValueError):  # it has ended meanwhile
            self._process.kill()

    def end(self) -> None:
        self._connection.close()
        self._process.kill()
        self._process.join()
        self._process.close()

    @contextmanager
    def _killed_after(self, deadline_s: float) -> Iterator[None]:
        """Kill the process after a time.

        Sending may hang as well as waiting for the answer, and both end when it does.
        """
        timer = threading.Timer(deadline_s, self.kill)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def _serve(connection: Connection[Any, Any]) -> None:
    """Serve as the worker: a picture in, its thumbnail out; end when the pipe is closed or the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=end_with_parent, daemon=True).start()
    warnings.simplefilter("ignore")  # Pillow's words on other people's pictures
    load_decoders()
    _bound_memory()
    connection.send_bytes(b"")
    while True:
        try:
            image = connection.recv_bytes(LARGEST_SOURCE_BYTES)
        except EOFError:
            return
        _bound_time()
        connection.send_bytes(thumbnail(image))


def _bound_memory() -> None:
    """Where the platform can: with it, a picture that would take more is one that cannot be read."""
    statm = Path("/proc/self/statm")
    if sys.platform != "win32" and statm.exists():
        import resource

        limit = int(statm.read_text().split()[0]) * resource.getpagesize() + MEMORY_BYTES
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def _bound_time() -> None:
    if sys.platform != "win32":
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        limit = int(used.ru_utime + used.ru_stime) + 1 + CPU_S
        resource.setrlimit(resource.RLIMIT_CPU, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))
