"""Decoded audio: the samples of a recording, and their times in it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from spotmap_build.errors import TrackError

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array

SAMPLE_RATE_HZ: Final = 16_000
MIN_DURATION_S: Final = 0.5
SILENCE_RMS: Final = 10 ** (-75 / 20)
"""-75 dBFS. Below it there is little but the noise of 16-bit rounding, and features are undefined."""


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """The samples of a recording: float32 ``[n]``, mono, 16 kHz.

    ``windows``: the windows decoded from a long recording. For each, its first index in ``samples`` and its start in
    the recording in seconds; ascending, the first index is 0.
    """

    samples: Float32Array
    windows: tuple[tuple[int, float], ...] = ((0, 0.0),)

    def time_s(self, sample: int) -> float:
        """Return the time of a sample in the recording, in seconds."""
        first, start_s = self.windows[bisect_right(self.windows, sample, key=lambda window: window[0]) - 1]
        return start_s + (sample - first) / SAMPLE_RATE_HZ


def level_of(samples: Float32Array) -> float:
    """Return the effective level (RMS); 1 is full scale."""
    import numpy as np

    # A dot product avoids an array of squares, which would take 58 MB for fifteen minutes.
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.sqrt(np.dot(samples, samples) / max(1, len(samples))))


def require_sound(samples: Float32Array, rate_hz: int = SAMPLE_RATE_HZ) -> None:
    """Raise if the samples cannot be analyzed.

    Parameters
    ----------
    samples
        ``[n]``, or ``[channels, n]``.
    rate_hz
        Sample rate.

    Raises
    ------
    TrackError
        ``damaged-audio``, ``too-short`` or ``silent``.
    """
    import numpy as np

    if not np.isfinite(samples).all():
        raise TrackError("damaged-audio", "It contains samples that are not finite numbers.")
    length_s = samples.shape[-1] / rate_hz
    if length_s < MIN_DURATION_S:
        raise TrackError("too-short", f"It is only {length_s:.2f} s long; the minimum is half a second.")
    if level_of(samples.reshape(-1)) < SILENCE_RMS:
        raise TrackError("silent", "It is silent: its effective level is below -75 dBFS.")
