"""Refusals of services are remembered, and temporary files of killed builds are removed."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from spotmap_build.acquire.scratch import scratch_folder, sweep
from spotmap_build.acquire.search import Finder
from spotmap_build.acquire.services import SERVICE_VERSION, Service, retry_note
from spotmap_build.cache.freshness import Failure
from spotmap_build.cache.keys import Key
from spotmap_build.cache.locks import shared
from spotmap_build.cache.pauses import PAUSE_S
from spotmap_build.cache.store import Cache
from spotmap_build.config import Config
from spotmap_build.core.rate_limiting import RateLimiter
from spotmap_build.core.retry_after import MAX_PAUSE_S
from spotmap_build.errors import ServiceError, ServiceRefused, SourceError
from spotmap_build.pipeline import build
from spotmap_build.progress import make_progress
from spotmap_build.stages import Clock, Run


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with Cache.open(tmp_path / "cache") as cache:
        yield Run(Config(), cache, make_progress("json"), Clock())


def retrying(run: Run) -> Run:
    return Run(Config(retry=True), run.cache, run.progress, run.clock)


def test_service_is_open_until_it_refuses(run: Run) -> None:
    service = Service(run, "YouTube")
    assert service.is_open
    service.breaker.record_failure(ServiceRefused("Too many."))
    assert not service.is_open
    assert service.waiting_row("a", "download").detail == "Too many."


def test_refusal_holds_for_the_next_build_unless_it_retries(run: Run) -> None:
    earliest_s = int(time.time()) + 500
    Service(run, "YouTube").store_refusal(ServiceRefused("Too many.", retry_after_s=500))
    later = Service(run, "YouTube")
    assert not later.is_open
    row = later.waiting_row("a", "download")
    assert row.retryable
    assert row.retry_at_unix_s is not None
    assert earliest_s <= row.retry_at_unix_s <= time.time() + 501
    assert Service(run, "YouTube Music").is_open
    assert Service(retrying(run), "YouTube").is_open
    assert Service(run, "YouTube").is_open, "the retry succeeded"
    refused_again = Service(retrying(run), "YouTube")
    assert refused_again.is_open
    refused_again.store_refusal(ServiceRefused("Too many."))
    assert not Service(run, "YouTube").is_open


def test_refusal_without_a_date_holds_for_an_hour(run: Run) -> None:
    earliest_s = int(time.time()) + PAUSE_S
    Service(run, "YouTube").store_refusal(ServiceRefused("A bot check."))
    later = Service(run, "YouTube")
    assert not later.is_open
    assert earliest_s <= (later.waiting_row("a", "x").retry_at_unix_s or 0) <= time.time() + PAUSE_S + 1
    assert "A bot check. It can be tried again after" in later.summary()


def test_default_rate_is_two_searches_per_second(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    rates: list[float] = []

    class Recording(RateLimiter):
        def __init__(self, per_second: float) -> None:
            rates.append(per_second)
            super().__init__(per_second)

    monkeypatch.setattr("spotmap_build.core.rate_limiting.RateLimiter", Recording)
    Finder(run, None)._youtube_music()  # type: ignore[arg-type]  # tracks are not needed
    assert rates == [2.0]


def test_transient_error_is_not_remembered(run: Run) -> None:
    Service(run, "YouTube").store_refusal(ServiceError("A stall."))
    assert Service(run, "YouTube").is_open


def test_offline_build_remembers_no_refusal(run: Run) -> None:
    offline = Service(run, "YouTube", disabled_reason="The build was to stay offline.")
    assert not offline.is_open
    assert offline.summary() == "", "it was not needed"
    assert offline.waiting_row("a", "match").retry_at_unix_s is None
    assert offline.summary() == "The build was to stay offline."
    assert Service(run, "YouTube").is_open


@pytest.mark.parametrize("pause_s", [86_400_000_000_000.0, 1e300, float("inf")])
def test_remembered_pause_is_bounded(run: Run, pause_s: float) -> None:
    earliest_s = int(time.time()) + MAX_PAUSE_S
    Service(run, "YouTube").store_refusal(ServiceRefused("Too many.", retry_after_s=pause_s))
    later = Service(run, "YouTube")
    assert not later.is_open
    retry_at = later.waiting_row("a", "download").retry_at_unix_s
    assert retry_at is not None
    assert earliest_s <= retry_at <= time.time() + MAX_PAUSE_S + 1
    assert "It can be tried again after" in later.summary()


def test_remembered_pause_beyond_the_bound_is_ignored(run: Run) -> None:
    absurd = Failure("refused", "Too many.", "retry_after", 86_400_000_000_000)
    run.cache.put_failure(Key("service", SERVICE_VERSION, {"service": "YouTube"}), absurd)
    assert Service(run, "YouTube").is_open


@pytest.mark.parametrize("moment", [86_400_000_000_000, 10**30, -(10**30)])
def test_time_that_is_not_a_date_is_omitted(moment: int) -> None:
    assert retry_note(moment) == ""


def test_retry_time_is_described_in_words() -> None:
    assert retry_note(1_800_000_000) == " It can be tried again after 2027-01-15 08:00 UTC."
    assert retry_note(None) == ""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder that replaces the system's folder for temporary files."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    return place


def killed(temporary: Path, mode: int = 0o700) -> Path:
    """Create the files of a build that was killed: a complete download and a partial one."""
    folder = temporary / "spotmap-left"
    (folder / "a/b").mkdir(parents=True)
    (folder / "lock").touch()
    (folder / "a/dQw4w9WgXcQ.m4a").write_bytes(b"audio")
    (folder / "a/b/audio.m4a.part").write_bytes(b"half")
    folder.chmod(mode)
    return folder


def test_scratch_folder_is_removed_after_an_error(temporary: Path) -> None:
    with pytest.raises(RuntimeError), scratch_folder() as scratch:  # noqa: PT012 - the folder is looked at inside
        (scratch.folder / "audio.m4a").write_bytes(b"...")
        raise RuntimeError
    assert list(temporary.iterdir()) == []


def test_files_of_killed_builds_are_removed_and_those_in_use_are_kept(temporary: Path) -> None:
    foreign = temporary / "spotmap-of-somebody-else"
    foreign.mkdir()
    (temporary / "spotmap-link").symlink_to(foreign)
    with scratch_folder() as scratch:
        killed(temporary)
        sweep()
        assert scratch.folder.is_dir()
        assert {path.name for path in temporary.iterdir()} == {foreign.name, "spotmap-link", scratch.folder.name}
    assert {path.name for path in temporary.iterdir()} == {foreign.name, "spotmap-link"}


def test_completed_download_of_a_killed_build_is_adopted(temporary: Path) -> None:
    left = killed(temporary)
    with scratch_folder() as scratch:
        (path,) = scratch.adopted.values()
        assert (list(scratch.adopted), path.read_bytes()) == (["dQw4w9WgXcQ"], b"audio")
        assert path.is_relative_to(scratch.folder)
        assert [each.name for each in path.parent.iterdir()] == [path.name]  # removed with its folder after analysis
        assert not left.exists()
    assert list(temporary.iterdir()) == []


def test_audio_in_a_world_writable_folder_is_not_adopted(temporary: Path) -> None:
    left = killed(temporary, mode=0o777)
    with scratch_folder() as scratch:
        assert scratch.adopted == {}
        assert not left.exists()


def test_scratch_folder_removed_by_a_concurrent_build_is_recreated(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    swept: list[Path] = []

    def slow(lock: Path) -> contextlib.AbstractContextManager[None]:
        if not swept:
            sweep()
            swept.append(lock.parent)
        return shared(lock)

    monkeypatch.setattr("spotmap_build.acquire.scratch.shared", slow)
    with scratch_folder() as scratch:
        assert scratch.folder.is_dir()
        assert swept != [scratch.folder]
        assert not swept[0].exists()
    assert list(temporary.iterdir()) == []


def test_every_build_removes_leftover_scratch_folders(temporary: Path, tmp_path: Path) -> None:
    left = killed(temporary)
    with pytest.raises(SourceError):
        build(Config(sources=("table:nothing.csv",), cache_dir=tmp_path / "cache"), make_progress("json"))
    assert not left.exists()
