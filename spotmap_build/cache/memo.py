"""Memoization in the cache: look up a key, compute and store the value on a miss, read it on first use.

A stage passes a :class:`~spotmap_build.cache.keys.Key`, a function that computes the value and a :class:`Codec` that
converts it to bytes and back, and gets a :class:`Cached`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec

from spotmap_build.cache.keys import digest_bytes

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from spotmap_build.cache.keys import Key
    from spotmap_build.cache.records import Record
    from spotmap_build.cache.store import Cache

Value = TypeVar("Value")


class Cached(Generic[Value]):
    """A cached value, read on first access and at most once.

    A build with nothing to do compares digests and never reads most values.

    Parameters
    ----------
    digest : str
        Digest of the content of ``value``. Keys of results that depend on the value contain it.
    read : callable
        Returns the value.
    is_new : bool
        Whether this build computed the value; otherwise an earlier build did.
    """

    def __init__(self, digest: str, read: Callable[[], Value], *, is_new: bool = False) -> None:
        self.digest = digest
        self.is_new = is_new
        self._read = read

    @cached_property
    def value(self) -> Value:
        """The value, decoded.

        Raises
        ------
        CorruptEntry
            The cached value is damaged. It is set aside; the build starts over and computes it.
        """
        return self._read()


@dataclass(frozen=True, slots=True)
class Outputs:
    """The outputs of one record."""

    cache: Cache
    record: Record

    @property
    def names(self) -> AbstractSet[str]:
        """Names of the outputs."""
        return self.record.outputs.keys()

    def read(self, name: str, decode: Callable[[bytes], Value]) -> Value:
        """Return a decoded output; see :meth:`spotmap_build.cache.store.Cache.decode`."""
        return self.cache.decode(self.record, name, decode)


@dataclass(frozen=True, slots=True)
class Codec(Generic[Value]):
    """Conversion between a value and the outputs of its record.

    Parameters
    ----------
    names : tuple of str
        The outputs that every record of such a value has. A record without them counts as damaged.
    encode : callable
        Converts a value to outputs, by name.
    decode : callable
        Converts the outputs back to the value. A ``ValueError`` means that the record is unusable.
    named_by : str
        The output whose digest becomes the digest of the value; empty if all outputs contribute.
    accepts : callable
        Tells whether the outputs of a cached record are usable; if not, the value is computed again.
    """

    names: tuple[str, ...]
    encode: Callable[[Value], Mapping[str, bytes]]
    decode: Callable[[Outputs], Value]
    named_by: str = ""
    accepts: Callable[[Outputs], bool] = lambda _outputs: True


def json_codec(name: str, decode: Callable[[bytes], Value]) -> Codec[Value]:
    """Return a codec for a value stored as one JSON output; ``decode`` raises ``ValueError`` if it is invalid."""
    return Codec((name,), lambda value: {name: msgspec.json.encode(value)}, lambda outputs: outputs.read(name, decode))


def memoize(cache: Cache, key: Key, compute: Callable[[], Value], codec: Codec[Value]) -> Cached[Value]:
    """Return the value of ``key`` from the cache, computing and storing it on a miss.

    A newly computed value is read back from the cache, so that a build gives the same result on a hit and on a miss.

    Parameters
    ----------
    cache : Cache
        The cache to look up and store the value in.
    key : Key
        Everything that the value depends on.
    compute : callable
        Computes the value; called on a miss only.
    codec : Codec
        Converts the value to bytes and back.

    Raises
    ------
    CacheReadOnly, CacheFull, CacheError
        The value was computed and cannot be stored.

    Examples
    --------
    >>> import json
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from spotmap_build.cache import Cache, Key
    >>> key, codec = Key("count", 1, {"of": "files"}), json_codec("count.json", json.loads)
    >>> with TemporaryDirectory() as folder, Cache.open(Path(folder, "cache")) as cache:
    ...     first, again = memoize(cache, key, lambda: 2, codec), memoize(cache, key, lambda: 3, codec)
    ...     first.value, first.is_new, again.value, again.is_new
    (2, True, 2, False)
    """
    record = cache.lookup(key, outputs=codec.names, may_fail=False)
    if record is not None and not codec.accepts(Outputs(cache, record)):
        cache.discard(record)
        record = None
    is_new = record is None
    if record is None:
        started_s = time.monotonic()
        outputs = codec.encode(compute())
        record = cache.put(key, outputs, time.monotonic() - started_s)
    content = Outputs(cache, record)
    return Cached(_digest(record, codec.named_by), lambda: codec.decode(content), is_new=is_new)


def _digest(record: Record, named_by: str) -> str:
    if named_by:
        return record.outputs[named_by].digest
    digests = [output.digest for _, output in sorted(record.outputs.items())]
    return digests[0] if len(digests) == 1 else digest_bytes("".join(digests).encode())
