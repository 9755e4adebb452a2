"""A service that refuses is not asked again before its time; what a killed build left lying about is swept."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from spotmap_build.cache.freshness import Failure
from spotmap_build.cache.keys import Key
from spotmap_build.cache.store import Cache
from spotmap_build.config import Config
from spotmap_build.core.retry_after import LONGEST_PAUSE_S
from spotmap_build.errors import ServiceError, ServiceRefused
from spotmap_build.progress import make_progress
from spotmap_build.steps import Clock, Run
from spotmap_build.steps.sound.scratch import scratch_folder, sweep
from spotmap_build.steps.sound.services import PAUSE_S, SERVICE_VERSION, Service, when


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with Cache.open(tmp_path / "cache") as cache:
        yield Run(Config(), cache, make_progress("json"), Clock())


def retrying(run: Run) -> Run:
    return Run(Config(retry=True), run.cache, run.progress, run.clock)


def test_a_service_may_be_asked_until_it_refuses(run: Run) -> None:
    service = Service(run, "YouTube")
    assert service.is_open
    service.breaker.failed(ServiceRefused("Too many."))
    assert not service.is_open
    assert service.waiting("a", "download").detail == "Too many."


def test_a_refusal_holds_for_the_next_build_but_not_for_one_that_is_to_retry(run: Run) -> None:
    Service(run, "YouTube").remember(ServiceRefused("Too many.", retry_after_s=500))
    later = Service(run, "YouTube")
    assert not later.is_open
    row = later.waiting("a", "download")
    assert row.retryable
    assert row.retry_at_unix_s is not None
    assert 400 < row.retry_at_unix_s - time.time() <= 500
    assert Service(run, "YouTube Music").is_open
    assert Service(retrying(run), "YouTube").is_open
    assert Service(run, "YouTube").is_open, "as it was asked again, and did not refuse"
    refused_again = Service(retrying(run), "YouTube")
    assert refused_again.is_open
    refused_again.remember(ServiceRefused("Too many."))
    assert not Service(run, "YouTube").is_open


def test_a_refusal_without_a_date_holds_for_an_hour(run: Run) -> None:
    Service(run, "YouTube").remember(ServiceRefused("A bot check."))
    retry_at = Service(run, "YouTube")
    assert not retry_at.is_open
    assert abs((retry_at.waiting("a", "x").retry_at_unix_s or 0) - time.time() - PAUSE_S) < 5
    assert "A bot check. It can be tried again after" in retry_at.summary()


def test_a_passing_error_is_not_remembered(run: Run) -> None:
    Service(run, "YouTube").remember(ServiceError("A stall."))
    assert Service(run, "YouTube").is_open


def test_a_build_that_asks_nobody_remembers_nothing(run: Run) -> None:
    offline = Service(run, "YouTube", barred="The build was to stay offline.")
    assert not offline.is_open
    assert offline.waiting("a", "match").retry_at_unix_s is None
    assert Service(run, "YouTube").is_open


@pytest.mark.parametrize("pause_s", [86_400_000_000_000.0, 1e300, float("inf")])
def test_no_pause_is_remembered_for_longer_than_a_service_may_want(run: Run, pause_s: float) -> None:
    Service(run, "YouTube").remember(ServiceRefused("Too many.", retry_after_s=pause_s))
    later = Service(run, "YouTube")
    assert not later.is_open
    retry_at = later.waiting("a", "download").retry_at_unix_s
    assert retry_at is not None
    assert abs(retry_at - time.time() - LONGEST_PAUSE_S) < 60
    assert "It can be tried again after" in later.summary()


def test_a_pause_that_no_service_wants_was_remembered_by_mistake(run: Run) -> None:
    absurd = Failure("refused", "Too many.", "retry_after", 86_400_000_000_000)
    run.cache.put_failure(Key("service", SERVICE_VERSION, {"service": "YouTube"}), absurd)
    assert Service(run, "YouTube").is_open


@pytest.mark.parametrize("moment", [86_400_000_000_000, 10**30, -(10**30)])
def test_a_moment_that_is_no_date_is_not_told(moment: int) -> None:
    assert when(moment) == ""


def test_a_moment_is_told_in_words() -> None:
    assert when(1_800_000_000) == " It can be tried again after 08:00 UTC on 15 January."
    assert when(None) == ""


def test_a_scratch_folder_is_gone_even_after_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(RuntimeError), scratch_folder() as folder:  # noqa: PT012 - the folder is looked at inside
        (folder / "audio.m4a").write_bytes(b"...")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_build_left_is_swept_and_what_is_in_use_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    left, foreign = tmp_path / "spotmap-left", tmp_path / "spotmap-of-somebody-else"
    for folder in (left, foreign):
        folder.mkdir()
    (left / "lock").touch()
    os.utime(left / "lock", (1, 1))
    with scratch_folder() as used:
        os.utime(used / "lock", (1, 1))
        sweep(tmp_path)
        assert used.is_dir()
    assert {path.name for path in tmp_path.iterdir()} == {foreign.name}
