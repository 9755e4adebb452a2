"""Saving what is seen as a picture."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from spotmap_build.core.files import write_atomically
from tests.browser.conftest import Viewer

pytestmark = pytest.mark.browser
OpenViewer = Callable[..., Viewer]
SVG = "{http://www.w3.org/2000/svg}"


def _saved(page: Page, kind: str, folder: Path) -> Path:
    """The file that a choice of the bar gives; the bar is open."""
    with page.expect_download() as download:
        page.locator(f"[data-picture={kind}]").click()
    path = folder / download.value.suggested_filename
    write_atomically(path, Path(download.value.path()).read_bytes())
    return path


def _shapes(path: Path) -> dict[str, list[ET.Element]]:
    root = ET.fromstring(path.read_text(encoding="utf-8"))
    return {name: list(root.iter(f"{SVG}{name}")) for name in ("circle", "text", "path")}


def test_the_drawing_has_what_is_seen_with_title_and_legend(open_viewer: OpenViewer, tmp_path: Path) -> None:
    viewer = open_viewer()
    page = viewer.page
    page.locator("#picture-button").click()
    path = _saved(page, "svg", tmp_path)
    assert path.name == "A sample library map.svg"
    expect(page.locator("#picture")).to_be_hidden()
    expect(page.locator("#picture-button")).to_be_focused()
    shapes = _shapes(path)
    texts = ["".join(text.itertext()) for text in shapes["text"]]
    legend = page.locator(".legend-list .legend-row").evaluate_all(
        "rows => rows.map(row => [...row.querySelectorAll('.legend-name, .legend-count')].map(one => one.textContent))"
    )
    assert "A sample library" in texts
    assert "300 tracks" in texts
    for name, count in legend:
        assert f"{name} {count}" in [" ".join(text.split()) for text in texts]
    x, y = viewer.position_of(viewer.track_in_view())
    assert any(
        abs(float(one.get("cx", 0)) - x) < 0.1 and abs(float(one.get("cy", 0)) - y) < 0.1 for one in shapes["circle"]
    )
    assert len(shapes["path"]) == len(legend) - 1


def test_what_a_filter_leaves_is_what_the_drawing_shows(open_viewer: OpenViewer, tmp_path: Path) -> None:
    viewer = open_viewer()
    page = viewer.page
    page.locator(".legend-only").first.click(force=True)
    shown = viewer.visible_count()
    page.locator("#picture-button").click()
    texts = ["".join(text.itertext()) for text in _shapes(_saved(page, "svg", tmp_path))["text"]]
    assert f"{shown} of 300 tracks" in texts
    hidden = page.locator(".legend-list .legend-toggle[aria-pressed=false] .legend-name").all_text_contents()
    assert hidden
    assert not [text for text in texts if text.strip() in hidden]
    page.locator(".more select").select_option("feature.tempo")
    expect(page.locator(".range")).to_be_visible()
    page.locator("#picture-button").click()
    texts = ["".join(text.itertext()) for text in _shapes(_saved(page, "svg", tmp_path))["text"]]
    assert any(text.startswith("Tempo: ") for text in texts)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pictures_are_as_large_as_asked_and_in_the_theme(open_viewer: OpenViewer, tmp_path: Path, theme: str) -> None:
    viewer = open_viewer(color_scheme=theme)
    page = viewer.page
    page.locator("#picture-button").click()
    with Image.open(_saved(page, "seen", tmp_path)) as seen:
        assert 850 < seen.width < 1000
        background = seen.convert("RGB").getpixel((3, 3))
        colors = {color for _, color in seen.convert("RGB").getcolors(1 << 20) or ()}
    assert background == ((247, 246, 242) if theme == "light" else (16, 19, 26))
    assert len(colors) > 50
    page.locator("#picture-button").click()
    with Image.open(_saved(page, "large", tmp_path)) as large:
        assert max(large.size) == 4000
        assert large.width / large.height == pytest.approx(seen.width / seen.height, rel=0.01)


def test_fingers_and_keys_save_a_picture_too(open_viewer: OpenViewer, tmp_path: Path) -> None:
    viewer = open_viewer(has_touch=True, is_mobile=True, viewport={"width": 390, "height": 844})
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


def test_a_browser_that_cannot_make_the_picture_says_what_to_do(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    page.evaluate("void (HTMLCanvasElement.prototype.toBlob = (done) => done(null))")
    page.locator("#picture-button").click()
    page.locator("[data-picture=large]").click()
    expect(page.locator("#picture p")).to_have_text("This browser cannot make a picture so large. Save it as SVG.")
    expect(page.locator("#picture")).to_be_visible()


def test_a_hundred_thousand_tracks_are_a_drawing_of_a_megabyte(open_viewer: OpenViewer, tmp_path: Path) -> None:
    viewer = open_viewer(100_000)
    page = viewer.page
    page.locator("#picture-button").click()
    path = _saved(page, "svg", tmp_path)
    assert 500_000 < path.stat().st_size < 1_600_000
    assert len(_shapes(path)["path"]) < 200
