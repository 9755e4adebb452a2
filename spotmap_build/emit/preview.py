"""The preview server: serves a site on this machine like a static host, and reloads pages after a rebuild.

The server listens on 127.0.0.1 and refuses requests for another host name, which prevents DNS rebinding (a web page
pointing its own name at 127.0.0.1 to read the map). Browsers refuse to let other web pages load its files. Every user
of this machine can connect, so only files of the site are served, regardless of what else is in the folder, and no
client can block the server.
"""

from __future__ import annotations

import contextlib
import errno
import math
import os
import socket
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import unquote, urlsplit

import orjson

from spotmap_build.core.files import open_regular
from spotmap_build.core.translation import gettext, translate
from spotmap_build.emit.page import CONTENT_SECURITY_POLICY
from spotmap_build.emit.preview_files import ListedFiles, find_file, is_local_host, parse_range
from spotmap_build.emit.site import MAX_PAGE_BYTES, remove_debris
from spotmap_build.emit.watch import Rebuilds, Watch, rebuild_on_change
from spotmap_build.errors import ConfigError, OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from spotmap_build.emit.local_audio import LocalAudio

DEFAULT_PORT = 8765
PORTS_TRIED = 20
MAX_CONNECTIONS = 128
MAX_EVENT_STREAMS = 32
"""Maximum number of connections used by pages that wait for the next build. Each open page uses one."""
REQUEST_S = 15.0
"""Time limit for receiving a request, and then for sending each chunk of the response."""
CHUNK_BYTES = 1 << 16
RELOAD_EVENTS = "/.spotmap-reload"
RELOAD_SCRIPT = "/.spotmap-reload.js"
RELOAD_STYLE = "/.spotmap-reload.css"
AUDIO = "/.spotmap-audio/"
"""Path prefix of the audio of tracks that are files on this machine, followed by the track id. Without an id, it lists
them."""

MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".m4a": "audio/mp4",
    ".webmanifest": "application/manifest+json",
    ".txt": "text/plain; charset=utf-8",
}
"""Defined here because the operating system's table differs between machines, and may list scripts as plain text."""

_AUDIO_TAG = f'<meta name="spotmap-audio" content="{AUDIO}">'.encode()
_RELOAD_FILES = {RELOAD_SCRIPT: "reload.js", RELOAD_STYLE: "reload.css"}
"""Files in ``preview_page`` that are added to a page so that it reloads after a build."""
_HEARTBEAT_S = 10.0


