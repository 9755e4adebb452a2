"""What there is to listen to: what was found and embedded before, and what is still to do."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

from spotmap_build.acquire.cached_embeddings import PARTS, CachedEmbeddings
from spotmap_build.acquire.head_files import HeadFiles
from spotmap_build.acquire.overrides import read_overrides
from spotmap_build.acquire.previews import Previews
from spotmap_build.acquire.search import Finder, disabled_reason, failed
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
"""The ledger's code of a track that there was no time for."""
TO_COME: Final = frozenset({TIME_LIMIT, "waiting"})
"""Codes of tracks that are listened to in a later build, without anything having to be done."""
TAG_NAMES_VERSION: Final = 1
TAG_NAMES: Final = "names.json"


class RecordingFinder(Protocol):
    """Says which recording a track is: whole ones on YouTube Music, or previews. Safe for threads."""

    service: Service

    def recall_all(self) -> Recordings:
        """Everything that is known without asking."""

    def find(self, track: Track) -> Found:
        """Find the recording of one track, and remember the decision."""

    def close(self) -> None:
        """Remember what was not answered."""


class AudioSource(Protocol):
    """Gives the audio of recordings as files. Safe for threads."""

    service: Service

    def recall(self, track: Track) -> Failed | None:
        """Why this recording is not to be tried now, where that is known."""

    def kept(self, track: Track, /) -> Path | None:
        """Its audio, where an earlier build kept it."""

    def get(self, track: Track, scratch: Path, cancelled: threading.Event) -> Path | Failed:
        """Its audio, alone in a folder of its own below ``scratch``."""

    def done_with(self, track: Track, path: Path, /) -> None:
        """Delete or keep the audio, now that it was listened to."""


class Acquisition:
    """One pass over tracks: which were found and embedded before, and which are still to be. Safe for threads.

    ``engine`` is in no key: what one heard serves the other (docs/decisions/0011). ``heads``: what else is asked of
    what is listened to; in no key either, because what was heard without them stays. ``rows``: reads what was heard.
    ``pending`` are tracks to be searched for, ``missing`` tracks whose recording is known and was not listened to.
    ``heard_count``: how many recordings were listened to, before this build or in it. ``new_pictures``: addresses of
    covers that came with those of this build.
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
        self._is_begun = False
        self._lock = threading.Lock()
        recordings = finder.recall_all()
        self._found = recordings.found
        self._shard = run.config.shard
        self.pending = tuple(track for track in recordings.pending if is_in_shard(track, self._shard))
        known = [found.track for found in recordings.found.values() if found.failure is None]
        self.missing = tuple(track for track in known if self._claim(track))
        self.heard_count = len(self._embedded)
        self.new_pictures: set[str] = set()

    def has(self, track: Track) -> bool:
        """Whether it is one of this pass's tracks."""
        return track.id in self._ids

    @property
    def searches(self) -> tuple[Track, ...]:
        """The tracks to be searched for now: none while the service may not be asked."""
        return self.pending if self.pending and self.finder.service.is_open else ()

    @property
    def is_complete(self) -> bool:
        """Whether there is nothing to do, or nothing that may be done (``--offline``)."""
        return not self.missing and not self.searches

    @property
    def matches(self) -> dict[str, Match]:
        """How recordings were chosen, by track id."""
        with self._lock:
            return {track_id: found.match for track_id, found in self._found.items() if found.match is not None}

    def key_of(self, track: Track) -> Key:
        """Return the key of a recording's embedding: the sound, and everything that decides what is heard in it."""
        assert track.recording is not None
        environment = embedders.environment(self.spec)
        return Key("embed", self.spec.code_version, {"recording": track.recording.digest, **environment})

    def with_recording(self, track_id: str) -> Track:
        """Return the track with the recording that was found for it."""
        with self._lock:
            return self._found[track_id].track

    def settle(self, track: Track, found: Found) -> Track | None:
        """Note what a search found; returns the track where its recording is now to be listened to."""
        with self._lock:
            self._found[track.id] = found
        return found.track if found.failure is None and self._claim(found.track) else None

    def refuse(self, track: Track, why: Failed) -> None:
        """Note why there is no audio of a recording."""
        assert track.recording is not None
        with self._lock:
            self._refused[track.recording.digest] = why

    def begin(self) -> None:
        """Note that from here on, what has no embedding has a reason for that."""
        self._is_begun = True

    def note_heard(self, track: Track) -> None:
        """Note that a recording was listened to just now."""
        self.heard_count += 1
        if track.art_url and not track.art_digest:
            self.new_pictures.add(track.art_url)

    def stop(self, reason: str) -> None:
        """Note that what is not listened to yet waits for the next build, and why."""
        self.stopped = reason

    def was_embedded(self, track: Track) -> bool:
        """Whether what was listened to before this build has the track; cheaper than :meth:`embedding_of`."""
        with self._lock:
            found = self._found.get(track.id)
        return found is not None and found.failure is None and self.key_of(found.track).digest in self._embedded

    def prefetch(self, stop_requested: Callable[[], bool]) -> None:
        """Prefetch the results of earlier builds into ``rows``, until a stop is requested."""
        with self._lock:
            records = tuple(self._embedded.values())
        self.rows.prefetch(records, stop_requested)

    def embedding_of(self, track: Track) -> tuple[Track, Record] | None:
        """Return a track with its recording and what listening gave, where that is known."""
        with self._lock:
            found = self._found.get(track.id)
        if found is None or found.failure is not None:
            return None
        key = self.key_of(found.track)
        record = self._embedded.get(key.digest) or self.run.cache.lookup(key, allow_expired=True, outputs=PARTS)
        return (found.track, record) if record is not None and record.failure is None else None

    def failure_of(self, track: Track) -> Failed:
        """Why a track has no embedding.

        Raises
        ------
        CorruptEntry
            It had one, which is damaged; the build starts over and makes it again.
        """
        with self._lock:
            found = self._found.get(track.id)
        if found is None:
            return self._waiting(track) or self.finder.service.waiting(track.id, "match")
        if found.failure is not None:
            return found.failure
        row = self._not_fetched(found.track)
        if row is not None:
            return replace(row, track_id=track.id)
        record = self.run.cache.lookup(self.key_of(found.track), allow_expired=True, outputs=PARTS)
        if record is not None and record.failure is not None:
            return failed(track.id, "embed", record.failure)
        waiting = self._waiting(track)
        if waiting is None:
            raise CorruptEntry(f"The embedding of '{track.title}' is damaged.")
        return waiting

    def _claim(self, track: Track) -> bool:
        """Whether this track's recording is to be listened to now: not embedded, nobody else's, not known to fail."""
        key = self.key_of(track)
        with self._lock:
            if key.digest in self._claimed:
                return False
            self._claimed.add(key.digest)
        record = self.run.cache.lookup(key, outputs=PARTS)
        if record is not None and record.failure is None:
            with self._lock:
                self._embedded[key.digest] = record
        if record is not None and not is_worth_another_try(record, retry=self.run.config.retry):
            return False
        if not is_in_shard(track, self._shard):
            return False
        return self.downloader.recall(track) is None and self._may_be_had(track)

    def _waiting(self, track: Track) -> Failed | None:
        """Return the row of a track that waits: its turn does not come in this build, or not before an early map."""
        if not is_in_shard(track, self._shard):
            return not_in_shard(track)
        if self.stopped:
            return Failed(track.id, "embed", TIME_LIMIT, self.stopped, retryable=True)
        if not self._is_begun and not self.is_complete:
            return Failed(track.id, "embed", "waiting", "It is listened to after the early map.", retryable=True)
        return None

    def _not_fetched(self, track: Track) -> Failed | None:
        """Why there was no audio to listen to: of this track, or of another one with the same recording."""
        assert track.recording is not None
        with self._lock:
            row = self._refused.get(track.recording.digest)
        row = row or self.downloader.recall(track)
        if row is None and not self._may_be_had(track):
            row = self.downloader.service.waiting(track.id, "download")
        return row

    def _may_be_had(self, track: Track) -> bool:
        return not track.is_remote or self.downloader.service.is_open or self.downloader.kept(track) is not None


