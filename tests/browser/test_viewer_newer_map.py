"""The offer of a newer map by touch and keyboard (by mouse: test_viewer_delivery.py)."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, OpenViewer
from tests.fakes.next_sample_site import republish
from tests.support.pages import Site
from tests.support.patience import wait_until

pytestmark = pytest.mark.browser
CHECK_INTERVAL_MS = 150_000
MIN_TOUCH_TARGET_PX = 40


def open_with_offer(open_viewer: OpenViewer, site: Site, **context: Any) -> Page:
    """Open a page, publish a newer map, and wait until the page offers it."""
    page = open_viewer(site=site, **context).page
    page.clock.install()
    page.reload()
    page.wait_for_selector('html[data-state="ready"]')
    republish(site.folder)
    wait_for_offer(page)
    return page


def wait_for_offer(page: Page) -> None:
    """Let checks happen until one finds the newer map; the answer to the first may come from before."""

    def is_offered() -> bool:
        page.clock.fast_forward(CHECK_INTERVAL_MS)
        return page.locator("#newer").is_visible()

    wait_until(is_offered, "the newer map is offered")


def test_newer_map_can_be_accepted_by_touch(open_viewer: OpenViewer, copied_site: Site) -> None:
    page = open_with_offer(open_viewer, copied_site, **PHONE)
    for button in page.locator("#newer button").all():
        box = button.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= MIN_TOUCH_TARGET_PX
    page.get_by_role("button", name="Show it").tap()
    expect(page.locator("h1")).to_have_text("A newer library")
    expect(page.locator("#newer")).to_be_hidden()


def test_newer_map_can_be_declined_by_touch(open_viewer: OpenViewer, copied_site: Site) -> None:
    page = open_with_offer(open_viewer, copied_site, **PHONE)
    page.get_by_role("button", name="Not now").tap()
    expect(page.locator("#newer")).to_be_hidden()
    expect(page.locator("h1")).to_have_text("A sample library")


def test_newer_map_can_be_accepted_by_keyboard(open_viewer: OpenViewer, copied_site: Site) -> None:
    page = open_with_offer(open_viewer, copied_site)
    not_now = page.get_by_role("button", name="Not now")
    not_now.focus()
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name="Show it")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("A newer library")


def test_newer_map_can_be_declined_by_keyboard(open_viewer: OpenViewer, copied_site: Site) -> None:
    page = open_with_offer(open_viewer, copied_site)
    page.get_by_role("button", name="Show it").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.locator("#newer")).to_be_hidden()
    expect(page.locator("h1")).to_have_text("A sample library")
    expect(page.locator("#map")).to_be_focused()
