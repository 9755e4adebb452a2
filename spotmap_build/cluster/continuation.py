"""Find groups on a map that people know: tracks stay in their cluster unless there is reason to leave it. Pure.

A clustering from scratch puts a quarter of all tracks elsewhere when a tenth of the library is new
(docs/decisions/0006): as good a partition as before, and nobody's map any more. So the old one is continued: new tracks
join by their neighbors, new regions are found where there are none, and only what grew too large is split.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from spotmap_build.cluster.density_tree import LARGE
from spotmap_build.cluster.hdbscan import by_size, smallest_cluster, smallest_island
from spotmap_build.cluster.hierarchy import (
    MOST_VOTES,
    Groups,
    absorb_noise,
    find_groups,
    groups_of,
    soft_membership,
)

if TYPE_CHECKING:
    import numpy.typing as npt

    from spotmap_build.model import Float32Array, Int32Array

    BoolArray = npt.NDArray[np.bool_]

NEW: Final = -2
"""Label of a track that was not on the last map."""
OVERGROWN: Final = 1.5
"""Times its former size, and the size of a large cluster: what is larger than both is split where it has parts."""
FIRM: Final = 0.9
"""Share of its tracks' neighbors that a part has which is a group by itself: what has grown to several such is split. A
first map of a few tracks may have had no room for these."""
LOST: Final = 0.1
"""Share of a track's neighbors in its own cluster under which it leaves for another that holds most of them."""
LARGEST_LOSS: Final = 0.15
"""Share of neighbors in a track's own cluster, on average, that continuing may cost against starting over."""


def continue_groups(
    space: Float32Array, neighbors: Int32Array, previous: Int32Array, previous_parents: tuple[int, ...]
) -> Groups:
    """Bring the groups of the last map up to date.

    Where those of a clustering from scratch fit far better, they are returned instead.

    Parameters
    ----------
    space, neighbors
        See :func:`~spotmap_build.cluster.hierarchy.find_groups`; a map anchored to the last one.
    previous : Int32Array
        Int32 ``[n]``, each track's cluster on the last map, -1 for noise there, :data:`NEW` for new tracks.
    previous_parents : tuple[int, ...]
        The region of every cluster of the last map.
    """
    fresh = find_groups(space, neighbors)
    asked = neighbors[:, :MOST_VOTES]
    labels = continue_labels(fresh.clusters, asked, previous)
    parents = _parents(labels, asked, previous_parents)
    continued = _renumbered(labels, parents, asked)
    return fresh if _agreement(continued) < _agreement(fresh) - LARGEST_LOSS else continued


def _agreement(groups: Groups) -> float:
    """Return the share of a track's neighbors that are in its own cluster, on average (0..1, noise counts 0)."""
    strengths = groups.membership.strengths
    return float(np.mean(strengths)) if len(strengths) else 0.0


def continue_labels(fresh: Int32Array, neighbors: Int32Array, previous: Int32Array) -> Int32Array:
    """Clusters by their old numbers, new ones by numbers above those, -1 for noise: int32 ``[n]``."""
    n, size, island = len(fresh), smallest_cluster(len(fresh)), smallest_island(len(fresh))
    labels = np.where(previous >= 0, previous, -1).astype(np.int32)
    counts = np.bincount(labels[labels >= 0], minlength=1)
    # Too few are left of it to be a region.
    labels[(labels >= 0) & (counts[labels] < min(size / 2, island))] = -1
    number = int(previous.max(initial=-1)) + 1
    for cluster in range(int(fresh.max(initial=-1)) + 1):
        rows = np.flatnonzero(fresh == cluster)
        free = rows[labels[rows] < 0]
        if len(free) >= min(size, len(rows)) and 2 * len(free) >= len(rows):
            labels[free] = number
            number += 1
        elif len(free) < len(rows):
            # Newcomers to a place that is a region already.
            held = np.bincount(labels[rows[labels[rows] >= 0]])
            if 2 * held.max() >= held.sum():
                labels[free] = held.argmax()
    before, now = (np.bincount(each[each >= 0], minlength=number) for each in (previous, labels))
    is_overgrown = now > OVERGROWN * np.maximum(before, LARGE * size)
    is_firm = _are_firm(fresh, neighbors)
    for cluster in np.flatnonzero(now > before).tolist():
        rows = np.flatnonzero(labels == cluster)
        inside = fresh[rows][fresh[rows] >= 0]
        parts = [part for part in np.unique(inside).tolist() if np.sum(inside == part) >= size]
        if not is_overgrown[cluster] and not (len(parts) > 1 and is_firm[parts].all()):
            continue
        for part in sorted(parts, key=lambda part: (-int(np.sum(inside == part)), part))[1:]:
            labels[rows[fresh[rows] == part]] = number
            number += 1
    around = soft_membership(labels, neighbors)
    leaves = (labels >= 0) & (around.strengths < LOST) & (around.second_strengths > 0.5)
    labels[leaves] = around.seconds[leaves]
    return absorb_noise(labels, neighbors) if n else labels


def _are_firm(fresh: Int32Array, neighbors: Int32Array) -> BoolArray:
    """Tell of each fresh cluster whether its tracks have nearly all their neighbors in it: bool ``[clusters]``."""
    strengths = soft_membership(fresh, neighbors).strengths
    count = int(fresh.max(initial=-1)) + 1
    return np.array([np.mean(strengths[fresh == cluster]) >= FIRM for cluster in range(count)], dtype=np.bool_)


def _parents(labels: Int32Array, neighbors: Int32Array, previous_parents: tuple[int, ...]) -> tuple[int, ...]:
    """Return the region of every number in ``labels``.

    The old one; for new clusters that of most neighbors, or another new one.
    """
    parents = list(previous_parents)
    for cluster in range(len(previous_parents), int(labels.max(initial=-1)) + 1):
        around = labels[neighbors[labels == cluster]]
        known = around[(around >= 0) & (around < len(parents))]
        regions = np.bincount(np.asarray(parents, dtype=np.intp)[known], minlength=1) if len(known) else np.zeros(1)
        is_near = 5 * regions.max() >= around.size > 0
        parents.append(int(regions.argmax()) if is_near else max(parents, default=-1) + 1)
    return tuple(parents)


def _renumbered(labels: Int32Array, parents: tuple[int, ...], neighbors: Int32Array) -> Groups:
    """With clusters numbered by falling size, and none of them empty."""
    numbered = by_size(labels)
    count = int(numbered.max(initial=-1)) + 1
    old = [int(labels[np.argmax(numbered == number)]) for number in range(count)]
    return groups_of(numbered, tuple(parents[label] for label in old), neighbors)
