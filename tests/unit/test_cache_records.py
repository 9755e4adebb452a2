"""Encoding of records and arrays: it is lossless, and all damage is detected."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotmap_build.cache.arrays import decode_array, encode_array
from spotmap_build.cache.freshness import Failure, Freshness
from spotmap_build.cache.keys import Key, digest_bytes
from spotmap_build.cache.records import (
    DamagedError,
    Record,
    decode_record,
    describe_output,
    encode_record,
    inline_bytes,
    seal,
    unseal,
)
from spotmap_build.errors import CacheError
from tests.support.properties import PATIENT

KEY = Key("embed", 1, {"inputs": {"audio": "ab" * 32}})


def record(failure: Failure | None = None, freshness: Freshness | None = None) -> Record:
    outputs = {"small": describe_output(b"abc", inline=True), "big": describe_output(b"x" * 9_000, inline=False)}
    return Record(KEY.digest, "embed", 1, {} if failure else outputs, {"cd" * 32: 7}, failure, freshness, "test", 1.5)


@pytest.mark.parametrize(
    "original",
    [
        record(),
        record(freshness=Freshness(1_700_000_000, 60)),
        record(failure=Failure("drm", "Protected.", "permanent")),
        record(failure=Failure("timeout", "No answer.", "retry_after", 1_700_000_000, 3)),
    ],
    ids=["result", "answer", "permanent failure", "failure with a date"],
)
def test_record_round_trips(original: Record) -> None:
    assert decode_record(encode_record(original, KEY.canonical)) == (original, KEY.canonical)


def test_every_flipped_bit_is_detected() -> None:
    data = encode_record(record(), KEY.canonical)
    for position in range(len(data)):
        damaged = bytearray(data)
        damaged[position] ^= 1 << (position % 8)
        with pytest.raises(DamagedError):
            decode_record(bytes(damaged))


@pytest.mark.parametrize("data", [b"", b"{}", b"\0" * 500, b"null\n"])
def test_arbitrary_data_is_reported_as_damage(data: bytes) -> None:
    with pytest.raises(DamagedError):
        decode_record(data)


def test_sealed_file_without_a_record_is_damaged() -> None:
    with pytest.raises(DamagedError):
        decode_record(seal({"key": {"stage": "embed"}}))


@pytest.mark.parametrize(
    "change",
    [
        {"outputs": []},
        {"outputs": {"a": {"digest": 5, "size_bytes": 1}}},
        {"outputs": {"a": {"digest": "../x", "size_bytes": 1}}},
        {"outputs": {"a": {"digest": "ab" * 32, "size_bytes": "1"}}},
        {"outputs": {"a": {"digest": "ab" * 32, "size_bytes": -1}}},
        {"outputs": {"a": {"digest": "ab" * 32, "size_bytes": 1, "inline": 5}}},
        {"blobs": []},
        {"blobs": 5},
        {"blobs": {"x": 1}},
        {"blobs": {"ab" * 32: None}},
        {"failure": {"code": "a", "detail": "b", "kind": "never", "retry_at_unix_s": None, "attempts": 1}},
        {"failure": {"code": "a", "detail": "b", "kind": "retry_after", "retry_at_unix_s": "soon", "attempts": 1}},
        {"failure": {"code": "a", "detail": "b", "kind": "permanent", "retry_at_unix_s": None, "attempts": "1"}},
        {"failure": {"code": "a", "detail": ["b"], "kind": "permanent", "retry_at_unix_s": None, "attempts": 1}},
        {"failure": {"code": "a", "detail": "b", "kind": "retry_after", "retry_at_unix_s": 1 << 53, "attempts": 1}},
        {"failure": {"code": "a", "detail": "b", "kind": "retry_after", "retry_at_unix_s": -1, "attempts": 1}},
        {"freshness": {"fetched_at_unix_s": 1 << 53, "max_age_s": 1}},
        {"freshness": {"fetched_at_unix_s": 1, "max_age_s": -1}},
        {"freshness": {"fetched_at_unix_s": "x", "max_age_s": 1}},
        {"freshness": {"fetched_at_unix_s": 1.5, "max_age_s": 1}},
        {"freshness": [1]},
        {"producer": 5},
        {"seconds": "1"},
        {"key": {"stage": 5, "stage_version": 1, "preimage": {}}},
        {"key": {"stage": "embed", "stage_version": "1", "preimage": {}}},
        {"key": None},
    ],
    ids=lambda change: str(change)[:60],
)
def test_sealed_record_with_a_value_that_no_build_writes_is_damaged(change: dict[str, object]) -> None:
    content = unseal(encode_record(record(), KEY.canonical)) | change
    with pytest.raises(DamagedError, match="not a record"):
        decode_record(seal(content))


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'{"key":' + b"[" * 100_000 + b"]" * 100_000 + b"}", b'{"key":{},"blobs":{"\xff":1}}'],
    ids=["empty", "not closed", "list", "null", "nested too deeply", "not UTF-8"],
)
def test_sealed_file_without_an_object_is_damaged(body: bytes) -> None:
    sealed = b'{"content":' + body + b',"sha256":"' + digest_bytes(body).encode() + b'"}\n'
    for read in (unseal, decode_record):
        with pytest.raises(DamagedError, match="checksum matches, but"):
            read(sealed)


def with_inline(text: str) -> bytes:
    content = unseal(encode_record(record(), KEY.canonical))
    content["outputs"]["small"]["inline"] = text
    return seal(content)


@pytest.mark.parametrize("text", ["x", "é"], ids=["not base64", "not ASCII"])
def test_sealed_output_that_is_not_base64_is_damaged(text: str) -> None:
    with pytest.raises(DamagedError, match="not a record"):
        decode_record(with_inline(text))


def test_inline_output_that_does_not_match_its_digest_is_damaged() -> None:
    found, _ = decode_record(with_inline("eHl6"))
    with pytest.raises(DamagedError, match="inlined output"):
        inline_bytes(found.outputs["small"])


@PATIENT
@given(st.dictionaries(st.text(), st.text() | st.integers(-(2**63), 2**63 - 1)), st.binary(max_size=8))
def test_unseal_returns_exactly_the_sealed_content(content: dict[str, object], extra: bytes) -> None:
    data = seal(content)
    assert unseal(data) == content
    if extra:
        with pytest.raises(DamagedError):
            unseal(data + extra)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(12, dtype=np.float32).reshape(3, 4),
        np.zeros((0, 2), dtype=np.float32),
        np.array(3, dtype=np.int32),
        np.array([1.5, np.nan]),
        np.array(["Bach", "Çelik"]),
    ],
    ids=["matrix", "no rows", "one number", "with gaps", "names"],
)
def test_array_round_trips(array: npt.NDArray[np.generic]) -> None:
    decoded = decode_array(encode_array(array))
    assert decoded.dtype == array.dtype
    np.testing.assert_array_equal(decoded, array)


def test_equal_arrays_have_equal_bytes_in_any_memory_layout() -> None:
    array = np.arange(12, dtype="<f4").reshape(3, 4)
    assert encode_array(np.asfortranarray(array)) == encode_array(array)
    assert encode_array(array.astype(">f4")) == encode_array(array)
    assert encode_array(array[::-1][::-1]) == encode_array(array)


def test_object_array_is_refused_instead_of_pickled() -> None:
    with pytest.raises(TypeError, match="pickle"):
        encode_array(np.array([{}, []], dtype=object))


@pytest.mark.parametrize("cut", [0, 5, 100, -1])
def test_truncated_array_is_a_cache_error(cut: int) -> None:
    with pytest.raises(CacheError, match="not an array"):
        decode_array(encode_array(np.ones(4, dtype=np.float32))[:cut])


def test_array_with_trailing_bytes_is_a_cache_error() -> None:
    with pytest.raises(CacheError, match="not an array"):
        decode_array(encode_array(np.ones(4, dtype=np.float32)) + b"\0\0\0\0")


def test_pickled_array_is_refused() -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(CacheError, match="not an array"):
        decode_array(buffer.getvalue())
