"""How long a build may listen: until its time is over, less what laying out and publishing will take."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """Until when there is time to listen.

    Attributes
    ----------
    ends_s : float
        On ``clock``; infinite where there is no limit.
    given : str
        The limit as the person gave it, for the ledger: ``2 h``.
    grace_s : float
        So long after ``ends_s`` what was begun may go on, and what has arrived is listened to.
    """

    ends_s: float = math.inf
    given: str = ""
    grace_s: float = 0.0
    clock: Callable[[], float] = time.monotonic

    @property
    def is_over(self) -> bool:
        """Whether nothing more may be begun."""
        return self.clock() >= self.ends_s

    @property
    def is_past_grace(self) -> bool:
        """Whether what was begun is to be left undone."""
        return self.clock() >= self.ends_s + self.grace_s

    @property
    def sentence(self) -> str:
        """Why a track waits."""
        return f"The time limit of {self.given} was over before its turn. The next build goes on here."


NO_LIMIT: Final = TimeLimit()
