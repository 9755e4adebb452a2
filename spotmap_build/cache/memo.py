"""One way to compute a value once: look its key up, compute and keep it where it is not known, read it when asked.

A stage says what its result depends on (a :class:`~spotmap_build.cache.keys.Key`), how it is computed, and how it lies
in the cache (a :class:`Codec`), and gets a :class:`Cached`.
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
    """A value that is read when it is first asked for, and once only.

    A build with nothing to do compares digests, and so never reads most of them.

    Parameters
    ----------
    digest : str
        Names the content of ``value``: what depends on it has this in its key.
    read : callable
        Gives the value.
    is_new : bool
        Whether it was computed just now; otherwise an earlier build did.
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
            What was kept is damaged. It is set aside; the build starts over and computes it.
        """
        return self._read()


@dataclass(frozen=True, slots=True)
class Outputs:
    """The outputs of one record."""

    cache: Cache
    record: Record

    @property
    def names(self) -> AbstractSet[str]:
        """What the outputs are called."""
        return self.record.outputs.keys()

    def read(self, name: str, decode: Callable[[bytes], Value]) -> Value:
        """Return what an output says; see :meth:`spotmap_build.cache.store.Cache.decode`."""
        return self.cache.decode(self.record, name, decode)


@dataclass(frozen=True, slots=True)
class Codec(Generic[Value]):
    """How a value lies in the cache.

    Parameters
    ----------
    names : tuple of str
        The outputs that a record of such a value has. One without them counts as damaged.
    encode : callable
        Makes these outputs, by name, of a value.
    decode : callable
        Makes the value again. What it raises as a ``ValueError`` means that the record is of no use.
    named_by : str
        The output whose digest names the value; empty where all of them do.
    accepts : callable
        Whether the outputs of a record that was found are such as ``encode`` makes; if not, the value is computed.
    """

    names: tuple[str, ...]
    encode: Callable[[Value], Mapping[str, bytes]]
    decode: Callable[[Outputs], Value]
    named_by: str = ""
    accepts: Callable[[Outputs], bool] = lambda _outputs: True


def json_codec(name: str, decode: Callable[[bytes], Value]) -> Codec[Value]:
    """For a value that is one output of JSON; ``decode`` reads it, and raises ``ValueError`` where it is none."""
    return Codec((name,), lambda value: {name: msgspec.json.encode(value)}, lambda outputs: outputs.read(name, decode))


def memoize(cache: Cache, key: Key, compute: Callable[[], Value], codec: Codec[Value]) -> Cached[Value]:
    """Return the value of ``key``: from the cache, or else computed and kept.

    A value that was computed just now is read from the cache as well, so that a build gives the same whether it
    computes or remembers.

    Parameters
    ----------
    cache : Cache
        Where it is looked up and kept.
    key : Key
        Everything that the value depends on.
    compute : callable
        Computes it; called only where it is not known.
    codec : Codec
        How it lies in the cache.

    Raises
    ------
    CacheReadOnly, CacheFull, CacheError
        It was computed and cannot be kept.

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
