"""Oscillators, envelopes, filters and effects. Sounds are float64 arrays ``[samples]``, mixes ``[2, samples]``.

Filters and reverberation work on the spectrum of the whole sound: with numpy alone that is far faster than running a
recursive filter sample by sample.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Signal = npt.NDArray[np.float64]
Harmonics = tuple[float, ...]

WAVETABLE_SIZE = 4096


def saw(count: int = 40, softness: float = 1.0) -> Harmonics:
    """Amplitudes of a saw's harmonics; ``softness`` above 1 makes the high ones weaker."""
    return tuple(1 / k**softness for k in range(1, count + 1))


def pulse(width: float, count: int = 60) -> Harmonics:
    """Amplitudes of a pulse wave's harmonics; ``width`` is the share of the period spent high (0.5 is a square)."""
    return tuple(float(np.sin(np.pi * k * width)) / k for k in range(1, count + 1))


def triangle(count: int = 15) -> Harmonics:
    return tuple((-1) ** (k // 2) / k**2 if k % 2 else 0.0 for k in range(1, count + 1))


@lru_cache(maxsize=512)
def _wavetable(harmonics: Harmonics) -> Signal:
    """One period, its loudest point at 1."""
    spectrum = np.zeros(WAVETABLE_SIZE // 2 + 1, dtype=np.complex128)
    spectrum[1 : len(harmonics) + 1] = -1j * np.asarray(harmonics)
    table = np.fft.irfft(spectrum)
    return np.asarray(table / np.max(np.abs(table)))


def seconds(duration_s: float, rate_hz: int) -> Signal:
    """Return the time of each sample, from 0."""
    return np.arange(max(1, round(duration_s * rate_hz))) / rate_hz


def oscillate(
    frequency_hz: float,
    duration_s: float,
    rate_hz: int,
    harmonics: Harmonics,
    *,
    vibrato: float = 0.0,
    phase: float = 0.0,
) -> Signal:
    """Return a steady tone without aliasing: harmonics above half the sampling rate are left out.

    ``vibrato`` is the depth as a share of the frequency (0.005 is a gentle violin); it sets in after a quarter of a
    second, as players do. ``phase`` is in periods.
    """
    audible = harmonics[: max(1, int(0.47 * rate_hz / frequency_hz))]
    time_s = seconds(duration_s, rate_hz)
    periods = frequency_hz * time_s + phase
    if vibrato:
        rate = 2 * np.pi * 5.4
        periods = periods + vibrato * frequency_hz / rate * np.sin(rate * time_s) * np.clip(time_s / 0.25, 0, 1)
    return _wavetable(audible)[(periods * WAVETABLE_SIZE).astype(np.int64) % WAVETABLE_SIZE]


def envelope(duration_s: float, rate_hz: int, attack_s: float, release_s: float) -> Signal:
    """Rises, holds and falls within ``duration_s``; both ramps are shortened to fit a short note."""
    attack, release = min(attack_s, duration_s / 2), min(release_s, duration_s / 2)
    time_s = seconds(duration_s, rate_hz)
    return np.interp(time_s, [0, attack, duration_s - release, duration_s], [0.0, 1.0, 1.0, 0.0])


def decay(duration_s: float, rate_hz: int, time_constant_s: float) -> Signal:
    """Falls to 1/e in ``time_constant_s``, without a click at the start or the end."""
    time_s = seconds(duration_s, rate_hz)
    return np.exp(-time_s / time_constant_s) * envelope(duration_s, rate_hz, 0.002, 0.02)


def low_pass(sound: Signal, rate_hz: int, cutoff_hz: float, order: int = 2) -> Signal:
    """Butterworth's magnitude response, without its phase."""
    return _filter(sound, rate_hz, lambda hz: 1 / np.sqrt(1 + (hz / cutoff_hz) ** (2 * order)))


def high_pass(sound: Signal, rate_hz: int, cutoff_hz: float, order: int = 2) -> Signal:
    """Butterworth's magnitude response, without its phase. Silences 0 Hz entirely."""
    return _filter(sound, rate_hz, lambda hz: 1 / np.sqrt(1 + (cutoff_hz / np.maximum(hz, 1e-6)) ** (2 * order)))


def band_pass(sound: Signal, rate_hz: int, low_hz: float, high_hz: float) -> Signal:
    return high_pass(low_pass(sound, rate_hz, high_hz), rate_hz, low_hz)


def tilt(sound: Signal, rate_hz: int, db_per_octave: float) -> Signal:
    """Brighter or darker around 1 kHz; what lies outside 60 Hz to 8 kHz is not pushed any further."""
    return _filter(sound, rate_hz, lambda hz: 10 ** (db_per_octave / 20 * np.log2(np.clip(hz, 60, 8000) / 1000)))


def _filter(sound: Signal, rate_hz: int, response: Callable[[Signal], Signal]) -> Signal:
    samples = sound.shape[-1]
    size = _transform_size(samples)
    gains = response(np.asarray(np.fft.rfftfreq(size, 1 / rate_hz), dtype=np.float64))
    return np.asarray(np.fft.irfft(np.fft.rfft(sound, size) * gains, size)[..., :samples])


def _transform_size(samples: int) -> int:
    """Return the next multiple of a power of two.

    Quick to transform, with silence at the end that takes up the ringing.
    """
    block = 1 << max(8, (samples // 16).bit_length())
    return block * (samples // block + 1)


def saturate(sound: Signal, drive: float) -> Signal:
    """Overdrive: a drive of 1 warms, 10 snarls."""
    return np.asarray(np.tanh(drive * sound) / np.tanh(drive))


def crush(sound: Signal, levels: int) -> Signal:
    """Return the coarse steps of an old sound chip."""
    return np.round(sound * levels) / levels


def echo(mix: Signal, rate_hz: int, delay_s: float, feedback: float, repeats: int = 6) -> Signal:
    """Return the repeats alone (without the dry sound).

    They swing from one side to the other, each duller than the last.
    """
    wet = np.zeros_like(mix)
    repeated = mix
    for count in range(1, repeats + 1):
        offset = round(count * delay_s * rate_hz)
        if offset >= mix.shape[-1]:
            break
        repeated = low_pass(repeated, rate_hz, 3200, order=1)[::-1]
        wet[:, offset:] += feedback**count * repeated[:, : mix.shape[-1] - offset]
    return wet


def reverb(mix: Signal, rate_hz: int, rng: np.random.Generator, length_s: float, amount: float) -> Signal:
    """Return a room: the mix and ``amount`` of its convolution with fading noise that differs between the sides.

    ``length_s`` is the time to fall by 60 dB (a factor of 1000).
    """
    time_s = seconds(length_s, rate_hz)
    room = rng.standard_normal((2, time_s.size)) * np.exp(-np.log(1000) * time_s / length_s)
    room = low_pass(room, rate_hz, 3800, order=1) / np.sqrt(np.sum(room**2, axis=1, keepdims=True))
    size = _transform_size(mix.shape[1] + time_s.size)
    wet = np.fft.irfft(np.fft.rfft(mix, size) * np.fft.rfft(room, size), size)[:, : mix.shape[1]]
    return np.asarray(mix + amount * wet)


def root_mean_square(sound: Signal) -> float:
    return float(np.sqrt(np.mean(sound**2)))
