"""Previews of 30 seconds from Deezer, looked up by ISRC if there is one, otherwise by searching.

They allow a first map within the hour. The analysis of a preview is replaced once the whole recording is analyzed.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import threading
import time
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from spotmap_build.acquire.decisions import match_metadata
from spotmap_build.acquire.search import NONE_MAX_AGE_S, Found, Recordings, failure_row, stored_failure
from spotmap_build.acquire.services import Service, UnansweredRequests
from spotmap_build.acquire.youtube.download import Cancelled
from spotmap_build.cache.errors import CorruptEntry
from spotmap_build.cache.freshness import Freshness
from spotmap_build.cache.keys import Key, digest_bytes
from spotmap_build.core.documents import decode_json
from spotmap_build.core.identifiers import plain_isrc
from spotmap_build.core.rate_limiting import RateLimiter
from spotmap_build.errors import OutputError, ServiceError, TrackError
from spotmap_build.model import Candidate, Failed, Match, Recording

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from spotmap_build.acquire.deezer import Deezer, DeezerTrack
    from spotmap_build.model import Track
    from spotmap_build.run import Run

PREVIEW_VERSION: Final = 2
"""Raise when the choice of previews changes."""
DOWNLOAD_VERSION: Final = 1
CHOSEN: Final = "preview.json"
FRESH_S: Final = 120.0
"""A URL younger than this is used without requesting a new one. URLs are valid for some minutes."""
_QUOTE: Final = re.compile(r'"')


class Chosen(msgspec.Struct, frozen=True):
    """A stored decision: the recording's id on Deezer (None: no preview), and the evidence in words.

    ``cover``: URL of its album cover; empty if there is none.
    """

    deezer_id: int | None
    confidence: float
    evidence: tuple[str, ...]
    cover: str = ""


class Previews:
    """Finds and downloads previews for ``tracks``. Thread-safe.

    It has the roles of :class:`~spotmap_build.acquire.search.Finder` and
    :class:`~spotmap_build.acquire.youtube.downloader.Downloader` for whole recordings.
    """

    def __init__(self, run: Run, tracks: Iterable[Track], *, disabled_reason: str) -> None:
        self.service = Service(run, "Deezer", disabled_reason=disabled_reason)
        self._run = run
        self._tracks = tuple(tracks)
        self._lock = threading.Lock()
        self._addresses: dict[int, tuple[str, float]] = {}
        self._unanswered = UnansweredRequests(run, self.service)
        self._limiter = RateLimiter(run.config.previews_per_s)

    @cached_property
    def _deezer(self) -> Deezer:
        """The client, created on first use because its import is slow."""
        from spotmap_build.acquire.deezer import Deezer

        return Deezer(self._run.config.deezer_url, limiter=self._limiter, breaker=self.service.breaker)

    # Finding recordings, as ``Finder`` does for whole ones.

    def load_known(self) -> Recordings:
        """Return what is known without a request."""
        return Recordings.of(self._tracks, self._load_known)

    def find(self, track: Track) -> Found:
        """Find the preview of a track, and store the decision."""
        if not self.service.is_open:
            return Found(track, failure=self.service.waiting_row(track.id, "match"))
        started = time.monotonic()
        try:
            chosen = self._choose(track)
        except ServiceError as error:
            return Found(track, failure=self._unanswered.add(track.id, _choice_key(track), error))
        now_unix_s = int(time.time())
        freshness = None if chosen.deezer_id else Freshness(now_unix_s, NONE_MAX_AGE_S)
        outputs = {CHOSEN: msgspec.json.encode(chosen)}
        self._run.cache.put(_choice_key(track), outputs, time.monotonic() - started, freshness=freshness)
        return _found(track, chosen, now_unix_s + NONE_MAX_AGE_S)

    def close(self) -> None:
        """Store failed requests, so that they are retried later instead of in every build."""
        self._unanswered.save()

    # Downloading audio, as ``Downloader`` does for whole recordings.

    def stored_failure(self, track: Track) -> Failed | None:
        """Return a stored failure that forbids to try this preview now."""
        return stored_failure(self._run, _download_key(_deezer_id(track)), track.id)

    def stored_audio(self, _track: Track, /) -> Path | None:
        """Return None: previews are never kept."""
        return None

    def fetch(self, track: Track, scratch: Path, cancelled: threading.Event) -> Path | Failed:
        """Download the preview of a track to a file in its own subfolder of ``scratch``.

        Raises
        ------
        OutputError
            The file cannot be written; the build cannot continue.
        Cancelled
            ``cancelled`` was set.
        """
        if not self.service.is_open:
            return self.service.waiting_row(track.id, "download")
        try:
            folder = Path(tempfile.mkdtemp(dir=scratch))
        except OSError as error:
            raise OutputError(
                f"A preview cannot be stored: {error.strerror or error}.", hint="Free some disk space."
            ) from error
        path = folder / f"preview-{_deezer_id(track)}.mp3"
        try:
            if cancelled.is_set():
                raise Cancelled
            self._fetch(track, path)
        except TrackError as error:
            shutil.rmtree(folder, ignore_errors=True)
            return self._store_failure(track, error)
        except ServiceError as error:
            shutil.rmtree(folder, ignore_errors=True)
            return self.service.failed_row(track.id, "download", error)
        return path

    def release(self, _track: Track, path: Path, /) -> None:
        """Delete the preview after its analysis."""
        shutil.rmtree(path.parent, ignore_errors=True)

    def _fetch(self, track: Track, path: Path) -> None:
        from spotmap_build.acquire.deezer import PreviewExpired

        deezer_id = _deezer_id(track)
        with self._lock:
            address, at_s = self._addresses.pop(deezer_id, ("", -FRESH_S))
        if address and time.monotonic() - at_s < FRESH_S:
            try:
                self._deezer.fetch_preview(address, path)
            except PreviewExpired:
                pass  # expired early: request a new URL below
            else:
                return
        found = self._deezer.track(deezer_id)
        if found is None or not found.preview:
            raise TrackError("no-preview", "Deezer offers no preview of it here.", retryable=True)
        self._deezer.fetch_preview(found.preview, path)

    def _store_failure(self, track: Track, error: TrackError) -> Failed:
        key = _download_key(_deezer_id(track))
        failure = self._run.cache.put_transient_failure(key, error.track_code, error.message)
        return failure_row(track.id, "download", failure)

    def _load_known(self, track: Track) -> Found | None:
        record = self._run.cache.lookup(_choice_key(track), outputs=(CHOSEN,))
        if record is None:
            return None
        if record.failure is not None:
            row = failure_row(track.id, "match", record.failure)
            return None if self._run.config.retry else Found(track, failure=row)
        try:
            chosen = self._run.cache.decode(record, CHOSEN, _decode)
        except CorruptEntry:
            return None
        if chosen.deezer_id is None and self._run.config.retry:
            return None
        return _found(track, chosen, record.freshness.expires_at_unix_s if record.freshness else None)

    def _choose(self, track: Track) -> Chosen:
        """Match Deezer's results to the track, with the same matcher as for YouTube Music."""
        from spotmap_build.acquire.matching import decide

        offers: dict[int, DeezerTrack] = {}
        candidates: dict[int, Candidate] = {}
        match = Match(None, 0.0, ("Deezer has nothing by its names",))
        for batch, is_isrc in self._offers(track):
            for offer in batch:
                offers.setdefault(offer.id, offer)
                candidates.setdefault(offer.id, _candidate(offer, from_isrc=is_isrc or _has_isrc(offer, track)))
            if candidates:
                match = decide(track, tuple(candidates.values()))
            if match.candidate is not None:
                break
        if match.candidate is None:
            return Chosen(None, match.confidence, match.evidence)
        offer = offers[int(match.candidate.video_id)]
        if not offer.preview:
            return Chosen(None, match.confidence, ("Deezer has the recording, and no preview of it here",))
        with self._lock:
            self._addresses[offer.id] = (offer.preview, time.monotonic())
        return Chosen(offer.id, match.confidence, match.evidence, offer.cover)

    def _offers(self, track: Track) -> Iterator[tuple[tuple[DeezerTrack, ...], bool]]:
        """Yield Deezer's results, the most reliable first, and whether they come from the ISRC.

        Requests are sent lazily, as results are consumed.
        """
        isrc = plain_isrc(track.isrc)
        if isrc:
            offer = self._deezer.track_by_isrc(isrc)
            # Ignore a result that has a different ISRC.
            if offer is not None and (not offer.isrc or plain_isrc(offer.isrc) == isrc):
                yield (offer,), True
        for text in _queries(track):
            yield self._deezer.search(text), False


