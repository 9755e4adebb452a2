"""The preview serves a site like a static host, only to this machine, and ends cleanly; tests send real requests."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue

import pytest

from spotmap_build.config import Config
from spotmap_build.emit import preview
from spotmap_build.emit.page import CONTENT_SECURITY_POLICY
from spotmap_build.emit.preview import (
    DEFAULT_PORT,
    RELOAD_EVENTS,
    RELOAD_SCRIPT,
    RELOAD_STYLE,
    PreviewServer,
    open_server,
)
from spotmap_build.emit.site import publish
from spotmap_build.emit.staging import STAGING_NAME
from spotmap_build.emit.watch import Rebuilds, Watch, WatchedPaths, rebuild_on_change
from spotmap_build.errors import ConfigError, OutputError
from spotmap_build.registry.formats import MARKER_NAME
from spotmap_build.watching import watch
from tests.support.patience import patience, wait_until

ROOT = Path(__file__).parents[2]

PREVIEW_PROGRAM = """
import sys
from pathlib import Path
from spotmap_build.emit.preview import serve
from spotmap_build.emit.watch import Watch, WatchedPaths
from spotmap_build.errors import OutputError
site, watched = Path(sys.argv[1]), Path(sys.argv[2])
def rebuild():
    if watched.joinpath("broken").exists():
        raise OutputError("It broke.", hint="Fix it.")
    site.joinpath("index.html").write_text("<head></head>rebuilt")
watch = Watch(lambda: WatchedPaths((watched,)), rebuild)
serve(site, port=0, open_browser=False, watch=watch, say=lambda line: print(line, flush=True))
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    files = {
        "index.html": "<html><head></head>the page</html>",
        "404.html": "<html><head></head>not here</html>",
        "data/a1/map.json": "{}",
        "data/a1/viewer.js": "run()",
        "data/a1/style.css": "body{}",
        "data/a1/favicon.svg": "<svg/>",
        "art/x-y.webp": "image",
    }
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    (tmp_path / "secret.txt").write_text("secret")
    return folder


@contextmanager
def serving(folder: Path, *, reloads: bool = False) -> Iterator[PreviewServer]:
    with open_server(folder, 0, reloads=reloads) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def request(
    server: PreviewServer, target: str, *, host: str | None = "127.0.0.1", method: str = "GET"
) -> tuple[http.client.HTTPResponse, str]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=patience())
    connection.putrequest(method, target, skip_host=True)
    if host is not None:
        connection.putheader("Host", host)
    connection.endheaders()
    response = connection.getresponse()
    body = response.read().decode()
    connection.close()
    return response, body


@pytest.mark.parametrize(
    ("target", "media_type", "body"),
    [
        ("/", "text/html; charset=utf-8", "the page"),
        ("/index.html?x=1", "text/html; charset=utf-8", "the page"),
        ("/data/a1/map.json", "application/json", "{}"),
        ("/data/a1/viewer.js", "text/javascript; charset=utf-8", "run()"),
        ("/data/a1/style.css", "text/css; charset=utf-8", "body{}"),
        ("/data/a1/favicon.svg", "image/svg+xml", "<svg/>"),
        ("/art/x%2Dy.webp", "image/webp", "image"),
    ],
)
def test_files_have_their_content_type_and_are_not_cached(site: Path, target: str, media_type: str, body: str) -> None:
    with serving(site) as server:
        response, content = request(server, target)
    assert response.status == 200
    assert body in content
    assert response.headers["Content-Type"] == media_type
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize("target", ["/nothing", "/data/", "/data/a1", "/index.html/", "/%00", "/" + "x" * 5000])
def test_missing_files_get_the_404_page(site: Path, target: str) -> None:
    with serving(site) as server:
        response, body = request(server, target)
    assert response.status == 404
    assert "not here" in body


