"""What was heard is read from the cache as it was kept, or is damage."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

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

SPEC = embedders.get("musicnn")
KEY = Key("embed", 1, {"recording": "a sound"})


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    with Cache.open(tmp_path / "cache") as cache:
        yield cache


def heard(dimensions: int = SPEC.dimensions) -> TrackEmbedding:
    generator = np.random.default_rng(1)
    vector, tags, features = (
        generator.random(length, dtype=np.float32) for length in (dimensions, SPEC.tag_count, len(FEATURES))
    )
    return TrackEmbedding(vector, tags, features, typical_s=12.5)


@pytest.mark.parametrize("has_moment", [True, False])
def test_a_row_is_what_was_heard(cache: Cache, has_moment: bool) -> None:
    embedding = heard()
    outputs = dict(encode(embedding))
    if not has_moment:
        del outputs[MOMENT]
    parts, moment_s = HeardRows(cache, SPEC).read(cache.put(KEY, outputs, 0.0))
    for found, expected in zip(parts, (embedding.vector, embedding.tags, embedding.features), strict=True):
        assert found.tobytes() == expected.tobytes()
    assert moment_s == 12.5 if has_moment else math.isnan(moment_s)


def test_a_row_of_another_shape_is_damage(cache: Cache) -> None:
    record = cache.put(KEY, encode(heard(dimensions=3)), 0.0)
    with pytest.raises(CorruptEntry):
        HeardRows(cache, SPEC).read(record)
