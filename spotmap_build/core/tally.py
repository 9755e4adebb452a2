"""Count from several threads at once."""

from __future__ import annotations

import threading
from collections import Counter


class Tally:
    """Counts by name. Any thread may add to them; none is lost.

    >>> tally = Tally()
    >>> tally.add("downloaded")
    >>> tally["downloaded"], tally["failed"]
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
