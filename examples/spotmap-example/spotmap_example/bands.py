"""``--embedder bands``: how loud each band of the spectrum is. It needs numpy alone, and hears less than a network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from spotmap_build.embed.patches import Embedding

if TYPE_CHECKING:
    from spotmap_build.embed.engines import Engine
    from spotmap_build.model import Float32Array

RATE_HZ = 16_000
WINDOW = 2048
BANDS = 32
"""Half of the vector: the other half is how much each changes."""


class Bands:
    """Made once in each worker process, then called once a recording."""

    def __init__(self, _weights_path: Path, _engine: Engine) -> None:
        edges = np.geomspace(40, RATE_HZ / 2, BANDS + 1) * WINDOW / RATE_HZ
        self._starts = np.maximum(np.arange(BANDS), edges[:-1].astype(int))
        self._window = np.hanning(WINDOW).astype(np.float32)

    def __call__(self, samples: Float32Array) -> Embedding:
        """Listen to mono samples at 16 kHz, of any length from one on."""
        padded = np.pad(samples, (0, -len(samples) % WINDOW))
        frames = padded.reshape(-1, WINDOW) * self._window
        power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
        bands = np.log1p(np.add.reduceat(power, self._starts, axis=1))
        mean, deviation = bands.mean(axis=0), bands.std(axis=0)
        typical = int(np.square(bands - mean).sum(axis=1).argmin())  # the frame that is most like the whole
        vector = np.concatenate([mean, deviation]).astype(np.float32)
        return Embedding(vector, np.zeros(0, dtype=np.float32), typical * WINDOW)
