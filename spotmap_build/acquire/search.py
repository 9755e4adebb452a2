"""Find the recording of each track: the user's choice, else a stored decision, else by searching YouTube Music."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import msgspec

from spotmap_build.acquire.decisions import check_ids, decision_key, load_decision, save_decision
from spotmap_build.acquire.overrides import Override, Overrides, read_overrides
from spotmap_build.acquire.services import Service, UnansweredRequests
from spotmap_build.cache.errors import CorruptEntry
from spotmap_build.cache.freshness import Failure, Freshness
from spotmap_build.cache.keys import Key, digest_bytes
from spotmap_build.core.dates import DAY_S
from spotmap_build.core.documents import decode_json
from spotmap_build.core.files import check_regular
from spotmap_build.errors import ServiceError
from spotmap_build.model import Candidate, Failed, Match, Recording, Track

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from spotmap_build.acquire.queries import Query
    from spotmap_build.acquire.youtube.youtube_music import YouTubeMusic
    from spotmap_build.cache.records import Record
    from spotmap_build.fetch.identify import FileFacts
    from spotmap_build.fetch.source import Fetched
    from spotmap_build.run import Run

SEARCH_VERSION: Final = 1
NONE_MAX_AGE_S: Final = 30 * DAY_S
"""A decision for "none" expires, because a missing recording may be added later."""
SUFFICIENT_CONFIDENCE: Final = 0.9
"""Confidence (0..1) from which no further search is made. An album's audio that agrees in everything is above it; an
official video, which may have a different beginning, is below."""
CANDIDATES: Final = "candidates.json"


@dataclass(frozen=True, slots=True)
class Found:
    """A track with its recording, or with the failure to find one. ``match``: the decision, if there was one."""

    track: Track
    match: Match | None = None
    failure: Failed | None = None


@dataclass(slots=True)
class Recordings:
    """Results known so far, by track id, and tracks that still need a search."""

    found: dict[str, Found] = field(default_factory=dict)
    pending: list[Track] = field(default_factory=list)

    @classmethod
    def of(cls, tracks: Iterable[Track], load: Callable[[Track], Found | None]) -> Recordings:
        """Look up each track with ``load``; a track for which it returns None is pending."""
        recordings = cls()
        for track in tracks:
            found = load(track)
            if found is None:
                recordings.pending.append(track)
            else:
                recordings.found[track.id] = found
        return recordings


class Finder:
    """Finds the recordings of tracks. Thread-safe."""

    def __init__(self, run: Run, fetched: Fetched) -> None:
        self.service = Service(run, "YouTube Music", disabled_reason=youtube_disabled_reason(run))
        self._run = run
        self._fetched = fetched
        self._overrides: Overrides = read_overrides(run.config.overrides)
        self._started_unix_s = int(time.time())
        self._lock = threading.Lock()
        self._client: YouTubeMusic | None = None
        self._search_locks: dict[str, threading.Lock] = {}
        self._unanswered = UnansweredRequests(run, self.service)

    def load_known(self) -> Recordings:
        """Return what is known without a request."""
        return Recordings.of(self._fetched.usable_tracks, self._load_known)

    def find(self, track: Track) -> Found:
        """Search for the recording of a track, and store the decision."""
        if not self.service.is_open:
            return Found(track, failure=self.service.waiting_row(track.id, "match"))
        started = time.monotonic()
        try:
            match = self._search(track)
        except ServiceError as error:
            return Found(track, failure=self._unanswered.add(track.id, decision_key(track), error))
        freshness = None if match.candidate else Freshness(int(time.time()), NONE_MAX_AGE_S)
        save_decision(self._run.cache, track, match, time.monotonic() - started, freshness)
        return _found(track, match, int(time.time()) + NONE_MAX_AGE_S)

    def close(self) -> None:
        """Store failed requests, so that they are retried later instead of in every build."""
        self._unanswered.save()

    def _load_known(self, track: Track) -> Found | None:
        override = self._overrides.get(track.id)
        if override is not None:
            return self._overridden(track, override)
        if track.recording is not None:
            return Found(track)
        if not self._fetched.loaded.is_streamed:
            detail = "It has no audio file, no position and no vector."
            return Found(track, failure=Failed(track.id, "fetch", "no-recording", detail))
        return self._load_decision(track)

    def _load_decision(self, track: Track) -> Found | None:
        decision = load_decision(self._run.cache, track)
        if decision is None or (self._run.config.retry and decision.match.candidate is None):
            return None
        if decision.failure is not None:
            return Found(track, failure=failure_row(track.id, "match", decision.failure))
        return _found(track, decision.match, decision.expires_at_unix_s)

    def _overridden(self, track: Track, override: Override) -> Found:
        if override.exclude:
            detail = f"Excluded in {self._run.config.overrides.name}."
            return Found(track, failure=Failed(track.id, "match", "excluded", detail))
        by_hand = f"chosen by you in {self._run.config.overrides.name}"
        if override.file is not None:
            return self._local(track, override.file)
        candidate = Candidate(override.video_id, track.title, track.artists, track.album)
        return _found(track, Match(candidate, 1.0, (by_hand,)), None)

    def _local(self, track: Track, file: Path) -> Found:
        from spotmap_build.fetch.identify import Unusable, identify_files

        facts: FileFacts | Unusable
        try:
            check_regular(file)
            (facts,) = identify_files([file], self._fetched.context)
        except OSError as error:
            facts = Unusable("unreadable", f"The file cannot be read: {error.strerror or error}.")
        if isinstance(facts, Unusable):
            detail = f"{file.name}, given in {self._run.config.overrides.name}: {facts.detail}"
            return Found(track, failure=Failed(track.id, "match", facts.code, detail, needs_person=True))
        recording = Recording(facts.audio_digest, path=str(file.absolute()))
        art_digest = track.art_digest or facts.art_digest
        return Found(replace(track, recording=recording, art_digest=art_digest))

    def _search(self, track: Track) -> Match:
        from spotmap_build.acquire.matching import decide
        from spotmap_build.acquire.queries import queries

        candidates: dict[str, Candidate] = {}
        match = Match(None, 0.0, ("nothing was found",))
        for query in queries(track):
            for candidate in self._search_query(query):
                known = candidates.get(candidate.video_id)
                from_isrc = query.is_isrc or (known is not None and known.from_isrc)
                candidates[candidate.video_id] = replace(known or candidate, from_isrc=from_isrc)
            match = decide(track, tuple(candidates.values()))
            if match.candidate is not None and match.confidence >= SUFFICIENT_CONFIDENCE:
                break
        return match

    def _search_query(self, query: Query) -> tuple[Candidate, ...]:
        """Return the results of a search; concurrent identical searches are made only once."""
        key = Key("search", SEARCH_VERSION, {"text": query.text, "kind": query.kind})
        with self._lock:
            asking = self._search_locks.setdefault(key.digest, threading.Lock())
        with asking:
            record = self._run.cache.lookup(key, outputs=(CANDIDATES,), may_fail=False)
            if record is not None and not self._must_refresh(record):
                with suppress(CorruptEntry):
                    return self._run.cache.decode(record, CANDIDATES, _decode_candidates)
            started = time.monotonic()
            found = self._youtube_music().search(query.text, query.kind)
            outputs = {CANDIDATES: msgspec.json.encode(found)}
            freshness = Freshness(int(time.time()), NONE_MAX_AGE_S)
            self._run.cache.put(key, outputs, time.monotonic() - started, freshness=freshness)
            return found

    def _must_refresh(self, record: Record) -> bool:
        """Return whether ``--retry`` invalidates a result from before this build."""
        fetched_at = record.freshness.fetched_at_unix_s if record.freshness else 0
        return self._run.config.retry and fetched_at < self._started_unix_s

    def _youtube_music(self) -> YouTubeMusic:
        with self._lock:
            if self._client is None:
                from spotmap_build.acquire.youtube.youtube_music import YouTubeMusic
                from spotmap_build.core.rate_limiting import RateLimiter

                limiter = RateLimiter(self._run.config.searches_per_s)
                self._client = YouTubeMusic(self._run.config.ytmusic_url, limiter=limiter, breaker=self.service.breaker)
            return self._client


def disabled_reason(run: Run) -> str:
    """Return why this build must not contact services for recordings; empty if it may."""
    if run.config.offline:
        return "No request was sent: the build is offline."
    if not run.config.listen:
        return "New tracks are not analyzed in this build (--no-listen)."
    return ""


def youtube_disabled_reason(run: Run) -> str:
    """Return why this build must not contact YouTube; empty if it may."""
    if run.config.audio == "previews":
        return "Whole recordings are not analyzed in this build (--audio previews)."
    return disabled_reason(run)


def stored_failure(run: Run, key: Key, track_id: str) -> Failed | None:
    """Return the ledger row of a failed download that must not be repeated in this build; None if there is none."""
    record = run.cache.lookup(key)
    if record is None or record.failure is None or run.config.retry:
        return None
    return failure_row(track_id, "download", record.failure)


def failure_row(track_id: str, stage: str, failure: Failure) -> Failed:
    """Return the ledger row of a failure stored in the cache."""
    return Failed(
        track_id,
        stage,
        failure.code,
        failure.detail,
        retryable=failure.kind == "retry_after",
        retry_at_unix_s=failure.retry_at_unix_s,
        needs_person=failure.kind == "needs_person",
    )


def _decode_candidates(data: bytes) -> tuple[Candidate, ...]:
    candidates = decode_json(data, tuple[Candidate, ...])
    check_ids(candidates)
    return candidates


def _found(track: Track, match: Match, retry_at_unix_s: int | None) -> Found:
    if match.candidate is None:
        detail = "; ".join(match.evidence) or "No recording on YouTube Music is this track."
        row = Failed(track.id, "match", "no-match", detail, retryable=True, retry_at_unix_s=retry_at_unix_s)
        return Found(track, match, row)
    video_id = match.candidate.video_id
    recording = Recording(digest_bytes(f"youtube:{video_id}".encode()), video_id=video_id)
    art_url = track.art_url or match.candidate.thumbnail
    return Found(replace(track, recording=recording, art_url=art_url), match)
