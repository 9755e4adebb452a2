"""The Deezer client validates responses, respects limits and converts failures to the package's errors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from spotmap_build.acquire.deezer import ANSWER_BYTES, PREVIEW_BYTES, Deezer, DeezerTrack, PreviewExpired
from spotmap_build.core.rate_limiting import FAILURES_IN_A_ROW, CircuitBreaker, RateLimiter
from spotmap_build.core.retry import RetryPolicy
from spotmap_build.errors import ServiceError, ServiceRefused, TrackError, UnexpectedResponse
from tests.fakes.deezer_server import QUOTA, DeezerServer, FakeTrack, preview_of, serve
from tests.fakes.http_server import Fault

WONDERWALL = FakeTrack(11, "Wonderwall", ("Oasis",), "Morning Glory", 259, "GBBQY9500057")
PRESSURE = FakeTrack(12, "Under Pressure", ("Queen", "David Bowie"), "Hot Space", 248, explicit=True, has_preview=False)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[DeezerServer]:
    with serve(DeezerServer(catalog=[WONDERWALL, PRESSURE], folder=tmp_path)) as running:
        yield running


@pytest.fixture
def breaker() -> CircuitBreaker:
    return CircuitBreaker()


def connect(server: DeezerServer, breaker: CircuitBreaker) -> Deezer:
    no_delay = RetryPolicy(3, 0.0)
    return Deezer(server.api_url, limiter=RateLimiter(1_000), breaker=breaker, retry=no_delay, busy_retry=no_delay)


def test_isrc_finds_its_recording(server: DeezerServer, breaker: CircuitBreaker) -> None:
    found = connect(server, breaker).track_by_isrc("GBBQY9500057")
    assert found is not None
    assert found.preview.startswith(f"{server.url}/preview/11.mp3?")
    address = found.preview
    assert found == DeezerTrack(
        11, "Wonderwall", ("Oasis",), "Morning Glory", 259, "GBBQY9500057", False, address, found.cover
    )


def test_unknown_isrc_and_empty_search_are_not_errors(server: DeezerServer, breaker: CircuitBreaker) -> None:
    assert connect(server, breaker).track_by_isrc("USXXX2600001") is None
    assert connect(server, breaker).search("zzz") == ()
    assert breaker.reason is None


def test_search_finds_tracks_by_words(server: DeezerServer, breaker: CircuitBreaker) -> None:
    (found,) = connect(server, breaker).search('artist:"Queen" track:"Under Pressure"')
    assert (found.id, found.artists, found.explicit, found.preview) == (12, ("Queen", "David Bowie"), True, "")


def test_preview_is_downloaded_from_its_url(server: DeezerServer, breaker: CircuitBreaker, tmp_path: Path) -> None:
    client = connect(server, breaker)
    found = client.track(11)
    assert found is not None
    client.fetch_preview(found.preview, tmp_path / "a.mp3")
    assert (tmp_path / "a.mp3").read_bytes() == preview_of(11, tmp_path)


def test_expired_preview_url_is_reported_as_expired(
    server: DeezerServer, breaker: CircuitBreaker, tmp_path: Path
) -> None:
    server.expired = 1
    client = connect(server, breaker)
    found = client.track(11)
    assert found is not None
    with pytest.raises(PreviewExpired):
        client.fetch_preview(found.preview, tmp_path / "a.mp3")
    assert breaker.reason is None


@pytest.mark.parametrize(
    "address",
    [
        "",
        "http://cdnt-preview.dzcdn.net/a.mp3",
        "https://dzcdn.net.example.org/a.mp3",
        "https://evildzcdn.net/a.mp3",
        "https://me:word@cdnt-preview.dzcdn.net/a.mp3",
        "file:///etc/passwd",
        "https://127.0.0.1/a.mp3",
        "https://[::1",
        "https://cdnt-preview.dzcdn.net/" + 5_000 * "a",
    ],
)
def test_preview_on_another_host_is_refused(
    server: DeezerServer, breaker: CircuitBreaker, tmp_path: Path, address: str
) -> None:
    with pytest.raises(TrackError, match="a host that is not its own"):
        connect(server, breaker).fetch_preview(address, tmp_path / "a.mp3")


def test_preview_urls_on_deezer_hosts_are_accepted(server: DeezerServer, breaker: CircuitBreaker) -> None:
    client = connect(server, breaker)
    assert client.is_preview_address("https://cdnt-preview.dzcdn.net/api/1/1/a.mp3?hdnea=exp=1~acl=/*~hmac=a")


@pytest.mark.parametrize("content", [b"", b"<html>", b"{}"])
def test_preview_that_is_not_audio_is_refused(
    server: DeezerServer, breaker: CircuitBreaker, tmp_path: Path, content: bytes
) -> None:
    server.contents[11] = content
    with pytest.raises(TrackError):
        connect(server, breaker).fetch_preview(f"{server.url}/preview/11.mp3", tmp_path / "a.mp3")


def test_oversized_preview_is_refused(server: DeezerServer, breaker: CircuitBreaker, tmp_path: Path) -> None:
    server.contents[11] = bytes(PREVIEW_BYTES + 1)
    with pytest.raises(TrackError, match="larger than"):
        connect(server, breaker).fetch_preview(f"{server.url}/preview/11.mp3", tmp_path / "a.mp3")
    assert not (tmp_path / "a.mp3").exists()


def test_request_over_quota_is_retried(server: DeezerServer, breaker: CircuitBreaker) -> None:
    server.faults.append(Fault("status", 200, body=json.dumps(QUOTA).encode(), times=2))
    assert connect(server, breaker).track(11) is not None
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", 200, body=json.dumps(QUOTA).encode(), times=99),
        Fault("status", 429, times=99),
        Fault("status", 500, times=99),
        Fault("reset", times=99),
        Fault("status", 200, body=b'{"error": {"type": "Exception", "message": "busy", "code": 700}}', times=99),
    ],
)
def test_repeated_failures_open_the_circuit_breaker(
    server: DeezerServer, breaker: CircuitBreaker, fault: Fault
) -> None:
    server.faults.append(fault)
    client = connect(server, breaker)
    for _ in range(FAILURES_IN_A_ROW):
        with pytest.raises(ServiceError):
            client.track(11)
    count = len(server.requests)
    with pytest.raises(ServiceError):
        client.track(11)
    assert len(server.requests) == count


@pytest.mark.parametrize("status", [401, 403])
def test_refusal_opens_the_circuit_breaker(server: DeezerServer, breaker: CircuitBreaker, status: int) -> None:
    server.faults.append(Fault("status", status))
    with pytest.raises(ServiceRefused):
        connect(server, breaker).track(11)
    assert breaker.reason is not None


def test_retry_after_is_kept(server: DeezerServer, breaker: CircuitBreaker) -> None:
    server.faults.append(Fault("status", 429, headers={"Retry-After": "3600"}))
    with pytest.raises(ServiceRefused) as refused:
        connect(server, breaker).track(11)
    assert refused.value.retry_after_s == 3600


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"<html>",
        b"[" * 100_000,
        b'{"id": "x", "title": "a"}',
        b'{"id": 0, "title": "a"}',
        b'{"id": 1e300, "title": "a"}',
        b'{"id": 1}',
        b'{"id": 1, "title": ["a"]}',
        b'{"id": 1, "title": "a", "duration": -1}',
        b'{"error": {"code": 300}}',
        b'{"error": "no"}',
        b'{"a": "' + ANSWER_BYTES * b"a" + b'"}',
    ],
)
def test_malformed_response_is_unexpected(server: DeezerServer, breaker: CircuitBreaker, body: bytes) -> None:
    server.faults.append(Fault("status", 200, body=body, times=9))
    with pytest.raises(UnexpectedResponse):
        connect(server, breaker).track(11)


def test_malformed_row_does_not_affect_the_others(server: DeezerServer, breaker: CircuitBreaker) -> None:
    rows = [{"id": "x"}, None, {"id": 5, "title": "A\u0000 song"}, {"id": -1, "title": "b"}]
    server.faults.append(Fault("status", 200, body=json.dumps({"data": rows}).encode()))
    (found,) = connect(server, breaker).search("song")
    assert (found.id, found.title) == (5, "A song")
