"""The supply of audio: searches and downloads run in threads ahead of the workers, so that nobody waits for the other.

Queues between them are bounded: at most :data:`FILES_AHEAD` files lie on the disk for each worker, and searches are
never further ahead than their queue is long.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Final, Generic, Self, TypeVar

from spotmap_build.acquire.youtube.download import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType

SEARCHES_AT_ONCE: Final = 2
DOWNLOADS_AT_ONCE: Final = 2
"""Politeness more than speed: one download takes a second or two, listening to it longer."""
FILES_AHEAD: Final = 2
SEARCHED_AHEAD: Final = 200
POLL_S: Final = 0.1
SHUTDOWN_TIMEOUT_S: Final = 2.0

Wanted = TypeVar("Wanted")
Ready = TypeVar("Ready")


class Prefetcher(Generic[Wanted, Ready]):
    """A line of two stations. A context manager: leaving it stops the threads, whatever they were doing.

    It raises then what a thread raised that was not raised yet, unless something else is on its way.

    Parameters
    ----------
    to_find
        What ``find`` is to be called with; it gives what is to be downloaded, or None where that is nothing.
    to_get
        What is to be downloaded at once.
    get
        Gives what is ready for a worker, or None. Both are called from several threads, and may raise ``Cancelled``
        once ``cancelled`` is set.
    workers
        How many there are at the end of the line.
    """

    def __init__(
        self,
        to_find: Iterable[Wanted],
        to_get: Iterable[Wanted],
        *,
        find: Callable[[Wanted], Wanted | None],
        get: Callable[[Wanted], Ready | None],
        workers: int,
    ) -> None:
        self._to_find = deque(to_find)
        self._to_get = deque(to_get)
        self._find, self._get = find, get
        self._found: queue.Queue[Wanted] = queue.Queue(SEARCHED_AHEAD)
        self._ready: queue.Queue[Ready] = queue.Queue(FILES_AHEAD * workers)
        self.cancelled = threading.Event()
        self._error: BaseException | None = None
        self._is_error_raised = False
        self._finders = [self._thread(self._search) for _ in range(min(SEARCHES_AT_ONCE, len(self._to_find)))]
        wanted = len(self._to_find) + len(self._to_get)
        self._getters = [self._thread(self._fetch) for _ in range(min(DOWNLOADS_AT_ONCE, wanted))]

    def __enter__(self) -> Self:
        for thread in (*self._finders, *self._getters):
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.cancelled.set()
        deadline_s = time.monotonic() + SHUTDOWN_TIMEOUT_S
        for thread in (*self._finders, *self._getters):
            if thread.is_alive():
                thread.join(max(0.0, deadline_s - time.monotonic()))
        if error is None and not self._is_error_raised and self._error is not None:
            raise self._error  # it came after the last that was ready

    def ready(self) -> Iterator[Ready | None]:
        """Yield what is ready, as it comes; None where nothing is ready yet, after a moment's wait.

        Once ``cancelled`` is set, only what is ready already.

        Raises
        ------
        Whatever ``find`` or ``get`` raised.
        """
        while True:
            over = self.cancelled.is_set() or not any(thread.is_alive() for thread in self._getters)
            try:
                yield self._ready.get(timeout=0 if over else POLL_S)
            except queue.Empty:
                if self._error is not None:
                    self._is_error_raised = True
                    raise self._error from None
                if over:
                    return
                yield None

    def _thread(self, work: Callable[[], None]) -> threading.Thread:
        # Daemons: a download that hangs in the system must not keep an interrupted build from ending.
        return threading.Thread(target=self._guarded, args=(work,), daemon=True)

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Cancelled:
            self.cancelled.set()
        except BaseException as error:  # noqa: BLE001 - raised again in the main thread, see ``ready``
            self._error = self._error or error
            self.cancelled.set()

    def _search(self) -> None:
        while (wanted := _pop(self._to_find)) is not None and not self.cancelled.is_set():
            found = self._find(wanted)
            if found is not None:
                self._put(self._found, found)

    def _fetch(self) -> None:
        while not self.cancelled.is_set():
            wanted = _pop(self._to_get)
            if wanted is None:
                finding = any(thread.is_alive() for thread in self._finders)
                try:
                    wanted = self._found.get(timeout=POLL_S if finding else 0)
                except queue.Empty:
                    if not finding:
                        return
                    continue
            ready = self._get(wanted)
            if ready is not None:
                self._put(self._ready, ready)

    def _put(self, line: queue.Queue[Ready] | queue.Queue[Wanted], item: Ready | Wanted) -> None:
        while not self.cancelled.is_set():
            try:
                line.put(item, timeout=POLL_S)  # type: ignore[arg-type]  # the queue and the item go together
            except queue.Full:
                continue
            return


def _pop(items: deque[Wanted]) -> Wanted | None:
    try:
        return items.popleft()
    except IndexError:
        return None
