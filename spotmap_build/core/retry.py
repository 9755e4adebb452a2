"""Trying again: how often, and after which pauses."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often something is tried, and how long the pauses between are.

    Parameters
    ----------
    attempts : int
        Tries in all, at least 1.
    first_pause_s : float
        Between the first try and the second.
    factor : float
        Each further pause is so many times the one before.

    Examples
    --------
    >>> policy = RetryPolicy(attempts=4, first_pause_s=0.5)
    >>> [policy.pause_s(failures) for failures in (1, 2, 3)]
    [0.5, 1.0, 2.0]
    """

    attempts: int
    first_pause_s: float
    factor: float = 2.0

    def pause_s(self, failures: int) -> float:
        """Return the pause after so many failures in a row, at least one."""
        return float(self.first_pause_s * self.factor ** (failures - 1))

    def call(
        self,
        attempt: Callable[[], Result],
        *,
        retry_on: type[Exception],
        sleep: Callable[[float], object] = time.sleep,
    ) -> Result:
        """Call ``attempt`` until it succeeds, fails otherwise than by ``retry_on``, or has failed often enough.

        What the last try raises is raised, and what ``sleep`` raises: it may end the waiting.
        """
        for failures in range(1, self.attempts):
            try:
                return attempt()
            except retry_on:
                pause_s = self.pause_s(failures)
            sleep(pause_s)
        return attempt()
