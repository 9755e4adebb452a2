"""Embed: listen to every recording that was not listened to before."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import orjson

from spotmap_build.cache.errors import CorruptEntry
from spotmap_build.cache.freshness import Failure, retry_later
from spotmap_build.cache.keys import Key, digest_bytes
from spotmap_build.embed import embedders
from spotmap_build.model import Done, Failed

if TYPE_CHECKING:
    from spotmap_build.cache.store import Cache
    from spotmap_build.embed.embedders import EmbedderSpec
    from spotmap_build.embed.workers import EmbedJob
    from spotmap_build.fetch.libraries.source import Loaded, OwnVectors
    from spotmap_build.model import Embeddings, Recording, Track, TrackEmbedding
    from spotmap_build.steps.fetch import Fetched
    from spotmap_build.steps.run import Run

DEFAULT_EMBEDDER: Final = "discogs-effnet"
DEMO_EMBEDDER: Final = "musicnn"
"""Its weights are in the package, so that the demo needs no network."""
TAG_NAMES_VERSION: Final = 1
TAG_NAMES: Final = "names.json"
PARTS: Final = ("vector.npy", "tags.npy", "features.npy")


@dataclass(frozen=True, slots=True)
class Heard:
    """The tracks that can go on the map, and how to read what is known of their sound.

    ``digest`` names the content of ``read()``; ``preprocessing`` is how its vectors are to be compared.
    """

    tracks: tuple[Track, ...]
    failures: tuple[Failed, ...]
    digest: str
    preprocessing: str
    read: Callable[[], Embeddings]
    embedded_count: int = 0


def embed(run: Run, fetched: Fetched) -> Heard:
    """Vectors for every track: the source's own places or vectors where it has them, else by listening."""
    with run.clock.stage("embed"):
        listening = prepare_listening(run, fetched)
        if listening is not None:
            return _listen(listening)
        if fetched.loaded.vectors is not None and not fetched.is_placed:
            return _own_vectors(fetched.usable_tracks, fetched.loaded.vectors, fetched)
        return _already_placed(fetched.usable_tracks, fetched)


def prepare_listening(run: Run, fetched: Fetched) -> Listening | None:
    """What there is to listen to; None where the source brings places or vectors of its own."""
    if fetched.is_placed or fetched.loaded.vectors is not None:
        return None
    name = run.config.embedder or (DEMO_EMBEDDER if fetched.loaded.kind == "demo" else DEFAULT_EMBEDDER)
    spec = embedders.get(name)
    tracks = fetched.usable_tracks
    return Listening(run, fetched.loaded, spec, tracks, embedding_keys(tracks, spec))


def _already_placed(tracks: tuple[Track, ...], fetched: Fetched) -> Heard:
    digest = digest_bytes(orjson.dumps([track.position for track in tracks]))
    return Heard(tracks, fetched.library.failures, digest, "none", lambda: _without_sound(tracks))


def _own_vectors(tracks: tuple[Track, ...], vectors: OwnVectors, fetched: Fetched) -> Heard:
    def read() -> Embeddings:
        return replace(_without_sound(tracks), vectors=vectors.read())

    return Heard(tracks, fetched.library.failures, vectors.digest, "none", read)


def _without_sound(tracks: tuple[Track, ...]) -> Embeddings:
    import numpy as np

    from spotmap_build.model import Embeddings

    nothing = np.zeros((len(tracks), 0), dtype=np.float32)
    return Embeddings(tuple(track.id for track in tracks), nothing, nothing, (), nothing, ())


@dataclass(frozen=True, slots=True)
class Listening:
    """What there is to listen to, with what, and the cache key of every track's embedding."""

    run: Run
    loaded: Loaded
    spec: EmbedderSpec
    tracks: tuple[Track, ...]
    keys: dict[str, Key]

    def missing(self) -> list[Track]:
        """One track for every recording that has no record yet: two files with one sound are listened to once."""
        missing: dict[str, Track] = {}
        for track in self.tracks:
            key = self.keys[track.id]
            if key.digest not in missing and self.run.cache.lookup(key) is None:
                missing[key.digest] = track
        return list(missing.values())


def _listen(listening: Listening) -> Heard:
    missing = listening.missing()
    if missing:
        _listen_to(listening, missing)
    else:
        listening.run.progress.begin("embed", "looking up what was heard")
        listening.run.progress.end("nothing new to listen to")
    return _gather(listening, len(missing))


def embedding_keys(tracks: tuple[Track, ...], spec: EmbedderSpec) -> dict[str, Key]:
    """The cache key of every track's embedding: the sound, and everything that decides what is heard in it."""
    environment = embedders.environment(spec)
    return {
        track.id: Key("embed", spec.code_version, {"recording": track.recording.digest, **environment})
        for track in tracks
        if track.recording is not None
    }


