"""Quality measures of a map of labeled music. Higher is better, except for noise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

import numpy as np

from spotmap_build.project.neighbors import find_neighbors
from spotmap_build.project.quality import nearest_on_plane, trustworthiness

if TYPE_CHECKING:
    from benchmarks.map_quality.recipes import Map
    from spotmap_build.model import Float32Array, Int32Array

VOTERS = 5


@dataclass(frozen=True, slots=True)
class Row:
    """``space`` and ``plane``: leave-one-out accuracy of a 5-nearest-neighbor classifier of the game. ``trust``:
    trustworthiness in the map's own space. ``ari``: adjusted Rand index of clusters and games, for clustered tracks;
    ``ari_all``: for all tracks, with noise as one more cluster. ``noise``: share of tracks in no cluster."""

    space: float
    plane: float
    trust: float
    ari: float
    ari_all: float
    noise: float
    clusters: float


def measure(made: Map, games: Sequence[str]) -> Row:
    from sklearn.metrics import adjusted_rand_score

    inside = made.labels >= 0
    truth = np.unique(np.array(games), return_inverse=True)[1]
    return Row(
        space=accuracy_in_space(made.unit, games),
        plane=accuracy(nearest_on_plane(made.positions, VOTERS), games),
        trust=trustworthiness(made.unit, made.positions),
        ari=float(adjusted_rand_score(truth[inside], made.labels[inside])) if inside.any() else 0.0,
        ari_all=float(adjusted_rand_score(truth, made.labels)),
        noise=float(np.mean(~inside)),
        clusters=float(made.labels.max() + 1),
    )


def accuracy_in_space(unit: Float32Array, games: Sequence[str]) -> float:
    return accuracy(find_neighbors(unit, VOTERS, 0).indices, games)


def accuracy(nearest: Int32Array, games: Sequence[str]) -> float:
    """Return the share of tracks whose neighbors vote for the right game; the nearest neighbor breaks ties."""
    right = 0
    for row, others in enumerate(nearest.tolist()):
        votes = Counter(games[other] for other in others)
        most = max(votes.values())
        right += next(games[other] for other in others if votes[games[other]] == most) == games[row]
    return right / len(games)


def mean_and_std(rows: Sequence[Row]) -> tuple[Row, Row]:
    """Return mean and standard deviation over several seeds."""
    table = np.array([astuple(row) for row in rows])
    return Row(*table.mean(axis=0).tolist()), Row(*table.std(axis=0).tolist())
