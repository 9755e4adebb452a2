"""Photographs a built site in Chromium, served from this machine."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from benchmarks.serving import serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
"""Installed browsers that will do; without one, Playwright's own is used."""

READY_TIMEOUT_MS = 30_000


class PageError(Exception):
    """The page did not come up, or complained."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: the window's size in CSS pixels and the theme that the visitor prefers."""

    width: int
    height: int
    theme: Literal["light", "dark"]

    @property
    def name(self) -> str:
        return f"map-{self.width}-{self.theme}.png"


SHOTS = (Shot(1280, 800, "light"), Shot(1280, 800, "dark"), Shot(2560, 1440, "dark"))


def photograph(site: Path, pictures: Path) -> list[Path]:
    """Take :data:`SHOTS` of the finished page into the folder ``pictures``.

    Raises
    ------
    PageError: if the map is not drawn in time, or the page logs an error.
    """
    from playwright.sync_api import sync_playwright

    pictures.mkdir(parents=True, exist_ok=True)
    installed = next(filter(None, map(shutil.which, BROWSERS)), None)
    with serving(site) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed)
        try:
            return [_take(browser, address, shot, pictures / shot.name) for shot in SHOTS]
        finally:
            browser.close()


def _take(browser: Browser, address: str, shot: Shot, picture: Path) -> Path:
    from playwright.sync_api import Error

    page = browser.new_page(viewport={"width": shot.width, "height": shot.height}, color_scheme=shot.theme)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    try:
        page.goto(address)
        page.wait_for_selector("html[data-state=ready]", timeout=READY_TIMEOUT_MS)
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        page.screenshot(path=picture)
    except Error as error:
        raise PageError("\n".join([f"{shot.name}: {error.message}", *complaints])) from error
    finally:
        page.close()
    if complaints:
        raise PageError("\n".join([f"{shot.name}: the page logged errors", *complaints]))
    return picture
