"""Embed stage: compute the embedding of every track, or read it from the cache."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

import orjson

from spotmap_build.acquire.cached_embeddings import MOMENT, PARTS
from spotmap_build.acquire.queue import analyze_recordings
from spotmap_build.acquire.state import (
    TIME_LIMIT,
    Acquisition,
    mark_tag_names_used,
    prepare_acquisition,
    prepare_previews,
    tag_names,
)
from spotmap_build.cache.errors import CorruptEntry
from spotmap_build.cache.keys import digest_bytes
from spotmap_build.cache.memo import Cached
from spotmap_build.core.translation import format_count, gettext, ngettext
from spotmap_build.ledger import PREVIEW_LABEL
from spotmap_build.model import Failed
from spotmap_build.registry.features import names as feature_names
from spotmap_build.registry.features import to_displayed_values
from spotmap_build.stages.heads import LazyHeadResults, head_results
from spotmap_build.stages.preloading import preload_for_map
from spotmap_build.stages.reserve import ReadyCounts, analysis_limit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spotmap_build.cache.records import Record
    from spotmap_build.fetch.source import Fetched
    from spotmap_build.model import Embeddings, Float32Array, Match, Track
    from spotmap_build.registry.embedders import EmbedderSpec
    from spotmap_build.run import Run

PREPROCESSING: Final = {"centered": "center", "cosine": "none", "standardized": "zscore"}
"""Preprocessing of vectors from a table for each choice of ``--metric``, see ``project.preprocessing``. Centered is the
default, because the embeddings of most networks share a mean that carries no information. Standardized is better if all
dimensions are informative, but amplifies noise if some are not (docs/tables.md has figures)."""
ANALYZED_AUDIO: Final = "listened to"
"""The column of the map that distinguishes previews from full tracks, if there are both."""
FULL_TRACK: Final = "the whole track"
PAIR_COUNT: Final = 60
"""Number of tracks analyzed both ways, to estimate how previews differ from full tracks (``project.previews``)."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """The tracks that can go on the map, and their embeddings.

    ``embeddings``: rows in the order of ``tracks``. Their digest does not cover typical moments and the results of
    heads, which do not affect the layout; ``moments_digest`` (empty without moments) and ``heads_digest`` do.
    ``read_moments``: reads the typical moments without numpy (NaN if unknown).
    ``preprocessing``: preprocessing of the vectors.
    ``matches``: how the recording of each track was chosen, by track id. ``problem``: a sentence that says why requests
    to a service were omitted; empty if none were. ``preview_ids``: tracks of which only 30 seconds were analyzed.
    ``is_early``: this build will analyze more. ``waiting_count``: number of recordings left because of the time limit.
    ``embedder``: the embedder of the vectors; None if they are from a table.
    """

    tracks: tuple[Track, ...]
    failures: tuple[Failed, ...]
    embeddings: Cached[Embeddings]
    preprocessing: str
    moments_digest: str = ""
    read_moments: Callable[[], tuple[float, ...]] = tuple
    heads_digest: str = ""
    embedded_count: int = 0
    matches: Mapping[str, Match] = field(default_factory=dict)
    problem: str = ""
    preview_ids: frozenset[str] = frozenset()
    is_early: bool = False
    waiting_count: int = 0
    embedder: EmbedderSpec | None = None

    @property
    def digest(self) -> str:
        """Digest of the embeddings."""
        return self.embeddings.digest

    @property
    def sound_key(self) -> dict[str, str]:
        """Digests of the embeddings and of the results of heads, as part of a key."""
        return {"sound": self.digest, **({"heads": self.heads_digest} if self.heads_digest else {})}

    @property
    def notices(self) -> tuple[str, ...]:
        """Notices about the analysis for the person, as sentences."""
        previews = len(self.preview_ids)
        provisional = gettext(
            "Only 30 seconds of {previews} of {tracks} tracks have been analyzed so far: their positions are "
            "provisional until their whole recordings are analyzed.",
            previews=format_count(previews),
            tracks=format_count(len(self.tracks)),
        )
        waiting = self.waiting_count
        left = ngettext(
            "The time limit was reached before {count} recording was analyzed. The next build continues there.",
            "The time limit was reached before {count} recordings were analyzed. The next build continues there.",
            waiting,
        )
        return tuple(filter(None, (provisional if previews else "", left if waiting else "", self.problem)))


def embed(run: Run, fetched: Fetched) -> Iterator[Embedded]:
    """Yield the embeddings of all tracks: the source's own positions or vectors, or those computed from audio.

    Recordings are searched for and downloaded while others are analyzed. If previews allow an early map, it is yielded
    first; the last result is that of the build.
    """
    given = _given(run, fetched)
    if given is not None:
        yield given
    else:
        yield from _embed_audio(run, fetched)


def known_embeddings(run: Run, fetched: Fetched) -> Embedded:
    """Return the embeddings of the tracks that earlier builds analyzed, like the last result of :func:`embed`."""
    return _given(run, fetched) or _gather(*_prepare(run, fetched), 0)


def _given(run: Run, fetched: Fetched) -> Embedded | None:
    """Return the source's own positions or vectors; None if tracks have to be analyzed."""
    if fetched.is_placed:
        return _already_placed(fetched.usable_tracks, fetched)
    if fetched.loaded.vectors is not None:
        return _own_vectors(run, fetched, fetched.loaded.vectors)
    return None


