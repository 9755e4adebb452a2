"""Load Spotify's export of account data, with play counts from the listening history."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from spotmap_build.core.documents import parse_json
from spotmap_build.core.identifiers import SPOTIFY_LOCAL
from spotmap_build.core.text import fold_space
from spotmap_build.core.translation import translatable
from spotmap_build.errors import SourceError
from spotmap_build.fetch.exports.collection import Collection, iso_date
from spotmap_build.fetch.exports.copy_marks import without_copy_marks
from spotmap_build.fetch.exports.export_files import ExportFile, LeftOut, read_files
from spotmap_build.fetch.exports.history import MIN_PLAYS, PlayCounts, Plays, Song, plays_by_track
from spotmap_build.fetch.exports.spotify_ids import local_file, named_id, track_uri
from spotmap_build.fetch.playlist_names import distinct_playlists
from spotmap_build.fetch.source import Loaded
from spotmap_build.model import Omission, Playlist, Track

if TYPE_CHECKING:
    from spotmap_build.fetch.source import LoadContext

KIND: Final = "takeout"
NO_MUSIC: Final = {
    "episode": translatable("It is an episode, not music."),
    "audiobook": translatable("It is an audiobook, not music."),
}
FILES: Final = {
    "library": re.compile(r"yourlibrary\d*\.json", re.I),
    "playlists": re.compile(r"playlists?\d*\.json", re.I),
    "short history": re.compile(r"streaminghistory(?:_music)?_?\d*\.json", re.I),
    "long history": re.compile(r"(?:streaming_history_audio|endsong).*\.json", re.I),
}
ALBUM: Final = ("uri", "artist", "album")
MAX_NESTED: Final = 2_000_000
"""Lists and objects in one file. The file size is limited, but three bytes can become sixty in memory."""
MAX_VALUES: Final = 5_000_000
MAX_ROWS: Final = 1_000_000
MAX_PLAYS: Final = 3_000_000
"""Some users have half a million in ten years."""
WHERE_FROM: Final = (
    "Ask Spotify for 'Account data' (and for 'Extended streaming history', for play counts) at "
    "https://www.spotify.com/account/privacy, and give the zip that it sends."
)


@dataclass(frozen=True, slots=True)
class Named:
    """A track as named in one place of the export; empty where unknown."""

    uri: str
    title: str
    artist: str
    album: str
    added_at: str = ""
    duration_ms: int | None = None

    @property
    def names(self) -> tuple[str, str, str]:
        """Title, artist and album."""
        return self.title, self.artist, self.album


@dataclass(frozen=True, slots=True)
class ListState:
    """The content of a playlist in one export. ``export`` identifies the export; ``changed_on`` is a date or empty."""

    name: str
    export: tuple[str, str]
    changed_on: str
    rows: tuple[Named | Omission, ...]


@dataclass(slots=True)
class Export:
    """The content of all files, before equal tracks are combined."""

    saved: list[Named] = field(default_factory=list)
    playlists: list[ListState] = field(default_factory=list)
    plays: Plays = field(default_factory=Plays)
    albums: set[tuple[str, ...]] = field(default_factory=set)
    has_library: bool = False
    has_any: bool = False
    left_out: LeftOut = field(default_factory=LeftOut)

    @property
    def row_count(self) -> int:
        """Number of rows: saved tracks, playlist entries and songs of the history."""
        songs = len(self.plays.long) + len(self.plays.short)
        return len(self.saved) + sum(len(one.rows) for one in self.playlists) + songs


@dataclass(frozen=True, slots=True)
class TakeoutSource:
    """``--source takeout:PATH``: the zip that Spotify sends, its folder, or a folder with both zips."""

    path: Path

    def load(self, context: LoadContext) -> Loaded:  # noqa: ARG002 - no audio files and no cache needed
        """Load saved tracks and playlists, with the plays (of 30 seconds or more) of each track.

        If there is only a listening history, the library consists of the tracks that were played at least three times,
        added on the day of their first play.

        Raises
        ------
        SourceError
            There is no readable file of Spotify's, or the files contain no tracks.
        """
        export = _read(self.path)
        faults = export.left_out.faults
        if not export.has_any:
            raise (
                faults[0]
                if faults
                else SourceError(
                    f"{self.path} contains no YourLibrary.json, no playlists and no listening history of Spotify.",
                    hint=WHERE_FROM,
                )
            )
        lists, about_lists = _newest(export.playlists)
        songs = export.plays.songs()
        collection = _collected(export.saved, lists) if export.has_library else _often_played(songs)
        if not collection.tracks:
            raise (
                faults[0]
                if faults
                else SourceError(f"The export {self.path} contains no tracks.", hint=_why_empty(export))
            )
        for track_id, counts in plays_by_track(songs, collection.tracks.values()).items():
            track = collection.tracks[track_id]
            collection.tracks[track_id] = replace(track, play_count=counts.count, listening=counts.listening)
        about_albums = (_about_albums(len(export.albums)),) if export.albums else ()
        notices = (*about_albums, *about_lists, *export.left_out.sentences())
        return Loaded(KIND, collection.library(), is_streamed=True, notices=notices)


def _read(path: Path) -> Export:
    export = Export()
    for file in read_files(path, lambda name: bool(_kind(name)[0]), export.left_out):
        try:
            _add(export, file)
        except SourceError as error:
            export.left_out.add(error)
        if export.row_count > MAX_ROWS or len(export.plays.seen) > MAX_PLAYS:
            raise SourceError(
                f"{path} is too large: the limit is {MAX_ROWS:,} rows of playlists and songs of histories, and "
                f"{MAX_PLAYS:,} plays.",
                hint="Give the export's own folder or zip.",
            )
    return export


def _add(export: Export, file: ExportFile) -> None:
    kind, marks = _kind(file.name)
    export.has_library |= kind in {"library", "playlists"}
    content = _parse(file)
    if kind == "library":
        export.saved += _saved(_list(content, "tracks", file))
        export.albums |= {tuple(_text(one, key) for key in ALBUM) for one in _dicts(content.get("albums"))}
    elif kind == "playlists":
        of = (file.folder, marks)
        export.playlists += [
            ListState(
                _text(one, "name") or "Untitled playlist",
                of,
                iso_date(_text(one, "lastModifiedDate")),
                tuple(_rows(one)),
            )
            for one in _dicts(_list(content, "playlists", file))
        ]
    else:
        export.plays.add(_list({"rows": content}, "rows", file), is_long=kind == "long history")
    export.has_any = True


def _kind(name: str) -> tuple[str, str]:
    """Return the kind of a file of Spotify's by its name, and its copy markers; empty for other files."""
    for plain, marks in ((name, ""), without_copy_marks(name)):
        for kind, pattern in FILES.items():
            if pattern.fullmatch(plain):
                return kind, marks
    return "", ""


