"""Excerpts stage: cut some seconds of each local track from its typical moment on, if the site should have excerpts."""

from __future__ import annotations

import math
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from spotmap_build.acquire.scratch import scratch_folder
from spotmap_build.acquire.state import TIME_LIMIT
from spotmap_build.cache.decoding import decoder, is_worth_another_try
from spotmap_build.cache.errors import CacheReadOnly
from spotmap_build.cache.freshness import Failure
from spotmap_build.cache.keys import Key, digest_bytes, place_digest
from spotmap_build.core.translation import format_count, gettext, translatable
from spotmap_build.model import Done
from spotmap_build.stages.reserve import extras_limit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from spotmap_build.acquire.time_limit import TimeLimit
    from spotmap_build.embed.excerpts import ExcerptJob
    from spotmap_build.fetch.source import Fetched
    from spotmap_build.model import Failed, Recording, Track
    from spotmap_build.run import Run
    from spotmap_build.stages.embed import Embedded

EXCERPT_VERSION: Final = 1
"""Raise when the same audio gives a different excerpt."""
RIGHTS: Final = (
    "Everybody who sees the map can hear and copy them: publish excerpts only of music that is yours to share."
)
MEGABYTE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Excerpted:
    """Digests of the cached excerpts by track id, and the numbers of tracks without one, by code."""

    digests: Mapping[str, str] = field(default_factory=dict)
    failed: Mapping[str, int] = field(default_factory=dict)

    @property
    def notices(self) -> tuple[str, ...]:
        """Notices about missing excerpts for the person, as sentences."""
        failed = dict(self.failed)
        waiting = failed.pop(TIME_LIMIT, 0)
        reasons = ", ".join(f"{number} {code}" for code, number in sorted(failed.items()))
        failures = (
            translatable(f"No excerpt of {sum(failed.values()):,} tracks could be made ({reasons}).") if failed else ""
        )
        left = translatable(
            f"The time limit was reached before {waiting:,} excerpts were made. The next build continues there."
        )
        return tuple(filter(None, (failures, left if waiting else "")))


def add_excerpts(run: Run, fetched: Fetched, embedded: Embedded) -> Excerpted:
    """Cut the missing excerpts, each once. A failed excerpt only affects its track."""
    if not run.config.excerpts or not any(_has_audio_file(track) for track in embedded.tracks):
        return Excerpted()
    with run.clock.stage("excerpts"):
        excerpts = _Excerpts(run, fetched, embedded)
        if excerpts.pending:
            run.progress.say(forecast(len(excerpts.pending), run.config.excerpts))
            with suppress(CacheReadOnly):
                excerpts.make()
        return excerpts.found()


def forecast(count: int, seconds: int) -> str:
    """Say how much the excerpts of ``count`` tracks add to the site, and remind the person of copyright."""
    from spotmap_build.embed.excerpts import forecast_bytes

    megabytes = max(1, round(forecast_bytes(count, seconds) / MEGABYTE))
    return f"Excerpts of {seconds} s from {count:,} of your tracks add about {megabytes:,} MB to the site. {RIGHTS}"


def count_excerpts(tracks: tuple[Track, ...]) -> int:
    """Count the tracks from which an excerpt can be cut."""
    return sum(map(_has_audio_file, tracks))


def _has_audio_file(track: Track) -> bool:
    """Return whether the audio of a track is on this machine, without requests to a service."""
    recording = track.recording
    return recording is not None and (recording.path is not None or recording.recipe is not None)