def _prepare(run: Run, fetched: Fetched) -> tuple[Acquisition, Acquisition | None]:
    """Return the whole recordings, and the previews if there are any."""
    full = prepare_acquisition(run, fetched)
    if fetched.loaded.card is not None:
        from spotmap_build.stages.card import check_cards

        check_cards(fetched.loaded.card, full.spec)
    return full, prepare_early_previews(run, fetched, full)


def _embed_audio(run: Run, fetched: Fetched) -> Iterator[Embedded]:
    with run.clock.stage("embed"):
        full, previews = _prepare(run, fetched)
        has_early_map = previews is not None and not full.is_complete
        embedded_count = 0
        if full.is_complete and (previews is None or previews.is_complete):
            run.progress.begin("embed", gettext("looking up analyzed tracks"))
            run.progress.end(gettext("no new tracks to analyze"))
            mark_tag_names_used(full)
        ready = partial(_count_ready, full, previews)
        if previews is not None and not previews.is_complete:
            embedded_count += _analyze(run, previews, full, ready)
        early = _gather(full, previews, embedded_count) if has_early_map else None
    if early is not None and early.tracks and not analysis_limit(run, ready).is_reached:
        yield replace(early, is_early=True)
    with run.clock.stage("embed"):
        if not full.is_complete:
            embedded_count += _analyze(run, full, full, ready)
        run.clock.begin_map()
        final = _gather(full, previews, embedded_count)
    yield final


def _analyze(run: Run, acquisition: Acquisition, full: Acquisition, ready: Callable[[], ReadyCounts]) -> int:
    """Analyze audio, and preload meanwhile what the map needs."""
    limit = analysis_limit(run, ready)
    # Do not preload if there is nothing to wait for, or no map follows.
    if not run.config.listen or run.config.shard is not None or limit.is_reached:
        return analyze_recordings(acquisition, limit)
    new_share = 1 - ready().tracks / max(1, len(full.tracks))
    with preload_for_map(full.prefetch, new_share=new_share, has_embeddings=lambda: ready().tracks > 0):
        return analyze_recordings(acquisition, limit)


def _count_ready(full: Acquisition, previews: Acquisition | None) -> ReadyCounts:
    """Return how many tracks can be on the map by now, at most."""
    acquisitions = [full] if previews is None else [full, previews]
    analyzed_count = sum(acquisition.analyzed_count for acquisition in acquisitions)
    pictures = frozenset().union(*(acquisition.new_pictures for acquisition in acquisitions))
    return ReadyCounts(min(analyzed_count, len(full.tracks)), len(pictures))


def prepare_early_previews(run: Run, fetched: Fetched, full: Acquisition) -> Acquisition | None:
    """Return the previews of all tracks whose download is pending, and of some that were downloaded.

    None if there are no previews.
    """
    if run.config.audio == "youtube" or not fetched.loaded.is_streamed:
        return None
    streamed = [track for track in full.tracks if track.recording is None]
    wanted = [track for track in streamed if not full.was_embedded(track)]
    if not wanted:
        return None
    known = sorted(filter(full.was_embedded, streamed), key=_random_rank)
    return prepare_previews(full, (*wanted, *known[:PAIR_COUNT]))


