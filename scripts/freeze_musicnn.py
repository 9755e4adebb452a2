"""Make ``spotmap_build/embed/data/msd-musicnn.pb`` from the authors' release, with numpy only.

    pip download --no-deps musicnn==0.1.0
    python -m scripts.freeze_musicnn musicnn-0.1.0-py3-none-any.whl MSD_musicnn msd-musicnn.pb

musicnn's checkpoint is a TensorFlow 1 "tensor bundle". The network is that of musicnn's ``models.py``, with batch
normalization folded into a multiplication and an addition, and large weights stored as float16. Its tags equal those of
the package's network within 6e-4, and the cosine of its embeddings differs by 5e-7.
"""

from __future__ import annotations

import hashlib
import struct
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from scripts.tinygraph import FLOAT, INT, Graph, bool_attribute, ints_attribute, string_attribute

Weights = dict[str, npt.NDArray[np.float32]]

FOOTER_BYTES: Final = 48
FLOAT32: Final = 1
EPSILON: Final = 1e-3
"""The epsilon of batch normalization in Keras and TensorFlow 1."""
MAX_FLOAT32_NUMBERS: Final = 4096
"""Arrays with more numbers than this are stored as float16."""
PATCH_FRAMES, MEL_BANDS, POOLED = 187, 96, 753


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """Read a protobuf variable-length integer; return it and the offset after it."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def read_block(data: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield keys and values of one block of a LevelDB table; each key shares a prefix with the previous one."""
    if data[offset + size] != 0:
        raise ValueError("the block is compressed")
    block = data[offset : offset + size]
    restarts = struct.unpack("<I", block[-4:])[0]
    end, at, key = len(block) - 4 * (restarts + 1), 0, b""
    while at < end:
        shared, at = read_varint(block, at)
        unshared, at = read_varint(block, at)
        length, at = read_varint(block, at)
        key = key[:shared] + block[at : at + unshared]
        at += unshared
        yield key, block[at : at + length]
        at += length


def read_message(data: bytes) -> dict[int, list[int | bytes]]:
    """Return the fields of a protobuf message by number; nested messages remain bytes."""
    fields: dict[int, list[int | bytes]] = {}
    at = 0
    while at < len(data):
        tag, at = read_varint(data, at)
        value: int | bytes
        match tag & 7:
            case 0:
                value, at = read_varint(data, at)
            case 2:
                length, at = read_varint(data, at)
                value, at = data[at : at + length], at + length
            case 5:
                value, at = data[at : at + 4], at + 4
            case 1:
                value, at = data[at : at + 8], at + 8
            case wire_type:
                raise ValueError(f"unknown wire type {wire_type}")
        fields.setdefault(tag >> 3, []).append(value)
    return fields


def _number(fields: dict[int, list[int | bytes]], field: int) -> int:
    value = fields.get(field, [0])[0]
    assert isinstance(value, int)
    return value


def _message(fields: dict[int, list[int | bytes]], field: int) -> dict[int, list[int | bytes]]:
    value = fields.get(field, [b""])[0]
    assert isinstance(value, bytes)
    return read_message(value)


def read_tensor(entry: bytes, data: bytes) -> npt.NDArray[np.float32]:
    """Return the array that a ``BundleEntryProto`` (type 1, shape 2, offset 4, size 5) describes."""
    fields = read_message(entry)
    if _number(fields, 1) != FLOAT32:
        raise ValueError("only float32 is known")
    sizes = _message(fields, 2).get(2, [])
    shape = [_number(read_message(size), 1) for size in sizes if isinstance(size, bytes)]
    offset = _number(fields, 4)
    return np.frombuffer(data[offset : offset + _number(fields, 5)], "<f4").reshape(shape)


def read_bundle(index: bytes, data: bytes) -> Weights:
    """Return all weights of a checkpoint, without those for training only."""
    footer = index[-FOOTER_BYTES:]
    at = 0
    for _ in range(2):  # skip the location of the meta-index
        _, at = read_varint(footer, at)
    index_offset, at = read_varint(footer, at)
    index_size, _ = read_varint(footer, at)
    weights = {}
    for _, handle in read_block(index, index_offset, index_size):
        offset, at = read_varint(handle, 0)
        size, _ = read_varint(handle, at)
        for key, entry in read_block(index, offset, size):
            if key and b"Adam" not in key and b"_power" not in key:
                weights[key.decode()] = read_tensor(entry, data)
    return weights


