"""Searches with the real ytmusicapi respect limits, and failures become the package's errors."""

from __future__ import annotations

import gzip
import json
import locale
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from spotmap_build.acquire.youtube.search_answers import MAX_ARTISTS, MAX_ROWS, MAX_TEXT_LENGTH
from spotmap_build.acquire.youtube.youtube_music import ANSWER_BYTES, YouTubeMusic
from spotmap_build.core.rate_limiting import FAILURES_IN_A_ROW, CircuitBreaker, RateLimiter
from spotmap_build.core.retry import RetryPolicy
from spotmap_build.core.retry_after import MAX_PAUSE_S
from spotmap_build.errors import ServiceError, ServiceRefused, UnexpectedResponse
from spotmap_build.model import Candidate
from tests.fakes.http_server import Fault
from tests.fakes.youtube_music_server import (
    PAGE,
    VISITOR_ID,
    FakeRecording,
    YouTubeMusicServer,
    item,
    page_of,
    serve,
    watch,
)

VIDEO = "MUSIC_VIDEO_TYPE_OMV"
CATALOG = [
    FakeRecording("song0000001", "Wonderwall", ("Oasis",), "Morning Glory", 259, isrc="GBBQY9500057", year=1995),
    FakeRecording("song0000002", "Under Pressure", ("Queen", "David Bowie"), "Hot Space", 3_725, explicit=True),
    FakeRecording("song0000003", "Untitled", (), "", None),
    FakeRecording("", "Wonderwall of nothing", ("Oasis",)),
    FakeRecording("song0000005", "Wonderwall in grey", ("Oasis",), available=False),
    FakeRecording("video000001", "Oasis - Wonderwall (Official Video)", ("Oasis",), "", 278, VIDEO),
]
NO_COLUMNS = b"""{"contents": {"sectionListRenderer": {"contents": [{"musicShelfRenderer": {"contents":
    [{"musicResponsiveListItemRenderer": {"flexColumns": []}}]}}]}}}"""


@pytest.fixture
def server() -> Iterator[YouTubeMusicServer]:
    with serve(YouTubeMusicServer(catalog=list(CATALOG))) as running:
        yield running


@pytest.fixture
def breaker() -> CircuitBreaker:
    return CircuitBreaker()


def connect(server: YouTubeMusicServer, breaker: CircuitBreaker, timeout_s: float = 60) -> YouTubeMusic:
    limiter = RateLimiter(1_000)
    return YouTubeMusic(
        server.base_url, limiter=limiter, breaker=breaker, timeout_s=timeout_s, retry=RetryPolicy(3, 0.0)
    )


def test_song_has_all_known_fields(server: YouTubeMusicServer, breaker: CircuitBreaker) -> None:
    (found,) = connect(server, breaker).search("under pressure", "songs")
    assert found == Candidate(
        "song0000002",
        "Under Pressure",
        ("Queen", "David Bowie"),
        "Hot Space",
        3_725,
        "MUSIC_VIDEO_TYPE_ATV",
        is_explicit=True,
    )


def test_videos_are_searched_separately(server: YouTubeMusicServer, breaker: CircuitBreaker) -> None:
    (found,) = connect(server, breaker).search("oasis wonderwall", "videos")
    assert (found.video_id, found.video_type, found.duration_s) == ("video000001", VIDEO, 278)
    assert found.is_explicit is None
    assert found.artists == ("Oasis",)


def test_isrc_finds_its_recording(server: YouTubeMusicServer, breaker: CircuitBreaker) -> None:
    found = connect(server, breaker).search("GBBQY9500057", "songs")
    assert [candidate.video_id for candidate in found] == ["song0000001"]


def test_unplayable_recordings_are_not_candidates(server: YouTubeMusicServer, breaker: CircuitBreaker) -> None:
    found = connect(server, breaker).search("wonderwall", "songs")
    assert [candidate.video_id for candidate in found] == ["song0000001"]


def test_artists_album_and_duration_may_be_missing(server: YouTubeMusicServer, breaker: CircuitBreaker) -> None:
    (found,) = connect(server, breaker).search("untitled", "songs")
    assert (found.artists, found.album, found.duration_s) == ((), "", None)


def test_empty_search_is_not_an_error(server: YouTubeMusicServer, breaker: CircuitBreaker) -> None:
    assert connect(server, breaker).search("zzz", "songs") == ()
    assert breaker.reason is None


