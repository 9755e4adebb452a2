"""Log in to Spotify: the user agrees in a browser, and Spotify sends the response to this machine.

If the browser is on another machine (over SSH), its final address can be pasted instead. No client secret is involved
(PKCE); the returned ``state`` proves that a response belongs to the request.
"""

from __future__ import annotations

import queue
import secrets
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit

from spotmap_build.core.text import printable
from spotmap_build.core.translation import current_language, gettext
from spotmap_build.errors import LoginError
from spotmap_build.fetch.spotify.token import (
    MAX_FIELD_LENGTH,
    READ_SCOPES,
    WRITE_SCOPE,
    Login,
    ci_secret,
    digest_of_user,
    is_token,
    load_login,
    remaining,
    save_login,
)

if TYPE_CHECKING:
    from spotmap_build.fetch.spotify.settings import SpotifySettings

REDIRECT_PATH: Final = "/callback"
REGISTERED_URI: Final = "http://127.0.0.1/callback"
"""Redirect URI that must be registered for the app; Spotify then accepts any port."""
PASTE_PORT: Final = 8888
"""With ``--paste`` nothing listens on this port, so the browser shows an error, and the address to copy."""
PASTE_ATTEMPTS: Final = 3
IDLE_CONNECTION_S: Final = 5.0
"""Timeout of idle connections, which browsers open in advance."""
PAGE: Final = (
    '<!doctype html><html lang="{language}"><meta charset="utf-8"><title>spotmap-build</title>'
    '<body style="font:1.1rem system-ui;max-width:34rem;margin:4rem auto;padding:0 1rem"><p>{text}</p></body></html>'
)


@dataclass(frozen=True, slots=True)
class LoginResult:
    """A stored login. ``secret``: the line for a CI service; ``outcome``: a message for the user."""

    secret: str = field(repr=False)
    outcome: str


@dataclass(frozen=True, slots=True)
class LoginDialog:
    """How the user agrees. ``say`` shows the URL to visit, and ``open_browser`` also opens it.

    With ``ask``, the user pastes the browser's final address; otherwise the response is awaited on ``port`` (0: a free
    one) for ``timeout_s`` seconds.
    """

    say: Callable[[str], object]
    ask: Callable[[str], str] | None = None
    open_browser: bool = False
    port: int = 0
    timeout_s: float = 300.0


def ensure_login(
    settings: SpotifySettings,
    dialog: LoginDialog,
    *,
    client_id: str,
    reuse: bool,
    write: bool = False,
    clock: Callable[[], float] = time.time,
) -> LoginResult:
    """Log in and store the login in the token file, for the command ``login``.

    Without a ``client_id``, that of the previous login is used. With ``reuse``, an existing login that is valid for
    more than a month is kept. With ``write``, the user is also asked for permission to create and change private
    playlists.

    Raises
    ------
    LoginError, ServiceError
        As :func:`log_in`; or the file cannot be written.
    """
    before = _login_before(settings, dialog.say)
    if reuse and before is not None and not before.is_ending(clock()) and (before.may_write or not write):
        login, done = before, gettext("The existing login is used.")
    else:
        known_id = client_id or (before.client_id if before else "")
        login = log_in(known_id, settings, dialog, write=write, clock=clock)
        save_login(login, settings.token_file)
        done = gettext("You are logged in; the login is stored in {file}.", file=settings.token_file)
        if before is not None and before.may_write and not login.may_write:
            done += " " + gettext("It can no longer change playlists, which push needs (login --write).")
    return LoginResult(ci_secret(login), f"{done} {remaining(login, clock())}")


def _login_before(settings: SpotifySettings, say: Callable[[str], object]) -> Login | None:
    try:
        return load_login(settings.token_file, say=say)
    except LoginError:
        return None  # missing or damaged; a new login fixes both


def log_in(
    client_id: str,
    settings: SpotifySettings,
    dialog: LoginDialog,
    *,
    write: bool = False,
    clock: Callable[[], float] = time.time,
) -> Login:
    """Have the user agree, and return the login; ``token.save_login`` stores it.

    With ``write``, permission to create and change private playlists is requested as well.

    Raises
    ------
    LoginError
        The user did not agree or did not respond in time, the port is in use, Spotify does not know the client ID, or
        the user is not allowed to use this app.
    ServiceError
        Spotify cannot be reached.
    """
    from spotmap_build.fetch.spotify.api import Authorization

    client_id = client_id.strip()
    if not client_id:
        raise LoginError(
            "No client ID was given.",
            hint=f"Create an app on developer.spotify.com ({_app_hint()}), then: spotmap-build login --client-id ID",
        )
    state = secrets.token_urlsafe(24)
    scopes = f"{READ_SCOPES} {WRITE_SCOPE}" if write else READ_SCOPES
    if dialog.ask is not None:
        authorization = Authorization(client_id, redirect_uri(dialog.port or PASTE_PORT), settings, scopes)
        _show(authorization.url(state), dialog)
        code = _pasted_code(dialog.ask, dialog.say, state)
    else:
        with _answers(dialog.port, state) as (bound_port, answers):
            authorization = Authorization(client_id, redirect_uri(bound_port), settings, scopes)
            _show(authorization.url(state), dialog)
            code = _awaited_code(answers, dialog.timeout_s)
    return _login(client_id, settings, authorization.redeem(code), scopes, clock)


def redirect_uri(port: int) -> str:
    """Return the redirect URI. Spotify does not accept ``localhost``."""
    return f"http://127.0.0.1:{port}{REDIRECT_PATH}"


