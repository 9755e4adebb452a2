"""The legend: switches, solo, colors by cluster, playlist or library."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Viewer
from tests.fakes.sample_site import GENERATION
from tests.support.pages import Site

pytestmark = pytest.mark.browser
OpenViewer = Callable[..., Viewer]


def test_a_cluster_can_be_switched_off_and_on_and_each_way_to_show_it_alone_does(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    row = viewer.page.locator(".legend-list .legend-row").nth(1)
    toggle = row.locator(".legend-toggle")
    size = int(row.locator(".legend-count").inner_text())
    assert viewer.visible_count() == 300
    toggle.click()
    expect(toggle).to_have_attribute("aria-pressed", "false")
    assert viewer.visible_count() == 300 - size
    toggle.click()
    assert viewer.visible_count() == 300
    for way in ("double click", "alt click", "only button"):
        if way == "double click":
            toggle.dblclick()
        elif way == "alt click":
            toggle.click(modifiers=["Alt"])
        else:
            row.hover()
            row.locator(".legend-only").click()
        assert viewer.visible_count() == size, way
        viewer.page.get_by_role("button", name="Show all").click()
        assert viewer.visible_count() == 300, way


def test_the_legend_follows_the_colors_and_playlists_off_hide_what_is_in_no_other(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    document = json.loads((viewer.site.folder / "data" / GENERATION / "map.json").read_text())
    rest: set[int] = set()
    for playlist in document["playlists"][1:]:
        rest.update(_undelta(playlist["tracks"]))
    first = document["playlists"][0]
    only_in_first = set(_undelta(first["tracks"])) - rest
    assert only_in_first
    clusters = viewer.page.locator(".legend-name").all_inner_texts()
    viewer.page.get_by_role("button", name="Playlists", exact=True).click()
    playlists = viewer.page.locator(".legend-name").all_inner_texts()
    assert viewer.state("colorBy") == "playlist"
    assert "Between clusters" in clusters
    assert "Running" in playlists
    assert not set(clusters) & set(playlists)
    viewer.page.locator(".legend-toggle", has_text=first["name"]).click()
    assert viewer.visible_count() == 300 - len(only_in_first)
    viewer.page.get_by_role("button", name="Show all").click()
    assert viewer.visible_count() == 300


def test_clusters_stand_under_their_larger_region_which_switches_them_together(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    section = viewer.page.locator(".legend-section").first
    region = section.locator(".legend-toggle").first
    within = section.locator(".legend-list .legend-toggle")
    size = int(region.locator(".legend-count").inner_text())
    region.click()
    assert viewer.visible_count() == 300 - size
    within.first.click()
    expect(region).to_have_attribute("aria-pressed", "mixed")
    region.click(modifiers=["Alt"])
    assert viewer.visible_count() == size


def test_each_row_is_one_stop_of_tab_and_arrows_lead_on(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page, rows = viewer.page, viewer.page.locator(".legend-row")
    rows.nth(0).locator(".legend-toggle").focus()
    page.keyboard.press("Tab")
    expect(rows.nth(1).locator(".legend-toggle")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(rows.nth(1).locator(".legend-only")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(rows.nth(2).locator(".legend-only")).to_be_focused()
    size = int(rows.nth(2).locator(".legend-count").inner_text())
    page.keyboard.press("Enter")
    assert viewer.visible_count() == size
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(rows.nth(2).locator(".legend-about")).to_have_attribute("aria-expanded", "true")


def test_hidden_tracks_cannot_be_hovered(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    track = viewer.track_in_view()
    viewer.page.mouse.move(*viewer.position_of(track))
    assert viewer.state("hovered") == track
    for row in viewer.page.locator(".legend-list .legend-toggle").all():
        row.click()
    assert viewer.visible_count() == 0
    viewer.page.mouse.move(*viewer.position_of(track))
    assert viewer.state("hovered") == -1


def test_a_library_can_be_switched_off_and_has_one_color_in_the_legend_and_on_the_card(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    viewer.page.get_by_role("button", name="Libraries", exact=True).click()
    assert viewer.state("colorBy") == "layer"
    assert viewer.page.locator(".legend-name").all_inner_texts() == ["me", "Mara"]
    viewer.page.locator(".legend-toggle", has_text="Mara").click()
    assert viewer.visible_count() == 200
    viewer.page.locator(".legend-toggle", has_text="me").click()
    assert viewer.visible_count() == 0
    viewer.page.get_by_role("button", name="Show all").click()
    assert viewer.visible_count() == 300
    track = viewer.track_in_view()
    viewer.page.mouse.click(*viewer.position_of(track))
    color = "element => getComputedStyle(element).backgroundColor"
    for chip in viewer.page.locator(".chip-layer").all():
        row = viewer.page.locator(".legend-toggle", has_text=chip.inner_text())
        assert chip.locator(".swatch").evaluate(color) == row.locator(".swatch").evaluate(color)
    assert viewer.page.locator(".chip-layer").all_inner_texts() == [["Mara"], ["me"], ["me", "Mara"]][track % 3]


def _undelta(deltas: list[int]) -> list[int]:
    values: list[int] = []
    for delta in deltas:
        values.append(delta + (values[-1] if values else 0))
    return values


@pytest.fixture
def many_playlists(copied_site: Site) -> Site:
    """A site with 300 playlists, some of them with long names."""
    place = copied_site.folder / "data" / GENERATION / "map.json"
    document = json.loads(place.read_text(encoding="utf-8"))
    names = [f"{'Músicas para ' * (i % 7)}Liste {i}" for i in range(300)]
    document["playlists"] = [
        {"id": f"p{i}", "name": name, "count": 3, "color": i, "tracks": [i % 290, 1, 1], "regions": []}
        for i, name in enumerate(names)
    ]
    place.write_text(json.dumps(document), encoding="utf-8")
    return copied_site


def test_one_of_300_playlists_is_found_by_its_name(open_viewer: OpenViewer, many_playlists: Site) -> None:
    page = open_viewer(site=many_playlists).page
    expect(page.locator(".legend-find")).to_have_count(0)
    page.get_by_role("button", name="Playlists", exact=True).click()
    page.get_by_label("Find among 301").fill("musicas 257")
    rows = page.locator(".legend-list > li:visible")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Liste 257")
    page.locator("#theme").click()
    expect(page.get_by_label("Find among 301")).to_have_value("musicas 257")
    expect(rows).to_have_count(1)
    page.get_by_label("Find among 301").fill("nonsense")
    expect(rows).to_have_count(0)
    expect(page.get_by_text("No name matches.")).to_be_visible()
    page.get_by_label("Find among 301").fill("")
    expect(rows).to_have_count(301)


def test_300_playlists_are_printed_in_columns_on_as_many_pages_as_they_need(
    open_viewer: OpenViewer, many_playlists: Site
) -> None:
    page = open_viewer(site=many_playlists, viewport={"width": 794, "height": 1123}).page
    page.get_by_role("button", name="Playlists", exact=True).click()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    boxes = page.evaluate(
        """[...document.querySelectorAll(".legend-name")].map((name) => {
          const { left, right, top, bottom } = name.getBoundingClientRect();
          return { left, right, top, bottom, isCut: name.scrollWidth > name.clientWidth };
        })"""
    )
    assert len({round(box["left"]) for box in boxes}) >= 3
    assert not any(box["isCut"] for box in boxes)
    assert max(box["right"] for box in boxes) <= 794
    paper = page.locator(".print-copy").bounding_box()
    assert paper
    assert min(box["top"] for box in boxes) >= paper["y"] + paper["height"]
    assert max(box["bottom"] for box in boxes) <= page.evaluate("document.documentElement.scrollHeight")
    # Each page is an object of its own in the document.
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))) > 1
