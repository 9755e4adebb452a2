"""Assemble a library from rows: tracks, playlists, and omissions with reasons. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from spotmap_build.core.text import one_line
from spotmap_build.core.translation import translatable
from spotmap_build.fetch.exports.spotify_ids import not_playable
from spotmap_build.fetch.spotify.rows import SAVED_TRACKS, THE_PLAYLIST, Row
from spotmap_build.fetch.tags import UNTITLED
from spotmap_build.model import Failed, Library, Omission, Playlist, Track

NOT_YOURS: Final = translatable(
    "Spotify allows apps to read only playlists that you own or collaborate on. To have its tracks on the map, copy "
    "them to a playlist of your own."
)
MADE_BY_PUSH: Final = translatable(
    "spotmap-build push created it from a list of the map, so it is not read back into the map. To have tracks that "
    "you added to it on the map, save them or add them to another playlist."
)
UNIDENTIFIED: Final = translatable(
    "Spotify lists this playlist without a valid id, so its tracks cannot be read. Build again later; if it stays like "
    "this, copy them to a new playlist."
)
REASONS: Final = {
    "episode": ("episode", translatable("It is a podcast episode or a part of an audiobook, not music.")),
    "unknown": ("no-id", translatable("Spotify does not say which track it is: it is no longer available.")),
    "empty": ("empty-row", translatable("Spotify lists an empty row.")),
}


@dataclass(frozen=True, slots=True)
class ReadPlaylist:
    """A playlist and its rows; None if it is not readable, or not read because ``push`` created it."""

    id: str
    name: str
    rows: tuple[Row, ...] | None
    is_pushed: bool = False


def artists_by_weight(saved: Iterable[Row], playlists: Iterable[ReadPlaylist]) -> list[str]:
    """Return the ids of all artists, those with the most tracks first."""
    rows = {row.id: row for row in _every_row(saved, playlists) if row.kind == "track"}
    counts = Counter(artist_id for row in rows.values() for artist_id in row.artist_ids)
    return sorted(counts, key=lambda artist_id: (-counts[artist_id], artist_id))


def make_library(
    saved: Sequence[Row],
    playlists: Sequence[ReadPlaylist],
    genres: Mapping[str, tuple[str, ...]],
    unidentified: Sequence[str] = (),
) -> Library:
    """Return the library: saved tracks first, then the tracks of each playlist, without duplicates.

    ``genres``: by artist id. ``unidentified``: names of playlists that cannot be fetched for lack of an id. The date of
    a saved track is when it was saved; that of others is the earliest date in a playlist.
    """
    tracks: dict[str, Track] = {}
    failures: dict[str, Failed] = {}
    for row in saved:
        _add(row, tracks, failures, genres)
    saved_ids = set(tracks)
    for playlist in playlists:
        for row in playlist.rows or ():
            _add(row, tracks, failures, genres)
            if row.id in tracks and row.id not in saved_ids:
                tracks[row.id] = _with_earlier_date(tracks[row.id], row.added_at)
    omissions = [*_omitted(saved, "spotify:saved", SAVED_TRACKS)]
    for playlist in playlists:
        uri = f"spotify:playlist:{playlist.id}"
        if playlist.is_pushed:
            omissions.append(Omission(uri, playlist.name, "made-by-push", MADE_BY_PUSH))
        elif playlist.rows is None:
            omissions.append(Omission(uri, playlist.name, "playlist-not-readable", NOT_YOURS))
        else:
            omissions += _omitted(playlist.rows, uri, THE_PLAYLIST.format(name=playlist.name))
    omissions += [
        Omission(f"spotify:playlists#{number}", name, "playlist-without-id", UNIDENTIFIED)
        for number, name in enumerate(unidentified, start=1)
    ]
    return Library(
        tracks=tuple(tracks.values()),
        playlists=tuple(_playlist(playlist, playlist.rows) for playlist in playlists if playlist.rows is not None),
        failures=tuple(failures.values()),
        omissions=tuple({omission.id: omission for omission in omissions}.values()),
    )


def _every_row(saved: Iterable[Row], playlists: Iterable[ReadPlaylist]) -> Iterable[Row]:
    yield from saved
    for playlist in playlists:
        yield from playlist.rows or ()


def _add(
    row: Row, tracks: dict[str, Track], failures: dict[str, Failed], genres: Mapping[str, tuple[str, ...]]
) -> None:
    if row.kind not in {"track", "local"} or row.id in tracks:
        return
    tracks[row.id] = Track(
        id=row.id,
        title=one_line(row.title) or UNTITLED,
        artists=tuple(map(one_line, row.artists)),
        album=one_line(row.album),
        duration_ms=row.duration_ms,
        isrc=row.isrc,
        explicit=row.explicit,
        year=row.year,
        track_number=row.track_number,
        disc_number=row.disc_number,
        album_id=row.album_id,
        added_at=row.added_at,
        art_url=row.art,
        genres=tuple(dict.fromkeys(genre for artist in row.artist_ids for genre in genres.get(artist, ()))),
    )
    failed = not_playable(row.id, row.title, is_local=row.kind == "local")
    if failed is not None:
        failures[row.id] = failed


def _with_earlier_date(track: Track, added_at: str) -> Track:
    if added_at and (not track.added_at or added_at < track.added_at):
        return replace(track, added_at=added_at)
    return track


def _omitted(rows: Iterable[Row], list_uri: str, where: str) -> Iterable[Omission]:
    """Yield omissions. ``where`` describes the list; a row without an id is identified by its position."""
    for number, row in enumerate(rows, start=1):
        if row.kind in REASONS:
            code, reason = REASONS[row.kind]
            place = translatable(f"(Row {number} of {where}.)")
            yield Omission(row.id or f"{list_uri}#{number}", one_line(row.title), code, f"{reason} {place}")


def _playlist(playlist: ReadPlaylist, rows: Iterable[Row]) -> Playlist:
    members = dict.fromkeys(row.id for row in rows if row.kind in {"track", "local"})
    return Playlist(f"spotify:playlist:{playlist.id}", playlist.name, tuple(members))
