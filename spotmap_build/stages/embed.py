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
from spotmap_build.model import Failed
from spotmap_build.registry.features import as_people_read
from spotmap_build.registry.features import names as feature_names
from spotmap_build.report import LISTENED_TO_PREVIEW
from spotmap_build.stages.heads import Asked, ask_heads
from spotmap_build.stages.preloading import preload_for_map
from spotmap_build.stages.reserve import Ready, listening_limit

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
LISTENED_TO: Final = "listened to"
"""The column of the map that distinguishes previews from full tracks, if there are both."""
WHOLE: Final = "the whole track"
PAIRS: Final = 60
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
        sketch = gettext(
            "{previews} of {tracks} tracks are known by 30 seconds only: their places are a sketch until their whole "
            "recordings are listened to.",
            previews=format_count(previews),
            tracks=format_count(len(self.tracks)),
        )
        waiting = self.waiting_count
        left = ngettext(
            "The time limit was over with {count} recording still to be listened to. The next build goes on there.",
            "The time limit was over with {count} recordings still to be listened to. The next build goes on there.",
            waiting,
        )
        return tuple(filter(None, (sketch if previews else "", left if waiting else "", self.problem)))


def embed(run: Run, fetched: Fetched) -> Iterator[Embedded]:
    """Yield the embeddings of all tracks: the source's own positions or vectors, or those computed from audio.

    Recordings are searched for and downloaded while others are analyzed. If previews allow an early map, it is yielded
    first; the last result is that of the build.
    """
    if fetched.is_placed:
        yield _already_placed(fetched.usable_tracks, fetched)
    elif fetched.loaded.vectors is not None:
        yield _own_vectors(run, fetched, fetched.loaded.vectors)
    else:
        yield from _by_listening(run, fetched)


def _by_listening(run: Run, fetched: Fetched) -> Iterator[Embedded]:
    with run.clock.stage("embed"):
        whole = prepare_acquisition(run, fetched)
        if fetched.loaded.card is not None:
            from spotmap_build.stages.card import check_cards

            check_cards(fetched.loaded.card, whole.spec)
        previews = prepare_early_previews(run, fetched, whole)
        has_early_map = previews is not None and not whole.is_complete
        embedded_count = 0
        if whole.is_complete and (previews is None or previews.is_complete):
            run.progress.begin("embed", gettext("looking up what was listened to"))
            run.progress.end(gettext("nothing new to listen to"))
            mark_tag_names_used(whole)
        ready = partial(_ready, whole, previews)
        if previews is not None and not previews.is_complete:
            embedded_count += _listen(run, previews, whole, ready)
        early = _gather(whole, previews, embedded_count) if has_early_map else None
    if early is not None and early.tracks and not listening_limit(run, ready).is_reached:
        yield replace(early, is_early=True)
    with run.clock.stage("embed"):
        if not whole.is_complete:
            embedded_count += _listen(run, whole, whole, ready)
        run.clock.begin_map()
        final = _gather(whole, previews, embedded_count)
    yield final


def _listen(run: Run, acquisition: Acquisition, whole: Acquisition, ready: Callable[[], Ready]) -> int:
    """Analyze audio, and preload meanwhile what the map needs."""
    limit = listening_limit(run, ready)
    # Do not preload if there is nothing to wait for, or no map follows.
    if not run.config.listen or run.config.shard is not None or limit.is_reached:
        return analyze_recordings(acquisition, limit)
    new_share = 1 - ready().tracks / max(1, len(whole.tracks))
    with preload_for_map(whole.prefetch, new_share=new_share, has_embeddings=lambda: ready().tracks > 0):
        return analyze_recordings(acquisition, limit)


def _ready(whole: Acquisition, previews: Acquisition | None) -> Ready:
    """Return how many tracks can be on the map by now, at most."""
    passes = [one for one in (whole, previews) if one is not None]
    heard = sum(one.analyzed_count for one in passes)
    pictures = frozenset().union(*(one.new_pictures for one in passes))
    return Ready(min(heard, len(whole.tracks)), len(pictures))


