"""The map embedded in another page with ``?embed``."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Frame, expect

from tests.browser.conftest import OpenViewer, Viewer
from tests.browser.test_viewer_everyone import AXE, violations
from tests.support.pages import Site

pytestmark = pytest.mark.browser
HIDDEN = ("#panel", "#lasso-button", "#picture-button", "#theme", "#picks", "#player", "#timeline", "#axes")


def _open(open_viewer: OpenViewer, site: Site, **context: object) -> tuple[Viewer, Frame]:
    """Open a page with the embedded map in a frame."""
    site.folder.joinpath("article.html").write_text(
        '<!doctype html><html lang="en"><title>An article</title><link rel="icon" href="data:,"><main><h1>Music</h1>'
        '<iframe src="index.html?embed&test" title="Map" width="600" height="500" style="max-width: 100%"></iframe>',
        encoding="utf-8",
    )
    viewer = open_viewer(site=site, **context)
    viewer.page.evaluate("localStorage.setItem('spotmap.theme', 'dark')")
    viewer.page.goto(f"{site.url}article.html")
    frame = viewer.page.frames[1]
    frame.wait_for_selector('html[data-state="ready"]')
    return viewer, frame


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_embedded_map_has_no_panels_and_uses_no_storage(open_viewer: OpenViewer, copied_site: Site, theme: str) -> None:
    viewer, frame = _open(open_viewer, copied_site, color_scheme=theme)
    for selector in HIDDEN:
        expect(frame.locator(selector)).to_be_hidden()
    expect(frame.get_by_role("button", name="Zoom in")).to_be_visible()
    # The theme chosen on the full page is in local storage, which the embedded map ignores.
    assert frame.evaluate("spotmap.state().theme") == theme
    assert frame.evaluate("Object.keys(localStorage).length") == 1
    # The full page, opened before, has registered a service worker; the embedded map has not.
    assert sum("Service Worker" in text for text in viewer.complaints.ignored) == 1
    if AXE.exists():
        assert violations(viewer.page) == []


def test_tracks_can_be_found_by_mouse_touch_and_keyboard(open_viewer: OpenViewer, copied_site: Site) -> None:
    viewer, frame = _open(open_viewer, copied_site, has_touch=True)
    box = viewer.page.locator("iframe").bounding_box()
    assert box
    places = frame.evaluate("[...Array(300).keys()].map(track => spotmap.positionOf(track))")
    x, y = next((x, y) for x, y in places if 200 < x < 400 and 150 < y < 350)
    viewer.page.mouse.move(box["x"] + x, box["y"] + y)
    expect(frame.locator("#card .card-title")).to_be_visible()
    viewer.page.mouse.move(2, 2)
    viewer.page.touchscreen.tap(box["x"] + x, box["y"] + y)
    expect(frame.locator("#card.is-pinned")).to_be_visible()
    expect(frame.locator(".card-actions:visible")).to_have_count(0)
    frame.locator("#map").press("Escape")
    expect(frame.locator("#card")).to_be_hidden()
    frame.locator("#map").press("Enter")
    expect(frame.locator("#card.is-pinned .card-title")).to_be_visible()
    scale = frame.evaluate("spotmap.state().transform.k")
    frame.locator("#map").press("+")
    assert frame.evaluate("spotmap.state().transform.k") > scale


def test_link_opens_the_full_page_with_the_same_view(open_viewer: OpenViewer, copied_site: Site) -> None:
    viewer, frame = _open(open_viewer, copied_site)
    link = frame.get_by_role("link", name="A sample library Full map")
    frame.locator("#map").press("Enter")
    pinned = frame.evaluate("spotmap.state().pinned")
    frame.wait_for_url(re.compile("#.+"))  # the address is updated after a short delay
    link.focus()
    with viewer.page.context.expect_page() as opened:
        viewer.page.keyboard.press("Enter")
    full_page = opened.value
    full_page.wait_for_selector('html[data-state="ready"]')
    expect(full_page.locator("#masthead")).to_be_visible()
    expect(full_page.locator("#card.is-pinned")).to_be_visible()
    assert "embed" not in full_page.url
    assert pinned >= 0


def test_full_page_has_no_link_to_itself(open_viewer: OpenViewer) -> None:
    expect(open_viewer().page.locator("#full-map")).to_be_hidden()


def test_embedded_map_fills_a_window(open_viewer: OpenViewer, sample: Callable[[int], Site]) -> None:
    site = sample(300)
    viewer = open_viewer(site=site, viewport={"width": 390, "height": 844})
    viewer.page.goto(f"{site.url}?embed&test")
    viewer.page.wait_for_selector('html[data-state="ready"]')
    xs = viewer.page.evaluate("[...Array(300).keys()].map(t => spotmap.positionOf(t)[0])")
    assert min(xs) < 60
    assert 330 < max(xs) < 400
