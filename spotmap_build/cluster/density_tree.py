"""The tree of densities that HDBSCAN makes of a map, and which of its groups are clusters. Pure.

"Excess of mass" (Campello et al. 2013) weighs groups by size and density. It takes the dense spots that chance makes in
a ring for clusters, and with a smallest size, small groups that lie close together for one. So what it chooses is
checked by what the validity of a clustering (Moulavi et al. 2014) asks: how wide is the gap around a group, beside the
gaps inside it?
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Rows = npt.NDArray[np.intp]
    Float64Array = npt.NDArray[np.float64]

LIES_APART: Final = 0.5
"""How a group must stand out to be one, whatever parts it has: the gap around it is twice that inside. Rings and arcs
come to .6 to .8, dense places on maps of real music to .3."""
LEAST_STANDING: Final = 0.01
"""How a group must stand out at the least: equal distances differ by what rounding leaves, and that makes no group."""
CLEAR: Final = ((3, 0.45, 0.4), (4, 0.4, 0.25))
"""How many parts of a group must stand out, how much on average, and how much each, to be groups of their own however
far the whole lies from all else. The styles of the demo, on three continents, have .49 to .63 and .45 (three parts),
.45 and .30 (four); of 3,360 rings and arcs of 30 to 150 tracks chance makes as much of four."""
MANY: Final = 4
"""How many large parts of a group are groups of their own, though they run into each other too much to stand out..."""
MANY_SIZE: Final = 4
"""...where they have so many times the smallest cluster's size on average: the parts that chance makes are small..."""
MANY_HOLD: Final = 0.6
"""...and hold so much of the group. Of 576 hills, discs, rings, arcs, bars and squares, beside others or a few tracks
far off, chance makes such parts of none."""
LARGE: Final = 6
"""Times the smallest cluster's size from which on a cluster that lies near others is more readily taken apart:
excess of mass alone makes giants of half a library."""
NEAR: Final = 1.5
"""Times the gap between its parts that the gap around such a cluster is at most."""
LARGE_PARTS: Final = 0.4
"""Share of such a cluster's excess of mass that its parts must have to be taken instead: those of real music have .5 to
1."""
MOST_OF_ALL: Final = 0.5
"""Share of all tracks above which a group is a cluster only where its parts do not hold most of it: those of one real
map of 390 tracks, ten of which lay far off, hold .85 to .88 of the rest, those of even discs and hills .4 to .7."""
MOST: Final = 0.8
"""Share of a group that counts as the group: what is inside its gaps, and what its smaller parts must hold."""
ROOT: Final = 0


