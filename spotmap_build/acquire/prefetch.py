"""Prefetching of audio: searches and downloads run in threads ahead of the workers.

The queues between the stages are bounded: at most :data:`FILES_PER_WORKER` files per worker wait on disk, and at most
:data:`MAX_SEARCHED_AHEAD` search results wait for download.
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

CONCURRENT_SEARCHES: Final = 2
CONCURRENT_DOWNLOADS: Final = 2
"""Chosen out of politeness: a download takes a second or two, and analyzing it takes longer."""
FILES_PER_WORKER: Final = 2
MAX_SEARCHED_AHEAD: Final = 200
POLL_S: Final = 0.1
SHUTDOWN_TIMEOUT_S: Final = 2.0

Wanted = TypeVar("Wanted")
Ready = TypeVar("Ready")
Item = TypeVar("Item")


class Prefetcher(Generic[Wanted, Ready]):
    """A pipeline of two stages, search and download. A context manager; leaving it stops the threads.

    On exit, it raises a thread's error that was not raised yet, unless another exception is propagating.

    Parameters
    ----------
    to_find
        Items to search. ``find`` returns the item to download, or None if there is none.
    to_get
        Items that can be downloaded without a search.
    get
        Downloads an item and returns what is ready for a worker, or None. Both functions are called from several
        threads, and may raise ``Cancelled`` once ``cancelled`` is set.
    workers
        Number of workers that consume the results.
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
        self._found: queue.Queue[Wanted] = queue.Queue(MAX_SEARCHED_AHEAD)
        self._ready: queue.Queue[Ready] = queue.Queue(FILES_PER_WORKER * workers)
        self.cancelled = threading.Event()
        self._error: BaseException | None = None
        self._is_error_raised = False
        self._finders = [self._thread(self._search) for _ in range(min(CONCURRENT_SEARCHES, len(self._to_find)))]
        wanted = len(self._to_find) + len(self._to_get)
        self._getters = [self._thread(self._fetch) for _ in range(min(CONCURRENT_DOWNLOADS, wanted))]

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
            raise self._error  # raised after the last result was consumed

    def ready(self) -> Iterator[Ready | None]:
        """Yield results as they become ready, and None after :data:`POLL_S` without one.

        Once ``cancelled`` is set, yields only what is already in the queue.

        Raises
        ------
        Whatever ``find`` or ``get`` raised.
        """
        while True:
            is_finished = self.cancelled.is_set() or not any(thread.is_alive() for thread in self._getters)
            try:
                yield self._ready.get(timeout=0 if is_finished else POLL_S)
            except queue.Empty:
                if self._error is not None:
                    self._is_error_raised = True
                    raise self._error from None
                if is_finished:
                    return
                yield None

    def _thread(self, work: Callable[[], None]) -> threading.Thread:
        # Daemon threads: a download that hangs in a system call must not keep an interrupted build from exiting.
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
                is_searching = any(thread.is_alive() for thread in self._finders)
                try:
                    wanted = self._found.get(timeout=POLL_S if is_searching else 0)
                except queue.Empty:
                    if not is_searching:
                        return
                    continue
            ready = self._get(wanted)
            if ready is not None:
                self._put(self._ready, ready)

    def _put(self, target: queue.Queue[Item], item: Item) -> None:
        while not self.cancelled.is_set():
            try:
                target.put(item, timeout=POLL_S)
            except queue.Full:
                continue
            return


def _pop(items: deque[Wanted]) -> Wanted | None:
    try:
        return items.popleft()
    except IndexError:
        return None
