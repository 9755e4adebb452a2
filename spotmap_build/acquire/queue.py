"""Analyze all new recordings, finding and downloading them first if necessary."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import orjson

from spotmap_build.acquire.cached_embeddings import MOMENT, PARTS
from spotmap_build.acquire.order import fair_order
from spotmap_build.acquire.prefetch import Prefetcher
from spotmap_build.acquire.scratch import Scratch, flush_download, scratch_folder
from spotmap_build.acquire.state import Acquisition, tag_names
from spotmap_build.acquire.time_limit import TimeLimit
from spotmap_build.cache.decoding import decoder
from spotmap_build.cache.freshness import Failure
from spotmap_build.core.counting import ThreadSafeCounter
from spotmap_build.core.interrupts import raise_if_interrupted
from spotmap_build.core.translation import gettext, ngettext
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
"""Tracks that need no worker: not found, not downloaded, or with the same recording as another track."""


def analyze_recordings(acquisition: Acquisition, limit: TimeLimit) -> int:
    """Analyze recordings until none is left or the time limit is reached; return how many were analyzed.

    Raises
    ------
    CacheError, OutputError, WeightsError
        The build cannot continue; finished work is kept.
    """
    if limit.is_reached:  # load nothing and contact no service
        acquisition.stop(limit.reason)
        return 0
    acquisition.begin()
    from spotmap_build.embed.weights import ensure_weights

    run, spec = acquisition.run, acquisition.spec
    models_url = None if run.config.offline else run.config.models_url
    weights = ensure_weights(spec.on(acquisition.engine), models_url, run.config.models_dir, say=run.progress.say)
    tag_names(acquisition)
    # Cluster workers receive only the embedder's file. The heads run on this machine later, from the vectors.
    heads = {} if run.config.executor else acquisition.heads.available
    searches = acquisition.searches
    total = len(searches) + len(acquisition.missing)
    run.progress.begin("embed", _stage_title(spec, bool(searches)), total=total)
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
        ) as job_source,
        pool,
    ):
        for job, outcome, seconds in pool.run(job_source.jobs(), stop_requested=lambda: limit.is_past_grace):
            track = acquisition.with_recording(job.track_id)
            if isinstance(outcome, Done):
                check_lengths(outcome.value, spec)
                embedded += 1
                acquisition.record_analyzed(track)
                run.cache.put(acquisition.key_of(track), encode(outcome.value, heads), seconds=seconds)
            else:
                _store_failure(acquisition, track, outcome, seconds)
            job_source.release(track, job)
            raise_if_interrupted()
    if limit.is_past_grace and job_source.done < total:
        acquisition.stop(limit.reason)
    run.progress.end(job_source.outcome(embedded))
    return embedded


def _open_pool(acquisition: Acquisition, weights: Path, total: int) -> EmbedPool | DaskPool:
    """Return the worker pool: processes on this machine, or the workers of a Dask cluster."""
    config, spec = acquisition.run.config, acquisition.spec.on(acquisition.engine)
    if config.executor:
        from spotmap_build.embed.dask_pool import DaskPool

        sent = weights if spec.weights is not None or ":" in spec.packaged else None
        return DaskPool(config.executor, weights=sent, max_in_flight=config.jobs)
    from spotmap_build.embed.pool import EmbedPool

    return EmbedPool(min(config.worker_count, total))


class _JobSource:
    """Turns tracks into jobs for the workers: local files and recipes immediately, others once they are downloaded."""

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
        self._acquisition = acquisition
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
            self._acquisition.finder.close()

    def jobs(self) -> Iterator[EmbedJob | None]:
        """Yield the next jobs, downloaded recordings before local ones, so that the disk does not fill up.

        After the time limit, yields only what is already downloaded, which would otherwise be downloaded again.
        """
        local = iter(self._local)
        for job in self._supply.ready():
            if self._is_over():
                self._supply.cancelled.set()
            elif job is None and (track := next(local, None)) is not None:
                yield self._job(track, None)
                continue
            self._report()
            yield job
        for track in local:
            if self._is_over():
                return
            yield self._job(track, None)

    def _is_over(self) -> bool:
        if self._limit.is_reached:
            self._acquisition.stop(self._limit.reason)
        return self._limit.is_reached

    def release(self, track: Track, job: EmbedJob) -> None:
        """Release the audio of a finished job."""
        self._finished += 1
        self._report()
        if job.path is not None and Path(job.path).is_relative_to(self._scratch):
            self._acquisition.downloader.release(track, Path(job.path))

    def outcome(self, embedded: int) -> str:
        """Summarize the finished work in a sentence."""
        searched, downloaded = self._counts[SEARCHED_FOR], self._counts[DOWNLOADED]
        failures = self._finished - embedded
        parts = (
            gettext("{tracks} searched for", tracks=searched) if searched else "",
            gettext("{tracks} downloaded", tracks=downloaded) if downloaded else "",
            ngettext("{count} recording analyzed", "{count} recordings analyzed", embedded),
            gettext("{tracks} could not be analyzed", tracks=failures) if failures else "",
        )
        return ", ".join(filter(None, parts))

    @property
    def done(self) -> int:
        """Number of tracks that need no further work."""
        return self._counts[SETTLED] + self._finished

    def _report(self) -> None:
        if self.done != self._reported:
            self._reported = self.done
            self._acquisition.run.progress.advance(self._reported)

    def _find(self, track: Track) -> Track | None:
        to_analyze = self._acquisition.record_found(track, self._acquisition.finder.find(track))
        if to_analyze is None:
            self._counts.add(SETTLED)
        return to_analyze

    def _get(self, track: Track) -> EmbedJob | None:
        video_id = track.known_recording.video_id or ""
        existing = self._acquisition.downloader.stored_audio(track) or self._adopted.pop(video_id, None)
        if existing is not None:
            return self._job(track, existing)
        path = self._acquisition.downloader.fetch(track, self._scratch, self._supply.cancelled)
        if isinstance(path, Failed):
            self._acquisition.record_unavailable(track, path)
            self._counts.add(SETTLED)
            return None
        self._counts.add(DOWNLOADED)
        return self._job(track, flush_download(path))

    def _job(self, track: Track, path: Path | None) -> EmbedJob:
        from spotmap_build.embed.workers import EmbedJob

        recording = track.known_recording
        return EmbedJob(
            track_id=track.id,
            path=recording.path if path is None else str(path),
            prepare=_rendering(recording, self._acquisition.loaded),
            model=self._acquisition.spec.model,
            weights_path=str(self._weights),
            engine=self._acquisition.engine,
            temp_folder=str(self._scratch),
            duration_ms=track.duration_ms,
            heads=self._heads,
        )


def _rendering(recording: Recording, loaded: Loaded) -> Callable[[Path], Path] | None:
    if recording.recipe is None or loaded.render is None:
        return None
    return partial(loaded.render, recording.recipe)


def check_lengths(embedding: TrackEmbedding, spec: EmbedderSpec) -> None:
    """Refuse an embedding whose size differs from the embedder's specification, before it is stored."""
    found, specified = (len(embedding.vector), len(embedding.tags)), (spec.dimensions, spec.tag_count)
    if found != specified:
        raise PluginError(
            f"The embedder '{spec.name}' returned {found[0]} dimensions and {found[1]} tags; its specification says "
            f"{specified[0]} and {specified[1]}.",
            hint=f"Report this to the authors of {spec.package or spec.model}.",
        )


