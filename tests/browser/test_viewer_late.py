"""Files that arrive late, after the person has gone on: nothing that was done meanwhile is undone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Held, OpenViewer, Viewer

pytestmark = pytest.mark.browser
FOCUSED = "document.activeElement"
IDLE = "new Promise((resolve) => requestIdleCallback(resolve))"
"""Waits until the page has nothing to do."""


def select_all(viewer: Viewer) -> None:
    viewer.page.locator("#lasso-button").click()
    viewer.page.get_by_role("button", name="Select all in view").click()


def test_going_back_wins_over_the_link_whose_details_are_still_loading(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    page.locator("#legend select").first.select_option("feature.tempo")
    viewer.wait_until("location.hash.includes('by=feature.tempo')")
    held = Held(page, "**/details-*.json")
    with page.expect_request("**/details-*.json"):
        page.reload()
    page.wait_for_selector("#search input:enabled")
    page.go_back()
    viewer.wait_until("!location.hash.includes('by=')")
    held.release()
    viewer.wait_until("spotmap.state().traits.has('feature.tempo')")
    page.wait_for_selector('html[data-state="ready"]')
    assert viewer.state("colorBy") == "cluster"
    page.locator("[data-color-by=playlist]").click()
    viewer.wait_until("location.hash.includes('by=playlist')")


def test_typed_description_is_understood_although_the_field_was_left(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    held = Held(page, "**/describe.js")
    with page.expect_request("**/describe.js"):
        page.locator("#search input").fill("slow")
    viewer.wait_until("spotmap.state().query === 'slow'")
    page.locator("#map").focus()
    held.release()
    viewer.wait_until("spotmap.state().matches.length > 0")
    expect(page.locator(".search-results")).to_be_hidden()
    page.locator("#search input").focus()
    expect(page.locator(".said-means").first).to_be_visible()


HELD_SLICES = """(() => {
    const { setTimeout, performance } = window;
    const waiting = [];
    let time = 0;
    performance.now = () => (time += 1000);
    window.setTimeout = (act, after, ...values) => (after ? setTimeout(act, after, ...values) : waiting.push(act));
    window.releaseSlices = () => {
        window.setTimeout = setTimeout;
        for (const act of waiting) act();
    };
})()"""
"""Withholds all but the first slice of long work until ``releaseSlices`` is called, like a large map."""


def test_escape_clears_a_search_that_is_still_running(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    select_all(viewer)
    selected = viewer.state("selected")
    page.evaluate(HELD_SLICES)
    page.locator("#search input").press("a")
    page.locator("#search input").dispatch_event("keydown", {"key": "Escape", "bubbles": True})
    page.evaluate("releaseSlices()")
    assert viewer.state("selected") == selected
    expect(page.locator("#search input")).to_have_value("")
    viewer.wait_until("spotmap.state().query === ''")


def test_list_of_results_stays_closed_after_a_choice(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    page.locator("#search input").fill("a")
    row = page.locator("#found [data-track]").first
    expect(row).to_be_visible()
    page.evaluate(HELD_SLICES)
    page.locator("#search input").press("End")
    page.keyboard.type("n")
    row.click()
    viewer.wait_until("spotmap.state().pinned >= 0")
    page.evaluate("releaseSlices()")
    viewer.wait_until("document.querySelector('.search-status').textContent && spotmap.state().query === 'an'")
    expect(page.locator(".search-results")).to_be_hidden()


def test_arriving_traits_leave_the_focus_and_the_list_of_the_legend(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    held = Held(page, "**/details-*.json")
    with page.expect_request("**/details-*.json"):
        page.locator("#table-button").click()
    page.locator(".legend-toggle").nth(1).focus()
    held.release()
    viewer.wait_until("spotmap.state().traits.has('feature.danceability')")
    assert page.evaluate(f"{FOCUSED}.matches('.legend-toggle')")


def test_arriving_traits_leave_the_place_and_the_focus_in_the_table(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    held = Held(page, "**/details-*.json")
    with page.expect_request("**/details-*.json"):
        page.locator("#table-button").click()
    page.locator('#table [data-place="0"]').focus()
    for _ in range(30):
        page.keyboard.press("ArrowDown")
    place = page.evaluate("document.querySelector('.table-scroll').scrollTop")
    assert place > 0
    held.release()
    viewer.wait_until("spotmap.state().traits.has('feature.danceability')")
    assert page.evaluate("document.querySelector('.table-scroll').scrollTop") == place
    assert page.evaluate(f"{FOCUSED}.dataset.place") == "30"


def test_last_choice_of_a_coloring_wins(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    held = Held(page, "**/details-*.json")
    with page.expect_request("**/details-*.json"):
        page.locator("#legend select").first.select_option("feature.tempo")
    page.locator("[data-color-by=cluster]").click()
    expect(page.locator("#legend select").first).to_have_value("")
    held.release()
    viewer.wait_until("spotmap.state().traits.has('feature.tempo')")
    assert viewer.state("colorBy") == "cluster"


def search_while_it_opens(page: Page, held: Held, panel: str) -> None:
    """Type a query, during which the held file arrives and a panel opens; all of it must be in the field."""
    page.keyboard.press("/")
    page.keyboard.type("de")
    held.release()
    expect(page.locator(panel)).to_be_visible()
    page.keyboard.type("ep")
    expect(page.locator("#search input")).to_have_value("deep")


def test_time_slider_that_opens_late_does_not_take_the_focus_from_the_search(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    held = Held(page, "**/details-*.json")
    with page.expect_request("**/details-*.json"):
        page.locator("#timeline-button").click()
    search_while_it_opens(page, held, "#timeline")


def test_path_that_is_found_late_does_not_replace_another_selection(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    track = viewer.track_in_view()
    page.mouse.click(*viewer.position_of(track))
    page.get_by_role("button", name="Path to another track").click()
    page.locator("#search input").fill("a")
    page.locator("#found [data-track]").last.click()
    viewer.wait_until("spotmap.state().path.length > 1")
    held = Held(page, "**/neighbors-*.json")
    viewer.wait_until("location.hash.includes('path=')")
    page.reload()
    page.wait_for_selector('html[data-state="ready"]')
    page.locator("[data-action='another']").click()
    page.get_by_role("button", name="Clear the selection").click()
    assert viewer.state("selected") == []
    with page.expect_response("**/neighbors-*.json"):
        held.release()
    page.evaluate(IDLE)
    assert viewer.state("selected") == []


def test_album_that_opens_late_does_not_take_the_focus_from_the_search(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    page.mouse.click(*viewer.position_of(viewer.track_in_view()))
    held = Held(page, "**/collections.js")
    with page.expect_request("**/collections.js"):
        page.locator(".card-artists .name-button").first.click()
    search_while_it_opens(page, held, "#collection")


def test_selection_made_before_the_titles_arrive_is_laid_out(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    held = Held(page, "**/text.json*")
    page.reload()
    page.wait_for_selector('html[data-state="map"]')
    select_all(viewer)
    held.release()
    page.wait_for_selector('html[data-state="ready"]')
    expect(page.locator("#picks")).to_be_visible()
    expect(page.locator("body.has-list")).to_have_count(1)


def test_map_is_laid_out_before_the_first_frame(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    page.add_init_script("window.ResizeObserver = class { observe() {} }")
    page.reload()
    page.wait_for_selector('html[data-state="ready"]')
    assert viewer.state("transform")["k"] != 1


def test_newer_tool_stays_when_the_data_of_the_earlier_one_arrives(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    page.mouse.click(*viewer.position_of(viewer.track_in_view()))
    more = page.get_by_role("button", name="More of this")
    expect(more).to_be_visible()
    held = Held(page, "**/people.json")
    with page.expect_request("**/people.json"):
        page.locator("#people-button").click()
    more.click()
    expect(page.locator("#tool h2")).to_have_text("More and less")
    with page.expect_response("**/people.json"):
        held.release()
    page.evaluate(IDLE)
    expect(page.locator("#tool h2")).to_have_text("More and less")


def test_press_or_a_new_window_size_during_a_flight_does_not_cut_it_short(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(reduced_motion="no-preference")
    page = viewer.page
    whole = viewer.state("transform")["k"]
    page.evaluate("for (let press = 0; press < 2; press++) document.querySelector('[data-action=zoom-in]').click()")
    viewer.wait_until(f"Math.abs(spotmap.state().transform.k / {whole} - 1.6 ** 2) < 0.001")
    page.locator("#search input").fill("a")
    page.locator("#found [data-track]").first.click()
    page.set_viewport_size({"width": 1280, "height": 700})
    viewer.wait_until(f"spotmap.state().transform.k > {whole} * 2.8")
    assert abs(viewer.position_of(viewer.state("pinned"))[1] - 350) < 100


def test_time_button_says_why_nothing_opens(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    page.route("**/details-*.json", lambda route: route.abort())
    page.locator("#timeline-button").click()
    expect(page.locator(".legend-progress")).to_contain_text("could not be fetched")
    viewer.complaints.expect("ERR_FAILED")


def test_next_track_that_loads_late_leaves_a_newer_pin_and_reports_a_failure(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(3000)
    page = viewer.page
    page.route("https://www.youtube-nocookie.com/**", lambda route: route.fulfill(status=200, body=""))
    last = 2046
    """The last track with a recording whose details are in the first file."""
    select_all(viewer)
    details = Held(page, "**/details-001.json")
    with page.expect_request("**/details-001.json"):
        page.evaluate(
            "(place) => (document.querySelector('.picks-list').scrollTop = 48 * place)",
            viewer.state("selected").index(last) - 1,
        )
    page.locator(f'.picks-row[data-track="{last}"] [data-action="play"]').click()
    expect(page.locator("#player iframe")).to_be_visible()
    page.locator("#player [data-action=next]").click()
    page.locator(f'.picks-row[data-track="{last - 1}"] .picks-names').click()
    assert viewer.state("pinned") == last - 1
    details.abort()
    expect(page.locator("#player .player-note")).to_contain_text("could not be fetched")
    assert viewer.state("pinned") == last - 1
    viewer.complaints.expect("youtube-nocookie")
    viewer.complaints.expect("ERR_FAILED")


def test_second_press_while_styles_load_does_not_undo_the_first(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    page.locator(".legend-about").first.click()
    word = page.locator(".insight [data-style]").first
    held = Held(page, "**/details-*.json")
    with page.expect_request("**/details-*.json"):
        word.click()
    word.click()
    held.release()
    viewer.wait_until("spotmap.state().colorBy === 'styles'")
    viewer.wait_until("spotmap.state().traitFilters.size > 0")


def test_picture_button_says_that_it_is_working(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    held = Held(page, "**/picture.js")
    page.locator("#picture-button").click()
    page.locator("[data-picture=svg]").click()
    expect(page.locator("#picture p")).to_have_text("Saving the picture")
    page.keyboard.press("Escape")
    page.locator("#picture-button").click()
    expect(page.locator("#picture p")).to_have_text("Saving the picture")
    with page.expect_download():
        held.release()
    expect(page.locator("#picture p")).to_have_text("Save as")
    expect(page.locator("#picture")).to_be_visible()


def test_arriving_data_leaves_the_focus_in_the_tool(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(5000)
    page = viewer.page
    held = Held(page, "**/neighbors-002.json")
    page.locator("#search input").fill("river")
    page.locator("#found [data-track]").first.click()
    assert viewer.state("pinned") < 4096, "its own neighbors are in another file"
    page.get_by_role("button", name="More of this").click()
    tool = page.get_by_role("region", name="More and less")
    expect(tool.get_by_role("status")).to_contain_text("66 %")
    tool.get_by_role("button", name="Close").focus()
    held.release()
    expect(tool.get_by_role("status")).to_contain_text("Its position on the map is next to")
    expect(tool.get_by_role("button", name="Close")).to_be_focused()


def test_sorted_album_leaves_the_focus_on_its_track(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    held = Held(page, "**/details-*.json")
    page.locator("#search input").fill("okafor")
    page.locator(".found-collection").first.click()
    before = viewer.state("selected")
    page.locator(".picks-names").first.focus()
    for _ in range(2):
        page.keyboard.press("ArrowDown")
    held.release()
    expect(page.locator(".collection-name")).to_be_visible()
    assert viewer.state("selected") != before, "the test needs tracks that are not in order"
    expect(page.locator(f".picks-row[data-track='{before[2]}']:focus-within")).to_have_count(1)


def test_coloring_chosen_while_people_load_stays(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    held = Held(page, "**/people.json")
    with page.expect_request("**/people.json"):
        page.locator("#people-button").click()
    page.locator("[data-color-by=playlist]").click()
    held.release()
    expect(page.locator(".tool-share").first).to_be_visible()
    assert viewer.state("colorBy") == "playlist"


def test_tool_that_loads_says_so_and_stays_closed(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    page.mouse.click(*viewer.position_of(viewer.track_in_view()))
    for opener, file in (("More of this", "tools.js"), ("Two people", "people.json")):
        held = Held(page, f"**/{file}")
        with page.expect_request(f"**/{file}"):
            page.get_by_role("button", name=opener).click()
        expect(page.locator("#tool")).to_contain_text("Loading the details")
        page.locator("#tool").get_by_role("button", name="Close").click()
        with page.expect_response(f"**/{file}"):
            held.release()
        page.evaluate(IDLE)
        expect(page.locator("#tool")).to_be_hidden()
    page.get_by_role("button", name="Two people").click()
    expect(page.get_by_role("heading", name="Two people")).to_be_visible()
