"""Danceability by detrended fluctuation analysis (Streich and Herrera, 2005)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from spotmap_build.embed.numpy_features.frames import blocks
from spotmap_build.embed.sound import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    import numpy.typing as npt

    from spotmap_build.model import Float32Array

    FloatArray = npt.NDArray[np.float64]

STEP_SAMPLES: Final = SAMPLE_RATE_HZ // 100
MIN_WINDOW_MS: Final = 310.0
MAX_WINDOW_MS: Final = 8800.0
GROWTH: Final = 1.1


def windows() -> list[int]:
    """Return window lengths in steps of 10 ms: from 0.3 s to 8.8 s, each a tenth longer than the one before."""
    lengths, length_ms = [], np.float32(MIN_WINDOW_MS)
    while length_ms <= MAX_WINDOW_MS:
        lengths.append(int(length_ms / np.float32(10)))
        length_ms = length_ms * np.float32(GROWTH)
    return lengths


def danceability(samples: Float32Array) -> float:
    """Return the inverse of the exponent with which the envelope's fluctuation grows with the window length."""
    envelope = np.concatenate([_envelope(block) for block in blocks(samples)])
    walk = np.cumsum(envelope - envelope.mean())
    lengths = [length for length in windows() if length <= len(walk)]
    fluctuations = np.array([_fluctuation(walk, length) for length in lengths])
    if len(lengths) < 2 or not fluctuations.all():
        return 0.0
    growth = np.diff(np.log10(fluctuations)) / np.diff(np.log10(np.array(lengths) + 3.0))
    exponent = float(growth.mean())
    return 1 / exponent if exponent else 0.0


def _envelope(samples: Float32Array) -> FloatArray:
    steps = samples[: len(samples) // STEP_SAMPLES * STEP_SAMPLES].reshape(-1, STEP_SAMPLES)
    deviations: FloatArray = steps.std(axis=1, ddof=1, dtype=np.float64)
    return deviations


def _fluctuation(walk: FloatArray, length: int) -> float:
    """Return the RMS residual of the walk from a straight line fitted in each window of ``length``."""
    jump = max(length // 50, 1)
    count = len(walk) - length
    if not count:
        return 0.0
    starts = np.arange(0, count, jump)
    place = np.arange(length) - (length - 1) / 2
    # The residual of a regression follows from window sums of the values, of their squares, and of value times index.
    times = np.arange(len(walk))
    shifted = walk - walk.mean()
    sums, squares, moments = (_window_sums(values, starts, length) for values in (shifted, shifted**2, shifted * times))
    slopes_sum = moments - (starts + (length - 1) / 2) * sums
    residuals = squares - sums**2 / length - slopes_sum**2 / (place**2).sum()
    total = np.maximum(0.0, residuals).sum() / length
    return float(np.sqrt(total / (count / jump)))


def _window_sums(values: FloatArray, starts: npt.NDArray[np.intp], length: int) -> FloatArray:
    sums = np.concatenate([[0.0], np.cumsum(values)])
    windowed: FloatArray = sums[starts + length] - sums[starts]
    return windowed
