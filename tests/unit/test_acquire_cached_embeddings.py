"""CachedEmbeddings reads embeddings from cache records, prefetched or not, and detects damage."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

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

SPEC = embedders.find("musicnn")
KEY = Key("embed", 1, {"recording": "a sound"})


def make_embedding(dimensions: int = SPEC.dimensions) -> TrackEmbedding:
    generator = np.random.default_rng(1)
    vector, tags, features = (
        generator.random(length, dtype=np.float32) for length in (dimensions, SPEC.tag_count, len(FEATURES))
    )
    return TrackEmbedding(vector, tags, features, typical_s=12.5)


@pytest.mark.parametrize("has_moment", [True, False])
def test_row_matches_the_cached_embedding(cache: Cache, has_moment: bool) -> None:
    embedding = make_embedding()
    outputs = dict(encode(embedding))
    if not has_moment:
        del outputs[MOMENT]
    parts, moment_s = CachedEmbeddings(cache, SPEC).read(cache.put(KEY, outputs, 0.0))
    for found, expected in zip(parts, (embedding.vector, embedding.tags, embedding.features), strict=True):
        assert found.tobytes() == expected.tobytes()
    assert moment_s == 12.5 if has_moment else math.isnan(moment_s)


def test_prefetched_row_is_equal_and_shares_memory_with_its_record(cache: Cache) -> None:
    record = cache.put(KEY, encode(make_embedding()), 0.0)
    rows = CachedEmbeddings(cache, SPEC)
    rows.prefetch([record], lambda: False)
    with reads_disabled(cache):
        (vector, *_), moment_s = rows.read(record)
    inline = record.outputs["vector.npy"].inline
    assert inline is not None
    assert np.shares_memory(vector, np.frombuffer(inline, dtype=np.uint8))
    assert (vector.tobytes(), moment_s) == (make_embedding().vector.tobytes(), 12.5)
    # The prefetched row was released and is read again on demand.
    assert rows.read(record)[0][0].tobytes() == vector.tobytes()


@contextmanager
def reads_disabled(cache: Cache) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(cache, "decode", None)
        yield


def test_prefetching_stops_on_request(cache: Cache) -> None:
    record = cache.put(KEY, encode(make_embedding()), 0.0)
    with reads_disabled(cache):
        CachedEmbeddings(cache, SPEC).prefetch([record], lambda: True)


@pytest.mark.parametrize("is_prefetched", [True, False])
def test_row_of_the_wrong_shape_is_damage_and_counted_once(cache: Cache, is_prefetched: bool) -> None:
    record = cache.put(KEY, encode(make_embedding(dimensions=3)), 0.0)
    rows = CachedEmbeddings(cache, SPEC)
    if is_prefetched:
        rows.prefetch([record], lambda: False)
    with pytest.raises(CorruptEntry):
        rows.read(record)
    assert cache.counters.as_dict()["embed"]["corrupt"] == 1
