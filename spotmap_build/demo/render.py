"""Render a score and write it to a WAV file."""

from __future__ import annotations

import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from spotmap_build.demo import beat_styles, quiet_styles
from spotmap_build.demo.harmony import Score
from spotmap_build.demo.session import Session
from spotmap_build.demo.synthesis import Signal, high_pass, root_mean_square, tilt

STYLES: dict[str, Callable[[Session], Signal]] = {
    "ambient": quiet_styles.ambient,
    "strings": quiet_styles.strings,
    "piano": quiet_styles.piano,
    "folk": quiet_styles.folk,
    "organ": quiet_styles.organ,
    "bossa": quiet_styles.bossa,
    "techno": beat_styles.techno,
    "drum_and_bass": beat_styles.drum_and_bass,
    "chiptune": beat_styles.chiptune,
    "funk": beat_styles.funk,
    "dub": beat_styles.dub,
    "industrial": beat_styles.industrial,
}

LOUDNESS_DBFS = {"ambient": -23.0, "piano": -21.0, "folk": -20.0, "strings": -20.0, "organ": -19.0, "bossa": -19.0}
"""The root mean square level of the master for quiet styles. Styles with drums get ``LOUD_DBFS``."""

LOUD_DBFS = -15.0

CEILING = 0.9
"""The largest sample of a master, as a share of full scale."""


def render_score(score: Score) -> npt.NDArray[np.int16]:
    """Return the finished recording of a score: int16 ``[samples, channels]``.

    Equal scores give equal samples on one machine; across processors, numpy's sine may differ in its last bit.
    """
    mix = _play(score.style, score) * np.sqrt(1 - score.guest_share)
    if score.guest:
        mix = mix + _play(score.guest, score) * np.sqrt(score.guest_share)
    if score.channels == 1:
        mix = mix.mean(axis=0, keepdims=True)
    colored = tilt(mix, score.sample_rate_hz, score.tilt_db_per_octave)
    return _master(colored, score.sample_rate_hz, LOUDNESS_DBFS.get(score.style, LOUD_DBFS) + score.gain_db)


def write_wav(samples: npt.NDArray[np.int16], sample_rate_hz: int, path: Path) -> None:
    """Write int16 ``[samples, channels]`` as PCM."""
    with path.open("wb") as target, wave.open(target, "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(sample_rate_hz)
        file.writeframes(samples.astype("<i2").tobytes())


def _play(style: str, score: Score) -> Signal:
    """Render the score in one style, at a root mean square of 1."""
    mix = STYLES[style](Session(score, np.random.default_rng(score.seed)))
    return mix / root_mean_square(mix)


def _master(mix: Signal, rate_hz: int, loudness_dbfs: float) -> npt.NDArray[np.int16]:
    """Remove inaudible low frequencies, set the loudness, limit the peaks, and fade in and out."""
    clean = high_pass(mix, rate_hz, 30)
    level = clean * (10 ** (loudness_dbfs / 20) / root_mean_square(clean))
    limited = CEILING * np.tanh(level / CEILING)
    fade = np.interp(np.arange(mix.shape[1]) / rate_hz, [0, 0.01], [0.0, 1.0])
    fade *= np.interp(np.arange(mix.shape[1])[::-1] / rate_hz, [0, 0.8], [0.0, 1.0])
    return np.round(limited * fade * np.iinfo(np.int16).max).astype(np.int16).T
