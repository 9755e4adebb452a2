"""Embeddings, tags and features of analyzed recordings, read from the cache, and prefetched while workers are busy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from spotmap_build.cache.arrays import array_decoder
from spotmap_build.cache.errors import CorruptEntry
from spotmap_build.core.documents import decode_json
from spotmap_build.registry.features import names as feature_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from spotmap_build.cache.records import Record
    from spotmap_build.cache.store import Cache
    from spotmap_build.model import Float32Array
    from spotmap_build.registry.embedders import EmbedderSpec

    Row = tuple[tuple[Float32Array, ...], float]

VECTOR: Final = "vector.npy"
PARTS: Final = (VECTOR, "tags.npy", "features.npy")
"""The outputs of an analyzed recording."""
MOMENT: Final = "typical.json"
"""Start of the most typical moment, in seconds. Missing in results of early versions."""


class CachedEmbeddings:
    """Reads vector, tags, features and typical moment (NaN if unknown) of recordings."""

    def __init__(self, cache: Cache, spec: EmbedderSpec) -> None:
        self._cache = cache
        self._prefetched: dict[str, Row | CorruptEntry] = {}
        lengths = (spec.dimensions, spec.tag_count, len(feature_names()))
        self._decoders = [array_decoder(length, kind="f", is_finite=True) for length in lengths]

    def prefetch(self, records: Iterable[Record], stop_requested: Callable[[], bool]) -> None:
        """Read rows that will be needed, until a stop is requested.

        The arrays share memory with their records. Damage is reported by :meth:`read`.
        """
        for record in records:
            if stop_requested():
                return
            try:
                self._prefetched[record.key_digest] = self.read(record)
            except CorruptEntry as error:
                self._prefetched[record.key_digest] = error

    def moment(self, record: Record) -> float:
        """Return the typical moment. Does not load NumPy."""
        return self._cache.decode(record, MOMENT, _decode_moment) if MOMENT in record.outputs else math.nan

    def read(self, record: Record) -> Row:
        """Return a row, and drop it from the prefetched ones.

        Raises
        ------
        CorruptEntry
            The cached result is damaged. It is quarantined; the build starts over and analyzes the recording again.
        """
        prefetched = self._prefetched.pop(record.key_digest, None)
        if isinstance(prefetched, CorruptEntry):
            raise prefetched
        if prefetched is not None:
            return prefetched
        decoders = zip(PARTS, self._decoders, strict=True)
        return tuple(self._cache.decode(record, part, decode) for part, decode in decoders), self.moment(record)


def _decode_moment(data: bytes) -> float:
    seconds = decode_json(data, float)
    if not 0 <= seconds < math.inf:
        raise ValueError(f"a moment at {seconds} s")
    return seconds
