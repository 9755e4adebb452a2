"""What runs the networks and measures the features: Essentia, or onnxruntime with numpy. Loads neither.

Both give the same numbers within rounding (docs/decisions/0011), so what one heard serves the other.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from spotmap_build.model import Float32Array
    from spotmap_build.registry.embedders import EngineName


class Network(Protocol):
    """A network that stays loaded: float32 ``[n, frames, bands]`` in, one float32 ``[n, width]`` an output out."""

    def __call__(self, patches: Float32Array, /) -> tuple[Float32Array, ...]:
        """Run the network once."""


class Engine(Protocol):
    """A module that runs networks and measures features."""

    def load_network(self, path: Path, *, input_name: str, output_names: tuple[str, ...]) -> Network:
        """Return the network in a file; its inputs and outputs have the same names in the files of every engine.

        Raises
        ------
        ConfigError
            The engine is not installed.
        WeightsError
            The file is not a network with this input and these outputs.
        """

    def measure(self, samples: Float32Array) -> Float32Array:
        """Return the 41 features of a recording (:data:`~spotmap_build.registry.features.FEATURES`).

        Raises
        ------
        TrackError
            They cannot be told.
        """


SUFFIXES: Final[dict[EngineName, str]] = {"essentia": ".pb", "onnx": ".onnx"}
"""How the names of an engine's files of weights end."""


def choose(wanted: str) -> EngineName:
    """Return the engine that was asked for; where none was, Essentia if it is installed, else onnxruntime."""
    if wanted:
        return "onnx" if wanted == "onnx" else "essentia"
    return "essentia" if importlib.util.find_spec("essentia") else "onnx"


def load(name: EngineName) -> Engine:
    """Return the engine of that name. For worker processes only: see ``essentia_engine``."""
    if name == "essentia":
        from spotmap_build.embed import essentia_engine

        return essentia_engine
    from spotmap_build.embed import onnx_engine

    return onnx_engine
