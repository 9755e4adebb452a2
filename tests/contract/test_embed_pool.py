"""Many recordings are embedded in worker processes, some of which die."""

from __future__ import annotations

import multiprocessing
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
from spotmap_build.embed.weights import packaged
from spotmap_build.embed.workers import EmbedJob, embed_file
from spotmap_build.errors import TrackError, WeightsError
from spotmap_build.model import Done, Failed
from spotmap_build.registry import embedders
from tests.fakes.audio_files import render_forever, render_tune, tune, write_audio
from tests.support.command import fork_server
from tests.support.patience import patience, wait_until

pytestmark = pytest.mark.slow  # a process that listens takes two seconds to start

ROOT = Path(__file__).parents[2]
MUSICNN = embedders.get("musicnn").model


def job(track_id: str, temp_folder: Path, **changes: object) -> EmbedJob:
    values: dict[str, object] = {
        "track_id": track_id,
        "path": None,
        "prepare": render_tune,
        "model": MUSICNN,
        "weights_path": str(packaged("msd-musicnn.onnx")),
        "engine": "onnx",
        "temp_folder": str(temp_folder),
    }
    return EmbedJob(**(values | changes))  # type: ignore[arg-type]


@pytest.fixture
def forked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have workers forked from a process that has loaded what they need: for tests of what is done with them.

    How they begin and end is tested with those that everyone has.
    """
    server = fork_server()
    monkeypatch.setattr(multiprocessing, "get_context", lambda _method: server)


def ended(process: subprocess.Popen[str] | psutil.Process) -> bool:
    try:
        process.wait(patience())
    except (psutil.TimeoutExpired, subprocess.TimeoutExpired):
        return False
    return True


def until(path: Path) -> None:
    wait_until(path.exists, f"{path} appears")


def test_one_recording_gives_all_three_parts_and_leaves_no_file(tmp_path: Path) -> None:
    outcome = embed_file(job("a", tmp_path))
    assert isinstance(outcome, Done)
    parts = outcome.value
    assert (parts.vector.shape, parts.tags.shape, parts.features.shape) == ((1506,), (50,), (41,))
    assert {part.dtype for part in (parts.vector, parts.tags, parts.features)} == {np.dtype(np.float32)}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("forked")
def test_every_outcome_comes_back_with_its_job_the_same_in_every_process(tmp_path: Path) -> None:
    tunes = [write_audio(tmp_path / f"{seed}.wav", tune(1.5, seed=seed)) for seed in range(3)]
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"")
    # Twice each, one after the other, so that two workers get one each.
    names = [(f"{path.stem} {time}", path) for path in tunes for time in ("first", "second")]
    jobs = [job(name, tmp_path, path=str(path), prepare=None) for name, path in [*names, ("broken", broken)]]
    with EmbedPool(jobs=2) as pool:
        outcomes = {done.track_id: outcome for done, outcome, _ in pool.run(iter(jobs))}
    failed = outcomes.pop("broken")
    assert isinstance(failed, Failed)
    assert (failed.code, failed.retryable) == ("empty-file", False)
    for path in tunes:
        one, other = (outcomes[f"{path.stem} {time}"] for time in ("first", "second"))
        assert isinstance(one, Done)
        assert isinstance(other, Done)
        for part in ("vector", "tags", "features"):
            assert getattr(one.value, part).tobytes() == getattr(other.value, part).tobytes()


@pytest.mark.usefixtures("forked")
def test_a_job_that_is_not_ready_yet_does_not_hold_up_what_is_finished(tmp_path: Path) -> None:
    first = write_audio(tmp_path / "first.wav", tune(1.5, seed=1))
    taken: list[str] = []

    def jobs() -> Iterator[EmbedJob | None]:
        yield job("first", tmp_path, path=str(first), prepare=None)
        while not taken:
            time.sleep(0.01)
            yield None
        yield job("second", tmp_path, path=str(first), prepare=None)

    with EmbedPool(jobs=2) as pool:
        for done, outcome, _ in pool.run(jobs()):
            assert isinstance(outcome, Done)
            taken.append(done.track_id)
    assert taken == ["first", "second"]


def test_a_bug_in_one_track_is_that_tracks_failure(tmp_path: Path) -> None:
    outcome = embed_file(job("a", tmp_path, prepare=None))
    assert isinstance(outcome, Failed)
    assert outcome.code == "internal-error"


def _no_memory(_folder: Path) -> Path:
    raise MemoryError


def test_no_memory_is_no_fault_of_the_track(tmp_path: Path) -> None:
    outcome = embed_file(job("a", tmp_path, prepare=_no_memory))
    assert isinstance(outcome, Failed)
    assert (outcome.code, outcome.retryable) == ("out-of-memory", True)


def test_sound_beyond_all_measure_is_a_failure_and_no_nan(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "a.wav", tune(1) * np.float32(1e30), codec="pcm_f32le")
    outcome = embed_file(job("a", tmp_path, path=str(path), prepare=None))
    assert isinstance(outcome, Failed)
    assert outcome.code == "not-analysable"


def _die(how: int, folder: Path) -> Path:
    os.kill(os.getpid(), how)
    return folder


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSEGV])
def test_a_worker_that_dies_takes_only_its_own_track(tmp_path: Path, how: signal.Signals) -> None:
    jobs = [job(f"t{number}", tmp_path) for number in range(4)]
    jobs.insert(1, job("culprit", tmp_path, prepare=partial(_die, int(how))))
    with EmbedPool(jobs=2) as pool:
        outcomes = {done.track_id: outcome for done, outcome, _ in pool.run(jobs)}
    failed = outcomes.pop("culprit")
    assert isinstance(failed, Failed)
    assert (failed.code, failed.retryable) == ("worker-died", True)
    assert how.name in failed.detail
    assert [type(outcome) for outcome in outcomes.values()] == [Done] * 4


def _die_at_work(_job: EmbedJob) -> Failed:
    os._exit(3)


@pytest.mark.usefixtures("forked")
def test_of_other_work_than_listening_it_is_said_as_well_that_a_worker_died(tmp_path: Path) -> None:
    with WorkerPool(_die_at_work, stage="excerpt") as pool:  # type: ignore[var-annotated]
        ((_, failed, _),) = pool.run([job("culprit", tmp_path)])
    assert isinstance(failed, Failed)
    assert (failed.stage, failed.code) == ("excerpt", "worker-died")
    assert "exit status 3" in failed.detail
    assert "listen" not in failed.detail


def _hang(how: str, times: int, folder: Path) -> Path:
    """Hang as often as ``times`` says, and note each time, and which other jobs were at work then."""
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
    """No time for a job that is known to hang, all the time in the world for what works: no clock decides."""
    calls = iter(range(1, times + 1))
    expected = next(calls)

    def limit_s(job: EmbedJob) -> float:
        nonlocal expected
        if job.track_id != "culprit" or not (place / f"hung-{expected - 1}").exists():
            return 1e9
        expected = next(calls, times + 1)
        return 0.0

    return limit_s


@pytest.mark.usefixtures("forked")
@pytest.mark.parametrize("how", ["stopped", "asleep"])
def test_a_worker_that_hangs_takes_only_its_own_track_tried_twice(tmp_path: Path, how: str) -> None:
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


@pytest.mark.usefixtures("forked")
def test_what_was_only_held_up_is_heard_when_it_is_tried_alone(tmp_path: Path) -> None:
    jobs = [job("culprit", tmp_path, prepare=partial(_hang, "stopped", 1)), job("other", tmp_path)]
    with EmbedPool(jobs=2, limit_s=_limit(tmp_path, 1)) as pool:
        finished = [(done.track_id, type(outcome)) for done, outcome, _ in pool.run(jobs)]
    assert finished == [("other", Done), ("culprit", Done)]


@pytest.mark.usefixtures("forked")
def test_time_in_which_the_build_itself_stood_still_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock_s = iter(range(0, 10_000_000, 3_600))
    monkeypatch.setattr(pool_module, "time", SimpleNamespace(monotonic=lambda: float(next(clock_s))))
    with EmbedPool(jobs=1, limit_s=lambda _: 3_000.0) as pool:
        assert [type(outcome) for _, outcome, _ in pool.run([job("a", tmp_path)])] == [Done]


@pytest.mark.parametrize(
    ("duration_ms", "limit_s"),
    [(0, 120), (-5, 120), (240_000, 1_080), (900_000, 3_720), (36_000_000, 3_720), (None, 3_720)],
)
def test_the_time_for_a_job_is_in_proportion_to_what_is_analyzed(
    tmp_path: Path, duration_ms: int | None, limit_s: float
) -> None:
    assert time_limit_s(job("a", tmp_path, duration_ms=duration_ms)) == limit_s


def test_a_worker_that_dies_while_idle_costs_nothing(tmp_path: Path) -> None:
    def jobs() -> Iterator[EmbedJob]:
        yield job("first", tmp_path)
        [child] = (child for child in psutil.Process().children() if "spawn_main" in " ".join(child.cmdline()))
        child.kill()
        # Dead with all its threads, and not yet reaped: that is for the pool to do.
        dead = os.WEXITED | os.WNOWAIT | os.WNOHANG
        wait_until(lambda: os.waitid(os.P_PID, child.pid, dead) is not None, "the worker is dead")
        yield job("second", tmp_path)

    with EmbedPool(jobs=1) as pool:
        assert [type(outcome) for _, outcome, _ in pool.run(jobs())] == [Done, Done]


@pytest.mark.usefixtures("forked")
def test_jobs_are_asked_for_only_when_a_worker_is_free(tmp_path: Path) -> None:
    asked = 0

    def jobs() -> Iterator[EmbedJob]:
        nonlocal asked
        for number in range(4):
            asked += 1
            yield job(str(number), tmp_path)

    with EmbedPool(jobs=1) as pool:
        for finished, _ in enumerate(pool.run(jobs()), start=1):
            assert asked == finished


@pytest.mark.usefixtures("forked")
def test_workers_are_replaced_after_their_share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "JOBS_PER_WORKER", 1)
    pids = set()
    with EmbedPool(jobs=1) as pool:
        for _, outcome, _ in pool.run(job(str(number), tmp_path, prepare=_tell_process) for number in range(2)):
            assert isinstance(outcome, Failed)
            pids.add(outcome.detail)
    assert len(pids) == 2


def _tell_process(folder: Path) -> Path:
    raise TrackError("said", f"Process {os.getpid()}.")


@pytest.mark.usefixtures("forked")
def test_wrong_weights_end_the_run(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.pb"
    wrong.write_bytes(b"nonsense")
    with EmbedPool(jobs=1) as pool, pytest.raises(WeightsError) as refused:
        list(pool.run([job("a", tmp_path, weights_path=str(wrong))]))
    assert refused.value.hint


def test_leaving_the_pool_ends_busy_workers(tmp_path: Path) -> None:
    before = set(psutil.Process().children())
    with EmbedPool(jobs=2) as pool:
        finished = pool.run([job("short", tmp_path), job("endless", tmp_path, prepare=render_forever)])
        assert next(finished)[0].track_id == "short"
        until(tmp_path / "begun")
    assert {child for child in psutil.Process().children() if "spawn_main" in " ".join(child.cmdline())} <= before


@pytest.mark.usefixtures("forked")
def test_when_the_time_is_over_what_workers_are_at_is_left_undone(tmp_path: Path) -> None:
    jobs = [job("endless", tmp_path, prepare=render_forever), job("next", tmp_path)]
    with EmbedPool(jobs=1) as pool:
        assert list(pool.run(jobs, stop_requested=(tmp_path / "begun").exists)) == []


SCRIPT = """
    import sys
    from pathlib import Path
    from spotmap_build.embed.weights import packaged
    from spotmap_build.registry import embedders
    from spotmap_build.embed.pool import EmbedPool
    from spotmap_build.embed.workers import EmbedJob
    from tests.fakes.audio_files import render_forever

    if __name__ == "__main__":
        model = embedders.get("musicnn").model
        job = EmbedJob("a", None, render_forever, model, str(packaged("msd-musicnn.onnx")), "onnx", sys.argv[1])
        try:
            with EmbedPool(jobs=2) as pool:
                list(pool.run([job, job]))
        except KeyboardInterrupt:
            sys.exit(130)
