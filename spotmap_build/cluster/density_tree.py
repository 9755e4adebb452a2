"""HDBSCAN's condensed tree of a map, and the selection of clusters from it. Pure.

"Excess of mass" (Campello et al. 2013) weighs groups by size and density. It selects dense spots that occur by chance
in a ring, and with a minimum cluster size, it merges small groups that are close together. Its selection is therefore
checked by the criterion of cluster validity (Moulavi et al. 2014): how wide is the gap around a group, compared with
the gaps inside it?
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Rows = npt.NDArray[np.intp]
    Float64Array = npt.NDArray[np.float64]

MIN_ISOLATION: Final = 0.5
"""Minimum prominence of a group that is a cluster regardless of its parts: the gap around it is twice that inside.
Rings and arcs reach 0.6 to 0.8, dense places on maps of real music 0.3."""
MIN_PROMINENCE: Final = 0.01
"""Minimum prominence of any group. Rounding makes equal distances differ, which must not create groups."""
CLEAR: Final = ((3, 0.45, 0.4), (4, 0.4, 0.25))
"""Minimum number of parts, mean prominence and prominence of each part for the parts to be groups of their own, however
isolated the whole group is. The styles of the demo, on three continents, have 0.49 to 0.63 and 0.45 (three parts), 0.45
and 0.30 (four). Of 3,360 rings and arcs of 30 to 150 tracks, four reach this by chance."""
MIN_OVERLAPPING_PARTS: Final = 4
"""Minimum number of large parts that are groups of their own although they overlap too much to be prominent..."""
MIN_OVERLAPPING_SIZE: Final = 4
"""...if their mean size is this multiple of the smallest cluster's size (parts that occur by chance are small)..."""
MIN_OVERLAPPING_SHARE: Final = 0.6
"""...and they contain this share of the group. None of 576 hills, discs, rings, arcs, bars and squares, next to others
or to a few distant tracks, has such parts by chance."""
LARGE_CLUSTER_FACTOR: Final = 6
"""Multiple of the smallest cluster's size from which on a cluster close to others is split more readily. Excess of mass
alone would create clusters of half a library."""
NEAR: Final = 1.5
"""Maximum gap around such a cluster, as a multiple of the gap between its parts."""
MIN_PARTS_MASS_SHARE: Final = 0.4
"""Share of such a cluster's excess of mass that its parts must have to replace it. For real music it is 0.5 to 1."""
MAX_LIBRARY_SHARE: Final = 0.5
"""Share of all tracks above which a group is a cluster only if its parts do not contain most of it. On a real map of
390 tracks, ten of which are far off, the parts contain 0.85 to 0.88 of the rest; those of even discs and hills contain
0.4 to 0.7."""
NEARLY_ALL_SHARE: Final = 0.8
"""Share of a group that stands for all of it, when measuring its inner gaps and what its smaller parts must contain."""
ROOT: Final = 0


