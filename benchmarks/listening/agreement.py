"""How far the engines agree with each other, and with the plain recipe, which listens to whole tracks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from spotmap_build.registry.features import FEATURES

if TYPE_CHECKING:
    import numpy.typing as npt

    from benchmarks.listening.plain_recipe import Whole
    from spotmap_build.model import Float32Array

    FloatArray = npt.NDArray[np.float64]

NEAREST: Final = 10
ENOUGH_TRACKS: Final = 40
"""Of fewer, the ten nearest are most of them."""


class Heard(NamedTuple):
    """What was heard of one track: vectors by engine and embedder, features, and what the plain recipe made of it."""

    vectors: Mapping[tuple[str, str], Float32Array]
    features: Float32Array
    whole: Whole


def report_agreement(heard: Sequence[Heard]) -> None:
    """Print it."""
    vectors = {who: _stack([one.vectors[who] for one in heard]) for who in heard[0].vectors}
    print("\nthe engines' vectors")
    for embedder in dict.fromkeys(embedder for _, embedder in vectors):
        one, other = (vectors[engine, embedder] for engine in ("onnx", "essentia"))
        cosines = _cosines(one, other)
        print(f"  {embedder:<8} largest difference {np.abs(one - other).max():.1e}, least cosine {cosines.min():.7f}")
    pools = [one.whole.pools[:, 1::2].astype(np.float64) for one in heard]
    wholes = {
        "musicnn": _stack([np.concatenate([part.mean(axis=0), part.std(axis=0)]) for part in pools]),
        "effnet": _stack([one.whole.embedding.mean(axis=0, dtype=np.float64) for one in heard]),
    }
    print("beside whole tracks")
    for embedder, whole in wholes.items():
        _report_whole(embedder, vectors["onnx", embedder], whole)
    _report_features(heard)


def _report_whole(embedder: str, ours: FloatArray, whole: FloatArray) -> None:
    middle, spread = whole.mean(axis=0), whole.std(axis=0)
    # What is the same in all tracks tells none apart, and its last bits would count as much as all else.
    spread = np.where(spread > 1e-3 * spread.max(), spread, np.inf)
    # As a build compares them: musicnn's by z-scores, EffNet's centered.
    scale = spread if embedder == "musicnn" else np.ones_like(spread)
    ours, whole = (ours - middle) / scale, (whole - middle) / scale
    cosines = _cosines(ours, whole)
    line = f"  {embedder:<8} centered cosine {cosines.mean():.4f} on average, {cosines.min():.4f} at least"
    if len(ours) >= ENOUGH_TRACKS:
        kept = [len(one & other) / NEAREST for one, other in zip(_nearest(ours), _nearest(whole), strict=True)]
        line += f"; {np.mean(kept):.1%} of the {NEAREST} nearest"
    print(line)


def _nearest(vectors: FloatArray) -> list[set[int]]:
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    likeness = unit @ unit.T
    np.fill_diagonal(likeness, -np.inf)
    return [set(row) for row in np.argsort(-likeness, axis=1)[:, :NEAREST].tolist()]


def _report_features(heard: Sequence[Heard]) -> None:
    column = {feature.name: at for at, feature in enumerate(FEATURES)}
    ours = {name: np.array([one.features[at] for one in heard], dtype=np.float64) for name, at in column.items()}
    theirs = {name: np.array([one.whole.features[name] for one in heard]) for name in ours if name != "beat_strength"}
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


def _cosines(one: FloatArray, other: FloatArray) -> FloatArray:
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    cosines: FloatArray = np.sum(one * other, axis=1) / np.maximum(lengths, 1e-30)
    return cosines
