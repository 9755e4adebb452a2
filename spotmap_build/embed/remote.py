"""Embed a recording on another machine: the job that is sent, and the function that the worker runs.

The audio is sent as a path if the worker sees the same file under it (a shared folder), otherwise as bytes.
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

from spotmap_build.cache.keys import digest_bytes
from spotmap_build.core.files import open_regular, write_atomically
from spotmap_build.embed.weights import packaged_path
from spotmap_build.embed.workers import embed_file
from spotmap_build.errors import ConfigError, SpotmapError

if TYPE_CHECKING:
    from spotmap_build.embed.workers import EmbedJob
    from spotmap_build.model import Done, Failed, TrackEmbedding

PROGRAM: Final = "spotmap-build"
FINGERPRINT_BYTES: Final = 1 << 16
"""Size of the parts at the beginning and the end of a file that its fingerprint covers."""

_one_at_a_time: Final = threading.Lock()
"""A worker may run several jobs in threads, but the engines support one per process."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Identifies a file across machines: its size, and a digest of its beginning and its end."""

    size_bytes: int
    digest: str


@dataclass(frozen=True, slots=True)
class RemoteJob:
    """One recording to embed on another machine.

    ``job`` is the job for a local worker; its weights are replaced by those sent along, or by the package's.
    ``fingerprint``: of the file at ``job.path``. ``audio``: content of that file if it is sent. ``version``: of this
    program.
    """

    job: EmbedJob
    fingerprint: Fingerprint | None = None
    audio: bytes | None = None
    version: str = field(default_factory=lambda: version(PROGRAM))


@dataclass(frozen=True, slots=True)
class Weights:
    """A file of weights that is sent along. Named by its digest, so that a worker can reuse it for later jobs."""

    content: bytes
    sha256: str
    suffix: str

    @classmethod
    def read(cls, path: Path) -> Weights:
        """Read the weights from a file. Raises ``OSError``."""
        content = path.read_bytes()
        return cls(content, digest_bytes(content), path.suffix)


@dataclass(frozen=True, slots=True)
class RemoteResult:
    """The outcome of a job, and the seconds it took. ``outcome`` is None if the worker does not see the file."""

    outcome: Done[TrackEmbedding] | Failed | SpotmapError | None
    seconds: float = 0.0


def fingerprint_of(path: Path) -> Fingerprint:
    """Return the fingerprint of the file at ``path``. Raises ``OSError``."""
    with open_regular(path) as file:
        size_bytes = os.fstat(file.fileno()).st_size
        ends = hashlib.sha256(file.read(FINGERPRINT_BYTES))
        file.seek(max(0, size_bytes - FINGERPRINT_BYTES))
        ends.update(file.read(FINGERPRINT_BYTES))
        return Fingerprint(size_bytes, ends.hexdigest())


def embed_on_worker(remote: RemoteJob, weights: Weights | None, folder: Path) -> RemoteResult:
    """Embed one recording on the machine that runs this function.

    Parameters
    ----------
    weights
        None if they are in the package.
    folder
        For temporary files; the caller deletes it.
    """
    if remote.version != version(PROGRAM):
        return RemoteResult(_other_version(remote.version))
    with _one_at_a_time, tempfile.TemporaryDirectory(dir=folder) as temporary:
        started_s = time.monotonic()
        path = _audio(remote, Path(temporary))
        if path is None and remote.job.path is not None:
            return RemoteResult(None)
        file = (
            packaged_path(Path(remote.job.weights_path).name) if weights is None else _stored_weights(weights, folder)
        )
        job = replace(remote.job, path=path, weights_path=str(file), temp_folder=temporary)
        try:
            return RemoteResult(embed_file(job), time.monotonic() - started_s)
        except SpotmapError as error:  # no job can succeed here: the client reports it
            return RemoteResult(error)


def _audio(remote: RemoteJob, temporary: Path) -> str | None:
    """Return the path of the job's file on this machine; None if it is missing or a different file."""
    if remote.job.path is None:
        return None
    path = Path(remote.job.path)
    if remote.audio is not None:
        sent = temporary / f"sent{path.suffix}"
        sent.write_bytes(remote.audio)
        return str(sent)
    try:
        return str(path) if fingerprint_of(path) == remote.fingerprint else None
    except OSError:
        return None


@lru_cache(maxsize=4)
def _stored_weights(weights: Weights, folder: Path) -> Path:
    path = folder / f"{weights.sha256}{weights.suffix}"
    write_atomically(path, weights.content)
    return path


def _other_version(ours: str) -> ConfigError:
    return ConfigError(
        f"A worker of the cluster has spotmap-build {version(PROGRAM)}, and this is {ours}.",
        hint="Install the same version everywhere: other versions may give different results.",
    )
