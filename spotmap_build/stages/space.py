"""The space of sounds: prepared vectors and nearest neighbors, which layout, regions and figures all need."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Final

import orjson

from spotmap_build.cache.keys import Key, digest_bytes
from spotmap_build.cache.memo import Codec
from spotmap_build.run import machine, package_versions

if TYPE_CHECKING:
    from spotmap_build.cache.memo import Outputs
    from spotmap_build.model import Float32Array
    from spotmap_build.project.neighbors import Neighbors
    from spotmap_build.run import Run
    from spotmap_build.stages.embed import Embedded

NEIGHBORS_VERSION: Final = 2
"""Raise when the same vectors would have other neighbors."""
LAYOUT_VERSION: Final = 5
"""Raise when the same vectors would be laid out differently."""
INDICES: Final = "indices.npy"
SIMILARITIES: Final = "similarities.npy"
RECALL: Final = "recall"


class EmbeddingSpace:
    """Made when something is first asked for, and once only: a build with nothing to do never touches it."""

    def __init__(self, run: Run, embedded: Embedded) -> None:
        self._run = run
        self._embedded = embedded

    @cached_property
    def unit_vectors(self) -> Float32Array:
        """Float32 ``[n, d]``, rows of length one, so prepared that the angle between two says how unlike they sound."""
        from spotmap_build.project.preprocessing import prepare

        return prepare(self._embedded.embeddings.value.vectors, self._embedded.preprocessing)

    @cached_property
    def neighbors(self) -> Neighbors:
        """The tracks that sound most like each, found once and kept."""
        from spotmap_build.project.layout import NEIGHBOR_COUNT
        from spotmap_build.project.neighbors import find_neighbors

        run, embedded = self._run, self._embedded
        key = Key(
            "neighbors",
            NEIGHBORS_VERSION,
            {
                "vectors": embedded.digest,
                "preprocessing": embedded.preprocessing,
                "seed": run.config.seed,
                "machine": machine(),
                "packages": package_versions("numpy", "scipy", "numba", "pynndescent"),
            },
        )
        return run.cached(
            key,
            lambda: find_neighbors(self.unit_vectors, NEIGHBOR_COUNT, run.config.seed),
            Codec((INDICES, SIMILARITIES, RECALL), _encode, partial(_decode, len(embedded.tracks))),
        ).value


def _encode(neighbors: Neighbors) -> dict[str, bytes]:
    from spotmap_build.cache.arrays import encode_array

    return {
        INDICES: encode_array(neighbors.indices),
        SIMILARITIES: encode_array(neighbors.similarities),
        RECALL: f"{neighbors.is_exact:d} {neighbors.recall!r}".encode(),
    }


def _decode(track_count: int, outputs: Outputs) -> Neighbors:
    from spotmap_build.cache.arrays import array_decoder
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
