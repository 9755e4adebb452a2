"""The space of sounds: prepared vectors and nearest neighbors, which layout, regions and figures all need."""

from __future__ import annotations

import time
from functools import cached_property
from typing import TYPE_CHECKING, Final

import orjson

from spotmap_build.cache.keys import Key, digest_bytes
from spotmap_build.run import machine, package_versions

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array
    from spotmap_build.project.neighbors import Neighbors
    from spotmap_build.run import Run
    from spotmap_build.stages.embed import Embedded

NEIGHBORS_VERSION: Final = 2
"""Raise when the same vectors would have other neighbors."""
LAYOUT_VERSION: Final = 4
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

        return prepare(self._embedded.read().vectors, self._embedded.preprocessing)

    @cached_property
    def neighbors(self) -> Neighbors:
        """The tracks that sound most like each, found once and kept."""
        from spotmap_build.cache.arrays import array_decoder, encode_array
        from spotmap_build.project.layout import NEIGHBOR_COUNT
        from spotmap_build.project.neighbors import Neighbors, find_neighbors

        run, key = self._run, self._key()
        record = run.cache.lookup(key, outputs=(INDICES, SIMILARITIES, RECALL), may_fail=False)
        if record is None:
            started = time.monotonic()
            found = find_neighbors(self.unit_vectors, NEIGHBOR_COUNT, run.config.seed)
            outputs = {INDICES: encode_array(found.indices), SIMILARITIES: encode_array(found.similarities)}
            outputs[RECALL] = f"{found.is_exact:d} {found.recall!r}".encode()
            run.cache.put(key, outputs, time.monotonic() - started)
            return found
        count = len(self._embedded.tracks)
        indices = run.read(key, INDICES, array_decoder(count, None, kind="i", below=count))
        similarities = run.read(key, SIMILARITIES, array_decoder(*indices.shape, kind="f"))
        return Neighbors(indices, similarities, *run.read(key, RECALL, _decode_recall))

    def _key(self) -> Key:
        preimage = {
            "vectors": self._embedded.digest,
            "preprocessing": self._embedded.preprocessing,
            "seed": self._run.config.seed,
            "machine": machine(),
            "packages": package_versions("numpy", "scipy", "numba", "pynndescent"),
        }
        return Key("neighbors", NEIGHBORS_VERSION, preimage)


def _decode_recall(data: bytes) -> tuple[bool, float]:
    is_exact, recall = data.decode().split()
    return is_exact == "1", float(recall)


def layout_environment() -> str:
    """Name everything besides its input that a layout depends on: where it is equal, a layout can be repeated."""
    packages = package_versions("umap-learn", "pynndescent", "numba", "numpy", "scipy")
    content = {"version": LAYOUT_VERSION, "machine": machine(), "packages": packages}
    return digest_bytes(orjson.dumps(content, option=orjson.OPT_SORT_KEYS))
