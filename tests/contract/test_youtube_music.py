"""YouTube Music is searched with the real ytmusicapi, politely, and what goes wrong comes out as one of our errors."""

from __future__ import annotations

import locale
import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from spotmap_build.errors import ServiceError, ServiceRefused
from spotmap_build.fetch.politeness import FAILURES_IN_A_ROW, CircuitBreaker, RateLimiter
from spotmap_build.fetch.recordings.youtube_music import YouTubeMusic
from spotmap_build.model import Candidate
from tests.fakes.http_server import Fault
from tests.fakes.youtube_music_server import PAGE, VISITOR_ID, FakeRecording, YouTubeMusicServer, serve

VIDEO = "MUSIC_VIDEO_TYPE_OMV"
CATALOGUE = [
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
    with serve(YouTubeMusicServer(catalogue=list(CATALOGUE))) as running:
        yield running


@pytest.fixture
def breaker() -> CircuitBreaker:
    return CircuitBreaker()


def connect(server: YouTubeMusicServer, breaker: CircuitBreaker, timeout_s: float = 5) -> YouTubeMusic:
    limiter = RateLimiter(1_000)
    return YouTubeMusic(server.base_url, limiter=limiter, breaker=breaker, timeout_s=timeout_s, pauses_s=(0.0, 0.0))


def test_a_song_comes_with_all_that_is_known_of_it(server: YouTubeMusicServer, breaker: CircuitBreaker) -> None:
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


def test_videos_are_searched_apart_from_songs(server: YouTubeMusicServer, breaker: CircuitBreaker) -> None:
    (found,) = connect(server, breaker).search("oasis wonderwall", "videos")
    assert (found.video_id, found.video_type, found.duration_s) == ("video000001", VIDEO, 278)
    assert found.is_explicit is None
    assert found.artists == ("Oasis",)


def test_an_isrc_finds_its_recording(server: YouTubeMusicServer, breaker: CircuitBreaker) -> None:
    found = connect(server, breaker).search("GBBQY9500057", "songs")
    assert [one.video_id for one in found] == ["song0000001"]


def test_what_cannot_be_played_is_no_candidate(server: YouTubeMusicServer, breaker: CircuitBreaker) -> None:
    found = connect(server, breaker).search("wonderwall", "songs")
    assert [one.video_id for one in found] == ["song0000001"]


def test_artists_album_and_duration_may_be_unknown(server: YouTubeMusicServer, breaker: CircuitBreaker) -> None:
    (found,) = connect(server, breaker).search("untitled", "songs")
    assert (found.artists, found.album, found.duration_s) == ((), "", None)


def test_nothing_found_is_no_error(server: YouTubeMusicServer, breaker: CircuitBreaker) -> None:
    assert connect(server, breaker).search("zzz", "songs") == ()
    assert breaker.reason is None


def test_a_search_is_one_request_and_the_visitor_id_is_fetched_once(
    server: YouTubeMusicServer, breaker: CircuitBreaker
) -> None:
    server.catalogue = [FakeRecording(f"many{number:07}", "Many", ("Somebody",)) for number in range(50)]
    client = connect(server, breaker)
    assert len(client.search("many", "songs")) == PAGE
    assert len(client.search("many somebody", "songs")) == PAGE
    assert [asked.place for asked in server.asked] == ["/", "/youtubei/v1/search", "/youtubei/v1/search"]
    assert {asked.headers.get("X-Goog-Visitor-Id") for asked in server.asked[1:]} == {VISITOR_ID}
    assert b'"hl": "en"' in server.asked[1].body


def test_no_more_is_asked_in_a_second_than_is_polite(server: YouTubeMusicServer, breaker: CircuitBreaker) -> None:
    per_second, texts = 20, [f"text {number}" for number in range(19)]
    client = YouTubeMusic(server.base_url, limiter=RateLimiter(per_second), breaker=breaker)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda text: client.search(text, "songs"), texts))
    times_s = sorted(asked.at_s for asked in server.asked)
    assert sorted(server.searches) == sorted((text, "songs") for text in texts)
    assert len(times_s) == 20
    assert times_s[-1] - times_s[0] >= 19 / per_second - 0.05