class _Excerpts:
    """The key and the state of each track's excerpt."""

    def __init__(self, run: Run, fetched: Fetched, embedded: Embedded) -> None:
        self._run = run
        self._track_count = len(embedded.tracks)
        self._render = fetched.loaded.render
        moments_s = embedded.read_moments() or (math.nan,) * len(embedded.tracks)
        here = [
            (track, moment) for track, moment in zip(embedded.tracks, moments_s, strict=True) if _has_audio_file(track)
        ]
        self._tracks = {track.id: track for track, _ in here}
        self._starts = {track.id: None if math.isnan(moment) else moment for track, moment in here}
        self._keys = {track.id: self._key(track) for track, _ in here}
        self._blobs: dict[str, str] = {}
        self._codes: dict[str, str] = {}
        first_of_key = {key.digest: track_id for track_id, key in reversed(self._keys.items())}
        self.pending = [track_id for track_id in first_of_key.values() if not self._is_settled(self._keys[track_id])]

    def _is_settled(self, key: Key) -> bool:
        """Return whether the cache has an excerpt or a valid failure, and record it."""
        record = self._run.cache.lookup(key)
        if record is None:
            return False
        if record.failure is not None:
            self._codes[key.digest] = record.failure.code
        elif len(record.blobs) == 1:
            (self._blobs[key.digest],) = record.blobs
        return not is_worth_another_try(record, retry=self._run.config.retry)

    def _key(self, track: Track) -> Key:
        content = {
            "sound": _sound(track.known_recording),
            "start": self._starts[track.id],
            "seconds": self._run.config.excerpts,
        }
        return Key("excerpt", EXCERPT_VERSION, content)

    def make(self) -> None:
        """Cut the pending excerpts in worker processes, and store each when it is finished."""
        from spotmap_build.embed.excerpts import cut_excerpt
        from spotmap_build.embed.pool import WorkerPool

        run, total, limit = self._run, len(self.pending), extras_limit(self._run, self._track_count)
        run.progress.begin("excerpts", gettext("cutting excerpts"), total=total)
        workers = min(run.config.worker_count, total)
        made, left = 0, {self._keys[track_id].digest for track_id in self.pending}
        with scratch_folder() as scratch, WorkerPool(cut_excerpt, workers, stage="excerpt") as pool:
            finished = pool.run(self._jobs(str(scratch.folder), limit), stop_requested=lambda: limit.is_past_grace)
            for number, (job, outcome, seconds) in enumerate(finished, start=1):
                key = self._keys[job.track_id]
                left.discard(key.digest)
                made += isinstance(outcome, Done)
                self._store(key, outcome, seconds)
                run.progress.advance(number)
        self._codes = dict.fromkeys(left, TIME_LIMIT) | self._codes  # earlier failures keep their reason
        run.progress.end(gettext("{made} of {total} excerpts cut", made=format_count(made), total=format_count(total)))

    def _jobs(self, temp_folder: str, limit: TimeLimit) -> Iterator[ExcerptJob]:
        from spotmap_build.embed.excerpts import ExcerptJob

        for track_id in self.pending:
            if limit.is_reached:
                return
            recording = self._tracks[track_id].known_recording
            prepare = partial(self._render, recording.recipe) if self._render and recording.recipe else None
            yield ExcerptJob(
                track_id=track_id,
                path=recording.path,
                prepare=prepare,
                temp_folder=temp_folder,
                start_s=self._starts[track_id],
                seconds=self._run.config.excerpts,
                duration_ms=self._tracks[track_id].duration_ms,
            )

    def _store(self, key: Key, outcome: Done[bytes] | Failed, seconds: float) -> None:
        cache = self._run.cache
        if isinstance(outcome, Done):
            blob = cache.put_blob(outcome.value)
            cache.put(key, {}, seconds=seconds, blobs=[blob])
            self._blobs[key.digest] = blob
            return
        self._codes[key.digest] = outcome.code
        if outcome.retryable:
            cache.put_transient_failure(key, outcome.code, outcome.detail, seconds)
        else:
            failure = Failure(outcome.code, outcome.detail, "permanent")
            cache.put_failure(key, failure, seconds=seconds, producer=decoder())

    def found(self) -> Excerpted:
        """Return the current results."""
        digests, failed = {}, Counter[str]()
        for track_id, key in self._keys.items():
            if key.digest in self._blobs:
                digests[track_id] = self._blobs[key.digest]
            else:
                failed[self._codes.get(key.digest, "not-kept")] += 1
        return Excerpted(digests, failed)


def _sound(recording: Recording) -> str:
    """Identify the audio by its digest, or an unexamined file by its path, size and modification time."""
    if recording.digest or recording.path is None:
        return recording.digest
    path = Path(recording.path)
    try:
        found = path.stat()
    except OSError:  # cutting reports why it cannot be read
        return place_digest(path)
    return digest_bytes(f"{place_digest(path)} {found.st_size} {found.st_mtime_ns}".encode())
