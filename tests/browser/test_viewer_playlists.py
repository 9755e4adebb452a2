"""What the legend tells of playlists and clusters, playlists that could be made, and two levels of names on the map."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Viewer
from tests.fakes.sample_site import GENERATION
from tests.support.pages import Site

pytestmark = pytest.mark.browser
OpenViewer = Callable[..., Viewer]
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


def about(viewer: Viewer, name: str, *, kind: str = "Playlists") -> Locator:
    """The opened description of a playlist or a cluster."""
    viewer.page.get_by_role("button", name=kind, exact=True).click()
    button = viewer.page.get_by_role("button", name=f"About {name}", exact=True)
    button.click()
    expect(button).to_have_attribute("aria-expanded", "true")
    return viewer.page.locator(f"#{button.get_attribute('aria-controls')}")


def test_a_playlist_tells_how_alike_its_tracks_are_and_one_description_is_open_at_a_time(
    open_viewer: OpenViewer,
) -> None:
    viewer = open_viewer()
    first, second = (one["name"] for one in document(viewer, "map.json")["playlists"][:2])
    description = about(viewer, first)
    expect(description).to_contain_text("clearly more alike")
    expect(description.get_by_role("img", name="Closeness: 42 of 100")).to_be_visible()
    expect(description).to_contain_text(f"Shares 7 tracks with {second}.")
    expect(description.locator("bdi", has_text=second)).to_have_attribute("translate", "no")
    about(viewer, second)
    expect(description).to_be_hidden()
    viewer.page.get_by_role("button", name=f"About {second}", exact=True).click()
    assert viewer.page.locator(".insight:visible").count() == 0
    assert viewer.visible_count() == 300, "nothing was toggled"


def test_a_track_that_does_not_fit_is_pinned_and_flown_to(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    name = document(viewer, "map.json")["playlists"][2]["name"]
    misfit = document(viewer, "insights.json")["playlists"][2]["misfits"][1]
    before = viewer.state("transform.k")
    row = about(viewer, name).get_by_role("list", name="Do not fit").get_by_role("button").nth(1)
    expect(row).to_contain_text(misfit["why"])
    expect(row).to_contain_text(document(viewer, "text.json")["titles"].split("\n")[misfit["track"]])
    row.click()
    assert viewer.state("pinned") == misfit["track"]
    assert viewer.state("transform.k") > before


def test_tracks_that_would_fit_become_the_selection_by_the_keyboard(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    name = document(viewer, "map.json")["playlists"][0]["name"]
    viewer.page.get_by_role("button", name="Playlists", exact=True).click()
    viewer.page.get_by_role("button", name=f"About {name}", exact=True).focus()
    viewer.page.keyboard.press("Enter")
    select = viewer.page.get_by_role("button", name="Select these")
    expect(select).to_be_visible()
    select.press("Enter")
    assert viewer.state("selected") == document(viewer, "insights.json")["playlists"][0]["suggestions"]


def test_what_is_said_of_clusters_and_of_the_last_map_can_be_opened_and_a_hostile_title_in_it_is_text(
    open_viewer: OpenViewer,
) -> None:
    viewer = open_viewer()
    site_map, found = document(viewer, "map.json"), document(viewer, "insights.json")
    viewer.page.locator("summary", has_text="Since the last build").click()
    expect(viewer.page.get_by_text(found["events"][0])).to_be_visible()
    cluster = site_map["clusters"][1]
    description = about(viewer, cluster["name"], kind="Clusters")
    expect(description).to_contain_text(found["cluster_axes"][1])
    description.get_by_role("list", name="Most typical").get_by_role("button").first.click()
    assert viewer.state("pinned") == cluster["core"][0]
    hostile = document(viewer, "text.json")["titles"].split("\n").index('<script>document.title = "broken"</script>')
    number = next(n for n, one in enumerate(found["playlists"]) if hostile in one["suggestions"])
    expect(about(viewer, site_map["playlists"][number]["name"])).to_contain_text("<script>")
    assert viewer.page.title() == "A sample library"


def test_a_cluster_that_no_playlist_covers_can_be_shown_and_selected(open_viewer: OpenViewer) -> None:
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


def test_insights_that_cannot_be_had_are_reported_in_their_place_and_asked_for_again(
    open_viewer: OpenViewer, copied_site: Site
) -> None:
    away = (copied_site.folder / INSIGHTS).rename(copied_site.folder / "away.json")
    viewer = open_viewer(site=copied_site)
    name = document(viewer, "map.json")["playlists"][0]["name"]
    description = about(viewer, name)
    expect(description.get_by_role("status")).to_contain_text("could not be fetched (status 404)")
    viewer.complaints.expect("404")
    away.rename(copied_site.folder / INSIGHTS)
    button = viewer.page.get_by_role("button", name=f"About {name}", exact=True)
    button.click()
    button.click()
    expect(description).to_contain_text("clearly more alike")


@pytest.mark.parametrize("width", [390, 320])
def test_descriptions_fit_a_narrow_window(open_viewer: OpenViewer, width: int) -> None:
    viewer = open_viewer(viewport={"width": width, "height": 700}, has_touch=True)
    viewer.page.locator("#legend-handle").click()
    description = about(viewer, document(viewer, "map.json")["playlists"][0]["name"])
    expect(description.get_by_role("button").first).to_be_visible()
    scroller = viewer.page.locator(".legend-scroll")
    assert scroller.evaluate("element => element.scrollWidth <= element.clientWidth")
    for button in description.get_by_role("button").all():
        box = button.bounding_box()
        assert box is not None
        assert 0 <= box["x"] <= width - box["width"]


@pytest.mark.parametrize("zoom", ["out", "home"])
def test_the_map_carries_the_names_of_larger_regions_far_out_and_of_clusters_closer(
    open_viewer: OpenViewer, zoom: str
) -> None:
    viewer = open_viewer()
    site_map = document(viewer, "map.json")
    regions, clusters = ({one["name"] for one in site_map[level]} for level in ("larger_regions", "clusters"))
    if zoom == "out":
        viewer.page.get_by_role("button", name="Zoom out").click()
    viewer.page.evaluate(RECORD_NAMES)
    # In another theme every name that shows is drawn again.
    viewer.page.get_by_role("button", name="Switch").click()
    shown, other = (regions, clusters) if zoom == "out" else (clusters, regions)
    viewer.wait_until(f"{json.dumps(sorted(shown))}.every((name) => written.has(name))")
    assert not other & set(viewer.page.evaluate("[...written]"))
