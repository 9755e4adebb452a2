"""Load a table as a library: tracks to analyze, or rows with their own vectors or positions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Final, NamedTuple

from spotmap_build.cache.keys import digest_bytes
from spotmap_build.core.dates import latest_release_year
from spotmap_build.core.identifiers import ID_DIGITS, SPOTIFY_TRACK
from spotmap_build.core.normalize import repair
from spotmap_build.core.text import fold_space, printable
from spotmap_build.core.translation import translatable
from spotmap_build.errors import SourceError
from spotmap_build.fetch.exports.collection import Collection
from spotmap_build.fetch.exports.spotify_ids import named_id, track_uri
from spotmap_build.fetch.folders.captions import complete_captions
from spotmap_build.fetch.folders.m3u import PLAYLIST_SUFFIXES
from spotmap_build.fetch.identify import FileFacts, Unusable, cover_notices, display_facts, identify_files
from spotmap_build.fetch.source import Loaded
from spotmap_build.fetch.tables.art import with_art
from spotmap_build.fetch.tables.artist_names import parse_artists
from spotmap_build.fetch.tables.bounds import MAX_COORDINATE
from spotmap_build.fetch.tables.caption_lines import is_captions
from spotmap_build.fetch.tables.cell_numbers import Decimal, parse_numbers
from spotmap_build.fetch.tables.cells import BETWEEN_GENRES, is_missing, parse_texts, text_of
from spotmap_build.fetch.tables.column_names import NamedColumns, is_person, name_columns
from spotmap_build.fetch.tables.field_names import ADDRESS, ART
from spotmap_build.fetch.tables.files import read_columns
from spotmap_build.fetch.tables.listens import with_listening
from spotmap_build.fetch.tables.own_vectors import find_vectors
from spotmap_build.fetch.tables.typed_columns import TypedColumns, repair_texts, type_columns
from spotmap_build.fetch.tags import UNTITLED, split_caption
from spotmap_build.model import Failed, Library, Listening, Playlist, Recording, Track

if TYPE_CHECKING:
    from spotmap_build.cache.memo import Cached
    from spotmap_build.fetch.source import LoadContext
    from spotmap_build.fetch.tables.bounds import Columns
    from spotmap_build.fetch.tables.delimited import Table
    from spotmap_build.model import Float32Array

Position = tuple[float, float]
HEADER: Final = translatable("Name the columns in the first line: title,artists,album,…")
ADDRESSES: Final = translatable(
    "Addresses of Spotify alone do not name the tracks. Collect the tracks in a playlist there, and use --source "
    "spotify, or export the playlist with Exportify and use exportify:PATH."
)
MAX_LISTED: Final = 20
MAX_NAME_LENGTH: Final = 60
SPOTIFY_ID_LENGTH: Final = 22
BARE_SPOTIFY_ID: Final = re.compile(rf"[0-7][0-9A-Za-z]{{{SPOTIFY_ID_LENGTH - 1}}}")
"""128 bits in 22 digits: the first one is small. A whole column of such ids is Spotify's."""


