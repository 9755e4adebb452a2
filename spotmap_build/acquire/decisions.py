"""Cache of match decisions. Decisions of earlier matcher versions are reused if the current matcher agrees."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from spotmap_build.acquire.youtube.video_ids import is_video_id
from spotmap_build.cache.errors import CacheFull, CacheReadOnly, CorruptEntry
from spotmap_build.cache.keys import Key
from spotmap_build.core.documents import decode_json
from spotmap_build.model import Match

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spotmap_build.cache.freshness import Failure, Freshness
    from spotmap_build.cache.store import Cache
    from spotmap_build.model import Candidate, Track

MATCH_VERSION: Final = 7
"""Raise when the matcher's decisions change. Earlier decisions are then re-evaluated on the candidates stored with
them, and a track is searched again only if the new decision differs."""
MATCH: Final = "match.json"


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision for a track. ``failure``: why none could be made; ``match`` then names no recording."""

    match: Match
    failure: Failure | None = None
    freshness: Freshness | None = None

    @property
    def expires_at_unix_s(self) -> int | None:
        """When the decision expires, if it does."""
        return self.freshness.expires_at_unix_s if self.freshness else None


def match_metadata(track: Track) -> dict[str, object]:
    """Return the metadata that a decision depends on, independent of the track's place in the library."""
    return {
        "title": track.title,
        "artists": list(track.artists),
        "album": track.album,
        "duration_ms": track.duration_ms,
        "isrc": track.isrc,
        "explicit": track.explicit,
    }


def decision_key(track: Track, version: int = MATCH_VERSION) -> Key:
    """Return the cache key of the decision on a track's full recording."""
    return Key("match", version, {"track": match_metadata(track)})


def save_decision(cache: Cache, track: Track, match: Match, seconds: float, freshness: Freshness | None) -> None:
    """Store a decision in the cache.

    Raises
    ------
    CacheError
        It could not be written.
    """
    cache.put(decision_key(track), {MATCH: msgspec.json.encode(match)}, seconds, freshness=freshness)


def load_decision(cache: Cache, track: Track) -> Decision | None:
    """Return the stored decision on a track's recording; None if it has to be searched for."""
    return _read(cache, track, MATCH_VERSION) or _confirm_earlier(cache, track)


def check_ids(candidates: Iterable[Candidate]) -> None:
    """Check the ids of stored candidates, because an earlier version stored invalid ones.

    Raises
    ------
    ValueError
        A candidate's id is not the id of a recording.
    """
    for candidate in candidates:
        if not is_video_id(candidate.video_id):
            raise ValueError("not the id of a recording")


def _read(cache: Cache, track: Track, version: int) -> Decision | None:
    record = cache.lookup(decision_key(track, version), outputs=(MATCH,))
    if record is None:
        return None
    if record.failure is not None:
        return Decision(Match(None, 0.0, ()), record.failure)
    try:
        match = cache.decode(record, MATCH, _decode)
    except CorruptEntry:
        return None
    return Decision(match, None, record.freshness)


def _confirm_earlier(cache: Cache, track: Track) -> Decision | None:
    """Return an earlier matcher's decision if the current matcher makes the same one from the same candidates.

    It is then stored under the current version.
    """
    for version in range(MATCH_VERSION - 1, 0, -1):
        decision = _read(cache, track, version)
        if decision is None:
            continue
        if decision.failure is not None:
            return decision
        if not _is_confirmed(track, decision.match):
            return None
        with suppress(CacheReadOnly, CacheFull):  # if it cannot be stored, the next build confirms it again
            save_decision(cache, track, decision.match, 0.0, decision.freshness)
        return decision
    return None


def _is_confirmed(track: Track, match: Match) -> bool:
    from spotmap_build.acquire.matching import decide

    chosen = [match.candidate] if match.candidate else []
    return decide(track, [*chosen, *(each.candidate for each in match.considered)]).candidate == match.candidate


def _decode(data: bytes) -> Match:
    match = decode_json(data, Match)
    check_ids(each.candidate for each in match.considered)
    check_ids([match.candidate] if match.candidate else [])
    return match
