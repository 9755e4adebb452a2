"""A browser, a server with a sub-path, and pages in which any error or request to another host fails the test."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, BrowserType, Page, Request, Route, expect, sync_playwright

from spotmap_build.emit.preview import open_server
from tests.fakes.audio_files import tune, write_audio
from tests.fakes.sample_site import GENERATION, write_sample_site
from tests.support.command import spotmap
from tests.support.pages import LONELY_TRACK, Site
from tests.support.patience import patience

SUB_PATH = "/some/where"
EXCERPT_S = 12
"""Longer than a busy machine needs to check whether an excerpt plays."""
SIDE = 6
"""Side of the grid of tracks with excerpts."""
LARGE = pytest.mark.xdist_group("100,000 tracks")
"""Runs tests of a site of this size in one worker, because it takes four seconds to write."""
HTTP_DATE_S = 5.0
BLOCKED = "Service Worker registration blocked by Playwright"
ONE_PROCESS = "--renderer-process-limit=1"
"""Runs all pages of a context in one process, on which :class:`Contexts` relies."""
MAX_CONTEXTS = 4
SYSTEM_BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The first one found is used. The headless shell needs half the processor time per page."""


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files without logging requests."""

    def send_head(self) -> Any:
        """Never answer "not modified" for recently changed files: HTTP dates have a resolution of one second."""
        changed = Path(self.translate_path(self.path))
        changed = changed / "index.html" if changed.is_dir() else changed
        if changed.exists() and time.time() - changed.stat().st_mtime < HTTP_DATE_S:
            del self.headers["If-Modified-Since"]
        return super().send_head()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        pass


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium if there is one, otherwise Playwright's."""
    with sync_playwright() as playwright:
        expect.set_options(timeout=patience() * 1000)
        launched = launch(playwright.chromium)
        yield launched
        launched.close()


def launch(kind: BrowserType, *settings: str) -> Browser:
    """Start a browser with additional command-line settings."""
    executable = next((found for name in SYSTEM_BROWSERS if (found := shutil.which(name))), None)
    args = ["--no-sandbox", ONE_PROCESS, *settings]
    return kind.launch(executable_path=executable, args=args, timeout=patience() * 1000)


@pytest.fixture(scope="session")
def web_root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """The folder that is served at the sub-path, and its URL."""
    root = tmp_path_factory.mktemp("web")
    folder = root.joinpath(*SUB_PATH.strip("/").split("/"))
    folder.mkdir(parents=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(root)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}{SUB_PATH}/"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def sample(web_root: tuple[Path, str]) -> Callable[[int], Site]:
    """Return a function that writes the site of a number of made-up tracks, once per number."""
    root, url = web_root
    written: dict[int, Site] = {}

    def make(tracks: int) -> Site:
        if tracks not in written:
            write_sample_site(root / str(tracks), tracks=tracks)
            written[tracks] = Site(root / str(tracks), f"{url}{tracks}/")
        return written[tracks]

    return make


