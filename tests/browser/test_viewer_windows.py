"""How the page's parts share a window: low ones, phones, and windows in which something plays."""

from __future__ import annotations

import pytest
from playwright.sync_api import FloatRect, Page, expect

from tests.browser.conftest import PHONE, SIDE, OpenViewer, Viewer
from tests.support.pages import Site

pytestmark = pytest.mark.browser
LOW_PHONE = {**PHONE, "viewport": {"width": 390, "height": 667}}

COVERED = """() => [...document.querySelectorAll("#app :is(button, input)")].filter((node) => {
  const { left, top, width, height } = node.getBoundingClientRect();
  const [card, middle] = [node.closest(".card")?.getBoundingClientRect(), top + height / 2];
  const isScrolledAway = node.closest(".legend-body") !== null || (card && (middle < card.top || middle > card.bottom));
  if (width === 0 || isScrolledAway || !node.checkVisibility({ visibilityProperty: true })) return false;
  return !node.contains(document.elementFromPoint(left + width / 2, middle));
}).map((node) => node.id || node.dataset.action || node.className || node.type)"""
"""Buttons and fields that cannot be pressed because something lies on them, or because they are out of the window."""

ALL_X = "Array.from({ length: 300 }, (_, track) => spotmap.positionOf(track)[0])"


def box(page: Page, selector: str) -> FloatRect:
    """Where an element is in the window."""
    found = page.locator(selector).bounding_box()
    assert found is not None
    return found


def resize(viewer: Viewer, size: tuple[int, int]) -> None:
    """Change the size of the window and wait until the page is laid out in it."""
    viewer.page.set_viewport_size({"width": size[0], "height": size[1]})
    viewer.wait_until(f"innerWidth === {size[0]} && innerHeight === {size[1]}")
    viewer.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def pin_one_with_an_excerpt(page: Page) -> None:
    page.locator("#search input").fill("Title 7")
    page.keyboard.press("Enter")
    expect(page.locator("#card [data-action=listen]")).to_be_visible()
    page.locator("#search input").fill("")


def open_player(page: Page) -> None:
    """Play the excerpt of the pinned track."""
    page.locator("#card [data-action=listen]").click()
    expect(page.locator("#player audio")).to_be_attached()


