"""Drums and cymbals: single hits as float64 arrays ``[samples]``, peak about 1."""

from __future__ import annotations

import numpy as np

from spotmap_build.demo.synthesis import Signal, band_pass, decay, high_pass, saturate, seconds


def kick(rate_hz: int, *, tuned_hz: float = 50.0, sweep_hz: float = 180.0, length_s: float = 0.32) -> Signal:
    """Return a kick drum: a click, then a sine that falls to ``tuned_hz`` from ``sweep_hz`` above it."""
    time_s = seconds(length_s, rate_hz)
    fall_s = 0.03
    periods = tuned_hz * time_s + sweep_hz * fall_s * (1 - np.exp(-time_s / fall_s))
    return np.sin(2 * np.pi * periods) * decay(length_s, rate_hz, length_s / 3)


def snare(rate_hz: int, rng: np.random.Generator, *, tuned_hz: float = 190.0) -> Signal:
    """Return a snare drum: two modes of the head, and the noise of the wires."""
    length_s = 0.2
    time_s = seconds(length_s, rate_hz)
    skin = np.sin(2 * np.pi * tuned_hz * time_s) + 0.6 * np.sin(2 * np.pi * 1.6 * tuned_hz * time_s)
    wires = high_pass(rng.standard_normal(time_s.size), rate_hz, 1800)
    return 0.5 * skin * decay(length_s, rate_hz, 0.04) + 0.45 * wires * decay(length_s, rate_hz, length_s / 3)


def clap(rate_hz: int, rng: np.random.Generator) -> Signal:
    """Return a clap: several bursts, a hundredth of a second apart."""
    length_s = 0.22
    time_s = seconds(length_s, rate_hz)
    hands = sum(np.where(time_s >= at, np.exp(-(time_s - at) / 0.006), 0.0) for at in (0.0, 0.011, 0.021))
    tail = np.where(time_s >= 0.03, np.exp(-(time_s - 0.03) / 0.05), 0.0)
    return np.asarray(0.8 * band_pass(rng.standard_normal(time_s.size), rate_hz, 900, 3200) * (hands + tail))


def hat(rate_hz: int, rng: np.random.Generator, *, length_s: float = 0.05) -> Signal:
    """Return a hi-hat: 0.05 s is closed, 0.25 s is open."""
    noise = high_pass(rng.standard_normal(round(length_s * rate_hz)), rate_hz, 5500, order=3)
    return noise * decay(length_s, rate_hz, length_s / 2.5)


def shaker(rate_hz: int, rng: np.random.Generator) -> Signal:
    length_s = 0.09
    swell: Signal = np.sin(np.pi * seconds(length_s, rate_hz) / length_s) ** 2
    return 0.8 * band_pass(rng.standard_normal(swell.size), rate_hz, 3500, 7000) * swell


def rim(rate_hz: int) -> Signal:
    """Return a rimshot."""
    time_s = seconds(0.06, rate_hz)
    return (
        (np.sin(2 * np.pi * 1720 * time_s) + 0.7 * np.sin(2 * np.pi * 640 * time_s)) * decay(0.06, rate_hz, 0.012) * 0.7
    )


def scrap_metal(rate_hz: int, rng: np.random.Generator) -> Signal:
    """Return a hit on metal: random inharmonic modes, overdriven."""
    length_s = 0.5
    time_s = seconds(length_s, rate_hz)
    modes_hz = rng.uniform(220, 4200, size=9)
    ringing = sum(np.sin(2 * np.pi * mode_hz * time_s) * np.exp(-time_s * mode_hz / 160) for mode_hz in modes_hz)
    return saturate(0.5 * np.asarray(ringing) * decay(length_s, rate_hz, 0.16), 4)