def prepare_early_previews(run: Run, fetched: Fetched, whole: Acquisition) -> Acquisition | None:
    """Return the previews of all tracks whose download is pending, and of some that were downloaded.

    None if there are no previews.
    """
    if run.config.audio == "youtube" or not fetched.loaded.is_streamed:
        return None
    streamed = [track for track in whole.tracks if track.recording is None]
    wanted = [track for track in streamed if not whole.was_embedded(track)]
    if not wanted:
        return None
    known = sorted(filter(whole.was_embedded, streamed), key=_draw)
    return prepare_previews(whole, (*wanted, *known[:PAIRS]))


def _draw(track: Track) -> bytes:
    return blake2b(track.id.encode(errors="surrogatepass"), digest_size=8).digest()


def _already_placed(tracks: tuple[Track, ...], fetched: Fetched) -> Embedded:
    digest = digest_bytes(orjson.dumps([track.position for track in tracks]))
    return Embedded(tracks, fetched.library.failures, Cached(digest, partial(_without_sound, tracks)), "none")


def _own_vectors(run: Run, fetched: Fetched, vectors: Cached[Float32Array]) -> Embedded:
    tracks = fetched.usable_tracks

    def read() -> Embeddings:
        return replace(_without_sound(tracks), vectors=vectors.value)

    content = Cached(vectors.digest, read)
    return Embedded(tracks, fetched.library.failures, content, PREPROCESSING[run.config.metric])


def _without_sound(tracks: tuple[Track, ...]) -> Embeddings:
    import numpy as np

    from spotmap_build.model import Embeddings

    nothing = np.zeros((len(tracks), 0), dtype=np.float32)
    return Embeddings(tuple(track.id for track in tracks), nothing, nothing, (), nothing, ())


@dataclass(frozen=True, slots=True)
class _Kept:
    """A track that is on the map, and the record of its embedding."""

    track: Track
    record: Record
    is_preview: bool


def _gather(whole: Acquisition, previews: Acquisition | None, embedded_count: int) -> Embedded:
    """Return the current result for every track: an embedding, or the reason why there is none."""
    kept: list[_Kept] = []
    failures = list(whole.loaded.library.failures)
    for track in whole.tracks:
        found = _kept(track, whole, previews)
        if isinstance(found, Failed):
            failures.append(found)
        else:
            kept.append(found)
    preview_ids = frozenset(one.track.id for one in kept if one.is_preview)
    pairs = _pairs(kept, previews) if previews is not None and preview_ids else []
    tracks = tuple(_labeled(one) if preview_ids else one.track for one in kept)
    services = (whole.finder.service, whole.downloader.service, *((previews.finder.service,) if previews else ()))
    asked = ask_heads(whole, [one.record for one in kept])
    return Embedded(
        tracks=tracks,
        failures=tuple(failures),
        embeddings=Cached(_digest(whole, kept, pairs), partial(_read_embeddings, whole, kept, pairs, asked)),
        preprocessing=whole.spec.preprocessing,
        moments_digest=_moments_digest(kept),
        read_moments=partial(_read_moments, whole, kept),
        heads_digest=asked.digest,
        embedded_count=embedded_count,
        matches=whole.matches,
        problem=" ".join(dict.fromkeys(filter(None, (service.summary() for service in services)))),
        preview_ids=preview_ids,
        waiting_count=sum(failure.code == TIME_LIMIT for failure in failures)
        + sum(one.is_preview and _waits_for_time(one.track, whole) for one in kept),
        embedder=whole.spec,
    )


def _kept(track: Track, whole: Acquisition, previews: Acquisition | None) -> _Kept | Failed:
    embedding = whole.embedding_of(track)
    if embedding is not None:
        return _Kept(*embedding, is_preview=False)
    embedding = previews.embedding_of(track) if previews is not None else None
    if embedding is not None:
        return _Kept(*embedding, is_preview=True)
    if previews is not None and previews.has(track) and whole.run.config.audio == "previews":
        return previews.failure_of(track)
    return whole.failure_of(track)


