"""``python -m benchmarks.clusters_panel``: does a build find groups that are clear to the eye?

Plants groups of equal and unequal size, density and shape on a plane, and compares methods: HDBSCAN with its own
rules (the best of several settings, chosen with the ground truth), its leaves, HDBSCAN with a limit on size, and a
build. Prints the values for the table of docs/map-quality.md.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from spotmap_build.cluster.hdbscan import smallest_cluster
from spotmap_build.cluster.hierarchy import find_groups
from spotmap_build.emit.boundaries import EXTENT, boundary
from spotmap_build.emit.payload import CLUSTER_SHARE
from spotmap_build.project.quality import nearest_on_plane

if TYPE_CHECKING:
    import numpy.typing as npt

    from spotmap_build.model import Float32Array, Int32Array

    Float64Array = npt.NDArray[np.float64]

APART: Final = 10.0
"""Distance between the centers of adjacent groups."""
SCATTERED: Final = "hills, tracks scattered"
SCATTERED_SHARE: Final = 0.15
"""Share of tracks that are spread evenly over the whole map."""
SIZES: Final = ((2, 200), (5, 400), (12, 1_000), (12, 3_000), (30, 2_000), (60, 1_000), (60, 5_000))
LARGE: Final = ((2, 100_000), (12, 50_000), (60, 100_000))
HEAD: Final = ("groups", "kind", "tracks", "best of HDBSCAN's", "leaves", "limited", "a build")
LIMIT: Final = 6
"""HDBSCAN's limit on the size of clusters, as a multiple of the smallest cluster's size."""


@dataclass(frozen=True, slots=True)
class Score:
    """``ari``: adjusted Rand index, with noise as one class. ``inside``: the share of tracks within the contour of a
    cluster that is not theirs."""

    ari: float
    noise: float
    clusters: int
    inside: float

    def __str__(self) -> str:
        return f"{self.ari:.3f}, {self.noise:.3f}, {self.clusters}, {self.inside:.3f}"


def plant(kind: str, groups: int, tracks: int, seed: int) -> tuple[Float32Array, npt.NDArray[np.intp]]:
    """Return positions of ``tracks`` tracks, and the group of each; -1 for tracks that are scattered between groups."""
    generator, side = np.random.default_rng(seed), math.ceil(math.sqrt(groups))
    weights = np.arange(1, groups + 1) ** -0.8 if kind == "unequal sizes" else np.ones(groups)
    sizes = np.maximum(tracks * weights / weights.sum(), 12 if tracks >= 12 * groups else 1).astype(int)
    places, truth = [], np.repeat(np.arange(groups), sizes)
    for number, size in enumerate(sizes.tolist()):
        middle = APART * np.array([number % side, number // side])
        places.append(middle + _KINDS[kind](generator, size, number))
    if kind == SCATTERED:
        everything = np.concatenate(places)
        count = round(SCATTERED_SHARE / (1 - SCATTERED_SHARE) * len(everything))
        places.append(generator.uniform(everything.min(axis=0), everything.max(axis=0), (count, 2)))
        truth = np.concatenate([truth, np.full(count, -1)])
    return np.concatenate(places).astype(np.float32), truth


def _hill(generator: np.random.Generator, size: int, _number: int) -> Float64Array:
    return generator.normal(scale=1.1, size=(size, 2))


def _dense_or_not(generator: np.random.Generator, size: int, number: int) -> Float64Array:
    return _hill(generator, size, number) * (0.15, 0.4, 0.8, 1.2)[number % 4]


def _disc(generator: np.random.Generator, size: int, _number: int, radius: float = 3.2) -> Float64Array:
    distance, angle = radius * np.sqrt(generator.random(size)), 2 * np.pi * generator.random(size)
    found: Float64Array = distance[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return found


def _near_disc(generator: np.random.Generator, size: int, _number: int) -> Float64Array:
    return _disc(generator, size, _number, radius=4.0)


def _shape(generator: np.random.Generator, size: int, number: int) -> Float64Array:
    """Return a ring, an arc, a bar or a square, in this order."""
    if number % 4 == 3:
        return 5 * generator.random((size, 2)) - 2.5
    along, across = generator.random(size), generator.normal(scale=0.3, size=(size, 2))
    if number % 4 == 2:
        return np.stack([6.8 * along - 3.4, across[:, 0]], axis=1)
    angle = 2 * np.pi * along * (1.0, 0.6)[number % 4]
    return 3 * np.stack([np.cos(angle), np.sin(angle)], axis=1) + across


_KINDS: Final[dict[str, Callable[[np.random.Generator, int, int], Float64Array]]] = {
    "hills": _hill,
    "unequal sizes": _hill,
    "unequal densities": _dense_or_not,
    "even discs": _disc,
    "discs close together": _near_disc,
    "shapes": _shape,
    SCATTERED: _hill,
}


def score(places: Float32Array, truth: npt.NDArray[np.intp], labels: Int32Array) -> Score:
    from sklearn.metrics import adjusted_rand_score

    return Score(
        ari=float(adjusted_rand_score(truth, labels)),
        noise=float(np.mean(labels < 0)),
        clusters=int(labels.max() + 1),
        inside=inside_others(places, labels),
    )


def inside_others(places: Float32Array, labels: Int32Array) -> float:
    """Return the share of tracks within the contour, as the site draws it, of a cluster that is not theirs."""
    low, wide = places.min(axis=0), float(np.ptp(places, axis=0).max())
    on_map = (places - low) * (EXTENT / wide)
    is_inside = np.zeros(len(places), dtype=bool)
    for label in range(int(labels.max()) + 1):
        rings = boundary(on_map[labels == label], CLUSTER_SHARE).rings
        others = np.flatnonzero(labels != label)
        crossings = sum(_crossings(np.array(ring, dtype=float).reshape(-1, 2), on_map[others]) for ring in rings)
        is_inside[others] |= np.asarray(crossings) % 2 == 1
    return float(is_inside.mean())


def _crossings(ring: Float64Array, points: Float32Array) -> npt.NDArray[np.intp]:
    """Count the sides of the ring that a ray from each point to the right crosses."""
    count = np.zeros(len(points), dtype=np.intp)
    x, y = points[:, 0], points[:, 1]
    for (x1, y1), (x2, y2) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        if y1 != y2:
            count += ((y1 > y) != (y2 > y)) & (x < x1 + (y - y1) * (x2 - x1) / (y2 - y1))
    return count


def by_hdbscan(places: Float32Array, size: int, samples: int, method: str, largest: int = 0) -> Int32Array:
    import hdbscan

    model = hdbscan.HDBSCAN(
        min_cluster_size=size,
        min_samples=samples,
        cluster_selection_method=method,
        max_cluster_size=largest,
        core_dist_n_jobs=1,
        approx_min_span_tree=False,
    )
    return np.asarray(model.fit_predict(places.astype(np.float64)), dtype=np.int32)


def compare(places: Float32Array, truth: npt.NDArray[np.intp]) -> Iterator[Score]:
    """Yield scores in the order of the columns, beginning with the fourth."""
    size = smallest_cluster(len(places))
    settings = {(5, 3), (5, 5), (15, 15), (size, size), (size, 5)}
    usable = [each for each in sorted(settings) if 2 * each[0] < len(places)]
    plain = (score(places, truth, by_hdbscan(places, *each, "eom")) for each in usable)
    yield max(plain, key=lambda found: (found.ari, -found.noise))
    yield score(places, truth, by_hdbscan(places, size, 5, "leaf"))
    yield score(places, truth, by_hdbscan(places, size, max(2, round(0.3 * size)), "eom", LIMIT * size))
    yield score(places, truth, find_groups(places, nearest_on_plane(places, 15)).clusters)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clusters_panel", description=__doc__)
    parser.add_argument("--large", action="store_true", help="50,000 and 100,000 tracks as well: half an hour")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the positions  [%(default)s]")
    arguments = parser.parse_args()
    print(f"| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}")
    for groups, tracks in SIZES + (LARGE if arguments.large else ()):
        for kind in _KINDS:
            places, truth = plant(kind, groups, tracks, arguments.seed)
            cells = map(str, compare(places, truth))
            print(f"| {groups} | {kind} | {len(places):,} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
