"""The space of sounds: prepared vectors and nearest neighbors, which layout, regions and figures all need."""

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
"""Raise when the same vectors would have other neighbors."""
LAYOUT_VERSION: Final = 6
"""Raise when the same vectors would be laid out differently."""
INDICES: Final = "indices.npy"
SIMILARITIES: Final = "similarities.npy"
RECALL: Final = "recall"
NEIGHBORS: Final = (INDICES, SIMILARITIES, RECALL)


class EmbeddingSpace:
    """Made when something is first asked for, and once only: a build with nothing to do never touches it."""

    def __init__(self, run: Run, embedded: Embedded, previous_map: Previous) -> None:
        self._run = run
        self._embedded = embedded
        self._previous_map = previous_map

    @property
    def fitted_on(self) -> str:
        """The digest of the embeddings that vectors are prepared by: these, or those of an earlier map."""
        return self._embedded.digest if self._held is None else self._held.fitted_on

    @cached_property
    def unit_vectors(self) -> Float32Array:
        """Float32 ``[n, d]``, rows of length one, so prepared that the angle between two says how unlike they sound."""
        from spotmap_build.project.preprocessing import prepare

        fitted = self._held or new_preparation(self._run, self._embedded, lambda: self._row_digests)
        return prepare(self._vectors, "none") if fitted is None else fitted.preparation.transform(self._vectors)

    @cached_property
    def neighbors(self) -> Neighbors:
        """The tracks that sound most like each, found once and kept."""
        codec = Codec(NEIGHBORS, self._encode, partial(_decode, len(self._embedded.tracks)))
        return self._run.cached(self._key(self._embedded.digest), self._find_neighbors, codec).value

    def _find_neighbors(self) -> Neighbors:
        from spotmap_build.project.layout import NEIGHBOR_COUNT
        from spotmap_build.project.neighbors import find_neighbors

        return self._update_neighbors(NEIGHBOR_COUNT) or find_neighbors(
            self.unit_vectors, NEIGHBOR_COUNT, self._run.config.seed
        )

    def _update_neighbors(self, count: int) -> Neighbors | None:
        """Return the last map's neighbors, with what changed; None where they are not known, or others."""
        from spotmap_build.project.neighbors import match_rows, update_neighbors

        last = self._previous_map.value
        if self._held is None or last is None:
            return None
        record = self._run.cache.lookup(self._key(last.vectors), outputs=(*NEIGHBORS, ROWS), may_fail=False)
        if record is None:
            return None
        with suppress(CorruptEntry):  # it is set aside, and all are searched for
            outputs = Outputs(self._run.cache, record)
            held = _decode(len(last.track_ids), outputs)
            rows = outputs.read(ROWS, array_decoder(len(last.track_ids), kind="i"))
            return update_neighbors(self.unit_vectors, count, held, match_rows(self._row_digests, rows))
        return None

    def _key(self, vectors: str) -> Key:
        """Return the key of the neighbors among some embeddings, prepared as these are."""
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
    def _held(self) -> Fitted | None:
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
    # Copies, which may be written to: numba would compile everything a second time for arrays that may not.
    return Neighbors(indices.copy(), similarities.copy(), *outputs.read(RECALL, _decode_recall))


def _decode_recall(data: bytes) -> tuple[bool, float]:
    is_exact, recall = data.decode().split()
    return is_exact == "1", float(recall)


def layout_environment() -> str:
    """Name everything besides its input that a layout depends on: where it is equal, a layout can be repeated."""
    packages = package_versions("umap-learn", "pynndescent", "numba", "numpy", "scipy")
    content = {"version": LAYOUT_VERSION, "machine": machine(), "packages": packages}
    return digest_bytes(orjson.dumps(content, option=orjson.OPT_SORT_KEYS))
