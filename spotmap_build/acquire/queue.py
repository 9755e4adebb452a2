"""Listen to every recording that was not listened to before; find and download it first where it has to be."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import orjson

from spotmap_build.acquire.cached_embeddings import MOMENT, PARTS
from spotmap_build.acquire.order import fair_order
from spotmap_build.acquire.prefetch import Prefetcher
from spotmap_build.acquire.scratch import Scratch, arrived, scratch_folder
from spotmap_build.acquire.state import Acquisition, tag_names
from spotmap_build.acquire.time_limit import NO_LIMIT, TimeLimit
from spotmap_build.cache.decoding import decoder
from spotmap_build.cache.freshness import Failure
from spotmap_build.core.counting import ThreadSafeCounter
from spotmap_build.core.speech import gettext
from spotmap_build.errors import PluginError
from spotmap_build.model import Done, Failed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType

    from spotmap_build.embed.dask_pool import DaskPool
    from spotmap_build.embed.heads import Head
    from spotmap_build.embed.pool import EmbedPool
    from spotmap_build.embed.workers import EmbedJob
    from spotmap_build.fetch.source import Loaded
    from spotmap_build.model import Recording, Track, TrackEmbedding
    from spotmap_build.registry.embedders import EmbedderSpec
    from spotmap_build.registry.heads import HeadSpec

SEARCHED_FOR: Final = "searched for"
DOWNLOADED: Final = "downloaded"
SETTLED: Final = "settled"
"""Tracks that are done with before a worker gets them: not found, not downloaded, or the recording of another track."""


def listen(acquisition: Acquisition, limit: TimeLimit = NO_LIMIT) -> int:
    """Do what is to be done until the time is over; returns how many recordings were listened to.

    Raises
    ------
    CacheError, OutputError, WeightsError
        The build cannot go on; what was finished is kept.
    """
    if limit.is_over:  # then nothing is loaded, and nobody asked
        acquisition.stop(limit.sentence)
        return 0
    acquisition.begin()
    from spotmap_build.embed.weights import ensure_weights

    run, spec = acquisition.run, acquisition.spec
    models_url = None if run.config.offline else run.config.models_url
    weights = ensure_weights(spec.on(acquisition.engine), models_url, run.config.models_dir, say=run.progress.say)
    tag_names(acquisition)
    # The workers of a cluster are sent one file. What they hear is asked here, once it is a vector.
    heads = {} if run.config.executor else acquisition.heads.here
    searches = acquisition.searches
    total = len(searches) + len(acquisition.missing)
    run.progress.begin("embed", _what(spec, bool(searches)), total=total)
    pool = _open_pool(acquisition, weights, total)
    embedded = 0
    with (
        scratch_folder() as scratch,
        _JobSource(
            acquisition,
            scratch,
            weights,
            heads=tuple(heads.values()),
            workers=min(pool.worker_count, total),
            limit=limit,
        ) as line,
        pool,
    ):
        for job, outcome, seconds in pool.run(line.jobs(), is_over=lambda: limit.is_past_grace):
            track = acquisition.with_recording(job.track_id)
            if isinstance(outcome, Done):
                check_lengths(outcome.value, spec)
                embedded += 1
                acquisition.note_heard(track)
                run.cache.put(acquisition.key_of(track), encode(outcome.value, heads), seconds=seconds)
            else:
                _remember_failure(acquisition, track, outcome, seconds)
            line.done_with(track, job)
    if limit.is_past_grace and line.done < total:
        acquisition.stop(limit.sentence)
    run.progress.end(line.outcome(embedded))
    return embedded


def _open_pool(acquisition: Acquisition, weights: Path, total: int) -> EmbedPool | DaskPool:
    """Return those who listen: processes of this machine, or the workers of a cluster."""
    config, spec = acquisition.run.config, acquisition.spec.on(acquisition.engine)
    if config.executor:
        from spotmap_build.embed.dask_pool import DaskPool

        sent = weights if spec.weights is not None or ":" in spec.packaged else None
        return DaskPool(config.executor, weights=sent, most_at_once=config.jobs)
    from spotmap_build.embed.pool import EmbedPool

    return EmbedPool(min(config.worker_count, total))


class _JobSource:
    """From tracks to jobs for the workers: local files and recipes at once, others as they are found and fetched."""

    def __init__(
        self,
        acquisition: Acquisition,
        scratch: Scratch,
        weights: Path,
        *,
        heads: tuple[Head, ...],
        workers: int,
        limit: TimeLimit,
    ) -> None:
        self._listening = acquisition
        self._limit = limit
        self._scratch = scratch.folder
        self._adopted = scratch.adopted
        self._weights = weights
        self._heads = heads
        self._counts = ThreadSafeCounter()
        self._finished = 0
        self._reported = 0
        library, seed = acquisition.loaded.library, acquisition.run.config.seed
        missing = fair_order(acquisition.missing, library, seed)
        searches = fair_order(acquisition.searches, library, seed)
        self._local = [track for track in missing if not track.is_remote]
        remote = [track for track in missing if track.is_remote]
        self._counts.add(SEARCHED_FOR, len(searches))
        self._supply = Prefetcher(searches, remote, find=self._find, get=self._get, workers=workers)

    def __enter__(self) -> _JobSource:
        self._supply.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._supply.__exit__(kind, error, traceback)
        finally:
            self._listening.finder.close()

    def jobs(self) -> Iterator[EmbedJob | None]:
        """Yield what the workers are to do next: what was fetched first, so that the disk does not fill.

        When the time is over, that is only what has arrived: it would have to be fetched once more.
        """
        local = iter(self._local)
        for job in self._supply.ready():
            if self._is_over():
                self._supply.cancelled.set()
            elif job is None and (track := next(local, None)) is not None:
                yield self._job(track, None)
                continue
            self._tell()
            yield job
        for track in local:
            if self._is_over():
                return
            yield self._job(track, None)

    def _is_over(self) -> bool:
        if self._limit.is_over:
            self._listening.stop(self._limit.sentence)
        return self._limit.is_over

    def done_with(self, track: Track, job: EmbedJob) -> None:
        """Give up the audio of a job that is finished."""
        self._finished += 1
        self._tell()
        if job.path is not None and Path(job.path).is_relative_to(self._scratch):
            self._listening.downloader.done_with(track, Path(job.path))

    def outcome(self, embedded: int) -> str:
        """Return what was done, as a sentence."""
        searched, downloaded = self._counts[SEARCHED_FOR], self._counts[DOWNLOADED]
        failures = self._finished - embedded
        parts = (
            gettext("{tracks} searched for", tracks=searched) if searched else "",
            gettext("{tracks} downloaded", tracks=downloaded) if downloaded else "",
            gettext("listened to {tracks} recordings", tracks=embedded),
            gettext("{tracks} could not be analyzed", tracks=failures) if failures else "",
        )
        return ", ".join(filter(None, parts))

    @property
    def done(self) -> int:
        """How many tracks need nothing more."""
        return self._counts[SETTLED] + self._finished

    def _tell(self) -> None:
        if self.done != self._reported:
            self._reported = self.done
            self._listening.run.progress.advance(self._reported)

    def _find(self, track: Track) -> Track | None:
        to_listen_to = self._listening.settle(track, self._listening.finder.find(track))
        if to_listen_to is None:
            self._counts.add(SETTLED)
        return to_listen_to

    def _get(self, track: Track) -> EmbedJob | None:
        assert track.recording is not None
        video_id = track.recording.video_id or ""
        here = self._listening.downloader.kept(track) or self._adopted.pop(video_id, None)
        if here is not None:
            return self._job(track, here)
        path = self._listening.downloader.get(track, self._scratch, self._supply.cancelled)
        if isinstance(path, Failed):
            self._listening.refuse(track, path)
            self._counts.add(SETTLED)
            return None
        self._counts.add(DOWNLOADED)
        return self._job(track, arrived(path))

    def _job(self, track: Track, path: Path | None) -> EmbedJob:
        from spotmap_build.embed.workers import EmbedJob

        recording = track.recording
        assert recording is not None
        return EmbedJob(
            track_id=track.id,
            path=recording.path if path is None else str(path),
            prepare=_rendering(recording, self._listening.loaded),
            model=self._listening.spec.model,
            weights_path=str(self._weights),
            engine=self._listening.engine,
            temp_folder=str(self._scratch),
            duration_ms=track.duration_ms,
            heads=self._heads,
        )


def _rendering(recording: Recording, loaded: Loaded) -> Callable[[Path], Path] | None:
    if recording.recipe is None or loaded.render is None:
        return None
    return partial(loaded.render, recording.recipe)


def check_lengths(heard: TrackEmbedding, spec: EmbedderSpec) -> None:
    """Refuse what is not as the embedder's row says, before it is kept: nothing that reads it later could use it."""
    found, said = (len(heard.vector), len(heard.tags)), (spec.dimensions, spec.tag_count)
    if found != said:
        raise PluginError(
            f"The embedder '{spec.name}' gave {found[0]} dimensions and {found[1]} tags; its row says {said[0]} and "
            f"{said[1]}.",
            hint=f"Tell those who make {spec.package or spec.model}.",
        )


