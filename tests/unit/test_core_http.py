"""HTTP sessions are bounded: slow, endless, oversized or redirected responses become one kind of error."""

from __future__ import annotations

import contextlib
import socket
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import requests
import urllib3

from spotmap_build.core.http import (
    BodyTooLarge,
    Deadline,
    Limits,
    RedirectRefused,
    ResponseTooSlow,
    is_trustworthy_address,
    make_session,
    reason_of,
)

SMALL = Limits(silence_s=20, total_s=20, body_bytes=100_000)
SHORT_TIMEOUT = Limits(silence_s=20, total_s=0.3, body_bytes=100_000)


@contextmanager
def raw_server(handle: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    """Run a server that reads a request and passes the connection to ``handle``."""
    stopped = threading.Event()

    def serve() -> None:
        while not stopped.is_set():
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65_536)
                    handle(connection, stopped)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            stopped.set()
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)


def respond_with(content: bytes) -> Callable[[socket.socket, threading.Event], None]:
    return lambda connection, _stopped: connection.sendall(content)


def trickle(start: bytes, drop: bytes) -> Callable[[socket.socket, threading.Event], None]:
    """Send ``drop`` repeatedly until the client disconnects."""

    def handle(connection: socket.socket, stopped: threading.Event) -> None:
        connection.sendall(start)
        while not stopped.wait(0.02):
            connection.sendall(drop)

    return handle


def ok(body: bytes, *headers: bytes) -> bytes:
    lines = (b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), b"Connection: close", *headers)
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def test_normal_response_is_read() -> None:
    with raw_server(respond_with(ok(b'{"a": 1}'))) as url:
        assert make_session(SMALL, follow_redirects=False).get(url).json() == {"a": 1}


