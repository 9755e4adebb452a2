"""Custom axes, the meaning of the map's directions, and tracks that are new since the last build."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, OpenViewer, Viewer
from tests.fakes.sample_insights import AXES, NEW_EVERY
from tests.fakes.sample_site import GENERATION
from tests.support.pages import Site

pytestmark = pytest.mark.browser


def _choose_axes(viewer: Viewer, across: str = "feature.tempo", up: str = "feature.loudness") -> None:
    viewer.page.get_by_role("button", name="Axes", exact=True).click()
    viewer.page.get_by_label("Across", exact=True).select_option(across)
    viewer.wait_until(f"spotmap.state().axes?.x === {across!r}")
    viewer.page.get_by_label("Up", exact=True).select_option(up)
    viewer.wait_until(f"spotmap.state().axes?.y === {up!r}")


def _years(viewer: Viewer) -> list[int | None]:
    years: list[int | None] = viewer.details()["year"]
    return years


def test_axes_place_tracks_by_their_values_and_can_be_switched_off(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    on_map = viewer.position_of(5)
    _choose_axes(viewer, "year", "duration_ms")
    known = sorted((year, track) for track, year in enumerate(_years(viewer)) if year and 1965 < year < 2020)
    (_, early), (_, late) = known[0], known[-1]
    assert viewer.position_of(early)[0] < viewer.position_of(late)[0]
    assert all(0 < x < 1280 and 0 < y < 800 for x, y in map(viewer.position_of, range(300)))
    expect(viewer.page.locator(".axis-title")).to_have_text(["↑ Length (min)", "Year →"])
    assert "2000" in viewer.page.locator(".axis-marks text").all_text_contents()
    viewer.page.get_by_role("button", name="Axes", exact=True).click()
    viewer.wait_until("spotmap.state().axes === null")
    assert viewer.position_of(5) == pytest.approx(on_map, abs=1)
    expect(viewer.page.locator(".axis-marks text")).to_have_count(0)
    expect(viewer.page.locator("#axes")).to_be_hidden()


def test_escape_returns_to_the_map(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    _choose_axes(viewer)
    viewer.page.get_by_label("Up", exact=True).press("Escape")
    viewer.wait_until("spotmap.state().axes === null")
    expect(viewer.page.locator("#axes")).to_be_hidden()
    expect(viewer.page.get_by_role("button", name="Axes", exact=True)).to_be_focused()


def test_choosing_the_map_for_one_axis_resets_both(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    viewer.page.get_by_role("button", name="Axes", exact=True).click()
    viewer.page.get_by_label("Across", exact=True).select_option("year")
    viewer.wait_until("spotmap.state().axes !== null")
    expect(viewer.page.get_by_label("Up", exact=True)).not_to_have_value("")
    viewer.page.get_by_label("Up", exact=True).select_option(label="The map")
    viewer.wait_until("spotmap.state().axes === null")
    expect(viewer.page.get_by_label("Across", exact=True)).to_have_value("")


def test_tracks_with_unknown_values_are_in_a_marked_strip(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    _choose_axes(viewer, "year", "feature.loudness")
    unknown = [track for track, year in enumerate(_years(viewer)) if year is None]
    known = [track for track, year in enumerate(_years(viewer)) if year is not None]
    assert max(viewer.position_of(track)[0] for track in unknown) < min(viewer.position_of(track)[0] for track in known)
    assert viewer.page.locator(".axis-marks text").all_text_contents().count("not known") == 1
    assert "left or lower edge" in viewer.page.locator("#live").inner_text()


def test_pointing_selecting_and_search_use_the_positions_on_the_axes(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    _choose_axes(viewer)
    track = viewer.track_in_view()
    viewer.page.mouse.move(*viewer.position_of(track))
    viewer.wait_until(f"spotmap.state().hovered === {track}")
    viewer.page.mouse.click(*viewer.position_of(track))
    viewer.wait_until(f"spotmap.state().pinned === {track}")
    viewer.page.locator("#map").focus()
    viewer.page.keyboard.press("ArrowRight")
    viewer.wait_until(f"![{track}, -1].includes(spotmap.state().pinned)")
    neighbor = viewer.state("pinned")
    assert viewer.position_of(neighbor)[0] > viewer.position_of(track)[0]
    viewer.page.keyboard.press("Escape")
    viewer.page.get_by_role("button", name="Select tracks").click()
    viewer.page.get_by_role("button", name="Select all in view").click()
    viewer.wait_until("spotmap.state().selected.length === 300")
    titles = json.loads((viewer.site.folder / "data" / GENERATION / "text.json").read_text())["titles"].split("\n")
    viewer.page.get_by_label("Search tracks").fill(titles[42])
    viewer.wait_until("spotmap.state().matches?.length > 0")
    viewer.page.keyboard.press("Enter")
    viewer.wait_until("spotmap.state().pinned >= 0")
    x, y = viewer.position_of(viewer.state("pinned"))
    assert 314 < x < 1240
    assert 0 < y < 740


def test_link_contains_axes_and_view_and_back_returns_to_the_map(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    _choose_axes(viewer)
    viewer.wait_until("location.hash.includes('axes=feature.tempo%7Efeature.loudness')")
    viewer.page.get_by_role("button", name="Zoom in").click()
    viewer.wait_until("location.hash.includes('at=')")
    place = viewer.position_of(7)
    viewer.page.reload()
    viewer.page.wait_for_selector('html[data-state="ready"]')
    viewer.wait_until("spotmap.state().axes?.x === 'feature.tempo'")
    expect(viewer.page.get_by_label("Across", exact=True)).to_have_value("feature.tempo")
    assert viewer.position_of(7) == pytest.approx(place, abs=3)
    for _ in range(3):
        if viewer.state("axes"):
            before = viewer.page.evaluate("location.href")
            viewer.page.go_back()
            viewer.wait_until(f"location.href !== {json.dumps(before)}")
            # The page handles the navigation one task later.
            viewer.page.evaluate("new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))")
    viewer.wait_until("spotmap.state().axes === null")


def test_text_columns_are_not_axes_and_are_ignored_in_links(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(link="#axes=feature.tempo~facet.genres")
    options = viewer.page.locator("#axes select").first.locator("option").all_text_contents()
    expected = ["The map", "Tempo", "Loudness", "Brightness", "Danceability", "Year", "Date added", "Length", "Plays"]
    assert options == expected
    assert viewer.state("axes") is None


def test_missing_details_keep_the_map_and_are_reported(open_viewer: OpenViewer, copied_site: Site) -> None:
    (copied_site.folder / "data" / GENERATION / "details-000.json").unlink()
    viewer = open_viewer(site=copied_site)
    viewer.page.get_by_role("button", name="Axes", exact=True).click()
    viewer.page.get_by_label("Across", exact=True).select_option("year")
    expect(viewer.page.locator(".axes-note")).to_contain_text("details-000.json could not be fetched")
    expect(viewer.page.get_by_label("Across", exact=True)).to_have_value("")
    viewer.complaints.expect("404")


def test_meaning_of_directions_is_shown_only_for_the_map(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    expect(viewer.page.locator("#axes-summary")).to_have_text(AXES)
    _choose_axes(viewer)
    expect(viewer.page.locator("#axes-summary")).to_be_hidden()


def test_new_and_moved_tracks_can_be_colored_and_filtered_without_details(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    requested = viewer.record_requests()
    viewer.page.locator(".more select").select_option(label="Since the last build")
    viewer.wait_until("spotmap.state().colorBy === 'since'")
    rows = viewer.page.locator(".legend-row .legend-toggle").all_inner_texts()
    assert [row.split("\n")[0] for row in rows] == ["New", "Moved", "As before"]
    viewer.page.get_by_role("button", name="Show only New").click(force=True)
    viewer.wait_until(f"spotmap.visibleCount() === {300 // NEW_EVERY}")
    viewer.wait_until("location.hash.includes('by=since')")
    assert [name for name in requested if name.startswith("details")] == []


@pytest.mark.parametrize("width", [320, 390])
def test_axis_lists_fit_narrow_windows(open_viewer: OpenViewer, width: int) -> None:
    viewer = open_viewer(viewport={"width": width, "height": 740})
    _choose_axes(viewer)
    for name in ("#axes", "#axes select >> nth=0", "#axes select >> nth=1", "#axes [data-action='close']", "#controls"):
        box = viewer.page.locator(name).bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    axes, controls = (viewer.page.locator(name).bounding_box() for name in ("#axes", "#controls"))
    assert axes is not None
    assert controls is not None
    assert controls["y"] + controls["height"] <= axes["y"]


@pytest.mark.parametrize("input_device", ["touch", "keyboard"])
def test_axes_can_be_chosen_and_closed_by_touch_and_keyboard(open_viewer: OpenViewer, input_device: str) -> None:
    viewer = open_viewer(**(PHONE if input_device == "touch" else {}))
    page = viewer.page
    opener = page.get_by_role("button", name="Axes", exact=True)
    across = page.get_by_label("Across", exact=True)
    if input_device == "touch":
        opener.tap()
        across.select_option("feature.tempo")
    else:
        opener.press("Enter")
        across.focus()
        page.keyboard.type("Tempo")
    viewer.wait_until("spotmap.state().axes?.x === 'feature.tempo'")
    expect(page.locator(".axis-title")).to_have_count(2)
    close = page.locator("#axes [data-action='close']")
    if input_device == "touch":
        close.tap()
    else:
        close.press("Enter")
    viewer.wait_until("spotmap.state().axes === null")
    expect(page.locator("#axes")).to_be_hidden()
