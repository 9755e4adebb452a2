"""Services that refuse, stumble or vanish: ledger and status say so, and there is a map of what there is."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from spotmap_build.fetch.spotify.token import ci_secret
from tests.fakes import http_server
from tests.fakes.spotify_library import FakeLibrary, local_json, numbered_track
from tests.fakes.spotify_server import Fault
from tests.support.command import Outcome, report, tree
from tests.support.streaming import Services, services, video_id

pytestmark = [pytest.mark.xdist_group("streamed-faults"), pytest.mark.slow]

NOBODY = "http://127.0.0.1:9/"
"""Nobody listens there: what a machine without a network gets."""
HALF_A_YEAR_S = 190 * 86_400
TRACKS = 5
"""Too few for UMAP, which has nothing to do with services."""


def library() -> FakeLibrary:
    return FakeLibrary.with_numbers(TRACKS, 1, playlist_tracks=4)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Services]:
    """Services, and an empty folder."""
    with services(library(), tmp_path) as started:
        yield started


@pytest.fixture(scope="module")
def first_build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a map was made while all was well. Not to be changed."""
    folder = tmp_path_factory.mktemp("first")
    with services(library(), folder) as started:
        assert started.build().status == 0
    return folder


@pytest.fixture
def built(first_build: Path, tmp_path: Path) -> Iterator[Services]:
    """A copy of that, with services of its own."""
    shutil.copytree(first_build, tmp_path / "copy", symlinks=True)
    with services(library(), tmp_path / "copy") as started:
        yield started


def codes(services: Services) -> Counter[str | None]:
    return Counter(row["code"] for row in report(services.folder)["ledger"])


def one_row(services: Services, code: str) -> dict[str, Any]:
    (row,) = (row for row in report(services.folder)["ledger"] if row["code"] == code)
    return dict(row)


def faults_left(services: Services) -> int:
    """How many of the planned faults met no request."""
    return sum(
        fault.times
        for faults in (services.spotify.faults, services.music.faults, services.audio.faults)
        for fault in faults
    )


def has_map(services: Services) -> bool:
    return (services.folder / "site/index.html").is_file()


def no_traceback(outcome: Outcome) -> None:
    assert "Traceback" not in outcome.stderr


def test_spotify_asks_for_two_seconds_and_is_asked_again(built: Services) -> None:
    built.add(numbered_track(50))
    built.spotify.faults.append(Fault(status=429, headers={"Retry-After": "2"}, path="/me/tracks"))
    outcome = built.build()
    assert outcome.status == 0, outcome.stderr
    assert len(built.spotify.requests_for("/me/tracks")) == 2
    assert codes(built) == {None: TRACKS + 1}


def test_spotify_asks_for_a_day_and_the_last_library_is_used(built: Services) -> None:
    before = tree(built.folder / "site")
    built.add(numbered_track(50))
    built.spotify.faults.append(Fault(status=429, headers={"Retry-After": "86400"}, times=99))
    outcome = built.build()
    assert outcome.status == 6
    no_traceback(outcome)
    assert tree(built.folder / "site") == before
    assert built.build().status == 6
    assert built.spotify.requests_for("/v1/") == [], "Spotify is not asked again before the day is over"


def test_a_day_of_waiting_in_the_middle_leaves_a_map_of_what_was_fetched(tmp_path: Path) -> None:
    """Sixty rows are two pages. Most of the first are somebody's own files, which need no listening."""
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
def test_a_burst_of_server_errors_passes(built: Services, status: int) -> None:
    built.add(numbered_track(50))
    built.spotify.faults.append(Fault(status=status, times=2))
    built.music.faults.append(http_server.Fault(status=status, times=2))
    built.audio.faults.append(http_server.Fault(status=status, times=2))
    outcome = built.build()
    assert outcome.status == 0, outcome.stderr
    assert codes(built) == {None: TRACKS + 1}
    assert faults_left(built) == 0


def test_a_hotels_login_page_in_place_of_answers_is_no_library(running: Services) -> None:
    running.spotify.faults.append(Fault(kind="html", times=999))
    outcome = running.build()
    assert outcome.status == 6
    no_traceback(outcome)
    assert not has_map(running)


def test_html_in_place_of_search_results_leaves_the_tracks_waiting(built: Services) -> None:
    built.add(numbered_track(50))
    page = http_server.Fault(status=200, body=b"<!doctype html><title>Welcome</title>", times=999)
    built.music.faults.append(page)
    outcome = built.build()
    assert outcome.status == 0, outcome.stderr
    no_traceback(outcome)
    assert sum(codes(built).values()) - codes(built)[None] == 1
    assert has_map(built)


def test_resets_everywhere_pass(built: Services) -> None:
    built.add(numbered_track(50))
    built.spotify.faults.append(Fault(kind="reset", times=2))
    built.music.faults.append(http_server.Fault(kind="reset", times=1))
    built.audio.faults.append(http_server.Fault(kind="reset", times=1))
    outcome = built.build()
    assert outcome.status == 0, outcome.stderr
    assert codes(built) == {None: TRACKS + 1}
    assert faults_left(built) == 0


