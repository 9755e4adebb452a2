"""What listening to a recording gave, read from the cache; ahead of time, where a worker is waited for anyway."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

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
        self._lengths = (spec.dimensions, spec.tag_count, len(feature_names()))
        self._ahead: dict[str, Row] = {}

    def read_ahead(self, records: Iterable[Record], is_over: Callable[[], bool]) -> None:
        """Read rows that will be asked for, until that is over.

        Raises
        ------
        CorruptEntry
            As :meth:`take`.
        """
        for record in records:
            if is_over():
                return
            self._ahead[record.key_digest] = self._read(record)

    def take(self, record: Record) -> Row:
        """Return a row; what was read ahead is forgotten then.

        Raises
        ------
        CorruptEntry
            What was kept is damaged. It is set aside; the build starts over and listens again.
        """
        return self._ahead.pop(record.key_digest, None) or self._read(record)

    def moment(self, record: Record) -> float:
        """Return the typical moment alone; without numpy."""
        return self._cache.decode(record, MOMENT, _decode_moment) if MOMENT in record.outputs else math.nan

    def _read(self, record: Record) -> Row:
        from spotmap_build.cache.arrays import array_decoder

        parts: list[Any] = [
            self._cache.decode(record, part, array_decoder(length, kind="f", is_finite=True))
            for part, length in zip(PARTS, self._lengths, strict=True)
        ]
        return tuple(parts), self.moment(record)


def _decode_moment(data: bytes) -> float:
    seconds = decode_json(data, float)
    if not 0 <= seconds < math.inf:
        raise ValueError(f"a moment at {seconds} s")
    return seconds
