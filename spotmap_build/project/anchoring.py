"""Layout that continues the last map: known tracks keep their positions, new ones are placed among their neighbors."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np

from spotmap_build.core.translation import translatable
from spotmap_build.project.layout import (
    LAYOUT_NEIGHBORS,
    MIN_DIST,
    MIN_TRACKS_FOR_UMAP,
    attempt_count,
    epoch_count,
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

MAX_LOSS: Final = 0.02
"""Maximum loss of trustworthiness of an anchored layout compared with a fresh one."""
MAX_SHARE_TO_STAY: Final = 0.02
"""If at most this share of the tracks is new or gone, known tracks stay where they are, and nothing is optimized."""
MAX_LOSS_OF_STAYING: Final = 0.01
"""Maximum loss of trustworthiness without optimization, compared with the last fresh layout, so that the losses of many
small builds do not add up."""
MIN_KNOWN_SHARE: Final = 0.2
"""Minimum share of tracks that were on the last map. With fewer, there is little to preserve."""
MAX_DISPLACEMENT: Final = 0.008
"""Maximum displacement of most known tracks, as a share of the diagonal. With the next two constants, it guarantees
that half of the tracks move by less than a hundredth, and 95 % by less than a twentieth."""
WIDE_MAX_DISPLACEMENT: Final = 0.045
MAX_WIDE_SHARE: Final = 0.4
MAX_FREE_SHARE: Final = 0.04
"""Maximum share of known tracks that may move without limit."""
SETTLING_EPOCHS: Final = 200
HELD_INITIAL_ALPHA: Final = 0.5
ALIGNMENT_ITERATIONS: Final = 30
"""Of the robust alignment; each gives less weight to tracks that fit poorly. It converges within 20."""
SCATTER: Final = 0.03
"""Additional distance of a new track from its hosts per attempt, as a share of the diagonal."""
MOVED: Final = 0.05
"""Displacement as a share of the diagonal beyond which a track counts as moved."""
HOST_COUNT: Final = 5
"""Number of known tracks (hosts) among which a new track starts."""


@dataclass(frozen=True, slots=True)
class Drift:
    """Displacement of the tracks of the last map, as shares of this map's diagonal."""

    median: float
    percentile_95: float
    known_count: int


@dataclass(frozen=True, slots=True, eq=False)
class Anchored:
    """A layout that continues the last map.

    ``positions``: float32 ``[n, 2]``, in the coordinate frame of the previous map. ``trustworthiness``: of this layout.
    ``fresh_trustworthiness``: of a layout of the same tracks from scratch. ``fresh_reason``: a sentence that says why
    the map was laid out from scratch and aligned to the previous one; empty if known tracks were anchored.
    ``held_trustworthiness``: of the anchored layout, if it was discarded because its loss was too large.
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
    gone_count: int,
    is_fresh_wanted: bool = False,
    last_fresh_trustworthiness: float | None = None,
) -> Anchored:
    """Lay out a library that already has a map.

    If little has changed, known tracks keep their exact positions, and new ones are placed among the tracks that they
    are most similar to, without UMAP; the trustworthiness of the last fresh layout serves as reference. Otherwise, a
    fresh layout is computed as reference, and known tracks are anchored near their positions (docs/decisions/0004,
    with a comparison with AlignedUMAP and ``UMAP.transform``).

    Parameters
    ----------
    unit_vectors, neighbors, seed
        As for :func:`~spotmap_build.project.layout.fit_layout`.
    previous : numpy.ndarray
        Float32 ``[n, 2]``, positions on the last map in any unit; NaN for new tracks.
    gone_count : int
        Number of tracks of the last map that are no longer in the library.
    is_fresh_wanted : bool
        Lay out from scratch, and only rotate, mirror, scale and shift the result to fit the last map.
    last_fresh_trustworthiness : float, optional
        Trustworthiness of this library's last layout from scratch, if known.

    Returns
    -------
    Anchored
        Positions in the frame of the last map, the displacement of known tracks, and the reason for a fresh layout.
    """
    known = are_known(previous)
    reason = _reason_for_fresh(known, previous, is_fresh_wanted)
    if not reason and last_fresh_trustworthiness is not None and _changed_share(known, gone_count) <= MAX_SHARE_TO_STAY:
        positions = place_at_hosts(unit_vectors, previous, known)
        figure = trustworthiness(unit_vectors, positions)
        if last_fresh_trustworthiness - figure <= MAX_LOSS_OF_STAYING:
            return Anchored(positions, drift_between(previous, positions), figure, last_fresh_trustworthiness)
    fresh = fit_layout(unit_vectors, neighbors, seed)
    fresh_figure, held_figure = trustworthiness(unit_vectors, fresh), None
    if not reason:
        positions = _settle(
            unit_vectors, neighbors, previous, known=known, gone_count=gone_count, fresh=fresh, seed=seed
        )
        held_figure = trustworthiness(unit_vectors, positions)
        if fresh_figure - held_figure <= MAX_LOSS:
            return Anchored(positions, drift_between(previous, positions), held_figure, fresh_figure)
        reason = translatable(
            f"Keeping the known tracks in place would have cost {fresh_figure - held_figure:.3f} of trustworthiness."
        )
    aligned = procrustes_align(fresh, previous)
    return Anchored(aligned, drift_between(previous, aligned), fresh_figure, fresh_figure, reason, held_figure)


def drift_between(previous: Float32Array, positions: Float32Array) -> Drift:
    """Return the displacement from ``previous`` (NaN for new tracks) to ``positions``, both ``[n, 2]`` in one frame."""
    known = are_known(previous)
    if not known.any():
        return Drift(0.0, 0.0, 0)
    moved = _distances(previous, positions)[known]
    return Drift(float(np.median(moved)), float(np.quantile(moved, 0.95)), int(known.sum()))


def have_moved(previous: Float32Array, positions: Float32Array) -> BoolArray:
    """Return which known tracks have moved since the last map: bool ``[n]``. Both arrays are ``[n, 2]`` in one frame.

    All false if known tracks are too few, or all in one spot, so that the maps cannot be aligned.
    """
    known = are_known(previous)
    if not _can_be_aligned(positions, previous, known):
        return np.zeros(len(positions), dtype=np.bool_)
    return known & (_distances(previous, positions) > MOVED)


def _distances(previous: Float32Array, positions: Float32Array) -> Float32Array:
    """Return the displacement of each track as a share of this map's diagonal; NaN for new tracks."""
    return np.asarray(np.linalg.norm(positions - previous, axis=1) / (diagonal(positions) or 1.0), dtype=np.float32)


