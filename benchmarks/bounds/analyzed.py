"""``python -m benchmarks.bounds.analyzed FOLDER COUNT``: make a folder of music that is already analyzed, in a minute.

The files are real (a tenth of a second each), and their digests are computed as usual. The embeddings are random and
stored in the cache under the keys that a build looks up.
"""

from __future__ import annotations

import sys
import wave
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from benchmarks.bounds.starting import MUSIC
from benchmarks.scale.__main__ import library
from spotmap_build.acquire.queue import encode
from spotmap_build.acquire.state import prepare_acquisition, tag_names
from spotmap_build.cache.store import Cache
from spotmap_build.config import Config
from spotmap_build.model import TrackEmbedding
from spotmap_build.progress import make_progress
from spotmap_build.registry.features import FEATURES
from spotmap_build.run import Clock, Run
from spotmap_build.stages import fetch

if TYPE_CHECKING:
    import numpy.typing as npt

    from spotmap_build.model import Float32Array

RATE_HZ: Final = 8_000
ALBUM_TRACKS: Final = 10


def main() -> int:
    folder, count = Path(sys.argv[1]).resolve(), int(sys.argv[2])
    for number in range(count):
        write_tone(folder / MUSIC / f"Album {number // ALBUM_TRACKS}" / f"Track {number}.wav", number, 0.1)
    config = Config(
        sources=(f"folder:{folder / MUSIC}",), embedder="musicnn", cache_dir=folder / "cache", out=folder / "site"
    )
    with Cache.open(config.cache_dir) as cache:
        run = Run(config, cache, make_progress("json"), Clock())
        acquisition = prepare_acquisition(run, fetch(run))
        tag_names(acquisition)
        for track, embedding in zip(acquisition.missing, random_embeddings(len(acquisition.missing)), strict=True):
            cache.put(acquisition.key_of(track), encode(embedding), seconds=0.0)
    return 0


def write_tone(path: Path, number: int, seconds: float) -> None:
    """Write a WAV file of noise, with ``number`` as its seed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = np.random.default_rng(number).integers(-9_000, 9_000, round(seconds * RATE_HZ), dtype=np.int16)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
        file.writeframes(samples.tobytes())


def random_embeddings(count: int) -> list[TrackEmbedding]:
    """Generate embeddings: vectors of albums within styles within genres, with matching tags and features."""
    generator = np.random.default_rng(0)
    vectors = np.hstack([vectors := library(count), vectors[:, :226]])
    tags = _squashed(vectors @ generator.normal(size=(vectors.shape[1], 50)) / 400 - 3)
    features = np.abs(vectors @ generator.normal(size=(vectors.shape[1], len(FEATURES))) / 100).astype(np.float32)
    return [TrackEmbedding(*row, typical_s=0.0) for row in zip(vectors, tags, features, strict=True)]


def _squashed(values: npt.NDArray[np.floating]) -> Float32Array:
    return np.asarray(1 / (1 + np.exp(-values)), dtype=np.float32)


if __name__ == "__main__":
    sys.exit(main())
