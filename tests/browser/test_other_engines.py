"""The viewer in Firefox and in WebKit, served and opened as a file: what a person does first, in each of them.

What the viewer does in detail is tested in Chromium; here it is shown that the other engines do not stand in its way.
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
from tests.browser.engines import EngineAbsent, Window, firefox, webkit
from tests.fakes.next_sample_site import republish
from tests.support.pages import LONELY_TRACK, PAINTED_PIXELS, SILENT, SOUNDING, TEST_MODE, Site
from tests.support.patience import patience

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("other engines"),  # one process, so that each engine starts once
    # What the drivers' packages leave undone.
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
"""Keeps what goes wrong in a page. WebKit's driver gives away nothing of its console, so the page must tell itself.

On a machine without a sound card, Firefox plays only what is listened to by something else: by a stream.
"""
DRAWING = """const canvas = document.querySelector('canvas[data-layer="points"]');
  return canvas.width && canvas.toDataURL();"""

LATE_S = 0.5
"""By which the script is there long before the style sheet."""
PRELOAD = '<link rel="preload"'
"""Opened as a file, the page takes its data from scripts, and what it would have preloaded from a server is refused."""


@pytest.fixture(scope="module", params=list(ENGINES))
def window(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    """A window of each engine, opened once."""
    log = tmp_path_factory.mktemp(request.param) / "log.txt"
    try:
        with ENGINES[request.param](log) as opened:
            yield opened
    except EngineAbsent as absent:
        pytest.skip(f"{request.param} is not tried: {absent} (`make engines` installs it where it can)")


READY: Final = "document.documentElement.dataset.state === 'ready'"


@dataclass(frozen=True, slots=True)
class Opened:
    """The sample site's page in an engine."""

    window: Window
    titles: tuple[str, ...]

    def ask(self, expression: str, *arguments: object) -> Any:
        return self.window.run(f"return {expression};", *arguments)

    def wait_until(self, expression: str, *arguments: object, timeout_s: float = 30.0) -> None:
        deadline_s = time.monotonic() + patience(timeout_s)
        while not self.ask(expression, *arguments):
            assert time.monotonic() < deadline_s, f"still not true: {expression}"
            time.sleep(0.02)

    def complaints(self) -> list[str]:
        """What went wrong since the page was loaded."""
        return [said for said in self.ask("complaints") if PRELOAD not in said]

    def wait_until_ready(self) -> None:
        self.wait_until(READY)

    def wait_for_card_of(self, track: int) -> None:
        """Until the card is to be seen and has the track's title."""
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
        """Click in the middle of what the selector finds, whatever may lie on it there."""
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
    """How a site is opened: from a server, or by a double-click on its page."""
    if request.param == "http":
        return lambda site: site.page
    return lambda site: (site.folder / "index.html").as_uri() + TEST_MODE


@pytest.fixture
def acquisition(copied_site: Site) -> Site:
    """A copy of the sample site, of this test alone, whose page keeps what goes wrong in it."""
    return with_listener(copied_site)


def with_listener(site: Site) -> Site:
    """Let the page of a site keep what goes wrong in it."""
    site.folder.joinpath("listener.js").write_text(LISTENER, encoding="utf-8")
    page = site.folder / "index.html"
    before, first_script, after = page.read_text(encoding="utf-8").partition("<script ")
    assert first_script
    page.write_text(f'{before}<script src="listener.js"></script>{first_script}{after}', encoding="utf-8")
    return site


def open_until(page: Opened, address: str, expression: str = READY) -> None:
    """Open a page. WebKit's driver now and then answers that it has, and shows nothing: then it is asked once more."""
    deadline_s = time.monotonic() + patience()
    looks_s = 3.0
    while True:
        page.window.open("about:blank")
        page.window.open(address)
        ends_s = time.monotonic() + looks_s
        while time.monotonic() < ends_s:
            if page.ask(expression):
                return
            time.sleep(0.02)
        assert time.monotonic() < deadline_s, f"still not true of {address}: {expression}"
        looks_s *= 2


@pytest.fixture
def opened(window: Window, acquisition: Site, address: Callable[[Site], str]) -> Iterator[Opened]:
    """The sample site, opened again; afterwards, nothing may have gone wrong in it."""
    with opening(window, acquisition, address(acquisition)) as page:
        yield page


@pytest.fixture
def heard(
    window: Window,
    excerpts_folder: Path,
    web_root: tuple[Path, str],
    tmp_path: Path,
    address: Callable[[Site], str],
) -> Iterator[Opened]:
    """A site with excerpts, opened likewise."""
    root, url = web_root
    site = Site(shutil.copytree(excerpts_folder, root / tmp_path.name), f"{url}{tmp_path.name}/")
    with opening(window, with_listener(site), address(site)) as page:
        yield page


