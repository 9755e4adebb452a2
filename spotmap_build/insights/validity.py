"""How well clusters are set apart on the plane: DBCV (Moulavi et al., "Density-based clustering validation", 2014)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from spotmap_build.model import Float32Array, Int32Array

    Float64Array = npt.NDArray[np.float64]
    Tree = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], Float64Array]

SAMPLE: Final = 2000
"""Work grows with the square. The same share is drawn of every cluster, with a fixed seed."""


def cluster_validity(positions: Float32Array, labels: Int32Array) -> float:
    """-1 to 1: above 0 where clusters are denser inside than between them; noise counts as 0. 0 without two clusters.

    Parameters
    ----------
    places: float32 ``[n, 2]``.
    labels: int32 ``[n]``, -1 for noise.
    """
    rows = _sample(labels)
    positions, labels = positions[rows], labels[rows]
    members = [np.flatnonzero(labels == label) for label in np.unique(labels[labels >= 0])]
    members = [inside for inside in members if len(inside) > 1]
    if len(members) < 2:
        return 0.0
    distances = [_distances(positions[inside], positions[inside]) for inside in members]
    cores = [_core_distances(distance) for distance in distances]
    trees = [
        _spanning_tree(_reachability(distance, core, core)) for distance, core in zip(distances, cores, strict=True)
    ]
    inner = [_inner_nodes(tree) for tree in trees]
    sparseness = [_sparseness(tree, nodes) for tree, nodes in zip(trees, inner, strict=True)]
    separation = np.full((len(members), len(members)), np.inf)
    for one in range(len(members)):
        for other in range(one):
            some, others = members[one][inner[one]], members[other][inner[other]]
            between = _reachability(
                _distances(positions[some], positions[others]), cores[one][inner[one]], cores[other][inner[other]]
            )
            separation[one, other] = separation[other, one] = between.min()
    total = 0.0
    for number, inside in enumerate(members):
        nearest = separation[number].min()
        larger = max(nearest, sparseness[number])
        total += len(inside) * ((nearest - sparseness[number]) / larger if larger > 0 else 0.0)
    return float(total / len(labels))


def _sample(labels: Int32Array) -> npt.NDArray[np.intp]:
    if len(labels) <= SAMPLE:
        return np.arange(len(labels))
    # Every cluster keeps its share, give or take one: every so many of the rows in the order of their labels, which
    # were shuffled within each.
    shuffled = np.random.default_rng(0).permutation(len(labels))
    ordered = shuffled[np.argsort(labels[shuffled], kind="stable")]
    return np.sort(ordered[np.linspace(0, len(labels) - 1, SAMPLE).astype(np.intp)])


def _distances(some: Float32Array, others: Float32Array) -> Float64Array:
    difference = some[:, None].astype(np.float64) - others[None]
    found: Float64Array = np.sqrt((difference**2).sum(axis=2))
    return found


def _core_distances(distance: Float64Array) -> Float64Array:
    """How sparse it is around each member: a mean of its distances to all others that the near ones dominate."""
    with np.errstate(divide="ignore"):
        inverse = 1 / distance**2
    np.fill_diagonal(inverse, 0)
    # Twins at one spot: as close as can be, without an infinite density.
    inverse = np.minimum(inverse, 1e12)
    found: Float64Array = (inverse.sum(axis=1) / (len(distance) - 1)) ** -0.5
    return found


def _reachability(distance: Float64Array, some_cores: Float64Array, other_cores: Float64Array) -> Float64Array:
    found: Float64Array = np.maximum(distance, np.maximum(some_cores[:, None], other_cores[None]))
    return found


def _spanning_tree(distance: Float64Array) -> Tree:
    """Prim's: the edges of the shortest tree that connects all, as ends and lengths."""
    n = len(distance)
    starts, ends, lengths = np.zeros(n - 1, np.intp), np.zeros(n - 1, np.intp), np.zeros(n - 1)
    nearest, via = distance[0].copy(), np.zeros(n, dtype=np.intp)
    nearest[0] = np.inf
    outside = np.ones(n, dtype=bool)
    outside[0] = False
    for edge in range(n - 1):
        joined = int(np.argmin(np.where(outside, nearest, np.inf)))
        ends[edge], starts[edge], lengths[edge] = joined, via[joined], nearest[joined]
        outside[joined] = False
        closer = outside & (distance[joined] < nearest)
        nearest[closer], via[closer] = distance[joined][closer], joined
    return starts, ends, lengths


def _inner_nodes(tree: Tree) -> npt.NDArray[np.intp]:
    """Those that are not leaves; all, where there are only leaves."""
    starts, ends, _ = tree
    degrees = np.bincount(np.concatenate([starts, ends]))
    nodes = np.flatnonzero(degrees > 1)
    return nodes if len(nodes) else np.arange(len(degrees))


def _sparseness(tree: Tree, inner: npt.NDArray[np.intp]) -> float:
    """The longest edge between inner nodes; of all edges, where there is none."""
    starts, ends, lengths = tree
    between = np.isin(starts, inner) & np.isin(ends, inner)
    return float(lengths[between].max() if between.any() else lengths.max())