@pytest.mark.parametrize(
    "target",
    [
        "/../secret.txt",
        "/data/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/..\\secret.txt",
        "//../secret.txt",
        "/leak/secret.txt",
        "/leak.txt",
        "../secret.txt",
        "//etc/passwd",
    ],
)
def test_files_outside_the_folder_are_not_served(site: Path, target: str) -> None:
    (site / "leak").symlink_to(site.parent, target_is_directory=True)
    (site / "leak.txt").symlink_to(site.parent / "secret.txt")
    with serving(site) as server:
        response, body = request(server, target)
    assert response.status == 404
    assert "secret" not in body
    assert "root" not in body


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("127.0.0.1:8765", 200),
        ("localhost:1", 200),
        ("LOCALHOST", 200),
        ("evil.example", 403),
        ("localhost.evil.example", 403),
        ("127.0.0.1.evil.example:8765", 403),
        ("localhost:80@evil.example", 403),
        ("localhost:\u00b2", 403),
        ("", 403),
        (None, 403),
    ],
)
def test_only_host_names_of_this_machine_are_accepted(site: Path, host: str | None, status: int) -> None:
    with serving(site) as server:
        response, body = request(server, "/", host=host)
    assert response.status == status
    assert ("the page" in body) is (status == 200)


def test_head_request_returns_the_size_without_a_body(site: Path) -> None:
    with serving(site) as server:
        response, body = request(server, "/data/a1/viewer.js", method="HEAD")
    assert (response.headers["Content-Length"], body) == ("5", "")


def test_site_without_a_404_page_returns_plain_text(site: Path) -> None:
    (site / "404.html").unlink()
    with serving(site) as server:
        response, body = request(server, "/nothing")
    assert (response.status, body) == (404, "Not found.\n")


def test_default_port_falls_back_to_a_free_one_but_a_chosen_port_does_not(site: Path) -> None:
    with socket.socket() as taken:
        try:
            taken.bind(("127.0.0.1", DEFAULT_PORT))
            taken.listen()
        except OSError:
            pytest.skip("another program listens on the default port")
        with open_server(site, None) as server:
            assert server.server_port > DEFAULT_PORT
        with pytest.raises(ConfigError, match=str(DEFAULT_PORT)) as caught:
            open_server(site, DEFAULT_PORT)
        assert "--port" in caught.value.hint


def test_port_out_of_range_is_an_error(site: Path) -> None:
    with pytest.raises(ConfigError, match="99999"):
        open_server(site, 99_999)


def test_folder_without_a_site_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="no site"):
        open_server(tmp_path, 0)


def test_files_that_a_build_writes_do_not_trigger_a_build(tmp_path: Path) -> None:
    config = Config(sources=(f"folder:{tmp_path}",), out=tmp_path / "site", poster=tmp_path / "poster.svg")
    names = {place.name for place in watch(lambda: config).places().excluded}
    outputs = {f"site{ending}" for ending in ("", ".report.json", ".audio.json", ".audio.json.js", ".unchanged.json")}
    assert names >= {*outputs, "site.spotify.json", "poster.svg"}


def test_pages_contain_the_reload_script_only_while_watching(site: Path) -> None:
    with serving(site) as server:
        assert RELOAD_SCRIPT not in request(server, "/")[1]
        assert request(server, RELOAD_SCRIPT)[0].status == 404
    with serving(site, reloads=True) as server:
        page = request(server, "/")[1]
        assert f'<script defer src="{RELOAD_SCRIPT}" data-events="{RELOAD_EVENTS}?seen=0">' in page
        assert f'<link rel="stylesheet" href="{RELOAD_STYLE}">' in page
        assert "EventSource" in request(server, RELOAD_SCRIPT)[1]
        assert request(server, RELOAD_STYLE)[0].headers["Content-Type"].startswith("text/css")


