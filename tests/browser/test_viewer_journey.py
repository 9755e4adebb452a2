"""Ordering a selection as a journey with a loudness curve and hard transitions, and the options of paths."""

from __future__ import annotations

import json
import shutil
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Held, OpenViewer, Viewer
from tests.fakes.sample_site import GENERATION
from tests.support.pages import Site

pytestmark = pytest.mark.browser


def _select_found(page: Page, query: str) -> None:
    page.locator("#search input").fill(query)
    page.get_by_role("button", name="Select").first.click()
    expect(page.locator("#picks")).to_be_visible()


def _find_path(viewer: Viewer, goal: str = "river") -> list[int]:
    page = viewer.page
    page.locator("#map").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Path to another track").focus()
    page.keyboard.press("Enter")
    page.locator("#search input").fill(goal)
    page.locator("#search input").press("Enter")
    expect(page.locator(".picks-status")).to_contain_text("A path of")
    path: list[int] = viewer.state("selected")
    return path


def _wait_for_another_path(viewer: Viewer, path: list[int]) -> list[int]:
    viewer.wait_until(f"JSON.stringify(spotmap.state().selected) !== '{str(path).replace(' ', '')}'")
    changed: list[int] = viewer.state("selected")
    return changed


def test_selection_becomes_a_journey_with_curve_and_hard_transitions(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    _select_found(page, "river")
    before = viewer.state("selected")
    page.get_by_role("button", name="Order as a journey").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".picks-status")).to_contain_text("A journey from")
    order = viewer.state("selected")
    assert (order[0], sorted(order)) == (before[0], sorted(before))
    assert viewer.state("path") == order
    expect(page.get_by_role("img", name="Loudness along the way. Quietest:")).to_be_visible()
    page.locator(".journey-hard summary").click()
    hard = page.locator(".journey-hard li").count()
    assert page.locator(".journey-hard summary").inner_text().startswith(f"{hard} hard transition")
    assert page.locator(".journey-mark").count() == hard > 0
    bridge = page.locator(".journey-hard .text-button").first
    expect(bridge).to_be_visible()
    bridge.focus()
    page.keyboard.press("Enter")
    longer = viewer.state("selected")
    assert len(longer) == len(order) + 1
    assert viewer.state("path") == longer
    expect(page.locator("#journey :is(summary, [data-action='order']):focus")).to_be_visible()
    box = page.locator(".journey-curve svg").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] - 1, box["y"] + box["height"] / 2)
    assert viewer.state("pinned") == viewer.state("selected")[-1]


