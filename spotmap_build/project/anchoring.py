"""A map that stays where people remember it: known tracks keep their places, new ones settle among their neighbors."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np

from spotmap_build.core.speech import sentence
from spotmap_build.project.layout import (
    LAYOUT_NEIGHBORS,
    MIN_DIST,
    SMALLEST_FOR_UMAP,
    attempts,
    epochs,
    fit_layout,
)
from spotmap_build.project.neighbors import nearest_rows, similarities_between
from spotmap_build.project.quality import NEIGHBORHOOD_SIZE, nearest_on_plane, trustworthiness
from spotmap_build.project.umap_layout import FuzzyGraph, fuzzy_simplicial_set, optimize_layout

if TYPE_CHECKING:
    import numpy.typing as npt

    from spotmap_build.model import Float32Array
    from spotmap_build.project.neighbors import Neighbors

    BoolArray = npt.NDArray[np.bool_]

LARGEST_LOSS: Final = 0.02
"""In trustworthiness, against a map laid out from scratch: more than that is too much to pay for staying."""
FEW_CHANGED_SHARE: Final = 0.02
"""Of the tracks: where no more are new or gone, the known ones stay where they are, and nothing is optimized."""
LARGEST_LOSS_OF_STAYING: Final = 0.01
"""In trustworthiness, against the last map laid out from scratch: the losses of many small builds do not add up."""
SMALLEST_KNOWN_SHARE: Final = 0.2
"""Of the tracks: where fewer were on the last map, there is little to remember."""
MAX_DISPLACEMENT: Final = 0.008
"""Of the diagonal: how far most known tracks may go. With the next two this keeps the promise that half of them move by
less than a hundredth, and nineteen of twenty by less than a twentieth."""
WIDE_MAX_DISPLACEMENT: Final = 0.045
LARGEST_WIDE_SHARE: Final = 0.4
LARGEST_FREE_SHARE: Final = 0.04
"""Of the known tracks: these may go anywhere."""
SETTLING_EPOCHS: Final = 200
HELD_INITIAL_ALPHA: Final = 0.5
FITS: Final = 30
"""Rounds of fitting, each of which trusts less what fitted ill; settles within twenty."""
SCATTER: Final = 0.03
"""Of the diagonal: how much farther from its hosts a new track starts at each further attempt."""
MOVED: Final = 0.05
"""Of the diagonal: who goes farther is not where a person remembers it."""
HOST_COUNT: Final = 5
"""Known tracks among which a new one first appears."""


@dataclass(frozen=True, slots=True)
class Drift:
    """How far the tracks that were on the last map have moved on this one, as shares of this map's diagonal."""

    median: float
    percentile_95: float
    known_count: int


@dataclass(frozen=True, slots=True, eq=False)
class Anchored:
    """A layout with a past.

    ``positions``: float32 ``[n, 2]``, in the frame of the previous map. ``trustworthiness`` is this map's,
    ``fresh_trustworthiness`` that of a map of the same tracks without a past. ``fresh_reason``: why the map was laid
    out from scratch all the same and then turned to fit the old one, as a sentence; empty where known tracks were held.
    ``held_trustworthiness``: of the layout that held them, where that cost too much and was given up.
    """

    positions: Float32Array
    drift: Drift
    trustworthiness: float
    fresh_trustworthiness: float
    fresh_reason: str = ""
    held_trustworthiness: float | None = None


