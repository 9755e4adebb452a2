"""The 41 features, with numpy and scipy.

The same measures as Essentia takes, with the same constants and where it matters the same oddities, in a quarter of the
time: how far they agree stands in docs/decisions/0011.
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
    from spotmap_build.embed.numpy_features.frames import by_frame, power_and_brightness
    from spotmap_build.embed.numpy_features.loudness import loudness
    from spotmap_build.embed.numpy_features.movement import danceability
    from spotmap_build.embed.numpy_features.rhythm import rhythm
    from spotmap_build.embed.numpy_features.tonal import key
    from spotmap_build.embed.patches import loop_to
    from spotmap_build.embed.spectral import LEAST_SAMPLES, as_row

    enough = loop_to(samples, LEAST_SAMPLES)
    values = by_frame(enough) | power_and_brightness(enough) | rhythm(enough) | key(enough) | loudness(enough)
    values["danceability"] = danceability(enough)
    return as_row(values, enough)
