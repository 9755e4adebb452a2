"""Coloring by properties of tracks, and the legend as a filter."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import OpenViewer, Viewer
from tests.fakes.sample_site import GENERATION, SOUNDS, sounds_of, unpacked
from tests.support.pages import Site

pytestmark = pytest.mark.browser


def _color_by(viewer: Viewer, property_: str) -> None:
    viewer.page.locator(".more select").select_option(property_)
    viewer.wait_until(f"spotmap.state().colorBy === {property_!r}")


def test_all_known_properties_can_be_chosen(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    options = viewer.page.locator(".more option").all_inner_texts()
    expected = ["Styles and moods", "Tempo", "Loudness", "Brightness", "Danceability", "Key", "Major or minor"]
    expected += ["Year", "Date added", "Length", "Genres", "Plays", "Where you listen", "Since the last build"]
    assert options[1:] == expected


def test_color_menu_works_by_keyboard(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    menu = page.get_by_label("Color by a property of tracks")
    page.locator(".size-by select").focus()
    page.keyboard.press("Shift+Tab")
    expect(menu).to_be_focused()
    page.keyboard.type("Gen")
    viewer.wait_until("spotmap.state().colorBy === 'facet.genres'")
    expect(page.locator(".legend-name").first).to_be_visible()
    expect(menu).to_be_focused()
    page.keyboard.press("ArrowUp")
    viewer.wait_until("spotmap.state().colorBy === 'duration_ms'")
    page.keyboard.press("Home")
    viewer.wait_until("spotmap.state().colorBy === 'cluster'")


def test_first_rows_of_the_menus_say_what_they_lead_back_to(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    color_row, size_row = (viewer.page.locator(f"{menu} option[value='']") for menu in (".more", ".size-by"))
    expect(color_row).to_have_text("Color by …")
    expect(size_row).to_have_text("Size by …")
    _color_by(viewer, "feature.tempo")
    viewer.page.locator(".size-by select").select_option("feature.tempo")
    expect(color_row).to_have_text("Clusters")
    expect(size_row).to_have_text("One size")
    viewer.page.locator(".more select").select_option("")
    viewer.page.locator(".size-by select").select_option("")
    expect(color_row).to_have_text("Color by …")
    expect(size_row).to_have_text("Size by …")


def test_details_are_fetched_when_a_feature_is_chosen(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(5000)
    requested = viewer.record_requests()
    viewer.page.locator('[data-color-by="playlist"]').click()
    assert [name for name in requested if name.startswith("details")] == []
    _color_by(viewer, "feature.tempo")
    assert sorted(name for name in requested if name.startswith("details")) == [
        "details-000.json",
        "details-001.json",
        "details-002.json",
    ]
    _color_by(viewer, "year")
    assert sum(name.startswith("details") for name in requested) == 3


def test_handles_of_a_range_filter_work_by_keyboard(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    _color_by(viewer, "feature.tempo")
    low = viewer.page.get_by_label("Lowest Tempo shown")
    for _ in range(4):
        low.press("PageUp")
    limit = viewer.page.evaluate("spotmap.state().traitFilters.get('feature.tempo').low")
    assert viewer.visible_count() == sum(tempo >= limit for tempo in unpacked(viewer.details()["features"]["tempo"]))
    assert 0 < viewer.visible_count() < 300
    expect(low).to_have_attribute("aria-valuetext", f"{round(limit)}\u00a0BPM")
    viewer.page.get_by_role("button", name="Show all").click()
    assert viewer.visible_count() == 300
    assert low.input_value() == "0"


def test_handles_of_a_range_filter_can_be_dragged_and_do_not_cross(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    _color_by(viewer, "year")
    box = viewer.page.locator(".range-handles").bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    viewer.page.mouse.move(box["x"] + 8, middle)
    viewer.page.mouse.down()
    viewer.page.mouse.move(box["x"] + box["width"] / 2, middle, steps=5)
    viewer.page.mouse.up()
    assert 0 < viewer.visible_count() < 200
    high = viewer.page.get_by_label("Highest Year shown")
    high.press("Home")
    assert viewer.page.get_by_label("Lowest Year shown").input_value() == high.input_value() == "0"


def test_musical_keys_have_twelve_colors_and_filter(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    _color_by(viewer, "feature.key")
    names = viewer.page.locator(".legend-name").all_inner_texts()
    assert names[:2] == ["C · Am", "G · Em"]
    assert len(names) == 12
    colors = viewer.page.locator(".legend-list .swatch").evaluate_all(
        "swatches => swatches.map((swatch) => swatch.style.backgroundColor)"
    )
    assert len(set(colors)) == 12
    row = viewer.page.locator(".legend-row").first
    size = int(row.locator(".legend-count").inner_text())
    row.hover()
    row.locator(".legend-only").click()
    assert viewer.visible_count() == size


def test_style_on_the_card_filters_tracks(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    viewer.page.mouse.click(*viewer.position_of(viewer.track_in_view(divisor=4)))
    words = viewer.page.locator("#card .style-word")
    expect(words.first).to_be_visible()
    style = words.first.get_attribute("data-style") or ""
    words.first.press("Enter")
    viewer.wait_until("spotmap.state().colorBy === 'styles'")
    matching = [row for row in range(300) if style in [SOUNDS[number] for number, _ in sounds_of(row)]]
    assert viewer.visible_count() == len(matching)
    row = viewer.page.locator(".legend-row", has_text=style).first
    expect(row.locator(".legend-toggle")).to_have_attribute("aria-pressed", "true")
    expect(row.locator(".legend-count")).to_have_text(str(len(matching)))
    words.first.press("Enter")
    assert viewer.visible_count() == 300


def test_styles_in_a_cluster_name_filter_or_search(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    viewer.page.locator(
        ".legend-about", has=viewer.page.locator("xpath=self::*[contains(@aria-label, 'Ambient')]")
    ).click()
    viewer.page.get_by_role("button", name="Show only ambient", exact=True).click()
    viewer.wait_until("spotmap.state().colorBy === 'styles'")
    assert viewer.visible_count() == sum(SOUNDS.index("ambient") in dict(sounds_of(row)) for row in range(300))
    viewer.page.get_by_role("button", name="Clusters", exact=True).click()
    viewer.page.get_by_role("button", name="About Deep House").click()
    viewer.page.get_by_role("button", name="deep house", exact=True).click()
    expect(viewer.page.locator("#search input")).to_have_value("deep house")
    viewer.wait_until("spotmap.state().matches?.length > 0")


def test_text_column_has_one_switch_per_value_and_one_for_unknown(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    _color_by(viewer, "facet.genres")
    names = viewer.page.locator(".legend-name").all_inner_texts()
    assert set(names) == {"ambient", "dub", "house", "folk", "chanson", "jazz", "Not known"}
    viewer.page.locator(".legend-toggle", has_text="Not known").click()
    assert viewer.visible_count() == 250
    viewer.page.locator(".legend-toggle", has_text="house").click()
    assert viewer.visible_count() == 200


def test_filters_of_several_properties_combine_and_are_marked(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    _color_by(viewer, "facet.genres")
    viewer.page.locator(".legend-toggle", has_text="Not known").click()
    viewer.page.locator('[data-color-by="cluster"]').click()
    expect(viewer.page.locator(".more")).to_have_class("more is-filtering")
    assert viewer.visible_count() == 250
    viewer.page.locator(".legend-toggle").first.click()
    assert viewer.visible_count() < 250


def test_map_uses_the_colors_of_the_legend(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    _color_by(viewer, "feature.mode")
    colors = viewer.page.locator(".legend-list .swatch").evaluate_all(
        "swatches => swatches.map((swatch) => swatch.style.backgroundColor.match(/\\d+/g).map(Number))"
    )
    assert len(colors) == 2
    for _ in range(20):
        screenshot = viewer.page.screenshot(clip={"x": 340, "y": 0, "width": 860, "height": 800})
        picture = Image.open(io.BytesIO(screenshot)).convert("RGB")
        counts = {color: count for count, color in picture.getcolors(maxcolors=860 * 800) or []}
        if all(counts.get(tuple(color), 0) > 500 for color in colors):
            return
    pytest.fail(f"too few pixels have the colors {colors}")


def test_missing_details_keep_the_colors_and_are_reported(open_viewer: OpenViewer, copied_site: Site) -> None:
    Path(copied_site.folder / "data" / GENERATION / "details-000.json").unlink()
    viewer = open_viewer(site=copied_site)
    viewer.page.locator(".more select").select_option("feature.tempo")
    expect(viewer.page.locator(".legend-progress")).to_contain_text("details-000.json could not be fetched")
    assert viewer.state("colorBy") == "cluster"
    expect(viewer.page.locator(".more select")).to_have_value("")
    viewer.complaints.expect("404")