def encode(embedding: TrackEmbedding, heads: Iterable[HeadSpec] = ()) -> dict[str, bytes]:
    """Encode an embedding for the cache. ``heads``: the heads that were run on it."""
    from spotmap_build.cache.arrays import encode_array

    arrays = map(encode_array, (embedding.vector, embedding.tags, embedding.features))
    specified = {head.output: encode_array(values) for head, values in zip(heads, embedding.heads, strict=True)}
    return {**dict(zip(PARTS, arrays, strict=True)), MOMENT: orjson.dumps(round(embedding.typical_s, 3)), **specified}


def _store_failure(acquisition: Acquisition, track: Track, outcome: Failed, seconds: float) -> None:
    """Store a failure. A permanent one is not retried with the same decoder; others are, with growing delays.

    A download that cannot be decoded may have been damaged in transit, so it is always retried.
    """
    cache, key = acquisition.run.cache, acquisition.key_of(track)
    if not outcome.retryable and not track.is_remote:
        failure = Failure(outcome.code, outcome.detail, "permanent")
        cache.put_failure(key, failure, seconds=seconds, producer=decoder())
        return
    cache.put_transient_failure(key, outcome.code, outcome.detail, seconds)


def _stage_title(spec: EmbedderSpec, is_searching: bool) -> str:
    if is_searching:
        return gettext("finding recordings and analyzing with {embedder}", embedder=spec.name)
    return gettext("analyzing with {embedder}", embedder=spec.name)