def test_no_button_lies_under_another_or_under_the_open_legend(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    for size in ((1280, 120), (800, 120), (390, 120), (320, 120), (390, 200), (320, 256), (390, 667), (568, 320)):
        resize(viewer, size)
        assert page.evaluate(COVERED) == [], size
        if page.locator("#legend-handle").is_visible():
            page.locator("#legend-handle").click()
            expect(page.locator("[data-color-by=playlist]")).to_be_in_viewport()
            assert page.evaluate(COVERED) == [], size
            page.locator("[data-color-by=playlist]").click()
            page.locator("#legend-handle").click()
            assert page.evaluate(COVERED) == [], size


@pytest.mark.parametrize("size", [(768, 1024), (900, 500), (844, 390), (1000, 600)])
def test_in_windows_of_medium_width_card_and_open_legend_cover_no_button(
    open_viewer: OpenViewer, size: tuple[int, int]
) -> None:
    viewer = open_viewer(viewport={"width": size[0], "height": size[1]})
    page = viewer.page
    page.locator("#map").press("Enter")
    expect(page.locator("#card.is-pinned .card-details")).not_to_be_empty()
    assert page.evaluate(COVERED) == []
    page.locator("#map").press("s")
    page.locator("#timeline-button").click()
    if size[1] >= 600:
        assert page.evaluate(COVERED) == []
    page.locator("#map").press("Escape")
    page.locator("#axes-button").click()
    page.locator("#legend-handle").click()
    expect(page.locator("[data-color-by=playlist]")).to_be_in_viewport()
    assert page.evaluate(COVERED) == []


def test_map_on_an_upright_tablet_has_the_width_of_the_window(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(viewport={"width": 768, "height": 1024})
    page, handle = viewer.page, viewer.page.locator("#legend-handle")
    expect(page.locator("[data-color-by=playlist]")).to_be_hidden()
    assert viewer.page.evaluate(f"Math.max(...{ALL_X}) - Math.min(...{ALL_X})") > 0.75 * 768
    handle.click()
    expect(page.locator("[data-color-by=playlist]")).to_be_visible()
    handle.click()
    expect(page.locator("[data-color-by=playlist]")).to_be_hidden()
    page.set_viewport_size({"width": 1024, "height": 768})
    expect(page.locator("[data-color-by=playlist]")).to_be_visible()
    expect(handle).to_be_hidden()
    panel = box(page, "#panel")
    viewer.wait_until(f"Math.min(...{ALL_X}) > {panel['x'] + panel['width']}")
    page.set_viewport_size({"width": 768, "height": 1024})
    viewer.wait_until(f"Math.max(...{ALL_X}) - Math.min(...{ALL_X}) > 0.75 * 768")


def overlaps(left: FloatRect, right: FloatRect) -> bool:
    return (
        left["x"] < right["x"] + right["width"]
        and right["x"] < left["x"] + left["width"]
        and left["y"] < right["y"] + right["height"]
        and right["y"] < left["y"] + left["height"]
    )


def give_the_player_the_height_of_a_video(viewer: Viewer) -> None:
    viewer.page.evaluate("document.querySelector('#player').classList.remove('plays-file')")
    viewer.wait_until(
        """(({ bottom, height }) => height > 200
            && document.body.style.getPropertyValue("--player-bottom") === `${bottom}px`
          )(document.querySelector("#player").getBoundingClientRect())"""
    )


@pytest.mark.parametrize(
    ("size", "has_table"),
    [((1280, 800), False), ((1280, 800), True), ((1100, 700), True), ((900, 900), False), ((768, 1024), False)],
)
def test_pressing_listen_moves_neither_the_buttons_nor_the_card_over_its_track(
    open_viewer: OpenViewer, with_excerpts: Site, size: tuple[int, int], has_table: bool
) -> None:
    viewer = open_viewer(site=with_excerpts, viewport={"width": size[0], "height": size[1]})
    page = viewer.page
    if has_table:
        page.locator("#table-button").click()
        expect(page.locator("#table [data-sort=title]")).to_be_focused()
    pin_one_with_an_excerpt(page)
    card, controls = box(page, "#card"), box(page, "#controls")
    open_player(page)
    for has_video in (False, True):
        if has_video:
            give_the_player_the_height_of_a_video(viewer)
        assert box(page, "#controls") == controls
        moved = box(page, "#card")
        x, y = viewer.position_of(viewer.state("pinned"))
        assert not overlaps(moved, {"x": x, "y": y, "width": 0, "height": 0})
        assert not overlaps(moved, box(page, "#player"))
        if not has_table:  # otherwise, the card moves to the left if it is too high for the area below the player
            assert moved["x"] == card["x"]
            assert page.evaluate(COVERED) == []


def test_a_message_in_the_player_moves_the_card_down(open_viewer: OpenViewer, with_excerpts: Site) -> None:
    viewer = open_viewer(site=with_excerpts)
    page = viewer.page
    pin_one_with_an_excerpt(page)
    open_player(page)
    player = box(page, "#player")
    page.evaluate("document.querySelector('#player audio').dispatchEvent(new Event('error'))")
    expect(page.locator(".player-note")).to_be_visible()
    higher = box(page, "#player")
    assert higher["height"] > player["height"]
    viewer.wait_until(
        f"document.querySelector('#card').getBoundingClientRect().top >= {higher['y'] + higher['height']}"
    )


def test_arrow_keys_never_lead_to_a_track_under_the_player(open_viewer: OpenViewer, with_excerpts: Site) -> None:
    viewer = open_viewer(site=with_excerpts)
    page = viewer.page
    pin_one_with_an_excerpt(page)
    open_player(page)
    give_the_player_the_height_of_a_video(viewer)
    player = box(page, "#player")
    page.locator("#map").focus()
    for key in ["ArrowUp", "ArrowRight"] * SIDE:
        page.keyboard.press(key)
        x, y = viewer.position_of(viewer.state("pinned"))
        assert not overlaps(player, {"x": x, "y": y, "width": 0, "height": 0})


@pytest.mark.parametrize("size", [(390, 667), (390, 480), (568, 320), (667, 375)])
def test_on_a_phone_neither_card_nor_list_nor_legend_covers_the_player(
    open_viewer: OpenViewer, with_excerpts: Site, size: tuple[int, int]
) -> None:
    viewer = open_viewer(site=with_excerpts, **{**PHONE, "viewport": {"width": size[0], "height": size[1]}})
    page = viewer.page
    pin_one_with_an_excerpt(page)
    page.locator("#card [data-action=add]").tap()
    page.locator("#card [data-action=listen]").tap()
    expect(page.locator("#player audio")).to_be_attached()
    for has_video in (False, True):
        if has_video:
            give_the_player_the_height_of_a_video(viewer)
        player = box(page, "#player")
        assert page.evaluate(COVERED) == []
        assert player["y"] + player["height"] <= size[1]
        assert not overlaps(box(page, "#card"), player)
    page.keyboard.press("Escape")
    expect(page.locator("#picks")).to_be_visible()
    assert not overlaps(box(page, "#picks"), player)
    page.locator("#picks [data-action=clear]").tap()
    page.locator("#legend-handle").tap()
    expect(page.locator(".legend-body")).to_be_visible()
    assert not overlaps(box(page, "#legend"), player)


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
