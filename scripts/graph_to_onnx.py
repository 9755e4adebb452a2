"""Make ``spotmap_build/embed/data/msd-musicnn.onnx`` from ``msd-musicnn.pb``: the same network for onnxruntime.

    python -m scripts.graph_to_onnx spotmap_build/embed/data/msd-musicnn.pb msd-musicnn.onnx \
        model/flatten/Reshape model/Sigmoid

It supports only the operations that :mod:`scripts.tinygraph` writes. Weights stay float16 in the file and are cast to
float32 when the network is loaded.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from scripts.freeze_musicnn import read_message

Array = npt.NDArray[np.generic]

OPSET: Final = 17
IR_VERSION: Final = 8
"""Versions of 2022. Every onnxruntime with wheels for the supported Pythons reads them."""
DATA_TYPES: Final[dict[int, np.dtype[Any]]] = {1: np.dtype("<f4"), 3: np.dtype("<i4"), 19: np.dtype("<f2")}
"""TensorFlow's numbers of data types."""
SAME_OPERATION: Final = {
    **{name: name for name in ("Abs", "MatMul", "Mul", "Relu", "Sigmoid", "Softmax", "Sqrt", "Sub", "Tanh")},
    **{"AddV2": "Add", "BiasAdd": "Add"},
}
BATCH_CHANNELS: Final = 16
LAST: Final = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the frozen graph, with the message fields of its attributes by name."""

    name: str
    operation: str
    inputs: tuple[str, ...]
    attributes: dict[str, dict[int, list[int | bytes]]]


def read_nodes(graph: bytes) -> list[Node]:
    """Return the nodes of a frozen graph in its order, where inputs precede their users."""
    return [_node(_message(entry)) for entry in _message(graph).get(1, [])]


def _node(fields: dict[int, list[int | bytes]]) -> Node:
    attributes = {}
    for entry in fields.get(5, []):
        key, value = _message(entry)[1][0], _message(entry)[2][0]
        attributes[_text(key)] = _message(value)
    inputs = tuple(map(_text, fields.get(3, [])))
    return Node(_text(fields[1][0]), _text(fields[2][0]), inputs, attributes)


def _message(data: int | bytes) -> dict[int, list[int | bytes]]:
    assert isinstance(data, bytes)
    return read_message(data)


def _text(data: int | bytes) -> str:
    assert isinstance(data, bytes)
    return data.decode()


def _sizes(shape: int | bytes) -> list[int]:
    """Return the dimensions of a ``TensorShapeProto``; -1 means any size."""
    sizes = [_message(size).get(1, [0])[0] for size in _message(shape).get(2, [])]
    return [size - (1 << 64) if size >> 63 else size for size in sizes if isinstance(size, int)]


def _small_integers(node: Node, name: str) -> list[int]:
    """Return an attribute that is a packed list of integers below 128, one byte each."""
    packed = _message(node.attributes[name][1][0])[3][0]
    assert isinstance(packed, bytes)
    return list(packed)


def _constant(node: Node) -> Array:
    tensor = _message(node.attributes["value"][8][0])
    kind, content = tensor[1][0], tensor[4][0]
    assert isinstance(kind, int)
    assert isinstance(content, bytes)
    array: Array = np.frombuffer(content, DATA_TYPES[kind]).reshape(_sizes(tensor[2][0]))
    return array


def pool_first(nodes: Sequence[Node], constants: dict[str, Array]) -> list[Node]:
    """Move maxima over bands before ReLU and normalization, in layers that have the opposite order.

    Neither operation changes which value is the maximum, if channels with a negative scale are negated first. The
    results are bit-identical, and most of the work is done on one value instead of 59. Channels are padded to a number
    that spares onnxruntime a reordering between the steps. Modifies ``constants``.
    """
    by_name = {node.name: node for node in nodes}
    bands = next(_sizes(node.attributes["shape"][7][0])[-1] for node in nodes if node.operation == "Placeholder")
    gone: set[str] = set()
    instead: dict[str, list[Node]] = {}
    for node in nodes:
        layer = _chain(node, ("AddV2", "Mul", "Relu", "BiasAdd", "Conv2D"), by_name)
        if node.operation != "Max" or not layer:
            continue
        shifted, scaled, rectified, biased, convolved = layer
        kernel = _stored(convolved.inputs[1], by_name)
        sign = np.where(constants[scaled.inputs[1]].astype(np.float32) < 0, np.float32(-1), np.float32(1))
        for name in (kernel, biased.inputs[1]):
            turned = constants[name] * sign.astype(constants[name].dtype)
            empty = [(0, 0)] * (turned.ndim - 1) + [(0, -len(sign) % BATCH_CHANNELS)]
            constants[name] = np.pad(turned, empty)
        is_padded = convolved.attributes["padding"][2][0] == b"SAME"
        width = bands if is_padded else bands - constants[kernel].shape[1] + 1
        constants[f"{node.name}/sign"], constants[f"{node.name}/width"] = sign, np.array([width])
        constants[f"{node.name}/first"], constants[f"{node.name}/size"] = np.zeros(3), np.array([-1, -1, len(sign)])
        gone |= {shifted.name, scaled.name, rectified.name}
        instead[node.name] = [
            Node(f"{node.name}/pooled", "MaxOverBands", (biased.name, f"{node.name}/width"), {}),
            Node(
                f"{node.name}/full", "Slice", tuple(f"{node.name}/{part}" for part in ("pooled", "first", "size")), {}
            ),
            Node(f"{node.name}/turned", "Mul", (f"{node.name}/full", f"{node.name}/sign"), {}),
            replace(rectified, inputs=(f"{node.name}/turned",)),
            scaled,
            replace(shifted, name=node.name),
        ]
    return [each for node in nodes if node.name not in gone for each in instead.get(node.name, [node])]


def _chain(node: Node, operations: Sequence[str], by_name: Mapping[str, Node]) -> list[Node]:
    """Return the chain of first inputs of a node, nearest first; empty if its operations are not ``operations``."""
    found: list[Node] = []
    for operation in operations:
        node = by_name[node.inputs[0]] if node.inputs else node
        if node.operation != operation:
            return []
        found.append(node)
    return found


def _stored(name: str, by_name: Mapping[str, Node]) -> str:
    """Return the name of the constant behind a cast."""
    node = by_name[name]
    return node.inputs[0] if node.operation == "Cast" else name


class Converter:
    """Converts the nodes of a frozen graph to nodes of an ONNX network."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self._constants = {node.name: _constant(node) for node in nodes if node.operation == "Const"}
        self._initializers: dict[str, Array] = {}
        self._nodes: list[onnx.NodeProto] = []
        self._inputs: list[onnx.ValueInfoProto] = []
        special: dict[str, Callable[[Node], object]] = {
            "Cast": self._cast,
            "ConcatV2": self._concat,
            "Conv2D": lambda node: self._convolve(node, (3, 2, 0, 1)),
            # One kernel per channel: [height, width, channels, 1].
            "DepthwiseConv2dNative": lambda node: self._convolve(node, (2, 3, 0, 1)),
            "ExpandDims": self._expand,
            "IdentityN": self._identities,
            "MaxOverBands": self._max_over_bands,
            "Max": lambda node: self._reduce(node, "ReduceMax"),
            "Mean": lambda node: self._reduce(node, "ReduceMean"),
            "Pad": self._pad,
            "Placeholder": self._placeholder,
            "Reshape": self._reshape,
            "Slice": self._slice,
            "Square": lambda node: self._add("Mul", [node.inputs[0], node.inputs[0]], node.name),
            "Transpose": lambda node: self._transpose(node.inputs[0], self._integers(node.inputs[1]), node.name),
        }
        for node in pool_first(nodes, self._constants):
            if node.operation in SAME_OPERATION:
                self._add(SAME_OPERATION[node.operation], node.inputs, node.name)
            elif node.operation != "Const":
                special[node.operation](node)

    def model(self, outputs: Sequence[str]) -> bytes:
        """Return the network that computes ``outputs``, as the content of an ``.onnx`` file."""
        results = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["patches", None]) for name in outputs]
        weights = [numpy_helper.from_array(array, name) for name, array in self._initializers.items()]
        graph = helper.make_graph(self._nodes, "network", self._inputs, results, weights)
        opset = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opset, ir_version=IR_VERSION, producer_name="spotmap-build")
        onnx.checker.check_model(model)
        content: bytes = model.SerializeToString(deterministic=True)
        return content

    def _add(self, operation: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        for name in inputs:
            if name in self._constants:
                self._initializers[name] = self._constants[name]
        self._nodes.append(helper.make_node(operation, list(inputs), [output], **attributes))
        return output

    def _integers(self, name: str) -> list[int]:
        return [int(value) for value in np.atleast_1d(self._constants[name]).ravel()]

    def _numbers(self, values: Sequence[int], name: str) -> str:
        """Add a constant input of integers: a shape, axes or bounds."""
        self._initializers[name] = np.array(values, dtype=np.int64)
        return name

    def _transpose(self, x: str, order: Sequence[int], output: str) -> str:
        return self._add("Transpose", [x], output, perm=list(order))

    def _placeholder(self, node: Node) -> None:
        sizes = ["patches" if size < 0 else size for size in _sizes(node.attributes["shape"][7][0])]
        self._inputs.append(helper.make_tensor_value_info(node.name, TensorProto.FLOAT, sizes))

    def _cast(self, node: Node) -> None:
        self._add("Cast", node.inputs, node.name, to=TensorProto.FLOAT)

    def _concat(self, node: Node) -> None:
        *parts, axis = node.inputs
        self._add("Concat", parts, node.name, axis=self._integers(axis)[0])

    def _convolve(self, node: Node, kernel_order: Sequence[int]) -> None:
        """Convert a convolution. TensorFlow has channels last, and kernels as [height, width, in, out]."""
        x, kernel = node.inputs
        turned = self._transpose(x, (0, 3, 1, 2), f"{node.name}/in")
        weights = self._transpose(kernel, kernel_order, f"{node.name}/kernel")
        options: dict[str, Any] = {"auto_pad": "SAME_UPPER" if node.attributes["padding"][2][0] == b"SAME" else "VALID"}
        if node.operation == "DepthwiseConv2dNative":
            options["group"] = self._constants[kernel].shape[2]
        strides = _small_integers(node, "strides")[1:3]
        if strides != [1, 1]:
            options["strides"] = strides
        convolved = self._add("Conv", [turned, weights], f"{node.name}/out", **options)
        self._transpose(convolved, (0, 2, 3, 1), node.name)

    def _expand(self, node: Node) -> None:
        axes = self._numbers(self._integers(node.inputs[1]), f"{node.name}/axes")
        self._add("Unsqueeze", [node.inputs[0], axes], node.name)

    def _identities(self, node: Node) -> None:
        for number, name in enumerate(node.inputs):
            self._add("Identity", [name], f"{node.name}:{number}")

    def _reduce(self, node: Node, operation: str) -> None:
        keep = node.attributes["keep_dims"].get(5, [0])[0]
        self._add(operation, node.inputs[:1], node.name, axes=self._integers(node.inputs[1]), keepdims=keep)

    def _max_over_bands(self, node: Node) -> None:
        x, width = node.inputs
        turned = self._transpose(x, (0, 3, 1, 2), f"{node.name}/in")
        pooled = self._add("MaxPool", [turned], f"{node.name}/out", kernel_shape=[1, *self._integers(width)])
        back = self._transpose(pooled, (0, 2, 3, 1), f"{node.name}/back")
        self._add("Squeeze", [back, self._numbers([2], f"{node.name}/axes")], node.name)

    def _pad(self, node: Node) -> None:
        before_and_after = np.asarray(self._constants[node.inputs[1]], dtype=np.int64).T.ravel()
        pads = self._numbers(before_and_after.tolist(), f"{node.name}/pads")
        self._add("Pad", [node.inputs[0], pads], node.name)

    def _reshape(self, node: Node) -> None:
        shape = self._numbers(self._integers(node.inputs[1]), f"{node.name}/shape")
        self._add("Reshape", [node.inputs[0], shape], node.name)

    def _slice(self, node: Node) -> None:
        starts, sizes = self._integers(node.inputs[1]), self._integers(node.inputs[2])
        ends = [LAST if size < 0 else start + size for start, size in zip(starts, sizes, strict=True)]
        bounds = [self._numbers(starts, f"{node.name}/starts"), self._numbers(ends, f"{node.name}/ends")]
        self._add("Slice", [node.inputs[0], *bounds], node.name)


def convert(graph: bytes, outputs: Sequence[str], renamed: Mapping[str, str] | None = None) -> bytes:
    """Convert a frozen graph to an ONNX network with the same input and output names, or those of ``renamed``."""
    model = onnx.ModelProto.FromString(Converter(read_nodes(graph)).model(outputs))
    names = renamed or {}
    for each in (*model.graph.input, *model.graph.output):
        each.name = names.get(each.name, each.name)
    for node in model.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def main(source: str, target: str, *outputs: str) -> None:
    """Convert a file; print the size and SHA-256 of the result."""
    content = convert(Path(source).read_bytes(), outputs)
    Path(target).write_bytes(content)
    print(target, len(content), hashlib.sha256(content).hexdigest())


if __name__ == "__main__":
    main(*sys.argv[1:])
