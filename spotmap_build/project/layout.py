"""From vectors to a plane. The only module that imports umap."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Final

import numpy as np

from spotmap_build.model import Layout
from spotmap_build.project.neighbours import find_neighbours
from spotmap_build.project.vectors import prepare

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array


NEIGHBOUR_COUNT: Final = 15
"""UMAP's own default (McInnes et al. 2018), kept until a measurement on real music chooses better."""
WIDEST_BAND: Final = 1.0
"""In units of UMAP, in which tracks that belong together are at most about one apart (its ``spread``)."""
SMALLEST_FOR_UMAP: Final = 6
"""Below this many tracks a neighbour graph says nothing that the first two principal components do not."""


def lay_out(vectors: Float32Array, *, preprocessing: str, seed: int) -> Layout:
    """Place similar tracks near each other.

    UMAP on exact cosine neighbours, started from the first two principal components: the start decides where the
    large groups lie, and unlike the default spectral start it is defined for every graph, connected or not.

    Parameters
    ----------
    vectors: float32 ``[n, d]``, finite, any n.
    preprocessing: see :func:`spotmap_build.project.vectors.prepare`.
    seed: of UMAP's sampling; equal seed and vectors give equal bytes on the same kind of processor.

    Returns
    -------
    Layout with float32 ``[n, 2]`` coordinates around the origin.
    """
    unit = prepare(vectors, preprocessing)
    start = principal_plane(unit)
    if len(unit) < SMALLEST_FOR_UMAP:
        return Layout(_apart(start))
    return Layout(_umap(unit, start, seed))


def _umap(unit: Float32Array, start: Float32Array, seed: int) -> Float32Array:
    import umap

    count = min(NEIGHBOUR_COUNT, len(unit) - 1)
    neighbours = find_neighbours(unit, count, seed)
    # A little seeded noise: exact duplicates would start at one point and never part.
    noise = np.random.default_rng(seed).normal(scale=1e-3, size=start.shape)
    with warnings.catch_warnings():
        # Both are about things that are meant: one thread for equal bytes, and no transform of further points.
        warnings.filterwarnings("ignore", message=".*n_jobs value.*")
        warnings.filterwarnings("ignore", message=".*precomputed_knn.*")
        embedding = umap.UMAP(
            n_neighbors=count,
            min_dist=minimum_distance(len(unit)),
            metric="cosine",
            init=(start + noise).astype(np.float32),
            precomputed_knn=(neighbours.indices, neighbours.distances),
            force_approximation_algorithm=True,
            random_state=seed,
            n_jobs=1,
            transform_mode="embedding",
        ).fit_transform(unit)
    coordinates = close_empty_bands(np.asarray(embedding, dtype=np.float32))
    return np.asarray(coordinates - coordinates.mean(axis=0), dtype=np.float32)


def close_empty_bands(coordinates: Float32Array) -> Float32Array:
    """Narrow every empty band that runs right across the map to ``WIDEST_BAND``.

    How far apart UMAP leaves groups without a common neighbour is an accident of its start, and an empty map is hard to
    read. What lies on one side of a band moves as a whole, so no distance within a group changes and nothing meets.
    """
    narrowed = np.empty_like(coordinates)
    for axis in range(2):
        order = np.argsort(coordinates[:, axis], kind="stable")
        steps = np.diff(coordinates[order, axis].astype(np.float64), prepend=coordinates[order[0], axis])
        narrowed[order, axis] = np.cumsum(np.minimum(steps, WIDEST_BAND))
    return narrowed


def minimum_distance(track_count: int) -> float:
    """UMAP's ``min_dist``: 0.5 for up to 100 tracks, falling to its default of 0.1 at 250.

    A hundred tracks of clearly different styles shrink to dots in an empty plane with 0.1; 0.5 fills twice as much of
    it, and costs nothing (trustworthiness of 100 pieces of game music: .917 against .919). With 262 it would cost: .905
    against .934.
    """
    return min(0.5, max(0.1, 0.5 - math.log10(max(track_count, 1) / 100)))


def principal_plane(unit: Float32Array) -> Float32Array:
    """The first two principal components, float32 ``[n, 2]``, scaled to a largest coordinate of 10.

    Signs are fixed (the largest loading is positive), so that equal vectors never give a mirrored map.
    """
    n = len(unit)
    centred = unit.astype(np.float64) - (unit.mean(axis=0, dtype=np.float64) if n else 0)
    if n < 2 or not np.any(centred):
        return np.zeros((n, 2), dtype=np.float32)
    _, axes = np.linalg.eigh(centred.T @ centred)
    axes = axes[:, ::-1][:, :2]
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    plane = np.zeros((n, 2))
    plane[:, : axes.shape[1]] = centred @ axes
    largest = np.abs(plane).max()
    return np.asarray(plane * (10 / largest) if largest > 0 else plane, dtype=np.float32)


def _apart(plane: Float32Array) -> Float32Array:
    """A handful of tracks: where they coincide, spread them on a small circle so that each can be seen."""
    if len({tuple(row) for row in plane.tolist()}) == len(plane):
        return plane
    angles = np.arange(len(plane)) * (2 * math.pi / len(plane))
    return np.asarray(plane + np.stack([np.cos(angles), np.sin(angles)], axis=1), dtype=np.float32)
