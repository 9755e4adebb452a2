"""What a playlist calls its files, against what the files say of themselves. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from spotmap_build.core.normalize import fold
from spotmap_build.fetch.identify import FileFacts, Unusable
from spotmap_build.fetch.tags import TITLE_SEPARATOR
from spotmap_build.model import Track


def by_tags(captioned: Sequence[Track], facts: Mapping[int, FileFacts | Unusable]) -> list[Track]:
    """Return the tracks of a playlist as their files' tags call them; as the playlist does, where these say nothing.

    A caption is "Artist - Title" or, as some programs write it, "Title - Artist": that is learned from the files that
    say both.

    Parameters
    ----------
    captioned
        Title and artist are those of a caption with the artist first.
    facts
        What is known of the files, by row.
    """
    heard = {row: fact for row, fact in facts.items() if isinstance(fact, FileFacts)}
    votes = sum(_vote(captioned[row], fact) for row, fact in heard.items())
    tracks = [_turned(track) for track in captioned] if votes > 0 else list(captioned)
    for row, fact in heard.items():
        track = tracks[row]
        tracks[row] = replace(
            track,
            title=fact.title or track.title,
            artists=fact.artists or track.artists,
            album=fact.album or track.album,
            duration_ms=fact.duration_ms or track.duration_ms,
        )
    return tracks


def _vote(track: Track, fact: FileFacts) -> int:
    """1 where the caption has the title first, -1 where it has the artist first, 0 where that cannot be decided."""
    if not (track.title and track.artists and fact.title and fact.artists):
        return 0
    artists = {fold(name) for name in (*fact.artists, ", ".join(fact.artists), " & ".join(fact.artists))}
    turned = _turned(track)
    is_artist_first = fold(track.title) == fold(fact.title) or fold(track.artists[0]) in artists
    is_title_first = fold(turned.title) == fold(fact.title) or fold(turned.artists[0]) in artists
    return is_title_first - is_artist_first


def _turned(track: Track) -> Track:
    """Return the track of a caption that has the title first."""
    if not track.artists:
        return track
    title, _, artist = TITLE_SEPARATOR.join((*track.artists, track.title)).rpartition(TITLE_SEPARATOR)
    return replace(track, title=title, artists=(artist,))
