"""Islands: isolated groups, which look like clusters. Pure.

HDBSCAN does not find islands below its minimum cluster size, and merges some groups of islands into one cluster.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from spotmap_build.model import Int32Array

    Float64Array = npt.NDArray[np.float64]

MIN_GAP_RATIO: Final = 1.5
"""Minimum gap around an island, as a multiple of its widest inner gap (and of the usual distance between places)."""
MIN_ISLAND_SHARE: Final = 0.8
"""Minimum share of a group on islands within it for the group to be replaced by these islands."""
NOISE: Final = -1
MIXED: Final = -2


@dataclass(frozen=True, slots=True)
class _IslandsInside:
    """The islands in a group of rows with one label, and the number of rows on them."""

    islands: tuple[int, ...] = ()
    covered: int = 0

    def __add__(self, other: _IslandsInside) -> _IslandsInside:
        if not other.islands:
            return self
        return _IslandsInside(self.islands + other.islands, self.covered + other.covered) if self.islands else other

    def consists_of_islands(self, size: int) -> bool:
        return len(self.islands) > 1 and self.covered >= MIN_ISLAND_SHARE * size


def separate_islands(labels: Int32Array, linkage: Float64Array, min_size: int, usual_distance: float) -> Int32Array:
    """Return labels in which islands in the noise, and islands of a cluster that consists of islands, are clusters.

    Parameters
    ----------
    labels : Int32Array
        Int32 ``[n]``, -1 for noise.
    linkage : Float64Array
        Float64 ``[n - 1, 4]``, a single linkage tree in scipy's format: (left, right, distance, size); row ``r``
        merges two earlier groups to the group ``n + r``.
    min_size : int
        Minimum number of rows of an island.
    usual_distance : float
        Usual distance between places, so that rounding does not create islands.
    """
    n, result = len(labels), labels.copy()
    children = linkage[:, :2].astype(np.int64).tolist()
    number = int(labels.max(initial=NOISE)) + 1
    sizes = np.bincount(labels[labels >= 0], minlength=number).tolist()
    for label, part in _islands_by_label(labels, linkage, min_size, usual_distance).items():
        islands = part.islands
        if label != NOISE:
            # The first island keeps the label.
            islands = islands[1:] if part.consists_of_islands(sizes[label]) else ()
        for island in islands:
            result[_rows_of(island, children, n)] = number
            number += 1
    return result


def _islands_by_label(
    labels: Int32Array, linkage: Float64Array, min_size: int, usual_distance: float
) -> dict[int, _IslandsInside]:
    """Return the islands of every label, in ascending order of labels."""
    n = len(labels)
    children, sizes = linkage[:, :2].astype(np.int64).tolist(), linkage[:, 3].astype(np.int64).tolist()
    gap = np.zeros(n + len(children))  # there is no gap around the root
    gap[linkage[:, :2].astype(np.int64)] = linkage[:, 2:3]
    is_apart = (gap[n:] >= MIN_GAP_RATIO * np.maximum(linkage[:, 2], usual_distance)).tolist()
    common, inside = labels.tolist(), [_IslandsInside()] * n
    found: dict[int, _IslandsInside] = {}
    for row, (left, right) in enumerate(children):
        if common[left] == common[right]:
            part = inside[left] + inside[right]
            if is_apart[row] and sizes[row] >= min_size and not part.consists_of_islands(sizes[row]):
                part = _IslandsInside((n + row,), sizes[row])
            common.append(common[left])
            inside.append(part)
        else:
            for half in (left, right):
                found[common[half]] = found.get(common[half], _IslandsInside()) + inside[half]
            common.append(MIXED)
            inside.append(_IslandsInside())
    if children:
        found[common[-1]] = found.get(common[-1], _IslandsInside()) + inside[-1]
    found.pop(MIXED, None)
    return dict(sorted(found.items()))


def _rows_of(group: int, children: list[list[int]], n: int) -> list[int]:
    """Return the rows in a group of the linkage."""
    rows, waiting = [], [group]
    while waiting:
        node = waiting.pop()
        if node < n:
            rows.append(node)
        else:
            waiting += children[node - n]
    return rows
