"""If Spotify fails, refuses requests or ends the login, a build uses the last library and reports why."""

from __future__ import annotations

import errno
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from spotmap_build.cache.errors import CacheReadOnly
from spotmap_build.errors import LoginError, ServiceError, ServiceRefused
from spotmap_build.fetch.spotify.token import ci_secret, load_login, save_login
from tests.fakes import spotify_web_api
from tests.fakes.spotify_library import FakeLibrary, numbered_track
from tests.fakes.spotify_server import Fault, SpotifyServer, serve
from tests.fakes.spotify_web_api import page
from tests.support.patience import patience, wait_until
from tests.support.spotify_person import DAY_S, Person, library_requests, load_program, logged_in, titles


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    """A user with 130 saved tracks and three playlists of 60 tracks."""
    with serve(SpotifyServer(FakeLibrary.with_numbers(130, playlists=3))) as running:
        yield logged_in(running, tmp_path)


def test_interrupted_fetch_continues_with_the_missing_pages(person: Person) -> None:
    person.server.faults.append(Fault(status=429, headers={"Retry-After": "86400"}, path="offset=100", times=99))
    partial = person.load()
    assert isinstance(partial.problem, ServiceRefused)
    assert titles(partial) == [f"Song {number}" for number in range(100)]
    assert any("the last 100 of 130 saved tracks" in notice for notice in partial.notices)

    person.server.faults.clear()
    person.now_unix_s += DAY_S + 60
    complete = person.load()
    assert complete.problem is None
    assert titles(complete) == [f"Song {number}" for number in range(130)]
    assert [path for path in library_requests(person.server) if "tracks" in path] == [
        "me/tracks?limit=50&offset=0",
        "me/tracks?limit=50&offset=100",
    ]


def test_killed_fetch_continues_with_the_missing_pages(person: Person) -> None:
    person.server.library = FakeLibrary.with_numbers(400)
    person.server.faults.append(Fault("stall", path="offset=200", times=99))
    with subprocess.Popen([sys.executable, "-c", load_program(person)]) as process:
        wait_until(lambda: person.server.requests_for("offset=200"), "the fetch requests its fifth page")
        process.kill()
    assert "offset=200" in person.server.requests[-1]
    person.server.faults.clear()
    assert titles(person.load()) == [f"Song {number}" for number in range(400)]
    assert [path.rpartition("=")[2] for path in person.server.requests_for("me/tracks")] == [
        *("0", "200", "250", "300", "350")
    ]


def test_cached_pages_are_discarded_if_the_library_has_changed(person: Person) -> None:
    person.server.library.playlists.clear()
    person.server.faults.append(Fault(path="offset=100", times=4))
    assert isinstance(person.load().problem, ServiceError)
    del person.server.library.saved[60]
    assert titles(person.load()) == [f"Song {number}" for number in range(130) if number != 60]


def test_long_pause_ends_the_fetch_and_is_respected_by_the_next_build(person: Person) -> None:
    complete = person.load()
    person.now_unix_s += 2 * DAY_S
    person.server.faults.append(Fault(status=429, headers={"Retry-After": "86400"}, times=99))
    refused = person.load()
    assert len(library_requests(person.server)) == 1
    assert refused.library == complete.library
    assert isinstance(refused.problem, ServiceRefused)
    assert refused.problem.retry_after_s == 86_400
    assert "24 hours" in refused.problem.message
    assert any("2 days ago" in notice for notice in refused.notices)

    person.now_unix_s += 3_600
    again = person.load()
    assert (again.library, person.server.requests) == (complete.library, [])
    assert isinstance(again.problem, ServiceRefused)
    assert "accepts requests again after" in again.problem.message

    person.server.faults.clear()
    assert person.load(retry=True).problem is None
    assert person.load().problem is None, "the successful retry ends the pause"


def test_pause_without_a_cached_library_is_an_error(person: Person) -> None:
    person.server.faults.append(Fault(status=429, headers={"Retry-After": "86400"}, times=99))
    with pytest.raises(ServiceRefused):
        person.load()


def test_last_library_is_used_without_a_network(tmp_path: Path) -> None:
    with serve(SpotifyServer(FakeLibrary.with_numbers(60, playlists=1))) as running:
        person = logged_in(running, tmp_path)
        complete = person.load()
    disconnected = person.load()
    assert disconnected.library == complete.library
    assert type(disconnected.problem) is ServiceError
    assert "no connection" in disconnected.problem.message

    offline = person.load(offline=True)
    assert (offline.library, offline.problem, running.requests) == (complete.library, None, [])
    assert any("less than a day ago" in notice for notice in offline.notices)


