"""How long an answer holds: the age of what the outside world said, and when a failure is worth another try. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal, Protocol

FailureKind = Literal["permanent", "retry_after", "needs_person"]

RETRY_DELAYS_S: Final = (3_600, 6 * 3_600, 86_400, 3 * 86_400, 7 * 86_400)
"""Waits before the 2nd, 3rd, … try: an hour (a bad connection), up to a week (a service in trouble)."""


_FOREVER: Final = 2**63
LONGEST_WAIT_S: Final = 30 * 86_400
"""No failure waits longer: a playlist that Spotify does not show waits as long as this, the others less."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """When the outside world gave this answer (seconds since 1970, UTC) and how long it may be used."""

    fetched_at_unix_s: int
    max_age_s: int

    def is_fresh(self, now_unix_s: float) -> bool:
        """Tell whether the answer may still be used.

        One from the future counts by its distance, so that a clock that was once wrong cannot keep it forever.
        """
        return abs(now_unix_s - self.fetched_at_unix_s) <= self.max_age_s


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no result. Cached like one, so that a build does not repeat what is known to fail.

    ``kind``: ``permanent`` (these inputs can never work), ``retry_after`` (due again at ``retry_at_unix_s``, seconds
    since 1970, UTC) or ``needs_person`` (only somebody's action helps; that action changes the key). ``attempts``
    counts the tries so far. ``detail`` is stored and may be shared with the cache: no paths, hosts or secrets in it.

    Raises
    ------
    ValueError
        ``retry_at_unix_s`` and ``kind`` do not go together.
    """

    code: str
    detail: str
    kind: FailureKind
    retry_at_unix_s: int | None = None
    attempts: int = 1

    def __post_init__(self) -> None:
        if (self.kind == "retry_after") != (self.retry_at_unix_s is not None):
            raise ValueError(f"Failure {self.code!r}: retry_at_unix_s is for kind 'retry_after', and required there")

    def is_due(self, now_unix_s: float) -> bool:
        """Tell whether it is time to try again.

        A time that is further away than any is chosen was chosen by a clock that was wrong, so it counts as
        past.
        """
        if self.retry_at_unix_s is None:
            return False
        return not 0 < self.retry_at_unix_s - now_unix_s <= LONGEST_WAIT_S


def changes_at(known: Known) -> float:
    """Return when this will be something else to a build (seconds since 1970, UTC): expired, or due again."""
    due = math.inf if known.failure is None or known.failure.retry_at_unix_s is None else known.failure.retry_at_unix_s
    old = math.inf if known.freshness is None else known.freshness.fetched_at_unix_s + known.freshness.max_age_s
    return min(due, old)


Worth = tuple[bool, bool, int]
"""Of two things known of one key, the one that compares greater is kept."""


class Known(Protocol):
    """What is known of a key: a result, or why there is none."""

    @property
    def failure(self) -> Failure | None:
        """Why there is no result; None where there is one."""

    @property
    def freshness(self) -> Freshness | None:
        """Until when an answer of the outside world holds; None for what holds forever."""


def worth(known: Known, now_unix_s: float) -> Worth:
    """Return how much it is worth to know this of a key, beside something else that is known of it.

    A result is worth more than a failure, then what still holds more than what does not, then what holds forever more
    than an answer that expires, and a later one more than an earlier one. An answer from the future was written under a
    clock that is wrong; it wins against nothing.
    """
    if known.failure is not None:
        return False, not known.failure.is_due(now_unix_s), known.failure.attempts
    if known.freshness is None:
        return True, True, _FOREVER
    answered_at = known.freshness.fetched_at_unix_s
    return True, known.freshness.is_fresh(now_unix_s), answered_at if answered_at <= now_unix_s else 0


def retry_later(code: str, detail: str, *, now_unix_s: float, previous: Failure | None = None) -> Failure:
    """Decide when to repeat a step that failed for a passing reason: later each time, and not forever.

    ``previous`` is the failure that the cache held for this key, due or not (``lookup(key, allow_expired=True)``).
    After the last of :data:`RETRY_DELAYS_S` it takes a person to look at it.
    """
    attempts = previous.attempts + 1 if previous else 1
    if attempts > len(RETRY_DELAYS_S):
        return Failure(code, detail, "needs_person", attempts=attempts)
    return Failure(code, detail, "retry_after", int(now_unix_s) + RETRY_DELAYS_S[attempts - 1], attempts)