class PreviewServer(ThreadingHTTPServer):
    """Serves ``folder`` on 127.0.0.1. Port 0 takes any free one; see ``server_port``."""

    daemon_threads = True

    def __init__(self, folder: Path, port: int, *, reloads: bool, audio: LocalAudio | None) -> None:
        self.folder = folder
        self.reloads = reloads
        self.audio = audio
        self.rebuilds = Rebuilds()
        self.listed = ListedFiles(folder)
        self.watching = threading.BoundedSemaphore(MAX_EVENT_STREAMS)
        self._free = threading.BoundedSemaphore(MAX_CONNECTIONS)
        self._lock = threading.Lock()
        self._due_s: dict[socket.socket, float] = {}
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def url(self) -> str:
        """Address of the site on this machine."""
        return f"http://127.0.0.1:{self.server_port}/"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Handle a request in its own thread, up to a maximum number of connections."""
        if not self._free.acquire(blocking=False):
            with contextlib.suppress(OSError):
                request.setblocking(False)
                request.send(b"HTTP/1.0 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
            self.shutdown_request(request)
            return
        with self._lock:
            self._due_s[request] = time.monotonic() + REQUEST_S
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Free the slot for another connection, then close this one."""
        with self._lock:
            has_slot = self._due_s.pop(request, None) is not None
        if has_slot:
            self._free.release()
        super().shutdown_request(request)

    def end_deadline(self, request: Any) -> None:
        """Remove the deadline of a request that was received completely."""
        with self._lock:
            self._due_s[request] = math.inf

    def service_actions(self) -> None:
        """Disconnect clients that take too long to send a request, even if they keep sending single bytes."""
        now_s = time.monotonic()
        with self._lock:
            late = [request for request, due_s in self._due_s.items() if due_s < now_s]
            for request in late:
                self._due_s[request] = math.inf
                with contextlib.suppress(OSError):
                    request.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore errors of clients that disconnected or were disconnected."""

    def server_close(self) -> None:
        """Release the pages that wait for a build, and close the server."""
        self.rebuilds.close()
        super().server_close()


class _Handler(BaseHTTPRequestHandler):
    server: PreviewServer
    server_version = "spotmap-build"
    sys_version = ""
    timeout = REQUEST_S

    def do_GET(self) -> None:
        self.server.end_deadline(self.connection)
        hosts = self.headers.get_all("Host", [])
        try:
            target = urlsplit(self.path)
        except ValueError:
            self._send(HTTPStatus.BAD_REQUEST, b"Invalid address.\n")
            return
        if len(hosts) > 1:
            self._send(HTTPStatus.BAD_REQUEST, b"A request must name one host.\n")
        elif not is_local_host(hosts[0] if hosts else None) or (target.scheme and not is_local_host(target.netloc)):
            self._send(HTTPStatus.FORBIDDEN, b"This preview is available at 127.0.0.1 and localhost only.\n")
        elif self.server.reloads and target.path == RELOAD_EVENTS:
            self._send_events(target.query)
        elif self.server.reloads and target.path in _RELOAD_FILES:
            file = Path(__file__).with_name("preview_page") / _RELOAD_FILES[target.path]
            self._send(HTTPStatus.OK, file.read_bytes(), MEDIA_TYPES[file.suffix])
        elif self.server.audio is not None and target.path.startswith(AUDIO):
            self._send_audio(self.server.audio, target.path.removeprefix(AUDIO))
        else:
            self._send_file()

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Do not log requests."""

    def _send_file(self) -> None:
        # Create the tags before reading the page, so that they never name a newer build than the page's.
        listed, tags = self.server.listed.paths(), self._head_tags()
        for target, status in ((self.path, HTTPStatus.OK), ("/404.html", HTTPStatus.NOT_FOUND)):
            place = find_file(self.server.folder, target, listed)
            if place is None:
                continue
            try:
                file = open_regular(place)
            except OSError:  # a build has just removed it
                continue
            with file:
                self._send_open(status, file, place.suffix, tags if place.suffix == ".html" else b"")
            return
        self._send(HTTPStatus.NOT_FOUND, b"Not found.\n")

    def _send_open(self, status: HTTPStatus, file: BinaryIO, suffix: str, tags: bytes) -> None:
        media_type = MEDIA_TYPES.get(suffix, "application/octet-stream")
        size_bytes = os.fstat(file.fileno()).st_size
        if tags and size_bytes <= MAX_PAGE_BYTES:
            self._send(status, file.read(size_bytes).replace(b"</head>", tags + b"</head>", 1), media_type)
            return
        if media_type.startswith("audio/"):
            self._send_audio_file(file, media_type)
            return
        self._send_head(status, media_type, length=size_bytes)
        self._send_in_chunks(file, size_bytes)

    def _head_tags(self) -> bytes:
        """Return the tags that the preview adds to the head of a page."""
        has_audio = self.server.audio is not None and bool(self.server.audio.paths())
        events = f"{RELOAD_EVENTS}?seen={self.server.rebuilds.count}"
        script = f'<script defer src="{RELOAD_SCRIPT}" data-events="{events}"></script>'
        reload = f'<link rel="stylesheet" href="{RELOAD_STYLE}">{script}' if self.server.reloads else ""
        return reload.encode() + (_AUDIO_TAG if has_audio else b"")

    def _send_in_chunks(self, file: BinaryIO, size_bytes: int) -> None:
        while self.command != "HEAD" and size_bytes > 0:
            chunk = file.read(min(size_bytes, CHUNK_BYTES))
            if not chunk:  # the file was truncated in the meantime
                return
            self.wfile.write(chunk)
            size_bytes -= len(chunk)

    def _send_audio(self, audio: LocalAudio, name: str) -> None:
        """Send the file of a track of this library, or a range of it. Any other name is not found."""
        if not name:
            self._send(HTTPStatus.OK, orjson.dumps(audio.paths()), MEDIA_TYPES[".json"])
            return
        try:
            found = audio.open(unquote(name, errors="replace"))
        except OSError:
            found = None
        if found is None:
            self._send(HTTPStatus.NOT_FOUND, b"This library has no such audio file.\n")
            return
        file, media_type = found
        with file:
            self._send_audio_file(file, media_type)

    def _send_audio_file(self, file: BinaryIO, media_type: str) -> None:
        """Send a file or a range of it. Players seek, and Safari plays nothing from a server without ranges."""
        size_bytes = os.fstat(file.fileno()).st_size
        part = parse_range(self.headers.get("Range"), size_bytes)
        if part is not None and not part:
            more = {"Content-Range": f"bytes */{size_bytes}"}
            self._send_head(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, MEDIA_TYPES[".txt"], length=0, more=more)
            return
        more = {"Accept-Ranges": "bytes"}
        status, wanted = HTTPStatus.OK, range(size_bytes)
        if part is not None:
            status, wanted = HTTPStatus.PARTIAL_CONTENT, part
            more["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size_bytes}"
        file.seek(wanted.start)
        self._send_head(status, media_type, length=len(wanted), more=more)
        self._send_in_chunks(file, len(wanted))

    def _send(self, status: HTTPStatus, content: bytes, media_type: str = MEDIA_TYPES[".txt"]) -> None:
        self._send_head(status, media_type, length=len(content))
        if self.command != "HEAD":
            self.wfile.write(content)

    def _send_head(
        self, status: HTTPStatus, media_type: str, *, length: int | None, more: Mapping[str, str] | None = None
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        # Without it, any web page could load the site's data as a script, or play the person's audio files.
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.send_header("Referrer-Policy", "no-referrer")
        for name, value in (more or {}).items():
            self.send_header(name, value)
        self.end_headers()

    def _send_events(self, query: str) -> None:
        """Keep the connection open and send the results of rebuilds until the page or the server closes it."""
        if not self.server.watching.acquire(blocking=False):
            self._send(HTTPStatus.SERVICE_UNAVAILABLE, b"Too many pages are waiting for the next build.\n")
            return
        try:
            self._send_head(HTTPStatus.OK, "text/event-stream", length=None)
            if self.command != "HEAD":
                self._tell_of_rebuilds(query.removeprefix("seen="))
        finally:
            self.server.watching.release()

    def _tell_of_rebuilds(self, seen: str) -> None:
        """Notify a page of builds newer than the one it shows (``seen``), and of errors since then."""
        rebuilds, known = self.server.rebuilds, None
        while not rebuilds.closed:
            with rebuilds.changed:
                if seen == str(rebuilds.count) and rebuilds.problem is known:
                    rebuilds.changed.wait(_HEARTBEAT_S)
                count, problem = str(rebuilds.count), rebuilds.problem
            line = b": waiting\n\n"
            if seen != count:
                line, seen = b"event: rebuilt\ndata:\n\n", count
            elif problem is not known and problem is not None:
                data = orjson.dumps({"message": translate(problem.message), "hint": translate(problem.hint)})
                line = b"event: failed\ndata: " + data + b"\n\n"
            known = problem
            self.wfile.write(line)


def open_server(
    folder: Path, port: int | None, *, reloads: bool = False, audio: LocalAudio | None = None
) -> PreviewServer:
    """Listen on ``port``, or on the first free port from 8765 on if it is None.

    Raises
    ------
    OutputError
        There is no site in the folder.
    ConfigError
        The port is in use, or may not be used.
    """
    remove_debris(folder)
    if not (folder / "index.html").is_file():
        raise OutputError(f"There is no site in {folder}.", hint="Build one first, or specify its folder.")
    for candidate in range(DEFAULT_PORT, DEFAULT_PORT + PORTS_TRIED) if port is None else (port,):
        try:
            return PreviewServer(folder, candidate, reloads=reloads, audio=audio)
        except OSError as error:
            if port is not None or error.errno != errno.EADDRINUSE:
                raise ConfigError(
                    f"The preview cannot use port {candidate}: {error.strerror}.",
                    hint="Choose another one with --port, or omit it to use the next free one.",
                ) from error
        except OverflowError as error:
            raise ConfigError(f"There is no port {candidate}.", hint="Ports go from 1 to 65535.") from error
    raise ConfigError(
        f"The ports {DEFAULT_PORT} to {DEFAULT_PORT + PORTS_TRIED - 1} are all in use.",
        hint="Choose a free one with --port.",
    )


def serve(
    folder: Path,
    *,
    port: int | None = None,
    open_browser: bool = False,
    watch: Watch | None = None,
    audio: LocalAudio | None = None,
    say: Callable[[str], None] = print,
) -> None:
    """Serve a site until Ctrl-C. Raises the errors of :func:`open_server`. ``say`` prints each message.

    ``audio`` lists the files on this machine that the page may play.

    With ``watch``, changes to the watched places rebuild the site and reload the pages that show it. An error in a
    rebuild is reported here and on these pages, and watching continues, since the next change may fix it.
    """
    stopped = threading.Event()
    with open_server(folder, port, reloads=watch is not None, audio=audio) as server:
        say(
            gettext(
                "Open {address} in a browser to see {folder} (press Ctrl-C to stop)", address=server.url, folder=folder
            )
        )
        if watch is not None:
            arguments = (watch, server.rebuilds, stopped, say)
            threading.Thread(target=rebuild_on_change, args=arguments, name="watch", daemon=True).start()
        if open_browser:
            import webbrowser

            webbrowser.open(server.url)
        try:
            server.serve_forever(poll_interval=0.1)
        except KeyboardInterrupt:
            say(gettext("Stopped."))
        finally:
            stopped.set()
