"""Embed one recording in a worker process."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from spotmap_build import registry
from spotmap_build.embed import engines
from spotmap_build.errors import ConfigError, SpotmapError, TrackError
from spotmap_build.model import Done, Failed, TrackEmbedding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spotmap_build.embed.heads import Head
    from spotmap_build.embed.patches import Embedding
    from spotmap_build.model import Float32Array
    from spotmap_build.registry.embedders import EngineName

Model = Callable[["Float32Array"], "Embedding"]


@dataclass(frozen=True, slots=True)
class EmbedJob:
    """One recording to embed. Picklable if ``prepare`` is, that is, a top-level function or a partial of one.

    ``path``: the audio file. If there is none yet, ``prepare`` creates it (renders or downloads it) in the folder that
    it is given and returns its path. That folder is created below ``temp_folder`` and deleted after the analysis.
    Exactly one of ``path`` and ``prepare`` is set.
    ``model`` and ``weights_path``: the embedder's code, as named by its registry entry, and its weights.
    ``engine``: the engine that runs the network; numpy measures the features in either case.
    ``temp_folder``: deleted by the caller, because a worker that is killed leaves its files there.
    ``duration_ms``: length of the recording if known; determines the time limit.
    ``heads``: classifier heads to run on each patch, for embedders whose registry entry has heads.
    """

    track_id: str
    path: str | None
    prepare: Callable[[Path], Path] | None
    model: str
    weights_path: str
    engine: EngineName
    temp_folder: str
    duration_ms: int | None = None
    heads: tuple[Head, ...] = ()


def embed_file(job: EmbedJob) -> Done[TrackEmbedding] | Failed:
    """Compute the embedding vector, the tags and the features of one recording.

    The loaded model stays in the process for the next job.

    Raises
    ------
    ConfigError, WeightsError
        No recording can be embedded with this model or on this machine.
    """
    try:
        with audio_file(job.path, job.prepare, job.temp_folder) as path:
            return Done(_embed(path, job))
    except TrackError as error:
        return Failed(job.track_id, "embed", error.track_code, error.message, error.retryable)
    except SpotmapError:
        raise
    except MemoryError:
        detail = "There was not enough memory to analyze this track."
        return Failed(job.track_id, "embed", "out-of-memory", detail, retryable=True)
    except Exception as error:  # noqa: BLE001 - a bug that one track triggers must not fail all other tracks
        return Failed(job.track_id, "embed", "internal-error", f"{type(error).__name__}: {error}")


@contextmanager
def audio_file(path: str | None, prepare: Callable[[Path], Path] | None, temp_folder: str) -> Iterator[Path]:
    """Yield the path of a job's file, which exists inside the context only. Parameters as in :class:`EmbedJob`."""
    if path is not None:
        yield Path(path)
    elif prepare is not None:
        with tempfile.TemporaryDirectory(dir=temp_folder) as folder:
            yield prepare(Path(folder))
    else:
        raise ValueError("a job has neither a path nor a function that prepares the file")


def _embed(path: Path, job: EmbedJob) -> TrackEmbedding:
    import numpy as np

    from spotmap_build.embed.decode import decode
    from spotmap_build.embed.numpy_features import measure

    model = _load_model(job.model, job.weights_path, job.engine, job.heads)
    sound = decode(path)
    # Overflows are detected in the results below, so numpy's warnings are not needed.
    with np.errstate(over="ignore", invalid="ignore"):
        output = model(sound.samples)
        features = measure(sound.samples)
    if not all(np.isfinite(values).all() for values in (output.vector, output.tags, features, *output.heads)):
        raise TrackError("not-analysable", "Its features are not finite; its level may be far too high.")
    return TrackEmbedding(output.vector, output.tags, features, sound.time_s(output.typical_sample), output.heads)


@lru_cache(maxsize=1)
def _load_model(reference: str, weights_path: str, engine: EngineName, heads: tuple[Head, ...]) -> Model:
    try:
        make: Callable[..., Model] = registry.load(reference)
    except (ImportError, AttributeError, SyntaxError) as error:
        raise ConfigError(
            f"The embedder's code {reference} cannot be loaded: {error}.",
            hint="Install a version of its package that contains it, on every machine that analyzes audio.",
        ) from error
    return make(Path(weights_path), engines.load(engine), *([heads] if heads else []))
