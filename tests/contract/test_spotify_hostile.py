"""Malformed responses of Spotify end a build with an error message and do not affect the next build."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from spotmap_build.cache import pauses
from spotmap_build.core.retry_after import MAX_PAUSE_S
from spotmap_build.errors import LoginError, ServiceError, ServiceRefused, SpotmapError
from spotmap_build.fetch.source import Loaded
from spotmap_build.fetch.spotify import refresh
from spotmap_build.fetch.spotify.genres import Genres
from spotmap_build.fetch.spotify.login import LoginDialog, log_in
from spotmap_build.fetch.spotify.settings import SpotifySettings
from spotmap_build.fetch.spotify.snapshot import CONTENT, SnapshotStore
from spotmap_build.fetch.spotify.token import load_login
from tests.fakes import spotify_server, spotify_web_api
from tests.fakes.spotify_library import FakeLibrary, FakePlaylist, numbered_track, playlist_row, stamp, track_json
from tests.fakes.spotify_server import CLIENT_ID, Fault, SpotifyServer, serve
from tests.fakes.spotify_web_api import page
from tests.support.spotify_person import QUICK, Person, logged_in, titles

DEEP = b"[" * 100_000
ENOUGH_REQUESTS = 30
TOKEN, TRACKS = "/api/token", "/v1/me/tracks"


@pytest.fixture(autouse=True)
def _without_fsync(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    """A user with six saved tracks and a playlist of three."""
    with serve(SpotifyServer(FakeLibrary.with_numbers(6, playlists=1, playlist_tracks=3))) as running:
        yield logged_in(running, tmp_path)


def problem_of(person: Person) -> SpotmapError:
    """Load an incomplete library and return its problem."""
    try:
        problem = person.load().problem
    except SpotmapError as error:
        return error
    assert problem is not None
    return problem


def assert_next_build_is_complete(person: Person) -> Loaded:
    person.server.faults.clear()
    person.patience = QUICK
    loaded = person.load()
    assert loaded.problem is None
    assert titles(loaded) == [f"Song {number}" for number in range(6)]
    assert [len(playlist.track_ids) for playlist in loaded.library.playlists] == [3]
    return loaded


@pytest.mark.parametrize("path", [TOKEN, TRACKS])
@pytest.mark.parametrize("status", [302, 307, 308])
def test_secrets_are_not_sent_to_redirect_targets(person: Person, path: str, status: int) -> None:
    with serve(SpotifyServer(FakeLibrary())) as other:
        for target in (f"{other.url}{path}", f"{other.url.replace('127.0.0.1', 'localhost')}{path}"):
            person.server.faults.append(Fault(status=status, headers={"Location": target}, path=path, times=2))
            problem = problem_of(person)
            assert type(problem) is ServiceError
            assert "another address" in problem.message
        assert other.requests == []
    assert_next_build_is_complete(person)


def test_authorization_code_is_not_sent_to_redirect_targets(tmp_path: Path) -> None:
    with serve(SpotifyServer(FakeLibrary())) as spotify, serve(SpotifyServer(FakeLibrary())) as other:
        settings = SpotifySettings(tmp_path / "t", accounts_url=spotify.accounts_url, request_policy=QUICK)
        spotify.faults.append(Fault(status=307, headers={"Location": f"{other.url}{TOKEN}"}, path=TOKEN, times=9))
        messages: list[str] = []

        def paste(_question: str) -> str:
            state = messages[0].rpartition("state=")[2].partition("&")[0]
            return f"http://127.0.0.1/callback?code=AQD-code&state={state}"

        with pytest.raises(ServiceError, match="another address"):
            log_in(CLIENT_ID, settings, LoginDialog(messages.append, ask=paste))
        assert other.requests == []


@pytest.mark.parametrize("path", [TOKEN, TRACKS])
@pytest.mark.parametrize(
    "content",
    [
        DEEP,
        b'{"items": ' + DEEP,
        b"1" * 5_000,
        b"7",
        b"[]",
        b"{}",
        b'{"items": {"0": 1}, "access_token": 7, "expires_in": 3600}',
        b'{"items": [' + b"null," * 2_000 + b'null], "access_token": "a\\nb12345", "expires_in": 3600}',
        b'{"items": 0, "access_token": "' + b"x" * 5_000 + b'", "expires_in": 3600}',
        b"\xff\xfe",
        b"",
    ],
    ids=["deep", "deep-inside", "digits", "number", "list", "empty-object", "types", "many", "long", "bytes", "empty"],
)
def test_malformed_response_is_reported(person: Person, path: str, content: bytes) -> None:
    person.server.faults.append(Fault(status=200, content=content, path=path, times=99))
    problem = problem_of(person)
    assert type(problem) is ServiceError
    assert "Spotify cannot be read: the response is" in problem.message
    assert_next_build_is_complete(person)


@pytest.mark.parametrize("path", ["/v1/me/playlists", "/items"])
def test_malformed_later_response_keeps_the_saved_tracks(person: Person, path: str) -> None:
    person.server.faults.append(Fault(status=200, content=b'{"items": ' + DEEP, path=path, times=99))
    loaded = person.load()
    assert type(loaded.problem) is ServiceError
    assert len(titles(loaded)) == 6
    assert_next_build_is_complete(person)


@pytest.mark.parametrize("path", [TOKEN, TRACKS])
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_size_limit_applies_to_the_decompressed_response(person: Person, path: str, encoding: str) -> None:
    content = b" " * (QUICK.body_bytes + 1)
    if encoding == "gzip":
        content = gzip.compress(content)
    headers = {"Content-Encoding": encoding}
    person.server.faults.append(Fault(status=200, content=content, headers=headers, path=path, times=99))
    assert "larger than" in problem_of(person).message
    assert len(person.server.requests_for(path)) == 2
    assert_next_build_is_complete(person)


@pytest.mark.parametrize("path", [TOKEN, TRACKS])
def test_endless_slow_response_times_out(person: Person, path: str) -> None:
    person.server.faults.append(Fault("drip", path=path, times=99))
    person.patience = replace(QUICK, timeout_s=30, total_s=0.3)
    assert "incomplete after" in problem_of(person).message
    assert len(person.server.requests_for(path)) == 2
    assert_next_build_is_complete(person)


@pytest.mark.parametrize("content", [DEEP, b"[]", b'"no"', b'{"error": "slow down"}', b'{"error": [[]]}', b"\xff", b""])
def test_rate_limit_is_recognized_by_its_status(person: Person, content: bytes) -> None:
    fault = Fault(status=429, content=content, headers={"Retry-After": "900"}, path=TRACKS, times=9)
    person.server.faults.append(fault)
    problem = problem_of(person)
    assert isinstance(problem, ServiceRefused)
    assert problem.retry_after_s == 900
    assert len(person.server.requests_for(TRACKS)) == 1


def test_charset_of_a_response_is_ignored(person: Person) -> None:
    headers = {"Content-Type": "application/json; charset=punycode"}
    person.server.faults.append(Fault(status=200, content=b"x" * 300_000 + b"-" + b"9" * 300_000, headers=headers))
    assert_next_build_is_complete(person)


@pytest.mark.parametrize("header", ["86400000000000", "9" * 400, "1e308", "inf"])
def test_excessive_retry_after_is_limited_to_a_week(person: Person, header: str) -> None:
    person.server.faults.append(Fault(status=429, headers={"Retry-After": header}, path=TRACKS, times=9))
    assert isinstance(problem_of(person), ServiceRefused)
    person.server.faults.clear()
    again = problem_of(person)
    assert "accepts requests again after" in again.message
    assert person.server.requests == []
    person.now_unix_s += MAX_PAUSE_S + 60
    assert_next_build_is_complete(person)


@pytest.mark.parametrize("moment_unix_s", [86_400_000_000_000, 10**18, 2**62])
def test_excessive_pause_stored_by_an_earlier_version_is_ignored(
    person: Person, monkeypatch: pytest.MonkeyPatch, moment_unix_s: int
) -> None:
    person.server.faults.append(Fault(status=429, headers={"Retry-After": "900"}, path=TRACKS, times=9))
    with monkeypatch.context() as patch:
        patch.setattr(pauses, "clamp_retry_at", lambda _moment, _now: moment_unix_s)
        problem_of(person)
    assert_next_build_is_complete(person)


@pytest.mark.parametrize(
    ("error", "headers"),
    [
        ({"status": 429, "message": "No", "reason": "QUOTA_EXCEEDED"}, {"Retry-After": "7200"}),
        ({"status": 429, "message": "No", "reason": "QUOTA_EXCEEDED"}, {}),
        ({"message": "QUOTA_EXCEEDED: too many"}, {"Retry-After": "1"}),
        ("QUOTA_EXCEEDED", {}),
    ],
)
def test_exhausted_quota_is_reported_without_further_requests(
    person: Person, error: object, headers: dict[str, str]
) -> None:
    content = json.dumps({"error": error}).encode()
    person.server.faults.append(Fault(status=429, content=content, headers=headers, path="/v1/", times=9))
    problem = problem_of(person)
    assert isinstance(problem, ServiceRefused)
    assert "quota of your Spotify developer account is used up (QUOTA_EXCEEDED)" in problem.message
    assert ("2 hours" in problem.message) is (headers.get("Retry-After") == "7200")
    assert len(person.server.requests_for("/v1/")) == 1
    person.now_unix_s += 8_000
    assert_next_build_is_complete(person)


@pytest.mark.parametrize(
    "refresh_token",
    [
        *(" ", "\n", "x", 7, True, ["AQC-rotated"], {"a": "b"}, "AQC\x1b[2J", "AQC and a space", "A" * 5_000),
        *("\ud800" * 9, "токен-токен", "AQC-token\n"),
    ],
)
def test_malformed_refresh_token_does_not_replace_the_current_one(
    person: Person, monkeypatch: pytest.MonkeyPatch, refresh_token: object
) -> None:
    before = person.token_file.read_bytes()
    original = spotify_server.new_tokens
    with monkeypatch.context() as patch:
        patch.setattr(spotify_server, "new_tokens", lambda server: original(server) | {"refresh_token": refresh_token})
        assert person.load().problem is None
    assert person.token_file.read_bytes() == before
    assert any("is unchanged" in message for message in person.messages)
    assert_next_build_is_complete(person)


@pytest.mark.parametrize("refresh_token", [None, ""])
def test_empty_refresh_token_keeps_the_current_one(
    person: Person, monkeypatch: pytest.MonkeyPatch, refresh_token: object
) -> None:
    before = person.token_file.read_bytes()
    original = spotify_server.new_tokens
    monkeypatch.setattr(
        spotify_server, "new_tokens", lambda server: original(server) | {"refresh_token": refresh_token}
    )
    assert person.load().problem is None
    assert (person.token_file.read_bytes(), person.messages) == (before, [])


def endless_page(kind: str, answer: dict[str, Any], rows: list[Any], offset: int) -> dict[str, Any]:
    """Return a page of an endless list."""
    more = {"next": "http://127.0.0.1/more"}
    first = rows[:1]
    changed: dict[str, dict[str, Any]] = {
        "huge-total": {"items": (rows * 50)[:50], "total": 2**40},
        "row-of-huge": {"items": first, "total": 2**40},
        "same-row": {"items": first, "total": 90_000},
        "same-page": {"items": (rows * 50)[:50], "total": 90_000},
        "no-total": {"items": new_rows(rows[0], offset, 50), "total": None},
        "growing-total": {"items": new_rows(rows[0], offset, 50), "total": offset + 100},
        "negative-total": {"items": new_rows(rows[0], offset, 50), "total": -1},
        "nothing": {"items": [None] * 5, "total": 100},
    }
    return answer | more | changed[kind]


def new_rows(row: dict[str, Any], offset: int, count: int) -> list[dict[str, Any]]:
    """Return rows with new ids."""
    inner = "track" if "track" in row else ""
    rows = []
    for number in range(offset, offset + count):
        known = {"id": f"{number:022}", "uri": f"spotify:track:{number:022}"}
        rows.append(row | {inner: row[inner] | known, "item": row[inner] | known} if inner else row | known)
    return rows


ENDLESS = ("huge-total", "row-of-huge", "same-row", "no-total", "growing-total", "negative-total", "nothing")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        *((path, kind) for path in ("me/tracks", "me/playlists", "/items") for kind in ENDLESS),
        # A playlist may contain the same song 90,000 times.
        *(("me/tracks", "same-page"), ("me/playlists", "same-page")),
    ],
)
def test_endless_list_is_reported_and_cut_off(
    person: Person, monkeypatch: pytest.MonkeyPatch, path: str, kind: str
) -> None:
    def return_endless_page(server: SpotifyServer, requested: str, query: dict[str, str], rows: list[Any]) -> Any:
        answer = page(server, requested, query, rows)
        return endless_page(kind, answer, rows, int(query["offset"])) if path in requested else answer

    with monkeypatch.context() as patch:
        patch.setattr(spotify_web_api, "page", return_endless_page)
        patch.setattr(refresh, "SPARE_PAGES", 3)
        loaded = person.load()
    assert isinstance(loaded.problem, ServiceError)
    assert loaded.problem.message.startswith("Spotify's list of")
    assert len(person.server.requests) < ENOUGH_REQUESTS
    assert loaded.library.tracks or kind == "nothing"
    assert_next_build_is_complete(person)


def test_number_of_pages_per_build_is_bounded(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(refresh, "MAX_PAGES", 2)
        loaded = person.load()
    assert type(loaded.problem) is ServiceError
    assert "one build fetches" in loaded.problem.message
    assert len(person.server.requests_for("/v1/")) == 2
    assert_next_build_is_complete(person)


def test_long_library_is_not_mistaken_for_an_endless_list() -> None:
    end = refresh.ListEnd("your saved tracks", can_repeat=False)
    for number in range(2_000):
        end.check([f"{number}-{row}" for row in range(50)], 50, 100_000, is_last=number == 1_999)
    assert end.rows == 100_000


def test_playlist_that_repeats_one_song_is_read_completely(person: Person) -> None:
    row = playlist_row(numbered_track(3), stamp(0))
    person.server.library.playlists = [FakePlaylist("Again", [row] * 260)]
    loaded = person.load()
    assert loaded.problem is None
    assert len(loaded.library.playlists[0].track_ids) == 1


def test_control_characters_are_removed_from_library_and_messages(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = "a\x1b[2J\n::error::b\u202ec\x9d\u2028"
    track = track_json(hostile, [hostile], album=hostile)
    person.server.library = FakeLibrary.of(
        [track],
        [FakePlaylist(hostile, [playlist_row(track, stamp(0)), {}]), FakePlaylist(hostile * 900, [], owner="label")],
    )

    def broken_page(server: SpotifyServer, path: str, query: dict[str, str], rows: list[Any]) -> Any:
        answer = page(server, path, query, rows)
        return answer | {"items": [], "next": "more", "total": 9} if "/items" in path else answer

    with monkeypatch.context() as patch:
        patch.setattr(spotify_web_api, "page", broken_page)
        problem = person.load().problem
    assert problem is not None
    assert "a [2J ::error::b c" in problem.message
    library = person.load().library
    (playlist,) = library.playlists
    kept = library.tracks[0]
    messages = [text for omission in library.omissions for text in (omission.title, omission.detail)]
    texts = [kept.title, *kept.artists, kept.album, playlist.name, problem.message, *messages]
    assert all(text.isprintable() for text in texts)
    assert max(map(len, texts)) <= 1_100


@pytest.mark.parametrize("owner", ["\ud800", "", 7, None, "x" * 100_000])
def test_playlist_with_a_malformed_owner_is_foreign(
    person: Person, monkeypatch: pytest.MonkeyPatch, owner: object
) -> None:
    original = FakePlaylist.json.fget  # type: ignore[attr-defined]
    with monkeypatch.context() as patch:
        patch.setattr(FakePlaylist, "json", property(lambda own: original(own) | {"owner": {"id": owner}}))
        loaded = person.load()
    assert loaded.problem is None
    assert loaded.library.playlists == ()
    assert_next_build_is_complete(person)


def test_playlist_id_cannot_collide_with_the_saved_tracks(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(FakePlaylist, "id", property(lambda _own: "saved"))
        loaded = person.load()
    assert loaded.problem is None
    assert len(titles(loaded)) == 6
    assert_next_build_is_complete(person)


@pytest.mark.parametrize("user_id", [7, "", "a\x1bb", "\ud800", "x" * 5_000])
def test_login_with_a_malformed_user_id_is_refused(tmp_path: Path, user_id: Any) -> None:
    with serve(SpotifyServer(FakeLibrary())) as spotify:
        spotify.library.user_id = user_id
        settings = SpotifySettings(
            tmp_path / "t", api_url=spotify.api_url, accounts_url=spotify.accounts_url, request_policy=QUICK
        )
        messages: list[str] = []

        def agree(_question: str) -> str:
            query = dict(part.split("=", 1) for part in messages[0].partition("?")[2].split("&"))
            request = {"redirect_uri": "http://127.0.0.1:8888/callback", "code_challenge": query["code_challenge"]}
            spotify.codes["AQD-code"] = request
            return f"http://127.0.0.1:8888/callback?code=AQD-code&state={query['state']}"

        with pytest.raises(ServiceError, match="not from Spotify"):
            log_in(CLIENT_ID, settings, LoginDialog(messages.append, ask=agree))


@pytest.mark.parametrize("address", ["http://[", "http://[::1", "//["])
def test_pasted_text_that_is_not_a_url_is_reported(tmp_path: Path, address: str) -> None:
    with pytest.raises(LoginError, match="not an address"):
        log_in(CLIENT_ID, SpotifySettings(tmp_path / "t"), LoginDialog(lambda _: None, ask=lambda _: address))


@pytest.mark.parametrize(
    "kept",
    [
        {CONTENT: b"[]"},
        {CONTENT: b"{}"},
        {CONTENT: b"nonsense"},
        {CONTENT: b"\xff"},
        {CONTENT: DEEP},
        {CONTENT: b'{"unknown": ' + DEEP},
        {CONTENT: b'{"rows": [{"kind": "track", "title": 7}], "total": 1, "is_last": true}'},
        {CONTENT: b'{"rows": [], "total": -1, "is_last": true, "taken_at_unix_s": 86400000000000}'},
        {CONTENT: b'["' + b"x" * 2_000 + b'"]'},
        {"other": b"{}"},
    ],
    ids=["list", "object", "nonsense", "bytes", "deep", "deep-inside", "types", "bounds", "long", "other"],
)
def test_malformed_cache_content_is_a_miss(
    person: Person, monkeypatch: pytest.MonkeyPatch, kept: dict[str, bytes]
) -> None:
    def write_malformed(own: Any, key: Any, _value: object, _max_age_s: int | None) -> None:
        own._cache.put(key, kept, seconds=0.0)

    genres = {name if name == "other" else "genres.json": content for name, content in kept.items()}

    def write_malformed_genres(own: Any, key: Any, _value: object, _max_age_s: int) -> None:
        own._cache.put(key, genres, seconds=0.0)

    person.server.library.genres = {"Artist 0": ["a genre"]}
    person.load()
    with monkeypatch.context() as patch:
        patch.setattr(SnapshotStore, "_write", write_malformed)
        patch.setattr(Genres, "_write", write_malformed_genres)
        person.now_unix_s += 100 * 86_400
        with suppress(SpotmapError):
            person.load()
    loaded = assert_next_build_is_complete(person)
    assert loaded.library.tracks[0].genres == ("a genre",)


def test_replaced_login_is_written_through_a_symbolic_link(person: Person, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere/login.json"
    target.parent.mkdir()
    person.token_file.rename(target)
    person.token_file.symlink_to(target)
    person.server.rotates = True
    assert person.load().problem is None
    assert person.token_file.is_symlink()
    assert load_login(target, say=person.messages.append).refresh_token in person.server.refresh_tokens
    assert person.messages == []
