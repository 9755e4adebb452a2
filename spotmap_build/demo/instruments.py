"""Instruments: single notes as float64 arrays ``[samples]``, peak about 1. Pitches are MIDI note numbers."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from spotmap_build.demo.harmony import frequency_hz
from spotmap_build.demo.synthesis import (
    Harmonics,
    Signal,
    band_pass,
    decay,
    envelope,
    low_pass,
    oscillate,
    pulse,
    saw,
    seconds,
    triangle,
)

DRAWBARS: Harmonics = (1.0, 0.8, 0.5, 0.6, 0.0, 0.35, 0.0, 0.3, 0.0, 0.0, 0.0, 0.15)
"""A full organ registration: the harmonics of the 8', 4', 2 2/3', 2', 1 1/3' and 1' stops."""

VOWEL_AH_HZ = ((700.0, 110.0, 1.0), (1150.0, 130.0, 0.6), (2600.0, 200.0, 0.25))
"""Formants of a sung "ah": center, bandwidth, strength (rounded from Peterson and Barney, 1952)."""


def piano(pitch: int, duration_s: float, rate_hz: int, *, velocity: float) -> Signal:
    """Return a piano note: stretched partials (stiff strings). High ones decay faster and depend on velocity."""
    time_s = seconds(duration_s, rate_hz).astype(np.float32)
    fundamental_hz = frequency_hz(pitch)
    sound = np.zeros(time_s.size, dtype=np.float32)
    for k in range(1, 11):
        partial_hz = k * fundamental_hz * (1 + 0.0004 * k**2) ** 0.5
        if partial_hz > 0.45 * rate_hz:
            break
        strength = k ** -(2.3 - velocity)
        fading_s = 1.9 / (1 + 0.45 * k) * (60 / pitch)
        sound += np.float32(strength) * np.sin(np.float32(2 * np.pi * partial_hz) * time_s) * np.exp(-time_s / fading_s)
    return 0.5 * velocity * sound.astype(np.float64) * envelope(duration_s, rate_hz, 0.003, 0.12)


def plucked(
    pitch: float, duration_s: float, rate_hz: int, seed: int, *, brightness: float = 0.5, damping: float = 0.996
) -> Signal:
    """Return a plucked string after Karplus and Strong (1983).

    A burst of noise circulates in a loop one period long. Each pass averages neighbors, so high partials decay first.
    ``brightness`` 0..1 is the hardness of the plectrum, ``damping`` the share of the amplitude left after a pass.
    """
    period = int(rate_hz / frequency_hz(pitch))
    # The loop has an integer number of samples, and averaging adds a delay of half a sample per pass. Reading it at
    # another speed corrects the pitch.
    speed = (period + 0.5) * frequency_hz(pitch) / rate_hz
    positions = speed * rate_hz * seconds(duration_s, rate_hz)
    string = _plucked_loop(period, int(positions[-1]) + 2, seed, brightness, damping)
    tuned: Signal = np.interp(positions, np.arange(string.size), string)
    return tuned * envelope(duration_s, rate_hz, 0.001, 0.05)


@lru_cache(maxsize=256)
def _plucked_loop(period: int, samples: int, seed: int, brightness: float, damping: float) -> Signal:
    loop = np.random.default_rng([seed, period]).uniform(-1, 1, period)
    for _ in range(round(6 * (1 - brightness))):
        loop = 0.5 * (loop + np.roll(loop, 1))
    loop = (loop - loop.mean()) / np.max(np.abs(loop - loop.mean()))
    rounds = np.empty((samples // period + 2, period))
    for row in rounds:
        row[:] = loop
        loop = damping * 0.5 * (loop + np.roll(loop, 1))
    return rounds.ravel()


def bowed(pitch: int, duration_s: float, rate_hz: int, rng: np.random.Generator, *, attack_s: float = 0.12) -> Signal:
    """Return a bowed string: a sawtooth with vibrato, two body resonances and a little bow noise."""
    fundamental_hz = frequency_hz(pitch)
    harmonics = tuple(
        (1 / k) * (0.4 + _resonance(k * fundamental_hz, 480, 160) + 0.8 * _resonance(k * fundamental_hz, 1500, 600))
        for k in range(1, 25)
    )
    tone = oscillate(fundamental_hz, duration_s, rate_hz, harmonics, vibrato=0.006, phase=rng.random())
    return (tone + 0.015 * rng.standard_normal(tone.size)) * envelope(duration_s, rate_hz, attack_s, 0.15)


def sung(pitch: int, duration_s: float, rate_hz: int, rng: np.random.Generator) -> Signal:
    """Return three slightly detuned voices that sing "ah"."""
    fundamental_hz = frequency_hz(pitch)
    harmonics = tuple(
        sum(gain * _resonance(k * fundamental_hz, center, width) for center, width, gain in VOWEL_AH_HZ) / k**0.5
        for k in range(1, 30)
    )
    singers = sum(
        oscillate(fundamental_hz * detune, duration_s, rate_hz, harmonics, vibrato=0.009, phase=rng.random())
        for detune in 1 + 0.004 * rng.standard_normal(3)
    )
    return np.asarray(singers) / 3 * envelope(duration_s, rate_hz, 0.22, 0.3)


def organ(pitch: int, duration_s: float, rate_hz: int) -> Signal:
    return oscillate(frequency_hz(pitch), duration_s, rate_hz, DRAWBARS) * envelope(duration_s, rate_hz, 0.03, 0.08)


def pad(pitch: int, duration_s: float, rate_hz: int, rng: np.random.Generator, *, softness: float = 2.2) -> Signal:
    """Return three detuned, soft sawtooth waves that fade in and out."""
    voices = sum(
        oscillate(frequency_hz(pitch) * detune, duration_s, rate_hz, saw(20, softness), phase=rng.random())
        for detune in (0.996, 1.0, 1.004)
    )
    return np.asarray(voices) / 3 * envelope(duration_s, rate_hz, 0.45 * duration_s, 0.5 * duration_s)


def acid_bass(pitch: int, duration_s: float, rate_hz: int, *, openness: float) -> Signal:
    """Return a sawtooth with a filter that closes during the note; ``openness`` 0..1 is its initial opening."""
    dark = oscillate(frequency_hz(pitch), duration_s, rate_hz, saw(6, 1.2))
    bright = oscillate(frequency_hz(pitch), duration_s, rate_hz, saw(40, 0.6))
    opening = openness * decay(duration_s, rate_hz, 0.07)
    return ((1 - opening) * dark + opening * bright) * envelope(duration_s, rate_hz, 0.003, 0.02)


def reese_bass(pitch: int, duration_s: float, rate_hz: int) -> Signal:
    """Return two beating, low-pass filtered sawtooth waves (after Kevin Saunderson's bass sound of 1988)."""
    pair = sum(oscillate(frequency_hz(pitch) * detune, duration_s, rate_hz, saw(40, 0.8)) for detune in (0.992, 1.008))
    return low_pass(np.asarray(pair) / 2, rate_hz, 700) * envelope(duration_s, rate_hz, 0.01, 0.04)


def deep_bass(pitch: int, duration_s: float, rate_hz: int) -> Signal:
    return oscillate(frequency_hz(pitch), duration_s, rate_hz, (1.0, 0.22, 0.06)) * envelope(
        duration_s, rate_hz, 0.01, 0.06
    )


def chip_pulse(pitch: int, duration_s: float, rate_hz: int, *, width: float) -> Signal:
    return oscillate(frequency_hz(pitch), duration_s, rate_hz, pulse(width)) * envelope(
        duration_s, rate_hz, 0.001, 0.01
    )


def chip_triangle(pitch: int, duration_s: float, rate_hz: int) -> Signal:
    return oscillate(frequency_hz(pitch), duration_s, rate_hz, triangle()) * envelope(duration_s, rate_hz, 0.001, 0.01)


def flute(pitch: int, duration_s: float, rate_hz: int, rng: np.random.Generator) -> Signal:
    tone = oscillate(frequency_hz(pitch), duration_s, rate_hz, (1.0, 0.35, 0.12, 0.04), vibrato=0.005)
    breath = band_pass(rng.standard_normal(tone.size), rate_hz, 1200, 4000)
    return (tone + 0.06 * breath) * envelope(duration_s, rate_hz, 0.05, 0.08)


def reed(pitch: int, duration_s: float, rate_hz: int) -> Signal:
    """Return a melodica."""
    tone = oscillate(frequency_hz(pitch), duration_s, rate_hz, pulse(0.35, 14), vibrato=0.004)
    return tone * envelope(duration_s, rate_hz, 0.04, 0.06)


def bell(pitch: int, duration_s: float, rate_hz: int) -> Signal:
    """Return a struck bell by frequency modulation at an inharmonic ratio (Chowning, 1973)."""
    time_s = seconds(duration_s, rate_hz)
    carrier_hz = frequency_hz(pitch)
    modulator = np.sin(2 * np.pi * 3.53 * carrier_hz * time_s) * np.exp(-time_s / 0.25)
    return np.sin(2 * np.pi * carrier_hz * time_s + 1.3 * modulator) * decay(duration_s, rate_hz, 0.6)


def _resonance(frequency: float, center_hz: float, width_hz: float) -> float:
    return 1 / (1 + ((frequency - center_hz) / width_hz) ** 2)
