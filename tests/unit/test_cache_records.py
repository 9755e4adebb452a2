"""Records and arrays as bytes: what goes in comes out, and no damage goes unseen."""

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
def test_a_record_comes_back_as_it_was(original: Record) -> None:
    assert decode_record(encode_record(original, KEY.canonical)) == (original, KEY.canonical)


def test_every_changed_bit_of_a_record_is_noticed() -> None:
    data = encode_record(record(), KEY.canonical)
    for position in range(len(data)):
        damaged = bytearray(data)
        damaged[position] ^= 1 << (position % 8)
        with pytest.raises(DamagedError):
            decode_record(bytes(damaged))


@pytest.mark.parametrize("data", [b"", b"{}", b"\0" * 500, b"null\n"])
def test_what_is_no_record_is_damaged(data: bytes) -> None:
    with pytest.raises(DamagedError):
        decode_record(data)


def test_a_sealed_file_of_another_shape_is_damaged() -> None:
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
def test_a_sealed_record_with_a_field_of_another_type_is_damaged(change: dict[str, object]) -> None:
    content = unseal(encode_record(record(), KEY.canonical)) | change
    with pytest.raises(DamagedError, match="not a record"):
        decode_record(seal(content))


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null"])
def test_a_sealed_file_without_content_is_damaged(body: bytes) -> None:
    with pytest.raises(DamagedError, match="checksum matches, but"):
        unseal(b'{"content":' + body + b',"sha256":"' + digest_bytes(body).encode() + b'"}\n')


def with_inline(text: str) -> bytes:
    content = unseal(encode_record(record(), KEY.canonical))
    content["outputs"]["small"]["inline"] = text
    return seal(content)


@pytest.mark.parametrize("text", ["x", "é"], ids=["not base64", "not ASCII"])
def test_a_sealed_output_that_is_not_base64_is_damaged(text: str) -> None:
    with pytest.raises(DamagedError, match="not a record"):
        decode_record(with_inline(text))


def test_a_sealed_output_that_is_not_what_its_digest_says_is_damaged() -> None:
    found, _ = decode_record(with_inline("eHl6"))
    with pytest.raises(DamagedError, match="inlined output"):
        inline_bytes(found.outputs["small"])


@given(st.dictionaries(st.text(), st.text() | st.integers(-(2**63), 2**63 - 1)), st.binary(max_size=8))
def test_a_seal_holds_exactly_what_was_sealed(content: dict[str, object], extra: bytes) -> None:
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
def test_an_array_comes_back_as_it_was(array: npt.NDArray[np.generic]) -> None:
    back = decode_array(encode_array(array))
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)


def test_equal_arrays_make_equal_bytes_whatever_their_order_in_memory() -> None:
    array = np.arange(12, dtype="<f4").reshape(3, 4)
    assert encode_array(np.asfortranarray(array)) == encode_array(array)
    assert encode_array(array.astype(">f4")) == encode_array(array)
    assert encode_array(array[::-1][::-1]) == encode_array(array)


def test_an_array_of_objects_is_refused_instead_of_pickled() -> None:
    with pytest.raises(TypeError, match="pickle"):
        encode_array(np.array([{}, []], dtype=object))


@pytest.mark.parametrize("cut", [0, 5, 100, -1])
def test_half_an_array_is_a_typed_error(cut: int) -> None:
    with pytest.raises(CacheError, match="not an array"):
        decode_array(encode_array(np.ones(4, dtype=np.float32))[:cut])


def test_an_array_and_more_is_a_typed_error() -> None:
    with pytest.raises(CacheError, match="not an array"):
        decode_array(encode_array(np.ones(4, dtype=np.float32)) + b"\0\0\0\0")


def test_a_pickle_in_an_array_is_never_opened() -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(CacheError, match="not an array"):
        decode_array(buffer.getvalue())
