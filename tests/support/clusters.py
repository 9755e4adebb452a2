"""Points with obvious clusters, and degenerate libraries without any."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array, Int32Array


def blobs(centers: list[tuple[float, float]], size: int, spread: float = 0.2, seed: int = 0) -> Float32Array:
    generator = np.random.default_rng(seed)
    positions = np.repeat(np.array(centers), size, axis=0)
    return np.asarray(positions + spread * generator.normal(size=positions.shape), dtype=np.float32)


def discs(centers: list[tuple[float, float]], size: int, radius: float) -> Float32Array:
    """Return points spread evenly over discs with sharp edges."""
    generator = np.random.default_rng(0)
    positions = np.repeat(np.array(centers), size, axis=0)
    count = len(positions)
    distance, angle = radius * np.sqrt(generator.random(count)), 2 * np.pi * generator.random(count)
    offsets = distance[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return np.asarray(positions + offsets, dtype=np.float32)


def neighbors_of(space: Float32Array, count: int = 15) -> Int32Array:
    distance = np.linalg.norm(space[:, np.newaxis].astype(np.float64) - space, axis=2)
    np.fill_diagonal(distance, np.inf)
    return np.argsort(distance, axis=1, kind="stable")[:, : max(0, min(count, len(space) - 1))].astype(np.int32)


CONTINENTS = [(0.0, 0.0), (3.0, 0.0), (0.0, 3.0), (60.0, 0.0), (63.0, 0.0), (30.0, 60.0), (33.0, 60.0)]


def degenerate() -> list[tuple[str, Float32Array]]:
    few = [(f"{count} tracks", blobs([(0, 0)], count)) for count in (0, 1, 2, 5, 14, 15, 16)]
    half = blobs([(0, 0), (4, 4)], 40)
    return [
        *few,
        ("all equal", np.zeros((50, 2), np.float32)),
        ("half of them copies", np.concatenate([half, half])),
        ("half of them one track", np.concatenate([half, np.tile(half[:1], (80, 1))])),
    ]
