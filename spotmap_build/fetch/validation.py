"""Validate the library that another package's source returns, before it can fail in code that is not its author's."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator
from numbers import Integral, Real
from typing import Any, Final

import msgspec

from spotmap_build.core.documents import convert
from spotmap_build.core.text import is_text
from spotmap_build.fetch.source import Loaded
from spotmap_build.fetch.tables.bounds import MAX_COORDINATE
from spotmap_build.model import Library, Track

MAX_NUMBER: Final = 2**53 - 1
"""The largest integer that every reader of JSON represents exactly."""


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
    for track_id, count in counts.items():
        if count > 1:
            yield f"two tracks have the id '{track_id}'"
    listed = {track_id for playlist in library.playlists for track_id in playlist.track_ids}
    for track_id in sorted((listed | {failure.track_id for failure in library.failures}) - counts.keys()):
        yield f"no track has the id '{track_id}', which a playlist or a failure names"
    for track in library.tracks:
        if fault := _fault_of(track):
            yield f"the track {track.id!r} has {fault}"


def _fault_of(track: Track) -> str:
    """Return which value of a track is impossible; empty if none is."""
    numbers = (track.duration_ms, track.year, track.track_number, track.disc_number, track.play_count)
    if not track.id:
        return "an empty id"
    if not all(number is None or 0 <= number <= MAX_NUMBER for number in numbers):
        return "a number that is negative or too large"
    if track.position is not None and not all(abs(value) <= MAX_COORDINATE for value in track.position):
        return "a position that is not finite, or too far away"
    return ""


def _unencodable(plain: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    """Yield the texts that cannot be written to a file. Only paths may hold bytes that are not UTF-8."""
    for rows in plain.values():
        for row in rows:
            for text in _texts({name: value for name, value in row.items() if name != "recording"}):
                if not is_text(text):
                    yield f"the text {text!r} is not valid Unicode"


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for item in value.items() for text in _texts(item))
    elif isinstance(value, list | tuple):
        yield from (text for item in value for text in _texts(item))