def fit_anchored_layout(
    unit_vectors: Float32Array,
    neighbors: Neighbors,
    previous: Float32Array,
    seed: int,
    *,
    gone_count: int = 0,
    is_fresh_wanted: bool = False,
    last_fresh_trustworthiness: float | None = None,
) -> Anchored:
    """Lay out a library of which a map exists already.

    Where little has changed, known tracks stay exactly where they are and new ones are put among the tracks that they
    are most similar to, without UMAP: what a fresh map would have is known from the last one that was made. Else a
    fresh map is laid out, to know what holding costs, and the known tracks are held as near to their positions as they
    go (docs/decisions/0004, with figures beside AlignedUMAP and ``UMAP.transform``).

    Parameters
    ----------
    unit_vectors, neighbors, seed
        As for :func:`~spotmap_build.project.layout.fit_layout`.
    previous : numpy.ndarray
        Float32 ``[n, 2]``, where each track was on the last map, in any unit; NaN for new ones.
    gone_count : int
        How many tracks of the last map are not in the library any more.
    is_fresh_wanted : bool
        Lay out from scratch, and only turn, mirror, scale and shift the result to fit the old map.
    last_fresh_trustworthiness : float, optional
        Of this library's last map that was laid out from scratch, where it is known.

    Returns
    -------
    Anchored
        Positions in the frame of the last map, how far known tracks moved, and why they were not held, if so.
    """
    known = are_known(previous)
    reason = _reason_for_fresh(known, previous, is_fresh_wanted)
    if not reason and last_fresh_trustworthiness is not None and _changed_share(known, gone_count) <= FEW_CHANGED_SHARE:
        positions = beside_hosts(unit_vectors, previous, known)
        figure = trustworthiness(unit_vectors, positions)
        if last_fresh_trustworthiness - figure <= LARGEST_LOSS_OF_STAYING:
            return Anchored(positions, drift_between(previous, positions), figure, last_fresh_trustworthiness)
    fresh = fit_layout(unit_vectors, neighbors, seed)
    fresh_figure, held_figure = trustworthiness(unit_vectors, fresh), None
    if not reason:
        positions = _settle(
            unit_vectors, neighbors, previous, known=known, gone_count=gone_count, fresh=fresh, seed=seed
        )
        held_figure = trustworthiness(unit_vectors, positions)
        if fresh_figure - held_figure <= LARGEST_LOSS:
            return Anchored(positions, drift_between(previous, positions), held_figure, fresh_figure)
        reason = sentence(
            f"Holding the known tracks would have cost {fresh_figure - held_figure:.3f} of trustworthiness."
        )
    turned = procrustes_align(fresh, previous)
    return Anchored(turned, drift_between(previous, turned), fresh_figure, fresh_figure, reason, held_figure)


def drift_between(previous: Float32Array, positions: Float32Array) -> Drift:
    """How far tracks moved from ``previous`` (NaN: was not there) to ``places``, both ``[n, 2]`` in one frame."""
    known = are_known(previous)
    if not known.any():
        return Drift(0.0, 0.0, 0)
    moved = _distances(previous, positions)[known]
    return Drift(float(np.median(moved)), float(np.quantile(moved, 0.95)), int(known.sum()))


def have_moved(previous: Float32Array, positions: Float32Array) -> BoolArray:
    """Which known tracks lie elsewhere than on the last map: bool ``[n]``; both ``[n, 2]`` in one frame.

    None where the known ones are too few, or too much in one spot, to bring both maps into one frame.
    """
    known = are_known(previous)
    if not _can_be_aligned(positions, previous, known):
        return np.zeros(len(positions), dtype=np.bool_)
    return known & (_distances(previous, positions) > MOVED)


def _distances(previous: Float32Array, positions: Float32Array) -> Float32Array:
    """How far each track went, as a share of this map's diagonal; NaN for new ones."""
    return np.asarray(np.linalg.norm(positions - previous, axis=1) / (diagonal(positions) or 1.0), dtype=np.float32)


def are_known(previous: Float32Array) -> BoolArray:
    """Which tracks have a place on the last map: bool ``[n]``."""
    return np.asarray(np.isfinite(previous).all(axis=1), dtype=np.bool_)


def diagonal(positions: Float32Array) -> float:
    """Of the smallest upright rectangle around all places; 0 where there are none, or all in one spot."""
    return float(np.linalg.norm(np.ptp(positions, axis=0))) if len(positions) else 0.0


