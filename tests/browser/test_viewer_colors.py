"""Colors by what is known of tracks; the legend as a filter."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import Viewer
from tests.fakes.sample_site import GENERATION, SOUNDS, sounds_of, unpacked
from tests.support.pages import Site

pytestmark = pytest.mark.browser
OpenViewer = Callable[..., Viewer]


def _details(viewer: Viewer) -> Any:
    return json.loads((viewer.site.folder / "data" / GENERATION / "details-000.json").read_text())


def _color_by(viewer: Viewer, trait: str) -> None:
    viewer.page.locator(".more select").select_option(trait)
    viewer.wait_until(f"spotmap.state().colorBy === {trait!r}")


def test_everything_that_is_known_can_be_chosen(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    options = viewer.page.locator(".more option").all_inner_texts()
    expected = ["Styles and moods", "Tempo", "Loudness", "Brightness", "Danceability", "Key", "Major or minor"]
    expected += ["Year", "Date added", "Length", "Genres", "Plays", "Where you listen", "Since the last build"]
    assert options[1:] == expected


def test_the_menu_of_colors_is_used_by_keys(open_viewer: OpenViewer) -> None:
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


def test_details_are_fetched_once_a_feature_is_chosen_and_not_before(open_viewer: OpenViewer) -> None:
    asked: list[str] = []
    viewer = open_viewer(5000)
    viewer.page.on("request", lambda request: asked.append(request.url.rsplit("/", 1)[1]))
    viewer.page.locator('[data-color-by="playlist"]').click()
    assert [name for name in asked if name.startswith("details")] == []
    _color_by(viewer, "feature.tempo")
    assert sorted(name for name in asked if name.startswith("details")) == [
        "details-000.json",
        "details-001.json",
        "details-002.json",
    ]
    _color_by(viewer, "year")
    assert sum(name.startswith("details") for name in asked) == 3


def test_the_handles_of_a_number_filter_by_keyboard(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    _color_by(viewer, "feature.tempo")
    low = viewer.page.get_by_label("Lowest Tempo shown")
    for _ in range(4):
        low.press("PageUp")
    limit = viewer.page.evaluate("spotmap.state().traitFilters.get('feature.tempo').low")
    assert viewer.visible_count() == sum(tempo >= limit for tempo in unpacked(_details(viewer)["features"]["tempo"]))
    assert 0 < viewer.visible_count() < 300
    expect(low).to_have_attribute("aria-valuetext", f"{round(limit)}\u00a0BPM")
    viewer.page.get_by_role("button", name="Show all").click()
    assert viewer.visible_count() == 300
    assert low.input_value() == "0"


def test_the_handles_can_be_dragged_and_do_not_cross(open_viewer: OpenViewer) -> None:
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


def test_keys_go_round_a_circle_of_twelve_and_filter(open_viewer: OpenViewer) -> None:
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


def test_a_style_on_the_card_shows_the_tracks_that_have_it(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    viewer.page.mouse.click(*viewer.position_of(viewer.track_in_view(divisor=4)))
    words = viewer.page.locator("#card .style-word")
    expect(words.first).to_be_visible()
    style = words.first.get_attribute("data-style") or ""
    words.first.press("Enter")
    viewer.wait_until("spotmap.state().colorBy === 'styles'")
    having = [row for row in range(300) if style in [SOUNDS[place] for place, _ in sounds_of(row)]]
    assert viewer.visible_count() == len(having)
    row = viewer.page.locator(".legend-row", has_text=style).first
    expect(row.locator(".legend-toggle")).to_have_attribute("aria-pressed", "true")
    expect(row.locator(".legend-count")).to_have_text(str(len(having)))
    words.first.press("Enter")
    assert viewer.visible_count() == 300


def test_the_styles_in_a_clusters_name_can_be_pressed(open_viewer: OpenViewer) -> None:
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


def test_a_column_of_names_is_a_list_of_switches_with_one_for_unknown(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    _color_by(viewer, "facet.genres")
    names = viewer.page.locator(".legend-name").all_inner_texts()
    assert set(names) == {"ambient", "dub", "house", "folk", "chanson", "jazz", "Not known"}
    viewer.page.locator(".legend-toggle", has_text="Not known").click()
    assert viewer.visible_count() == 250
    viewer.page.locator(".legend-toggle", has_text="house").click()
    assert viewer.visible_count() == 200


def test_filters_of_several_traits_hold_together_and_are_marked(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    _color_by(viewer, "facet.genres")
    viewer.page.locator(".legend-toggle", has_text="Not known").click()
    viewer.page.locator('[data-color-by="cluster"]').click()
    expect(viewer.page.locator(".more")).to_have_class("more is-filtering")
    assert viewer.visible_count() == 250
    viewer.page.locator(".legend-toggle").first.click()
    assert viewer.visible_count() < 250


def test_the_map_is_drawn_in_the_colors_of_the_legend(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    _color_by(viewer, "feature.mode")
    colors = viewer.page.locator(".legend-list .swatch").evaluate_all(
        "swatches => swatches.map((swatch) => swatch.style.backgroundColor.match(/\\d+/g).map(Number))"
    )
    assert len(colors) == 2
    for _ in range(20):
        shot = viewer.page.screenshot(clip={"x": 340, "y": 0, "width": 860, "height": 800})
        picture = Image.open(io.BytesIO(shot)).convert("RGB")
        counts = {color: count for count, color in picture.getcolors(maxcolors=860 * 800) or []}
        if all(counts.get(tuple(color), 0) > 500 for color in colors):
            return
    pytest.fail(f"the map has too little of {colors}")


def test_details_that_cannot_be_had_leave_the_colors_as_they_are_and_say_so(
    open_viewer: OpenViewer, copied_site: Site
) -> None:
    Path(copied_site.folder / "data" / GENERATION / "details-000.json").unlink()
    viewer = open_viewer(site=copied_site)
    viewer.page.locator(".more select").select_option("feature.tempo")
    expect(viewer.page.locator(".legend-progress")).to_contain_text("details-000.json could not be fetched")
    assert viewer.state("colorBy") == "cluster"
    expect(viewer.page.locator(".more select")).to_have_value("")
    viewer.complaints.expect("404")
