"""The page around the map: view, theme, window sizes, frames and error messages."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenViewer
from tests.fakes.sample_site import GENERATION
from tests.support.pages import PAINTED_PIXELS, Site
from tests.support.patience import wait_until

pytestmark = pytest.mark.browser
SETTLED_MS = 300
"""Delay before the address is updated."""


def test_layers_are_drawn_next_to_the_panel(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    for layer in ("boundaries", "points", "labels"):
        viewer.wait_until(f"({PAINTED_PIXELS})({layer!r}) > 500")
    panel = viewer.page.locator("#panel").bounding_box()
    assert panel is not None
    hidden = viewer.page.evaluate(
        f"Array.from({{length: 300}}, (_, t) => spotmap.positionOf(t)[0]).filter((x) => x < {panel['width']}).length"
    )
    assert hidden <= 6


def test_covers_are_shown_at_high_zoom(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    covers = viewer.page.locator('canvas[data-layer="covers"]')
    expect(covers).to_be_hidden()
    viewer.page.mouse.move(*viewer.position_of(viewer.track_in_view()))
    for _ in range(2):
        viewer.page.mouse.wheel(0, -400)
    expect(covers).to_be_visible()
    viewer.wait_until(f"({PAINTED_PIXELS})('covers') > 500")
    viewer.page.locator("#map").focus()
    viewer.page.keyboard.press("0")
    expect(covers).to_be_hidden()


def test_wheel_zooms_around_the_pointer(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    before = viewer.state("transform.k")
    x, y = viewer.position_of(viewer.track_in_view())
    track = viewer.track_in_view()
    viewer.page.mouse.move(x, y)
    viewer.page.mouse.wheel(0, -300)
    viewer.wait_until(f"spotmap.state().transform.k > {before} * 1.2")
    assert viewer.position_of(track) == pytest.approx((x, y), abs=1)


def test_trackpad_scrolling_moves_the_map(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    before = viewer.state("transform")
    viewer.page.mouse.move(700, 400)
    viewer.page.mouse.wheel(30, 40)
    viewer.wait_until(f"spotmap.state().transform.x !== {before['x']}")
    after = viewer.state("transform")
    assert after == {"k": before["k"], "x": pytest.approx(before["x"] - 30), "y": pytest.approx(before["y"] - 40)}
    expect(viewer.page.locator(".map-hint")).to_have_count(0)


def test_safari_pinch_gesture_zooms_around_the_pointer(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    before = viewer.state("transform")
    is_left_to_browser = viewer.page.evaluate(
        """() => [["gesturestart", 1], ["gesturechange", 1.5], ["gesturechange", 2]].map(([type, scale]) => {
          const place = { clientX: 700, clientY: 400, scale };
          const event = Object.assign(new Event(type, { bubbles: true, cancelable: true }), place);
          return document.getElementById("map").dispatchEvent(event);
        })"""
    )
    assert is_left_to_browser == [False, False, False]
    after = viewer.state("transform")
    assert after["k"] == pytest.approx(2 * before["k"])
    assert (700 - after["x"]) / after["k"] == pytest.approx((700 - before["x"]) / before["k"])


@pytest.mark.parametrize(("width", "height"), [(240, 500), (256, 160), (320, 180), (1280, 150), (800, 300)])
def test_all_buttons_can_be_pressed_in_tiny_windows(open_viewer: OpenViewer, width: int, height: int) -> None:
    """A browser zoom of 500% or an on-screen keyboard leaves such windows."""
    viewer = open_viewer(viewport={"width": width, "height": height})
    covered = viewer.page.evaluate(
        """() => [...document.querySelectorAll("#controls button, #search input, #legend-handle")].flatMap((button) => {
          const { left, top, width, height } = button.getBoundingClientRect();
          if (width === 0) return [];
          const onTop = document.elementFromPoint(left + width / 2, top + height / 2);
          return button.contains(onTop) ? [] : [button.id || button.title || button.placeholder];
        })"""
    )
    assert covered == []


def test_keys_and_buttons_change_the_view(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    home = viewer.state("transform")
    viewer.page.locator("#map").focus()
    viewer.page.keyboard.press("+")
    assert viewer.state("transform.k") > home["k"]
    viewer.page.keyboard.press("ArrowRight")
    viewer.page.keyboard.press("0")
    assert viewer.state("transform") == pytest.approx(home)
    viewer.page.get_by_role("button", name="Zoom out").click()
    assert viewer.state("transform.k") < home["k"]
    viewer.page.get_by_role("button", name="Show the whole map").click()
    assert viewer.state("transform") == pytest.approx(home)


def test_theme_follows_the_system_until_one_is_chosen(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(color_scheme="dark")
    root = viewer.page.locator("html")
    expect(root).to_have_attribute("data-theme", "dark")
    viewer.page.emulate_media(color_scheme="light")
    expect(root).to_have_attribute("data-theme", "light")
    viewer.page.locator("#theme").click()
    expect(root).to_have_attribute("data-theme", "dark")
    viewer.page.reload()
    expect(root).to_have_attribute("data-theme", "dark")


def test_center_of_the_view_stays_when_the_window_is_resized(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    viewer.page.locator("#map").focus()
    viewer.page.keyboard.press("+")
    track = viewer.track_in_view()
    x, y = viewer.position_of(track)
    viewer.page.set_viewport_size({"width": 1480, "height": 900})
    # The browser may report the new width and height separately.
    viewer.wait_until(
        f"(([x, y]) => Math.hypot(x - {x + 100}, y - {y + 50}) < 1.5)(spotmap.positionOf({track}))",
    )


def test_default_view_fits_the_window_after_resizing(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(viewport={"width": 900, "height": 600})
    small = viewer.state("transform.k")
    viewer.page.set_viewport_size({"width": 1600, "height": 1000})
    viewer.wait_until(f"spotmap.state().transform.k > {small} * 1.3")
    assert viewer.page.evaluate("location.hash") == ""


def test_map_fills_a_frame_that_is_shown_later(open_viewer: OpenViewer, copied_site: Site) -> None:
    tab = '<details><summary>Map</summary><iframe src="index.html?test" width="900" height="600"></iframe></details>'
    copied_site.folder.joinpath("tab.html").write_text(
        f'<!doctype html><link rel="icon" href="data:,">{tab}', encoding="utf-8"
    )
    viewer = open_viewer(site=copied_site)
    viewer.page.goto(f"{copied_site.url}tab.html")
    frame = viewer.page.frames[1]
    viewer.page.locator("summary").click()
    frame.wait_for_selector('html[data-state="ready"]')
    expect(frame.locator("#masthead")).to_be_visible()
    farthest = "Math.max(...Array.from({ length: 300 }, (_, track) => spotmap.positionOf(track)[0]))"
    assert 600 < frame.evaluate(farthest) < 900
    viewer.page.locator("summary").click()
    # The frame notices its size in the next rendering; the address would be updated before a later timer.
    viewer.page.evaluate("new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))")
    frame.evaluate(f"new Promise((resolve) => setTimeout(resolve, {SETTLED_MS + 1}))")
    viewer.page.locator("summary").click()
    expect(frame.locator("#masthead")).to_be_visible()
    assert 600 < frame.evaluate(farthest) < 900
    assert frame.evaluate("location.hash") == ""


WATCH_HINT = """() => {
  const note = ([{ target }]) => target.classList.contains("is-shown") && (window.hint = target.textContent);
  new MutationObserver(note).observe(document.querySelector(".map-hint"), { attributeFilter: ["class"] });
}"""
"""Keeps the text of the hint, which disappears after a second."""


def test_wheel_over_a_framed_map_scrolls_the_outer_page(open_viewer: OpenViewer, copied_site: Site) -> None:
    article = (
        '<!doctype html><link rel="icon" href="data:,"><body style="height: 4000px">'
        '<iframe src="index.html?test" width="900" height="600"></iframe>'
    )
    copied_site.folder.joinpath("article.html").write_text(article, encoding="utf-8")
    viewer = open_viewer(site=copied_site)
    viewer.page.goto(f"{copied_site.url}article.html")
    frame = viewer.page.frames[1]
    frame.wait_for_selector('html[data-state="ready"]')
    scale = frame.evaluate("spotmap.state().transform.k")
    frame.evaluate(WATCH_HINT)
    viewer.page.mouse.move(600, 300)
    viewer.page.mouse.wheel(0, 100)
    viewer.wait_until("scrollY > 50")
    assert frame.evaluate("spotmap.state().transform.k") == scale
    wait_until(lambda: frame.evaluate("window.hint"), "the hint is shown")
    assert frame.evaluate("window.hint") == "Ctrl + wheel to zoom"
    viewer.page.keyboard.down("Control")
    viewer.page.mouse.wheel(0, -100)
    viewer.page.keyboard.up("Control")
    wait_until(lambda: frame.evaluate("spotmap.state().transform.k") > scale, "the map is zoomed")


def test_map_is_redrawn_on_a_screen_with_more_pixels(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    width = "document.querySelector('canvas[data-layer=marks]').width"
    assert viewer.page.evaluate(width) == 1280
    session = viewer.page.context.new_cdp_session(viewer.page)
    metrics = {"width": 1280, "height": 800, "deviceScaleFactor": 2, "mobile": False}
    session.send("Emulation.setDeviceMetricsOverride", metrics)
    viewer.wait_until(f"{width} === 2560")


def test_map_is_redrawn_after_the_graphics_context_is_lost(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    for layer in ("points", "labels", "boundaries"):
        viewer.wait_until(f"({PAINTED_PIXELS})('{layer}') > 500")
    clear_canvases = """() => document.querySelectorAll("canvas").forEach((canvas) =>
      canvas.getContext("bitmaprenderer")?.transferFromImageBitmap(null))"""
    viewer.page.evaluate(clear_canvases)
    assert viewer.page.evaluate(f"({PAINTED_PIXELS})('points')") == 0
    viewer.page.evaluate("document.querySelector('canvas').dispatchEvent(new Event('contextrestored'))")
    for layer in ("points", "labels", "boundaries"):
        viewer.wait_until(f"({PAINTED_PIXELS})('{layer}') > 500")


def test_names_of_the_library_are_not_translated(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    viewer.page.mouse.click(*viewer.position_of(viewer.track_in_view()))
    viewer.page.keyboard.press("/")
    viewer.page.keyboard.type("a")
    for name in (".card-title", ".card-artists", ".legend-name", ".found-title", "[data-track] .found-artists", "h1"):
        expect(viewer.page.locator(name).first).to_have_attribute("translate", "no")


def test_legend_is_a_drawer_on_a_phone(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(viewport={"width": 390, "height": 844})
    body = viewer.page.locator("#legend-body")
    expect(body).to_be_hidden()
    viewer.page.get_by_role("button", name="Clusters and playlists").click()
    expect(body).to_be_visible()


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1280, 560)])
def test_quality_report_opens_in_view(open_viewer: OpenViewer, width: int, height: int) -> None:
    viewer = open_viewer(viewport={"width": width, "height": height})
    if width == 390:
        viewer.page.get_by_role("button", name="Clusters and playlists").click()
    viewer.page.get_by_text("How good is this map?").click()
    expect(viewer.page.locator(".about dd").first).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("tracks", [1, 2])
def test_tiny_library_has_no_clusters(open_viewer: OpenViewer, tracks: int) -> None:
    viewer = open_viewer(tracks)
    assert viewer.visible_count() == tracks
    x, y = viewer.position_of(0)
    assert 300 < x < 1280
    assert 0 < y < 800
    expect(viewer.page.locator(".legend-note")).to_contain_text("No clusters")


def test_empty_map_is_reported(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(0, state="empty")
    expect(viewer.page.locator("#notice")).to_contain_text("no tracks")
    expect(viewer.page.locator("#panel")).to_be_hidden()


def test_data_of_another_version_is_reported(
    open_viewer: OpenViewer, sample: Callable[[int], Site], web_root: tuple[Path, str]
) -> None:
    site = _copy(sample(300), web_root, "newer")
    path = site.folder / "data" / GENERATION / "map.json"
    document = json.loads(path.read_text())
    document["schema"] = "spotmap.map/2"
    path.write_text(json.dumps(document))
    viewer = open_viewer(site=site, state="error")
    expect(viewer.page.locator("#notice")).to_contain_text('another format ("spotmap.map/2")')


def test_missing_data_is_reported(
    open_viewer: OpenViewer, sample: Callable[[int], Site], web_root: tuple[Path, str]
) -> None:
    site = _copy(sample(300), web_root, "missing")
    (site.folder / "data" / GENERATION / "map.json").unlink()
    viewer = open_viewer(site=site, state="error")
    expect(viewer.page.locator("#notice")).to_contain_text("map.json could not be fetched (status 404)")
    viewer.complaints.seen = [text for text in viewer.complaints.seen if "404" not in text and "preload" not in text]


def test_missing_details_are_noted_on_the_card(
    open_viewer: OpenViewer, sample: Callable[[int], Site], web_root: tuple[Path, str]
) -> None:
    site = _copy(sample(300), web_root, "no-details")
    (site.folder / "data" / GENERATION / "details-000.json").unlink()
    viewer = open_viewer(site=site)
    viewer.page.mouse.click(*viewer.position_of(viewer.track_in_view()))
    expect(viewer.page.locator(".card-note")).to_contain_text("details-000.json could not be fetched")
    viewer.complaints.expect("404")


def test_viewer_object_is_exposed_only_to_tests(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    assert viewer.page.evaluate("'spotmap' in window")
    viewer.page.goto(viewer.site.url)
    viewer.page.wait_for_selector('html[data-state="ready"]')
    assert not viewer.page.evaluate("'spotmap' in window")


def test_404_page_links_to_the_map(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    viewer.page.goto(f"{viewer.site.url}404.html")
    viewer.page.get_by_role("link", name="Go to A sample library").click()
    viewer.page.wait_for_selector('html[data-state="ready"]')


def _copy(site: Site, web_root: tuple[Path, str], name: str) -> Site:
    root, url = web_root
    shutil.copytree(site.folder, root / name, dirs_exist_ok=True)
    return Site(root / name, f"{url}{name}/")
