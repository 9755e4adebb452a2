"""Albums and artists can be found, drawn on the map, described and linked."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, OpenViewer
from tests.browser.test_viewer_everyone import AXE, violations_in_both_themes
from tests.browser.test_viewer_picture import accent_pixel_count, saved, shapes, texts
from tests.fakes.sample_site import GENERATION
from tests.support.pages import PAINTED_PIXELS, Site

pytestmark = pytest.mark.browser
ARTIST = "Órla Zvěřina"
NEAR, SPREAD_OUT, UNNUMBERED = list(range(40, 49)), list(range(0, 300, 37)), [100, 101, 102]
"""Tracks of three albums: neighbors on the map, tracks all over the map, and tracks without track numbers."""


@pytest.fixture
def albums(copied_site: Site) -> Site:
    """A site with three albums by one artist; the track numbers of two of them descend with the track index."""
    folder = copied_site.folder / "data" / GENERATION
    text, details = (json.loads((folder / name).read_text()) for name in ("text.json", "details-000.json"))
    artists = [[ARTIST] if track in {*NEAR, *SPREAD_OUT, *UNNUMBERED} else ["Somebody Else"] for track in range(300)]
    text["artist_names"] = [ARTIST, "Somebody Else"]
    text["artists"] = [text["artist_names"].index(name) for names in artists for name in names]
    text["artist_counts"] = [1] * 300
    titles = text["titles"].split("\n")
    titles[7] = "One"
    text["titles"] = "\n".join(titles)
    details["numbers"] = [None] * 300
    for name, tracks, year in (
        ("One Mood", NEAR, 1991),
        ("Everywhere", SPREAD_OUT, 2003),
        ("No Numbers", UNNUMBERED, 2017),
    ):
        text["album_names"].append(name)
        for position, track in enumerate(tracks):
            text["albums"][track] = len(text["album_names"]) - 1
            details["year"][track] = year
            if name != "No Numbers":
                details["numbers"][track] = len(tracks) - position
    for name, document in (("text.json", text), ("details-000.json", details)):
        (folder / name).write_text(json.dumps(document))
    return copied_site


def _search(page: Page, text: str) -> None:
    page.locator("#search input").fill(text)
    # Not one of an earlier search, or of an index that is not complete.
    expect(page.locator(".found-collection").first).to_contain_text(text, ignore_case=True)


MARKED_PIXELS = f"(document.querySelector('canvas[data-layer=marks]').hidden ? 0 : ({PAINTED_PIXELS})('marks'))"
"""Number of painted pixels of the layer of marks, which is drawn in one of the next frames."""


def test_album_is_found_and_drawn_in_track_order(open_viewer: OpenViewer, albums: Site) -> None:
    viewer = open_viewer(site=albums)
    page = viewer.page
    _search(page, "one mood")
    row = page.locator(".found-collection").first
    expect(row).to_have_accessible_name(re.compile(f"One Mood ?Album · 9 tracks · {ARTIST}"))
    expect(row.locator("bdi")).to_have_attribute("translate", "no")
    row.click()
    viewer.wait_until(f"String(spotmap.state().selected) === '{','.join(map(str, reversed(NEAR)))}'")
    expect(page.locator(".collection-name")).to_have_text("One Mood")
    expect(page.locator(".collection-by")).to_have_text(f"Album by {ARTIST} · 1991")
    expect(page.locator(".collection-mood")).to_contain_text("A one-mood album. Its tracks are 0.")
    expect(page.locator(".picks-note").first).to_have_text("1")
    expect(page.locator("#live")).to_contain_text("A one-mood album")
    assert viewer.state("query") == ""
    viewer.wait_until(f"{MARKED_PIXELS} > 1000")
    page.keyboard.press("Escape")
    viewer.wait_until("spotmap.state().selected.length === 0")
    expect(page.locator("#collection")).to_be_hidden()
    viewer.wait_until(f"{MARKED_PIXELS} === 0")


def test_exact_title_is_ranked_before_albums_with_that_prefix(open_viewer: OpenViewer, albums: Site) -> None:
    viewer = open_viewer(site=albums)
    _search(viewer.page, "one")
    rows = viewer.page.locator(".search-list [role=option]")
    expect(rows.first).to_have_attribute("data-track", "7")
    expect(rows.nth(1)).to_contain_text("One Mood")
    viewer.page.locator("#search input").press("Enter")
    viewer.wait_until("spotmap.state().pinned === 7")


@pytest.mark.parametrize(
    ("album", "description"),
    [
        ("Everywhere", "Crosses the map. Its tracks are about as far apart on the map as random tracks"),
        ("No Numbers", "The track numbers are not known: the tracks are sorted by title."),
    ],
)
def test_album_description(open_viewer: OpenViewer, albums: Site, album: str, description: str) -> None:
    viewer = open_viewer(site=albums)
    _search(viewer.page, album)
    viewer.page.locator(".found-collection").first.click()
    expect(viewer.page.locator("#collection")).to_contain_text(description)


def test_artist_is_found_by_keyboard_and_shown_by_year(open_viewer: OpenViewer, albums: Site) -> None:
    viewer = open_viewer(site=albums)
    page = viewer.page
    page.keyboard.press("/")
    page.keyboard.type("orla zverina")
    rows = page.locator(".search-list [role=option]")
    expect(rows.first).to_have_accessible_name(
        re.compile(f"{ARTIST} ?Artist · {len(NEAR + SPREAD_OUT + UNNUMBERED)} tracks")
    )
    page.keyboard.press("ArrowDown")
    expect(rows.first).to_have_attribute("aria-selected", "true")
    expect(page.locator("#search input")).to_have_attribute("aria-activedescendant", "found-0")
    page.keyboard.press("Enter")
    expect(page.locator(".collection-years")).to_have_text("19912017")
    notes = page.locator(".picks-note")
    expect(notes.first).to_have_text("1991")
    selected = viewer.state("selected")
    assert set(selected[: len(NEAR)]) == set(NEAR)
    assert set(selected[-3:]) == set(UNNUMBERED)
    viewer.wait_until(f"{MARKED_PIXELS} > 1000")
    entry = page.locator(".collection-entry .alike-row")
    expect(entry).to_contain_text("it is the closest to what you know")
    track = int(entry.get_attribute("data-track") or -1)
    assert track in selected
    entry.focus()
    page.keyboard.press("Enter")
    viewer.wait_until(f"spotmap.state().pinned === {track}")
    expect(page.locator(".collection-name")).to_be_visible()


def test_artist_and_album_names_can_be_tapped_on_card_and_panel(open_viewer: OpenViewer, albums: Site) -> None:
    viewer = open_viewer(site=albums, **PHONE)
    page = viewer.page
    page.locator("#search input").tap()
    _search(page, "everywhere")
    page.locator(".search-list [data-track]").first.tap()
    page.get_by_role("button", name=ARTIST).tap()
    expect(page.locator(".collection-name")).to_have_text(ARTIST)
    expect(page.locator("#card")).to_be_hidden()
    page.get_by_role("list", name="Albums").get_by_role("button", name="One Mood").tap()
    expect(page.locator(".collection-name")).to_have_text("One Mood")
    page.get_by_role("button", name="Clear the selection").tap()
    expect(page.locator("#picks")).to_be_hidden()


def test_focus_moves_to_the_panel_after_choosing_a_name(open_viewer: OpenViewer, albums: Site) -> None:
    viewer = open_viewer(site=albums)
    page = viewer.page
    _search(page, "everywhere")
    page.locator(".search-list [data-track]").first.click()
    page.get_by_role("button", name="Everywhere").press("Enter")
    expect(page.locator(".collection-name")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator(".collection-by button")).to_be_focused()


def test_failed_fetch_is_reported_and_can_be_retried(open_viewer: OpenViewer, albums: Site) -> None:
    viewer = open_viewer(site=albums)
    page = viewer.page
    page.route("**/details-*.json", lambda route: route.abort())
    _search(page, "everywhere")
    page.locator(".search-list [data-track]").first.click()
    page.get_by_role("button", name="Everywhere").press("Enter")
    expect(page.locator(".picks-status")).to_contain_text("could not be fetched")
    expect(page.locator("#collection")).to_be_hidden()
    assert sorted(viewer.state("selected")) == SPREAD_OUT
    page.unroute("**/details-*.json")
    page.evaluate("location.hash = 'album=One Mood'")
    expect(page.locator(".collection-name")).to_have_text("One Mood")
    expect(page.locator(".collection-name")).not_to_be_focused()
    viewer.complaints.expect("ERR_FAILED")


def test_link_shows_the_album_and_back_closes_it(open_viewer: OpenViewer, albums: Site) -> None:
    viewer = open_viewer(site=albums)
    page = viewer.page
    _search(page, "one mood")
    page.locator(".found-collection").first.click()
    viewer.wait_until("location.hash.includes('album=')")
    viewer.wait_until("spotmap.state().collection.notes.length > 0")
    link, selected = page.evaluate("location.hash"), viewer.state("selected")
    page.go_back()
    expect(page.locator("#collection")).to_be_hidden()
    other = open_viewer(site=albums, link=link)
    expect(other.page.locator(".collection-name")).to_have_text("One Mood")
    assert other.state("selected") == selected
    other.page.goto(f"{albums.page}#artist=Nobody")
    other.page.reload()
    expect(other.page.locator("#link-note")).to_contain_text("names an album or artist that this map does not have")


def test_axe_reports_no_violations(open_viewer: OpenViewer, albums: Site) -> None:
    if not AXE.exists():
        pytest.skip("needs `npm ci`")
    viewer = open_viewer(site=albums, color_scheme="light")
    _search(viewer.page, "everywhere")
    assert violations_in_both_themes(viewer) == []
    viewer.page.emulate_media(color_scheme="light")
    viewer.page.locator(".found-collection").first.click()
    expect(viewer.page.locator(".collection-mood")).to_be_visible()
    assert violations_in_both_themes(viewer) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_saved_picture_contains_album_and_artist(
    open_viewer: OpenViewer, albums: Site, tmp_path: Path, theme: str
) -> None:
    viewer = open_viewer(site=albums, color_scheme=theme)
    page = viewer.page
    plain = accent_pixel_count(page, saved(page, "seen", tmp_path))
    _search(page, "everywhere")
    page.locator(".found-collection").first.click()
    expect(page.locator(".collection-name")).to_have_text("Everywhere")
    path = saved(page, "svg", tmp_path)
    assert "300 tracks · Everywhere · Órla Zvěřina" in texts(path)
    stops = [viewer.position_of(track) for track in reversed(SPREAD_OUT)]
    line = "M" + "L".join(f"{round(x * 10) / 10:g} {round(y * 10) / 10:g}" for x, y in stops)
    assert [shape.get("d") for shape in shapes(path)["path"]].count(line) == 2
    assert {"1", str(len(SPREAD_OUT))} <= {*texts(path)}
    assert accent_pixel_count(page, saved(page, "seen", tmp_path)) > plain + 500
    _search(page, "órla")
    page.locator(".found-collection").first.click()
    expect(page.locator(".collection-name")).to_have_text(ARTIST)
    path = saved(page, "svg", tmp_path)
    assert "1991" in texts(path)
    assert any(shape.get("opacity") == "0.1" and "Q" in shape.get("d", "") for shape in shapes(path)["path"])
    page.keyboard.press("Escape")
    viewer.wait_until("spotmap.state().selected.length === 0")
    assert "300 tracks" in texts(saved(page, "svg", tmp_path))
