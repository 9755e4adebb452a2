"""Find features that change along a direction of the map: "to the right: brighter; upward: faster". Pure.

The axes of UMAP have no inherent meaning, and among thirteen features some always seem to follow a direction. Nearby
tracks are similar by construction, so a map of n tracks has far fewer than n independent observations. A direction is
reported only if it is significant for that effective number.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from spotmap_build.cluster.wording import listed
from spotmap_build.core.language import page_message
from spotmap_build.registry.features import words as words_of_features

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotmap_build.model import Float32Array

TRACKS_PER_OBSERVATION: Final = 8
"""Number of tracks that count as one observation. On 199 tracks of real music, one in a hundred arbitrary directions of
the vectors (which vary on the map as smoothly as any property of sound) explains 29 %. With 8, the threshold is 34 %,
with 15 it would be 59 %."""
SIGNIFICANCE: Final = 0.01
MIN_EXPLAINED: Final = 0.1
"""Minimum share of explained variance. With many thousands of tracks, nearly every slope is significant, but one that
explains less than a tenth is not visible."""
MAX_PER_DIRECTION: Final = 2
_DIRECTIONS: Final = (page_message("to the right: {words}"), page_message("upward: {words}"))
"""Words for rising directions, in the order of the quadrants; falling features rise in the opposite direction."""


@dataclass(frozen=True, slots=True)
class Slope:
    """A feature that rises across the map.

    ``angle``: direction in radians from the x axis, counterclockwise. ``explained``: share of the variance of the
    feature's ranks that the position on the map explains, 0..1.
    """

    feature: str
    angle: float
    explained: float


def find_slopes(
    coordinates: Float32Array, features: Float32Array, feature_names: Sequence[str], rows: Sequence[int] | None = None
) -> tuple[Slope, ...]:
    """Find the features that rise in some direction of the map, strongest first.

    A plane is fitted to the ranks of each feature by least squares; see :func:`least_explained` for the significance
    threshold.

    Parameters
    ----------
    coordinates : numpy.ndarray
        Float32 ``[n, 2]``.
    features : numpy.ndarray
        Float32 ``[n, f]``.
    feature_names : sequence of str
        Names of the columns; features without adjectives are skipped.
    rows : sequence of int, optional
        Rows of the part of the map to analyze; all by default.

    Returns
    -------
    tuple of Slope

    Examples
    --------
    >>> import numpy as np
    >>> grid = np.indices((10, 10)).reshape(2, -1).T.astype(np.float32)
    >>> slopes = find_slopes(grid, grid[:, :1], ["tempo"])
    >>> describe_slopes(slopes)
    'to the right: faster'
    """
    chosen = np.arange(len(coordinates)) if rows is None else np.asarray(rows, dtype=np.intp)
    least = least_explained(len(chosen))
    if least >= 1 or features.shape[1] == 0:
        return ()
    from scipy.stats import rankdata

    words, values = words_of_features(), features[chosen]
    varies = np.ptp(values, axis=0) != 0
    columns = [column for column, name in enumerate(feature_names) if name in words and varies[column]]
    plane = coordinates[chosen].astype(np.float64)
    plane -= plane.mean(axis=0)
    slopes = []
    for column, column_ranks in zip(columns, rankdata(values[:, columns].T, axis=1), strict=True):
        ranks = column_ranks - column_ranks.mean()
        gradient = np.linalg.lstsq(plane, ranks, rcond=None)[0]
        explained = float(np.sum((plane @ gradient) ** 2) / np.sum(ranks**2))
        if explained >= least:
            slopes.append(Slope(feature_names[column], math.atan2(gradient[1], gradient[0]), explained))
    return tuple(sorted(slopes, key=lambda slope: (-slope.explained, slope.feature)))


def least_explained(track_count: int) -> float:
    """Return the share of variance that a direction must explain to be significant at the 1 % level.

    Uses the tail of R squared with two predictors: P(R^2 > r) = (1 - r)^((N - 3) / 2). A result of 1 or more means
    "never".
    """
    observations = track_count / TRACKS_PER_OBSERVATION
    if observations <= 4:
        return 1.0
    return float(max(MIN_EXPLAINED, 1 - SIGNIFICANCE ** (2 / (observations - 3))))


def describe_slopes(slopes: Sequence[Slope]) -> str:
    """Return the slopes in words, "to the right: brighter and louder; upward: faster"; empty if there are none.

    Right is larger x, upward is larger y. A slope is reported for the nearest direction. Falling slopes use the
    opposite adjective, so that only two directions are mentioned.
    """
    words_of, by_direction = words_of_features(), dict[str, list[str]]()
    for slope in slopes:
        quarter = round(slope.angle / (math.pi / 2)) % 4
        words = words_of[slope.feature]
        direction = _DIRECTIONS[quarter % 2]
        by_direction.setdefault(direction, []).append(words.higher if quarter < 2 else words.lower)
    return "; ".join(
        direction.format(words=listed(words[:MAX_PER_DIRECTION])) for direction, words in sorted(by_direction.items())
    )
