"""Create cover thumbnails in a separate process, one at a time, with limits on time and memory.

Images are untrusted, and image decoders have vulnerabilities. If a decoder crashes, hangs or exhausts the memory, only
that cover is lost.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from typing import Final, Self

from spotmap_build.core.processes import limit_cpu, limit_memory, set_up_worker, start_worker
from spotmap_build.fetch.covers import (
    MAX_SOURCE_BYTES,
    MAX_THUMBNAIL_BYTES,
    load_decoders,
    thumbnail,
)

DEADLINE_S: Final = 60.0
"""A cover takes 0.2 seconds; the largest accepted images take a few seconds."""
CPU_S: Final = 30
MAX_LOST_PROCESSES: Final = 10
"""After this many lost processes, the remaining covers of the build are skipped: each may have cost a minute."""
MEMORY_BYTES: Final = 480 << 20
"""In addition to the memory at the start; a JPEG or PNG of 50 million pixels takes about 400 MB."""


class UnreadablePicture(Exception):
    """No thumbnail could be created.

    ``is_final``: the image is the cause; otherwise the process could not be started, or the build was stopped.
    """

    def __init__(self, *, is_final: bool) -> None:
        super().__init__("The picture cannot be read.")
        self.is_final = is_final


class Thumbnails:
    """Creates thumbnails for any number of threads. A context manager; the process starts with the first image."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._worker: _Worker | None = None
        self._lost = 0
        self._is_closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Kill the process immediately; a waiting thread gets no thumbnail."""
        self._is_closed = True
        if (worker := self._worker) is not None:
            worker.kill()
        with self._turn:
            self._discard()

    def make(self, image: bytes) -> bytes:
        """Return the thumbnail of an image.

        Raises
        ------
        UnreadablePicture
            It cannot be read, or not within the limits.
        """
        if len(image) > MAX_SOURCE_BYTES:
            raise UnreadablePicture(is_final=True)
        with self._turn:
            worker = self._ready_worker()
            try:
                small = worker.ask(image)
            except (OSError, EOFError) as error:
                self._discard()
                self._lost += 1
                raise UnreadablePicture(is_final=not self._is_closed) from error
        if not small:
            raise UnreadablePicture(is_final=True)
        return small

    def _ready_worker(self) -> _Worker:
        try:
            if self._worker is None and not self._is_closed and self._lost < MAX_LOST_PROCESSES:
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
    """The parent's handle of the process. Its messages are bytes, never pickles, because it may be compromised."""

    def __init__(self) -> None:
        self._process, self._connection = start_worker(_serve, name="spotmap-covers")
        self._is_ready = False

    def wait_until_ready(self) -> None:
        if not self._is_ready:
            with self._killed_after_deadline():
                self._connection.recv_bytes(MAX_THUMBNAIL_BYTES)
            self._is_ready = True

    def ask(self, image: bytes) -> bytes:
        """Return the process's thumbnail. Raise ``OSError`` or ``EOFError`` if it dies or has to be killed."""
        with self._killed_after_deadline():
            self._connection.send_bytes(image)
            return self._connection.recv_bytes(MAX_THUMBNAIL_BYTES)

    def kill(self) -> None:
        with suppress(ValueError):  # the process object is already closed
            self._process.kill()

    def end(self) -> None:
        self._connection.close()
        self._process.kill()
        self._process.join()
        self._process.close()

    @contextmanager
    def _killed_after_deadline(self) -> Iterator[None]:
        """Kill the process after a timeout, which unblocks a hanging send or receive."""
        timer = threading.Timer(DEADLINE_S, self.kill)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def _serve(connection: Connection[object, object]) -> None:
    """Run the worker loop: receive an image, send its thumbnail; end when the pipe is closed or the parent dies."""
    set_up_worker()
    warnings.simplefilter("ignore")  # Pillow's warnings about untrusted images
    load_decoders()
    limit_memory(MEMORY_BYTES)
    connection.send_bytes(b"")
    while True:
        try:
            image = connection.recv_bytes(MAX_SOURCE_BYTES)
        except EOFError:
            return
        limit_cpu(CPU_S)
        connection.send_bytes(thumbnail(image))
