"""Analysis on a Dask cluster gives the same vectors as on this machine, even if workers are lost."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from importlib.util import find_spec
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spotmap_build.cache.records import decode_record
from spotmap_build.embed import dask_pool, remote
from spotmap_build.embed.pool import EmbedPool
from spotmap_build.embed.remote import RemoteJob, RemoteResult, Weights, fingerprint_of
from spotmap_build.embed.weights import packaged_path
from spotmap_build.embed.workers import EmbedJob
from spotmap_build.errors import ConfigError, ServiceError, TrackError, WeightsError
from spotmap_build.model import Done, Failed, TrackEmbedding
from spotmap_build.registry import embedders
from tests.fakes.audio_files import render_forever, render_tune
from tests.support.command import build
from tests.support.music import write_library, write_tune
from tests.support.patience import patience

pytestmark = [
    pytest.mark.xdist_group("dask"),
    pytest.mark.slow,
    pytest.mark.skipif(
        find_spec("distributed") is None, reason="distributed is not installed: pip install 'spotmap-build[dask]'"
    ),
]


def local_cluster(**options: object) -> Any:
    """Return a cluster on this machine without a fixed dashboard port. Imports Dask here, because that takes long."""
    from distributed import LocalCluster

    return LocalCluster(dashboard_address=":0", **options)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Two worker processes. A job may lose one of them, because it may be sent to a worker that is being killed.

    ``LocalCluster`` gives up a killed worker that has not restarted after 15 seconds, which a busy machine takes.
    """
    import dask

    place = tmp_path_factory.mktemp("dask")
    settings = {
        "distributed.scheduler.allowed-failures": 1,
        "distributed.worker.use-file-locking": False,
        "distributed.deploy.lost-worker-timeout": "1 hour",
    }
    with (
        dask.config.set(settings),
        local_cluster(n_workers=2, threads_per_worker=1, local_directory=str(place)) as running,
    ):
        yield running


def address(cluster: Any) -> str:
    return str(cluster.scheduler_address).replace("tcp://", "dask://")


def job(track_id: str, folder: Path, **changes: object) -> EmbedJob:
    values: dict[str, object] = {
        "track_id": track_id,
        "path": None,
        "prepare": render_tune,
        "model": embedders.find("musicnn").model,
        "weights_path": str(packaged_path("msd-musicnn.onnx")),
        "engine": "onnx",
        "temp_folder": str(folder),
    }
    return EmbedJob(**(values | changes))  # type: ignore[arg-type]


def tune_jobs(folder: Path, count: int) -> list[EmbedJob]:
    paths = [write_tune(folder / f"{number}/a.wav", number, 2.0) for number in range(count)]
    return [job(f"tune {number}", folder, path=str(path), prepare=None) for number, path in enumerate(paths)]


def quick_jobs(folder: Path, count: int) -> list[EmbedJob]:
    """Return jobs for empty files, which fail without loading an engine."""
    for number in range(count):
        (folder / f"{number}.wav").touch()
    return [job(f"empty {n}", folder, path=str(folder / f"{n}.wav"), prepare=None) for n in range(count)]


def equal(left: TrackEmbedding, right: TrackEmbedding) -> bool:
    parts = ((left.vector, right.vector), (left.tags, right.tags), (left.features, right.features))
    return all(np.array_equal(*pair) for pair in parts) and left.typical_s == right.typical_s


def vectors(results: list[tuple[EmbedJob, Done[TrackEmbedding] | Failed, float]]) -> dict[str, TrackEmbedding]:
    found = {}
    for job_, outcome, _ in results:
        assert isinstance(outcome, Done), outcome
        assert job_.track_id not in found
        found[job_.track_id] = outcome.value
    return found


def die(_folder: Path) -> Path:
    os._exit(1)


def test_vectors_match_a_local_run_though_a_worker_is_killed_and_half_the_files_are_sent(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = tune_jobs(tmp_path, 6)
    with EmbedPool() as local:
        expected = vectors(list(local.run(jobs)))
    done, max_in_flight = [], 0

    def supply() -> Iterator[EmbedJob | None]:
        nonlocal max_in_flight
        for tune_job in jobs:
            yield None  # not ready yet
            yield tune_job
            max_in_flight = max(max_in_flight, len(pool._in_flight))

    # Half of the files have another fingerprint on the workers than in the build, so their content is sent.
    changed = {Path(tune_job.path or "") for tune_job in jobs[::2]}
    monkeypatch.setattr(
        dask_pool,
        "fingerprint_of",
        lambda path: (
            remote.Fingerprint(fingerprint_of(path).size_bytes, "") if path in changed else fingerprint_of(path)
        ),
    )
    with dask_pool.DaskPool(address(cluster)) as pool:
        assert pool.worker_count == 2
        for result in pool.run(supply()):
            done.append(result)
            if len(done) == 2:
                os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)

    found = vectors(done)
    assert found.keys() == expected.keys()
    assert all(equal(found[name], expected[name]) for name in expected)
    assert 1 < max_in_flight <= 2 * dask_pool.JOBS_PER_WORKER


