"""The base of fake services: a web server on 127.0.0.1 that records requests and injects faults."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Protocol, TypeVar
from urllib.parse import parse_qs, urlsplit

STALL_S = 60.0
SLOW_BLOCK_BYTES = 1024


@dataclass
class Fault:
    """A fault of the next ``times`` requests whose path contains ``path``, after ``after`` of them have succeeded.

    ``kind``: ``status`` (a response with ``status``, ``reason``, ``headers`` and ``body``), ``reset`` (the connection
    is reset without a response), ``stall`` (no response), ``cut`` (half of the content), ``slow`` (a kilobyte every
    ``pause_s``).
    """

    kind: Literal["status", "reset", "stall", "cut", "slow"] = "status"
    status: int = 500
    reason: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    path: str = ""
    times: int = 1
    after: int = 0
    pause_s: float = 0.05


class Planned(Protocol):
    """Which requests a fault affects: see :class:`Fault`."""

    path: str
    times: int
    after: int


Plan = TypeVar("Plan", bound=Planned)


def take_fault(faults: list[Plan], path: str) -> Plan | None:
    """Return the fault of a request for ``path`` and count it down; None if the request succeeds."""
    for fault in faults:
        if fault.path in path and fault.times:
            if fault.after:
                fault.after -= 1
                continue
            fault.times -= 1
            return fault
    return None


@dataclass(frozen=True)
class Request:
    """A request and its arrival time (monotonic seconds)."""

    at_s: float
    method: str
    path: str
    body: bytes
    headers: dict[str, str]

    @property
    def place(self) -> str:
        """The path without its query."""
        return urlsplit(self.path).path

    @property
    def query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}


@dataclass(frozen=True)
class Response:
    content: bytes
    content_type: str = "application/json"
    status: int = 200
    reason: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class HttpServer:
    """The base class of fake services. ``url`` has no trailing slash and is set while the server runs."""

    faults: list[Fault] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)
    stopped: threading.Event = field(default_factory=threading.Event)

    def respond(self, request: Request) -> Response:
        """Return the response; each fake service implements this."""
        raise NotImplementedError

    def next_fault(self, path: str) -> Fault | None:
        with self.lock:
            return take_fault(self.faults, path)


class Handler(BaseHTTPRequestHandler):
    """Passes the requests of every method to ``serve``."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def serve(self) -> None:
        """Answer the request; each kind of handler implements this."""
        raise NotImplementedError

    def do_GET(self) -> None:
        self.serve()

    do_POST = do_PUT = do_DELETE = do_HEAD = do_GET  # noqa: N815 - the names that the base class looks up

    def read_body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def reset(self) -> None:
        """Cut the connection."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def handle(self) -> None:
        with contextlib.suppress(OSError, ValueError):  # the client disconnected, or a fault cut the connection
            super().handle()

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class's name
        pass


class _ServiceHandler(Handler):
    """Answers requests to an :class:`HttpServer`."""

    def __init__(self, service: HttpServer, *connection: Any) -> None:
        self._service = service
        super().__init__(*connection)

    def serve(self) -> None:
        request = Request(time.monotonic(), self.command, self.path, self.read_body(), dict(self.headers))
        with self._service.lock:
            self._service.requests.append(request)
        fault = self._service.next_fault(self.path)
        if fault is None:
            self._send(self._service.respond(request), self._write)
        elif fault.kind == "status":
            html = Response(fault.body, "text/html; charset=utf-8", fault.status, fault.reason, fault.headers)
            self._send(html, self._write)
        elif fault.kind == "cut":
            self._send(self._service.respond(request), lambda content: self._write(content[: len(content) // 2]))
            self.close_connection = True
        elif fault.kind == "slow":
            self._send(self._service.respond(request), lambda content: self._trickle(content, fault.pause_s))
        elif fault.kind == "stall":
            self.close_connection = True
            self._service.stopped.wait(STALL_S)
        else:
            self.reset()

    def _send(self, answer: Response, write: Callable[[bytes], None]) -> None:
        self.send_response(answer.status, answer.reason)
        for name, value in ({"Content-Type": answer.content_type} | answer.headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        write(answer.content)

    def _write(self, content: bytes) -> None:
        if self.command != "HEAD":
            self.wfile.write(content)

    def _trickle(self, content: bytes, pause_s: float) -> None:
        for start in range(0, len(content), SLOW_BLOCK_BYTES):
            self.wfile.write(content[start : start + SLOW_BLOCK_BYTES])
            if self._service.stopped.wait(pause_s):
                return


@contextlib.contextmanager
def running(handler: Callable[..., BaseHTTPRequestHandler], port: int = 0) -> Iterator[str]:
    """Serve on 127.0.0.1 until the end of the block; yield the address without a trailing slash."""
    http = ThreadingHTTPServer(("127.0.0.1", port), handler)
    http.daemon_threads = True
    http.block_on_close = False
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.server_port}"
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


@contextlib.contextmanager
def serving(server: HttpServer, port: int = 0) -> Iterator[None]:
    """Serve until the end of the block."""
    with running(partial(_ServiceHandler, server), port) as server.url:
        try:
            yield
        finally:
            server.stopped.set()


def serve_until_interrupted(server: HttpServer, port: int, variable: str, path: str) -> None:
    """Print the environment variable that makes spotmap-build use this server, and serve until Ctrl+C."""
    with serving(server, port):
        print(f"{variable}={server.url}{path}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()
