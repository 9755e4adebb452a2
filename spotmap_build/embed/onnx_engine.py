"""The only module that imports onnxruntime: networks wherever no other engine is asked for.

One thread each, as with Essentia: many tracks are listened to at once, a process each.
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
"""onnxruntime's level of severity."""
EXPORTED_AS: Final = {
    "serving_default_melspectrogram": "melspectrogram",
    "PartitionedCall:0": "activations",
    "PartitionedCall:1": "embeddings",
    "model/Placeholder": "embeddings",
    "model/Sigmoid": "activations",
    "model/Softmax": "activations",
}
"""What MTG's exports call the inputs and outputs of the graphs that Essentia runs. The descriptions (``.json``) that
MTG puts beside the exports have the graphs' names."""


@cache
def load() -> Any:
    """Return the module ``onnxruntime``, quiet and telling nobody what it runs.

    Raises
    ------
    ConfigError
        It is not installed, or cannot be loaded on this machine.
    """
    # Its builds may report to Microsoft. This keeps them from beginning to at the import; the call below ends the rest.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    try:
        import onnxruntime
    except ImportError as error:
        machine = f"{platform.system()} {platform.machine()} with Python {platform.python_version()}"
        raise ConfigError(
            f"onnxruntime, which listens to the music, cannot be loaded on this machine ({machine}): {error}.",
            hint="Install onnxruntime (pip install onnxruntime), or choose --engine essentia where that is installed.",
        ) from error
    onnxruntime.set_default_logger_severity(ERRORS_ONLY)
    onnxruntime.disable_telemetry_events()
    return onnxruntime


def load_network(path: Path, *, input_name: str, output_names: tuple[str, ...]) -> OnnxNetwork:
    """See :class:`~spotmap_build.embed.engines.Engine`."""
    return OnnxNetwork(path, input_name=input_name, output_names=output_names)


class OnnxNetwork:
    """A network in an ``.onnx`` file that stays loaded.

    Raises
    ------
    ConfigError
        There is no onnxruntime here.
    WeightsError
        The file is not a network with this input and these outputs.
    """

    def __init__(self, path: Path, *, input_name: str, output_names: tuple[str, ...]) -> None:
        runtime = load()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        # Else it keeps the memory of the largest batch it ever saw.
        # A plan of the memory for each shape of input costs memory and saves no time here.
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
            raise TrackError("not-analysable", f"onnxruntime could not analyze this sound: {reason}") from error
        return tuple(np.asarray(output).reshape(len(patches), -1) for output in outputs)


def _name_in(names: Collection[str], wanted: str) -> str:
    """Return what a file calls an input or output, which may have the graph's name or that of MTG's export."""
    return wanted if wanted in names else EXPORTED_AS.get(wanted, wanted)


def _errors() -> tuple[type[Exception], ...]:
    """Return what onnxruntime raises: classes that have nothing in common but ``Exception``."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    names = ("Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NoSuchFile", "NotImplemented")
    return (RuntimeError, *(getattr(state, name) for name in (*names, "RuntimeException")))


def _not_a_model(path: Path, reason: str) -> WeightsError:
    return WeightsError(
        f"{path} cannot be loaded as a model: {reason}",
        hint="Delete the file; the next build fetches it again. Or use --embedder musicnn, which needs none.",
    )
