"""41 features of a sound that have a meaning of their own: they color the map, name its axes, explain neighbors.

They are a weak similarity space by themselves; that is what the learned vectors are for. All are computed from 16 kHz
mono, so nothing above 8 kHz counts: by Essentia (``essentia_features``), or where there is none by ``numpy_features``,
which takes the same measures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

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
MOST_DANCEABLE: Final = 5.0
"""Music stays below 3; a steady tone, which does not move at all, would come out as 650."""
QUIETEST_LUFS: Final = -70.0
"""EBU R 128's absolute gate: quieter recordings have no loudness of their own, and are given this one."""


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


def middle(samples: Float32Array) -> Float32Array:
    """The part of a recording in which beats are looked for."""
    start = max(0, (len(samples) - RHYTHM_SAMPLES) // 2)
    return samples[start : start + RHYTHM_SAMPLES]


def as_row(values: Mapping[str, float]) -> Float32Array:
    """Values by name as float32 ``[41]``, in the order of :data:`FEATURES` and within the bounds that they have."""
    import numpy as np

    bounded = {
        **values,
        # Slightly below zero where the trackers agree on nothing.
        "beat_strength": max(0.0, values["beat_strength"]),
        # A sound without any pitch (noise, a single drum) correlates with no key, or with all.
        "key_clarity": min(1.0, max(0.0, values["key_clarity"])),
        "loudness": max(QUIETEST_LUFS, values["loudness"]),
        "danceability": min(MOST_DANCEABLE, values["danceability"]),
    }
    return np.array([bounded[feature.name] for feature in FEATURES], dtype=np.float32)