@dataclass(frozen=True, slots=True, eq=False)
class DensityTree:
    """Groups of rows, each a part of the one that it split off from; parts have larger numbers than their whole.

    Attributes
    ----------
    birth : numpy.ndarray
        The density (one by the distance between neighbors) at which each group split off.
    sizes : numpy.ndarray
        How many rows each has.
    parts : list of list of int
        The two groups that each splits into, or none.
    rows, leaving : list of numpy.ndarray
        The rows that leave each group one by one, before it splits, and the density at which each does.
    """

    birth: Float64Array
    sizes: npt.NDArray[np.int64]
    parts: list[list[int]]
    rows: list[Rows]
    leaving: list[Float64Array]

    def groups(self) -> list[int]:
        """Find all groups that are in use, from the root on, ascending."""
        found = [ROOT]
        for group in found:
            found += self.parts[group]
        return sorted(found)

    def rows_of(self, group: int) -> Rows:
        """Collect the rows of a group and its parts."""
        found, waiting = [], [group]
        while waiting:
            one = waiting.pop()
            found.append(self.rows[one])
            waiting += self.parts[one]
        return np.concatenate(found)

    def excess_of_mass(self, group: int) -> float:
        """Weigh a group by its rows, and how much denser than at its birth it becomes."""
        birth = self.birth[group]
        split = sum(float(self.sizes[part] * (self.birth[part] - birth)) for part in self.parts[group])
        return float(np.sum(self.leaving[group] - birth)) + split

    def standing_out(self, group: int) -> float:
        """Measure how much wider the gap around a group is than those inside it: 0 (not at all) to 1."""
        return 1 - float(self.birth[group]) / self._holds_to(group)

    def hold_most(self, parts: list[int], whole: int) -> bool:
        """Tell whether these parts of a group hold most of it."""
        return sum(int(self.sizes[part]) for part in parts) >= MOST * float(self.sizes[whole])

    def stand_out_better(self, parts: list[int], whole: int) -> bool:
        """Tell whether rows stand out more as these parts than as their whole; rows in none of the parts do not."""
        of_parts = sum(float(self.sizes[part]) * self.standing_out(part) for part in parts)
        return of_parts > float(self.sizes[whole]) * self.standing_out(whole)

    def are_clear(self, parts: list[int], whole: int) -> bool:
        """Tell whether several parts hold most of a group, and each of them stands out."""
        if len(parts) < CLEAR[0][0] or not self.hold_most(parts, whole):
            return False
        standing = [self.standing_out(part) for part in parts]
        mean, least = float(np.average(standing, weights=self.sizes[parts])), min(standing)
        return any(len(parts) >= count and mean >= on_average and least >= each for count, on_average, each in CLEAR)

    def are_large(self, parts: list[int], whole: int, least: int) -> bool:
        """Tell whether many parts hold a good part of a group, and are far larger than the smallest cluster."""
        held = sum(int(self.sizes[part]) for part in parts)
        return (
            len(parts) >= MANY
            and held >= MANY_SIZE * least * len(parts)
            and held >= MANY_HOLD * float(self.sizes[whole])
        )

    def _holds_to(self, group: int) -> float:
        """Find the density up to which most of a group are together."""
        least, size = MOST * float(self.sizes[group]), int(self.sizes[group])
        while size - len(self.leaving[group]) >= least:
            largest = max(self.parts[group], key=lambda part: int(self.sizes[part]))
            size = int(self.sizes[largest])
            if size < least:
                return float(self.birth[largest])
            group = largest
        return float(np.sort(self.leaving[group])[int(size - least)])

    def without_small(self, least: int) -> DensityTree:
        """Make the tree in which parts of fewer rows than ``least`` are rows that leave their whole one by one."""
        parts, rows, leaving = [list(some) for some in self.parts], list(self.rows), list(self.leaving)
        result = DensityTree(self.birth, self.sizes, parts, rows, leaving)
        for group in range(len(parts) - 1, -1, -1):
            small = [part for part in parts[group] if self.sizes[part] < least]
            if not small:
                continue
            gone = [result.rows_of(part) for part in small]
            left = [np.full(len(some), self.birth[part]) for part, some in zip(small, gone, strict=True)]
            kept = [part for part in parts[group] if part not in small]
            rows[group] = np.concatenate([rows[group], *gone, *(rows[part] for part in kept)])
            leaving[group] = np.concatenate([leaving[group], *left, *(leaving[part] for part in kept)])
            parts[group] = [part for one in kept for part in parts[one]]
        return result


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """A cluster: the rows of the parts that it falls into (all, where it does not), and the rows between these."""

    parts: list[Rows]
    between: Rows


def condense(linkage: Float64Array, least: int, same_place: float) -> DensityTree:
    """Condense a single linkage to groups of ``least`` rows or more (Campello, Moulavi and Sander, 2013).

    The groups, densities and rows are those of hdbscan's ``condense_tree``, found for all rows at once: for each row
    the lowest merge of so many rows, which is where the row leaves, and for that merge the group that it is part of.

    Parameters
    ----------
    linkage : numpy.ndarray
        Float64 ``[n - 1, 4]``, merges as scipy has them: (left, right, distance, size), rising by distance; merge
        ``m`` makes node ``n + m``, and smaller numbers are rows.
    least : int
        A merge of two nodes with at least so many rows splits a group in two; at least 2.
    same_place : float
        Above 0. Rows that are closer are in one place.

    Returns
    -------
    DensityTree
        Group 0 holds all rows.
    """
    n, merge_count = len(linkage) + 1, len(linkage)
    merges = np.arange(merge_count)
    children, root = linkage[:, :2].astype(np.int64), n + merge_count - 1
    density = 1 / np.maximum(linkage[:, 2], same_place)
    sizes = np.concatenate([np.ones(n, dtype=np.int64), linkage[:, 3].astype(np.int64)])
    parent = np.empty(n + merge_count, dtype=np.int64)
    parent[children], parent[root] = (n + merges)[:, None], root

    is_split = (sizes[children] >= least).all(axis=1)
    splits = merges[is_split][::-1]  # from the top, so that parts have larger numbers than their whole
    heads = np.concatenate([[root], children[splits].ravel()])
    group_of_head = np.full(n + merge_count, -1, dtype=np.int64)
    group_of_head[heads] = np.arange(len(heads))
    group_of = group_of_head[_first_above(parent, group_of_head >= 0)]

    is_kept = sizes >= least
    is_kept[root] = True
    left_at = _first_above(parent, is_kept)[:n]
    owner, leaving = group_of[left_at], density[left_at - n]

    birth = np.concatenate([[0.0], np.repeat(density[splits], 2)])
    parts: list[list[int]] = [[] for _ in heads]
    for number, whole in enumerate(group_of[n + splits].tolist()):
        parts[whole] = [2 * number + 1, 2 * number + 2]
    order = np.argsort(owner, kind="stable")
    cuts = np.searchsorted(owner[order], np.arange(1, len(heads)))
    return DensityTree(birth, sizes[heads], parts, np.split(order, cuts), np.split(leaving[order], cuts))


