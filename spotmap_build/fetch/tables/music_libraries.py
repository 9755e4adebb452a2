"""Read the libraries of music programs in XML: Apple Music and iTunes, Rekordbox, Traktor. Pure.

Like playlists, they are read as markup rather than with an XML parser, which would build the whole document in memory
and expand entities.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from spotmap_build.core.text import fold_space
from spotmap_build.fetch.folders.markup import Tag, element_pattern, read_elements, read_markup
from spotmap_build.fetch.playlist_names import MAX_FOLDERS, distinct_names

MAX_DEPTH: Final = 32
"""Of values in an Apple library, which has six; what nests more deeply is not read."""
MAX_LIBRARY_BYTES: Final = 128 << 20
"""An Apple library of 180,000 tracks."""
MAX_TRACKS: Final = 500_000
MAX_PARTS: Final = 1_000
"""Of a text, which entities and comments divide."""
MAX_RATING: Final = 5
_ROOT: Final = re.compile(r"\s*<(?:[?!].{0,2000}?<)?(plist|dj_playlists|nml)\b", re.I | re.S)
_CONTAINERS: Final = frozenset({"dict", "array"})
_SCALARS: Final = frozenset({"key", "string", "integer", "real", "date", "true", "false"})
_ELEMENTS: Final = element_pattern("key", "string", "integer", "real", "date")
_APPLE: Final = {
    "Name": "title",
    "Artist": "artists",
    "Album": "album",
    "Total Time": "duration_ms",
    "Genre": "genres",
    "Year": "year",
    "Track Number": "track_number",
    "Disc Number": "disc_number",
    "Date Added": "added_at",
    "Play Count": "play_count",
    "Play Date UTC": "last_played",
}
_NO_MUSIC: Final = frozenset({"Podcast", "Movie", "TV Show", "Music Video", "Audiobook"})
"""What an Apple library says of tracks that are no songs."""
_OF_TRACK: Final = {*_APPLE, *_NO_MUSIC, "Track ID", "Track Type", "Location", "Explicit", "Rating", "Rating Computed"}
_NO_PLAYLIST: Final = frozenset({"Master", "Distinguished Kind", "Folder"})
"""What an Apple library says of lists that the program made, and of folders, which repeat the lists in them."""
_ID: Final = "Playlist Persistent ID"
_PARENT: Final = "Parent Persistent ID"
_OF_PLAYLIST: Final = {*_NO_PLAYLIST, _ID, _PARENT, "Name"}
_REKORDBOX: Final = {
    "name": "title",
    "artist": "artists",
    "album": "album",
    "totaltime": "duration_s",
    "genre": "genres",
    "year": "year",
    "tracknumber": "track_number",
    "discnumber": "disc_number",
    "dateadded": "added_at",
    "playcount": "play_count",
    "label": "label",
}
_TRAKTOR: Final = {
    ("entry", "title"): "title",
    ("entry", "artist"): "artists",
    ("album", "title"): "album",
    ("album", "track"): "track_number",
    ("info", "playtime"): "duration_s",
    ("info", "genre"): "genres",
    ("info", "import_date"): "added_at",
    ("info", "last_played"): "last_played",
    ("info", "playcount"): "play_count",
    ("info", "label"): "label",
}
_DATES: Final = ("added_at", "last_played")
_COUNTS: Final = ("year", "track_number", "disc_number", "duration_s", "duration_ms")
"""Numbers that are unknown if they are zero."""
_TRAKTOR_DATE: Final = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})")

Row = dict[str, Any]
Attributes = dict[str, str]


class TooManyTracks(ValueError):
    """A library has more than ``MAX_TRACKS``."""


@dataclass
class MusicLibrary:
    """The tracks of a library.

    ``rows``: fields of each track by the names of a table's columns; ``paths`` are the lines that may name its file,
    the likeliest first. ``left_out``: the number of podcasts, films and the like.
    """

    rows: list[Row] = field(default_factory=list)
    left_out: int = 0
    _known: dict[str, Row] = field(default_factory=dict)
    _playlists: list[tuple[tuple[str, ...], list[str]]] = field(default_factory=list)

    def add(self, row: Row) -> None:
        """Add a track."""
        if len(self.rows) == MAX_TRACKS:
            raise TooManyTracks
        self.rows.append(row)

    def name(self, key: str, row: Row) -> None:
        """Set a key by which playlists may refer to a track."""
        if key:
            self._known.setdefault(key, row)

    def add_playlist(self, place: tuple[str, ...], keys: list[str]) -> None:
        """Add a playlist of the tracks with these keys, by its folders and its name; one without a name is left out."""
        place = tuple(filter(None, map(fold_space, place[:-1]))) + tuple(map(fold_space, place[-1:]))
        if place and place[-1] and keys:
            self._playlists.append((place, keys))

    def fill_playlists(self) -> None:
        """Write each playlist's name in the rows of its tracks, which may come after it in the file."""
        names = distinct_names([place for place, _ in self._playlists])
        for name, (_, keys) in zip(names, self._playlists, strict=True):
            for key in keys:
                if key in self._known:
                    self._known[key].setdefault("playlists", []).append(name)


