"""Run networks with Essentia. The only module that imports it.

Before the import, environment variables configure the TensorFlow inside Essentia: one thread (tracks are embedded in
parallel by several processes), no banner, and no ``TF_ENABLE_ONEDNN_OPTS``, with which inference crashes with SIGFPE.
On macOS, TensorFlow and numba crash when one process loads both, so only workers should call :func:`load`.
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
    """Return the module ``essentia``, quiet and with one thread.

    Networks need one of its algorithms, so ``essentia.standard`` is not imported: it would make an instance of each of
    264 algorithms, which takes .5 s and 120 MiB.

    Raises
    ------
    ConfigError
        Essentia is not installed or not available for this machine.
    """
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="2", TF_NUM_INTRAOP_THREADS="1", TF_NUM_INTEROP_THREADS="1")
    os.environ.pop("TF_ENABLE_ONEDNN_OPTS", None)
    try:
        import essentia
    except ImportError as error:
        machine = f"{platform.system()} {platform.machine()} with Python {platform.python_version()}"
        raise ConfigError(
            f"Essentia, which analyzes the music, cannot be loaded on this machine ({machine}): {error}.",
            hint="Choose --engine onnx, or install essentia-tensorflow (Linux x86_64, macOS with Python 3.11 or 3.12).",
        ) from error
    essentia.log.infoActive = False
    essentia.log.warningActive = False
    return essentia


@contextmanager
def errors_of_essentia() -> Iterator[None]:
    """Translate errors of Essentia into ``TrackError``."""
    try:
        yield
    except RuntimeError as error:
        reason = str(error).strip().splitlines()
        raise TrackError("not-analysable", f"Essentia could not analyze this audio: {' '.join(reason)}") from error


def load_network(path: Path, *, input_name: str, output_names: tuple[str, ...]) -> EssentiaNetwork:
    """See :class:`~spotmap_build.embed.engines.Engine`."""
    return EssentiaNetwork(path, input_name=input_name, output_names=output_names)


class EssentiaNetwork:
    """A loaded frozen TensorFlow graph (a ``.pb`` file). Computes all outputs in one pass.

    Raises
    ------
    ConfigError
        Essentia is not available.
    WeightsError
        The file is not a graph with these nodes.
    """

    def __init__(self, path: Path, *, input_name: str, output_names: tuple[str, ...]) -> None:
        self._essentia = load()
        self._input_name = input_name
        self._output_names = output_names
        # What the class of ``essentia.standard`` does.
        self._predict = self._essentia._essentia.Algorithm("TensorflowPredict")
        try:
            self._predict.__configure__(graphFilename=str(path), inputs=[input_name], outputs=list(output_names))
        except RuntimeError as error:
            reason = " ".join(str(error).split())
            raise WeightsError(
                f"{path} cannot be loaded as a model: {reason}",
                hint="Delete the file; the next build downloads it again. Or use --embedder musicnn, which needs no "
                "download.",
            ) from error

    def __call__(self, patches: Float32Array, /) -> tuple[Float32Array, ...]:
        """See :class:`~spotmap_build.embed.engines.Network`."""
        pool = self._essentia.Pool()
        # A Pool tensor has four axes: batch, channel, time, frequency. Essentia removes those of length 1.
        rows, *shape = patches.shape
        pool.set(self._input_name, np.ascontiguousarray(patches.reshape(rows, *[1] * (3 - len(shape)), *shape)))
        with errors_of_essentia():
            outputs = self._essentia.Pool(self._predict.__compute__(pool.cppPool))
        return tuple(np.asarray(outputs[name]).reshape(len(patches), -1) for name in self._output_names)
