"""The ways to make a map that are compared: preparing the vectors, laying them out, finding the clusters."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spotmap_build.project.layout import KEPT_NEIGHBOURS, lay_out_afresh
from spotmap_build.project.neighbors import find_neighbours
from spotmap_build.project.preprocessing import prepare, tempered

if TYPE_CHECKING:
    from benchmarks.map_quality.hearing import Heard
    from spotmap_build.model import Float32Array, Int32Array

Preparation = Callable[["Float32Array"], "Float32Array"]


@dataclass(frozen=True, slots=True, eq=False)
class Map:
    """``unit``: the vectors of length one that were compared; ``places`` and ``labels`` (-1: noise) of one run."""

    unit: Float32Array
    places: Float32Array
    labels: Int32Array


def vectors_of(heard: Heard) -> dict[str, Float32Array]:
    """Every vector that could stand for a track, by the name it has in the table."""
    part = heard.parts
    found = {
        "spectral 41": part["spectral"],
        "tags 50": part["tags-mean"],
        "dense 200": part["dense-mean"],
        "normalised 200": part["normalised-mean"],
        "dense mean+spread 400": np.concatenate([part["dense-mean"], part["dense-spread"]], axis=1),
        "mean 753": part["mean-mean"],
        "max 753": part["max-mean"],
        "mean+max 1506": np.concatenate([part["mean-mean"], part["max-mean"]], axis=1),
        "mean+spread 1506": np.concatenate([part["mean-mean"], part["mean-spread"]], axis=1),
    }
    if "effnet" in part:
        found["discogs-effnet 1280"] = part["effnet"]
    return found


PREPARATIONS: dict[str, Preparation] = {
    "as it is": lambda vectors: prepare(vectors, "none"),
    "centred": lambda vectors: prepare(vectors - vectors.mean(axis=0), "none"),
    "z-scored": lambda vectors: prepare(zscored(vectors), "none"),
    "z, PCA 50": lambda vectors: prepare(pca(zscored(vectors), 50), "none"),
    "z, whitened 50": lambda vectors: prepare(pca(zscored(vectors), 50, whiten=True), "none"),
    "centred, tempered": lambda vectors: prepare(tempered(vectors - vectors.mean(axis=0)), "none"),
    "z, tempered": lambda vectors: prepare(vectors, "zscore"),
}
PLAIN = "z, PCA 50"
OURS = "z, tempered"


def plain_map(vectors: Float32Array, seed: int) -> Map:
    """The plain recipe: z-score, PCA to 50, UMAP(15, 0.1) by Euclidean distance, HDBSCAN(5, 3) on the plane."""
    import hdbscan
    import umap

    reduced = pca(zscored(vectors), 50)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*n_jobs value.*")
        places = umap.UMAP(n_neighbors=15, min_dist=0.1, random_state=seed).fit_transform(reduced)
    labels = hdbscan.HDBSCAN(min_cluster_size=5, min_samples=3).fit_predict(places.astype(np.float64))
    return Map(PREPARATIONS[PLAIN](vectors), places.astype(np.float32), labels.astype(np.int32))


def our_map(vectors: Float32Array, seed: int, preparation: str = OURS) -> Map:
    """As the build makes it."""
    from spotmap_build.cluster.hierarchy import find_groups

    unit = PREPARATIONS[preparation](vectors)
    neighbours = find_neighbours(unit, KEPT_NEIGHBOURS, seed)
    places = lay_out_afresh(unit, neighbours, seed)
    return Map(unit, places, find_groups(places, neighbours.indices).neighbourhoods)


def zscored(vectors: Float32Array) -> Float32Array:
    centred = vectors - vectors.mean(axis=0)
    deviation = centred.std(axis=0)
    varies = deviation > 1e-6 * deviation.max()
    return np.asarray(centred[:, varies] / deviation[varies], dtype=np.float32)


def pca(vectors: Float32Array, count: int, *, whiten: bool = False) -> Float32Array:
    from sklearn.decomposition import PCA

    reduced = PCA(min(count, *vectors.shape), whiten=whiten, random_state=0).fit_transform(vectors)
    return np.asarray(reduced, dtype=np.float32)
