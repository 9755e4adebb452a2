"""Make vectors of 30-second previews comparable with those of full tracks.

Values pooled over 30 seconds, standard deviations above all, differ systematically from those pooled over a full track
and vary more. Without a correction, a map of both kinds separates them by kind (docs/map-quality.md has figures).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array

PRIOR_PAIRS: Final = 10
"""Number of additional pairs without a difference that the estimates of shift and scale assume, so that a few tracks do
not move all others."""
SCALES: Final = (0.5, 1.5)
"""Limits of the scale of a dimension."""


def correct_previews(vectors: Float32Array, previews: Float32Array, wholes: Float32Array) -> Float32Array:
    """Adjust vectors of previews to the mean and standard deviation of vectors of full tracks.

    The difference is estimated for each dimension separately, from tracks that were analyzed in both ways.

    Parameters
    ----------
    vectors : float32 ``[n, d]``
        Of previews.
    previews, wholes : float32 ``[m, d]``
        Vectors of the same tracks, from previews and from full tracks. If m is 0, nothing is changed.

    Returns
    -------
    Float32Array
        Float32 ``[n, d]``

    Examples
    --------
    >>> previews = np.array([[1.0], [3.0]] * 45, np.float32)
    >>> correct_previews(previews[:2], previews, previews - 1).ravel()
    array([0.1, 2.1], dtype=float32)
    """
    count = len(previews)
    if not count:
        return vectors
    before, after = previews.astype(np.float64), wholes.astype(np.float64)
    trust = count / (count + PRIOR_PAIRS)
    shift = trust * (before - after).mean(axis=0)
    std = before.std(axis=0)
    scale = np.divide(after.std(axis=0), std, out=np.ones_like(std), where=std > 0)
    scale = 1 + trust * (np.clip(scale, *SCALES) - 1)
    center = before.mean(axis=0)
    return np.asarray((vectors - center) * scale + center - shift, dtype=np.float32)
