"""Recordings are embedded in worker processes, some of which die or hang."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import psutil
import pytest

from spotmap_build.embed import pool as pool_module
from spotmap_build.embed.pool import EmbedPool, WorkerPool, time_limit_s
from spotmap_build.embed.weights import packaged_path
from spotmap_build.embed.workers import EmbedJob, embed_file
from spotmap_build.errors import TrackError, WeightsError
from spotmap_build.model import Done, Failed
from spotmap_build.registry import embedders
from tests.fakes.audio_files import render_forever, render_tune, tune, write_audio
from tests.support.patience import patience, wait_until

pytestmark = pytest.mark.slow  # a worker takes two seconds to start

ROOT = Path(__file__).parents[2]
MUSICNN = embedders.find("musicnn").model


def job(track_id: str, temp_folder: Path, **changes: object) -> EmbedJob:
    values: dict[str, object] = {
        "track_id": track_id,
        "path": None,
        "prepare": render_tune,
        "model": MUSICNN,
        "weights_path": str(packaged_path("msd-musicnn.onnx")),
        "engine": "onnx",
        "temp_folder": str(temp_folder),
    }
    return EmbedJob(**(values | changes))  # type: ignore[arg-type]


def ended(process: subprocess.Popen[str] | psutil.Process) -> bool:
    try:
        process.wait(patience())
    except (psutil.TimeoutExpired, subprocess.TimeoutExpired):
        return False
    return True


def wait_for_file(path: Path) -> None:
    wait_until(path.exists, f"{path} appears")


def test_recording_gives_vector_tags_and_features_and_leaves_no_file(tmp_path: Path) -> None:
    outcome = embed_file(job("a", tmp_path))
    assert isinstance(outcome, Done)
    embedding = outcome.value
    assert (embedding.vector.shape, embedding.tags.shape, embedding.features.shape) == ((1506,), (50,), (41,))
    assert {part.dtype for part in (embedding.vector, embedding.tags, embedding.features)} == {np.dtype(np.float32)}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("forked_workers")
def test_outcomes_match_their_jobs_and_are_equal_in_all_workers(tmp_path: Path) -> None:
    tunes = [write_audio(tmp_path / f"{seed}.wav", tune(1.5, seed=seed)) for seed in range(3)]
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"")
    # Each twice in a row, so that two workers get one of them each.
    names = [(f"{path.stem} {time}", path) for path in tunes for time in ("first", "second")]
    jobs = [job(name, tmp_path, path=str(path), prepare=None) for name, path in [*names, ("broken", broken)]]
    with EmbedPool(jobs=2) as pool:
        outcomes = {done.track_id: outcome for done, outcome, _ in pool.run(iter(jobs))}
    failed = outcomes.pop("broken")
    assert isinstance(failed, Failed)
    assert (failed.code, failed.retryable) == ("empty-file", False)
    for path in tunes:
        first, second = (outcomes[f"{path.stem} {time}"] for time in ("first", "second"))
        assert isinstance(first, Done)
        assert isinstance(second, Done)
        for part in ("vector", "tags", "features"):
            assert getattr(first.value, part).tobytes() == getattr(second.value, part).tobytes()


@pytest.mark.usefixtures("forked_workers")
def test_results_arrive_while_the_next_job_is_not_ready(tmp_path: Path) -> None:
    first = write_audio(tmp_path / "first.wav", tune(1.5, seed=1))
    finished_ids: list[str] = []

    def jobs() -> Iterator[EmbedJob | None]:
        yield job("first", tmp_path, path=str(first), prepare=None)
        while not finished_ids:
            time.sleep(0.01)
            yield None
        yield job("second", tmp_path, path=str(first), prepare=None)

    with EmbedPool(jobs=2) as pool:
        for done, outcome, _ in pool.run(jobs()):
            assert isinstance(outcome, Done)
            finished_ids.append(done.track_id)
    assert finished_ids == ["first", "second"]


def test_unexpected_exception_fails_only_its_track(tmp_path: Path) -> None:
    outcome = embed_file(job("a", tmp_path, prepare=None))
    assert isinstance(outcome, Failed)
    assert outcome.code == "internal-error"


def _raise_memory_error(_folder: Path) -> Path:
    raise MemoryError


def test_memory_error_can_be_retried(tmp_path: Path) -> None:
    outcome = embed_file(job("a", tmp_path, prepare=_raise_memory_error))
    assert isinstance(outcome, Failed)
    assert (outcome.code, outcome.retryable) == ("out-of-memory", True)


def test_samples_beyond_the_float_range_fail_instead_of_giving_nan(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "a.wav", tune(1) * np.float32(1e30), codec="pcm_f32le")
    outcome = embed_file(job("a", tmp_path, path=str(path), prepare=None))
    assert isinstance(outcome, Failed)
    assert outcome.code == "not-analysable"


def _die(how: int, folder: Path) -> Path:
    os.kill(os.getpid(), how)
    return folder


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSEGV])
def test_worker_death_fails_only_its_track(tmp_path: Path, how: signal.Signals) -> None:
    jobs = [job(f"t{number}", tmp_path) for number in range(4)]
    jobs.insert(1, job("culprit", tmp_path, prepare=partial(_die, int(how))))
    with EmbedPool(jobs=2) as pool:
        outcomes = {done.track_id: outcome for done, outcome, _ in pool.run(jobs)}
    failed = outcomes.pop("culprit")
    assert isinstance(failed, Failed)
    assert (failed.code, failed.retryable) == ("worker-died", True)
    assert how.name in failed.detail
    assert [type(outcome) for outcome in outcomes.values()] == [Done] * 4


def _exit_with_status_3(_job: EmbedJob) -> Failed:
    os._exit(3)


@pytest.mark.usefixtures("forked_workers")
def test_worker_death_is_reported_for_other_stages(tmp_path: Path) -> None:
    with WorkerPool(_exit_with_status_3, stage="excerpt") as pool:  # type: ignore[var-annotated]
        ((_, failed, _),) = pool.run([job("culprit", tmp_path)])
    assert isinstance(failed, Failed)
    assert (failed.stage, failed.code) == ("excerpt", "worker-died")
    assert "exit status 3" in failed.detail
    assert "listen" not in failed.detail


def _hang(how: str, times: int, folder: Path) -> Path:
    """Hang in the first ``times`` calls, and record each of them with a file."""
    place = folder.parent
    count = len(list(place.glob("hung-*")))
    if count == times:
        return render_tune(folder)
    (place / f"hung-{count}").touch()
    if how == "stopped":
        os.kill(os.getpid(), signal.SIGSTOP)
    while True:
        time.sleep(600)


def _limit(place: Path, times: int) -> Callable[[EmbedJob], float]:
    """Return a time limit of zero for a job that already hangs and none for others, so that no clock is involved."""
    calls = iter(range(1, times + 1))
    expected = next(calls)

    def limit_s(job: EmbedJob) -> float:
        nonlocal expected
        if job.track_id != "culprit" or not (place / f"hung-{expected - 1}").exists():
            return 1e9
        expected = next(calls, times + 1)
        return 0.0

    return limit_s


@pytest.mark.usefixtures("forked_workers")
@pytest.mark.parametrize("how", ["stopped", "asleep"])
def test_hanging_worker_fails_only_its_track_after_two_attempts(tmp_path: Path, how: str) -> None:
    jobs = [job(f"t{number}", tmp_path) for number in range(3)]
    jobs.insert(1, job("culprit", tmp_path, prepare=partial(_hang, how, 99)))
    with EmbedPool(jobs=2, limit_s=_limit(tmp_path, 2)) as pool:
        finished = [(done.track_id, outcome) for done, outcome, _ in pool.run(jobs)]
    track_id, failed = finished.pop()
    assert track_id == "culprit"
    assert isinstance(failed, Failed)
    assert (failed.code, failed.retryable) == ("worker-hung", True)
    assert len(list(tmp_path.glob("hung-*"))) == 2
    assert {track_id for track_id, _ in finished} == {"t0", "t1", "t2"}
    assert all(isinstance(outcome, Done) for _, outcome in finished)


@pytest.mark.usefixtures("forked_workers")
def test_track_that_hangs_once_is_embedded_in_the_second_attempt(tmp_path: Path) -> None:
    jobs = [job("culprit", tmp_path, prepare=partial(_hang, "stopped", 1)), job("other", tmp_path)]
    with EmbedPool(jobs=2, limit_s=_limit(tmp_path, 1)) as pool:
        finished = [(done.track_id, type(outcome)) for done, outcome, _ in pool.run(jobs)]
    assert finished == [("other", Done), ("culprit", Done)]


@pytest.mark.usefixtures("forked_workers")
def test_time_while_the_build_was_suspended_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock_s = iter(range(0, 10_000_000, 3_600))
    monkeypatch.setattr(pool_module, "time", SimpleNamespace(monotonic=lambda: float(next(clock_s))))
    with EmbedPool(jobs=1, limit_s=lambda _: 3_000.0) as pool:
        assert [type(outcome) for _, outcome, _ in pool.run([job("a", tmp_path)])] == [Done]


@pytest.mark.parametrize(
    ("duration_ms", "limit_s"),
    [(0, 120), (-5, 120), (240_000, 1_080), (900_000, 3_720), (36_000_000, 3_720), (None, 3_720)],
)
def test_time_limit_of_a_job_is_proportional_to_the_analyzed_duration(
    tmp_path: Path, duration_ms: int | None, limit_s: float
) -> None:
    assert time_limit_s(job("a", tmp_path, duration_ms=duration_ms)) == limit_s


def test_death_of_an_idle_worker_fails_no_job(tmp_path: Path) -> None:
    def jobs() -> Iterator[EmbedJob]:
        yield job("first", tmp_path)
        [child] = (child for child in psutil.Process().children() if "spawn_main" in " ".join(child.cmdline()))
        child.kill()
        # The worker is dead but not yet reaped, which is left to the pool.
        dead = os.WEXITED | os.WNOWAIT | os.WNOHANG
        wait_until(lambda: os.waitid(os.P_PID, child.pid, dead) is not None, "the worker is dead")
        yield job("second", tmp_path)

    with EmbedPool(jobs=1) as pool:
        assert [type(outcome) for _, outcome, _ in pool.run(jobs())] == [Done, Done]


@pytest.mark.usefixtures("forked_workers")
def test_jobs_are_requested_only_when_a_worker_is_free(tmp_path: Path) -> None:
    requested = 0

    def jobs() -> Iterator[EmbedJob]:
        nonlocal requested
        for number in range(4):
            requested += 1
            yield job(str(number), tmp_path)

    with EmbedPool(jobs=1) as pool:
        for finished, _ in enumerate(pool.run(jobs()), start=1):
            assert requested == finished


@pytest.mark.usefixtures("forked_workers")
def test_workers_are_replaced_after_a_number_of_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "JOBS_PER_WORKER", 1)
    pids = set()
    with EmbedPool(jobs=1) as pool:
        for _, outcome, _ in pool.run(job(str(number), tmp_path, prepare=_report_process) for number in range(2)):
            assert isinstance(outcome, Failed)
            pids.add(outcome.detail)
    assert len(pids) == 2


def _report_process(folder: Path) -> Path:
    raise TrackError("said", f"Process {os.getpid()}.")


@pytest.mark.usefixtures("forked_workers")
def test_invalid_weights_end_the_run(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.pb"
    wrong.write_bytes(b"nonsense")
    with EmbedPool(jobs=1) as pool, pytest.raises(WeightsError) as refused:
        list(pool.run([job("a", tmp_path, weights_path=str(wrong))]))
    assert refused.value.hint


def test_closing_the_pool_ends_busy_workers(tmp_path: Path) -> None:
    before = set(psutil.Process().children())
    with EmbedPool(jobs=2) as pool:
        finished = pool.run([job("short", tmp_path), job("endless", tmp_path, prepare=render_forever)])
        assert next(finished)[0].track_id == "short"
        wait_for_file(tmp_path / "begun")
    assert {child for child in psutil.Process().children() if "spawn_main" in " ".join(child.cmdline())} <= before


@pytest.mark.usefixtures("forked_workers")
def test_stop_request_drops_running_jobs(tmp_path: Path) -> None:
    jobs = [job("endless", tmp_path, prepare=render_forever), job("next", tmp_path)]
    with EmbedPool(jobs=1) as pool:
        assert list(pool.run(jobs, stop_requested=(tmp_path / "begun").exists)) == []


SCRIPT = """
    import sys
    from pathlib import Path
    from spotmap_build.embed.weights import packaged_path
    from spotmap_build.registry import embedders
    from spotmap_build.embed.pool import EmbedPool
    from spotmap_build.embed.workers import EmbedJob
    from tests.fakes.audio_files import render_forever

    if __name__ == "__main__":
        model = embedders.find("musicnn").model
        job = EmbedJob("a", None, render_forever, model, str(packaged_path("msd-musicnn.onnx")), "onnx", sys.argv[1])
        try:
            with EmbedPool(jobs=2) as pool:
                list(pool.run([job, job]))
        except KeyboardInterrupt:
            sys.exit(130)
