"""Tracks that sound like a pinned track, and paths between two tracks."""

from __future__ import annotations

import json
import math
import re
import time
from itertools import pairwise

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import PHONE, OpenViewer, Viewer
from tests.fakes.sample_site import GENERATION
from tests.support.pages import Site
from tests.support.patience import patience

pytestmark = pytest.mark.browser

FAR = 3  # index of the neighbor in sound that is far away on the map
PATH_BUTTON = "Path to another track"


def _neighbors(viewer: Viewer) -> list[list[int]]:
    path = viewer.site.folder / "data" / GENERATION / "neighbors-000.json"
    rows: list[list[int]] = json.loads(path.read_text(encoding="utf-8"))["neighbors"]
    return rows


def _pin(viewer: Viewer) -> int:
    track = viewer.track_in_view()
    viewer.page.mouse.click(*viewer.position_of(track))
    expect(viewer.page.locator(".alike-row").first).to_be_visible()
    return track


def _is_drawn_between(viewer: Viewer, one: int, other: int) -> bool:
    """Return whether the layer of marks is painted at a third of the way, which is outside the rings."""
    (x0, y0), (x1, y1) = viewer.position_of(one), viewer.position_of(other)
    return bool(
        viewer.page.evaluate(
            """([x, y]) => {
              const copy = new OffscreenCanvas(12, 12).getContext("2d", { willReadFrequently: true });
              copy.drawImage(document.querySelector("[data-layer='marks']"), x - 6, y - 6, 12, 12, 0, 0, 12, 12);
              return copy.getImageData(0, 0, 12, 12).data.some((value, place) => place % 4 === 3 && value > 0);
            }""",
            [x0 + (x1 - x0) / 3, y0 + (y1 - y0) / 3],
        )
    )


def _wait_for_line(viewer: Viewer, one: int, other: int, *, drawn: bool) -> None:
    deadline_s = time.monotonic() + patience()
    while _is_drawn_between(viewer, one, other) != drawn:
        assert time.monotonic() < deadline_s, f"a line from {one} to {other} is {'not ' if drawn else ''}drawn"
        viewer.page.wait_for_timeout(40)


def _farthest_track(viewer: Viewer, start: int) -> int:
    """Return the track farthest from the start among those that can be clicked unambiguously."""
    return int(
        viewer.page.evaluate(
            """(start) => {
              const points = Array.from({ length: 300 }, (_, track) => spotmap.positionOf(track));
              const isFree = ([x, y]) => x > 340 && x < innerWidth - 120 && y > 60 && y < innerHeight - 60;
              const apart = ([a, b], [x, y]) => Math.hypot(a - x, b - y);
              const isLonely = (track) => points.every((point, i) => i === track || apart(point, points[track]) > 12);
              return [...points.keys()]
                .filter((track) => isFree(points[track]) && isLonely(track))
                .sort((one, other) => apart(points[other], points[start]) - apart(points[one], points[start]))[0];
            }""",
            start,
        )
    )


