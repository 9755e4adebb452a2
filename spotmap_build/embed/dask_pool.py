"""Embed many recordings in parallel on the workers of a Dask cluster. The only module that imports distributed.

Anyone who can reach the scheduler can run code on its workers, and this process unpickles what they send. Use a cluster
only among people who trust each other, on a private network.
"""

from __future__ import annotations

import logging
import os
import queue
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from spotmap_build.embed.file_head import unreadable
from spotmap_build.embed.pool import CHECK_INTERVAL_S, JobQueue, hung_job, time_limit_s
from spotmap_build.embed.remote import RemoteJob, RemoteResult, Weights, embed_on_worker, fingerprint_of
from spotmap_build.errors import ConfigError, ServiceError, SpotmapError, TrackError
from spotmap_build.model import Done, Failed

if TYPE_CHECKING:
    from types import TracebackType

    from spotmap_build.embed.workers import EmbedJob
    from spotmap_build.model import TrackEmbedding

JOBS_PER_WORKER: Final = 2
"""Jobs in flight per worker: the one it is working on, and the next one."""
BYTES_IN_FLIGHT: Final = 1 << 28
"""Maximum size of audio in flight. A larger file is sent on its own."""
MAX_SENT_BYTES: Final = 1 << 30
CONNECT_S: Final = 20.0
MAX_WITHOUT_WORKERS_S: Final = 120.0
"""How long to wait for a cluster without workers: batch systems start them when there is capacity."""
CLOSE_S: Final = 5.0
MISSING: Final = "pip install 'spotmap-build[dask]'"


def run_job(remote: RemoteJob, weights: Weights | None) -> RemoteResult:
    """Embed a recording on a worker of the cluster. This is the function that is submitted."""
    from distributed import get_worker

    return embed_on_worker(remote, weights, Path(get_worker().local_directory))


@dataclass(slots=True, eq=False)
class _Flight:
    """A job that was submitted. ``waited_s``: for how long a worker has been seen processing it."""

    job: EmbedJob
    future: Any
    sent_bytes: int = 0
    waited_s: float = 0.0


@dataclass(frozen=True, slots=True)
class _Result:
    """The outcome of a job, and the seconds it took."""

    job: EmbedJob
    outcome: Done[TrackEmbedding] | Failed
    seconds: float = 0.0

    @property
    def is_suspicious(self) -> bool:
        """Whether its worker died or hung, possibly because of another job."""
        return isinstance(self.outcome, Failed) and self.outcome.code in {"worker-died", "worker-hung"}


@dataclass(slots=True)
class _Cluster:
    """The last known state of the cluster, and how long it has been without workers.

    ``dropped``: workers that hung and were removed from the cluster, because no nanny would have restarted them.
    """

    worker_count: int
    dropped: list[str] = field(default_factory=list)
    checked_s: float = field(default_factory=time.monotonic)
    without_workers_s: float = 0.0


