"""Selecting tracks, and the actions on a selection."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, OpenViewer, Viewer

pytestmark = pytest.mark.browser


def _draw_square(viewer: Viewer, center: tuple[float, float], half: float = 110) -> None:
    """Draw a square with the mouse."""
    x, y = center
    viewer.page.mouse.move(x - half, y - half)
    viewer.page.mouse.down()
    for corner in ((x + half, y - half), (x + half, y + half), (x - half, y + half), (x - half, y - half + 5)):
        viewer.page.mouse.move(*corner, steps=5)
    viewer.page.mouse.up()


def _inside(viewer: Viewer, center: tuple[float, float], half: float = 110) -> list[int]:
    x, y = center
    positions = viewer.page.evaluate("Array.from({length: 300}, (_, track) => spotmap.positionOf(track))")
    return [track for track, (a, b) in enumerate(positions) if abs(a - x) < half and abs(b - y) < half]


def _select_all_in_view(viewer: Viewer) -> None:
    viewer.page.locator("#lasso-button").click()
    viewer.page.get_by_role("button", name="Select all in view").click()


def test_shift_drag_selects_the_enclosed_tracks_without_moving_the_map(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    before = viewer.state("transform")
    center = viewer.position_of(viewer.track_in_view())
    expected = _inside(viewer, center)
    viewer.page.keyboard.down("Shift")
    _draw_square(viewer, center)
    viewer.page.keyboard.up("Shift")
    assert expected
    assert viewer.state("selected") == expected
    assert viewer.state("transform") == before
    assert viewer.state("pinned") == -1
    expect(viewer.page.locator("#picks")).to_be_visible()
    expect(viewer.page.locator(".picks-count")).to_contain_text(f"{len(expected)} track")


def test_lasso_button_makes_the_next_drag_select(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    center = viewer.position_of(viewer.track_in_view())
    expected = _inside(viewer, center)
    viewer.page.locator("#lasso-button").click()
    expect(viewer.page.locator("#lasso-button")).to_have_attribute("aria-pressed", "true")
    _draw_square(viewer, center)
    assert viewer.state("selected") == expected
    expect(viewer.page.locator("#lasso-button")).to_have_attribute("aria-pressed", "false")
    before = viewer.state("transform.x")
    viewer.page.mouse.move(640, 400)
    viewer.page.mouse.down()
    viewer.page.mouse.move(700, 420, steps=4)
    viewer.page.mouse.up()
    assert viewer.state("transform.x") == pytest.approx(before + 60)
    assert viewer.state("selected") == expected


def test_lasso_works_by_touch(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(**PHONE)
    page = viewer.page
    page.locator("#lasso-button").tap()
    session = page.context.new_cdp_session(page)
    corners = [(60, 250), (340, 250), (340, 500), (60, 500), (60, 255)]
    touch = [{"x": float(x), "y": float(y), "id": 1.0} for x, y in corners]
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": touch[:1]})
    for point in touch[1:]:
        session.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    viewer.wait_until("spotmap.state().selected.length > 10")
    expect(page.locator("#picks")).to_be_visible()


def test_hidden_tracks_are_not_selected(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    viewer.page.locator(".legend-only").first.click(force=True)
    _select_all_in_view(viewer)
    assert 0 < len(viewer.state("selected")) <= viewer.visible_count() < 300


def test_radius_around_a_track_can_be_enlarged_by_keyboard(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    track = viewer.track_in_view()
    viewer.page.mouse.click(*viewer.position_of(track))
    viewer.page.get_by_role("button", name="Nearby").click()
    first = viewer.state("selected")
    assert first[0] == track
    radius = viewer.page.get_by_label("Radius")
    for _ in range(20):
        radius.press("ArrowRight")
    wider = viewer.state("selected")
    assert len(wider) > len(first)
    assert wider[: len(first)] == first


def test_radius_around_a_track_can_be_enlarged_by_mouse(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    viewer.page.mouse.click(*viewer.position_of(viewer.track_in_view()))
    viewer.page.get_by_role("button", name="Nearby").click()
    first = viewer.state("selected")
    box = viewer.page.get_by_label("Radius").bounding_box()
    assert box is not None
    viewer.page.mouse.click(box["x"] + 0.9 * box["width"], box["y"] + box["height"] / 2)
    wider = viewer.state("selected")
    assert len(wider) > len(first)
    assert wider[: len(first)] == first


def test_selection_can_be_copied_saved_and_ordered_by_keyboard(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(permissions=["clipboard-read", "clipboard-write"])
    page = viewer.page
    viewer.type_query("river")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Select them")).to_be_focused()
    page.keyboard.press("Enter")
    found = viewer.state("selected")
    page.locator("#picks [data-action='clear']").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".picks-status")).to_contain_text("Copied")
    for kind in ("m3u8", "jspf", "csv"):
        page.keyboard.press("Tab")
        with page.expect_download() as download:
            page.keyboard.press("Enter")
        assert download.value.suggested_filename.endswith(f".{kind}")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.locator(".picks-status")).to_contain_text("Copied")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".picks-status")).to_contain_text("A journey from")
    assert sorted(viewer.state("selected")) == sorted(found)


def test_track_is_added_from_its_card_and_removed_in_the_list(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    track = viewer.track_in_view()
    viewer.page.mouse.click(*viewer.position_of(track))
    viewer.page.get_by_role("button", name="Add", exact=True).click()
    assert viewer.state("selected") == [track]
    expect(viewer.page.get_by_role("button", name="Added")).to_have_attribute("aria-pressed", "true")
    viewer.page.locator(".picks-row [data-action='remove']").click()
    assert viewer.state("selected") == []
    expect(viewer.page.locator("#picks")).to_be_hidden()


def test_search_results_can_be_selected(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    found = viewer.type_query("river")
    viewer.page.get_by_role("button", name="Select them").click()
    assert viewer.state("selected") == found
    assert viewer.state("query") == ""


def test_row_of_the_list_pins_its_track(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    _select_all_in_view(viewer)
    row = viewer.page.locator(".picks-row").nth(3)
    row.locator(".picks-names").click()
    assert viewer.state("pinned") == int(row.get_attribute("data-track") or -1)
    expect(row).to_have_class("picks-row is-pinned")


def test_rows_of_the_list_show_available_covers(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    _select_all_in_view(viewer)
    covers = viewer.page.locator(".picks-art img")
    expect(covers.first).to_be_visible()
    covers.first.evaluate("image => image.decode()")
    assert 0 < covers.count() < viewer.page.locator(".picks-art").count(), "some tracks have none"
    expect(viewer.page.locator(".picks-art:empty").first).to_have_css("width", "36px")


def test_long_list_is_virtualized_and_works_by_keyboard(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(5000)
    page = viewer.page
    _select_all_in_view(viewer)
    selected = viewer.state("selected")
    assert len(selected) > 3000
    expect(page.locator(".picks-status")).to_contain_text("Too many for a link")
    assert page.locator(".picks-row").count() < 40
    page.locator(".picks-names").first.focus()
    page.keyboard.press("End")
    expect(page.locator(".picks-names:focus")).to_have_count(1)
    focused = page.locator(".picks-row:focus-within")
    expect(focused).to_have_attribute("data-track", str(selected[-1]))
    expect(focused).to_have_attribute("aria-posinset", str(len(selected)))
    page.keyboard.press("ArrowUp")
    expect(focused).to_have_attribute("data-track", str(selected[-2]))
    page.keyboard.press("Delete")
    assert len(viewer.state("selected")) == len(selected) - 1
    expect(focused).to_have_attribute("data-track", str(selected[-1]))
    page.keyboard.press("Enter")
    assert viewer.state("pinned") == selected[-1]


def test_list_is_as_high_as_its_rows_and_shows_all_of_them(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(viewport={"width": 1280, "height": 1800})
    page = viewer.page
    page.mouse.click(*viewer.position_of(viewer.track_in_view()))
    page.get_by_role("button", name="Add", exact=True).click()
    page.keyboard.press("Escape")
    bottom = "document.querySelector('{}').getBoundingClientRect().bottom"
    gap = f"{bottom.format('#picks')} - {bottom.format('.picks-row')}"
    assert page.evaluate(gap) < 16
    page.get_by_role("button", name="Clear the selection").click()
    matches = viewer.type_query("velvet")
    assert len(matches) > 12
    page.get_by_role("button", name="Select them").click()
    expect(page.locator(".picks-row")).to_have_count(len(matches))
    page.get_by_role("button", name="Order as a journey").click()
    expect(page.locator(".picks-status")).to_contain_text("A journey from")
    expect(page.locator(".picks-row")).to_have_count(len(matches))


def test_selection_is_saved_as_csv_and_m3u(open_viewer: OpenViewer, tmp_path: Path) -> None:
    viewer = open_viewer()
    page = viewer.page
    _select_all_in_view(viewer)
    selected = viewer.state("selected")
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    assert download.value.suggested_filename == "A sample library selection.csv"
    download.value.save_as(tmp_path / "list.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "list.csv").read_text(encoding="utf-8-sig"))))
    assert len(rows) == len(selected)
    ids = [f"spotify:track:{track:022d}" if track % 2 == 0 else f"t{track:07d}" for track in selected]
    assert [row["id"] for row in rows] == ids
    with page.expect_download() as download:
        page.get_by_role("button", name="M3U").click()
    download.value.save_as(tmp_path / "list.m3u8")
    lines = (tmp_path / "list.m3u8").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "#EXTM3U"
    assert sum(line.startswith("https://music.youtube.com/") for line in lines) == sum(t % 2 == 0 for t in selected)
    expect(page.locator(".picks-status")).to_contain_text("Saved")


def test_playlists_can_be_saved_by_keyboard(open_viewer: OpenViewer, tmp_path: Path) -> None:
    viewer = open_viewer()
    page = viewer.page
    _select_all_in_view(viewer)
    selected = viewer.state("selected")
    page.get_by_role("button", name="Copy for Spotify").focus()
    for key, suffix in (("Enter", "m3u8"), ("Space", "jspf"), ("Enter", "csv")):
        page.keyboard.press("Tab")
        with page.expect_download() as download:
            page.keyboard.press(key)
        assert download.value.suggested_filename == f"A sample library selection.{suffix}"
        download.value.save_as(tmp_path / suffix)
    lines = (tmp_path / "m3u8").read_text(encoding="utf-8").splitlines()
    assert sum(line.startswith(("#EXTINF", "# no address")) for line in lines) == len(selected)
    assert len(json.loads((tmp_path / "jspf").read_text(encoding="utf-8"))["playlist"]["track"]) == len(selected)


def test_selection_is_copied_for_spotify(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(permissions=["clipboard-read", "clipboard-write"])
    _select_all_in_view(viewer)
    streamed = [track for track in viewer.state("selected") if track % 2 == 0]
    viewer.page.get_by_role("button", name="Copy for Spotify").click()
    expect(viewer.page.locator(".picks-status")).to_contain_text(f"Copied {len(streamed)} links")
    copied = viewer.page.evaluate("navigator.clipboard.readText()")
    assert copied.split("\n") == [f"spotify:track:{track:022d}" for track in streamed]


def test_copied_link_includes_a_change_made_just_before(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(permissions=["clipboard-read", "clipboard-write"])
    _select_all_in_view(viewer)
    expect(viewer.page).to_have_url(re.compile("list="))
    before = viewer.page.url
    viewer.page.evaluate(
        """() => {
          document.querySelector(".picks-row [data-action='remove']").click();
          document.querySelector("[data-action='copy-link']").click();
        }"""
    )
    expect(viewer.page.locator(".picks-status")).to_contain_text("Copied a link")
    copied = viewer.page.evaluate("navigator.clipboard.readText()")
    assert copied == viewer.page.url != before


def test_escape_closes_the_card_before_the_selection(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    viewer.page.mouse.click(*viewer.position_of(viewer.track_in_view()))
    viewer.page.get_by_role("button", name="Nearby").click()
    viewer.page.keyboard.press("Escape")
    assert viewer.state("pinned") == -1
    assert viewer.state("selected") != []
    viewer.page.keyboard.press("Escape")
    assert viewer.state("selected") == []
