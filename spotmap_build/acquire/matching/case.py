"""The evidence for one candidate of a track. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from spotmap_build.acquire.matching.albums import Album, read_album
from spotmap_build.acquire.matching.artists import names_in
from spotmap_build.acquire.matching.title_similarity import Naming
from spotmap_build.acquire.matching.titles import Title, canonical, take_apart

if TYPE_CHECKING:
    from spotmap_build.model import Candidate, Track

EXACT_S: Final = 1.6
"""Both services round durations, and one may cut half a second of silence."""
CLOSE_S: Final = 2.6
ALBUM_AUDIO: Final = "MUSIC_VIDEO_TYPE_ATV"
OFFICIAL_VIDEO: Final = "MUSIC_VIDEO_TYPE_OMV"
Addition = Literal["", "unknown", "other lyrics"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result for one candidate. ``score`` (0..1): how well it fits, or how close a rejected one comes."""

    candidate: Candidate
    fits: bool
    score: float
    reasons: tuple[str, ...]
    is_translated: bool = False
    is_own_album: bool = False
    addition: Addition = ""
    """Meaning of an addition to the title, if the candidate is on the track's own album and has the same length."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A parsed track, prepared once for all candidates."""

    track: Track
    title: Title
    artists: tuple[str, ...]
    names: frozenset[str]
    album: Album
    is_by_composer: bool
    is_common: bool
    """Whether many songs have this title."""


class RefusedError(Exception):
    """A candidate is rejected; the message is the reason."""


class Case:
    """The evidence for one candidate. Each piece multiplies the score by a confidence factor."""

    def __init__(self, wanted: Wanted, candidate: Candidate) -> None:
        self.wanted = wanted
        self.candidate = candidate
        names = wanted.names | names_in(candidate.artists)
        self.title = take_apart(candidate.title, names, is_upload=candidate.video_type not in {"", ALBUM_AUDIO})
        self.album = read_album(candidate.album, self.title.full)
        self.naming: Naming = "different"
        self.same_album = False
        self.addition: Addition = ""
        self.score = 1.0
        self.reasons: list[str] = []

    @property
    def longer_s(self) -> float | None:
        """Seconds by which the candidate is longer than the track; None if a duration is unknown."""
        if self.candidate.duration_s is None or self.wanted.track.duration_ms is None:
            return None
        return self.candidate.duration_s - self.wanted.track.duration_ms / 1000

    @property
    def is_exact(self) -> bool:
        """Whether both have the same length, within the rounding to whole seconds."""
        return self.longer_s is not None and abs(self.longer_s) <= EXACT_S

    @property
    def album_tells(self) -> bool:
        """Whether the album is the same and not just named after the song."""
        return self.same_album and self.album.name != canonical(self.wanted.title.core)

    @property
    def is_upload(self) -> bool:
        """Whether it is a video that was not published as the song by the label or the artist."""
        return self.candidate.video_type not in {"", ALBUM_AUDIO, OFFICIAL_VIDEO}

    def is_within(self, seconds: float) -> bool:
        """Return whether the lengths differ by at most ``seconds``; True if unknown."""
        return self.longer_s is None or abs(self.longer_s) <= seconds

    def add(self, reason: str, factor: float = 1.0) -> None:
        """Add a reason, and multiply the score by its factor."""
        self.score *= factor
        self.reasons.append(reason)
