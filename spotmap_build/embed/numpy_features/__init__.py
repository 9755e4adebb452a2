"""Measure the 41 features with numpy and scipy.

The algorithms and constants are those of Essentia, including its peculiarities where they matter, in a quarter of the
time. docs/decisions/0011 says how closely the results agree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array


def measure(samples: Float32Array) -> Float32Array:
    """Return the features of a recording.

    Parameters
    ----------
    samples : Float32Array
        Float32 ``[n]``, mono, 16 kHz.

    Returns
    -------
    Float32Array
        Float32 ``[41]``, in the order of ``registry.features.FEATURES``.
    """
    from spotmap_build.embed.numpy_features.common import MIN_SAMPLES, feature_row
    from spotmap_build.embed.numpy_features.frames import by_frame, power_and_brightness
    from spotmap_build.embed.numpy_features.loudness import loudness
    from spotmap_build.embed.numpy_features.movement import danceability
    from spotmap_build.embed.numpy_features.rhythm import rhythm
    from spotmap_build.embed.numpy_features.tonal import key
    from spotmap_build.embed.patches import loop_to

    looped = loop_to(samples, MIN_SAMPLES)
    values = by_frame(looped) | power_and_brightness(looped) | rhythm(looped) | key(looped) | loudness(looped)
    values["danceability"] = danceability(looped)
    return feature_row(values, looped)
