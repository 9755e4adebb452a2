"""Make vectors of 30-second previews comparable with those of whole tracks.

What is pooled over a track (its spread above all) is another number over 30 seconds, in the same direction for every
track, and scatters more. Left in, a map of both kinds sorts itself by kind (docs/map-quality.md has the figures).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array

PRIOR_PAIRS: Final = 10
"""Shift and scale are estimated as if so many further pairs had shown no difference: few tracks must not move all."""
SCALES: Final = (0.5, 1.5)
"""Within which a dimension may be scaled."""


def as_whole_tracks(vectors: Float32Array, previews: Float32Array, wholes: Float32Array) -> Float32Array:
    """Give vectors of previews the mean and the spread that vectors of whole tracks have.

    By what they differ is learned, in each dimension by itself, from tracks that were listened to in both ways.

    Parameters
    ----------
    vectors : float32 ``[n, d]``
        Of previews.
    previews, wholes : float32 ``[m, d]``
        Row by row the same tracks; m may be 0, then nothing is changed.

    Returns
    -------
    Float32Array
        Float32 ``[n, d]``

    Examples
    --------
    >>> previews = np.array([[1.0], [3.0]] * 45, np.float32)
    >>> as_whole_tracks(previews[:2], previews, previews - 1).ravel()
    array([0.1, 2.1], dtype=float32)
    """
    count = len(previews)
    if not count:
        return vectors
    before, after = previews.astype(np.float64), wholes.astype(np.float64)
    trust = count / (count + PRIOR_PAIRS)
    shift = trust * (before - after).mean(axis=0)
    spread = before.std(axis=0)
    scale = np.divide(after.std(axis=0), spread, out=np.ones_like(spread), where=spread > 0)
    scale = 1 + trust * (np.clip(scale, *SCALES) - 1)
    center = before.mean(axis=0)
    return np.asarray((vectors - center) * scale + center - shift, dtype=np.float32)