def are_known(previous: Float32Array) -> BoolArray:
    """Return which tracks have a position on the last map: bool ``[n]``."""
    return np.asarray(np.isfinite(previous).all(axis=1), dtype=np.bool_)


def diagonal(positions: Float32Array) -> float:
    """Return the diagonal of the bounding box of all positions; 0 if there are none, or all are in one spot."""
    return float(np.linalg.norm(np.ptp(positions, axis=0))) if len(positions) else 0.0


def procrustes_align(positions: Float32Array, previous: Float32Array) -> Float32Array:
    """Rotate, mirror, scale and shift positions to align known tracks with ``previous``.

    Orthogonal Procrustes analysis (Schönemann, 1966) with robust weights: the farther off a track is, the less it
    counts, so that groups that moved elsewhere do not affect the rest. Reflections are allowed, because a mirrored
    layout is equally good.

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
    >>> rotated = previous @ np.array([[0, 1], [-1, 0]], dtype=np.float32) * 3 + 10
    >>> bool(np.allclose(procrustes_align(rotated, previous), previous, atol=1e-3))
    True
    """
    known = are_known(previous)
    if not _can_be_aligned(positions, previous, known):
        return positions
    source, target = positions[known].astype(np.float64), previous[known].astype(np.float64)
    weights = np.ones(len(source))
    for _ in range(ALIGNMENT_ITERATIONS):
        weights /= weights.sum()
        source_center, target_center = weights @ source, weights @ target
        left, right = source - source_center, target - target_center
        u, _, v = np.linalg.svd(left.T @ (weights[:, None] * right))
        rotation = u @ v
        # The ratio of the sizes of both maps. A least squares scale would shrink a map that fits poorly.
        scale = np.sqrt((weights @ (right**2).sum(axis=1)) / (weights @ (left**2).sum(axis=1)))
        distance = np.linalg.norm(left @ rotation * scale - right, axis=1)
        weights = 1 / (1 + (distance / max(float(np.median(distance)), 1e-12)) ** 2)
    aligned = (positions - source_center) @ rotation * scale + target_center
    return np.asarray(aligned, dtype=np.float32)


def _can_be_aligned(positions: Float32Array, previous: Float32Array, known: BoolArray) -> bool:
    return bool(known.sum() >= 2 and diagonal(positions[known]) > 0 and diagonal(previous[known]) > 0)


def _reason_for_fresh(known: BoolArray, previous: Float32Array, is_fresh_wanted: bool) -> str:
    if is_fresh_wanted:
        return translatable("A new layout was requested.")
    if len(known) < MIN_TRACKS_FOR_UMAP:
        return translatable("With so few tracks, each map is laid out from scratch.")
    if known.sum() < max(3, MIN_KNOWN_SHARE * len(known)) or diagonal(previous[known]) == 0:
        return translatable(f"Only {int(known.sum())} of {len(known)} tracks were on the last map.")
    return ""


def changed_share(common_count: int, count: int, last_count: int) -> float:
    """Return the share of items that are in only one of two libraries; ``common_count`` are in both."""
    return 1 - common_count / max(1, count + last_count - common_count)


