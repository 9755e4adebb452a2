"""Load playlists exported by Exportify, one CSV file per playlist."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Final

from spotmap_build.core.dates import latest_release_year
from spotmap_build.core.identifiers import SPOTIFY_LOCAL, plain_isrc
from spotmap_build.core.text import fold_space
from spotmap_build.core.translation import translatable
from spotmap_build.errors import SourceError
from spotmap_build.fetch.exports.collection import Collection
from spotmap_build.fetch.exports.copy_marks import browser_copy
from spotmap_build.fetch.exports.export_files import ExportFile, LeftOut, read_files
from spotmap_build.fetch.exports.exportify_columns import known_columns
from spotmap_build.fetch.exports.spotify_ids import is_episode, named_id, track_uri
from spotmap_build.fetch.playlist_names import distinct_playlists
from spotmap_build.fetch.source import Loaded
from spotmap_build.fetch.tables.artist_names import ESCAPED, find_joint, split_artists
from spotmap_build.fetch.tables.cells import BETWEEN_GENRES, parse_texts
from spotmap_build.fetch.tables.delimited import read_delimited, without_padding
from spotmap_build.fetch.tables.field_names import ADDRESS, ART
from spotmap_build.fetch.tables.files import decode_table
from spotmap_build.fetch.tables.typed_columns import repair_texts, type_columns
from spotmap_build.model import Omission, Playlist, Track

if TYPE_CHECKING:
    from spotmap_build.fetch.source import LoadContext
    from spotmap_build.fetch.tables.bounds import Columns

KIND: Final = "exportify"
JOINED_BY_SPACE: Final = "track duration (ms)"
"""A column that only the tool has which joins artists by comma and space, in all its versions."""
MAYBE_JOINED_BY_SPACE: Final = "artist name(s)"


@dataclass(frozen=True, slots=True)
class ListFile:
    """The entries of a CSV file: for each row, the playlist named in it, if any, and the track or omission."""

    place: str
    folder: str
    stem: str
    entries: tuple[tuple[str, Track | Omission], ...]

    @property
    def name(self) -> str:
        """Name of the playlist."""
        return _name(self.stem)

    @property
    def track_ids(self) -> frozenset[str]:
        """Ids of the tracks in the file."""
        return frozenset(entry.id for _, entry in self.entries if isinstance(entry, Track))

    def is_alike(self, other: ListFile) -> bool:
        """Return whether files of equal name are states of the same playlist: they share half of the shorter one."""
        mine, theirs = self.track_ids, other.track_ids
        return 2 * len(mine & theirs) >= min(len(mine), len(theirs))


@dataclass(frozen=True, slots=True)
class ExportifySource:
    """``--source exportify:PATH``: a CSV file of either Exportify, or a folder or zip of such files."""

    path: Path

    def load(self, context: LoadContext) -> Loaded:  # noqa: ARG002 - no audio files and no cache needed
        """Load all files; each one is a playlist, or names the playlist in every row.

        Raises
        ------
        SourceError
            There is no file, or none that lists tracks.
        """
        left_out = LeftOut()
        notices: list[str] = []
        lists: list[ListFile] = []
        others: list[str] = []
        for file in read_files(self.path, lambda name: name.lower().endswith(".csv"), left_out):
            try:
                found = _read(file, notices)
            except SourceError as error:
                left_out.add(error)
                continue
            if found is None:
                others.append(file.place)
            else:
                lists.append(found)
        kept, about_copies = _newest_copies(lists)
        collection = _collected(kept)
        if not collection.tracks:
            raise (
                left_out.faults[0]
                if left_out.faults
                else SourceError(
                    f"{self.path} contains no CSV file that lists tracks"
                    + (f"; it contains {', '.join(others[:3])}." if others else "."),
                    hint="Export playlists at exportify.app or exportify.net, and give the CSV, the folder or the zip.",
                )
            )
        notices += [translatable(f"{place} was left out: it has no column of track names.") for place in others]
        notices += [*about_copies, *left_out.sentences()]
        return Loaded(KIND, collection.library(), is_streamed=True, notices=tuple(notices))


def _read(file: ExportFile, notices: list[str]) -> ListFile | None:
    """Parse a file; None if it lists no tracks."""
    text, about = decode_table(file.content, file.place)
    table = read_delimited(without_padding(text, file.place), file.place)
    named = repair_texts(known_columns(table.columns))
    if "title" not in named.fields:
        return None
    typed = type_columns(named, file.place, table.delimiter, latest_release_year())
    notices += [*about, *table.notices, *typed.notices]
    joint = _joint(table.columns, typed.fields)
    stem = PurePath(file.name).stem.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    entries = []
    for number, row in enumerate(_rows(typed.fields), start=1):
        name = fold_space(str(row.get("playlists", "")))
        entries.append((name, _entry(row, f"{KIND}:{name or _name(stem)}#{number}", joint)))
    return ListFile(file.place, file.folder, stem, tuple(entries))


def _name(stem: str) -> str:
    """Return the name of a playlist from the file's stem."""
    return fold_space(stem.replace("_", " ")) or "Untitled playlist"


