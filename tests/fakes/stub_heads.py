"""Stand-ins for the heads of Discogs-EffNet: two dense layers of the true shapes and names, no learning.

As the real ones, most classes are hardly heard in most sounds, and some clearly in some.
"""

from __future__ import annotations

import zlib
from typing import Final

import numpy as np

from scripts.graph_to_onnx import convert
from scripts.tinygraph import Graph
from spotmap_build.registry.heads import SOFTMAX, HeadSpec

DIMENSIONS: Final = 1280
HIDDEN: Final = 100
EXPORTED_INPUT: Final = "embeddings"
EXPORTED_OUTPUT: Final = "activations"


def build(spec: HeadSpec) -> bytes:
    """``model/Placeholder`` [n, 1280] to ``model/Sigmoid`` or ``model/Softmax`` [n, classes]."""
    generator = np.random.default_rng(zlib.crc32(spec.name.encode()))
    is_one_of_two = spec.output_node == SOFTMAX
    graph = Graph()
    x = graph.placeholder("model/Placeholder", [-1, DIMENSIONS])
    first = generator.normal(size=(DIMENSIONS, HIDDEN)) * 0.04
    hidden = graph.float_node("Relu", graph.float_node("AddV2", graph.matmul(x, graph.constant(first)), _zeros(graph)))
    second = generator.normal(size=(HIDDEN, len(spec.classes))) * 0.4
    evidence = graph.matmul(hidden, graph.constant(second))
    shifted = graph.float_node("Sub", evidence, graph.constant(0.0 if is_one_of_two else 2.0))
    graph.float_node("Softmax" if is_one_of_two else "Sigmoid", shifted, name=spec.output_node)
    return graph.serialize()


def build_onnx(spec: HeadSpec) -> bytes:
    """The same for onnxruntime, with input and output as the published exports have them."""
    names = {"model/Placeholder": EXPORTED_INPUT, spec.output_node: EXPORTED_OUTPUT}
    return convert(build(spec), (spec.output_node,), names)


def _zeros(graph: Graph) -> str:
    return graph.constant(np.zeros(HIDDEN))
