"""The file format of a cached result: its key, its outputs, and a checksum over both.

A record is one line of canonical JSON, ``{"content":{…},"sha256":"…"}``, where the hash is that of the content's bytes.
The content::

    key        {"preimage", "stage", "stage_version"}: everything the result depends on
    outputs    {name: {"digest", "size_bytes"[, "inline"]}}
    blobs      {digest: size_bytes} of further blobs that the outputs refer to (cover pictures in a library)
    failure    null, or {"code", "detail", "kind", "retry_at_unix_s", "attempts"}
    freshness  null, or {"fetched_at_unix_s", "max_age_s"}
    producer   the program that wrote it       seconds   time spent computing

Equal results give equal bytes except for ``producer`` and ``seconds``. Outputs of at most :data:`INLINE_LIMIT_BYTES`
are stored inside the record as base64, because every separate file needs two flushes to disk. Storing the three small
arrays of a track takes 2 flushes this way instead of 8, and a third of the time (measured alternately on ext4, where
one flush took 0.4 to 5 ms, depending on the disk's load). The cost is a third more bytes, and that equal small outputs
are not shared.
"""

from __future__ import annotations

import binascii
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
import orjson

from spotmap_build.cache.files import is_in_the_way
from spotmap_build.cache.freshness import Count, Failure, Freshness
from spotmap_build.cache.keys import Key, UnkeyableError, canonical_json, digest_bytes
from spotmap_build.core.documents import decode_json
from spotmap_build.core.files import FileTooLarge, read_with_status

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

INLINE_LIMIT_BYTES: Final = 8_192
"""Large enough for a track's longest vector (1,280 float32 and the .npy header: 5,248 bytes), but not for matrices."""

MAX_RECORD_BYTES: Final = 256 * 2**20
"""Most records are small; that of a site or of a library of 100,000 tracks can have some megabytes."""

_OPENING: Final = b'{"content":'
_CLOSING: Final = b',"sha256":"%s"}\n'
_CLOSING_LENGTH: Final = len(_CLOSING) - len(b"%s") + 64

Digest = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]


class DamagedError(ValueError):
    """The bytes are not a record, or were changed after they were written."""


@dataclass(frozen=True, slots=True)
class Output:
    """One named output: SHA-256 and size of its bytes, and the bytes themselves if there are few.

    ``inline`` holds decoded bytes, not the base64 of the file. They take a third less memory, and arrays decoded from
    them share it.
    """

    digest: Digest
    size_bytes: Count
    inline: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Record:
    """What the cache knows about one key: either outputs or a ``failure``."""

    key_digest: str
    stage: str
    stage_version: int
    outputs: Mapping[str, Output]
    blobs: Mapping[str, int]
    failure: Failure | None
    freshness: Freshness | None
    producer: str
    seconds: float

    @property
    def required_blobs(self) -> dict[str, int]:
        """Digest and size in bytes of every file in ``cas/`` that this record needs."""
        files = {output.digest: output.size_bytes for output in self.outputs.values() if output.inline is None}
        return {**files, **self.blobs}

    def is_current(self, now_unix_s: float) -> bool:
        """Return whether the record may be used: its answer has not expired, and its failure is not due again."""
        if self.failure is not None and self.failure.is_due(now_unix_s):
            return False
        return self.freshness is None or self.freshness.is_fresh(now_unix_s)


def describe_output(data: bytes, *, inline: bool) -> Output:
    """Return the digest and size of ``data``, with the bytes themselves if ``inline``."""
    return Output(digest_bytes(data), len(data), data if inline else None)


def inline_bytes(output: Output) -> bytes:
    """Return the bytes of an inlined output. Raises ``DamagedError`` if they do not match the digest."""
    data = output.inline or b""
    if digest_bytes(data) != output.digest:
        raise DamagedError("an inlined output does not match its digest")
    return data


