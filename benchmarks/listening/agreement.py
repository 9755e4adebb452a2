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
        cosines = _cosines(onnx, essentia)
        print(
            f"  {embedder:<8} largest difference {np.abs(onnx - essentia).max():.1e}, least cosine {cosines.min():.7f}"
        )
    pools = [result.full.pools[:, 1::2].astype(np.float64) for result in results]
    full_tracks = {
        "musicnn": _stack([np.concatenate([part.mean(axis=0), part.std(axis=0)]) for part in pools]),
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
    cosines = _cosines(ours, full)
    line = f"  {embedder:<8} centered cosine {cosines.mean():.4f} on average, {cosines.min():.4f} at least"
    if len(ours) >= ENOUGH_TRACKS:
        kept = [len(left & right) / NEAREST for left, right in zip(_nearest(ours), _nearest(full), strict=True)]
        line += f"; {np.mean(kept):.1%} of the {NEAREST} nearest"
    print(line)


def _nearest(vectors: FloatArray) -> list[set[int]]:
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    similarity = unit @ unit.T
    np.fill_diagonal(similarity, -np.inf)
    return [set(row) for row in np.argsort(-similarity, axis=1)[:, :NEAREST].tolist()]


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


def _cosines(left: FloatArray, right: FloatArray) -> FloatArray:
    lengths = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    cosines: FloatArray = np.sum(left * right, axis=1) / np.maximum(lengths, 1e-30)
    return cosines
