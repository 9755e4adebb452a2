"""What every library source is: something that loads a :class:`Library`, and knows where its sound comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import orjson

from spotmap_build.cache.keys import digest_bytes

if TYPE_CHECKING:
    from spotmap_build.cache.memo import Cached
    from spotmap_build.cache.store import Cache
    from spotmap_build.errors import SpotmapError
    from spotmap_build.model import Float32Array, Library, Playlist, SharedSound, Track


class ProbeResult(Protocol):
    """What a look into an audio file tells without decoding it."""

    @property
    def duration_ms(self) -> int | None:
        """How long the audio is; None where the container does not say."""

    @property
    def audio_digest(self) -> str:
        """SHA-256 of the audio as it lies in the container, whatever its tags say."""


Probe = Callable[[Path], ProbeResult]
"""Looks into an audio file; raises TrackError where it is none. Handed in, because decoding is another stage."""


@dataclass(frozen=True, slots=True)
class CardSounds:
    """What a card tells of sound. ``embedders``: which made it, as ``registry.embedders.identity`` names them.

    ``sounds``: by track id. ``owner``: what the person is called where nothing else is said.
    """

    embedders: frozenset[str]
    sounds: Mapping[str, SharedSound]
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A library, and what its source brings beyond the nouns of the model.

    ``vectors``: embeddings of its own, float32 ``[tracks, d]``.
    ``render`` makes the audio file of a recording's recipe in a folder (the demo); it must be picklable.
    ``is_streamed``: its tracks without a recording are to be found on YouTube Music.
    ``notices``: sentences for the end of the build (a login that ends soon, a snapshot that is old).
    ``problem``: why the library is not as new or as whole as it should be. The map is built from what there is, and the
    build ends with this error's exit status.
    ``depends_on_more``: it depends on files that do not lie at the source's path, or that were not there; only asked of
    kinds that depend on files only (:class:`~spotmap_build.registry.sources.SourceKind`).
    ``card``: how its tracks sound, where it is a friend's card: then they are no part of the person's own library.
    """

    kind: str
    library: Library
    vectors: Cached[Float32Array] | None = None
    render: Callable[[str, Path], Path] | None = None
    is_streamed: bool = False
    notices: tuple[str, ...] = ()
    problem: SpotmapError | None = None
    depends_on_more: bool = False
    card: CardSounds | None = None


@dataclass(frozen=True, slots=True)
class LoadContext:
    """What a source may use while it loads: the cache, the probe, threads, and a way to tell how far it is."""

    cache: Cache
    probe: Probe
    threads: int
    advance: Callable[[int, int], None]
    """Called with (files looked into, files to look into), or pages."""
    say: Callable[[str], None] = lambda _message: None
    """Something worth knowing while it loads: a wait that a service asks for."""
    read_metadata: Callable[[Path], Mapping[str, str]] = lambda _path: {}
    """What the container of an audio file says, by names in lower case: for kinds of files whose tags are not known."""


class LibrarySource(Protocol):
    """One kind of library."""

    def load(self, context: LoadContext) -> Loaded:
        """Load it.

        Raises
        ------
        SourceError
            There is nothing to load at all. What cannot be used of a library that is there becomes ``Failed`` rows.
        """


def with_distinct_ids(playlists: Iterable[Playlist]) -> list[Playlist]:
    """Playlists of equal name from two sources keep apart: the second one's id gets a number."""
    seen: dict[str, int] = {}
    distinct = []
    for playlist in playlists:
        seen[playlist.id] = seen.get(playlist.id, 0) + 1
        number = seen[playlist.id]
        distinct.append(playlist if number == 1 else replace(playlist, id=f"{playlist.id}~{number}"))
    return distinct


@dataclass(frozen=True, slots=True)
class Fetched:
    """The library, and which kinds of source it came from."""

    loaded: Loaded
    title: str
    context: LoadContext

    @property
    def library(self) -> Library:
        """Everything that was loaded, of all sources."""
        return self.loaded.library

    @property
    def track_count(self) -> int:
        """How many tracks the library has, those among them that cannot be used."""
        return len(self.loaded.library.tracks)

    @property
    def usable_tracks(self) -> tuple[Track, ...]:
        """The tracks that the source could make something of."""
        unusable = {failure.track_id for failure in self.library.failures}
        return tuple(track for track in self.library.tracks if track.id not in unusable)

    @property
    def is_placed(self) -> bool:
        """Whether the source gives every track its place."""
        return any(track.position is not None for track in self.library.tracks)

    @property
    def playlists_digest(self) -> str:
        """Names everything about the playlists that can show on the map."""
        return digest_bytes(orjson.dumps(self.library.playlists))