def code_in(address: str, state: str) -> str:
    """Return the code in a browser's final address. Pure.

    Raises
    ------
    LoginError
        The user did not agree, or the address does not belong to this request.
    """
    try:
        fields = parse_qs(urlsplit(address.strip()).query)
    except ValueError as error:  # such as "http://["
        raise LoginError("That is not an address.", hint="Copy the whole address.") from error
    given = fields.get("state", [""])[0]
    if not secrets.compare_digest(given.encode("utf-8", "replace"), state.encode()):
        reason = "belongs to another login" if given else "is not the one that Spotify sent the browser to"
        raise LoginError(f"That address {reason}.", hint="Use the latest link, and copy the whole final address.")
    if "error" in fields:
        if fields["error"][0] == "access_denied":
            raise _Denied("You did not allow spotmap-build to read your library.", hint="To do so, log in again.")
        raise _Denied("Spotify did not complete the login.", hint=f"Try again. About the app: {_app_hint()}.")
    code = fields.get("code", [""])[0]
    if not code:
        raise LoginError("That address contains no response from Spotify.", hint="Copy the whole address.")
    return code


class _Denied(LoginError):
    """A valid response in which the user denied the request."""


def _app_hint() -> str:
    return f"it needs the redirect URI {REGISTERED_URI} and the Web API"


def _show(url: str, dialog: LoginDialog) -> None:
    dialog.say(gettext("Agree on this Spotify page:") + f"\n{url}")
    if dialog.open_browser and not webbrowser.open(url):
        dialog.say(gettext("No browser could be opened: open that address yourself."))


def _pasted_code(ask: Callable[[str], str], say: Callable[[str], object], state: str) -> str:
    say(gettext("The browser will end at an address on 127.0.0.1 that it cannot open. Copy that whole address."))
    for attempt in range(1, PASTE_ATTEMPTS + 1):
        try:
            return code_in(ask(gettext("Paste it here: ")), state)
        except _Denied:
            raise
        except LoginError as error:
            if attempt == PASTE_ATTEMPTS:
                raise
            say(f"{error.message} {error.hint}")
    raise AssertionError("the last attempt returns or raises")


def _awaited_code(answers: queue.Queue[str | LoginError], timeout_s: float) -> str:
    try:
        answer = answers.get(timeout=timeout_s)
    except queue.Empty as error:
        raise LoginError(
            f"There was no response within {timeout_s:.0f} s.",
            hint=f"Try again. If Spotify's page shows an error, check the client ID and the app: {_app_hint()}. "
            "If your browser is on another machine, use --paste.",
        ) from error
    if isinstance(answer, LoginError):
        raise answer
    return answer


class _AnswerServer(ThreadingHTTPServer):
    """Server for the redirect from Spotify. ``answers`` receives the code or an error."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int, state: str) -> None:
        super().__init__(("127.0.0.1", port), _AnswerHandler)
        self.state = state
        self.answers: queue.Queue[str | LoginError] = queue.Queue()


class _AnswerHandler(BaseHTTPRequestHandler):
    timeout = IDLE_CONNECTION_S
    server: _AnswerServer

    def do_GET(self) -> None:
        if self.path.partition("?")[0] != REDIRECT_PATH:
            self.send_error(404)
            return
        try:
            code = code_in(self.path, self.server.state)
        except _Denied as denied:
            self._show(200, gettext("You did not agree, so nothing was changed. You can close this window."))
            self.server.answers.put(denied)
        except LoginError:
            # Any program can call this address. Ignore requests without the right state, and keep waiting.
            self._show(
                400,
                gettext("This response does not belong to the current login. Use the latest link in the terminal."),
            )
        else:
            self._show(200, gettext("Thank you. You can close this window and return to the terminal."))
            self.server.answers.put(code)

    def _show(self, status: int, text: str) -> None:
        content = PAGE.format(language=current_language(), text=text).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class's name
        """Log nothing, because the URL contains the code."""


@contextmanager
def _answers(port: int, state: str) -> Iterator[tuple[int, queue.Queue[str | LoginError]]]:
    """Listen on 127.0.0.1 within the block; yield the port, and the queue for the response to ``state``."""
    try:
        server = _AnswerServer(port, state)
    except OSError as error:
        raise LoginError(
            f"Port {port} on 127.0.0.1 cannot be used: {error.strerror or error}.",
            hint="Omit --port to use any free port.",
        ) from error
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="login", daemon=True)
    thread.start()
    try:
        yield server.server_port, server.answers
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _login(client_id: str, settings: SpotifySettings, tokens: object, scopes: str, clock: Callable[[], float]) -> Login:
    """Return the login for the tokens, after a first request that identifies the user. ``scopes``: as requested."""
    from spotmap_build.fetch.spotify.api import ALLOWED_HINT, NotReadable, SpotifyApi

    known = tokens if isinstance(tokens, dict) else {}
    refresh_token, scope = known.get("refresh_token"), known.get("scope") or scopes
    if not isinstance(refresh_token, str) or not is_token(refresh_token):
        raise LoginError("Spotify returned no refresh token.", hint="Try again.")
    if not isinstance(scope, str) or len(scope) > MAX_FIELD_LENGTH or printable(scope) != scope:
        raise LoginError("Spotify did not say what the login allows.", hint="Try again.")
    if not set(scopes.split()) <= set(scope.split()):
        raise LoginError(
            f"Spotify granted less than was requested: {scope}.", hint="Log in again, and agree to everything."
        )
    login = Login(client_id, refresh_token, int(clock()), scope, user_digest="")
    api = SpotifyApi(settings, login, access_token=str(known["access_token"]))
    try:
        user_id = api.user_id()
    except NotReadable as error:
        raise LoginError("This user is not allowed to use this app.", hint=ALLOWED_HINT) from error
    return Login(client_id, refresh_token, int(clock()), scope, digest_of_user(user_id))
