"""The only module that imports Essentia: networks where it is installed and asked for.

The environment of the TensorFlow inside it is put in order before the import: one thread (many tracks are listened to
at once, a process each), no banner, and without ``TF_ENABLE_ONEDNN_OPTS``, with which inference dies of SIGFPE.
TensorFlow and numba crash on macOS when one process loads both, so nothing but a worker should call :func:`load`.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from spotmap_build.errors import ConfigError, TrackError, WeightsError

if TYPE_CHECKING:
    from pathlib import Path

    from spotmap_build.model import Float32Array


@cache
def load() -> Any:
    """Return the module ``essentia.standard``, quiet and with one thread.

    Raises
    ------
    ConfigError
        Essentia is not installed, which on some machines it cannot be.
    """
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="2", TF_NUM_INTRAOP_THREADS="1", TF_NUM_INTEROP_THREADS="1")
    os.environ.pop("TF_ENABLE_ONEDNN_OPTS", None)
    try:
        import essentia

        # Before essentia.standard is imported, or the import itself is chatty.
        essentia.log.infoActive = False
        essentia.log.warningActive = False
        import essentia.standard
    except ImportError as error:
        machine = f"{platform.system()} {platform.machine()} with Python {platform.python_version()}"
        raise ConfigError(
            f"Essentia, which listens to the music, cannot be loaded on this machine ({machine}): {error}.",
            hint="Choose --engine onnx, or install essentia-tensorflow (Linux x86_64, macOS with Python 3.11 or 3.12).",
        ) from error
    return essentia.standard


@contextmanager
def errors_of_essentia() -> Iterator[None]:
    """Turn what Essentia raises while it works on one track into that track's failure."""
    try:
        yield
    except RuntimeError as error:
        reason = str(error).strip().splitlines()
        raise TrackError("not-analysable", f"Essentia could not analyze this sound: {' '.join(reason)}") from error


def load_network(path: Path, *, input_name: str, output_names: tuple[str, ...]) -> EssentiaNetwork:
    """See :class:`~spotmap_build.embed.engines.Engine`."""
    return EssentiaNetwork(path, input_name=input_name, output_names=output_names)


class EssentiaNetwork:
    """A frozen TensorFlow graph (a ``.pb`` file) that stays loaded; all its outputs are computed in one pass.

    Raises
    ------
    ConfigError
        There is no Essentia here.
    WeightsError
        The file is not a graph with these nodes.
    """

    def __init__(self, path: Path, *, input_name: str, output_names: tuple[str, ...]) -> None:
        standard = load()
        self._input_name = input_name
        self._output_names = output_names
        try:
            self._predict = standard.TensorflowPredict(
                graphFilename=str(path), inputs=[input_name], outputs=list(output_names)
            )
        except RuntimeError as error:
            reason = " ".join(str(error).split())
            raise WeightsError(
                f"{path} cannot be loaded as a model: {reason}",
                hint="Delete the file; the next build fetches it again. Or use --embedder musicnn, which needs none.",
            ) from error

    def __call__(self, patches: Float32Array, /) -> tuple[Float32Array, ...]:
        """See :class:`~spotmap_build.embed.engines.Network`."""
        import essentia

        pool = essentia.Pool()
        # A Pool tensor has four axes: batch, channel, time, frequency. Those of length 1 are taken away again.
        rows, *shape = patches.shape
        pool.set(self._input_name, np.ascontiguousarray(patches.reshape(rows, *[1] * (3 - len(shape)), *shape)))
        with errors_of_essentia():
            outputs = self._predict(pool)
        return tuple(np.asarray(outputs[name]).reshape(len(patches), -1) for name in self._output_names)
