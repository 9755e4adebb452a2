"""Features of frames of 128 ms: timbre (MFCC), energy, noisiness, crispness, flatness."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from spotmap_build.embed.mel import hann, triangles
from spotmap_build.embed.numpy_features.common import FRAME_SAMPLES, HOP_SAMPLES
from spotmap_build.embed.sound import SAMPLE_RATE_HZ
from spotmap_build.registry.features import MFCC_COUNT

if TYPE_CHECKING:
    import numpy.typing as npt

    from spotmap_build.model import Float32Array

    FloatArray = npt.NDArray[np.float64]

BATCH_FRAMES: Final = 512
BLOCK_SAMPLES: Final = 60 * SAMPLE_RATE_HZ
MFCC_BANDS: Final = 40
MIN_BAND_ENERGY: Final = 1e-10
"""Lower bound of band energies, so that silence has a finite logarithm."""
ROLL_OFF_SHARE: Final = 0.85


def blocks(samples: Float32Array) -> Iterator[Float32Array]:
    """Yield blocks of a minute. float64 results for the full recording would take twice its memory."""
    for first in range(0, len(samples), BLOCK_SAMPLES):
        yield samples[first : first + BLOCK_SAMPLES]


def cut(samples: Float32Array, frame_samples: int, hop_samples: int, *, lead: int = 0) -> Iterator[Float32Array]:
    """Yield the frames of a recording in batches of some hundred: float32 ``[m, frame_samples]``.

    The first frame begins ``lead`` samples before the first sample, and the last one is the first that reaches the end.
    Samples beyond the ends are zero.
    """
    count = frame_count(len(samples) + lead, frame_samples, hop_samples)
    for first in range(0, count, BATCH_FRAMES):
        begin = first * hop_samples - lead
        end = begin + (min(BATCH_FRAMES, count - first) - 1) * hop_samples + frame_samples
        padded = np.pad(samples[max(0, begin) : end], (max(0, -begin), max(0, end - len(samples))))
        yield np.lib.stride_tricks.sliding_window_view(padded, frame_samples)[::hop_samples]


def frame_count(sample_count: int, frame_samples: int, hop_samples: int) -> int:
    """Return the number of frames that :func:`cut` yields."""
    return max(0, -(-(sample_count - frame_samples) // hop_samples)) + 1


def spectra_of(frames: Float32Array, window: Float32Array) -> npt.NDArray[np.complex64]:
    """Return the spectra of windowed frames: complex64 ``[m, bins]``."""
    # scipy takes a half to a quarter of the time of numpy's transforms.
    from scipy.fft import rfft

    spectra: npt.NDArray[np.complex64] = rfft(frames * window)
    return spectra


@cache
def normal_hann(size: int) -> Float32Array:
    """Return a Hann window normalized so that a sine of amplitude 1 has a spectral peak of 1."""
    window = hann(size)
    normal: Float32Array = (window * 2 / window.sum()).astype(np.float32)
    return normal


def warped_triangles(*, bins: int, bands: int, rate_hz: int, high_hz: float) -> Float32Array:
    """Return triangles of equal height on HTK's mel scale, each normalized to a sum of 1: ``[bins, bands]``."""
    corners = np.linspace(0, _mel(high_hz), bands + 2)
    weights = triangles(_mel(np.linspace(0, rate_hz / 2, bins)), corners)
    normal: Float32Array = (weights / weights.sum(axis=0)).astype(np.float32)
    return normal


def _mel(hz: npt.ArrayLike) -> FloatArray:
    mel: FloatArray = 1127.01048 * np.log1p(np.asarray(hz, dtype=np.float64) / 700)
    return mel


def power_and_brightness(samples: Float32Array) -> dict[str, float]:
    """Return the RMS amplitude, and the root-mean-square frequency of the spectrum (Hz) from the signal's slope."""
    energy = steps = last = 0.0
    for block in blocks(samples):
        energy += float(block @ block)
        differences = np.diff(block, prepend=np.float32(last))
        steps += float(differences @ differences)
        last = float(block[-1])
    brightness_hz = (steps / energy) ** 0.5 * SAMPLE_RATE_HZ / (2 * np.pi) if energy else 0.0
    return {"power": (energy / len(samples)) ** 0.5, "brightness": float(brightness_hz)}


def by_frame(samples: Float32Array) -> dict[str, float]:
    """Return means over half-overlapping frames of 128 ms, and for the MFCCs also standard deviations."""
    table = np.concatenate([_rows(frames) for frames in cut(samples, FRAME_SAMPLES, HOP_SAMPLES)])
    means, deviations = table.mean(axis=0), table.std(axis=0)
    names = ("energy", "noisiness", "crispness", "noise_to_tone")
    values = dict(zip(names, means.tolist(), strict=False))
    for number in range(MFCC_COUNT):
        values[f"mfcc_mean_{number + 1}"] = float(means[len(names) + number])
        values[f"mfcc_std_{number + 1}"] = float(deviations[len(names) + number])
    return values


def _rows(frames: Float32Array) -> FloatArray:
    """Return energy, zero-crossing rate, spectral roll-off, flatness and MFCCs: ``[m, 17]``."""
    spectra = np.abs(spectra_of(frames, normal_hann(FRAME_SAMPLES)))
    power, is_up = np.square(spectra), frames > 0
    columns = [
        np.einsum("ij,ij->i", frames, frames),
        np.count_nonzero(is_up[:, 1:] != is_up[:, :-1], axis=1) / FRAME_SAMPLES,
        _roll_off_hz(power),
        _flatness(spectra),
    ]
    rows: FloatArray = np.column_stack([*columns, _mfcc(power)]).astype(np.float64)
    return rows


def _roll_off_hz(power: Float32Array) -> FloatArray:
    """Return the frequency below which 85 % of the energy lies; 0 in silence."""
    sums = np.cumsum(power, axis=1, dtype=np.float64)
    bins = (sums < ROLL_OFF_SHARE * sums[:, -1:]).sum(axis=1)
    edges: FloatArray = bins * (SAMPLE_RATE_HZ / FRAME_SAMPLES)
    return edges


def _flatness(spectra: Float32Array) -> FloatArray:
    """Return the ratio of the geometric to the arithmetic mean; 0 if a frequency is missing."""
    lowest = spectra.min(axis=1)
    geometric = np.exp(np.log(np.maximum(spectra, np.finfo(np.float32).tiny)).mean(axis=1, dtype=np.float64))
    return np.where(lowest > 0, geometric / np.maximum(spectra.mean(axis=1), np.finfo(np.float32).tiny), 0.0)


@cache
def _mfcc_bands() -> Float32Array:
    high_hz = SAMPLE_RATE_HZ / 2
    return warped_triangles(bins=FRAME_SAMPLES // 2 + 1, bands=MFCC_BANDS, rate_hz=SAMPLE_RATE_HZ, high_hz=high_hz)


@cache
def _cosines() -> FloatArray:
    """Return the first rows of an orthonormal DCT of type 2: ``[40, 13]``."""
    angles = np.pi / MFCC_BANDS * np.outer(np.arange(MFCC_BANDS) + 0.5, np.arange(MFCC_COUNT))
    matrix = np.sqrt(2 / MFCC_BANDS) * np.cos(angles)
    matrix[:, 0] /= np.sqrt(2)
    cosines: FloatArray = matrix
    return cosines


def _mfcc(power: Float32Array) -> FloatArray:
    levels_db = 20 * np.log10(np.maximum(power @ _mfcc_bands(), MIN_BAND_ENERGY))
    coefficients: FloatArray = levels_db @ _cosines()
    return coefficients