def _newest(states: list[ListState]) -> tuple[list[ListState], tuple[str, ...]]:
    """Return each playlist once, in its most recently changed state.

    An export may have several playlists of equal name; they are matched between exports by their order.
    """
    numbers: Counter[tuple[str, tuple[str, str]]] = Counter()
    newest: dict[tuple[str, int], ListState] = {}
    differing: dict[tuple[str, int], None] = {}
    for state in states:
        numbers[state.name, state.export] += 1
        place = (state.name, numbers[state.name, state.export])
        known = newest.setdefault(place, state)
        if known.rows != state.rows:
            differing[place] = None
        if (state.changed_on, len(state.rows)) > (known.changed_on, len(known.rows)):
            newest[place] = state
    if not differing:
        return list(newest.values()), ()
    count = f"{len(differing)} playlists are" if len(differing) > 1 else f"The playlist “{next(iter(differing))[0]}” is"
    return list(newest.values()), (translatable(f"{count} in several exports; the newest version was used."),)


def _parse(file: ExportFile) -> Any:
    nested = file.content.count(b"[") + file.content.count(b"{")
    if nested > MAX_NESTED or file.content.count(b",") > MAX_VALUES:
        raise SourceError(
            f"{file.place} is not a valid Spotify file: it contains too many values.",
            hint="Download the export again, or remove that file.",
        )
    try:
        return parse_json(file.content)
    except ValueError as error:
        raise SourceError(
            f"{file.place} is damaged: it is not JSON ({error}).",
            hint="Download the export again, or remove that file.",
        ) from error


def _list(content: Any, key: str, file: ExportFile) -> list[Any]:
    found = content.get(key) if isinstance(content, dict) else None
    if not isinstance(found, list):
        raise SourceError(
            f"{file.place} is not a valid Spotify file: it has no list of {key}.",
            hint="Download the export again, or remove that file.",
        )
    return found


