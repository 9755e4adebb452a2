"""The table of the tracks that the map shows."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import LARGE, PHONE, Held, OpenViewer, Viewer
from tests.browser.test_viewer_everyone import AXE, violations_in_both_themes

pytestmark = pytest.mark.browser
TRAITS = ["Year", "Length", "Tempo", "Key", "Loudness", "Danceability"]


def _open(open_viewer: OpenViewer, tracks: int = 300, **context: object) -> Viewer:
    viewer = open_viewer(tracks, **context)
    viewer.page.locator("#table-button").click()
    expect(viewer.page.locator("[data-sort='feature.danceability']")).to_be_attached()
    return viewer


def _wait_until_sorted(page: Page, by: str) -> None:
    """Wait for the announcement: the column is marked before its values are sorted."""
    expect(page.locator("#live")).to_have_text(f"Sorted by {by}")


def _column(page: Page, name: str) -> list[str]:
    """Return the texts of a column from top to bottom, for the rows that are in the page."""
    rows = page.locator("#table [data-track]").evaluate_all(
        f"""rows => rows.sort((a, b) => a.dataset.place - b.dataset.place)
            .map(row => row.querySelector('[data-column="{name}"]').textContent)"""
    )
    return [str(text) for text in rows]


def test_its_script_is_fetched_when_it_is_opened_and_again_if_it_did_not_come(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    assert page.evaluate("'spotmapTable' in window") is False
    page.route("**/table.js", lambda route: route.abort())
    page.locator("#table-button").click()
    expect(page.locator(".table-status")).to_contain_text("table.js could not be fetched")
    page.locator("#table [data-action='close']").click()
    expect(page.locator("#table")).to_be_hidden()
    expect(page.locator("#table-button")).to_be_focused()
    viewer.complaints.expect("ERR_FAILED")
    page.unroute("**/table.js")
    page.locator("#table-button").click()
    expect(page.locator(".table-status")).to_have_text("300 tracks")
    expect(page.locator("#table [data-sort='title']")).to_be_focused()


def test_table_that_loads_says_so_and_takes_the_focus_only_if_it_still_has_it(open_viewer: OpenViewer) -> None:
    page = open_viewer().page
    script = Held(page, "**/table.js")
    page.locator("#table-button").click()
    expect(page.locator(".table-status")).to_have_text("Loading the table")
    expect(page.locator("#table [data-action='close']")).to_be_focused()
    page.locator("#search input").focus()
    script.release()
    expect(page.locator(".table-status")).to_have_text("300 tracks")
    expect(page.locator("#search input")).to_be_focused()


@pytest.mark.parametrize("way", ["Escape", "button"])
def test_table_that_was_closed_before_it_arrived_stays_closed(open_viewer: OpenViewer, way: str) -> None:
    viewer = open_viewer()
    page = viewer.page
    script = Held(page, "**/table.js")
    page.locator("#table-button").click()
    expect(page.locator("#table")).to_be_visible()
    if way == "Escape":
        page.keyboard.press("Escape")
    else:
        page.locator("#table [data-action='close']").click()
    expect(page.locator("#table")).to_be_hidden()
    expect(page.locator("#table-button")).to_be_focused()
    script.release()
    viewer.wait_until("'spotmapTable' in window")
    expect(page.locator("#table-button")).to_be_focused()
    assert page.locator("#table [role=row]").count() == 0
    assert viewer.page.evaluate("spotmap.state().traits.size") == 0
    page.keyboard.press("Enter")
    expect(page.locator("#table [data-sort='title']")).to_be_focused()


def test_table_lists_visible_tracks_with_their_properties(open_viewer: OpenViewer) -> None:
    viewer = _open(open_viewer)
    page = viewer.page
    expect(page.locator(".table-status")).to_have_text("300 tracks")
    headers = page.locator("#table [role=columnheader]").all_text_contents()
    assert headers == ["Title", "Artist", "Album", "Cluster", *TRAITS]
    grid = page.get_by_role("grid", name="Tracks")
    expect(grid).to_have_attribute("aria-rowcount", "301")
    assert 5 < page.locator("#table [data-track]").count() < 40
    only = page.locator(".legend-only[data-group='1']")
    only.click(force=True)
    expect(page.locator(".table-status")).to_have_text(f"{viewer.visible_count()} of 300 tracks")
    cluster = (only.get_attribute("aria-label") or "").removeprefix("Show only ")
    assert set(_column(page, "cluster")) == {cluster}
    # The property by which the map is colored becomes a column.
    page.locator(".more select").select_option("feature.brightness")
    expect(page.locator("[data-sort='feature.brightness']")).to_be_attached()


def test_headers_sort_in_both_directions_and_announce_it(open_viewer: OpenViewer) -> None:
    viewer = _open(open_viewer)
    page = viewer.page
    header = page.locator("#table [role=columnheader][data-column='feature.tempo']")
    header.get_by_role("button").click()
    expect(header).to_have_attribute("aria-sort", "ascending")
    _wait_until_sorted(page, "Tempo")
    tempos = [float(text.split("\u00a0")[0]) for text in _column(page, "feature.tempo")]
    assert tempos == sorted(tempos)
    header.get_by_role("button").click()
    expect(header).to_have_attribute("aria-sort", "descending")
    _wait_until_sorted(page, "Tempo, descending")
    descending = [float(text.split("\u00a0")[0]) for text in _column(page, "feature.tempo")]
    assert descending == sorted(descending, reverse=True)
    assert descending[0] > tempos[0]
    expect(page.locator("#table [aria-sort]")).to_have_count(1)


def test_row_pins_its_track_and_the_pinned_track_is_scrolled_into_view(open_viewer: OpenViewer) -> None:
    viewer = _open(open_viewer)
    page = viewer.page
    row = page.locator("#table [data-track]").nth(3)
    row.click()
    assert viewer.state("pinned") == int(row.get_attribute("data-track") or -1)
    expect(row).to_have_class("table-row is-pinned")
    page.keyboard.press("Escape")
    expect(page.locator("#table")).to_be_hidden()
    expect(page.locator("#table-button")).to_be_focused()
    page.locator("#table-button").click()
    page.locator("[data-action='fit']").click()
    found = viewer.type_query("river")
    expect(page.locator(".table-status")).to_contain_text(f"{len(found)} of 300")
    page.keyboard.press("Escape")
    expect(page.locator(".table-status")).to_have_text("300 tracks")
    x, y = page.evaluate(
        """[...Array(300).keys()].filter(track => track > 100).map(track => spotmap.positionOf(track))
             .find(([x, y]) => x > 400 && x < 1100 && y > 60 && y < 380)"""
    )
    page.mouse.click(x, y)
    viewer.wait_until("spotmap.state().pinned > 20")
    expect(page.locator(f"#table [data-track='{viewer.state('pinned')}']")).to_be_in_viewport()


def test_table_lists_only_a_lasso_selection_but_not_one_made_in_the_table(
    open_viewer: OpenViewer,
) -> None:
    viewer = _open(open_viewer)
    page = viewer.page
    first = page.locator("#table [data-track]").first
    first.click(modifiers=["Control"])
    expect(first).to_have_attribute("aria-selected", "true")
    assert viewer.state("selected") == [int(first.get_attribute("data-track") or -1)]
    expect(page.locator(".table-status")).to_have_text("300 tracks")
    first.click(modifiers=["Control"])
    assert viewer.state("selected") == []
    page.locator("#lasso-button").click()
    page.get_by_role("button", name="Select all in view").click()
    selected = viewer.state("selected")
    assert 5 < len(selected) < 300
    expect(page.locator(".table-status")).to_have_text(f"{len(selected)} of 300 tracks")


def test_rows_can_be_pinned_and_selected_by_keyboard(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(5000)
    page = viewer.page
    page.locator("#table-button").press("Enter")
    expect(page.locator("#table [data-sort='title']")).to_be_focused()
    expect(page.locator("[data-sort='feature.danceability']")).to_be_attached()
    page.locator("#table [data-track][tabindex='0']").focus()
    focused = page.locator("#table [data-track]:focus")
    page.keyboard.press("End")
    expect(focused).to_have_attribute("aria-rowindex", "5001")
    page.keyboard.press("ArrowUp")
    expect(focused).to_have_attribute("aria-rowindex", "5000")
    page.keyboard.press("Space")
    track = int(focused.get_attribute("data-track") or -1)
    assert viewer.state("selected") == [track]
    expect(focused).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Home")
    page.keyboard.press("PageDown")
    page.keyboard.press("Enter")
    assert viewer.state("pinned") == int(focused.get_attribute("data-track") or -1)
    assert page.locator("#table [data-track]").count() < 40


def test_table_on_a_phone_has_two_columns_and_can_be_sorted(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(**PHONE)
    page = viewer.page
    page.locator("#legend-handle").tap()
    page.locator("#table-button").tap()
    expect(page.locator("[data-sort='feature.danceability']")).to_be_attached()
    box = page.locator("#table").bounding_box()
    assert box
    assert box["height"] > 800
    visible = page.locator("#table [role=columnheader]:visible")
    assert visible.all_text_contents() == ["Title", "Artist"]
    page.get_by_label("Sort by").select_option("-year")
    expect(visible.nth(1)).to_have_text("Year")
    _wait_until_sorted(page, "Year, descending")
    years = [int(text) for text in _column(page, "year") if text]
    assert years == sorted(years, reverse=True)
    row = page.locator("#table [data-track]").nth(2)
    track = int(row.get_attribute("data-track") or -1)
    row.tap()
    assert viewer.state("pinned") == track
    expect(page.locator("#table")).to_be_hidden()
    expect(page.locator("#card.is-pinned")).to_be_visible()


def test_table_is_saved_as_csv_in_its_order(open_viewer: OpenViewer, tmp_path: Path) -> None:
    viewer = _open(open_viewer)
    page = viewer.page
    page.locator(".legend-only").first.click(force=True)
    page.locator("[data-sort='feature.tempo']").click()
    expect(page.locator("#table [aria-sort=ascending]")).to_have_count(1)
    _wait_until_sorted(page, "Tempo")
    with page.expect_download() as download:
        page.locator("#table [data-action='csv']").click()
    assert download.value.suggested_filename == "A sample library table.csv"
    download.value.save_as(tmp_path / "table.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "table.csv").read_text(encoding="utf-8-sig"))))
    assert len(rows) == viewer.visible_count()
    assert {"title", "artists", "album", "year", "id", "cluster", "tempo", "key"} <= set(rows[0])
    assert [row["title"] for row in rows][:5] == _column(page, "title")[:5]
    tempos = [float(row["tempo"].split("\u00a0")[0]) for row in rows if row["tempo"]]
    assert tempos == sorted(tempos)
    expect(page.locator(".table-status")).to_have_text(f"Saved {len(rows)} tracks")


@LARGE
def test_table_of_100000_tracks_is_virtualized(open_viewer: OpenViewer) -> None:
    viewer = _open(open_viewer, 100_000)
    page = viewer.page
    page.locator("[data-sort='title']").click()
    _wait_until_sorted(page, "Title")
    titles = _column(page, "title")
    assert len(titles) < 40
    page.locator("#table .table-scroll").evaluate("node => { node.scrollTop = 36 * 70000 }")
    expect(page.locator("#table [data-place='70001']")).to_be_attached()
    assert page.locator("#table [data-track]").count() < 40


@pytest.mark.parametrize("width", [390, 1280])
def test_axe_reports_no_violations(open_viewer: OpenViewer, width: int) -> None:
    if not AXE.exists():
        pytest.skip("needs `npm ci`")
    viewer = open_viewer(color_scheme="light", viewport={"width": width, "height": 844})
    page = viewer.page
    if width == 390:
        page.locator("#legend-handle").click()
    page.locator("#table-button").click()
    expect(page.locator("[data-sort='feature.danceability']")).to_be_attached()
    page.locator("#table [data-track]").nth(1).focus()
    page.keyboard.press("Space")
    assert violations_in_both_themes(viewer) == []