class DaskPool:
    """Embeds many recordings on a cluster, with the interface of :class:`~spotmap_build.embed.pool.EmbedPool`.

    Parameters
    ----------
    address
        Address of the scheduler, as ``dask://HOST:PORT``.
    weights
        Weights to send to the workers; None if they are in the package.
    max_in_flight
        Maximum number of jobs in flight; 0 for two per worker.
    limit_s
        Returns how many seconds a job may take before its worker counts as hung.

    Raises
    ------
    ConfigError
        distributed is not installed.
    ServiceError
        The scheduler does not answer, or has no workers.
    """

    def __init__(
        self,
        address: str,
        *,
        weights: Path | None = None,
        max_in_flight: int = 0,
        limit_s: Callable[[EmbedJob], float] = time_limit_s,
    ) -> None:
        self._address = address
        self._configured_max_in_flight = max_in_flight
        self._limit_s = limit_s
        self._client = _connect(address)
        self._build = uuid.uuid4().hex[:8]
        self._in_flight: dict[str, _Flight] = {}
        self._completed: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._unshared_folders: set[Path] = set()
        self._suspects: list[EmbedJob] = []
        with self._translating_errors():
            self._cluster = _Cluster(len(self._client.nthreads()))
        self._weights = None if weights is None else self._send_weights(weights)

    @property
    def worker_count(self) -> int:
        """Number of workers in the cluster."""
        return self._cluster.worker_count

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Cancel the jobs in flight and disconnect. Jobs that workers have already begun run to their end."""
        with suppress(OSError, RuntimeError):
            self._client.cancel([flight.future for flight in self._in_flight.values()])
        self._in_flight.clear()
        with suppress(OSError, RuntimeError):
            self._client.close(CLOSE_S)

    def run(
        self, jobs: Iterable[EmbedJob | None], *, stop_requested: Callable[[], bool] = lambda: False
    ) -> Iterator[tuple[EmbedJob, Done[TrackEmbedding] | Failed, float]]:
        """Yield ``(job, outcome, seconds)`` in the order of completion, like :meth:`WorkerPool.run`.

        A job whose worker is lost is sent to another worker. If several workers are lost, or one hangs and is
        restarted, all jobs that they had are retried at the end, one at a time, to find out which one is at fault. That
        job is ``Failed`` with the code ``worker-died`` or ``worker-hung``, retryable.

        Raises
        ------
        ServiceError
            The connection to the scheduler is lost, the cluster has been without workers for too long, or all workers
            hang and nothing restarts them. Outcomes yielded until then are valid.
        SpotmapError
            A worker reports that no job can succeed.
        """
        yield from self._run(JobQueue(iter(jobs)), stop_requested, alone=False)
        suspects, self._suspects = self._suspects, []
        yield from self._run(JobQueue(iter(suspects)), stop_requested, alone=True)

    def _run(
        self, job_queue: JobQueue[EmbedJob], stop_requested: Callable[[], bool], *, alone: bool
    ) -> Iterator[tuple[EmbedJob, Done[TrackEmbedding] | Failed, float]]:
        """Run all jobs of ``job_queue``. Unless they run ``alone``, jobs with a lost worker become suspects."""
        while not (stop_requested() or (job_queue.is_exhausted and not self._in_flight)):
            # Yield each result as soon as it is there, so that a later error does not lose it.
            for result in chain(
                self._fill(job_queue, 1 if alone else self._max_in_flight),
                self._completed_results(job_queue),
                self._check_cluster(),
            ):
                if result.is_suspicious and not alone:
                    self._suspects.append(result.job)
                else:
                    yield result.job, result.outcome, result.seconds

    def _fill(self, job_queue: JobQueue[EmbedJob], max_in_flight: int) -> Iterator[_Result]:
        """Submit jobs up to the limits on jobs and bytes in flight. Yields jobs whose file cannot be read here."""
        while len(self._in_flight) < max_in_flight and self._bytes_in_flight < BYTES_IN_FLIGHT:
            job = job_queue.take()
            if job is None:
                return
            refused = self._send(job)
            if refused is not None:
                yield refused

    @property
    def _max_in_flight(self) -> int:
        return self._configured_max_in_flight or JOBS_PER_WORKER * max(1, self.worker_count)

    @property
    def _bytes_in_flight(self) -> int:
        return sum(flight.sent_bytes for flight in self._in_flight.values())

    def _send(self, job: EmbedJob) -> _Result | None:
        """Submit a job. If its file cannot be read, return the failure instead."""
        if self._cluster.dropped and not self.worker_count:
            raise ServiceError(
                f"A worker of the Dask cluster hangs, and has no nanny to restart it: {self._cluster.dropped[-1]}.",
                hint="Finished results are kept. Stop that worker and start it with a nanny (dask worker without "
                "--no-nanny), then build again.",
            )
        try:
            remote = self._remote_job(job)
        except OSError as error:
            return _refused(job, unreadable(error))
        except TrackError as error:
            return _refused(job, error)
        key = f"listen-{self._build}-{job.track_id}-{uuid.uuid4().hex[:8]}"  # the dashboard shows it
        with self._translating_errors():
            future = self._client.submit(run_job, remote, self._weights, key=key, pure=False)
        self._in_flight[key] = _Flight(job, future, len(remote.audio or b""))
        future.add_done_callback(lambda _: self._completed.put(key))
        return None

    def _remote_job(self, job: EmbedJob) -> RemoteJob:
        if job.path is None:
            return RemoteJob(job)
        path = Path(job.path)
        fingerprint = fingerprint_of(path)
        if path.parent not in self._unshared_folders:
            return RemoteJob(job, fingerprint)
        if fingerprint.size_bytes > MAX_SENT_BYTES:
            limit = f"{MAX_SENT_BYTES / 1e9:.0f} GB"
            raise TrackError(
                "not-sent", f"The workers do not see this file, and it is larger than {limit}.", retryable=True
            )
        return RemoteJob(job, fingerprint, path.read_bytes())

    def _completed_results(self, job_queue: JobQueue[EmbedJob]) -> Iterator[_Result]:
        """Wait for the next completed job, then yield the results of all completed jobs."""
        patience_s = job_queue.patience_s if self._in_flight else 0.0
        with suppress(queue.Empty):
            key = self._completed.get(timeout=patience_s) if patience_s else self._completed.get_nowait()
            while True:
                flight = self._in_flight.pop(key, None)  # None if it was canceled
                result = None if flight is None else self._settle(flight)
                if result is not None:
                    yield result
                key = self._completed.get_nowait()

    def _settle(self, flight: _Flight) -> _Result | None:
        """Return the result of a completed job; None if it was submitted again."""
        job = flight.job
        if flight.future.status == "error":
            return _Result(job, self._job_error(flight))
        with self._translating_errors():
            if flight.future.status != "finished":  # lost, for example because the scheduler was restarted
                return self._send(job)
            answer = flight.future.result()
        assert isinstance(answer, RemoteResult)
        if isinstance(answer.outcome, SpotmapError):
            raise answer.outcome
        if answer.outcome is None:
            assert job.path is not None
            self._unshared_folders.add(Path(job.path).parent)
            return self._send(job)
        return _Result(job, answer.outcome, answer.seconds)

    def _job_error(self, flight: _Flight) -> Failed:
        """Return the failure of a job that raised. Raises ``ConfigError`` if the cluster cannot run any job."""
        from distributed import KilledWorker

        error, track_id = flight.future.exception(), flight.job.track_id
        if isinstance(error, KilledWorker):
            detail = "Every worker of the cluster that worked on this track died; it may take too much memory."
            return Failed(track_id, "embed", "worker-died", detail, retryable=True)
        if isinstance(error, OSError):  # for example a full disk
            return Failed(track_id, "embed", "worker-failed", f"A worker failed: {error}.", retryable=True)
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise ConfigError(
            f"The Dask cluster at {self._address} cannot analyze audio: {reason[:500]}.",
            hint=f"The scheduler and the workers need the same version of spotmap-build: {MISSING}",
        )

    def _check_cluster(self) -> Iterator[_Result]:
        """Check the cluster at intervals. Ends workers whose job took too long, and yields these jobs."""
        cluster, now_s = self._cluster, time.monotonic()
        if now_s - cluster.checked_s < CHECK_INTERVAL_S:
            return
        cluster.checked_s = now_s
        with self._translating_errors():
            cluster.worker_count = len(self._client.nthreads())
            at_work = self._client.processing()
        cluster.without_workers_s = 0.0 if cluster.worker_count else cluster.without_workers_s + CHECK_INTERVAL_S
        if cluster.without_workers_s > MAX_WITHOUT_WORKERS_S:
            raise ServiceError(
                f"The Dask cluster at {self._address} has had no worker for {MAX_WITHOUT_WORKERS_S:.0f} seconds.",
                hint="Finished results are kept. Start workers, then build again.",
            )
        for worker, keys in at_work.items():
            flights = {key: self._in_flight[key] for key in keys if key in self._in_flight}
            limit_s = sum(self._limit_s(flight.job) for flight in flights.values())  # one after another
            for flight in flights.values():
                flight.waited_s += CHECK_INTERVAL_S
            if any(flight.waited_s > limit_s for flight in flights.values()):
                yield from self._end_hung(worker, flights)

    def _end_hung(self, worker: str, flights: Mapping[str, _Flight]) -> Iterator[_Result]:
        for key in flights:
            del self._in_flight[key]
        with self._translating_errors():
            self._client.cancel([flight.future for flight in flights.values()])
            if self._client.run_on_scheduler(_drop_without_nanny, worker):
                self._cluster.dropped.append(worker)
                self._cluster.worker_count = len(self._client.nthreads())
            else:
                self._client.run(_end_worker, workers=[worker], wait=False)
        for flight in flights.values():
            limit_s = self._limit_s(flight.job)
            yield _Result(flight.job, hung_job(flight.job, "embed", limit_s), flight.waited_s)

    def _send_weights(self, path: Path) -> Any:
        """Submit the weights as a separate task, from which the cluster can restore them after losing a worker."""
        weights = Weights.read(path)  # checked by `ensure_weights`
        with self._translating_errors():
            return self._client.submit(_return_weights, weights, key=f"weights-{weights.sha256}", pure=True)

    @contextmanager
    def _translating_errors(self) -> Iterator[None]:
        """Raise ``ServiceError`` if the scheduler does not answer."""
        try:
            yield
        except (OSError, CancelledError, RuntimeError) as error:
            raise ServiceError(
                f"The Dask scheduler at {self._address} no longer responds: {_reason(error)}.",
                hint="Finished results are kept; run the same command again to continue.",
            ) from error
        if self._client.status not in {"running", "connecting"}:
            raise ServiceError(
                f"The Dask scheduler at {self._address} has closed the connection.",
                hint="Finished results are kept; run the same command again to continue.",
            )


def _refused(job: EmbedJob, error: TrackError) -> _Result:
    return _Result(job, Failed(job.track_id, "embed", error.track_code, error.message, error.retryable))


async def _end_worker() -> None:
    """Kill the worker that runs this; its nanny starts another one.

    Dask's own restart would wait for the hanging thread.
    """
    os._exit(1)


async def _drop_without_nanny(worker: str, dask_scheduler: Any) -> bool:
    """Remove a hanging worker from the cluster if it has no nanny; return whether it had none.

    Every further job would wait for its hanging thread. Its process is not ended, because it may belong to another
    program. This function runs on the scheduler, which a hanging worker cannot block.
    """
    known = dask_scheduler.workers.get(worker)
    if known is None or known.nanny is not None:
        return False
    await dask_scheduler.remove_worker(worker, stimulus_id="spotmap-build-hung")
    return True


def _return_weights(weights: Weights) -> Weights:
    return weights


def _connect(address: str) -> Any:
    """Return a client of the scheduler. Waits until there is at least one worker."""
    try:
        from distributed import Client
    except ImportError as error:
        raise ConfigError("--executor needs distributed, which is not installed.", hint=f"{MISSING}") from error
    import dask

    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # our own errors say what matters
    # Tasks that contain audio are large on purpose.
    dask.config.set({"distributed.admin.large-graph-warning-threshold": "2 GiB"})
    place = address.replace("dask://", "tcp://", 1)
    try:
        client = Client(place, timeout=CONNECT_S, set_as_default=False, name="spotmap-build")
    except (OSError, ValueError) as error:
        raise ServiceError(
            f"No Dask scheduler answers at {address}: {_reason(error)}.",
            hint="Start one with `dask scheduler`, or use the address that it printed, with dask:// instead of tcp://.",
        ) from error
    try:
        client.wait_for_workers(1, timeout=MAX_WITHOUT_WORKERS_S)
    except OSError as error:
        client.close(CLOSE_S)
        raise ServiceError(
            f"The Dask cluster at {address} has no workers.", hint=f"Start some: dask worker {place} --nthreads 1"
        ) from error
    return client


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
