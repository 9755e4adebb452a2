"""If services refuse, fail or disappear, report and exit status say so and the map contains the available tracks."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from spotmap_build.fetch.spotify.token import ci_secret
from tests.fakes import http_server
from tests.fakes.spotify_library import FakeLibrary, local_json, numbered_track
from tests.fakes.spotify_server import Fault
from tests.support.command import Outcome, report, tree
from tests.support.streaming import Services, services, video_id

pytestmark = [pytest.mark.xdist_group("streamed-faults"), pytest.mark.slow]

NO_SERVER = "http://127.0.0.1:9/"
"""An address without a server, as for a machine without a network."""
LOGIN_AGE_S = 190 * 86_400
TRACKS = 5
"""Too few for UMAP, whose layout these tests do not need."""


def library() -> FakeLibrary:
    return FakeLibrary.with_numbers(TRACKS, 1, playlist_tracks=4)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Services]:
    """Services with an empty folder."""
    with services(library(), tmp_path) as started:
        yield started


@pytest.fixture(scope="module")
def first_build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder after a build without faults. Read-only."""
    folder = tmp_path_factory.mktemp("first")
    with services(library(), folder) as started:
        assert started.build().status == 0
    return folder


@pytest.fixture
def built(first_build: Path, tmp_path: Path) -> Iterator[Services]:
    """A modifiable copy of ``first_build`` with its own services."""
    shutil.copytree(first_build, tmp_path / "copy", symlinks=True)
    with services(library(), tmp_path / "copy") as started:
        yield started


def codes(services: Services) -> Counter[str | None]:
    return Counter(row["code"] for row in report(services.folder)["ledger"])


def unused_fault_count(services: Services) -> int:
    """Return the number of planned faults that affected no request."""
    return sum(
        fault.times
        for faults in (services.spotify.faults, services.music.faults, services.audio.faults)
        for fault in faults
    )


def has_map(services: Services) -> bool:
    return (services.folder / "site/index.html").is_file()


def assert_no_traceback(outcome: Outcome) -> None:
    assert "Traceback" not in outcome.stderr


def test_short_rate_limit_of_spotify_is_waited_for(built: Services) -> None:
    built.add(numbered_track(50))
    built.spotify.faults.append(Fault(status=429, headers={"Retry-After": "2"}, path="/me/tracks"))
    outcome = built.build()
    assert outcome.status == 0, outcome.stderr
    assert len(built.spotify.requests_for("/me/tracks")) == 2
    assert codes(built) == {None: TRACKS + 1}


def test_last_library_is_used_if_spotify_requires_a_pause_of_a_day(built: Services) -> None:
    before = tree(built.folder / "site")
    built.add(numbered_track(50))
    built.spotify.faults.append(Fault(status=429, headers={"Retry-After": "86400"}, times=99))
    outcome = built.build()
    assert outcome.status == 6
    assert_no_traceback(outcome)
    assert tree(built.folder / "site") == before
    assert built.build().status == 6
    assert built.spotify.requests_for("/v1/") == [], "the pause is respected by the next build"


def test_required_pause_during_the_fetch_leaves_a_map_of_the_fetched_tracks(tmp_path: Path) -> None:
    """Sixty rows are two pages. Most tracks of the first page are local files, which are not analyzed."""
    two_pages = FakeLibrary.with_numbers(60, 0)
    for number in range(TRACKS, 50):
        two_pages.saved[number]["track"] = local_json(f"File {number}", "Somebody")
    with services(two_pages, tmp_path) as running:
        running.spotify.faults.append(
            Fault(status=429, headers={"Retry-After": "86400"}, path="/me/tracks", after=1, times=99)
        )
        outcome = running.build()
        assert outcome.status == 6, outcome.stderr
        assert codes(running) == {None: TRACKS, "local-file": 50 - TRACKS}
        assert has_map(running)


@pytest.mark.parametrize("status", [500, 503])
def test_temporary_server_errors_are_retried(built: Services, status: int) -> None:
    built.add(numbered_track(50))
    built.spotify.faults.append(Fault(status=status, times=2))
    built.music.faults.append(http_server.Fault(status=status, times=2))
    built.audio.faults.append(http_server.Fault(status=status, times=2))
    outcome = built.build()
    assert outcome.status == 0, outcome.stderr
    assert codes(built) == {None: TRACKS + 1}
    assert unused_fault_count(built) == 0


def test_captive_portal_page_is_not_a_library(running: Services) -> None:
    running.spotify.faults.append(Fault(kind="html", times=999))
    outcome = running.build()
    assert outcome.status == 6
    assert_no_traceback(outcome)
    assert not has_map(running)


def test_captive_portal_page_in_place_of_search_results_fails_only_new_tracks(built: Services) -> None:
    built.add(numbered_track(50))
    page = http_server.Fault(status=200, body=b"<!doctype html><title>Welcome</title>", times=999)
    built.music.faults.append(page)
    outcome = built.build()
    assert outcome.status == 0, outcome.stderr
    assert_no_traceback(outcome)
    assert sum(codes(built).values()) - codes(built)[None] == 1
    assert has_map(built)


def test_temporary_connection_resets_are_retried(built: Services) -> None:
    built.add(numbered_track(50))
    built.spotify.faults.append(Fault(kind="reset", times=2))
    built.music.faults.append(http_server.Fault(kind="reset", times=1))
    built.audio.faults.append(http_server.Fault(kind="reset", times=1))
    outcome = built.build()
    assert outcome.status == 0, outcome.stderr
    assert codes(built) == {None: TRACKS + 1}
    assert unused_fault_count(built) == 0


