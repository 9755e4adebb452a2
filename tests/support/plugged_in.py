"""spotmap-build with an additional source, embedder and feature: ``python -m tests.support.plugged_in ARGUMENTS``.

Each is only a row in its table and the code that the row names, as a contributor would write it. Worker processes
import this module as well, so they also have the additions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from spotmap_build.registry import embedders, features, sources

if TYPE_CHECKING:
    from spotmap_build.embed.engines import Engine
    from spotmap_build.embed.patches import Embedding
    from spotmap_build.fetch.source import LoadContext, Loaded
    from spotmap_build.model import Float32Array

HERE = "tests.support.plugged_in"  # the rows refer to this module as to a package
BANDS = 7


@dataclass(frozen=True, slots=True)
class Shelf:
    """``--source shelf:PATH``: a folder under a different name."""

    path: Path

    def load(self, context: LoadContext) -> Loaded:
        """Load the library like the folder source."""
        from spotmap_build.fetch.folders.folder import FolderSource

        return replace(FolderSource(self.path).load(context), kind="shelf")


class Bands:
    """``--embedder bands``: the level of each band of the spectrum. It has no weights of its own."""

    def __init__(self, _weights_path: Path, _engine: Engine) -> None:
        pass

    def __call__(self, samples: Float32Array) -> Embedding:
        """Measure the level of each band."""
        from spotmap_build.embed.patches import Embedding

        spectrum = np.abs(np.fft.rfft(samples))
        vector = [np.log1p(band.mean()) for band in np.array_split(spectrum, BANDS)]
        return Embedding(np.array(vector, dtype=np.float32), np.full(50, 0.1, dtype=np.float32), 0)


def peak(samples: Float32Array) -> float:
    """Measure the largest sample."""
    return float(np.abs(samples).max())


sources.SOURCES = (*sources.SOURCES, sources.SourceKind("shelf", f"{HERE}:Shelf"))
embedders.EMBEDDERS["bands"] = embedders.EmbedderSpec(
    name="bands",
    model=f"{HERE}:Bands",
    summary="hears seven bands",
    dimensions=BANDS,
    tag_count=50,
    own_version=1,
    preprocessing="center",
    weights_sha256="none",
    packaged="msd-musicnn.pb",
    onnx_packaged="msd-musicnn.onnx",
)
features.FEATURES = (
    *features.FEATURES,
    features.Feature(
        "peak",
        "FS",
        "peak",
        "The largest sample.",
        words=features.FeatureWords(9, "low", "peaking", "lower", "higher", "{:.1f} FS"),
        most=1.0,
        measure=f"{HERE}:peak",
    ),
)

if __name__ == "__main__":
    from spotmap_build.cli import run

    run()
