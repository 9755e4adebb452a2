"""Oscillators, envelopes, filters and effects. Sounds are float64 arrays ``[samples]``, mixes ``[2, samples]``.

Filters and reverb process the spectrum of the whole sound, which is much faster with numpy than a recursive filter that
runs sample by sample.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Signal = npt.NDArray[np.float64]
Harmonics = tuple[float, ...]

WAVETABLE_SIZE = 4096


def saw(count: int, softness: float = 1.0) -> Harmonics:
    """Return the amplitudes of a sawtooth's harmonics; ``softness`` above 1 weakens the high ones."""
    return tuple(1 / k**softness for k in range(1, count + 1))


def pulse(width: float, count: int = 60) -> Harmonics:
    """Return the amplitudes of a pulse wave's harmonics; ``width`` is the duty cycle (0.5 is a square wave)."""
    return tuple(float(np.sin(np.pi * k * width)) / k for k in range(1, count + 1))


def triangle() -> Harmonics:
    return tuple((-1) ** (k // 2) / k**2 if k % 2 else 0.0 for k in range(1, 16))


@lru_cache(maxsize=512)
def _wavetable(harmonics: Harmonics) -> Signal:
    """Return one period with a peak of 1."""
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
    """Return a steady tone without aliasing: harmonics above half the sample rate are omitted.

    ``vibrato`` is the depth as a share of the frequency (0.005 is a gentle violin). It fades in over a quarter of a
    second. ``phase`` is in periods.
    """
    audible = harmonics[: max(1, int(0.47 * rate_hz / frequency_hz))]
    time_s = seconds(duration_s, rate_hz)
    periods = frequency_hz * time_s + phase
    if vibrato:
        rate = 2 * np.pi * 5.4
        periods = periods + vibrato * frequency_hz / rate * np.sin(rate * time_s) * np.clip(time_s / 0.25, 0, 1)
    return _wavetable(audible)[(periods * WAVETABLE_SIZE).astype(np.int64) % WAVETABLE_SIZE]


def envelope(duration_s: float, rate_hz: int, attack_s: float, release_s: float) -> Signal:
    """Return an envelope that rises, holds and falls within ``duration_s``. Ramps are shortened for a short note."""
    attack, release = min(attack_s, duration_s / 2), min(release_s, duration_s / 2)
    time_s = seconds(duration_s, rate_hz)
    return np.interp(time_s, [0, attack, duration_s - release, duration_s], [0.0, 1.0, 1.0, 0.0])


def decay(duration_s: float, rate_hz: int, time_constant_s: float) -> Signal:
    """Return an exponential decay to 1/e in ``time_constant_s``, without clicks at the start and the end."""
    time_s = seconds(duration_s, rate_hz)
    return np.exp(-time_s / time_constant_s) * envelope(duration_s, rate_hz, 0.002, 0.02)


def low_pass(sound: Signal, rate_hz: int, cutoff_hz: float, order: int = 2) -> Signal:
    """Apply the magnitude response of a Butterworth low-pass, with zero phase."""
    return _filter(sound, rate_hz, lambda hz: 1 / np.sqrt(1 + (hz / cutoff_hz) ** (2 * order)))


def high_pass(sound: Signal, rate_hz: int, cutoff_hz: float, order: int = 2) -> Signal:
    """Apply the magnitude response of a Butterworth high-pass, with zero phase. Removes 0 Hz entirely."""
    return _filter(sound, rate_hz, lambda hz: 1 / np.sqrt(1 + (cutoff_hz / np.maximum(hz, 1e-6)) ** (2 * order)))


def band_pass(sound: Signal, rate_hz: int, low_hz: float, high_hz: float) -> Signal:
    return high_pass(low_pass(sound, rate_hz, high_hz), rate_hz, low_hz)


def tilt(sound: Signal, rate_hz: int, db_per_octave: float) -> Signal:
    """Tilt the spectrum around 1 kHz (positive is brighter); the gain is constant below 60 Hz and above 8 kHz."""
    return _filter(sound, rate_hz, lambda hz: 10 ** (db_per_octave / 20 * np.log2(np.clip(hz, 60, 8000) / 1000)))


def _filter(sound: Signal, rate_hz: int, response: Callable[[Signal], Signal]) -> Signal:
    samples = sound.shape[-1]
    size = _transform_size(samples)
    gains = response(np.asarray(np.fft.rfftfreq(size, 1 / rate_hz), dtype=np.float64))
    return np.asarray(np.fft.irfft(np.fft.rfft(sound, size) * gains, size)[..., :samples])


def _transform_size(samples: int) -> int:
    """Return a larger size that is fast to transform, with silence at the end for the ringing of filters."""
    block = 1 << max(8, (samples // 16).bit_length())
    return block * (samples // block + 1)


def saturate(sound: Signal, drive: float) -> Signal:
    """Apply overdrive: a drive of 1 is warm, 10 is harsh."""
    return np.asarray(np.tanh(drive * sound) / np.tanh(drive))


def crush(sound: Signal, levels: int) -> Signal:
    """Quantize to coarse levels, like an old sound chip."""
    return np.round(sound * levels) / levels


def echo(mix: Signal, rate_hz: int, delay_s: float, feedback: float, repeats: int = 6) -> Signal:
    """Return the echoes without the dry sound.

    They alternate between the sides, each one duller than the one before.
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
    """Add reverb: ``amount`` of the convolution with decaying noise that differs between the sides.

    ``length_s`` is the time to decay by 60 dB (a factor of 1000).
    """
    time_s = seconds(length_s, rate_hz)
    room = rng.standard_normal((2, time_s.size)) * np.exp(-np.log(1000) * time_s / length_s)
    room = low_pass(room, rate_hz, 3800, order=1) / np.sqrt(np.sum(room**2, axis=1, keepdims=True))
    size = _transform_size(mix.shape[1] + time_s.size)
    wet = np.fft.irfft(np.fft.rfft(mix, size) * np.fft.rfft(room, size), size)[:, : mix.shape[1]]
    return np.asarray(mix + amount * wet)


def root_mean_square(sound: Signal) -> float:
    return float(np.sqrt(np.mean(sound**2)))
