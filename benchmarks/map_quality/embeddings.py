"""Analyze the corpus once; cache the mean and standard deviation over time of every layer."""

from __future__ import annotations

import hashlib
import multiprocessing
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.real_music.corpus import AUDIO_SUFFIXES, PACKAGES, Package
from spotmap_build.cache.arrays import decode_array, encode_array
from spotmap_build.cache.keys import Key
from spotmap_build.cache.store import Cache
from spotmap_build.registry.embedders import EMBEDDERS

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array

ANALYSIS_VERSION = 2
"""Raise when the analysis would give other numbers."""
MUSICNN_LAYERS = {
    "pools": "model/flatten/Reshape",
    "dense": "model/dense/BiasAdd",
    "normalized": "model/batch_normalization_10/batchnorm/add_1",
    "tags": "model/Sigmoid",
}
BATCH_PATCHES = 4
PREVIEW_SAMPLES = 30 * 16_000
PARTS = ("musicnn", "spectral", "effnet")

Analyzer = Callable[["Float32Array"], "dict[str, Float32Array]"]


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """The corpus as vectors.

    ``parts``: float32 ``[n, d]`` by name (``dense-mean``, ``dense-spread``, ``spectral``, ...); ``games``: the label of
    each row; ``titles``: the file's path below the corpus.
    """

    titles: tuple[str, ...]
    games: tuple[str, ...]
    parts: dict[str, Float32Array]


def embed_corpus(
    corpus: Path, cache_folder: Path, effnet: Path | None, jobs: int, packages: Sequence[Package] = PACKAGES
) -> Embedded:
    """Return vectors of every track of the packages below ``corpus``; ``effnet``: file of Discogs-EffNet's weights.

    Tracks that cannot be decoded are reported and left out. A second call reads everything from the cache.
    """
    analyzers: list[Analyzer] = [
        analyze_with_musicnn,
        measure,
        *([partial(analyze_with_effnet, effnet)] if effnet else []),
    ]
    paths = [path for package in packages for path in sorted((corpus / package.game).rglob("*")) if _is_track(path)]
    digests = {path: digest_of(path) for path in paths}
    weights = digest_of(effnet) if effnet else ""
    keys = [{path: _key(name, digests[path], weights) for path in paths} for name in PARTS[: len(analyzers)]]
    with Cache.open(cache_folder) as cache:
        for analyzer, key_of in zip(analyzers, keys, strict=True):
            analyze_all(cache, analyzer, key_of, jobs)
        rows, kept = [], []
        for path in paths:
            records = [cache.lookup(key_of[path]) for key_of in keys]
            row = {name: decode_array(cache.read(it, name)) for it in records if it for name in it.outputs}
            if row:
                rows.append(row)
                kept.append(path.relative_to(corpus))
            else:
                print(f"left out, cannot be decoded: {path.relative_to(corpus)}")
    parts = {name: np.stack([row[name] for row in rows]).astype(np.float32) for name in rows[0]}
    return Embedded(tuple(map(str, kept)), tuple(path.parts[0] for path in kept), parts)


def analyze_all(cache: Cache, analyzer: Analyzer, key_of: dict[Path, Key], jobs: int) -> None:
    """Analyze the tracks that are not in the cache."""
    missing = [path for path, key in key_of.items() if cache.lookup(key) is None]
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        running = {pool.submit(_analyze, analyzer, path): path for path in missing}
        for count, future in enumerate(as_completed(running), 1):
            seconds, parts = future.result()
            outputs = {name: encode_array(part) for name, part in parts.items()}
            cache.put(key_of[running[future]], outputs, seconds=seconds)
            if count % 20 == 0:
                print(f"analyzed {count} of {len(missing)}", flush=True)


def _analyze(analyzer: Analyzer, path: Path) -> tuple[float, dict[str, Float32Array]]:
    """Return the seconds of work and the vectors of one track by name; no vectors if it cannot be decoded."""
    from spotmap_build.embed.decode import decode
    from spotmap_build.errors import TrackError

    started = time.monotonic()
    try:
        parts = analyzer(decode(path).samples)
    except TrackError:
        parts = {}
    return time.monotonic() - started, parts


def analyze_with_musicnn(samples: Float32Array) -> dict[str, Float32Array]:
    """Return mean and standard deviation over the patches of every MusiCNN layer that could serve as a vector."""
    from spotmap_build.embed import essentia_engine
    from spotmap_build.embed.musicnn import INPUT, PATCH_FRAMES, PATCHES
    from spotmap_build.embed.patches import mel_patches

    weights = Path(__file__).parents[2] / "spotmap_build/embed/data" / EMBEDDERS["musicnn"].packaged
    graph = essentia_engine.load_network(weights, input_name=INPUT, output_names=tuple(MUSICNN_LAYERS.values()))
    patches = mel_patches(samples, patch_frames=PATCH_FRAMES, max_patches=PATCHES).mel
    batches = [graph(patches[row : row + BATCH_PATCHES]) for row in range(0, len(patches), BATCH_PATCHES)]
    layers = {name: np.concatenate([batch[at] for batch in batches]) for at, name in enumerate(MUSICNN_LAYERS)}
    pools = layers.pop("pools")
    layers |= {"max": pools[:, ::2], "mean": pools[:, 1::2]}
    parts = {}
    for name, values in layers.items():
        parts[f"{name}-mean"] = values.mean(axis=0, dtype=np.float64).astype(np.float32)
        parts[f"{name}-spread"] = values.std(axis=0, dtype=np.float64).astype(np.float32)
    return parts


def analyze_middle(samples: Float32Array) -> dict[str, Float32Array]:
    """Return musicnn's layers for the middle 30 seconds."""
    start = max(0, (len(samples) - PREVIEW_SAMPLES) // 2)
    return analyze_with_musicnn(samples[start : start + PREVIEW_SAMPLES])


def measure(samples: Float32Array) -> dict[str, Float32Array]:
    """Return the 41 interpretable features."""
    from spotmap_build.embed import numpy_features

    return {"spectral": numpy_features.measure(samples)}


def analyze_with_effnet(weights: Path, samples: Float32Array) -> dict[str, Float32Array]:
    """Return the vector of Discogs-EffNet as in a build, and its styles."""
    from spotmap_build.embed import essentia_engine
    from spotmap_build.embed.discogs_effnet import DiscogsEffnet

    result = DiscogsEffnet(weights, essentia_engine)(samples)
    return {"effnet": result.vector, "styles": result.tags}


def _is_track(path: Path) -> bool:
    return path.suffix.lower() in AUDIO_SUFFIXES and path.is_file()


def _key(part: str, sound: str, effnet: str) -> Key:
    weights = {"musicnn": EMBEDDERS["musicnn"].weights_sha256, "spectral": "", "effnet": effnet}[part]
    return Key("map-quality", ANALYSIS_VERSION, {"part": part, "sound": sound, "weights": weights})


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
