"""Listening on another machine: what is sent there for one recording, and what is done with it there.

The audio goes as a path where the worker sees the same file under it (a shared folder), else as bytes.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
import time
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

from spotmap_build.core.files import open_regular, write_atomically
from spotmap_build.embed.weights import packaged
from spotmap_build.embed.workers import embed_file
from spotmap_build.errors import ConfigError, SpotmapError

if TYPE_CHECKING:
    from spotmap_build.embed.workers import EmbedJob
    from spotmap_build.model import Done, Failed, TrackEmbedding

PROGRAM: Final = "spotmap-build"
LOOKED_AT_BYTES: Final = 1 << 16
"""Of the beginning and of the end of a file, to know it by."""

_one_at_a_time: Final = threading.Lock()
"""A worker may run several jobs in threads; engines want one in a process."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What a file is known by on another machine: its size, and a digest of its beginning and its end."""

    size_bytes: int
    digest: str


@dataclass(frozen=True, slots=True)
class RemoteJob:
    """One recording to be listened to elsewhere.

    ``job`` is what a worker of this machine would get; its weights are those that come along, or the package's.
    ``mark``: of the file at ``job.path``. ``audio``: what is in it, where it is sent. ``version``: of this program.
    """

    job: EmbedJob
    mark: Mark | None = None
    audio: bytes | None = None
    version: str = field(default_factory=lambda: version(PROGRAM))


@dataclass(frozen=True, slots=True)
class Weights:
    """A file of weights that is sent along. Named by its content, so that a worker keeps it for all later jobs."""

    content: bytes
    sha256: str
    suffix: str

    @classmethod
    def read(cls, path: Path) -> Weights:
        """Return the weights in a file. Raises ``OSError``."""
        content = path.read_bytes()
        return cls(content, hashlib.sha256(content).hexdigest(), path.suffix)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a job, and in how many seconds. ``outcome`` is None where the worker does not see the file."""

    outcome: Done[TrackEmbedding] | Failed | SpotmapError | None
    seconds: float = 0.0


def mark_of(path: Path) -> Mark:
    """Return what the file at ``path`` is known by. Raises ``OSError``."""
    with open_regular(path) as file:
        size_bytes = os.fstat(file.fileno()).st_size
        ends = hashlib.sha256(file.read(LOOKED_AT_BYTES))
        file.seek(max(0, size_bytes - LOOKED_AT_BYTES))
        ends.update(file.read(LOOKED_AT_BYTES))
        return Mark(size_bytes, ends.hexdigest())


def listen(remote: RemoteJob, weights: Weights | None, folder: Path) -> Answer:
    """Listen to one recording, on the machine that this runs on.

    Parameters
    ----------
    weights
        None where they are in the package.
    folder
        Where files may be put; whoever calls deletes it in the end.
    """
    if remote.version != version(PROGRAM):
        return Answer(_other_version(remote.version))
    with _one_at_a_time, tempfile.TemporaryDirectory(dir=folder) as temporary:
        started_s = time.monotonic()
        path = _audio(remote, Path(temporary))
        if path is None and remote.job.path is not None:
            return Answer(None)
        file = packaged(Path(remote.job.weights_path).name) if weights is None else _kept(weights, folder)
        job = replace(remote.job, path=path, weights_path=str(file), temp_folder=temporary)
        try:
            return Answer(embed_file(job), time.monotonic() - started_s)
        except SpotmapError as error:  # no job can be done here: for whoever asked to say
            return Answer(error)


def _audio(remote: RemoteJob, temporary: Path) -> str | None:
    """Return where the job's file is on this machine; None where it is not, or is another one."""
    if remote.job.path is None:
        return None
    path = Path(remote.job.path)
    if remote.audio is not None:
        sent = temporary / f"sent{path.suffix}"
        sent.write_bytes(remote.audio)
        return str(sent)
    try:
        return str(path) if mark_of(path) == remote.mark else None
    except OSError:
        return None


@lru_cache(maxsize=4)
def _kept(weights: Weights, folder: Path) -> Path:
    path = folder / f"{weights.sha256}{weights.suffix}"
    write_atomically(path, weights.content)
    return path


def _other_version(ours: str) -> ConfigError:
    return ConfigError(
        f"A worker of the cluster has spotmap-build {version(PROGRAM)}, and this is {ours}.",
        hint="Install the same version on all of them: another one may hear differently.",
    )
