"""Count what a listening history of Spotify holds.

Only the counts leave this module: a history also tells where its owner was, on which device and from which address, and
nothing of that is read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from spotmap_build.core.normalize import fold
from spotmap_build.fetch.exports.spotify_ids import track_uri
from spotmap_build.fetch.tags import fold_space
from spotmap_build.model import Track

HEARD_MS = 30_000
"""Spotify itself counts a play from 30 seconds on."""
MINUTE = len("2021-01-01 00:00")
"""Short histories tell no seconds."""

_fold = lru_cache(maxsize=1 << 16)(fold)


class Song(NamedTuple):
    """What a history knows a track by; empty where it does not say."""

    uri: str
    title: str
    artist: str
    album: str


@dataclass(slots=True)
class Plays:
    """The plays of several histories, each counted once in however many of them it stands.

    What is in a long history is not counted again from a short one; a short one is often newer.
    """

    long: Counter[Song] = field(default_factory=Counter)
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
        self.long[song] += 1
        if minute:
            self.first, self.last = min(self.first, minute), max(self.last, minute)

    def songs(self) -> Counter[Song]:
        """How often each song was played, with texts as they are shown, and URIs as they are written elsewhere."""
        counts: Counter[Song] = Counter()
        for song, count in self.long.items():
            counts[_cleaned(song)] += count
        for (minute, song), count in self.short.items():
            if not self.long or (minute and not self.first <= minute <= self.last):
                counts[_cleaned(song)] += count
        return counts


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


def plays_of_tracks(plays: Counter[Song], tracks: Iterable[Track]) -> dict[str, int]:
    """How often each track was played, by its id; a track that was never played is missing.

    A play belongs to the track with its URI. Spotify also plays a song from another release than the one that is in the
    library, and short histories have no URIs: then it belongs to the track of that title and artist (from that album,
    if there are several).
    """
    known = {track.id: track for track in tracks}
    namesakes: dict[tuple[str, str], list[Track]] = {}
    for track in known.values():
        for artist in track.artists:
            namesakes.setdefault((_fold(track.title), _fold(artist)), []).append(track)
    counts: Counter[str] = Counter()
    for song, count in plays.items():
        if song.uri in known:
            counts[song.uri] += count
            continue
        alike = namesakes.get((_fold(song.title), _fold(song.artist)), [])
        album = _fold(song.album)
        for track in [track for track in alike if _fold(track.album) == album] or alike:
            counts[track.id] += count
    return dict(counts)
