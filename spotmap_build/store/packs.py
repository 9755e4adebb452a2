"""Packs, the file format of a store: small, reproducible, and read as untrusted input. Pure.

A pack is a file of at most :data:`MAX_RESULTS` results. It is named by its SHA-256 and never changes, so two stores
are merged by copying the packs of both into one. A pack is compressed with xz. Uncompressed, it consists of a line that
names the format, a line of canonical JSON that lists the results, and the bytes of all outputs.

The large vectors and tags of one network are stored as float16 (:data:`HALVED`), everything else unchanged. Rounding is
idempotent, so pulled results give the same pack again. docs/decisions/0013 has the cost and the savings.
"""

from __future__ import annotations

import lzma
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import msgspec
import orjson

from spotmap_build.cache.arrays import decode_array, encode_array
from spotmap_build.cache.freshness import Failure, Freshness
from spotmap_build.cache.keys import Key, canonical_json, digest_bytes
from spotmap_build.core.documents import decode_json
from spotmap_build.errors import CacheError
from spotmap_build.registry.heads import OF_EFFNET

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

MAX_RESULTS: Final = 2_000
"""Results per pack. Limits the loss by a damaged pack, and the use of memory (7 MB packed, 14 MB unpacked)."""
MAX_PACK_BYTES: Final = 32 << 20
MAX_UNPACKED_BYTES: Final = 64 << 20
MAX_LIST_BYTES: Final = 8 << 20
"""Limit for the list of results in a pack. Ours have 1 KB per result; a malicious one can take 25 times its size when
parsed."""
HALVED: Final = frozenset(
    ("discogs-effnet", name) for name in ("vector.npy", "tags.npy", *(head.output for head in OF_EFFNET))
)
"""Embedder and output. As float32, they would exceed the budget of 4 KB per track."""
MAX_FLOAT16: Final = 65_504.0

_MAGIC: Final = b"spotmap.store.pack/1\n"
_UNCHANGED: Final = "bytes"
_HALF: Final = "float16"
_MEMORY_BYTES: Final = 128 << 20
"""Memory limit of decompression, without the result: level 6 takes 9 MB."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a cache knows about one key: the bytes of its outputs, or the failure.

    ``producer`` and ``seconds`` as in :class:`~spotmap_build.cache.records.Record`.
    """

    key: Key
    outputs: Mapping[str, bytes] = field(repr=False)
    failure: Failure | None
    freshness: Freshness | None
    producer: str
    seconds: float


class _Head(msgspec.Struct, frozen=True):
    """A result without the bytes of its outputs. ``outputs``: name, encoding and encoded size in bytes."""

    key: dict[str, Any]
    outputs: tuple[tuple[str, str, int], ...]
    failure: Failure | None
    freshness: Freshness | None
    producer: str
    seconds: float


def place_in_packs(key: Key) -> tuple[str, int, str]:
    """Return the sort key of results in packs. A fixed order makes equal results give equal packs."""
    return key.stage, key.stage_version, key.digest


def make_packs(results: Iterable[Result]) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the bytes of packs with these results, which must be sorted by :func:`place_in_packs`.

    Results are consumed lazily, one pack at a time.
    """
    remaining = iter(results)
    while batch := list(islice(remaining, MAX_RESULTS)):
        packed = _pack(batch)
        yield digest_bytes(packed), packed


def read_pack(name: str, packed: bytes) -> tuple[Result, ...]:
    """Return the results in a pack.

    Raises
    ------
    ValueError
        The content does not match the name, or is not a pack of this format.
    """
    if len(packed) > MAX_PACK_BYTES:
        raise ValueError(f"it is larger than {MAX_PACK_BYTES:,} bytes")
    if digest_bytes(packed) != name:
        raise ValueError("its content does not match its name")
    content = _unpack(packed)
    if not content.startswith(_MAGIC):
        raise ValueError("it is not a pack of a supported format")
    end = content.find(b"\n", len(_MAGIC), len(_MAGIC) + MAX_LIST_BYTES)
    if end < 0:
        raise ValueError("the list of its results is not terminated, or too long")
    heads = decode_json(content[len(_MAGIC) : end], tuple[_Head, ...])
    if len(heads) > MAX_RESULTS:
        raise ValueError(f"it contains more than {MAX_RESULTS:,} results")
    results, position = [], end + 1
    for head in heads:
        outputs = {}
        for output, encoding, size_bytes in head.outputs:
            encoded = content[position : position + size_bytes]
            if size_bytes < 0 or len(encoded) != size_bytes:
                raise ValueError("an output is incomplete")
            outputs[output] = _decode(encoding, encoded)
            position += size_bytes
        results.append(Result(Key.of(head.key), outputs, head.failure, head.freshness, head.producer, head.seconds))
    return tuple(results)


def _pack(results: Sequence[Result]) -> bytes:
    heads, bodies = [], []
    for result in results:
        encoded = {name: _encode(result.key, name, data) for name, data in sorted(result.outputs.items())}
        bodies += [data for _, data in encoded.values()]
        head = _Head(
            orjson.loads(result.key.canonical),
            tuple((name, encoding, len(data)) for name, (encoding, data) in encoded.items()),
            result.failure,
            result.freshness,
            result.producer,
            result.seconds,
        )
        heads.append(msgspec.to_builtins(head))
    return lzma.compress(b"".join((_MAGIC, canonical_json(heads), b"\n", *bodies)), preset=6)


def _unpack(packed: bytes) -> bytes:
    stream = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY_BYTES)
    try:
        content = stream.decompress(packed, MAX_UNPACKED_BYTES)
    except lzma.LZMAError as error:
        raise ValueError(f"it cannot be unpacked: {error}") from error
    if not stream.eof or stream.unused_data:
        raise ValueError("it cannot be unpacked: it is truncated, has trailing data, or is too large")
    return content


def _encode(key: Key, name: str, data: bytes) -> tuple[str, bytes]:
    """Return the encoding of an output, and its encoded bytes."""
    if (key.preimage.get("embedder"), name) not in HALVED:
        return _UNCHANGED, data
    import numpy as np

    try:
        array = decode_array(data)
    except CacheError:  # the stage that reads it reports it
        return _UNCHANGED, data
    if array.ndim != 1 or array.dtype != np.float32 or not (np.abs(array) <= MAX_FLOAT16).all():
        return _UNCHANGED, data
    halves = array.astype("<f2").view(np.uint8).reshape(-1, 2)
    return _HALF, halves.T.tobytes()  # all low bytes, then all high bytes: similar bytes compress better


def _decode(encoding: str, encoded: bytes) -> bytes:
    """Return the bytes of an output. Raises ``ValueError`` for an unknown encoding."""
    if encoding == _UNCHANGED:
        return encoded
    if encoding != _HALF or len(encoded) % 2:
        raise ValueError("an output has an unknown encoding")
    import numpy as np

    halves = np.frombuffer(encoded, np.uint8).reshape(2, -1).T
    return encode_array(np.ascontiguousarray(halves).view("<f2").reshape(-1).astype(np.float32))
