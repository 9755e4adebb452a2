"""Data classes of a build: libraries and tracks, recordings and matches, embeddings.

Those of the finished map are in ``atlas``. All are frozen. NumPy is imported for typing only, because a build with
nothing to do must not load it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Float32Array = npt.NDArray[np.float32]
    Int32Array = npt.NDArray[np.int32]

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Recording:
    """The audio of a track, and where this machine can get it.

    ``digest`` (SHA-256, hex) identifies the audio itself: it does not depend on the path or the tags of a file.
    ``path`` is a local file; ``recipe`` describes a sound to be synthesized (the demo); ``video_id`` is a recording on
    YouTube; ``preview_id`` is a recording on Deezer with a 30-second preview. For the last two, the digest is that of
    the id. Exactly one of the four is set. Paths never appear in cache keys or in the site.
    """

    digest: str
    path: str | None = None
    recipe: str | None = None
    video_id: str | None = None
    preview_id: int | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """One result of a search on YouTube Music: a recording that may match the track.

    The view count is left out on purpose, because popularity must not influence the match.
    """

    video_id: str
    title: str
    artists: tuple[str, ...] = ()
    album: str = ""
    duration_s: int | None = None
    video_type: str = ""
    """``MUSIC_VIDEO_TYPE_ATV`` (an album's audio), ``…_OMV`` (official video), ``…_UGC`` (an upload), or another."""
    is_explicit: bool | None = None
    from_isrc: bool = False
    """Whether a search for the track's ISRC returned it. Strong evidence, no proof: YouTube Music shows no ISRCs."""
    thumbnail: str = ""
    """URL of its cover according to YouTube Music; unchecked, may be any text."""


@dataclass(frozen=True, slots=True)
class Considered:
    """A scored candidate: ``score`` (0..1), and in words why it was accepted or rejected."""

    candidate: Candidate
    score: float
    reason: str


@dataclass(frozen=True, slots=True)
class Match:
    """The recording chosen for a track, with the evidence in words; ``candidate`` is None if no recording matches.

    ``confidence`` (0..1) is that of the decision, also of a decision for none. ``considered``: the best rejected
    candidates, best first.
    """

    candidate: Candidate | None
    confidence: float
    evidence: tuple[str, ...]
    considered: tuple[Considered, ...] = ()


@dataclass(frozen=True, slots=True)
class Listening:
    """When the owner played a track: the first and last day (ISO 8601; empty if unknown), and plays per year.

    ``by_year``: pairs of year and number of plays, ascending, for years with plays; empty if only days are known.
    """

    first_on: str = ""
    last_on: str = ""
    by_year: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Track:
    """One track of the library. ``id`` is stable across renames, moves and tag edits."""

    id: str
    title: str
    artists: tuple[str, ...] = ()
    album: str = ""
    duration_ms: int | None = None
    isrc: str = ""
    explicit: bool | None = None
    year: int | None = None
    track_number: int | None = None
    """Position on the album, or on one disc of it, counted from 1."""
    disc_number: int | None = None
    album_id: str = ""
    """The source's identifier of the album: tracks with equal album name and ``album_id`` are on the same album."""
    added_at: str = ""
    """ISO 8601 date or time when the track was added to the library; empty if unknown."""
    genres: tuple[str, ...] = ()
    """Genres of its artists, as the source names them."""
    play_count: int | None = None
    """Number of plays by the owner, if a listening history is available."""
    listening: Listening | None = None
    """When the owner played it, if a listening history is available."""
    layers: tuple[str, ...] = ()
    """Names of the people (``--as``) whose libraries contain it, on a map of several people."""
    art_digest: str = ""
    """SHA-256 of the cover thumbnail (an image in the cache); empty if there is none."""
    art_url: str = ""
    """URL of an album cover according to a service; unchecked, may be any text. The first service that knows one sets
    it. Not used if there is an ``art_digest``."""
    recording: Recording | None = None
    position: tuple[float, float] | None = None
    """Coordinates from the source itself (a table with x and y), in any unit."""
    facets: dict[str, str | float] = field(default_factory=dict)
    """Additional columns by which the map can be colored."""

    @property
    def is_remote(self) -> bool:
        """Whether its audio has to be downloaded."""
        recording = self.recording
        return recording is not None and (recording.video_id is not None or recording.preview_id is not None)

    @property
    def known_recording(self) -> Recording:
        """Its recording, for tracks that have one."""
        assert self.recording is not None, self.id
        return self.recording


@dataclass(frozen=True, slots=True)
class Playlist:
    """A named set of tracks, in the owner's order."""

    id: str
    name: str
    track_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """Why a track is not on the map: a row of the ledger.

    ``retryable``: a later build retries it automatically, not before ``retry_at_unix_s`` (Unix time) if that is set.
    ``needs_person``: it needs an action by the user. Neither: the failure is permanent.
    """

    track_id: str
    stage: str
    code: str
    detail: str
    retryable: bool = False
    retry_at_unix_s: int | None = None
    needs_person: bool = False


@dataclass(frozen=True, slots=True)
class Omission:
    """An entry of a library that is not a music track: an episode, an empty row, an unreadable playlist.

    It is listed in the ledger, but not counted as a missing track.
    """

    id: str
    title: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Done(Generic[Value]):
    """The result of a per-track step that succeeded; the alternative is :class:`Failed`."""

    value: Value


@dataclass(frozen=True, slots=True)
class SharedSound:
    """Quantized embedding of a track in the space that is common to all cards (``project.shared_space``).

    ``codes``: one int8 per dimension, as bytes. A coordinate is ``code * step + offset``; steps and offsets are shared
    by all tracks of a card.
    """

    codes: bytes
    offsets: tuple[float, ...]
    steps: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Guest:
    """A track that is only on a friend's card: it is placed among the library's tracks, but never analyzed."""

    track: Track
    sound: SharedSound


@dataclass(frozen=True, slots=True)
class Library:
    """The library that a source yields. ``failures``: tracks that were found but cannot be used, with the reason.

    ``guests``: tracks of friends' cards that are not in the library.
    """

    tracks: tuple[Track, ...]
    playlists: tuple[Playlist, ...] = ()
    failures: tuple[Failed, ...] = ()
    omissions: tuple[Omission, ...] = ()
    guests: tuple[Guest, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class TrackEmbedding:
    """Analysis of one recording.

    ``vector``: float32 ``[d]``, the learned similarity vector (d = 1280 for discogs-effnet, 1506 for musicnn);
    ``tags``: float32 ``[k]`` in 0..1, style or tag activations (400 or 50);
    ``features``: float32 ``[41]``, the interpretable features in the order of ``registry.features.FEATURES``;
    ``typical_s``: start of the most typical passage, in seconds;
    ``heads``: float32 ``[classes]`` in 0..1 for each head that was run (``registry.heads``).
    """

    vector: Float32Array
    tags: Float32Array
    features: Float32Array
    typical_s: float
    heads: tuple[Float32Array, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Embeddings:
    """The embedded tracks as matrices, one row per track in the order of ``track_ids``.

    ``vectors`` float32 ``[n, d]``; ``tags`` float32 ``[n, k]`` with ``tag_names``; ``features`` float32 ``[n, f]`` with
    ``feature_names``. Outputs of the embedder's heads are among tags and features. Both have no columns if the source
    provided its own vectors.
    ``typical_s``: start of the most typical passage of each track, in seconds; NaN if unknown; empty if unknown for
    all tracks.
    """

    track_ids: tuple[str, ...]
    vectors: Float32Array
    tags: Float32Array
    tag_names: tuple[str, ...]
    features: Float32Array
    feature_names: tuple[str, ...]
    typical_s: tuple[float, ...] = ()
