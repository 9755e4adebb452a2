"""Measure the processor seconds of steps."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Costs:
    """Processor seconds of each step, summed over tracks, by the engine or recipe that runs it."""

    seconds: dict[str, dict[str, float]] = field(default_factory=dict)

    @contextmanager
    def of(self, who: str, step: str) -> Iterator[None]:
        """Add the processor seconds of the ``with`` body."""
        started = time.process_time()
        yield
        steps = self.seconds.setdefault(who, {})
        steps[step] = steps.get(step, 0.0) + time.process_time() - started

    def total(self, *steps: tuple[str, str]) -> float:
        """Sum the seconds of some steps, given as pairs (engine or recipe, step)."""
        return sum(self.seconds[who][step] for who, step in steps)
