"""Features of a sound that have a meaning of their own: they color the map, name its axes, explain neighbors.

To add one, add a row to :data:`FEATURES`. They are a weak similarity space by themselves; that is what the learned
vectors are for. All are computed from 16 kHz mono, so nothing above 8 kHz counts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from spotmap_build.core.speech import gettext_noop

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array

MFCC_COUNT: Final = 13
MOST_DANCEABLE: Final = 5.0
"""Music stays below 3; a steady tone, which does not move at all, would come out as 650."""
QUIETEST_LUFS: Final = -70.0
"""EBU R 128's absolute gate: quieter recordings have no loudness of their own, and are given this one."""
FEATURES_VERSION: Final = 0
"""Raise when a feature is added, or when the same sound has other features: every library is then listened to again."""


@dataclass(frozen=True, slots=True)
class FeatureWords:
    """A feature as adjectives: of what has little and much of it, and of what has less and more.

    ``format`` shows a value, as :meth:`str.format` reads it. ``rank``: where several features tell something apart, the
    one with the lowest rank is the most telling.
    """

    rank: int
    low: str
    high: str
    lower: str
    higher: str
    format: str

    def show(self, value: float) -> str:
        """Write a value for people, with its unit."""
        return self.format.format(value)


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of the features.

    Parameters
    ----------
    name : str
        For programs, and for the site's data.
    unit : str
        What it is measured in; empty where it has no unit.
    label : str
        For people.
    meaning : str
        What it says of a sound, as a sentence.
    public : bool
        Whether people are shown it: as a color, an axis, a filter.
    words : FeatureWords, optional
        Adjectives for it, if people have any: then it gets into names of clusters, explanations and directions. Of
        features that go together (brightness with crispness and noisiness, loudness with energy and power) only the
        best known has some.
    least, most : float
        Its bounds: what lies beyond is set to them.
    percent_of : tuple of float, optional
        What is 0 and what is 100 % to people, of a measure whose numbers mean nothing to them. The cache keeps what was
        measured; everything after it has percent, see :func:`as_people_read`.
    measure : str
        What computes it alone, as ``module:attribute``: a function of the samples (float32 ``[n]``, mono, 16 kHz) that
        returns a float. Empty where it is measured together with others.
    """

    name: str
    unit: str
    label: str
    meaning: str
    public: bool = True
    words: FeatureWords | None = None
    least: float = -math.inf
    most: float = math.inf
    percent_of: tuple[float, float] | None = None
    measure: str = ""


def _mfcc(statistic: str, what: str) -> tuple[Feature, ...]:
    return tuple(
        Feature(
            f"mfcc_{statistic}_{k}", "", f"MFCC {k} {what}", f"The {what} of a coefficient of timbre.", public=False
        )
        for k in range(1, MFCC_COUNT + 1)
    )


FEATURES: tuple[Feature, ...] = (
    *_mfcc("mean", "mean"),
    *_mfcc("std", "standard deviation"),
    Feature(
        "brightness",
        "Hz",
        "brightness",
        "Where the middle of the sound's spectrum lies; bright sounds lie high.",
        words=FeatureWords(2, "dark", "bright", "darker", "brighter", "{:.0f} Hz"),
    ),
    Feature(
        "tempo",
        "BPM",
        "tempo",
        "Beats per minute, in the middle of the track.",
        words=FeatureWords(1, "slow", "fast", "slower", "faster", "{:.0f} BPM"),
    ),
    Feature(
        "beat_strength",
        "%",
        "beat strength",
        "How sure the beat is: below 28 % hardly, above 66 % very.",
        words=FeatureWords(4, "drifting", "driving", "more drifting", "more driving", "{:.0f}%"),
        least=0.0,  # slightly below where the trackers agree on nothing
        percent_of=(0.0, 5.3),
    ),
    Feature("key", "pitch class", "key", "The key note: 0 is C, 1 is C sharp, and so on to 11, which is B."),
    Feature(
        "mode",
        "",
        "major or minor",
        "1 in a major key, 0 in a minor one.",
        words=FeatureWords(8, "minor", "major", "more often minor", "more often major", "{:.0%} major"),
    ),
    Feature(
        "key_clarity",
        "%",
        "key clarity",
        "How well the notes fit the key: 100 % is perfectly, 0 not at all.",
        least=0.0,  # a sound without any pitch (noise, a single drum) correlates with no key, or with all
        most=1.0,
        percent_of=(0.0, 1.0),
    ),
    Feature(
        "loudness",
        "LUFS",
        "loudness",
        "How loud the whole track is to the ear (EBU R 128).",
        words=FeatureWords(3, "quiet", "loud", "quieter", "louder", "{:.0f} LUFS"),
        least=QUIETEST_LUFS,
    ),
    Feature(
        "loudness_range",
        "LU",
        "loudness range",
        "How far its quiet and its loud parts are apart (EBU R 128).",
        words=FeatureWords(6, "even", "dynamic", "more even", "more dynamic", "{:.0f} LU"),
    ),
    Feature("dynamics", "dB", "dynamics", "How much the loudness changes from moment to moment."),
    Feature(
        "danceability",
        "%",
        "danceability",
        "How steady and regular the movement is.",
        words=FeatureWords(5, "free-flowing", "steady", "freer in its flow", "steadier", "{:.0f}%"),
        most=MOST_DANCEABLE,
        percent_of=(0.6, 3.0),
    ),
    Feature("energy", "", "energy", "The sum of the squared samples of a frame of 128 ms, on average."),
    Feature("power", "", "power", "The effective amplitude (RMS) of the whole track; 1 is full scale."),
    Feature("noisiness", "", "noisiness", "How often the wave changes its sign, per sample: hiss much, bass little."),
    Feature("crispness", "Hz", "crispness", "The frequency below which 85 % of the energy lies."),
    Feature(
        "noise_to_tone",
        "%",
        "tonal or noisy",
        "How flat the spectrum is: 0 is a pure tone, 100 % is white noise.",
        words=FeatureWords(7, "clear-toned", "gritty", "clearer in tone", "grittier", "{:.0f}%"),
        percent_of=(0.0, 1.0),
    ),
)
OF_HEADS: Final = {
    feature.name: feature
    for feature in (
        Feature(
            "voice",
            "%",
            gettext_noop("voice"),
            "How much of the track is sung or spoken: 0 % is instrumental.",
            words=FeatureWords(0, "instrumental", "sung", "more instrumental", "more sung", "{:.0f}% voice"),
        ),
        Feature(
            "dance_appeal",
            "%",
            gettext_noop("dance appeal"),
            "How much of the track people would dance to.",
            words=FeatureWords(
                9, "for listening", "for dancing", "more for listening", "more for dancing", "{:.0f}% danceable"
            ),
        ),
        Feature(
            "cheerfulness",
            "%",
            gettext_noop("cheerfulness"),
            "How much of the track sounds happy.",
            words=FeatureWords(10, "serious", "cheerful", "more serious", "more cheerful", "{:.0f}% happy"),
        ),
    )
}
"""What heads of an embedder tell as numbers (``registry.heads``), by name: columns after those of :data:`FEATURES`, on
maps whose tracks all have them. They are percent from the start."""


def names() -> tuple[str, ...]:
    """Return the names of the features that are measured, in the order of their columns."""
    return tuple(feature.name for feature in FEATURES)


def as_people_read(measured: Float32Array) -> Float32Array:
    """Turn measured features into what people read: percent where their own numbers mean nothing to people.

    Parameters
    ----------
    measured : numpy.ndarray
        Float32 ``[n, f]``, in the order of :data:`FEATURES`.

    Returns
    -------
    numpy.ndarray
        Float32 ``[n, f]``, another array.
    """
    shown = measured.copy()
    for column, feature in enumerate(FEATURES):
        if feature.percent_of is not None:
            nothing, all_of_it = feature.percent_of
            shown[:, column] = (100 * (measured[:, column] - nothing) / (all_of_it - nothing)).clip(0, 100)
    return shown


def public_units() -> dict[str, str]:
    """Return the unit of each feature that people are shown, by its name."""
    return {feature.name: feature.unit for feature in (*FEATURES, *OF_HEADS.values()) if feature.public}


def words() -> dict[str, FeatureWords]:
    """Return the adjectives of the features that have some, by name, the most telling first."""
    every = (*FEATURES, *OF_HEADS.values())
    spoken = {feature.name: feature.words for feature in every if feature.words is not None}
    return dict(sorted(spoken.items(), key=lambda item: item[1].rank))
