"""Hosts, browsers and extensions that keep a page from its files, or serve it at addresses that it was not made for."""

from __future__ import annotations

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
from tests.fakes.sample_site import GENERATION, write_sample_site
from tests.support.pages import PAINTED_PIXELS, TEST_MODE, Site
from tests.support.patience import patience

pytestmark = pytest.mark.browser


@dataclass
class StaticHost:
    """Serves a folder as odd hosts do: what is not there, of another type, or at other addresses."""

    root: Path
    origin: str = ""
    missing: set[str] = field(default_factory=set)
    """Names of files that cannot be had."""
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    """What is said of a file, by its name."""
    failures: dict[str, int] = field(default_factory=dict)
    """How many requests for a file fail before one succeeds, by its name."""
    fallback: str = ""
    """The file that is served for every address without one."""
    fallback_status: int = 404

    def find(self, target: str) -> tuple[int, Path | None]:
        path = target.partition("?")[0].strip("/")
        place = self.root / path
        if place.is_dir() and (place / "index.html").is_file():
            place /= "index.html"
        if place.is_file() and place.name not in self.missing:
            return 200, place
        return (self.fallback_status, self.root / self.fallback) if self.fallback else (404, None)

    def handler(self) -> type[BaseHTTPRequestHandler]:
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, place = host.find(self.path)
                if place and host.failures.get(place.name, 0) > 0:
                    host.failures[place.name] -= 1
                    # In turns: the host is busy, the connection breaks.
                    if host.failures[place.name] % 2:
                        self.send_error(503)
                    self.close_connection = True
                    return
                content = place.read_bytes() if place else b"Not found"
                name = place.name if place else ""
                self.send_response(status)
                usual = {"Content-Type": MEDIA_TYPES.get(Path(name).suffix, "text/plain"), "Cache-Control": "no-store"}
                for header, value in {**usual, **host.headers.get(name, {})}.items():
                    self.send_header(header, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
                pass

        return Handler


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, service_workers="block")
    context.set_default_timeout(patience() * 1000)
    yield context.new_page()
    context.close()


@pytest.fixture
def host(sample: Callable[[int], Site], tmp_path: Path) -> Iterator[StaticHost]:
    """Has the sample site at ``maps/demo/``."""
    shutil.copytree(sample(300).folder, tmp_path / "maps/demo")
    host = StaticHost(tmp_path)
    server = ThreadingHTTPServer(("127.0.0.1", 0), host.handler())
    host.origin = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield host
    server.shutdown()
    server.server_close()


def data(name: str) -> str:
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
def test_a_page_without_its_script_or_style_says_so(
    page: Page, host: StaticHost, name: str, headers: dict[str, str]
) -> None:
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


def test_a_page_with_neither_script_nor_style_is_short_and_plain(page: Page, host: StaticHost) -> None:
    host.missing |= {"viewer.js", "style.css"}
    page.goto(f"{host.origin}/maps/demo/")
    expect(page.get_by_text("reload the page")).to_be_visible()
    assert page.evaluate("document.body.scrollHeight") < 400
    assert page.evaluate("[...document.querySelectorAll('svg')].filter((icon) => icon.checkVisibility()).length") == 0


def test_a_script_that_never_comes_is_reported_without_any_script(browser: Browser, host: StaticHost) -> None:
    """As by a tool that rewrites scripts, or a connection that hangs."""
    index = host.root / "maps/demo/index.html"
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        markup = index.read_text(encoding="utf-8")
        index.write_text(markup.replace("<noscript>", "<template>").replace("</noscript>", "</template>"), "utf-8")
        page.goto(f"{host.origin}/maps/demo/")
        late = page.locator(".notice-late")
        expect(late).to_be_hidden()
        expect(late).to_be_visible(timeout=patience(30) * 1000)


def test_a_script_that_the_browser_does_not_understand_is_reported(page: Page, host: StaticHost) -> None:
    (host.root / "maps/demo" / data("viewer.js")).write_text("let a ??!= 1;", encoding="utf-8")
    page.goto(f"{host.origin}/maps/demo/")
    expect(page.locator("#notice")).to_contain_text("viewer.js could not be loaded, or cannot run in this browser")


@pytest.mark.parametrize(
    "storage", ["null", "new Proxy({}, { get() { throw new DOMException('closed', 'SecurityError'); } })"]
)
def test_a_browser_without_storage_shows_the_map(page: Page, host: StaticHost, storage: str) -> None:
    page.add_init_script(f"Object.defineProperty(window, 'localStorage', {{ get: () => ({storage}) }});")
    page.goto(f"{host.origin}/maps/demo/")
    page.wait_for_selector('html[data-state="ready"]')
    before = page.locator("html").get_attribute("data-theme")
    page.locator("#theme").click()
    assert page.locator("html").get_attribute("data-theme") != before


def test_a_page_alone_as_when_opened_inside_a_zip_says_so(page: Page, host: StaticHost, tmp_path: Path) -> None:
    alone = tmp_path / "alone" / "index.html"
    alone.parent.mkdir()
    shutil.copyfile(host.root / "maps/demo/index.html", alone)
    page.goto(alone.as_uri())
    expect(page.get_by_text("If the map is in a ZIP file, extract the whole folder first")).to_be_visible()
    expect(page.locator("#app")).to_be_hidden()


