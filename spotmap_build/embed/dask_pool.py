"""The only module that imports distributed: many recordings at once, on the workers of a Dask cluster.

Whoever can reach a scheduler may run anything on its workers, and what they send is unpickled here: a cluster is for
people who trust each other, in a network of their own.
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
from spotmap_build.embed.pool import LOOK_S, JobQueue, hung_job, time_limit_s
from spotmap_build.embed.remote import Answer, RemoteJob, Weights, listen, mark_of
from spotmap_build.errors import ConfigError, ServiceError, SpotmapError, TrackError
from spotmap_build.model import Done, Failed

if TYPE_CHECKING:
    from types import TracebackType

    from spotmap_build.embed.workers import EmbedJob
    from spotmap_build.model import TrackEmbedding

AHEAD: Final = 2
"""Jobs in flight for each worker: one that it is at, and one that is there when it is done."""
BYTES_IN_FLIGHT: Final = 1 << 28
"""Of audio that is sent. A file that is larger goes alone."""
LARGEST_SENT_BYTES: Final = 1 << 30
CONNECT_S: Final = 20.0
ALONE_S: Final = 120.0
"""How long a cluster may be without any worker: batch systems start them when there is room."""
CLOSE_S: Final = 5.0
MISSING: Final = "pip install 'spotmap-build[dask]'"


def run_job(remote: RemoteJob, weights: Weights | None) -> Answer:
    """Listen to a recording on a worker of the cluster: what is submitted."""
    from distributed import get_worker

    return listen(remote, weights, Path(get_worker().local_directory))


@dataclass(slots=True, eq=False)
class _Flight:
    """A job on its way: what it became in the cluster, and for how long it has been there."""

    job: EmbedJob
    future: Any
    sent_bytes: int = 0
    waited_s: float = 0.0


@dataclass(frozen=True, slots=True)
class _Result:
    """What came of a job, and in how many seconds."""

    job: EmbedJob
    outcome: Done[TrackEmbedding] | Failed
    seconds: float = 0.0

    @property
    def is_suspicious(self) -> bool:
        """Whether a worker was lost with it, which may have been the fault of another job."""
        return isinstance(self.outcome, Failed) and self.outcome.code in {"worker-died", "worker-hung"}


@dataclass(slots=True)
class _Cluster:
    """What was last seen of the cluster, and how long it has been without workers.

    ``dropped``: workers that hung and were taken out of it, since nothing would have restarted them.
    """

    worker_count: int
    dropped: list[str] = field(default_factory=list)
    looked_s: float = field(default_factory=time.monotonic)
    alone_s: float = 0.0


class DaskPool:
    """Listens to many recordings on a cluster; used as :class:`~spotmap_build.embed.pool.EmbedPool` is.

    Parameters
    ----------
    address
        Of the scheduler, as ``dask://HOST:PORT``.
    weights
        What is sent to the workers; None where the package has it.
    most_at_once
        Jobs in flight; 0 for what the workers can take.

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
        most_at_once: int = 0,
        limit_s: Callable[[EmbedJob], float] = time_limit_s,
    ) -> None:
        self._address = address
        self._most_at_once = most_at_once
        self._limit_s = limit_s
        self._client = _connect(address)
        self._build = uuid.uuid4().hex[:8]
        self._flying: dict[str, _Flight] = {}
        self._landed: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._unseen: set[Path] = set()
        self._suspects: list[EmbedJob] = []
        with self._asking():
            self._cluster = _Cluster(len(self._client.nthreads()))
        self._weights = None if weights is None else self._send_weights(weights)

    @property
    def worker_count(self) -> int:
        """How many workers the cluster has."""
        return self._cluster.worker_count

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give up what is in flight, and leave the cluster. What workers are at, they end by themselves."""
        with suppress(OSError, TimeoutError, RuntimeError):
            self._client.cancel([flight.future for flight in self._flying.values()])
        self._flying.clear()
        with suppress(OSError, TimeoutError, RuntimeError):
            self._client.close(CLOSE_S)

    def run(
        self, jobs: Iterable[EmbedJob | None], *, is_over: Callable[[], bool] = lambda: False
    ) -> Iterator[tuple[EmbedJob, Done[TrackEmbedding] | Failed, float]]:
        """Yield ``(job, outcome, seconds)`` as the jobs are finished, as :meth:`WorkerPool.run` does.

        A job whose worker is lost goes to another one. Where several are lost, or one hangs and is restarted, each of
        the jobs that were there is tried again at the end, alone: then it is known whose fault it was. That one is
        ``Failed`` with the code ``worker-died`` or ``worker-hung``, retryable.

        Raises
        ------
        ServiceError
            The scheduler is lost, there have been no workers for long, or none is left because they hang and nothing
            restarts them. What was yielded is done.
        SpotmapError
            No job can be done, as a worker said.
        """
        yield from self._run(JobQueue(iter(jobs)), is_over, alone=False)
        suspects, self._suspects = self._suspects, []
        yield from self._run(JobQueue(iter(suspects)), is_over, alone=True)

    def _run(
        self, line: JobQueue[EmbedJob], is_over: Callable[[], bool], *, alone: bool
    ) -> Iterator[tuple[EmbedJob, Done[TrackEmbedding] | Failed, float]]:
        """Do all jobs of ``line``; those that may have cost a worker are suspects, unless they were ``alone``."""
        while not (is_over() or (line.is_exhausted and not self._flying)):
            # One by one: what has come is handed on before anything else can go wrong.
            for result in chain(self._fill(line, 1 if alone else self._most), self._arrivals(line), self._look()):
                if result.is_suspicious and not alone:
                    self._suspects.append(result.job)
                else:
                    yield result.job, result.outcome, result.seconds

    def _fill(self, line: JobQueue[EmbedJob], most: int) -> Iterator[_Result]:
        """Send jobs while there is room for them. Yields those whose file cannot be read here."""
        while len(self._flying) < most and self._bytes_in_flight < BYTES_IN_FLIGHT:
            job = line.take()
            if job is None:
                return
            refused = self._send(job)
            if refused is not None:
                yield refused

    @property
    def _most(self) -> int:
        return self._most_at_once or AHEAD * max(1, self.worker_count)

    @property
    def _bytes_in_flight(self) -> int:
        return sum(flight.sent_bytes for flight in self._flying.values())

    def _send(self, job: EmbedJob) -> _Result | None:
        """Submit a job; returns why that cannot be, where its file cannot be read."""
        if self._cluster.dropped and not self.worker_count:
            raise ServiceError(
                f"A worker of the Dask cluster hangs, and has no nanny that restarts it: {self._cluster.dropped[-1]}.",
                hint="What was finished is kept. End that worker and start it with a nanny (dask worker without "
                "--no-nanny), then build again.",
            )
        try:
            remote = self._packed(job)
        except OSError as error:
            return _refused(job, unreadable(error))
        except TrackError as error:
            return _refused(job, error)
        key = f"listen-{self._build}-{job.track_id}-{uuid.uuid4().hex[:8]}"  # the dashboard shows it
        with self._asking():
            future = self._client.submit(run_job, remote, self._weights, key=key, pure=False)
        self._flying[key] = _Flight(job, future, len(remote.audio or b""))
        future.add_done_callback(lambda _: self._landed.put(key))
        return None

    def _packed(self, job: EmbedJob) -> RemoteJob:
        if job.path is None:
            return RemoteJob(job)
        path = Path(job.path)
        mark = mark_of(path)
        if path.parent not in self._unseen:
            return RemoteJob(job, mark)
        if mark.size_bytes > LARGEST_SENT_BYTES:
            limit = f"{LARGEST_SENT_BYTES / 1e9:.0f} GB"
            raise TrackError(
                "not-sent", f"The workers do not see this file, and it is larger than {limit}.", retryable=True
            )
        return RemoteJob(job, mark, path.read_bytes())

    def _arrivals(self, line: JobQueue[EmbedJob]) -> Iterator[_Result]:
        """Yield what came of the jobs that are no longer on their way, after a wait for the first of them."""
        patience_s = line.patience_s if self._flying else 0.0
        with suppress(queue.Empty):
            key = self._landed.get(timeout=patience_s) if patience_s else self._landed.get_nowait()
            while True:
                flight = self._flying.pop(key, None)  # None where it was given up
                result = None if flight is None else self._settle(flight)
                if result is not None:
                    yield result
                key = self._landed.get_nowait()

    def _settle(self, flight: _Flight) -> _Result | None:
        """Return what came of a job; None where it was sent once more."""
        job = flight.job
        if flight.future.status == "error":
            return _Result(job, self._broken(flight))
        with self._asking():
            if flight.future.status != "finished":  # it was lost, as when the scheduler is restarted
                return self._send(job)
            answer = flight.future.result()
        assert isinstance(answer, Answer)
        if isinstance(answer.outcome, SpotmapError):
            raise answer.outcome
        if answer.outcome is None:
            assert job.path is not None
            self._unseen.add(Path(job.path).parent)
            return self._send(job)
        return _Result(job, answer.outcome, answer.seconds)

    def _broken(self, flight: _Flight) -> Failed:
        """Say of which track a worker died. Raises ``ConfigError`` where the cluster cannot run any job."""
        from distributed import KilledWorker

        error, track_id = flight.future.exception(), flight.job.track_id
        if isinstance(error, KilledWorker):
            detail = "Every worker of the cluster that worked on this track died; it may take too much memory."
            return Failed(track_id, "embed", "worker-died", detail, retryable=True)
        if isinstance(error, OSError):  # a full disk, say
            return Failed(track_id, "embed", "worker-failed", f"A worker could not go on: {error}.", retryable=True)
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise ConfigError(
            f"The Dask cluster at {self._address} cannot listen: {reason[:500]}.",
            hint=f"Its scheduler and its workers need this version of spotmap-build as well: {MISSING}",
        )

    def _look(self) -> Iterator[_Result]:
        """Look after the cluster now and then. Yields the jobs that took too long; their worker is ended."""
        cluster, now_s = self._cluster, time.monotonic()
        if now_s - cluster.looked_s < LOOK_S:
            return
        cluster.looked_s = now_s
        with self._asking():
            cluster.worker_count = len(self._client.nthreads())
            at_work = self._client.processing()
        cluster.alone_s = 0.0 if cluster.worker_count else cluster.alone_s + LOOK_S
        if cluster.alone_s > ALONE_S:
            raise ServiceError(
                f"The Dask cluster at {self._address} has had no worker for {ALONE_S:.0f} seconds.",
                hint="What was finished is kept. Start workers, then build again.",
            )
        for worker, keys in at_work.items():
            flights = {key: self._flying[key] for key in keys if key in self._flying}
            limit_s = sum(self._limit_s(flight.job) for flight in flights.values())  # they are done in turn
            for flight in flights.values():
                flight.waited_s += LOOK_S
            if any(flight.waited_s > limit_s for flight in flights.values()):
                yield from self._end_hung(worker, flights)

    def _end_hung(self, worker: str, flights: Mapping[str, _Flight]) -> Iterator[_Result]:
        for key in flights:
            del self._flying[key]
        with self._asking():
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
        """Submit the weights as a task of their own: what a worker that is lost had of them comes from there again."""
        weights = Weights.read(path)  # which was looked at just now
        with self._asking():
            return self._client.submit(_give, weights, key=f"weights-{weights.sha256}", pure=True)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Say that the scheduler is lost where it does not answer."""
        try:
            yield
        except (OSError, TimeoutError, CancelledError, RuntimeError) as error:
            raise ServiceError(
                f"The Dask scheduler at {self._address} does not answer any more: {_reason(error)}.",
                hint="What was finished is kept; the same command goes on from there.",
            ) from error
        if self._client.status not in {"running", "connecting"}:
            raise ServiceError(
                f"The Dask scheduler at {self._address} has closed the connection.",
                hint="What was finished is kept; the same command goes on from there.",
            )


