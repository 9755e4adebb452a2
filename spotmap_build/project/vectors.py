"""Prepare embedding vectors for a comparison by angle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array

SMALLEST_NORM: Final = 1e-12


def prepare(vectors: Float32Array, preprocessing: str) -> Float32Array:
    """Unit vectors whose dot product is the similarity of two tracks.

    ``preprocessing`` is ``"zscore"`` (every dimension to mean 0 and standard deviation 1 over the library: for
    musicnn's pooled activations, whose dimensions have very different scales), ``"centre"`` (the library's mean taken
    away: what all tracks share says nothing about any of them) or ``"none"`` (vectors compared as they came).

    Parameters
    ----------
    vectors: float32 ``[n, d]``, finite.

    Returns
    -------
    float32 ``[n, d]`` of unit length; a row that becomes zero (equal to the mean) stays zero.
    """
    prepared = vectors.astype(np.float32, copy=True)
    if preprocessing in {"centre", "zscore"} and len(prepared):
        prepared -= prepared.mean(axis=0, dtype=np.float64).astype(np.float32)
    if preprocessing == "zscore" and len(prepared):
        deviation = prepared.std(axis=0, dtype=np.float64).astype(np.float32)
        # A dimension that hardly varies is rounding noise; dividing by it would make it the loudest of all.
        constant = deviation <= 1e-6 * max(float(deviation.max(initial=0.0)), SMALLEST_NORM)
        prepared /= np.where(constant, np.float32(1), deviation)
        prepared[:, constant] = 0
    norms = np.linalg.norm(prepared, axis=1, keepdims=True)
    prepared /= np.maximum(norms, SMALLEST_NORM)
    return prepared