def test_card_of_a_pinned_track_lists_similar_tracks(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    track = viewer.track_in_view()
    viewer.page.mouse.move(*viewer.position_of(track))
    expect(viewer.page.locator("#card")).to_be_visible()
    expect(viewer.page.locator(".alike")).to_have_count(0)
    _pin(viewer)
    rows = viewer.page.locator(".alike-row")
    assert [int(row.get_attribute("data-track") or -1) for row in rows.all()] == _neighbors(viewer)[track]
    expect(viewer.page.locator(".alike-row:visible")).to_have_count(5)
    expect(rows.nth(0)).to_contain_text("both ambient and quiet")
    expect(rows.nth(0)).not_to_contain_text("elsewhere")
    expect(rows.nth(FAR)).to_contain_text("elsewhere on the map")
    expect(viewer.page.locator(".alike-kept")).to_contain_text("in 10 are near it on the map")
    viewer.page.get_by_role("button", name="5 more").click()
    expect(viewer.page.locator(".alike-row:visible")).to_have_count(10)


@pytest.mark.parametrize("viewport", [(1280, 800), (390, 844), (320, 568)])
def test_card_with_ten_similar_tracks_fits_the_screen(open_viewer: OpenViewer, viewport: tuple[int, int]) -> None:
    width, height = viewport
    viewer = open_viewer(viewport={"width": width, "height": height})
    viewer.page.locator("#map").focus()
    viewer.page.keyboard.press("Enter")
    viewer.page.get_by_role("button", name="5 more").click()
    expect(viewer.page.locator(".alike-row")).to_have_count(10)
    box = viewer.page.locator("#card").bounding_box()
    assert box is not None
    assert 0 <= box["x"] <= width - box["width"]
    assert 0 <= box["y"] <= height - box["height"]
    viewer.page.get_by_role("button", name=PATH_BUTTON).scroll_into_view_if_needed()
    expect(viewer.page.get_by_role("button", name=PATH_BUTTON)).to_be_in_viewport(ratio=1)
    assert viewer.page.evaluate(
        "document.querySelector('#card').scrollWidth <= document.querySelector('#card').clientWidth"
    )


def test_similar_track_can_be_pinned_by_keyboard_and_mouse(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    track = _pin(viewer)
    second = _neighbors(viewer)[track][1]
    viewer.page.locator(".alike-row").nth(1).focus()
    viewer.page.keyboard.press("Enter")
    assert viewer.state("pinned") == second
    expect(viewer.page.locator("#card button:focus")).to_have_count(1)
    third = _neighbors(viewer)[second][FAR]
    viewer.page.locator(f".alike-row[data-track='{third}']").click()
    assert viewer.state("pinned") == third
    x, y = viewer.position_of(third)
    assert 300 < x < 1280
    assert 0 < y < 800


def test_similar_tracks_are_selected_with_the_pinned_one(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    track = _pin(viewer)
    viewer.page.get_by_role("button", name="Select these").click()
    assert viewer.state("selected") == [track, *_neighbors(viewer)[track]]


def test_lines_connect_a_pinned_track_with_its_visible_neighbors(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    document = json.loads((viewer.site.folder / "data" / GENERATION / "map.json").read_text(encoding="utf-8"))
    cluster = document["cluster"]
    track = _pin(viewer)
    far = _neighbors(viewer)[track][FAR]
    assert -1 != cluster[track] != cluster[far], "the sample has changed: the test needs another track"
    _wait_for_line(viewer, track, far, drawn=True)
    name = document["clusters"][cluster[track]]["name"]
    viewer.page.locator(".legend-list .legend-row", has_text=name).locator(".legend-only").click(force=True)
    _wait_for_line(viewer, track, far, drawn=False)
    viewer.page.get_by_role("button", name="Show all").click()
    _wait_for_line(viewer, track, far, drawn=True)
    viewer.page.keyboard.press("Escape")
    _wait_for_line(viewer, track, far, drawn=False)


def test_path_leads_over_neighbors_to_the_next_clicked_track(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    start = _pin(viewer)
    end = _farthest_track(viewer, start)
    page.get_by_role("button", name=PATH_BUTTON).click()
    expect(page.locator("#path-hint")).to_be_visible()
    expect(page.locator("#live")).to_contain_text("Choose the track that the path leads to")
    assert (viewer.state("pathStart"), viewer.state("pinned")) == (start, -1)
    page.mouse.click(*viewer.position_of(end))
    expect(page.locator(".picks-status")).to_contain_text("A path of")
    expect(page.locator("#path-hint")).to_be_hidden()
    path = viewer.state("selected")
    rows = _neighbors(viewer)
    assert (path[0], path[-1]) == (start, end)
    assert len(set(path)) == len(path) > 3
    jumps = [(a, b) for a, b in pairwise(path) if b not in rows[a] and a not in rows[b]]
    assert len(jumps) == int("jumps" in page.locator(".picks-status").inner_text())
    expect(page.locator("#live")).to_contain_text(f"A path of {len(path)} tracks")
    longest = max(pairwise(path), key=lambda step: math.dist(*(viewer.position_of(track) for track in step)))
    _wait_for_line(viewer, *longest, drawn=True)
    expect(page).to_have_url(re.compile("path="))
    page.reload()
    page.wait_for_selector('html[data-state="ready"]')
    assert viewer.state("selected") == path
    _wait_for_line(viewer, *longest, drawn=True)
    page.locator(".picks-row [data-action='remove']").last.click()
    assert viewer.state("path") == viewer.state("selected")
    page.locator("[data-action='clear']").click()
    _wait_for_line(viewer, *longest, drawn=False)


def test_path_can_be_made_by_keyboard_and_search(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    page.locator("#map").focus()
    page.keyboard.press("Enter")
    start = viewer.state("pinned")
    page.get_by_role("button", name=PATH_BUTTON).focus()
    page.keyboard.press("Enter")
    end = viewer.type_query("river")[0]
    page.keyboard.press("Enter")
    expect(page.locator(".picks-status")).to_contain_text("A path of")
    path = viewer.state("selected")
    assert (path[0], path[-1]) == (start, end)
    assert viewer.state("query") == ""


@pytest.mark.parametrize("method", ["Escape", "Cancel"])
def test_escape_and_cancel_only_stop_choosing_the_end(open_viewer: OpenViewer, method: str) -> None:
    viewer = open_viewer()
    page = viewer.page
    start = _pin(viewer)
    page.get_by_role("button", name=PATH_BUTTON).click()
    if method == "Escape":
        page.keyboard.press("Escape")
    else:
        page.locator("#path-hint button").click()
    expect(page.locator("#path-hint")).to_be_hidden()
    assert (viewer.state("pathStart"), viewer.state("pinned"), viewer.state("selected")) == (-1, start, [])


def test_path_cannot_end_at_its_start(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    start = _pin(viewer)
    viewer.page.get_by_role("button", name=PATH_BUTTON).click()
    viewer.page.mouse.click(*viewer.position_of(start))
    expect(viewer.page.locator("#path-hint")).to_contain_text("The path begins here")
    assert viewer.state("selected") == []


def test_missing_neighbors_are_reported_on_the_card(open_viewer: OpenViewer, copied_site: Site) -> None:
    (copied_site.folder / "data" / GENERATION / "neighbors-000.json").unlink()
    viewer = open_viewer(site=copied_site)
    viewer.page.mouse.click(*viewer.position_of(viewer.track_in_view()))
    expect(viewer.page.locator(".alike")).to_contain_text("could not be fetched (status 404)")
    viewer.complaints.expect("404")


def test_path_can_be_made_by_touch(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(**PHONE)
    page = viewer.page
    page.locator("#map").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name=PATH_BUTTON).tap()
    expect(page.locator("#path-hint")).to_be_in_viewport(ratio=1)
    expect(page.locator("#card")).to_be_hidden()
    page.locator("#search input").fill("river")
    page.locator(".search-list li").first.tap()
    expect(page.locator("#picks")).to_be_visible()
    expect(page.locator(".picks-status")).to_contain_text("A path of")


def _not_found(route: Route) -> None:
    route.fulfill(status=404)


def test_missing_file_of_a_path_is_reported_and_can_be_retried(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(5000)
    page = viewer.page
    page.locator("#map").focus()
    page.keyboard.press("Enter")
    start = viewer.state("pinned")
    neighbors_file = f"**/neighbors-00{0 if start >= 4096 else 2}.json"
    page.route(neighbors_file, _not_found)
    page.get_by_role("button", name=PATH_BUTTON).click()
    page.locator("#search input").fill("river")
    page.locator("#search input").press("Enter")
    expect(page.locator("#path-hint")).to_contain_text("could not be fetched (status 404)")
    assert viewer.state("pathStart") == start
    page.unroute(neighbors_file)
    page.locator("#search input").press("ArrowDown")
    page.locator("#search input").press("ArrowDown")
    page.locator("#search input").press("Enter")
    expect(page.locator(".picks-status")).to_contain_text("A path of")
    assert viewer.state("selected")[0] == start
    viewer.complaints.expect("404")
