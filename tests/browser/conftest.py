"""A browser, a server below a sub-path, and pages that tolerate no error and no request to elsewhere."""

from __future__ import annotations

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
from playwright.sync_api import Browser, BrowserContext, BrowserType, Page, Request, expect, sync_playwright

from tests.fakes.audio_files import tune, write_audio
from tests.fakes.sample_site import write_sample_site
from tests.support.command import spotmap
from tests.support.pages import LONELY_TRACK, Site
from tests.support.patience import patience

SUB_PATH = "/some/where"
EXCERPT_S = 12
"""Longer than a busy machine takes to look whether one is heard."""
SIDE = 6
"""Of the grid of tracks with excerpts."""
LARGE = pytest.mark.xdist_group("100,000 tracks")
"""Tests of a site of so many are in one process, as it takes four seconds to make."""
HTTP_DATE_S = 5.0
BLOCKED = "Service Worker registration blocked by Playwright"
ONE_PROCESS = "--renderer-process-limit=1"
"""All pages of a context are in one process, as :class:`Contexts` would have it."""
MAX_CONTEXTS = 4
SYSTEM_BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The first that is there. The same engine without a window costs half the processor time for each page."""


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files without writing a line a request."""

    def send_head(self) -> Any:
        """Answer in full what was changed a moment ago: dates in HTTP have whole seconds, and tests are faster."""
        changed = Path(self.translate_path(self.path))
        changed = changed / "index.html" if changed.is_dir() else changed
        if changed.exists() and time.time() - changed.stat().st_mtime < HTTP_DATE_S:
            del self.headers["If-Modified-Since"]
        return super().send_head()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        pass


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium if there is one, else Playwright's own."""
    with sync_playwright() as playwright:
        expect.set_options(timeout=patience() * 1000)
        launched = launch(playwright.chromium)
        yield launched
        launched.close()


def launch(kind: BrowserType, *settings: str) -> Browser:
    """Start a browser of a kind, with settings of its own."""
    executable = next((found for name in SYSTEM_BROWSERS if (found := shutil.which(name))), None)
    args = ["--no-sandbox", ONE_PROCESS, *settings]
    return kind.launch(executable_path=executable, args=args, timeout=patience() * 1000)


@pytest.fixture(scope="session")
def web_root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """The folder behind the sub-path, and its address."""
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
    """Gives the site of so many invented tracks, made once."""
    root, url = web_root
    made: dict[int, Site] = {}

    def make(tracks: int) -> Site:
        if tracks not in made:
            write_sample_site(root / str(tracks), tracks=tracks)
            made[tracks] = Site(root / str(tracks), f"{url}{tracks}/")
        return made[tracks]

    return make