def read_music_library(text: str) -> MusicLibrary | None:
    """Parse the library of any of these programs, recognized by its beginning; None if it is none of them.

    Raises
    ------
    TooManyTracks
        It is too large for a map.
    """
    root = _ROOT.match(text)
    if root is None:
        return None
    read = {"plist": _read_apple, "dj_playlists": _read_rekordbox, "nml": _read_traktor}[root[1].lower()]
    library = read(text)
    library.fill_playlists()
    for row in library.rows:
        for name in _COUNTS:
            if str(row.get(name)).strip("0.") == "":
                row[name] = None
        for name in _DATES:
            if found := _TRAKTOR_DATE.fullmatch(str(row.get(name))):
                row[name] = f"{found[1]}-{found[2]:0>2}-{found[3]:0>2}"
    return library


def _read_apple(text: str) -> MusicLibrary:
    library, track = MusicLibrary(), dict[str, str]()
    playlists: list[tuple[dict[str, str], list[str]]] = []
    for keys, kind, value in _values(text):
        match keys:
            case ["Tracks", _] if kind == "dict":
                _add_apple_track(track, library)
                track = {}
            case ["Tracks", _, key] if key in _OF_TRACK and kind not in {"false", *_CONTAINERS}:
                track[key] = value
            case ["Playlists", _] if kind == "dict":
                playlists.append(({}, []))
            case ["Playlists", _, "Playlist Items", _, "Track ID"] if playlists:
                playlists[-1][1].append(value)
            case ["Playlists", _, key] if playlists and key in _OF_PLAYLIST and kind not in {"false", *_CONTAINERS}:
                playlists[-1][0][key] = value
            case _:
                pass
    _add_apple_track(track, library)
    _add_apple_playlists(playlists, library)
    return library


def _add_apple_playlists(playlists: list[tuple[dict[str, str], list[str]]], library: MusicLibrary) -> None:
    folders = {said[_ID]: said for said, _ in playlists if _ID in said and "Folder" in said}
    for said, members in playlists:
        place = [said.get("Name", "")]
        above = folders.get(said.get(_PARENT, ""))
        while above is not None and len(place) <= MAX_FOLDERS:
            place.insert(0, above.get("Name", ""))
            above = folders.get(above.get(_PARENT, ""))
        if _NO_PLAYLIST.isdisjoint(said):
            library.add_playlist(tuple(place), members)


def _add_apple_track(track: dict[str, str], library: MusicLibrary) -> None:
    if not _NO_MUSIC.isdisjoint(track) or track.get("Track Type") == "URL":  # radio
        library.left_out += 1
    elif track:
        row: Row = {name: track[key] for key, name in _APPLE.items() if key in track}
        row["explicit"] = "true" if "Explicit" in track else None
        row["rating"] = None if "Rating Computed" in track else _rating(track.get("Rating"), 100)
        row["paths"] = _lines(track.get("Location", ""))
        library.add(row)
        library.name(track.get("Track ID", ""), row)


def _values(text: str) -> Iterator[tuple[list[str], str, str]]:
    """Yield the values of a property list: the keys that lead to it, its type, and its text.

    A dictionary or list is yielded at its beginning. Elements of a list have an empty key.
    """
    keys: list[str] = []
    depth = 0
    for token in _containers_and_scalars(text):
        if isinstance(token, tuple):
            kind, value = token
            if kind == "key":
                keys = [*keys[:-1], value]
            elif depth <= MAX_DEPTH:
                yield keys, kind, value
            continue
        if token.opens:
            depth += 1
            if depth <= MAX_DEPTH:
                yield keys, token.name, ""
                keys = [*keys, ""]
        if token.closes and depth:
            depth -= 1
            keys = keys[:depth]