@dataclass(frozen=True, slots=True)
class TableSource:
    """``--source table:PATH``: a row is a track; see docs/tables.md for the columns."""

    path: Path

    def load(self, context: LoadContext) -> Loaded:
        """Read the table, and the metadata of the audio files that it names.

        Rows with ``x`` and ``y`` have a fixed position. Rows with a ``vector``, or a row in ``<table>.npy``, are not
        analyzed. All others name an audio file in ``path``, or are searched by their title.

        Raises
        ------
        SourceError
            The file cannot be read, has no titles, or its vectors do not match its rows.
        """
        table = read_columns(self.path, lambda name: bool(name) and not is_person(name))
        named, about_artists = _with_artists(repair_texts(_with_titles(table, self.path)), self.path.name)
        typed = type_columns(named, self.path.name, table.delimiter, latest_release_year())
        vectors = find_vectors(self.path, typed.fields)
        typed = with_listening(typed, self.path.name, may_be_listens=vectors is None)
        columns = typed.fields
        is_placed = "x" in columns and "y" in columns
        positions, faults = _positions(columns, typed.decimal) if is_placed else (None, {})
        tracks = _tracks(typed, positions, is_list=vectors is None and columns.keys().isdisjoint(("x", "y", "path")))
        about_art: tuple[str, ...] = ()
        if ART in columns:
            tracks, about_art = with_art(tracks, columns[ART], partial(_path, folder=self.path.parent), context.cache)
        failures: list[Failed] = []
        about_files: tuple[str, ...] = ()
        if is_placed:
            tracks = _with_files(tracks, columns, self.path.parent)
            failures = _not_placed(tracks, columns, faults)
        elif vectors is not None:
            tracks = _with_files(tracks, columns, self.path.parent)
        else:
            tracks, failures, about_files = _with_recordings(tracks, columns, self.path, context)
        playlists = _playlists(columns, tracks)
        library = Library(tuple(map(_titled, _once(tracks))), tuple(playlists), tuple(failures))
        notices = (*table.notices, *about_artists, *typed.notices, *about_art, *about_files)
        return Loaded(
            "table",
            library,
            vectors=vectors,
            is_streamed=_is_streamed(library, vectors),
            notices=notices,
            depends_on_more=ART in columns or "path" in columns or self.path.suffix.lower() in PLAYLIST_SUFFIXES,
        )


def _with_titles(table: Table, path: Path) -> NamedColumns:
    named = name_columns(table.columns)
    if "title" not in named.fields:
        raise SourceError(
            f"{path} has no column 'title'; it has {_listed(table.columns)}.",
            hint=" ".join((ADDRESSES if _lists_addresses(table.columns) else HEADER, *table.notices)),
        )
    if not named.fields["title"]:
        is_playlist = path.suffix.lower() in PLAYLIST_SUFFIXES
        needed = translatable("It needs one row per track, below a line of column names.")
        saved = translatable("Save the playlist again in its program, as M3U for example.")
        raise SourceError(f"{path} has no rows.", hint=saved if is_playlist else needed)
    return named


def _lists_addresses(columns: Columns) -> bool:
    """Return whether a table without titles contains addresses of tracks, as copied from Spotify's own program."""
    return any(track_uri(text_of(value)) for name, values in columns.items() for value in (name, *values[:1]))


def _with_artists(named: NamedColumns, place: str) -> tuple[NamedColumns, tuple[str, ...]]:
    """Split titles such as "Artist - Title" if there are no artists."""
    titles = [fold_space(text_of(title)) for title in named.fields["title"]]
    is_map = not named.fields.keys().isdisjoint(("artists", "path", "vector", "x", "y"))
    if is_map or not is_captions(list(filter(None, titles))):
        return named, ()
    rows = list(map(split_caption, titles))
    fields = {**named.fields, "title": [title for title, _ in rows], "artists": [artist for _, artist in rows]}
    about = translatable(f"{place} has no column of artists: its titles were read as artist and title.")
    return replace(named, fields=fields), (about,)


def _listed(columns: Columns) -> str:
    names = [printable(name)[:MAX_NAME_LENGTH] for name in columns]
    return ", ".join(names[:MAX_LISTED]) + ("…" if names[MAX_LISTED:] else "") or "none at all"


class _Row(NamedTuple):
    """The values of one row in the columns for fields of a track; None where the table has no such column."""

    title: object
    artists: object
    artist_uris: object
    album: object
    duration_ms: int | None
    isrc: object
    album_id: object
    explicit: bool | None
    year: int | None
    track_number: int | None
    disc_number: int | None
    added_at: str | None
    genres: object
    play_count: int | None
    listening: Listening | None


