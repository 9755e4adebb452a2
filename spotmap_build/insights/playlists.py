"""What the map says about playlists: are they of a piece, who does not fit, who would, and what none of them covers.

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

LEAST_MEMBERS: Final = 3
"""A playlist of two says nothing about what its owner groups."""
MOST_REFERENCES: Final = 1_000
"""Members that a track is compared with; of larger playlists so many, evenly spread, stand for all."""
CLOSEST: Final = 5
"""A track is in place where it is near its five nearest members: a playlist may well have two moods."""
MISFIT_SPREADS: Final = 3.0
"""A misfit is further from its nearest members than the median member, by so many spreads."""
MOST_MISFITS_SHARE: Final = 0.1
MOST_SUGGESTIONS: Final = 10
MOST_CANDIDATES: Final = 300
COVERED_SHARE: Final = 0.1
"""A cluster of which fewer tracks are in any playlist is one that no playlist covers."""
OVERLAP_SHARE: Final = 0.2
"""Of the smaller of two playlists that must be in the other for them to count as overlapping."""


@dataclass(frozen=True, slots=True)
class Coherence:
    """How alike the tracks of a playlist are.

    ``z``: by how many standard deviations of random draws of this size the mean cosine of its pairs exceeds that of
    random draws from the library (which does not depend on their size). ``closeness`` does not grow with the size: 0 is
    as alike as random tracks, 1 as alike as tracks and their nearest neighbors.
    """

    z: float
    closeness: float


@dataclass(frozen=True, slots=True)
class Fit:
    """A track and how near it is to a playlist: ``closeness`` is the mean cosine to its five nearest members."""

    row: int
    closeness: float


@dataclass(frozen=True, slots=True)
class PlaylistFigures:
    """What was measured of a playlist.

    ``coherence`` is None for playlists of fewer than three tracks on the map. ``misfits``: worst first;
    ``suggestions``: tracks that are not in it and would fit, best first. ``usual_closeness``: of its median track.
    """

    coherence: Coherence | None
    misfits: tuple[Fit, ...] = ()
    suggestions: tuple[Fit, ...] = ()
    usual_closeness: float = 0.0


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two playlists (by number) that share tracks. ``share``: of the smaller one that is in the larger."""

    one: int
    other: int
    count: int
    share: float


def measure_playlists(
    playlists: Sequence[Sequence[int]], unit_vectors: Float32Array, neighbors: Int32Array
) -> tuple[PlaylistFigures, ...]:
    """Measure how much the tracks of each playlist have in common, who does not fit, and who would.

    Parameters
    ----------
    playlists : sequence of sequences of int
        Rows of each.
    unit_vectors : numpy.ndarray
        Float32 ``[n, d]``, rows of length one (or zero), centered over the library.
    neighbors : numpy.ndarray
        Int32 ``[n, k]``, each row's nearest rows, without itself, nearest first.

    Returns
    -------
    tuple of PlaylistFigures
        In the order given.
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
    """Numbers of the clusters (rows of each) of which hardly any track is in a playlist."""
    covered = {row for rows in playlists for row in rows}
    return tuple(
        number
        for number, rows in enumerate(clusters)
        if sum(row in covered for row in rows) < COVERED_SHARE * max(1, len(rows))
    )


def overlaps(playlists: Sequence[Sequence[int]]) -> tuple[Overlap, ...]:
    """Pairs of playlists of which a notable part is the same, most alike first."""
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
    """Mean and variance, over random draws of m tracks, of the mean similarity of all pairs drawn: exact, no sampling.

    ``mean`` of all pairs; ``variance`` of a pair; ``linked``: covariance of two pairs that have a track in common;
    ``apart``: of two that have none.
    """

    mean: float
    variance: float
    linked: float
    apart: float

    @classmethod
    def of(cls, unit_vectors: Float32Array) -> NullModel:
        """Of a library's vectors, float32 ``[n, d]``. Needs n d^2 operations, not n^2 d."""
        n = len(unit_vectors)
        if n < 4:
            return cls(0.0, 0.0, 0.0, 0.0)
        own = np.einsum("ij,ij->i", unit_vectors, unit_vectors, dtype=np.float64)
        # The sum over all i != j of cos^2 is |V'V|^2 less the diagonal's; that of one row likewise with V'V.
        second = (unit_vectors.T @ unit_vectors).astype(np.float64)
        of_row = unit_vectors @ unit_vectors.sum(axis=0, dtype=np.float64) - own
        squares = float(np.sum(second**2) - np.sum(own**2))
        pairs = n * (n - 1)
        mean = float(of_row.sum()) / pairs
        variance = squares / pairs - mean**2
        linked = (float(np.sum(of_row**2)) - squares) / (pairs * (n - 2)) - mean**2
        # Of all pairs of the library the mean does not vary, which fixes the covariance that is left.
        apart = -(variance + 2 * (n - 2) * linked) / (math.comb(n - 2, 2))
        return cls(mean, variance, linked, apart)

    def deviation(self, size: int) -> float:
        """Return the standard deviation of the mean similarity of ``size`` random tracks."""
        pairs = math.comb(size, 2)
        total = self.variance + 2 * (size - 2) * self.linked + math.comb(size - 2, 2) * self.apart
        return math.sqrt(max(0.0, total / pairs))


