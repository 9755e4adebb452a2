"""Select the patches of a recording that a network analyzes, evenly spaced over the whole recording.

Evenly spaced patches represent the full track better than any excerpt: of a track's neighbors by musicnn's dense layer,
20 patches preserve 97 %, the central minute 89 %, and the first half minute 67 % (37 tracks). docs/map-quality.md
compares numbers of patches.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spotmap_build.embed.mel import HOP_SAMPLES, mel_frames

if TYPE_CHECKING:
    import numpy.typing as npt

    from spotmap_build.model import Float32Array

MAX_PATCHES_PER_LENGTH = 2.5
"""Maximum number of patches per patch length. Essentia's spacing for Discogs-EffNet is 62 of 128 frames, within it."""


@dataclass(frozen=True, slots=True, eq=False)
class Patches:
    """Patches of a recording: mel bands, float32 ``[n, frames, 96]``; ``starts``: their first samples, ascending."""

    mel: Float32Array
    starts: npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """Output of a network for a recording: ``vector`` and ``tags`` as in ``TrackEmbedding``.

    ``typical_sample``: first sample of the most typical patch, see :func:`most_typical`.
    ``heads``: activations of each of the network's classifier heads.
    """

    vector: Float32Array
    tags: Float32Array
    typical_sample: int
    heads: tuple[Float32Array, ...] = ()


def loop_to(samples: Float32Array, min_samples: int) -> Float32Array:
    """Return the recording, repeated until it has ``min_samples``; unchanged if it is long enough.

    Padding with silence instead would make a model describe the silence.
    """
    if len(samples) >= min_samples:
        return samples
    return np.resize(samples, min_samples)


def patch_starts(frame_count: int, patch_frames: int, max_patches: int) -> npt.NDArray[np.intp]:
    """Return the first frames of at most ``max_patches`` patches, evenly spaced from the first frame to the last.

    Short recordings get fewer patches, so that no two overlap by more than 60 %, beyond which more patches add nothing.
    The result is ``[n]``, ascending, with ``1 <= n <= max_patches``.
    """
    last = frame_count - patch_frames
    if last < 0:
        raise ValueError(f"{frame_count} frames are too few for a patch of {patch_frames}")
    count = min(max_patches, 1 + math.ceil(MAX_PATCHES_PER_LENGTH * last / patch_frames))
    return np.unique(np.round(np.linspace(0, last, count)).astype(np.intp))


def mel_patches(samples: Float32Array, *, patch_frames: int, max_patches: int) -> Patches:
    """Return evenly spaced patches of mel frames: at least one, at most ``max_patches``.

    Parameters
    ----------
    samples : Float32Array
        Float32 at 16 kHz; less than one patch is repeated to the length of one.
    """
    looped = loop_to(samples, patch_frames * HOP_SAMPLES)
    starts = patch_starts(len(looped) // HOP_SAMPLES, patch_frames, max_patches)
    rows = starts[:, np.newaxis] + np.arange(patch_frames)
    # Compute every frame once, even if patches overlap, and no frames between patches.
    frames, inverse = np.unique(rows, return_inverse=True)
    return Patches(mel_frames(looped, frames)[inverse.reshape(rows.shape)], starts * HOP_SAMPLES)


def most_typical(vectors: Float32Array) -> int:
    """Return the row that correlates best with the mean of all rows (centered cosine).

    Parameters
    ----------
    vectors : numpy.ndarray
        Float32 ``[n, d]``, one per patch.

    Returns
    -------
    int
        The index of the row; the first one on a tie.

    Examples
    --------
    >>> import numpy as np
    >>> most_typical(np.array([[3, 2, 1], [1, 2, 3], [1, 2, 4]], dtype=np.float32))
    2
    """
    wide = vectors.astype(np.float64)
    wide -= wide.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(wide, axis=1)
    similarity = np.divide(wide @ wide.mean(axis=0), lengths, out=np.zeros(len(wide)), where=lengths > 0)
    # Rounded, so that the first of equal patches is chosen on every machine.
    return int(np.round(similarity / max(similarity.max(), 1e-300), 6).argmax())
