"""Discogs-EffNet (Essentia models, MTG): embedding vectors of 1,280 numbers, and activations of 400 styles.

Alonso-Jiménez, Serra and Bogdanov, "Music representation learning based on editorial metadata from Discogs" (2022).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from spotmap_build.embed.engines import SUFFIXES
from spotmap_build.embed.heads import Heads
from spotmap_build.embed.patches import Embedding, mel_patches, most_typical

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from spotmap_build.embed.engines import Engine
    from spotmap_build.embed.heads import Head
    from spotmap_build.model import Float32Array

PATCH_FRAMES: Final = 128
"""2.048 s."""
PATCHES: Final = 64
WHOLE_BATCH: Final = 64
"""The fixed batch size of the graph that Essentia runs."""
SMALL_BATCH: Final = 8
"""The fastest batch size if any is possible, with little use of memory."""
INPUT: Final = "serving_default_melspectrogram"
STYLES: Final = "PartitionedCall:0"
EMBEDDING: Final = "PartitionedCall:1"


class DiscogsEffnet:
    """The loaded network. Raises the errors of :class:`~spotmap_build.embed.engines.Engine` while loading.

    ``heads``: classifier heads that run on the embedding of each patch.
    """

    def __init__(self, weights_path: Path, engine: Engine, heads: Sequence[Head] = ()) -> None:
        self._takes_any = weights_path.suffix == SUFFIXES["onnx"]
        self._network = engine.load_network(weights_path, input_name=INPUT, output_names=(STYLES, EMBEDDING))
        self._heads = Heads(heads, engine)

    def __call__(self, samples: Float32Array) -> Embedding:
        """Embed samples (float32, 16 kHz, mono).

        ``vector`` is float32 ``[1280]``, ``tags`` float32 ``[400]`` in 0..1, and each of ``heads`` float32
        ``[classes]``. All are means over the patches.
        """
        patches = mel_patches(samples, patch_frames=PATCH_FRAMES, max_patches=PATCHES)
        styles, embedding = self._run(patches.mel)
        return Embedding(
            vector=_mean(embedding),
            tags=_mean(styles),
            typical_sample=int(patches.starts[most_typical(embedding)]),
            heads=tuple(map(_mean, self._heads(embedding))),
        )

    def _run(self, patches: Float32Array) -> tuple[Float32Array, Float32Array]:
        """Return the styles and the embedding of each patch, without the rows that pad a batch."""
        size = SMALL_BATCH if self._takes_any else WHOLE_BATCH
        batches = [patches[first : first + size] for first in range(0, len(patches), size)]
        if not self._takes_any:
            batches = [np.pad(batch, ((0, size - len(batch)), (0, 0), (0, 0))) for batch in batches]
        styles, embedding = zip(*map(self._network, batches), strict=True)
        return np.concatenate(styles)[: len(patches)], np.concatenate(embedding)[: len(patches)]


def _mean(of_patches: Float32Array) -> Float32Array:
    return np.asarray(of_patches.mean(axis=0, dtype=np.float64), dtype=np.float32)
