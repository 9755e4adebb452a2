"""The listening history as columns of the details files, if a source has one. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spotmap_build.emit.columns import NumberColumn, day_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotmap_build.model import Track


class ListeningColumns:
    """Days of the first and last play, and plays by year, of tracks in the site's order."""

    def __init__(self, tracks: Sequence[Track]) -> None:
        listening = [track.listening for track in tracks]
        days = {
            "first_played": [None if each is None else day_number(each.first_on) for each in listening],
            "last_played": [None if each is None else day_number(each.last_on) for each in listening],
        }
        self._days = {name: column for name, column in days.items() if any(day is not None for day in column)}
        years = sorted({year for each in listening if each for year, _ in each.by_year})
        plays = {year: np.full(len(tracks), np.nan) for year in years}
        for row, each in enumerate(listening):
            for year, count in each.by_year if each else ():
                plays[year][row] = count
        self._plays = {year: NumberColumn(counts) for year, counts in plays.items()}

    @property
    def facts(self) -> list[str]:
        """Names of the day columns that are known for at least one track."""
        return list(self._days)

    @property
    def years(self) -> dict[str, list[int]]:
        """The years with known plays, as part of ``columns`` in ``map.json``."""
        return {"years_played": list(self._plays)} if self._plays else {}

    def encode_range(self, first: int, end: int) -> dict[str, Any]:
        """Return the rows ``first`` up to ``end`` as encoded in a details file."""
        days = {f"{name}_on": column[first:end] for name, column in self._days.items()}
        plays = {str(year): column.encode_range(first, end) for year, column in self._plays.items()}
        return {**days, **({"plays_by_year": plays} if plays else {})}
