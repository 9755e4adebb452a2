"""The real ``preview --watch`` beside a page in Chromium: what is changed shows, where the page was left."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, expect

from tests.browser.conftest import Viewer
from tests.support.command import environment, spotmap
from tests.support.pages import Site
from tests.support.patience import patience, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow]
OpenViewer = Callable[..., Viewer]
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
"""Of a text on the banner, as WCAG measures it."""
REGISTERED = "navigator.serviceWorker.getRegistrations().then(({ length }) => length)"
LEFT_AT = """([selector, text]) => {
  const texts = [...document.querySelectorAll(selector)].map((element) => element.textContent.replace(/\\s+/g, " "));
  if (document.documentElement.dataset.state !== "ready" || !texts.some((each) => each.includes(text))) return false;
  const { query, selected, pinned } = spotmap.state();
  const isFocused = document.activeElement.matches("#search input");
  return { query, selected, pinned, isFocused, place: spotmap.positionOf(7).map(Math.round) };
}"""
"""What was searched and pinned, whether the search has the focus, and the pixels of a track."""


@dataclass(frozen=True)
class Watched:
    """A library whose map is being watched, and where the preview serves it."""

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
        assert running.stdout
        said = [next(running.stdout) for _ in range(3)]
        assert said[0].startswith("These builds contact no service")
        assert said[2] == "Watching for changes.\n"
        yield Watched(folder, Site(folder / "site", said[1].split(" at ")[1].split(" ")[0]))
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=patience())
    assert running.returncode == 0


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def leave_it_somewhere(viewer: Viewer) -> None:
    """Pin a track, zoom in, and search."""
    page = viewer.page
    page.mouse.click(*viewer.position_of(7))
    page.mouse.wheel(0, -300)
    page.keyboard.press("/")
    page.keyboard.type("Title 1")
    viewer.wait_until("spotmap.state().query === 'Title 1'")


def where_it_is(page: Page, selector: str, text: str) -> object:
    """Ask, in one moment, what a ready page that shows ``text`` was left at: false while it is not such a page."""
    try:
        return page.evaluate(LEFT_AT, [selector, text])
    except PlaywrightError:  # It is being reloaded.
        return False


def test_what_is_edited_shows_where_the_page_was_left(watched: Watched, open_viewer: OpenViewer) -> None:
    viewer = open_viewer(site=watched.site, service_workers="allow")
    page, banner = viewer.page, viewer.page.locator("#preview-problem")
    leave_it_somewhere(viewer)
    left = where_it_is(page, "h1", "First")
    assert left

    def shows(selector: str, text: str) -> None:
        """Wait for a page that shows it. Where two files change, a second build may reload it once more at any time."""
        ends_s = time.monotonic() + patience()
        while (found := where_it_is(page, selector, text)) != left and time.monotonic() < ends_s:
            page.wait_for_timeout(20)
        assert found == left, f"{text!r} in {selector} of {page.url}: {page.locator('body').inner_text()[:500]}"

    index = watched.folder / "page/index.html.j2"
    edit(index, '<span id="age">', '<span>A template edited by hand.</span> <span id="age">')
    shows(".note", "edited by hand")

    (watched.folder / "overrides.toml").write_text('[names]\ncluster-1 = "Evenings at home"\n')
    shows("#legend", "Evenings at home")

    watched.write_library(("Mornings", "Long train rides"))
    shows(".summary", "2 playlists")

    edit(index, "{{ title }}", "{{ title")
    expect(banner).to_contain_text("index.html.j2, line")
    (watched.folder / "spotmap.toml").write_text(BROKEN)
    expect(banner).to_contain_text("unknown key")
    check_banner(page)
    page.locator("#search input").focus()  # The press on "Hide" took it.
    assert where_it_is(page, "h1", "First") == left
    assert viewer.visible_count() == 60
    other = open_viewer(site=watched.site, viewport={"width": 390, "height": 800}, color_scheme="dark")
    expect(other.page.locator("#preview-problem")).to_contain_text("unknown key")  # Also where the page is opened now.
    check_banner(other.page)

    shutil.copy(ROOT / "site_template/index.html.j2", index)
    watched.set_title("Mended")
    shows("h1", "Mended")
    expect(other.page.locator("h1")).to_have_text("Mended")
    wait_until(lambda: where_it_is(page, "h1", "Mended") and banner.count() == 0, "no banner")
    assert page.evaluate(REGISTERED) == 0  # A reload would wait for a worker that takes over from another.
    assert "preview" not in (watched.folder / "site/index.html").read_text()


def check_banner(page: Page) -> None:
    """It shows the words of the error as words, can be read and hidden, and stays within the window."""
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
