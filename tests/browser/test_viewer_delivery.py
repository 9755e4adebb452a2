"""Loading the page from disk, from a server, and offline from the service worker's cache."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from spotmap_build.emit.page import integrity
from tests.browser.conftest import QuietHandler
from tests.browser.test_viewer_newer_map import CHECK_INTERVAL_MS, wait_for_offer
from tests.browser.test_viewer_picture import saved, shapes, texts
from tests.fakes.next_sample_site import NEXT_GENERATION, republish
from tests.fakes.sample_site import GENERATION, art_names, write_sample_site
from tests.support.pages import TEST_MODE
from tests.support.patience import patience

pytestmark = pytest.mark.browser


REGISTER_WORKER = """async () => {
  const { installing, waiting, active } = await navigator.serviceWorker.register("sw.js");
  const worker = installing ?? waiting ?? active;
  while (!["activated", "redundant"].includes(worker.state)) {
    await new Promise((resolve) => worker.addEventListener("statechange", resolve, { once: true }));
  }
  return worker.state;
}"""
"""Registers the service worker and returns its final state: "redundant" if it could not cache its files."""

UPDATE_WORKER = """async () => {
  const found = await navigator.serviceWorker.getRegistration();
  await found.update().catch(() => undefined);
  const worker = found.installing ?? found.waiting;
  while (worker && !["installed", "activated", "redundant"].includes(worker.state)) {
    await new Promise((resolve) => worker.addEventListener("statechange", resolve, { once: true }));
  }
}"""


class Host:
    """A server that can be stopped and restarted on the same port. ``headers`` are added to every response."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.headers: dict[str, str] = {}
        self.server: ThreadingHTTPServer | None = None
        self.port = 0
        self.start()

    def start(self) -> None:
        headers = self.headers

        class Handler(QuietHandler):
            def end_headers(self) -> None:
                for name, value in headers.items():
                    self.send_header(name, value)
                super().end_headers()

        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), partial(Handler, directory=str(self.root)))
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    host = Host(tmp_path)
    yield host
    host.stop()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    context.set_default_timeout(patience() * 1000)
    yield context.new_page()
    context.close()


def visit(page: Page, url: str) -> None:
    page.goto(url + TEST_MODE)
    page.wait_for_selector('html[data-state="ready"]')


def visit_until_cached(page: Page, url: str) -> None:
    """Repeat visits until the page is loaded from the HTTP cache, which is written some time after a visit."""
    deadline_s = time.monotonic() + patience()
    visit(page, url)
    while page.evaluate("performance.getEntriesByType('navigation')[0].transferSize"):
        assert time.monotonic() < deadline_s, "the browser does not cache the page"
        page.goto("about:blank")
        visit(page, url)
    page.goto("about:blank")


def until(page: Page, expression: str) -> None:
    deadline_s = time.monotonic() + patience()
    while not page.evaluate(expression):
        assert time.monotonic() < deadline_s, f"timed out waiting for {expression}"
        page.wait_for_timeout(20)


def cached_generations(page: Page) -> list[str]:
    """Return the generations that the browser can show offline."""
    found: list[str] = page.evaluate(
        """async () => {
          const names = [];
          for (const name of await caches.keys()) {
            const page = await (await caches.open(name)).match(new URL("./", location.href).href);
            if (page) names.push(/data-generation="([^"]+)"/.exec(await page.text())[1]);
          }
          return names;
        }"""
    )
    return found


def wait_until_cached(page: Page, generation: str, *details: str) -> None:
    """Wait until the service worker has cached a generation and controls the page."""
    expected = [f"data/{generation}/{name}" for name in ("map.json", "text.json", *details)]
    until(
        page,
        f"""(async () => {{
          if (!navigator.serviceWorker.controller) return false;
          const found = await Promise.all({expected}.map((name) => caches.match(new URL(name, location.href).href)));
          return found.every(Boolean);
        }})()""",
    )


def raise_network_timeout(root: Path) -> None:
    """Raise the worker's network timeout, after which it serves the cached page: a busy machine may exceed it."""
    worker = root / "sw.js"
    changed = worker.read_text(encoding="utf-8").replace("PATIENCE_MS = 4000", "PATIENCE_MS = 60000")
    assert "60000" in changed
    worker.write_text(changed, encoding="utf-8")