def _first_above(parent: npt.NDArray[np.int64], is_wanted: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Return for each node of a tree itself, or the first above it that is wanted; its root has to be."""
    found = np.where(is_wanted, np.arange(len(parent)), parent)
    while not is_wanted[found].all():
        found = found[found]  # twice as far with each step
    return found


def choose_clusters(tree: DensityTree, least: int) -> list[Chosen]:
    """Choose the clusters of at least so many rows; of smaller groups in the tree, those that they fall into."""
    coarse = tree.without_small(least)
    whole, cut, fine = _of_most_mass(coarse), _of_most_mass(coarse, LARGE * least), _of_most_mass(tree)
    found: list[Chosen] = []
    for group in _topmost(coarse, whole, ROOT, least):
        rows = coarse.rows_of(group)
        parts = [
            part for one in _topmost(coarse, cut, group, least) for part in _as_it_falls_apart(tree, one, fine[one])
        ]
        inside = [tree.rows_of(part) for part in parts]
        found.append(Chosen(inside, np.setdiff1d(rows, np.concatenate(inside))))
    return found


def _topmost(tree: DensityTree, chosen: dict[int, list[int]], group: int, least: int) -> list[int]:
    """Find the groups in a group that are chosen, or lie apart though their parts are; it may be one itself."""
    found, waiting = [], [group]
    while waiting:
        one = waiting.pop()
        if one != ROOT and (chosen[one] == [one] or _is_one(tree, one, chosen[one], least)):
            found.append(one)
        else:
            waiting += tree.parts[one]
    return found


def _is_one(tree: DensityTree, group: int, parts: list[int], least: int) -> bool:
    """Tell whether a group is one though its parts have more mass: it lies apart as they do not.

    One that holds most of the library does so wherever a few tracks lie far off; it is as little a cluster as all are.
    """
    if tree.sizes[group] > MOST_OF_ALL * tree.sizes[ROOT] and tree.hold_most(parts, group):
        return False
    if tree.are_clear(parts, group) or tree.are_large(parts, group, least):
        return False
    return tree.standing_out(group) >= LIES_APART and not tree.stand_out_better(parts, group)


def _as_it_falls_apart(tree: DensityTree, group: int, parts: list[int]) -> list[int]:
    """Return the smaller parts of a cluster where they hold most of it and stand out better, else the cluster."""
    falls_apart = tree.hold_most(parts, group) and tree.stand_out_better(parts, group)
    return parts if len(parts) > 1 and falls_apart else [group]


def _of_most_mass(tree: DensityTree, large: float = np.inf) -> dict[int, list[int]]:
    """Choose for every group the groups in it, or itself, of most excess of mass; never the root itself.

    Of groups of more rows than ``large``, the parts are chosen if they have a good share of the mass.
    """
    mass, chosen = {}, {}
    for group in reversed(tree.groups()):
        parts, mass[group], chosen[group] = tree.parts[group], tree.excess_of_mass(group), [group]
        below, share = sum(mass[part] for part in parts), LARGE_PARTS if _is_large(tree, group, large) else 1.0
        is_none = group == ROOT or tree.standing_out(group) < LEAST_STANDING
        if is_none or below > share * mass[group]:
            mass[group], chosen[group] = below, [one for part in parts for one in chosen[part]]
    return chosen


def _is_large(tree: DensityTree, group: int, large: float) -> bool:
    """Tell whether a group has more rows than ``large`` and near others, or most of all."""
    if tree.sizes[group] <= large or not tree.parts[group]:
        return False
    is_near = float(tree.birth[tree.parts[group][0]]) < NEAR * float(tree.birth[group])
    return is_near or bool(tree.sizes[group] > MOST_OF_ALL * tree.sizes[ROOT])