def run(cluster: Any, jobs: list[EmbedJob], limit_s: float = 0.0) -> dict[str, str]:
    """Return the error code of each job; an empty string if it succeeded."""
    options = {"limit_s": lambda _: limit_s} if limit_s else {}
    with dask_pool.DaskPool(address(cluster), **options) as pool:  # type: ignore[arg-type]
        results = list(pool.run(iter(jobs)))
    assert len(results) == len(jobs)
    return {done.track_id: outcome.code if isinstance(outcome, Failed) else "" for done, outcome, _ in results}


def test_track_that_kills_its_worker_fails_alone(cluster: Any, tmp_path: Path) -> None:
    deadly = job("deadly", tmp_path, prepare=die)
    gone = job("gone", tmp_path, path=str(tmp_path / "gone.wav"), prepare=None)
    codes = run(cluster, [deadly, *quick_jobs(tmp_path, 3), gone])
    assert codes == {"deadly": "worker-died", "gone": "unreadable"} | {f"empty {n}": "empty-file" for n in range(3)}


def test_hanging_track_fails_and_its_worker_is_restarted(cluster: Any, tmp_path: Path) -> None:
    assert run(cluster, [job("endless", tmp_path, prepare=render_forever)], limit_s=1.0) == {"endless": "worker-hung"}
    assert run(cluster, quick_jobs(tmp_path, 3)).keys() == {"empty 0", "empty 1", "empty 2"}


released = threading.Event()


def hang_until_released(_folder: Path) -> Path:
    released.wait(patience())
    raise TrackError("released", "The test is over.")


