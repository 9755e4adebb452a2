"""Small pieces of made-up music as files, all different and the same at every call."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

SAMPLE_RATE_HZ = 16_000


def melody(number: int, duration_s: float = 4.0) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    """A little tune of plucked tones over a drone; int16 samples at 16 kHz."""
    generator = np.random.default_rng(number)
    time_s = np.arange(round(duration_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    signal = 0.1 * np.sin(2 * np.pi * 55 * 2 ** (number % 12 / 12) * time_s)
    for start_s in np.arange(0, duration_s, 0.25):
        pitch_hz = 220 * 2 ** (generator.integers(0, 24) / 12)
        since_s = np.clip(time_s - start_s, 0, None)
        signal += 0.4 * np.sin(2 * np.pi * pitch_hz * since_s) * np.exp(-6 * since_s) * (time_s >= start_s)
    signal += 0.02 * generator.normal(size=len(time_s))
    return (np.clip(signal, -1, 1) * 0.8 * 32767).astype(np.int16)


def write_wav(path: Path, samples: np.ndarray[tuple[int], np.dtype[np.int16]]) -> Path:
    """A mono 16-bit WAV file; folders are made as needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes(samples.tobytes())
    return path


def write_library(folder: Path, count: int) -> list[Path]:
    """``count`` tunes in three sub-folders."""
    names = ("morning", "noon", "night")
    return [write_wav(folder / names[n % 3] / f"tune {n:02}.wav", melody(n)) for n in range(count)]