def test_page_opens_from_disk(page: Page, tmp_path: Path) -> None:
    index = write_sample_site(tmp_path / "site with space", tracks=300)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    visit(page, index.as_uri())
    assert page.evaluate("spotmap.visibleCount()") == 300
    x, y = page.evaluate("spotmap.positionOf(150)")
    page.mouse.click(x, y)
    expect(page.locator("#card .card-title")).not_to_be_empty()
    expect(page.locator("#card .card-facts")).to_contain_text(":")
    page.keyboard.press("/")
    page.keyboard.type("a")
    expect(page.locator("#found li").first).to_be_visible()
    for _ in range(20):
        page.mouse.move(x, y)
        page.mouse.wheel(0, -240)
    expect(page.locator("canvas[data-layer=covers]")).to_be_visible()
    drawn = shapes(saved(page, "svg", tmp_path))
    assert drawn["circle"]
    assert not drawn["image"], "a page from disk may show covers but not read their pixels"
    assert saved(page, "seen", tmp_path).stat().st_size > 1000
    assert errors == []


@pytest.mark.parametrize("content", [None, b"", b'spotmapReceive("map.json","{'], ids=["absent", "empty", "cut"])
def test_incomplete_copy_of_a_site_names_the_missing_file(page: Page, tmp_path: Path, content: bytes | None) -> None:
    index = write_sample_site(tmp_path / "site", tracks=300)
    file = tmp_path / "site" / "data" / GENERATION / "map.json.js"
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    page.goto(index.as_uri())
    page.wait_for_selector('html[data-state="error"]')
    expect(page.locator("#notice")).to_contain_text("map.json.js is not beside this page")


@pytest.mark.parametrize("path", ["", "under/a/path"])
def test_map_opens_offline_after_one_visit(page: Page, host: Host, tmp_path: Path, path: str) -> None:
    write_sample_site(host.root / path, tracks=300)
    url = f"http://127.0.0.1:{host.port}/{path}{'/' if path else ''}"
    visit(page, url)
    wait_until_cached(page, GENERATION, "details-000.json", "picture.js")
    kept = page.evaluate(f"fetch('data/{GENERATION}/text.json').then((response) => response.text())")
    assert kept == (host.root / path / "data" / GENERATION / "text.json").read_text(encoding="utf-8")
    host.stop()
    page.goto("about:blank")
    visit(page, url)
    assert page.evaluate("spotmap.visibleCount()") == 300
    assert "300 tracks" in texts(saved(page, "svg", tmp_path))
    x, y = page.evaluate("spotmap.positionOf(150)")
    page.mouse.click(x, y)
    expect(page.locator("#card .card-facts")).to_contain_text(":")


def test_new_build_is_shown_at_the_next_visit_and_replaces_the_cached_one(page: Page, host: Host) -> None:
    write_sample_site(host.root, tracks=300)
    raise_network_timeout(host.root)
    url = f"http://127.0.0.1:{host.port}/"
    visit(page, url)
    wait_until_cached(page, GENERATION)
    republish(host.root)
    visit(page, url)
    expect(page.locator("h1")).to_have_text("A newer library")
    wait_until_cached(page, NEXT_GENERATION)
    until(page, f"caches.keys().then((names) => !names.some((name) => name.endsWith('{GENERATION}')))")
    assert cached_generations(page) == [NEXT_GENERATION]
    host.stop()
    visit(page, url)
    expect(page.locator("h1")).to_have_text("A newer library")


def test_worker_that_is_newer_than_its_page_caches_nothing(page: Page, host: Host) -> None:
    write_sample_site(host.root, tracks=300)
    url = f"http://127.0.0.1:{host.port}/"
    visit(page, url)
    wait_until_cached(page, GENERATION)
    old_page = (host.root / "index.html").read_bytes()
    republish(host.root)
    (host.root / "index.html").write_bytes(old_page)
    visit(page, url)
    page.evaluate(UPDATE_WORKER)
    assert cached_generations(page) == [GENERATION]
    host.stop()
    visit(page, url)
    expect(page.locator("h1")).to_have_text("A sample library")


def _digest_of_map(folder: Path) -> str:
    return integrity({path.name: path.read_bytes() for path in folder.iterdir()})["map.json"]


def test_script_for_point_sizes_is_cached_even_without_plays(page: Page, host: Host) -> None:
    write_sample_site(host.root, tracks=300)
    folder = host.root / "data" / GENERATION
    old = _digest_of_map(folder)
    document = json.loads((folder / "map.json").read_text(encoding="utf-8"))
    document["columns"]["facets"].remove("plays")
    (folder / "map.json").write_text(json.dumps(document), encoding="utf-8")
    new = _digest_of_map(folder)
    for file in (host.root / "sw.js", host.root / "index.html"):
        file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    visit(page, f"http://127.0.0.1:{host.port}/")
    wait_until_cached(page, GENERATION, "listening.js")