def encode_record(record: Record, canonical_key: bytes) -> bytes:
    """Return the file content of ``record``. ``canonical_key`` is the canonical text of its key."""
    outputs = {
        name: {"digest": output.digest, "size_bytes": output.size_bytes}
        | ({} if output.inline is None else {"inline": binascii.b2a_base64(output.inline, newline=False).decode()})
        for name, output in record.outputs.items()
    }
    return seal(
        {
            "key": orjson.loads(canonical_key),
            "outputs": outputs,
            "blobs": dict(record.blobs),
            "failure": asdict(record.failure) if record.failure else None,
            "freshness": asdict(record.freshness) if record.freshness else None,
            "producer": record.producer,
            "seconds": record.seconds,
        }
    )


class _StoredKey(msgspec.Struct):
    preimage: dict[str, object]
    stage: str
    stage_version: Count


class _Content(msgspec.Struct):
    """The content of a record, checked while it is decoded: a matching checksum does not prove who wrote it."""

    key: msgspec.Raw
    outputs: dict[str, Output]
    blobs: dict[Digest, Count]
    failure: Failure | None
    freshness: Freshness | None
    producer: str
    seconds: float


def decode_record(data: bytes, expected: Key | None = None) -> tuple[Record, bytes]:
    """Decode a record's file; return the record and the canonical text of its key.

    ``expected``: the key that it must have, which then need not be decoded.

    Raises
    ------
    DamagedError
        The file is damaged, or belongs to another key.
    """
    body = _verified_body(data)
    try:
        content = decode_json(body, _Content)
        canonical_key = bytes(content.key)
        key = expected or decode_json(canonical_key, _StoredKey)
    except ValueError as error:
        raise DamagedError(f"the checksum matches, but it is not a record of this format: {error}") from error
    if expected is not None and canonical_key != expected.canonical:
        raise DamagedError("it belongs to another key")
    record = Record(
        key_digest=digest_bytes(canonical_key) if expected is None else expected.digest,
        stage=key.stage,
        stage_version=key.stage_version,
        outputs=content.outputs,
        blobs=content.blobs,
        failure=content.failure,
        freshness=content.freshness,
        producer=content.producer,
        seconds=content.seconds,
    )
    return record, canonical_key


def key_of(data: bytes) -> Key:
    """Return the key in a record's file. Raises ``DamagedError``."""
    try:
        return Key.of(unseal(data).get("key"))
    except UnkeyableError as error:
        raise DamagedError(f"the checksum matches, but there is no key: {error}") from error


def read_record_file(path: Path | str) -> tuple[bytes, float]:
    """Return the content of a record's file, and when it was last used (seconds since 1970).

    Raises
    ------
    DamagedError
        It is not a regular file, or larger than any record.
    OSError
        The file does not exist, or the disk fails.
    """
    try:
        data, status = read_with_status(path, MAX_RECORD_BYTES)
    except FileTooLarge as error:
        raise DamagedError("it is larger than any record") from error
    except OSError as error:
        if is_in_the_way(error):
            raise DamagedError("a record is not a regular file") from error
        raise
    return data, status.st_mtime


def seal(content: Mapping[str, object]) -> bytes:
    """Return ``content`` as a line of JSON that contains its own SHA-256, so that damage is detected."""
    body = canonical_json(content)
    return _OPENING + body + _CLOSING % digest_bytes(body).encode("ascii")


def unseal(data: bytes) -> dict[str, Any]:
    """Return the content of a :func:`seal` result. Raises ``DamagedError`` if a single bit was changed."""
    try:
        content = orjson.loads(_verified_body(data))
    except orjson.JSONDecodeError as error:
        raise DamagedError("the checksum matches, but it is not JSON") from error
    if not isinstance(content, dict):
        raise DamagedError("the checksum matches, but it is not a record")
    return content


def _verified_body(data: bytes) -> bytes:
    """Return the JSON between the opening and the closing of a :func:`seal` result."""
    body = data[len(_OPENING) : -_CLOSING_LENGTH]
    is_intact = data.startswith(_OPENING) and data.endswith(_CLOSING % digest_bytes(body).encode("ascii"))
    if not is_intact or len(data) != len(_OPENING) + len(body) + _CLOSING_LENGTH:
        raise DamagedError("the checksum does not match")
    return body
