"""What is known of one candidate beside the track: its evidence. Pure."""

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
"""Both services round, and one may cut half a second of silence."""
CLOSE_S: Final = 2.6
ALBUM_AUDIO: Final = "MUSIC_VIDEO_TYPE_ATV"
OFFICIAL_VIDEO: Final = "MUSIC_VIDEO_TYPE_OMV"
Addition = Literal["", "unknown", "other lyrics"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """``score`` 0..1: how well it fits; of a refused one, how near it comes. ``reasons`` in words."""

    candidate: Candidate
    fits: bool
    score: float
    reasons: tuple[str, ...]
    is_translated: bool = False
    is_own_album: bool = False
    addition: Addition = ""
    """On the track's own album and as long, under its title with an addition: what that says."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A track, taken apart once for all candidates."""

    track: Track
    title: Title
    artists: tuple[str, ...]
    names: frozenset[str]
    album: Album
    is_by_composer: bool
    is_common: bool
    """Many songs have its title."""


class RefusedError(Exception):
    """Why a candidate is not it."""


class Case:
    """One candidate's evidence: each piece multiplies the score by how sure it leaves us."""

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
        """By how many seconds the candidate is longer; None where a duration is not known."""
        if self.candidate.duration_s is None or self.wanted.track.duration_ms is None:
            return None
        return self.candidate.duration_s - self.wanted.track.duration_ms / 1000

    @property
    def is_exact(self) -> bool:
        """Whether both are as long, as far as whole seconds can tell."""
        return self.longer_s is not None and abs(self.longer_s) <= EXACT_S

    @property
    def album_tells(self) -> bool:
        """Whether the album is the same and is not merely named after the song."""
        return self.same_album and self.album.name != canonical(self.wanted.title.core)

    @property
    def is_upload(self) -> bool:
        """Whether it is a video that neither the label nor the artist gave out as the song."""
        return self.candidate.video_type not in {"", ALBUM_AUDIO, OFFICIAL_VIDEO}

    def is_within(self, seconds: float) -> bool:
        """Whether the lengths differ by no more, as far as they are known."""
        return self.longer_s is None or abs(self.longer_s) <= seconds

    def add(self, reason: str, factor: float = 1.0) -> None:
        """Note a reason, and multiply the score by its factor."""
        self.score *= factor
        self.reasons.append(reason)
