"""Packs: results of a cache as they travel. Small, the same bytes whoever makes them, and read as a stranger's. Pure.

A pack is a file of at most :data:`MOST_RESULTS` results that is named by its SHA-256 and never changes: two stores are
merged by having the packs of both. It is compressed by xz; unpacked, it begins with a line that names the format, then
comes one line of canonical JSON that lists the results, then the bytes of all their outputs.

The vectors and tags of the one network whose are too long travel as float16 (:data:`HALVED`), everything else as it is.
Rounding twice is rounding once, so what was pulled makes the same pack again. docs/decisions/0013 has what that costs
and saves.
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

MOST_RESULTS: Final = 2_000
"""In one pack: what damage to it can cost, and what is held in memory at once (7 MB packed, 14 MB unpacked)."""
LARGEST_PACK_BYTES: Final = 32 << 20
LARGEST_UNPACKED_BYTES: Final = 64 << 20
LARGEST_LIST_BYTES: Final = 8 << 20
"""Of the list of results in a pack: our own have 1 KB a result. Parsed, one made to do harm takes 25 times more."""
LARGEST_NUMBER: Final = 1 << 53
"""What every reader of JSON takes: times and counts of a stranger are no larger."""
HALVED: Final = frozenset(
    ("discogs-effnet", name) for name in ("vector.npy", "tags.npy", *(head.output for head in OF_EFFNET))
)
"""By embedder and output. As float32, they would take more than the 4 KB that a track may."""
LARGEST_FLOAT16: Final = 65_504.0

_MAGIC: Final = b"spotmap.store.pack/1\n"
_AS_IT_IS: Final = "bytes"
_HALF: Final = "float16"
_MEMORY_BYTES: Final = 128 << 20
"""What unpacking may take beside the result: level 6 takes 9 MB."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a cache knows of one key: the bytes of its outputs, or why there are none.

    ``producer`` and ``seconds`` as in :class:`~spotmap_build.cache.records.Record`.
    """

    key: Key
    outputs: Mapping[str, bytes] = field(repr=False)
    failure: Failure | None
    freshness: Freshness | None
    producer: str
    seconds: float


class _Head(msgspec.Struct, frozen=True):
    """A result without its bytes. ``outputs``: name, how it is written, and how many bytes that takes."""

    key: dict[str, Any]
    outputs: tuple[tuple[str, str, int], ...]
    failure: Failure | None
    freshness: Freshness | None
    producer: str
    seconds: float


def place_in_packs(key: Key) -> tuple[str, int, str]:
    """Return by what results are ordered in packs, so that whoever packs the same results makes the same packs."""
    return key.stage, key.stage_version, key.digest


def make_packs(results: Iterable[Result]) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the bytes of the packs that hold these results, which are ordered by :func:`place_in_packs`.

    No more results are taken at a time than one pack holds.
    """
    waiting = iter(results)
    while some := list(islice(waiting, MOST_RESULTS)):
        packed = _pack(some)
        yield digest_bytes(packed), packed


def read_pack(name: str, packed: bytes) -> tuple[Result, ...]:
    """Return the results in a pack.

    Raises
    ------
    ValueError
        It is not what its name says, or not a pack of this format.
    """
    if len(packed) > LARGEST_PACK_BYTES:
        raise ValueError(f"it is larger than {LARGEST_PACK_BYTES:,} bytes")
    if digest_bytes(packed) != name:
        raise ValueError("its content is not what was written")
    content = _unpack(packed)
    if not content.startswith(_MAGIC):
        raise ValueError("it is no pack that this program knows")
    end = content.find(b"\n", len(_MAGIC), len(_MAGIC) + LARGEST_LIST_BYTES)
    if end < 0:
        raise ValueError("the list of its results has no end, or is too long")
    heads = decode_json(content[len(_MAGIC) : end], tuple[_Head, ...])
    if len(heads) > MOST_RESULTS:
        raise ValueError(f"it holds more than {MOST_RESULTS:,} results")
    results, position = [], end + 1
    for head in heads:
        _check_numbers(head)
        outputs = {}
        for output, form, size_bytes in head.outputs:
            written = content[position : position + size_bytes]
            if size_bytes < 0 or len(written) != size_bytes:
                raise ValueError("an output is not whole")
            outputs[output] = _restored(form, written)
            position += size_bytes
        results.append(Result(Key.of(head.key), outputs, head.failure, head.freshness, head.producer, head.seconds))
    return tuple(results)


def _check_numbers(head: _Head) -> None:
    """Refuse times and counts that no record may have. Raises ``ValueError``."""
    numbers: list[int | None] = []
    if head.failure is not None:
        numbers += head.failure.attempts, head.failure.retry_at_unix_s
    if head.freshness is not None:
        numbers += head.freshness.fetched_at_unix_s, head.freshness.max_age_s
    if not all(number is None or 0 <= number <= LARGEST_NUMBER for number in numbers):
        raise ValueError("a time or a count in it is none")


def _pack(results: Sequence[Result]) -> bytes:
    heads, bodies = [], []
    for result in results:
        written = {name: _written(result.key, name, data) for name, data in sorted(result.outputs.items())}
        bodies += [data for _, data in written.values()]
        head = _Head(
            orjson.loads(result.key.canonical),
            tuple((name, form, len(data)) for name, (form, data) in written.items()),
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
        content = stream.decompress(packed, LARGEST_UNPACKED_BYTES)
    except lzma.LZMAError as error:
        raise ValueError(f"it cannot be unpacked: {error}") from error
    if not stream.eof or stream.unused_data:
        raise ValueError("it cannot be unpacked: it is cut short, goes on after its end, or is too large")
    return content


def _written(key: Key, name: str, data: bytes) -> tuple[str, bytes]:
    """Return how an output is written, and so."""
    if (key.preimage.get("embedder"), name) not in HALVED:
        return _AS_IT_IS, data
    import numpy as np

    try:
        array = decode_array(data)
    except CacheError:  # whoever reads it says so
        return _AS_IT_IS, data
    if array.ndim != 1 or array.dtype != np.float32 or not (np.abs(array) <= LARGEST_FLOAT16).all():
        return _AS_IT_IS, data
    halves = array.astype("<f2").view(np.uint8).reshape(-1, 2)
    return _HALF, halves.T.tobytes()  # first all low bytes, then all high ones, which are alike


def _restored(form: str, written: bytes) -> bytes:
    """Return the bytes of an output. Raises ``ValueError`` if it is written in no way that we know."""
    if form == _AS_IT_IS:
        return written
    if form != _HALF or len(written) % 2:
        raise ValueError("an output is written in a way that this program does not know")
    import numpy as np

    halves = np.frombuffer(written, np.uint8).reshape(2, -1).T
    return encode_array(np.ascontiguousarray(halves).view("<f2").reshape(-1).astype(np.float32))
