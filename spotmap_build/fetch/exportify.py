"""Playlists that Exportify wrote, as a library: one CSV file a playlist."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Final

from spotmap_build.core.identifiers import ISRC, SPOTIFY_LOCAL
from spotmap_build.errors import SourceError
from spotmap_build.fetch.artist_names import ESCAPED, find_joint, split_artists
from spotmap_build.fetch.cells import parse_list
from spotmap_build.fetch.collection import Collection
from spotmap_build.fetch.column_names import ADDRESS
from spotmap_build.fetch.delimited import read_delimited
from spotmap_build.fetch.export_files import ExportFile, about_folders, read_files
from spotmap_build.fetch.exportify_columns import known_columns
from spotmap_build.fetch.source import Loaded, with_distinct_ids
from spotmap_build.fetch.spotify_ids import is_episode, named_id, track_uri
from spotmap_build.fetch.table_files import decode_table
from spotmap_build.fetch.tags import fold_space
from spotmap_build.fetch.typed_columns import type_columns
from spotmap_build.model import Omission, Playlist, Track

if TYPE_CHECKING:
    from spotmap_build.fetch.source import LoadContext
    from spotmap_build.fetch.table_bounds import Columns

KIND: Final = "exportify"
GENRES: Final = re.compile("[,;]")
JOINED_BY_SPACE: Final = "track duration (ms)"
"""So only that tool calls a column which joins artists by comma and space, in every version."""
MAYBE_JOINED_BY_SPACE: Final = "artist name(s)"


@dataclass(frozen=True, slots=True)
class ExportifySource:
    """``--source exportify:PATH``: a CSV file of either Exportify, a folder of them, or their zip."""

    path: Path

    def load(self, context: LoadContext) -> Loaded:  # noqa: ARG002 - nothing to look into, nothing to remember
        """The tracks of all files; each file is a playlist.

        Raises
        ------
        SourceError: there is no such file, or one of them is damaged.
        """
        collection = Collection()
        notices: list[str] = []
        others: list[str] = []
        unreadable: list[OSError] = []
        for file in read_files(self.path, lambda name: name.lower().endswith(".csv"), unreadable):
            text, about = decode_table(file.content, file.place)
            table = read_delimited(text, file.place)
            named = known_columns(table.columns)
            if "title" in named.fields:
                typed = type_columns(named, file.place, table.delimiter)
                _add(collection, file, typed.fields, _joint(table.columns, typed.fields))
                notices += [*about, *table.notices, *typed.notices]
            else:
                others.append(file.place)
        if not collection.tracks:
            raise SourceError(
                f"{self.path} holds no CSV file that lists tracks"
                + (f"; it holds {', '.join(others[:3])}." if others else "."),
                hint="Export playlists at exportify.app or exportify.net, and give the CSV, the folder or the zip.",
            )
        collection.playlists = with_distinct_ids(collection.playlists)
        notices += [f"{place} was left out: it has no column of track names." for place in others]
        notices += about_folders(unreadable)
        return Loaded(KIND, collection.library(), is_streamed=True, notices=tuple(notices))


def _joint(columns: Columns, fields: Columns) -> re.Pattern[str]:
    """What a comma with a space after it is in the artists of a file."""
    if JOINED_BY_SPACE in columns:
        return ESCAPED
    # Without the artists' URIs, only the tool that does not join by comma and space writes genres.
    joins_by_space = MAYBE_JOINED_BY_SPACE in columns and "genres" not in fields
    return find_joint((str(value) for value in fields.get("artists", ()) if value), joins_by_space=joins_by_space)


def _add(collection: Collection, file: ExportFile, columns: Columns, joint: re.Pattern[str]) -> None:
    lists: dict[str, dict[str, None]] = {}
    for number, row in enumerate(_rows(columns), start=1):
        name = fold_space(str(row.get("playlists", ""))) or _name_of(file)
        uri, title = _uri(row), fold_space(row.get("title", ""))
        if is_episode(uri):
            omission_id = f"{KIND}:{name}#{number}"
            collection.omissions.append(Omission(omission_id, title, "episode", "It is an episode, no music."))
        elif title or track_uri(uri) or uri.startswith(SPOTIFY_LOCAL):
            track = _track(row, title, joint)
            collection.put(track)
            lists.setdefault(name, {})[track.id] = None
        else:
            detail = "The row has no title and no Spotify URI."
            collection.omissions.append(Omission(f"{KIND}:{name}#{number}", "", "empty-row", detail))
    for name, track_ids in lists.items():
        collection.playlists.append(Playlist(named_id(KIND, name, (), ""), name, tuple(track_ids)))


def _name_of(file: ExportFile) -> str:
    """What the playlist is called where its rows do not say it."""
    stem = PurePath(file.name).stem.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return fold_space(stem.replace("_", " ")) or "Untitled playlist"


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
    isrc = row.get("isrc", "").strip().upper().replace("-", "")
    return Track(
        id=own_id or named_id(KIND, title, artists, album),
        title=title,
        artists=artists,
        album=album,
        duration_ms=row.get("duration_ms"),
        isrc=isrc if ISRC.fullmatch(isrc) else "",
        explicit=row.get("explicit"),
        year=row.get("year"),
        added_at=row.get("added_at", ""),
        genres=_genres(row.get("genres", "")),
        play_count=row.get("play_count"),
    )


def _genres(text: str) -> tuple[str, ...]:
    names = parse_list(text)
    folded = map(fold_space, GENRES.split(text) if names is None else names)
    return tuple(dict.fromkeys(name for name in folded if name))
