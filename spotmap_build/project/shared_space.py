"""A vector space that is the same for everyone, so that the tracks on two people's cards can be compared.

The space of a map (``project.preprocessing``) depends on its library, which a card's must not. Vectors are therefore
standardized, if the embedder needs it, with statistics of freely licensed music that are part of this package. They are
then projected on random sign vectors (Achlioptas, "Database-friendly random projections", 2003), which preserve
distances and do not depend on any library: they are generated from the embedder's name by SHAKE-256.
``benchmarks/cards`` measures how many nearest neighbors this preserves.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final

import numpy as np

from spotmap_build.model import SharedSound
from spotmap_build.project.preprocessing import prepare

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from spotmap_build.model import Float32Array

DIMENSIONS: Final = 128
SEED: Final = "spotmap.card/1"
MAX_CODE: Final = 127
SCALES: Final = {"musicnn": "musicnn.scale.npy"}
"""Files with mean and standard deviation of each dimension (float32 ``[2, d]``) over the corpus of
``benchmarks/real_music``, by embedder; only for embedders whose dimensions have different scales (``zscore``)."""


def to_shared_space(vectors: Float32Array, embedder: str) -> Float32Array:
    """Project vectors of an embedder: float32 ``[n, d]`` to float32 ``[n, DIMENSIONS]``.

    Examples
    --------
    >>> import numpy as np
    >>> one, other = to_shared_space(np.eye(2, 400, dtype=np.float32), "any")
    >>> one.shape, bool(abs(np.linalg.norm(one - other) - 2**0.5) < 0.2)
    ((128,), True)
    """
    if embedder in SCALES:
        mean, deviation = _scale(embedder)
        vectors = (vectors - mean) / deviation
    return np.asarray(vectors.astype(np.float64) @ directions(embedder, vectors.shape[1]), dtype=np.float32)


def encode_sounds(points: Float32Array) -> tuple[SharedSound, ...]:
    """Quantize points to 8 bits per dimension, between the minimum and the maximum over all points."""
    if not len(points):
        return ()
    low, high = points.min(axis=0).astype(np.float64), points.max(axis=0).astype(np.float64)
    offsets, steps = (low + high) / 2, np.maximum((high - low) / (2 * MAX_CODE), 1e-12)
    codes = np.rint((points - offsets) / steps).clip(-MAX_CODE, MAX_CODE).astype(np.int8)
    shared = tuple(offsets.tolist()), tuple(steps.tolist())
    return tuple(SharedSound(row.tobytes(), *shared) for row in codes)


def decode_sounds(sounds: Sequence[SharedSound]) -> Float32Array:
    """Invert ``encode_sounds``: float32 ``[n, d]``, n at least 1."""
    codes = np.frombuffer(b"".join(sound.codes for sound in sounds), dtype=np.int8).reshape(len(sounds), -1)
    steps, offsets = (np.asarray([getattr(sound, name) for sound in sounds]) for name in ("steps", "offsets"))
    return np.asarray(codes * steps + offsets, dtype=np.float32)


def compare_sounds(points: Float32Array) -> Float32Array:
    """Return unit vectors whose dot product is the similarity of two tracks of any person: float32 ``[n, e]``."""
    return prepare(points, "center")


def _scale(embedder: str) -> Float32Array:
    file = resources.files("spotmap_build.project").joinpath("data", SCALES[embedder])
    with file.open("rb") as opened:
        scale: Float32Array = np.load(opened, allow_pickle=False)
    return scale


@cache
def directions(embedder: str, dimensions: int, count: int = DIMENSIONS) -> npt.NDArray[np.float64]:
    """Return the projection matrix of scaled random signs: float64 ``[dimensions, count]``."""
    stream = hashlib.shake_256(f"{SEED} {embedder}".encode()).digest(-(-dimensions * count // 8))
    bits = np.unpackbits(np.frombuffer(stream, dtype=np.uint8))[: dimensions * count].reshape(count, dimensions)
    return np.asarray((2.0 * bits.T - 1.0) / np.sqrt(count))
