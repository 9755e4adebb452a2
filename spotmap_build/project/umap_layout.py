"""UMAP on neighbors that are known already, by umap-learn: a fresh embedding, and one whose points are held.

McInnes, Healy, Melville, "UMAP: Uniform Manifold Approximation and Projection for Dimension Reduction" (2018). The only
module that imports ``umap``, which takes two seconds to load: only a build that lays out imports it. Its compiled code
is kept like that of our own kernels, so that only the first of these builds pays the eight seconds of compiling.
"""

from __future__ import annotations

import warnings
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from spotmap_build.model import Float32Array, Int32Array
    from spotmap_build.project.neighbors import Neighbors

NEGATIVE_SAMPLE_RATE: Final = 5
"""Points that a point is pushed from for each one that it is pulled to; umap-learn's default."""
SPREAD: Final = 1.0
"""umap-learn's default."""
DISTANCE_STEPS: Final = 256
"""Between a distance and twice that distance (docs/decisions/0011)."""
NO_DISTANCE: Final = 1e-3
"""Times the median distance: what is nearer than that is as near as a copy."""


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
    """Embed vectors by ``umap.UMAP``, from given neighbors and a given start.

    Parameters
    ----------
    unit_vectors : float32 array of shape (n, d)
        Rows of length one.
    neighbors : Neighbors
        Of these vectors, the point itself not among them; all of them are used.
    init : float32 array of shape (n, 2)
        Where the points start.
    min_dist, n_epochs, random_state
        As in ``umap.UMAP``. One thread: equal input gives equal bytes on one kind of processor.

    Returns
    -------
    Float32Array
        Float32 array of shape (n, 2)
    """
    import umap

    _keep_compiled_code()
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
        disconnection_distance=np.inf,  # else what is opposite to all others gets no place
        force_approximation_algorithm=True,  # else it finds the neighbors of a small library once more
    )
    with warnings.catch_warnings():
        # That it can transform no further points without a search index, which nobody asks it to.
        warnings.simplefilter("ignore", UserWarning)
        return np.asarray(model.fit_transform(unit_vectors), dtype=np.float32)


def fuzzy_simplicial_set(neighbors: Neighbors) -> FuzzyGraph:
    """Build UMAP's weighted graph: the fuzzy union of every point's own view of its neighbors, by cosine distance."""
    n, k = neighbors.indices.shape
    if k == 0:
        nothing = np.empty(0, np.int32)
        return FuzzyGraph(n, nothing, nothing, np.empty(0, np.float32))
    from umap import umap_

    _keep_compiled_code()
    indices, distances = _with_self(neighbors)
    graph, _, _ = umap_.fuzzy_simplicial_set(
        np.empty((n, 1), np.float32),  # it looks at the shape only, where neighbors are given
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
    """Optimize an embedding by umap-learn's own gradient descent, and let no point go farther than it may.

    ``umap.layouts.optimize_layout_euclidean`` is called for one epoch at a time, with the edges that are due in it, and
    what went too far is clipped in between: umap-learn has no such bound (docs/decisions/0004).

    Parameters
    ----------
    graph : FuzzyGraph
        Of the points to embed.
    init : float32 array of shape (n, 2)
        Where they start; it is not changed.
    min_dist, n_epochs, random_state
        As in ``umap.UMAP``.
    initial_alpha : float
        The learning rate at first; it falls to 0 over the epochs.
    anchors : float32 array of shape (n, 2), optional
        What ``max_displacement`` is measured from; ``init`` by default.
    max_displacement : float32 array of shape (n,), optional
        How far each point may go from its anchor; infinite where it may go anywhere.

    Returns
    -------
    Float32Array
        Float32 array of shape (n, 2)
    """
    from umap.layouts import optimize_layout_euclidean
    from umap.umap_ import find_ab_params

    _keep_compiled_code()
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
            2,  # its first epoch samples nothing: an edge is due after one epoch at the earliest
            graph.vertex_count,
            np.ones(len(due)),
            a,
            b,
            generator.integers(bounds.min, bounds.max, 3),
            initial_alpha=initial_alpha * (1 - epoch / n_epochs),
            # In its second epoch it draws int(rate - 1) points: the half keeps rounding from taking one away.
            negative_sample_rate=NEGATIVE_SAMPLE_RATE + 1.5,
            move_other=True,
            tqdm_kwds={"disable": True},
        )
        if max_displacement is not None:
            _clip(positions, anchors, max_displacement)
    return positions


def _due_edges(weights: Float32Array, n_epochs: int) -> Iterator[tuple[int, npt.NDArray[np.intp]]]:
    """Yield every epoch in which edges are due, and which: the heavier, the more often, as in umap-learn."""
    from umap.umap_ import make_epochs_per_sample

    # An edge too weak to be used once in all epochs is left out.
    used = np.flatnonzero(weights >= weights.max(initial=0.0) / n_epochs)
    epochs_per_sample = make_epochs_per_sample(weights[used], n_epochs)
    epoch_of_next_sample = epochs_per_sample.copy()
    for epoch in range(n_epochs):
        due = np.flatnonzero(epoch_of_next_sample <= epoch)
        if len(due):
            epoch_of_next_sample[due] += epochs_per_sample[due]
            yield epoch, used[due]


def compiled_functions() -> Iterator[Any]:
    """Yield the functions of umap-learn that a layout has numba compile, and that umap-learn itself keeps nowhere."""
    from umap import layouts, umap_

    yield umap_.smooth_knn_dist
    yield umap_.compute_membership_strengths
    yield layouts._nb_optimize_layout_euclidean_single_epoch


@cache
def _keep_compiled_code() -> None:
    """Have numba keep umap-learn's compiled functions: beside its modules, or in the person's own cache folder."""
    # A read-only system without a home has nowhere to keep them, and another umap-learn may name them otherwise.
    with suppress(RuntimeError, AttributeError):
        for function in compiled_functions():
            function.enable_caching()


def _clip(positions: Float32Array, anchors: Float32Array, max_displacement: Float32Array) -> None:
    """Bring points that went too far back to the rim of what they may; ``positions`` are changed in place."""
    displacement = positions - anchors
    distance = np.sqrt((displacement * displacement).sum(axis=1))
    far = np.flatnonzero(distance > max_displacement)
    positions[far] = anchors[far] + displacement[far] * (max_displacement[far] / distance[far])[:, None]


def _with_self(neighbors: Neighbors) -> tuple[Int32Array, Float32Array]:
    """Return indices and cosine distances as umap-learn wants them: every point is its own first neighbor."""
    itself = np.arange(len(neighbors.indices), dtype=np.int32)[:, None]
    distances = _without_noise(np.maximum(np.float32(0), 1 - neighbors.similarities))
    return (
        np.concatenate([itself, neighbors.indices], axis=1),
        np.concatenate([np.zeros((len(itself), 1), np.float32), distances], axis=1),
    )


def _without_noise(distances: Float32Array) -> Float32Array:
    """Round distances to what a map can show of them, and the smallest to none.

    Gradient descent makes another map of a difference in the last bit, and vectors of two engines or processors differ
    there. Where all are rounded alike, the map is the same.
    """
    mantissa, exponent = np.frexp(distances)
    rounded = np.ldexp(np.round(mantissa * DISTANCE_STEPS) / np.float32(DISTANCE_STEPS), exponent)
    rounded[distances < NO_DISTANCE * np.median(distances)] = 0
    return np.asarray(rounded, dtype=np.float32)