def _changed_share(known: BoolArray, gone_count: int) -> float:
    """Return the share of tracks that are on only one of both maps."""
    common_count = int(known.sum())
    return changed_share(common_count, len(known), common_count + gone_count)


def place_at_hosts(unit_vectors: Float32Array, previous: Float32Array, known: BoolArray) -> Float32Array:
    """Keep known tracks in place, and put each new one among its hosts, at about the usual distance of neighbors."""
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
    # Scale the last map to the size of the fresh one: its unit is arbitrary, and a larger library needs more room.
    scale = np.float32(_size(fresh[known]) / _size(previous[known]))
    initial_positions = _initial_positions(unit_vectors, previous, known) * scale
    changed_share = _changed_share(known, gone_count)
    # If there are no new tracks, also try to keep all in place: gains of tracks that move far are often lost elsewhere.
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
    for max_displacement, attempt in product(max_displacements, range(attempt_count(len(known)))):
        anchors = _scattered(initial_positions, known, attempt)
        positions = _optimize_held(graph, anchors, known, max_displacement, seed + attempt)
        figure = trustworthiness(unit_vectors, positions)
        if figure > best_figure:
            best, best_figure = positions, figure
    return np.asarray(best / scale, dtype=np.float32)


def _optimize_held(
    graph: FuzzyGraph, anchors: Float32Array, known: BoolArray, max_displacement: Float32Array, seed: int
) -> Float32Array:
    """Optimize new tracks while known ones are pinned, then all tracks within their maximum displacement."""
    pinned = np.where(known, np.float32(0), np.float32(np.inf)).astype(np.float32)
    positions = anchors
    for allowed, rate, count in (
        (pinned, 1.0, SETTLING_EPOCHS),
        (max_displacement, HELD_INITIAL_ALPHA, epoch_count(len(anchors))),
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
    """Move new tracks farther from their hosts with each attempt, so that unusual tracks find a free spot."""
    # Never 0: exact duplicates would start at one spot and never separate.
    spread = (1e-3 + SCATTER * attempt) * diagonal(initial_positions)
    noise = np.random.default_rng(attempt).normal(scale=spread or 1e-3, size=initial_positions.shape)
    return np.asarray(initial_positions + np.where(known[:, None], 0, noise), dtype=np.float32)


def max_displacement_of(
    unit_vectors: Float32Array, neighbors: Neighbors, anchors: Float32Array, known: BoolArray, changed_share: float
) -> Float32Array:
    """Return the maximum displacement of each track: float32 ``[n]``, infinite for new ones.

    A growing library needs room and re-embeds some tracks, and in a shrinking one some tracks lose their neighbors.
    The known tracks with the least similar surroundings may therefore move farther. Their number grows with the share
    of new and removed tracks, within the limits that ``MAX_DISPLACEMENT`` describes.
    """
    rows = np.flatnonzero(known)
    rows = rows[np.argsort(-_neighborhood_mismatch(unit_vectors, neighbors, anchors)[rows], kind="stable")]
    max_displacement = np.full(len(anchors), np.inf, dtype=np.float32)
    max_displacement[rows] = MAX_DISPLACEMENT
    max_displacement[rows[: int(min(MAX_WIDE_SHARE, 4 * changed_share) * len(rows))]] = WIDE_MAX_DISPLACEMENT
    max_displacement[rows[: int(min(MAX_FREE_SHARE, changed_share / 2) * len(rows))]] = np.inf
    return max_displacement * np.float32(diagonal(anchors[known]))


def _neighborhood_mismatch(unit_vectors: Float32Array, neighbors: Neighbors, anchors: Float32Array) -> Float32Array:
    """Return how much less similar the tracks around each track are than its last neighbor, summed: float32 ``[n]``.

    Selecting tracks by this mismatch, rather than by the distance from their neighbors, halved the loss of
    trustworthiness (docs/decisions/0004).
    """
    around = nearest_on_plane(anchors, NEIGHBORHOOD_SIZE)
    wanted = neighbors.first(NEIGHBORHOOD_SIZE).similarities[:, -1:]
    found = similarities_between(unit_vectors, np.arange(len(anchors)), around)
    return np.asarray(np.maximum(0, wanted - found).sum(axis=1, dtype=np.float64), dtype=np.float32)


def _initial_positions(unit_vectors: Float32Array, previous: Float32Array, known: BoolArray) -> Float32Array:
    """Return the last positions of known tracks, and for new ones the median of the most similar known tracks."""
    anchors = previous.astype(np.float32, copy=True)
    rows = np.flatnonzero(known)
    hosts, _ = nearest_rows(unit_vectors[~known], unit_vectors[known], HOST_COUNT)
    anchors[~known] = np.median(previous[rows[hosts]], axis=1)
    return anchors


def _size(positions: Float32Array) -> float:
    """Return the root mean square distance from the centroid."""
    return float(np.sqrt(((positions - positions.mean(axis=0)) ** 2).sum(axis=1).mean()))
