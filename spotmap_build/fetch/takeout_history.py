"""Count what a listening history of Spotify holds. Only the counts leave this module: a history also tells where its
owner was, on which device and from which address, and nothing of that is read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from spotmap_build.core.normalize import fold
from spotmap_build.fetch.spotify_ids import track_uri
from spotmap_build.fetch.tags import fold_space
from spotmap_build.model import Track

HEARD_MS = 30_000
"""Spotify itself counts a play from 30 seconds on."""

_fold = lru_cache(maxsize=1 << 16)(fold)


class Song(NamedTuple):
    """What a history knows a track by; empty where it does not say."""

    uri: str
    title: str
    artist: str
    album: str


def count_plays(rows: Iterable[object], plays: Counter[Song]) -> None:
    """Add the rows of one file, long or short, to the counts. Speech, and what was played in private, is left out."""
    for row in rows:
        if not isinstance(row, dict) or row.get("incognito_mode") is True:
            continue
        duration_ms = row.get("ms_played", row.get("msPlayed"))
        if isinstance(duration_ms, (int, float)) and duration_ms >= HEARD_MS:
            song = _song(row)
            if song.title:
                plays[song] += 1


def _song(row: Mapping[str, object]) -> Song:
    return Song(
        _text(row.get("spotify_track_uri")),
        _text(row.get("master_metadata_track_name", row.get("trackName"))),
        _text(row.get("master_metadata_album_artist_name", row.get("artistName"))),
        _text(row.get("master_metadata_album_album_name")),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def cleaned(plays: Counter[Song]) -> Counter[Song]:
    """The counts of songs with texts as they are shown, and URIs as they are written elsewhere."""
    counts: Counter[Song] = Counter()
    for song, count in plays.items():
        counts[Song(track_uri(song.uri), *map(fold_space, song[1:]))] += count
    return counts


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