@contextmanager
def without_nannies(folder: Path, count: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Yield a cluster whose workers are threads of this process, so that nothing restarts them."""
    monkeypatch.setattr(remote, "_one_at_a_time", nullcontext())
    released.clear()
    with local_cluster(
        n_workers=count, threads_per_worker=1, processes=False, protocol="tcp://", local_directory=str(folder)
    ) as running:
        try:
            yield running
        finally:
            released.set()


def test_hanging_worker_without_a_nanny_gets_no_more_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The hanging job is retried alone on a second worker, so a third one is needed for the others.
    with without_nannies(tmp_path / "dask", 3, monkeypatch) as running:
        jobs = [job("endless", tmp_path, prepare=hang_until_released), *quick_jobs(tmp_path, 4)]
        codes = run(running, jobs, limit_s=1.0)
        assert codes == {"endless": "worker-hung"} | {f"empty {n}": "empty-file" for n in range(4)}
        assert len(running.scheduler.workers) == 1


def test_error_names_the_last_worker_if_it_hangs_without_a_nanny(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with without_nannies(tmp_path / "dask", 1, monkeypatch) as running:
        (worker,) = running.scheduler.workers
        with pytest.raises(ServiceError, match=worker) as caught:
            run(running, [job("endless", tmp_path, prepare=hang_until_released), *quick_jobs(tmp_path, 2)], limit_s=1.0)
        assert "--no-nanny" in caught.value.hint


def test_command_caches_the_same_results_with_dask(cluster: Any, tmp_path: Path) -> None:
    write_library(tmp_path / "music", 3)
    cached = []
    for name, options in (("local", ()), ("dask", ("--executor", address(cluster)))):
        outcome = build("folder:music", tmp_path, "--shard", "1/1", "--cache-dir", name, *options)
        assert (outcome.status, outcome.analyzed_count) == (0, 3), outcome.stderr
        records = [decode_record(path.read_bytes())[0] for path in (tmp_path / name).glob("ac/embed-v*/*/*.json")]
        cached.append({record.key_digest: record.outputs for record in records})
    assert len(cached[0]) == 3
    assert cached[0] == cached[1]


def test_remaining_jobs_are_dropped_at_the_time_limit(cluster: Any, tmp_path: Path) -> None:
    done: list[object] = []
    with dask_pool.DaskPool(address(cluster)) as pool:
        results = pool.run(iter(quick_jobs(tmp_path, 9)), stop_requested=lambda: bool(done))
        done += [next(results)]
        done += results
    assert len(done) <= 2 * dask_pool.JOBS_PER_WORKER


def test_weights_outside_the_package_are_sent_to_workers(cluster: Any, tmp_path: Path) -> None:
    weights = tmp_path / "other.onnx"
    weights.write_bytes(packaged_path("msd-musicnn.onnx").read_bytes())
    jobs = [job(name, tmp_path, weights_path="/nowhere/other.onnx") for name in ("a", "b")]
    with dask_pool.DaskPool(address(cluster), weights=weights) as pool:
        assert len(vectors(list(pool.run(iter(jobs))))) == 2


def test_invalid_weights_end_the_run(cluster: Any, tmp_path: Path) -> None:
    weights = tmp_path / "other.onnx"
    weights.write_bytes(b"no network")
    with dask_pool.DaskPool(address(cluster), weights=weights) as pool, pytest.raises(WeightsError):
        list(pool.run(iter([job("a", tmp_path)])))


@pytest.mark.parametrize("lost", ["scheduler", "workers"])
def test_lost_cluster_ends_the_run_after_the_finished_jobs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    monkeypatch.setattr(dask_pool, "MAX_WITHOUT_WORKERS_S", 1.0)
    monkeypatch.setattr(dask_pool, "CHECK_INTERVAL_S", 0.2)
    monkeypatch.setattr(dask_pool, "CONNECT_S", 5.0)  # how long the client waits for a scheduler to come back
    with (
        local_cluster(n_workers=1, local_directory=str(tmp_path)) as running,
        dask_pool.DaskPool(address(running)) as pool,
    ):
        results = pool.run(chain(quick_jobs(tmp_path, 1), repeat(None)))
        assert next(results)[0].track_id == "empty 0"
        if lost == "scheduler":
            running.close()
        else:
            running.scale(0)
        with pytest.raises(ServiceError, match="Dask"):
            list(results)


def test_unavailable_cluster_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(dask_pool, "CONNECT_S", 0.2)
    with pytest.raises(ServiceError, match=r"No Dask scheduler answers at dask://127\.0\.0\.1:9"):
        dask_pool.DaskPool("dask://127.0.0.1:9")
    monkeypatch.setattr(dask_pool, "MAX_WITHOUT_WORKERS_S", 0.2)
    with (
        local_cluster(n_workers=0, local_directory=str(tmp_path)) as empty,
        pytest.raises(ServiceError, match="has no workers"),
    ):
        dask_pool.DaskPool(address(empty))
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ConfigError, match="not installed") as caught:
        dask_pool.DaskPool("dask://127.0.0.1:9")
    assert "spotmap-build[dask]" in caught.value.hint


def embed_remotely(remote_job: RemoteJob, folder: Path) -> RemoteResult:
    return remote.embed_on_worker(remote_job, None, folder)


@pytest.mark.parametrize(
    ("change", "is_embedded"),
    [
        (lambda _path: None, True),
        (lambda path: path.write_bytes(path.read_bytes() + b"\0"), False),
        (lambda path: path.write_bytes(b"RIFX" + path.read_bytes()[4:]), False),
        (Path.unlink, False),
    ],
)
def test_worker_uses_its_own_file_only_if_it_is_identical(
    tmp_path: Path, change: Callable[[Path], None], is_embedded: bool
) -> None:
    (tune_job,) = tune_jobs(tmp_path, 1)
    path = Path(tune_job.path or "")
    sent = RemoteJob(tune_job, fingerprint_of(path), path.read_bytes())
    shared = RemoteJob(tune_job, fingerprint_of(path))
    change(path)
    assert isinstance(embed_remotely(shared, tmp_path).outcome, Done) == is_embedded
    assert isinstance(embed_remotely(sent, tmp_path).outcome, Done)
    assert [path.name for path in tmp_path.iterdir()] == ["0"], "temporary files are removed"


def test_worker_of_another_version_refuses_jobs(tmp_path: Path) -> None:
    answer = embed_remotely(RemoteJob(job("a", tmp_path), version="0.0.1"), tmp_path)
    assert isinstance(answer.outcome, ConfigError)
    assert "0.0.1" in answer.outcome.message


def test_weights_are_identified_by_their_content(tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    path.write_bytes(b"a")
    assert Weights.read(path) == Weights.read(path)
    (tmp_path / "b.onnx").write_bytes(b"b")
    assert Weights.read(tmp_path / "b.onnx").sha256 != Weights.read(path).sha256
