"""A file server on 127.0.0.1 for downloads of weights, with the faults of servers and connections."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from tests.fakes.http_server import running


@dataclass
class ModelServer:
    """The files to serve, the faults, and the requests as (path, Range header).

    ``cut_after_bytes``: cut the connection after so many bytes of content, ``cuts_left`` times. ``cut_grows_bytes``:
    how much later each cut is than the previous one. ``refusals``: status codes of the next responses.
    ``supports_ranges``: whether range requests work. ``redirects``: targets by path. ``stated_length``: replaces the
    Content-Length.
    """

    files: dict[str, bytes]
    cut_after_bytes: int = 0
    cuts_left: int = 0
    refusals: list[int] = field(default_factory=list)
    supports_ranges: bool = True
    cut_grows_bytes: int = 0
    redirects: dict[str, str] = field(default_factory=dict)
    stated_length: str = ""
    url: str = ""
    requests: list[tuple[str, str]] = field(default_factory=list)


@contextmanager
def serve(server: ModelServer) -> Iterator[ModelServer]:
    """Serve until the end of the block; ``server.url`` is the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            range_header = self.headers.get("Range", "")
            server.requests.append((self.path, range_header))
            content = server.files.get(self.path)
            if server.refusals:
                self.send_error(server.refusals.pop(0))
            elif self.path in server.redirects:
                self.send_response(302)
                self.send_header("Location", server.redirects[self.path])
                self.send_header("Content-Length", "0")
                self.end_headers()
            elif content is None:
                self.send_error(404)
            else:
                is_range = range_header and server.supports_ranges
                self._send(content, int(range_header.removeprefix("bytes=").rstrip("-")) if is_range else 0)

        def _send(self, content: bytes, first: int) -> None:
            self.send_response(206 if first else 200)
            if first:
                self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
            self.send_header("Content-Length", server.stated_length or str(len(content) - first))
            self.end_headers()
            rest = content[first:]
            if server.cuts_left:
                server.cuts_left -= 1
                rest = rest[: server.cut_after_bytes]
                server.cut_after_bytes += server.cut_grows_bytes
            self.wfile.write(rest)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class's name
            pass

    with running(Handler) as address:
        server.url = f"{address}/models/"
        yield server
