"""Analyze playlists: coherence, misfits, suggestions, and clusters that no playlist covers.

Pure. All similarities are cosines of unit vectors centered over the library.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from spotmap_build.cluster.wording import listed
from spotmap_build.core.language import page_message

if TYPE_CHECKING:
    import numpy.typing as npt

    from spotmap_build.model import Float32Array, Int32Array

MIN_MEMBERS: Final = 3
"""Minimum size: a playlist of two tracks says nothing about how its owner groups music."""
MAX_REFERENCES: Final = 1_000
"""Maximum number of members that a track is compared with; larger playlists are sampled evenly."""
CLOSEST: Final = 5
"""Number of nearest members by which the fit of a track is measured, since a playlist may have two moods."""
MISFIT_SPREADS: Final = 3.0
"""A misfit is farther from its nearest members than the median member, by this number of standard deviations."""
MAX_MISFIT_SHARE: Final = 0.1
MAX_SUGGESTIONS: Final = 10
MAX_CANDIDATES: Final = 300
COVERED_SHARE: Final = 0.1
"""A cluster with a smaller share of tracks in any playlist counts as uncovered."""
OVERLAP_SHARE: Final = 0.2
"""Minimum share of the smaller of two playlists in the other one for them to count as overlapping."""


@dataclass(frozen=True, slots=True)
class Coherence:
    """The similarity of the tracks of a playlist.

    ``z``: z-score of the mean cosine of its pairs, relative to random draws of the same size from the library.
    ``closeness`` does not depend on the size: 0 for the similarity of random tracks, 1 for that of tracks and their
    nearest neighbors.
    """

    z: float
    closeness: float


@dataclass(frozen=True, slots=True)
class Fit:
    """The fit of a track to a playlist: ``closeness`` is the mean cosine to its five nearest members."""

    row: int
    closeness: float


@dataclass(frozen=True, slots=True)
class PlaylistFigures:
    """Measurements of a playlist.

    ``coherence`` is None for playlists of fewer than three tracks on the map. ``misfits``: worst first.
    ``suggestions``: other tracks that would fit, best first. ``usual_closeness``: closeness of its median track.
    """

    coherence: Coherence | None
    misfits: tuple[Fit, ...] = ()
    suggestions: tuple[Fit, ...] = ()
    usual_closeness: float = 0.0


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two playlists (by index) that share tracks. ``share``: of the smaller one that is in the larger one."""

    one: int
    other: int
    count: int
    share: float


def measure_playlists(
    playlists: Sequence[Sequence[int]], unit_vectors: Float32Array, neighbors: Int32Array
) -> tuple[PlaylistFigures, ...]:
    """Measure the coherence of each playlist, and find misfits and suggestions.

    Parameters
    ----------
    playlists : sequence of sequences of int
        Rows of each playlist.
    unit_vectors : numpy.ndarray
        Float32 ``[n, d]``, rows of length one (or zero), centered over the library.
    neighbors : numpy.ndarray
        Int32 ``[n, k]``, the nearest rows of each row, without itself, nearest first.

    Returns
    -------
    tuple of PlaylistFigures
        In the given order.
    """
    if not playlists:
        return ()
    chance = NullModel.of(unit_vectors)
    nearest = _similarity_of_nearest(unit_vectors, neighbors)
    return tuple(
        _measure(np.unique(np.asarray(rows, dtype=np.intp)), unit_vectors, neighbors, chance, nearest)
        for rows in playlists
    )


