"""UMAP with precomputed neighbors by umap-learn: a fresh layout, and one with limited displacements.

McInnes, Healy, Melville, "UMAP: Uniform Manifold Approximation and Projection for Dimension Reduction" (2018). The only
module that imports ``umap``, which takes two seconds, so only builds with a new layout import it. Its compiled code is
cached like that of our own kernels, so that only the first of these builds spends eight seconds on compiling.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spotmap_build.project.compiled_code import keep_compiled_code

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from spotmap_build.model import Float32Array, Int32Array
    from spotmap_build.project.neighbors import Neighbors

NEGATIVE_SAMPLE_RATE: Final = 5
"""Number of negative samples per positive sample; umap-learn's default."""
SPREAD: Final = 1.0
"""umap-learn's default."""
DISTANCE_STEPS: Final = 256
"""Number of rounding steps between a distance and twice that distance (docs/decisions/0011)."""
NO_DISTANCE: Final = 1e-3
"""Multiple of the median distance below which tracks count as copies."""


@dataclass(frozen=True, slots=True, eq=False)
class FuzzyGraph:
    """Edges ``head[e] -> tail[e]`` with a membership strength ``weight[e]`` in 0..1, each in both directions."""

    vertex_count: int
    head: Int32Array
    tail: Int32Array
    weight: Float32Array


def fit_umap(
    unit_vectors: Float32Array,
    neighbors: Neighbors,
    init: Float32Array,
    *,
    min_dist: float,
    n_epochs: int,
    random_state: int,
) -> Float32Array:
    """Embed vectors with ``umap.UMAP``, using precomputed neighbors and a given initialization.

    Parameters
    ----------
    unit_vectors : numpy.ndarray
        Float32 ``[n, d]``, rows of length one.
    neighbors : Neighbors
        Neighbors of these vectors without the points themselves; all of them are used.
    init : numpy.ndarray
        Float32 ``[n, 2]``, initial positions.
    min_dist, n_epochs, random_state
        As in ``umap.UMAP``, with one thread: equal input gives equal bytes on the same kind of processor.

    Returns
    -------
    numpy.ndarray
        Float32 ``[n, 2]``.
    """
    import umap

    keep_compiled_code(compiled_functions)
    indices, distances = _with_self(neighbors)
    model = umap.UMAP(
        n_neighbors=indices.shape[1],
        metric="cosine",
        min_dist=min_dist,
        spread=SPREAD,
        n_epochs=n_epochs,
        init=init,
        random_state=random_state,
        n_jobs=1,
        precomputed_knn=(indices, distances),
        disconnection_distance=np.inf,  # otherwise, tracks opposite to all others get no position
        force_approximation_algorithm=True,  # otherwise, it recomputes the neighbors of a small library
    )
    with warnings.catch_warnings():
        # It warns that it cannot transform new points without a search index, which is not needed.
        warnings.simplefilter("ignore", UserWarning)
        return np.asarray(model.fit_transform(unit_vectors), dtype=np.float32)


def fuzzy_simplicial_set(neighbors: Neighbors) -> FuzzyGraph:
    """Build UMAP's weighted graph: the fuzzy union of the local neighborhoods of all points, by cosine distance."""
    n, k = neighbors.indices.shape
    if k == 0:
        no_vertices = np.empty(0, np.int32)
        return FuzzyGraph(n, no_vertices, no_vertices, np.empty(0, np.float32))
    from umap import umap_

    keep_compiled_code(compiled_functions)
    indices, distances = _with_self(neighbors)
    graph, _, _ = umap_.fuzzy_simplicial_set(
        np.empty((n, 1), np.float32),  # only the shape is used if neighbors are given
        k + 1,
        np.random.RandomState(0),
        "cosine",
        knn_indices=indices,
        knn_dists=distances,
    )
    edges = graph.tocoo()
    return FuzzyGraph(
        n, edges.row.astype(np.int32), edges.col.astype(np.int32), np.asarray(edges.data, dtype=np.float32)
    )


