"""Saving the current view as a picture."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from spotmap_build.core.files import write_atomically
from tests.browser.conftest import LARGE, PHONE, OpenViewer

pytestmark = pytest.mark.browser
SVG = "{http://www.w3.org/2000/svg}"
MAX_ZOOM = 200
"""The largest scale, as a multiple of the scale of the whole map."""


def saved(page: Page, kind: str, folder: Path) -> Path:
    """Save a picture of a kind and return its path; open the panel if necessary."""
    if page.locator("#picture").is_hidden():
        page.locator("#picture-button").click()
    with page.expect_download() as download:
        page.locator(f"[data-picture={kind}]").click()
    path = folder / download.value.suggested_filename
    write_atomically(path, Path(download.value.path()).read_bytes())
    return path


def shapes(path: Path) -> dict[str, list[ET.Element]]:
    """Return the elements of a saved SVG by name."""
    root = ET.fromstring(path.read_text(encoding="utf-8"))
    return {name: list(root.iter(f"{SVG}{name}")) for name in ("circle", "text", "path", "rect", "image")}


def texts(path: Path) -> list[str]:
    """Return all texts of a saved SVG."""
    return [" ".join("".join(text.itertext()).split()) for text in shapes(path)["text"]]


def accent_pixel_count(page: Page, path: Path) -> int:
    """Return the number of pixels of a saved picture in the accent color."""
    accent = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--accent').trim()")
    accent_rgb = tuple(bytes.fromhex(accent.removeprefix("#")))
    with Image.open(path) as image:
        return sum(count for count, color in image.convert("RGB").getcolors(1 << 24) or () if color == accent_rgb)


def test_svg_contains_the_view_with_title_and_legend(open_viewer: OpenViewer, tmp_path: Path) -> None:
    viewer = open_viewer()
    page = viewer.page
    page.locator("#picture-button").click()
    path = saved(page, "svg", tmp_path)
    assert path.name == "A sample library map.svg"
    expect(page.locator("#picture")).to_be_hidden()
    expect(page.locator("#picture-button")).to_be_focused()
    drawn = shapes(path)
    written = texts(path)
    legend = page.locator(".legend-list .legend-row").evaluate_all(
        """rows => rows.map((row) =>
          [...row.querySelectorAll(".legend-name, .legend-count")].map((node) => node.textContent))"""
    )
    assert "A sample library" in written
    assert "300 tracks" in written
    for name, count in legend:
        assert f"{name} {count}" in written
    x, y = viewer.position_of(viewer.track_in_view())
    assert any(
        abs(float(circle.get("cx", 0)) - x) < 0.1 and abs(float(circle.get("cy", 0)) - y) < 0.1
        for circle in drawn["circle"]
    )
    assert len(drawn["path"]) == len(legend) - 1


def test_svg_contains_only_what_filters_leave(open_viewer: OpenViewer, tmp_path: Path) -> None:
    viewer = open_viewer()
    page = viewer.page
    page.locator(".legend-only").first.click(force=True)
    shown = viewer.visible_count()
    page.locator("#picture-button").click()
    written = texts(saved(page, "svg", tmp_path))
    assert f"{shown} of 300 tracks" in written
    hidden = page.locator(".legend-list .legend-toggle[aria-pressed=false] .legend-name").all_text_contents()
    assert hidden
    assert not [text for text in written if text in hidden]
    page.locator(".more select").select_option("feature.tempo")
    expect(page.locator(".range")).to_be_visible()
    assert any(text.startswith("Tempo: ") for text in texts(saved(page, "svg", tmp_path)))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pictures_have_the_requested_size_and_theme(open_viewer: OpenViewer, tmp_path: Path, theme: str) -> None:
    viewer = open_viewer(color_scheme=theme)
    page = viewer.page
    page.locator("#picture-button").click()
    with Image.open(saved(page, "seen", tmp_path)) as seen:
        assert 850 < seen.width < 1000
        background = seen.convert("RGB").getpixel((3, 3))
        colors = {color for _, color in seen.convert("RGB").getcolors(1 << 20) or ()}
    assert background == ((247, 246, 242) if theme == "light" else (16, 19, 26))
    assert len(colors) > 50
    page.locator("#picture-button").click()
    with Image.open(saved(page, "large", tmp_path)) as large:
        assert max(large.size) == 4000
        assert large.width / large.height == pytest.approx(seen.width / seen.height, rel=0.01)


def test_pictures_can_be_saved_by_touch_and_keyboard(open_viewer: OpenViewer, tmp_path: Path) -> None:
    viewer = open_viewer(**PHONE)
    page = viewer.page
    page.locator("#picture-button").tap()
    with page.expect_download() as download:
        page.locator("[data-picture=seen]").tap()
    with Image.open(download.value.path()) as seen:
        assert seen.width == 390
    page.locator("#picture-button").press("Enter")
    expect(page.locator("[data-picture=seen]")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#picture")).to_be_hidden()
    expect(page.locator("#picture-button")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename == "A sample library map.svg"


def test_failed_large_picture_suggests_svg(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    page.evaluate("void (HTMLCanvasElement.prototype.toBlob = (done) => done(null))")
    page.locator("#picture-button").click()
    page.locator("[data-picture=large]").click()
    expect(page.locator("#picture p")).to_have_text("This browser cannot create such a large picture. Save it as SVG.")
    expect(page.locator("#picture")).to_be_visible()


@LARGE
def test_svg_of_100000_tracks_has_about_a_megabyte(open_viewer: OpenViewer, tmp_path: Path) -> None:
    viewer = open_viewer(100_000)
    page = viewer.page
    page.locator("#picture-button").click()
    path = saved(page, "svg", tmp_path)
    assert 500_000 < path.stat().st_size < 1_600_000
    assert len(shapes(path)["path"]) < 200


def test_picture_script_is_fetched_on_demand_and_retried(open_viewer: OpenViewer, tmp_path: Path) -> None:
    viewer = open_viewer(service_workers="block")
    page = viewer.page
    assert page.evaluate("'spotmapPicture' in window") is False
    page.route("**/picture.js", lambda route: route.abort())
    page.locator("#picture-button").click()
    page.locator("[data-picture=svg]").click()
    expect(page.locator("#picture p")).to_contain_text("picture.js could not be fetched")
    page.unroute("**/picture.js")
    assert "300 tracks" in texts(saved(page, "svg", tmp_path))
    viewer.complaints.expect("ERR_FAILED")


def test_svg_contains_the_pinned_track_and_its_neighbors(open_viewer: OpenViewer, tmp_path: Path) -> None:
    viewer = open_viewer()
    page = viewer.page
    before = len(shapes(saved(page, "svg", tmp_path))["path"])
    x, y = viewer.position_of(viewer.track_in_view())
    page.mouse.click(x, y)
    expect(page.locator(".alike-row").first).to_be_visible()
    paths = [path.get("d", "") for path in shapes(saved(page, "svg", tmp_path))["path"]]
    # Two rings around it, and a line to each neighbor.
    assert len(paths) > before + 2
    assert [path for path in paths if path.startswith(f"M{round(x, 1):g} {round(y, 1):g}L")]


def test_svg_contains_the_axes(open_viewer: OpenViewer, tmp_path: Path) -> None:
    viewer = open_viewer()
    page = viewer.page
    page.locator("#axes-button").click()
    page.get_by_label("Across", exact=True).select_option("feature.tempo")
    viewer.wait_until("spotmap.state().axes !== null")
    titles = page.locator(".axis-title").all_text_contents()
    numbers = page.locator(".axis-marks g text").all_text_contents()
    assert len(titles) == 2
    assert numbers
    written = texts(saved(page, "svg", tmp_path))
    assert not {*titles, *numbers} - {*written}


def test_svg_contains_the_shown_covers(open_viewer: OpenViewer, tmp_path: Path) -> None:
    viewer = open_viewer()
    page = viewer.page
    scale = viewer.state("transform.k")
    page.mouse.move(*viewer.position_of(viewer.track_in_view()))
    for _ in range(24):
        page.mouse.wheel(0, -240)
    viewer.wait_until(f"spotmap.state().transform.k > {0.99 * MAX_ZOOM * scale}")
    viewer.wait_until("!document.querySelector('canvas[data-layer=covers]').hidden")
    images = shapes(saved(page, "svg", tmp_path))["image"]
    assert images
    assert all(image.get("href", "").startswith("data:image/png;base64,") for image in images)
