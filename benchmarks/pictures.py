"""``python -m benchmarks.pictures SITE``: take screenshots of a built site in Chromium, served from this machine.

It makes the pictures in ``docs/pictures``: ``python -m benchmarks.pictures SITE --name demo --to docs/pictures``.
With ``--features``, they show each panel of the page, in each window size and both themes, and the page in German.
Features that the site does not have are skipped.
"""

from __future__ import annotations

import argparse
import io
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from benchmarks.picture_scenes import SCENES
from benchmarks.serving import installed_browser, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

READY_TIMEOUT_MS = 30_000
SETTLE_MS = 1_200
"""Wait until covers, details and the last frame of an animation are drawn."""

WHEEL_A_STEP = 240
QUALITY = 78
"""WebP quality, 0..100, at which text stays sharp."""

TEST_MODE = "?test"
"""With this query, the page exposes where tracks are drawn."""

CENTRAL_TRACK = """async () => {
  const { generation } = document.documentElement.dataset;
  const read = async (name) => (await fetch(`data/${generation}/${name}`)).json();
  const [{ cluster }, { artist_counts: artists }] = await Promise.all([read("map.json"), read("text.json")]);
  const middle = [innerWidth / 2, innerHeight / 2];
  const positions = Array.from({ length: spotmap.visibleCount() }, (_, track) => spotmap.positionOf(track));
  const away = positions.map(([x, y], track) =>
    Math.hypot(x - middle[0], y - middle[1]) + (artists[track] > 0 && cluster[track] >= 0 ? 0 : 1e6));
  return positions[away.indexOf(Math.min(...away))];
}"""
"""Position of the track nearest to the center, among clustered tracks with a known artist."""


PINNED_TRACK = "spotmap.positionOf(spotmap.state().pinned)"


class PageError(Exception):
    """The page did not load, or logged an error."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One screenshot: the window in CSS pixels, and the preferred theme.

    ``pins``: whether a track is pinned. ``steps``: number of zoom steps toward that track, before it is pinned.
    ``scene``: the one of :data:`SCENES` to open. ``language``: of the browser.
    """

    width: int
    height: int
    theme: Literal["light", "dark"]
    pins: bool = False
    steps: int = 0
    scene: str = ""
    language: str = "en-US"

    def file_name(self, name: str) -> str:
        """Return the file name of this screenshot for the site ``name``."""
        what = f"{'-card' if self.pins else ''}{'-near' if self.steps else ''}{f'-{self.scene}' if self.scene else ''}"
        what += "" if self.language == "en-US" else f"-{self.language}"
        return f"{name}-{self.width}{what}-{self.theme}.webp"


WINDOWS = ((390, 844), (1280, 800), (2560, 1440))
STEPS = (12, 5, 4)
"""Zoom steps until covers replace points, in each window."""
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SHOTS = (
    *(Shot(*window, theme) for window in WINDOWS for theme in THEMES),
    *(Shot(1280, 800, theme, pins=True) for theme in THEMES),
    *(
        Shot(*window, theme, pins=True, steps=steps)
        for window, steps in zip(WINDOWS, STEPS, strict=True)
        for theme in THEMES
    ),
)


FEATURES = tuple(
    shot
    for window in WINDOWS
    for theme in THEMES
    for shot in (
        *(Shot(*window, theme, scene=scene) for scene in SCENES),
        Shot(*window, theme, pins=True, language="de"),
    )
)


def photograph(site: Path, pictures: Path, name: str, shots: tuple[Shot, ...] = SHOTS) -> list[Path]:
    """Take ``shots`` of the page into the folder ``pictures``, skipping features that the site does not have.

    Raises
    ------
    PageError: the map is not drawn in time, or the page logs an error.
    """
    from playwright.sync_api import sync_playwright

    pictures.mkdir(parents=True, exist_ok=True)
    with serving(site) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed_browser())
        try:
            paths = [pictures / shot.file_name(name) for shot in shots]
            return [path for shot, path in zip(shots, paths, strict=True) if _take(browser, address, shot, path)]
        finally:
            browser.close()


def _take(browser: Browser, address: str, shot: Shot, picture: Path) -> bool:
    from playwright.sync_api import Error

    page = browser.new_page(
        viewport={"width": shot.width, "height": shot.height},
        color_scheme=shot.theme,
        reduced_motion="reduce",
        device_scale_factor=2 if shot.width < 600 else 1,
        locale=shot.language,
    )
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    try:
        page.goto(address + TEST_MODE)
        page.wait_for_selector("html[data-state=ready]", timeout=READY_TIMEOUT_MS)
        if shot.pins:
            place = page.evaluate(CENTRAL_TRACK)
            page.mouse.click(*place)
            if shot.steps:
                # On a phone, the map moves so that the card does not cover the track.
                page.wait_for_timeout(SETTLE_MS)
                page.mouse.move(*page.evaluate(PINNED_TRACK))
            for _ in range(shot.steps):
                page.mouse.wheel(0, -WHEEL_A_STEP)
                page.wait_for_timeout(100)
        if shot.scene and not SCENES[shot.scene](page):
            return False
        page.wait_for_timeout(SETTLE_MS)
        _save(page, picture)
    except Error as error:
        raise PageError("\n".join([f"{picture.name}: {error.message}", *complaints])) from error
    finally:
        page.close()
    if complaints:
        raise PageError("\n".join([f"{picture.name}: the page logged errors", *complaints]))
    return True


def _save(page: Page, picture: Path) -> None:
    from PIL import Image

    with Image.open(io.BytesIO(page.screenshot())) as image:
        image.convert("RGB").save(picture, quality=QUALITY, method=6)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pictures", description=__doc__)
    parser.add_argument("site", type=Path, help="the folder of a built site")
    parser.add_argument("--to", type=Path, default=Path("build/pictures"), metavar="DIR", help="[%(default)s]")
    parser.add_argument("--name", default="map", help="beginning of the file names  [%(default)s]")
    parser.add_argument("--features", action="store_true", help="screenshots of each panel")
    arguments = parser.parse_args()
    shots = FEATURES if arguments.features else SHOTS
    try:
        for picture in photograph(arguments.site, arguments.to, arguments.name, shots):
            print(picture)
    except PageError as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