def _refused(job: EmbedJob, error: TrackError) -> _Result:
    return _Result(job, Failed(job.track_id, "embed", error.track_code, error.message, error.retryable))


async def _end_worker() -> None:
    """End the worker that this runs on; its nanny starts another one.

    At once: Dask's own way to restart it waits for the thread that hangs.
    """
    os._exit(1)


async def _drop_without_nanny(worker: str, dask_scheduler: Any) -> bool:
    """Take a worker that hangs out of the cluster if it has no nanny; returns whether it had none.

    It would wait for the thread that hangs with every further job. Its process may be another program's, and is not
    ended. This runs on the scheduler, which no worker that hangs can keep from answering.
    """
    known = dask_scheduler.workers.get(worker)
    if known is None or known.nanny is not None:
        return False
    await dask_scheduler.remove_worker(worker, stimulus_id="spotmap-build-hung")
    return True


def _give(weights: Weights) -> Weights:
    return weights


def _connect(address: str) -> Any:
    """Return a client of the scheduler, which has at least one worker."""
    try:
        from distributed import Client
    except ImportError as error:
        raise ConfigError("--executor needs distributed, which is not installed.", hint=f"{MISSING}") from error
    import dask

    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters of it is in our own errors
    # Audio that is sent is large on purpose.
    dask.config.set({"distributed.admin.large-graph-warning-threshold": "2 GiB"})
    place = address.replace("dask://", "tcp://", 1)
    try:
        client = Client(place, timeout=CONNECT_S, set_as_default=False, name="spotmap-build")
    except (OSError, TimeoutError, ValueError) as error:
        raise ServiceError(
            f"No Dask scheduler answers at {address}: {_reason(error)}.",
            hint="Start one with `dask scheduler`, or name the address that it printed, with dask:// in place of tcp://.",
        ) from error
    try:
        client.wait_for_workers(1, timeout=ALONE_S)
    except (OSError, TimeoutError) as error:
        client.close(CLOSE_S)
        raise ServiceError(
            f"The Dask cluster at {address} has no workers.", hint=f"Start some: dask worker {place} --nthreads 1"
        ) from error
    return client


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
