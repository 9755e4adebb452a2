"""Interpretable features of audio. They color the map, describe its axes and explain neighbors.

To add one, add a row to :data:`FEATURES`. By themselves they are a poor similarity space, for which the embedding
vectors are used instead. All are computed from 16 kHz mono, so nothing above 8 kHz counts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from spotmap_build.core.translation import gettext_noop

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array

MFCC_COUNT: Final = 13
MAX_DANCEABILITY: Final = 5.0
"""Upper bound. Music stays below 3; a steady tone, which does not change at all, would get 650."""
MIN_LUFS: Final = -70.0
"""EBU R 128's absolute gate. The loudness of quieter recordings is undefined and set to this value."""
FEATURES_VERSION: Final = 0
"""Raise when a feature is added, or when the same audio gives other features. Every library is then analyzed again."""


@dataclass(frozen=True, slots=True)
class FeatureWords:
    """Adjectives for low and high values of a feature, and their comparatives.

    ``format``: template of :meth:`str.format` for a value. ``rank``: if several features distinguish something, the one
    with the lowest rank is preferred.
    """

    rank: int
    low: str
    high: str
    lower: str
    higher: str
    format: str

    def show(self, value: float) -> str:
        """Return a value as text with its unit."""
        return self.format.format(value)


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of the features.

    Parameters
    ----------
    name : str
        Identifier in code and in the site's data.
    unit : str
        Unit of measurement; empty if it has none.
    label : str
        Name on the page.
    meaning : str
        A sentence that explains it.
    public : bool
        Whether the page offers it as a color, an axis and a filter.
    words : FeatureWords, optional
        Adjectives for it. With them, it is used in names of clusters, explanations and directions. Of correlated
        features (brightness with crispness and noisiness, loudness with energy and power) only the best known has
        adjectives.
    least, most : float
        Bounds to which values are clipped.
    percent_of : tuple of float, optional
        The values shown as 0 and 100 %, for a measure whose own scale means nothing to people. The cache contains the
        measured values, all later steps use percent, see :func:`to_displayed_values`.
    measure : str
        The function that computes this feature alone, as ``module:attribute``. It takes samples (float32 ``[n]``, mono,
        16 kHz) and returns a float. Empty if the feature is measured together with others.
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


def _mfcc(statistic: str, words: str) -> tuple[Feature, ...]:
    meaning = f"The {words} of a coefficient of timbre."
    return tuple(
        Feature(f"mfcc_{statistic}_{k}", "", f"MFCC {k} {words}", meaning, public=False)
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
        least=0.0,  # slightly negative if the trackers do not agree at all
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
        least=0.0,  # unpitched audio (noise, a single drum) correlates with no key, or with all
        most=1.0,
        percent_of=(0.0, 1.0),
    ),
    Feature(
        "loudness",
        "LUFS",
        "loudness",
        "How loud the whole track is to the ear (EBU R 128).",
        words=FeatureWords(3, "quiet", "loud", "quieter", "louder", "{:.0f} LUFS"),
        least=MIN_LUFS,
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
        words=FeatureWords(5, "free-flowing", "steady", "less steady", "steadier", "{:.0f}%"),
        most=MAX_DANCEABILITY,
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
        words=FeatureWords(7, "clear-toned", "gritty", "less gritty", "grittier", "{:.0f}%"),
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
"""Features from classifier heads (``registry.heads``), by name. Their columns follow those of :data:`FEATURES`, on maps
whose tracks all have them. They are percentages already."""


def names() -> tuple[str, ...]:
    """Return the names of the measured features, in the order of their columns."""
    return tuple(feature.name for feature in FEATURES)


def to_displayed_values(measured: Float32Array) -> Float32Array:
    """Convert measured features to displayed values: percent for features with ``percent_of``.

    Parameters
    ----------
    measured : numpy.ndarray
        Float32 ``[n, f]``, in the order of :data:`FEATURES`.

    Returns
    -------
    numpy.ndarray
        Float32 ``[n, f]``, a new array.
    """
    shown = measured.copy()
    for column, feature in enumerate(FEATURES):
        if feature.percent_of is not None:
            zero, full = feature.percent_of
            shown[:, column] = (100 * (measured[:, column] - zero) / (full - zero)).clip(0, 100)
    return shown


def public_units() -> dict[str, str]:
    """Return the unit of each public feature, by name."""
    return {feature.name: feature.unit for feature in (*FEATURES, *OF_HEADS.values()) if feature.public}


def words() -> dict[str, FeatureWords]:
    """Return the adjectives of all features that have some, by name and sorted by rank."""
    every = (*FEATURES, *OF_HEADS.values())
    by_name = {feature.name: feature.words for feature in every if feature.words is not None}
    return dict(sorted(by_name.items(), key=lambda item: item[1].rank))