@pytest.mark.parametrize(
    "handle",
    [
        trickle(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"),
        trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n", b"x"),
        trickle(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        trickle(b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
    ],
    ids=["headers", "body", "chunks", "a body without a length"],
)
def test_slow_response_ends_at_its_timeout(
    handle: Callable[[socket.socket, threading.Event], None],
) -> None:
    with raw_server(handle) as url, pytest.raises(ResponseTooSlow):
        make_session(SHORT_TIMEOUT, follow_redirects=False).get(url)


@pytest.mark.parametrize(
    "start",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;",
        b"HTTP/1.1 200 OK\r\nX-Slow: ",
    ],
    ids=["body", "a chunk's own header", "headers"],
)
def test_stream_ends_at_its_deadline(start: bytes) -> None:
    with raw_server(trickle(start, b"x")) as url, Deadline(0.3) as deadline:
        # The cut may look like an end; what matters is that the reader stops waiting.
        with contextlib.suppress(requests.RequestException, urllib3.exceptions.HTTPError):
            make_session(SMALL, follow_redirects=False).get(url, stream=True).raw.read(90_000)
        assert deadline.has_expired


def test_body_of_a_redirect_is_bounded_for_a_stream() -> None:
    endless = trickle(b"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n", b"x" * 9_000)
    with raw_server(endless) as url, pytest.raises(BodyTooLarge):
        make_session(SMALL, follow_redirects=True).get(url, stream=True)


@pytest.mark.parametrize(
    "content",
    [
        ok(b"x" * 200_000),
        ok(zlib.compress(b"x" * 200_000), b"Content-Encoding: deflate"),
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"x" * 200_000,
    ],
    ids=["plain", "compressed", "without a length"],
)
def test_oversized_response_is_refused(content: bytes) -> None:
    with raw_server(respond_with(content)) as url, pytest.raises(BodyTooLarge):
        make_session(SMALL, follow_redirects=False).get(url)


def silence(connection: socket.socket, stopped: threading.Event) -> None:
    stopped.wait(60)


def half_then_silence(connection: socket.socket, stopped: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    stopped.wait(60)


@pytest.mark.parametrize(
    ("handle", "reason"),
    [
        (silence, "it does not respond"),
        (half_then_silence, "it does not respond"),
        (respond_with(b""), "the connection broke, or the response is invalid"),
        (respond_with(b"garbage\r\n\r\n"), "the connection broke, or the response is invalid"),
        (respond_with(ok(b"x" * 200_000)), "the response is larger than 100,000 bytes"),
        (trickle(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"), "the response is incomplete after 2 s"),
        (
            respond_with(b"HTTP/1.1 302 Found\r\nLocation: http://me:secret@b/\r\n\r\n"),
            "it sends this request on to another address (perhaps a login page of the network)",
        ),
    ],
)
def test_failed_request_has_a_reason_without_addresses(
    handle: Callable[[socket.socket, threading.Event], None], reason: str
) -> None:
    limits = Limits(silence_s=0.3, total_s=2, body_bytes=100_000)
    with raw_server(handle) as url, pytest.raises(requests.RequestException) as failed:
        make_session(limits, follow_redirects=False).get(url)
    assert reason_of(failed.value) == reason


def test_missing_connection_has_the_systems_reason() -> None:
    with raw_server(silence) as url:
        pass
    with pytest.raises(requests.ConnectionError) as failed:
        make_session(SMALL, follow_redirects=False).get(url)
    assert reason_of(failed.value) == "no connection: Connection refused"


@pytest.mark.parametrize(
    "content",
    [
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 " + b"x" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: 1\r\n" % number for number in range(1_000)) + b"\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nx\r\n0\r\n\r\n",
        ok(b"not gzip", b"Content-Encoding: gzip"),
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\nhalf",
        b"",
    ],
    ids=["garbage", "long status", "1,000 headers", "odd chunks", "odd gzip", "cut short", "nothing"],
)
def test_invalid_http_is_a_request_exception(content: bytes) -> None:
    with raw_server(respond_with(content)) as url, pytest.raises(requests.RequestException):
        make_session(SMALL, follow_redirects=True).get(url)


@pytest.mark.parametrize("url", ["http://exa mple/", "http://127.0.0.1:1/\r\nX: y", "http://[", f"http://{'a' * 300}/"])
def test_invalid_url_is_a_request_exception(url: str) -> None:
    with pytest.raises(requests.RequestException):
        make_session(SMALL, follow_redirects=True).get(url)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_request_with_a_secret_follows_no_redirect(status: int) -> None:
    requests_seen: list[bytes] = []

    def note(connection: socket.socket, _stopped: threading.Event) -> None:
        requests_seen.append(b"")
        connection.sendall(ok(b"{}"))

    with raw_server(note) as elsewhere:
        redirect = b"HTTP/1.1 %d Moved\r\nLocation: %s/\r\nContent-Length: 0\r\n\r\n" % (status, elsewhere.encode())
        with raw_server(respond_with(redirect)) as url, pytest.raises(RedirectRefused):
            make_session(SMALL, follow_redirects=False).post(url, data={"refresh_token": "secret"})
    assert not requests_seen


def test_redirect_is_followed_where_allowed() -> None:
    with raw_server(respond_with(ok(b"there"))) as elsewhere:
        redirect = b"HTTP/1.1 302 Moved\r\nLocation: %s/\r\nContent-Length: 0\r\n\r\n" % elsewhere.encode()
        with raw_server(respond_with(redirect)) as url:
            assert make_session(SMALL, follow_redirects=True).get(url).content == b"there"


@pytest.mark.parametrize("target", ["ftp://127.0.0.1/x", "file:///etc/passwd"])
def test_redirect_to_another_scheme_is_refused(target: str) -> None:
    redirect = f"HTTP/1.1 302 Moved\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n".encode()
    with raw_server(respond_with(redirect)) as url, pytest.raises(RedirectRefused):
        make_session(SMALL, follow_redirects=True).get(url)


@pytest.mark.parametrize("target", [b"http://[", b"\xff\xfe", b"//["])
@pytest.mark.parametrize("follows", [True, False])
def test_redirect_to_an_invalid_url_is_refused(target: bytes, follows: bool) -> None:
    redirect = b"HTTP/1.1 302 Moved\r\nLocation: " + target + b"\r\nContent-Length: 0\r\n\r\n"
    with raw_server(respond_with(redirect)) as url, pytest.raises(RedirectRefused):
        make_session(SMALL, follow_redirects=follows).get(url)


def test_redirect_is_followed_only_if_the_caller_accepts_its_target() -> None:
    with raw_server(respond_with(ok(b"there"))) as elsewhere:
        redirect = b"HTTP/1.1 302 Moved\r\nLocation: %s/a\r\nContent-Length: 0\r\n\r\n" % elsewhere.encode()
        with raw_server(respond_with(redirect)) as url:
            for is_wanted in (True, False):
                asked_about: list[str] = []

                def is_allowed_redirect(address: str, wanted: bool = is_wanted, asked: list[str] = asked_about) -> bool:
                    asked.append(address)
                    return wanted

                session = make_session(SMALL, follow_redirects=True, is_allowed_redirect=is_allowed_redirect)
                if is_wanted:
                    assert session.get(url).content == b"there"
                else:
                    with pytest.raises(RedirectRefused):
                        session.get(url)
                assert asked_about == [f"{elsewhere}/a"]


def test_public_host_cannot_redirect_to_a_private_address() -> None:
    session = make_session(SMALL, follow_redirects=True)
    answer = requests.Response()
    answer.status_code, answer.url = 302, "https://93.184.216.34/"
    for host in ("127.0.0.1", "10.0.0.1", "169.254.169.254", "[::1]", "localhost"):
        answer.headers["Location"] = f"https://{host}/"
        with pytest.raises(RedirectRefused):
            session.get_redirect_target(answer)


@pytest.mark.parametrize(
    ("url", "is_right"),
    [
        ("https://accounts.spotify.com/", True),
        ("http://127.0.0.1:8080/", True),
        ("http://localhost/", True),
        ("http://[::1]:1/", True),
        ("http://accounts.spotify.com/", False),
        ("http://127.0.0.1.example.com/", False),
        ("http://127.0.0.1@example.com/", False),
        ("ftp://127.0.0.1/", False),
        ("https:///path", False),
        ("http://[", False),
        ("https://host:port/", False),
    ],
)
def test_secrets_are_sent_only_over_https_or_to_this_machine(url: str, is_right: bool) -> None:
    assert is_trustworthy_address(url) is is_right
