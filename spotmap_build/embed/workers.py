"""Embed one recording, as a job that can be sent to another process."""

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
    from spotmap_build.embed.patches import Heard
    from spotmap_build.model import Float32Array
    from spotmap_build.registry.embedders import EngineName

Model = Callable[["Float32Array"], "Heard"]


@dataclass(frozen=True, slots=True)
class EmbedJob:
    """One recording to listen to. Can be pickled, if ``prepare`` can: a function of a module, or a partial of one.

    ``path``: the audio file. Where there is none yet, ``prepare`` makes it (renders it, fetches it) inside the folder
    it is given and returns its path; that folder is made below ``temp_folder`` and deleted after listening. Exactly one
    of the two is set.
    ``model`` and ``weights_path``: the embedder's code, as its entry in the registry names it, and its file.
    ``engine``: what runs it; features are measured by numpy with either.
    ``temp_folder``: the caller's, who deletes it in the end: a worker that is killed leaves behind what it had there.
    ``duration_ms``: how long the recording is, where that is known: it decides how long listening may take.
    ``heads``: what else is asked of each patch; for embedders only whose entry has heads.
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
    """Listen to one recording: similarity vector, tags and interpretable features in one pass.

    The loaded model stays in the process for the next job.

    Raises
    ------
    ConfigError, WeightsError
        No track could be listened to, with this model or on this machine.
    """
    try:
        with audio_file(job.path, job.prepare, job.temp_folder) as path:
            return Done(_listen(path, job))
    except TrackError as error:
        return Failed(job.track_id, "embed", error.track_code, error.message, error.retryable)
    except SpotmapError:
        raise
    except MemoryError:
        detail = "There was not enough memory to listen to this track."
        return Failed(job.track_id, "embed", "out-of-memory", detail, retryable=True)
    except Exception as error:  # noqa: BLE001 - a bug that one track brings out must not cost all the others
        return Failed(job.track_id, "embed", "internal-error", f"{type(error).__name__}: {error}")


@contextmanager
def audio_file(path: str | None, prepare: Callable[[Path], Path] | None, temp_folder: str) -> Iterator[Path]:
    """Give a job's file, which is there for as long as the context is; see :class:`EmbedJob` for its parameters."""
    if path is not None:
        yield Path(path)
    elif prepare is not None:
        with tempfile.TemporaryDirectory(dir=temp_folder) as folder:
            yield prepare(Path(folder))
    else:
        raise ValueError("a job has neither a path nor a way to make a file")


def _listen(path: Path, job: EmbedJob) -> TrackEmbedding:
    import numpy as np

    from spotmap_build.embed.decode import decode
    from spotmap_build.embed.numpy_features import measure

    model = _load_model(job.model, job.weights_path, job.engine, job.heads)
    sound = decode(path)
    # What overflows is found below, in the results; numpy need not tell it on the terminal as well.
    with np.errstate(over="ignore", invalid="ignore"):
        heard = model(sound.samples)
        features = measure(sound.samples)
    if not all(np.isfinite(values).all() for values in (heard.vector, heard.tags, features, *heard.heads)):
        raise TrackError("not-analysable", "It has no finite features; its level may be beyond all measure.")
    return TrackEmbedding(heard.vector, heard.tags, features, sound.time_s(heard.typical_sample), heard.heads)


@lru_cache(maxsize=1)
def _load_model(reference: str, weights_path: str, engine: EngineName, heads: tuple[Head, ...]) -> Model:
    try:
        make: Callable[..., Model] = registry.load(reference)
    except (ImportError, AttributeError, SyntaxError) as error:
        raise ConfigError(
            f"The embedder's code {reference} cannot be loaded: {error}.",
            hint="Install the package that it is in, in a version that has it, on every machine that listens.",
        ) from error
    return make(Path(weights_path), engines.load(engine), *([heads] if heads else []))
