"""The content-addressed cache, which keeps each result so that later builds do not compute it again.

A build uses :class:`Cache` with a :class:`Key` for each step, mostly through ``memo``. ``arrays`` converts arrays to
bytes; ``maintenance``, ``prune`` and ``merge`` manage the folder; ``layout`` defines its file names and ``records`` the
format of its records.
"""

from __future__ import annotations

from spotmap_build.cache.counters import StageCounters
from spotmap_build.cache.errors import CacheBusy, CacheFull, CacheReadOnly, CorruptEntry
from spotmap_build.cache.freshness import Failure, Freshness, retry_later
from spotmap_build.cache.keys import Key, canonical_json, digest_bytes
from spotmap_build.cache.records import Output, Record
from spotmap_build.cache.store import Cache

__all__ = [
    "Cache",
    "CacheBusy",
    "CacheFull",
    "CacheReadOnly",
    "CorruptEntry",
    "Failure",
    "Freshness",
    "Key",
    "Output",
    "Record",
    "StageCounters",
    "canonical_json",
    "digest_bytes",
    "retry_later",
]
