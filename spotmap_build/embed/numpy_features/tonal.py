"""Key estimation: pitch class profile of spectral peaks (Gómez, 2006), correlated with key profiles."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from spotmap_build.embed.numpy_features.frames import cut, normal_hann, spectra_of
from spotmap_build.embed.sound import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    import numpy.typing as npt

    from spotmap_build.model import Float32Array

    FloatArray = npt.NDArray[np.float64]

FRAME_SAMPLES: Final = 4096
BIN_HZ: Final = SAMPLE_RATE_HZ / FRAME_SAMPLES
MIN_HZ, MAX_HZ = 25.0, 3500.0
MIN_AMPLITUDE: Final = 1e-4
MAX_PEAKS: Final = 60
REFERENCE_HZ: Final = 440.0
PITCH_CLASS_OF_REFERENCE: Final = 9
HARMONICS: Final = 5
"""A peak counts for its own note, and for the notes of which it can be a harmonic."""
FAINT_SHARE: Final = 0.2
"""Pitch classes with less than this share of the strongest one are set to zero."""
ENVELOPE_STEP_HZ: Final = 100.0
ENVELOPE_RANGE_DB: Final = 30.0
TILT_DB_PER_HZ: Final = 20 / 4000
NOTHING_DB: Final = -200.0

MAJOR: Final = (1.00, 0.00, 0.42, 0.00, 0.53, 0.37, 0.00, 0.77, 0.00, 0.38, 0.21, 0.30)
MINOR: Final = (1.00, 0.00, 0.36, 0.39, 0.00, 0.38, 0.00, 0.74, 0.27, 0.00, 0.42, 0.23)
"""Strength of each pitch class relative to the tonic: medians over a corpus of electronic music, with the four weakest
set to zero (Faraldo et al., 2017; Essentia's "bgate")."""


def key(samples: Float32Array) -> dict[str, float]:
    """Return the tonic (0 is C), the mode (1 is major), and the correlation with that key's profile."""
    profile = pitch_classes(samples)
    if not profile.max() > profile.min():
        return {"key": 0.0, "mode": 1.0, "key_clarity": 0.0}
    loud = np.where(profile < FAINT_SHARE * profile.max(), 0.0, profile)
    fits = np.array([[_correlation(loud, np.roll(mode, note)) for note in range(12)] for mode in (MINOR, MAJOR)])
    major, minor = fits[1].max(), fits[0].max()
    mode = int(major >= minor)
    return {"key": float(fits[mode].argmax()), "mode": float(mode), "key_clarity": float(fits[mode].max())}


def _correlation(a: FloatArray, b: FloatArray) -> float:
    return float(np.corrcoef(a, b)[0, 1])


def pitch_classes(samples: Float32Array) -> FloatArray:
    """Return the strength of each pitch class in a recording, starting at C: float64 ``[12]``."""
    total = np.zeros(12)
    # The first frame is centered at the first sample.
    for frames in cut(samples, FRAME_SAMPLES, FRAME_SAMPLES, lead=FRAME_SAMPLES // 2):
        spectra = np.abs(spectra_of(frames, normal_hann(FRAME_SAMPLES)))
        rows, peaks_hz, heights = strongest_peaks(spectra)
        total += _by_class(peaks_hz, _whitened(spectra, rows, peaks_hz, heights))
    return total


def strongest_peaks(spectra: Float32Array) -> tuple[npt.NDArray[np.intp], FloatArray, FloatArray]:
    """Return the row, frequency (Hz) and height of the 60 strongest peaks of each spectrum.

    Peaks are refined by parabolic interpolation over three bins.
    """
    first, last = math.ceil(MIN_HZ / BIN_HZ), math.floor(MAX_HZ / BIN_HZ)
    near = spectra[:, first - 1 : last + 2].copy()
    # A spectrum that falls from the lowest bin on has a peak there, regardless of what lies below.
    near[:, 0] = near[:, 2]
    left, middle, right = near[:, :-2], near[:, 1:-1], near[:, 2:]
    is_peak = (middle > left) & (middle > right) & (middle > MIN_AMPLITUDE)
    rows, bins = np.nonzero(is_peak)
    below, top, above = (values[is_peak].astype(np.float64) for values in (left, middle, right))
    shift = 0.5 * (below - above) / (below - 2 * top + above)
    heights = top - 0.25 * (below - above) * shift
    within = (bins + first + shift) * BIN_HZ <= MAX_HZ
    rows, bins, shift, heights = rows[within], bins[within], shift[within], heights[within]
    table = np.zeros(middle.shape)
    table[rows, bins] = heights
    least_height = np.partition(table, -MAX_PEAKS, axis=1)[:, -MAX_PEAKS]
    kept = heights >= least_height[rows]
    rows, bins, shift, heights = rows[kept], bins[kept], shift[kept], heights[kept]
    return rows, (bins + first + shift) * BIN_HZ, heights


@cache
def _envelope_weights() -> tuple[FloatArray, Float32Array]:
    """Return the frequencies (Hz) at which the spectral envelope is sampled, and the weights of the bins there."""
    points_hz = np.arange(0, MAX_HZ * 1.2 + 1, ENVELOPE_STEP_HZ)
    size = FRAME_SAMPLES // 2 + 1
    weights = np.zeros((size, len(points_hz)))
    for column, hz in enumerate(points_hz):
        begin = max(0, int((hz - max(50.0, 0.34 * hz)) / BIN_HZ + 0.5))
        end = min(size, int((hz + max(50.0, 0.58 * hz)) / BIN_HZ + 0.5))
        center = (begin + end) / 2
        weights[begin:end, column] = (1 - np.abs(np.arange(begin, end) - center) / (end - center)) ** 4
    return points_hz, weights[:end].astype(np.float32)


def _whitened(
    spectra: Float32Array, rows: npt.NDArray[np.intp], peaks_hz: FloatArray, heights: FloatArray
) -> FloatArray:
    """Return the heights of peaks relative to the spectral envelope, so that low notes do not dominate."""
    points_hz, weights = _envelope_weights()
    energy = np.square(spectra[:, : len(weights)])
    masses = energy @ weights
    envelope = np.divide(np.square(energy) @ weights, masses, out=np.zeros_like(masses), where=masses > 0)
    envelope[:, -1] = envelope[:, -2]
    levels_db = 10 * np.log10(np.maximum(envelope, 1e-20, dtype=np.float64))
    position = np.minimum(peaks_hz / ENVELOPE_STEP_HZ, len(points_hz) - 1.001)
    point = position.astype(np.intp)
    step_db = levels_db[rows, point + 1] - levels_db[rows, point]
    envelope_db = levels_db[rows, point] + (position - point) * step_db
    above_db = np.minimum(0.0, 20 * np.log10(heights) - envelope_db)
    relative_db = np.where(above_db > -ENVELOPE_RANGE_DB, above_db, NOTHING_DB) - TILT_DB_PER_HZ * peaks_hz
    whitened: FloatArray = 10 ** (relative_db / 20)
    return whitened


@cache
def _harmonics() -> tuple[tuple[float, float], ...]:
    """Return the interval of each harmonic above its note in semitones (modulo an octave), and its weight."""
    strengths: dict[float, float] = {}
    for number in range(1, HARMONICS + 1):
        octaves = math.log2(number)
        semitones = round(12 * (octaves % 1), 9)
        strengths[semitones] = strengths.get(semitones, 0.0) + 1 / max(1.0, octaves / 2)
    return tuple(strengths.items())


def _by_class(peaks_hz: FloatArray, heights: FloatArray) -> FloatArray:
    """Sum peaks as energies of pitch classes. A peak between two counts less with its distance from the nearer one."""
    classes = np.zeros(12)
    for semitones, strength in _harmonics():
        notes = 12 * np.log2(peaks_hz / REFERENCE_HZ) - semitones
        nearest = np.round(notes)
        energies = np.cos(np.pi * (notes - nearest)) * np.square(heights * strength)
        numbers = (nearest.astype(np.intp) + PITCH_CLASS_OF_REFERENCE) % 12
        classes += np.bincount(numbers, weights=energies, minlength=12)
    return classes
