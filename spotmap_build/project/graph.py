"""UMAP's view of a library: who belongs together, and how strongly (the fuzzy graph), and how it is drawn.

McInnes, Healy, Melville, "UMAP: Uniform Manifold Approximation and Projection for Dimension Reduction" (2018), from
neighbours that are known already. Our own, because the package umap-learn takes six seconds to import and half a minute
to compile, and cannot hold tracks where they were.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from spotmap_build.model import Float32Array, Int32Array
    from spotmap_build.project.neighbours import Neighbours

    Float64Array = npt.NDArray[np.float64]

BISECTIONS: Final = 64
LEAST_WIDTH_SHARE: Final = 1e-3
"""Of the mean distance: no track's scale gets narrower than that, however close its neighbours are."""


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """Edges ``heads[e] -> tails[e]`` with ``weights[e]`` in 0..1, each in both directions, sorted by head and tail."""

    track_count: int
    heads: Int32Array
    tails: Int32Array
    weights: Float32Array


def fuzzy_graph(neighbours: Neighbours) -> Graph:
    """The fuzzy union of every track's own view of its neighbours, by cosine distance."""
    n, k = neighbours.indices.shape
    if k == 0:
        nobody = np.empty(0, np.int32)
        return Graph(n, nobody, nobody, np.empty(0, np.float32))
    strengths = _strengths(np.maximum(0.0, 1.0 - neighbours.similarities.astype(np.float64)))
    heads = np.repeat(np.arange(n, dtype=np.int64), k)
    tails = neighbours.indices.ravel().astype(np.int64)
    names = np.concatenate([heads * n + tails, tails * n + heads])
    edges, place = np.unique(names, return_inverse=True)
    there, back = (np.zeros(len(edges)) for _ in range(2))
    there[place[: n * k]] = strengths.ravel()
    back[place[n * k :]] = strengths.ravel()
    weights = there + back - there * back
    return Graph(n, (edges // n).astype(np.int32), (edges % n).astype(np.int32), weights.astype(np.float32))


def _strengths(distances: Float64Array) -> Float64Array:
    """How strongly each track is tied to each neighbour (``[n, k]``): 1 for the nearest, falling at a rate of its own.

    The rate is such that the ties of every track add up to log2(k + 1), as in UMAP, which counts the track itself.
    """
    nearest = np.where(distances > 0, distances, np.inf).min(axis=1)
    beyond = np.maximum(0.0, distances - np.where(np.isfinite(nearest), nearest, 0.0)[:, None])
    target = np.log2(distances.shape[1] + 1)
    low, high = np.zeros(len(distances)), np.full(len(distances), np.inf)
    width = np.ones(len(distances))
    for _ in range(BISECTIONS):
        total = np.exp(-beyond / width[:, None]).sum(axis=1)
        high = np.where(total > target, width, high)
        low = np.where(total > target, low, width)
        width = np.where(np.isinf(high), width * 2, (low + high) / 2)
    least = LEAST_WIDTH_SHARE * np.where(np.isfinite(nearest), distances.mean(axis=1), distances.mean())
    strengths: Float64Array = np.exp(-beyond / np.maximum(width, np.maximum(least, 1e-12))[:, None])
    return strengths


@cache
def curve(minimum_distance: float) -> tuple[float, float]:
    """UMAP's ``a`` and ``b``: 1 / (1 + a d^2b) is near 1 up to ``minimum_distance``, and falls off within one of it."""
    d = np.linspace(0, 3, 301)[1:]
    wanted = np.where(d < minimum_distance, 1.0, np.exp(-(d - minimum_distance)))
    a, b = 1.5, 0.9
    for _ in range(50):  # Gauss and Newton's way to the least squares; settles within ten
        power = d ** (2 * b)
        value = 1 / (1 + a * power)
        slopes = np.stack([-power * value**2, -2 * a * np.log(d) * power * value**2], axis=1)
        step = np.linalg.lstsq(slopes, wanted - value, rcond=None)[0]
        a, b = max(1e-3, a + 0.7 * float(step[0])), max(1e-2, b + 0.7 * float(step[1]))
    return a, b


def draw(
    graph: Graph,
    start: Float32Array,
    *,
    minimum_distance: float,
    epochs: int,
    seed: int,
    first_rate: float = 1.0,
    homes: Float32Array | None = None,
    reach: Float32Array | None = None,
) -> Float32Array:
    """Move the tracks from ``start`` (float32 ``[n, 2]``) so that those tied together lie together, the rest apart.

    One thread and a generator of our own: equal input gives equal bytes. With ``homes`` and ``reach`` no track ends
    further from its home than it may.
    """
    from spotmap_build.project.kernels import pull_and_push

    places = np.array(start, dtype=np.float32, order="C")
    # An edge too weak to be used once in all epochs is left out, as in UMAP.
    used = graph.weights >= graph.weights.max(initial=0.0) / epochs
    weights = graph.weights[used]
    a, b = curve(minimum_distance)
    pull_and_push(
        places,
        graph.heads[used],
        graph.tails[used],
        (weights.max(initial=0.0) / weights).astype(np.float32),
        np.float32(a),
        np.float32(b),
        epochs,
        np.float32(first_rate),
        seed,
        places.copy() if homes is None else np.ascontiguousarray(homes, dtype=np.float32),
        np.full(len(places), np.inf, np.float32) if reach is None else reach.astype(np.float32),
    )
    return places
