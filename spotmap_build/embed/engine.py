"""The only module that imports Essentia; everything else gets its algorithms from here.

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

MEL_FRAME_SAMPLES = 512
MEL_HOP_SAMPLES = 256
MEL_BANDS = 96


@cache
def load() -> Any:
    """The module ``essentia.standard``, quiet and with one thread.

    Raises
    ------
    ConfigError: Essentia is not installed, which on some machines it cannot be.
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
            hint="Install essentia-tensorflow (Linux x86_64, or macOS with Python 3.11), or give a table with vectors "
            "of its own: those are mapped without listening.",
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


class Graph:
    """A frozen TensorFlow graph that stays loaded; called with input patches, it gives its outputs.

    Parameters
    ----------
    path: the ``.pb`` file.
    input_name: the node that takes the patches.
    output_names: the nodes to read, all computed in one pass.

    Raises
    ------
    ConfigError: there is no Essentia here.
    WeightsError: the file is not a graph with these nodes.
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

    def __call__(self, patches: Float32Array) -> tuple[Float32Array, ...]:
        """float32 ``[n, frames, bands]`` in, one float32 ``[n, width]`` for each output name out."""
        import essentia

        pool = essentia.Pool()
        # A Pool tensor has four axes: batch, channel, time, frequency.
        pool.set(self._input_name, np.ascontiguousarray(patches[:, np.newaxis]))
        with errors_of_essentia():
            outputs = self._predict(pool)
        return tuple(np.asarray(outputs[name]).reshape(len(patches), -1) for name in self._output_names)


def mel_frames(samples: Float32Array, frames: Float32Array | np.ndarray[Any, np.dtype[np.intp]]) -> Float32Array:
    """Log-compressed mel bands, the input of both models (Essentia's ``TensorflowInputMusiCNN``), of chosen frames.

    Frame ``k`` is centered at sample ``256 k`` and 512 samples long, with zeros beyond the ends, which is what
    Essentia's own predictors use (``FrameGenerator`` with ``startFromZero=False``); frames depend on their own samples
    only, so computing some of them gives the same values as computing all.

    Parameters
    ----------
    samples: float32 ``[n]`` at 16 kHz.
    frames: integers ``[m]``, each in ``0 .. n // 256``.

    Returns
    -------
    float32 ``[m, 96]``.
    """
    bands_of = load().TensorflowInputMusiCNN()
    padding = MEL_FRAME_SAMPLES // 2
    padded = np.pad(samples, padding)
    mel = np.empty((len(frames), MEL_BANDS), dtype=np.float32)
    with errors_of_essentia():
        for row, frame in enumerate(frames):
            start = int(frame) * MEL_HOP_SAMPLES
            mel[row] = bands_of(padded[start : start + MEL_FRAME_SAMPLES])
    return mel
