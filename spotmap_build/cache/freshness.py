"""How long cached answers of services stay valid, and when to retry failures. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Final, Literal, Protocol

import msgspec

FailureKind = Literal["permanent", "retry_after", "needs_person"]

RETRY_DELAYS_S: Final = (3_600, 6 * 3_600, 86_400, 3 * 86_400, 7 * 86_400)
"""Waits before the 2nd, 3rd, … attempt: from an hour (a bad connection) to a week (a service outage)."""


_FOREVER: Final = 2**63
MAX_WAIT_S: Final = 30 * 86_400
"""Upper bound of all waits. A playlist that Spotify does not show waits this long, all other failures wait less."""
MAX_UNIX_S: Final = 253_402_300_799
"""The last second of the year 9999: a report cannot show later times."""


Moment = Annotated[int, msgspec.Meta(ge=0, le=MAX_UNIX_S)]
"""A time in seconds since 1970 that a report can show."""
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
"""A number that every JSON reader represents exactly."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """When a service gave this answer (seconds since 1970, UTC), and how long the answer may be used."""

    fetched_at_unix_s: Moment
    max_age_s: Count

    @property
    def expires_at_unix_s(self) -> int:
        """When the answer expires (seconds since 1970, UTC)."""
        return self.fetched_at_unix_s + self.max_age_s

    def is_fresh(self, now_unix_s: float) -> bool:
        """Return whether the answer may still be used.

        An answer dated in the future is as old as its distance from now, so that it expires even if it was written
        under a wrong clock.
        """
        return abs(now_unix_s - self.fetched_at_unix_s) <= self.max_age_s


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no result. Failures are cached like results, so that a build does not repeat them.

    ``kind``: ``permanent`` (these inputs can never work), ``retry_after`` (due again at ``retry_at_unix_s``, seconds
    since 1970, UTC) or ``needs_person`` (a person has to act, and that action changes the key). ``attempts`` counts the
    attempts so far. ``detail`` is stored and may be shared with the cache: it must not contain paths, hosts or secrets.

    Raises
    ------
    ValueError
        ``retry_at_unix_s`` is missing for ``retry_after`` or given for another ``kind``.
    """

    code: str
    detail: str
    kind: FailureKind
    retry_at_unix_s: Moment | None = None
    attempts: Count = 1

    def __post_init__(self) -> None:
        if (self.kind == "retry_after") != (self.retry_at_unix_s is not None):
            raise ValueError(f"Failure {self.code!r}: retry_at_unix_s is for kind 'retry_after', and required there")

    def is_due(self, now_unix_s: float) -> bool:
        """Return whether it is time to try again.

        A time more than ``MAX_WAIT_S`` ahead was computed under a wrong clock, so it counts as past.
        """
        if self.retry_at_unix_s is None:
            return False
        return not 0 < self.retry_at_unix_s - now_unix_s <= MAX_WAIT_S


def next_change_unix_s(known: CachedOutcome) -> float:
    """Return when an answer expires or a failure is due again (seconds since 1970, UTC); infinity for never."""
    due = math.inf if known.failure is None or known.failure.retry_at_unix_s is None else known.failure.retry_at_unix_s
    expiry = math.inf if known.freshness is None else known.freshness.expires_at_unix_s
    return min(due, expiry)


Rank = tuple[bool, bool, int]
"""Rank of a record among those of the same key: the one that compares greater is kept."""


class CachedOutcome(Protocol):
    """What the cache knows about a key: a result, or the reason why there is none."""

    @property
    def failure(self) -> Failure | None:
        """Why there is no result; None if there is one."""

    @property
    def freshness(self) -> Freshness | None:
        """How long an answer of a service is valid; None for results that never expire."""


def rank(known: CachedOutcome, now_unix_s: float) -> Rank:
    """Rank a record against others of the same key.

    A result ranks above a failure, a valid entry above an expired one, one that never expires above one that does, and
    a later answer above an earlier one. An answer dated in the future was written under a wrong clock and ranks last.
    """
    if known.failure is not None:
        return False, not known.failure.is_due(now_unix_s), known.failure.attempts
    if known.freshness is None:
        return True, True, _FOREVER
    answered_at = known.freshness.fetched_at_unix_s
    return True, known.freshness.is_fresh(now_unix_s), answered_at if answered_at <= now_unix_s else 0


def retry_later(code: str, detail: str, *, now_unix_s: float, previous: Failure | None) -> Failure:
    """Decide when to repeat a step that failed for a temporary reason, with a longer wait after each attempt.

    ``previous`` is the failure cached for this key, due or not (``lookup(key, allow_expired=True)``). After the last of
    :data:`RETRY_DELAYS_S` the failure becomes ``needs_person``.
    """
    attempts = previous.attempts + 1 if previous else 1
    if attempts > len(RETRY_DELAYS_S):
        return Failure(code, detail, "needs_person", attempts=attempts)
    return Failure(code, detail, "retry_after", int(now_unix_s) + RETRY_DELAYS_S[attempts - 1], attempts)