@contextmanager
def opening(window: Window, site: Site, address: str) -> Iterator[Opened]:
    """The page of a site; at the end of the block, nothing may have gone wrong in it."""
    text = json.loads(next(site.folder.glob("data/*/text.json")).read_text(encoding="utf-8"))
    page = Opened(window, tuple(text["titles"].split("\n")))
    open_until(page, address)
    yield page
    assert page.complaints() == []


def test_the_map_shows_tracks_and_colors_and_its_address_brings_them_back(opened: Opened) -> None:
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
    search_flies_to_a_track(opened)


def search_flies_to_a_track(opened: Opened) -> None:
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


def test_artists_selections_and_pictures(opened: Opened, acquisition: Site) -> None:
    an_artist_is_found_drawn_and_named_on_cards(opened)
    what_is_seen_is_saved_as_a_large_picture(opened, acquisition)
    a_scrollbar_does_not_lie_on_the_buttons_of_its_list(opened)


def an_artist_is_found_drawn_and_named_on_cards(opened: Opened) -> None:
    opened.window.press("/")
    opened.window.press("okafor")
    opened.wait_until("document.querySelector('.found-collection')?.checkVisibility()")
    opened.click_on(".found-collection")
    opened.wait_until("document.querySelector('.collection-name')?.checkVisibility()")
    opened.wait_until(f"({PAINTED_PIXELS})(arguments[0]) > 500", "marks")
    opened.click_on(".picks-row .picks-names")
    opened.wait_until("document.querySelector('.card-artists .name-button')?.checkVisibility()")
    # In one line, each beside the other.
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
"""Keeps what a page would save, and saves nothing."""


def what_is_seen_is_saved_as_a_large_picture(opened: Opened, acquisition: Site) -> None:
    # A file of the site: what a driver runs is not what the page calls, in Firefox.
    acquisition.folder.joinpath("saving.js").write_text(SAVING, encoding="utf-8")
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


def a_scrollbar_does_not_lie_on_the_buttons_of_its_list(opened: Opened) -> None:
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


def one_that_sounds(heard: Opened, sounds: bool) -> int:
    return next(track for track, title in enumerate(heard.titles) if (int(title.split()[1]) % 2 == 1) is sounds)


def test_an_excerpt_is_heard_and_so_is_what_one_rests_on(heard: Opened) -> None:
    track = one_that_sounds(heard, True)
    heard.window.click(*heard.position_of(track))
    heard.wait_for_card_of(track)
    heard.click_on("#card [data-action='listen']")
    heard.wait_until("document.querySelector('#player audio')?.currentTime > 0.2")
    assert "/audio/" in heard.ask("document.querySelector('#player audio').currentSrc")
    heard.click_on("#glide-button")
    heard.wait_until("document.querySelector('#player').hidden")
    heard.window.point_at(*heard.position_of(track))
    heard.wait_until(SOUNDING)
    heard.window.point_at(*heard.position_of(one_that_sounds(heard, False)))
    heard.wait_until(SILENT)


def test_a_new_build_shows_at_the_next_visit(window: Window, copied_site: Site) -> None:
    opened = Opened(window, ())
    open_until(opened, copied_site.page)
    if opened.ask("isSecureContext && 'serviceWorker' in navigator"):
        opened.wait_until("navigator.serviceWorker.controller !== null")
    republish(copied_site.folder)
    open_until(opened, copied_site.page, "document.querySelector('h1')?.textContent === 'A newer library'")


def test_a_style_sheet_that_comes_after_the_script_is_waited_for(window: Window, copied_site: Site) -> None:
    class LateStyle(QuietHandler):
        def send_head(self) -> Any:
            if self.path.endswith(".css"):
                time.sleep(LATE_S)
            return super().send_head()

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(LateStyle, directory=str(copied_site.folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        opened = Opened(window, ())
        state = "document.documentElement.dataset.state"
        open_until(
            opened, f"http://127.0.0.1:{server.server_port}/{TEST_MODE}", f"['ready', 'error'].includes({state})"
        )
        assert opened.ask(state) == "ready"
    finally:
        server.shutdown()
        server.server_close()


def test_what_goes_wrong_in_a_page_does_not_go_unseen(
    window: Window, acquisition: Site, address: Callable[[Site], str]
) -> None:
    next(acquisition.folder.glob("data/*/viewer.js")).write_text("not.there();", encoding="utf-8")
    window.open(address(acquisition))
    window.run("new Image().src = 'http://127.0.0.1:9/elsewhere.png';")
    Opened(window, ()).wait_until("complaints.some((one) => one.startsWith('error: '))")
    Opened(window, ()).wait_until("complaints.includes('securitypolicyviolation: img-src')")