def test_search_is_one_request_and_the_visitor_id_is_fetched_once(
    server: YouTubeMusicServer, breaker: CircuitBreaker
) -> None:
    server.catalog = [FakeRecording(f"many{number:07}", "Many", ("Somebody",)) for number in range(50)]
    client = connect(server, breaker)
    assert len(client.search("many", "songs")) == PAGE
    assert len(client.search("many somebody", "songs")) == PAGE
    assert [request.place for request in server.requests] == ["/", "/youtubei/v1/search", "/youtubei/v1/search"]
    assert {request.headers.get("X-Goog-Visitor-Id") for request in server.requests[1:]} == {VISITOR_ID}
    assert b'"hl": "en"' in server.requests[1].body


def test_rate_limit_is_respected_by_all_threads(server: YouTubeMusicServer, breaker: CircuitBreaker) -> None:
    per_second, texts = 20, [f"text {number}" for number in range(19)]
    client = YouTubeMusic(server.base_url, limiter=RateLimiter(per_second), breaker=breaker)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda text: client.search(text, "songs"), texts))
    times_s = sorted(request.at_s for request in server.requests)
    assert sorted(server.searches) == sorted((text, "songs") for text in texts)
    assert len(times_s) == 20
    assert times_s[-1] - times_s[0] >= 19 / per_second - 0.05


