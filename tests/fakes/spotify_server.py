"""A fake Spotify on 127.0.0.1: the accounts service and the part of the Web API open to apps in development mode.

In a test::

    with serve(SpotifyServer(FakeLibrary.with_numbers(120, playlists=3))) as spotify:
        build(environment=spotify.environment)

As a process that prints the environment variables for spotmap-build::

    python -m tests.fakes.spotify_server --port 8123 --tracks 200 --playlists 5
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from spotmap_build.fetch.spotify.token import Login, ci_secret, digest_of_user
from tests.fakes import pictures
from tests.fakes.http_server import Handler, running, take_fault
from tests.fakes.spotify_library import FakeLibrary
from tests.fakes.spotify_web_api import ApiError, answer_api, api_error, change_by_api

SCOPES = "user-library-read playlist-read-private playlist-read-collaborative"
WRITE_SCOPE = "playlist-modify-private"
CLIENT_ID = "0123456789abcdef0123456789abcdef"
COVER_EDGES_PX = (640, 300, 64)
HTML = b"<!doctype html><title>Welcome to the hotel's network</title><p>Please log in."


@dataclass
class Fault:
    """A fault of the next ``times`` requests whose path contains ``path``, after ``after`` of them have succeeded.

    ``kind``: ``status`` (with ``headers`` and ``content``), ``html`` or ``null`` (with status 200), ``reset``,
    ``stall``, ``drip`` (an endless response, byte by byte), ``lost`` (the request is carried out, and the connection
    is cut before the response). ``path`` may start with the method: ``POST /v1/me/playlists``.
    """

    kind: str = "status"
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes | None = None
    path: str = "/v1/"
    times: int = 1
    after: int = 0


@dataclass
class SpotifyServer:
    """The library, the faults and the recorded requests. ``url`` is set while the server runs.

    ``delay_s``: the duration of each response. ``denies``: the user refuses access. ``rotates``: every refresh returns
    a new refresh token. ``shows_covers``: albums have images, which this server serves, except the album ids in
    ``coverless``. :meth:`login` returns a valid login.
    """

    library: FakeLibrary
    faults: list[Fault] = field(default_factory=list)
    delay_s: float = 0.0
    denies: bool = False
    rotates: bool = False
    shows_covers: bool = False
    coverless: frozenset[str] = frozenset()
    client_id: str = CLIENT_ID
    refresh_tokens: set[str] = field(default_factory=lambda: {"AQB-refresh-" + secrets.token_hex(24)})
    access_tokens: set[str] = field(default_factory=set)
    writers: set[str] = field(default_factory=set)
    """Access and refresh tokens that may change playlists."""
    requests: list[str] = field(default_factory=list)
    """Paths with their queries, in order."""
    changes: list[str] = field(default_factory=list)
    """Methods and paths of the requests that change something, in order."""
    in_flight: int = 0
    max_in_flight: int = 0
    url: str = ""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def api_url(self) -> str:
        return f"{self.url}/v1/"

    @property
    def accounts_url(self) -> str:
        return f"{self.url}/"

    def login(self, authorized_at_unix_s: float | None = None, *, write: bool = False) -> Login:
        """Return a valid login; ``authorized_at_unix_s`` defaults to now."""
        made = int(time.time() if authorized_at_unix_s is None else authorized_at_unix_s)
        token = sorted(self.refresh_tokens)[0]
        if write:
            self.writers.add(token)
        scopes = f"{SCOPES} {WRITE_SCOPE}" if write else SCOPES
        return Login(self.client_id, token, made, scopes, digest_of_user(self.library.user_id))

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables with which spotmap-build uses this server, logged in."""
        return {
            "SPOTMAP_SPOTIFY_API": self.api_url,
            "SPOTMAP_SPOTIFY_ACCOUNTS": self.accounts_url,
            "SPOTMAP_SPOTIFY_LOGIN": ci_secret(self.login()),
        }

    def revoke(self) -> None:
        """Invalidate all tokens."""
        self.refresh_tokens.clear()
        self.access_tokens.clear()

    def requests_for(self, part: str) -> list[str]:
        """Return the requested paths that contain ``part``."""
        return [path for path in self.requests if part in path]

    def images(self, album_id: str) -> list[dict[str, Any]]:
        """Return the sizes of an album's cover, largest first."""
        if album_id in self.coverless:
            return []
        return [
            {"url": f"{self.url}/image/{album_id}-{edge}", "width": edge, "height": edge} for edge in COVER_EDGES_PX
        ]

    def next_fault(self, path: str) -> Fault | None:
        with self.lock:
            return take_fault(self.faults, path)


def oauth_error(error: str, description: str) -> ApiError:
    return ApiError(400, {"error": error, "error_description": description})


def answer_token(server: SpotifyServer, form: dict[str, str]) -> Any:
    """Return the response to ``POST /api/token``."""
    if form.get("client_id") != server.client_id:
        raise oauth_error("invalid_client", "Invalid client")
    if form.get("grant_type") == "refresh_token":
        with server.lock:
            if form.get("refresh_token") not in server.refresh_tokens:
                raise oauth_error("invalid_grant", "Refresh token revoked")
            may_write = form["refresh_token"] in server.writers
            answer = new_tokens(server)
            answer |= allow_writing(server, answer["access_token"]) if may_write else {}
            if server.rotates:
                server.refresh_tokens = {"AQC-rotated-" + secrets.token_hex(24)}
                answer["refresh_token"] = next(iter(server.refresh_tokens))
                server.writers |= server.refresh_tokens if may_write else set()
        return answer
    request = server.codes.pop(form.get("code", ""), None)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=")
    if request is None or request["redirect_uri"] != form.get("redirect_uri"):
        raise oauth_error("invalid_grant", "Invalid authorization code")
    if request["code_challenge"] != challenge.decode():
        raise oauth_error("invalid_grant", "code_verifier was incorrect")
    with server.lock:
        token = "AQA-login-" + secrets.token_hex(24)
        server.refresh_tokens.add(token)
        answer = new_tokens(server) | {"refresh_token": token}
        if WRITE_SCOPE in request.get("scope", "").split():
            answer |= allow_writing(server, token, answer["access_token"])
        return answer