def test_path_options_can_be_changed(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    first = _find_path(viewer)
    page.get_by_role("button", name="Another path").click()
    second = _wait_for_another_path(viewer, first)
    assert set(first) & set(second) == {first[0], first[-1]}
    page.locator(".journey-wishes summary").click()
    page.get_by_label("Length in minutes").fill("90")
    page.get_by_label("Length in minutes").press("Enter")
    expect(page.locator(".picks-status")).to_contain_text("minutes")
    minutes = int(page.locator(".picks-status").inner_text().split(", ")[1].split()[0])
    assert abs(minutes - 90) <= 5
    third = viewer.state("selected")
    page.get_by_label("One track per artist").check()
    _wait_for_another_path(viewer, third)
    artists = [names.split(", ")[0] for names in page.locator(".picks-artists").all_inner_texts()]
    inner = artists[1:-1]
    assert len(set(inner)) == len(inner)


def test_options_changed_during_the_search_are_all_applied(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    first = _find_path(viewer)
    page.evaluate(
        """() => {
          const minutes = document.querySelector('#journey input[name="minutes"]');
          document.querySelector('#journey input[name="one"]').click();
          minutes.value = "90";
          minutes.dispatchEvent(new Event("change"));
        }"""
    )
    _wait_for_another_path(viewer, first)
    expect(page.locator(".picks-status")).to_contain_text("minutes")
    expect(page.locator("#journey input[name='one']")).to_be_checked()
    expect(page.locator("#journey input[name='minutes']")).to_have_value("90")


def test_path_can_avoid_a_cluster(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    path = _find_path(viewer)
    page.locator(".journey-wishes summary").click()
    box = page.locator(".journey-avoid input").first
    avoided = int(box.get_attribute("value") or -1)
    box.check()
    around = _wait_for_another_path(viewer, path)
    document = json.loads((viewer.site.folder / "data" / GENERATION / "map.json").read_text(encoding="utf-8"))
    assert avoided in {document["cluster"][track] for track in path[1:-1]}
    assert avoided not in {document["cluster"][track] for track in around[1:-1]}
    expect(page.locator(".journey-avoid input").first).to_be_checked()


def test_stop_can_be_added_and_cancelled_by_keyboard(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    path = _find_path(viewer)
    page.get_by_role("button", name="Add a stop").click()
    expect(page.locator("#path-hint")).to_contain_text("Choose a track that the path leads through")
    page.keyboard.press("Escape")
    expect(page.locator("#path-hint")).to_be_hidden()
    assert viewer.state("selected") == path
    page.get_by_role("button", name="Add a stop").click()
    stop = next(track for track in viewer.type_query("night") if track not in path)
    page.evaluate("document.querySelector('#search input').blur()")
    rows = page.locator(".search-list li")
    for _ in range(viewer.state("matches").index(stop)):
        page.locator("#search input").press("ArrowDown")
    assert rows.count() > 0
    page.locator("#search input").press("Enter")
    longer = _wait_for_another_path(viewer, path)
    assert (longer[0], longer[-1]) == (path[0], path[-1])
    assert stop in longer
    assert len(set(longer)) == len(longer)
    assert all(a != b for a, b in pairwise(longer))


@pytest.mark.parametrize("is_second_cancelled", [False, True])
def test_stop_is_kept_when_another_is_asked_for_during_its_search(
    open_viewer: OpenViewer, is_second_cancelled: bool
) -> None:
    viewer = open_viewer()
    page = viewer.page
    path = _find_path(viewer)
    viewer.wait_until("location.hash.includes('path=')")
    held = Held(page, "**/neighbors-*.json")
    page.reload()
    page.wait_for_selector('html[data-state="ready"]')
    first, second = [track for track in viewer.type_query("amber") if track not in path][:2]
    row = page.locator("#found [data-track]")
    page.get_by_role("button", name="Add a stop").click()
    page.locator("#search input").focus()
    row.and_(page.locator(f"[data-track='{first}']")).click()
    expect(page.locator("#path-hint")).to_contain_text("Loading similar tracks")
    page.get_by_role("button", name="Add a stop").click()
    expect(page.locator("#path-hint")).to_contain_text("Choose a track that the path leads through")
    held.release()
    if is_second_cancelled:
        page.keyboard.press("Escape")
    else:
        page.locator("#search input").focus()
        row.and_(page.locator(f"[data-track='{second}']")).click()
    longer = _wait_for_another_path(viewer, path)
    assert (longer[0], longer[-1]) == (path[0], path[-1])
    assert {first, second} & set(longer) >= ({first} if is_second_cancelled else {first, second})
    expect(page.locator("#path-hint")).to_be_hidden()


@pytest.mark.parametrize("viewport", [(390, 844), (1280, 800)])
def test_journey_leaves_room_for_the_list(open_viewer: OpenViewer, viewport: tuple[int, int]) -> None:
    width, height = viewport
    viewer = open_viewer(has_touch=True, viewport={"width": width, "height": height})
    page = viewer.page
    _find_path(viewer)
    expect(page.locator(".journey-curve svg")).to_be_visible()
    list_box, panel = page.locator(".picks-list").bounding_box(), page.locator("#picks").bounding_box()
    assert list_box is not None
    assert panel is not None
    assert list_box["height"] >= 90
    assert panel["y"] >= 0
    assert panel["y"] + panel["height"] <= height


def test_link_to_a_path_contains_its_options(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    path = _find_path(viewer)
    page.locator(".journey-wishes summary").click()
    page.get_by_label("One track per artist").check()
    once = _wait_for_another_path(viewer, path)
    page.get_by_label("Length in minutes").fill("60")
    page.get_by_label("Length in minutes").press("Enter")
    shorter = _wait_for_another_path(viewer, once)
    page.locator(".journey-avoid input").first.click()
    _wait_for_another_path(viewer, shorter)
    viewer.wait_until("location.hash.includes('around=')")
    selected = viewer.state("selected")
    page.reload()
    page.wait_for_selector('html[data-state="ready"]')
    assert viewer.state("selected") == selected
    page.locator(".journey-wishes summary").click()
    expect(page.get_by_label("One track per artist")).to_be_checked()
    expect(page.get_by_label("Length in minutes")).to_have_value("60")
    expect(page.locator(".journey-avoid input:checked")).to_have_count(1)
    page.get_by_role("button", name="Another path").click()
    changed = _wait_for_another_path(viewer, selected)
    assert (changed[0], changed[-1]) == (path[0], path[-1])


def test_path_uses_map_positions_without_neighbors(
    open_viewer: OpenViewer, excerpts_folder: Path, web_root: tuple[Path, str], tmp_path: Path
) -> None:
    root, url = web_root
    site = Site(shutil.copytree(excerpts_folder, root / tmp_path.name), f"{url}{tmp_path.name}/")
    viewer = open_viewer(site=site)
    path = _find_path(viewer, "title 35")
    expect(viewer.page.locator(".picks-status")).to_contain_text("tracks across the map")
    positions = [viewer.position_of(track) for track in path]
    steps = [abs(x - a) + abs(y - b) for (x, y), (a, b) in pairwise(positions)]
    assert len(path) >= 6
    assert max(steps) < 3 * min(steps)
