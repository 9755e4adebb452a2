"""The viewer's main features in Firefox and WebKit, served and opened as a file.

The details are tested in Chromium; these tests cover differences between engines.
"""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import pytest

from tests.browser.conftest import QuietHandler
from tests.browser.engines import EngineUnavailable, Window, firefox, webkit
from tests.fakes.next_sample_site import republish
from tests.support.pages import LONELY_TRACK, PAINTED_PIXELS, SILENT, SOUNDING, TEST_MODE, Site
from tests.support.patience import patience

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("other engines"),  # one worker, so that each engine starts once
    # Warnings of the drivers' packages.
    pytest.mark.filterwarnings("ignore:distro.linux_distribution:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:'telnetlib' is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:setting remote_server_addr:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]

ENGINES = {"firefox": firefox, "webkit": webkit}
ENTER = "\ue007"
LISTENER = """var complaints = [];
for (const kind of ["error", "unhandledrejection", "securitypolicyviolation"])
  addEventListener(kind, (event) => {
    const { message, reason, violatedDirective, target } = event;
    complaints.push(`${kind}: ${message ?? reason ?? violatedDirective ?? target?.outerHTML}`);
  }, true);
for (const level of ["error", "warn"]) console[level] = (...said) => complaints.push(said.join(" "));
const { play } = HTMLMediaElement.prototype;
HTMLMediaElement.prototype.play = function () {
  this.taken ??= this.mozCaptureStream?.();
  return play.call(this);
};
"""
"""Collects errors in the page itself, because WebKit's driver does not expose the console.

On a machine without a sound card, Firefox plays audio only if it is captured as a stream.
"""
DRAWING = """const canvas = document.querySelector('canvas[data-layer="points"]');
  return canvas.width && canvas.toDataURL();"""

LATE_S = 0.5
"""Delay of the style sheet, by which the script arrives first."""
PRELOAD = '<link rel="preload"'
"""A page opened as a file loads its data from scripts; browsers refuse its preload links."""


@pytest.fixture(scope="module", params=list(ENGINES))
def window(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    """A window of each engine, opened once per engine."""
    log = tmp_path_factory.mktemp(request.param) / "log.txt"
    try:
        with ENGINES[request.param](log) as opened:
            yield opened
    except EngineUnavailable as unavailable:
        pytest.skip(f"{request.param} is skipped: {unavailable} (`make engines` installs it if possible)")


READY: Final = "document.documentElement.dataset.state === 'ready'"


@dataclass(frozen=True, slots=True)
class SamplePage:
    """The page of a site in an engine."""

    window: Window
    titles: tuple[str, ...]

    def ask(self, expression: str, *arguments: object) -> Any:
        return self.window.run(f"return {expression};", *arguments)

    def wait_until(self, expression: str, *arguments: object, timeout_s: float = 30.0) -> None:
        deadline_s = time.monotonic() + patience(timeout_s)
        while not self.ask(expression, *arguments):
            assert time.monotonic() < deadline_s, f"timed out waiting for {expression}"
            time.sleep(0.02)

    def complaints(self) -> list[str]:
        """Return the errors since the page was loaded."""
        return [text for text in self.ask("complaints") if PRELOAD not in text]

    def wait_until_ready(self) -> None:
        self.wait_until(READY)

    def wait_for_card_of(self, track: int) -> None:
        """Wait until the card is visible and shows the track's title."""
        self.wait_until(
            """(card => card.checkVisibility() && card.querySelector(".card-title")?.textContent === arguments[0])
            (document.querySelector("#card"))""",
            self.titles[track],
        )

    def lonely_track(self) -> int:
        return int(self.ask(f"({LONELY_TRACK})(1)"))

    def position_of(self, track: int) -> tuple[float, float]:
        x, y = self.ask("spotmap.positionOf(arguments[0])", track)
        return x, y

    def click_on(self, selector: str) -> None:
        """Click at the center of an element, even if another element covers it."""
        x, y = self.window.run(
            """const found = document.querySelector(arguments[0]);
            found.scrollIntoView({ block: "nearest" });
            const { x, y, width, height } = found.getBoundingClientRect();
            return [x + width / 2, y + height / 2];""",
            selector,
        )
        self.window.click(x, y)


@pytest.fixture(params=["http", "file"])
def address(request: pytest.FixtureRequest) -> Callable[[Site], str]:
    """The URL of a site on a server, or of its page as a file."""
    if request.param == "http":
        return lambda site: site.page
    return lambda site: (site.folder / "index.html").as_uri() + TEST_MODE


@pytest.fixture
def monitored_site(copied_site: Site) -> Site:
    """A copy of the sample site whose page collects errors."""
    return with_listener(copied_site)


def with_listener(site: Site) -> Site:
    """Add the error collector to the page of a site."""
    site.folder.joinpath("listener.js").write_text(LISTENER, encoding="utf-8")
    page = site.folder / "index.html"
    before, first_script, after = page.read_text(encoding="utf-8").partition("<script ")
    assert first_script
    page.write_text(f'{before}<script src="listener.js"></script>{first_script}{after}', encoding="utf-8")
    return site


def open_until(page: SamplePage, address: str, expression: str = READY) -> None:
    """Open a page and retry, because WebKit's driver sometimes reports success but shows nothing."""
    deadline_s = time.monotonic() + patience()
    attempt_s = 3.0
    while True:
        page.window.open("about:blank")
        page.window.open(address)
        attempt_deadline_s = time.monotonic() + attempt_s
        while time.monotonic() < attempt_deadline_s:
            if page.ask(expression):
                return
            time.sleep(0.02)
        assert time.monotonic() < deadline_s, f"timed out waiting for {expression} at {address}"
        attempt_s *= 2


@pytest.fixture
def opened(window: Window, monitored_site: Site, address: Callable[[Site], str]) -> Iterator[SamplePage]:
    """The page of the sample site, in which there must be no errors after the test."""
    with opening(window, monitored_site, address(monitored_site)) as page:
        yield page


@pytest.fixture
def excerpts_page(
    window: Window,
    excerpts_folder: Path,
    web_root: tuple[Path, str],
    tmp_path: Path,
    address: Callable[[Site], str],
) -> Iterator[SamplePage]:
    """The page of a site with excerpts, in which there must be no errors after the test."""
    root, url = web_root
    site = Site(shutil.copytree(excerpts_folder, root / tmp_path.name), f"{url}{tmp_path.name}/")
    with opening(window, with_listener(site), address(site)) as page:
        yield page


@contextmanager
def opening(window: Window, site: Site, address: str) -> Iterator[SamplePage]:
    """Open the page of a site; at the end of the block, there must be no errors."""
    text = json.loads(next(site.folder.glob("data/*/text.json")).read_text(encoding="utf-8"))
    page = SamplePage(window, tuple(text["titles"].split("\n")))
    open_until(page, address)
    yield page
    assert page.complaints() == []


def test_map_pinning_colors_links_and_search(opened: SamplePage) -> None:
    for layer in ("boundaries", "points", "labels"):
        opened.wait_until(f"({PAINTED_PIXELS})(arguments[0]) > 500", layer)
    track = opened.lonely_track()
    opened.window.point_at(*opened.position_of(track))
    opened.wait_for_card_of(track)
    assert opened.ask("spotmap.state().pinned") == -1
    before = opened.window.run(DRAWING)
    opened.click_on('[data-color-by="playlist"]')
    opened.wait_until("spotmap.state().colorBy === 'playlist'")
    opened.wait_until(f"(() => {{ {DRAWING} }})() !== arguments[0]", before)
    opened.wait_until("location.hash.includes('by=playlist')")
    opened.window.click(*opened.position_of(track))
    opened.wait_until("spotmap.state().pinned === arguments[0]", track)
    opened.window.point_at(640, 3)
    opened.wait_for_card_of(track)
    opened.wait_until("location.hash.includes('track=')")
    assert opened.complaints() == []
    opened.window.reload()
    opened.wait_until_ready()
    opened.wait_for_card_of(track)
    assert opened.ask("spotmap.state().colorBy") == "playlist"
    opened.window.run("history.back();")
    opened.wait_until("spotmap.state().pinned === -1")
    assert opened.ask("spotmap.state().colorBy") == "playlist"
    check_search_flies_to_a_track(opened)


def check_search_flies_to_a_track(opened: SamplePage) -> None:
    every_title = "\n".join(opened.titles).lower()
    track = next(i for i, title in enumerate(opened.titles) if every_title.count(title[:7].lower()) == 1)
    scale = opened.ask("spotmap.state().transform.k")
    opened.window.press("/")
    opened.window.press(opened.titles[track][:7].lower())
    opened.wait_until("spotmap.state().matches?.includes(arguments[0])", track)
    opened.window.press(ENTER)
    opened.wait_for_card_of(track)
    opened.wait_until("spotmap.state().transform.k > arguments[0] * 1.5", scale)
    x, y = opened.position_of(track)
    width, height = opened.ask("[innerWidth, innerHeight]")
    assert 0 < x < width
    assert 0 < y < height


OVERFLOWS = "(list => list.scrollHeight > list.clientHeight)(document.querySelector(arguments[0]))"


def test_artists_pictures_and_selections(opened: SamplePage, monitored_site: Site) -> None:
    check_artist_is_found_drawn_and_named_on_cards(opened)
    if opened.ask("location.protocol") == "file:":  # there, more can make a canvas unreadable
        check_view_is_saved_as_a_large_picture(opened, monitored_site)
    else:
        check_scrollbars_do_not_cover_buttons(opened)


def check_artist_is_found_drawn_and_named_on_cards(opened: SamplePage) -> None:
    opened.window.press("/")
    opened.window.press("okafor")
    opened.wait_until("document.querySelector('.found-collection')?.checkVisibility()")
    opened.click_on(".found-collection")
    opened.wait_until("document.querySelector('.collection-name')?.checkVisibility()")
    opened.wait_until(f"({PAINTED_PIXELS})(arguments[0]) > 500", "marks")
    opened.click_on(".picks-row .picks-names")
    opened.wait_until("document.querySelector('.card-artists .name-button')?.checkVisibility()")
    # The names are on one line.
    assert opened.ask("document.querySelector('.card-artists').getBoundingClientRect().height") < 60


SAVING = """var saved = null;
addEventListener("click", (event) => event.target.download && event.preventDefault(), true);
URL.createObjectURL = (file) => {
  createImageBitmap(file).then((picture) => {
    const { width, height } = picture;
    const small = new OffscreenCanvas(200, 200).getContext("2d");
    small.drawImage(picture, 0, 0, 200, 200);
    const colors = new Set(new Uint32Array(small.getImageData(0, 0, 200, 200).data.buffer));
    saved = [file.type, Math.max(width, height), colors.size];
  });
  return "data:,";
};
URL.revokeObjectURL = () => {};
"""
"""Records files instead of saving them."""


def check_view_is_saved_as_a_large_picture(opened: SamplePage, monitored_site: Site) -> None:
    # In Firefox, scripts run by the driver cannot replace functions of the page, so this is a file of the site.
    monitored_site.folder.joinpath("saving.js").write_text(SAVING, encoding="utf-8")
    opened.window.run("document.head.append(Object.assign(document.createElement('script'), { src: 'saving.js' }))")
    opened.wait_until("typeof saved === 'object'")
    opened.click_on("#picture-button")
    opened.wait_until("!document.querySelector('#picture').hidden")
    opened.click_on("[data-picture=large]")
    opened.wait_until("saved !== null")
    kind, side, colors = opened.ask("saved")
    assert kind == "image/png"
    assert side == 4000
    assert colors > 100


def check_scrollbars_do_not_cover_buttons(opened: SamplePage) -> None:
    opened.click_on('[data-color-by="playlist"]')
    opened.wait_until(OVERFLOWS, ".legend-scroll")
    opened.click_on(".legend-about")
    opened.wait_until("document.querySelector('.legend-about').getAttribute('aria-expanded') === 'true'")
    opened.window.press("/an")
    opened.wait_until("document.querySelector('[data-action=select-found]').checkVisibility()")
    opened.click_on("[data-action=select-found]")
    opened.wait_until(OVERFLOWS, ".picks-list")
    count = opened.ask("spotmap.state().selected.length")
    opened.click_on(".picks-row [data-action=remove]")
    opened.wait_until("spotmap.state().selected.length === arguments[0] - 1", count)


def track_with_excerpt(excerpts_page: SamplePage, has_excerpt: bool) -> int:
    return next(
        track for track, title in enumerate(excerpts_page.titles) if (int(title.split()[1]) % 2 == 1) is has_excerpt
    )


def test_excerpts_play_in_the_player_and_by_pointing(excerpts_page: SamplePage) -> None:
    track = track_with_excerpt(excerpts_page, True)
    excerpts_page.window.click(*excerpts_page.position_of(track))
    excerpts_page.wait_for_card_of(track)
    excerpts_page.click_on("#card [data-action='listen']")
    excerpts_page.wait_until("document.querySelector('#player audio')?.currentTime > 0.2")
    assert "/audio/" in excerpts_page.ask("document.querySelector('#player audio').currentSrc")
    excerpts_page.click_on("#glide-button")
    excerpts_page.wait_until("document.querySelector('#player').hidden")
    excerpts_page.window.point_at(*excerpts_page.position_of(track))
    excerpts_page.wait_until(SOUNDING)
    excerpts_page.window.point_at(*excerpts_page.position_of(track_with_excerpt(excerpts_page, False)))
    excerpts_page.wait_until(SILENT)


def test_new_build_is_shown_at_the_next_visit(window: Window, copied_site: Site) -> None:
    opened = SamplePage(window, ())
    open_until(opened, copied_site.page)
    if opened.ask("isSecureContext && 'serviceWorker' in navigator"):
        opened.wait_until("navigator.serviceWorker.controller !== null")
    republish(copied_site.folder)
    open_until(opened, copied_site.page, "document.querySelector('h1')?.textContent === 'A newer library'")


def test_viewer_waits_for_a_late_style_sheet(window: Window, copied_site: Site) -> None:
    class LateStyle(QuietHandler):
        def send_head(self) -> Any:
            if self.path.endswith(".css"):
                time.sleep(LATE_S)
            return super().send_head()

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(LateStyle, directory=str(copied_site.folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        opened = SamplePage(window, ())
        state = "document.documentElement.dataset.state"
        open_until(
            opened, f"http://127.0.0.1:{server.server_port}/{TEST_MODE}", f"['ready', 'error'].includes({state})"
        )
        assert opened.ask(state) == "ready"
    finally:
        server.shutdown()
        server.server_close()


def test_error_collector_records_errors_and_policy_violations(
    window: Window, monitored_site: Site, address: Callable[[Site], str]
) -> None:
    next(monitored_site.folder.glob("data/*/viewer.js")).write_text("not.there();", encoding="utf-8")
    window.open(address(monitored_site))
    window.run("new Image().src = 'http://127.0.0.1:9/elsewhere.png';")
    SamplePage(window, ()).wait_until("complaints.some((text) => text.startsWith('error: '))")
    SamplePage(window, ()).wait_until("complaints.includes('securitypolicyviolation: img-src')")