def _dicts(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _text(row: dict[str, Any], key: str) -> str:
    value = row.get(key)
    return fold_space(value) if isinstance(value, str) else ""


def _saved(rows: list[Any]) -> Iterator[Named]:
    for row in rows:
        if isinstance(row, dict):
            words = [_text(row, key) for key in ("uri", "track", "artist", "album")]
            named = _named(words[0], words[1], words[2], words[3], "")
            if named.uri or named.title:
                yield named


def _named(uri: str, title: str, artist: str, album: str, added_at: str) -> Named:
    if not uri.startswith(SPOTIFY_LOCAL):
        return Named(track_uri(uri), title, artist, album, added_at)
    local = local_file(uri)
    names = (title or fold_space(local.title), artist or fold_space(local.artist), album or fold_space(local.album))
    return Named(uri, *names, added_at=added_at, duration_ms=local.duration_ms)


def _rows(playlist: dict[str, Any]) -> Iterator[Named | Omission]:
    items, name = playlist.get("items"), _text(playlist, "name")
    for number, item in enumerate(items if isinstance(items, list) else (), start=1):
        yield _row(item if isinstance(item, dict) else {}, name, number)


def _row(row: dict[str, Any], name: str, number: int) -> Named | Omission:
    track, local = row.get("track"), row.get("localTrack")
    added_at = iso_date(_text(row, "addedDate"))
    if isinstance(track, dict):
        words = [_text(track, key) for key in ("trackUri", "trackName", "artistName", "albumName")]
        named = _named(words[0], words[1], words[2], words[3], added_at)
    else:
        named = _named(_text(local, "uri") if isinstance(local, dict) else "", "", "", "", added_at)
    if named.uri or named.title:
        return named
    for kind, reason in NO_MUSIC.items():
        if isinstance(row.get(kind), dict):
            title = _text(row[kind], f"{kind}Name") or _text(row[kind], "name")
            return _omitted(name, number, "episode", reason, title)
    return _omitted(name, number, "empty-row", "Spotify lists a row without a name and without a URI.")


def _omitted(name: str, number: int, code: str, reason: str, title: str = "") -> Omission:
    return Omission(f"{KIND}:{name}#{number}", title, code, f"{reason} (Row {number} of the playlist “{name}”.)")


def _collected(saved: list[Named], lists: list[ListState]) -> Collection:
    """Convert all rows to tracks. A row without a URI gets the URI of another row with the same names, if any."""
    rows = [*saved, *(row for one in lists for row in one.rows if isinstance(row, Named))]
    uris = {row.names: row.uri for row in reversed(rows) if row.uri}
    collection = Collection()
    for row in saved:
        collection.add(_track(row, uris))
    for one in lists:
        tracks = [_track(row, uris) for row in one.rows if isinstance(row, Named)]
        collection.omissions += [row for row in one.rows if isinstance(row, Omission)]
        for track in tracks:
            collection.add(track)
        if tracks:
            track_ids = dict.fromkeys(track.id for track in tracks)
            collection.playlists.append(Playlist(named_id(KIND, one.name, (), ""), one.name, tuple(track_ids)))
    collection.playlists = distinct_playlists(collection.playlists)
    return collection


def _track(row: Named, uris: dict[tuple[str, str, str], str]) -> Track:
    artists = (row.artist,) if row.artist else ()
    track_id = row.uri or uris.get(row.names) or named_id(KIND, row.title, artists, row.album)
    return Track(track_id, row.title, artists, row.album, duration_ms=row.duration_ms, added_at=row.added_at)


def _often_played(songs: Mapping[Song, PlayCounts]) -> Collection:
    """Return the frequently played songs as a library, added on the day of their first play."""
    collection = Collection()
    for song, counts in songs.items():
        if counts.count >= MIN_PLAYS:
            artists = (song.artist,) if song.artist else ()
            track_id = song.uri or named_id(KIND, song.title, artists, song.album)
            collection.add(Track(track_id, song.title, artists, song.album, added_at=counts.first_on))
    return collection


def _why_empty(export: Export) -> str:
    if export.plays:
        return f"Its history has no track that was played {MIN_PLAYS} times. {WHERE_FROM}"
    return WHERE_FROM


def _about_albums(count: int) -> str:
    albums = "1 saved album is" if count == 1 else f"{count} saved albums are"
    return (
        f"{albums} not on the map, except for tracks that are saved or in playlists: Spotify's export does not list "
        "the tracks of albums."
    )
