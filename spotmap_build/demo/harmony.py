"""Scores: keys, chords and rhythms as plain numbers. Pure, standard library only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

SCALES: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
}
"""The modes, as semitones above the tonic."""

BEATS_PER_BAR = 4
STEPS_PER_BAR = 16

BASS_E = 28
GUITAR_E = 40
"""The lowest strings, E1 (41 Hz) and E2, as MIDI note numbers."""

ACCENTS = {"X": 1.0, "x": 0.7, "o": 0.35}
"""Loudness of each letter of a rhythm, 0..1; any other character is a rest."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a score: its start time, and the scale degree of its chord's root (0 is the tonic)."""

    number: int
    start_s: float
    root: int


@dataclass(frozen=True, slots=True)
class Score:
    """Everything that determines how a track sounds. Equal scores give equal audio.

    ``tonic`` is a MIDI note number in the octave below middle C. ``progression`` contains one scale degree per bar and
    is repeated to the end. ``guest`` names a second style that plays the same chords at the same time (empty for none),
    and ``guest_share`` is its share of the power, 0..1. ``tilt_db_per_octave`` and ``gain_db`` vary the mastering:
    brighter (positive) or darker, and louder or softer than the style's default.
    """

    style: str
    guest: str
    guest_share: float
    seed: int
    tempo_bpm: int
    tonic: int
    scale: str
    progression: tuple[int, ...]
    duration_ms: int
    sample_rate_hz: int
    channels: int
    tilt_db_per_octave: float
    gain_db: float

    @property
    def duration_s(self) -> float:
        return self.duration_ms / 1000

    @property
    def beat_s(self) -> float:
        return 60 / self.tempo_bpm

    @property
    def bar_s(self) -> float:
        return BEATS_PER_BAR * self.beat_s

    @property
    def step_s(self) -> float:
        """The length of a sixteenth note."""
        return self.bar_s / STEPS_PER_BAR

    def bars(self) -> Iterator[Bar]:
        """Yield the bars that begin before the track ends."""
        number = 0
        while number * self.bar_s < self.duration_s:
            yield Bar(number, number * self.bar_s, self.progression[number % len(self.progression)])
            number += 1

    def pitch(self, degree: int, octave: int = 0) -> int:
        """Return the MIDI note of a scale degree; degrees above 6 or below 0 are in the neighboring octaves."""
        octaves, step = divmod(degree, len(SCALES[self.scale]))
        return self.tonic + 12 * (octave + octaves) + SCALES[self.scale][step]

    def pitch_above(self, lowest: int, degree: int) -> int:
        """Return the MIDI note of a scale degree in the octave from ``lowest`` on (an instrument's lowest note)."""
        return lowest + (self.pitch(degree) - lowest) % 12

    def voicing(self, root: int, lowest: int, notes: int = 3) -> tuple[int, ...]:
        """Return the chord on a scale degree, with all notes in the octave above ``lowest`` for close voice leading.

        Thirds are stacked: 3 notes are a triad, 4 a seventh chord.
        """
        return tuple(sorted(self.pitch_above(lowest, root + 2 * third) for third in range(notes)))


def hits(rhythm: str) -> Iterator[tuple[int, float]]:
    """Parse a rhythm such as ``"X..x..x."`` and yield the step and the accent of each hit."""
    return ((step, ACCENTS[letter]) for step, letter in enumerate(rhythm) if letter in ACCENTS)


def frequency_hz(pitch: float) -> float:
    """Return the frequency of a MIDI note in equal temperament with A4 (MIDI 69) at 440 Hz."""
    return float(440 * 2 ** ((pitch - 69) / 12))
