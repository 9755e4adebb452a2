"""The site that a reader of the tutorial builds, from a plain static server under a sub-path, in a real browser."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Viewer
from tests.support import tutorial as tutorial_commands
from tests.support.command import spotmap
from tests.support.pages import Site

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("demo")]
OpenViewer = Callable[..., Viewer]


@pytest.fixture(scope="module")
def tutorial(web_root: tuple[Path, str]) -> dict[str, str]:
    """What the tutorial's commands printed, run in a folder that is served."""
    (web_root[0] / "demo").mkdir()
    return tutorial_commands.follow(web_root[0] / "demo")


@pytest.fixture(scope="module")
def demo(web_root: tuple[Path, str], tutorial: dict[str, str]) -> Site:
    """The demo library as a site."""
    root, url = web_root
    return Site(root / "demo/my-map/site", f"{url}demo/my-map/site/")


def test_the_tutorials_commands_say_what_it_says(tutorial: dict[str, str]) -> None:
    assert [command.split()[1] for command in tutorial if command.startswith("spotmap-build ")] == [
        "doctor", "init", "plan", "preview", "--theme", "export",
    ]  # fmt: skip
    assert 'sources = ["demo"]' in tutorial["cat spotmap.toml"]
    assert "105" in tutorial["spotmap-build plan"]
    assert "105 of 105" in tutorial["spotmap-build"]
    assert "nothing new to listen to" in tutorial["spotmap-build --theme high-contrast"]
    assert tutorial["head -3 tracks.csv"].count("\n") == 3


def test_the_demo_has_regions_playlists_and_every_track(open_viewer: OpenViewer, demo: Site) -> None:
    viewer = open_viewer(site=demo)
    assert viewer.visible_count() == 105
    expect(viewer.page.locator("h1")).to_have_text("My first map")
    entries = viewer.page.locator(".legend-list > li")
    assert 6 <= entries.count() <= 20
    viewer.page.locator('[data-color-by="playlist"]').click()
    assert entries.count() >= 8


def test_a_browser_may_keep_it_as_an_app(open_viewer: OpenViewer, demo: Site) -> None:
    page = open_viewer(site=demo).page
    said = page.context.new_cdp_session(page).send("Page.getAppManifest")
    assert said["url"] == f"{demo.url}manifest.webmanifest"
    assert said["errors"] == []
    icons = [icon["src"] for icon in json.loads(said["data"])["icons"]]
    assert icons == ["icon-192.png", "icon-512.png"]
    assert all(page.request.get(demo.url + icon).ok for icon in icons)


def test_one_persons_map_has_no_tab_for_libraries(open_viewer: OpenViewer, demo: Site) -> None:
    viewer = open_viewer(site=demo)
    expect(viewer.page.locator("[data-color-by]")).to_have_count(3)
    expect(viewer.page.locator("[data-color-by]:visible")).to_have_text(["Clusters", "Playlists"])


def test_pointing_at_a_track_tells_its_title_and_measured_features(open_viewer: OpenViewer, demo: Site) -> None:
    viewer = open_viewer(site=demo)
    viewer.page.mouse.move(*viewer.position_of(50))
    card = viewer.page.locator("#card")
    expect(card).to_be_visible()
    expect(card.locator(".card-title")).not_to_be_empty()
    expect(card).to_contain_text("BPM")


def test_a_playlist_can_be_toggled(open_viewer: OpenViewer, demo: Site) -> None:
    viewer = open_viewer(site=demo)
    viewer.page.locator('[data-color-by="playlist"]').click()
    before = viewer.visible_count()
    viewer.page.locator(".legend-list button").first.click()
    assert viewer.visible_count() < before


def test_searching_flies_to_the_track(open_viewer: OpenViewer, demo: Site) -> None:
    viewer = open_viewer(site=demo)
    viewer.page.mouse.move(*viewer.position_of(20))
    title = viewer.page.locator("#card .card-title").inner_text()
    viewer.page.mouse.move(5, 795)
    viewer.page.keyboard.press("/")
    viewer.page.keyboard.type(title)
    viewer.page.keyboard.press("Enter")
    expect(viewer.page.locator("#card .card-title")).to_have_text(title)
    assert viewer.state("pinned") >= 0


def test_the_wheel_zooms(open_viewer: OpenViewer, demo: Site) -> None:
    viewer = open_viewer(site=demo)
    x, y = viewer.position_of(50)
    viewer.page.mouse.move(700, 400)
    viewer.page.mouse.wheel(0, -400)
    viewer.page.wait_for_function(
        f"(() => {{ const [x, y] = spotmap.positionOf(50); return x !== {x} || y !== {y}; }})()"
    )


def test_nothing_in_hostile_titles_runs(open_viewer: OpenViewer, web_root: tuple[Path, str], tmp_path: Path) -> None:
    root, url = web_root
    hostile = [
        "<script>window.broken=1</script>",
        "<img src=x onerror=window.broken=1>",
        "'\"><svg/onload=window.broken=1>",
    ]
    rows = "".join(f'"{title.replace(chr(34), chr(34) * 2)}",{n},{n * n}\n' for n, title in enumerate(hostile * 5))
    (tmp_path / "t.csv").write_text("title,x,y\n" + rows)
    outcome = spotmap("--source", "table:t.csv", "--title", hostile[0], "--out", root / "hostile", cwd=tmp_path)
    assert outcome.status == 0, outcome.stderr
    viewer = open_viewer(site=Site(root / "hostile", f"{url}hostile/"))
    viewer.page.mouse.click(*viewer.position_of(7))
    expect(viewer.page.locator("#card")).to_contain_text("window.broken")
    viewer.page.keyboard.press("/")
    viewer.page.keyboard.type("broken")
    expect(viewer.page.locator("#found li").first).to_be_visible()
    assert viewer.page.evaluate("window.broken") is None
