"""Decide whether a map can have clusters: if its tracks are indistinguishable, none are searched for. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from spotmap_build.core.language import page_message

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array

NEAR_CHANCE: Final = 0.75
"""Trustworthiness below which a map is hardly better than random. Vectors of 512 random numbers give 0.73 (60 tracks),
0.60 (1,000) and 0.55 (3,000), real music 0.87 and more."""
MIN_TRACKS_TO_TELL: Final = 50
"""With fewer tracks, a map can be trustworthy or not by chance alone."""


def why_no_clusters(coordinates: Float32Array, vectors: Float32Array, trustworthiness: float | None) -> str:
    """Return a sentence that says why there are no clusters; empty if clusters should be searched for.

    Parameters
    ----------
    coordinates : Float32Array
        Float32 ``[n, 2]``.
    vectors : Float32Array
        Float32 ``[n, d]``, the vectors of the layout; without columns if positions were given.
    trustworthiness : float | None
        Trustworthiness of the layout; None if positions were given.
    """
    n = len(coordinates)
    if n < 2:
        return ""
    if not np.ptp(coordinates, axis=0).any():
        return page_message(
            "All {count} tracks lie on one spot: nothing tells them apart, and there are no clusters."
        ).format(count=f"{n:,}")
    if vectors.shape[1] and not np.ptp(vectors, axis=0).any():
        return page_message(
            "All {count} tracks have the same vector: where each lies is chance, and there are no clusters."
        ).format(count=f"{n:,}")
    if trustworthiness is not None and n >= MIN_TRACKS_TO_TELL and trustworthiness < NEAR_CHANCE:
        return page_message(
            "This map is hardly better than a random one (trustworthiness {figure}, where 0.5 is random): two "
            "dimensions cannot show how its tracks are alike, so no region is named."
        ).format(figure=f"{trustworthiness:.2f}")
    return ""