def optimize_layout(
    graph: FuzzyGraph,
    init: Float32Array,
    *,
    min_dist: float,
    n_epochs: int,
    random_state: int,
    initial_alpha: float = 1.0,
    anchors: Float32Array | None = None,
    max_displacement: Float32Array | None = None,
) -> Float32Array:
    """Optimize an embedding with umap-learn's gradient descent, limiting the displacement of each point.

    umap-learn has no such limit (docs/decisions/0004). ``umap.layouts.optimize_layout_euclidean`` is therefore called
    for one epoch at a time, with the edges sampled in that epoch, and positions are clipped in between.

    Parameters
    ----------
    graph : FuzzyGraph
        Graph of the points to embed.
    init : numpy.ndarray
        Float32 ``[n, 2]``, initial positions; not changed.
    min_dist, n_epochs, random_state
        As in ``umap.UMAP``.
    initial_alpha : float
        Initial learning rate, which decreases to 0 over the epochs.
    anchors : numpy.ndarray, optional
        Float32 ``[n, 2]``, positions from which ``max_displacement`` is measured; ``init`` by default.
    max_displacement : numpy.ndarray, optional
        Float32 ``[n]``, maximum distance of each point from its anchor; infinite for no limit.

    Returns
    -------
    numpy.ndarray
        Float32 ``[n, 2]``.
    """
    from umap.layouts import optimize_layout_euclidean
    from umap.umap_ import find_ab_params

    keep_compiled_code(compiled_functions)
    positions = np.array(init, dtype=np.float32, order="C")
    anchors = positions.copy() if anchors is None else anchors
    a, b = (np.float32(value) for value in find_ab_params(SPREAD, min_dist))
    generator, bounds = np.random.default_rng(random_state), np.iinfo(np.int32)
    for epoch, due in _due_edges(graph.weight, n_epochs):
        optimize_layout_euclidean(
            positions,
            positions,
            graph.head[due],
            graph.tail[due],
            2,  # its first epoch samples no edges: an edge is due after one epoch at the earliest
            graph.vertex_count,
            np.ones(len(due)),
            a,
            b,
            generator.integers(bounds.min, bounds.max, 3),
            initial_alpha=initial_alpha * (1 - epoch / n_epochs),
            # In its second epoch it draws int(rate - 1) points; adding a half prevents rounding down by one.
            negative_sample_rate=NEGATIVE_SAMPLE_RATE + 1.5,
            move_other=True,
            tqdm_kwds={"disable": True},
        )
        if max_displacement is not None:
            _clip(positions, anchors, max_displacement)
    return positions


def _due_edges(weights: Float32Array, n_epochs: int) -> Iterator[tuple[int, npt.NDArray[np.intp]]]:
    """Yield every epoch with the edges to sample in it. As in umap-learn, heavier edges are sampled more often."""
    from umap.umap_ import make_epochs_per_sample

    # Omit edges that are too weak to be sampled even once.
    used = np.flatnonzero(weights >= weights.max(initial=0.0) / n_epochs)
    epochs_per_sample = make_epochs_per_sample(weights[used], n_epochs)
    epoch_of_next_sample = epochs_per_sample.copy()
    for epoch in range(n_epochs):
        due = np.flatnonzero(epoch_of_next_sample <= epoch)
        if len(due):
            epoch_of_next_sample[due] += epochs_per_sample[due]
            yield epoch, used[due]


def compiled_functions() -> Iterator[Any]:
    """Yield the functions of umap-learn that are compiled for a layout and that it does not cache itself."""
    from umap import layouts, umap_

    yield umap_.smooth_knn_dist
    yield umap_.compute_membership_strengths
    yield layouts._nb_optimize_layout_euclidean_single_epoch


def _clip(positions: Float32Array, anchors: Float32Array, max_displacement: Float32Array) -> None:
    """Clip ``positions`` to the maximum displacement from their anchors, in place."""
    displacement = positions - anchors
    distance = np.sqrt((displacement * displacement).sum(axis=1))
    far = np.flatnonzero(distance > max_displacement)
    positions[far] = anchors[far] + displacement[far] * (max_displacement[far] / distance[far])[:, None]


def _with_self(neighbors: Neighbors) -> tuple[Int32Array, Float32Array]:
    """Return indices and cosine distances in umap-learn's format, in which every point is its own first neighbor."""
    itself = np.arange(len(neighbors.indices), dtype=np.int32)[:, None]
    distances = _without_noise(np.maximum(np.float32(0), 1 - neighbors.similarities))
    return (
        np.concatenate([itself, neighbors.indices], axis=1),
        np.concatenate([np.zeros((len(itself), 1), np.float32), distances], axis=1),
    )


def _without_noise(distances: Float32Array) -> Float32Array:
    """Round distances to the precision that a map can show, and the smallest to 0.

    Vectors of different engines or processors differ in the last bits, which gradient descent would turn into a
    different map. Rounded distances give the same map.
    """
    mantissa, exponent = np.frexp(distances)
    rounded = np.ldexp(np.round(mantissa * DISTANCE_STEPS) / np.float32(DISTANCE_STEPS), exponent)
    rounded[distances < NO_DISTANCE * np.median(distances)] = 0
    return np.asarray(rounded, dtype=np.float32)