def test_truncated_audio_is_retryable(built: Services) -> None:
    built.add(numbered_track(50))
    built.audio.faults.append(http_server.Fault(kind="cut", path=video_id(numbered_track(50)), times=99))
    outcome = built.build()
    assert outcome.status == 0, outcome.stderr
    row = next(row for row in report(built.folder)["ledger"] if row["status"] == "failed")
    assert (row["title"], row["stage"], row["retryable"]) == ("Song 50", "download", True)
    built.audio.faults.clear()
    again = built.build("--retry")
    assert (again.status, again.analyzed_count) == (0, 1)
    assert codes(built) == {None: TRACKS + 1}


def test_removed_video_fails_one_track_and_is_not_requested_again(built: Services) -> None:
    built.add(numbered_track(50))
    built.audio.missing.add(video_id(numbered_track(50)))
    assert built.build().status == 0
    row = next(row for row in report(built.folder)["ledger"] if row["status"] == "failed")
    assert (row["title"], row["stage"]) == ("Song 50", "download")
    assert built.build().status == 0
    assert built.audio.requests == []


def test_bot_check_after_two_downloads_keeps_these_two(built: Services) -> None:
    for number in range(50, 58):
        built.add(numbered_track(number))
    built.audio.bot_check_after = 2
    outcome = built.build()
    assert outcome.status == 0, outcome.stderr
    assert codes(built) == {None: TRACKS + 2, "waiting": 6}
    assert all(row["retry_at"] for row in report(built.folder)["ledger"] if row["code"] == "waiting")
    assert "can be tried again after" in outcome.stderr
    refused = [request for request in built.audio.requests if request.query["v"] not in built.audio.served]
    assert len(refused) <= 4, "after the first refusal, only requests in flight follow"
    assert built.build("--max-failures", "5").status == 3
    assert built.audio.requests == [], "the next build respects the pause"
    built.audio.bot_check_after = None
    later = built.build("--retry")
    assert (later.status, later.analyzed_count) == (0, 6)


def test_no_listen_maps_the_analyzed_tracks(built: Services) -> None:
    built.add(numbered_track(50))
    outcome = built.build("--no-listen")
    assert outcome.status == 0, outcome.stderr
    assert codes(built) == {None: TRACKS, "waiting": 1}
    assert built.music.requests == []


def test_expired_login_maps_the_last_library_and_names_the_login_command(built: Services) -> None:
    old = {"SPOTMAP_SPOTIFY_LOGIN": ci_secret(built.spotify.login(time.time() - LOGIN_AGE_S))}
    built.spotify.revoke()
    outcome = built.build(extra=old)
    assert outcome.status == 4
    assert "six months have passed" in outcome.stderr
    assert "spotmap-build login" in outcome.stderr
    assert has_map(built)


def test_revoked_access_is_reported(built: Services) -> None:
    secret = {"SPOTMAP_SPOTIFY_LOGIN": ci_secret(built.spotify.login())}
    built.spotify.revoke()
    outcome = built.build(extra=secret)
    assert outcome.status == 4
    assert "access" in outcome.stderr
    assert has_map(built)


def test_missing_login_without_a_cached_library_is_reported(running: Services) -> None:
    outcome = running.build(extra={"SPOTMAP_SPOTIFY_LOGIN": "", "SPOTMAP_TOKEN_FILE": "nowhere.json"})
    assert outcome.status == 4
    assert "spotmap-build login" in outcome.stderr
    assert_no_traceback(outcome)


def test_missing_network_keeps_the_map(built: Services) -> None:
    before = tree(built.folder / "site")
    no_network = {
        "SPOTMAP_SPOTIFY_API": f"{NO_SERVER}v1/",
        "SPOTMAP_SPOTIFY_ACCOUNTS": NO_SERVER,
        "SPOTMAP_YTMUSIC": NO_SERVER,
        "SPOTMAP_WATCH_URL": f"{NO_SERVER}watch?v={{video_id}}",
    }
    outcome = built.build(extra=no_network)
    assert outcome.status == 6
    assert_no_traceback(outcome)
    assert tree(built.folder / "site") == before
    assert built.build("--offline", extra=no_network).status == 0


def test_unreachable_youtube_fails_only_new_tracks(built: Services) -> None:
    for number in range(50, 55):
        built.add(numbered_track(number))
    outcome = built.build(extra={"SPOTMAP_YTMUSIC": NO_SERVER})
    assert outcome.status == 0, outcome.stderr
    assert codes(built)[None] == TRACKS
    assert sum(codes(built).values()) == TRACKS + 5
    later = built.build()
    assert (later.status, later.analyzed_count) == (0, 5), "the next build finds them"


def test_first_build_without_a_service_says_so_and_the_next_one_succeeds(running: Services) -> None:
    outcome = running.build("--audio", "youtube", extra={"SPOTMAP_YTMUSIC": NO_SERVER})
    assert outcome.status == 6, outcome.stderr
    assert "Check the connection" in outcome.stderr
    assert not has_map(running)
    assert running.build().status == 0


def test_full_disk_ends_the_build_and_the_next_one_succeeds(running: Services, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=240k", "tmpfs", str(disk)]
    mounted = subprocess.run(mount, check=False, capture_output=True)
    if mounted.returncode:
        pytest.skip("mounting a small disk needs more privileges")
    try:
        outcome = running.build("--cache-dir", disk / "cache")
        assert outcome.status == 5, outcome.stderr
        assert_no_traceback(outcome)
        assert "cannot grow" in outcome.stderr
        subprocess.run(["mount", "-o", "remount,size=60M", disk], check=True)
        assert running.build("--cache-dir", disk / "cache").status == 0
    finally:
        subprocess.run(["umount", disk], check=True)
