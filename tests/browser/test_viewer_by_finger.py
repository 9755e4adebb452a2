"""Touch on a phone: actions that other tests perform only with mouse and keyboard."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PHONE, OpenViewer, Viewer

pytestmark = pytest.mark.browser


def swipe(page: Page, positions: Sequence[tuple[float, float]]) -> None:
    """Touch the first position, move the finger through the others and lift it."""
    session = page.context.new_cdp_session(page)
    for kind, (x, y) in zip(["touchStart", *["touchMove"] * (len(positions) - 1)], positions, strict=True):
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def drag_handle(slider: Locator, fraction: float) -> None:
    """Drag a slider's handle from its current position to a fraction (0..1) of its length."""
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box is not None
    low, high, value = slider.evaluate("node => [Number(node.min), Number(node.max), Number(node.value)]")
    ends = (box["x"] + 9, box["x"] + box["width"] - 9)
    at = [ends[0] + (ends[1] - ends[0]) * part for part in ((value - low) / (high - low), fraction)]
    y = box["y"] + box["height"] / 2
    swipe(slider.page, [(at[0] + (at[1] - at[0]) * step / 6, y) for step in range(7)])


def open_legend(page: Page) -> None:
    page.locator("#legend-handle").tap()
    expect(page.locator("#legend-handle")).to_have_attribute("aria-expanded", "true")


def pin_found(viewer: Viewer, query: str = "river") -> None:
    """Search for a track and tap the first result."""
    viewer.page.locator("#search input").tap()
    viewer.page.keyboard.type(query)
    viewer.page.locator(".search-list [data-track]").first.tap()
    expect(viewer.page.locator("#card")).to_contain_text("Sounds like")


def select_found(viewer: Viewer, query: str = "river") -> list[int]:
    viewer.page.locator("#search input").tap()
    viewer.page.keyboard.type(query)
    viewer.page.get_by_role("button", name="Select them").tap()
    expect(viewer.page.locator("#picks")).to_be_visible()
    selected: list[int] = viewer.state("selected")
    return selected