def _random_rank(track: Track) -> bytes:
    return blake2b(track.id.encode(errors="surrogatepass"), digest_size=8).digest()


def _already_placed(tracks: tuple[Track, ...], fetched: Fetched) -> Embedded:
    digest = digest_bytes(orjson.dumps([track.position for track in tracks]))
    return Embedded(tracks, fetched.library.failures, Cached(digest, partial(_empty_embeddings, tracks)), "none")


def _own_vectors(run: Run, fetched: Fetched, vectors: Cached[Float32Array]) -> Embedded:
    tracks = fetched.usable_tracks

    def read() -> Embeddings:
        return replace(_empty_embeddings(tracks), vectors=vectors.value)

    content = Cached(vectors.digest, read)
    return Embedded(tracks, fetched.library.failures, content, PREPROCESSING[run.config.metric])


def _empty_embeddings(tracks: tuple[Track, ...]) -> Embeddings:
    import numpy as np

    from spotmap_build.model import Embeddings

    nothing = np.zeros((len(tracks), 0), dtype=np.float32)
    return Embeddings(tuple(track.id for track in tracks), nothing, nothing, (), nothing, ())


@dataclass(frozen=True, slots=True)
class _MappedTrack:
    """A track that is on the map, and the record of its embedding."""

    track: Track
    record: Record
    is_preview: bool


def _gather(full: Acquisition, previews: Acquisition | None, embedded_count: int) -> Embedded:
    """Return the current result for every track: an embedding, or the reason why there is none."""
    kept: list[_MappedTrack] = []
    failures = list(full.loaded.library.failures)
    for track in full.tracks:
        found = _mapped_track(track, full, previews)
        if isinstance(found, Failed):
            failures.append(found)
        else:
            kept.append(found)
    preview_ids = frozenset(entry.track.id for entry in kept if entry.is_preview)
    pairs = _pairs(kept, previews) if previews is not None and preview_ids else []
    tracks = tuple(_with_audio_label(entry) if preview_ids else entry.track for entry in kept)
    services = (full.finder.service, full.downloader.service, *((previews.finder.service,) if previews else ()))
    results = head_results(full, [entry.record for entry in kept])
    return Embedded(
        tracks=tracks,
        failures=tuple(failures),
        embeddings=Cached(_digest(full, kept, pairs), partial(_read_embeddings, full, kept, pairs, results)),
        preprocessing=full.spec.preprocessing,
        moments_digest=_moments_digest(kept),
        read_moments=partial(_read_moments, full, kept),
        heads_digest=results.digest,
        embedded_count=embedded_count,
        matches=full.matches,
        problem=" ".join(dict.fromkeys(filter(None, (service.summary() for service in services)))),
        preview_ids=preview_ids,
        waiting_count=sum(failure.code == TIME_LIMIT for failure in failures)
        + sum(entry.is_preview and _waits_for_time(entry.track, full) for entry in kept),
        embedder=full.spec,
    )


def _mapped_track(track: Track, full: Acquisition, previews: Acquisition | None) -> _MappedTrack | Failed:
    embedding = full.embedding_of(track)
    if embedding is not None:
        return _MappedTrack(*embedding, is_preview=False)
    embedding = previews.embedding_of(track) if previews is not None else None
    if embedding is not None:
        return _MappedTrack(*embedding, is_preview=True)
    if previews is not None and previews.has(track) and full.run.config.audio == "previews":
        return previews.failure_of(track)
    return full.failure_of(track)


def _waits_for_time(track: Track, full: Acquisition) -> bool:
    """Return whether the time limit ended before a track with a preview could be analyzed in full."""
    is_wanted = bool(full.stopped) and full.run.config.audio != "previews"
    return is_wanted and full.failure_of(track).code == TIME_LIMIT


