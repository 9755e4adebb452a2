"""Group tracks into albums. Two albums may share a name, and one may have as many artists as tracks. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from spotmap_build.emit.columns import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from spotmap_build.model import Track

MAX_NAMESAKES: Final = 50
"""Maximum number of albums of the same name to compare with. With more, the name carries no information."""


def album_keys(tracks: Sequence[Track]) -> list[tuple[str, int]]:
    """Return the album of each track: its name, and its number among the albums with that name.

    Tracks with the same album name belong to the same album if they share, directly or through other tracks, an artist,
    a cover or the source's album id. Tracks of different artists (a compilation, a soundtrack) belong together if their
    years and track numbers do not conflict, and either years or track numbers are known or each artist has only one
    track.
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
    """Tracks that are certainly on the same album. ``is_scattered``: no two of them share an artist."""

    rows: list[int]
    places: set[tuple[int, int]]
    years: set[int]
    is_scattered: bool

    def fits(self, other: _Part) -> bool:
        """Return whether both can be parts of the same album."""
        if len(self.years | other.years) > 1 or not self.places.isdisjoint(other.places):
            return False
        is_known = (self.years and other.years) or (self.places and other.places)
        return bool(is_known) or (self.is_scattered and other.is_scattered)

    def merge(self, other: _Part) -> None:
        """Merge another part into this one."""
        self.rows += other.rows
        self.places |= other.places
        self.years |= other.years
        self.is_scattered = self.is_scattered and other.is_scattered


def _releases(tracks: Sequence[Track], rows: Sequence[int]) -> list[list[int]]:
    """Split the tracks with one album name into albums, in the order of their first tracks."""
    if _have_one_artist(tracks, rows):
        return [list(rows)]
    albums: list[_Part] = []
    for part_rows in _connected_rows(tracks, rows):
        part = _part(part_rows, [tracks[row] for row in part_rows])
        match = next((album for album in albums[:MAX_NAMESAKES] if album.fits(part)), None)
        if match is None:
            albums.append(part)
        else:
            match.merge(part)
    return [album.rows for album in albums]


def _part(rows: list[int], tracks: Sequence[Track]) -> _Part:
    places = {(track.disc_number or 1, track.track_number) for track in tracks if track.track_number is not None}
    years = {track.year for track in tracks if track.year is not None}
    return _Part(rows, places, years, len(rows) == 1)


def _have_one_artist(tracks: Sequence[Track], rows: Sequence[int]) -> bool:
    """Return whether all tracks have the same first artist, as on most albums; they then belong to the same album."""
    artists = {tracks[row].artists[:1] for row in rows}
    return len(artists) == 1 and artists != {()}


def _connected_rows(tracks: Sequence[Track], rows: Sequence[int]) -> list[list[int]]:
    """Group rows that share identifiers, directly or through other rows (union-find)."""
    root = {row: row for row in rows}

    def find(row: int) -> int:
        while root[row] != row:
            root[row] = row = root[root[row]]
        return row

    seen: dict[str, int] = {}
    for row in rows:
        for identifier in _identifiers(tracks[row]):
            first, second = sorted((find(row), find(seen.setdefault(identifier, row))))
            root[second] = first
    parts: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        parts[find(row)].append(row)
    return list(parts.values())


def _identifiers(track: Track) -> Iterable[str]:
    """Yield properties that tracks of the same album share."""
    yield from (f"artist {name.casefold()}" for name in track.artists)
    if track.art_digest:
        yield f"cover {track.art_digest}"
    if track.album_id:
        yield f"id {track.album_id}"
