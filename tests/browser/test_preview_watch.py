"""The real ``preview --watch`` beside a page in Chromium: what is changed shows, where the page was left."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, expect

from tests.browser.conftest import Viewer
from tests.support.command import environment, spotmap
from tests.support.pages import Site
from tests.support.patience import patience

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
        assert said[0].startswith("These builds ask no service")
        assert said[2] == "Watching for changes.\n"
        yield Watched(folder, Site(folder / "site", said[1].split(" at ")[1].split(" ")[0]))
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=patience())
    assert running.returncode == 0


def leave_it_somewhere(viewer: Viewer) -> None:
    """Pin a track, zoom in, and search."""
    page = viewer.page
    page.mouse.click(*viewer.position_of(7))
    page.mouse.wheel(0, -300)
    page.keyboard.press("/")
    page.keyboard.type("Title 1")


def view(viewer: Viewer) -> tuple[object, ...]:
    x, y = viewer.position_of(7)
    return viewer.state("query"), viewer.state("selected"), viewer.state("pinned"), round(x), round(y)


def test_what_is_edited_shows_where_the_page_was_left(watched: Watched, open_viewer: OpenViewer) -> None:
    viewer = open_viewer(site=watched.site)
    page, banner = viewer.page, viewer.page.locator("#preview-problem")
    leave_it_somewhere(viewer)
    left = view(viewer)

    def ready_with(check: Callable[[], None]) -> None:
        """Wait for a page; where two files change, a second build may reload it once more while it is looked at."""
        for attempt in range(3):
            try:
                check()
                page.wait_for_selector('html[data-state="ready"]')
                viewer.wait_until("window.spotmap?.state().query === 'Title 1'")
                viewer.wait_until("document.activeElement.matches('#search input')")
                assert view(viewer) == left
                return
            except PlaywrightError as error:
                if "context was destroyed" not in str(error) or attempt == 2:
                    raise

    index = watched.folder / "page/index.html.j2"
    index.write_text(index.read_text().replace("spotmap-build. {{", "a template edited by hand. {{"))
    ready_with(lambda: expect(page.locator(".note", has_text="by hand")).to_be_attached())

    (watched.folder / "overrides.toml").write_text('[names]\ncluster-1 = "Evenings at home"\n')
    ready_with(lambda: expect(page.locator("#legend")).to_contain_text("Evenings at home"))

    watched.write_library(("Mornings", "Long train rides"))
    ready_with(lambda: expect(page.locator(".summary")).to_contain_text("2 playlists"))

    index.write_text(index.read_text().replace("{{ title }}", "{{ title", 1))
    expect(banner).to_contain_text("index.html.j2, line")
    (watched.folder / "spotmap.toml").write_text(BROKEN)
    expect(banner).to_contain_text("unknown key")
    check_banner(page)
    assert view(viewer) == left
    assert viewer.visible_count() == 60
    other = open_viewer(site=watched.site, viewport={"width": 390, "height": 800}, color_scheme="dark")
    expect(other.page.locator("#preview-problem")).to_contain_text("unknown key")  # also where the page is opened now
    check_banner(other.page)

    page.locator("#search input").focus()  # a press on "Hide" took it
    shutil.copy(ROOT / "site_template/index.html.j2", index)
    watched.set_title("Mended")
    ready_with(lambda: expect(page.locator("h1")).to_have_text("Mended"))
    expect(other.page.locator("h1")).to_have_text("Mended")
    expect(banner).to_have_count(0)
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
