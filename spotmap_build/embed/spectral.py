"""41 features of a sound that have a meaning of their own: they color the map, name its axes, explain neighbors.

They are a weak similarity space by themselves; that is what the learned vectors are for. All are computed by Essentia
from 16 kHz mono, so nothing above 8 kHz counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array

MFCC_COUNT: Final = 13
SAMPLE_RATE_HZ: Final = 16_000
FRAME_SAMPLES: Final = 2048
HOP_SAMPLES: Final = 1024
LEAST_SAMPLES: Final = 3 * SAMPLE_RATE_HZ
"""Beats and short-term loudness need 3 s; shorter recordings are looped."""
RHYTHM_SAMPLES: Final = 60 * SAMPLE_RATE_HZ
"""Beats are looked for in the middle minute: all of the track takes four times as long, for one number."""
RHYTHM_RATE_HZ: Final = 44_100
"""The only rate at which Essentia's beat tracker works."""
FAST_SINC: Final = 2
"""libsamplerate's fastest converter that is not mere interpolation."""
MOST_DANCEABLE: Final = 5.0
"""Music stays below 3; a steady tone, which does not move at all, would come out as 650."""
QUIETEST_LUFS: Final = -70.0
"""EBU R 128's absolute gate: quieter recordings have no loudness of their own, and are given this one."""
PITCH_CLASSES: Final = {
    **{"C": 0, "C#": 1, "Db": 1, "D": 2, "D#": 3, "Eb": 3, "E": 4, "F": 5},
    **{"F#": 6, "Gb": 6, "G": 7, "G#": 8, "Ab": 8, "A": 9, "A#": 10, "Bb": 10, "B": 11},
}


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of the features. ``name`` is for programs, ``label`` for people.

    ``public``: whether people are shown it. ``period``: for what goes round in a circle (the key, where 12 is 0 again)
    the length of the circle, so that whoever measures distances or averages does it on the circle; else 0.
    """

    name: str
    unit: str
    label: str
    meaning: str
    public: bool = True


def _mfcc(statistic: str, what: str) -> tuple[Feature, ...]:
    return tuple(
        Feature(
            f"mfcc_{statistic}_{k}", "", f"MFCC {k} {what}", f"The {what} of a coefficient of timbre.", public=False
        )
        for k in range(1, MFCC_COUNT + 1)
    )


FEATURES: Final[tuple[Feature, ...]] = (
    *_mfcc("mean", "mean"),
    *_mfcc("std", "standard deviation"),
    Feature("brightness", "Hz", "brightness", "Where the middle of the sound's spectrum lies; bright sounds lie high."),
    Feature("tempo", "BPM", "tempo", "Beats per minute, in the middle of the track."),
    Feature("beat_strength", "", "beat strength", "How sure the beat is: below 1.5 hardly, above 3.5 very (0 to 5.3)."),
    Feature("key", "pitch class", "key", "The key note: 0 is C, 1 is C sharp, and so on to 11, which is B."),
    Feature("mode", "", "major or minor", "1 in a major key, 0 in a minor one."),
    Feature("key_clarity", "", "key clarity", "How well the notes fit the key: 1 is perfectly, 0 not at all."),
    Feature("loudness", "LUFS", "loudness", "How loud the whole track is to the ear (EBU R 128)."),
    Feature("loudness_range", "LU", "loudness range", "How far its quiet and its loud parts are apart (EBU R 128)."),
    Feature("dynamics", "dB", "dynamics", "How much the loudness changes from moment to moment."),
    Feature("danceability", "", "danceability", "How steady and regular the movement is; 0 to about 3."),
    Feature("energy", "", "energy", "The sum of the squared samples of a frame of 128 ms, on average."),
    Feature("power", "", "power", "The effective amplitude (RMS) of the whole track; 1 is full scale."),
    Feature("noisiness", "", "noisiness", "How often the wave changes its sign, per sample: hiss much, bass little."),
    Feature("crispness", "Hz", "crispness", "The frequency below which 85 % of the energy lies."),
    Feature("noise_to_tone", "", "tonal or noisy", "How flat the spectrum is: 0 is a pure tone, 1 is white noise."),
)


def spectral(samples: Float32Array) -> Float32Array:
    """The features of a recording, in the order of :data:`FEATURES`.

    Parameters
    ----------
    samples: float32 ``[n]``, mono, 16 kHz.

    Returns
    -------
    float32 ``[41]``.

    Raises
    ------
    TrackError: Essentia cannot analyze the sound.
    """
    import numpy as np

    from spotmap_build.embed.engine import errors_of_essentia, load
    from spotmap_build.embed.patches import loop_to

    standard = load()
    enough = loop_to(samples, LEAST_SAMPLES)
    with errors_of_essentia():
        values = _by_frame(standard, enough) | _rhythm(standard, enough) | _key(standard, enough)
        values |= _loudness(standard, enough)
        values["brightness"] = standard.SpectralCentroidTime(sampleRate=SAMPLE_RATE_HZ)(enough)
        values["danceability"] = min(MOST_DANCEABLE, standard.Danceability(sampleRate=SAMPLE_RATE_HZ)(enough)[0])
        values["power"] = standard.RMS()(enough)
    return np.array([values[feature.name] for feature in FEATURES], dtype=np.float32)


def _by_frame(standard: Any, samples: Float32Array) -> dict[str, float]:
    """Features of frames of 128 ms, half overlapping: means, and for the MFCCs standard deviations as well."""
    import numpy as np

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


def _rhythm(standard: Any, samples: Float32Array) -> dict[str, float]:
    start = max(0, (len(samples) - RHYTHM_SAMPLES) // 2)
    resample = standard.Resample(inputSampleRate=SAMPLE_RATE_HZ, outputSampleRate=RHYTHM_RATE_HZ, quality=FAST_SINC)
    middle = resample(samples[start : start + RHYTHM_SAMPLES])
    tempo_bpm, _, confidence, *_ = standard.RhythmExtractor2013(method="multifeature")(middle)
    # Slightly below zero where the trackers agree on nothing.
    return {"tempo": tempo_bpm, "beat_strength": max(0.0, confidence)}


def _key(standard: Any, samples: Float32Array) -> dict[str, float]:
    key, scale, strength = standard.KeyExtractor(sampleRate=SAMPLE_RATE_HZ)(samples)
    # A sound without any pitch (noise, a single drum) correlates with no key, or with all: strength can be below 0.
    return {"key": PITCH_CLASSES[key], "mode": float(scale == "major"), "key_clarity": min(1.0, max(0.0, strength))}


def _loudness(standard: Any, samples: Float32Array) -> dict[str, float]:
    import numpy as np

    stereo = np.stack([samples, samples], axis=1)
    *_, integrated_lufs, range_lu = standard.LoudnessEBUR128(sampleRate=SAMPLE_RATE_HZ)(stereo)
    dynamics_db, _ = standard.DynamicComplexity(sampleRate=SAMPLE_RATE_HZ)(samples)
    return {"loudness": max(QUIETEST_LUFS, integrated_lufs), "loudness_range": range_lu, "dynamics": dynamics_db}