def test_locale_of_the_process_is_never_changed(
    server: YouTubeMusicServer, breaker: CircuitBreaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``setlocale`` is not thread-safe, so not even a temporary change is allowed."""
    requested: list[object] = []
    original = locale.setlocale

    def record(category: int, name: object = None) -> str:
        requested.append(name)
        return original(category)

    monkeypatch.setattr(locale, "setlocale", record)
    assert connect(server, breaker).search("wonderwall", "songs")
    assert set(requested) == {None}


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=429, body=b"<html><title>Sorry</title>", headers={"Retry-After": "120"}, times=9),
        Fault(status=403, body=b"<html>Please sign in", times=9),
        Fault(status=200, body=b"<html>Our systems have detected unusual traffic", times=9, path="/search"),
        Fault(status=302, headers={"Location": "https://www.google.com/sorry/index?continue=x"}, times=9),
    ],
)
def test_refusal_is_not_retried(server: YouTubeMusicServer, breaker: CircuitBreaker, fault: Fault) -> None:
    server.faults.append(fault)
    client = connect(server, breaker)
    with pytest.raises(ServiceRefused) as refused:
        client.search("wonderwall", "songs")
    request_count = len(server.requests)
    with pytest.raises(ServiceRefused):
        client.search("under pressure", "songs")
    assert len(server.requests) == request_count <= 2
    assert breaker.reason is refused.value
    assert refused.value.retry_after_s == (120 if fault.status == 429 else None)
    assert "hour" in refused.value.hint


@pytest.mark.parametrize("fault", [Fault(status=503, times=2), Fault("reset", times=2), Fault("cut", times=2)])
@pytest.mark.parametrize("path", ["/", "/search"])
def test_failed_requests_are_retried(
    server: YouTubeMusicServer, breaker: CircuitBreaker, fault: Fault, path: str
) -> None:
    server.faults.append(Fault(fault.kind, fault.status, path=path, times=2))
    assert connect(server, breaker).search("under pressure", "songs")
    assert breaker.reason is None


def test_stalled_connection_times_out(server: YouTubeMusicServer, breaker: CircuitBreaker) -> None:
    server.faults.append(Fault("stall", times=9))
    with pytest.raises(ServiceError, match="does not respond"):
        connect(server, breaker, timeout_s=0.2).search("wonderwall", "songs")
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        b"null",
        b'{"contents": {}}',
        b'{"contents": {"tabbedSearchResultsRenderer": {"tabs": []}}}',
        NO_COLUMNS,
    ],
)
def test_invalid_response_is_an_error_without_a_retry(
    server: YouTubeMusicServer, breaker: CircuitBreaker, body: bytes
) -> None:
    server.faults.append(Fault(status=200, body=body, path="/search"))
    client = connect(server, breaker)
    with pytest.raises(ServiceError, match="invalid response") as error:
        client.search("wonderwall", "songs")
    assert "upgrade ytmusicapi" in error.value.hint
    assert len(server.searches) == 1
    assert client.search("under pressure", "songs")


def test_error_response_of_the_service_is_converted(server: YouTubeMusicServer, breaker: CircuitBreaker) -> None:
    server.faults.append(Fault(status=400, body=b'{"error": {"message": "Invalid argument"}}', path="/search"))
    with pytest.raises(ServiceError, match="invalid response"):
        connect(server, breaker).search("wonderwall", "songs")


def test_missing_connection_is_reported_and_opens_the_circuit_breaker(breaker: CircuitBreaker) -> None:
    with serve(YouTubeMusicServer()) as gone:
        pass
    client = connect(gone, breaker)
    for _ in range(FAILURES_IN_A_ROW):
        with pytest.raises(ServiceError, match="no connection"):
            client.search("wonderwall", "songs")
    assert breaker.reason is not None


def test_many_threads_can_search_in_parallel(server: YouTubeMusicServer, breaker: CircuitBreaker) -> None:
    client = connect(server, breaker)
    ready = threading.Barrier(8)

    def search(number: int) -> int:
        ready.wait()
        return len(client.search(f"wonderwall {number}", "songs"))

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(search, range(8))) == [1] * 8
    assert [request.place for request in server.requests].count("/") == 1


def test_log_contains_no_visitor_id_or_query(
    server: YouTubeMusicServer,
    breaker: CircuitBreaker,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        logging.getLogger("urllib3"), "propagate", True
    )  # yt-dlp disables propagation when it is imported
    with caplog.at_level(logging.DEBUG, logger="urllib3"):
        connect(server, breaker).search("wonderwall", "songs")
    assert "/youtubei/v1/search" in caplog.text
    assert VISITOR_ID not in caplog.text
    assert "wonderwall" not in caplog.text


def song(number: int) -> FakeRecording:
    return FakeRecording(f"song{number:07}", f"Song {number}", ("Somebody",), "Album", 200)


def response_with(*rows: Any) -> bytes:
    """Return a page of results with the given rows."""
    page = page_of([song(0)])
    section = page["contents"]["tabbedSearchResultsRenderer"]["tabs"][0]["tabRenderer"]["content"]
    section["sectionListRenderer"]["contents"][0]["musicShelfRenderer"]["contents"] = list(rows)
    return json.dumps(page).encode()


def row(recording: FakeRecording) -> dict[str, Any]:
    return {"musicResponsiveListItemRenderer": item(recording)}


def with_id(video_id: object) -> Any:
    malformed = row(song(7))
    play = watch(song(7))
    play["watchEndpoint"]["videoId"] = video_id
    content = malformed["musicResponsiveListItemRenderer"]["overlay"]["musicItemThumbnailOverlayRenderer"]["content"]
    content["musicPlayButtonRenderer"]["playNavigationEndpoint"] = play
    return malformed


def with_video_type(video_type: object) -> Any:
    malformed = with_id("song0000007")
    content = malformed["musicResponsiveListItemRenderer"]["overlay"]["musicItemThumbnailOverlayRenderer"]["content"]
    play = content["musicPlayButtonRenderer"]["playNavigationEndpoint"]["watchEndpoint"]
    play["watchEndpointMusicSupportedConfigs"]["watchEndpointMusicConfig"]["musicVideoType"] = video_type
    return malformed


def with_text(column: int, run: int, text: object) -> Any:
    malformed = row(song(7))
    columns = malformed["musicResponsiveListItemRenderer"]["flexColumns"]
    columns[column]["musicResponsiveListItemFlexColumnRenderer"]["text"]["runs"][run]["text"] = text
    return malformed


MALFORMED_IDS = [
    12345678901,
    ["song0000007"],
    {"a": 1},
    True,
    1.5,
    "short",
    "song0000007 ",
    "song0000007\n",
    "song000007\0",
]
MALFORMED_IDS += [
    "../../../et",
    "abcde/ghijk",
    "https://a.b",
    "a" * 300,
    "a" * 5_000,
    "sóng0000007",
    "\ud800ong0000007",
]
NON_TEXTS: list[object] = [5, ["Song"], {}, True]
MALFORMED_ROWS: list[Any] = [
    *map(with_id, MALFORMED_IDS),
    *map(with_video_type, (["MUSIC_VIDEO_TYPE_ATV"], 5, {})),
    *[with_text(0, 0, malformed) for malformed in NON_TEXTS],  # the title
    *[with_text(1, 0, malformed) for malformed in NON_TEXTS],  # the artist
    *[with_text(1, 4, malformed) for malformed in ("9" * 5_000 + ":00", "99999999999:00", 5)],  # the duration
    *(5, None, "text", [], {}, {"musicResponsiveListItemRenderer": None}, {"musicResponsiveListItemRenderer": {}}),
    {"otherRenderer": {}},
]


@pytest.mark.parametrize("position", [0, 1, 2])
def test_malformed_row_does_not_affect_other_rows(
    server: YouTubeMusicServer, breaker: CircuitBreaker, position: int
) -> None:
    client = connect(server, breaker)
    for malformed in MALFORMED_ROWS:
        rows = [row(song(1)), row(song(2))]
        server.faults.append(
            Fault(status=200, body=response_with(*rows[:position], malformed, *rows[position:]), path="/search")
        )
        found = client.search("song", "songs")
        assert [candidate.video_id for candidate in found] == ["song0000001", "song0000002"], malformed
    assert len(server.searches) == len(MALFORMED_ROWS), "no search is repeated"


def test_response_with_only_malformed_rows_is_an_error(server: YouTubeMusicServer, breaker: CircuitBreaker) -> None:
    for malformed in MALFORMED_ROWS:
        breaker.record_success()
        server.faults.append(Fault(status=200, body=response_with(malformed, malformed), path="/search"))
        with pytest.raises(UnexpectedResponse):
            connect(server, breaker).search("song", "songs")


def test_long_texts_and_control_characters_are_bounded(server: YouTubeMusicServer, breaker: CircuitBreaker) -> None:
    many = FakeRecording("song0000001", "x" * 20_000, tuple(f"A {number}" for number in range(500)), "y" * 20_000, 200)
    rows = [row(many), *(row(song(number)) for number in range(500))]
    rows[1] = with_text(0, 0, "half \ud800 and \x1b[2J")
    server.faults.append(Fault(status=200, body=response_with(*rows), path="/search"))
    first, second, *others = connect(server, breaker).search("song", "songs")
    assert (len(first.title), len(first.album), len(first.artists)) == (MAX_TEXT_LENGTH, MAX_TEXT_LENGTH, MAX_ARTISTS)
    assert second.title == "half \ufffd and  [2J"
    assert len(others) == MAX_ROWS - 2


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b'"text"',
        b"5",
        b"{}",
        b'{"error": {"message": "no"}}',
        b'{"contents": {"sectionListRenderer": {"contents": [{"unknownRenderer": {}}]}}}',
        b'{"contents": {"sectionListRenderer": {"contents": 5}}}',
        b'{"contents": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"contents": ' + b"9" * 10_000 + b"}",
        b"\xff\xfe\x00",
    ],
)
def test_unrecognized_response_is_not_an_empty_result(
    server: YouTubeMusicServer, breaker: CircuitBreaker, body: bytes
) -> None:
    server.faults.append(Fault(status=200, body=body, path="/search"))
    client = connect(server, breaker)
    with pytest.raises(UnexpectedResponse):
        client.search("wonderwall", "songs")
    assert client.search("under pressure", "songs")


def test_response_without_contents_is_an_empty_result(server: YouTubeMusicServer, breaker: CircuitBreaker) -> None:
    server.faults.append(Fault(status=200, body=b'{"responseContext": {}}', path="/search"))
    assert connect(server, breaker).search("wonderwall", "songs") == ()


@pytest.mark.parametrize("path", ["/", "/search"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_oversized_response_is_refused(
    server: YouTubeMusicServer, breaker: CircuitBreaker, path: str, pack: Callable[[bytes], bytes]
) -> None:
    headers = {"Content-Encoding": "gzip"} if pack is gzip.compress else {}
    body = pack(b" " * (ANSWER_BYTES + 1))
    server.faults.append(Fault(status=200, body=body, headers=headers, path=path))
    with pytest.raises(UnexpectedResponse):
        connect(server, breaker).search("wonderwall", "songs")
    assert len(server.requests) == (1 if path == "/" else 2), "no immediate retry"


def test_slow_response_times_out(server: YouTubeMusicServer, breaker: CircuitBreaker) -> None:
    server.catalog = [song(number) for number in range(20)]
    server.faults.append(Fault("slow", path="/search", pause_s=0.2, times=9))
    client = YouTubeMusic(server.base_url, limiter=RateLimiter(1_000), breaker=breaker, answer_s=0.5)
    with pytest.raises(ServiceError, match="response is incomplete"):
        client.search("song", "songs")
    assert len(server.searches) == 1, "a slow response is not retried"


@pytest.mark.parametrize(
    "visitor", ["5", "null", '"a\\r\\nX: y"', '"\\ud800"', '"x" * 5', "[" * 9_000, '"' + "x" * 9_000]
)
def test_malformed_visitor_id_is_ignored(server: YouTubeMusicServer, breaker: CircuitBreaker, visitor: str) -> None:
    page = f'ytcfg.set({{"VISITOR_DATA": {visitor}}});'.encode()
    server.faults.append(Fault(status=200, body=page, path="/"))
    assert connect(server, breaker).search("under pressure", "songs")
    assert server.requests[1].headers.get("X-Goog-Visitor-Id") in {"", "x"}


@pytest.mark.parametrize("wait", ["86400000000000", "9" * 400, "1e300", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_excessive_retry_after_is_limited(server: YouTubeMusicServer, breaker: CircuitBreaker, wait: str) -> None:
    server.faults.append(Fault(status=429, headers={"Retry-After": wait}, times=9))
    with pytest.raises(ServiceRefused) as refused:
        connect(server, breaker).search("wonderwall", "songs")
    assert refused.value.retry_after_s == MAX_PAUSE_S
