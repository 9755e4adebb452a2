"""``memoize`` computes a value once and returns the same value when it is read from the cache."""

from __future__ import annotations

import msgspec
import pytest

from spotmap_build.cache.errors import CorruptEntry
from spotmap_build.cache.keys import Key, digest_bytes
from spotmap_build.cache.memo import Cached, Codec, Outputs, json_codec, memoize
from spotmap_build.cache.store import Cache

KEY = Key("count", 1, {"of": "files"})
NUMBERS = json_codec("numbers.json", msgspec.json.Decoder(list[int]).decode)


def must_not_run() -> list[int]:
    raise AssertionError("the value is cached")


def test_cached_value_is_not_computed_again(cache: Cache) -> None:
    first = memoize(cache, KEY, lambda: [1, 2], NUMBERS)
    again = memoize(cache, KEY, must_not_run, NUMBERS)
    assert (first.value, first.is_new) == (again.value, not again.is_new) == ([1, 2], True)
    assert first.digest == again.digest == digest_bytes(b"[1,2]")


def test_value_is_read_lazily_and_once() -> None:
    reads: list[str] = []

    def read() -> list[str]:
        reads.append("read")
        return list(reads)

    cached = Cached("digest", read)
    assert reads == []
    assert cached.value is cached.value
    assert reads == ["read"]


def test_computed_value_equals_the_decoded_one(cache: Cache) -> None:
    codec = json_codec("text.json", lambda data: msgspec.json.decode(data, type=str).casefold())
    assert memoize(cache, KEY, lambda: "ABC", codec).value == "abc"


def test_digest_covers_all_outputs_or_the_one_named_by_the_codec(cache: Cache) -> None:
    def encode(value: tuple[bytes, bytes]) -> dict[str, bytes]:
        return {"b": value[1], "a": value[0]}

    def decode(outputs: Outputs) -> tuple[bytes, bytes]:
        return outputs.read("a", bytes), outputs.read("b", bytes)

    all_outputs, named_output = Codec(("a", "b"), encode, decode), Codec(("a", "b"), encode, decode, named_by="b")
    digests = digest_bytes(b"1"), digest_bytes(b"2")
    assert memoize(cache, KEY, lambda: (b"1", b"2"), all_outputs).digest == digest_bytes("".join(digests).encode())
    assert memoize(cache, KEY, lambda: (b"1", b"2"), named_output).digest == digests[1]


def test_record_that_the_codec_does_not_accept_is_computed_again(cache: Cache) -> None:
    cache.put(KEY, {"numbers.json": b"[]", "other": b""}, 0.0)
    codec = Codec(
        NUMBERS.names, NUMBERS.encode, NUMBERS.decode, accepts=lambda outputs: outputs.names == {"numbers.json"}
    )
    found = memoize(cache, KEY, lambda: [3], codec)
    assert (found.value, found.is_new) == ([3], True)
    assert cache.counters.snapshot()["count"].corrupt == 1


def test_undecodable_value_is_quarantined_when_it_is_read(cache: Cache) -> None:
    cache.put(KEY, {"numbers.json": b'"no list"'}, 0.0)
    found = memoize(cache, KEY, must_not_run, NUMBERS)
    with pytest.raises(CorruptEntry):
        _ = found.value
    assert memoize(cache, KEY, lambda: [4], NUMBERS).value == [4]