def prepare_acquisition(run: Run, fetched: Fetched) -> Acquisition:
    """Look up which whole recordings were found and listened to before, and which are still to be."""
    spec, tracks = _spec(run, fetched), fetched.usable_tracks
    return Acquisition(run, fetched.loaded, spec, tracks, finder=Finder(run, fetched), downloader=Downloader(run))


def prepare_previews(whole: Acquisition, tracks: Sequence[Track]) -> Acquisition:
    """Look up which previews of ``tracks`` were found and listened to before, and which are still to be.

    A track of which a person chose the recording, or that was left out, is none of them: no preview is known of that.
    The heads are those of ``whole``: their files are fetched, or missed, once.
    """
    run = whole.run
    chosen = read_overrides(run.config.overrides)
    tracks = [track for track in tracks if track.id not in chosen]
    previews = Previews(run, tracks, disabled_reason=disabled_reason(run))
    return Acquisition(run, whole.loaded, whole.spec, tracks, finder=previews, downloader=previews, heads=whole.heads)


def _spec(run: Run, fetched: Fetched) -> EmbedderSpec:
    name = run.config.embedder or (embedders.DEMO_DEFAULT if fetched.loaded.kind == "demo" else embedders.DEFAULT)
    return embedders.get(name)


def tag_names(acquisition: Acquisition) -> tuple[str, ...]:
    """Return the names of the tags.

    They are kept in the cache, so that a scheduled build that only has that can name its regions.
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


def keep_tag_names(acquisition: Acquisition) -> None:
    """Note that the names of the tags are in use, in a build that does not need them.

    The next one may, and may be on a machine that has them only in the cache.
    """
    acquisition.run.cache.lookup(_tag_names_key(acquisition.spec), outputs=(TAG_NAMES,), may_fail=False)


def _tag_names_key(spec: EmbedderSpec) -> Key:
    return Key("tag-names", TAG_NAMES_VERSION, embedders.environment(spec))
