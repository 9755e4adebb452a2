"""Validate libraries: complete checks for sources of other packages, and limits of texts for all sources."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator
from numbers import Integral, Real
from typing import Any, Final

import msgspec

from spotmap_build.core.documents import convert
from spotmap_build.core.text import is_text
from spotmap_build.core.translation import translatable
from spotmap_build.fetch.source import Loaded
from spotmap_build.fetch.tables.bounds import MAX_COORDINATE
from spotmap_build.model import Library, Playlist, Track

MAX_NUMBER: Final = 2**53 - 1
"""The largest integer that every reader of JSON represents exactly."""

MAX_TEXT_LENGTH: Final = 1_000
"""Characters in a title, an album, a name or a genre."""
MAX_NAMES: Final = 100
"""Artists or genres of one track."""


def validate(loaded: object) -> Loaded:
    """Return what a source loaded, with tuples in place of lists and Python's numbers in place of NumPy's.

    Raises
    ------
    ValueError
        It is not a valid library; the message says why.
    """
    if not isinstance(loaded, Loaded):
        raise ValueError(f"its load() returned a {type(loaded).__name__}, not a Loaded")
    try:
        plain = msgspec.to_builtins(loaded.library, builtin_types=(bytes,), enc_hook=_plain_number)
    except TypeError as error:
        raise ValueError(str(error)) from error
    library = convert(plain, Library)
    for fault in (*_faults(library), *_unencodable(plain)):
        raise ValueError(fault)
    return dataclasses.replace(loaded, library=library, notices=convert(loaded.notices, tuple[str, ...]))


def _plain_number(value: Any) -> int | float:
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    raise TypeError(f"it contains a {type(value).__name__}")


def _faults(library: Library) -> Iterator[str]:
    counts = Counter(track.id for track in library.tracks)
    for twice in (track_id for track_id, count in counts.items() if count > 1):
        yield translatable(f"two tracks have the id '{twice}'")
    listed = {track_id for playlist in library.playlists for track_id in playlist.track_ids}
    for unknown in sorted((listed | {failure.track_id for failure in library.failures}) - counts.keys()):
        yield translatable(f"no track has the id '{unknown}', which a playlist or a failure names")
    for track in library.tracks:
        if fault := _fault_of(track):
            yield translatable(f"the track {track.id!r} has {fault}")


def _fault_of(track: Track) -> str:
    """Return which value of a track is impossible; empty if none is."""
    numbers = (track.duration_ms, track.year, track.track_number, track.disc_number, track.play_count)
    if not track.id:
        return translatable("an empty id")
    if not all(number is None or 0 <= number <= MAX_NUMBER for number in numbers):
        return translatable("a number that is negative or too large")
    if track.position is not None and not all(abs(value) <= MAX_COORDINATE for value in track.position):
        return translatable("a position that is not finite, or too far away")
    return ""


def _unencodable(plain: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    """Yield the texts that cannot be written to a file. Only paths may hold bytes that are not UTF-8."""
    for rows in plain.values():
        for row in rows:
            for text in _texts({name: value for name, value in row.items() if name != "recording"}):
                if not is_text(text):
                    yield translatable(f"the text {text!r} is not valid Unicode")


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for item in value.items() for text in _texts(item))
    elif isinstance(value, list | tuple):
        yield from (text for item in value for text in _texts(item))


def cut_long_texts(loaded: Loaded) -> Loaded:
    """Return a library without texts that no list or page can show, and that would take gigabytes to compare."""
    library = loaded.library
    tracks = tuple(map(_cut, library.tracks))
    playlists = tuple(map(_cut_name, library.playlists))
    count = sum(after is not before for after, before in zip(tracks, library.tracks, strict=True))
    count += sum(after is not before for after, before in zip(playlists, library.playlists, strict=True))
    if not count:
        return loaded
    notice = (
        translatable(
            f"A track or playlist had texts of more than {MAX_TEXT_LENGTH:,} characters, or more than {MAX_NAMES} "
            "artists or genres, which were cut."
        )
        if count == 1
        else translatable(
            f"{count} tracks or playlists had texts of more than {MAX_TEXT_LENGTH:,} characters, or more than "
            f"{MAX_NAMES} artists or genres, which were cut."
        )
    )
    library = dataclasses.replace(library, tracks=tracks, playlists=playlists)
    return dataclasses.replace(loaded, library=library, notices=(*loaded.notices, notice))


def _cut(track: Track) -> Track:
    names = (*track.artists, *track.genres)
    if max(map(len, (track.title, track.album, *names))) <= MAX_TEXT_LENGTH and len(names) <= MAX_NAMES:
        return track
    cut: dict[str, Any] = {name: getattr(track, name)[:MAX_TEXT_LENGTH] for name in ("title", "album")}
    for name in ("artists", "genres"):
        cut[name] = tuple(text[:MAX_TEXT_LENGTH] for text in getattr(track, name)[:MAX_NAMES])
    after = dataclasses.replace(track, **cut)
    return track if after == track else after


def _cut_name(playlist: Playlist) -> Playlist:
    if len(playlist.name) <= MAX_TEXT_LENGTH:
        return playlist
    return dataclasses.replace(playlist, name=playlist.name[:MAX_TEXT_LENGTH])
