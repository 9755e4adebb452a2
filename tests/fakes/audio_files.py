"""Synthetic audio, and files of it in all formats that the tests need."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
import numpy.typing as npt

SAMPLE_RATE_HZ: Final = 44_100
CODECS: Final = {
    "mp3": "libmp3lame",
    "ogg": "vorbis",
    "opus": "libopus",
    "flac": "flac",
    "m4a": "aac",
    "wav": "pcm_s16le",
}


def tune(seconds: float, *, rate_hz: int = SAMPLE_RATE_HZ, seed: int = 0) -> npt.NDArray[np.float32]:
    """Return two plucked tones a second with a little noise: float32 ``[n]``."""
    generator = np.random.default_rng(seed)
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    pitches_hz = 220 * 2 ** (generator.integers(0, 24, size=64) / 12)
    beat = np.floor(time_s * 2).astype(int)
    tone = np.sin(2 * np.pi * pitches_hz[beat % 64] * time_s) * np.exp(-4 * (time_s * 2 % 1))
    noise = generator.normal(size=len(time_s))
    return np.asarray(0.5 * tone + 0.01 * noise, dtype=np.float32)


def write_audio(
    path: Path,
    channels: npt.NDArray[np.float32],
    *,
    codec: str = "",
    rate_hz: int = SAMPLE_RATE_HZ,
) -> Path:
    """Encode float32 ``[n]`` or ``[2, n]``; the codec defaults to that of the suffix."""
    signal = np.atleast_2d(channels)
    layout = "mono" if len(signal) == 1 else "stereo"
    codec = codec or CODECS[path.suffix[1:]]
    # Opus needs 48 kHz. FFmpeg's own Vorbis encoder is experimental and supports only stereo.
    encoded_rate_hz = 48_000 if codec == "libopus" else rate_hz
    encoded_layout = "stereo" if codec == "vorbis" else layout
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=encoded_rate_hz, options={"strict": "experimental"})
        stream.layout = encoded_layout
        resampler = av.AudioResampler(stream.format, encoded_layout, encoded_rate_hz, stream.frame_size or 1024)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(signal), format="fltp", layout=layout)
        frame.sample_rate = rate_hz
        frame.pts = 0
        for resampled in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(resampled))
        container.mux(stream.encode(None))
    return path


def render_tune(folder: Path) -> Path:
    """Write a short tune; a ``prepare`` function for jobs."""
    return write_audio(folder / "tune.wav", tune(1, rate_hz=16_000), rate_hz=16_000)


def render_forever(folder: Path) -> Path:
    """Report the start with a file and then hang; a ``prepare`` function for jobs."""
    (folder.parent / "begun").touch()
    time.sleep(600)
    return folder
