"""A small untrained stand-in for Discogs-EffNet with the same inputs and outputs.

For each patch, it projects mean, deviation and flux of every mel band with a fixed random matrix. Similar sounds
therefore get similar vectors, and all code around the network can be tested as with the real one.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from scripts.tinygraph import FLOAT, INT, Graph, types_attribute

BATCH: Final = 64
FRAMES: Final = 128
BANDS: Final = 96
EMBEDDING: Final = 1280
STYLES: Final = 400
HIDDEN: Final = 48
NAMES_IN_EXPORT: Final = {
    "serving_default_melspectrogram": "melspectrogram",
    "PartitionedCall:0": "activations",
    "PartitionedCall:1": "embeddings",
}
"""Names of the input and outputs in the published export; several projects that pin its SHA-256 use these names."""


def build(batch: int = BATCH) -> bytes:
    """``serving_default_melspectrogram`` [64, 128, 96] to ``PartitionedCall:0`` [64, 400], ``:1`` [64, 1280].

    ``batch``: -1 for any number of patches, like the export for onnxruntime.
    """
    generator = np.random.default_rng(0)
    graph = Graph()
    mel = graph.placeholder("serving_default_melspectrogram", [batch, FRAMES, BANDS])
    # Like the real graph, this one rejects any other number of patches.
    mel = graph.reshape(mel, [batch, FRAMES, BANDS])
    features = graph.float_node("Sub", _statistics(graph, mel), graph.half_constant(_typical()))
    count = 3 * BANDS + 1

    def project(x: str, rows: int, columns: int, gain: float) -> str:
        matrix = generator.normal(size=(rows, columns)) / np.sqrt(rows) * gain
        return graph.matmul(x, graph.half_constant(matrix))

    hidden = graph.float_node("Tanh", project(features, count, HIDDEN, 1.5))
    embedding = graph.float_node("Relu", project(hidden, HIDDEN, EMBEDDING, 3))
    evidence = graph.float_node("Sub", project(hidden, HIDDEN, STYLES, 3), graph.constant(3.0))
    styles = graph.float_node("Sigmoid", evidence)
    graph.node("IdentityN", [styles, embedding], name="PartitionedCall", T=types_attribute(["float32", "float32"]))
    return graph.serialize()


def build_onnx() -> bytes:
    """Return the same network for onnxruntime, with the input and output names of the published export."""
    from scripts.graph_to_onnx import convert

    return convert(build(batch=-1), ("PartitionedCall:0", "PartitionedCall:1"), NAMES_IN_EXPORT)


def labels() -> list[str]:
    """Return 400 labels in the format of the real labels."""
    return [f"Genre {number // 20}---Style {number}" for number in range(STYLES)]


def _statistics(graph: Graph, mel: str) -> str:
    """``[64, 289]``: spectrum without its level, deviation, flux, level."""
    mean = graph.reduce("Mean", mel, 1)
    mean_of_squares = graph.reduce("Mean", graph.float_node("Square", mel), 1)
    variance = graph.float_node("Sub", mean_of_squares, graph.float_node("Square", mean))
    deviation = graph.float_node("Sqrt", graph.float_node("Relu", variance))
    step = graph.float_node("Sub", _frames_from(graph, mel, 1), _frames_from(graph, mel, 0))
    flux = graph.reduce("Mean", graph.float_node("Abs", step), 1)
    level = graph.reduce("Mean", mean, 1, keep=True)
    shape = graph.float_node("Sub", mean, level)
    scaled = [
        graph.float_node("Mul", statistic, graph.constant(gain))
        for statistic, gain in ((shape, 1.5), (deviation, 2.0), (flux, 4.0))
    ]
    return graph.concat([*scaled, level], 1)


def _frames_from(graph: Graph, mel: str, first: int) -> str:
    """Return all frames but one, starting at ``first``."""
    bounds = [graph.constant([0, first, 0], "int32"), graph.constant([-1, FRAMES - 1, -1], "int32")]
    return graph.node("Slice", [mel, *bounds], T=FLOAT, Index=INT)


def _typical() -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the statistics of typical music (a falling spectrum, some flux), which center the projections."""
    height = np.arange(BANDS) / (BANDS - 1)
    return np.concatenate([1.5 * (0.9 - 1.8 * height), np.full(BANDS, 0.9), np.full(BANDS, 0.6), [1.0]])