def test_truncated_audio_is_tried_again_another_time(built: Services) -> None:
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


def test_a_removed_video_is_one_row_and_is_not_asked_for_again(built: Services) -> None:
    built.add(numbered_track(50))
    built.audio.missing.add(video_id(numbered_track(50)))
    assert built.build().status == 0
    row = next(row for row in report(built.folder)["ledger"] if row["status"] == "failed")
    assert (row["title"], row["stage"]) == ("Song 50", "download")
    assert built.build().status == 0
    assert built.audio.requests == []


def test_a_bot_check_after_two_downloads_keeps_the_two(built: Services) -> None:
    for number in range(50, 58):
        built.add(numbered_track(number))
    built.audio.bot_check_after = 2
    outcome = built.build()
    assert outcome.status == 0, outcome.stderr
    assert codes(built) == {None: TRACKS + 2, "waiting": 6}
    assert all(row["retry_at"] for row in report(built.folder)["ledger"] if row["code"] == "waiting")
    assert "can be tried again after" in outcome.stderr
    asked = len([one for one in built.audio.requests if one.query["v"] not in built.audio.served])
    assert asked <= 4, "after the first refusal nobody asks any more"
    assert built.build("--max-failures", "5").status == 3
    assert built.audio.requests == [], "nor does the next build, before it is time"
    built.audio.bot_check_after = None
    later = built.build("--retry")
    assert (later.status, later.analyzed_count) == (0, 6)


def test_a_build_that_is_not_to_listen_makes_the_map_of_what_was_heard(built: Services) -> None:
    built.add(numbered_track(50))
    outcome = built.build("--no-listen")
    assert outcome.status == 0, outcome.stderr
    assert codes(built) == {None: TRACKS, "waiting": 1}
    assert built.music.requests == []


def test_an_expired_login_makes_the_map_of_the_last_library_and_says_how_to_log_in(built: Services) -> None:
    old = {"SPOTMAP_SPOTIFY_LOGIN": ci_secret(built.spotify.login(time.time() - HALF_A_YEAR_S))}
    built.spotify.revoke()
    outcome = built.build(extra=old)
    assert outcome.status == 4
    assert "six months have passed" in outcome.stderr
    assert "spotmap-build login" in outcome.stderr
    assert has_map(built)


def test_access_that_was_taken_back_is_named_as_such(built: Services) -> None:
    secret = {"SPOTMAP_SPOTIFY_LOGIN": ci_secret(built.spotify.login())}
    built.spotify.revoke()
    outcome = built.build(extra=secret)
    assert outcome.status == 4
    assert "access" in outcome.stderr
    assert has_map(built)


def test_nobody_logged_in_and_nothing_fetched_is_a_sentence(running: Services) -> None:
    outcome = running.build(extra={"SPOTMAP_SPOTIFY_LOGIN": "", "SPOTMAP_TOKEN_FILE": "nowhere.json"})
    assert outcome.status == 4
    assert "spotmap-build login" in outcome.stderr
    no_traceback(outcome)


def test_no_network_at_all_makes_the_map_of_what_there_is(built: Services) -> None:
    before = tree(built.folder / "site")
    cut = {
        "SPOTMAP_SPOTIFY_API": f"{NOBODY}v1/",
        "SPOTMAP_SPOTIFY_ACCOUNTS": NOBODY,
        "SPOTMAP_YTMUSIC": NOBODY,
        "SPOTMAP_WATCH_URL": f"{NOBODY}watch?v={{video_id}}",
    }
    outcome = built.build(extra=cut)
    assert outcome.status == 6
    no_traceback(outcome)
    assert tree(built.folder / "site") == before
    assert built.build("--offline", extra=cut).status == 0


def test_youtube_out_of_reach_does_not_hold_up_the_build(built: Services) -> None:
    for number in range(50, 55):
        built.add(numbered_track(number))
    outcome = built.build(extra={"SPOTMAP_YTMUSIC": NOBODY})
    assert outcome.status == 0, outcome.stderr
    assert codes(built)[None] == TRACKS
    assert sum(codes(built).values()) == TRACKS + 5
    later = built.build()
    assert (later.status, later.analyzed_count) == (0, 5), "once it is back, all of them are found at once"


def test_a_full_disk_ends_the_build_and_costs_nothing_that_was_finished(running: Services, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=240k", "tmpfs", str(disk)]
    mounted = subprocess.run(mount, check=False, capture_output=True)
    if mounted.returncode:
        pytest.skip("mounting a small disk needs more rights")
    try:
        outcome = running.build("--cache-dir", disk / "cache")
        assert outcome.status == 5, outcome.stderr
        no_traceback(outcome)
        assert "cannot grow" in outcome.stderr
        subprocess.run(["mount", "-o", "remount,size=60M", disk], check=True)
        assert running.build("--cache-dir", disk / "cache").status == 0
    finally:
        subprocess.run(["umount", disk], check=True)
