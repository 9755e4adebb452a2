"""Time limit for the analysis: the build's time limit minus the time needed for layout and publishing."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from spotmap_build.core.translation import translatable

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(slots=True)
class TimeLimit:
    """The time limit for the analysis. The time reserved for the stages after it may change while it runs.

    Attributes
    ----------
    deadline_s : float
        When the whole build must be finished, on ``clock``; infinite without a limit.
    text : str
        The limit as shown in the ledger, such as ``2 h``.
    grace_s : float
        How long after the limit started jobs may continue and downloaded recordings are still analyzed.
    reserved_s : callable
        Returns the current estimate of the seconds needed for the stages after the analysis.
    """

    deadline_s: float = math.inf
    text: str = ""
    grace_s: float = 0.0
    reserved_s: Callable[[], float] = lambda: 0.0
    clock: Callable[[], float] = time.monotonic
    _reached_at_s: float = field(default=math.inf, init=False)

    @property
    def last_start_s(self) -> float:
        """Time after which no new work may start, by the current estimate."""
        return self.deadline_s - self.reserved_s() if math.isfinite(self.deadline_s) else math.inf

    @property
    def is_reached(self) -> bool:
        """Whether no new work may start; once true, it stays true."""
        if math.isinf(self._reached_at_s) and self.clock() >= (last_start_s := self.last_start_s):
            self._reached_at_s = last_start_s
        return math.isfinite(self._reached_at_s)

    @property
    def is_past_grace(self) -> bool:
        """Whether running jobs must be abandoned."""
        return self.is_reached and self.clock() >= self._reached_at_s + self.grace_s

    @property
    def reason(self) -> str:
        """The reason, for the ledger, why a track waits."""
        return translatable(
            f"The time limit of {self.text} was reached before its turn. The next build continues here."
        )


NO_LIMIT: Final = TimeLimit()
