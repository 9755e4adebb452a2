"""The interface of library sources, and the data classes they return."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import orjson

from spotmap_build.cache.keys import digest_bytes

if TYPE_CHECKING:
    from spotmap_build.cache.memo import Cached
    from spotmap_build.cache.store import Cache
    from spotmap_build.errors import SpotmapError
    from spotmap_build.model import Float32Array, Library, SharedSound, Track


class ProbeResult(Protocol):
    """Properties of an audio file that are known without decoding it."""

    @property
    def duration_ms(self) -> int | None:
        """Duration of the audio; None if the container does not give it."""

    @property
    def audio_digest(self) -> str:
        """SHA-256 of the encoded audio in the container, independent of tags."""


Probe = Callable[[Path], ProbeResult]
"""Probes an audio file; raises ``TrackError`` if it is none. Injected, because decoding belongs to another stage."""


@dataclass(frozen=True, slots=True)
class CardSounds:
    """The sounds on a card. ``embedders``: identities as of ``registry.embedders.identity``.

    ``sounds``: by track id. ``owner``: default name of the card's owner.
    """

    embedders: frozenset[str]
    sounds: Mapping[str, SharedSound]
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A library with additional data from its source.

    ``vectors``: embeddings provided by the source, float32 ``[tracks, d]``.
    ``render``: synthesizes the audio of a recipe into a folder (the demo); must be picklable.
    ``is_streamed``: tracks without a recording are searched on YouTube Music.
    ``notices``: messages for the end of the build (a login that expires soon, an old snapshot).
    ``problem``: why the library is outdated or incomplete. The map is built from the available data, and the build
    exits with this error's status.
    ``depends_on_more``: the library depends on files outside of the source's path, or on missing files; only relevant
    for kinds that depend on files only (:class:`~spotmap_build.registry.sources.SourceKind`).
    ``card``: sounds of the tracks of a friend's card, which are not part of the user's own library.
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
    """Services for a source while it loads: the cache, the probe, threads, and progress reporting."""

    cache: Cache
    probe: Probe
    threads: int
    advance: Callable[[int, int], None]
    """Called with the number of finished files (or pages) and the total."""
    say: Callable[[str], None] = lambda _message: None
    """Reports a message, such as a wait that a service requests."""
    read_metadata: Callable[[Path], Mapping[str, str]] = lambda _path: {}
    """Returns the container metadata of an audio file, by lower-case names, for formats without known tags."""


class LibrarySource(Protocol):
    """One kind of library."""

    def load(self, context: LoadContext) -> Loaded:
        """Load the library.

        Raises
        ------
        SourceError
            There is nothing to load. Unusable tracks of an existing library become ``Failed`` rows instead.
        """


@dataclass(frozen=True, slots=True)
class Fetched:
    """The loaded library with its title and load context."""

    loaded: Loaded
    title: str
    context: LoadContext

    @property
    def library(self) -> Library:
        """The merged library of all sources."""
        return self.loaded.library

    @property
    def track_count(self) -> int:
        """Number of tracks, including unusable ones."""
        return len(self.loaded.library.tracks)

    @property
    def usable_tracks(self) -> tuple[Track, ...]:
        """The tracks without a failure."""
        unusable = {failure.track_id for failure in self.library.failures}
        return tuple(track for track in self.library.tracks if track.id not in unusable)

    @property
    def is_placed(self) -> bool:
        """Whether the source provides positions."""
        return any(track.position is not None for track in self.library.tracks)

    @property
    def playlists_digest(self) -> str:
        """Digest of everything about the playlists that can affect the map."""
        return digest_bytes(orjson.dumps(self.library.playlists))
