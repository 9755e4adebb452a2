"""Log in to Spotify once: the person agrees in a browser, and Spotify sends the answer to this machine.

Where the browser is on another machine (over SSH), the address that it ends up at can be pasted instead. No client
secret is involved (PKCE); the ``state`` that comes back proves that an answer belongs to the question.
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

from spotmap_build.core.speech import gettext, spoken_language
from spotmap_build.core.text import printable
from spotmap_build.errors import LoginError
from spotmap_build.fetch.spotify.token import (
    LONGEST_FIELD,
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
"""What the app has to have among its redirect URIs; Spotify then accepts any port."""
PASTE_PORT: Final = 8888
"""For a pasted answer nothing listens, so that the browser shows an error, and the address to copy."""
PASTE_ATTEMPTS: Final = 3
IDLE_CONNECTION_S: Final = 5.0
"""Browsers open connections ahead of time, and say nothing on them."""
PAGE: Final = (
    '<!doctype html><html lang="{language}"><meta charset="utf-8"><title>spotmap-build</title>'
    '<body style="font:1.1rem system-ui;max-width:34rem;margin:4rem auto;padding:0 1rem"><p>{text}</p></body></html>'
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A login that is in its file. ``secret`` is the line for a CI service, ``outcome`` a sentence for the person."""

    secret: str = field(repr=False)
    outcome: str


def keep_login(
    settings: SpotifySettings,
    *,
    client_id: str,
    say: Callable[[str], object],
    ask: Callable[[str], str] | None = None,
    open_browser: bool = False,
    port: int = 0,
    reuse: bool = False,
    write: bool = False,
    clock: Callable[[], float] = time.time,
) -> Kept:
    """Log in and keep the login in the token file: what the command ``login`` does.

    Without a ``client_id`` the one of the login before is used. With ``reuse`` a login that is there, and good for more
    than a month, is good enough. With ``write`` the person is asked to let it make and change private playlists too.

    Raises
    ------
    LoginError, ServiceError
        As :func:`log_in`; or the file cannot be written.
    """
    before = _login_before(settings, say)
    if reuse and before is not None and not before.is_ending(clock()) and (before.may_write or not write):
        login, done = before, gettext("This is the login of before.")
    else:
        known_id = client_id or (before.client_id if before else "")
        login = log_in(
            known_id, settings, say=say, ask=ask, open_browser=open_browser, port=port, write=write, clock=clock
        )
        save_login(login, settings.token_file)
        done = gettext("You are logged in; the login is kept in {file}.", file=settings.token_file)
        if before is not None and before.may_write and not login.may_write:
            done += " " + gettext("It can no longer change playlists, which push needs (login --write).")
    return Kept(ci_secret(login), f"{done} {remaining(login, clock())}")


def _login_before(settings: SpotifySettings, say: Callable[[str], object]) -> Login | None:
    try:
        return load_login(settings.token_file, say=say)
    except LoginError:
        return None  # there is none, or it is damaged: logging in puts both right


