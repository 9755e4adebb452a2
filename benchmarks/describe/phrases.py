"""Descriptions, and the tracks that they should find."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from spotmap_build.demo.catalog import PLAYLISTS, CatalogEntry, album_island, catalog

SEMITONES: Final = 12
MINOR: Final = frozenset({"minor", "dorian", "phrygian"})


@dataclass(frozen=True, slots=True)
class Phrase:
    """A description; ``relevant`` tells whether it should find a track."""

    text: str
    relevant: Callable[[CatalogEntry], bool]


def styled(*styles: str) -> Callable[[CatalogEntry], bool]:
    return lambda entry: bool(set(styles) & {entry.album.style, entry.album.guest})


def tempo(low: float, high: float) -> Callable[[CatalogEntry], bool]:
    return lambda entry: low <= entry.score.tempo_bpm <= high


def year(low: int, high: int) -> Callable[[CatalogEntry], bool]:
    return lambda entry: low <= entry.album.year <= high


def minor(entry: CatalogEntry) -> bool:
    return entry.score.scale in MINOR


def key(tonic: int, is_minor: bool) -> Callable[[CatalogEntry], bool]:
    return lambda entry: entry.score.tonic % SEMITONES == tonic and minor(entry) == is_minor


def both(*tests: Callable[[CatalogEntry], bool]) -> Callable[[CatalogEntry], bool]:
    return lambda entry: all(test(entry) for test in tests)


def neither(*tests: Callable[[CatalogEntry], bool]) -> Callable[[CatalogEntry], bool]:
    return lambda entry: not any(test(entry) for test in tests)


def third(of: Callable[[CatalogEntry], float], *, highest: bool) -> Callable[[CatalogEntry], bool]:
    values = sorted(map(of, catalog()))
    edge = values[2 * len(values) // 3 if highest else len(values) // 3]
    return (lambda entry: of(entry) >= edge) if highest else (lambda entry: of(entry) <= edge)


def listed(name: str) -> Callable[[CatalogEntry], bool]:
    """Return a test for tracks in the playlist ``name``."""
    (plan,) = [plan for plan in PLAYLISTS if plan.name.startswith(name)]
    slugs = set()
    for island, picks in plan.picks.items():
        own = [entry.slug for entry in catalog() if album_island(entry.album) == island]
        slugs |= {own[place] for place in picks if place < len(own)}
    return lambda entry: entry.slug in slugs


ELECTRONIC: Final = styled("techno", "drum_and_bass", "chiptune", "dub", "industrial")
CALM: Final = styled("ambient", "piano", "strings", "organ")
ENERGETIC: Final = styled("techno", "drum_and_bass", "chiptune", "industrial")
slow: Final = third(lambda entry: entry.score.tempo_bpm, highest=False)
fast: Final = third(lambda entry: entry.score.tempo_bpm, highest=True)

DEMO: Final = (
    Phrase("techno", styled("techno")),
    Phrase("drum & bass", styled("drum_and_bass")),
    Phrase("chiptune", styled("chiptune")),
    Phrase("8 bit video game music", styled("chiptune")),
    Phrase("funk", styled("funk")),
    Phrase("dub", styled("dub")),
    Phrase("industrial", styled("industrial")),
    Phrase("bossa nova", styled("bossa")),
    Phrase("folk", styled("folk")),
    Phrase("solo piano", styled("piano")),
    Phrase("string quartet", styled("strings")),
    Phrase("church organ", styled("organ")),
    Phrase("ambient", styled("ambient")),
    Phrase("electronic", ELECTRONIC),
    Phrase("not electronic", neither(ELECTRONIC)),
    Phrase("calm", CALM),
    Phrase("relaxing music for sleeping", CALM),
    Phrase("energetic", ENERGETIC),
    Phrase("dance music", styled("techno", "drum_and_bass", "funk", "chiptune", "industrial", "dub")),
    Phrase("classical", styled("strings", "piano", "organ")),
    Phrase("dreamy", styled("ambient", "strings", "organ")),
    Phrase("slow", slow),
    Phrase("very slow", third(lambda entry: entry.score.tempo_bpm, highest=False)),
    Phrase("fast", fast),
    Phrase("not fast", neither(fast)),
    Phrase("over 160 bpm", tempo(160, 400)),
    Phrase("under 80 bpm", tempo(0, 80)),
    Phrase("130 to 140 bpm", tempo(130, 140)),
    Phrase("around 100 bpm", tempo(94, 106)),
    Phrase("minor", minor),
    Phrase("in a major key", neither(minor)),
    Phrase("a minor", key(9, True)),
    Phrase("in F# minor", key(6, True)),
    Phrase("D major", key(2, False)),
    Phrase("sad", both(minor, slow)),
    Phrase("happy", neither(minor)),
    Phrase("90s", year(1990, 1999)),
    Phrase("before 1985", year(0, 1984)),
    Phrase("2010-2015", year(2010, 2015)),
    Phrase("from the late 2010s", year(2016, 2019)),
    Phrase("after 2015", year(2016, 3000)),
    Phrase("around 2012", year(2010, 2014)),
    Phrase("Kitchen Dancing", listed("Kitchen Dancing")),
    Phrase("Sunday Morning but slow", both(listed("Sunday Morning"), slow)),
    Phrase("slow ambient", both(styled("ambient"), slow)),
    Phrase("fast electronic", both(ELECTRONIC, fast)),
    Phrase("electronic from before 2000", both(ELECTRONIC, year(0, 1999))),
    Phrase("calm in a minor key", both(CALM, minor)),
    Phrase("calm without piano", both(CALM, neither(styled("piano")))),
    Phrase("techno or drum and bass", styled("techno", "drum_and_bass")),
    Phrase("like Moss Cathedral", styled("ambient")),
    Phrase("something like Quartetto Sottolume", styled("strings")),
    Phrase("like Halvard Lysning but faster", both(CALM, neither(tempo(0, 58)))),
)
"""Phrases for the demo, whose catalog is the ground truth."""

ORCHESTRAL: Final = frozenset({"The Battle for Wesnoth", "Advanced Strategic Command"})
SYNTHETIC: Final = frozenset({"Warzone 2100", "Endgame Singularity", "Battle Tanks"})
GAMES: Final[Mapping[str, frozenset[str]]] = {
    "electronic": SYNTHETIC | {"Neverball", "Frozen Bubble"},
    "dark ambient electronic": frozenset({"Warzone 2100", "Endgame Singularity"}),
    "dance electronic": frozenset({"Battle Tanks", "Neverball", "Frozen Bubble", "Endgame Singularity"}),
    "orchestral, not electronic": ORCHESTRAL,
    "classical": ORCHESTRAL,
    "epic instrumental": ORCHESTRAL,
    "rock guitars": frozenset({"Colobot", "Hedgewars", "SuperTux"}),
}
"""Phrases for the games' music, with the soundtracks that are known for each style. The game is the label."""
