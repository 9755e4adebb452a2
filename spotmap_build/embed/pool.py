"""A pool of worker processes in which a worker that dies or hangs fails only its own track.

``concurrent.futures.ProcessPoolExecutor`` is not suitable: when one of its processes dies, it fails every job in flight
without saying which one was at fault, and recycling processes (``max_tasks_per_child``) can hang it (Python issue
115634). Here each worker has its own pipe, so its current job is always known.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as wait_for_any
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, Self, TypeVar

from spotmap_build.core.memory import share_one_arena
from spotmap_build.core.processes import set_up_worker, start_worker
from spotmap_build.errors import SpotmapError
from spotmap_build.model import Done, Failed

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess
    from types import TracebackType

    from spotmap_build.embed.workers import EmbedJob
    from spotmap_build.model import TrackEmbedding


class Job(Protocol):
    """A unit of work on one recording. It is sent to another process, so it must be picklable."""

    @property
    def track_id(self) -> str:
        """The track of the recording."""

    @property
    def duration_ms(self) -> int | None:
        """Length of the recording if known; it determines the time limit of the job."""


JobType = TypeVar("JobType", bound=Job)
Result = TypeVar("Result")


JOBS_PER_WORKER: Final = 200
"""After this many jobs a worker is replaced, which costs a second. No growth was observed (150 tracks of one length:
313 MB from the first to the last), so this only guards against leaks of native libraries on unusual files."""
GRACE_S: Final = 2.0
START_LIMIT_S: Final = 120.0
"""For starting a process, loading the model and waking a disk, which take at most seconds on an idle machine."""
LIMIT_PER_SECOND: Final = 4.0
"""Seconds of work allowed per second of audio. A slow processor needs 0.1; the rest is for busy machines."""
MAX_DECODED_MS: Final = 15 * 60 * 1000
"""No more of a recording is analyzed (``decode.MAX_FULL_DECODE_MS``). Assumed if the length is unknown."""
CHECK_INTERVAL_S: Final = 1.0
"""Interval at which busy workers are checked. Each check adds at most this much to their time."""
THREAD_VARIABLES: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


class WorkerPool(Generic[JobType, Result]):
    """Runs ``work`` for many jobs in worker processes; a context manager.

    Parameters
    ----------
    work
        The function to run in the workers; it must be defined at the top level of a module.
    jobs
        Number of worker processes. Each uses one thread for numerical libraries: two processes are faster than one with
        two threads.
    stage
        The stage that ``Failed`` rows and the names of the processes contain.
    limit_s
        Returns how many seconds a job may take before its worker counts as hung.
    """

    def __init__(
        self,
        work: Callable[[JobType], Done[Result] | Failed],
        jobs: int = 1,
        *,
        stage: str,
        limit_s: Callable[[JobType], float] | None = None,
    ) -> None:
        if jobs < 1:
            raise ValueError(f"a pool needs at least one worker, not {jobs}")
        self._work = work
        self._jobs = jobs
        self._stage = stage
        self._limit_s = limit_s or time_limit_s
        self._workers: list[_Worker[JobType, Result]] = []
        self._checked_s = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def worker_count(self) -> int:
        """Number of jobs that run in parallel."""
        return self._jobs

    def close(self) -> None:
        """End all workers immediately, even if they are busy."""
        for worker in self._workers:
            worker.connection.close()
            worker.process.terminate()
        deadline_s = time.monotonic() + GRACE_S
        for worker in self._workers:
            _end(worker.process, max(0.0, deadline_s - time.monotonic()))
        self._workers.clear()

    def run(
        self, jobs: Iterable[JobType | None], *, stop_requested: Callable[[], bool] = lambda: False
    ) -> Iterator[tuple[JobType, Done[Result] | Failed, float]]:
        """Yield ``(job, outcome, seconds)`` in the order of completion.

        ``jobs`` is advanced in the caller's thread, and only when a worker is free. If the next job is not ready yet
        (its audio is being downloaded), ``jobs`` yields None after a short wait, so that finished results are not held
        up. When a worker dies, its job is ``Failed`` with the code ``worker-died``, retryable.

        A worker that takes longer than ``limit_s`` is killed, and its job is retried at the end without other jobs, in
        case the machine was overloaded. If it takes too long again, the job is ``Failed`` with the code
        ``worker-hung``, retryable. Time during which this process did not run (stopped by Ctrl-Z, starved, or busy with
        a result) does not count.

        Once ``stop_requested`` returns true, nothing more is yielded and running jobs are abandoned.

        Raises
        ------
        SpotmapError
            ``work`` reports that no job can succeed.
        """
        hung: list[JobType] = []
        yield from self._run(JobQueue(iter(jobs)), self._jobs, hung.append, stop_requested)
        for job in hung:
            hung_again: list[JobType] = []
            yield from self._run(JobQueue(iter([job])), 1, hung_again.append, stop_requested)
            if hung_again:
                yield job, hung_job(job, self._stage, self._limit_s(job)), 2 * self._limit_s(job)

    def _run(
        self,
        queue: JobQueue[JobType],
        max_in_flight: int,
        give_up: Callable[[JobType], None],
        stop_requested: Callable[[], bool],
    ) -> Iterator[tuple[JobType, Done[Result] | Failed, float]]:
        """Run all jobs of ``queue``. Jobs whose worker hangs are passed to ``give_up`` instead of being yielded."""
        while not stop_requested():
            while sum(worker.job is not None for worker in self._workers) < max_in_flight:
                job = queue.take()
                if job is None:
                    break
                # Chosen after taking the job, because a worker may have died while the job was not ready.
                self._free_worker().give(job)
            busy = [worker for worker in self._workers if worker.job is not None]
            if not busy:
                if queue.is_exhausted:
                    return
                continue
            handles = [handle for worker in busy for handle in (worker.connection, worker.process.sentinel)]
            ready = wait_for_any(handles, timeout=queue.patience_s)
            for worker in busy:
                if worker.connection in ready or worker.process.sentinel in ready:
                    finished = worker.take()
                    if worker.is_spent:
                        self._retire(worker)
                    yield finished
            for job in self._end_hung():
                give_up(job)

    def _end_hung(self) -> Iterator[JobType]:
        """Kill workers that took too long, and yield their jobs."""
        now_s = time.monotonic()
        elapsed_s, self._checked_s = min(now_s - self._checked_s, CHECK_INTERVAL_S), now_s
        for worker in [worker for worker in self._workers if worker.job is not None]:
            assert worker.job is not None
            worker.waited_s += elapsed_s
            # A result that has just arrived is taken in the next round.
            if worker.waited_s > self._limit_s(worker.job) and not worker.connection.poll():
                job, worker.job = worker.job, None
                worker.process.kill()  # a stopped process would not react to SIGTERM
                self._retire(worker)
                yield job

    def _free_worker(self) -> _Worker[JobType, Result]:
        """Return an idle worker, or start a new one."""
        for worker in [worker for worker in self._workers if worker.job is None]:
            if worker.process.is_alive():
                return worker
            self._retire(worker)
        self._workers.append(_start_worker(self._work, self._stage))
        return self._workers[-1]

    def _retire(self, worker: _Worker[JobType, Result]) -> None:
        """Remove an idle or dead worker. An idle one ends by itself when its pipe is closed."""
        self._workers.remove(worker)
        worker.connection.close()
        _end(worker.process, GRACE_S)


def time_limit_s(job: Job) -> float:
    """Return the time limit of a job in seconds, which grows with the length of its recording."""
    length_ms = MAX_DECODED_MS if job.duration_ms is None else min(max(job.duration_ms, 0), MAX_DECODED_MS)
    return START_LIMIT_S + LIMIT_PER_SECOND * length_ms / 1000


@dataclass(slots=True, eq=False)
class JobQueue(Generic[JobType]):
    """The remaining jobs, of which the next may not be ready yet."""

    jobs: Iterator[JobType | None]
    is_exhausted: bool = False
    is_waiting: bool = False

    def take(self) -> JobType | None:
        """Return the next job; None if it is not ready yet or there are no more."""
        if self.is_exhausted:
            return None
        try:
            job = next(self.jobs)
        except StopIteration:
            self.is_exhausted, job = True, None
        self.is_waiting = job is None and not self.is_exhausted
        return job

    @property
    def patience_s(self) -> float:
        """How long to wait for running jobs: 0 while ``jobs`` has no job ready, since asking it already waits."""
        return 0.0 if self.is_waiting else CHECK_INTERVAL_S


@dataclass(slots=True, eq=False)
class _Worker(Generic[JobType, Result]):
    """The parent's view of one worker process and its current job."""

    process: BaseProcess
    connection: Connection[object, object]
    stage: str
    job: JobType | None = None
    started_s: float = 0.0
    waited_s: float = 0.0
    """For how long it has been working on its job."""
    jobs_done: int = 0
    is_dead: bool = False

    @property
    def is_spent(self) -> bool:
        return self.is_dead or self.jobs_done >= JOBS_PER_WORKER

    def give(self, job: JobType) -> None:
        self.job = job
        self.started_s = time.monotonic()
        self.waited_s = 0.0
        # If the worker has just died, ``take`` detects and reports it.
        with suppress(OSError):
            self.connection.send(job)

    def take(self) -> tuple[JobType, Done[Result] | Failed, float]:
        """Return the outcome of its job: what it sent, or a failure if it died."""
        job, self.job = self.job, None
        assert job is not None
        try:
            answer = self.connection.recv()
        except (EOFError, OSError):
            self.is_dead = True
            self.process.join(GRACE_S)
            answer = _died(job, self.stage, self.process.exitcode)
        self.jobs_done += 1
        if isinstance(answer, BaseException):
            raise answer
        assert isinstance(answer, Done | Failed)
        return job, answer, time.monotonic() - self.started_s


