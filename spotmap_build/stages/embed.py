"""Embed: what every track of the library sounds like, from the cache where it was listened to before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

import orjson

from spotmap_build.acquire.queue import listen
from spotmap_build.acquire.state import PARTS, Acquisition, keep_tag_names, prepare_acquisition, tag_names
from spotmap_build.cache.errors import CorruptEntry
from spotmap_build.cache.keys import digest_bytes
from spotmap_build.model import Failed

if TYPE_CHECKING:
    from spotmap_build.fetch.source import Fetched, OwnVectors
    from spotmap_build.model import Embeddings, Match, Track
    from spotmap_build.run import Run


@dataclass(frozen=True, slots=True)
class Embedded:
    """The tracks that can go on the map, and how to read what is known of their sound.

    ``digest`` names the content of ``read()``; ``preprocessing`` is how its vectors are to be compared.
    ``matches``: how the recording of a track was chosen, by track id. ``problem``: why a service was not asked for all
    that was wanted of it, as a sentence; empty where it was.
    """

    tracks: tuple[Track, ...]
    failures: tuple[Failed, ...]
    digest: str
    preprocessing: str
    read: Callable[[], Embeddings]
    embedded_count: int = 0
    matches: Mapping[str, Match] = field(default_factory=dict)
    problem: str = ""


def embed(run: Run, fetched: Fetched) -> Embedded:
    """Vectors for every track: the source's own places or vectors where it has them, else by listening.

    What has to be found and downloaded first is, while others are listened to.
    """
    with run.clock.stage("embed"):
        if fetched.is_placed:
            return _already_placed(fetched.usable_tracks, fetched)
        if fetched.loaded.vectors is not None:
            return _own_vectors(fetched.usable_tracks, fetched.loaded.vectors, fetched)
        acquisition = prepare_acquisition(run, fetched)
        if acquisition.is_complete:
            run.progress.begin("embed", "looking up what was heard")
            run.progress.end("nothing new to listen to")
            keep_tag_names(acquisition)
            return _gather(acquisition, 0)
        return _gather(acquisition, listen(acquisition))


def _already_placed(tracks: tuple[Track, ...], fetched: Fetched) -> Embedded:
    digest = digest_bytes(orjson.dumps([track.position for track in tracks]))
    return Embedded(tracks, fetched.library.failures, digest, "none", lambda: _without_sound(tracks))


def _own_vectors(tracks: tuple[Track, ...], vectors: OwnVectors, fetched: Fetched) -> Embedded:
    def read() -> Embeddings:
        return replace(_without_sound(tracks), vectors=vectors.read())

    return Embedded(tracks, fetched.library.failures, vectors.digest, "none", read)


def _without_sound(tracks: tuple[Track, ...]) -> Embeddings:
    import numpy as np

    from spotmap_build.model import Embeddings

    nothing = np.zeros((len(tracks), 0), dtype=np.float32)
    return Embeddings(tuple(track.id for track in tracks), nothing, nothing, (), nothing, ())


def _gather(acquisition: Acquisition, embedded_count: int) -> Embedded:
    """What is now known of every track: an embedding, or the reason why there is none."""
    embedded, failures, digests = [], list(acquisition.library.failures), []
    for track in acquisition.tracks:
        state = acquisition.state_of(track)
        if isinstance(state, Failed):
            failures.append(state)
        else:
            mapped, record = state
            embedded.append(mapped)
            digests.append([record.outputs[part].digest for part in PARTS])
    mapped_tracks = tuple(embedded)
    return Embedded(
        tracks=mapped_tracks,
        failures=tuple(failures),
        digest=digest_bytes(orjson.dumps([acquisition.spec.name, digests])),
        preprocessing=acquisition.spec.preprocessing,
        read=partial(_read_embeddings, acquisition, mapped_tracks),
        embedded_count=embedded_count,
        matches=acquisition.matches,
        problem=" ".join(
            filter(None, (acquisition.finder.service.summary(), acquisition.downloader.service.summary()))
        ),
    )


def _read_embeddings(acquisition: Acquisition, tracks: tuple[Track, ...]) -> Embeddings:
    import numpy as np

    from spotmap_build.cache.arrays import array_decoder
    from spotmap_build.embed.spectral import FEATURES
    from spotmap_build.model import Embeddings

    run, spec = acquisition.run, acquisition.spec
    lengths = (spec.dimensions, spec.tag_count, len(FEATURES))
    parts = [
        (part, array_decoder(length, kind="f", is_finite=True)) for part, length in zip(PARTS, lengths, strict=True)
    ]
    rows, damage = [], None
    for track in tracks:  # all that are damaged are set aside at once, however many there are
        try:
            rows.append([run.read(acquisition.key_of(track), part, decoder) for part, decoder in parts])
        except CorruptEntry as error:
            damage = error
    if damage is not None:
        raise damage
    vectors, tags, features = (np.stack(column).astype(np.float32) for column in zip(*rows, strict=True))
    return Embeddings(
        track_ids=tuple(track.id for track in tracks),
        vectors=vectors,
        tags=tags,
        tag_names=tag_names(acquisition),
        features=features,
        feature_names=tuple(feature.name for feature in FEATURES),
    )
