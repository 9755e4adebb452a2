"""Order in which tracks are analyzed, so that an early map of a few hundred represents the whole library. Pure."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotmap_build.model import Library, Track

YEARS_TOGETHER: Final = 5
ROUNDS: Final = 50
"""Sets the precision of the shares, two hundredths. Each round visits all remaining tracks."""


def fair_order(tracks: Sequence[Track], library: Library, seed: int) -> list[Track]:
    """Order tracks so that any prefix of the list has a fair share of every playlist, artist and period.

    The list is filled in rounds. Each round takes the tracks whose artist, years and playlists have had, on average, a
    smaller fraction of their tracks than of the rounds so far. Among these, the most played come first, then the most
    recently added; ties are broken by a pseudo-random draw that ``seed`` determines.

    Parameters
    ----------
    tracks : sequence of Track
        Distinct tracks of the library.
    library : Library
        Its other tracks count as already analyzed.
    seed : int
        Determines the order of ties.

    Returns
    -------
    list of Track
        The same tracks. The result does not depend on their input order.
    """
    if len(tracks) < 2:
        return list(tracks)
    groups = _groups(library)
    sizes = Counter(group for each in groups.values() for group in each)
    taken = sizes - Counter(group for track in tracks for group in groups[track.id])

    def share(track: Track) -> float:
        of_track = groups[track.id]
        return sum(taken[group] / sizes[group] for group in of_track) / len(of_track)

    waiting = sorted(tracks, key=lambda track: _draw(track.id, seed))
    waiting.sort(key=lambda track: track.added_at, reverse=True)  # dates in ISO 8601 sort as text
    waiting.sort(key=lambda track: -(track.play_count or 0))
    ordered = []
    for done in range(1, ROUNDS + 1):
        skipped = []
        for track in waiting:
            if share(track) >= done / ROUNDS:
                skipped.append(track)
                continue
            ordered.append(track)
            taken.update(groups[track.id])
        waiting = skipped
    return ordered


def _groups(library: Library) -> dict[str, list[str]]:
    """Return the groups of each track: its artist, its five-year period, and its playlists."""
    groups = {
        track.id: [f"artist {track.artists[0] if track.artists else ''}", f"year {(track.year or 0) // YEARS_TOGETHER}"]
        for track in library.tracks
    }
    for playlist in library.playlists:
        for track_id in dict.fromkeys(playlist.track_ids):
            if track_id in groups:
                groups[track_id].append(f"playlist {playlist.id}")
    return groups


def _draw(track_id: str, seed: int) -> bytes:
    return blake2b(track_id.encode(errors="surrogatepass"), digest_size=8, key=seed.to_bytes(8, "big")).digest()