@pytest.fixture(scope="session")
def excerpts_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of tracks on a grid, those with an odd number in their title with an excerpt, by the real command."""
    folder = tmp_path_factory.mktemp("excerpts")
    for number in range(2):
        write_audio(folder / f"{number}.ogg", tune(16.0, rate_hz=16_000, seed=number), rate_hz=16_000)
    rows = [
        f"Title {number},{number % SIDE},{number // SIDE},{f'{number // 2 % 2}.ogg' if number % 2 else ''}"
        for number in range(SIDE * SIDE)
    ]
    (folder / "library.csv").write_text("\n".join(["title,x,y,path", *rows]) + "\n")
    made = spotmap("--source", "table:library.csv", "--excerpts", EXCERPT_S, "--log", "plain", cwd=folder)
    assert made.status == 0, made.stderr
    return folder / "site"


@pytest.fixture
def copied_site(sample: Callable[[int], Site], web_root: tuple[Path, str], tmp_path: Path) -> Site:
    """A copy of the sample site, for this test alone to damage."""
    root, url = web_root
    shutil.copytree(sample(300).folder, root / tmp_path.name)
    return Site(root / tmp_path.name, f"{url}{tmp_path.name}/")


@dataclass
class Complaints:
    """What went wrong in a page. A test that provokes an error takes it out with ``expect``."""

    host: str
    expected: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    forgiven: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("console", lambda message: self._note(f"console: {message.text}", message.type in ("error", "warning")))
        page.on("pageerror", lambda error: self._note(f"page error: {error}", True))
        page.on("request", self._check_request)

    def _note(self, text: str, is_complaint: bool) -> None:
        if is_complaint:
            is_expected = any(part in text for part in self.expected)
            (self.forgiven if is_expected else self.seen).append(text)

    def _check_request(self, request: Request) -> None:
        address = urlsplit(request.url)
        self._note(f"request to {request.url}", address.scheme != "data" and address.netloc != self.host)

    def expect(self, part: str) -> None:
        """One has come; others like it may still be on their way, as what the browser tells arrives late."""
        self.expected.append(part)
        assert any(part in text for text in self.seen), f"no complaint says {part!r}: {self.seen}"
        self.seen = [text for text in self.seen if part not in text]


@dataclass(frozen=True, slots=True)
class Viewer:
    """A page with the viewer in it, and what tests ask of it."""

    page: Page
    site: Site
    complaints: Complaints

    def position_of(self, track: int) -> tuple[float, float]:
        """Where the track is on the screen, pixels."""
        x, y = self.page.evaluate(f"spotmap.positionOf({track})")
        return x, y

    def state(self, name: str) -> Any:
        """One field of the viewer's state; ``hiddenClusters`` and the like come as lists."""
        return self.page.evaluate(
            f"(() => {{ const value = spotmap.state().{name}; return value instanceof Set ? [...value] : value; }})()"
        )

    def visible_count(self) -> int:
        return int(self.page.evaluate("spotmap.visibleCount()"))

    def track_in_view(self, divisor: int = 1) -> int:
        """A track well inside the window that no other track is close to, so that pointing at it is unambiguous. Its
        number is a multiple of ``divisor``."""
        return int(
            self.page.evaluate(
                LONELY_TRACK,
                divisor,
            )
        )

    def wait_until(self, expression: str, timeout_s: float = 5.0) -> None:
        """Ask until the expression is true. (Playwright's own way needs eval, which the page forbids.)"""
        deadline_s = time.monotonic() + patience(timeout_s)
        while not self.page.evaluate(expression):
            assert time.monotonic() < deadline_s, f"still not true: {expression}"
            self.page.wait_for_timeout(20)


class Contexts:
    """Contexts of a browser, each used by one test after the other, with nothing left in it from one to the next.

    A page of a new context takes a third more processor, as its process begins with nothing compiled. A page that stays
    open keeps that process; every test opens its own beside it. A page can leave something in a context by its storage
    only (and by its clock: tests that set one ask for a context of their own).
    """

    def __init__(self, browser: Browser, origin: str) -> None:
        self._browser = browser
        self._origin = origin
        self._kept: dict[str, Page] = {}
        self._taken: set[str] = set()
        self._own: list[BrowserContext] = []

    def can_clean(self, site: Site, options: dict[str, Any]) -> bool:
        """Whether nothing of a site stays in a context that is cleaned."""
        return site.url.startswith(self._origin) and options["service_workers"] == "block"

    def page(self, options: dict[str, Any], *, is_own: bool) -> Page:
        """Open a page in a context with these options: another one for each page of a test."""
        name = repr(sorted(options.items()))
        if is_own or name in self._taken:
            self._own.append(self._new(options))
            return self._own[-1].new_page()
        self._taken.add(name)
        if name not in self._kept:
            page = self._new(options).new_page()
            page.goto(self._origin)
            self._kept[name] = page
        self._kept[name] = self._kept.pop(name)  # the last one now, and so the last to go
        return self._kept[name].context.new_page()

    def clean(self) -> None:
        """Close what a test opened, and take away what it left."""
        for context in self._own:
            context.close()
        for name in self._taken:
            kept = self._kept[name]
            for page in kept.context.pages:
                if page is not kept:
                    page.close()
            kept.evaluate("localStorage.clear()")
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
    """Opens the sample site; afterwards, nothing may have complained."""
    opened: list[Viewer] = []

    def open_page(
        tracks: int = 300, *, state: str = "ready", site: Site | None = None, is_own: bool = False, **context: Any
    ) -> Viewer:
        site = site or sample(tracks)
        context.setdefault("viewport", {"width": 1280, "height": 800})
        context.setdefault("reduced_motion", "reduce")
        # A worker fetches the whole site for visits without network, and holds back requests that Playwright would see.
        context.setdefault("service_workers", "block")
        page = contexts.page(context, is_own=is_own or not contexts.can_clean(site, context))
        viewer = Viewer(page, site, Complaints(urlsplit(site.url).netloc, [BLOCKED]))
        viewer.complaints.watch(page)
        opened.append(viewer)
        page.goto(site.page)
        page.wait_for_selector(f'html[data-state="{state}"]')
        return viewer

    yield open_page
    contexts.clean()
    for viewer in opened:
        assert viewer.complaints.seen == []