def _waits_for_time(track: Track, whole: Acquisition) -> bool:
    """Tell whether the time limit ended before a track with a preview could be analyzed in full."""
    is_wanted = bool(whole.stopped) and whole.run.config.audio != "previews"
    return is_wanted and whole.failure_of(track).code == TIME_LIMIT


def _pairs(kept: list[_Kept], previews: Acquisition) -> list[tuple[_Kept, _Kept]]:
    """Tracks that were analyzed both ways: by preview and in full."""
    pairs = []
    for one in sorted((one for one in kept if not one.is_preview), key=lambda one: _draw(one.track))[:PAIRS]:
        embedding = previews.embedding_of(one.track)
        if embedding is not None:
            pairs.append((_Kept(*embedding, is_preview=True), one))
    return pairs


def _labeled(one: _Kept) -> Track:
    return replace(
        one.track, facets={**one.track.facets, LISTENED_TO: LISTENED_TO_PREVIEW if one.is_preview else WHOLE}
    )


def _digest(whole: Acquisition, kept: list[_Kept], pairs: list[tuple[_Kept, _Kept]]) -> str:
    def of(one: _Kept) -> list[str]:
        return [one.record.outputs[part].digest for part in PARTS]

    content: list[object] = [whole.spec.name, [of(one) for one in kept]]
    previews = [row for row, one in enumerate(kept) if one.is_preview]
    if previews:
        content.append([previews, [[of(preview), of(one)] for preview, one in pairs]])
    return digest_bytes(orjson.dumps(content))


def _has_moment(one: _Kept) -> bool:
    """Tell whether the typical moment is known. A moment within a preview has no known position in the full track."""
    return MOMENT in one.record.outputs and not one.is_preview


def _moments_digest(kept: list[_Kept]) -> str:
    digests = [one.record.outputs[MOMENT].digest if _has_moment(one) else "" for one in kept]
    return digest_bytes(orjson.dumps(digests)) if any(digests) else ""


def _read_moments(whole: Acquisition, kept: list[_Kept]) -> tuple[float, ...]:
    return tuple(whole.rows.moment(one.record) if _has_moment(one) else math.nan for one in kept)


def _read_embeddings(
    whole: Acquisition, kept: list[_Kept], pairs: list[tuple[_Kept, _Kept]], asked: Asked
) -> Embeddings:
    import numpy as np

    from spotmap_build.model import Embeddings
    from spotmap_build.project.previews import correct_previews

    both = [one for pair in pairs for one in pair]
    vectors, tags, features, typical_s = _read_parts(whole, [*kept, *both])
    is_preview = np.array([one.is_preview for one in kept], dtype=bool)
    if is_preview.any():
        of_pairs = vectors[len(kept) :]
        of_previews = vectors[: len(kept)][is_preview]
        vectors[: len(kept)][is_preview] = correct_previews(of_previews, of_pairs[::2], of_pairs[1::2])
    count = len(kept)
    embeddings = Embeddings(
        track_ids=tuple(one.track.id for one in kept),
        vectors=vectors[:count],
        tags=tags[:count],
        tag_names=tag_names(whole),
        features=as_people_read(features[:count]),
        feature_names=feature_names(),
        typical_s=typical_s[:count] if any(map(_has_moment, kept)) else (),
    )
    answers = asked.read()
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
    whole: Acquisition, kept: list[_Kept]
) -> tuple[Float32Array, Float32Array, Float32Array, tuple[float, ...]]:
    """Read vectors, tags and features, one row per track, and typical moments.

    All damaged records are set aside in one pass.
    """
    import numpy as np

    rows, typical_s, damage = [], [], None
    for one in kept:
        try:
            parts, moment_s = whole.rows.read(one.record)
        except CorruptEntry as error:
            damage = error
            continue
        rows.append(parts)
        typical_s.append(moment_s if _has_moment(one) else math.nan)
    if damage is not None:
        raise damage
    vectors, tags, features = (np.stack(column).astype(np.float32) for column in zip(*rows, strict=True))
    return vectors, tags, features, tuple(typical_s)