@pytest.fixture(scope="session")
def excerpts_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real site of tracks on a grid; those with an odd number in their title have an excerpt."""
    folder = tmp_path_factory.mktemp("excerpts")
    for number in range(2):
        write_audio(folder / f"{number}.ogg", tune(16.0, rate_hz=16_000, seed=number), rate_hz=16_000)
    rows = [
        f"Title {number},{number % SIDE},{number // SIDE},{f'{number // 2 % 2}.ogg' if number % 2 else ''}"
        for number in range(SIDE * SIDE)
    ]
    (folder / "library.csv").write_text("\n".join(["title,x,y,path", *rows]) + "\n")
    outcome = spotmap("--source", "table:library.csv", "--excerpts", EXCERPT_S, "--log", "plain", cwd=folder)
    assert outcome.status == 0, outcome.stderr
    return folder / "site"


@pytest.fixture(scope="module")
def with_excerpts(excerpts_folder: Path) -> Iterator[Site]:
    """A map in the preview in which half of the tracks have an excerpt."""
    with open_server(excerpts_folder, 0) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield Site(excerpts_folder, server.url)
        server.shutdown()


@pytest.fixture
def copied_site(sample: Callable[[int], Site], web_root: tuple[Path, str], tmp_path: Path) -> Site:
    """A copy of the sample site that a test may modify."""
    root, url = web_root
    shutil.copytree(sample(300).folder, root / tmp_path.name)
    return Site(root / tmp_path.name, f"{url}{tmp_path.name}/")


@dataclass
class Complaints:
    """Errors and foreign requests of a page. A test that provokes one removes it with ``expect``."""

    host: str
    expected: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("console", lambda message: self._note(f"console: {message.text}", message.type in ("error", "warning")))
        page.on("pageerror", lambda error: self._note(f"page error: {error}", True))
        page.on("request", self._check_request)

    def _note(self, text: str, is_complaint: bool) -> None:
        if is_complaint:
            is_expected = any(part in text for part in self.expected)
            (self.ignored if is_expected else self.seen).append(text)

    def _check_request(self, request: Request) -> None:
        address = urlsplit(request.url)
        self._note(f"request to {request.url}", address.scheme != "data" and address.netloc != self.host)

    def expect(self, part: str) -> None:
        """Assert that a complaint contains ``part``, and ignore all that do, including those that arrive later."""
        self.expected.append(part)
        assert any(part in text for text in self.seen), f"no complaint says {part!r}: {self.seen}"
        self.seen = [text for text in self.seen if part not in text]


# The service worker would fetch the complete site and hide requests from Playwright.
CONTEXT: dict[str, Any] = {
    "viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce", "service_workers": "block"
}  # fmt: skip
"""The options of a page's context, unless a test has others."""
PHONE: dict[str, Any] = {"has_touch": True, "is_mobile": True, "viewport": {"width": 390, "height": 844}}


class Held:
    """Withholds the files of a page until they are released."""

    def __init__(self, page: Page, files: str) -> None:
        self._routes: list[Route] = []
        self._answer: Callable[[Route], None] = self._routes.append
        page.route(files, self._on_request)

    def release(self) -> None:
        self._settle(lambda route: route.continue_())

    def abort(self) -> None:
        self._settle(lambda route: route.abort())

    def _on_request(self, route: Route) -> None:
        self._answer(route)

    def _settle(self, answer: Callable[[Route], None]) -> None:
        self._answer = answer
        for route in self._routes:
            answer(route)


@dataclass(frozen=True, slots=True)
class Viewer:
    """A page with the viewer, and helpers of its tests."""

    page: Page
    site: Site
    complaints: Complaints

    def position_of(self, track: int) -> tuple[float, float]:
        """Return the position of a track on the screen in pixels."""
        x, y = self.page.evaluate(f"spotmap.positionOf({track})")
        return x, y

    def state(self, name: str) -> Any:
        """Return a field of the viewer's state; sets such as ``hiddenClusters`` become lists."""
        return self.page.evaluate(
            f"(() => {{ const value = spotmap.state().{name}; return value instanceof Set ? [...value] : value; }})()"
        )

    def details(self) -> Any:
        """Return the details of the first tracks, from the sample site's file."""
        return json.loads((self.site.folder / "data" / GENERATION / "details-000.json").read_text())

    def visible_count(self) -> int:
        return int(self.page.evaluate("spotmap.visibleCount()"))

    def track_in_view(self, divisor: int = 1) -> int:
        """Return a track inside the window and far from all others, whose index is a multiple of ``divisor``."""
        return int(self.page.evaluate(LONELY_TRACK, divisor))

    def record_requests(self) -> list[str]:
        """Return a list that collects the names of the data files that are requested from now on."""
        names: list[str] = []

        def note(request: Request) -> None:
            # Not the page itself, which asks for a newer map at any time.
            if "/data/" in request.url:
                names.append(request.url.rpartition("/")[2])

        self.page.on("request", note)
        return names

    def type_query(self, query: str) -> list[int]:
        """Type a query that names tracks, wait until the search is finished, and return the tracks."""
        self.page.keyboard.press("/")
        self.page.keyboard.type(query)
        self.wait_until(f"spotmap.state().query === {json.dumps(query)}")
        matches: list[int] = self.state("matches")
        return matches

    def wait_until(self, expression: str, timeout_s: float = 5.0) -> None:
        """Poll until the expression is true. (Playwright's own method needs eval, which the page forbids.)"""
        deadline_s = time.monotonic() + patience(timeout_s)
        while not self.page.evaluate(expression):
            assert time.monotonic() < deadline_s, f"timed out waiting for {expression}"
            self.page.wait_for_timeout(20)


