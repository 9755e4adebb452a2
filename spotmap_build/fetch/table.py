"""A table as a library: tracks to listen to, or rows that bring their own vectors or places."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Any, Final

from spotmap_build.cache.keys import digest_bytes
from spotmap_build.core.identifiers import ID_DIGITS
from spotmap_build.core.text import printable
from spotmap_build.errors import SourceError
from spotmap_build.fetch.captions import by_tags
from spotmap_build.fetch.collection import whole_number
from spotmap_build.fetch.identify import FileFacts, Unusable, about_covers, display_facts, identify_files
from spotmap_build.fetch.m3u import M3U_SUFFIXES
from spotmap_build.fetch.own_vectors import find_vectors
from spotmap_build.fetch.source import Loaded
from spotmap_build.fetch.spotify_ids import named_id
from spotmap_build.fetch.table_files import Columns, read_columns
from spotmap_build.fetch.tags import fold_space, parse_year
from spotmap_build.model import Failed, Library, Playlist, Recording, Track

if TYPE_CHECKING:
    from spotmap_build.fetch.source import LoadContext, OwnVectors

ALIASES: Final = {
    "id": ("spotify uri", "track uri"),
    "title": ("name", "track", "track name"),
    "artists": ("artist", "artist name", "artist name(s)"),
    "album": ("album name",),
    "playlists": ("playlist",),
    "duration_ms": ("duration (ms)",),
    "genres": ("genre",),
}
"""Names that other tools give to our columns; ours win where both are there."""
OWN_COLUMNS: Final = frozenset(
    (
        *("title", "artists", "album", "duration_ms", "isrc", "explicit", "id", "playlists", "year", "added_at"),
        *("genres", "play_count", "path", "x", "y", "vector"),
    )
)
PRIVATE_COLUMNS: Final = frozenset(
    (
        *("added by", "added_by", "user", "username", "user name", "user_name", "owner", "email", "e-mail", "ip"),
        *("ip_addr", "ip_addr_decrypted", "conn_country", "user_agent_decrypted"),
    )
)
"""What other tools write of persons; it never gets onto a map."""
SEPARATOR: Final = ";"
UNTITLED: Final = "Untitled"
MOST_LISTED: Final = 20
FARTHEST: Final = 1e15
"""A place is held in single precision, and distances are squared."""


@dataclass(frozen=True, slots=True)
class TableSource:
    """``--source table:PATH``: a row is a track; see docs/tables.md for the columns."""

    path: Path

    def load(self, context: LoadContext) -> Loaded:
        """Read the table, and look into the audio files that it names.

        Rows with ``x`` and ``y`` have their place; rows with a ``vector``, or a line in ``<table>.npy``, need no
        listening; all others name an audio file in ``path``, or are to be found by their title.

        Raises
        ------
        SourceError: if the file cannot be read, has no titles, or its vectors do not fit its rows.
        """
        read, left_out = read_columns(self.path, lambda name: bool(name) and name not in PRIVATE_COLUMNS)
        columns = _with_known_names(read, self.path, left_out)
        if not columns["title"]:
            raise SourceError(f"{self.path} has no rows.", hint="A row a track, below a line of column names.")
        tracks = _tracks(columns)
        vectors = find_vectors(self.path, columns)
        playlists = _playlists(columns, tracks)
        about_files: tuple[str, ...] = ()
        if "x" in columns and "y" in columns:
            tracks, failures = _place(tracks, columns)
        elif vectors is not None:
            failures = []
        else:
            tracks, failures, about_files = _with_recordings(tracks, columns, self.path, context)
        library = Library(tuple(map(_titled, tracks)), tuple(playlists), tuple(failures))
        notices = (*left_out, *about_files)
        return Loaded("table", library, vectors=vectors, is_streamed=_is_streamed(library, vectors), notices=notices)


def _with_known_names(columns: Columns, path: Path, left_out: tuple[str, ...]) -> Columns:
    named = dict(columns)
    for name, aliases in ALIASES.items():
        for alias in aliases:
            if name not in named and alias in named:
                named[name] = named.pop(alias)
    if "title" not in named:
        raise SourceError(
            f"{path} has no column 'title'; it has {_listed(columns)}.",
            hint=" ".join(("Name the columns in the first line: title,artists,album,…", *left_out)),
        )
    return named


def _listed(columns: Columns) -> str:
    names = [printable(name) for name in columns]
    return ", ".join(names[:MOST_LISTED]) + ("…" if names[MOST_LISTED:] else "") or "none at all"


def _tracks(columns: Columns) -> list[Track]:
    count = len(columns["title"])
    empty = [None] * count
    column: Callable[[str], Sequence[Any]] = lambda name: columns.get(name, empty)  # noqa: E731
    facets = _facet_columns(columns)
    seen: dict[str, int] = {}
    tracks = []
    for row in range(count):
        title = fold_space(str(column("title")[row] or ""))
        artists = _split(column("artists")[row])
        album = fold_space(str(column("album")[row] or ""))
        own_id = fold_space(str(column("id")[row] or ""))
        base = own_id or named_id("table", title or UNTITLED, artists, album)
        seen[base] = seen.get(base, 0) + 1
        tracks.append(
            Track(
                id=base if seen[base] == 1 else f"{base}~{seen[base]}",
                title=title,
                artists=artists,
                album=album,
                duration_ms=whole_number(column("duration_ms")[row]),
                isrc=fold_space(str(column("isrc")[row] or "")),
                explicit=_truth(column("explicit")[row]),
                year=parse_year(str(column("year")[row] or "")),
                added_at=fold_space(str(column("added_at")[row] or "")),
                genres=_split(column("genres")[row]),
                play_count=_count(column("play_count")[row]),
                facets={name: value for name, values in facets.items() if (value := values[row]) is not None},
            )
        )
    return tracks


def _titled(track: Track) -> Track:
    return track if track.title else replace(track, title=UNTITLED)


def _is_streamed(library: Library, vectors: OwnVectors | None) -> bool:
    failed = {failure.track_id for failure in library.failures}
    return vectors is None and any(
        track.recording is None and track.position is None and track.id not in failed for track in library.tracks
    )


def _split(value: object) -> tuple[str, ...]:
    parts = value if isinstance(value, (list, tuple)) else str(value or "").split(SEPARATOR)
    return tuple(folded for part in parts if (folded := fold_space(str(part))))


def _number(value: object) -> float | None:
    """A finite number, or None: of JSON's and Parquet's numbers as well as of text."""
    if value is None or isinstance(value, bool):
        return None
    try:
        number = float(str(value))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _count(value: object) -> int | None:
    return 0 if _number(value) == 0 else whole_number(value)


def _truth(value: object) -> bool | None:
    return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(str(value).lower())


def _facet_columns(columns: Columns) -> dict[str, list[str | float | None]]:
    """Further columns: numbers where every value that is there is one, else texts."""
    facets: dict[str, list[str | float | None]] = {}
    for name, values in columns.items():
        if name in OWN_COLUMNS or name in PRIVATE_COLUMNS or not name:
            continue
        present = [value for value in values if value is not None]
        if any(isinstance(value, (list, dict)) for value in present):
            continue
        numbers = [_number(value) for value in values]
        if present and sum(number is not None for number in numbers) == len(present):
            facets[name] = list(numbers)
        else:
            facets[name] = [None if value is None else fold_space(str(value)) for value in values]
    return facets


def _playlists(columns: Columns, tracks: Sequence[Track]) -> list[Playlist]:
    members: dict[str, list[str]] = {}
    for track, value in zip(tracks, columns.get("playlists", []), strict=False):
        for name in _split(value):
            members.setdefault(name, []).append(track.id)
    return [
        Playlist("table:" + digest_bytes(name.encode())[:ID_DIGITS], name, tuple(dict.fromkeys(ids)))
        for name, ids in members.items()
    ]


def _place(tracks: Sequence[Track], columns: Columns) -> tuple[list[Track], list[Failed]]:
    projected, failures = [], []
    for track, raw_x, raw_y in zip(tracks, columns["x"], columns["y"], strict=True):
        x, y = _number(raw_x), _number(raw_y)
        is_far = x is not None and y is not None and max(abs(x), abs(y)) > FARTHEST
        if x is None or y is None or is_far:
            fault = "is too far away for a map" if is_far else "is no number"
            detail = f"Its x or y {fault}: x={raw_x!r:.40}, y={raw_y!r:.40}."
            failures.append(Failed(track.id, "fetch", "no-place", detail))
            projected.append(track)
        else:
            projected.append(replace(track, position=(x, y)))
    return projected, failures


def _with_recordings(
    tracks: Sequence[Track], columns: Columns, table: Path, context: LoadContext
) -> tuple[list[Track], list[Failed], tuple[str, ...]]:
    """Tracks with the sound of their file. One that names no file is to be found by its title, if it has one."""
    folder, is_playlist = table.parent, table.suffix.lower() in M3U_SUFFIXES
    values = columns.get("path", [None] * len(tracks))
    named = {row: str(value) for row, value in enumerate(values) if value}
    paths = {row: _path(text, folder) for row, text in named.items()}
    facts = dict(zip(paths, identify_files(list(paths.values()), context), strict=True))
    complete, failures = [], []
    for row, track in enumerate(by_tags(tracks, facts) if is_playlist else tracks):
        fact = facts.get(row)
        if isinstance(fact, FileFacts):
            complete.append(_heard(track, fact, paths[row]))
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
    return complete, failures, about_covers(unreadable)


def _path(text: str, folder: Path) -> Path:
    """The file that a row names. A text that no file can be called by names one that is not there."""
    path = Path(text.replace("\0", "\N{REPLACEMENT CHARACTER}"))
    try:
        return folder / path.expanduser()
    except RuntimeError:  # ~somebody, who has no home on this machine
        return folder / path


def _heard(track: Track, fact: FileFacts, path: Path) -> Track:
    """The table's own words win over the file's tags."""
    title, artists = display_facts(path, fact)
    return replace(
        track,
        title=track.title or title,
        artists=track.artists or (fact.artists if track.title else artists),
        album=track.album or fact.album,
        duration_ms=fact.duration_ms if track.duration_ms is None else track.duration_ms,
        year=track.year or fact.year,
        isrc=track.isrc or fact.isrc,
        art_digest=fact.art_digest,
        recording=Recording(fact.audio_digest, path=str(path.absolute())),
    )
