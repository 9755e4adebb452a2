"""The first build fetches the complete Spotify library, later builds only what has changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from spotmap_build.errors import ServiceError
from spotmap_build.fetch.spotify import rows, snapshot
from spotmap_build.fetch.spotify.token import ci_secret, save_login
from tests.fakes.spotify_library import FakeLibrary, FakePlaylist, numbered_track, odd_playlist, playlist_row, stamp
from tests.fakes.spotify_server import Fault, SpotifyServer, serve
from tests.support.spotify_person import DAY_S, Person, library_requests, logged_in, titles


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    """A user with 130 saved tracks and three playlists of 60 tracks."""
    with serve(SpotifyServer(FakeLibrary.with_numbers(130, playlists=3))) as running:
        yield logged_in(running, tmp_path)


def test_complete_library_is_fetched_in_pages_of_fifty(person: Person) -> None:
    loaded = person.load()
    assert (loaded.kind, loaded.is_streamed, loaded.problem) == ("spotify", True, None)
    assert titles(loaded) == [f"Song {number}" for number in range(130)]
    assert [playlist.name for playlist in loaded.library.playlists] == ["Playlist 0", "Playlist 1", "Playlist 2"]
    assert all(len(playlist.track_ids) == 60 for playlist in loaded.library.playlists)
    assert [path for path in library_requests(person.server) if path.startswith("me/")] == [
        "me/tracks?limit=50&offset=0",
        "me/tracks?limit=50&offset=50",
        "me/tracks?limit=50&offset=100",
        "me/playlists?limit=50&offset=0",
    ]
    assert len(set(person.server.requests)) == len(person.server.requests)


def test_second_build_requests_only_the_first_page_and_the_playlists(person: Person) -> None:
    first = person.load()
    second = person.load()
    assert second.library == first.library
    assert library_requests(person.server) == ["me/tracks?limit=50&offset=0", "me/playlists?limit=50&offset=0"]


def test_library_cached_by_an_earlier_version_is_used_offline_and_fetched_again(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The earlier version stored no covers."""
    with monkeypatch.context() as earlier:
        earlier.setattr(rows, "EDITION", 0)
        earlier.setattr(snapshot, "EDITION", 0)
        before = person.load()
    person.server.shows_covers = True
    assert person.load(offline=True).library == before.library
    loaded = person.load()
    assert titles(loaded) == titles(before)
    assert all(track.art_url.endswith("-300") for track in loaded.library.tracks)
    assert len(library_requests(person.server)) == 3 + 1 + 3 * 2
    person.load()
    assert library_requests(person.server) == ["me/tracks?limit=50&offset=0", "me/playlists?limit=50&offset=0"]


@pytest.mark.parametrize(("saved", "pages"), [(1, ["0"]), (49, ["0"]), (50, ["0", "50"]), (70, ["0", "50"])])
def test_newly_saved_tracks_need_only_their_own_pages(person: Person, saved: int, pages: list[str]) -> None:
    person.load()
    for number in range(saved):
        person.server.library.save(numbered_track(1000 + number), hours_later=number + 1)
    loaded = person.load()
    assert titles(loaded) == [f"Song {1000 + number}" for number in reversed(range(saved))] + [
        f"Song {number}" for number in range(130)
    ]
    assert [path.rpartition("=")[2] for path in person.server.requests_for("me/tracks")] == pages


@pytest.mark.parametrize("row", [0, 60, 129])
def test_removed_track_is_removed_from_the_library(person: Person, row: int) -> None:
    person.load()
    del person.server.library.saved[row]
    person.server.library.playlists.clear()
    loaded = person.load()
    assert titles(loaded) == [f"Song {number}" for number in range(130) if number != row]
    assert loaded.library.playlists == ()


def test_removed_track_is_detected_even_if_another_was_saved(person: Person) -> None:
    person.server.library.playlists.clear()
    person.load()
    del person.server.library.saved[100]
    person.server.library.save(numbered_track(1000))
    loaded = person.load()
    assert titles(loaded) == ["Song 1000"] + [f"Song {number}" for number in range(130) if number != 100]
    assert len(set(person.server.requests)) == len(person.server.requests)


def test_only_changed_playlists_are_fetched(person: Person) -> None:
    person.load()
    changed = person.server.library.playlists[1]
    changed.rows.append(playlist_row(numbered_track(500), stamp(-3)))
    loaded = person.load()
    assert {path.split("/")[3] for path in person.server.requests_for("/items")} == {changed.id}
    assert "Song 500" in titles(loaded)
    assert len(loaded.library.playlists[1].track_ids) == 61


def test_renamed_playlist_is_not_fetched_again(person: Person) -> None:
    person.load()
    before = person.server.library.playlists[0]
    renamed = FakePlaylist(before.name, before.rows)
    original = FakePlaylist.json.fget  # type: ignore[attr-defined]
    person.server.library.playlists[0] = renamed
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FakePlaylist, "json", property(lambda own: original(own) | {"name": f"{own.name}!"}))
        loaded = person.load()
    assert [playlist.name for playlist in loaded.library.playlists] == ["Playlist 0!", "Playlist 1!", "Playlist 2!"]
    assert person.server.requests_for("/items") == []


def test_at_most_four_requests_are_in_flight(person: Person) -> None:
    person.server.library.playlists = FakeLibrary.with_numbers(130, playlists=20).playlists
    person.server.delay_s = 0.02
    person.load()
    assert 2 <= person.server.max_in_flight <= 4


