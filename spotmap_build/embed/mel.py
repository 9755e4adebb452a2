"""Log-compressed mel bands, the input of both networks: one FFT and one matrix product.

Equal to Essentia's ``TensorflowInputMusiCNN`` within float32 rounding, which a test checks. Computing arrays of frames
takes a fifth of the time of one call per frame.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from spotmap_build.embed.sound import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    import numpy.typing as npt

    from spotmap_build.model import Float32Array

FRAME_SAMPLES: Final = 512
HOP_SAMPLES: Final = 256
BANDS: Final = 96
SCALE: Final = 10_000.0
"""Bands are ``log10(1 + SCALE * energy)``."""
BATCH_FRAMES: Final = 1024
"""Limits the spectra to a few MB, regardless of the number of frames."""


def hann(size: int) -> npt.NDArray[np.float64]:
    """Return a symmetric Hann window, which is 0 at both ends."""
    window: npt.NDArray[np.float64] = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / (size - 1))
    return window


def hz_to_mel(hz: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Convert to Slaney's mel scale: linear below 1 kHz, logarithmic above, 1 kHz at 15."""
    frequency = np.asarray(hz, dtype=np.float64)
    above = 15 + 27 * np.log(np.maximum(frequency, 1000) / 1000) / np.log(6.4)
    return np.where(frequency < 1000, frequency * 3 / 200, above)


def mel_to_hz(mel: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the inverse of :func:`hz_to_mel`."""
    value = np.asarray(mel, dtype=np.float64)
    return np.where(value < 15, value * 200 / 3, 1000 * np.exp((np.maximum(value, 15) - 15) * np.log(6.4) / 27))


def triangles(bins_hz: npt.NDArray[np.float64], corners_hz: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return overlapping triangular bands, ``[bins, len(corners) - 2]``.

    Each band rises from one corner to 1 at the next, and falls to 0 at the one after that.
    """
    low, center, high = corners_hz[:-2], corners_hz[1:-1], corners_hz[2:]
    rising = (bins_hz[:, np.newaxis] - low) / (center - low)
    falling = (high - bins_hz[:, np.newaxis]) / (high - center)
    return np.maximum(0.0, np.minimum(rising, falling))


@cache
def _window() -> Float32Array:
    return hann(FRAME_SAMPLES).astype(np.float32)


@cache
def _filters() -> Float32Array:
    """Return bands of equal area in Hz, ``[257, 96]``, so that white noise is equally strong in all of them."""
    bins_hz = np.linspace(0, SAMPLE_RATE_HZ / 2, FRAME_SAMPLES // 2 + 1)
    corners_hz = mel_to_hz(np.linspace(0, hz_to_mel(SAMPLE_RATE_HZ / 2), BANDS + 2))
    return (triangles(bins_hz, corners_hz) * 2 / (corners_hz[2:] - corners_hz[:-2])).astype(np.float32)


def mel_frames(samples: Float32Array, frames: npt.NDArray[np.intp]) -> Float32Array:
    """Return the mel bands of selected frames.

    Frame ``k`` is centered at sample ``256 k`` and 512 samples long, with zeros beyond the ends, as in Essentia's
    predictors. A frame depends on its own samples only, so it does not matter which others are selected.

    Parameters
    ----------
    samples : Float32Array
        Float32 ``[n]`` at 16 kHz.
    frames : npt.NDArray[np.intp]
        Integers ``[m]``, each in ``0 .. n // 256``.

    Returns
    -------
    Float32Array
        Float32 ``[m, 96]``.
    """
    from scipy.fft import rfft

    mel = np.empty((len(frames), BANDS), dtype=np.float32)
    for first in range(0, len(frames), BATCH_FRAMES):
        chosen = frames[first : first + BATCH_FRAMES]
        spectra = rfft(_cut(samples, chosen) * _window())
        energy = np.square(spectra.real) + np.square(spectra.imag)
        mel[first : first + BATCH_FRAMES] = np.log10(1 + SCALE * (energy @ _filters()))
    return mel


def _cut(samples: Float32Array, frames: npt.NDArray[np.intp]) -> Float32Array:
    """Return the samples of frames, ``[m, 512]``, without a padded copy of the recording (58 MB for 15 minutes)."""
    starts = frames * HOP_SAMPLES - FRAME_SAMPLES // 2
    is_inside = (starts >= 0) & (starts + FRAME_SAMPLES <= len(samples))
    cut = np.zeros((len(frames), FRAME_SAMPLES), dtype=np.float32)
    if is_inside.any():
        cut[is_inside] = np.lib.stride_tricks.sliding_window_view(samples, FRAME_SAMPLES)[starts[is_inside]]
    for row in np.flatnonzero(~is_inside).tolist():
        first, end = max(0, starts[row]), starts[row] + FRAME_SAMPLES
        part = samples[first:end]
        cut[row, first - starts[row] :][: len(part)] = part
    return cut
