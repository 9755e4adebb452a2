"""When its owner played each track, as columns of the details files; nothing at all where no source tells. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spotmap_build.emit.columns import NumberColumn, day_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotmap_build.model import Track


class ListeningColumns:
    """First and last day of a play, and plays by year, of tracks in the site's order."""

    def __init__(self, tracks: Sequence[Track]) -> None:
        listening = [track.listening for track in tracks]
        days = {
            "first_played": [None if one is None else day_number(one.first_on) for one in listening],
            "last_played": [None if one is None else day_number(one.last_on) for one in listening],
        }
        self._days = {name: column for name, column in days.items() if any(day is not None for day in column)}
        years = sorted({year for one in listening if one for year, _ in one.by_year})
        plays = {year: np.full(len(tracks), np.nan) for year in years}
        for row, one in enumerate(listening):
            for year, count in one.by_year if one else ():
                plays[year][row] = count
        self._plays = {year: NumberColumn(counts) for year, counts in plays.items()}

    @property
    def facts(self) -> list[str]:
        """The days that are known of a track at least."""
        return list(self._days)

    @property
    def years(self) -> dict[str, list[int]]:
        """The years of which plays are known, as a part of ``columns`` in ``map.json``."""
        return {"years_played": list(self._plays)} if self._plays else {}

    def part(self, first: int, end: int) -> dict[str, Any]:
        """Return the rows ``first`` up to ``end`` as a details file holds them."""
        days = {f"{name}_on": column[first:end] for name, column in self._days.items()}
        plays = {str(year): column.part(first, end) for year, column in self._plays.items()}
        return {**days, **({"plays_by_year": plays} if plays else {})}
