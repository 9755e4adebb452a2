"""Why a map has no clusters that could be named: where nothing tells tracks apart, none are looked for. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from spotmap_build.core.language import page_message

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array

NEAR_CHANCE: Final = 0.75
"""Trustworthiness below which a map is as good as drawn at random: vectors of 512 random numbers come to .73 (60
tracks), .60 (1,000) and .55 (3,000); real music to .87 and more."""
FEW: Final = 50
"""Of fewer tracks chance alone makes a trustworthy map now and then, or a bad one."""


def why_no_clusters(coordinates: Float32Array, vectors: Float32Array, trustworthiness: float | None) -> str:
    """Return a sentence for the map's owner; empty where clusters are to be looked for.

    Parameters
    ----------
    coordinates : Float32Array
        Float32 ``[n, 2]``.
    vectors : Float32Array
        Float32 ``[n, d]`` that were laid out; without columns where the places are given.
    trustworthiness : float | None
        Of the layout; None where the places are given.
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
    if trustworthiness is not None and n >= FEW and trustworthiness < NEAR_CHANCE:
        return page_message(
            "This map is hardly truer than one drawn at random (trustworthiness {figure}, where 0.5 is chance): its "
            "tracks are alike in too many ways for a plane, so nothing on it is named."
        ).format(figure=f"{trustworthiness:.2f}")
    return ""