OpenViewer = Callable[..., Viewer]


class Contexts:
    """Browser contexts that are reused by successive tests and cleaned in between.

    A page of a new context needs a third more processor time, because its process has no compiled code yet. Therefore,
    one page of each context stays open to keep the process, and every test opens its own page in the context. What can
    be set for a page (the size of the window, the color scheme) needs no context of its own. Only the storage of pages
    has to be cleaned (and tests that set the clock use a separate context).
    """

    def __init__(self, browser: Browser, origin: str) -> None:
        self._browser = browser
        self._origin = origin
        self._kept: dict[str, Page] = {}
        self._taken: dict[str, str] = {}
        """The origin of the site that is open in each context."""
        self._own: list[BrowserContext] = []

    def can_clean(self, site: Site, options: dict[str, Any]) -> bool:
        """Return whether cleaning a context removes everything that the site can store in it."""
        return site.url.startswith("http://127.0.0.1:") and options["service_workers"] == "block"

    def page(self, site: Site, options: dict[str, Any], *, is_own: bool = False) -> Page:
        """Open a page in a context with these options; each page of a test has a different context."""
        shared = {name: value for name, value in options.items() if name not in {"viewport", "color_scheme"}}
        name = repr(sorted(shared.items()))
        while name in self._taken:
            name += " again"
        if is_own:
            self._own.append(self._new(options))
            return self._own[-1].new_page()
        self._taken[name] = "{0.scheme}://{0.netloc}".format(urlsplit(site.url))
        if name not in self._kept:
            page = self._new(shared).new_page()
            page.goto(self._origin)
            self._kept[name] = page
        self._kept[name] = self._kept.pop(name)  # now the most recently used, so the last to be closed
        page = self._kept[name].context.new_page()
        page.set_viewport_size(options["viewport"])
        page.emulate_media(color_scheme=options.get("color_scheme"))
        return page

    def clean(self) -> None:
        """Close the pages of a test and clear their storage."""
        for context in self._own:
            context.close()
        for name, origin in self._taken.items():
            kept = self._kept[name]
            for page in kept.context.pages:
                if page is not kept:
                    page.close()
            session = kept.context.new_cdp_session(kept)
            session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "local_storage"})
            session.detach()
        while len(self._kept) > MAX_CONTEXTS:
            self._kept.pop(next(iter(self._kept))).context.close()
        self._own.clear()
        self._taken.clear()

    def _new(self, options: dict[str, Any]) -> BrowserContext:
        context = self._browser.new_context(**options)
        context.set_default_timeout(patience() * 1000)
        return context


@pytest.fixture(scope="session")
def contexts(browser: Browser, web_root: tuple[Path, str]) -> Contexts:
    """Contexts for pages of the server."""
    return Contexts(browser, web_root[1])


@pytest.fixture
def open_viewer(contexts: Contexts, sample: Callable[[int], Site]) -> Iterator[Callable[..., Viewer]]:
    """Return a function that opens a site; after the test, there must be no complaints."""
    opened: list[Viewer] = []

    def open_page(
        tracks: int = 300,
        *,
        state: str = "ready",
        site: Site | None = None,
        link: str = "",
        is_own: bool = False,
        **context: Any,
    ) -> Viewer:
        site = site or sample(tracks)
        context = CONTEXT | context
        page = contexts.page(site, context, is_own=is_own or not contexts.can_clean(site, context))
        viewer = Viewer(page, site, Complaints(urlsplit(site.url).netloc, [BLOCKED]))
        viewer.complaints.watch(page)
        opened.append(viewer)
        page.goto(site.page + link)
        page.wait_for_selector(f'html[data-state="{state}"]')
        return viewer

    yield open_page
    contexts.clean()
    for viewer in opened:
        assert viewer.complaints.seen == []
