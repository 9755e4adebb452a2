"""YouTube's player, only after a press; and how the library grew."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Viewer

pytestmark = pytest.mark.browser
OpenViewer = Callable[..., Viewer]
PLAYER = "https://www.youtube-nocookie.com/"


def _pretend_player(viewer: Viewer) -> None:
    """Answers for YouTube: a page that lets a test see it was asked for."""

    def answer(route: Route) -> None:
        route.fulfill(status=200, content_type="text/html", body="<title>player</title>")

    viewer.page.route(f"{PLAYER}**", answer)


def _address(viewer: Viewer, track: int) -> str:
    origin = quote(viewer.page.evaluate("location.origin"), safe="")
    return f"{PLAYER}embed/v{track:010d}?autoplay=1&rel=0&playsinline=1&enablejsapi=1&origin={origin}"


def _pin(viewer: Viewer, divisor: int = 2) -> int:
    track = viewer.track_in_view(divisor)
    viewer.page.mouse.click(*viewer.position_of(track))
    return track


def test_nothing_is_asked_of_youtube_before_play_is_pressed(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    _pretend_player(viewer)
    track = _pin(viewer)
    listen = viewer.page.get_by_role("button", name="Listen", exact=True)
    expect(listen).to_be_visible()
    assert viewer.page.locator("iframe").count() == 0
    assert viewer.complaints.seen == []
    with viewer.page.expect_request(f"{PLAYER}embed/**"):
        listen.click()
    frame = viewer.page.locator("#player iframe")
    expect(frame).to_have_attribute("src", _address(viewer, track))
    # YouTube refuses to play for pages that do not say where the player is.
    expect(frame).to_have_attribute("referrerpolicy", "strict-origin-when-cross-origin")
    viewer.complaints.expect(f"request to {PLAYER}embed/v{track:010d}")
    viewer.page.get_by_role("button", name="Close the player").click()
    assert viewer.page.locator("iframe").count() == 0
    expect(viewer.page.locator("#player")).to_be_hidden()


def test_a_track_without_a_known_recording_has_no_play_button(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    viewer.page.locator("#lasso-button").click()
    viewer.page.get_by_role("button", name="Select all in view").click()
    place = next(place for place, track in enumerate(viewer.state("selected")) if track % 2)
    row = viewer.page.locator(f'.picks-row[data-place="{place}"]')
    expect(row.locator(".picks-time")).to_be_visible()
    expect(row.locator("[data-action='play']")).to_have_count(0)
    row.locator(".picks-names").click()
    expect(viewer.page.locator(".card-facts")).to_be_visible()
    expect(viewer.page.get_by_role("button", name="Listen", exact=True)).to_be_hidden()


def test_next_and_previous_go_along_the_selection_past_what_cannot_be_played(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    _pretend_player(viewer)
    viewer.page.locator("#lasso-button").click()
    viewer.page.get_by_role("button", name="Select all in view").click()
    playable = [track for track in viewer.state("selected") if track % 2 == 0]
    viewer.page.locator(".picks-row [data-action='play']").first.click()
    title = viewer.page.locator("#player iframe")
    expect(title).to_have_attribute("src", _address(viewer, playable[0]))
    viewer.page.get_by_role("button", name="Next in the selection").click()
    expect(title).to_have_attribute("src", _address(viewer, playable[1]))
    viewer.wait_until(f"spotmap.state().pinned === {playable[1]}")
    viewer.page.get_by_role("button", name="Previous in the selection").click()
    expect(title).to_have_attribute("src", _address(viewer, playable[0]))
    viewer.complaints.expect("request to")


def test_the_page_frames_nobody_else(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    policy = viewer.page.locator('meta[http-equiv="Content-Security-Policy"]').get_attribute("content") or ""
    assert "frame-src https://www.youtube-nocookie.com;" in policy
    assert "unsafe" not in policy


def test_the_slider_hides_what_came_later(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    viewer.page.get_by_role("button", name="How the library grew", exact=True).click()
    slider = viewer.page.get_by_label("Tracks added until")
    expect(slider).to_be_focused()
    assert viewer.visible_count() == 300
    slider.press("Home")
    # Thirty tracks' days are not known: they were always there.
    assert viewer.visible_count() == 31
    expect(viewer.page.locator(".timeline-day")).to_have_text("2012-01-01")
    expect(viewer.page.locator(".timeline-count")).to_have_text("31 tracks")
    expect(slider).to_have_attribute("aria-valuetext", "2012-01-01, 31 tracks")
    slider.press("End")
    assert viewer.visible_count() == 300
    slider.press("Home")
    viewer.page.get_by_role("button", name="Close the time slider").click()
    assert viewer.visible_count() == 300


def test_the_slider_is_moved_by_the_mouse(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    page.locator("#timeline-button").click()
    slider = page.get_by_label("Tracks added until")
    expect(slider).to_be_visible()
    box = slider.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] - 9, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.4 * box["width"], middle, steps=5)
    page.mouse.up()
    assert 0 < viewer.visible_count() < 300
    page.get_by_role("button", name="Close the time slider").click()
    assert viewer.visible_count() == 300


def test_escape_leaves_the_slider_and_nothing_else(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    track = viewer.track_in_view()
    viewer.page.mouse.click(*viewer.position_of(track))
    button = viewer.page.get_by_role("button", name="How the library grew", exact=True)
    button.click()
    expect(viewer.page.get_by_label("Tracks added until")).to_be_focused()
    viewer.page.keyboard.press("Escape")
    expect(viewer.page.locator("#timeline")).to_be_hidden()
    expect(button).to_be_focused()
    assert viewer.state("pinned") == track


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_the_growth_is_replayed_and_can_be_paused(open_viewer: OpenViewer, motion: str) -> None:
    viewer = open_viewer(reduced_motion=motion)
    viewer.page.get_by_role("button", name="How the library grew", exact=True).click()
    viewer.page.get_by_role("button", name="Replay").click()
    viewer.wait_until("spotmap.state().until !== null && spotmap.visibleCount() < 200")
    first = viewer.visible_count()
    viewer.wait_until(f"spotmap.visibleCount() > {first}")
    viewer.page.get_by_role("button", name="Pause").click()
    paused = viewer.state("until")
    viewer.page.wait_for_timeout(1400 if motion == "reduce" else 150)
    assert viewer.state("until") == paused


def test_a_link_to_a_day_opens_the_slider_there(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    viewer.page.goto(f"{viewer.site.page}#until=16000")
    viewer.page.reload()
    viewer.page.wait_for_selector('html[data-state="ready"]')
    expect(viewer.page.locator(".timeline-day")).to_have_text("2013-10-22")
    assert viewer.visible_count() < 300
