"""Point sizes by a number, and the listening history: heat, forgotten coasts, and the path of the center of taste."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import PHONE, Held, OpenViewer, Viewer
from tests.browser.test_viewer_everyone import AXE, violations_in_both_themes
from tests.browser.test_viewer_picture import accent_pixel_count, saved, shapes, texts
from tests.fakes.sample_site import YEARS_PLAYED, played, write_sample_site
from tests.support.pages import Site

pytestmark = pytest.mark.browser
TRACKS = 300
SIZES = "Size of points"


@pytest.fixture(scope="session")
def site_with_history(web_root: tuple[Path, str]) -> Site:
    """The sample site with a listening history."""
    root, url = web_root
    write_sample_site(root / "heard", tracks=TRACKS, has_history=True)
    return Site(root / "heard", f"{url}heard/")


def _plays(track: int) -> int:
    """Return the number of plays in the sample site."""
    return track % 50 if track % 3 else 0


def press(target: Locator, input_device: str) -> None:
    if input_device == "keyboard":
        target.press("Enter")
    elif input_device == "touch":
        target.tap()
    else:
        target.click()


def _radius(viewer: Viewer, track: int) -> float:
    return float(viewer.page.evaluate(f"spotmap.pointRadius({track})"))


def test_points_can_be_sized_by_a_number_which_the_url_contains(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    plain = _radius(viewer, 1)
    viewer.page.get_by_label(SIZES).select_option("facet.plays")
    viewer.wait_until("spotmap.state().sizeBy === 'facet.plays'")
    # Areas are proportional to the numbers, with a tolerance of one size step (a fifth): 49 and 16 plays.
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


def test_last_of_two_quick_choices_wins(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    details = Held(viewer.page, "**/details-*.json")
    sizes = viewer.page.get_by_label(SIZES)
    with viewer.page.expect_request("**/details-*.json"):
        sizes.select_option("facet.plays")
    sizes.select_option("feature.tempo")
    details.release()
    viewer.wait_until("spotmap.state().sizeBy === 'feature.tempo'")
    expect(sizes).to_have_value("feature.tempo")


def test_link_with_an_unknown_size_is_ignored(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(link="#size=facet.genres")
    assert viewer.state("sizeBy") == ""


@pytest.mark.parametrize("input_device", ["mouse", "touch", "keyboard"])
def test_large_points_can_be_hit_at_their_edge(open_viewer: OpenViewer, input_device: str) -> None:
    viewer = open_viewer(**PHONE) if input_device == "touch" else open_viewer()
    page = viewer.page
    if input_device == "touch":
        page.locator("#legend-handle").tap()
    if input_device == "keyboard":
        page.get_by_label(SIZES).focus()
        page.keyboard.type("Plays")
    else:
        page.get_by_label(SIZES).select_option("facet.plays")
    viewer.wait_until("spotmap.state().sizeBy === 'facet.plays'")
    if input_device == "touch":
        page.locator("#legend-handle").tap()
    # Find a large point, and a position inside it that is outside the default radius and covered by no other point.
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
    if input_device == "keyboard":
        # The keyboard starts at the track nearest to the center; it depends on positions, not on sizes.
        page.locator("#map").press("Enter")
        viewer.wait_until("spotmap.state().pinned >= 0")
        return
    (page.touchscreen.tap if input_device == "touch" else page.mouse.click)(x, y)
    viewer.wait_until(f"spotmap.state().pinned === {track}")


def test_card_shows_when_a_track_was_last_played(open_viewer: OpenViewer, site_with_history: Site) -> None:
    viewer = open_viewer(site=site_with_history)
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


@pytest.mark.parametrize("input_device", ["mouse", "touch", "keyboard"])
def test_forgotten_coasts_can_be_listed_shown_and_selected(
    open_viewer: OpenViewer, site_with_history: Site, input_device: str
) -> None:
    viewer = open_viewer(site=site_with_history, **(PHONE if input_device == "touch" else {}))
    page = viewer.page
    requested = viewer.record_requests()
    summary = page.locator("#listening summary")

    def press_button(name: str) -> None:
        press(page.get_by_role("button", name=name, exact=True), input_device)

    if input_device == "touch":
        page.locator("#legend-handle").tap()
    press(summary, input_device)
    rows = page.get_by_role("list", name="Forgotten coasts").get_by_role("button")
    expect(rows).to_have_count(12)
    assert requested[0] == "listening.js"
    expect(page.locator("#listening")).to_contain_text("two years before your newest play")
    press_button("Select these")
    viewer.wait_until("spotmap.state().selected.length > 12")
    selected = viewer.state("selected")
    assert set(selected) <= set(_forgotten())
    assert [_plays(track) for track in selected] == sorted((_plays(track) for track in selected), reverse=True)
    if input_device == "touch":
        page.locator("#picks [data-action='clear']").tap()
    press_button("Size by plays")
    viewer.wait_until("spotmap.state().sizeBy === 'facet.plays'")
    press_button("Color by where you listen")
    viewer.wait_until("spotmap.state().colorBy === 'heat'")
    expect(page.locator(".range")).to_be_visible()
    viewer.wait_until("location.hash.includes('by=heat')")
    press(rows.first, input_device)
    viewer.wait_until(f"spotmap.state().pinned === {selected[0]}")


@pytest.mark.parametrize("input_device", ["mouse", "touch", "keyboard"])
def test_center_of_taste_moves_with_the_time_slider(
    open_viewer: OpenViewer, site_with_history: Site, input_device: str
) -> None:
    viewer = open_viewer(site=site_with_history, **(PHONE if input_device == "touch" else {}))
    page = viewer.page
    trail = page.locator("#map .trail")
    opener = page.get_by_role("button", name="How the library grew", exact=True)
    press(opener, input_device)
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
"""Returns the years along the path of taste that overlap each other or a name on the map."""


@pytest.mark.parametrize("size", [{"width": 390, "height": 844}, {"width": 1280, "height": 800}])
def test_years_of_the_path_of_taste_do_not_overlap_names(
    open_viewer: OpenViewer, site_with_history: Site, size: dict[str, int]
) -> None:
    viewer = open_viewer(site=site_with_history, viewport=size)
    page = viewer.page
    viewer.wait_until("spotmap.names().length > 0")
    before = page.evaluate("spotmap.names().length")
    page.get_by_role("button", name="How the library grew", exact=True).click()
    expect(page.locator("#map .trail")).to_be_visible()
    viewer.wait_until(f"({OVERLAPS})().length === 0")
    assert page.evaluate("spotmap.names().length") > before / 2
    page.get_by_label("Tracks added until").press("Home")
    viewer.wait_until(f"({OVERLAPS})().length === 0")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_saved_picture_contains_path_of_taste_and_size_legend(
    open_viewer: OpenViewer, site_with_history: Site, tmp_path: Path, theme: str
) -> None:
    viewer = open_viewer(site=site_with_history, color_scheme=theme)
    page = viewer.page
    page.get_by_label(SIZES).select_option("facet.plays")
    expect(page.locator(".size-sample").first).to_be_visible()
    plain = accent_pixel_count(page, saved(page, "seen", tmp_path))
    page.get_by_role("button", name="How the library grew", exact=True).click()
    expect(page.locator("#map .trail")).to_be_visible()
    path = saved(page, "svg", tmp_path)
    written = texts(path)
    trail = page.locator(".trail-line").get_attribute("d")
    assert [shape.get("d") for shape in shapes(path)["path"]].count(trail) == 1
    assert {"Plays", *page.locator(".size-sample").all_text_contents()} <= {*written}
    assert not {*page.locator(".trail span:not(.trail-now)").all_text_contents()} - {*written}
    assert any(text.startswith(f"{YEARS_PLAYED[-1]} ·") for text in written)
    for kind in ("seen", "large"):
        assert accent_pixel_count(page, saved(page, kind, tmp_path)) > plain + 200
    page.get_by_role("button", name="How the library grew", exact=True).click()
    assert trail not in [shape.get("d") for shape in shapes(saved(page, "svg", tmp_path))["path"]]


def test_failed_fetch_of_the_center_of_taste_is_reported(open_viewer: OpenViewer, site_with_history: Site) -> None:
    viewer = open_viewer(site=site_with_history)
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
def test_axe_reports_no_violations(open_viewer: OpenViewer, site_with_history: Site, size: dict[str, int]) -> None:
    if not AXE.exists():
        pytest.skip("needs `npm ci`")
    viewer = open_viewer(site=site_with_history, color_scheme="light", viewport=size)
    page = viewer.page
    page.get_by_role("button", name="How the library grew", exact=True).click()
    expect(page.locator("#map .trail")).to_be_visible()
    if size["width"] < 720:
        page.locator("#legend-handle").click()
    page.get_by_label(SIZES).select_option("facet.plays")
    expect(page.locator(".size-sample").first).to_be_visible()
    page.locator("#listening summary").click()
    expect(page.get_by_role("list", name="Forgotten coasts")).to_be_visible()
    assert violations_in_both_themes(viewer) == []


def test_listening_panel_is_hidden_without_a_history(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    requested = viewer.record_requests()
    expect(viewer.page.locator("#listening")).to_be_hidden()
    viewer.page.get_by_role("button", name="How the library grew", exact=True).click()
    expect(viewer.page.get_by_label("Tracks added until")).to_be_focused()
    assert viewer.page.locator("#map .trail").count() == 0
    assert "listening.js" not in requested
    assert not [name for name in viewer.page.locator(".more option").all_inner_texts() if "played" in name]