def test_a_host_that_serves_the_folder_without_a_slash_shows_the_map(page: Page, host: StaticHost) -> None:
    page.goto(f"{host.origin}/maps/demo{TEST_MODE}")
    page.wait_for_selector('html[data-state="ready"]')
    page.locator('[data-color-by="playlist"]').click()
    expect(page).to_have_url(f"{host.origin}/maps/demo{TEST_MODE}#by=playlist")
    page.reload()
    page.wait_for_selector('html[data-state="ready"]')
    assert page.evaluate("spotmap.state().colorBy") == "playlist"


def test_doubled_slashes_in_the_address_stay(page: Page, host: StaticHost) -> None:
    page.goto(f"{host.origin}//maps//demo//{TEST_MODE}")
    page.wait_for_selector('html[data-state="ready"]')
    page.locator('[data-color-by="playlist"]').click()
    expect(page).to_have_url(f"{host.origin}//maps//demo//{TEST_MODE}#by=playlist")
    page.locator('[data-color-by="cluster"]').click()
    expect(page).to_have_url(f"{host.origin}//maps//demo//{TEST_MODE}")


def test_a_charset_that_the_host_claims_changes_no_letter(page: Page, host: StaticHost) -> None:
    claims = {"index.html": "text/html", "viewer.js": "text/javascript", "style.css": "text/css"}
    host.headers |= {name: {"Content-Type": f"{kind}; charset=iso-8859-1"} for name, kind in claims.items()}
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
def test_a_host_with_a_policy_of_its_own_shows_the_map(page: Page, host: StaticHost, policy: str) -> None:
    host.headers["index.html"] = {"Content-Security-Policy": policy}
    page.goto(f"{host.origin}/maps/demo/{TEST_MODE}")
    page.wait_for_selector('html[data-state="ready"]')
    page.mouse.click(*page.evaluate("spotmap.positionOf(150)"))
    expect(page.locator("#card .card-facts")).to_contain_text(":")


def test_files_that_come_at_the_third_request_are_shown(page: Page, host: StaticHost) -> None:
    host.failures = {"map.json": 2, "text.json": 2, "details-000.json": 2}
    page.goto(f"{host.origin}/maps/demo/{TEST_MODE}")
    page.wait_for_selector('html[data-state="ready"]')
    page.mouse.click(*page.evaluate("spotmap.positionOf(150)"))
    expect(page.locator("#card .card-facts")).to_contain_text(":")


@pytest.mark.parametrize("is_cut", [False, True])
def test_a_script_that_comes_damaged_later_on_is_named(page: Page, host: StaticHost, is_cut: bool) -> None:
    """Cut short, or a page of the host with status 200 in its place."""
    for name in ("describe.js", "picture.js"):
        file = host.root / "maps/demo" / data(name)
        file.write_bytes(file.read_bytes()[:5000] if is_cut else b"<!doctype html><title>Not found</title>")
    page.goto(f"{host.origin}/maps/demo/{TEST_MODE}")
    page.wait_for_selector('html[data-state="ready"]')
    page.locator("#search input").fill("slow")
    expect(page.locator(".search-status")).to_contain_text("describe.js could not be fetched")
    page.locator("#picture-button").click()
    page.get_by_role("button", name="SVG").click()
    expect(page.locator("#picture p")).to_contain_text("picture.js could not be fetched")


def test_a_clipboard_that_is_refused_leaves_another_way(page: Page, host: StaticHost) -> None:
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


def test_a_browser_that_does_not_let_the_page_draw_is_told_what_to_do(page: Page, host: StaticHost) -> None:
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
def test_a_browser_without_canvases_off_screen_draws_the_map(page: Page, host: StaticHost, script: str) -> None:
    page.add_init_script(script)
    page.goto(f"{host.origin}/maps/demo/")
    page.wait_for_selector('html[data-state="ready"]')
    page.evaluate("restore()")
    deadline_s = time.monotonic() + patience(10)
    while not all(page.evaluate(PAINTED_PIXELS, layer) > 1000 for layer in ("points", "boundaries", "labels")):
        assert time.monotonic() < deadline_s
        page.wait_for_timeout(50)


def test_a_host_that_serves_the_page_below_the_map_shows_it_or_says_so(page: Page, host: StaticHost) -> None:
    host.fallback, host.fallback_status = "maps/demo/index.html", 200
    page.goto(f"{host.origin}/maps/demo/x/y")
    expect(page.get_by_text("are missing beside this page")).to_be_visible()
    write_sample_site(host.root / "maps/demo", tracks=300, site_url=f"{host.origin}/maps/demo/")
    page.goto(f"{host.origin}/maps/demo/x/y")
    page.wait_for_selector('html[data-state="ready"]')


@pytest.mark.parametrize("is_known", [False, True])
def test_what_is_not_found_leads_to_the_map_from_any_depth(page: Page, host: StaticHost, is_known: bool) -> None:
    site_url = f"{host.origin}/maps/demo/" if is_known else ""
    write_sample_site(host.root / "maps/demo", tracks=300, site_url=site_url)
    host.fallback = "maps/demo/404.html"
    page.goto(f"{host.origin}/maps/demo/some/deep/path")
    expect(page.locator("main")).to_have_css("text-align", "center")
    page.get_by_role("link", name="Go to A sample library").click()
    page.wait_for_selector('html[data-state="ready"]')
    assert page.url == f"{host.origin}/maps/demo/"


def test_what_is_not_found_beside_every_map_has_no_link(page: Page, host: StaticHost) -> None:
    host.fallback = "maps/demo/404.html"
    with page.expect_response(f"{host.origin}/elsewhere/"):
        page.goto(f"{host.origin}/elsewhere/path")
    expect(page.get_by_text("Nothing is here")).to_be_visible()
    expect(page.locator("#home")).to_be_hidden()
