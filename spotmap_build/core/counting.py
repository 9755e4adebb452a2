"""Counting from several threads."""

from __future__ import annotations

import threading
from collections import Counter


class ThreadSafeCounter:
    """Counts by name that any thread may increase.

    >>> counter = ThreadSafeCounter()
    >>> counter.add("downloaded")
    >>> counter["downloaded"], counter["failed"]
    (1, 0)
    """

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def add(self, name: str, count: int = 1) -> None:
        """Add to the count of ``name``."""
        with self._lock:
            self._counts[name] += count

    def __getitem__(self, name: str) -> int:
        with self._lock:
            return self._counts[name]
