"""What there is to listen to: what was found and heard before, and what is still to do."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import msgspec
import orjson

from spotmap_build.acquire.downloader import Downloader
from spotmap_build.acquire.search import Finder, Found, failed
from spotmap_build.cache.errors import CorruptEntry
from spotmap_build.cache.keys import Key
from spotmap_build.embed import embedders

if TYPE_CHECKING:
    from spotmap_build.cache.records import Record
    from spotmap_build.embed.embedders import EmbedderSpec
    from spotmap_build.fetch.source import Fetched, Loaded
    from spotmap_build.model import Failed, Library, Match, Track
    from spotmap_build.run import Run

DEFAULT_EMBEDDER: Final = "discogs-effnet"
DEMO_EMBEDDER: Final = "musicnn"
"""Its weights are in the package, so that the demo needs no network."""
TAG_NAMES_VERSION: Final = 1
TAG_NAMES: Final = "names.json"
PARTS: Final = ("vector.npy", "tags.npy", "features.npy")
"""What is kept of what was heard."""


@dataclass(slots=True)
class Acquisition:
    """What there is to listen to, and with what. ``found`` and ``waiting`` grow while the build goes on.

    ``pending`` are tracks to be searched for, ``missing`` tracks whose recording is known and was not heard.
    ``waiting``: why there is no audio, by the recording's digest.
    """

    run: Run
    loaded: Loaded
    spec: EmbedderSpec
    finder: Finder
    downloader: Downloader
    tracks: tuple[Track, ...]
    found: dict[str, Found]
    pending: list[Track]
    missing: list[Track] = field(default_factory=list)
    waiting: dict[str, Failed] = field(default_factory=dict)
    _claimed: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def library(self) -> Library:
        return self.loaded.library

    @property
    def is_complete(self) -> bool:
        """Whether there is nothing to do, or nothing that may be done (``--offline``)."""
        return not self.missing and not (self.pending and self.finder.service.is_open)

    @property
    def matches(self) -> dict[str, Match]:
        return {track_id: found.match for track_id, found in self.found.items() if found.match is not None}

    def key_of(self, track: Track) -> Key:
        """The key of a recording's embedding: the sound, and everything that decides what is heard in it."""
        assert track.recording is not None
        environment = embedders.environment(self.spec)
        return Key("embed", self.spec.code_version, {"recording": track.recording.digest, **environment})

    def claim(self, track: Track) -> bool:
        """Whether this track's recording is to be listened to now: not heard, nobody else's, and not known to fail."""
        key = self.key_of(track)
        with self._lock:
            if key.digest in self._claimed:
                return False
            self._claimed.add(key.digest)
        record = self.run.cache.lookup(key, outputs=PARTS)
        if record is not None and not (self.run.config.retry and record.failure and record.failure.kind != "permanent"):
            return False
        return self.downloader.recall(track) is None and self._may_be_had(track)

    def state_of(self, track: Track) -> tuple[Track, Record] | Failed:
        """What came of a track: with its recording and what was heard, or why there is nothing."""
        found = self.found.get(track.id) or Found(track, failure=self.finder.service.waiting(track.id, "match"))
        if found.failure is not None:
            return found.failure
        record = self.run.cache.lookup(self.key_of(found.track), allow_expired=True, outputs=PARTS)
        if record is not None and record.failure is None:
            return found.track, record
        row = self._not_fetched(found.track)
        if row is not None:
            return replace(row, track_id=track.id)
        if record is not None and record.failure is not None:
            return failed(track.id, "embed", record.failure)
        raise CorruptEntry(f"The embedding of '{track.title}' is damaged.")

    def _not_fetched(self, track: Track) -> Failed | None:
        """Why there was no audio to listen to: of this track, or of another one with the same recording."""
        assert track.recording is not None
        digest = track.recording.digest
        row = self.waiting.get(digest) or self.downloader.recall(track)
        if row is None and not self._may_be_had(track):
            row = self.downloader.service.waiting(track.id, "download")
        return row

    def _may_be_had(self, track: Track) -> bool:
        assert track.recording is not None
        video_id = track.recording.video_id
        return video_id is None or self.downloader.service.is_open or self.downloader.kept(video_id) is not None


def prepare_acquisition(run: Run, fetched: Fetched) -> Acquisition:
    """What was found and heard before, and what is still to do."""
    name = run.config.embedder or (DEMO_EMBEDDER if fetched.loaded.kind == "demo" else DEFAULT_EMBEDDER)
    finder = Finder(run, fetched)
    recordings = finder.recall_all()
    acquisition = Acquisition(
        run=run,
        loaded=fetched.loaded,
        spec=embedders.get(name),
        finder=finder,
        downloader=Downloader(run),
        tracks=fetched.usable_tracks,
        found=recordings.found,
        pending=recordings.pending,
    )
    known = [found.track for found in recordings.found.values() if found.failure is None]
    acquisition.missing = [track for track in known if acquisition.claim(track)]
    return acquisition


def tag_names(acquisition: Acquisition) -> tuple[str, ...]:
    """The names of the tags, kept in the cache, so that a scheduled build that only has that can name its regions."""
    from spotmap_build.embed import weights

    run, spec, key = acquisition.run, acquisition.spec, _tag_names_key(acquisition.spec)
    if run.cache.lookup(key, outputs=(TAG_NAMES,), may_fail=False) is None:
        names = weights.tag_names(spec, run.config.models_dir)
        run.cache.put(key, {TAG_NAMES: orjson.dumps(names)}, seconds=0.0)

    def decode(data: bytes) -> tuple[str, ...]:
        names = msgspec.json.decode(data, type=tuple[str, ...])
        if len(names) != spec.tag_count:
            raise ValueError(f"{len(names)} names for {spec.tag_count} tags")
        return names

    return run.read(key, TAG_NAMES, decode)


def keep_tag_names(acquisition: Acquisition) -> None:
    """Note that the names of the tags are in use, in a build that does not need them: the next one may, and may be on a
    machine that has them only in the cache."""
    acquisition.run.cache.lookup(_tag_names_key(acquisition.spec), outputs=(TAG_NAMES,), may_fail=False)


def _tag_names_key(spec: EmbedderSpec) -> Key:
    return Key("tag-names", TAG_NAMES_VERSION, {"embedder": spec.name, "weights": spec.weights_sha256})