def procrustes_align(positions: Float32Array, previous: Float32Array) -> Float32Array:
    """Turn, mirror, scale and shift positions so that known tracks come as near to ``previous`` as they can.

    Orthogonal Procrustes analysis (Schönemann, 1966), weighted: groups that went somewhere else altogether do not pull
    the rest along, for the farther off a track is, the less it counts. Mirroring too: a fresh layout is as good in a
    mirror, and the one that looks like the old map is wanted.

    Parameters
    ----------
    positions : numpy.ndarray
        Float32 ``[n, 2]``.
    previous : numpy.ndarray
        Float32 ``[n, 2]``, NaN for new tracks.

    Returns
    -------
    numpy.ndarray
        Float32 ``[n, 2]``: all positions, in the frame of ``previous``.

    Examples
    --------
    >>> import numpy as np
    >>> previous = np.array([[0, 0], [2, 0], [0, 4], [6, 2]], dtype=np.float32)
    >>> turned = previous @ np.array([[0, 1], [-1, 0]], dtype=np.float32) * 3 + 10
    >>> bool(np.allclose(procrustes_align(turned, previous), previous, atol=1e-3))
    True
    """
    known = are_known(previous)
    if not _can_be_aligned(positions, previous, known):
        return positions
    source, target = positions[known].astype(np.float64), previous[known].astype(np.float64)
    weights = np.ones(len(source))
    for _ in range(FITS):
        weights /= weights.sum()
        source_center, target_center = weights @ source, weights @ target
        left, right = source - source_center, target - target_center
        u, _, v = np.linalg.svd(left.T @ (weights[:, None] * right))
        turn = u @ v
        # By the sizes of the two maps, not by least squares: that would shrink what does not fit.
        scale = np.sqrt((weights @ (right**2).sum(axis=1)) / (weights @ (left**2).sum(axis=1)))
        distance = np.linalg.norm(left @ turn * scale - right, axis=1)
        weights = 1 / (1 + (distance / max(float(np.median(distance)), 1e-12)) ** 2)
    turned = (positions - source_center) @ turn * scale + target_center
    return np.asarray(turned, dtype=np.float32)


def _can_be_aligned(positions: Float32Array, previous: Float32Array, known: BoolArray) -> bool:
    return bool(known.sum() >= 2 and diagonal(positions[known]) > 0 and diagonal(previous[known]) > 0)


def _reason_for_fresh(known: BoolArray, previous: Float32Array, is_fresh_wanted: bool) -> str:
    if is_fresh_wanted:
        return sentence("A new layout was requested.")
    if len(known) < SMALLEST_FOR_UMAP:
        return sentence("So few tracks are laid out from scratch each time.")
    if known.sum() < max(3, SMALLEST_KNOWN_SHARE * len(known)) or diagonal(previous[known]) == 0:
        return sentence(f"Only {int(known.sum())} of {len(known)} tracks were on the last map.")
    return ""


def changed_share(common_count: int, count: int, last_count: int) -> float:
    """Of all that is in one of two libraries, the share of what is in one of them only; ``common_count`` is in both."""
    return 1 - common_count / max(1, count + last_count - common_count)


def _changed_share(known: BoolArray, gone_count: int) -> float:
    """Of all tracks of both maps, the share of those that are on one of them only."""
    common_count = int(known.sum())
    return changed_share(common_count, len(known), common_count + gone_count)


def beside_hosts(unit_vectors: Float32Array, previous: Float32Array, known: BoolArray) -> Float32Array:
    """Known tracks exactly where they were, each new one among its hosts, about as far off as neighbors usually are."""
    positions = _initial_positions(unit_vectors, previous, known)
    new = np.flatnonzero(~known)
    nearest = nearest_on_plane(previous[known], 1)[:, 0]
    step = np.median(np.linalg.norm(previous[known] - previous[known][nearest], axis=1))
    positions[new] += np.random.default_rng(0).normal(
        scale=step or 1e-3 * diagonal(previous[known]), size=(len(new), 2)
    )
    return positions


def _settle(
    unit_vectors: Float32Array,
    neighbors: Neighbors,
    previous: Float32Array,
    *,
    known: BoolArray,
    gone_count: int,
    fresh: Float32Array,
    seed: int,
) -> Float32Array:
    graph = fuzzy_simplicial_set(neighbors.first(LAYOUT_NEIGHBORS))
    # The last map may come in any unit, and a map of twice as many tracks needs twice the room: as much as a fresh one.
    scale = np.float32(_size(fresh[known]) / _size(previous[known]))
    initial_positions = _initial_positions(unit_vectors, previous, known) * scale
    changed_share = _changed_share(known, gone_count)
    # Where nothing is new, it may be best that all stay: what those gain that go far is often lost elsewhere.
    is_nothing_new = bool(known.all())
    shares = {changed_share, 0.0} if is_nothing_new else {changed_share}
    max_displacements = [
        max_displacement_of(unit_vectors, neighbors, initial_positions, known, share)
        for share in sorted(shares, reverse=True)
    ]
    best, best_figure = (
        initial_positions,
        trustworthiness(unit_vectors, initial_positions) if is_nothing_new else -np.inf,
    )
    for max_displacement, attempt in product(max_displacements, range(attempts(len(known)))):
        anchors = _scattered(initial_positions, known, attempt)
        positions = _optimize_held(graph, anchors, known, max_displacement, seed + attempt)
        figure = trustworthiness(unit_vectors, positions)
        if figure > best_figure:
            best, best_figure = positions, figure
    return np.asarray(best / scale, dtype=np.float32)


