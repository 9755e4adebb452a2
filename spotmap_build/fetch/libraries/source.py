"""What every library source is: something that loads a :class:`Library`, and knows where its sound comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from spotmap_build.errors import ConfigError
from spotmap_build.model import Library, Playlist

if TYPE_CHECKING:
    from spotmap_build.cache.store import Cache
    from spotmap_build.model import Float32Array


class ProbeResult(Protocol):
    """What a look into an audio file tells without decoding it."""

    @property
    def duration_ms(self) -> int | None: ...
    @property
    def audio_digest(self) -> str: ...


Probe = Callable[[Path], ProbeResult]
"""Looks into an audio file; raises TrackError where it is none. Handed in, because decoding is another stage."""


@dataclass(frozen=True, slots=True)
class OwnVectors:
    """Embedding vectors that a source brings: ``read`` gives float32 ``[rows, d]``, ``digest`` names their content."""

    digest: str
    read: Callable[[], Float32Array]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A library, and what its source brings beyond the nouns of the model.

    ``render`` makes the audio file of a recording's recipe in a folder (the demo); it must be picklable.
    """

    kind: str
    library: Library
    vectors: OwnVectors | None = None
    render: Callable[[str, Path], Path] | None = None


@dataclass(frozen=True, slots=True)
class LoadContext:
    """What a source may use while it loads: the cache, the probe, threads, and a way to tell how far it is."""

    cache: Cache
    probe: Probe
    threads: int
    advance: Callable[[int, int], None]
    """Called with (files looked into, files to look into)."""


class LibrarySource(Protocol):
    """One kind of library. ``load`` raises SourceError where there is nothing to load at all."""

    def load(self, context: LoadContext) -> Loaded: ...


def combine(parts: Iterable[Loaded]) -> Loaded:
    """Several sources as one library: tracks with the same id are one track, playlists stay apart.

    Raises
    ------
    ConfigError: if one of several sources brings places or vectors of its own, which have no meaning for the others.
    """
    loaded = list(parts)
    if len(loaded) == 1:
        return loaded[0]
    for part in loaded:
        if part.vectors is not None or any(track.position for track in part.library.tracks):
            raise ConfigError(
                "A table with its own vectors or x and y cannot be put on one map with other sources.",
                hint="Build it by itself, or leave those columns out so that its tracks are listened to.",
            )
    tracks = {track.id: track for part in loaded for track in part.library.tracks}
    known = {failure.track_id: failure for part in loaded for failure in part.library.failures}
    playlists = [playlist for part in loaded for playlist in part.library.playlists]
    renders = [part.render for part in loaded if part.render is not None]
    return Loaded(
        kind="+".join(part.kind for part in loaded),
        library=Library(tuple(tracks.values()), tuple(with_distinct_ids(playlists)), tuple(known.values())),
        render=renders[0] if renders else None,
    )


def with_distinct_ids(playlists: Iterable[Playlist]) -> list[Playlist]:
    """Playlists of equal name from two sources keep apart: the second one's id gets a number."""
    seen: dict[str, int] = {}
    distinct = []
    for playlist in playlists:
        seen[playlist.id] = seen.get(playlist.id, 0) + 1
        number = seen[playlist.id]
        distinct.append(playlist if number == 1 else replace(playlist, id=f"{playlist.id}~{number}"))
    return distinct