"""


@pytest.fixture
def build(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], list[psutil.Process]]]:
    """Start a process, in its own process group, whose two workers hang."""
    script = tmp_path / "build.py"
    script.write_text(textwrap.dedent(SCRIPT))
    process = subprocess.Popen(
        [sys.executable, script, tmp_path],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_until(lambda: (tmp_path / "begun").exists() or process.poll() is not None, "a worker has begun")
    assert process.poll() is None, process.communicate()[1]
    workers = [child for child in psutil.Process(process.pid).children() if "spawn_main" in " ".join(child.cmdline())]
    yield process, workers
    if process.poll() is None:
        process.kill()
    for worker in workers:
        if worker.is_running():
            worker.kill()
    process.communicate()


def test_workers_end_when_their_parent_is_killed(
    build: tuple[subprocess.Popen[str], list[psutil.Process]],
) -> None:
    process, workers = build
    assert len(workers) == 2
    process.kill()
    process.wait()
    assert all(ended(worker) for worker in workers)


def test_ctrl_c_ends_all_processes_without_output(
    build: tuple[subprocess.Popen[str], list[psutil.Process]],
) -> None:
    process, workers = build
    os.killpg(process.pid, signal.SIGINT)
    assert ended(process)
    assert process.returncode == 130
    assert all(ended(worker) for worker in workers)
    assert process.stderr is not None
    assert process.stderr.read() == ""


def test_interrupts_stay_blocked_when_the_resource_tracker_starts() -> None:
    """Python's resource tracker, which starts with the first worker, unblocks interrupts."""
    script = """
        import signal
        from multiprocessing import resource_tracker
        from spotmap_build.core import processes

        with processes.interrupts_blocked():
            resource_tracker.ensure_running()
            print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ()))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "True\n"


def test_pool_without_workers_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        EmbedPool(jobs=0)


ABANDONED = """
import multiprocessing, sys, time
from pathlib import Path
from spotmap_build.embed.pool import _serve

RELEASED = Path(sys.argv[1])

def work(job):
    print("working", flush=True)
    while not RELEASED.exists():
        time.sleep(0.01)
    return job

if __name__ == "__main__":
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    worker = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs, work))
    worker.start()
    theirs.close()
    ours.send("job")
    sys.stdin.readline()
    ours.close()
    RELEASED.touch()
    worker.join()
    sys.exit(worker.exitcode)
"""


def test_worker_that_nobody_listens_to_any_more_ends_without_a_word(tmp_path: Path) -> None:
    script = tmp_path / "abandoned.py"
    script.write_text(ABANDONED)
    command = [sys.executable, str(script), str(tmp_path / "released")]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "working\n"
        _, stderr = running.communicate("closing\n", timeout=patience())
    assert (running.returncode, stderr) == (0, "")
