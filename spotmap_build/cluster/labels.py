"""Labels of clusters: one number per row from 0, -1 for noise. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from spotmap_build.model import Int32Array

    Rows = npt.NDArray[np.intp]


def members_of(labels: npt.NDArray[np.integer]) -> list[Rows]:
    """Return the rows of each label from 0 to the highest, ascending; one sort for all of them.

    >>> [rows.tolist() for rows in members_of(np.array([1, 0, -1, 1]))]
    [[1], [0, 3]]
    """
    sizes = np.bincount(labels[labels >= 0])
    if not len(sizes):
        return []
    rows = np.argsort(labels, kind="stable")[len(labels) - sizes.sum() :]
    return np.split(rows, np.cumsum(sizes)[:-1])


def by_size(labels: Int32Array) -> Int32Array:
    """Renumber labels 0.. by decreasing number of rows (ties by first row); -1 is kept.

    >>> by_size(np.array([4, 7, 7, -1, 2], dtype=np.int32)).tolist()
    [1, 0, 0, -1, 2]
    """
    found, first, inverse, sizes = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    order = np.lexsort((first, -sizes, found < 0))  # noise, if any, comes last
    numbers = np.empty(len(found), dtype=np.int32)
    numbers[order] = np.arange(len(found), dtype=np.int32)
    numbers[found < 0] = -1
    return numbers[inverse]
