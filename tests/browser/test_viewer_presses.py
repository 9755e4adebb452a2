"""Presses during which something arrives: none is lost, although browsers drop the click of a replaced element."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Held, OpenViewer, Viewer
from tests.browser.test_viewer_late import HELD_SLICES, select_all
from tests.fakes.sample_site import is_streamed

pytestmark = pytest.mark.browser
YOUTUBE = "https://www.youtube-nocookie.com/**"
DETAILS = "**/details-*.json"


LISTED = "[...document.querySelectorAll('#found [data-track]')].map((row) => Number(row.dataset.track))"


@contextmanager
def pressed(page: Page, button: Locator) -> Iterator[None]:
    """Hold the mouse button down on an element."""
    box = button.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    yield
    page.mouse.up()


def test_result_that_is_pressed_while_others_arrive_is_chosen(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    page.locator("#search input").fill("a")
    viewer.wait_until("spotmap.state().query === 'a'")
    row = page.locator("#found [data-track]").first
    track = int(row.get_attribute("data-track") or "")
    page.evaluate(HELD_SLICES)
    page.locator("#search input").press("End")
    page.keyboard.type("n")
    with pressed(page, row):
        page.evaluate("releaseSlices()")
        viewer.wait_until("spotmap.state().query === 'an'")
        assert page.evaluate(f"{LISTED}.some((track) => !spotmap.state().matches.includes(track))"), (
            "the list is still the old one"
        )
    viewer.wait_until(f"spotmap.state().pinned === {track}")
    viewer.wait_until(f"{LISTED}.every((track) => spotmap.state().matches.includes(track))")


def test_row_of_the_legend_that_is_pressed_while_another_coloring_arrives_is_switched(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    held = Held(page, DETAILS)
    with page.expect_request(DETAILS):
        page.locator("#legend select").first.select_option("feature.tempo")
    row = page.locator(".legend-list .legend-toggle").first
    cluster = int(row.get_attribute("data-group") or "")
    with pressed(page, row):
        held.release()
        viewer.wait_until("spotmap.state().colorBy === 'feature.tempo'")
    viewer.wait_until("spotmap.state().hiddenClusters.size > 0")
    assert viewer.state("hiddenClusters") == [cluster]
    expect(row).to_have_count(0)


def test_track_of_an_album_that_is_pressed_while_the_album_is_sorted_is_shown(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    held = Held(page, DETAILS)
    page.locator("#search input").fill("okafor")
    page.locator(".found-collection").first.click()
    before = viewer.state("selected")
    first = page.locator(f".picks-row[data-track='{before[0]}']")
    with pressed(page, first.locator("[data-action=remove]")):
        held.release()
        expect(page.locator(".collection-name")).to_be_visible()
        assert viewer.state("selected")[0] != before[0], "the test needs tracks that are not in order"
    expect(first).to_have_count(0)
    assert sorted(viewer.state("selected")) == sorted(before[1:])
    expect(page.locator(".picks-row").first).to_have_attribute("data-track", str(viewer.state("selected")[0]))


def test_row_of_the_table_that_is_pressed_while_columns_arrive_is_pinned(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    held = Held(page, DETAILS)
    with page.expect_request(DETAILS):
        page.locator("#table-button").click()
    row = page.locator("#table [data-place='2']")
    track = int(row.get_attribute("data-track") or "")
    with pressed(page, row):
        held.release()
        viewer.wait_until("spotmap.state().traits.has('feature.danceability')")
    viewer.wait_until(f"spotmap.state().pinned === {track}")
    expect(page.locator("#table [data-sort='feature.danceability']")).to_have_count(1)


def test_tool_that_is_closed_while_it_arrives_stays_closed(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(5000)
    page = viewer.page
    script, neighbors = Held(page, "**/tools.js"), Held(page, "**/neighbors-002.json")
    page.locator("#search input").fill("river")
    page.locator("#found [data-track]").first.click()
    more = page.get_by_role("button", name="More of this")
    close = page.locator("#tool").get_by_role("button", name="Close")
    with page.expect_request("**/tools.js"):
        more.click()
    with pressed(page, close), page.expect_response("**/tools.js"):
        script.release()
    expect(page.locator("#tool")).to_be_hidden()
    more.click()
    expect(page.locator("#tool").get_by_role("status")).to_contain_text("66 %")
    with pressed(page, close), page.expect_response("**/neighbors-002.json"):
        neighbors.release()
    expect(page.locator("#tool")).to_be_hidden()


def test_card_that_is_pressed_while_the_next_track_begins_acts_on_its_own_track(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(3000)
    page = viewer.page
    held, last = play_last_track_of_first_file(viewer)
    page.locator("#player [data-action=next]").click()
    with pressed(page, page.locator("#card [data-action=add]")):
        held.release()
        viewer.wait_until(f"spotmap.state().pinned > {last}")
    viewer.wait_until(f"!spotmap.state().selected.includes({last})")
    expect(page.locator("#card [data-action=add]")).to_have_attribute("aria-pressed", "true")
    viewer.complaints.expect("youtube-nocookie")


def play_last_track_of_first_file(viewer: Viewer) -> tuple[Held, int]:
    """Select all tracks, and play the last one with a recording whose details are in the first file.

    Return the second file, which is withheld, and the track.
    """
    page, last = viewer.page, 2046
    page.route(YOUTUBE, lambda route: route.fulfill(status=200, body=""))
    select_all(viewer)
    held = Held(page, "**/details-001.json")
    with page.expect_request("**/details-001.json"):
        page.evaluate(
            "(place) => (document.querySelector('.picks-list').scrollTop = 48 * place)",
            viewer.state("selected").index(last) - 1,
        )
    page.locator(f'.picks-row[data-track="{last}"] [data-action="play"]').click()
    expect(page.locator("#player iframe")).to_be_visible()
    return held, last


def test_every_press_of_next_counts_while_details_load(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(3000)
    held, last = play_last_track_of_first_file(viewer)
    for action in ("next", "next", "next", "previous"):
        viewer.page.locator(f"#player [data-action={action}]").click()
    held.release()
    selected = viewer.state("selected")
    playable = [track for track in selected[selected.index(last) + 1 :] if is_streamed(track)]
    viewer.wait_until(f"spotmap.state().pinned === {playable[1]}")
    viewer.complaints.expect("youtube-nocookie")
