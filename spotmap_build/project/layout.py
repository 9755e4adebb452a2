"""Lay out a map from scratch. :mod:`spotmap_build.project.anchoring` continues an existing map."""

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
"""Number of neighbors per track that a build finds: enough for layout, lists, clusters and quality figures."""
LAYOUT_NEIGHBORS: Final = 15
"""UMAP's ``n_neighbors``. For real music, 8 to 30 give about the same quality (docs/decisions/0003)."""
MIN_DIST: Final = 0.05
"""UMAP's ``min_dist``: neighbors are closer than with its default of 0.1, but still do not overlap."""
MAX_EMPTY_BAND: Final = 1.0
"""Maximum width of an empty band, in UMAP's units, in which related tracks are at most about 1 apart (``spread``)."""
MIN_TRACKS_FOR_UMAP: Final = 6
"""With fewer tracks, a neighbor graph contains no more information than the first two principal components."""
START_SIZE: Final = 10.0
"""Largest coordinate of the initial layout, as in UMAP."""
START_STEP: Final = 0.25
"""Step to which the initial layout is rounded. The coarser it is, the more often two engines start alike. With a
thousandth, nearly half of the libraries of 80 tracks did not; up to 0.5, trustworthiness is the same
(docs/decisions/0011)."""


def fit_layout(unit_vectors: Float32Array, neighbors: Neighbors, seed: int) -> Float32Array:
    """Lay out tracks with UMAP (McInnes, Healy and Melville, 2018), so that similar tracks are near each other.

    UMAP is initialized with the first two principal components. The initialization determines the position of large
    groups. Unlike the default spectral initialization, it is defined for every graph, connected or not. A small library
    is laid out several times, which is fast, and the layout with the best trustworthiness is used, because small maps
    vary most by chance.

    Parameters
    ----------
    unit_vectors : numpy.ndarray
        Float32 ``[n, d]``, as :func:`~spotmap_build.project.preprocessing.prepare` gives them.
    neighbors : Neighbors
        Neighbors of these vectors, at least ``LAYOUT_NEIGHBORS`` each if there are enough tracks.
    seed : int
        Equal seeds and vectors give equal bytes on the same kind of processor.

    Returns
    -------
    numpy.ndarray
        Float32 ``[n, 2]``, centered at the origin, in UMAP's units.

    Examples
    --------
    >>> import numpy as np
    >>> from spotmap_build.project.neighbors import find_neighbors
    >>> three = np.eye(3, dtype=np.float32)
    >>> fit_layout(three, find_neighbors(three, 2, seed=0), seed=0).shape
    (3, 2)
    """
    start = principal_plane(unit_vectors)
    if len(unit_vectors) < MIN_TRACKS_FOR_UMAP:
        return _separate_coincident(start)
    nearest = neighbors.first(LAYOUT_NEIGHBORS)
    best, best_figure = start, -math.inf
    for attempt in range(attempt_count(len(start))):
        # Add a little seeded noise: exact duplicates would start at the same point and never separate.
        noise = np.random.default_rng((seed, attempt)).normal(scale=1e-2, size=start.shape)
        positions = fit_umap(
            unit_vectors,
            nearest,
            (start + noise).astype(np.float32),
            min_dist=MIN_DIST,
            n_epochs=epoch_count(len(start)),
            random_state=seed + attempt,
        )
        figure = trustworthiness(unit_vectors, positions)
        if figure > best_figure:
            best, best_figure = positions, figure
    closed = close_empty_bands(best)
    return np.asarray(closed - closed.mean(axis=0), dtype=np.float32)


def attempt_count(track_count: int) -> int:
    """Return how often a library of this size is laid out: 8 times up to 250 tracks, once from 1,001 on."""
    return max(1, min(8, 2000 // max(track_count, 1)))


def epoch_count(track_count: int) -> int:
    """Return UMAP's default number of epochs."""
    return 500 if track_count <= 10_000 else 200


def close_empty_bands(coordinates: Float32Array) -> Float32Array:
    """Narrow every empty band across the whole map to ``MAX_EMPTY_BAND``.

    The distance that UMAP leaves between groups without common neighbors depends on the initialization only, and a map
    with large gaps is hard to read. All tracks on one side of a band move together, so distances within groups do not
    change and no groups overlap.
    """
    narrowed = np.empty_like(coordinates)
    for axis in range(2):
        order = np.argsort(coordinates[:, axis], kind="stable")
        steps = np.diff(coordinates[order, axis].astype(np.float64), prepend=coordinates[order[0], axis])
        narrowed[order, axis] = np.cumsum(np.minimum(steps, MAX_EMPTY_BAND))
    return narrowed


def principal_plane(unit_vectors: Float32Array) -> Float32Array:
    """Return the first two principal components, float32 ``[n, 2]``, scaled to a largest coordinate of ``START_SIZE``.

    They are rounded to ``START_STEP``, because the last bits differ between processors and engines.
    """
    plane = np.zeros((len(unit_vectors), 2), dtype=np.float32)
    if len(unit_vectors):
        components = principal_components(unit_vectors - unit_vectors.mean(axis=0), 2)
        plane[:, : components.shape[1]] = components
    largest = float(np.abs(plane).max(initial=0.0))
    if largest == 0:
        return plane
    return np.asarray(np.round(plane * (START_SIZE / largest / START_STEP)) * START_STEP, dtype=np.float32)


def _separate_coincident(plane: Float32Array) -> Float32Array:
    """Spread a few tracks on a small circle if some of them coincide, so that each is visible."""
    if len({tuple(row) for row in plane.tolist()}) == len(plane):
        return plane
    angles = np.arange(len(plane)) * (2 * math.pi / len(plane))
    return np.asarray(plane + np.stack([np.cos(angles), np.sin(angles)], axis=1), dtype=np.float32)