def test_new_login_of_the_same_user_finds_the_cached_library(person: Person) -> None:
    whole = person.load()
    save_login(replace(person.server.login(), refresh_token="another"), person.token_file)
    assert person.load(offline=True).library == whole.library


def test_libraries_of_two_users_in_one_cache_are_separate(person: Person, tmp_path: Path) -> None:
    person.load()
    library = FakeLibrary.with_numbers(10)
    library.user_id = "somebody.else"
    with serve(SpotifyServer(library)) as running:
        friend = Person(running, tmp_path, secret=ci_secret(running.login()))
        with pytest.raises(ServiceError, match="Your Spotify library has not been"):
            friend.load(offline=True)
        assert len(titles(friend.load())) == 10
    assert len(titles(person.load(offline=True))) == 130


def test_rows_that_are_not_tracks_are_classified(person: Person) -> None:
    theirs = FakePlaylist("Somebody's", [playlist_row(numbered_track(0), stamp(0))], owner="label")
    shared = FakePlaylist("Ours", [playlist_row(numbered_track(7), stamp(0))], owner="label", collaborative=True)
    person.server.library = FakeLibrary.of([numbered_track(1)], [odd_playlist(), theirs, shared])
    loaded = person.load()
    library = loaded.library
    assert titles(loaded) == ["Song 1", "Kept", "Untitled", "Demo Tape", "Song 7"]
    assert {failure.code: failure.needs_person for failure in library.failures} == {
        "taken-down": False,
        "local-file": True,
    }
    assert [omission.code for omission in library.omissions] == [
        *("empty-row", "episode", "no-id", "empty-row", "playlist-not-readable")
    ]
    assert [playlist.name for playlist in library.playlists] == ["Odds and ends", "Ours"]
    assert person.server.requests_for(theirs.id) == []


@pytest.mark.parametrize("wrong", [{"id": None}, {"id": "not an id"}, {"id": "saved"}])
def test_playlist_without_a_valid_id_is_reported(person: Person, wrong: dict[str, str | None]) -> None:
    odd = FakePlaylist("Odd one", [playlist_row(numbered_track(7), stamp(0))])
    original = FakePlaylist.json.fget  # type: ignore[attr-defined]
    person.server.library.playlists.insert(1, odd)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FakePlaylist, "json", property(lambda own: original(own) | (wrong if own is odd else {})))
        loaded = person.load()
    for known in (loaded, person.load(offline=True)):
        assert [playlist.name for playlist in known.library.playlists] == ["Playlist 0", "Playlist 1", "Playlist 2"]
        assert [(each.title, each.code) for each in known.library.omissions] == [("Odd one", "playlist-without-id")]


def test_refused_playlist_is_not_requested_again_until_it_changes(person: Person) -> None:
    refused = person.server.library.playlists[2]
    person.server.faults.append(Fault(status=403, path=refused.id, times=9))
    for times in (1, 0):
        loaded = person.load()
        assert loaded.problem is None
        assert [omission.title for omission in loaded.library.omissions] == [refused.name]
        assert len(person.server.requests_for(refused.id)) == times
    person.server.faults.clear()
    refused.rows.pop()
    assert person.load().library.omissions == ()


def test_failing_playlist_keeps_its_cached_rows_and_does_not_affect_others(person: Person) -> None:
    person.load()
    for playlist in person.server.library.playlists:
        playlist.rows.append(playlist_row(numbered_track(600), stamp(-3)))
    person.server.faults.append(Fault(status=500, path=person.server.library.playlists[0].id, times=99))
    loaded = person.load()
    assert isinstance(loaded.problem, ServiceError)
    assert [len(playlist.track_ids) for playlist in loaded.library.playlists] == [60, 61, 61]


def test_empty_library_is_loaded(person: Person) -> None:
    person.server.library = FakeLibrary()
    for _ in range(2):
        loaded = person.load()
        assert (loaded.library.tracks, loaded.problem) == ((), None)


def test_genres_of_artists_are_fetched_and_cached(person: Person) -> None:
    person.server.library.genres = {f"Artist {number}": [f"genre {number}"] for number in range(20)}
    loaded = person.load()
    assert loaded.library.tracks[0].genres == ("genre 0", "genre 1")
    assert len(person.server.requests_for("/artists/")) == 14
    again = person.load()
    assert again.library == loaded.library
    assert person.server.requests_for("/artists/") == []
    person.now_unix_s += 91 * DAY_S
    person.load()
    assert len(person.server.requests_for("/artists/")) == 14


def test_missing_genres_are_not_requested_again_for_a_month(person: Person) -> None:
    person.load()
    assert len(person.server.requests_for("/artists/")) == 5
    person.now_unix_s += 29 * DAY_S
    person.load()
    assert person.server.requests_for("/artists/") == []
    person.now_unix_s += 2 * DAY_S
    person.load()
    assert len(person.server.requests_for("/artists/")) == 5


def test_unavailable_genres_do_not_affect_the_library(person: Person) -> None:
    person.server.faults.append(Fault(status=429, headers={"Retry-After": "9000"}, path="/artists/", times=9))
    loaded = person.load()
    assert loaded.problem is None
    assert len(loaded.library.tracks) == 130
    assert any("genres" in notice for notice in loaded.notices)
