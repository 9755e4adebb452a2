"""How long a build may listen: until its time is over, less what laying out and publishing will take."""

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
    """Until when there is time to listen. What follows may turn out longer or shorter as this goes on.

    Attributes
    ----------
    deadline_s : float
        When all is to be done, on ``clock``; infinite where there is no limit.
    given : str
        The limit as the person gave it, for the ledger: ``2 h``.
    grace_s : float
        So long after the end what was begun may go on, and what has arrived is listened to.
    kept_s : callable
        How many of the seconds before the deadline are needed for what follows, as far as that is known now.
    """

    deadline_s: float = math.inf
    given: str = ""
    grace_s: float = 0.0
    kept_s: Callable[[], float] = lambda: 0.0
    clock: Callable[[], float] = time.monotonic
    _ended_s: float = field(default=math.inf, init=False)

    @property
    def ends_s(self) -> float:
        """When nothing more may be begun, as far as that is known now."""
        return self.deadline_s - self.kept_s() if math.isfinite(self.deadline_s) else math.inf

    @property
    def is_over(self) -> bool:
        """Whether nothing more may be begun; once that is so, it stays so."""
        if math.isinf(self._ended_s) and self.clock() >= (ends_s := self.ends_s):
            self._ended_s = ends_s
        return math.isfinite(self._ended_s)

    @property
    def is_past_grace(self) -> bool:
        """Whether what was begun is to be left undone."""
        return self.is_over and self.clock() >= self._ended_s + self.grace_s

    @property
    def sentence(self) -> str:
        """Why a track waits."""
        return sentence(f"The time limit of {self.given} was over before its turn. The next build goes on here.")


NO_LIMIT: Final = TimeLimit()
