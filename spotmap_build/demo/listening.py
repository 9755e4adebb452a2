"""Play counts and dates of the demo library. Determined by seed; standard library only.

They simulate a taste that changes over the years, from electronic to dance to quiet music, so that early favorites are
hardly played at the end.
"""

from __future__ import annotations

import random
from datetime import date
from typing import TYPE_CHECKING, Final

from spotmap_build.model import Listening

if TYPE_CHECKING:
    from spotmap_build.demo.catalog import CatalogEntry

LOVED_IN: Final = {
    **{"techno": 2019.6, "industrial": 2019.9, "drum_and_bass": 2020.4, "chiptune": 2020.8},
    **{"dub": 2021.6, "funk": 2022.0, "bossa": 2022.6},
    **{"folk": 2023.2, "piano": 2024.0, "organ": 2024.4, "strings": 2024.8, "ambient": 2025.2},
}
"""The time at which each style was played most, in fractional years."""
FIRST_YEAR: Final = 2019
LAST_YEAR: Final = 2025
PLAYS_PER_YEAR: Final = 14
"""Plays per year of an average track at the peak of its style."""
BREADTH_YEARS: Final = 0.9
"""Time before and after the peak of a style at which it is played half as often."""
CHANCE: Final = 0.7


def listening(entry: CatalogEntry) -> tuple[int, Listening | None]:
    """Return how often and when a track was played; None if never. Some tracks are played before they are added."""
    dice = random.Random(f"spotmap demo plays {entry.slug}")
    liking = 0.3 + 2.2 * dice.random() ** 2
    by_year = []
    for year in range(max(FIRST_YEAR, entry.album.year), LAST_YEAR + 1):
        distance = (year + 0.5 - LOVED_IN[entry.album.style]) / BREADTH_YEARS
        plays = int(PLAYS_PER_YEAR * liking / (1 + distance**4) + CHANCE * dice.random())
        if plays:
            by_year.append((year, plays))
    if not by_year:
        return 0, None
    first_on, last_on = _a_day(dice, by_year[0][0], 1), _a_day(dice, by_year[-1][0], 7)
    return sum(plays for _, plays in by_year), Listening(first_on.isoformat(), last_on.isoformat(), tuple(by_year))


def _a_day(dice: random.Random, year: int, first_month: int) -> date:
    return date(year, first_month + int(dice.random() * 6), 1 + int(dice.random() * 28))
