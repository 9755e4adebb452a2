"""Count what a listening history of Spotify holds.

Only counts and days leave this module: a history also tells where its owner was, on which device and from which
address, and nothing of that is read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from spotmap_build.core.dates import is_known_date
from spotmap_build.core.normalize import fold
from spotmap_build.fetch.exports.spotify_ids import track_uri
from spotmap_build.fetch.tags import fold_space
from spotmap_build.model import Listening, Track

HEARD_MS = 30_000
"""Spotify itself counts a play from 30 seconds on:
https://support.spotify.com/us/artists/article/how-we-count-streams/"""
LEAST_PLAYS = 3
"""So often must a track have been played to be in a library that is made of a history alone."""
MINUTE = len("2021-01-01 00:00")
"""Short histories tell no seconds."""
DAY = len("2021-01-01")

_fold = lru_cache(maxsize=1 << 16)(fold)


class Song(NamedTuple):
    """What a history knows a track by; empty where it does not say."""

    uri: str
    title: str
    artist: str
    album: str


@dataclass(slots=True)
class Heard:
    """How often something was played, and when: the first day, the last, and how often in each year."""

    count: int = 0
    first_on: str = ""
    last_on: str = ""
    by_year: Counter[int] = field(default_factory=Counter)

    def add(self, moment: str, count: int = 1) -> None:
        """Add plays of one moment, which may be any text: one that begins with no day tells only that it was played."""
        self.count += count
        day = _day(moment[:DAY])
        if day:
            self.first_on, self.last_on = min(self.first_on or day, day), max(self.last_on, day)
            self.by_year[int(day[:4])] += count

    def take(self, other: Heard) -> None:
        """Add what was played under another name."""
        self.count += other.count
        self.first_on = min(filter(None, (self.first_on, other.first_on)), default="")
        self.last_on = max(self.last_on, other.last_on)
        self.by_year.update(other.by_year)

    @property
    def listening(self) -> Listening | None:
        """When it was played; None where no play says when."""
        return Listening(self.first_on, self.last_on, tuple(sorted(self.by_year.items()))) if self.last_on else None


@lru_cache(maxsize=1 << 14)
def _day(text: str) -> str:
    return text if is_known_date(text) else ""


@dataclass(slots=True)
class Plays:
    """The plays of several histories, each counted once in however many of them it stands.

    What is in a long history is not counted again from a short one; a short one is often newer.
    """

    long: dict[Song, Heard] = field(default_factory=dict)
    short: Counter[tuple[str, Song]] = field(default_factory=Counter)
    """By the minute at which it ended, too."""
    seen: dict[int, int] = field(default_factory=dict)
    """How many times each play (moment, duration, song; as its hash) stands in one file."""
    first: str = "~"
    last: str = ""
    """The minutes at which the first and the last play of the long histories ended."""

    def __bool__(self) -> bool:
        return bool(self.long or self.short)

    def add(self, rows: Iterable[object], *, is_long: bool) -> None:
        """Add the rows of one file. Speech, and what was played in private, is left out."""
        here: Counter[int] = Counter()
        for row in rows:
            if not isinstance(row, dict) or row.get("incognito_mode") is True:
                continue
            duration_ms = row.get("ms_played", row.get("msPlayed"))
            if not isinstance(duration_ms, (int, float)) or not duration_ms >= HEARD_MS:  # NaN is neither
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
        self.long.setdefault(song, Heard()).add(minute)
        if _day(minute[:DAY]):
            self.first, self.last = min(self.first, minute), max(self.last, minute)

    def songs(self) -> dict[Song, Heard]:
        """How each song was heard, with texts as they are shown, and URIs as they are written elsewhere."""
        songs: dict[Song, Heard] = {}
        for song, heard in self.long.items():
            songs.setdefault(_cleaned(song), Heard()).take(heard)
        for (minute, song), count in self.short.items():
            if not self.long or (minute and not self.first <= minute <= self.last):
                songs.setdefault(_cleaned(song), Heard()).add(minute, count)
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


def heard_of_tracks(songs: Mapping[Song, Heard], tracks: Iterable[Track]) -> dict[str, Heard]:
    """How each track was heard, by its id; a track that was never played is missing.

    A play belongs to the track with its URI. Spotify also plays a song from another release than the one that is in the
    library, and short histories have no URIs: then it belongs to the track of that title and artist (from that album,
    if there are several).
    """
    known = {track.id: track for track in tracks}
    namesakes: dict[tuple[str, str], list[Track]] = {}
    for track in known.values():
        for artist in track.artists:
            namesakes.setdefault((_fold(track.title), _fold(artist)), []).append(track)
    found: dict[str, Heard] = {}
    for song, heard in songs.items():
        if song.uri in known:
            found.setdefault(song.uri, Heard()).take(heard)
            continue
        alike = namesakes.get((_fold(song.title), _fold(song.artist)), [])
        album = _fold(song.album)
        for track in [track for track in alike if _fold(track.album) == album] or alike:
            found.setdefault(track.id, Heard()).take(heard)
    return found