def _died(job: Job, stage: str, exit_code: int | None) -> Failed:
    if exit_code is not None and exit_code < 0:
        how = f"ended by {signal.Signals(-exit_code).name}"
    else:
        how = f"exit status {exit_code}"
    detail = f"The process that worked on this track died ({how}); it may have run out of memory."
    return Failed(job.track_id, stage, "worker-died", detail, retryable=True)


def hung_job(job: Job, stage: str, limit_s: float) -> Failed:
    """Return the failure of a track whose job hung."""
    detail = f"Work on this track did not end within {limit_s:,.0f} seconds in two attempts; the file may be damaged."
    return Failed(job.track_id, stage, "worker-hung", detail, retryable=True)


def _end(process: BaseProcess, patience_s: float) -> None:
    """Wait for a process to end, and kill it if it does not."""
    process.join(patience_s)
    if process.is_alive():
        process.kill()
        process.join(GRACE_S)
    # A process that waits for a missing disk cannot be killed; it ends when the disk answers.
    with suppress(ValueError):
        process.close()


def _start_worker(work: Callable[[JobType], Done[Result] | Failed], stage: str) -> _Worker[JobType, Result]:
    process, connection = start_worker(_serve, work, name=f"spotmap-{stage}")
    return _Worker(process, connection, stage)


def _serve(connection: Connection[object, object], work: Callable[[Any], object]) -> None:
    """Receive jobs, run them and send outcomes, until the pipe is closed or the parent dies. Runs in the worker."""
    share_one_arena()
    set_up_worker()
    for variable in THREAD_VARIABLES:
        os.environ[variable] = "1"

    while True:
        try:
            job = connection.recv()
        except (EOFError, ConnectionError):
            return
        answer: object
        try:
            answer = work(job)
        except SpotmapError as error:
            answer = error
        try:
            connection.send(answer)
        except ConnectionError:
            return


class EmbedPool(WorkerPool["EmbedJob", "TrackEmbedding"]):
    """Embeds many recordings with :func:`~spotmap_build.embed.workers.embed_file`."""

    def __init__(self, jobs: int = 1, *, limit_s: Callable[[EmbedJob], float] | None = None) -> None:
        super().__init__(_embed, jobs, stage="embed", limit_s=limit_s)


def _embed(job: EmbedJob) -> Done[TrackEmbedding] | Failed:
    from spotmap_build.embed.workers import embed_file

    return embed_file(job)