def _joint(columns: Columns, fields: Columns) -> re.Pattern[str]:
    """Return how a comma followed by a space is used in the artists of a file."""
    if JOINED_BY_SPACE in columns:
        return ESCAPED
    # In files without artist URIs, only the tool that does not join by comma and space writes genres.
    joins_by_space = MAYBE_JOINED_BY_SPACE in columns and "genres" not in fields
    return find_joint((str(value) for value in fields.get("artists", ()) if value), joins_by_space=joins_by_space)


def _entry(row: dict[str, Any], place: str, joint: re.Pattern[str]) -> Track | Omission:
    """Return the track of a row, or an omission; ``place`` identifies the row."""
    uri, title = _uri(row), fold_space(row.get("title", ""))
    if is_episode(uri):
        return Omission(place, title, "episode", "It is an episode, not music.")
    if title or track_uri(uri) or uri.startswith(SPOTIFY_LOCAL):
        return _track(row, title, joint)
    return Omission(place, "", "empty-row", "The row has no title and no Spotify URI.")


def _newest_copies(files: Sequence[ListFile]) -> tuple[list[ListFile], tuple[str, ...]]:
    """Drop files for which a browser saved a newer copy in the same folder; return the rest and notices."""
    copies: dict[tuple[str, str], list[ListFile]] = {}
    for file in files:
        copies.setdefault((file.folder, browser_copy(file.stem)[0]), []).append(file)
    kept, left_out = [], []
    for (_, stem), group in copies.items():
        newest = max(group, key=lambda file: browser_copy(file.stem)[1])
        others = [file for file in group if file is not newest]
        different = [file for file in others if not file.is_alike(newest)]
        kept += [*different, newest if different else replace(newest, stem=stem)]
        left_out += [
            translatable(f"{file.place} was left out: {newest.place} is a newer copy of it.")
            for file in others
            if file not in different and file.track_ids != newest.track_ids
        ]
    return kept, tuple(left_out)


def _collected(files: Sequence[ListFile]) -> Collection:
    collection = Collection()
    for file in files:
        lists: dict[str, dict[str, None]] = {}
        for name, entry in file.entries:
            if isinstance(entry, Omission):
                collection.omissions.append(entry)
            else:
                collection.add(entry)
                lists.setdefault(name or file.name, {})[entry.id] = None
        for name, track_ids in lists.items():
            collection.playlists.append(Playlist(named_id(KIND, name, (), ""), name, tuple(track_ids)))
    collection.playlists = distinct_playlists(collection.playlists)
    return collection


def _rows(columns: Columns) -> list[dict[str, Any]]:
    fields = list(columns)
    return [
        {field: value for field, value in zip(fields, values, strict=True) if value is not None}
        for values in zip(*columns.values(), strict=True)
    ]


def _uri(row: dict[str, Any]) -> str:
    return str(row.get("id") or row.get(ADDRESS) or "")


def _track(row: dict[str, Any], title: str, joint: re.Pattern[str]) -> Track:
    uri = _uri(row)
    artists = split_artists(row.get("artists", ""), row.get("artist_uris", ""), joint)
    album = fold_space(row.get("album", ""))
    own_id = fold_space(uri) if uri.startswith(SPOTIFY_LOCAL) else track_uri(uri)
    return Track(
        id=own_id or named_id(KIND, title, artists, album),
        title=title,
        artists=artists,
        album=album,
        duration_ms=row.get("duration_ms"),
        isrc=plain_isrc(row.get("isrc", "")),
        explicit=row.get("explicit"),
        year=row.get("year"),
        track_number=row.get("track_number"),
        disc_number=row.get("disc_number"),
        album_id=fold_space(str(row.get("album_id", ""))),
        added_at=row.get("added_at", ""),
        genres=parse_texts(row.get("genres"), BETWEEN_GENRES, is_optional=True),
        play_count=row.get("play_count"),
        art_url=row.get(ART, "").strip(),
    )