def _listen_to(listening: Listening, missing: list[Track]) -> None:
    from spotmap_build.embed.pool import EmbedPool
    from spotmap_build.embed.weights import ensure_weights

    run, spec = listening.run, listening.spec
    weights = ensure_weights(spec, run.config.models_url, run.config.models_dir, say=run.progress.say)
    _tag_names(listening)
    run.progress.begin("embed", f"listening with {spec.name}", total=len(missing))
    failed = 0
    with (
        tempfile.TemporaryDirectory(prefix="spotmap-") as temporary,
        EmbedPool(jobs=min(run.config.worker_count, len(missing))) as pool,
    ):
        outcomes = pool.run(_jobs(listening, missing, weights, temporary))
        for done, (job, outcome, seconds) in enumerate(outcomes, start=1):
            key = listening.keys[job.track_id]
            if isinstance(outcome, Done):
                run.cache.put(key, _encode(outcome.value), seconds=seconds)
            else:
                failed += 1
                _remember_failure(run.cache, key, outcome, seconds)
            run.progress.advance(done)
    run.progress.end(f"listened to {len(missing)} recordings" + (f", {failed} could not be heard" if failed else ""))


def _jobs(listening: Listening, missing: Iterable[Track], weights: Path, temporary: str) -> Iterator[EmbedJob]:
    from spotmap_build.embed.workers import EmbedJob

    for track in missing:
        recording = track.recording
        assert recording is not None
        yield EmbedJob(
            track_id=track.id,
            path=recording.path,
            prepare=_rendering(recording, listening.loaded),
            embedder=listening.spec.name,
            weights_path=str(weights),
            temp_folder=temporary,
        )


def _rendering(recording: Recording, loaded: Loaded) -> Callable[[Path], Path] | None:
    if recording.recipe is None or loaded.render is None:
        return None
    return partial(loaded.render, recording.recipe)


def _encode(embedding: TrackEmbedding) -> dict[str, bytes]:
    from spotmap_build.cache.arrays import encode_array

    return dict(zip(PARTS, map(encode_array, (embedding.vector, embedding.tags, embedding.features)), strict=True))


def _remember_failure(cache: Cache, key: Key, failed: Failed, seconds: float) -> None:
    """Permanent failures are not tried again; passing ones when they are due, later each time."""
    if not failed.retryable:
        cache.put_failure(key, Failure(failed.code, failed.detail, "permanent"), seconds=seconds)
        return
    previous = cache.lookup(key, allow_expired=True)
    again = retry_later(
        failed.code, failed.detail, now_unix_s=time.time(), previous=previous.failure if previous else None
    )
    cache.put_failure(key, again, seconds=seconds)


def _gather(listening: Listening, embedded_count: int) -> Heard:
    """What the cache now holds for every track: an embedding, or the reason why there is none."""
    spec = listening.spec
    heard, failures, digests = [], list(listening.loaded.library.failures), []
    for track in listening.tracks:
        record = listening.run.cache.lookup(listening.keys[track.id])
        if record is None:
            raise CorruptEntry(f"The embedding of '{track.title}' is damaged.")
        if record.failure is not None:
            retryable = record.failure.kind == "retry_after"
            failures.append(Failed(track.id, "embed", record.failure.code, record.failure.detail, retryable))
        else:
            heard.append(track)
            digests.append([record.outputs[part].digest for part in PARTS])
    mapped = tuple(heard)
    return Heard(
        tracks=mapped,
        failures=tuple(failures),
        digest=digest_bytes(orjson.dumps([spec.name, digests])),
        preprocessing=spec.preprocessing,
        read=partial(_read_embeddings, listening, mapped),
        embedded_count=embedded_count,
    )


def _tag_names(listening: Listening) -> tuple[str, ...]:
    """The names of the tags, kept in the cache, so that a scheduled build that only has that can name its regions."""
    from spotmap_build.embed.weights import tag_names

    run, spec = listening.run, listening.spec
    key = Key("tag-names", TAG_NAMES_VERSION, {"embedder": spec.name, "weights": spec.weights_sha256})
    if run.cache.lookup(key) is None:
        names = tag_names(spec, run.config.models_dir)
        run.cache.put(key, {TAG_NAMES: orjson.dumps(names)}, seconds=0.0)
    return tuple(orjson.loads(run.read(key, TAG_NAMES)))


def _read_embeddings(listening: Listening, tracks: tuple[Track, ...]) -> Embeddings:
    import numpy as np

    from spotmap_build.cache.arrays import decode_array
    from spotmap_build.embed.spectral import FEATURES
    from spotmap_build.model import Embeddings

    run, keys = listening.run, listening.keys
    rows = [[decode_array(run.read(keys[track.id], part)) for part in PARTS] for track in tracks]
    vectors, tags, features = (np.stack(column).astype(np.float32) for column in zip(*rows, strict=True))
    return Embeddings(
        track_ids=tuple(track.id for track in tracks),
        vectors=vectors,
        tags=tags,
        tag_names=_tag_names(listening),
        features=features,
        feature_names=tuple(feature.name for feature in FEATURES),
    )
