"""Points sized by a number; what was listened to: heat, forgotten coasts, how the center of taste wandered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Viewer
from tests.browser.test_viewer_everyone import AXE, in_both_themes
from tests.browser.test_viewer_picture import accents, saved, shapes, texts
from tests.fakes.sample_site import YEARS_PLAYED, played, write_sample_site
from tests.support.pages import Site

pytestmark = pytest.mark.browser
OpenViewer = Callable[..., Viewer]
TRACKS = 300
PHONE = {"has_touch": True, "is_mobile": True, "viewport": {"width": 390, "height": 844}}
SIZES = "Size of points"


@pytest.fixture(scope="session")
def heard(web_root: tuple[Path, str]) -> Site:
    """The sample with a listening history."""
    root, url = web_root
    write_sample_site(root / "heard", tracks=TRACKS, has_history=True)
    return Site(root / "heard", f"{url}heard/")


def _plays(track: int) -> int:
    """As the sample has them."""
    return track % 50 if track % 3 else 0


def _radius(viewer: Viewer, track: int) -> float:
    return float(viewer.page.evaluate(f"spotmap.pointRadius({track})"))


def test_points_are_sized_by_a_number_in_the_address_and_back(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    plain = _radius(viewer, 1)
    viewer.page.get_by_label(SIZES).select_option("facet.plays")
    viewer.wait_until("spotmap.state().sizeBy === 'facet.plays'")
    # Areas are as the numbers, to within a step of a fifth: 49 plays beside 16.
    assert _radius(viewer, 49) / _radius(viewer, 16) == pytest.approx((49 / 16) ** 0.5, rel=0.21)
    assert _radius(viewer, 1) < plain < _radius(viewer, 49)
    expect(viewer.page.locator(".size-key")).to_contain_text("Plays")
    assert viewer.page.locator(".size-sample").count() > 1
    viewer.wait_until("location.hash.includes('size=facet.plays')")
    viewer.page.reload()
    viewer.page.wait_for_selector('html[data-state="ready"]')
    viewer.wait_until("spotmap.state().sizeBy === 'facet.plays'")
    expect(viewer.page.get_by_label(SIZES)).to_have_value("facet.plays")
    viewer.page.get_by_label(SIZES).select_option("")
    viewer.wait_until("spotmap.state().sizeBy === ''")
    expect(viewer.page.locator(".size-key")).to_be_empty()
    assert _radius(viewer, 49) == _radius(viewer, 1)
    viewer.wait_until("!location.hash.includes('size=')")
    viewer.page.go_back()
    viewer.wait_until("spotmap.state().sizeBy === 'facet.plays'")


def test_of_two_choices_the_last_one_counts(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    viewer.page.route("**/details-*.json", hold)
    sizes = viewer.page.get_by_label(SIZES)
    with viewer.page.expect_request("**/details-*.json"):
        sizes.select_option("facet.plays")
    sizes.select_option("feature.tempo")
    for route in held:
        route.continue_()
    viewer.wait_until("spotmap.state().sizeBy === 'feature.tempo'")
    expect(sizes).to_have_value("feature.tempo")


def test_a_size_that_a_map_does_not_know_is_left_out_of_a_link(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    viewer.page.goto(f"{viewer.site.page}#size=facet.genres")
    viewer.page.reload()
    viewer.page.wait_for_selector('html[data-state="ready"]')
    assert viewer.state("sizeBy") == ""


@pytest.mark.parametrize("way", ["mouse", "touch", "keyboard"])
def test_what_is_large_is_hit_as_large_as_it_is_drawn(open_viewer: OpenViewer, way: str) -> None:
    viewer = open_viewer(**PHONE) if way == "touch" else open_viewer()
    page = viewer.page
    if way == "touch":
        page.locator("#legend-handle").tap()
    if way == "keyboard":
        page.get_by_label(SIZES).focus()
        page.keyboard.type("Plays")
    else:
        page.get_by_label(SIZES).select_option("facet.plays")
    viewer.wait_until("spotmap.state().sizeBy === 'facet.plays'")
    if way == "touch":
        page.locator("#legend-handle").tap()
    # A large point, and a place within it that no other point is on, further from its middle than a plain one reaches.
    track, x, y = page.evaluate(
        """(plain) => {
          const tracks = Array.from({ length: 300 }, (_, track) => track);
          const inside = (track, x, y) => {
            const [a, b] = spotmap.positionOf(track);
            return Math.hypot(a - x, b - y) < spotmap.pointRadius(track) + 0.5;
          };
          for (const track of tracks) {
            const radius = spotmap.pointRadius(track);
            if (radius < plain + 1.5) continue;
            for (let turn = 0; turn < 24; turn++) {
              const [a, b] = spotmap.positionOf(track);
              const [x, y] = [a + (radius - 1) * Math.cos(turn / 3.8), b + (radius - 1) * Math.sin(turn / 3.8)];
              const isFree = document.elementFromPoint(x, y)?.closest("#map");
              if (isFree && tracks.every((other) => other === track || !inside(other, x, y))) return [track, x, y];
            }
          }
        }""",
        _radius(viewer, 16),
    )
    if way == "keyboard":
        # The nearest to the middle, then from it to others: keys go by places, not by sizes.
        page.locator("#map").press("Enter")
        viewer.wait_until("spotmap.state().pinned >= 0")
        return
    (page.touchscreen.tap if way == "touch" else page.mouse.click)(x, y)
    viewer.wait_until(f"spotmap.state().pinned === {track}")


def test_the_card_says_when_a_track_was_last_played(open_viewer: OpenViewer, heard: Site) -> None:
    viewer = open_viewer(site=heard)
    viewer.page.locator("#listening summary").click()
    viewer.page.get_by_role("list", name="Forgotten coasts").get_by_role("button").first.click()
    viewer.wait_until("spotmap.state().pinned >= 0")
    track = int(viewer.state("pinned"))
    facets = viewer.page.locator("#card .facets")
    expect(facets).to_contain_text(str(_plays(track)))
    expect(facets).to_contain_text((date(1970, 1, 1) + timedelta(days=played(track)[1])).isoformat())


def _forgotten() -> list[int]:
    newest = max(played(row)[1] for row in range(TRACKS) if _plays(row))
    return [row for row in range(TRACKS) if _plays(row) and played(row)[1] < newest - 730]


@pytest.mark.parametrize("way", ["mouse", "touch", "keyboard"])
def test_forgotten_coasts_are_listed_shown_and_selected(open_viewer: OpenViewer, heard: Site, way: str) -> None:
    asked: list[str] = []
    viewer = open_viewer(site=heard, **(PHONE if way == "touch" else {}))
    page = viewer.page
    page.on("request", lambda request: asked.append(request.url.rsplit("/", 1)[1]))
    summary = page.locator("#listening summary")

    def press(name: str) -> None:
        button = page.get_by_role("button", name=name, exact=True)
        button.press("Enter") if way == "keyboard" else button.tap() if way == "touch" else button.click()

    if way == "touch":
        page.locator("#legend-handle").tap()
    summary.press("Enter") if way == "keyboard" else summary.tap() if way == "touch" else summary.click()
    rows = page.get_by_role("list", name="Forgotten coasts").get_by_role("button")
    expect(rows).to_have_count(12)
    assert asked[0] == "listening.js"
    expect(page.locator("#listening")).to_contain_text("two years before your newest play")
    press("Select these")
    viewer.wait_until("spotmap.state().selected.length > 12")
    selected = viewer.state("selected")
    assert set(selected) <= set(_forgotten())
    assert [_plays(track) for track in selected] == sorted((_plays(track) for track in selected), reverse=True)
    if way == "touch":
        page.locator("#picks [data-action='clear']").tap()
    press("Size by plays")
    viewer.wait_until("spotmap.state().sizeBy === 'facet.plays'")
    press("Color by where you listen")
    viewer.wait_until("spotmap.state().colorBy === 'heat'")
    expect(page.locator(".range")).to_be_visible()
    viewer.wait_until("location.hash.includes('by=heat')")
    rows.first.press("Enter") if way == "keyboard" else rows.first.tap() if way == "touch" else rows.first.click()
    viewer.wait_until(f"spotmap.state().pinned === {selected[0]}")


@pytest.mark.parametrize("way", ["mouse", "touch", "keyboard"])
def test_the_center_of_taste_wanders_with_the_slider_of_time(open_viewer: OpenViewer, heard: Site, way: str) -> None:
    viewer = open_viewer(site=heard, **(PHONE if way == "touch" else {}))
    page = viewer.page
    trail = page.locator("#map .trail")
    opener = page.get_by_role("button", name="How the library grew", exact=True)
    opener.press("Enter") if way == "keyboard" else opener.tap() if way == "touch" else opener.click()
    expect(trail).to_be_visible()
    assert f"{YEARS_PLAYED[0]}" in (trail.get_attribute("aria-label") or "")
    expect(trail.locator(".trail-now")).to_contain_text(str(YEARS_PLAYED[-1]))
    expect(trail.locator(".trail-now bdi")).to_have_attribute("translate", "no")
    slider = page.get_by_label("Tracks added until")
    slider.press("Home")
    expect(trail.locator(".trail-now")).to_contain_text(str(YEARS_PLAYED[0]))
    slider.press("Escape")
    expect(trail).to_be_hidden()


OVERLAPS = """() => {
  const labels = [...document.querySelectorAll("#map .trail span")].map((node) =>
    [node.textContent, node.getBoundingClientRect()]);
  const names = spotmap.names().map(({ text, x, y, width, size }) =>
    [text, new DOMRect(x - width / 2, y - size / 2, width, size)]);
  const touch = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  return labels.flatMap(([label, box], place) => [...labels.slice(place + 1), ...names]
    .flatMap(([text, other]) => touch(box, other) ? [`${label} on ${text}`] : []));
}"""
"""Which years along the way of taste lie on each other, or on a name of the map."""


@pytest.mark.parametrize("size", [{"width": 390, "height": 844}, {"width": 1280, "height": 800}])
def test_the_years_of_the_way_of_taste_lie_on_no_name(
    open_viewer: OpenViewer, heard: Site, size: dict[str, int]
) -> None:
    viewer = open_viewer(site=heard, viewport=size)
    page = viewer.page
    before = page.evaluate("spotmap.names().length")
    page.get_by_role("button", name="How the library grew", exact=True).click()
    expect(page.locator("#map .trail")).to_be_visible()
    viewer.wait_until(f"({OVERLAPS})().length === 0")
    assert page.evaluate("spotmap.names().length") > before / 2
    page.get_by_label("Tracks added until").press("Home")
    viewer.wait_until(f"({OVERLAPS})().length === 0")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_way_of_taste_and_what_sizes_mean_are_in_a_saved_picture(
    open_viewer: OpenViewer, heard: Site, tmp_path: Path, theme: str
) -> None:
    viewer = open_viewer(site=heard, color_scheme=theme)
    page = viewer.page
    page.get_by_label(SIZES).select_option("facet.plays")
    expect(page.locator(".size-sample").first).to_be_visible()
    plain = accents(page, saved(page, "seen", tmp_path))
    page.get_by_role("button", name="How the library grew", exact=True).click()
    expect(page.locator("#map .trail")).to_be_visible()
    path = saved(page, "svg", tmp_path)
    written = texts(path)
    trail = page.locator(".trail-line").get_attribute("d")
    assert [one.get("d") for one in shapes(path)["path"]].count(trail) == 1
    assert {"Plays", *page.locator(".size-sample").all_text_contents()} <= {*written}
    assert not {*page.locator(".trail span:not(.trail-now)").all_text_contents()} - {*written}
    assert any(text.startswith(f"{YEARS_PLAYED[-1]} ·") for text in written)
    for kind in ("seen", "large"):
        assert accents(page, saved(page, kind, tmp_path)) > plain + 200
    page.get_by_role("button", name="How the library grew", exact=True).click()
    assert trail not in [one.get("d") for one in shapes(saved(page, "svg", tmp_path))["path"]]


def test_why_the_center_of_taste_does_not_show_is_told_below_the_slider(open_viewer: OpenViewer, heard: Site) -> None:
    viewer = open_viewer(site=heard)
    page = viewer.page
    page.route("**/listening.js", lambda route: route.abort())
    time = page.get_by_role("button", name="How the library grew", exact=True)
    time.click()
    expect(page.locator(".timeline-note")).to_contain_text("listening.js could not be fetched")
    page.unroute("**/listening.js")
    time.click()
    time.click()
    expect(page.locator("#map .trail")).to_be_visible()
    expect(page.locator(".timeline-note")).to_be_empty()
    viewer.complaints.expect("ERR_FAILED")


@pytest.mark.parametrize("size", [{"width": 1280, "height": 800}, {"width": 390, "height": 844}])
def test_axe_finds_nothing(open_viewer: OpenViewer, heard: Site, size: dict[str, int]) -> None:
    if not AXE.exists():
        pytest.skip("needs `npm ci`")
    viewer = open_viewer(site=heard, color_scheme="light", viewport=size)
    page = viewer.page
    page.get_by_role("button", name="How the library grew", exact=True).click()
    expect(page.locator("#map .trail")).to_be_visible()
    if size["width"] < 720:
        page.locator("#legend-handle").click()
    page.get_by_label(SIZES).select_option("facet.plays")
    expect(page.locator(".size-sample").first).to_be_visible()
    page.locator("#listening summary").click()
    expect(page.get_by_role("list", name="Forgotten coasts")).to_be_visible()
    assert in_both_themes(viewer) == []


def test_where_no_history_is_known_nothing_tells_of_one(open_viewer: OpenViewer) -> None:
    asked: list[str] = []
    viewer = open_viewer()
    viewer.page.on("request", lambda request: asked.append(request.url.rsplit("/", 1)[1]))
    expect(viewer.page.locator("#listening")).to_be_hidden()
    viewer.page.get_by_role("button", name="How the library grew", exact=True).click()
    expect(viewer.page.get_by_label("Tracks added until")).to_be_focused()
    assert viewer.page.locator("#map .trail").count() == 0
    assert "listening.js" not in asked
    assert not [name for name in viewer.page.locator(".more option").all_inner_texts() if "played" in name]
