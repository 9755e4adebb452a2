"""When Spotify does not answer, refuses or ends the login, what was fetched before stays, and the build says why."""

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
    """Somebody with 130 saved tracks and three playlists of 60 tracks."""
    with serve(SpotifyServer(FakeLibrary.with_numbers(130, playlists=3))) as running:
        yield logged_in(running, tmp_path)


def test_a_fetch_that_was_cut_off_goes_on_with_the_missing_pages(person: Person) -> None:
    person.server.faults.append(Fault(status=429, headers={"Retry-After": "86400"}, path="offset=100", times=99))
    partial = person.load()
    assert isinstance(partial.problem, ServiceRefused)
    assert titles(partial) == [f"Song {number}" for number in range(100)]
    assert any("the last 100 of 130 saved tracks" in notice for notice in partial.notices)

    person.server.faults.clear()
    person.now_unix_s += DAY_S + 60
    whole = person.load()
    assert whole.problem is None
    assert titles(whole) == [f"Song {number}" for number in range(130)]
    assert [path for path in library_requests(person.server) if "tracks" in path] == [
        "me/tracks?limit=50&offset=0",
        "me/tracks?limit=50&offset=100",
    ]


def test_a_fetch_that_was_killed_goes_on_with_the_missing_pages(person: Person) -> None:
    person.server.library = FakeLibrary.with_numbers(400)
    person.server.faults.append(Fault("stall", path="offset=200", times=99))
    with subprocess.Popen([sys.executable, "-c", load_program(person)]) as process:
        wait_until(lambda: person.server.requests_for("offset=200"), "the fetch gets to its fifth page")
        process.kill()
    assert "offset=200" in person.server.requests[-1]
    person.server.faults.clear()
    assert titles(person.load()) == [f"Song {number}" for number in range(400)]
    assert [path.rpartition("=")[2] for path in person.server.requests_for("me/tracks")] == [
        *("0", "200", "250", "300", "350")
    ]


def test_pages_of_a_library_that_changed_meanwhile_are_not_mixed_with_new_ones(person: Person) -> None:
    person.server.library.playlists.clear()
    person.server.faults.append(Fault(path="offset=100", times=4))
    assert isinstance(person.load().problem, ServiceError)
    del person.server.library.saved[60]
    assert titles(person.load()) == [f"Song {number}" for number in range(130) if number != 60]


def test_a_long_pause_ends_the_fetch_at_once_and_is_respected_by_the_next_build(person: Person) -> None:
    whole = person.load()
    person.now_unix_s += 2 * DAY_S
    person.server.faults.append(Fault(status=429, headers={"Retry-After": "86400"}, times=99))
    refused = person.load()
    assert len(library_requests(person.server)) == 1
    assert refused.library == whole.library
    assert isinstance(refused.problem, ServiceRefused)
    assert refused.problem.retry_after_s == 86_400
    assert "24 hours" in refused.problem.message
    assert any("2 days ago" in notice for notice in refused.notices)

    person.now_unix_s += 3_600
    again = person.load()
    assert (again.library, person.server.requests) == (whole.library, [])
    assert isinstance(again.problem, ServiceRefused)
    assert "accepts requests again after" in again.problem.message

    person.server.faults.clear()
    assert person.load(retry=True).problem is None
    assert person.load().problem is None, "as it was asked again, and did not refuse"


def test_a_pause_before_anything_was_fetched_is_an_error(person: Person) -> None:
    person.server.faults.append(Fault(status=429, headers={"Retry-After": "86400"}, times=99))
    with pytest.raises(ServiceRefused):
        person.load()


def test_without_a_network_the_last_library_is_used(tmp_path: Path) -> None:
    with serve(SpotifyServer(FakeLibrary.with_numbers(60, playlists=1))) as running:
        somebody = logged_in(running, tmp_path)
        whole = somebody.load()
    gone = somebody.load()
    assert gone.library == whole.library
    assert type(gone.problem) is ServiceError
    assert "no connection" in gone.problem.message

    wished = somebody.load(offline=True)
    assert (wished.library, wished.problem, running.requests) == (whole.library, None, [])
    assert any("less than a day ago" in notice for notice in wished.notices)


def test_without_a_network_or_anything_fetched_it_says_so(person: Person) -> None:
    with pytest.raises(ServiceError, match="Your Spotify library has not been"):
        person.load(offline=True)
    person.server.faults.append(Fault("reset", path="", times=99))
    with pytest.raises(ServiceError, match="no connection"):
        person.load()