def test_change_triggers_rebuild_and_reload_even_after_a_failed_build(site: Path, tmp_path: Path) -> None:
    watched = tmp_path / "watched"
    watched.mkdir()
    command = [sys.executable, "-c", PREVIEW_PROGRAM, str(site), str(watched)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout
            port = int(running.stdout.readline().rsplit(":", 1)[1].split("/")[0])
            assert running.stdout.readline() == "Watching for changes.\n"
            (watched / "broken").touch()
            assert running.stdout.readline() == "1 file changed, building again\n"
            assert running.stdout.readline() == "It broke. Fix it.\n"
            events = open_events(port, seen=0)
            assert next_event(events) == ("failed", '{"message":"It broke.","hint":"Fix it."}')
            (watched / "broken").unlink()
            assert next_event(events) == ("rebuilt", "")
            assert "rebuilt" in (site / "index.html").read_text()
            assert next_event(open_events(port, seen=0)) == ("rebuilt", "")  # a page that was loading during the build
            running.send_signal(signal.SIGINT)
            rest, errors = running.communicate(timeout=patience())
        finally:
            running.kill()
    assert rest.endswith("Stopped.\n")
    assert errors == ""
    assert running.returncode == 0


@contextmanager
def watching_changes(places: Callable[[], WatchedPaths], rebuild: Callable[[], None]) -> Iterator[SimpleQueue[str]]:
    """Yield the queue of messages after watching has started."""
    messages: SimpleQueue[str] = SimpleQueue()
    rebuilds, stopped = Rebuilds(), threading.Event()
    thread = threading.Thread(target=rebuild_on_change, args=(Watch(places, rebuild), rebuilds, stopped, messages.put))
    thread.start()
    try:
        assert messages.get(timeout=patience()) == "Watching for changes."
        yield messages
    finally:
        stopped.set()
        thread.join()


def test_outputs_and_hidden_files_do_not_trigger_a_build(tmp_path: Path) -> None:
    """The watched library contains settings and site; the settings are replaced by a temporary file, as by editors."""
    (tmp_path / "site").mkdir()
    places = WatchedPaths((tmp_path, tmp_path / "spotmap.toml"), (tmp_path / "site", tmp_path / "site.report.json"))
    with watching_changes(lambda: places, lambda: None) as messages:
        for name in ("site/index.html", "site.report.json", ".half.tmp"):
            (tmp_path / name).write_text("x")
        (tmp_path / ".spotmap.toml.new").write_text("x")
        (tmp_path / ".spotmap.toml.new").replace(tmp_path / "spotmap.toml")
        assert messages.get(timeout=patience()) in {
            f"{count} building again" for count in ("1 file changed,", "2 files changed,")
        }
        # One or two: the settings file is watched as part of the library and by itself.


def test_new_and_not_yet_existing_source_folders_are_watched(tmp_path: Path) -> None:
    settings, first, second = tmp_path / "spotmap.toml", tmp_path / "first", tmp_path / "second/deep"
    first.mkdir()
    built: SimpleQueue[str] = SimpleQueue()

    def places() -> WatchedPaths:
        return WatchedPaths((settings, second if settings.exists() else first))

    with watching_changes(places, lambda: built.put("built")):
        settings.touch()
        assert built.get(timeout=patience()) == "built"
        second.mkdir(parents=True)
        assert built.get(timeout=patience()) == "built"
        wait_until(lambda: triggers_build(second / "song.ogg", built), "a file in the new folder triggers a build")


def triggers_build(path: Path, built: SimpleQueue[str]) -> bool:
    """Touch a file and return whether a build follows; creating the folder itself may trigger one or two builds."""
    path.touch()
    try:
        return built.get(timeout=1) == "built"
    except Empty:
        return False


FAILED = (
    "spotmap-build failed unexpectedly, KeyError: 'style.css'. "
    "This is a bug; report it, with the lines above in the terminal."
)


def test_unexpected_exception_is_reported_and_watching_continues(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def rebuild() -> None:
        raise KeyError("style.css")

    with watching_changes(lambda: WatchedPaths((tmp_path,)), rebuild) as messages:
        for _ in range(2):
            (tmp_path / "song.ogg").touch()
            assert messages.get(timeout=patience()) == "1 file changed, building again"
            assert messages.get(timeout=patience()) == FAILED
    assert "in rebuild" in capfd.readouterr().err, "the traceback, to report"


def open_events(port: int, seen: int) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience())
    connection.request("GET", f"{RELOAD_EVENTS}?seen={seen}")
    return connection.getresponse()


def next_event(events: http.client.HTTPResponse) -> tuple[str, str]:
    """Return name and content of the next event, skipping the comments that keep the connection alive."""
    for line in iter(events.readline, b""):
        if line.startswith(b"event: "):
            return line[7:-1].decode(), events.readline().decode().removeprefix("data:").strip()
    raise AssertionError("the server ended the connection")


def files_of(generation: str, *more: str) -> dict[str, bytes]:
    names = ("404.html", "sw.js", f"data/{generation}/map.json", *more)
    page = f'<html data-generation="{generation}"><head></head>'.encode()
    return {"index.html": page, **{name: f"{name} of the site".encode() for name in names}}


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A published site with its marker, in a folder with other files."""
    folder = tmp_path / "published"
    publish(folder, files_of("a1", "art/x.webp"), "a1", force=False)
    for name in (".git/config", ".env", "notes.txt", "data/a1/private.json", "art/private.webp"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("secret")
    return folder


def status_of(server: PreviewServer, target: str) -> int:
    return request(server, target)[0].status


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/index.html",
        "/404.html",
        "/sw.js",
        "/data/a1/map.json",
        "/art/x.webp",
        "/" + MARKER_NAME,
        "http://localhost/",
    ],
)
def test_files_listed_in_the_marker_are_served(published: Path, target: str) -> None:
    with serving(published) as server:
        assert status_of(server, target) == 200


@pytest.mark.parametrize(
    "target",
    [
        "/.git/config",
        "/.env",
        "/%2eenv",
        "/notes.txt",
        "/data/a1/private.json",
        "/art/private.webp",
        "/art/linked.webp",
        f"/{STAGING_NAME}/content/index.html",
    ],
)
def test_other_files_in_the_folder_are_not_served(published: Path, target: str) -> None:
    (published / "art/x.webp").rename(published / "art/linked.webp")
    (published / "art/x.webp").symlink_to(published / ".env")
    with serving(published) as server:
        (published / STAGING_NAME / "content").mkdir(parents=True)
        (published / STAGING_NAME / "content/index.html").write_text("secret")
        response, body = request(server, target)
        assert (response.status, "secret" in body) == (404, False)
        assert status_of(server, "/art/x.webp") == 404


@pytest.mark.parametrize("marker", [None, b"[" * 100_000, b"{}"], ids=["none", "deep", "empty"])
def test_hidden_files_are_not_served_without_a_valid_marker(published: Path, marker: bytes | None) -> None:
    (published / MARKER_NAME).unlink()
    if marker is not None:
        (published / MARKER_NAME).write_bytes(marker)
    (published / "data/.hidden").mkdir()
    (published / "data/.hidden/map.json").write_text("secret")
    with serving(published) as server:
        assert [status_of(server, target) for target in ("/", "/data/a1/map.json", "/art/x.webp")] == [200] * 3
        for target in ("/.git/config", "/.env", "/notes.txt", "/data/.hidden/map.json"):
            assert status_of(server, target) == 404


def test_new_build_is_served_immediately(published: Path) -> None:
    with serving(published) as server:
        assert status_of(server, "/data/b2/map.json") == 404
        publish(published, files_of("b2"), "b2", force=False)
        assert status_of(server, "/data/b2/map.json") == 200


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_pipes_devices_and_cyclic_links_are_not_served(published: Path) -> None:
    (published / "404.html").unlink()
    os.mkfifo(published / "404.html")
    (published / "sw.js").unlink()
    (published / "sw.js").symlink_to("sw.js")
    (published / "art/x.webp").unlink()
    (published / "art/x.webp").symlink_to("/dev/zero")
    with serving(published) as server:
        assert [status_of(server, f"/{name}") for name in ("404.html", "sw.js", "art/x.webp")] == [404] * 3


def test_remains_of_a_killed_publication_are_removed(published: Path) -> None:
    (published / STAGING_NAME / "content").mkdir(parents=True)
    with serving(published):
        assert not (published / STAGING_NAME).exists()


def test_large_file_is_streamed(published: Path) -> None:
    """A file of a terabyte does not fit in memory."""
    with (published / "art/x.webp").open("wb") as file:
        file.truncate(1 << 40)
    with (
        serving(published) as server,
        socket.create_connection(("127.0.0.1", server.server_port), timeout=20) as client,
    ):
        client.sendall(b"GET /art/x.webp HTTP/1.1\r\nHost: localhost\r\n\r\n")
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(1_000)
        assert b" 200 " in head
        assert b"Content-Length: %d" % (1 << 40) in head
        assert status_of(server, "/") == 200


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ((b"GET http://[ HTTP/1.1", b"Host: localhost"), 400),
        ((b"GET //[ HTTP/1.1", b"Host: localhost"), 404),
        ((b"GET http://evil.example/ HTTP/1.1", b"Host: localhost"), 403),
        ((b"GET ftp://evil.example/index.html HTTP/1.1", b"Host: localhost"), 403),
        ((b"GET file:///etc/passwd HTTP/1.1", b"Host: localhost"), 403),
        ((b"GET / HTTP/1.1", b"Host: localhost", b"Host: evil.example"), 400),
        ((b"GET / HTTP/1.1", b"Host: localhost", b"Host: localhost"), 400),
        ((b"GET / HTTP/9.9", b"Host: localhost"), 505),
        ((b"GET / / HTTP/1.1", b"Host: localhost"), 400),
        ((b"\xff\xfe\x00", b"Host: localhost"), 400),
        ((b"POST / HTTP/1.1", b"Host: localhost"), 501),
        ((b"GET / HTTP/1.1", *(b"A: b",) * 300), 431),
        ((b"GET /" + b"x" * 70_000 + b" HTTP/1.1",), 414),
        ((b"GET /\xff%ff%00\x7f HTTP/1.1", b"Host: localhost"), 404),
    ],
    ids=lambda value: repr(value)[:60] if isinstance(value, tuple) else None,
)
def test_malformed_request_gets_an_error_status_without_a_traceback(
    published: Path, capfd: pytest.CaptureFixture[str], lines: tuple[bytes, ...], status: int
) -> None:
    with serving(published) as server:
        with socket.create_connection(("127.0.0.1", server.server_port), timeout=20) as client:
            client.sendall(b"\r\n".join((*lines, b"", b"")))
            answer = client.recv(1_000)
        assert b" %d " % status in answer or b"Error code: %d" % status in answer
        assert status_of(server, "/") == 200
    assert capfd.readouterr().err == ""


def test_client_disconnect_is_not_reported(published: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with (published / "art/x.webp").open("wb") as file:
        file.truncate(1 << 30)
    with serving(published) as server:
        for _ in range(3):
            with socket.create_connection(("127.0.0.1", server.server_port), timeout=20) as client:
                client.sendall(b"GET /art/x.webp HTTP/1.1\r\nHost: localhost\r\n\r\n")
                client.recv(1_000)
        assert status_of(server, "/") == 200
    assert "Traceback" not in capfd.readouterr().err


def test_slow_request_is_cut_off(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview, "REQUEST_S", 0.2)
    with (
        serving(published) as server,
        socket.create_connection(("127.0.0.1", server.server_port), timeout=20) as client,
    ):
        stopped = threading.Event()

        def drip() -> None:
            while not stopped.wait(0.02):
                try:
                    client.sendall(b"x")
                except OSError:
                    return

        client.sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
        thread = threading.Thread(target=drip)
        thread.start()
        try:
            assert client.recv(1_000) == b""
        except ConnectionError:
            pass  # cut off as well
        finally:
            stopped.set()
            thread.join()


def test_connections_are_limited_and_released(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview, "MAX_CONNECTIONS", 1)

    def read_until_closed(sent: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", server.server_port), timeout=20) as client:
            client.sendall(sent)
            return b"".join(iter(lambda: client.recv(10_000), b""))

    with serving(published) as server:
        for _ in range(5):
            assert b" 200 " in read_until_closed(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        with socket.create_connection(("127.0.0.1", server.server_port), timeout=20):
            assert b" 503 " in read_until_closed(b"")


def test_waiting_pages_do_not_block_other_connections(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview, "MAX_EVENT_STREAMS", 1)
    with serving(published, reloads=True) as server:
        waiting = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=patience())
        waiting.request("GET", RELOAD_EVENTS)
        assert waiting.getresponse().status == 200
        assert status_of(server, RELOAD_EVENTS) == 503
        assert status_of(server, "/") == 200
        waiting.close()
