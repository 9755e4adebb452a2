"""Five onset detection functions ("measures of change"), from which :mod:`beats` tracks the beats.

They are those of the multi-feature beat tracker (Zapata, Davies and Gómez, 2014), computed from one set of spectra.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from spotmap_build.embed.numpy_features.common import RHYTHM_RATE_HZ
from spotmap_build.embed.numpy_features.frames import frame_count, normal_hann, spectra_of, warped_triangles
from spotmap_build.embed.sound import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    import numpy.typing as npt

    from spotmap_build.model import Float32Array

    FloatArray = npt.NDArray[np.float64]
    Spectra = npt.NDArray[np.complex64]

FRAME_SAMPLES: Final = 2048
HOP_SAMPLES: Final = 512
BINS: Final = FRAME_SAMPLES // 2 + 1
AUDIBLE_BINS: Final = math.ceil(SAMPLE_RATE_HZ / 2 * FRAME_SAMPLES / RHYTHM_RATE_HZ) + 2
"""Audio resampled from 16 kHz has nothing above 8 kHz, except what the window leaks into two bins."""
BATCH_FRAMES: Final = 512
MEL_BANDS, MEL_HIGH_HZ = 40, 4000.0
MIN_BAND_ENERGY: Final = 1e-10
GAIN_BINS: Final = slice(round(40 * FRAME_SAMPLES / RHYTHM_RATE_HZ), round(5000 * FRAME_SAMPLES / RHYTHM_RATE_HZ) + 1)
"""From 40 to 5,000 Hz."""
GAIN_FRAMES: Final = 5
EAR_BANDS, EAR_LOW_HZ = 40, 80.0
EAR_QUALITY, EAR_MIN_HZ = 9.26449, 24.7
"""Glasberg and Moore: the auditory bandwidth at a frequency is ``EAR_MIN_HZ + frequency / EAR_QUALITY``."""
EMPHASIS_WINDOW: Final = 17
EMPHASIS_BOUND_BAND: Final = 24
"""Only bands with at least as clear a beat as this one count. In the paper it is the last of the clearest 40 %, but
Essentia does not sort the bands, and our results have to match Essentia's."""
MAX_PERIOD: Final = 512
"""Six seconds, in steps of 512 samples."""


@dataclass(frozen=True, slots=True)
class Onsets:
    """The measures of change, each float64 ``[frames]``.

    ``complex_difference``, ``energy_rise`` and ``mel_flux`` have a step of 1,024 samples, ``beat_emphasis`` and
    ``information_gain`` one of 512.
    """

    complex_difference: FloatArray
    energy_rise: FloatArray
    mel_flux: FloatArray
    beat_emphasis: FloatArray
    information_gain: FloatArray