def _containers_and_scalars(text: str) -> Iterator[Tag | tuple[str, str]]:
    """Yield the tags of the dictionaries and lists of a property list, and type and text of its other elements."""
    reading = ""
    parts: list[str] = []
    for token in read_elements(text, _ELEMENTS):
        if isinstance(token, str):
            if reading and len(parts) < MAX_PARTS:
                parts.append(token)
            continue
        if isinstance(token, tuple):
            reading = ""
            yield token
        elif token.name in _CONTAINERS:
            yield token
        elif token.opens and token.name in _SCALARS:
            reading, parts = token.name, []
        if isinstance(token, Tag) and token.closes and token.name == reading:
            yield reading, "".join(parts)
            reading = ""


def _read_rekordbox(text: str) -> MusicLibrary:
    library, folders = MusicLibrary(), _Folders()
    for tag, attributes in _tags(text):
        if tag.name == "node":
            folders.follow(tag, attributes, library, is_playlist=attributes.get("type") == "1")
        elif tag.name == "track" and "key" in attributes:
            folders.members.append(attributes["key"])
        elif tag.name == "track" and "trackid" in attributes:
            row: Row = {field: attributes[key] for key, field in _REKORDBOX.items() if key in attributes}
            row["rating"] = _rating(attributes.get("rating"), 255)
            row["paths"] = _lines(attributes.get("location", ""))
            library.add(row)
            for key in ("trackid", "location"):  # playlists have one or the other
                library.name(attributes.get(key, ""), row)
    folders.end(library)
    return library


def _read_traktor(text: str) -> MusicLibrary:
    library, folders = MusicLibrary(), _Folders()
    is_collection = True
    row: Row = {}
    for tag, attributes in _tags(text):
        if tag.name == "node":
            is_collection = False
            folders.follow(tag, attributes, library, is_playlist=attributes.get("type") == "PLAYLIST")
        elif tag.name == "primarykey":
            folders.members.append(attributes.get("key", ""))
        if not is_collection:
            continue
        if tag.name == "entry":
            row = {"rating": None, "paths": ()}
            library.add(row)
        _add_traktor_facts(row, tag.name, attributes)
        if tag.name == "location":
            volume, folder, file = (attributes.get(key, "") for key in ("volume", "dir", "file"))
            row["paths"] = _traktor_lines(volume, folder + file)
            library.name(volume + folder + file, row)
    folders.end(library)
    return library


@dataclass
class _Folders:
    """The nested nodes of a library, folders and playlists, and the members of the playlist that is being read."""

    members: list[str] = field(default_factory=list)
    _names: list[str] = field(default_factory=list)
    _place: tuple[str, ...] = ()

    def follow(self, tag: Tag, attributes: Attributes, library: MusicLibrary, *, is_playlist: bool) -> None:
        """Enter or leave a node, which ends the playlist."""
        self.end(library)
        if tag.opens:
            self._names.append(attributes.get("name", ""))
            outermost = max(1, len(self._names) - MAX_FOLDERS - 1)  # the root has a name as well
            self._place = tuple(self._names[outermost:]) if is_playlist else ()
        if tag.closes and self._names:
            self._names.pop()

    def end(self, library: MusicLibrary) -> None:
        """Add the playlist that is being read, if any."""
        library.add_playlist(self._place, self.members)
        self._place, self.members = (), []


def _add_traktor_facts(row: Row, tag: str, attributes: Attributes) -> None:
    row.update({field: attributes[key] for (of, key), field in _TRAKTOR.items() if of == tag and key in attributes})
    if tag == "info":
        row["rating"] = _rating(attributes.get("ranking"), 255)
        row["year"] = attributes.get("release_date", "")[:4] or None


def _tags(text: str) -> Iterator[tuple[Tag, Attributes]]:
    """Yield the tags that open an element or close a node, with their attributes."""
    for token in read_markup(text):
        if isinstance(token, Tag) and (token.opens or token.name == "node"):
            yield token, dict(token.attributes)


def _traktor_lines(volume: str, place: str) -> tuple[str, ...]:
    """Return the paths that a volume ("C:", "Macintosh HD") and a place in it ("/:Music/:a.mp3") may mean."""
    path = place.replace("/:", "/")
    return (f"{volume}{path}",) if volume.endswith(":") or not volume else (path, f"/Volumes/{volume}{path}")


def _lines(location: str) -> tuple[str, ...]:
    return (location,) if location.lower().startswith("file:") else ()


def _rating(text: str | None, most: int) -> int | None:
    """Return the number of stars; None if there are none."""
    known = text is not None and text.isdecimal() and len(text) <= len(str(most))
    return (min(int(text or ""), most) * MAX_RATING // most or None) if known else None
