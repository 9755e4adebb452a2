"""Run networks with onnxruntime, the default engine. The only module that imports it.

Each network uses one thread, because several processes embed tracks in parallel.
"""

from __future__ import annotations

import os
import platform
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spotmap_build.errors import ConfigError, TrackError, WeightsError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from spotmap_build.model import Float32Array

ERRORS_ONLY = 3
"""Severity level of onnxruntime's logger."""
EXPORTED_AS: Final = {
    "serving_default_melspectrogram": "melspectrogram",
    "PartitionedCall:0": "activations",
    "PartitionedCall:1": "embeddings",
    "model/Placeholder": "embeddings",
    "model/Sigmoid": "activations",
    "model/Softmax": "activations",
}
"""Names of inputs and outputs in MTG's ONNX exports, by their names in the graphs that Essentia runs. MTG's
descriptions (``.json``) of the exports use the latter."""


@cache
def load() -> Any:
    """Return the module ``onnxruntime`` with logging and telemetry disabled.

    Raises
    ------
    ConfigError
        It is not installed, or cannot be loaded on this machine.
    """
    # Some builds send telemetry to Microsoft. The variable disables it during the import, the call below afterwards.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    try:
        import onnxruntime
    except ImportError as error:
        machine = f"{platform.system()} {platform.machine()} with Python {platform.python_version()}"
        raise ConfigError(
            f"onnxruntime, which analyzes the music, cannot be loaded on this machine ({machine}): {error}.",
            hint="Install onnxruntime (pip install onnxruntime), or choose --engine essentia if that is installed.",
        ) from error
    onnxruntime.set_default_logger_severity(ERRORS_ONLY)
    onnxruntime.disable_telemetry_events()
    return onnxruntime


def load_network(path: Path, *, input_name: str, output_names: tuple[str, ...]) -> OnnxNetwork:
    """See :class:`~spotmap_build.embed.engines.Engine`."""
    return OnnxNetwork(path, input_name=input_name, output_names=output_names)


class OnnxNetwork:
    """A loaded network from an ``.onnx`` file.

    Raises
    ------
    ConfigError
        onnxruntime is not available.
    WeightsError
        The file is not a network with this input and these outputs.
    """

    def __init__(self, path: Path, *, input_name: str, output_names: tuple[str, ...]) -> None:
        runtime = load()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        # Memory patterns keep the memory of the largest batch, and planning it per input shape saves no time here.
        options.enable_mem_pattern = False
        try:
            self._session = runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except _errors() as error:
            raise _not_a_model(path, " ".join(str(error).split())) from error
        inputs = {each.name for each in self._session.get_inputs()}
        outputs = {each.name for each in self._session.get_outputs()}
        self._input_name = _name_in(inputs, input_name)
        self._output_names = [_name_in(outputs, name) for name in output_names]
        if {self._input_name} != inputs or not outputs.issuperset(self._output_names):
            raise _not_a_model(path, f"it has the inputs {sorted(inputs)} and the outputs {sorted(outputs)}")

    def __call__(self, patches: Float32Array, /) -> tuple[Float32Array, ...]:
        """See :class:`~spotmap_build.embed.engines.Network`."""
        try:
            outputs = self._session.run(self._output_names, {self._input_name: np.ascontiguousarray(patches)})
        except _errors() as error:
            reason = " ".join(str(error).split())
            raise TrackError("not-analysable", f"onnxruntime could not analyze this audio: {reason}") from error
        return tuple(np.asarray(output).reshape(len(patches), -1) for output in outputs)


def _name_in(names: Collection[str], wanted: str) -> str:
    """Return the name of an input or output in a file: the graph's name, or that in MTG's export."""
    return wanted if wanted in names else EXPORTED_AS.get(wanted, wanted)


def _errors() -> tuple[type[Exception], ...]:
    """Return the exception classes of onnxruntime, whose only common base is ``Exception``."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    names = ("Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NoSuchFile", "NotImplemented")
    return (RuntimeError, *(getattr(state, name) for name in (*names, "RuntimeException")))


def _not_a_model(path: Path, reason: str) -> WeightsError:
    return WeightsError(
        f"{path} cannot be loaded as a model: {reason}",
        hint="Delete the file; the next build downloads it again. Or use --embedder musicnn, which needs no download.",
    )