def _tracks(typed: TypedColumns, positions: Sequence[Position | None] | None, *, is_list: bool) -> list[Track]:
    """Return a track for each row. ``is_list``: rows with the same Spotify URI are one track in several playlists."""
    columns = typed.fields
    empty = [None] * len(columns["title"])
    rows = map(_Row._make, zip(*(columns.get(name, empty) for name in _Row._fields), strict=True))
    further = typed.facets.items()
    seen: dict[str, int] = {}
    tracks = []
    for number, (own_id, position, row) in enumerate(
        zip(_own_ids(columns, len(empty)), positions or empty, rows, strict=True)
    ):
        title, artists = fold_space(text_of(row.title)), parse_artists(row.artists, row.artist_uris)
        album = fold_space(text_of(row.album))
        base = own_id or named_id("table", title or UNTITLED, artists, album)
        seen[base] = 1 if is_list and base.startswith(SPOTIFY_TRACK) else seen.get(base, 0) + 1
        tracks.append(
            Track(
                id=base if seen[base] == 1 else f"{base}~{seen[base]}",
                title=title,
                artists=artists,
                album=album,
                duration_ms=row.duration_ms,
                isrc=_word(row.isrc),
                explicit=row.explicit,
                year=row.year,
                track_number=row.track_number,
                disc_number=row.disc_number,
                album_id=_word(row.album_id),
                added_at=row.added_at or "",
                genres=parse_texts(row.genres, BETWEEN_GENRES, is_optional=True),
                play_count=row.play_count,
                listening=row.listening,
                position=position,
                facets={name: value for name, values in further if (value := values[number]) is not None},
            )
        )
    return tracks


def _once(tracks: Sequence[Track]) -> Iterable[Track]:
    collection = Collection()
    for track in tracks:
        collection.add(track)
    return collection.tracks.values()


def _own_ids(columns: Columns, count: int) -> list[str]:
    """Return the ids in the table; Spotify ids become URIs, so that they match other sources."""
    if "id" not in columns:
        return [track_uri(_word(value)) for value in columns.get(ADDRESS, [None] * count)]
    words = [_word(value) for value in columns["id"]]
    given = [word for word in words if word]
    if given and all(map(BARE_SPOTIFY_ID.fullmatch, given)):
        return [track_uri(word) for word in words]
    return [(track_uri(word) if len(word) > SPOTIFY_ID_LENGTH else "") or word for word in words]


def _word(value: object) -> str:
    return "" if is_missing(value) else fold_space(str(value))


def _titled(track: Track) -> Track:
    return track if track.title else replace(track, title=UNTITLED)


def _is_streamed(library: Library, vectors: Cached[Float32Array] | None) -> bool:
    failed = {failure.track_id for failure in library.failures}
    return vectors is None and any(
        track.recording is None and track.position is None and track.id not in failed for track in library.tracks
    )


def _playlists(columns: Columns, tracks: Sequence[Track]) -> list[Playlist]:
    members: dict[str, list[str]] = {}
    for track, value in zip(tracks, columns.get("playlists", []), strict=False):
        for name in parse_texts(value, is_optional=True):
            members.setdefault(name, []).append(track.id)
    return [
        Playlist("table:" + digest_bytes(name.encode())[:ID_DIGITS], name, tuple(dict.fromkeys(ids)))
        for name, ids in members.items()
    ]


def _positions(columns: Columns, decimal: Decimal) -> tuple[list[Position | None], dict[int, str]]:
    """Return the position of each row, and for rows without one, the problem with their ``x`` and ``y``."""
    positions: list[Position | None] = []
    faults = {}
    for row, (x, y) in enumerate(zip(*(parse_numbers(columns[name], decimal) for name in ("x", "y")), strict=True)):
        is_number = x is not None and y is not None
        if x is None or y is None or max(abs(x), abs(y)) > MAX_COORDINATE:
            faults[row] = translatable("is too far away for a map") if is_number else translatable("is no number")
            positions.append(None)
        else:
            positions.append((x, y))
    return positions, faults


