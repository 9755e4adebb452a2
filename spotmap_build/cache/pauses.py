"""Pauses that services request (rate limits), remembered across builds."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from spotmap_build.cache.errors import CacheReadOnly
from spotmap_build.cache.freshness import Failure
from spotmap_build.core.retry_after import MAX_PAUSE_S, clamp_retry_at
from spotmap_build.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from spotmap_build.cache.keys import Key
    from spotmap_build.cache.store import Cache
    from spotmap_build.errors import ServiceRefused

PAUSE_S: Final = 3_600
"""Pause if the service names no end. YouTube's message says "up to an hour"."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Why a service gets no requests, and until when (seconds since 1970, UTC)."""

    reason: str
    retry_at_unix_s: int


class StoredPause:
    """The pause of one service, stored under ``key``. Requests during a pause would extend it.

    ``clock`` returns seconds since 1970, UTC. With a read-only cache, nothing is remembered.
    """

    def __init__(self, cache: Cache, key: Key, clock: Callable[[], float] = time.time) -> None:
        self._cache = cache
        self._key = key
        self._clock = clock

    def current(self) -> Pause | None:
        """Return the active pause; None if requests are allowed."""
        record = self._cache.lookup(self._key)
        failure = record.failure if record else None
        retry_at_unix_s = failure.retry_at_unix_s if failure else None
        # No service asks for a longer pause: this one was stored under a wrong clock, or by a version without a limit.
        if failure is None or retry_at_unix_s is None or retry_at_unix_s > self._clock() + MAX_PAUSE_S:
            return None
        return Pause(printable(failure.detail), retry_at_unix_s)

    def start(self, refusal: ServiceRefused) -> Pause:
        """Start a pause as long as the service asks for, at most a week."""
        pause_s = PAUSE_S if refusal.retry_after_s is None else refusal.retry_after_s
        now_unix_s = self._clock()
        pause = Pause(refusal.message, clamp_retry_at(now_unix_s + pause_s, now_unix_s))
        self._store(pause)
        return pause

    def clear(self) -> None:
        """End an active pause now, for this and later builds."""
        pause = self.current()
        if pause is not None:
            self._store(Pause(pause.reason, int(self._clock())))

    def _store(self, pause: Pause) -> None:
        with suppress(CacheReadOnly):
            self._cache.put_failure(self._key, Failure("refused", pause.reason, "retry_after", pause.retry_at_unix_s))
