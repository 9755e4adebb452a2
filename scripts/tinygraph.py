"""Write frozen TensorFlow graphs (``.pb``) without TensorFlow: the few protobuf messages a small network needs.

The messages are those of TensorFlow's ``graph.proto``, ``node_def.proto``, ``attr_value.proto``, ``tensor.proto`` and
``tensor_shape.proto``; the numbers below are their field numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

DATA_TYPES: Final = {np.dtype("float32"): 1, np.dtype("int32"): 3, np.dtype("float16"): 19}
LENGTH_DELIMITED: Final = 2
PRODUCER: Final = 716
"""GraphDef version: that of TensorFlow 2.5, which Essentia bundles."""


def _varint(number: int) -> bytes:
    number &= (1 << 64) - 1
    out = bytearray()
    while True:
        low, number = number & 0x7F, number >> 7
        out.append(low | (0x80 if number else 0))
        if not number:
            return bytes(out)


def _bytes_field(field: int, payload: bytes | str) -> bytes:
    content = payload.encode() if isinstance(payload, str) else payload
    return _varint(field << 3 | LENGTH_DELIMITED) + _varint(len(content)) + content


def _int_field(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(int(value))


def _shape(dimensions: Iterable[int]) -> bytes:
    return b"".join(_bytes_field(2, _int_field(1, size)) for size in dimensions)


def _tensor(array: npt.NDArray[np.generic]) -> bytes:
    head = _int_field(1, DATA_TYPES[array.dtype]) + _bytes_field(2, _shape(array.shape))
    return head + _bytes_field(4, np.ascontiguousarray(array).reshape(array.shape).tobytes())


def type_attribute(dtype: str) -> bytes:
    """Return an attribute that is a data type: ``T``, ``DstT``."""
    return _int_field(6, DATA_TYPES[np.dtype(dtype)])


def types_attribute(dtypes: Iterable[str]) -> bytes:
    """Return an attribute that is a list of data types."""
    return _bytes_field(1, _bytes_field(6, b"".join(_varint(DATA_TYPES[np.dtype(dtype)]) for dtype in dtypes)))


def int_attribute(value: int) -> bytes:
    """Return an attribute that is an integer."""
    return _int_field(3, value)


def ints_attribute(values: Iterable[int]) -> bytes:
    """Return an attribute that is a list of integers: ``strides``."""
    return _bytes_field(1, _bytes_field(3, b"".join(map(_varint, values))))


def bool_attribute(value: bool) -> bytes:
    """Return an attribute that is a boolean."""
    return _int_field(5, value)


def string_attribute(text: str) -> bytes:
    """Return an attribute that is a string: ``padding``."""
    return _bytes_field(2, text)


FLOAT: Final = type_attribute("float32")
INT: Final = type_attribute("int32")


class Graph:
    """A graph under construction. Methods that add a node return its name, for use as an input of other nodes."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._unnamed = 0

    def node(self, op: str, inputs: Sequence[str] = (), name: str | None = None, **attributes: bytes) -> str:
        """Add a node of any operation; the default name is that of the operation."""
        if name is None:
            self._unnamed += 1
            name = f"{op}_{self._unnamed}"
        content = _bytes_field(1, name) + _bytes_field(2, op) + b"".join(_bytes_field(3, each) for each in inputs)
        for key in sorted(attributes):
            content += _bytes_field(5, _bytes_field(1, key) + _bytes_field(2, attributes[key]))
        self._buffer += _bytes_field(1, content)
        return name

    def constant(self, value: npt.ArrayLike, dtype: str = "float32") -> str:
        """Add an array of numbers."""
        array = np.asarray(value, dtype)
        return self.node("Const", dtype=type_attribute(dtype), value=_bytes_field(8, _tensor(array)))

    def half_constant(self, value: npt.ArrayLike) -> str:
        """Add an array that is stored as float16 and used as float32: half the size."""
        half = self.constant(value, "float16")
        return self.node("Cast", [half], SrcT=type_attribute("float16"), DstT=FLOAT, Truncate=bool_attribute(False))

    def placeholder(self, name: str, shape: Iterable[int]) -> str:
        """Add an input; a dimension of -1 may have any size."""
        return self.node("Placeholder", name=name, dtype=FLOAT, shape=_bytes_field(7, _shape(shape)))

    def float_node(self, op: str, *inputs: str, name: str | None = None, **attributes: bytes) -> str:
        """Add an operation on float32."""
        return self.node(op, inputs, name=name, T=FLOAT, **attributes)

    def reshape(self, x: str, shape: Sequence[int], name: str | None = None) -> str:
        """Add a reshape."""
        return self.node("Reshape", [x, self.constant(shape, "int32")], name=name, T=FLOAT, Tshape=INT)

    def reduce(self, op: str, x: str, *axes: int, keep: bool = False) -> str:
        """Add a ``Mean`` or ``Max`` over some axes."""
        return self.node(op, [x, self.constant(axes, "int32")], T=FLOAT, Tidx=INT, keep_dims=bool_attribute(keep))

    def matmul(self, a: str, b: str) -> str:
        """Add a matrix product."""
        plain = bool_attribute(False)
        return self.node("MatMul", [a, b], T=FLOAT, transpose_a=plain, transpose_b=plain)

    def concat(self, parts: Sequence[str], axis: int) -> str:
        """Add a concatenation."""
        inputs = [*parts, self.constant(axis, "int32")]
        return self.node("ConcatV2", inputs, N=int_attribute(len(parts)), T=FLOAT, Tidx=INT)

    def serialize(self) -> bytes:
        """Return the graph as the content of a ``.pb`` file."""
        return bytes(self._buffer) + _bytes_field(4, _int_field(1, PRODUCER))