@pytest.mark.parametrize(("age_days", "reason"), [(30, "access was taken back"), (190, "six months have passed")])
def test_an_ended_login_leaves_the_last_library_and_says_why(person: Person, age_days: int, reason: str) -> None:
    whole = person.load()
    save_login(person.server.login(person.now_unix_s - age_days * DAY_S), person.token_file)
    person.server.revoke()
    ended = person.load()
    assert ended.library == whole.library
    assert isinstance(ended.problem, LoginError)
    assert reason in ended.problem.message
    assert "spotmap-build login" in ended.problem.hint
    assert person.server.requests == ["/api/token"]


def test_an_ended_login_before_anything_was_fetched_is_an_error(person: Person) -> None:
    person.server.revoke()
    with pytest.raises(LoginError, match="access was taken back"):
        person.load()


def test_who_never_logged_in_is_shown_how_to(person: Person) -> None:
    person.token_file.unlink()
    with pytest.raises(LoginError, match="not logged in") as refused:
        person.load()
    assert "spotmap-build login" in refused.value.hint


def test_a_replaced_refresh_token_is_kept(person: Person) -> None:
    person.server.rotates = True
    for _ in range(2):
        assert person.load().problem is None
    assert load_login(person.token_file, say=person.messages.append).refresh_token in person.server.refresh_tokens
    person.secret = ci_secret(person.server.login())
    assert any("SPOTMAP_SPOTIFY_LOGIN" in notice for notice in person.load().notices)


def test_the_end_of_the_login_is_always_reported_and_warned_of_from_month_five_on(person: Person) -> None:
    made_unix_s = int(person.now_unix_s)
    save_login(person.server.login(made_unix_s), person.token_file)
    reported = []
    for age_days in (0, 151, 153):
        person.now_unix_s = made_unix_s + age_days * DAY_S
        reported += [notice for notice in person.load().notices if "login is valid for" in notice]
    assert [notice.split(" more")[0].split()[-1] for notice in reported] == ["183", "32", "30"]
    assert ["Log in again" in notice for notice in reported] == [False, False, True]


def test_an_app_that_may_not_read_the_library_is_a_matter_of_login(person: Person) -> None:
    person.server.faults.append(Fault(status=403, path="me/tracks", times=9))
    with pytest.raises(LoginError, match="saved tracks") as refused:
        person.load()
    assert "Premium" in refused.value.hint


def test_a_playlist_that_the_scope_keeps_back_is_left_out_and_the_others_are_read(person: Person) -> None:
    content = b'{"error": {"status": 403, "message": "Insufficient client scope"}}'
    kept_back = person.server.library.playlists[0]
    person.server.faults.append(Fault(status=403, content=content, path=f"{kept_back.id}/items", times=9))
    loaded = person.load()
    assert loaded.problem is None
    assert {each.name for each in loaded.library.playlists} == {
        each.name for each in person.server.library.playlists if each is not kept_back
    }
    assert [omission.title for omission in loaded.library.omissions] == [kept_back.name]


def test_a_list_that_breaks_off_is_not_taken_for_whole(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken_page(server: SpotifyServer, path: str, query: dict[str, str], rows: list[Any]) -> Any:
        answer = page(server, path, query, rows)
        return answer | {"items": [], "next": "more"} if query["offset"] == "100" else answer

    monkeypatch.setattr(spotify_web_api, "page", broken_page)
    loaded = person.load()
    assert isinstance(loaded.problem, ServiceError)
    assert "breaks off after 100 of 130 rows" in loaded.problem.message
    assert len(titles(loaded)) == 100
    monkeypatch.undo()
    assert len(titles(person.load())) == 130


def test_a_cache_that_may_only_be_read_will_do_while_nothing_is_new(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = person.load()

    def read_only(path: Path, _data: bytes, _folder: Path, *, mode: int) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    monkeypatch.setattr("spotmap_build.cache.writing.write_durably", read_only)
    again = person.load()
    assert (again.library, again.problem) == (whole.library, None)
    person.server.library.save(numbered_track(1000))
    with pytest.raises(CacheReadOnly):
        person.load()


def test_without_asking_spotify_its_client_is_not_even_loaded(person: Person) -> None:
    person.load()
    program = load_program(person, offline=True)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=patience()
    )
    assert done.stdout == "130 []\n"