def _pairs(kept: list[_MappedTrack], previews: Acquisition) -> list[tuple[_MappedTrack, _MappedTrack]]:
    """Tracks that were analyzed both ways: by preview and in full."""
    pairs = []
    analyzed_in_full = [entry for entry in kept if not entry.is_preview]
    for entry in sorted(analyzed_in_full, key=lambda entry: _random_rank(entry.track))[:PAIR_COUNT]:
        embedding = previews.embedding_of(entry.track)
        if embedding is not None:
            pairs.append((_MappedTrack(*embedding, is_preview=True), entry))
    return pairs


def _with_audio_label(entry: _MappedTrack) -> Track:
    return replace(
        entry.track, facets={**entry.track.facets, ANALYZED_AUDIO: PREVIEW_LABEL if entry.is_preview else FULL_TRACK}
    )


def _digest(full: Acquisition, kept: list[_MappedTrack], pairs: list[tuple[_MappedTrack, _MappedTrack]]) -> str:
    def of(entry: _MappedTrack) -> list[str]:
        return [entry.record.outputs[part].digest for part in PARTS]

    content: list[object] = [full.spec.name, [of(entry) for entry in kept]]
    previews = [row for row, entry in enumerate(kept) if entry.is_preview]
    if previews:
        content.append([previews, [[of(preview), of(entry)] for preview, entry in pairs]])
    return digest_bytes(orjson.dumps(content))


def _has_moment(entry: _MappedTrack) -> bool:
    """Return whether the typical moment is known. A moment within a preview has no known position in the full track."""
    return MOMENT in entry.record.outputs and not entry.is_preview


def _moments_digest(kept: list[_MappedTrack]) -> str:
    digests = [entry.record.outputs[MOMENT].digest if _has_moment(entry) else "" for entry in kept]
    return digest_bytes(orjson.dumps(digests)) if any(digests) else ""


def _read_moments(full: Acquisition, kept: list[_MappedTrack]) -> tuple[float, ...]:
    return tuple(full.rows.moment(entry.record) if _has_moment(entry) else math.nan for entry in kept)


def _read_embeddings(
    full: Acquisition,
    kept: list[_MappedTrack],
    pairs: list[tuple[_MappedTrack, _MappedTrack]],
    results: LazyHeadResults,
) -> Embeddings:
    import numpy as np

    from spotmap_build.model import Embeddings
    from spotmap_build.project.previews import correct_previews

    both = [entry for pair in pairs for entry in pair]
    vectors, tags, features, typical_s = _read_parts(full, [*kept, *both])
    is_preview = np.array([entry.is_preview for entry in kept], dtype=bool)
    if is_preview.any():
        of_pairs = vectors[len(kept) :]
        of_previews = vectors[: len(kept)][is_preview]
        vectors[: len(kept)][is_preview] = correct_previews(of_previews, of_pairs[::2], of_pairs[1::2])
    count = len(kept)
    embeddings = Embeddings(
        track_ids=tuple(entry.track.id for entry in kept),
        vectors=vectors[:count],
        tags=tags[:count],
        tag_names=tag_names(full),
        features=to_displayed_values(features[:count]),
        feature_names=feature_names(),
        typical_s=typical_s[:count] if any(map(_has_moment, kept)) else (),
    )
    answers = results.read()
    if answers is None:
        return embeddings
    return replace(
        embeddings,
        tags=np.hstack([embeddings.tags, answers.tags]),
        tag_names=(*embeddings.tag_names, *answers.tag_names),
        features=np.hstack([embeddings.features, answers.features]),
        feature_names=(*embeddings.feature_names, *answers.feature_names),
    )


def _read_parts(
    full: Acquisition, kept: list[_MappedTrack]
) -> tuple[Float32Array, Float32Array, Float32Array, tuple[float, ...]]:
    """Read vectors, tags and features, one row per track, and typical moments.

    All damaged records are set aside in one pass.
    """
    import numpy as np

    rows, typical_s, damage = [], [], None
    for entry in kept:
        try:
            parts, moment_s = full.rows.read(entry.record)
        except CorruptEntry as error:
            damage = error
            continue
        rows.append(parts)
        typical_s.append(moment_s if _has_moment(entry) else math.nan)
    if damage is not None:
        raise damage
    vectors, tags, features = (np.stack(column).astype(np.float32) for column in zip(*rows, strict=True))
    return vectors, tags, features, tuple(typical_s)
