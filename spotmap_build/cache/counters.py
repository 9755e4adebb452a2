"""How much the cache was worth to each stage."""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class StageCounters:
    """What one stage got from the cache since it was opened. ``corrupt`` ones are among the ``misses`` as well."""

    hits: int = 0
    misses: int = 0
    corrupt: int = 0


class Counters:
    """Counts by stage, from any thread."""

    def __init__(self) -> None:
        self._by_stage: dict[str, StageCounters] = {}
        self._lock = threading.Lock()

    def add(self, stage: str, *, hits: int = 0, misses: int = 0, corrupt: int = 0) -> None:
        """Add to the counts of ``stage``. ``hits`` is -1 where a hit turns out damaged; it does not go below none."""
        with self._lock:
            was = self._by_stage.get(stage, StageCounters())
            self._by_stage[stage] = StageCounters(max(0, was.hits + hits), was.misses + misses, was.corrupt + corrupt)

    def as_dict(self) -> dict[str, dict[str, int]]:
        """Return the counts as plain data for the build's report, stages in alphabetical order."""
        return {stage: asdict(counts) for stage, counts in sorted(self.snapshot().items())}

    def snapshot(self) -> dict[str, StageCounters]:
        """Return the counts as they are now."""
        with self._lock:
            return dict(self._by_stage)
