"""Compare the engines with each other, and with the plain recipe, which analyzes full tracks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from spotmap_build.registry.features import FEATURES

if TYPE_CHECKING:
    import numpy.typing as npt

    from benchmarks.listening.plain_recipe import FullTrack
    from spotmap_build.model import Float32Array

    FloatArray = npt.NDArray[np.float64]

NEAREST: Final = 10
ENOUGH_TRACKS: Final = 40
"""With fewer tracks, the ten nearest are most of them, so their overlap means nothing."""


class TrackResult(NamedTuple):
    """The results for one track: vectors by engine and embedder, features, and the output of the plain recipe."""

    vectors: Mapping[tuple[str, str], Float32Array]
    features: Float32Array
    full: FullTrack


def report_agreement(results: Sequence[TrackResult]) -> None:
    """Print how closely vectors and features agree."""
    vectors = {engine: _stack([result.vectors[engine] for result in results]) for engine in results[0].vectors}
    print("\nthe engines' vectors")
    for embedder in dict.fromkeys(embedder for _, embedder in vectors):
        onnx, essentia = (vectors[engine, embedder] for engine in ("onnx", "essentia"))
        similarities = cosines(onnx, essentia)
        largest = np.abs(onnx - essentia).max()
        print(f"  {embedder:<8} largest difference {largest:.1e}, least cosine {similarities.min():.7f}")
    full_tracks = {
        "musicnn": _stack([musicnn_vector(result.full.pools) for result in results]),
        "effnet": _stack([result.full.embedding.mean(axis=0, dtype=np.float64) for result in results]),
    }
    print("compared with full tracks")
    for embedder, full in full_tracks.items():
        _report_full_tracks(embedder, vectors["onnx", embedder], full)
    _report_features(results)


def _report_full_tracks(embedder: str, ours: FloatArray, full: FloatArray) -> None:
    mean, std = full.mean(axis=0), full.std(axis=0)
    # Constant dimensions carry no information; scaling them would amplify rounding noise.
    std = np.where(std > 1e-3 * std.max(), std, np.inf)
    # The same preprocessing as in a build: z-scores for musicnn, centering for EffNet.
    scale = std if embedder == "musicnn" else np.ones_like(std)
    ours, full = (ours - mean) / scale, (full - mean) / scale
    similarities = cosines(ours, full)
    line = f"  {embedder:<8} centered cosine {similarities.mean():.4f} on average, {similarities.min():.4f} at least"
    if len(ours) >= ENOUGH_TRACKS:
        line += f"; {kept_neighbors(ours, full):.1%} of the {NEAREST} nearest"
    print(line)


def musicnn_vector(pools: Float32Array) -> FloatArray:
    """Return the mean and standard deviation over patches of the mean activations, as musicnn's embedder does."""
    means = pools[:, 1::2].astype(np.float64)
    return np.concatenate([means.mean(axis=0), means.std(axis=0)])


def kept_neighbors(ours: FloatArray, full: FloatArray) -> float:
    """Return the share of the nearest tracks by the vectors of full tracks that are among the nearest by ours."""
    pairs = zip(nearest(ours, NEAREST).tolist(), nearest(full, NEAREST).tolist(), strict=True)
    return float(np.mean([len(set(left) & set(right)) / NEAREST for left, right in pairs]))


def nearest(vectors: FloatArray, count: int) -> npt.NDArray[np.intp]:
    """Return the rows with the largest cosine for each row, without itself: ``[n, count]``."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    similarity = unit @ unit.T
    np.fill_diagonal(similarity, -np.inf)
    return np.argsort(-similarity, axis=1)[:, :count]


def _report_features(results: Sequence[TrackResult]) -> None:
    column = {feature.name: at for at, feature in enumerate(FEATURES)}
    ours = {
        name: np.array([result.features[at] for result in results], dtype=np.float64) for name, at in column.items()
    }
    theirs = {
        name: np.array([result.full.features[name] for result in results]) for name in ours if name != "beat_strength"
    }
    octaves = np.log2(np.maximum(ours["tempo"], 1) / np.maximum(theirs["tempo"], 1))
    is_near = np.abs(octaves - np.round(octaves)) <= np.log2(1.02)
    is_key = (ours["key"] == theirs["key"]) & (ours["mode"] == theirs["mode"])
    print(f"  tempo within 2 % or an octave of {is_near.mean():.0%}, key and mode of {is_key.mean():.0%}")
    for feature in FEATURES:
        if feature.public and feature.name not in ("tempo", "beat_strength", "key", "mode"):
            apart = np.abs(ours[feature.name] - theirs[feature.name])
            print(
                f"  {feature.name:<15} half within {np.median(apart):.4g}, all within {apart.max():.4g} {feature.unit}"
            )


def _stack(rows: Sequence[npt.NDArray[np.floating]]) -> FloatArray:
    return np.stack(rows).astype(np.float64)


def cosines(left: FloatArray, right: FloatArray) -> FloatArray:
    """Return the cosine of each row of ``left`` with the same row of ``right``."""
    lengths = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    cosines: FloatArray = np.sum(left * right, axis=1) / np.maximum(lengths, 1e-30)
    return cosines
