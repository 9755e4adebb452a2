"""How the page's parts share a window: low ones, phones, and windows in which something plays."""

from __future__ import annotations

import pytest
from playwright.sync_api import FloatRect, Page, expect

from tests.browser.conftest import PHONE, OpenViewer
from tests.support.pages import Site

pytestmark = pytest.mark.browser
LOW_PHONE = {**PHONE, "viewport": {"width": 390, "height": 667}}

COVERED = """() => [...document.querySelectorAll("#app :is(button, input)")].filter((node) => {
  const { left, top, width, height } = node.getBoundingClientRect();
  const isScrolledAway = node.closest(".legend-body") !== null;
  if (width === 0 || isScrolledAway || !node.checkVisibility({ visibilityProperty: true })) return false;
  return !node.contains(document.elementFromPoint(left + width / 2, top + height / 2));
}).map((node) => node.id || node.dataset.action || node.className || node.type)"""
"""Buttons and fields that cannot be pressed because something lies on them, or because they are out of the window."""


def box(page: Page, selector: str) -> FloatRect:
    """Where an element is in the window."""
    found = page.locator(selector).bounding_box()
    assert found is not None
    return found


def pin_one_with_an_excerpt(page: Page) -> None:
    page.locator("#search input").fill("Title 7")
    page.keyboard.press("Enter")
    expect(page.locator("#card [data-action=listen]")).to_be_visible()
    page.locator("#search input").fill("")


@pytest.mark.parametrize("size", [(1280, 120), (800, 120), (390, 120), (320, 120), (390, 200), (320, 256)])
def test_in_low_windows_no_button_lies_under_another(open_viewer: OpenViewer, size: tuple[int, int]) -> None:
    page = open_viewer(viewport={"width": size[0], "height": size[1]}).page
    assert page.evaluate(COVERED) == []
    if page.locator("#legend-handle").is_visible():
        page.locator("#legend-handle").click()
        expect(page.locator("[data-color-by=playlist]")).to_be_in_viewport()
        page.locator("[data-color-by=playlist]").click()
        page.locator("#legend-handle").click()
        assert page.evaluate(COVERED) == []


def test_pressing_listen_moves_neither_the_buttons_nor_the_card_aside(
    open_viewer: OpenViewer, with_excerpts: Site
) -> None:
    viewer = open_viewer(site=with_excerpts)
    page = viewer.page
    pin_one_with_an_excerpt(page)
    card, controls = box(page, "#card"), box(page, "#controls")
    page.locator("#card [data-action=listen]").click()
    expect(page.locator("#player audio")).to_be_attached()
    player = box(page, "#player")
    assert box(page, "#controls") == controls
    assert box(page, "#card")["x"] == card["x"]
    assert box(page, "#card")["y"] >= player["y"] + player["height"]
    assert page.evaluate(COVERED) == []
    page.evaluate("document.querySelector('#player audio').dispatchEvent(new Event('error'))")
    expect(page.locator(".player-note")).to_be_visible()
    higher = box(page, "#player")
    assert higher["height"] > player["height"]
    viewer.wait_until(
        f"document.querySelector('#card').getBoundingClientRect().top >= {higher['y'] + higher['height']}"
    )


def test_on_a_phone_listen_is_in_sight_and_tracks_can_be_found_while_one_plays(
    open_viewer: OpenViewer, with_excerpts: Site
) -> None:
    page = open_viewer(site=with_excerpts, **LOW_PHONE).page
    pin_one_with_an_excerpt(page)
    expect(page.locator("#card [data-action=listen]")).to_be_in_viewport()
    page.locator("#card [data-action=listen]").tap()
    player, card = box(page, "#player"), box(page, "#card")
    assert card["y"] >= player["y"] + player["height"]
    page.locator("#search input").fill("Title 5")
    page.locator(".search-list [data-track]").first.tap()
    expect(page.locator("#card .card-title")).to_have_text("Title 5")
    expect(page.locator("#player")).to_be_visible()


def test_a_sound_that_waits_for_more_than_there_is_is_started_again(
    open_viewer: OpenViewer, with_excerpts: Site
) -> None:
    """WebKitGTK stops like this on a busy machine, and goes on only if it is paused and played."""
    viewer = open_viewer(site=with_excerpts)
    page = viewer.page
    page.route("**/audio/**", lambda _: None)  # no answer
    pin_one_with_an_excerpt(page)
    page.locator("#card [data-action=listen]").click()
    viewer.wait_until("document.querySelector('#player audio')?.paused === false")
    page.evaluate(
        """() => {
          window.events = [];
          const audio = document.querySelector("#player audio");
          for (const name of ["pause", "play"]) audio.addEventListener(name, () => window.events.push(name));
          audio.dispatchEvent(new Event("stalled"));
        }"""
    )
    viewer.wait_until("window.events.length === 2")
    assert page.evaluate("window.events") == ["pause", "play"]


def test_a_map_without_tracks_of_spotify_offers_no_list_for_it(open_viewer: OpenViewer, with_excerpts: Site) -> None:
    page = open_viewer(site=with_excerpts).page
    pin_one_with_an_excerpt(page)
    page.locator("#card [data-action=add]").click()
    expect(page.get_by_role("button", name="Playlist (M3U)")).to_be_visible()
    assert page.locator("[data-export=uris]").count() == 0
