"""Look at a site on this machine, as a static host would serve it, and see it again whenever it is rebuilt.

Only this machine can ask: the server listens on 127.0.0.1, and refuses requests that name another host (a web page
elsewhere could otherwise point its own name at 127.0.0.1 and read the map: DNS rebinding).
"""

from __future__ import annotations

import errno
import threading
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from spotmap_build.emit.page import CONTENT_SECURITY_POLICY
from spotmap_build.errors import ConfigError, OutputError, SpotmapError

if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT_PORT = 8765
PORTS_TRIED = 20
LOCAL_NAMES = frozenset({"127.0.0.1", "localhost"})
RELOAD_EVENTS = "/.spotmap-reload"
RELOAD_SCRIPT = "/.spotmap-reload.js"

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
    ".webmanifest": "application/manifest+json",
    ".txt": "text/plain; charset=utf-8",
}
"""Stated here: the operating system's own table differs between machines, and may call a script plain text."""

_RELOAD_TAG = f'<script defer src="{RELOAD_SCRIPT}"></script></head>'.encode()
_RELOAD_CODE = f'new EventSource("{RELOAD_EVENTS}").addEventListener("rebuilt", () => location.reload());\n'.encode()
_HEARTBEAT_S = 10.0


@dataclass(frozen=True, slots=True)
class Watch:
    """What to look at, and what to do when it changes. ``rebuild`` publishes to the folder that is served."""

    paths: tuple[Path, ...]
    rebuild: Callable[[], None]


@dataclass(slots=True)
class _Rebuilds:
    """Counts rebuilds, and wakes the pages that wait for the next one."""

    count: int = 0
    closed: bool = False
    changed: threading.Condition = field(default_factory=threading.Condition)

    def announce(self) -> None:
        with self.changed:
            self.count += 1
            self.changed.notify_all()

    def close(self) -> None:
        with self.changed:
            self.closed = True
            self.changed.notify_all()


def is_local_host(header: str | None) -> bool:
    """Whether a ``Host`` header names this machine, with any port."""
    name, _, port = (header or "").partition(":")
    return name.lower() in LOCAL_NAMES and (not port or port.isdigit())


def find_file(folder: Path, target: str) -> Path | None:
    """The file that a request target means, as static hosts read it: a folder means its ``index.html``.

    None where there is no such file inside ``folder``; links that lead out of it count as outside.
    """
    path = unquote(urlsplit(target).path, errors="replace")
    if not path.startswith("/") or "\0" in path or "\\" in path or ".." in path.split("/"):
        return None
    folder = folder.resolve()
    try:
        place = (folder / path.lstrip("/")).resolve(strict=True)
        if path.endswith("/"):
            place = (place / "index.html").resolve(strict=True)
    except OSError:
        return None
    return place if place.is_relative_to(folder) and place.is_file() else None


class PreviewServer(ThreadingHTTPServer):
    """Serves ``folder`` on 127.0.0.1. Port 0 takes any free one; see ``server_port``."""

    daemon_threads = True

    def __init__(self, folder: Path, port: int, *, reloads: bool = False) -> None:
        self.folder = folder
        self.reloads = reloads
        self.rebuilds = _Rebuilds()
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"

    def server_close(self) -> None:
        self.rebuilds.close()
        super().server_close()


