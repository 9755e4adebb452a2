"""State of finding and embedding recordings: what is already done, and what remains to do."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

from spotmap_build.acquire.cached_embeddings import PARTS, CachedEmbeddings
from spotmap_build.acquire.head_files import HeadFiles
from spotmap_build.acquire.overrides import read_overrides
from spotmap_build.acquire.previews import Previews
from spotmap_build.acquire.search import Finder, disabled_reason, failure_row
from spotmap_build.acquire.sharding import is_in_shard, not_in_shard
from spotmap_build.acquire.youtube.downloader import Downloader
from spotmap_build.cache.decoding import is_worth_another_try
from spotmap_build.cache.errors import CorruptEntry
from spotmap_build.cache.keys import Key
from spotmap_build.cache.memo import json_codec
from spotmap_build.core.documents import decode_json
from spotmap_build.embed import engines
from spotmap_build.model import Failed
from spotmap_build.registry import embedders

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from spotmap_build.acquire.search import Found, Recordings
    from spotmap_build.acquire.services import Service
    from spotmap_build.cache.records import Record
    from spotmap_build.fetch.source import Fetched, Loaded
    from spotmap_build.model import Match, Track
    from spotmap_build.registry.embedders import EmbedderSpec
    from spotmap_build.run import Run

TIME_LIMIT: Final = "time-limit"
"""Ledger code of a track that was not analyzed within the time limit."""
PENDING_CODES: Final = frozenset({TIME_LIMIT, "waiting"})
"""Codes of tracks that a later build analyzes without any action by the user."""
TAG_NAMES_VERSION: Final = 1
TAG_NAMES: Final = "names.json"


class RecordingFinder(Protocol):
    """Finds the recordings of tracks: whole ones on YouTube Music, or previews. Thread-safe."""

    service: Service

    def load_known(self) -> Recordings:
        """Return what is known without a request."""

    def find(self, track: Track) -> Found:
        """Find the recording of one track, and store the decision."""

    def close(self) -> None:
        """Store failed requests."""


class AudioSource(Protocol):
    """Provides the audio of recordings as files. Thread-safe."""

    service: Service

    def stored_failure(self, track: Track) -> Failed | None:
        """Return a stored failure that forbids to try this recording now."""

    def stored_audio(self, track: Track, /) -> Path | None:
        """Return the audio that an earlier build kept, if any."""

    def fetch(self, track: Track, scratch: Path, cancelled: threading.Event) -> Path | Failed:
        """Download the audio to its own subfolder of ``scratch``."""

    def release(self, track: Track, path: Path, /) -> None:
        """Delete or keep the audio after its analysis."""


class Acquisition:
    """One pass over the tracks: which are found and embedded already, and which remain to do. Thread-safe.

    ``engine`` is in no cache key: results of either engine serve both (docs/decisions/0011). ``heads``: run on newly
    analyzed recordings; in no cache key either, because results without them stay valid. ``rows``: reads analyses from
    the cache. ``pending``: tracks that need a search. ``missing``: tracks whose recording is known but not analyzed.
    ``analyzed_count``: number of analyzed recordings, including earlier builds. ``new_pictures``: cover URLs of
    recordings analyzed in this build.
    """

    def __init__(
        self,
        run: Run,
        loaded: Loaded,
        spec: EmbedderSpec,
        tracks: Sequence[Track],
        *,
        finder: RecordingFinder,
        downloader: AudioSource,
        heads: HeadFiles | None = None,
    ) -> None:
        self.run, self.loaded, self.spec = run, loaded, spec
        self.engine = engines.choose(run.config.engine)
        self.heads = heads or HeadFiles(run, spec, self.engine)
        self.finder, self.downloader = finder, downloader
        self.tracks = tuple(tracks)
        self.rows = CachedEmbeddings(run.cache, spec)
        self._ids = frozenset(track.id for track in self.tracks)
        self._claimed: set[str] = set()
        self._embedded: dict[str, Record] = {}
        self._refused: dict[str, Failed] = {}
        self.stopped = ""
        self._has_begun = False
        self._lock = threading.Lock()
        recordings = finder.load_known()
        self._found = recordings.found
        self._shard = run.config.shard
        self.pending = tuple(track for track in recordings.pending if is_in_shard(track, self._shard))
        known = [found.track for found in recordings.found.values() if found.failure is None]
        self.missing = tuple(track for track in known if self._claim(track))
        self.analyzed_count = len(self._embedded)
        self.new_pictures: set[str] = set()

    def has(self, track: Track) -> bool:
        """Return whether the track is part of this pass."""
        return track.id in self._ids

    @property
    def searches(self) -> tuple[Track, ...]:
        """The tracks to search now; none while the service must not be contacted."""
        return self.pending if self.pending and self.finder.service.is_open else ()

    @property
    def is_complete(self) -> bool:
        """Whether there is nothing to do, or nothing that is allowed (``--offline``)."""
        return not self.missing and not self.searches

    @property
    def matches(self) -> dict[str, Match]:
        """The match of each track, by track id."""
        with self._lock:
            return {track_id: found.match for track_id, found in self._found.items() if found.match is not None}

    def key_of(self, track: Track) -> Key:
        """Return the cache key of a recording's embedding: its audio digest, and everything the analysis depends on."""
        environment = embedders.environment(self.spec)
        return Key("embed", self.spec.code_version, {"recording": track.known_recording.digest, **environment})

    def with_recording(self, track_id: str) -> Track:
        """Return a track with the recording found for it."""
        with self._lock:
            return self._found[track_id].track

    def record_found(self, track: Track, found: Found) -> Track | None:
        """Record the result of a search; return the track if its recording has to be analyzed now."""
        with self._lock:
            self._found[track.id] = found
        return found.track if found.failure is None and self._claim(found.track) else None

    def record_unavailable(self, track: Track, why: Failed) -> None:
        """Record why a recording has no audio."""
        with self._lock:
            self._refused[track.known_recording.digest] = why

    def begin(self) -> None:
        """Mark the start of the work: from here on, a missing embedding has a recorded reason."""
        self._has_begun = True

    def record_analyzed(self, track: Track) -> None:
        """Record that a recording was just analyzed."""
        self.analyzed_count += 1
        if track.art_url and not track.art_digest:
            self.new_pictures.add(track.art_url)

    def stop(self, reason: str) -> None:
        """Record that the remaining recordings wait for the next build, and why."""
        self.stopped = reason

    def was_embedded(self, track: Track) -> bool:
        """Return whether the track was embedded before this build; cheaper than :meth:`embedding_of`."""
        with self._lock:
            found = self._found.get(track.id)
        return found is not None and found.failure is None and found.track.known_recording.digest in self._embedded

    def prefetch(self, stop_requested: Callable[[], bool]) -> None:
        """Prefetch the results of earlier builds into ``rows``, until a stop is requested."""
        with self._lock:
            records = tuple(self._embedded.values())
        self.rows.prefetch(records, stop_requested)

    def embedding_of(self, track: Track) -> tuple[Track, Record] | None:
        """Return a track with its recording and the cache record of its embedding, or None."""
        with self._lock:
            found = self._found.get(track.id)
        if found is None or found.failure is not None:
            return None
        record = self._embedded.get(found.track.known_recording.digest)
        record = record or self.run.cache.lookup(self.key_of(found.track), allow_expired=True, outputs=PARTS)
        return (found.track, record) if record is not None and record.failure is None else None

    def failure_of(self, track: Track) -> Failed:
        """Return why a track has no embedding.

        Raises
        ------
        CorruptEntry
            It had one, which is damaged; the build starts over and recomputes it.
        """
        with self._lock:
            found = self._found.get(track.id)
        if found is None:
            return self._waiting(track) or self.finder.service.waiting_row(track.id, "match")
        if found.failure is not None:
            return found.failure
        row = self._not_fetched(found.track)
        if row is not None:
            return replace(row, track_id=track.id)
        record = self.run.cache.lookup(self.key_of(found.track), allow_expired=True, outputs=PARTS)
        if record is not None and record.failure is not None:
            return failure_row(track.id, "embed", record.failure)
        waiting = self._waiting(track)
        if waiting is None:
            raise CorruptEntry(f"The embedding of '{track.title}' is damaged.")
        return waiting

    def _claim(self, track: Track) -> bool:
        """Return whether to analyze this recording now: not embedded, not claimed by another track, not failing."""
        audio_digest = track.known_recording.digest
        with self._lock:
            if audio_digest in self._claimed:
                return False
            self._claimed.add(audio_digest)
        record = self.run.cache.lookup(self.key_of(track), outputs=PARTS)
        if record is not None and record.failure is None:
            with self._lock:
                self._embedded[audio_digest] = record
        if record is not None and not is_worth_another_try(record, retry=self.run.config.retry):
            return False
        if not is_in_shard(track, self._shard):
            return False
        return self.downloader.stored_failure(track) is None and self._is_obtainable(track)

    def _waiting(self, track: Track) -> Failed | None:
        """Return the row of a track that waits: its turn does not come in this build, or not before an early map."""
        if not is_in_shard(track, self._shard):
            return not_in_shard(track)
        if self.stopped:
            return Failed(track.id, "embed", TIME_LIMIT, self.stopped, retryable=True)
        if not self._has_begun and not self.is_complete:
            return Failed(track.id, "embed", "waiting", "It is analyzed after the early map.", retryable=True)
        return None

    def _not_fetched(self, track: Track) -> Failed | None:
        """Return why the recording has no audio, for this track or another one with the same recording."""
        with self._lock:
            row = self._refused.get(track.known_recording.digest)
        row = row or self.downloader.stored_failure(track)
        if row is None and not self._is_obtainable(track):
            row = self.downloader.service.waiting_row(track.id, "download")
        return row

    def _is_obtainable(self, track: Track) -> bool:
        return not track.is_remote or self.downloader.service.is_open or self.downloader.stored_audio(track) is not None


