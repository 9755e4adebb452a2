"""The 41 features, computed with Essentia."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spotmap_build.embed.numpy_features.common import (
    FRAME_SAMPLES,
    HOP_SAMPLES,
    MIN_SAMPLES,
    RHYTHM_RATE_HZ,
    feature_row,
    middle_minute,
)
from spotmap_build.embed.patches import loop_to
from spotmap_build.embed.sound import SAMPLE_RATE_HZ
from spotmap_build.registry.features import MFCC_COUNT

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array

FAST_SINC: Final = 2
"""libsamplerate's fastest sinc converter."""
PITCH_CLASSES: Final = {
    **{"C": 0, "C#": 1, "Db": 1, "D": 2, "D#": 3, "Eb": 3, "E": 4, "F": 5},
    **{"F#": 6, "Gb": 6, "G": 7, "G#": 8, "Ab": 8, "A": 9, "A#": 10, "Bb": 10, "B": 11},
}


def measure(standard: Any, samples: Float32Array) -> Float32Array:
    """Return the features of a recording, in the order of ``FEATURES``.

    Parameters
    ----------
    standard : Any
        The module ``essentia.standard``.
    samples : Float32Array
        Float32 ``[n]``, mono, 16 kHz.

    Returns
    -------
    Float32Array
        Float32 ``[41]``.
    """
    enough = loop_to(samples, MIN_SAMPLES)
    return feature_row(whole(standard, enough) | rhythm(standard, enough), enough)


def whole(standard: Any, samples: Float32Array) -> dict[str, float]:
    """Compute all features except rhythm, by name."""
    values = _by_frame(standard, samples) | _key(standard, samples) | _loudness(standard, samples)
    values["brightness"] = standard.SpectralCentroidTime(sampleRate=SAMPLE_RATE_HZ)(samples)
    values["danceability"] = standard.Danceability(sampleRate=SAMPLE_RATE_HZ)(samples)[0]
    values["power"] = standard.RMS()(samples)
    return values


def _by_frame(standard: Any, samples: Float32Array) -> dict[str, float]:
    """Compute features of 128 ms frames with 50 % overlap: means, and for the MFCCs also standard deviations."""
    window = standard.Windowing(type="hann", zeroPadding=0)
    spectrum_of = standard.Spectrum(size=FRAME_SAMPLES)
    mfcc_of = standard.MFCC(
        inputSize=FRAME_SAMPLES // 2 + 1,
        sampleRate=SAMPLE_RATE_HZ,
        highFrequencyBound=SAMPLE_RATE_HZ / 2,
        numberCoefficients=MFCC_COUNT,
    )
    roll_off_of, flatness_of = standard.RollOff(sampleRate=SAMPLE_RATE_HZ), standard.Flatness()
    energy_of, crossings_of = standard.Energy(), standard.ZeroCrossingRate()
    rows = []
    for frame in standard.FrameGenerator(samples, frameSize=FRAME_SAMPLES, hopSize=HOP_SAMPLES, startFromZero=True):
        spectrum = spectrum_of(window(frame))
        scalars = (energy_of(frame), crossings_of(frame), roll_off_of(spectrum), flatness_of(spectrum))
        rows.append((*scalars, *mfcc_of(spectrum)[1]))
    table = np.array(rows, dtype=np.float64)
    means, deviations = table.mean(axis=0), table.std(axis=0)
    names = ("energy", "noisiness", "crispness", "noise_to_tone")
    values = {name: float(mean) for name, mean in zip(names, means, strict=False)}
    for number in range(MFCC_COUNT):
        values[f"mfcc_mean_{number + 1}"] = float(means[len(names) + number])
        values[f"mfcc_std_{number + 1}"] = float(deviations[len(names) + number])
    return values


def rhythm(standard: Any, samples: Float32Array) -> dict[str, float]:
    """Compute tempo (BPM) and beat strength of the middle minute."""
    resample = standard.Resample(inputSampleRate=SAMPLE_RATE_HZ, outputSampleRate=RHYTHM_RATE_HZ, quality=FAST_SINC)
    tempo_bpm, _, confidence, *_ = standard.RhythmExtractor2013(method="multifeature")(resample(middle_minute(samples)))
    return {"tempo": tempo_bpm, "beat_strength": confidence}


def _key(standard: Any, samples: Float32Array) -> dict[str, float]:
    key, scale, strength = standard.KeyExtractor(sampleRate=SAMPLE_RATE_HZ)(samples)
    return {"key": PITCH_CLASSES[key], "mode": float(scale == "major"), "key_clarity": strength}


def _loudness(standard: Any, samples: Float32Array) -> dict[str, float]:
    stereo = np.stack([samples, samples], axis=1)
    *_, integrated_lufs, range_lu = standard.LoudnessEBUR128(sampleRate=SAMPLE_RATE_HZ)(stereo)
    dynamics_db, _ = standard.DynamicComplexity(sampleRate=SAMPLE_RATE_HZ)(samples)
    return {"loudness": integrated_lufs, "loudness_range": range_lu, "dynamics": dynamics_db}
