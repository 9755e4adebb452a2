"""Playlists that Exportify wrote, as a library: one CSV file a playlist."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Final

from spotmap_build.core.identifiers import ISRC, SPOTIFY_LOCAL
from spotmap_build.errors import SourceError
from spotmap_build.fetch.collection import Collection, iso_date, whole_number
from spotmap_build.fetch.export_files import ExportFile, about_folders, decode_utf8, read_files
from spotmap_build.fetch.exportify_columns import known_columns
from spotmap_build.fetch.source import Loaded, with_distinct_ids
from spotmap_build.fetch.spotify_ids import is_episode, named_id, track_uri
from spotmap_build.fetch.table_files import read_delimited
from spotmap_build.fetch.tags import fold_space, parse_year
from spotmap_build.model import Omission, Playlist, Track

if TYPE_CHECKING:
    from spotmap_build.fetch.source import LoadContext
    from spotmap_build.fetch.table_files import Columns

KIND: Final = "exportify"
SEPARATORS: Final = tuple(map(re.compile, (r"(?<!\\), ", r";", r",(?! )", r",")))
"""Between artists: one tool joins by comma and space, and writes a comma of a name as ``\\,``; the other by semicolon,
or in older versions by a comma alone ("Tyler, The Creator" has a space after his)."""
ESCAPED, SEMICOLON, BARE = SEPARATORS[:3]
NOTHING: Final = re.compile(r"(?!)")
GENRES: Final = re.compile("[,;]")


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
        others = []
        unreadable: list[OSError] = []
        for file in read_files(self.path, lambda name: name.lower().endswith(".csv"), unreadable):
            columns = known_columns(read_delimited(decode_utf8(file.content, file.place), file.place))
            if columns:
                _add(collection, file, columns)
            else:
                others.append(file.place)
        if not collection.tracks:
            raise SourceError(
                f"{self.path} holds no CSV file that lists tracks"
                + (f"; it holds {', '.join(others[:3])}." if others else "."),
                hint="Export playlists at exportify.app or exportify.net, and give the CSV, the folder or the zip.",
            )
        collection.playlists = with_distinct_ids(collection.playlists)
        notices = [f"{place} was left out: it has no column of track names." for place in others]
        notices += about_folders(unreadable)
        return Loaded(KIND, collection.library(), is_streamed=True, notices=tuple(notices))


def _add(collection: Collection, file: ExportFile, columns: Columns) -> None:
    name = _playlist_name(file, columns)
    separator = _separator(columns)
    track_ids = []
    for number, row in enumerate(_rows(columns), start=1):
        uri, title = row.get("uri", ""), fold_space(row.get("title", ""))
        if is_episode(uri):
            omission_id = f"{KIND}:{name}#{number}"
            collection.omissions.append(Omission(omission_id, title, "episode", "It is an episode, no music."))
        elif title or track_uri(uri) or uri.startswith(SPOTIFY_LOCAL):
            track = _track(row, title, separator)
            collection.put(track)
            track_ids.append(track.id)
        else:
            detail = "The row has no title and no Spotify URI."
            collection.omissions.append(Omission(f"{KIND}:{name}#{number}", "", "empty-row", detail))
    if track_ids:
        playlist_id = named_id(KIND, name, (), "")
        collection.playlists.append(Playlist(playlist_id, name, tuple(dict.fromkeys(track_ids))))


def _playlist_name(file: ExportFile, columns: Columns) -> str:
    """As the file says in every row, else as it is called."""
    given = {fold_space(str(value or "")) for value in columns.get("playlist", ())}
    if len(given) == 1 and given != {""}:
        return given.pop()
    stem = PurePath(file.name).stem.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return fold_space(stem.replace("_", " ")) or "Untitled playlist"


def _rows(columns: Columns) -> list[dict[str, str]]:
    fields = list(columns)
    return [
        {field: str(value) for field, value in zip(fields, values, strict=True) if value}
        for values in zip(*columns.values(), strict=True)
    ]


def _track(row: dict[str, str], title: str, separator: re.Pattern[str]) -> Track:
    uri = row.get("uri", "")
    artists = split_artists(row.get("artists", ""), row.get("artist_uris", ""), separator)
    album = fold_space(row.get("album", ""))
    own_id = fold_space(uri) if uri.startswith(SPOTIFY_LOCAL) else track_uri(uri)
    isrc = row.get("isrc", "").strip().upper()
    return Track(
        id=own_id or named_id(KIND, title, artists, album),
        title=title,
        artists=artists,
        album=album,
        duration_ms=whole_number(row.get("duration_ms")),
        isrc=isrc if ISRC.fullmatch(isrc) else "",
        explicit={"true": True, "false": False}.get(row.get("explicit", "").strip().lower()),
        year=parse_year(row.get("released", "")),
        added_at=iso_date(row.get("added_at", "")),
        genres=_parts(row.get("genres", ""), GENRES),
    )


def _separator(columns: Columns) -> re.Pattern[str]:
    """What stands between artists in a file, where it does not say how many each track has."""
    texts = [str(value) for value in columns.get("artists", ()) if value]
    if any("\\," in text for text in texts):
        return ESCAPED
    if any(";" in text for text in texts):
        return SEMICOLON
    # Without the artists' URIs, only the tool that does not join by comma and space writes genres.
    return BARE if "genres" in columns or any(map(BARE.search, texts)) else ESCAPED


def split_artists(text: str, uris: str, separator: re.Pattern[str]) -> tuple[str, ...]:
    """The artists of a track. With their URIs it is known how many there are; else by the separator of the file."""
    count = len(uris.split(",")) if uris else 0
    if count == 1:
        return _parts(text, NOTHING)
    choices = (_parts(text, choice) for choice in (separator, *SEPARATORS))
    return next((names for names in choices if len(names) == count), _parts(text, separator))


def _parts(text: str, separator: re.Pattern[str]) -> tuple[str, ...]:
    names = (fold_space(part.replace("\\,", ",")) for part in separator.split(text))
    return tuple(dict.fromkeys(name for name in names if name))
