"""Make vectors of 30-second previews comparable with those of whole tracks.

What is pooled over a track (its spread above all) is another number over 30 seconds, in the same direction for every
track. Left in, a map of both kinds sorts itself by kind (docs/map-quality.md has the figures).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array

PRIOR_PAIRS: Final = 10
"""The shift is estimated as if so many further pairs had shown none: a few tracks must not move all others."""


def common_shift(previews: Float32Array, wholes: Float32Array) -> Float32Array:
    """Estimate by what previews differ from whole tracks, from tracks that were listened to in both ways.

    Parameters
    ----------
    previews, wholes : float32 ``[m, d]``
        Row by row the same tracks; m may be 0, then the shift is 0.

    Returns
    -------
    float32 ``[d]``
        The mean difference, shrunk towards 0 where there are few pairs.

    Examples
    --------
    >>> previews = np.ones((30, 2), np.float32)
    >>> common_shift(previews, previews - 4)
    array([3., 3.], dtype=float32)
    """
    differences = previews.astype(np.float64) - wholes.astype(np.float64)
    return np.asarray(differences.sum(axis=0) / (len(differences) + PRIOR_PAIRS), dtype=np.float32)