def onsets(samples: Float32Array) -> Onsets:
    """Compute all five measures of samples at 44.1 kHz."""
    fine = frame_count(len(samples), FRAME_SAMPLES, HOP_SAMPLES)
    coarse = frame_count(len(samples), FRAME_SAMPLES, 2 * HOP_SAMPLES)
    differences, energies, mels, emphases, gains = [], [], [], [], []
    for before, spectra in _spectra(samples, max(fine, 2 * coarse - 1)):
        both = np.concatenate([before, spectra])
        magnitudes = np.abs(both)
        phasors = np.divide(both, magnitudes, out=np.ones_like(both), where=magnitudes > 0)
        # The number of frames in ``before`` is even, so every second frame of ``spectra``, from the first on, is at a
        # step of 1,024 samples.
        every_second, size = magnitudes[len(before) :: 2], len(before)
        sparse = slice(size % 2, None, 2)
        change = _difference(both[sparse], magnitudes[sparse], phasors[sparse], sign=-1)
        differences.append(change[size // 2 :].sum(axis=1))
        energies.append(np.sqrt(np.square(every_second).sum(axis=1)) / BINS)
        mels.append(np.square(every_second) @ _mel_bands())
        emphases.append(np.square(_difference(both, magnitudes, phasors, sign=1)[size:]) @ _ear_bands())
        gains.append(_information_gain(magnitudes[:, GAIN_BINS], size))
    levels_db = 20 * np.log10(np.maximum(np.concatenate(mels)[:coarse], MIN_BAND_ENERGY))
    return Onsets(
        complex_difference=np.concatenate(differences)[:coarse].astype(np.float64),
        energy_rise=_rise(np.concatenate(energies)[:coarse, np.newaxis]),
        mel_flux=_rise(levels_db),
        beat_emphasis=_emphasis(np.concatenate(emphases)[:fine].astype(np.float64).T),
        information_gain=np.concatenate(gains)[:fine],
    )


LOOK_BACK: Final = 2 * GAIN_FRAMES
"""Number of earlier frames that the measures need; even, so that blocks begin at a step of 1,024 samples."""


def _spectra(samples: Float32Array, count: int) -> Iterator[tuple[Spectra, Spectra]]:
    """Yield blocks of spectra, each with the spectra of the frames before it; before the first block is silence."""
    padded = np.pad(samples, (0, max(0, (count - 1) * HOP_SAMPLES + FRAME_SAMPLES - len(samples))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME_SAMPLES)[::HOP_SAMPLES]
    before: Spectra = np.zeros((LOOK_BACK, AUDIBLE_BINS), dtype=np.complex64)
    # Shift phases to the center of the frame.
    signs = (1 - 2 * (np.arange(AUDIBLE_BINS) % 2)).astype(np.float32)
    for first in range(0, count, BATCH_FRAMES):
        cut = frames[first : min(count, first + BATCH_FRAMES)]
        spectra: Spectra = spectra_of(cut, normal_hann(FRAME_SAMPLES))[:, :AUDIBLE_BINS] * signs
        yield before, spectra
        before = spectra[-LOOK_BACK:]


def _difference(spectra: Spectra, magnitudes: Float32Array, phasors: Spectra, *, sign: int) -> Float32Array:
    """Return the complex spectral difference: the distance of each bin from its prediction (Bello et al., 2004).

    The prediction keeps the magnitude of the frame before and continues the phase of the two frames before. The first
    two rows are meaningless if they have no predecessors.

    ``phasors``: ``spectra`` divided by their ``magnitudes``.
    ``sign``: sign of the phase two frames ago. Essentia's beat emphasis adds it. This does not continue the phase, but
    its tracker was evaluated this way.
    """
    older = np.concatenate([np.ones_like(phasors[:2]), phasors[:-2]])
    last = np.concatenate([np.ones_like(phasors[:1]), phasors[:-1]])
    back = np.conj(last) ** 2 * (older if sign < 0 else np.conj(older))
    expected = np.concatenate([np.zeros_like(magnitudes[:1]), magnitudes[:-1]])
    distance: Float32Array = np.abs(expected - spectra * back)
    return distance


def _rise(values: npt.NDArray[np.floating]) -> FloatArray:
    """Return the sum of the increases of all columns from row to row; 0 in the first row."""
    rises: FloatArray = np.maximum(0.0, np.diff(values.astype(np.float64), axis=0, prepend=values[:1])).sum(axis=1)
    return rises


@cache
def _mel_bands() -> Float32Array:
    return warped_triangles(bins=BINS, bands=MEL_BANDS, rate_hz=RHYTHM_RATE_HZ, high_hz=MEL_HIGH_HZ)[:AUDIBLE_BINS]


def _information_gain(magnitudes: Float32Array, size: int) -> FloatArray:
    """Return the increase in bits from the five frames before to the five frames after (Hainsworth and Macleod).

    The first ``size`` rows are context only.
    """
    count = len(magnitudes) - size
    weights = 1 - 0.9 / GAIN_FRAMES * np.arange(GAIN_FRAMES, dtype=np.float32)

    def weighted(latest: int, shares: Float32Array) -> Float32Array:
        first = size - latest - GAIN_FRAMES + 1
        parts = [magnitudes[first + row : first + row + count] * share for row, share in enumerate(shares)]
        total: Float32Array = np.sum(parts, axis=0)
        return total

    after, before = weighted(0, weights), weighted(GAIN_FRAMES + 1, weights[::-1])
    before = np.where(before == 0, np.float32(1), before)
    after = np.maximum(after, np.finfo(np.float32).eps)
    gain: FloatArray = np.maximum(0.0, np.log2(after / before)).sum(axis=1, dtype=np.float64)
    return gain


@cache
def _ear_bands() -> Float32Array:
    """Return the weights of the bins in auditory bands, ``[bins, 40]``, from gammatone filters (Slaney, 1993).

    The gain is omitted, as it does not matter here. As in Essentia, poles are on one side only.
    """
    offset = EAR_QUALITY * EAR_MIN_HZ
    low, high = np.log(EAR_LOW_HZ + offset), np.log(RHYTHM_RATE_HZ / 2 + offset)
    centers_hz = np.exp(high + (low - high) * np.arange(EAR_BANDS, 0, -1) / EAR_BANDS) - offset
    widths = 2 * np.pi * 1.019 * (centers_hz / EAR_QUALITY + EAR_MIN_HZ) / RHYTHM_RATE_HZ
    angles = 2 * np.pi * centers_hz / RHYTHM_RATE_HZ
    points = np.exp(2j * np.pi * np.arange(BINS) / FRAME_SAMPLES)[:, np.newaxis]
    response = np.abs(points - np.exp(-widths + 1j * angles)) ** -8.0
    for root in (np.sqrt(3 + 2**1.5), np.sqrt(3 - 2**1.5)):
        for sign in (1, -1):
            zeros = np.exp(-widths) * (np.cos(angles) + sign * root * np.sin(angles))
            response = response * np.abs(points - zeros)
    bands: Float32Array = (response / response.max(axis=0)).astype(np.float32)[:AUDIBLE_BINS]
    return bands


def _emphasis(bands: FloatArray) -> FloatArray:
    """Return the beat emphasis function: changes in the bands with the clearest beat (Davies, Plumbley and Eck, 2009).

    ``bands``: ``[40, frames]``.
    """
    std = bands.std(axis=1, keepdims=True)
    scaled = np.divide(bands, std, out=bands.copy(), where=std > 0)
    padded = np.pad(scaled, ((0, 0), (0, EMPHASIS_WINDOW - 1)), mode="edge")
    sums = np.cumsum(np.pad(padded, ((0, 0), (1, 0))), axis=1)
    means = (sums[:, EMPHASIS_WINDOW:] - sums[:, :-EMPHASIS_WINDOW]) / EMPHASIS_WINDOW
    count = scaled.shape[1]
    padded[:, :count] = np.maximum(0.0, scaled - means)
    clarity = _beat_clarity(padded)
    weights = clarity / clarity.max() if clarity.max() > 0 else clarity
    kept = np.where(weights >= weights[EMPHASIS_BOUND_BAND], weights, 0.0)
    emphasis: FloatArray = kept @ padded[:, :count]
    return emphasis


def _beat_clarity(changes: FloatArray) -> FloatArray:
    """Return the strength of the strongest period of each row, weighted towards half a second."""
    correlation = np.zeros((len(changes), MAX_PERIOD))
    found = unbiased_autocorrelation(changes)[:, :MAX_PERIOD]
    correlation[:, : found.shape[1]] = found
    periods = np.arange(3, (MAX_PERIOD - 3) // 4 - 1)
    weights = rayleigh(periods + 1.0, 43.0)
    total = np.zeros((len(changes), len(periods)))
    for comb in range(1, 5):
        for region in range(1 - comb, comb):
            total += correlation[:, periods * comb + region] / (2 * comb - 1)
    strongest: FloatArray = (weights * total).max(axis=1)
    return strongest


def rayleigh(values: npt.NDArray[np.floating], peak: float) -> FloatArray:
    """Return the density of a Rayleigh distribution with its mode at ``peak``."""
    density: FloatArray = values / peak**2 * np.exp(-0.5 * np.square(values / peak))
    return density


def unbiased_autocorrelation(values: FloatArray) -> FloatArray:
    """Return the autocorrelation along the last axis, averaged over the number of pairs at each lag: float64."""
    from scipy.fft import irfft, next_fast_len, rfft

    count = values.shape[-1]
    size = next_fast_len(2 * count, real=True)
    products = irfft(np.square(np.abs(rfft(values, size))), size)[..., :count]
    means: FloatArray = products / np.arange(count, 0, -1)
    return means