def encode(embedding: TrackEmbedding, heads: Iterable[HeadSpec] = ()) -> dict[str, bytes]:
    """Encode what is kept of a recording that was listened to, and of which these heads were asked."""
    from spotmap_build.cache.arrays import encode_array

    arrays = map(encode_array, (embedding.vector, embedding.tags, embedding.features))
    said = {head.output: encode_array(values) for head, values in zip(heads, embedding.heads, strict=True)}
    return {**dict(zip(PARTS, arrays, strict=True)), MOMENT: orjson.dumps(round(embedding.typical_s, 3)), **said}


def _remember_failure(acquisition: Acquisition, track: Track, outcome: Failed, seconds: float) -> None:
    """Permanent failures are not tried again by the same decoder; passing ones when they are due, later each time.

    A download that cannot be listened to may have been broken on its way, so it is always worth another try.
    """
    cache, key = acquisition.run.cache, acquisition.key_of(track)
    if not outcome.retryable and not track.is_remote:
        failure = Failure(outcome.code, outcome.detail, "permanent")
        cache.put_failure(key, failure, seconds=seconds, producer=decoder())
        return
    cache.put_passing_failure(key, outcome.code, outcome.detail, seconds)


def _what(spec: EmbedderSpec, is_searching: bool) -> str:
    if is_searching:
        return gettext("finding recordings and listening with {embedder}", embedder=spec.name)
    return gettext("listening with {embedder}", embedder=spec.name)