def prepare_acquisition(run: Run, fetched: Fetched) -> Acquisition:
    """Look up which whole recordings are found and analyzed already, and which remain to do."""
    spec, tracks = _spec(run, fetched), fetched.usable_tracks
    return Acquisition(run, fetched.loaded, spec, tracks, finder=Finder(run, fetched), downloader=Downloader(run))


def prepare_previews(full: Acquisition, tracks: Sequence[Track]) -> Acquisition:
    """Look up which previews of ``tracks`` are found and analyzed already, and which remain to do.

    Tracks with an override are skipped: a chosen recording has no known preview. The heads are shared with ``full``,
    so that their files are downloaded only once.
    """
    run = full.run
    chosen = read_overrides(run.config.overrides)
    tracks = [track for track in tracks if track.id not in chosen]
    previews = Previews(run, tracks, disabled_reason=disabled_reason(run))
    return Acquisition(run, full.loaded, full.spec, tracks, finder=previews, downloader=previews, heads=full.heads)


def _spec(run: Run, fetched: Fetched) -> EmbedderSpec:
    name = run.config.embedder or (embedders.DEMO_DEFAULT if fetched.loaded.kind == "demo" else embedders.DEFAULT)
    return embedders.find(name)


def tag_names(acquisition: Acquisition) -> tuple[str, ...]:
    """Return the names of the tags.

    They are stored in the cache, so that a scheduled build without the model files can name its regions.
    """
    from spotmap_build.embed import weights

    run, spec = acquisition.run, acquisition.spec

    def decode(data: bytes) -> tuple[str, ...]:
        names = decode_json(data, tuple[str, ...])
        if len(names) != spec.tag_count:
            raise ValueError(f"{len(names)} names for {spec.tag_count} tags")
        return names

    names = partial(weights.tag_names, spec, run.config.models_dir)
    return run.cached(_tag_names_key(spec), names, json_codec(TAG_NAMES, decode)).value


def mark_tag_names_used(acquisition: Acquisition) -> None:
    """Mark the names of the tags as used in a build that does not need them, so that ``prune`` keeps them.

    The next build may need them on a machine that has them only in the cache.
    """
    acquisition.run.cache.lookup(_tag_names_key(acquisition.spec), outputs=(TAG_NAMES,), may_fail=False)


def _tag_names_key(spec: EmbedderSpec) -> Key:
    return Key("tag-names", TAG_NAMES_VERSION, embedders.environment(spec))
