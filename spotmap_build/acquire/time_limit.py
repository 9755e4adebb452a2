"""Time limit for the analysis: the build's time limit minus the time needed for layout and publishing."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from spotmap_build.core.speech import sentence

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(slots=True)
class TimeLimit:
    """The time limit for the analysis. The time reserved for the stages after it may change while it runs.

    Attributes
    ----------
    deadline_s : float
        When the whole build must be finished, on ``clock``; infinite without a limit.
    given : str
        The limit as shown in the ledger, such as ``2 h``.
    grace_s : float
        How long after the limit started jobs may continue and downloaded recordings are still analyzed.
    kept_s : callable
        Returns the current estimate of the seconds needed for the stages after the analysis.
    """

    deadline_s: float = math.inf
    given: str = ""
    grace_s: float = 0.0
    kept_s: Callable[[], float] = lambda: 0.0
    clock: Callable[[], float] = time.monotonic
    _ended_s: float = field(default=math.inf, init=False)

    @property
    def ends_s(self) -> float:
        """Time after which no new work may start, by the current estimate."""
        return self.deadline_s - self.kept_s() if math.isfinite(self.deadline_s) else math.inf

    @property
    def is_over(self) -> bool:
        """Whether no new work may start; once true, it stays true."""
        if math.isinf(self._ended_s) and self.clock() >= (ends_s := self.ends_s):
            self._ended_s = ends_s
        return math.isfinite(self._ended_s)

    @property
    def is_past_grace(self) -> bool:
        """Whether running jobs must be abandoned."""
        return self.is_over and self.clock() >= self._ended_s + self.grace_s

    @property
    def sentence(self) -> str:
        """The reason, for the ledger, why a track waits."""
        return sentence(f"The time limit of {self.given} was reached before its turn. The next build continues here.")


NO_LIMIT: Final = TimeLimit()
