"""In which order tracks are listened to, so that a map of the first few hundred is fair to the whole library. Pure."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotmap_build.model import Library, Track

YEARS_TOGETHER: Final = 5
ROUNDS: Final = 50
"""As exact as the shares are kept: to two hundredths. Each round looks at all tracks that are left."""


def fair_order(tracks: Sequence[Track], library: Library, seed: int) -> list[Track]:
    """Order tracks so that every playlist, artist and time has its share of any beginning of the list.

    It goes in rounds. In each, those tracks have their turn whose artist, years and playlists have had, on average, a
    smaller part of their tracks than of the rounds; among these the most played come first, then the newest in the
    library, then by a draw that ``seed`` fixes.

    Parameters
    ----------
    tracks : sequence of Track
        Distinct ones of the library.
    library : Library
        Its other tracks count as listened to.
    seed : int
        Another number gives another order among equals.

    Returns
    -------
    list of Track
        The same tracks. The order does not depend on the order that they were given in.
    """
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
        passed_over = []
        for track in waiting:
            if share(track) >= done / ROUNDS:
                passed_over.append(track)
                continue
            ordered.append(track)
            taken.update(groups[track.id])
        waiting = passed_over
    return ordered


def _groups(library: Library) -> dict[str, list[str]]:
    """Return what each track is one of: its artist's tracks, those of its years, of its playlists."""
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