def test_damaged_file_prevents_caching_until_the_next_visit(page: Page, host: Host) -> None:
    """The browser caches nothing and tries again at the next visit, when the upload may be complete."""
    write_sample_site(host.root, tracks=300)
    url = f"http://127.0.0.1:{host.port}/"
    icon = host.root / "data" / GENERATION / "favicon.svg"
    intact = icon.read_bytes()
    icon.write_bytes(intact[: len(intact) // 2])
    visit(page, url)
    assert page.evaluate(REGISTER_WORKER) == "redundant"
    assert cached_generations(page) == []
    icon.write_bytes(intact)
    later_s = time.time() + 5
    os.utime(icon, (later_s, later_s))
    visit(page, url)
    wait_until_cached(page, GENERATION)


def test_damaged_cached_file_is_replaced(page: Page, host: Host) -> None:
    write_sample_site(host.root, tracks=300)
    url = f"http://127.0.0.1:{host.port}/"
    visit(page, url)
    wait_until_cached(page, GENERATION, "details-000.json")
    for name in ("map.json", "text.json", "details-000.json"):
        damaged = page.evaluate(
            """async (address) => {
              let damaged = 0;
              for (const name of await caches.keys()) {
                const cache = await caches.open(name);
                const kept = await (await cache.match(address))?.text();
                if (kept) await cache.put(address, new Response(kept.slice(0, kept.length / 2)));
                damaged += Number(Boolean(kept));
              }
              return damaged;
            }""",
            f"{url}data/{GENERATION}/{name}",
        )
        assert damaged == 1, name
        for _ in range(2):
            visit(page, url)
            page.mouse.click(*page.evaluate("spotmap.positionOf(150)"))
            expect(page.locator("#card .card-facts")).to_contain_text(":")
            host.stop()
        host.start()


def test_html_in_place_of_a_file_is_not_cached(page: Page, host: Host) -> None:
    """Some hosts return a page for missing files, as do networks that require a sign-in."""
    write_sample_site(host.root, tracks=300)
    cover = host.root / "art" / art_names()[0]
    script = host.root / "data" / GENERATION / "tools.js"
    intact = {file: file.read_bytes() for file in (cover, script)}
    for file in intact:
        file.unlink()
        file.mkdir()
        (file / "index.html").write_text("<!doctype html><title>Sign in</title>")
    url = f"http://127.0.0.1:{host.port}/"
    visit(page, url)
    wait_until_cached(page, GENERATION, "picture.js")
    # Bypass the HTTP cache, in which a file that changes within the same second counts as unchanged.
    read = "(address) => fetch(address, { cache: 'reload' }).then((response) => response.text())"
    for file, content in intact.items():
        address = url + file.relative_to(host.root).as_posix()
        assert "Sign in" in page.evaluate(read, address)
        shutil.rmtree(file)
        file.write_bytes(content)
        assert "Sign in" not in page.evaluate(read, address)


def test_files_come_from_the_host_if_the_cache_cannot_be_opened(page: Page, host: Host) -> None:
    write_sample_site(host.root, tracks=300)
    worker = host.root / "sw.js"
    worker.write_text(
        worker.read_text()
        + """
        self.addEventListener("message", ({ data }) => {
          const failure = new DOMException("Unexpected internal error", "UnknownError");
          if (data === "break") caches.open = () => Promise.reject(failure);
        });"""
    )
    url = f"http://127.0.0.1:{host.port}/"
    visit(page, url)
    wait_until_cached(page, GENERATION)
    page.evaluate("navigator.serviceWorker.controller.postMessage('break')")
    visit(page, url)
    assert page.evaluate("navigator.serviceWorker.controller.state") == "activated"


NEIGHBORS = ("art/index.html", "art/app.js", "art/0123456789abcdef.webp/index.html", "data/notes.html", "about.html")


def test_map_at_the_root_does_not_cache_other_pages(page: Page, host: Host) -> None:
    host.headers["Cache-Control"] = "no-store"
    write_sample_site(host.root, tracks=300)
    for name in NEIGHBORS:
        (host.root / name).parent.mkdir(parents=True, exist_ok=True)
        (host.root / name).write_text("version 1", encoding="utf-8")
    url = f"http://127.0.0.1:{host.port}/"
    visit(page, url)
    wait_until_cached(page, GENERATION)
    for version in ("version 1", "version 2"):
        for name in NEIGHBORS:
            (host.root / name).write_text(version, encoding="utf-8")
            page.goto(url + name.removesuffix("index.html"))
            assert page.locator("body").inner_text() == version
    kept = page.evaluate(
        """async () => {
          const caches_ = await Promise.all((await caches.keys()).map((name) => caches.open(name)));
          const requests = (await Promise.all(caches_.map((cache) => cache.keys()))).flat();
          return requests.map(({ url }) => new URL(url).pathname.slice(1));
        }"""
    )
    assert not set(kept) & {name.removesuffix("index.html") for name in NEIGHBORS}


@pytest.mark.parametrize("is_controlled", [True, False], ids=["with a worker", "without a worker"])
def test_new_build_is_shown_though_pages_may_be_cached_for_a_year(page: Page, host: Host, is_controlled: bool) -> None:
    host.headers["Cache-Control"] = "max-age=31536000"
    write_sample_site(host.root, tracks=300)
    raise_network_timeout(host.root)
    url = f"http://127.0.0.1:{host.port}/"
    if not is_controlled:  # like plain HTTP in a local network
        (host.root / "sw.js").unlink()
    visit(page, url)
    if is_controlled:
        wait_until_cached(page, GENERATION)
    page.goto("about:blank")
    republish(host.root, has_worker=is_controlled)
    visit(page, url)
    expect(page.locator("h1")).to_have_text("A newer library")


@pytest.mark.parametrize("event", ["WheelEvent('wheel')", "MouseEvent('click')"])
def test_page_in_use_offers_a_newer_map_instead_of_reloading(page: Page, host: Host, event: str) -> None:
    host.headers["Cache-Control"] = "max-age=31536000"
    write_sample_site(host.root, tracks=300)
    (host.root / "sw.js").unlink()
    url = f"http://127.0.0.1:{host.port}/"
    visit_until_cached(page, url)
    republish(host.root, has_worker=False)
    page.add_init_script(f"addEventListener('DOMContentLoaded', () => dispatchEvent(new {event}))")
    visit(page, url)
    expect(page.locator("#newer")).to_contain_text("There is a newer map")
    expect(page.locator("h1")).to_have_text("A sample library")
    page.locator("#newer [data-action=reload]").click()
    expect(page.locator("h1")).to_have_text("A newer library")


def test_open_page_offers_a_newer_map_once(page: Page, host: Host) -> None:
    page.clock.install()
    write_sample_site(host.root, tracks=300)
    raise_network_timeout(host.root)
    visit(page, f"http://127.0.0.1:{host.port}/")
    expect(page.locator("#newer")).to_be_hidden()
    republish(host.root)
    wait_for_offer(page)
    page.locator("#newer [data-action=close]").click()
    with page.expect_request_finished(lambda request: request.resource_type == "fetch" and "?test" in request.url):
        page.clock.fast_forward(CHECK_INTERVAL_MS)
    page.evaluate("fetch(location.href).then((response) => response.text())")  # answered after that
    expect(page.locator("#newer")).to_be_hidden()


COVERS = """async () => {
  const name = (await caches.keys()).find((name) => name.endsWith(":art"));
  return (await (await caches.open(name)).keys()).map(({ url }) => url.split("/").at(-1));
}"""


def test_covers_that_no_generation_lists_are_deleted(page: Page, host: Host) -> None:
    write_sample_site(host.root, tracks=300)
    url = f"http://127.0.0.1:{host.port}/"
    visit(page, url)
    wait_until_cached(page, GENERATION)
    listed, unlisted = art_names()[:2]
    for name in (listed, unlisted):
        page.evaluate("(name) => fetch(`art/${name}`).then((response) => response.arrayBuffer())", name)
    until(page, f"({COVERS})().then((names) => names.length === 2)")
    republish(host.root)
    marker = {"generations": [{"name": NEXT_GENERATION, "files": [f"art/{listed}"]}]}
    (host.root / "spotmap-site.json").write_text(json.dumps(marker), encoding="utf-8")
    visit(page, url)
    wait_until_cached(page, NEXT_GENERATION)
    until(page, f"({COVERS})().then((names) => names.join() === '{listed}')")


@pytest.mark.parametrize("successor", ["", "<p>Another site</p>"], ids=["nothing", "another page"])
def test_removed_map_deletes_its_worker_and_caches(page: Page, host: Host, successor: str) -> None:
    write_sample_site(host.root, tracks=300)
    url = f"http://127.0.0.1:{host.port}/"
    visit(page, url)
    wait_until_cached(page, GENERATION)
    (host.root / "sw.js").unlink()
    (host.root / "index.html").unlink()
    if successor:
        (host.root / "index.html").write_text(successor, encoding="utf-8")
    page.goto(url)
    until(page, "navigator.serviceWorker.getRegistration().then((found) => !found)")
    until(page, "caches.keys().then((names) => names.length === 0)")


def test_worker_stays_while_the_page_requires_a_sign_in(page: Page, host: Host) -> None:
    write_sample_site(host.root, tracks=300)
    url = f"http://127.0.0.1:{host.port}/"
    visit(page, url)
    wait_until_cached(page, GENERATION)
    (host.root / "index.html").write_text("<p>Sign in first</p>", encoding="utf-8")
    page.goto(url)
    expect(page.locator("p")).to_have_text("Sign in first")
    host.stop()
    visit(page, url)
    expect(page.locator("h1")).to_have_text("A sample library")
