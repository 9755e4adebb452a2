"""The legend: hiding and isolating groups, and coloring by cluster, playlist or library."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenViewer
from tests.fakes.sample_site import GENERATION
from tests.support.pages import Site

pytestmark = pytest.mark.browser


def test_cluster_can_be_hidden_shown_and_isolated_in_three_ways(open_viewer: OpenViewer) -> None:
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
    for method in ("double click", "alt click", "only button"):
        if method == "double click":
            toggle.dblclick()
        elif method == "alt click":
            toggle.click(modifiers=["Alt"])
        else:
            row.hover()
            row.locator(".legend-only").click()
        assert viewer.visible_count() == size, method
        viewer.page.get_by_role("button", name="Show all").click()
        assert viewer.visible_count() == 300, method


def test_hidden_playlist_hides_tracks_that_are_in_no_other(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    document = json.loads((viewer.site.folder / "data" / GENERATION / "map.json").read_text())
    in_others: set[int] = set()
    for playlist in document["playlists"][1:]:
        in_others.update(_decode_deltas(playlist["tracks"]))
    first = document["playlists"][0]
    only_in_first = set(_decode_deltas(first["tracks"])) - in_others
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


def test_region_switches_all_of_its_clusters(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    section = viewer.page.locator(".legend-section").first
    region = section.locator(".legend-toggle").first
    clusters = section.locator(".legend-list .legend-toggle")
    size = int(region.locator(".legend-count").inner_text())
    region.click()
    assert viewer.visible_count() == 300 - size
    clusters.first.click()
    expect(region).to_have_attribute("aria-pressed", "mixed")
    region.click(modifiers=["Alt"])
    assert viewer.visible_count() == size


def test_each_row_is_one_tab_stop_with_arrow_navigation(open_viewer: OpenViewer) -> None:
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
    viewer.wait_until(f"spotmap.state().hovered === {track}")
    for row in viewer.page.locator(".legend-list .legend-toggle").all():
        row.click()
    assert viewer.visible_count() == 0
    viewer.page.mouse.move(*viewer.position_of(track))
    assert viewer.state("hovered") == -1


def test_library_can_be_hidden_and_has_the_same_color_on_the_card(open_viewer: OpenViewer) -> None:
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


def _decode_deltas(deltas: list[int]) -> list[int]:
    values: list[int] = []
    for delta in deltas:
        values.append(delta + (values[-1] if values else 0))
    return values


@pytest.fixture
def many_playlists(copied_site: Site) -> Site:
    """A site with 300 playlists, some of them with long names."""
    path = copied_site.folder / "data" / GENERATION / "map.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    names = [f"{'Músicas para ' * (i % 7)}Liste {i}" for i in range(300)]
    document["playlists"] = [
        {"id": f"p{i}", "name": name, "count": 3, "color": i, "tracks": [i % 290, 1, 1], "regions": []}
        for i, name in enumerate(names)
    ]
    path.write_text(json.dumps(document), encoding="utf-8")
    return copied_site


def test_playlist_is_found_by_name_among_300(open_viewer: OpenViewer, many_playlists: Site) -> None:
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


def test_300_playlists_are_printed_in_columns_on_several_pages(open_viewer: OpenViewer, many_playlists: Site) -> None:
    page = open_viewer(site=many_playlists, viewport={"width": 794, "height": 1123}).page
    page.get_by_role("button", name="Clusters and playlists").click()
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
    printed_map = page.locator(".print-copy").bounding_box()
    assert printed_map
    assert min(box["top"] for box in boxes) >= printed_map["y"] + printed_map["height"]
    assert max(box["bottom"] for box in boxes) <= page.evaluate("document.documentElement.scrollHeight")
    # Each page is an object in the PDF.
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))) > 1