def coherence(members: Float32Array, chance: NullModel, nearest: float) -> Coherence:
    """Of the unit vectors of two tracks or more. ``nearest``: mean similarity of tracks to their nearest neighbors."""
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
    """One plain sentence."""
    if figures.z < 2:
        return page_message("Its tracks are no more alike than a random draw from the library.")
    if figures.closeness >= 0.6:
        sentence = page_message(
            "Its tracks are very much more alike than a random draw: {share} of the way to nearest neighbors."
        )
    elif figures.closeness >= 0.25:
        sentence = page_message(
            "Its tracks are clearly more alike than a random draw: {share} of the way to nearest neighbors."
        )
    else:
        sentence = page_message(
            "Its tracks are a little more alike than a random draw: {share} of the way to nearest neighbors."
        )
    return sentence.format(share=f"{figures.closeness:.0%}")


def describe_misfit(figures: PlaylistFigures, misfit: Fit, differences: Sequence[str]) -> str:
    """Why a track does not fit, in a sentence. ``differences``: from :meth:`~.explanations.Explainer.difference`."""
    how = listed(list(differences)) if differences else page_message("in no single way that has a name")
    return page_message(
        "It differs from the others: {how}. Its similarity to the five nearest of them is {similarity}; "
        "for half of them it is {usual} or more."
    ).format(how=how, similarity=f"{misfit.closeness:.2f}", usual=f"{figures.usual_closeness:.2f}")


def _measure(
    rows: npt.NDArray[np.intp],
    unit_vectors: Float32Array,
    neighbors: Int32Array,
    chance: NullModel,
    nearest: float,
) -> PlaylistFigures:
    if len(rows) < LEAST_MEMBERS:
        return PlaylistFigures(None)
    figures = coherence(unit_vectors[rows], chance, nearest)
    # A list that holds everything has no inside and outside, and one without coherence has nothing to not fit in.
    if figures.z < 2:
        return PlaylistFigures(figures)
    references = rows[np.linspace(0, len(rows) - 1, min(len(rows), MOST_REFERENCES)).astype(np.intp)]
    inside = _closeness(rows, references, unit_vectors)
    return PlaylistFigures(
        figures,
        _misfits(rows, inside),
        _suggestions(rows, references, inside, unit_vectors, neighbors),
        float(np.median(inside)),
    )


def _misfits(rows: npt.NDArray[np.intp], closeness: Float32Array) -> tuple[Fit, ...]:
    median = float(np.median(closeness))
    spread = 1.4826 * float(np.median(np.abs(closeness - median)))
    far = np.flatnonzero(closeness < median - max(MISFIT_SPREADS * spread, 1e-3))
    order = far[np.lexsort((rows[far], closeness[far]))][: max(1, int(MOST_MISFITS_SHARE * len(rows)))]
    return tuple(Fit(int(rows[at]), float(closeness[at])) for at in order)


def _suggestions(
    rows: npt.NDArray[np.intp],
    references: npt.NDArray[np.intp],
    inside: Float32Array,
    unit_vectors: Float32Array,
    neighbors: Int32Array,
) -> tuple[Fit, ...]:
    """Of the tracks that members have as neighbors, those as near to the playlist as its own median member."""
    votes = np.bincount(neighbors[rows].ravel(), minlength=len(unit_vectors))
    votes[rows] = 0
    candidates = np.argsort(-votes, kind="stable")[:MOST_CANDIDATES].astype(np.intp)
    candidates = candidates[votes[candidates] > 0]
    if not len(candidates):
        return ()
    closeness = _closeness(candidates, references, unit_vectors)
    order = np.lexsort((candidates, -closeness))[:MOST_SUGGESTIONS]
    least = float(np.median(inside))
    return tuple(Fit(int(candidates[at]), float(closeness[at])) for at in order if closeness[at] >= least)


def _closeness(
    rows: npt.NDArray[np.intp], references: npt.NDArray[np.intp], unit_vectors: Float32Array
) -> Float32Array:
    """Mean cosine of each row to its nearest references, itself left out."""
    similarity = unit_vectors[rows] @ unit_vectors[references].T
    similarity[rows[:, np.newaxis] == references] = -np.inf
    count = min(CLOSEST, len(references) - 1)
    best = np.partition(similarity, len(references) - count, axis=1)[:, -count:]
    return np.asarray(best.mean(axis=1), dtype=np.float32)


def _similarity_of_nearest(unit_vectors: Float32Array, neighbors: Int32Array) -> float:
    """Mean cosine of tracks to their five nearest; of at most 2,000 tracks, evenly spread."""
    rows = np.linspace(0, len(unit_vectors) - 1, min(len(unit_vectors), 2_000)).astype(np.intp)
    near = neighbors[rows, :CLOSEST]
    if not near.size:
        return 0.0
    return float(np.mean(np.einsum("id,ijd->ij", unit_vectors[rows], unit_vectors[near])))