@dataclass(frozen=True, slots=True, eq=False)
class DensityTree:
    """A condensed tree of groups of rows. Parts have larger numbers than the group that they split off from.

    Attributes
    ----------
    birth : numpy.ndarray
        The density (the inverse of the distance between neighbors) at which each group split off.
    sizes : numpy.ndarray
        Number of rows of each group.
    parts : list of list of int
        The two groups into which each group splits, or none.
    rows, exit_densities : list of numpy.ndarray
        The rows that leave each group individually before it splits, and the density at which each leaves.
    """

    birth: Float64Array
    sizes: npt.NDArray[np.int64]
    parts: list[list[int]]
    rows: list[Rows]
    exit_densities: list[Float64Array]

    def groups(self) -> list[int]:
        """Return all groups in use, from the root on, ascending."""
        found = [ROOT]
        for group in found:
            found += self.parts[group]
        return sorted(found)

    def rows_of(self, group: int) -> Rows:
        """Return the rows of a group and its parts."""
        found, waiting = [], [group]
        while waiting:
            one = waiting.pop()
            found.append(self.rows[one])
            waiting += self.parts[one]
        return np.concatenate(found)

    def excess_of_mass(self, group: int) -> float:
        """Return the excess of mass of a group: over its rows, the sum of the density gained since its birth."""
        birth = self.birth[group]
        split = sum(float(self.sizes[part] * (self.birth[part] - birth)) for part in self.parts[group])
        return float(np.sum(self.exit_densities[group] - birth)) + split

    def prominence(self, group: int) -> float:
        """Return the prominence of a group: how much wider the gap around it is than those inside, 0 to 1."""
        return 1 - float(self.birth[group]) / self._death_density(group)

    def contain_most(self, parts: list[int], group: int) -> bool:
        """Return whether these parts contain most of a group."""
        return sum(int(self.sizes[part]) for part in parts) >= NEARLY_ALL_SHARE * float(self.sizes[group])

    def are_more_prominent(self, parts: list[int], group: int) -> bool:
        """Return whether rows are more prominent as these parts than as one group; rows in no part count as 0."""
        of_parts = sum(float(self.sizes[part]) * self.prominence(part) for part in parts)
        return of_parts > float(self.sizes[group]) * self.prominence(group)

    def are_prominent(self, parts: list[int], group: int) -> bool:
        """Return whether several parts contain most of a group, and each of them is prominent."""
        if len(parts) < CLEAR[0][0] or not self.contain_most(parts, group):
            return False
        prominences = [self.prominence(part) for part in parts]
        mean, lowest = float(np.average(prominences, weights=self.sizes[parts])), min(prominences)
        return any(len(parts) >= count and mean >= on_average and lowest >= each for count, on_average, each in CLEAR)

    def are_large(self, parts: list[int], group: int, min_size: int) -> bool:
        """Return whether many parts contain a large share of a group, and are far larger than the smallest cluster."""
        held = sum(int(self.sizes[part]) for part in parts)
        return (
            len(parts) >= MIN_OVERLAPPING_PARTS
            and held >= MIN_OVERLAPPING_SIZE * min_size * len(parts)
            and held >= MIN_OVERLAPPING_SHARE * float(self.sizes[group])
        )

    def _death_density(self, group: int) -> float:
        """Return the density up to which most of a group is connected."""
        min_size, size = NEARLY_ALL_SHARE * float(self.sizes[group]), int(self.sizes[group])
        while size - len(self.exit_densities[group]) >= min_size:
            largest = max(self.parts[group], key=lambda part: int(self.sizes[part]))
            size = int(self.sizes[largest])
            if size < min_size:
                return float(self.birth[largest])
            group = largest
        return float(np.sort(self.exit_densities[group])[int(size - min_size)])

    def without_small(self, min_size: int) -> DensityTree:
        """Return the tree in which the rows of parts smaller than ``min_size`` leave their group individually."""
        parts, rows, exit_densities = [list(some) for some in self.parts], list(self.rows), list(self.exit_densities)
        result = DensityTree(self.birth, self.sizes, parts, rows, exit_densities)
        for group in range(len(parts) - 1, -1, -1):
            small = [part for part in parts[group] if self.sizes[part] < min_size]
            if not small:
                continue
            gone = [result.rows_of(part) for part in small]
            left = [np.full(len(some), self.birth[part]) for part, some in zip(small, gone, strict=True)]
            kept = [part for part in parts[group] if part not in small]
            rows[group] = np.concatenate([rows[group], *gone, *(rows[part] for part in kept)])
            exit_densities[group] = np.concatenate(
                [exit_densities[group], *left, *(exit_densities[part] for part in kept)]
            )
            parts[group] = [part for one in kept for part in parts[one]]
        return result


@dataclass(frozen=True, slots=True, eq=False)
class SelectedCluster:
    """A cluster: the rows of its parts (all rows if it has no parts), and the rows between the parts."""

    parts: list[Rows]
    between: Rows


def condense(linkage: Float64Array, min_size: int, same_place: float) -> DensityTree:
    """Condense a single linkage to groups of ``min_size`` rows or more (Campello, Moulavi and Sander, 2013).

    The result equals that of hdbscan's ``condense_tree``, but is computed for all rows together: for each row, the
    lowest merge with at least ``min_size`` rows is where the row leaves, and that merge's group is the row's group.

    Parameters
    ----------
    linkage : numpy.ndarray
        Float64 ``[n - 1, 4]``, merges in scipy's format: (left, right, distance, size), ascending by distance; merge
        ``m`` creates node ``n + m``, and smaller numbers are rows.
    min_size : int
        A merge of two nodes with at least this many rows splits a group in two; at least 2.
    same_place : float
        Rows at smaller distances count as being in one place; above 0.

    Returns
    -------
    DensityTree
        Group 0 contains all rows.
    """
    n, merge_count = len(linkage) + 1, len(linkage)
    merges = np.arange(merge_count)
    children, root = linkage[:, :2].astype(np.int64), n + merge_count - 1
    density = 1 / np.maximum(linkage[:, 2], same_place)
    sizes = np.concatenate([np.ones(n, dtype=np.int64), linkage[:, 3].astype(np.int64)])
    parent = np.empty(n + merge_count, dtype=np.int64)
    parent[children], parent[root] = (n + merges)[:, None], root

    is_split = (sizes[children] >= min_size).all(axis=1)
    splits = merges[is_split][::-1]  # from the top, so that parts have larger numbers than their whole
    heads = np.concatenate([[root], children[splits].ravel()])
    group_of_head = np.full(n + merge_count, -1, dtype=np.int64)
    group_of_head[heads] = np.arange(len(heads))
    group_of = group_of_head[_nearest_ancestor(parent, group_of_head >= 0)]

    is_kept = sizes >= min_size
    is_kept[root] = True
    left_at = _nearest_ancestor(parent, is_kept)[:n]
    owner, exit_densities = group_of[left_at], density[left_at - n]

    birth = np.concatenate([[0.0], np.repeat(density[splits], 2)])
    parts: list[list[int]] = [[] for _ in heads]
    for number, whole in enumerate(group_of[n + splits].tolist()):
        parts[whole] = [2 * number + 1, 2 * number + 2]
    order = np.argsort(owner, kind="stable")
    cuts = np.searchsorted(owner[order], np.arange(1, len(heads)))
    return DensityTree(birth, sizes[heads], parts, np.split(order, cuts), np.split(exit_densities[order], cuts))


