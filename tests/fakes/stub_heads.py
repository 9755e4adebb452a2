"""Untrained stand-ins for the heads of Discogs-EffNet: two dense layers with the same shapes and names.

As with the real heads, most classes score low for most sounds, and a few score high for some.
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
    is_softmax = spec.output_node == SOFTMAX
    graph = Graph()
    x = graph.placeholder("model/Placeholder", [-1, DIMENSIONS])
    first = generator.normal(size=(DIMENSIONS, HIDDEN)) * 0.04
    hidden = graph.float_node("Relu", graph.float_node("AddV2", graph.matmul(x, graph.constant(first)), _zeros(graph)))
    second = generator.normal(size=(HIDDEN, len(spec.classes))) * 0.4
    evidence = graph.matmul(hidden, graph.constant(second))
    shifted = graph.float_node("Sub", evidence, graph.constant(0.0 if is_softmax else 2.0))
    graph.float_node("Softmax" if is_softmax else "Sigmoid", shifted, name=spec.output_node)
    return graph.serialize()


def build_onnx(spec: HeadSpec) -> bytes:
    """Return the same network for onnxruntime, with the input and output names of the published exports."""
    names = {"model/Placeholder": EXPORTED_INPUT, spec.output_node: EXPORTED_OUTPUT}
    return convert(build(spec), (spec.output_node,), names)


def _zeros(graph: Graph) -> str:
    return graph.constant(np.zeros(HIDDEN))
