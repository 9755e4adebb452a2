"""Discogs-EffNet: 1,280 numbers that say how a track sounds and how much it has of 400 styles (Essentia models, MTG).

Alonso-Jiménez, Serra and Bogdanov, "Music representation learning based on editorial metadata from Discogs" (2022).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from spotmap_build.embed.mel import BANDS
from spotmap_build.embed.patches import Heard, mel_patches, most_typical

if TYPE_CHECKING:
    from pathlib import Path

    from spotmap_build.embed.engines import Engine
    from spotmap_build.model import Float32Array

PATCH_FRAMES: Final = 128
"""2.048 s."""
BATCH_PATCHES: Final = 64
"""Fixed in the graph: another number of patches fails. One batch, spread over the track, is what we look at."""
INPUT: Final = "serving_default_melspectrogram"
STYLES: Final = "PartitionedCall:0"
EMBEDDING: Final = "PartitionedCall:1"


class DiscogsEffnet:
    """The loaded network; see :class:`~spotmap_build.embed.engines.Engine` for what can go wrong while loading."""

    def __init__(self, weights_path: Path, engine: Engine) -> None:
        self._network = engine.load_network(weights_path, input_name=INPUT, output_names=(STYLES, EMBEDDING))

    def __call__(self, samples: Float32Array) -> Heard:
        """Listen to samples (float32, 16 kHz, mono).

        ``vector`` is float32 ``[1280]``, ``tags`` float32 ``[400]`` in 0..1.

        Both are means over the patches. A recording too short for 64 different ones leaves rows of the batch empty,
        and those are not counted.
        """
        patches = mel_patches(samples, patch_frames=PATCH_FRAMES, wanted=BATCH_PATCHES)
        count = len(patches.mel)
        batch = np.zeros((BATCH_PATCHES, PATCH_FRAMES, BANDS), dtype=np.float32)
        batch[:count] = patches.mel
        styles, embedding = (output[:count] for output in self._network(batch))
        return Heard(
            vector=embedding.mean(axis=0, dtype=np.float64).astype(np.float32),
            tags=styles.mean(axis=0, dtype=np.float64).astype(np.float32),
            typical_sample=int(patches.starts[most_typical(embedding)]),
        )
