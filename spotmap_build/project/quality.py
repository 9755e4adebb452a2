"""Quality figures of a layout: how well it preserves the neighborhoods of the vectors, and what neighbors share.

For more than ``SAMPLE`` tracks, figures are estimated on a sample with a fixed seed, within about 0.005.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    import numpy.typing as npt
    from scipy import sparse

    from spotmap_build.model import Float32Array, Int32Array
    from spotmap_build.project.neighbors import Neighbors

    IndexArray = npt.NDArray[np.intp]

NEIGHBORHOOD_SIZE: Final = 10
"""Number of neighbors that form a track's neighborhood, in every figure."""
SAMPLE: Final = 1500
BLOCK: Final = 125
THREADS: Final = 2
"""Number of blocks at once. Each takes memory for a few matrices ``[BLOCK, n]``."""
RANDOM_PAIRS: Final = 200_000
LABELS_PER_BLOCK: Final = 4_000_000
"""Labels that are compared at a time. Each takes 12 bytes, a few times."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """The share of neighbors that have a label in common with their track.

    It is measured in the vector space, on the plane, and for random pairs. ``labeled``: number of tracks with a label;
    if it is 0, the shares are 0.
    """

    in_space: float
    on_plane: float
    by_chance: float
    labeled: int


def trustworthiness(unit_vectors: Float32Array, positions: Float32Array) -> float:
    """Measure whether tracks that are close on the plane are similar (trustworthiness, Venna and Kaski, 2001).

    Each of the nearest tracks on the plane that is not among as many most similar ones is penalized by its rank in
    similarity. Large libraries are sampled.

    Parameters
    ----------
    unit_vectors : numpy.ndarray
        Float32 ``[n, d]``, rows of length one.
    positions : numpy.ndarray
        Float32 ``[n, 2]``.

    Returns
    -------
    float
        1 if all close tracks are similar; 0.5 for a random map.

    Examples
    --------
    >>> import numpy as np
    >>> angles = np.linspace(0, 3, 40, dtype=np.float32)
    >>> line = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    >>> trustworthiness(line, line)
    1.0
    """
    return _intrusions(unit_vectors, positions, listed_by_similarity=True)


def continuity(unit_vectors: Float32Array, positions: Float32Array) -> float:
    """Measure whether similar tracks are close on the plane (continuity, Venna and Kaski, 2001).

    Parameters and result are like those of :func:`trustworthiness`.
    """
    return _intrusions(unit_vectors, positions, listed_by_similarity=False)


def kept_neighbors(similar: Int32Array, on_plane: Int32Array) -> Float32Array:
    """Measure how much of each track's neighborhood is preserved on the plane.

    Parameters
    ----------
    similar : numpy.ndarray
        Int32 ``[n, k]``: the most similar tracks of each track.
    on_plane : numpy.ndarray
        Int32 ``[n, k]`` or more columns, from :func:`nearest_on_plane`.

    Returns
    -------
    numpy.ndarray
        Float32 ``[n]`` in 0..1: the share of a track's most similar tracks that are among as many nearest ones on the
        plane. Its mean is the neighbor recall of the map. 1 for tracks without neighbors.
    """
    if similar.shape[1] == 0:
        return np.ones(len(similar), dtype=np.float32)
    near = on_plane[:, : similar.shape[1]]
    return np.asarray((similar[:, :, None] == near[:, None, :]).any(axis=2).mean(axis=1), dtype=np.float32)


def nearest_on_plane(positions: Float32Array, count: int, first: int = 0) -> Int32Array:
    """Return the ``count`` nearest tracks on the plane for every track from row ``first`` on, excluding itself.

    Int32 ``[n - first, k]``, k at most n - 1, the nearest first.
    """
    from scipy.spatial import cKDTree

    n = len(positions)
    k = max(0, min(count, n - 1))
    if k == 0:
        return np.empty((n - first, 0), dtype=np.int32)
    # Query one more for the track itself. It can be missing among many tracks in one spot; then drop the last.
    found = cKDTree(positions).query(positions[first:], k=k + 1, workers=-1)[1].astype(np.int32)
    itself = found == np.arange(first, n, dtype=np.int32)[:, None]
    itself[~itself.any(axis=1), -1] = True
    return np.asarray(found[~itself].reshape(n - first, k), dtype=np.int32)


def agreement(neighbors: Neighbors, on_plane: Int32Array, labels: Sequence[Sequence[str]]) -> Agreement:
    """Return how often neighbors share a label, such as an artist, an album, a playlist or a genre.

    Parameters
    ----------
    neighbors : Neighbors
        The most similar tracks of each track.
    on_plane : numpy.ndarray
        Int32 ``[n, k]``: the nearest tracks on the plane, from :func:`nearest_on_plane`.
    labels : Sequence[Sequence[str]]
        Labels of every track, possibly none or several. Tracks without labels are not evaluated, but count as neighbors
        of other tracks, so that a map does not get better by placing them in between.
    """
    membership = _membership(labels)
    asked = np.flatnonzero(np.diff(membership.indptr))
    if len(asked) == 0 or len(labels) < 2:
        return Agreement(0.0, 0.0, 0.0, len(asked))
    space = neighbors.first(NEIGHBORHOOD_SIZE).indices[asked]
    generator = np.random.default_rng(0)
    chosen = generator.choice(asked, RANDOM_PAIRS)
    others = (chosen + generator.integers(1, len(labels), RANDOM_PAIRS)) % len(labels)
    return Agreement(
        in_space=_share(membership, np.repeat(asked, space.shape[1]), space.ravel().astype(np.intp)),
        on_plane=_share(membership, np.repeat(asked, on_plane.shape[1]), on_plane[asked].ravel().astype(np.intp)),
        by_chance=_share(membership, chosen, others),
        labeled=len(asked),
    )


def sampled_rows(track_count: int) -> IndexArray:
    """Return the rows on which figures are measured: all, or a sample with a fixed seed, ascending."""
    if track_count <= SAMPLE:
        return np.arange(track_count)
    return np.sort(np.random.default_rng(0).choice(track_count, SAMPLE, replace=False))


def _intrusions(unit_vectors: Float32Array, positions: Float32Array, *, listed_by_similarity: bool) -> float:
    n = len(positions)
    # The measure is not defined for more than half of the other tracks. Fewer than three tracks are always in order.
    k = min(NEIGHBORHOOD_SIZE, (n - 1) // 2)
    if k < 1:
        return 1.0
    rows = sampled_rows(n)
    blocks = [rows[start : start + BLOCK] for start in range(0, len(rows), BLOCK)]

    def penalty(block: IndexArray) -> float:
        dissimilar = -(unit_vectors[block] @ unit_vectors.T)
        distance = _squared_distances(positions[block], positions)
        listed, shown = (dissimilar, distance) if listed_by_similarity else (distance, dissimilar)
        own = np.arange(len(block)), block
        listed[own] = shown[own] = np.inf
        nearest = np.argpartition(shown, k - 1, axis=1)[:, :k]
        return float(np.maximum(0, _ranks(listed, nearest) - k).sum())

    # As in principal_components: more threads in BLAS are slower and round differently. Whole blocks do not.
    with threadpool_limits(limits=1, user_api="blas"), ThreadPoolExecutor(THREADS) as threads:
        total = sum(threads.map(penalty, blocks))
    return 1 - 2 * total / (len(rows) * k * (2 * n - 3 * k - 1))


def _ranks(listed: Float32Array, columns: IndexArray) -> npt.NDArray[np.float64]:
    """Return the rank of each of ``columns`` (``[r, k]``) in its row of ``listed``, ascending from 1."""
    values, ranks = np.take_along_axis(listed, columns, axis=1), np.empty(columns.shape)
    for row, rising in enumerate(np.sort(listed, axis=1)):
        less, not_more = (rising.searchsorted(values[row], side) for side in ("left", "right"))
        # Average the ranks of ties, so that a map of equal tracks is neither good nor bad.
        ranks[row] = less + (not_more - less + 1) / 2
    return ranks


def _squared_distances(some: Float32Array, all_places: Float32Array) -> Float32Array:
    across = some[:, None, 0] - all_places[None, :, 0]
    up = some[:, None, 1] - all_places[None, :, 1]
    return np.asarray(across * across + up * up, dtype=np.float32)


def _membership(labels: Sequence[Sequence[str]]) -> sparse.csr_array:
    """Return the indicator matrix of tracks by labels."""
    from scipy import sparse

    numbers: dict[str, int] = {}
    rows = [sorted({numbers.setdefault(label, len(numbers)) for label in of_track if label}) for of_track in labels]
    ends = np.cumsum([0, *map(len, rows)])
    columns = np.fromiter((number for row in rows for number in row), dtype=np.int64, count=int(ends[-1]))
    return sparse.csr_array((np.ones(len(columns), np.float32), columns, ends), shape=(len(labels), len(numbers)))


def _share(membership: sparse.csr_array, some: IndexArray, others: IndexArray) -> float:
    """Return the share of pairs with a common label, block by block: a track may have thousands of labels."""
    sizes = np.diff(membership.indptr)
    costs = np.cumsum(sizes[some].astype(np.int64) + sizes[others])
    starts = 1 + np.flatnonzero(np.diff(costs // LABELS_PER_BLOCK))
    found = 0
    for block in np.split(np.arange(len(some)), starts):
        shared = membership[some[block]].multiply(membership[others[block]]).sum(axis=1)
        found += int(np.count_nonzero(np.asarray(shared).ravel()))
    return found / len(some) if len(some) else 0.0