def _not_placed(tracks: Sequence[Track], columns: Columns, faults: Mapping[int, str]) -> list[Failed]:
    def detail(row: int, fault: str) -> str:
        return f"Its x or y {fault}: x={columns['x'][row]!r:.40}, y={columns['y'][row]!r:.40}."

    return [Failed(tracks[row].id, "fetch", "no-place", detail(row, fault)) for row, fault in faults.items()]


def _with_recordings(
    tracks: Sequence[Track], columns: Columns, table: Path, context: LoadContext
) -> tuple[list[Track], list[Failed], tuple[str, ...]]:
    """Add recordings from the files. A track without a file is searched by its title, if it has one."""
    folder, is_playlist = table.parent, table.suffix.lower() in PLAYLIST_SUFFIXES
    values = columns.get("path", [None] * len(tracks))
    named = {row: str(value) for row, value in enumerate(values) if value}
    paths = {row: _path(text, folder) for row, text in named.items()}
    facts = dict(zip(paths, identify_files(list(paths.values()), context), strict=True))
    complete, failures = [], []
    for row, track in enumerate(complete_captions(tracks, facts) if is_playlist else tracks):
        fact = facts.get(row)
        if isinstance(fact, FileFacts):
            complete.append(_with_audio_facts(track, fact, paths[row]))
            continue
        if isinstance(fact, Unusable):
            failures.append(Failed(track.id, "fetch", fact.code, f"{printable(named[row])}: {fact.detail}"))
            if not track.title:
                title, artists = display_facts(PureWindowsPath(named[row]), fact)
                complete.append(replace(track, title=title, artists=track.artists or artists))
                continue
        elif not track.title:
            failures.append(Failed(track.id, "fetch", "no-recording", "The row has no title and names no audio file."))
        complete.append(track)
    unreadable = [paths[row] for row, fact in facts.items() if isinstance(fact, FileFacts) and fact.is_cover_unreadable]
    return complete, failures, cover_notices(unreadable)


def _with_files(tracks: Sequence[Track], columns: Columns, folder: Path) -> list[Track]:
    """Add existing files for playback only, without analysis, because the table provides positions."""
    paths = [_path(str(value), folder) if value else None for value in columns.get("path", [None] * len(tracks))]
    return [
        replace(track, recording=Recording("", path=str(path.absolute()))) if path and _is_file(path) else track
        for track, path in zip(tracks, paths, strict=True)
    ]


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # not accessible, so it cannot be played either
        return False


def _path(text: str, folder: Path) -> Path:
    """Return the path that a row names; an impossible name becomes the path of a missing file.

    If no such file exists, HTML entities are decoded, and UTF-8 that was misread and saved is repaired.
    """
    repaired = repair(repair(text))  # some programs encode entities twice
    exact = _exact_path(text, folder)
    if repaired == text or _is_file(exact):
        return exact
    path = _exact_path(repaired, folder)
    return path if _is_file(path) else exact


def _exact_path(text: str, folder: Path) -> Path:
    path = Path(text.replace("\0", "\N{REPLACEMENT CHARACTER}"))
    try:
        return folder / path.expanduser()
    except RuntimeError:  # "~name" of an unknown user
        return folder / path


def _with_audio_facts(track: Track, fact: FileFacts, path: Path) -> Track:
    """Fill missing fields of a track from the tags of its file."""
    title, artists = display_facts(path, fact)
    return replace(
        track,
        title=track.title or title,
        artists=track.artists or (fact.artists if track.title else artists),
        album=track.album or fact.album,
        duration_ms=fact.duration_ms if track.duration_ms is None else track.duration_ms,
        year=track.year or fact.year,
        track_number=track.track_number or fact.track_number or None,
        disc_number=track.disc_number if track.track_number else fact.disc_number,
        isrc=track.isrc or fact.isrc,
        art_digest=track.art_digest or fact.art_digest,
        recording=Recording(fact.audio_digest, path=str(path.absolute())),
    )