def test_missing_network_without_a_cached_library_is_an_error(person: Person) -> None:
    with pytest.raises(ServiceError, match="Your Spotify library has not been"):
        person.load(offline=True)
    person.server.faults.append(Fault("reset", path="", times=99))
    with pytest.raises(ServiceError, match="no connection"):
        person.load()


@pytest.mark.parametrize(("age_days", "reason"), [(30, "access was taken back"), (190, "six months have passed")])
def test_ended_login_uses_the_last_library_and_reports_why(person: Person, age_days: int, reason: str) -> None:
    complete = person.load()
    save_login(person.server.login(person.now_unix_s - age_days * DAY_S), person.token_file)
    person.server.revoke()
    ended = person.load()
    assert ended.library == complete.library
    assert isinstance(ended.problem, LoginError)
    assert reason in ended.problem.message
    assert "spotmap-build login" in ended.problem.hint
    assert person.server.requests == ["/api/token"]


def test_ended_login_without_a_cached_library_is_an_error(person: Person) -> None:
    person.server.revoke()
    with pytest.raises(LoginError, match="access was taken back"):
        person.load()


def test_missing_login_is_an_error_that_names_the_command(person: Person) -> None:
    person.token_file.unlink()
    with pytest.raises(LoginError, match="not logged in") as refused:
        person.load()
    assert "spotmap-build login" in refused.value.hint


def test_replaced_refresh_token_is_stored(person: Person) -> None:
    person.server.rotates = True
    for _ in range(2):
        assert person.load().problem is None
    assert load_login(person.token_file, say=person.messages.append).refresh_token in person.server.refresh_tokens
    person.secret = ci_secret(person.server.login())
    assert any("SPOTMAP_SPOTIFY_LOGIN" in notice for notice in person.load().notices)


def test_remaining_validity_of_the_login_is_reported_with_a_warning_near_its_end(person: Person) -> None:
    made_unix_s = int(person.now_unix_s)
    save_login(person.server.login(made_unix_s), person.token_file)
    reported = []
    for age_days in (0, 151, 153):
        person.now_unix_s = made_unix_s + age_days * DAY_S
        reported += [notice for notice in person.load().notices if "login is valid for" in notice]
    assert [notice.split(" more")[0].split()[-1] for notice in reported] == ["183", "32", "30"]
    assert ["Log in again" in notice for notice in reported] == [False, False, True]


def test_app_without_access_to_saved_tracks_is_a_login_error(person: Person) -> None:
    person.server.faults.append(Fault(status=403, path="me/tracks", times=9))
    with pytest.raises(LoginError, match="saved tracks") as refused:
        person.load()
    assert "Premium" in refused.value.hint


def test_playlist_outside_the_scope_is_omitted_and_the_others_are_read(person: Person) -> None:
    content = b'{"error": {"status": 403, "message": "Insufficient client scope"}}'
    forbidden = person.server.library.playlists[0]
    person.server.faults.append(Fault(status=403, content=content, path=f"{forbidden.id}/items", times=9))
    loaded = person.load()
    assert loaded.problem is None
    assert {playlist.name for playlist in loaded.library.playlists} == {
        playlist.name for playlist in person.server.library.playlists if playlist is not forbidden
    }
    assert [omission.title for omission in loaded.library.omissions] == [forbidden.name]


def test_truncated_list_is_reported_as_incomplete(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken_page(server: SpotifyServer, path: str, query: dict[str, str], rows: list[Any]) -> Any:
        answer = page(server, path, query, rows)
        return answer | {"items": [], "next": "more"} if query["offset"] == "100" else answer

    monkeypatch.setattr(spotify_web_api, "page", broken_page)
    loaded = person.load()
    assert isinstance(loaded.problem, ServiceError)
    assert "ends after 100 of 130 rows" in loaded.problem.message
    assert len(titles(loaded)) == 100
    monkeypatch.undo()
    assert len(titles(person.load())) == 130


def test_read_only_cache_is_sufficient_while_nothing_is_new(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    complete = person.load()

    def read_only(path: Path, _data: bytes, _folder: Path, *, mode: int) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    monkeypatch.setattr("spotmap_build.cache.writing.write_durably", read_only)
    again = person.load()
    assert (again.library, again.problem) == (complete.library, None)
    person.server.library.save(numbered_track(1000))
    with pytest.raises(CacheReadOnly):
        person.load()


def test_offline_build_does_not_import_the_spotify_client(person: Person) -> None:
    person.load()
    program = load_program(person, offline=True)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=patience()
    )
    assert done.stdout == "130 []\n"
