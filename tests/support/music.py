"""Small libraries of made-up tunes, which differ from each other and are the same in every call."""

from __future__ import annotations

from pathlib import Path

from tests.fakes.audio_files import tune, write_audio

RATE_HZ = 16_000


def write_tune(path: Path, number: int, duration_s: float = 4.0) -> Path:
    """Write a tune in the format of the suffix; create missing folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_audio(path, tune(duration_s, rate_hz=RATE_HZ, seed=number), rate_hz=RATE_HZ)


def write_library(folder: Path, count: int) -> list[Path]:
    """Write ``count`` tunes into three sub-folders."""
    names = ("morning", "noon", "night")
    return [write_tune(folder / names[n % 3] / f"tune {n:02}.wav", n) for n in range(count)]