def _nearest_ancestor(parent: npt.NDArray[np.int64], is_wanted: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Return for each node of a tree the nearest wanted ancestor, or the node itself. The root must be wanted."""
    found = np.where(is_wanted, np.arange(len(parent)), parent)
    while not is_wanted[found].all():
        found = found[found]  # pointer doubling
    return found


def select_clusters(tree: DensityTree, min_size: int) -> list[SelectedCluster]:
    """Select the clusters with at least ``min_size`` rows; smaller groups of the tree become their parts."""
    coarse = tree.without_small(min_size)
    whole, cut, fine = (
        _select_by_mass(coarse),
        _select_by_mass(coarse, LARGE_CLUSTER_FACTOR * min_size),
        _select_by_mass(tree),
    )
    found: list[SelectedCluster] = []
    for group in _topmost(coarse, whole, ROOT, min_size):
        rows = coarse.rows_of(group)
        parts = [
            part for one in _topmost(coarse, cut, group, min_size) for part in _parts_if_clearer(tree, one, fine[one])
        ]
        inside = [tree.rows_of(part) for part in parts]
        found.append(SelectedCluster(inside, np.setdiff1d(rows, np.concatenate(inside))))
    return found


def _topmost(tree: DensityTree, selected: dict[int, list[int]], group: int, min_size: int) -> list[int]:
    """Return the selected groups within a group, possibly itself; isolated groups replace their selected parts."""
    found, waiting = [], [group]
    while waiting:
        one = waiting.pop()
        if one != ROOT and (selected[one] == [one] or _is_single_cluster(tree, one, selected[one], min_size)):
            found.append(one)
        else:
            waiting += tree.parts[one]
    return found


def _is_single_cluster(tree: DensityTree, group: int, parts: list[int], min_size: int) -> bool:
    """Return whether a group is a cluster although its parts have more mass, because it is isolated and they are not.

    A group with most of the library is isolated as soon as a few tracks are far off; that alone makes it no cluster.
    """
    if tree.sizes[group] > MAX_LIBRARY_SHARE * tree.sizes[ROOT] and tree.contain_most(parts, group):
        return False
    if tree.are_prominent(parts, group) or tree.are_large(parts, group, min_size):
        return False
    return tree.prominence(group) >= MIN_ISOLATION and not tree.are_more_prominent(parts, group)


def _parts_if_clearer(tree: DensityTree, group: int, parts: list[int]) -> list[int]:
    """Return the smaller parts of a cluster if they contain most of it and are more prominent, else the cluster."""
    falls_apart = tree.contain_most(parts, group) and tree.are_more_prominent(parts, group)
    return parts if len(parts) > 1 and falls_apart else [group]


def _select_by_mass(tree: DensityTree, large: float = np.inf) -> dict[int, list[int]]:
    """Select for every group the groups within it, or itself, with the largest excess of mass; never the root.

    For groups with more rows than ``large``, the parts are selected if they have a large share of the mass.
    """
    mass, selected = {}, {}
    for group in reversed(tree.groups()):
        parts, mass[group], selected[group] = tree.parts[group], tree.excess_of_mass(group), [group]
        below, share = sum(mass[part] for part in parts), MIN_PARTS_MASS_SHARE if _is_large(tree, group, large) else 1.0
        is_none = group == ROOT or tree.prominence(group) < MIN_PROMINENCE
        if is_none or below > share * mass[group]:
            mass[group], selected[group] = below, [one for part in parts for one in selected[part]]
    return selected


def _is_large(tree: DensityTree, group: int, large: float) -> bool:
    """Return whether a group has more rows than ``large`` and is close to others, or has most of all rows."""
    if tree.sizes[group] <= large or not tree.parts[group]:
        return False
    is_near = float(tree.birth[tree.parts[group][0]]) < NEAR * float(tree.birth[group])
    return is_near or bool(tree.sizes[group] > MAX_LIBRARY_SHARE * tree.sizes[ROOT])
