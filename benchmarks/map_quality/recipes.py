"""The compared recipes: preprocessing of the vectors, layout, clustering."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spotmap_build.project.layout import NEIGHBOR_COUNT, fit_layout
from spotmap_build.project.neighbors import find_neighbors
from spotmap_build.project.preprocessing import prepare

if TYPE_CHECKING:
    from benchmarks.map_quality.embeddings import Embedded
    from spotmap_build.model import Float32Array, Int32Array

Preparation = Callable[["Float32Array"], "Float32Array"]


@dataclass(frozen=True, slots=True, eq=False)
class Map:
    """``unit``: the vectors of length one; ``positions`` and ``labels`` (-1: noise) of one run."""

    unit: Float32Array
    positions: Float32Array
    labels: Int32Array


def vectors_of(embedded: Embedded) -> dict[str, Float32Array]:
    """Return every vector that could represent a track, by its name in the table."""
    part = embedded.parts
    found = {
        "spectral 41": part["spectral"],
        "tags 50": part["tags-mean"],
        "dense 200": part["dense-mean"],
        "normalized 200": part["normalized-mean"],
        "dense mean+std 400": np.concatenate([part["dense-mean"], part["dense-spread"]], axis=1),
        "mean 753": part["mean-mean"],
        "max 753": part["max-mean"],
        "mean+max 1506": np.concatenate([part["mean-mean"], part["max-mean"]], axis=1),
        "mean+std 1506": np.concatenate([part["mean-mean"], part["mean-spread"]], axis=1),
    }
    if "effnet" in part:
        found["discogs-effnet 1280"] = part["effnet"]
    return found


PREPARATIONS: dict[str, Preparation] = {
    "unchanged": lambda vectors: prepare(vectors, "none"),
    "centered": lambda vectors: prepare(vectors - vectors.mean(axis=0), "none"),
    "z-scored": lambda vectors: prepare(zscored(vectors), "none"),
    "z, PCA 50": lambda vectors: prepare(pca(zscored(vectors), 50), "none"),
    "z, fully whitened 50": lambda vectors: prepare(pca(zscored(vectors), 50, whiten=True), "none"),
    "centered, partly whitened": lambda vectors: prepare(vectors, "center"),
    "z, partly whitened": lambda vectors: prepare(vectors, "zscore"),
}
PLAIN = "z, PCA 50"
OURS = "z, partly whitened"


def plain_map(vectors: Float32Array, seed: int) -> Map:
    """The plain recipe: z-score, PCA to 50, UMAP(15, 0.1) by Euclidean distance, HDBSCAN(5, 3) on the plane."""
    import hdbscan
    import umap

    reduced = pca(zscored(vectors), 50)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*n_jobs value.*")
        positions = umap.UMAP(n_neighbors=15, min_dist=0.1, random_state=seed).fit_transform(reduced)
    labels = hdbscan.HDBSCAN(min_cluster_size=5, min_samples=3).fit_predict(positions.astype(np.float64))
    return Map(PREPARATIONS[PLAIN](vectors), positions.astype(np.float32), labels.astype(np.int32))


def our_map(vectors: Float32Array, seed: int, preparation: str = OURS) -> Map:
    """Make a map with the same steps as a build."""
    from spotmap_build.cluster.hierarchy import find_groups

    unit = PREPARATIONS[preparation](vectors)
    neighbors = find_neighbors(unit, NEIGHBOR_COUNT, seed)
    positions = fit_layout(unit, neighbors, seed)
    return Map(unit, positions, find_groups(positions, neighbors.indices).clusters)


def zscored(vectors: Float32Array) -> Float32Array:
    centered = vectors - vectors.mean(axis=0)
    deviation = centered.std(axis=0)
    varies = deviation > 1e-6 * deviation.max()
    return np.asarray(centered[:, varies] / deviation[varies], dtype=np.float32)


def pca(vectors: Float32Array, count: int, *, whiten: bool = False) -> Float32Array:
    from sklearn.decomposition import PCA

    reduced = PCA(min(count, *vectors.shape), whiten=whiten, random_state=0).fit_transform(vectors)
    return np.asarray(reduced, dtype=np.float32)
