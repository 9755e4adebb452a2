"""What was heard is read from the cache as it was kept, ahead of time or not, or is damage."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from spotmap_build.acquire.cached_embeddings import MOMENT, CachedEmbeddings
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
    parts, moment_s = CachedEmbeddings(cache, SPEC).read(cache.put(KEY, outputs, 0.0))
    for found, expected in zip(parts, (embedding.vector, embedding.tags, embedding.features), strict=True):
        assert found.tobytes() == expected.tobytes()
    assert moment_s == 12.5 if has_moment else math.isnan(moment_s)


def test_a_row_that_was_prefetched_is_the_same_and_takes_no_memory_beside_its_record(cache: Cache) -> None:
    record = cache.put(KEY, encode(heard()), 0.0)
    rows = CachedEmbeddings(cache, SPEC)
    rows.prefetch([record], lambda: False)
    with cache_that_cannot_be_read(cache):
        (vector, *_), moment_s = rows.read(record)
    kept = record.outputs["vector.npy"].inline
    assert kept is not None
    assert np.shares_memory(vector, np.frombuffer(kept, dtype=np.uint8))
    assert (vector.tobytes(), moment_s) == (heard().vector.tobytes(), 12.5)
    # It is not held any longer, and is read if it is asked for again.
    assert rows.read(record)[0][0].tobytes() == vector.tobytes()


@contextmanager
def cache_that_cannot_be_read(cache: Cache) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(cache, "decode", None)
        yield


def test_nothing_is_prefetched_once_that_is_over(cache: Cache) -> None:
    record = cache.put(KEY, encode(heard()), 0.0)
    with cache_that_cannot_be_read(cache):
        CachedEmbeddings(cache, SPEC).prefetch([record], lambda: True)


@pytest.mark.parametrize("is_prefetched", [True, False])
def test_a_row_of_another_shape_is_damage_and_counted_once(cache: Cache, is_prefetched: bool) -> None:
    record = cache.put(KEY, encode(heard(dimensions=3)), 0.0)
    rows = CachedEmbeddings(cache, SPEC)
    if is_prefetched:
        rows.prefetch([record], lambda: False)
    with pytest.raises(CorruptEntry):
        rows.read(record)
    assert cache.counters.as_dict()["embed"]["corrupt"] == 1
