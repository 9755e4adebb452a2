"""A network with the cost of Discogs-EffNet: an EfficientNet-B0 with its inputs and outputs, and random weights.

Tan and Le, "EfficientNet: rethinking model scaling for convolutional neural networks" (2019). The real weights are
MTG's and are downloaded by each user; the cost of a network does not depend on its weights.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from scripts.graph_to_onnx import convert
from scripts.tinygraph import Graph, ints_attribute, string_attribute, types_attribute
from spotmap_build.embed.discogs_effnet import EMBEDDING, INPUT, PATCH_FRAMES, STYLES, WHOLE_BATCH
from spotmap_build.embed.mel import BANDS

if TYPE_CHECKING:
    from pathlib import Path

    from spotmap_build.registry.embedders import EngineName

STEM_CHANNELS: Final = 32
STAGES: Final = ((1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3), (6, 112, 3, 1, 5))
LAST_STAGES: Final = ((6, 192, 4, 2, 5), (6, 320, 1, 1, 3))
"""For each stage: expansion factor, channels, blocks, stride of the first block, kernel size."""
SQUEEZE: Final = 4
GAIN: Final = 1.1
"""With a lower gain, the output hardly depends on the input; with a higher one, activations explode."""
DIMENSIONS, STYLE_COUNT = 1280, 400


def write(folder: Path) -> dict[EngineName, Path]:
    """Write the network for each engine."""
    paths: dict[EngineName, Path] = {"essentia": folder / "effnet.pb", "onnx": folder / "effnet.onnx"}
    paths["essentia"].write_bytes(_Builder(WHOLE_BATCH).build())
    paths["onnx"].write_bytes(convert(_Builder(-1).build(), (STYLES, EMBEDDING)))
    return paths


@dataclass
class _Builder:
    """Adds the layers; ``batch``: number of patches in a batch, -1 for any."""

    batch: int
    graph: Graph = field(default_factory=Graph)
    random: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def build(self) -> bytes:
        graph = self.graph
        mel = graph.placeholder(INPUT, [self.batch, PATCH_FRAMES, BANDS])
        x = graph.reshape(mel, [self.batch, PATCH_FRAMES, BANDS, 1])
        x, channels = self._swish(self._convolve(x, 1, STEM_CHANNELS, side=3, stride=2)), STEM_CHANNELS
        for widening, wide, blocks, first_stride, side in (*STAGES, *LAST_STAGES):
            for block in range(blocks):
                stride = first_stride if block == 0 else 1
                x, channels = self._block(x, channels, wide, widening=widening, side=side, stride=stride), wide
        x = self._swish(self._convolve(x, channels, DIMENSIONS, side=1))
        embedding = self._mean(x)
        weights = self._weights((DIMENSIONS, STYLE_COUNT), DIMENSIONS)
        styles = graph.float_node("Sigmoid", graph.matmul(embedding, weights))
        types = types_attribute(["float32", "float32"])
        graph.node("IdentityN", [styles, embedding], name="PartitionedCall", T=types)
        return graph.serialize()

    def _block(self, x: str, channels: int, wide: int, *, widening: int, side: int, stride: int) -> str:
        """An inverted residual block: expansion, depthwise convolution, squeeze-and-excitation, projection."""
        inner = channels * widening
        y = self._swish(self._convolve(x, channels, inner, side=1)) if widening > 1 else x
        y = self._swish(self._filter(y, inner, side=side, stride=stride))
        y = self.graph.float_node("Mul", y, self._excitation(y, inner, max(1, channels // SQUEEZE)))
        y = self._convolve(y, inner, wide, side=1)
        return self.graph.float_node("AddV2", x, y) if stride == 1 and channels == wide else y

    def _excitation(self, x: str, channels: int, narrow: int) -> str:
        pooled = self.graph.reshape(self._mean(x), [-1, 1, 1, channels])
        squeezed = self._swish(self._convolve(pooled, channels, narrow, side=1))
        return self.graph.float_node("Sigmoid", self._convolve(squeezed, narrow, channels, side=1))

    def _mean(self, x: str) -> str:
        return self.graph.reduce("Mean", x, 1, 2)

    def _swish(self, x: str) -> str:
        return self.graph.float_node("Mul", x, self.graph.float_node("Sigmoid", x))

    def _convolve(self, x: str, channels: int, wide: int, *, side: int, stride: int = 1) -> str:
        weights = self._weights((side, side, channels, wide), side * side * channels)
        return self._biased(self._window("Conv2D", x, weights, stride), wide)

    def _filter(self, x: str, channels: int, *, side: int, stride: int) -> str:
        weights = self._weights((side, side, channels, 1), side * side)
        return self._biased(self._window("DepthwiseConv2dNative", x, weights, stride), channels)

    def _window(self, operation: str, x: str, weights: str, stride: int) -> str:
        strides = ints_attribute([1, stride, stride, 1])
        return self.graph.float_node(operation, x, weights, strides=strides, padding=string_attribute("SAME"))

    def _biased(self, x: str, channels: int) -> str:
        """Add the bias that replaces the folded batch normalization of the published network."""
        return self.graph.float_node("BiasAdd", x, self.graph.constant(self.random.normal(0, 0.1, channels)))

    def _weights(self, shape: tuple[int, ...], inputs: int) -> str:
        return self.graph.constant(self.random.normal(0, GAIN * np.sqrt(2 / inputs), shape))
