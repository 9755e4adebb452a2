"""Retries with exponential backoff."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Number of attempts, and pauses between them.

    Parameters
    ----------
    attempts : int
        Total number of attempts, at least 1.
    first_pause_s : float
        Pause between the first attempt and the second.
    factor : float
        Ratio of each pause to the previous pause.

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
        """Return the pause after ``failures`` consecutive failures (at least 1)."""
        return float(self.first_pause_s * self.factor ** (failures - 1))

    def call(
        self,
        attempt: Callable[[], Result],
        *,
        retry_on: type[Exception],
        sleep: Callable[[float], object] = time.sleep,
    ) -> Result:
        """Call ``attempt`` until it succeeds, raises anything but ``retry_on``, or has used all attempts.

        The exception of the last attempt is propagated, and so is any exception from ``sleep``, which can end the wait.
        """
        for failures in range(1, self.attempts):
            try:
                return attempt()
            except retry_on:
                pause_s = self.pause_s(failures)
            sleep(pause_s)
        return attempt()
