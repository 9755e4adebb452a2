"""The embedding space: prepared vectors and their nearest neighbors, for layout, clusters and insights."""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property, partial
from typing import TYPE_CHECKING, Final

import orjson

from spotmap_build.cache.arrays import array_decoder
from spotmap_build.cache.errors import CorruptEntry
from spotmap_build.cache.keys import Key, digest_bytes
from spotmap_build.cache.memo import Codec, Outputs
from spotmap_build.run import machine, package_versions
from spotmap_build.stages.preparation import ROWS, new_preparation, reusable_preparation

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array
    from spotmap_build.project.neighbors import Neighbors
    from spotmap_build.project.preprocessing import Int64Array
    from spotmap_build.run import Run
    from spotmap_build.stages.embed import Embedded
    from spotmap_build.stages.preparation import Fitted
    from spotmap_build.stages.previous_map import Previous

NEIGHBORS_VERSION: Final = 3
"""Raise when the same vectors give different neighbors."""
LAYOUT_VERSION: Final = 6
"""Raise when the same vectors give a different layout."""
INDICES: Final = "indices.npy"
SIMILARITIES: Final = "similarities.npy"
RECALL: Final = "recall"
NEIGHBORS: Final = (INDICES, SIMILARITIES, RECALL)


class EmbeddingSpace:
    """Prepared vectors and neighbors of a map, computed on first use. A build with nothing to do needs neither."""

    def __init__(self, run: Run, embedded: Embedded, previous_map: Previous) -> None:
        self._run = run
        self._embedded = embedded
        self._previous_map = previous_map

    @property
    def fitted_on(self) -> str:
        """Digest of the embeddings to which the preparation was fitted: these, or those of an earlier map."""
        return self._embedded.digest if self._reused is None else self._reused.fitted_on

    @cached_property
    def unit_vectors(self) -> Float32Array:
        """Float32 ``[n, d]``, prepared vectors of length one: the cosine of two is the similarity of their tracks."""
        from spotmap_build.project.preprocessing import prepare

        fitted = self._reused or new_preparation(self._run, self._embedded, lambda: self._row_digests)
        return prepare(self._vectors, "none") if fitted is None else fitted.preparation.transform(self._vectors)

    @cached_property
    def neighbors(self) -> Neighbors:
        """The nearest neighbors of each track, from the cache if they are known."""
        codec = Codec(NEIGHBORS, self._encode, partial(_decode, len(self._embedded.tracks)))
        return self._run.cached(self._key(self._embedded.digest), self._find_neighbors, codec).value

    def _find_neighbors(self) -> Neighbors:
        from spotmap_build.project.layout import NEIGHBOR_COUNT
        from spotmap_build.project.neighbors import find_neighbors

        return self._update_neighbors(NEIGHBOR_COUNT) or find_neighbors(
            self.unit_vectors, NEIGHBOR_COUNT, self._run.config.seed
        )

    def _update_neighbors(self, count: int) -> Neighbors | None:
        """Return the neighbors of the last map, updated; None if they are not cached or cannot be updated."""
        from spotmap_build.project.neighbors import match_rows, update_neighbors

        last = self._previous_map.value
        if self._reused is None or last is None:
            return None
        record = self._run.cache.lookup(self._key(last.vectors), outputs=(*NEIGHBORS, ROWS), may_fail=False)
        if record is None:
            return None
        with suppress(CorruptEntry):  # the record is set aside, and all neighbors are searched
            outputs = Outputs(self._run.cache, record)
            neighbors = _decode(len(last.track_ids), outputs)
            rows = outputs.read(ROWS, array_decoder(len(last.track_ids), kind="i"))
            return update_neighbors(self.unit_vectors, count, neighbors, match_rows(self._row_digests, rows))
        return None

    def _key(self, vectors: str) -> Key:
        """Return the key of the neighbors of embeddings with this digest and the same preparation."""
        preimage: dict[str, object] = {
            "vectors": vectors,
            "preprocessing": self._embedded.preprocessing,
            "seed": self._run.config.seed,
            "machine": machine(),
            "packages": package_versions("numpy", "scipy", "numba", "pynndescent"),
        }
        if self.fitted_on != vectors:
            preimage["fitted_on"] = self.fitted_on
        return Key("neighbors", NEIGHBORS_VERSION, preimage)

    @cached_property
    def _vectors(self) -> Float32Array:
        return self._embedded.embeddings.value.vectors

    @cached_property
    def _row_digests(self) -> Int64Array:
        from spotmap_build.project.preprocessing import row_digests

        return row_digests(self._vectors)

    @cached_property
    def _reused(self) -> Fitted | None:
        return reusable_preparation(self._run, self._embedded, self._previous_map, lambda: self._row_digests)

    def _encode(self, neighbors: Neighbors) -> dict[str, bytes]:
        from spotmap_build.cache.arrays import encode_array

        return {
            INDICES: encode_array(neighbors.indices),
            SIMILARITIES: encode_array(neighbors.similarities),
            RECALL: f"{neighbors.is_exact:d} {neighbors.recall!r}".encode(),
            ROWS: encode_array(self._row_digests),
        }


def _decode(track_count: int, outputs: Outputs) -> Neighbors:
    from spotmap_build.project.neighbors import Neighbors

    indices = outputs.read(INDICES, array_decoder(track_count, None, kind="i", below=track_count))
    similarities = outputs.read(SIMILARITIES, array_decoder(*indices.shape, kind="f"))
    # Copies, because numba compiles a second version of each function for read-only arrays.
    return Neighbors(indices.copy(), similarities.copy(), *outputs.read(RECALL, _decode_recall))


def _decode_recall(data: bytes) -> tuple[bool, float]:
    is_exact, recall = data.decode().split()
    return is_exact == "1", float(recall)


def layout_environment() -> str:
    """Return a digest of everything that a layout depends on besides its input."""
    packages = package_versions("umap-learn", "pynndescent", "numba", "numpy", "scipy")
    content = {"version": LAYOUT_VERSION, "machine": machine(), "packages": packages}
    return digest_bytes(orjson.dumps(content, option=orjson.OPT_SORT_KEYS))
