"""The Spotify client retries temporary failures, stops at permanent ones, and logs no secrets."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from spotmap_build.core.retry_after import MAX_PAUSE_S
from spotmap_build.errors import LoginError, ServiceError, ServiceRefused, SpotmapError
from spotmap_build.fetch.spotify.api import NotReadable, SpotifyApi
from spotmap_build.fetch.spotify.settings import RequestPolicy, SpotifySettings
from tests.fakes.spotify_library import FakeLibrary
from tests.fakes.spotify_server import Fault, SpotifyServer, serve
from tests.support.patience import patience

QUICK = RequestPolicy(timeout_s=60.0, attempts=4, first_pause_s=0.01, longest_wait_s=60, total_wait_s=5)
SHORT_TIMEOUT = replace(QUICK, timeout_s=0.3)
"""For a server that stalls. On a busy machine, other responses may time out as well."""


@pytest.fixture
def spotify() -> Iterator[SpotifyServer]:
    with serve(SpotifyServer(FakeLibrary.with_numbers(60, playlists=1))) as running:
        yield running


def api_for(
    server: SpotifyServer, patience: RequestPolicy = QUICK, say: Callable[[str], object] = lambda _message: None
) -> SpotifyApi:
    settings = SpotifySettings(
        Path("unused"), api_url=server.api_url, accounts_url=server.accounts_url, request_policy=patience
    )
    return SpotifyApi(settings, server.login(), say=say)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=500, times=3),
        Fault(status=502, times=3),
        Fault(status=503, times=3),
        Fault("html", times=3),
        Fault("null", times=3),
        Fault("reset", times=3),
        Fault("stall", times=2),
        Fault(status=500, path="/api/token", times=3),
        Fault("html", path="/api/token", times=3),
        Fault("null", path="/api/token", times=3),
        Fault("reset", path="/api/token", times=3),
        Fault("stall", path="/api/token", times=2),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}{fault.path.replace('/', '-')}",
)
def test_temporary_failures_are_retried(spotify: SpotifyServer, fault: Fault) -> None:
    times = fault.times
    spotify.faults.append(fault)
    stalls = fault.kind == "stall"
    assert len(api_for(spotify, replace(SHORT_TIMEOUT, attempts=9) if stalls else QUICK).saved_tracks(0)["items"]) == 50
    assert len(spotify.requests) >= 2 + times if stalls else len(spotify.requests) == 2 + times


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Fault(status=503, times=99), "HTTP status 503"),
        (Fault("html", times=99), "not from Spotify"),
        (Fault("reset", times=99), "no connection"),
        (Fault("stall", times=99), "does not respond"),
    ],
)
def test_permanent_failure_is_reported_after_all_attempts(spotify: SpotifyServer, fault: Fault, message: str) -> None:
    spotify.faults.append(fault)
    with pytest.raises(ServiceError, match=message) as given_up:
        api_for(spotify, SHORT_TIMEOUT if fault.kind == "stall" else QUICK).saved_tracks(0)
    assert type(given_up.value) is ServiceError
    assert "127.0.0.1" not in str(given_up.value)
    assert len(spotify.requests_for("/v1/")) == QUICK.attempts


def simulated_clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Replace the clock by one that only sleeping advances; return the durations of all sleeps."""
    slept: list[float] = []
    now_s = time.monotonic()
    monkeypatch.setattr("spotmap_build.fetch.spotify.api.time.monotonic", lambda: now_s + sum(slept))
    monkeypatch.setattr("spotmap_build.fetch.spotify.api.time.sleep", slept.append)
    return slept


