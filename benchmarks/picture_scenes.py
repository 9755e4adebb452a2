"""Open each panel of the page as a visitor does, for ``python -m benchmarks.pictures --features``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from playwright.sync_api import Page

NARROW: Final = 720
FIELD: Final = "#search input"
DESCRIPTION: Final = "slow dark, not vocal"

LARGEST_NAME = """async (isAlbum) => {
  const { generation } = document.documentElement.dataset;
  const { albums, album_names: albumNames, artists, artist_names: artistNames } =
    await (await fetch(`data/${generation}/text.json`)).json();
  const [numbers, names] = isAlbum ? [albums, albumNames] : [artists, artistNames];
  const counts = new Map();
  for (const number of numbers) if (names[number]) counts.set(number, (counts.get(number) ?? 0) + 1);
  const found = [...counts].filter(([, count]) => count >= 4).sort((a, b) => a[1] - b[1]);
  return found.length > 0 ? names[found[found.length >> 1][0]] : "";
}"""
"""The middle one of all albums, or artists, with at least four tracks; nothing if there is none."""


def open_collection(page: Page, *, is_album: bool) -> bool:
    """Search for an album or an artist by name, and show it."""
    name = page.evaluate(LARGEST_NAME, is_album)
    if not name:
        return False
    page.locator(FIELD).fill(name)
    row = page.locator(".found-collection", has_text="Album" if is_album else "Artist").first
    row.click()
    page.locator("#collection").wait_for()
    return True


def describe(page: Page) -> bool:
    """Describe a sound."""
    page.locator(FIELD).fill(DESCRIPTION)
    page.locator(".search-said > *").first.wait_for()
    return True


def show_taste(page: Page) -> bool:
    """Open the time slider, which shows the taste trail, with points sized by plays."""
    if page.evaluate("document.querySelector('#listening').hidden"):
        return False
    open_legend(page)
    page.locator(".size-by select").select_option("facet.plays")
    if is_narrow(page):
        page.locator("#legend-handle").click()
    page.locator("#timeline-button").click()
    page.locator("#map .trail").wait_for()
    return True


def show_coasts(page: Page) -> bool:
    """Open the list of forgotten coasts."""
    if page.evaluate("document.querySelector('#listening').hidden"):
        return False
    open_legend(page)
    page.locator("#listening summary").click()
    return True


def compare_people(page: Page) -> bool:
    """Compare two people."""
    if page.evaluate("document.querySelector('#people-button').hidden"):
        return False
    open_legend(page)
    page.locator("#people-button").click()
    page.locator("#tool .bar-value").first.wait_for()
    return True


def mix(page: Page) -> bool:
    """Ask for more of one track and less of another, and show the result on the map."""
    page.locator("#map").press("Enter")
    page.get_by_role("button", name="More of this").click()
    page.locator("#tool [data-track]").nth(3).click()
    page.get_by_role("button", name="Less of this").click()
    page.locator("#tool .tool-signs li").nth(1).wait_for()
    page.locator("#tool [data-track]").first.wait_for()
    return True


def show_table(page: Page) -> bool:
    """Open the table."""
    open_legend(page)
    page.locator("#table-button").click()
    page.locator("#table [role=row]").nth(2).wait_for()
    return True


def is_narrow(page: Page) -> bool:
    """Return whether the window has the width of a phone."""
    size = page.viewport_size
    return size is not None and size["width"] < NARROW


def open_legend(page: Page) -> None:
    """Open the legend, which is a drawer on a phone."""
    if is_narrow(page) and page.locator("#legend-handle").get_attribute("aria-expanded") != "true":
        page.locator("#legend-handle").click()


SCENES: Final[Mapping[str, Callable[[Page], bool]]] = MappingProxyType(
    {
        "album": lambda page: open_collection(page, is_album=True),
        "artist": lambda page: open_collection(page, is_album=False),
        "describe": describe,
        "taste": show_taste,
        "coasts": show_coasts,
        "people": compare_people,
        "alchemy": mix,
        "table": show_table,
    }
)
"""Each function opens a panel on a page that is ready, and returns whether this map has it."""
