"""Login with the browser's callback or a pasted URL, and all ways in which it can fail."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from spotmap_build.core.translation import set_language
from spotmap_build.errors import LoginError, ServiceError
from spotmap_build.fetch.spotify.login import REDIRECT_PATH, LoginDialog, LoginResult, ensure_login, log_in
from spotmap_build.fetch.spotify.settings import RequestPolicy, SpotifySettings
from spotmap_build.fetch.spotify.token import Login, digest_of_user, load_login, parse_ci_secret
from tests.fakes.spotify_library import ME, FakeLibrary
from tests.fakes.spotify_server import CLIENT_ID, SCOPES, Fault, SpotifyServer, serve
from tests.support.patience import patience

QUICK = RequestPolicy(timeout_s=60.0, attempts=3, first_pause_s=0.01)


@pytest.fixture
def spotify() -> Iterator[SpotifyServer]:
    with serve(SpotifyServer(FakeLibrary())) as running:
        yield running


def settings_for(server: SpotifyServer, folder: Path) -> SpotifySettings:
    return SpotifySettings(
        folder / "spotify.json", api_url=server.api_url, accounts_url=server.accounts_url, request_policy=QUICK
    )


class Browser:
    """Visit the printed URL like a user; ``ports`` are those of the redirect URIs."""

    def __init__(self, visit: Callable[[str], object]) -> None:
        self._visit = visit
        self.url = ""
        self.ports: list[int] = []

    def __call__(self, message: str) -> None:
        address = message.rpartition("\n")[2]
        if address.startswith("http"):
            self.url = address
            self.ports.append(urlsplit(parse_qs(urlsplit(address).query)["redirect_uri"][0]).port or 0)
            threading.Thread(target=self._visit, args=(address,), daemon=True).start()


def follow(address: str) -> str:
    return requests.get(address, timeout=patience()).text


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def log_in_with_browser(
    server: SpotifyServer, folder: Path, browser: Browser, timeout_s: float = 60.0, port: int = 0
) -> Login:
    return log_in(CLIENT_ID, settings_for(server, folder), LoginDialog(browser, timeout_s=timeout_s, port=port))


def test_consent_in_the_browser_logs_in(spotify: SpotifyServer, tmp_path: Path) -> None:
    pages: list[str] = []
    browser = Browser(lambda address: pages.append(follow(address)))
    before = int(time.time())
    login = log_in_with_browser(spotify, tmp_path, browser)
    assert login.refresh_token in spotify.refresh_tokens
    assert (login.client_id, login.scope, login.user_digest) == (CLIENT_ID, SCOPES, digest_of_user(ME))
    assert before <= login.authorized_at_unix_s <= time.time()
    assert is_free(browser.ports[0])
    assert "You can close this window" in pages[0]


def test_callback_page_uses_the_language_of_the_terminal(spotify: SpotifyServer, tmp_path: Path) -> None:
    pages: list[str] = []
    set_language("de")
    try:
        log_in_with_browser(spotify, tmp_path, Browser(lambda address: pages.append(follow(address))))
    finally:
        set_language("en")
    assert '<html lang="de">' in pages[0]
    assert "Dieses Fenster kann geschlossen werden" in pages[0]


def test_chosen_port_is_used_and_released(spotify: SpotifyServer, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    browser = Browser(follow)
    for _ in range(2):
        log_in_with_browser(spotify, tmp_path, browser, port=port)
    assert browser.ports == [port, port]


def test_error_names_a_port_in_use(spotify: SpotifyServer, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(LoginError, match=f"Port {port} "):
            log_in_with_browser(spotify, tmp_path, Browser(follow), port=port)


def test_refused_access_is_reported_and_releases_the_port(spotify: SpotifyServer, tmp_path: Path) -> None:
    spotify.denies = True
    browser = Browser(follow)
    with pytest.raises(LoginError, match="You did not allow"):
        log_in_with_browser(spotify, tmp_path, browser)
    assert is_free(browser.ports[0])
    assert spotify.requests_for("/api/token") == []


def test_callbacks_with_a_wrong_state_are_ignored(spotify: SpotifyServer, tmp_path: Path) -> None:
    statuses: list[int] = []

    def forge(address: str) -> None:
        callback = parse_qs(urlsplit(address).query)["redirect_uri"][0]
        forged = ("code=AQD-forged&state=forged", "code=AQD-forged", "error=access_denied&state=forged", "")
        addresses = [f"{callback}?{query}" for query in forged] + [callback.replace(REDIRECT_PATH, "/favicon.ico")]
        statuses.extend(requests.get(address, timeout=patience()).status_code for address in addresses)

    browser = Browser(forge)
    with pytest.raises(LoginError, match="There was no response"):
        log_in_with_browser(spotify, tmp_path, browser, timeout_s=1.0)
    assert statuses == [400, 400, 400, 400, 404]
    assert is_free(browser.ports[0])
    assert spotify.requests_for("/api/token") == []


def test_forged_callback_does_not_prevent_the_real_one(spotify: SpotifyServer, tmp_path: Path) -> None:
    def forge_first(address: str) -> None:
        callback = parse_qs(urlsplit(address).query)["redirect_uri"][0]
        requests.get(f"{callback}?error=access_denied&state=forged", timeout=patience())
        follow(address)

    assert log_in_with_browser(spotify, tmp_path, Browser(forge_first)).refresh_token


def test_silent_connection_does_not_block_the_callback(spotify: SpotifyServer, tmp_path: Path) -> None:
    silent: list[socket.socket] = []

    def connect_ahead(address: str) -> None:
        silent.append(socket.create_connection(("127.0.0.1", browser.ports[-1])))
        follow(address)

    browser = Browser(connect_ahead)
    assert log_in_with_browser(spotify, tmp_path, browser).refresh_token
    silent[0].close()


def test_login_times_out_without_a_callback(spotify: SpotifyServer, tmp_path: Path) -> None:
    browser = Browser(lambda _address: None)
    with pytest.raises(LoginError, match="There was no response within 0 s") as late:
        log_in_with_browser(spotify, tmp_path, browser, timeout_s=0.2)
    assert "http://127.0.0.1/callback" in late.value.hint
    assert is_free(browser.ports[0])


def test_browser_is_opened_on_request(spotify: SpotifyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def open_page(url: str) -> bool:
        opened.append(url)
        threading.Thread(target=follow, args=(url,), daemon=True).start()
        return True

    monkeypatch.setattr("webbrowser.open", open_page)
    messages: list[str] = []
    dialog = LoginDialog(messages.append, open_browser=True, timeout_s=patience())
    log_in(CLIENT_ID, settings_for(spotify, tmp_path), dialog)
    assert opened[0] in messages[0]


def log_in_by_pasting(server: SpotifyServer, folder: Path, paste: Callable[[str, int], str]) -> tuple[Login, list[str]]:
    """Log in by pasting; ``paste`` gets the URL where the browser ended up and the number of the question."""
    messages: list[str] = []
    questions = 0

    def ask(_question: str) -> str:
        nonlocal questions
        questions += 1
        shown = next(message for message in messages if "authorize" in message).rpartition("\n")[2]
        return paste(requests.get(shown, timeout=patience(), allow_redirects=False).headers["Location"], questions)

    return log_in(CLIENT_ID, settings_for(server, folder), LoginDialog(messages.append, ask=ask)), messages


def test_pasted_url_logs_in_from_another_machine(spotify: SpotifyServer, tmp_path: Path) -> None:
    login, _ = log_in_by_pasting(spotify, tmp_path, lambda address, _question: f"  {address}\n")
    assert login.refresh_token in spotify.refresh_tokens


def test_wrong_paste_is_explained_and_asked_again(spotify: SpotifyServer, tmp_path: Path) -> None:
    login, messages = log_in_by_pasting(
        spotify, tmp_path, lambda address, question: address if question == 2 else "ls -l"
    )
    assert login.refresh_token in spotify.refresh_tokens
    assert any("is not the one that Spotify sent the browser to" in message for message in messages)


def test_pasted_url_of_another_login_is_refused(spotify: SpotifyServer, tmp_path: Path) -> None:
    with pytest.raises(LoginError, match="belongs to another login"):
        log_in_by_pasting(spotify, tmp_path, lambda address, _: address.partition("&state=")[0] + "&state=forged")
    assert spotify.requests_for("/api/token") == []


def test_pasted_refusal_is_reported(spotify: SpotifyServer, tmp_path: Path) -> None:
    spotify.denies = True
    with pytest.raises(LoginError, match="You did not allow"):
        log_in_by_pasting(spotify, tmp_path, lambda address, _question: address)


def test_invalid_code_is_reported(spotify: SpotifyServer, tmp_path: Path) -> None:
    def invalidate_code(address: str, _question: int) -> str:
        spotify.codes.clear()
        return address

    with pytest.raises(LoginError, match="did not complete the login \\(invalid_grant\\)"):
        log_in_by_pasting(spotify, tmp_path, invalidate_code)


def test_user_not_registered_for_the_app_is_told_immediately(spotify: SpotifyServer, tmp_path: Path) -> None:
    spotify.faults.append(Fault(status=403, path="/v1/me"))
    with pytest.raises(LoginError, match="is not allowed to use this app") as refused:
        log_in_by_pasting(spotify, tmp_path, lambda address, _question: address)
    assert "User Management" in refused.value.hint


def test_network_failure_during_login_is_reported(spotify: SpotifyServer, tmp_path: Path) -> None:
    spotify.faults.append(Fault("reset", path="/api/token", times=9))
    with pytest.raises(ServiceError, match="no connection"):
        log_in_by_pasting(spotify, tmp_path, lambda address, _question: address)


def log_in_and_save(server: SpotifyServer, folder: Path, client_id: str = "", *, reuse: bool = False) -> LoginResult:
    return ensure_login(settings_for(server, folder), LoginDialog(Browser(follow)), client_id=client_id, reuse=reuse)


def test_client_id_is_needed_only_for_the_first_login(spotify: SpotifyServer, tmp_path: Path) -> None:
    with pytest.raises(LoginError, match="No client ID") as refused:
        log_in_and_save(spotify, tmp_path)
    assert "--client-id" in refused.value.hint
    first = log_in_and_save(spotify, tmp_path, CLIENT_ID)
    second = log_in_and_save(spotify, tmp_path)
    assert str(tmp_path / "spotify.json") in second.outcome
    assert "more days" in second.outcome
    assert parse_ci_secret(first.secret).refresh_token != parse_ci_secret(second.secret).refresh_token
    assert load_login(tmp_path / "spotify.json", say=lambda _: None) == parse_ci_secret(second.secret)
    assert second.secret not in repr(second)


def test_existing_login_is_reused_as_ci_secret_until_it_gets_old(spotify: SpotifyServer, tmp_path: Path) -> None:
    first = log_in_and_save(spotify, tmp_path, CLIENT_ID, reuse=True)
    assert log_in_and_save(spotify, tmp_path, reuse=True).secret == first.secret
    made_unix_s = parse_ci_secret(first.secret).authorized_at_unix_s
    later = ensure_login(
        settings_for(spotify, tmp_path),
        LoginDialog(Browser(follow)),
        client_id="",
        reuse=True,
        clock=lambda: made_unix_s + 160 * 86_400,
    )
    assert later.secret != first.secret


def test_refused_access_keeps_the_previous_login(spotify: SpotifyServer, tmp_path: Path) -> None:
    first = log_in_and_save(spotify, tmp_path, CLIENT_ID)
    spotify.denies = True
    with pytest.raises(LoginError, match="You did not allow"):
        log_in_and_save(spotify, tmp_path)
    assert log_in_and_save(spotify, tmp_path, reuse=True).secret == first.secret


def test_login_requests_write_access_only_on_request(spotify: SpotifyServer, tmp_path: Path) -> None:
    browser = Browser(follow)
    assert not log_in_with_browser(spotify, tmp_path, browser).may_write
    assert "playlist-modify" not in browser.url
    settings = settings_for(spotify, tmp_path)
    login = log_in(CLIENT_ID, settings, LoginDialog(browser), write=True)
    assert (login.may_write, login.refresh_token in spotify.writers) == (True, True)
    assert "playlist-modify-private" in browser.url
    assert "playlist-modify-public" not in browser.url


def test_losing_write_access_with_a_new_login_is_reported(spotify: SpotifyServer, tmp_path: Path) -> None:
    settings = settings_for(spotify, tmp_path)

    def again(*, write: bool, reuse: bool = False) -> LoginResult:
        return ensure_login(settings, LoginDialog(Browser(follow)), client_id=CLIENT_ID, write=write, reuse=reuse)

    again(write=False)
    assert parse_ci_secret(again(write=True, reuse=True).secret).may_write
    assert "can no longer change playlists" in again(write=False).outcome