def _optimize_held(
    graph: FuzzyGraph, anchors: Float32Array, known: BoolArray, max_displacement: Float32Array, seed: int
) -> Float32Array:
    """Let new tracks find their places among pinned known ones, then all move as far as they may."""
    pinned = np.where(known, np.float32(0), np.float32(np.inf)).astype(np.float32)
    positions = anchors
    for allowed, rate, count in (
        (pinned, 1.0, SETTLING_EPOCHS),
        (max_displacement, HELD_INITIAL_ALPHA, epochs(len(anchors))),
    ):
        positions = optimize_layout(
            graph,
            positions,
            min_dist=MIN_DIST,
            n_epochs=count,
            random_state=seed,
            initial_alpha=rate,
            anchors=anchors,
            max_displacement=allowed,
        )
    return positions


def _scattered(initial_positions: Float32Array, known: BoolArray, attempt: int) -> Float32Array:
    """Move new tracks a little farther from their hosts at each attempt.

    So what sounds like nothing else finds a free spot.
    """
    # Never nothing: exact duplicates would start at one spot and never part.
    spread = (1e-3 + SCATTER * attempt) * diagonal(initial_positions)
    noise = np.random.default_rng(attempt).normal(scale=spread or 1e-3, size=initial_positions.shape)
    return np.asarray(initial_positions + np.where(known[:, None], 0, noise), dtype=np.float32)


def max_displacement_of(
    unit_vectors: Float32Array, neighbors: Neighbors, anchors: Float32Array, known: BoolArray, changed_share: float
) -> Float32Array:
    """How far each track may go from its home: float32 ``[n]``, infinite for new ones.

    A library that grows needs room, and re-embeds some tracks; one that shrinks leaves some without what they lay
    beside. The known tracks that now have the greatest strangers around them may go farther, the more of them the more
    is new or gone; most stay, so that the promise of ``MAX_DISPLACEMENT`` is kept.
    """
    rows = np.flatnonzero(known)
    rows = rows[np.argsort(-_neighborhood_mismatch(unit_vectors, neighbors, anchors)[rows], kind="stable")]
    max_displacement = np.full(len(anchors), np.inf, dtype=np.float32)
    max_displacement[rows] = MAX_DISPLACEMENT
    max_displacement[rows[: int(min(LARGEST_WIDE_SHARE, 4 * changed_share) * len(rows))]] = WIDE_MAX_DISPLACEMENT
    max_displacement[rows[: int(min(LARGEST_FREE_SHARE, changed_share / 2) * len(rows))]] = np.inf
    return max_displacement * np.float32(diagonal(anchors[known]))


def _neighborhood_mismatch(unit_vectors: Float32Array, neighbors: Neighbors, anchors: Float32Array) -> Float32Array:
    """By how much what lies around each track is less similar to it than the last of its neighbors: float32 ``[n]``.

    To free these, and not those far from what they are tied to, halved what staying costs (docs/decisions/0004).
    """
    around = nearest_on_plane(anchors, NEIGHBORHOOD_SIZE)
    wanted = neighbors.first(NEIGHBORHOOD_SIZE).similarities[:, -1:]
    found = similarities_between(unit_vectors, np.arange(len(anchors)), around)
    return np.asarray(np.maximum(0, wanted - found).sum(axis=1, dtype=np.float64), dtype=np.float32)


def _initial_positions(unit_vectors: Float32Array, previous: Float32Array, known: BoolArray) -> Float32Array:
    """Known tracks where they were, new ones at the median place of the most similar known ones."""
    anchors = previous.astype(np.float32, copy=True)
    rows = np.flatnonzero(known)
    hosts, _ = nearest_rows(unit_vectors[~known], unit_vectors[known], HOST_COUNT)
    anchors[~known] = np.median(previous[rows[hosts]], axis=1)
    return anchors


def _size(positions: Float32Array) -> float:
    """How far places are from their middle, in the mean of squares."""
    return float(np.sqrt(((positions - positions.mean(axis=0)) ** 2).sum(axis=1).mean()))
