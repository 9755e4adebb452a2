"""The layout uses umap-learn's graph and optimization, with a limit on the displacement of each track."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from spotmap_build.project.layout import principal_plane
from spotmap_build.project.neighbors import Neighbors, find_neighbors
from spotmap_build.project.preprocessing import prepare
from spotmap_build.project.quality import trustworthiness
from spotmap_build.project.umap_layout import compiled_functions, fit_umap, fuzzy_simplicial_set, optimize_layout

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array


def groups(count: int, size: int) -> Float32Array:
    """Return unit vectors in groups of similar vectors."""
    generator = np.random.default_rng(0)
    centers = np.repeat(generator.normal(size=(count, 12)), size, axis=0)
    return prepare((centers + 0.3 * generator.normal(size=centers.shape)).astype(np.float32), "none")


def neighbors_of(unit: Float32Array, count: int = 10) -> Neighbors:
    return find_neighbors(unit, count, seed=0)


def test_graph_is_symmetric_with_weights_between_zero_and_one() -> None:
    graph = fuzzy_simplicial_set(neighbors_of(groups(6, 10)))
    dense = np.zeros((60, 60), np.float32)
    dense[graph.head, graph.tail] = graph.weight
    assert np.array_equal(dense, dense.T)
    assert 0 < graph.weight.min() <= graph.weight.max() <= 1
    assert not dense.diagonal().any()


def test_track_without_neighbors_has_no_edges() -> None:
    graph = fuzzy_simplicial_set(neighbors_of(groups(1, 1)))
    assert (graph.vertex_count, len(graph.head)) == (1, 0)


def test_optimizing_by_epochs_is_as_good_as_all_at_once() -> None:
    unit = groups(30, 10)
    neighbors, start = neighbors_of(unit, 15), principal_plane(unit)
    in_one_call = fit_umap(unit, neighbors, start, min_dist=0.1, n_epochs=300, random_state=0)
    by_epochs = optimize_layout(fuzzy_simplicial_set(neighbors), start, min_dist=0.1, n_epochs=300, random_state=0)
    figures = [trustworthiness(unit, positions) for positions in (start, in_one_call, by_epochs)]
    assert figures[1] == pytest.approx(figures[2], abs=0.02)
    assert figures[2] > figures[0] + 0.02


def test_displacement_is_limited() -> None:
    unit = groups(5, 10)
    anchors = np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32)
    allowed = np.where(np.arange(50) < 25, 0.3, np.inf).astype(np.float32)
    graph = fuzzy_simplicial_set(neighbors_of(unit))
    positions = optimize_layout(graph, anchors, min_dist=0.1, n_epochs=50, random_state=0, max_displacement=allowed)
    moved = np.linalg.norm(positions - anchors, axis=1)
    assert moved[:25].max() <= 0.3 + 1e-5
    assert moved[25:].max() > 1


def test_pinned_tracks_do_not_move() -> None:
    start = np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32)
    pinned = np.where(np.arange(50) < 40, 0, np.inf).astype(np.float32)
    graph = fuzzy_simplicial_set(neighbors_of(groups(5, 10)))
    positions = optimize_layout(graph, start, min_dist=0.1, n_epochs=20, random_state=0, max_displacement=pinned)
    assert np.array_equal(positions[:40], start[:40])
    assert not np.array_equal(positions[40:], start[40:])


def test_optimization_does_not_modify_its_start_and_is_deterministic() -> None:
    start = np.zeros((20, 2), np.float32)
    start[:, 0] = np.arange(20)
    kept = start.copy()
    graph = fuzzy_simplicial_set(neighbors_of(groups(2, 10), 5))
    first, second = (optimize_layout(graph, start, min_dist=0.1, n_epochs=20, random_state=7) for _ in range(2))
    assert np.array_equal(start, kept)
    assert first.tobytes() == second.tobytes()


def test_compiled_layout_functions_are_cached() -> None:
    unit = groups(2, 10)
    optimize_layout(
        fuzzy_simplicial_set(neighbors_of(unit)), principal_plane(unit), min_dist=0.1, n_epochs=5, random_state=0
    )
    for function in compiled_functions():
        assert function.signatures
        assert function.stats.cache_path
        assert function.stats.cache_hits or function.stats.cache_misses


def test_rounding_errors_hardly_change_the_graph() -> None:
    neighbors = neighbors_of(groups(30, 10))
    noise = np.random.default_rng(1).choice([-1e-6, 0, 1e-6], size=neighbors.similarities.shape)
    other = Neighbors(neighbors.indices, (neighbors.similarities + noise).astype(np.float32), True, 1.0)
    graphs = [fuzzy_simplicial_set(each) for each in (neighbors, other)]
    assert np.mean(graphs[0].weight == graphs[1].weight) > 0.95
    assert graphs[0].weight == pytest.approx(graphs[1].weight, abs=0.05)


def test_nearly_identical_vector_counts_as_identical() -> None:
    similarities = np.array([[1 - 1e-5, 0.8, 0.7], [1, 0.8, 0.7], [0.8, 0.8, 0.6], [0.7, 0.7, 0.6]], dtype=np.float32)
    indices = np.array([[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]], dtype=np.int32)
    graph = fuzzy_simplicial_set(Neighbors(indices, similarities, True, 1.0))
    weights = dict(zip(zip(graph.head.tolist(), graph.tail.tolist(), strict=True), graph.weight.tolist(), strict=True))
    assert weights[0, 2] == pytest.approx(weights[1, 2], abs=1e-6)
