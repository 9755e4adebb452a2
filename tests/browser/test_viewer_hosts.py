"""Hosts, browsers and extensions that withhold or change files, or serve the page at unexpected URLs."""

from __future__ import annotations

import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from spotmap_build.emit.preview import MEDIA_TYPES
from tests.browser.conftest import CONTEXT, Contexts
from tests.fakes.sample_site import GENERATION, write_sample_site
from tests.support.pages import PAINTED_PIXELS, TEST_MODE, Site
from tests.support.patience import patience

pytestmark = pytest.mark.browser


@dataclass
class StaticHost:
    """Serves a folder like unusual hosts: with missing files, other headers, or at other URLs."""

    root: Path
    origin: str = ""
    missing: set[str] = field(default_factory=set)
    """Names of files that return 404."""
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    """Additional headers by file name."""
    failures: dict[str, int] = field(default_factory=dict)
    """Number of requests that fail before one succeeds, by file name."""
    fallback: str = ""
    """The file that is served for all other URLs."""
    fallback_status: int = 404

    def find(self, target: str) -> tuple[int, Path | None]:
        path = target.partition("?")[0].strip("/")
        file = self.root / path
        if file.is_dir() and (file / "index.html").is_file():
            file /= "index.html"
        if file.is_file() and file.name not in self.missing:
            return 200, file
        return (self.fallback_status, self.root / self.fallback) if self.fallback else (404, None)

    def handler(self) -> type[BaseHTTPRequestHandler]:
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, file = host.find(self.path)
                if file and host.failures.get(file.name, 0) > 0:
                    host.failures[file.name] -= 1
                    # Alternate between a busy host and a cut connection.
                    if host.failures[file.name] % 2:
                        self.send_error(503)
                    self.close_connection = True
                    return
                content = file.read_bytes() if file else b"Not found"
                name = file.name if file else ""
                self.send_response(status)
                media_type = MEDIA_TYPES.get(Path(name).suffix, "text/plain")
                default_headers = {"Content-Type": media_type, "Cache-Control": "no-store"}
                for header, value in {**default_headers, **host.headers.get(name, {})}.items():
                    self.send_header(header, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
                pass

        return Handler


@pytest.fixture
def host(sample: Callable[[int], Site], tmp_path: Path) -> Iterator[StaticHost]:
    """A host with the sample site at ``maps/demo/``."""
    shutil.copytree(sample(300).folder, tmp_path / "maps/demo")
    host = StaticHost(tmp_path)
    server = ThreadingHTTPServer(("127.0.0.1", 0), host.handler())
    host.origin = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield host
    server.shutdown()
    server.server_close()


@pytest.fixture
def page(contexts: Contexts, host: StaticHost) -> Iterator[Page]:
    yield contexts.page(Site(host.root, f"{host.origin}/"), CONTEXT)
    contexts.clean()


def data_path(name: str) -> str:
    return f"data/{GENERATION}/{name}"


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain", "X-Content-Type-Options": "nosniff"},
        {"Content-Type": "application/octet-stream", "X-Content-Type-Options": "nosniff"},
        {},
    ],
    ids=["text", "octets", "blocked"],
)
@pytest.mark.parametrize("name", ["viewer.js", "style.css"])
def test_missing_script_or_style_is_reported(page: Page, host: StaticHost, name: str, headers: dict[str, str]) -> None:
    if headers:
        host.headers[name] = headers
    else:
        host.missing.add(name)
    page.goto(f"{host.origin}/maps/demo/")
    notice = page.locator("#notice")
    expect(notice).to_contain_text(f"{name} could not be loaded")
    expect(notice.get_by_text("A sample library")).to_be_visible()
    expect(page.locator("#app")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollHeight") <= 800


def test_page_with_neither_script_nor_style_is_short_and_plain(page: Page, host: StaticHost) -> None:
    host.missing |= {"viewer.js", "style.css"}
    page.goto(f"{host.origin}/maps/demo/")
    expect(page.get_by_text("reload the page")).to_be_visible()
    assert page.evaluate("document.body.scrollHeight") < 400
    assert page.evaluate("[...document.querySelectorAll('svg')].filter((icon) => icon.checkVisibility()).length") == 0


def test_script_that_never_loads_is_reported_without_scripts(browser: Browser, host: StaticHost) -> None:
    """This happens with tools that rewrite scripts and with hanging connections."""
    index = host.root / "maps/demo/index.html"
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        markup = index.read_text(encoding="utf-8")
        index.write_text(markup.replace("<noscript>", "<template>").replace("</noscript>", "</template>"), "utf-8")
        page.goto(f"{host.origin}/maps/demo/")
        late = page.locator(".notice-late")
        expect(late).to_be_hidden()
        expect(late).to_be_visible(timeout=patience(30) * 1000)


def test_script_with_unknown_syntax_is_reported(page: Page, host: StaticHost) -> None:
    (host.root / "maps/demo" / data_path("viewer.js")).write_text("let a ??!= 1;", encoding="utf-8")
    page.goto(f"{host.origin}/maps/demo/")
    expect(page.locator("#notice")).to_contain_text("viewer.js could not be loaded, or cannot run in this browser")


@pytest.mark.parametrize(
    "storage", ["null", "new Proxy({}, { get() { throw new DOMException('closed', 'SecurityError'); } })"]
)
def test_map_works_without_local_storage(page: Page, host: StaticHost, storage: str) -> None:
    page.add_init_script(f"Object.defineProperty(window, 'localStorage', {{ get: () => ({storage}) }});")
    page.goto(f"{host.origin}/maps/demo/")
    page.wait_for_selector('html[data-state="ready"]')
    before = page.locator("html").get_attribute("data-theme")
    page.locator("#theme").click()
    assert page.locator("html").get_attribute("data-theme") != before


def test_page_without_its_folder_is_reported(page: Page, host: StaticHost, tmp_path: Path) -> None:
    index = tmp_path / "alone" / "index.html"
    index.parent.mkdir()
    shutil.copyfile(host.root / "maps/demo/index.html", index)
    page.goto(index.as_uri())
    expect(page.get_by_text("If the map is in a ZIP file, extract the whole folder first")).to_be_visible()
    expect(page.locator("#app")).to_be_hidden()


def test_map_works_at_a_url_without_trailing_slash(page: Page, host: StaticHost) -> None:
    page.goto(f"{host.origin}/maps/demo{TEST_MODE}")
    page.wait_for_selector('html[data-state="ready"]')
    page.locator('[data-color-by="playlist"]').click()
    expect(page).to_have_url(f"{host.origin}/maps/demo{TEST_MODE}#by=playlist")
    page.reload()
    page.wait_for_selector('html[data-state="ready"]')
    assert page.evaluate("spotmap.state().colorBy") == "playlist"


def test_double_slashes_in_the_url_are_kept(page: Page, host: StaticHost) -> None:
    page.goto(f"{host.origin}//maps//demo//{TEST_MODE}")
    page.wait_for_selector('html[data-state="ready"]')
    page.locator('[data-color-by="playlist"]').click()
    expect(page).to_have_url(f"{host.origin}//maps//demo//{TEST_MODE}#by=playlist")
    page.locator('[data-color-by="cluster"]').click()
    expect(page).to_have_url(f"{host.origin}//maps//demo//{TEST_MODE}")


def test_wrong_charset_of_the_host_does_not_change_text(page: Page, host: StaticHost) -> None:
    media_types = {"index.html": "text/html", "viewer.js": "text/javascript", "style.css": "text/css"}
    host.headers |= {name: {"Content-Type": f"{kind}; charset=iso-8859-1"} for name, kind in media_types.items()}
    page.goto(f"{host.origin}/maps/demo/{TEST_MODE}")
    page.wait_for_selector('html[data-state="ready"]')
    assert page.evaluate("document.characterSet") == "windows-1252"
    search = page.locator("#search input")
    expect(search).to_have_attribute("placeholder", "Title, artist, “slow jazz”")
    search.fill("hakansson")
    expect(page.locator("#found")).to_contain_text("Håkansson")
    separator = "getComputedStyle(document.querySelector('.summary span + span'), '::before').content"
    assert page.evaluate(separator) == '"·"'


@pytest.mark.parametrize("policy", ["sandbox allow-scripts", "default-src 'self'"])
def test_map_works_with_the_hosts_content_security_policy(page: Page, host: StaticHost, policy: str) -> None:
    host.headers["index.html"] = {"Content-Security-Policy": policy}
    page.goto(f"{host.origin}/maps/demo/{TEST_MODE}")
    page.wait_for_selector('html[data-state="ready"]')
    page.mouse.click(*page.evaluate("spotmap.positionOf(150)"))
    expect(page.locator("#card .card-facts")).to_contain_text(":")


def test_failed_requests_are_retried_twice(page: Page, host: StaticHost) -> None:
    host.failures = {"map.json": 2, "text.json": 2, "details-000.json": 2}
    page.goto(f"{host.origin}/maps/demo/{TEST_MODE}")
    page.wait_for_selector('html[data-state="ready"]')
    page.mouse.click(*page.evaluate("spotmap.positionOf(150)"))
    expect(page.locator("#card .card-facts")).to_contain_text(":")


@pytest.mark.parametrize("is_truncated", [False, True])
def test_damaged_script_loaded_on_demand_is_named(page: Page, host: StaticHost, is_truncated: bool) -> None:
    """The script is truncated, or replaced by an HTML page with status 200."""
    for name in ("describe.js", "picture.js"):
        file = host.root / "maps/demo" / data_path(name)
        file.write_bytes(file.read_bytes()[:5000] if is_truncated else b"<!doctype html><title>Not found</title>")
    page.goto(f"{host.origin}/maps/demo/{TEST_MODE}")
    page.wait_for_selector('html[data-state="ready"]')
    page.locator("#search input").fill("slow")
    expect(page.locator(".search-status")).to_contain_text("describe.js could not be fetched")
    page.locator("#search input").fill("slow dark")
    expect(page).to_have_url(re.compile("q=slow.+dark"))
    expect(page.locator(".search-status")).to_contain_text("describe.js could not be fetched")
    page.locator("#picture-button").click()
    page.get_by_role("button", name="SVG").click()
    expect(page.locator("#picture p")).to_contain_text("picture.js could not be fetched")


def test_refused_clipboard_access_has_fallbacks(page: Page, host: StaticHost) -> None:
    page.add_init_script(
        "navigator.clipboard.writeText = () => Promise.reject(new DOMException('Denied.', 'NotAllowedError'))"
    )
    page.goto(f"{host.origin}/maps/demo/{TEST_MODE}")
    page.wait_for_selector('html[data-state="ready"]')
    page.mouse.click(*page.evaluate("spotmap.positionOf(150)"))
    page.locator("#card .card-action", has_text="Add").click()
    page.locator("#picks").get_by_role("button", name="Copy link").click()
    expect(page.locator("#picks")).to_contain_text("Copied a link to this map")
    page.evaluate("document.execCommand = () => false")
    page.locator("#picks").get_by_role("button", name="Copy link").click()
    expect(page.locator("#picks")).to_contain_text("Copy it from the address bar")


def test_blocked_canvas_is_reported(page: Page, host: StaticHost) -> None:
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    page.goto(f"{host.origin}/maps/demo/")
    expect(page.locator("#notice")).to_contain_text("does not let the page draw")


@pytest.mark.parametrize(
    "script",
    [
        """const { prototype } = OffscreenCanvas, { getContext } = prototype;
        prototype.getContext = () => null;
        window.restore = () => Object.assign(prototype, { getContext });""",
        """const { prototype } = OffscreenCanvas, transfer = prototype.transferToImageBitmap;
        let failures = 3;
        window.restore = () => {};
        prototype.transferToImageBitmap = function () {
          if (failures-- > 0) throw new DOMException("ImageBitmap construction failed", "InvalidStateError");
          return transfer.call(this);
        }""",
    ],
    ids=["absent", "failing"],
)
def test_map_is_drawn_without_offscreen_canvases(page: Page, host: StaticHost, script: str) -> None:
    page.add_init_script(script)
    page.goto(f"{host.origin}/maps/demo/")
    page.wait_for_selector('html[data-state="ready"]')
    page.evaluate("restore()")
    deadline_s = time.monotonic() + patience(10)
    while not all(page.evaluate(PAINTED_PIXELS, layer) > 1000 for layer in ("points", "boundaries", "labels")):
        assert time.monotonic() < deadline_s
        page.wait_for_timeout(50)


def test_page_served_below_its_url_works_or_reports_missing_files(page: Page, host: StaticHost) -> None:
    host.fallback, host.fallback_status = "maps/demo/index.html", 200
    page.goto(f"{host.origin}/maps/demo/x/y")
    expect(page.get_by_text("are missing beside this page")).to_be_visible()
    write_sample_site(host.root / "maps/demo", tracks=300, site_url=f"{host.origin}/maps/demo/")
    page.goto(f"{host.origin}/maps/demo/x/y")
    page.wait_for_selector('html[data-state="ready"]')


@pytest.mark.parametrize("is_known", [False, True])
def test_404_page_links_to_the_map_from_any_depth(page: Page, host: StaticHost, is_known: bool) -> None:
    site_url = f"{host.origin}/maps/demo/" if is_known else ""
    write_sample_site(host.root / "maps/demo", tracks=300, site_url=site_url)
    host.fallback = "maps/demo/404.html"
    page.goto(f"{host.origin}/maps/demo/some/deep/path")
    expect(page.locator("main")).to_have_css("text-align", "center")
    page.get_by_role("link", name="Go to A sample library").click()
    page.wait_for_selector('html[data-state="ready"]')
    assert page.url == f"{host.origin}/maps/demo/"


def test_404_page_outside_the_map_has_no_link(page: Page, host: StaticHost) -> None:
    host.fallback = "maps/demo/404.html"
    with page.expect_response(f"{host.origin}/elsewhere/"):
        page.goto(f"{host.origin}/elsewhere/path")
    expect(page.get_by_text("Nothing is here")).to_be_visible()
    expect(page.locator("#home")).to_be_hidden()
