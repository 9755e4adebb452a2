"""From neighbors to a plane: a map without a past. See :mod:`spotmap_build.project.anchoring` for one that has."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from spotmap_build.project.preprocessing import principal_components
from spotmap_build.project.quality import trustworthiness
from spotmap_build.project.umap_layout import fit_umap

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array
    from spotmap_build.project.neighbors import Neighbors

NEIGHBOR_COUNT: Final = 30
"""How many neighbors a build finds for each track: enough for the layout, the lists, the clusters and the figures."""
LAYOUT_NEIGHBORS: Final = 15
"""Of real music, 8 to 30 place it about equally well (docs/decisions/0003)."""
MIN_DIST: Final = 0.05
"""UMAP's ``min_dist``: neighbors lie closer than with its usual 0.1, and still one beside the other."""
WIDEST_BAND: Final = 1.0
"""In units of UMAP, in which tracks that belong together are at most about one apart (its ``spread``)."""
SMALLEST_FOR_UMAP: Final = 6
"""Below this many tracks a neighbor graph says nothing that the first two principal components do not."""
START_SIZE: Final = 10.0
"""The largest coordinate of the start, as in UMAP."""


def fit_layout(unit_vectors: Float32Array, neighbors: Neighbors, seed: int) -> Float32Array:
    """Place similar tracks near each other.

    UMAP (McInnes, Healy and Melville, 2018), started from the first two principal components: the start decides where
    the large groups lie, and unlike the usual spectral start it is defined for every graph, connected or not. A small
    library is laid out several times, which takes no time, and the layout with the best trustworthiness is taken:
    chance is what small maps suffer from.

    Parameters
    ----------
    unit_vectors : numpy.ndarray
        Float32 ``[n, d]``, as :func:`~spotmap_build.project.preprocessing.prepare` gives them.
    neighbors : Neighbors
        Of these vectors, at least ``LAYOUT_NEIGHBORS`` each where there are so many.
    seed : int
        Equal seed and vectors give equal bytes on the same kind of processor.

    Returns
    -------
    numpy.ndarray
        Float32 ``[n, 2]``, around the origin, in UMAP's units.

    Examples
    --------
    >>> import numpy as np
    >>> from spotmap_build.project.neighbors import find_neighbors
    >>> three = np.eye(3, dtype=np.float32)
    >>> fit_layout(three, find_neighbors(three, 2, seed=0), seed=0).shape
    (3, 2)
    """
    start = principal_plane(unit_vectors)
    if len(unit_vectors) < SMALLEST_FOR_UMAP:
        return _apart(start)
    nearest = neighbors.first(LAYOUT_NEIGHBORS)
    best, best_figure = start, -math.inf
    for attempt in range(attempts(len(start))):
        # A little seeded noise: exact duplicates would start at one point and never part.
        noise = np.random.default_rng((seed, attempt)).normal(scale=1e-2, size=start.shape)
        positions = fit_umap(
            unit_vectors,
            nearest,
            (start + noise).astype(np.float32),
            min_dist=MIN_DIST,
            n_epochs=epochs(len(start)),
            random_state=seed + attempt,
        )
        figure = trustworthiness(unit_vectors, positions)
        if figure > best_figure:
            best, best_figure = positions, figure
    closed = close_empty_bands(best)
    return np.asarray(closed - closed.mean(axis=0), dtype=np.float32)


def attempts(track_count: int) -> int:
    """How often a library of this size is laid out: 8 times up to 250 tracks, once from 1,001 on."""
    return max(1, min(8, 2000 // max(track_count, 1)))


def epochs(track_count: int) -> int:
    """UMAP's own numbers."""
    return 500 if track_count <= 10_000 else 200


def close_empty_bands(coordinates: Float32Array) -> Float32Array:
    """Narrow every empty band that runs right across the map to ``WIDEST_BAND``.

    How far apart UMAP leaves groups without a common neighbor is an accident of its start, and an empty map is hard to
    read. What lies on one side of a band moves as a whole, so no distance within a group changes and nothing meets.
    """
    narrowed = np.empty_like(coordinates)
    for axis in range(2):
        order = np.argsort(coordinates[:, axis], kind="stable")
        steps = np.diff(coordinates[order, axis].astype(np.float64), prepend=coordinates[order[0], axis])
        narrowed[order, axis] = np.cumsum(np.minimum(steps, WIDEST_BAND))
    return narrowed


def principal_plane(unit_vectors: Float32Array) -> Float32Array:
    """Return the first two principal components, scaled to a largest coordinate of ``START_SIZE``.

    Float32 ``[n, 2]``, rounded, as another processor has other last bits.
    """
    plane = np.zeros((len(unit_vectors), 2), dtype=np.float32)
    if len(unit_vectors):
        components = principal_components(unit_vectors - unit_vectors.mean(axis=0), 2)
        plane[:, : components.shape[1]] = components
    largest = float(np.abs(plane).max(initial=0.0))
    return np.asarray(np.round(plane * (START_SIZE / largest), 3) if largest > 0 else plane, dtype=np.float32)


def _apart(plane: Float32Array) -> Float32Array:
    """Spread a handful of tracks on a small circle where they coincide, so that each can be seen."""
    if len({tuple(row) for row in plane.tolist()}) == len(plane):
        return plane
    angles = np.arange(len(plane)) * (2 * math.pi / len(plane))
    return np.asarray(plane + np.stack([np.cos(angles), np.sin(angles)], axis=1), dtype=np.float32)
