"""The nouns that flow through a build: what a source yields, which recording a track is, and what was heard.

Those of the finished map are in ``atlas``. Everything here is frozen. Arrays are numpy, imported for typing only: a
build that has nothing to do never loads it.
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
    """The sound of a track, and how to get at it on this machine.

    ``digest`` names the sound itself (SHA-256, hex): equal sound has an equal digest wherever the file lies and
    whatever its tags say. ``path`` is a local file; ``recipe`` describes a sound to be synthesized (the demo);
    ``video_id`` is a recording on YouTube, ``preview_id`` one on Deezer of which 30 seconds can be had; the digest is
    made of either. Exactly one of the four is set. No path ever reaches the cache's keys or the site.
    """

    digest: str
    path: str | None = None
    recipe: str | None = None
    video_id: str | None = None
    preview_id: int | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """One result of a search on YouTube Music: a recording that may be the one that is wanted.

    How often it was viewed is left out on purpose: popularity must not decide.
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
    """Whether the track's ISRC as a query returned it. Strong evidence, no proof: YouTube Music does not tell ISRCs."""
    thumbnail: str = ""
    """Where its cover can be fetched, as YouTube Music said; it may be any text."""


@dataclass(frozen=True, slots=True)
class Considered:
    """A candidate that was looked at: how well it fits (0..1), and in words why it was taken or refused."""

    candidate: Candidate
    score: float
    reason: str


@dataclass(frozen=True, slots=True)
class Match:
    """Which recording a track is, with the evidence in words; ``candidate`` is None where none of them is it.

    ``confidence`` (0..1) is in this decision, be it for one or for none. ``considered``: the best of what else was
    looked at (and was refused), best first.
    """

    candidate: Candidate | None
    confidence: float
    evidence: tuple[str, ...]
    considered: tuple[Considered, ...] = ()


@dataclass(frozen=True, slots=True)
class Listening:
    """When its owner played a track: the first and the last day (ISO 8601; empty where unknown), and how often a year.

    ``by_year`` has the years with plays, ascending, and how many; empty where only days are known.
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
    """Its place on its album, or on one disc of it, from 1."""
    disc_number: int | None = None
    album_id: str = ""
    """What the source knows its album by: tracks of one album name and one such id are on one album."""
    added_at: str = ""
    """ISO 8601 date or time at which the track came into the library; empty where unknown."""
    genres: tuple[str, ...] = ()
    """Of its artists, as the source names them."""
    play_count: int | None = None
    """How often its owner played it, where a listening history tells."""
    listening: Listening | None = None
    """When its owner played it, where a listening history tells."""
    layers: tuple[str, ...] = ()
    """Whose libraries it is in (``--as``), where several people's are on one map."""
    art_digest: str = ""
    """SHA-256 of the cover thumbnail (an image in the cache); empty where there is none."""
    art_url: str = ""
    """Where a picture of its album can be fetched, as a service said; it may be any text. Whoever learns of one sets it
    where there is none. Of no use where there is an ``art_digest``."""
    recording: Recording | None = None
    position: tuple[float, float] | None = None
    """Coordinates given by the source itself (a table with x and y), in any unit."""
    facets: dict[str, str | float] = field(default_factory=dict)
    """Further columns that the map can be colored by."""

    @property
    def is_remote(self) -> bool:
        """Whether its sound has to be downloaded."""
        recording = self.recording
        return recording is not None and (recording.video_id is not None or recording.preview_id is not None)


@dataclass(frozen=True, slots=True)
class Playlist:
    """A named set of tracks, in the owner's order."""

    id: str
    name: str
    track_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """Why a track is not on the map: a row of the ledger.

    ``retryable``: it is tried again by itself, not before ``retry_at_unix_s`` (seconds since 1970, UTC) where that is
    known. ``needs_person``: it goes on only when somebody does something. Neither: it can never work.
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
    """Something that a library lists and that is no track of music.

    An episode, an empty row, a playlist that may not be read. It stands in the ledger, and is not counted among the
    missing tracks.
    """

    id: str
    title: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Done(Generic[Value]):
    """What a per-track step gives when it worked; the other outcome is :class:`Failed`."""

    value: Value


@dataclass(frozen=True, slots=True)
class SharedSound:
    """How a track sounds, in the space that everybody's cards have in common (``project.shared_space``).

    ``codes``: one int8 for each direction, as bytes; times ``steps``, plus ``offsets``, it is the coordinate. Steps and
    offsets are those of a whole card.
    """

    codes: bytes
    offsets: tuple[float, ...]
    steps: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Guest:
    """A track that is on a friend's card only: it gets a place among the library's, and is never listened to."""

    track: Track
    sound: SharedSound


@dataclass(frozen=True, slots=True)
class Library:
    """What a source yields. A track in ``failures`` was found but cannot be used, and says why.

    ``guests``: tracks of friends' cards that the library does not have.
    """

    tracks: tuple[Track, ...]
    playlists: tuple[Playlist, ...] = ()
    failures: tuple[Failed, ...] = ()
    omissions: tuple[Omission, ...] = ()
    guests: tuple[Guest, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class TrackEmbedding:
    """What listening to one recording gives.

    ``vector``: float32 ``[d]``, the learned similarity vector (d = 1280 for discogs-effnet, 1506 for musicnn);
    ``tags``: float32 ``[k]`` in 0..1, style or tag activations (400 or 50);
    ``features``: float32 ``[41]``, the interpretable features in the order of ``registry.features.FEATURES``;
    ``typical_s``: where the moment begins that sounds most like the whole, in seconds;
    ``heads``: float32 ``[classes]`` in 0..1 each, what heads say that were asked (``registry.heads``).
    """

    vector: Float32Array
    tags: Float32Array
    features: Float32Array
    typical_s: float
    heads: tuple[Float32Array, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Embeddings:
    """The embedded tracks as matrices, one row a track in the order of ``track_ids``.

    ``vectors`` float32 ``[n, d]``; ``tags`` float32 ``[n, k]`` with ``tag_names``; ``features`` float32 ``[n, f]`` with
    ``feature_names``; what heads of the embedder tell is among both. ``tags`` and ``features`` have no columns where
    the source brought its own vectors.
    ``typical_s``: where the moment of each track begins that sounds most like the whole, in seconds, NaN where that is
    not known; empty where it is known of none.
    """

    track_ids: tuple[str, ...]
    vectors: Float32Array
    tags: Float32Array
    tag_names: tuple[str, ...]
    features: Float32Array
    feature_names: tuple[str, ...]
    typical_s: tuple[float, ...] = ()
