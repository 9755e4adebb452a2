"""Cache hits and misses by stage."""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class StageCounters:
    """Counts of one stage since the cache was opened. Damaged entries count in both ``corrupt`` and ``misses``."""

    hits: int = 0
    misses: int = 0
    corrupt: int = 0


class Counters:
    """Thread-safe counts by stage."""

    def __init__(self) -> None:
        self._by_stage: dict[str, list[int]] = {}
        self._lock = threading.Lock()

    def add(self, stage: str, *, hits: int = 0, misses: int = 0, corrupt: int = 0) -> None:
        """Add to the counts of ``stage``. Pass ``hits=-1`` for a hit that turns out damaged; the count stops at 0."""
        with self._lock:
            counts = self._by_stage.setdefault(stage, [0, 0, 0])
            counts[:] = max(0, counts[0] + hits), counts[1] + misses, counts[2] + corrupt

    def as_dict(self) -> dict[str, dict[str, int]]:
        """Return the counts as plain data for the build report, with stages in alphabetical order."""
        return {stage: asdict(counts) for stage, counts in sorted(self.snapshot().items())}

    def snapshot(self) -> dict[str, StageCounters]:
        """Return a copy of the current counts."""
        with self._lock:
            return {stage: StageCounters(*counts) for stage, counts in self._by_stage.items()}
