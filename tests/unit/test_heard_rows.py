"""What was heard is read once, ahead of time or when it is asked for, and is the same either way."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from spotmap_build.acquire.heard import MOMENT, HeardRows
from spotmap_build.acquire.queue import encode
from spotmap_build.cache.errors import CorruptEntry
from spotmap_build.cache.keys import Key
from spotmap_build.cache.store import Cache
from spotmap_build.model import TrackEmbedding
from spotmap_build.registry import embedders
from spotmap_build.registry.features import FEATURES

if TYPE_CHECKING:
    from spotmap_build.cache.records import Record

SPEC = embedders.get("musicnn")


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    with Cache.open(tmp_path / "cache") as cache:
        yield cache


def keep(cache: Cache, number: int, *, dimensions: int = SPEC.dimensions, has_moment: bool = True) -> Record:
    generator = np.random.default_rng(number)
    vector, tags, features = (
        generator.random(length, dtype=np.float32) for length in (dimensions, SPEC.tag_count, len(FEATURES))
    )
    outputs = dict(encode(TrackEmbedding(vector, tags, features, typical_s=float(number))))
    if not has_moment:
        del outputs[MOMENT]
    return cache.put(Key("embed", 1, {"number": number}), outputs, 0.0)


def test_rows_are_the_same_read_ahead_or_not_and_read_ahead_only_once(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = [keep(cache, 1), keep(cache, 2, has_moment=False)]
    rows, plain = HeardRows(cache, SPEC), HeardRows(cache, SPEC)
    rows.read_ahead(iter(records), lambda: False)
    expected = [plain.take(record) for record in records]
    with monkeypatch.context() as patched:
        patched.setattr(cache, "decode", None)
        found = [rows.take(record) for record in records]
    for one, other in zip(found, expected, strict=True):
        assert [part.tobytes() for part in one[0]] == [part.tobytes() for part in other[0]]
    assert [moment for _, moment in found][:1] == [1.0]
    assert math.isnan(found[1][1])
    # What was taken is not held in memory any more, and is read if it is asked for again.
    assert [part.tobytes() for part in rows.take(records[0])[0]] == [part.tobytes() for part in expected[0][0]]


def test_nothing_is_read_ahead_once_that_is_over(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "decode", None)
    HeardRows(cache, SPEC).read_ahead(iter([keep(cache, 1)]), lambda: True)


def test_a_row_of_another_shape_is_damage(cache: Cache) -> None:
    record = keep(cache, 1, dimensions=3)
    rows = HeardRows(cache, SPEC)
    with pytest.raises(CorruptEntry):
        rows.read_ahead(iter([record]), lambda: False)
    with pytest.raises(CorruptEntry):
        rows.take(record)