def uncovered_clusters(clusters: Sequence[Sequence[int]], playlists: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """Return the indices of clusters (given by their rows) with hardly any track in a playlist."""
    covered = {row for rows in playlists for row in rows}
    return tuple(
        number
        for number, rows in enumerate(clusters)
        if sum(row in covered for row in rows) < COVERED_SHARE * max(1, len(rows))
    )


def overlaps(playlists: Sequence[Sequence[int]]) -> tuple[Overlap, ...]:
    """Return pairs of playlists with a notable overlap, the largest first."""
    from scipy.sparse import csr_matrix

    members = [sorted(set(rows)) for rows in playlists]
    if len(members) < 2 or not any(members):
        return ()
    columns = np.concatenate([np.asarray(rows, dtype=np.intp) for rows in members])
    owners = np.repeat(np.arange(len(members)), [len(rows) for rows in members])
    incidence = csr_matrix((np.ones(len(columns), dtype=np.int32), (owners, columns)))
    common = (incidence @ incidence.T).tocoo()
    found = []
    for one, other, count in zip(common.row.tolist(), common.col.tolist(), common.data.tolist(), strict=True):
        share = count / min(len(members[one]), len(members[other]))
        if one < other and share >= OVERLAP_SHARE:
            found.append(Overlap(one, other, count, share))
    return tuple(sorted(found, key=lambda pair: (-pair.share, -pair.count, pair.one, pair.other)))


@dataclass(frozen=True, slots=True)
class NullModel:
    """Exact mean and variance of the mean pairwise similarity of m random tracks.

    ``mean``: of all pairs; ``variance``: of a pair; ``linked``: covariance of two pairs with a common track; ``apart``:
    covariance of two pairs without one.
    """

    mean: float
    variance: float
    linked: float
    apart: float

    @classmethod
    def of(cls, unit_vectors: Float32Array) -> NullModel:
        """Compute the model for a library's vectors, float32 ``[n, d]``, with n d^2 instead of n^2 d operations."""
        n = len(unit_vectors)
        if n < 4:
            return cls(0.0, 0.0, 0.0, 0.0)
        own = np.einsum("ij,ij->i", unit_vectors, unit_vectors, dtype=np.float64)
        # The sum of cos^2 over all i != j is |V'V|^2 minus the diagonal, and likewise for one row with V'V.
        second = (unit_vectors.T @ unit_vectors).astype(np.float64)
        of_row = unit_vectors @ unit_vectors.sum(axis=0, dtype=np.float64) - own
        squares = float(np.sum(second**2) - np.sum(own**2))
        pairs = n * (n - 1)
        mean = float(of_row.sum()) / pairs
        variance = squares / pairs - mean**2
        linked = (float(np.sum(of_row**2)) - squares) / (pairs * (n - 2)) - mean**2
        # The mean over all pairs of the library is constant, which determines the remaining covariance.
        apart = -(variance + 2 * (n - 2) * linked) / (math.comb(n - 2, 2))
        return cls(mean, variance, linked, apart)

    def deviation(self, size: int) -> float:
        """Return the standard deviation of the mean similarity of ``size`` random tracks."""
        pairs = math.comb(size, 2)
        total = self.variance + 2 * (size - 2) * self.linked + math.comb(size - 2, 2) * self.apart
        return math.sqrt(max(0.0, total / pairs))


def coherence(members: Float32Array, chance: NullModel, nearest: float) -> Coherence:
    """Return the coherence of two or more unit vectors. ``nearest``: mean similarity of nearest neighbors."""
    size = len(members)
    own = float(np.sum(members.astype(np.float64) ** 2))
    similarity = (float(np.sum(members.sum(axis=0, dtype=np.float64) ** 2)) - own) / (size * (size - 1))
    deviation, excess = chance.deviation(size), similarity - chance.mean
    is_certain = deviation < 1e-6
    return Coherence(
        z=0.0 if is_certain else excess / deviation,
        closeness=0.0 if nearest - chance.mean < 1e-6 else excess / (nearest - chance.mean),
    )


def describe_coherence(figures: Coherence) -> str:
    """Describe the coherence in a sentence."""
    if figures.z < 2:
        return page_message("Its tracks are no more alike than tracks picked at random.")
    if figures.closeness >= 0.6:
        sentence = page_message(
            "Its tracks are much more alike than tracks picked at random: {share}, where 100% is nearest neighbors."
        )
    elif figures.closeness >= 0.25:
        sentence = page_message(
            "Its tracks are clearly more alike than tracks picked at random: {share}, where 100% is nearest neighbors."
        )
    else:
        sentence = page_message(
            "Its tracks are a little more alike than tracks picked at random: {share}, where 100% is nearest neighbors."
        )
    return sentence.format(share=f"{figures.closeness:.0%}")


def describe_misfit(figures: PlaylistFigures, misfit: Fit, differences: Sequence[str]) -> str:
    """Say in a sentence why a track does not fit. ``differences``: from :meth:`~.explanations.Explainer.difference`."""
    how = listed(list(differences)) if differences else page_message("in no single measured property")
    return page_message(
        "It differs from the others: {how}. Its similarity to its five nearest tracks in the playlist is "
        "{similarity}; the usual value here is {usual}."
    ).format(how=how, similarity=f"{misfit.closeness:.2f}", usual=f"{figures.usual_closeness:.2f}")


def _measure(
    rows: npt.NDArray[np.intp],
    unit_vectors: Float32Array,
    neighbors: Int32Array,
    chance: NullModel,
    nearest: float,
) -> PlaylistFigures:
    if len(rows) < MIN_MEMBERS:
        return PlaylistFigures(None)
    figures = coherence(unit_vectors[rows], chance, nearest)
    # A playlist of everything has no outside, and one without coherence has no misfits.
    if figures.z < 2:
        return PlaylistFigures(figures)
    references = rows[np.linspace(0, len(rows) - 1, min(len(rows), MAX_REFERENCES)).astype(np.intp)]
    inside = _closeness(rows, references, unit_vectors)
    usual = float(np.median(inside))
    return PlaylistFigures(
        figures,
        _misfits(rows, inside, usual),
        _suggestions(rows, references, usual, unit_vectors, neighbors),
        usual,
    )


def _misfits(rows: npt.NDArray[np.intp], closeness: Float32Array, median: float) -> tuple[Fit, ...]:
    spread = 1.4826 * float(np.median(np.abs(closeness - median)))
    far = np.flatnonzero(closeness < median - max(MISFIT_SPREADS * spread, 1e-3))
    order = far[np.lexsort((rows[far], closeness[far]))][: max(1, int(MAX_MISFIT_SHARE * len(rows)))]
    return tuple(Fit(int(rows[at]), float(closeness[at])) for at in order)


def _suggestions(
    rows: npt.NDArray[np.intp],
    references: npt.NDArray[np.intp],
    usual: float,
    unit_vectors: Float32Array,
    neighbors: Int32Array,
) -> tuple[Fit, ...]:
    """Return neighbors of members that are as close to the playlist as its median member (``usual``)."""
    near, votes = np.unique(neighbors[rows], return_counts=True)
    is_outside = np.isin(near, rows, invert=True)
    most_first = np.argsort(-votes[is_outside], kind="stable")[:MAX_CANDIDATES]
    candidates = near[is_outside][most_first].astype(np.intp)
    if not len(candidates):
        return ()
    closeness = _closeness(candidates, references, unit_vectors)
    order = np.lexsort((candidates, -closeness))[:MAX_SUGGESTIONS]
    return tuple(Fit(int(candidates[at]), float(closeness[at])) for at in order if closeness[at] >= usual)


def _closeness(
    rows: npt.NDArray[np.intp], references: npt.NDArray[np.intp], unit_vectors: Float32Array
) -> Float32Array:
    """Return the mean cosine of each row to its nearest references, excluding itself."""
    similarity = unit_vectors[rows] @ unit_vectors[references].T
    similarity[rows[:, np.newaxis] == references] = -np.inf
    count = min(CLOSEST, len(references) - 1)
    best = np.partition(similarity, len(references) - count, axis=1)[:, -count:]
    return np.asarray(best.mean(axis=1), dtype=np.float32)


def _similarity_of_nearest(unit_vectors: Float32Array, neighbors: Int32Array) -> float:
    """Return the mean cosine of tracks to their five nearest, on an even sample of at most 2,000 tracks."""
    rows = np.linspace(0, len(unit_vectors) - 1, min(len(unit_vectors), 2_000)).astype(np.intp)
    near = neighbors[rows, :CLOSEST]
    if not near.size:
        return 0.0
    return float(np.mean(np.einsum("id,ijd->ij", unit_vectors[rows], unit_vectors[near])))
