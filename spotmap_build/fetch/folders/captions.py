"""Reconcile the captions of files in a playlist with their tags. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from spotmap_build.core.normalize import fold
from spotmap_build.fetch.identify import FileFacts, Unusable
from spotmap_build.fetch.tags import TITLE_SEPARATOR
from spotmap_build.model import Track


def complete_captions(captioned: Sequence[Track], facts: Mapping[int, FileFacts | Unusable]) -> list[Track]:
    """Return the tracks of a playlist with metadata from their tags or, where these are missing, from the captions.

    A caption is "Artist - Title" or, from some programs, "Title - Artist". The order is inferred from the files that
    have both tags and a caption.

    Parameters
    ----------
    captioned
        Tracks with title and artist from the caption, assuming that the artist comes first.
    facts
        Metadata of the files, by row.
    """
    readable = {row: fact for row, fact in facts.items() if isinstance(fact, FileFacts)}
    votes = sum(_vote(captioned[row], fact) for row, fact in readable.items())
    tracks = [_with_names_swapped(track) for track in captioned] if votes > 0 else list(captioned)
    for row, fact in readable.items():
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
    """Return 1 if the caption has the title first, -1 if the artist, 0 if unknown."""
    if not (track.title and track.artists and fact.title and fact.artists):
        return 0
    artists = {fold(name) for name in (*fact.artists, ", ".join(fact.artists), " & ".join(fact.artists))}
    turned = _with_names_swapped(track)
    is_artist_first = fold(track.title) == fold(fact.title) or fold(track.artists[0]) in artists
    is_title_first = fold(turned.title) == fold(fact.title) or fold(turned.artists[0]) in artists
    return is_title_first - is_artist_first


def _with_names_swapped(track: Track) -> Track:
    """Swap title and artist, for a caption with the title first."""
    if not track.artists:
        return track
    title, _, artist = TITLE_SEPARATOR.join((*track.artists, track.title)).rpartition(TITLE_SEPARATOR)
    return replace(track, title=title, artists=(artist,))
