"""The inference engines, onnxruntime and Essentia. This module imports neither.

Both give the same numbers within rounding (docs/decisions/0011), so they share cached results.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from spotmap_build.model import Float32Array
    from spotmap_build.registry.embedders import EngineName


class Network(Protocol):
    """A loaded network.

    The input is float32 ``[n, frames, bands]`` or ``[n, width]``, each output float32 ``[n, width]``.
    """

    def __call__(self, patches: Float32Array, /) -> tuple[Float32Array, ...]:
        """Run the network once."""


class Engine(Protocol):
    """A module that runs networks."""

    def load_network(self, path: Path, *, input_name: str, output_names: tuple[str, ...]) -> Network:
        """Load a network from a file. Its input and outputs are given by their names in the ``.pb`` file.

        Raises
        ------
        ConfigError
            The engine is not installed.
        WeightsError
            The file is not a network with this input and these outputs.
        """


SUFFIXES: Final[dict[EngineName, str]] = {"essentia": ".pb", "onnx": ".onnx"}
"""Suffix of the weight files of each engine."""


def choose(requested: str) -> EngineName:
    """Return the requested engine; without a request, onnxruntime, or Essentia if only that is installed."""
    if requested:
        return "onnx" if requested == "onnx" else "essentia"
    has_only_essentia = not importlib.util.find_spec("onnxruntime") and importlib.util.find_spec("essentia")
    return "essentia" if has_only_essentia else "onnx"


def load(name: EngineName) -> Engine:
    """Import and return an engine. For worker processes only: see ``essentia_engine``."""
    if name == "essentia":
        from spotmap_build.embed import essentia_engine

        return essentia_engine
    from spotmap_build.embed import onnx_engine

    return onnx_engine