def test_the_locale_of_the_process_stays_as_it_was(server: YouTubeMusicServer, breaker: CircuitBreaker) -> None:
    before = locale.setlocale(locale.LC_ALL)
    try:
        locale.setlocale(locale.LC_ALL, "C")
        connect(server, breaker).search("wonderwall", "songs")
        assert locale.setlocale(locale.LC_ALL) == "C"
    finally:
        locale.setlocale(locale.LC_ALL, before)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=429, body=b"<html><title>Sorry</title>", headers={"Retry-After": "120"}, times=9),
        Fault(status=403, body=b"<html>Please sign in", times=9),
        Fault(status=200, body=b"<html>Our systems have detected unusual traffic", times=9, path="/search"),
        Fault(status=302, headers={"Location": "https://www.google.com/sorry/index?continue=x"}, times=9),
    ],
)
def test_a_refusal_is_asked_once_and_never_again(
    server: YouTubeMusicServer, breaker: CircuitBreaker, fault: Fault
) -> None:
    server.faults.append(fault)
    client = connect(server, breaker)
    with pytest.raises(ServiceRefused) as refused:
        client.search("wonderwall", "songs")
    asked = len(server.asked)
    with pytest.raises(ServiceRefused):
        client.search("under pressure", "songs")
    assert len(server.asked) == asked <= 2
    assert breaker.reason is refused.value
    assert refused.value.retry_after_s == (120 if fault.status == 429 else None)
    assert "hour" in refused.value.hint


@pytest.mark.parametrize("fault", [Fault(status=503, times=2), Fault("reset", times=2), Fault("cut", times=2)])
@pytest.mark.parametrize("path", ["/", "/search"])
def test_what_is_not_answered_is_asked_again(
    server: YouTubeMusicServer, breaker: CircuitBreaker, fault: Fault, path: str
) -> None:
    server.faults.append(Fault(fault.kind, fault.status, path=path, times=2))
    assert connect(server, breaker).search("under pressure", "songs")
    assert breaker.reason is None


def test_a_stall_ends_in_time(server: YouTubeMusicServer, breaker: CircuitBreaker) -> None:
    server.faults.append(Fault("stall", times=9))
    started_s = time.monotonic()
    with pytest.raises(ServiceError, match="does not answer"):
        connect(server, breaker, timeout_s=0.2).search("wonderwall", "songs")
    assert time.monotonic() - started_s < 5
    assert len(server.asked) == 3


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
def test_an_answer_that_is_none_is_an_error_and_not_asked_again_at_once(
    server: YouTubeMusicServer, breaker: CircuitBreaker, body: bytes
) -> None:
    server.faults.append(Fault(status=200, body=body, path="/search"))
    client = connect(server, breaker)
    with pytest.raises(ServiceError, match="cannot be understood") as not_understood:
        client.search("wonderwall", "songs")
    assert "upgrade ytmusicapi" in not_understood.value.hint
    assert len(server.searches) == 1
    assert client.search("under pressure", "songs")


def test_an_error_in_the_service_s_own_words_is_one_of_ours(
    server: YouTubeMusicServer, breaker: CircuitBreaker
) -> None:
    server.faults.append(Fault(status=400, body=b'{"error": {"message": "Invalid argument"}}', path="/search"))
    with pytest.raises(ServiceError, match="cannot be understood"):
        connect(server, breaker).search("wonderwall", "songs")


def test_without_a_connection_it_says_so_and_stops_after_a_while(breaker: CircuitBreaker) -> None:
    with serve(YouTubeMusicServer()) as gone:
        pass
    client = connect(gone, breaker)
    for _ in range(FAILURES_IN_A_ROW):
        with pytest.raises(ServiceError, match="no connection"):
            client.search("wonderwall", "songs")
    assert breaker.reason is not None


def test_many_threads_may_search_at_once(server: YouTubeMusicServer, breaker: CircuitBreaker) -> None:
    client = connect(server, breaker)
    ready = threading.Barrier(8)

    def search(number: int) -> int:
        ready.wait()
        return len(client.search(f"wonderwall {number}", "songs"))

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(search, range(8))) == [1] * 8
    assert [asked.place for asked in server.asked].count("/") == 1


def test_the_log_tells_no_secrets(
    server: YouTubeMusicServer,
    breaker: CircuitBreaker,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(logging.getLogger("urllib3"), "propagate", True)  # yt-dlp, where it was loaded, stops it
    with caplog.at_level(logging.DEBUG, logger="urllib3"):
        connect(server, breaker).search("wonderwall", "songs")
    assert "/youtubei/v1/search" in caplog.text
    assert VISITOR_ID not in caplog.text
    assert "wonderwall" not in caplog.text
