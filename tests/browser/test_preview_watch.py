"""The real ``preview --watch`` reloads a page in Chromium after changes and keeps its view."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, Request, expect

from tests.browser.conftest import Held, OpenViewer, Viewer
from tests.support.command import environment, spotmap
from tests.support.pages import Site
from tests.support.patience import patience, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ROOT = Path(__file__).parents[2]
SETTINGS = '[build]\nsources = ["table:library.csv"]\ntitle = "{title}"\ntemplate = "page"\n'
BROKEN = '[build]\n"<img src=x onerror=window.broken=1>" = 1\n'
CONTRAST = """(element) => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const light = (color) => {
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    const linear = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map((byte) =>
      byte / 255 <= 0.04045 ? byte / 255 / 12.92 : ((byte / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const banner = getComputedStyle(element.closest("#preview-problem")).backgroundColor;
  const [dark, bright] = [light(getComputedStyle(element).color), light(banner)].sort((a, b) => a - b);
  return (bright + 0.05) / (dark + 0.05);
}"""
"""WCAG contrast of a text on the banner."""
REGISTERED = "navigator.serviceWorker.getRegistrations().then(({ length }) => `${length} service workers`)"
VIEW = """([selector, text]) => {
  const texts = [...document.querySelectorAll(selector)].map((element) => element.textContent.replace(/\\s+/g, " "));
  if (document.documentElement.dataset.state !== "ready" || !texts.some((each) => each.includes(text))) return false;
  const { query, selected, pinned } = spotmap.state();
  const isFocused = document.activeElement.matches("#search input");
  return { query, selected, pinned, isFocused, place: spotmap.positionOf(7).map(Math.round) };
}"""
"""The query, selection, pinned track, focus of the search, and screen position of a track."""

SAY_WHEN_READY = """{
  const say = () => document.documentElement.dataset.state === "ready" && console.log("ready");
  new MutationObserver(say).observe(document, { subtree: true, attributeFilter: ["data-state"] });
}"""
"""Playwright evaluates nothing in a page that is being reloaded."""


@dataclass(frozen=True)
class Watched:
    """A watched library and its site in the preview."""

    folder: Path
    site: Site

    def set_title(self, title: str) -> None:
        (self.folder / "spotmap.toml").write_text(SETTINGS.format(title=title))

    def write_library(self, lists: tuple[str, ...]) -> None:
        rows = [f"Title {n},{n % 3 * 10 + n / 60},{n % 3 * 7 + n % 5 / 5},{lists[n % len(lists)]}" for n in range(60)]
        (self.folder / "library.csv").write_text("\n".join(["title,x,y,playlists", *rows]) + "\n")


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    folder = tmp_path / "library"
    (folder / "page").mkdir(parents=True)
    shutil.copy(ROOT / "site_template/index.html.j2", folder / "page")
    unserved = Watched(folder, Site(folder / "site", ""))
    unserved.set_title("First")
    unserved.write_library(("Mornings", ""))
    made = spotmap("--log", "plain", cwd=folder)
    assert made.status == 0, made.stderr
    with subprocess.Popen(
        [sys.executable, "-m", "spotmap_build", "preview", "--watch"],
        cwd=folder,
        env=environment({"PYTHONUNBUFFERED": "1"}),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as running:
        try:
            assert running.stdout
            lines = [next(running.stdout) for _ in range(3)]
            assert lines[0].startswith("These builds contact no service")
            assert lines[2] == "Watching for changes.\n"
            (address,) = re.findall(r"http://\S+", lines[1])
            yield Watched(folder, Site(folder / "site", address))
            running.send_signal(signal.SIGINT)
            running.communicate(timeout=patience())
        finally:
            running.kill()
    assert running.returncode == 0


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def change_view(viewer: Viewer) -> None:
    """Pin a track, zoom in and search."""
    page = viewer.page
    page.mouse.click(*viewer.position_of(7))
    page.mouse.wheel(0, -300)
    page.keyboard.press("/")
    page.keyboard.type("Title 1")
    viewer.wait_until("spotmap.state().query === 'Title 1'")


def view_if_ready(page: Page, selector: str, text: str) -> object:
    """Return the view of a page that is ready and shows ``text``; False if it is not."""
    return evaluate_if_loaded(page, VIEW, [selector, text])


def evaluate_if_loaded(page: Page, expression: str, argument: object = None) -> object:
    """Evaluate an expression in the page; False if the page is being reloaded."""
    try:
        return page.evaluate(expression, argument)
    except PlaywrightError:
        return False


def test_edits_are_shown_without_changing_the_view(watched: Watched, open_viewer: OpenViewer) -> None:
    viewer = open_viewer(site=watched.site, service_workers="allow")
    page, banner = viewer.page, viewer.page.locator("#preview-problem")
    change_view(viewer)
    view = view_if_ready(page, "h1", "First")
    assert view

    def wait_for_text(selector: str, text: str) -> None:
        """Wait until the page shows the text in the same view; a second build may reload it again at any time."""
        deadline_s = time.monotonic() + patience()
        while (found := view_if_ready(page, selector, text)) != view and time.monotonic() < deadline_s:
            page.wait_for_timeout(20)
        assert found == view, f"{text!r} in {selector} of {page.url}: {page.locator('body').inner_text()[:500]}"

    index = watched.folder / "page/index.html.j2"
    edit(index, '<span id="age">', '<span>A template edited by hand.</span> <span id="age">')
    wait_for_text(".note", "edited by hand")

    (watched.folder / "overrides.toml").write_text('[names]\ncluster-1 = "Evenings at home"\n')
    wait_for_text("#legend", "Evenings at home")

    watched.write_library(("Mornings", "Long train rides"))
    wait_for_text(".summary", "2 playlists")

    edit(index, "{{ title }}", "{{ title")
    expect(banner).to_contain_text("index.html.j2, line")
    (watched.folder / "spotmap.toml").write_text(BROKEN)
    expect(banner).to_contain_text("unknown key")
    check_banner(page)
    page.locator("#search input").focus()  # clicking "Hide" took the focus
    assert view_if_ready(page, "h1", "First") == view
    assert viewer.visible_count() == 60
    other = open_viewer(site=watched.site, viewport={"width": 390, "height": 800}, color_scheme="dark")
    expect(other.page.locator("#preview-problem")).to_contain_text("unknown key")  # also in a page that is opened now
    check_banner(other.page)

    shutil.copy(ROOT / "site_template/index.html.j2", index)
    watched.set_title("Fixed")
    wait_for_text("h1", "Fixed")
    expect(other.page.locator("h1")).to_have_text("Fixed")
    wait_until(lambda: view_if_ready(page, "h1", "Fixed") and banner.count() == 0, "the banner is gone")
    # With a service worker, a reload would wait for its replacement.
    wait_until(lambda: evaluate_if_loaded(page, REGISTERED) == "0 service workers", "no service worker is registered")
    assert "preview" not in (watched.folder / "site/index.html").read_text()


def test_focus_is_kept_if_a_page_is_ready_only_while_it_is_being_reloaded(
    watched: Watched, open_viewer: OpenViewer
) -> None:
    page = open_viewer(site=watched.site).page
    page.add_init_script(SAY_WHEN_READY)
    page.locator("#search input").focus()
    titles = Held(page, "**/text.json")
    with page.expect_request("**/text.json"):
        watched.set_title("Second")
    document = Held(page, "**/?test*")
    with page.expect_request(is_document):
        watched.set_title("Third")
    with page.expect_console_message(lambda message: message.text == "ready"):
        titles.release()
    document.release()
    wait_until(lambda: view_if_ready(page, "h1", "Third"), "the page is reloaded")
    expect(page.locator("#search input")).to_be_focused()


def is_document(request: Request) -> bool:
    return request.is_navigation_request()


def check_banner(page: Page) -> None:
    """Check that the banner shows the error as text, is readable, fits into the window and can be hidden."""
    banner = page.locator("#preview-problem")
    expect(banner).to_have_role("alert")
    expect(banner).to_contain_text("<img src=x onerror=window.broken=1>")
    assert page.evaluate("window.broken") is None
    assert banner.locator("img").count() == 0
    box, size = banner.bounding_box(), page.viewport_size
    assert box
    assert size
    assert 0 <= box["x"] <= box["x"] + box["width"] <= size["width"]
    assert box["y"] + box["height"] <= size["height"] / 2
    for text in banner.locator("p").all():
        assert text.evaluate(CONTRAST) >= 4.5
    banner.get_by_role("button", name="Hide").click()
    expect(banner).to_be_hidden()
