"""What listening to a recording gave, read from the cache; ahead of time, where a worker is waited for anyway."""

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
"""What is kept of a recording that was listened to."""
MOMENT: Final = "typical.json"
"""Kept as well since we keep it: where the moment begins that is most like the whole, in seconds."""


class HeardRows:
    """Reads rows: vector, tags and features of a recording, and its typical moment (NaN where none is known)."""

    def __init__(self, cache: Cache, spec: EmbedderSpec) -> None:
        self._cache = cache
        self._ahead: dict[str, Row | CorruptEntry] = {}
        lengths = (spec.dimensions, spec.tag_count, len(feature_names()))
        self._decoders = [array_decoder(length, kind="f", is_finite=True) for length in lengths]

    def read_ahead(self, records: Iterable[Record], is_over: Callable[[], bool]) -> None:
        """Read rows that will be asked for, until that is over.

        They take next to no memory beside their records, whose bytes they are. :meth:`read` tells what is damaged.
        """
        for record in records:
            if is_over():
                return
            try:
                self._ahead[record.key_digest] = self.read(record)
            except CorruptEntry as error:
                self._ahead[record.key_digest] = error

    def moment(self, record: Record) -> float:
        """Return the typical moment alone; without numpy."""
        return self._cache.decode(record, MOMENT, _decode_moment) if MOMENT in record.outputs else math.nan

    def read(self, record: Record) -> Row:
        """Return a row; what was read ahead is forgotten then.

        Raises
        ------
        CorruptEntry
            What was kept is damaged. It is set aside; the build starts over and listens again.
        """
        ahead = self._ahead.pop(record.key_digest, None)
        if isinstance(ahead, CorruptEntry):
            raise ahead
        if ahead is not None:
            return ahead
        decoders = zip(PARTS, self._decoders, strict=True)
        return tuple(self._cache.decode(record, part, decode) for part, decode in decoders), self.moment(record)


def _decode_moment(data: bytes) -> float:
    seconds = decode_json(data, float)
    if not 0 <= seconds < math.inf:
        raise ValueError(f"a moment at {seconds} s")
    return seconds
