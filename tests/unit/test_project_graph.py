"""Our own UMAP is UMAP: the same graph and the same curve as the package umap-learn makes, and a repeatable drawing."""

from __future__ import annotations

import numpy as np
import pytest

from spotmap_build.project.graph import curve, draw, fuzzy_graph
from spotmap_build.project.neighbours import find_neighbours
from spotmap_build.project.vectors import prepare


@pytest.mark.parametrize(("minimum_distance", "a", "b"), [(0.1, 1.577, 0.895), (0.5, 0.583, 1.334), (0.0, 1.932, 0.79)])
def test_the_curve_is_that_of_umap(minimum_distance: float, a: float, b: float) -> None:
    # From umap.umap_.find_ab_params(1.0, minimum_distance).
    assert curve(minimum_distance) == pytest.approx((a, b), abs=2e-3)


@pytest.mark.slow
def test_the_graph_is_that_of_umap() -> None:
    umap_ = pytest.importorskip("umap.umap_")
    unit = prepare(np.random.default_rng(0).normal(size=(120, 10)).astype(np.float32), "none")
    neighbours = find_neighbours(unit, 14, seed=0)
    itself = np.arange(120)[:, None]
    indices = np.concatenate([itself, neighbours.indices], axis=1)
    distances = np.concatenate([np.zeros((120, 1)), 1 - neighbours.similarities], axis=1).astype(np.float32)
    theirs, _, _ = umap_.fuzzy_simplicial_set(
        unit, 15, np.random.RandomState(0), "cosine", knn_indices=indices, knn_dists=distances
    )
    ours = fuzzy_graph(neighbours)
    dense = np.zeros((120, 120))
    dense[ours.heads, ours.tails] = ours.weights
    # They count the track itself among its ties, which leaves a little less for the others.
    assert np.corrcoef(theirs.toarray().ravel(), dense.ravel())[0, 1] > 0.999
    assert np.allclose(dense, dense.T)


def test_no_track_leaves_its_reach() -> None:
    generator = np.random.default_rng(0)
    unit = prepare(generator.normal(size=(50, 6)).astype(np.float32), "none")
    homes = generator.normal(size=(50, 2)).astype(np.float32)
    reach = np.where(np.arange(50) < 25, 0.3, np.inf).astype(np.float32)
    graph = fuzzy_graph(find_neighbours(unit, 10, seed=0))
    places = draw(graph, homes, minimum_distance=0.1, epochs=50, seed=0, homes=homes, reach=reach)
    moved = np.linalg.norm(places - homes, axis=1)
    assert moved[:25].max() <= 0.3 + 1e-5
    assert moved[25:].max() > 1


def test_drawing_leaves_its_start_alone() -> None:
    unit = prepare(np.random.default_rng(0).normal(size=(20, 6)).astype(np.float32), "none")
    start = np.zeros((20, 2), np.float32)
    draw(fuzzy_graph(find_neighbours(unit, 5, seed=0)), start, minimum_distance=0.1, epochs=5, seed=0)
    assert not start.any()