def new_tokens(server: SpotifyServer) -> dict[str, Any]:
    token = "BQD-access-" + secrets.token_hex(24)
    server.access_tokens.add(token)
    return {"access_token": token, "token_type": "Bearer", "expires_in": 3600, "scope": SCOPES}


def allow_writing(server: SpotifyServer, *tokens: str) -> dict[str, Any]:
    server.writers.update(tokens)
    return {"scope": f"{SCOPES} {WRITE_SCOPE}"}


def authorize(server: SpotifyServer, query: dict[str, str]) -> str:
    """Return the redirect from ``/authorize`` after the user has agreed (or refused)."""
    redirect = urlsplit(query.get("redirect_uri", ""))
    if query.get("client_id") != server.client_id:
        raise ApiError(400, "INVALID_CLIENT: Invalid client")
    if redirect.hostname not in {"127.0.0.1", "::1"} or redirect.path != "/callback":
        raise ApiError(400, "INVALID_CLIENT: Invalid redirect URI")
    if query.get("response_type") != "code" or query.get("code_challenge_method") != "S256":
        raise ApiError(400, "Invalid request")
    if set(query.get("scope", "").split()) - {WRITE_SCOPE} != set(SCOPES.split()):
        raise ApiError(400, "Invalid scope")
    if server.denies:
        answer = {"error": "access_denied"}
    else:
        answer = {"code": "AQD-code-" + secrets.token_hex(24)}
        server.codes[answer["code"]] = query
    return f"{query['redirect_uri']}?{urlencode(answer | {'state': query.get('state', '')})}"


class _SpotifyHandler(Handler):
    """Answers requests to a :class:`SpotifyServer`."""

    def __init__(self, spotify: SpotifyServer, *connection: Any) -> None:
        self._spotify = spotify
        super().__init__(*connection)

    def serve(self) -> None:
        spotify = self._spotify
        with spotify.lock:
            spotify.in_flight += 1
            spotify.requests.append(self.path)
            spotify.max_in_flight = max(spotify.max_in_flight, spotify.in_flight)
        try:
            body = self.read_body()
            if spotify.delay_s:
                time.sleep(spotify.delay_s)
            fault = spotify.next_fault(f"{self.command} {self.path}")
            if fault is None:
                self._answer(body, self._send)
            elif fault.kind == "lost":
                self._answer(body, lambda *_answer: self.reset())
            else:
                self._fail(fault)
        finally:
            with spotify.lock:
                spotify.in_flight -= 1

    def _answer(self, body: bytes, send: Callable[..., None]) -> None:
        address = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        try:
            if address.path == "/authorize":
                self._send(302, b"", {"Location": authorize(self._spotify, query)})
            elif address.path == "/api/token":
                form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
                self._send(200, json.dumps(answer_token(self._spotify, form)).encode())
            elif address.path.startswith("/image/"):
                name, _, edge = address.path.removeprefix("/image/").rpartition("-")
                self._send(200, pictures.cover(name, int(edge)), {"Content-Type": "image/jpeg"})
            elif address.path.startswith("/v1/"):
                self._answer_api(address.path.removeprefix("/v1/"), query, body, send)
            else:
                raise ApiError(404, "Not found")
        except ApiError as error:
            self._send(error.status, json.dumps(error.content).encode())

    def _answer_api(self, path: str, query: dict[str, str], body: bytes, send: Callable[..., None]) -> None:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self._spotify.access_tokens:
            raise api_error(401, "The access token expired")
        if self.command == "GET":
            send(200, json.dumps(answer_api(self._spotify, path, query)).encode())
            return
        with self._spotify.lock:
            self._spotify.changes.append(f"{self.command} {path}")
            send(*change_by_api(self._spotify, token, self.command, path, query=query, body=body))

    def _fail(self, fault: Fault) -> None:
        if fault.kind == "stall":
            self._spotify.stopped.wait(30)
            self.close_connection = True
        elif fault.kind == "reset":
            self.reset()
        elif fault.kind == "html":
            self._send(200, HTML, {"Content-Type": "text/html"})
        elif fault.kind == "null":
            self._send(200, b"null")
        elif fault.kind == "drip":
            self._drip()
        elif fault.content is not None:
            self._send(fault.status, fault.content, fault.headers)
        else:
            content = json.dumps({"error": {"status": fault.status, "message": "Something went wrong"}}).encode()
            self._send(fault.status, content, fault.headers)

    def _drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        while not self._spotify.stopped.wait(0.02):
            self.wfile.write(b" ")

    def _send(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in ({"Content-Type": "application/json"} | (headers or {})).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def serve(server: SpotifyServer, port: int = 0) -> Iterator[SpotifyServer]:
    """Serve until the end of the block."""
    with running(partial(_SpotifyHandler, server), port) as server.url:
        try:
            yield server
        finally:
            server.stopped.set()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tracks", type=int, default=120)
    parser.add_argument("--playlists", type=int, default=3)
    parser.add_argument("--delay-s", type=float, default=0.0)
    arguments = parser.parse_args()
    library = FakeLibrary.with_numbers(arguments.tracks, arguments.playlists)
    with serve(SpotifyServer(library, delay_s=arguments.delay_s), arguments.port) as served:
        for name, value in served.environment.items():
            print(f"{name}={value}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