def test_swiping_moves_the_map_and_buttons_zoom(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(**PHONE)
    home = viewer.state("transform")
    swipe(viewer.page, [(200, 400), (190, 420), (170, 460), (150, 500)])
    viewer.wait_until(f"spotmap.state().transform.y > {home['y'] + 50}")
    assert viewer.state("transform")["x"] < home["x"] - 20
    viewer.page.get_by_role("button", name="Zoom in").tap()
    viewer.wait_until(f"spotmap.state().transform.k > {home['k']}")
    viewer.page.get_by_role("button", name="Show the whole map").tap()
    viewer.wait_until(f"Math.abs(spotmap.state().transform.k - {home['k']}) < 0.001")
    assert viewer.state("transform") == pytest.approx(home)
    theme = viewer.page.locator("html").get_attribute("data-theme")
    viewer.page.locator("#theme").tap()
    expect(viewer.page.locator("html")).not_to_have_attribute("data-theme", str(theme))


def test_clusters_can_be_hidden_isolated_and_shown_again(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(**PHONE)
    page = viewer.page
    open_legend(page)
    rows = page.locator(".legend-row", has=page.locator(".legend-count")).filter(has=page.locator(".legend-only"))
    first, last = rows.first, rows.last
    first_size, last_size = (int(row.locator(".legend-count").inner_text()) for row in (first, last))
    # Alternate between the rows: two quick taps on one row are a double tap, which isolates it.
    for row, hidden in ((first, first_size), (last, first_size + last_size), (first, last_size), (last, 0)):
        row.locator(".legend-toggle").tap()
        viewer.wait_until(f"spotmap.visibleCount() === {300 - hidden}")
    first.locator(".legend-only").tap()
    viewer.wait_until(f"spotmap.visibleCount() === {first_size}")
    page.get_by_role("button", name="Show all").tap()
    viewer.wait_until("spotmap.visibleCount() === 300")


def test_description_of_a_playlist_leads_to_its_tracks(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(**PHONE)
    page = viewer.page
    open_legend(page)
    page.get_by_role("button", name="Playlists", exact=True).tap()
    page.locator(".legend-about").nth(2).tap()
    row = page.get_by_role("list", name="Do not fit").get_by_role("button").first
    row.tap()
    viewer.wait_until("spotmap.state().pinned >= 0")


def test_handles_of_a_range_filter_can_be_dragged(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(**PHONE)
    page = viewer.page
    open_legend(page)
    page.locator(".more select").select_option("year")
    low, high = page.get_by_label("Lowest Year shown"), page.get_by_label("Highest Year shown")
    drag_handle(low, 0.5)
    viewer.wait_until("spotmap.visibleCount() < 300")
    newer = viewer.visible_count()
    drag_handle(high, 0.75)
    viewer.wait_until(f"spotmap.visibleCount() < {newer}")
    assert 0 < viewer.visible_count() < newer
    assert 0 < int(low.input_value()) < int(high.input_value()) < 200


def test_color_menu_works_by_touch(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(**PHONE)
    page = viewer.page
    open_legend(page)
    menu = page.get_by_label("Color by a property of tracks")
    menu.tap()
    expect(menu).to_be_focused()
    menu.select_option(label="Genres")
    viewer.wait_until("spotmap.state().colorBy === 'facet.genres'")
    expect(menu).to_have_class("is-chosen")
    row = page.locator(".legend-row", has_text="house")
    size = int(row.locator(".legend-count").inner_text())
    row.locator(".legend-only").tap()
    viewer.wait_until(f"spotmap.visibleCount() === {size}")
    row.locator(".legend-only").tap()
    viewer.wait_until("spotmap.visibleCount() === 300")
    page.get_by_role("button", name="Clusters", exact=True).tap()
    viewer.wait_until("spotmap.state().colorBy === 'cluster'")
    expect(menu).to_have_value("")


def test_time_slider_can_be_dragged_replayed_and_closed(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(**PHONE)
    page = viewer.page
    page.locator("#timeline-button").tap()
    slider = page.get_by_label("Tracks added until")
    expect(slider).to_be_visible()
    drag_handle(slider, 0.4)
    viewer.wait_until("spotmap.state().until !== null && spotmap.visibleCount() < 300")
    page.get_by_role("button", name="Replay how the library grew").tap()
    page.get_by_role("button", name="Pause").tap()
    page.get_by_role("button", name="Close the time slider").tap()
    expect(page.locator("#timeline")).to_be_hidden()
    assert viewer.visible_count() == 300


def test_radius_can_be_enlarged_and_rows_removed(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(**PHONE)
    page = viewer.page
    pin_found(viewer)
    page.get_by_role("button", name="Nearby").tap()
    viewer.wait_until("spotmap.state().selected.length > 0")
    first = viewer.state("selected")
    page.locator(".card-close").tap()
    radius = page.get_by_label("Radius")
    drag_handle(radius, 0.9)
    viewer.wait_until(f"spotmap.state().selected.length > {len(first)}")
    wider = viewer.state("selected")
    page.locator(".picks-row [data-action='remove']").first.tap()
    viewer.wait_until(f"spotmap.state().selected.length === {len(wider) - 1}")
    page.get_by_role("button", name="Clear the selection").tap()
    expect(page.locator("#picks")).to_be_hidden()


def test_selection_can_be_copied_ordered_and_saved(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(**PHONE, permissions=["clipboard-read", "clipboard-write"])
    page = viewer.page
    selected = select_found(viewer)
    page.get_by_role("button", name="Copy for Spotify").tap()
    expect(page.locator(".picks-status")).to_contain_text("Copied")
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").tap()
    assert download.value.suggested_filename.endswith(".csv")
    page.get_by_role("button", name="Copy link").tap()
    expect(page.locator(".picks-status")).to_contain_text("Copied")
    page.get_by_role("button", name="Order as a journey").tap()
    expect(page.locator(".picks-status")).to_contain_text("A journey from")
    assert sorted(viewer.state("selected")) == sorted(selected)
    page.locator(".journey-hard summary").tap()
    page.locator(".journey-hard .text-button").first.tap()
    viewer.wait_until(f"spotmap.state().selected.length === {len(selected) + 1}")


def test_selection_is_saved_as_playlists(open_viewer: OpenViewer, tmp_path: Path) -> None:
    viewer = open_viewer(**PHONE)
    selected = select_found(viewer)
    for name, suffix in (("M3U", ".m3u8"), ("JSPF", ".jspf")):
        with viewer.page.expect_download() as download:
            viewer.page.get_by_role("button", name=name).tap()
        assert download.value.suggested_filename.endswith(suffix)
        download.value.save_as(tmp_path / name)
    lines = (tmp_path / "M3U").read_text(encoding="utf-8").splitlines()
    assert sum(line.startswith(("#EXTINF", "# no address")) for line in lines) == len(selected)
    assert len(json.loads((tmp_path / "JSPF").read_text(encoding="utf-8"))["playlist"]["track"]) == len(selected)
    expect(viewer.page.locator(".picks-status")).to_contain_text("Saved")


def test_path_options_can_be_changed(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(**PHONE)
    page = viewer.page
    pin_found(viewer, "glass")
    page.get_by_role("button", name="Path to another track").tap()
    page.locator("#search input").fill("river")
    page.locator(".search-list [data-track]").nth(2).tap()
    expect(page.locator(".picks-status")).to_contain_text("A path of")
    before = viewer.state("selected")
    if page.locator(".card-close").is_visible():
        page.locator(".card-close").tap()
    page.get_by_role("button", name="Another path").tap()
    viewer.wait_until(f"JSON.stringify(spotmap.state().selected) !== '{str(before).replace(' ', '')}'")
    page.locator(".journey-wishes summary").tap()
    page.get_by_label("One track per artist").tap()
    expect(page.get_by_label("One track per artist")).to_be_checked()
    page.get_by_role("button", name="Add a stop").tap()
    expect(page.locator("#path-hint")).to_be_visible()
    page.locator("#path-hint").get_by_role("button", name="Cancel").tap()
    expect(page.locator("#path-hint")).to_be_hidden()


def test_styles_on_card_and_legend_filter_by_touch(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(**PHONE)
    page = viewer.page
    pin_found(viewer)
    page.locator("#card .style-word").first.tap()
    viewer.wait_until("spotmap.state().colorBy === 'styles' && spotmap.visibleCount() < 300")
    page.locator("#card .style-word").first.tap()
    viewer.wait_until("spotmap.visibleCount() === 300")
    page.locator(".card-close").tap()
    open_legend(page)
    page.get_by_role("button", name="Clusters", exact=True).tap()
    page.locator(".legend-about[aria-label*='Ambient']").first.tap()
    page.get_by_role("button", name="Show only ambient", exact=True).tap()
    viewer.wait_until("spotmap.state().colorBy === 'styles' && spotmap.visibleCount() < 300")


def test_videos_can_be_played_skipped_and_closed(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(**PHONE)
    page = viewer.page
    page.route("https://www.youtube-nocookie.com/**", lambda route: route.fulfill(status=200, body=""))
    select_found(viewer)
    page.locator(".picks-row [data-action='play']").first.tap()
    expect(page.locator("#player")).to_be_visible()
    first = page.locator(".player-title").text_content() or ""
    page.get_by_role("button", name="Next in the selection").tap()
    expect(page.locator(".player-title")).not_to_have_text(first)
    page.get_by_role("button", name="Previous in the selection").tap()
    expect(page.locator(".player-title")).to_have_text(first)
    page.get_by_role("button", name="Close the player").tap()
    expect(page.locator("#player")).to_be_hidden()
    viewer.complaints.expect("youtube-nocookie")
