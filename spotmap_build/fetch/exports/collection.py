"""Collect the tracks of an export, which may list the same track in many places, into one library."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from spotmap_build.core.dates import is_known_date
from spotmap_build.core.identifiers import SPOTIFY_LOCAL
from spotmap_build.fetch.exports.spotify_ids import not_playable
from spotmap_build.fetch.merge import merge_tracks
from spotmap_build.fetch.tags import UNTITLED
from spotmap_build.model import Failed, Library, Omission, Playlist, Track

ISO_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.]{5,12}Z?)?")
MAX_VALUE: Final = 1 << 40
"""An upper bound for durations (34 years in milliseconds) and play counts; larger values are mistakes."""


class Collection:
    """Tracks by id, in the order of first appearance, with metadata combined from all places."""

    def __init__(self) -> None:
        self.tracks: dict[str, Track] = {}
        self.playlists: list[Playlist] = []
        self.omissions: list[Omission] = []

    def add(self, track: Track) -> None:
        """Add a track, or merge it with the known one; ``added_at`` becomes the earliest date."""
        known = self.tracks.get(track.id)
        if known is None:
            self.tracks[track.id] = track
        elif known != track:
            dates = sorted(date for date in (known.added_at, track.added_at) if date)
            self.tracks[track.id] = replace(merge_tracks([known, track]), added_at=dates[0] if dates else "")

    def library(self) -> Library:
        """Return the library; tracks that cannot be searched for are among the failures."""
        tracks = (track if track.title else replace(track, title=UNTITLED) for track in self.tracks.values())
        failures = (failed for track in self.tracks.values() if (failed := _failed(track)) is not None)
        return Library(tuple(tracks), tuple(self.playlists), tuple(failures), tuple(self.omissions))


def _failed(track: Track) -> Failed | None:
    return not_playable(track.id, track.title, is_local=track.id.startswith(SPOTIFY_LOCAL))


def iso_date(text: str) -> str:
    """Return a valid ISO 8601 date or time unchanged; else ``""``."""
    stripped = text.strip()
    return stripped if ISO_DATE.fullmatch(stripped) and is_known_date(stripped) else ""


def whole_number(value: object) -> int | None:
    """Return a positive, plausible duration or count from JSON or text; else None."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return round(number) if 0.5 < number <= MAX_VALUE else None
