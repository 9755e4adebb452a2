"""Which tracks are on one album: two albums may have one name, and one may have as many artists as tracks. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from spotmap_build.emit.columns import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from spotmap_build.model import Track

MOST_COMPARED: Final = 50
"""Albums of one name that a part is compared with: of so many, the name says nothing."""


def album_keys(tracks: Sequence[Track]) -> list[tuple[str, int]]:
    """Return for each track the album that it is on: its name, and which of those of that name it is.

    Tracks of one name are on one album if they share an artist, a cover or what the source knows the album by, be it
    through others. So are those of several artists (a compilation, a soundtrack) if nothing contradicts it, neither
    numbers that come twice nor different years, and something speaks for it: years or numbers that are known, or that
    each artist has one track.
    """
    rows_of: dict[str, list[int]] = defaultdict(list)
    for row, track in enumerate(tracks):
        rows_of[clean(track.album)].append(row)
    keys = [("", 0)] * len(tracks)
    for name, rows in rows_of.items():
        parts = [rows] if not name or len(rows) == 1 else _releases(tracks, rows)
        for number, part in enumerate(parts):
            for row in part:
                keys[row] = (name, number)
    return keys


@dataclass(slots=True)
class _Part:
    """Tracks that are on one album for sure. ``is_scattered``: no two of them are by one artist."""

    rows: list[int]
    places: set[tuple[int, int]]
    years: set[int]
    is_scattered: bool

    def fits(self, other: _Part) -> bool:
        """Tell whether both are parts of one album."""
        if len(self.years | other.years) > 1 or not self.places.isdisjoint(other.places):
            return False
        is_known = (self.years and other.years) or (self.places and other.places)
        return bool(is_known) or (self.is_scattered and other.is_scattered)

    def take(self, other: _Part) -> None:
        """Make both one."""
        self.rows += other.rows
        self.places |= other.places
        self.years |= other.years
        self.is_scattered = self.is_scattered and other.is_scattered


def _releases(tracks: Sequence[Track], rows: Sequence[int]) -> list[list[int]]:
    """Part the tracks of one name into albums, in the order of their first tracks."""
    if _have_one_artist(tracks, rows):
        return [list(rows)]
    albums: list[_Part] = []
    for part in _joined_by_signs(tracks, rows):
        own = _part(part, [tracks[row] for row in part])
        at = next((at for at, album in enumerate(albums[:MOST_COMPARED]) if album.fits(own)), None)
        if at is None:
            albums.append(own)
        else:
            albums[at].take(own)
    return [album.rows for album in albums]


def _part(rows: list[int], tracks: Sequence[Track]) -> _Part:
    places = {(track.disc_number or 1, track.track_number) for track in tracks if track.track_number is not None}
    years = {track.year for track in tracks if track.year is not None}
    return _Part(rows, places, years, len(rows) == 1)


def _have_one_artist(tracks: Sequence[Track], rows: Sequence[int]) -> bool:
    """Tell quickly whether one artist comes first on all tracks, as on most albums: they are then on one album."""
    artists = {tracks[row].artists[:1] for row in rows}
    return len(artists) == 1 and artists != {()}


def _joined_by_signs(tracks: Sequence[Track], rows: Sequence[int]) -> list[list[int]]:
    """Part rows into those that share signs, be it through others."""
    root = {row: row for row in rows}

    def find(row: int) -> int:
        while root[row] != row:
            root[row] = row = root[root[row]]
        return row

    seen: dict[str, int] = {}
    for row in rows:
        for sign in _signs(tracks[row]):
            one, other = sorted((find(row), find(seen.setdefault(sign, row))))
            root[other] = one
    parts: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        parts[find(row)].append(row)
    return list(parts.values())


def _signs(track: Track) -> Iterable[str]:
    """Name what tracks of one album have in common."""
    yield from (f"artist {name.casefold()}" for name in track.artists)
    if track.art_digest:
        yield f"cover {track.art_digest}"
    if track.album_id:
        yield f"id {track.album_id}"
