"""The tracks of the demo library with their scores, and its playlists. Determined by seed; standard library only."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TypeVar

from spotmap_build.demo.harmony import Score
from spotmap_build.demo.names import ALBUMS, Album

Option = TypeVar("Option")


@dataclass(frozen=True, slots=True)
class Habits:
    """Properties that the scores of a style share.

    ``progressions``: scale degrees, one per bar (0 is the tonic). ``neighbors``: the styles of possible guests.
    """

    tempi_bpm: tuple[int, int]
    scales: tuple[str, ...]
    progressions: tuple[tuple[int, ...], ...]
    neighbors: tuple[str, ...]


HABITS = {
    "ambient": Habits((52, 64), ("major", "dorian"), ((0, 3), (0, 5, 3), (0, 1, 3, 1)), ("strings", "organ", "piano")),
    "piano": Habits(
        (72, 96), ("major", "minor"), ((0, 5, 3, 4), (0, 4, 5, 3), (5, 3, 0, 4)), ("ambient", "strings", "bossa")
    ),
    "strings": Habits(
        (76, 104), ("major", "minor"), ((0, 3, 4, 0), (0, 5, 1, 4), (0, 2, 3, 4)), ("ambient", "organ", "piano")
    ),
    "folk": Habits(
        (92, 116), ("major", "mixolydian", "dorian"), ((0, 3, 0, 4), (0, 6, 3, 0), (0, 4, 5, 3)), ("bossa", "piano")
    ),
    "organ": Habits((66, 84), ("major", "minor"), ((0, 4, 5, 2), (0, 3, 0, 4), (0, 1, 4, 0)), ("strings", "ambient")),
    "bossa": Habits(
        (116, 138), ("major", "dorian"), ((0, 5, 1, 4), (1, 4, 0, 0), (0, 3, 1, 4)), ("folk", "piano", "funk")
    ),
    "techno": Habits(
        (126, 138),
        ("minor", "phrygian"),
        ((0,), (0, 0, 5, 5), (0, 0, 0, 1)),
        ("industrial", "chiptune", "drum_and_bass"),
    ),
    "drum_and_bass": Habits(
        (168, 176), ("minor", "dorian"), ((0, 0, 5, 6), (0, 0, 3, 3), (0, 2, 5, 4)), ("techno", "dub", "industrial")
    ),
    "chiptune": Habits(
        (132, 164), ("major", "minor", "mixolydian"), ((0, 5, 3, 4), (0, 3, 4, 4), (5, 6, 0, 0)), ("techno", "funk")
    ),
    "funk": Habits((98, 114), ("dorian", "mixolydian"), ((0, 0, 3, 0), (0,), (0, 3)), ("dub", "bossa")),
    "dub": Habits((132, 148), ("minor", "dorian"), ((0, 3), (0, 0, 6, 0), (0, 3, 4, 0)), ("funk", "drum_and_bass")),
    "industrial": Habits((96, 118), ("phrygian", "minor"), ((0,), (0, 1), (0, 0, 5, 1)), ("techno", "drum_and_bass")),
}
"""The styles. Dub is counted in double time."""


VISITED_SHARE = 0.5
"""Share of a style's tracks with a quiet guest from a neighboring style. Without guests, every style would be a dot on
the map with nothing in between."""


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """One track: its album, the date on which it was added to the library, and its score."""

    slug: str
    title: str
    album: Album
    added_on: str
    score: Score


@dataclass(frozen=True, slots=True)
class PlaylistPlan:
    """A playlist. ``picks``: positions of its tracks by style."""

    slug: str
    name: str
    picks: dict[str, range | tuple[int, ...]]


PLAYLISTS = (
    PlaylistPlan("four-to-the-floor", "Four to the Floor", {"techno": range(8), "techno-industrial": range(2)}),
    PlaylistPlan("insert-coin", "Insert Coin", {"chiptune": range(8)}),
    PlaylistPlan("strictly-dubwise", "Strictly Dubwise", {"dub": range(8), "funk-dub": (0,), "strings": (1,)}),
    PlaylistPlan(
        "sunday-morning",
        "Sunday Morning ☕",
        {"piano": range(5), "folk": range(1, 7), "bossa": range(4), "folk-bossa": (0,), "industrial": (3,)},
    ),
    PlaylistPlan(
        "rainy-window",
        "雨の窓 (Rainy Window)",
        {"piano": range(3, 8), "strings": range(2, 7), "ambient": range(4), "piano-ambient": (0,), "organ": (1, 4)},
    ),
    PlaylistPlan(
        "kitchen-dancing", "Kitchen Dancing", {"funk": range(7), "bossa": range(2, 7), "dub": (1, 2), "folk": (3,)}
    ),
    PlaylistPlan(
        "basement",
        "Basement, After Midnight",
        {"drum_and_bass": range(6), "industrial": range(2, 7), "techno": (5, 6, 7), "techno-industrial": (1,)},
    ),
    PlaylistPlan("one-of-everything", "One of Everything", {style: (index % 8,) for index, style in enumerate(HABITS)}),
)
"""Three playlists of one style, four of a mood across styles, and one of all styles. Some tracks are outliers on
purpose, which the map should find: strings among the dub, industrial on Sunday morning, folk in the dancing kitchen."""


def catalog() -> tuple[CatalogEntry, ...]:
    """Return all tracks of all albums, in the order of :data:`ALBUMS`. Slugs are numbered within a style, from 1."""
    entries: list[CatalogEntry] = []
    counts: dict[str, int] = {}
    for album in ALBUMS:
        for title in album.titles:
            island = album_island(album)
            counts[island] = counts.get(island, 0) + 1
            entries.append(_entry(f"{island}-{counts[island]:02}".replace("_", "-"), title, album))
    return tuple(entries)


def album_island(album: Album) -> str:
    """Return the expected place of an album on the map: its style, or the two styles that it lies between."""
    return f"{album.style}-{album.guest}" if album.guest else album.style


def _entry(slug: str, title: str, album: Album) -> CatalogEntry:
    dice = random.Random(f"spotmap demo {slug}")
    habits = HABITS[album.style]
    slowest, fastest = habits.tempi_bpm
    guest, guest_share = album.guest, 0.4 + 0.2 * dice.random()
    if not guest:
        visited = dice.random() < VISITED_SHARE
        guest, guest_share = (_pick(dice, habits.neighbors), 0.08 + 0.22 * dice.random()) if visited else ("", 0.0)
    score = Score(
        style=album.style,
        guest=guest,
        guest_share=round(guest_share, 3),
        seed=dice.getrandbits(32),
        tempo_bpm=slowest + int(dice.random() * (fastest - slowest + 1)),
        tonic=48 + int(dice.random() * 12),
        scale=_pick(dice, habits.scales),
        progression=_pick(dice, habits.progressions),
        duration_ms=10_000 + 10 * int(dice.random() * 500),
        sample_rate_hz=16_000 if dice.random() < 0.25 else 22_050,
        channels=1 if dice.random() < 0.3 else 2,
        tilt_db_per_octave=round(3 * dice.random() - 1.5, 2),
        gain_db=round(5 * dice.random() - 3, 1),
    )
    first_year = max(2019, album.year)
    year_added = first_year + int(dice.random() * (2026 - first_year))
    added_on = f"{year_added}-{1 + int(dice.random() * 12):02}-{1 + int(dice.random() * 28):02}"
    return CatalogEntry(slug, title, album, added_on, score)


def _pick(dice: random.Random, options: tuple[Option, ...]) -> Option:
    # random() is the only method whose sequence Python guarantees across versions.
    return options[int(dice.random() * len(options))]
