"""What the feature extractors share: lengths and rates of the analysis, and the order of the features in a row."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from spotmap_build import registry
from spotmap_build.embed.sound import SAMPLE_RATE_HZ
from spotmap_build.registry import features

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spotmap_build.model import Float32Array

FRAME_SAMPLES: Final = 2048
HOP_SAMPLES: Final = 1024
MIN_SAMPLES: Final = 3 * SAMPLE_RATE_HZ
"""Beats and short-term loudness need 3 s; shorter recordings are looped."""
RHYTHM_SAMPLES: Final = 60 * SAMPLE_RATE_HZ
"""Beats are tracked in the middle minute only: the full track takes four times as long, for one number."""
RHYTHM_RATE_HZ: Final = 44_100
"""The sample rate for which the constants of the beat tracker were chosen."""


def middle_minute(samples: Float32Array) -> Float32Array:
    """Return the part of a recording in which beats are tracked: the middle minute."""
    start = max(0, (len(samples) - RHYTHM_SAMPLES) // 2)
    return samples[start : start + RHYTHM_SAMPLES]


def feature_row(values: Mapping[str, float], samples: Float32Array) -> Float32Array:
    """Arrange the features of a recording as a row.

    Parameters
    ----------
    values : mapping of str to float
        Measured values by feature name.
    samples : numpy.ndarray
        Float32 ``[n]``, mono, 16 kHz, for features that have their own ``measure`` function.

    Returns
    -------
    numpy.ndarray
        Float32 ``[f]``, in the order of :data:`~spotmap_build.registry.features.FEATURES` and within their bounds.
    """
    import numpy as np

    row = []
    for feature in features.FEATURES:
        value = registry.load(feature.measure)(samples) if feature.measure else values[feature.name]
        # Without bounds, keep NaN as it is: it shows that a recording cannot be measured.
        value = max(feature.least, value) if feature.least > -math.inf else value
        row.append(min(feature.most, value) if feature.most < math.inf else value)
    return np.array(row, dtype=np.float32)