def _queries(track: Track) -> tuple[str, ...]:
    """Return the searches for a track: by Deezer's fields, then by plain words; either may find more."""
    from spotmap_build.acquire.queries import queries

    words = [query.text for query in queries(track) if not query.is_isrc and query.kind == "songs"]
    if not words:
        return ()
    title, artist = (_QUOTE.sub(" ", text).strip() for text in (track.title, track.artists[0] if track.artists else ""))
    by_field = f'artist:"{artist}" track:"{title}"' if artist else f'track:"{title}"'
    return tuple(dict.fromkeys((by_field[:300], words[0])))


def _candidate(offer: DeezerTrack, *, from_isrc: bool) -> Candidate:
    from spotmap_build.acquire.matching.case import ALBUM_AUDIO

    return Candidate(
        video_id=str(offer.id),
        title=offer.title,
        artists=offer.artists,
        album=offer.album,
        duration_s=offer.duration_s,
        video_type=ALBUM_AUDIO,  # labels deliver its recordings, like album tracks on YouTube Music
        is_explicit=offer.explicit,
        from_isrc=from_isrc,
    )


def _has_isrc(offer: DeezerTrack, track: Track) -> bool:
    isrc = plain_isrc(offer.isrc)
    return bool(isrc) and isrc == plain_isrc(track.isrc)


def _decode(data: bytes) -> Chosen:
    chosen = decode_json(data, Chosen)
    if chosen.deezer_id is not None and chosen.deezer_id < 1:
        raise ValueError("not the id of a recording")
    return chosen


def _found(track: Track, chosen: Chosen, retry_at_unix_s: int | None) -> Found:
    if chosen.deezer_id is None:
        detail = "; ".join(chosen.evidence) or "No recording on Deezer is this track."
        row = Failed(track.id, "match", "no-preview", detail, retryable=True, retry_at_unix_s=retry_at_unix_s)
        return Found(track, failure=row)
    recording = Recording(digest_bytes(f"deezer:{chosen.deezer_id}".encode()), preview_id=chosen.deezer_id)
    return Found(replace(track, recording=recording, art_url=track.art_url or chosen.cover))


def _deezer_id(track: Track) -> int:
    preview_id = track.known_recording.preview_id
    assert preview_id is not None
    return preview_id


def _choice_key(track: Track) -> Key:
    """Return the cache key of a choice, which depends on the same metadata as for a whole recording."""
    return Key("preview", PREVIEW_VERSION, {"track": match_metadata(track)})


def _download_key(deezer_id: int) -> Key:
    return Key("download", DOWNLOAD_VERSION, {"preview_id": deezer_id})
