"""Descriptions of playlists and clusters in the legend, suggested playlists, and two levels of names on the map."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import OpenViewer, Viewer
from tests.fakes.sample_site import GENERATION
from tests.support.pages import Site

pytestmark = pytest.mark.browser
INSIGHTS = f"data/{GENERATION}/insights.json"
RECORD_NAMES = """() => {
  window.written = new Set();
  const { fillText } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
    written.add(text);
    fillText.call(this, text, ...rest);
  };
}"""


def document(viewer: Viewer, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((viewer.site.folder / "data" / GENERATION / name).read_text())
    return found


def open_description(viewer: Viewer, name: str, *, kind: str = "Playlists") -> Locator:
    """Open the description of a playlist or cluster and return it."""
    viewer.page.get_by_role("button", name=kind, exact=True).click()
    button = viewer.page.get_by_role("button", name=f"About {name}", exact=True)
    button.click()
    expect(button).to_have_attribute("aria-expanded", "true")
    return viewer.page.locator(f"#{button.get_attribute('aria-controls')}")


def test_playlist_has_a_description_and_only_one_is_open(
    open_viewer: OpenViewer,
) -> None:
    viewer = open_viewer()
    first, second = (playlist["name"] for playlist in document(viewer, "map.json")["playlists"][:2])
    description = open_description(viewer, first)
    expect(description).to_contain_text("clearly more alike")
    expect(description.get_by_role("img", name="Closeness: 42 of 100")).to_be_visible()
    expect(description).to_contain_text(f"Shares 7 tracks with {second}.")
    expect(description.locator("bdi", has_text=second)).to_have_attribute("translate", "no")
    open_description(viewer, second)
    expect(description).to_be_hidden()
    viewer.page.get_by_role("button", name=f"About {second}", exact=True).click()
    assert viewer.page.locator(".insight:visible").count() == 0
    assert viewer.visible_count() == 300, "opening a description hides no tracks"


def test_misfit_of_a_playlist_can_be_pinned(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    name = document(viewer, "map.json")["playlists"][2]["name"]
    misfit = document(viewer, "insights.json")["playlists"][2]["misfits"][1]
    before = viewer.state("transform.k")
    row = open_description(viewer, name).get_by_role("list", name="Do not fit").get_by_role("button").nth(1)
    expect(row).to_contain_text(misfit["why"])
    expect(row).to_contain_text(document(viewer, "text.json")["titles"].split("\n")[misfit["track"]])
    row.click()
    assert viewer.state("pinned") == misfit["track"]
    assert viewer.state("transform.k") > before


def test_suggestions_can_be_selected_by_keyboard(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    name = document(viewer, "map.json")["playlists"][0]["name"]
    viewer.page.get_by_role("button", name="Playlists", exact=True).click()
    viewer.page.get_by_role("button", name=f"About {name}", exact=True).focus()
    viewer.page.keyboard.press("Enter")
    select = viewer.page.get_by_role("button", name="Select these")
    expect(select).to_be_visible()
    select.press("Enter")
    assert viewer.state("selected") == document(viewer, "insights.json")["playlists"][0]["suggestions"]


def test_descriptions_of_clusters_and_changes_show_hostile_titles_as_text(
    open_viewer: OpenViewer,
) -> None:
    viewer = open_viewer()
    site_map, found = document(viewer, "map.json"), document(viewer, "insights.json")
    viewer.page.locator("summary", has_text="Since the last build").click()
    expect(viewer.page.get_by_text(found["events"][0])).to_be_visible()
    cluster = site_map["clusters"][1]
    description = open_description(viewer, cluster["name"], kind="Clusters")
    expect(description).to_contain_text(found["cluster_axes"][1])
    description.get_by_role("list", name="Most typical").get_by_role("button").first.click()
    assert viewer.state("pinned") == cluster["core"][0]
    hostile = document(viewer, "text.json")["titles"].split("\n").index('<script>document.title = "broken"</script>')
    number = next(n for n, playlist in enumerate(found["playlists"]) if hostile in playlist["suggestions"])
    expect(open_description(viewer, site_map["playlists"][number]["name"])).to_contain_text("<script>")
    assert viewer.page.title() == "A sample library"


def test_cluster_without_a_playlist_can_be_shown_and_selected(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    site_map, [number, *_] = document(viewer, "map.json"), document(viewer, "insights.json")["uncovered"]
    name = site_map["clusters"][number]["name"]
    before = viewer.state("transform.k")
    expect(viewer.page.get_by_text("Playlists you have not made yet")).to_be_hidden()
    viewer.page.get_by_role("button", name="Playlists", exact=True).click()
    viewer.page.locator(".unmade-show", has_text=name).click()
    assert viewer.state("transform.k") > before
    assert viewer.visible_count() == 300
    viewer.page.get_by_role("button", name=f"Select the tracks of {name}").click()
    assert viewer.state("selected") == [t for t, own in enumerate(site_map["cluster"]) if own == number]


def test_missing_insights_are_reported_and_fetched_again(open_viewer: OpenViewer, copied_site: Site) -> None:
    moved_away = (copied_site.folder / INSIGHTS).rename(copied_site.folder / "away.json")
    viewer = open_viewer(site=copied_site)
    name = document(viewer, "map.json")["playlists"][0]["name"]
    description = open_description(viewer, name)
    expect(description.get_by_role("status")).to_contain_text("could not be fetched (status 404)")
    viewer.complaints.expect("404")
    moved_away.rename(copied_site.folder / INSIGHTS)
    button = viewer.page.get_by_role("button", name=f"About {name}", exact=True)
    button.click()
    button.click()
    expect(description).to_contain_text("clearly more alike")


@pytest.mark.parametrize("width", [390, 320])
def test_descriptions_fit_a_narrow_window(open_viewer: OpenViewer, width: int) -> None:
    viewer = open_viewer(viewport={"width": width, "height": 700}, has_touch=True)
    viewer.page.locator("#legend-handle").click()
    description = open_description(viewer, document(viewer, "map.json")["playlists"][0]["name"])
    expect(description.get_by_role("button").first).to_be_visible()
    scroller = viewer.page.locator(".legend-scroll")
    assert scroller.evaluate("element => element.scrollWidth <= element.clientWidth")
    for button in description.get_by_role("button").all():
        box = button.bounding_box()
        assert box is not None
        assert 0 <= box["x"] <= width - box["width"]


@pytest.mark.parametrize("zoom", ["out", "home"])
def test_map_shows_names_of_regions_at_low_zoom_and_of_clusters_at_high_zoom(
    open_viewer: OpenViewer, zoom: str
) -> None:
    viewer = open_viewer()
    site_map = document(viewer, "map.json")
    regions, clusters = ({group["name"] for group in site_map[level]} for level in ("larger_regions", "clusters"))
    if zoom == "out":
        viewer.page.get_by_role("button", name="Zoom out").click()
    viewer.page.evaluate(RECORD_NAMES)
    # Switching the theme redraws all visible names.
    viewer.page.get_by_role("button", name="Switch").click()
    shown, hidden = (regions, clusters) if zoom == "out" else (clusters, regions)
    viewer.wait_until(f"{json.dumps(sorted(shown))}.every((name) => written.has(name))")
    assert not hidden & set(viewer.page.evaluate("[...written]"))