class _Handler(BaseHTTPRequestHandler):
    server: PreviewServer
    server_version = "spotmap-build"
    sys_version = ""

    def do_GET(self) -> None:
        if not is_local_host(self.headers.get("Host")):
            self._send(HTTPStatus.FORBIDDEN, MEDIA_TYPES[".txt"], b"This preview answers to 127.0.0.1 and localhost.\n")
        elif self.server.reloads and self.path == RELOAD_EVENTS:
            self._send_events()
        elif self.server.reloads and self.path == RELOAD_SCRIPT:
            self._send(HTTPStatus.OK, MEDIA_TYPES[".js"], _RELOAD_CODE)
        else:
            self._send_file()

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Requests are not news."""

    def _send_file(self) -> None:
        place = find_file(self.server.folder, self.path)
        status = HTTPStatus.OK
        if place is None:
            place, status = find_file(self.server.folder, "/404.html"), HTTPStatus.NOT_FOUND
        try:
            content = place.read_bytes() if place else b"Nothing is here.\n"
        except OSError:  # a publication has just removed it
            place, status, content = None, HTTPStatus.NOT_FOUND, b"Nothing is here.\n"
        media_type = MEDIA_TYPES.get(place.suffix, "application/octet-stream") if place else MEDIA_TYPES[".txt"]
        if self.server.reloads and place is not None and place.suffix == ".html":
            content = content.replace(b"</head>", _RELOAD_TAG, 1)
        self._send(status, media_type, content)

    def _send(self, status: HTTPStatus, media_type: str, content: bytes) -> None:
        self._send_head(status, media_type, length=len(content))
        if self.command != "HEAD":
            self.wfile.write(content)

    def _send_head(self, status: HTTPStatus, media_type: str, *, length: int | None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()

    def _send_events(self) -> None:
        """Hold the connection open and say when the site was rebuilt, until the page or the server goes away."""
        self._send_head(HTTPStatus.OK, "text/event-stream", length=None)
        rebuilds = self.server.rebuilds
        seen = rebuilds.count
        while not rebuilds.closed:
            with rebuilds.changed:
                rebuilds.changed.wait(_HEARTBEAT_S)
            line = b"event: rebuilt\ndata:\n\n" if rebuilds.count != seen else b": waiting\n\n"
            seen = rebuilds.count
            try:
                self.wfile.write(line)
                self.wfile.flush()
            except OSError:  # the page was closed
                return


def open_server(folder: Path, port: int | None, *, reloads: bool = False) -> PreviewServer:
    """Listen on ``port``, or on the first free one from 8765 where none is asked for.

    Raises
    ------
    OutputError: there is no site in the folder.
    ConfigError: the port is taken, or may not be used.
    """
    if not (folder / "index.html").is_file():
        raise OutputError(f"There is no site in {folder}.", hint="Build one first, or name its folder.")
    for candidate in range(DEFAULT_PORT, DEFAULT_PORT + PORTS_TRIED) if port is None else (port,):
        try:
            return PreviewServer(folder, candidate, reloads=reloads)
        except OSError as error:
            if port is not None or error.errno != errno.EADDRINUSE:
                raise ConfigError(
                    f"The preview cannot use port {candidate}: {error.strerror}.",
                    hint="Name another one with --port, or leave it out: the next free one is taken.",
                ) from error
        except OverflowError as error:
            raise ConfigError(f"There is no port {candidate}.", hint="Ports go from 1 to 65535.") from error
    raise ConfigError(
        f"The ports {DEFAULT_PORT} to {DEFAULT_PORT + PORTS_TRIED - 1} are all taken.",
        hint="Name a free one with --port.",
    )


def serve(
    folder: Path,
    *,
    port: int | None = None,
    open_browser: bool = False,
    watch: Watch | None = None,
    say: Callable[[str], None] = print,
) -> None:
    """Serve a site until Ctrl-C. ``say`` is given each line for the person; see :func:`open_server` for errors.

    With ``watch``, changes below its paths rebuild the site and reload the pages that show it. An error in a rebuild
    is told, and the watch goes on: the next change may be its repair.
    """
    stopped = threading.Event()
    with open_server(folder, port, reloads=watch is not None) as server:
        say(f"Serving {folder} at {server.url} (Ctrl-C ends it)")
        if watch is not None:
            arguments = (watch, server.rebuilds, stopped, say)
            threading.Thread(target=_rebuild_on_change, args=arguments, name="watch", daemon=True).start()
        if open_browser:
            import webbrowser

            webbrowser.open(server.url)
        try:
            server.serve_forever(poll_interval=0.1)
        except KeyboardInterrupt:
            say("Stopped.")
        finally:
            stopped.set()


def _rebuild_on_change(watch: Watch, rebuilds: _Rebuilds, stopped: threading.Event, say: Callable[[str], None]) -> None:
    import watchfiles

    for changes in watchfiles.watch(*watch.paths, stop_event=stopped, raise_interrupt=False):
        say(f"{len(changes)} {'file' if len(changes) == 1 else 'files'} changed, building again")
        try:
            watch.rebuild()
        except SpotmapError as error:
            say(f"{error.message} {error.hint}".strip())
        else:
            rebuilds.announce()
