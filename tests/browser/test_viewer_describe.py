"""Search by descriptions of sound: conditions are explained, can be changed, and highlight the matches."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, OpenViewer, Viewer
from tests.fakes.sample_site import GENERATION, unpacked

pytestmark = pytest.mark.browser


def _tempos(viewer: Viewer) -> list[float]:
    details: Any = json.loads((viewer.site.folder / "data" / GENERATION / "details-000.json").read_text())
    return unpacked(details["features"]["tempo"])


def _describe(viewer: Viewer, text: str) -> Page:
    viewer.page.locator("#search input").fill(text)
    viewer.wait_until(f"spotmap.state().query === {json.dumps(text)}")  # not the description of an earlier query
    expect(viewer.page.locator(".said-means").first).not_to_be_empty()
    return viewer.page


def test_description_lists_best_matches_first_and_explains_its_conditions(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = _describe(viewer, "slow")
    tempos = _tempos(viewer)
    matches = viewer.state("matches")
    assert 95 <= len(matches) <= 105
    assert max(tempos[track] for track in matches) <= np.quantile(tempos, 0.36)
    assert tempos[matches[0]] == min(tempos)
    expect(page.locator(".said-word")).to_have_text(["slow"])
    expect(page.locator(".said-means")).to_have_text("below 107\u00a0BPM, your slow third")
    expect(page.locator(".search-status")).to_have_text(f"{len(matches)} tracks fit.")
    expect(page.locator(".search-list [role=option]").first).to_have_attribute("data-track", str(matches[0]))
    almost = viewer.state("almost")
    assert almost
    assert min(tempos[track] for track in almost) >= max(tempos[track] for track in matches)


def test_conditions_can_be_negated_and_removed_by_keyboard(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = _describe(viewer, "slow, not jazz")
    expect(page.locator(".said-word")).to_have_text(["slow", "not jazz"])
    field = page.locator("#search input")
    field.press("Tab")
    expect(page.get_by_role("button", name="not slow")).to_be_focused()
    page.keyboard.press("Enter")
    expect(field).to_have_value("not slow, not jazz")
    expect(field).to_be_focused()
    expect(page.get_by_role("button", name="not slow", exact=True)).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Remove not jazz").press("Enter")
    expect(field).to_have_value("not slow")
    field.press("ArrowDown")
    first = page.locator(".search-list [role=option]").first
    expect(first).to_have_attribute("aria-selected", "true")
    track = first.get_attribute("data-track")
    field.press("Enter")
    viewer.wait_until(f"spotmap.state().pinned === {track}")


def test_conditions_can_be_negated_and_removed_by_touch(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(**PHONE)
    viewer.page.locator("#search input").tap()
    page = _describe(viewer, "slow dark or jazz")
    expect(page.locator(".said-or")).to_have_count(1)
    page.get_by_role("button", name="not slow").tap()
    expect(page.locator("#search input")).to_have_value("not slow dark or jazz")
    page.get_by_role("button", name="Remove dark").tap()
    expect(page.locator(".said-word")).to_have_text(["not slow", "jazz"])
    page.locator(".search-list [role=option]").first.tap()
    expect(page.locator("#card")).to_be_visible()


def test_matches_by_name_come_first_and_escape_clears_the_search(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = _describe(viewer, "quiet")
    named = [track for track, title in enumerate(_titles(viewer)) if "Quiet" in title.split()]
    assert viewer.state("matches")[: len(named)] != []
    expect(page.locator(".search-heading")).to_have_text(["By name", "By sound"])
    assert {int(row) for row in _rows(page)[:3]} <= set(named)
    page.locator("#search input").fill("lantern river")
    expect(page.locator(".said")).to_have_count(0)
    _describe(viewer, "slow")
    page.keyboard.press("Escape")
    viewer.wait_until("spotmap.state().matches === null && spotmap.state().almost.length === 0")


def _titles(viewer: Viewer) -> list[str]:
    text: Any = json.loads((viewer.site.folder / "data" / GENERATION / "text.json").read_text())
    return list(text["titles"].split("\n"))


def _rows(page: Page) -> list[str]:
    rows = page.locator(".search-list [role=option][data-track]")
    return [row.get_attribute("data-track") or "" for row in rows.all()]


def test_unknown_words_and_unmet_descriptions_are_reported(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = _describe(viewer, "slow qwxyz ")
    expect(page.locator(".search-status")).to_contain_text("Not understood: “qwxyz”.")
    _describe(viewer, "fast and slow")
    expect(page.locator(".search-status")).to_have_text("Nothing fits completely, these are the closest.")
    assert viewer.state("matches") == []
    expect(page.locator(".search-list [role=option]").first).to_be_visible()


def test_german_page_understands_german_and_english(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(locale="de-DE")
    with viewer.page.expect_response("**/words.de.json"):
        _describe(viewer, "langsam")
    slow = viewer.state("matches")
    assert slow
    _describe(viewer, "slow")
    assert viewer.state("matches") == slow


def test_words_and_details_are_fetched_on_demand(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    requested = viewer.record_requests()
    with page.expect_response("**/words.json"):
        page.locator("#search input").fill("river")
    expect(page.locator(".search-status")).to_contain_text("found")
    assert sorted(requested) == ["collections.js", "describe.js", "words.json"]
    _describe(viewer, "slow")
    assert sorted(requested) == ["collections.js", "describe.js", "details-000.json", "words.json"]
    _describe(viewer, "fast")
    assert len(requested) == 4


def test_link_with_a_description_highlights_its_matches(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    _describe(viewer, "slow jazz")
    found = viewer.state("matches")
    viewer.wait_until("location.hash.includes('q=slow+jazz')")
    other = open_viewer(link=viewer.page.url[viewer.page.url.index("#") :])
    other.wait_until(f"spotmap.state().matches?.length === {len(found)}")
    expect(other.page.locator(".search-results")).to_be_hidden()


def test_matches_can_be_selected(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = _describe(viewer, "very slow")
    found = viewer.state("matches")
    page.get_by_role("button", name="Select them").click()
    viewer.wait_until("spotmap.state().selected.length > 0")
    assert viewer.state("selected") == found
    assert viewer.state("almost") == []


def test_descriptions_work_in_a_page_opened_from_disk(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page.context.new_page()
    page.goto((viewer.site.folder / "index.html").as_uri() + "?test")
    page.wait_for_selector("html[data-state=ready]")
    page.locator("#search input").fill("slow")
    expect(page.locator(".said-means")).to_have_text("below 107\u00a0BPM, your slow third")