class MusicnnGraph:
    """The layers of musicnn as nodes of a graph; ``weights`` are found by TensorFlow 1's automatic names."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self.graph = Graph()

    def _weight(self, layer: str, number: int, what: str) -> npt.NDArray[np.float32]:
        return self._weights[f"{layer}_{number}/{what}" if number else f"{layer}/{what}"]

    def _constant(self, value: npt.NDArray[np.floating]) -> str:
        return self.graph.half_constant(value) if value.size > MAX_FLOAT32_NUMBERS else self.graph.constant(value)

    def normalize(self, x: str, number: int, name: str | None = None) -> str:
        """Add batch normalization for inference."""
        gamma, beta, mean, variance = (
            self._weight("batch_normalization", number, what).astype(np.float64)
            for what in ("gamma", "beta", "moving_mean", "moving_variance")
        )
        scale = gamma / np.sqrt(variance + EPSILON)
        scaled = self.graph.float_node("Mul", x, self._constant(scale))
        return self.graph.float_node("AddV2", scaled, self._constant(beta - mean * scale), name=name)

    def convolve(self, x: str, number: int, padding: str) -> str:
        """Add a convolution with bias, ReLU and batch normalization."""
        ones = ints_attribute([1, 1, 1, 1])
        convolved = self.graph.float_node(
            "Conv2D",
            x,
            self._constant(self._weight("conv2d", number, "kernel")),
            strides=ones,
            padding=string_attribute(padding),
            data_format=string_attribute("NHWC"),
            dilations=ones,
            use_cudnn_on_gpu=bool_attribute(True),
            explicit_paddings=ints_attribute([]),
        )
        bias = self._constant(self._weight("conv2d", number, "bias"))
        biased = self.graph.float_node("BiasAdd", convolved, bias, data_format=string_attribute("NHWC"))
        return self.normalize(self.graph.float_node("Relu", biased), number + 1)

    def dense(self, x: str, number: int, name: str) -> str:
        """Add a fully connected layer without activation."""
        product = self.graph.matmul(x, self._constant(self._weight("dense", number, "kernel")))
        bias = self._constant(self._weight("dense", number, "bias"))
        return self.graph.float_node("BiasAdd", product, bias, name=name, data_format=string_attribute("NHWC"))

    def pad_time(self, x: str) -> str:
        """Pad with three frames of zeros before and after."""
        paddings = self.graph.constant([[0, 0], [3, 3], [0, 0], [0, 0]], "int32")
        return self.graph.node("Pad", [x, paddings], T=FLOAT, Tpaddings=INT)

    def add_channel(self, x: str) -> str:
        """Add a last axis of size 1."""
        return self.graph.node("ExpandDims", [x, self.graph.constant(3, "int32")], T=FLOAT, Tdim=INT)

    def swap_channels(self, x: str) -> str:
        """Swap the last two axes: a layer's channels are the next layer's frequencies."""
        return self.graph.node("Transpose", [x, self.graph.constant([0, 1, 3, 2], "int32")], T=FLOAT, Tperm=INT)


def build(weights: Weights) -> bytes:
    """Build the frozen graph: front end (timbre, rhythm), three middle layers, pooling, two dense layers."""
    net = MusicnnGraph(weights)
    graph = net.graph
    mel = net.normalize(net.add_channel(graph.placeholder("model/Placeholder", [-1, PATCH_FRAMES, MEL_BANDS])), 0)
    padded = net.pad_time(mel)
    timbre = [graph.reduce("Max", net.convolve(padded, number, "VALID"), 2) for number in (0, 1)]
    rhythm = [graph.reduce("Max", net.convolve(mel, number, "SAME"), 2) for number in (2, 3, 4)]
    front = net.add_channel(graph.concat(timbre + rhythm, 2))
    first = net.swap_channels(net.convolve(net.pad_time(front), 5, "VALID"))
    second = graph.float_node("AddV2", net.swap_channels(net.convolve(net.pad_time(first), 6, "VALID")), first)
    third = graph.float_node("AddV2", net.swap_channels(net.convolve(net.pad_time(second), 7, "VALID")), second)
    middle = graph.concat([front, first, second, third], 2)
    pools = graph.concat([graph.reduce("Max", middle, 1), graph.reduce("Mean", middle, 1)], 2)
    # The concatenation has the shape [n, 753, 2], so max and mean alternate after flattening.
    flat = graph.reshape(pools, [-1, 2 * POOLED], name="model/flatten/Reshape")
    penultimate = net.dense(net.normalize(flat, 9), 0, "model/dense/BiasAdd")
    active = graph.float_node("Relu", penultimate, name="model/dense/Relu")
    normal = net.normalize(active, 10, "model/batch_normalization_10/batchnorm/add_1")
    graph.float_node("Sigmoid", net.dense(normal, 1, "model/dense_1/BiasAdd"), name="model/Sigmoid")
    return graph.serialize()


def main(wheel: str, model: str, out: str) -> None:
    """Read the checkpoint inside the wheel, write the graph, print its size and SHA-256."""
    with zipfile.ZipFile(wheel) as release:
        folder = f"musicnn/{model}"
        weights = read_bundle(release.read(f"{folder}/.index"), release.read(f"{folder}/.data-00000-of-00001"))
    content = build(weights)
    Path(out).write_bytes(content)
    print(out, len(content), hashlib.sha256(content).hexdigest())


if __name__ == "__main__":
    main(*sys.argv[1:])