"""


@pytest.fixture
def build(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], list[psutil.Process]]]:
    """A process whose two workers are busy and will be forever, in a process group of its own."""
    script = tmp_path / "build.py"
    script.write_text(textwrap.dedent(SCRIPT))
    process = subprocess.Popen(
        [sys.executable, script, tmp_path],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    until(tmp_path / "begun")
    workers = [child for child in psutil.Process(process.pid).children() if "spawn_main" in " ".join(child.cmdline())]
    yield process, workers
    for left in [process, *workers]:
        if left.poll() is None if isinstance(left, subprocess.Popen) else left.is_running():
            left.kill()
    process.communicate()


def test_workers_end_with_a_parent_that_is_killed(
    build: tuple[subprocess.Popen[str], list[psutil.Process]],
) -> None:
    process, workers = build
    assert len(workers) == 2
    process.kill()
    process.wait()
    assert all(ended(worker) for worker in workers)


def test_ctrl_c_ends_everything_quietly(
    build: tuple[subprocess.Popen[str], list[psutil.Process]],
) -> None:
    process, workers = build
    os.killpg(process.pid, signal.SIGINT)
    assert ended(process)
    assert process.returncode == 130
    assert all(ended(worker) for worker in workers)
    assert process.stderr is not None
    assert process.stderr.read() == ""


def test_the_first_worker_is_started_with_interrupts_blocked_as_well() -> None:
    """Python's resource tracker, which is started with it, allows interrupts again."""
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


def test_a_pool_without_workers_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        EmbedPool(jobs=0)
