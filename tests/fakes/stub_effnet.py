"""A small stand-in for Discogs-EffNet with the same interface: true inputs and outputs, no learning.

Per patch it takes mean, deviation and flux of every mel band and projects them at random, always the same way; so
similar sounds give similar vectors, and everything around the network is tested as it runs with the real one.
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
"""As the published export calls its input and outputs: several projects that pin it by its SHA-256 run it by these."""


def build(batch: int = BATCH) -> bytes:
    """``serving_default_melspectrogram`` [64, 128, 96] to ``PartitionedCall:0`` [64, 400], ``:1`` [64, 1280].

    ``batch``: -1 for any number of patches, as the export for onnxruntime takes them.
    """
    generator = np.random.default_rng(0)
    graph = Graph()
    mel = graph.placeholder("serving_default_melspectrogram", [batch, FRAMES, BANDS])
    # As in the real graph, any other number of patches is an error.
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
    """The same network for onnxruntime, with inputs and outputs as the published export has them."""
    from scripts.graph_to_onnx import convert

    return convert(build(batch=-1), ("PartitionedCall:0", "PartitionedCall:1"), NAMES_IN_EXPORT)


def labels() -> list[str]:
    """400 names in the form of the real ones."""
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
    """All frames but one, from ``first`` on."""
    bounds = [graph.constant([0, first, 0], "int32"), graph.constant([-1, FRAMES - 1, -1], "int32")]
    return graph.node("Slice", [mel, *bounds], T=FLOAT, Index=INT)


def _typical() -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The statistics of common music, so that the projections are centered: a spectrum that falls, some movement."""
    height = np.arange(BANDS) / (BANDS - 1)
    return np.concatenate([1.5 * (0.9 - 1.8 * height), np.full(BANDS, 0.9), np.full(BANDS, 0.6), [1.0]])