def log_in(
    client_id: str,
    settings: SpotifySettings,
    *,
    say: Callable[[str], object],
    ask: Callable[[str], str] | None = None,
    open_browser: bool = False,
    port: int = 0,
    timeout_s: float = 300.0,
    write: bool = False,
    clock: Callable[[], float] = time.time,
) -> Login:
    """Have the person agree, and get the login. ``token.save_login`` keeps it.

    With ``write`` they are asked for more than to read: to make and change private playlists.
    ``say`` shows the address to visit. With ``ask``, the address that the browser ends up at is asked for, in place of
    listening for it on ``port`` (0: a free one) for ``timeout_s`` seconds.

    Raises
    ------
    LoginError
        The person did not agree or did not answer in time, the port is taken, Spotify does not know the client ID, or
        the user may not use this app.
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
    if ask is not None:
        authorization = Authorization(client_id, redirect_uri(port or PASTE_PORT), settings, scopes)
        _show(authorization.url(state), say, open_browser=open_browser)
        code = _pasted_code(ask, say, state)
    else:
        with _answers(port, state) as (bound_port, answers):
            authorization = Authorization(client_id, redirect_uri(bound_port), settings, scopes)
            _show(authorization.url(state), say, open_browser=open_browser)
            code = _awaited_code(answers, timeout_s)
    return _login(client_id, settings, authorization.redeem(code), scopes, clock)


def redirect_uri(port: int) -> str:
    """Where Spotify sends the browser. Not ``localhost``: Spotify refuses that."""
    return f"http://127.0.0.1:{port}{REDIRECT_PATH}"


def code_in(address: str, state: str) -> str:
    """Return the code in the address that a browser ended up at. Pure.

    Raises
    ------
    LoginError
        The person did not agree, or the address does not answer this question.
    """
    try:
        fields = parse_qs(urlsplit(address.strip()).query)
    except ValueError as error:  # "http://[" and the like
        raise LoginError("That is no address.", hint="Copy the whole address.") from error
    given = fields.get("state", [""])[0]
    if not secrets.compare_digest(given.encode("utf-8", "replace"), state.encode()):
        reason = "belongs to another login" if given else "is not the one that Spotify sent the browser to"
        raise LoginError(f"That address {reason}.", hint="Use the newest link, and the whole address it ends up at.")
    if "error" in fields:
        if fields["error"][0] == "access_denied":
            raise _Denied("You did not agree that spotmap-build reads your library.", hint="To do so, log in again.")
        raise _Denied("Spotify did not complete the login.", hint=f"Try again. About the app: {_app_hint()}.")
    code = fields.get("code", [""])[0]
    if not code:
        raise LoginError("That address holds no answer of Spotify's.", hint="Copy the whole address.")
    return code


class _Denied(LoginError):
    """An answer to this question, and it is no."""


def _app_hint() -> str:
    return f"it needs the redirect URI {REGISTERED_URI} and the Web API"


def _show(url: str, say: Callable[[str], object], *, open_browser: bool) -> None:
    say(gettext("Agree on this page of Spotify's:") + f"\n{url}")
    if open_browser and not webbrowser.open(url):
        say(gettext("No browser could be opened: open that address yourself."))


def _pasted_code(ask: Callable[[str], str], say: Callable[[str], object], state: str) -> str:
    say(gettext("The browser ends up at an address on 127.0.0.1 that it cannot open. Copy that whole address."))
    for attempt in range(1, PASTE_ATTEMPTS + 1):
        try:
            return code_in(ask(gettext("Paste it here")), state)
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
            f"No answer came within {timeout_s:.0f} s.",
            hint=f"Try again. If Spotify's page shows an error: check the client ID, and the app: {_app_hint()}. "
            "If your browser is on another machine, use --paste.",
        ) from error
    if isinstance(answer, LoginError):
        raise answer
    return answer


class _AnswerServer(ThreadingHTTPServer):
    """Where Spotify sends the browser: ``answers`` gets the code, or why there is none."""

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
            # Anybody can call this address. What does not know the state is no answer, and the waiting goes on.
            self._show(
                400,
                gettext(
                    "This answer does not belong to the login that is waiting now. Use the newest link in the terminal."
                ),
            )
        else:
            self._show(200, gettext("Thank you. You can close this window and go back to the terminal."))
            self.server.answers.put(code)

    def _show(self, status: int, text: str) -> None:
        content = PAGE.format(language=spoken_language(), text=text).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class's name
        """Log nothing: the address holds the code."""


@contextmanager
def _answers(port: int, state: str) -> Iterator[tuple[int, queue.Queue[str | LoginError]]]:
    """Listen on 127.0.0.1 until the end of the block: the port, and where the answer to ``state`` turns up."""
    try:
        server = _AnswerServer(port, state)
    except OSError as error:
        raise LoginError(
            f"Port {port} on 127.0.0.1 cannot be used: {error.strerror or error}.",
            hint="Leave --port out: any free port does.",
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
    """Return the login that these tokens make, tried out at once.

    Who is it, and may they use the app?

    ``scopes``: what was asked for.
    """
    from spotmap_build.fetch.spotify.api import ALLOWED_HINT, NotReadable, SpotifyApi

    known = tokens if isinstance(tokens, dict) else {}
    refresh_token, scope = known.get("refresh_token"), known.get("scope") or scopes
    if not isinstance(refresh_token, str) or not is_token(refresh_token):
        raise LoginError("Spotify gave no refresh token.", hint="Try again.")
    if not isinstance(scope, str) or len(scope) > LONGEST_FIELD or printable(scope) != scope:
        raise LoginError("Spotify did not say what the login allows.", hint="Try again.")
    if not set(scopes.split()) <= set(scope.split()):
        raise LoginError(
            f"Spotify granted less than was asked for: {scope}.", hint="Log in again, and agree to all of it."
        )
    login = Login(client_id, refresh_token, int(clock()), scope, user_digest="")
    api = SpotifyApi(settings, login, access_token=str(known["access_token"]))
    try:
        user_id = api.user_id()
    except NotReadable as error:
        raise LoginError("This user may not use this app.", hint=ALLOWED_HINT) from error
    return Login(client_id, refresh_token, int(clock()), scope, digest_of_user(user_id))
