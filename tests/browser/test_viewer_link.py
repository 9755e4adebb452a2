"""The URL contains the state of the page: links restore it, and back undoes a step."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Held, OpenViewer, Viewer

pytestmark = pytest.mark.browser


def _wait_for_hash(viewer: Viewer, part: str) -> str:
    """Wait until the URL's hash contains ``part`` and return the hash; it is updated after a short delay."""
    viewer.wait_until(f"location.hash.includes({part!r})")
    return str(viewer.page.evaluate("location.hash"))


def _visible_state(viewer: Viewer) -> dict[str, Any]:
    names = ("colorBy", "hiddenClusters", "hiddenPlaylists", "pinned", "selected", "until", "query")
    return {name: viewer.state(name) for name in names}


def test_link_restores_the_state_on_another_screen(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    page.locator(".legend-toggle").nth(1).click()
    page.locator('[data-color-by="playlist"]').click()
    page.locator(".legend-toggle").first.click()
    page.locator(".more select").select_option("feature.tempo")
    expect(page.locator(".range")).to_be_visible()
    page.get_by_label("Lowest Tempo shown").press("PageUp")
    track = viewer.track_in_view()
    page.mouse.click(*viewer.position_of(track))
    page.get_by_role("button", name="Nearby").click()
    page.locator("#map").focus()
    page.keyboard.press("+")
    _wait_for_hash(viewer, "list=")
    link = _wait_for_hash(viewer, "at=")
    other = open_viewer(viewport={"width": 700, "height": 1100}, link=link)
    assert len(_visible_state(viewer)["selected"]) > 1
    assert _visible_state(other) == _visible_state(viewer)
    assert other.visible_count() == viewer.visible_count() < 300
    expect(other.page.locator("#card")).to_be_visible()
    x, y = other.position_of(track)
    assert 0 < x < 700
    assert 0 < y < 1100


def test_default_view_has_an_empty_hash(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    viewer.page.locator("#map").focus()
    viewer.page.keyboard.press("+")
    _wait_for_hash(viewer, "at=")
    viewer.page.keyboard.press("0")
    viewer.wait_until("location.hash === ''")


def test_back_and_forward_undo_and_redo_steps_but_not_panning(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    page.locator('[data-color-by="playlist"]').click()
    _wait_for_hash(viewer, "by=playlist")
    page.locator("#map").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    _wait_for_hash(viewer, "at=")
    panned = viewer.state("transform")
    page.mouse.click(*viewer.position_of(viewer.track_in_view()))
    pinned = viewer.state("pinned")
    _wait_for_hash(viewer, "track=")
    page.go_back()
    viewer.wait_until("spotmap.state().pinned === -1")
    assert viewer.state("colorBy") == "playlist"
    assert viewer.state("transform.x") == pytest.approx(panned["x"], abs=3)
    page.go_back()
    viewer.wait_until('spotmap.state().colorBy === "cluster"')
    page.go_forward()
    page.go_forward()
    viewer.wait_until(f"spotmap.state().pinned === {pinned}")


def test_link_with_unknown_names_shows_the_map_and_a_note(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(link="#by=feature.gone&clusters=gone&range.feature.gone=1~2&track=zzzzzzz&at=x")
    assert viewer.visible_count() == 300
    assert viewer.state("colorBy") == "cluster"
    note = viewer.page.locator("#link-note")
    expect(note).to_contain_text("names 1 track, 1 group and 1 property of tracks that this map does not have")
    note.get_by_role("button").click()
    expect(note).to_be_hidden()


OUT_OF_RANGE = (
    "at=32000,32000,0.001",
    "at=32000,32000,1e308",
    "at=-1e308,1e308,20000",
    "until=-1e308",
    "until=1e308&range.feature.tempo=1e300~",
    "range.feature.tempo=200~100&axes=feature.tempo~__proto__",
    "q=%E0%A4%A%&track=%00&path=%",
)


def test_link_with_extreme_values_shows_tracks(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    home = viewer.state("transform.k")
    for link in OUT_OF_RANGE:
        viewer.page.goto(f"{viewer.site.page}#{link}")
        viewer.page.reload()
        viewer.page.wait_for_selector('html[data-state="ready"]')
        assert viewer.visible_count() > 0, link
        assert home / 3 < viewer.state("transform.k") < home * 300, link


def test_link_contains_the_search_query(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    viewer.page.keyboard.press("/")
    viewer.page.keyboard.type("river")
    link = _wait_for_hash(viewer, "q=river")
    other = open_viewer(link=link)
    other.wait_until("spotmap.state().matches !== null")
    assert other.state("matches") == viewer.state("matches")
    expect(other.page.locator(".search-results")).to_be_hidden()


def test_navigation_keeps_the_identity_of_unchanged_state(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    unchanged = viewer.page.evaluate(
        """async () => {
          const before = spotmap.state();
          history.pushState(null, "", "#by=playlist");
          dispatchEvent(new PopStateEvent("popstate"));
          while (spotmap.state().colorBy !== "playlist") await new Promise((resolve) => setTimeout(resolve, 10));
          const after = spotmap.state();
          return Object.keys(before).filter((key) => before[key] === after[key]);
        }"""
    )
    assert {"hiddenClusters", "hiddenPlaylists", "hiddenLayers", "traitFilters", "selected"} <= set(unchanged)


HELD_SIZE = """(() => {
    const Observer = ResizeObserver;
    const { get } = Object.getOwnPropertyDescriptor(Element.prototype, "clientWidth");
    let isHeld = true;
    let release = null;
    const released = new Promise((resolve) => (release = resolve));
    window.releaseSize = () => release((isHeld = false));
    Object.defineProperty(Element.prototype, "clientWidth", {
        get() { return isHeld && this.id === "map" ? 0 : get.call(this); },
    });
    window.ResizeObserver = class extends Observer {
        constructor(callback) {
            super((...args) => void released.then(() => callback(...args)));
        }
    };
})()"""
"""Withholds the map's size until ``releaseSize`` is called, like a frame that is shown late."""


def test_query_typed_before_the_size_is_known_stays(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    page.add_init_script(HELD_SIZE)
    page.reload()
    page.wait_for_selector('html[data-state="ready"]')
    page.locator("#search input").fill("slow")
    viewer.wait_until("spotmap.state().query === 'slow'")
    page.evaluate("releaseSize()")
    viewer.wait_until("spotmap.state().transform.k !== 1")
    assert viewer.state("query") == "slow"
    expect(page.locator("#search input")).to_have_value("slow")
    _wait_for_hash(viewer, "q=slow")


def test_changes_made_before_the_titles_arrive_stay(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    titles = Held(page, "**/text.json*")
    page.goto(f"{viewer.site.page}#by=playlist&q=deep")
    page.reload()
    page.wait_for_selector('html[data-state="map"]')
    viewer.wait_until("spotmap.state().colorBy === 'playlist'")
    page.locator(".legend-toggle").first.click()
    hidden = viewer.state("hiddenPlaylists")
    assert len(hidden) == 1
    titles.release()
    page.wait_for_selector('html[data-state="ready"]')
    assert viewer.state("hiddenPlaylists") == hidden
    expect(page.locator("#search input")).to_have_value("deep")
    _wait_for_hash(viewer, "playlists=")
