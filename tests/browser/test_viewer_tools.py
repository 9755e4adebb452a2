"""The tools that are loaded on demand (two people, alchemy), by mouse, touch and keyboard."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, OpenViewer, Viewer
from tests.browser.test_viewer_everyone import AXE, violations_in_both_themes
from tests.browser.test_viewer_picture import saved, shapes
from tests.fakes.sample_site import GENERATION, LAYERS
from tests.support.pages import Site

pytestmark = pytest.mark.browser


def _pair(site: Site) -> dict[str, list[list[int]]]:
    path = site.folder / "data" / GENERATION / "people.json"
    pair: dict[str, list[list[int]]] = json.loads(path.read_text(encoding="utf-8"))["pairs"][0]
    return pair


def _compare(page: Page) -> None:
    page.get_by_role("button", name="Two people").click()
    expect(page.get_by_role("heading", name="Two people")).to_be_visible()


def test_tools_are_fetched_when_one_is_opened(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    requested = viewer.record_requests()
    assert viewer.page.evaluate("'spotmapTools' in window") is False
    _compare(viewer.page)
    assert sorted(name for name in requested if name in {"tools.js", "people.json"}) == ["people.json", "tools.js"]


def test_two_people_can_be_compared_by_mouse(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page, pair = viewer.page, _pair(viewer.site)
    assert viewer.state("colorBy") == "cluster"
    _compare(page)
    tool = page.get_by_role("region", name="Two people")
    expect(tool).to_contain_text("divided at random")
    expect(tool.locator(".bar-value")).to_have_text(["31 %", "48 %"])
    assert viewer.state("colorBy") == "layer"
    first = tool.get_by_role("region", name="Clusters by person").locator("li button").first
    counts = [int(count) for count in first.locator(".tool-count").inner_text().split("·")]
    assert sum(counts) > 0
    first.click()
    likes = tool.get_by_role("region", name=f"{LAYERS[0]} would like")
    likes.locator(".alike-row").first.click()
    assert viewer.state("pinned") == pair["would_like"][0][0]
    likes.get_by_role("button", name="Select these").click()
    assert viewer.state("selected") == pair["would_like"][0]
    tool.get_by_role("button", name="Close").click()
    expect(tool).to_be_hidden()
    assert viewer.state("colorBy") == "cluster"


def test_default_view_makes_room_for_the_tool_but_other_views_stay(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    default_view = viewer.state("transform")
    _compare(page)
    controls = page.locator("#controls").bounding_box()
    assert controls is not None
    viewer.wait_until(f"spotmap.state().transform.k < {default_view['k']}")
    right_edges = sorted(viewer.position_of(track)[0] for track in range(0, 300, 5))
    assert right_edges[int(0.95 * len(right_edges))] < controls["x"]
    page.get_by_role("button", name="Close", exact=True).click()
    viewer.wait_until(f"Math.abs(spotmap.state().transform.k - {default_view['k']}) < 1e-9")
    page.locator("#controls [data-action='zoom-in']").click()
    viewer.wait_until(f"spotmap.state().transform.k > {default_view['k']}")
    zoomed_view = viewer.state("transform")
    _compare(page)
    assert viewer.state("transform") == zoomed_view


def test_colors_of_two_people_follow_the_theme(open_viewer: OpenViewer) -> None:
    page = open_viewer(color_scheme="light").page
    _compare(page)
    swatch = page.locator(".tool-key .swatch").first
    light = swatch.evaluate("node => node.style.backgroundColor")
    page.locator("#theme").click()
    expect(swatch).not_to_have_css("background-color", light)
    legend = page.locator("#legend .swatch").first.evaluate("node => getComputedStyle(node).backgroundColor")
    expect(swatch).to_have_css("background-color", legend)


def test_path_connects_the_centers_of_two_people(open_viewer: OpenViewer, tmp_path: Path) -> None:
    viewer = open_viewer()
    _compare(viewer.page)
    viewer.page.get_by_role("button", name="A path between their centers").click()
    expect(viewer.page.locator(".picks-status")).to_contain_text("A path of")
    path = viewer.state("selected")
    assert [path[0], path[-1]] == _pair(viewer.site)["centers"]
    rows = json.loads((viewer.site.folder / "data" / GENERATION / "neighbors-000.json").read_text())["neighbors"]
    assert all(b in rows[a] or a in rows[b] for a, b in pairwise(path))
    lines = [shape.get("d", "") for shape in shapes(saved(viewer.page, "svg", tmp_path))["path"]]
    start = "M" + " ".join(f"{round(value, 1):g}" for value in viewer.position_of(path[0]))
    assert any(line.startswith(f"{start}L") for line in lines)


def test_two_people_can_be_compared_by_keyboard(open_viewer: OpenViewer) -> None:
    page = open_viewer().page
    page.get_by_role("button", name="Two people").focus()
    page.keyboard.press("Enter")
    tool = page.get_by_role("region", name="Two people")
    expect(tool).to_be_visible()
    tool.get_by_role("button", name="more").first.focus()
    page.keyboard.press("Enter")
    tool.get_by_role("button", name="Close").focus()
    page.keyboard.press("Escape")
    expect(tool).to_be_hidden()
    expect(page.get_by_role("button", name="Two people")).to_be_focused()


def test_two_people_can_be_compared_by_touch(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(**PHONE)
    page = viewer.page
    page.locator("#legend-handle").tap()
    page.get_by_role("button", name="Two people").tap()
    tool = page.get_by_role("region", name="Two people")
    expect(tool).to_be_visible()
    box = tool.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    assert box["y"] + box["height"] <= 844
    tool.locator(".alike-row:not(.tool-share)").first.tap()
    expect(page.locator("#card")).to_be_visible()
    page.locator(".card-close").tap()
    tool.get_by_role("button", name="A path between their centers").tap()
    expect(page.locator(".picks-status")).to_contain_text("A path of")
    expect(page.locator("#tool")).to_be_hidden()


def _pin(viewer: Viewer) -> int:
    track = viewer.track_in_view()
    viewer.page.mouse.click(*viewer.position_of(track))
    expect(viewer.page.get_by_role("button", name="More of this")).to_be_visible()
    return track


def test_alchemy_lists_tracks_and_shows_their_place(open_viewer: OpenViewer, tmp_path: Path) -> None:
    viewer = open_viewer()
    page = viewer.page
    track = _pin(viewer)
    page.get_by_role("button", name="More of this").click()
    tool = page.get_by_role("region", name="More and less")
    expect(tool.get_by_role("status")).to_contain_text("Its position on the map is next to")
    rows = tool.get_by_role("region", name="Tracks").locator("[data-track]")
    before = [int(row.get_attribute("data-track") or -1) for row in rows.all()]
    assert len(before) == 20
    assert track not in before
    unwanted = before[0]
    rows.first.click()
    page.get_by_role("button", name="Less of this").click()
    expect(tool.locator(".tool-signs li")).to_have_count(2)
    expect(tool.locator(f"[data-track='{unwanted}']")).to_have_count(0)
    tool.get_by_role("button", name="Show the place").click()
    lines = [shape.get("d", "").split("L") for shape in shapes(saved(page, "svg", tmp_path))["path"]]
    starts = Counter(line[0] for line in lines if len(line) == 2)
    assert max(starts.values()) >= 19, "lines connect the place with its tracks"
    tool.get_by_role("button", name="Select these").click()
    assert len(viewer.state("selected")) == 20
    assert unwanted not in viewer.state("selected")


def test_alchemy_replaces_the_first_track_beyond_its_limit(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    _pin(viewer)
    tool = page.get_by_role("region", name="More and less")
    signs, limit = tool.locator(".tool-signs li"), tool.get_by_text("At most 5 tracks of each")
    for count in range(1, 6):
        page.get_by_role("button", name="More of this").click()
        expect(signs).to_have_count(count)
        expect(tool.get_by_role("status")).to_contain_text("Its position on the map is next to")
        expect(limit).to_have_count(int(count == 5))
        tool.locator("[data-track]").first.click()
    first = signs.first.inner_text()
    page.get_by_role("button", name="More of this").click()
    expect(signs.first).not_to_have_text(first)
    expect(signs).to_have_count(5)


def test_alchemy_works_by_keyboard(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    page.locator("#map").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Less of this").focus()
    page.keyboard.press("Enter")
    tool = page.get_by_role("region", name="More and less")
    expect(tool.get_by_role("status")).to_contain_text("Add a track with “More of this”")
    tool.get_by_role("button", name="change to more").focus()
    page.keyboard.press("Enter")
    expect(tool.get_by_role("status")).to_contain_text("Its position on the map is next to")
    tool.get_by_role("button", name="Without").focus()
    page.keyboard.press("Enter")
    expect(tool).to_be_hidden()


def test_alchemy_works_by_touch(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(**PHONE)
    page = viewer.page
    page.locator("#search input").fill("river")
    page.locator("#found [role=option]").first.tap()
    page.get_by_role("button", name="More of this").tap()
    tool = page.get_by_role("region", name="More and less")
    expect(tool.get_by_role("button", name="change to less")).to_be_focused()
    expect(tool.get_by_role("status")).to_contain_text("Its position on the map is next to")
    tool.get_by_role("button", name="Show the place").tap()
    expect(tool).to_be_hidden()


def test_missing_script_is_reported_and_can_be_retried(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    page.route("**/tools.js", lambda route: route.abort())
    page.get_by_role("button", name="Two people").click()
    tool = page.locator("#tool")
    expect(tool).to_contain_text("could not be fetched")
    tool.get_by_role("button", name="Close").click()
    expect(tool).to_be_hidden()
    viewer.complaints.expect("ERR_FAILED")
    page.unroute("**/tools.js")
    page.get_by_role("button", name="Two people").click()
    expect(page.get_by_role("heading", name="Two people")).to_be_visible()


def test_axe_reports_no_violations_on_a_phone(open_viewer: OpenViewer) -> None:
    if not AXE.exists():
        pytest.skip("needs `npm ci`")
    viewer = open_viewer(color_scheme="light", viewport={"width": 390, "height": 844})
    page = viewer.page
    page.locator("#legend-handle").click()
    _compare(page)
    assert violations_in_both_themes(viewer) == []
    page.emulate_media(color_scheme="light")
    page.get_by_role("region", name="Two people").get_by_role("button", name="Close").click()
    page.locator("#search input").fill("river")
    page.locator("#found [role=option][data-track]").first.click()
    page.get_by_role("button", name="More of this").click()
    expect(page.get_by_role("region", name="More and less").get_by_role("status")).to_contain_text("Its position")
    assert violations_in_both_themes(viewer) == []