def test_short_rate_limit_is_waited_for(spotify: SpotifyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    slept = simulated_clock(monkeypatch)
    spotify.faults.append(Fault(status=429, headers={"Retry-After": "2"}))
    messages: list[str] = []
    assert len(api_for(spotify, say=messages.append).saved_tracks(0)["items"]) == 50
    assert sum(slept) == pytest.approx(2)
    assert messages == []


def test_longer_wait_is_announced_once(spotify: SpotifyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    spotify.faults.append(Fault(status=429, headers={"Retry-After": "30"}))
    messages: list[str] = []
    slept = simulated_clock(monkeypatch)
    api_for(spotify, replace(QUICK, total_wait_s=60), messages.append).saved_tracks(0)
    assert messages == ["Spotify asks to wait for 30 s."]
    assert sum(slept) == pytest.approx(30)


@pytest.mark.parametrize(
    ("header", "wait_s"), [("61", 61), ("86400", 86_400), ("1e9", MAX_PAUSE_S), ("9" * 400, MAX_PAUSE_S)]
)
def test_too_long_wait_is_a_refusal_without_further_requests(
    spotify: SpotifyServer, header: str, wait_s: float
) -> None:
    spotify.faults.append(Fault(status=429, headers={"Retry-After": header}))
    api = api_for(spotify)
    for _ in range(2):
        with pytest.raises(ServiceRefused) as refused:
            api.saved_tracks(0)
        assert refused.value.retry_after_s == wait_s
    assert len(spotify.requests_for("/v1/")) == 1


def test_total_time_of_short_waits_is_bounded(spotify: SpotifyServer) -> None:
    spotify.faults.append(Fault(status=429, headers={"Retry-After": "0"}, times=10_000))
    with pytest.raises(ServiceRefused):
        api_for(spotify, replace(QUICK, first_pause_s=0.05, total_wait_s=0.5)).saved_tracks(0)
    assert 5 <= len(spotify.requests_for("/v1/")) <= 11


def test_expired_access_token_is_replaced_once(spotify: SpotifyServer) -> None:
    api = api_for(spotify)
    api.saved_tracks(0)
    spotify.access_tokens.clear()
    api.saved_tracks(50)
    assert [path.partition("?")[0] for path in spotify.requests] == [
        *("/api/token", "/v1/me/tracks", "/v1/me/tracks", "/api/token", "/v1/me/tracks")
    ]


def test_refused_new_access_token_is_a_login_error(spotify: SpotifyServer) -> None:
    spotify.faults.append(Fault(status=401, times=99))
    api = api_for(spotify)
    for _ in range(2):
        with pytest.raises(LoginError):
            api.saved_tracks(0)
    assert len(spotify.requests) == 4


def test_revoked_login_is_not_retried(spotify: SpotifyServer) -> None:
    api = api_for(spotify)
    spotify.revoke()
    for _ in range(2):
        with pytest.raises(LoginError, match="access was taken back"):
            api.saved_tracks(0)
    assert spotify.requests == ["/api/token"]


def test_deleted_app_is_a_login_error(spotify: SpotifyServer) -> None:
    api = api_for(spotify)
    spotify.client_id = "another"
    with pytest.raises(LoginError, match="invalid_client"):
        api.saved_tracks(0)


@pytest.mark.parametrize("status", [403, 404])
def test_unreadable_playlist_does_not_block_later_requests(spotify: SpotifyServer, status: int) -> None:
    spotify.faults.append(Fault(status=status, path="/playlists/"))
    api = api_for(spotify)
    with pytest.raises(NotReadable):
        api.playlist_items(spotify.library.playlists[0].id, 0)
    assert len(api.playlist_items(spotify.library.playlists[0].id, 0)["items"]) == 50


def test_unexpected_status_is_an_error_with_its_number(spotify: SpotifyServer) -> None:
    spotify.faults.append(Fault(status=400, times=99))
    with pytest.raises(SpotmapError, match="HTTP status 400"):
        api_for(spotify).saved_tracks(0)


def test_tokens_are_not_logged(spotify: SpotifyServer, caplog: pytest.LogCaptureFixture) -> None:
    api = api_for(spotify)
    caplog.set_level(logging.DEBUG, "urllib3")  # yt-dlp raises this level when it is imported
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, "spotipy.client"):
        caplog.set_level(logging.DEBUG, "spotipy.oauth2")
        api.saved_tracks(0)
        spotify.access_tokens.clear()
        spotify.faults += [Fault(status=500), Fault("reset")]
        api.saved_tracks(0)
        spotify.revoke()
        with pytest.raises(LoginError):
            api.saved_tracks(0)
    assert any(record.name.startswith("urllib3") for record in caplog.records)
    assert "AQB-" not in caplog.text
    assert "BQD-" not in caplog.text


def test_failed_requests_print_nothing(spotify: SpotifyServer) -> None:
    spotify.faults.append(Fault(status=403))
    program = f"""
from pathlib import Path
from spotmap_build.fetch.spotify.api import NotReadable, SpotifyApi
from spotmap_build.fetch.spotify.settings import SpotifySettings
from spotmap_build.fetch.spotify.token import Login
settings = SpotifySettings(Path("x"), api_url={spotify.api_url!r}, accounts_url={spotify.accounts_url!r})
try:
    SpotifyApi(settings, Login({spotify.client_id!r}, {spotify.login().refresh_token!r}, 0, "", "")).user_id()
except NotReadable:
    print("refused")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=patience()
    )
    assert (done.stdout, done.stderr) == ("refused\n", "")
