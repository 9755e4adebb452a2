"""Pointing at tracks, searching for them, and the card that describes them."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Held, OpenViewer
from tests.fakes.sample_site import CURIOUS_TITLES, GENERATION
from tests.support.pages import Site

pytestmark = pytest.mark.browser


def test_hovering_shows_the_card_and_leaving_hides_it(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    track = viewer.track_in_view()
    viewer.page.mouse.move(*viewer.position_of(track))
    card = viewer.page.locator("#card")
    expect(card).to_be_visible()
    assert viewer.state("hovered") == track
    expect(card.locator(".card-title")).not_to_be_empty()
    expect(card.locator(".card-artists")).not_to_be_empty()
    expect(card.locator(".card-facts")).to_contain_text(":")
    viewer.page.mouse.move(640, 3)
    expect(card).to_be_hidden()


def test_card_is_hidden_when_zooming_moves_its_track_away(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    x, y = viewer.position_of(viewer.track_in_view())
    viewer.page.mouse.move(x + 4, y + 3)
    expect(viewer.page.locator("#card")).to_be_visible()
    for _ in range(6):
        viewer.page.mouse.wheel(0, -500)
    viewer.wait_until("spotmap.state().hovered === -1")
    expect(viewer.page.locator("#card")).to_be_hidden()


def test_clicks_pin_and_escape_or_button_unpin(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    track = viewer.track_in_view()
    card = viewer.page.locator("#card")
    viewer.page.mouse.click(*viewer.position_of(track))
    viewer.page.mouse.move(640, 3)
    expect(card).to_be_visible()
    assert viewer.state("pinned") == track
    expect(viewer.page.locator("#live")).to_contain_text("Pinned: ")
    viewer.page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    assert viewer.state("pinned") == -1
    viewer.page.mouse.dblclick(*viewer.position_of(track))
    viewer.wait_until(f"spotmap.state().pinned === {track}")
    viewer.page.get_by_role("button", name="Unpin").click()
    expect(card).to_be_hidden()


def test_found_track_is_above_its_card_on_a_phone(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(**PHONE)
    page = viewer.page
    page.locator("#search input").fill("river")
    page.locator(".search-list li").first.tap()
    expect(page.locator("#card")).to_be_visible()
    track = viewer.state("pinned")
    viewer.wait_until(
        f"spotmap.positionOf({track})[1] < document.querySelector('#card').getBoundingClientRect().top - 8"
    )
    page.get_by_role("button", name="Add").tap()
    expect(page.locator(".card-chosen")).to_have_text("1 track selected")
    expect(page.locator(".card-chosen")).to_be_visible()


def test_tap_pins_on_a_phone(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(**PHONE)
    viewer.page.touchscreen.tap(*viewer.position_of(150))
    card = viewer.page.locator("#card")
    expect(card).to_be_visible()
    box = card.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    assert box["y"] + box["height"] <= 844


def test_tapped_track_is_not_covered_by_its_card_on_a_phone(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(**PHONE)
    page = viewer.page
    lowest = page.evaluate(
        """() => Array.from({ length: 300 }, (_, track) => [spotmap.positionOf(track)[1], track])
          .filter(([y]) => y < document.querySelector("#controls").getBoundingClientRect().top - 20)
          .sort((a, b) => b[0] - a[0])[0][1]"""
    )
    scale = viewer.state("transform")["k"]
    page.touchscreen.tap(*viewer.position_of(lowest))
    expect(page.locator("#card")).to_be_visible()
    pinned = viewer.state("pinned")
    above = f"spotmap.positionOf({pinned})[1] < document.querySelector('#card').getBoundingClientRect().top - 8"
    viewer.wait_until(above)
    expect(page.locator("#card")).to_contain_text("Sounds like")
    viewer.wait_until(above)
    assert viewer.state("transform")["k"] == scale


def test_click_does_not_move_the_map_in_a_wide_window(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    before = viewer.state("transform")
    viewer.page.mouse.click(*viewer.position_of(viewer.track_in_view()))
    expect(viewer.page.locator("#card")).to_contain_text("Sounds like")
    assert viewer.state("transform") == before


UNDER_CARD = """(names) => {
  const card = document.querySelector("#card").getBoundingClientRect();
  return names.filter(({ x, y, width, size }) =>
    Math.abs(x - card.x - card.width / 2) < (width + card.width) / 2 &&
    Math.abs(y - card.y - card.height / 2) < (size + card.height) / 2).map(({ text }) => text);
}"""


def test_names_are_not_covered_by_a_pinned_card(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    viewer.wait_until("spotmap.names().length > 0")
    before = page.evaluate("spotmap.names()")
    page.mouse.click(*viewer.position_of(viewer.track_in_view()))
    expect(page.locator("#card.is-pinned .card-details")).not_to_be_empty()
    assert page.evaluate(UNDER_CARD, before), "the test needs a name under the card"
    viewer.wait_until(f"({UNDER_CARD})(spotmap.names()).length === 0")
    page.keyboard.press("Escape")
    viewer.wait_until(f"spotmap.names().length === {len(before)}")


def test_card_never_leaves_the_screen(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    track = viewer.track_in_view()
    for corner in ((345, 20), (1200, 20), (345, 780), (1200, 780)):
        x, y = viewer.position_of(track)
        viewer.page.mouse.move(640, 400)
        viewer.page.mouse.down()
        viewer.page.mouse.move(640 + corner[0] - x, 400 + corner[1] - y, steps=3)
        viewer.page.mouse.up()
        assert viewer.position_of(track) == pytest.approx(corner, abs=1)
        viewer.page.mouse.click(*corner)
        expect(viewer.page.locator("#card.is-pinned")).to_be_visible()
        box = viewer.page.locator("#card").bounding_box()
        assert box is not None, corner
        assert 0 <= box["x"] <= 1280 - box["width"], corner
        assert 0 <= box["y"] <= 800 - box["height"], corner
        viewer.page.keyboard.press("Escape")
        expect(viewer.page.locator("#card")).to_be_hidden()


def test_click_right_after_a_drag_pins(open_viewer: OpenViewer) -> None:
    """A busy page gets both before its timers run; the click event that ends the drag itself must not pin."""
    viewer = open_viewer()
    track = viewer.track_in_view()
    pinned = viewer.page.evaluate(
        """(track) => {
          const send = (clientX, clientY, ...types) => {
            for (const type of types) {
              const event = new MouseEvent(type, { bubbles: true, cancelable: true, view: window, clientX, clientY });
              document.querySelector("#map").dispatchEvent(event);
            }
            return spotmap.state().pinned;
          };
          const [x, y] = spotmap.positionOf(track);
          send(x, y, "mousedown");
          const dragged = send(x + 60, y + 20, "mousemove", "mouseup", "click");
          return [dragged, send(...spotmap.positionOf(track), "mousedown", "mouseup", "click")];
        }""",
        track,
    )
    assert pinned == [-1, track]


def test_card_links_to_spotify_and_youtube_music(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    track = viewer.track_in_view(divisor=2)
    viewer.page.mouse.click(*viewer.position_of(track))
    links = viewer.page.locator("#card a")
    expect(links).to_have_text(["Open in Spotify", "YouTube Music"])
    assert [link.get_attribute("href") for link in links.all()] == [
        f"https://open.spotify.com/track/{track:022d}",
        f"https://music.youtube.com/watch?v=v{track:010d}",
    ]
    for link in links.all():
        assert (link.get_attribute("target"), link.get_attribute("rel")) == ("_blank", "noopener")
    attribution = viewer.page.locator(".note").last
    expect(attribution).to_contain_text("Metadata and covers from Spotify")
    expect(attribution).to_be_in_viewport(ratio=1)


def test_search_ignores_accents_and_enter_flies_to_the_track(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    page.keyboard.press("/")
    page.keyboard.type("cafe del mar")
    expect(page.locator(".search-status")).to_have_text("1 track found")
    expect(page.locator(".found-title")).to_have_text(CURIOUS_TITLES[0])
    before = viewer.state("transform.k")
    page.keyboard.press("Enter")
    assert viewer.state("pinned") == 0
    assert viewer.state("transform.k") > 3 * before
    x, y = viewer.position_of(0)
    panel = page.locator("#panel").bounding_box()
    assert panel is not None
    assert panel["width"] < x < 1280
    assert abs(y - 400) < 2
    expect(page.locator("#card .card-title")).to_have_text(CURIOUS_TITLES[0])


def test_found_track_hidden_by_a_filter_is_noted_and_can_be_shown(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    page.get_by_role("button", name="Playlists", exact=True).click()
    for toggle in page.locator(".legend-toggle").all():
        toggle.click()
    assert viewer.visible_count() == 0
    expect(page.locator(".legend-shown")).to_have_text("0 of 300 shown")
    page.keyboard.press("/")
    page.keyboard.type("cafe del mar")
    page.keyboard.press("Enter")
    note = page.locator(".card-filtered")
    expect(note).to_contain_text("Hidden by a filter")
    note.get_by_role("button").press("Enter")
    expect(note).to_be_hidden()
    expect(page.locator("#card :focus")).to_have_count(1)
    assert viewer.visible_count() == 300
    assert viewer.state("pinned") == 0
    expect(page.locator(".legend-shown")).to_be_empty()


def test_arrow_keys_choose_among_results(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    assert len(viewer.type_query("river")) > 2
    track = choose_second_track(page)
    page.keyboard.press("Enter")
    assert viewer.state("pinned") == track


def choose_second_track(page: Page) -> int:
    """Press the arrow key until the second track is chosen; albums and artists may still be added to the results."""
    second = page.locator('[role="option"][data-track]').nth(1)
    expect(second).to_be_visible()
    track = second.get_attribute("data-track")
    chosen = page.locator('[role="option"][aria-selected="true"]')
    for _ in range(50):
        if chosen.count() and chosen.get_attribute("data-track") == track:
            return int(track or "")
        page.keyboard.press("ArrowDown")
    pytest.fail(f"Track {track} cannot be chosen by arrows.")


def test_chosen_result_stays_chosen_when_descriptions_load(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    words = Held(page, "**/words.json")
    with page.expect_request("**/words.json"):
        page.keyboard.press("/")
    page.keyboard.type("river")
    track = choose_second_track(page)
    page.locator('[role="option"]').first.evaluate("row => { row.dataset.old = ''; }")
    words.release()
    expect(page.locator("[data-old]")).to_have_count(0)  # the list has been rendered again
    expect(page.locator('[role="option"][aria-selected="true"]')).to_have_attribute("data-track", str(track))
    page.keyboard.press("Enter")
    assert viewer.state("pinned") == track


def test_empty_search_is_reported_and_escape_clears_it(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    viewer.page.keyboard.press("/")
    viewer.page.keyboard.type("zzzz")
    expect(viewer.page.locator(".search-status")).to_contain_text("Nothing found")
    viewer.page.keyboard.press("Escape")
    viewer.wait_until("spotmap.state().query === ''")
    assert viewer.state("matches") is None


def test_titles_with_markup_or_emoji_are_shown_as_text(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    for title in (CURIOUS_TITLES[4], CURIOUS_TITLES[5]):
        viewer.page.locator("#search input").fill("")
        viewer.page.keyboard.type(title)
        viewer.page.keyboard.press("Enter")
        expect(viewer.page.locator("#card .card-title")).to_have_text(title)
        assert viewer.page.locator("#card script, #found script").count() == 0, title
        assert viewer.page.title() == "A sample library", title


def test_details_are_fetched_once_and_on_demand(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    requested = viewer.record_requests()
    track = viewer.track_in_view()
    for _ in range(2):
        viewer.page.mouse.click(*viewer.position_of(track))
        expect(viewer.page.locator(".card-facts")).to_be_visible()
        viewer.page.keyboard.press("Escape")
    assert [name for name in requested if name.startswith("details")] == ["details-000.json"]


def test_tracks_at_the_same_position_can_each_be_reached(open_viewer: OpenViewer, copied_site: Site) -> None:
    path = copied_site.folder / "data" / GENERATION / "map.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    document |= {"x": [30_000] + [0] * 299, "y": [30_000] + [0] * 299}
    path.write_text(json.dumps(document), encoding="utf-8")
    viewer = open_viewer(site=copied_site)
    spot = viewer.page.locator(".card-spot")
    viewer.page.mouse.click(*viewer.position_of(0))
    expect(spot).to_contain_text("1 of 300 here")
    viewer.page.get_by_role("button", name="Next track on this spot").click()
    expect(spot).to_contain_text("2 of 300 here")
    viewer.page.locator("#map").focus()
    viewer.page.keyboard.press("ArrowRight")
    expect(spot).to_contain_text("3 of 300 here")
    viewer.page.keyboard.press("ArrowLeft")
    expect(spot).to_contain_text("2 of 300 here")
    assert viewer.state("pinned") == 1
    viewer.page.keyboard.press("Escape")
    for number in (1, 2):
        viewer.page.mouse.move(*viewer.position_of(0))
        viewer.page.mouse.click(*viewer.position_of(0))
        expect(spot).to_contain_text(f"{number} of 300 here")


@pytest.mark.parametrize("width", [390, 1280])
def test_long_names_on_the_card_are_shortened(open_viewer: OpenViewer, copied_site: Site, width: int) -> None:
    path = copied_site.folder / "data" / GENERATION / "text.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    for names in ("artist_names", "album_names"):
        document[names] = [name and f"{name} {'and orchestra ' * 9}{'o' * 90}" for name in document[names]]
    path.write_text(json.dumps(document), encoding="utf-8")
    viewer = open_viewer(site=copied_site, viewport={"width": width, "height": 844})
    lines = """(selector) => {
      const names = document.querySelector(selector);
      const { lineHeight } = getComputedStyle(names);
      const { minHeight } = getComputedStyle(names.querySelector("button"));
      return names.getBoundingClientRect().height / Math.max(parseFloat(lineHeight), parseFloat(minHeight) || 0);
    }"""
    for artists in (1, 2):
        counts = enumerate(zip(document["artist_counts"], document["albums"], strict=True))
        track = next(track for track, (count, album) in counts if count == artists and document["album_names"][album])
        viewer.page.locator("#search input").fill(document["titles"].split("\n")[track])
        viewer.page.locator(f"#found [data-track='{track}']").click()
        viewer.page.locator(".card-artists button").first.wait_for()
        assert viewer.page.locator(".card-artists button").count() == artists
        assert viewer.page.evaluate(lines, ".card-artists") <= 2.4
        assert viewer.page.evaluate(lines, ".card-album") <= 1.4
