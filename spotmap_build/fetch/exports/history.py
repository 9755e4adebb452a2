"""Count plays in Spotify's listening history.

Only counts and dates leave this module. The location, device and IP address in a history are never read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from spotmap_build.core.dates import is_known_date
from spotmap_build.core.normalize import fold
from spotmap_build.core.text import fold_space
from spotmap_build.fetch.exports.spotify_ids import track_uri
from spotmap_build.model import Listening, Track

MIN_PLAYED_MS = 30_000
"""Spotify itself counts a play from 30 seconds on:
https://support.spotify.com/us/artists/article/how-we-count-streams/"""
MIN_PLAYS = 3
"""Minimum plays of a track in a library made from a history alone."""
MINUTE = len("2021-01-01 00:00")
"""Short histories have no seconds."""
DAY = len("2021-01-01")

_fold = lru_cache(maxsize=1 << 16)(fold)


class Song(NamedTuple):
    """Identification of a track in a history; empty where unknown."""

    uri: str
    title: str
    artist: str
    album: str


@dataclass(slots=True)
class PlayCounts:
    """Play count, first and last day, and plays per year."""

    count: int = 0
    first_on: str = ""
    last_on: str = ""
    by_year: Counter[int] = field(default_factory=Counter)

    def add(self, moment: str, count: int = 1) -> None:
        """Add plays at a time. ``moment`` may be any text; if it does not begin with a date, only the count is used."""
        self.count += count
        day = _day(moment[:DAY])
        if day:
            self.first_on, self.last_on = min(self.first_on or day, day), max(self.last_on, day)
            self.by_year[int(day[:4])] += count

    def merge(self, other: PlayCounts) -> None:
        """Add the plays counted under another name."""
        self.count += other.count
        self.first_on = min(filter(None, (self.first_on, other.first_on)), default="")
        self.last_on = max(self.last_on, other.last_on)
        self.by_year.update(other.by_year)

    @property
    def listening(self) -> Listening | None:
        """The listening dates; None if no play has a date."""
        return Listening(self.first_on, self.last_on, tuple(sorted(self.by_year.items()))) if self.last_on else None


@lru_cache(maxsize=1 << 14)
def _day(text: str) -> str:
    return text if is_known_date(text) else ""


@dataclass(slots=True)
class Plays:
    """Plays from several histories, counting each play once even if several histories contain it.

    Plays in the period of the long histories are not counted from short ones, which are often newer.
    """

    long: dict[Song, PlayCounts] = field(default_factory=dict)
    short: Counter[tuple[str, Song]] = field(default_factory=Counter)
    """By end time (to the minute) and song."""
    seen: dict[int, int] = field(default_factory=dict)
    """Occurrences within one file of each play (hash of time, duration and song)."""
    first: str = "~"
    last: str = ""
    """End times (to the minute) of the first and last play in the long histories."""

    def __bool__(self) -> bool:
        return bool(self.long or self.short)

    def add(self, rows: Iterable[object], *, is_long: bool) -> None:
        """Add the rows of one file, except spoken content and private sessions."""
        here: Counter[int] = Counter()
        for row in rows:
            if not isinstance(row, dict) or row.get("incognito_mode") is True:
                continue
            duration_ms = row.get("ms_played", row.get("msPlayed"))
            if not isinstance(duration_ms, (int, float)) or not duration_ms >= MIN_PLAYED_MS:  # NaN is neither
                continue
            song, moment = _song(row), _text(row.get("ts", row.get("endTime")))
            if song.title and self._is_new(moment, duration_ms, song, here):
                self._count(moment[:MINUTE].replace("T", " "), song, is_long=is_long)

    def _is_new(self, moment: str, duration_ms: float, song: Song, here: Counter[int]) -> bool:
        if not moment:
            return True
        play = hash((moment, duration_ms, song.uri or (song.title, song.artist)))
        here[play] += 1
        if here[play] <= self.seen.get(play, 0):
            return False
        self.seen[play] = here[play]
        return True

    def _count(self, minute: str, song: Song, *, is_long: bool) -> None:
        if not is_long:
            self.short[minute, song] += 1
            return
        self.long.setdefault(song, PlayCounts()).add(minute)
        if _day(minute[:DAY]):
            self.first, self.last = min(self.first, minute), max(self.last, minute)

    def songs(self) -> dict[Song, PlayCounts]:
        """Return the plays of each song, with normalized texts and URIs."""
        songs: dict[Song, PlayCounts] = {}
        for song, counts in self.long.items():
            songs.setdefault(_cleaned(song), PlayCounts()).merge(counts)
        for (minute, song), count in self.short.items():
            if not self.long or (minute and not self.first <= minute <= self.last):
                songs.setdefault(_cleaned(song), PlayCounts()).add(minute, count)
        return songs


def _song(row: Mapping[str, object]) -> Song:
    return Song(
        _text(row.get("spotify_track_uri")),
        _text(row.get("master_metadata_track_name", row.get("trackName"))),
        _text(row.get("master_metadata_album_artist_name", row.get("artistName"))),
        _text(row.get("master_metadata_album_album_name")),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _cleaned(song: Song) -> Song:
    return Song(track_uri(song.uri), *map(fold_space, song[1:]))


def plays_by_track(songs: Mapping[Song, PlayCounts], tracks: Iterable[Track]) -> dict[str, PlayCounts]:
    """Return the plays of each track by id; tracks that were never played are missing.

    A play belongs to the track with its URI. If there is none, because Spotify played another release or a short
    history has no URIs, it belongs to the track of that title and artist (and album, if there are several).
    """
    known = {track.id: track for track in tracks}
    namesakes: dict[tuple[str, str], list[Track]] = {}
    for track in known.values():
        for artist in track.artists:
            namesakes.setdefault((_fold(track.title), _fold(artist)), []).append(track)
    found: dict[str, PlayCounts] = {}
    for song, counts in songs.items():
        if song.uri in known:
            found.setdefault(song.uri, PlayCounts()).merge(counts)
            continue
        alike = namesakes.get((_fold(song.title), _fold(song.artist)), [])
        album = _fold(song.album)
        for track in [track for track in alike if _fold(track.album) == album] or alike:
            found.setdefault(track.id, PlayCounts()).merge(counts)
    return found
