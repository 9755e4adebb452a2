"""YouTube's player, and the slider that shows how the library grew."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import OpenViewer, Viewer

pytestmark = pytest.mark.browser
PLAYER = "https://www.youtube-nocookie.com/"


def _fake_player(viewer: Viewer) -> None:
    """Answer requests to YouTube with a page."""

    def answer(route: Route) -> None:
        route.fulfill(status=200, content_type="text/html", body="<title>player</title>")

    viewer.page.route(f"{PLAYER}**", answer)


def _player_url(viewer: Viewer, track: int) -> str:
    origin = quote(viewer.page.evaluate("location.origin"), safe="")
    return f"{PLAYER}embed/v{track:010d}?autoplay=1&rel=0&playsinline=1&enablejsapi=1&origin={origin}"


def _pin(viewer: Viewer, divisor: int = 2) -> int:
    track = viewer.track_in_view(divisor)
    viewer.page.mouse.click(*viewer.position_of(track))
    return track


def test_youtube_is_contacted_only_after_pressing_listen(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    _fake_player(viewer)
    track = _pin(viewer)
    listen = viewer.page.get_by_role("button", name="Listen", exact=True)
    expect(listen).to_be_visible()
    assert viewer.page.locator("iframe").count() == 0
    assert viewer.complaints.seen == []
    with viewer.page.expect_request(f"{PLAYER}embed/**"):
        listen.click()
    frame = viewer.page.locator("#player iframe")
    expect(frame).to_have_attribute("src", _player_url(viewer, track))
    # YouTube refuses to play in pages that send no referrer.
    expect(frame).to_have_attribute("referrerpolicy", "strict-origin-when-cross-origin")
    viewer.complaints.expect(f"request to {PLAYER}embed/v{track:010d}")
    viewer.page.get_by_role("button", name="Close the player").click()
    assert viewer.page.locator("iframe").count() == 0
    expect(viewer.page.locator("#player")).to_be_hidden()


def test_track_without_a_recording_has_no_play_button(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    viewer.page.locator("#lasso-button").click()
    viewer.page.get_by_role("button", name="Select all in view").click()
    position = next(position for position, track in enumerate(viewer.state("selected")) if track % 2)
    row = viewer.page.locator(f'.picks-row[data-place="{position}"]')
    expect(row.locator(".picks-time")).to_be_visible()
    expect(row.locator("[data-action='play']")).to_have_count(0)
    row.locator(".picks-names").click()
    expect(viewer.page.locator(".card-facts")).to_be_visible()
    expect(viewer.page.get_by_role("button", name="Listen", exact=True)).to_be_hidden()


def test_next_and_previous_skip_unplayable_tracks_of_the_selection(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    _fake_player(viewer)
    viewer.page.locator("#lasso-button").click()
    viewer.page.get_by_role("button", name="Select all in view").click()
    playable = [track for track in viewer.state("selected") if track % 2 == 0]
    viewer.page.locator(".picks-row [data-action='play']").first.click()
    player = viewer.page.locator("#player iframe")
    expect(player).to_have_attribute("src", _player_url(viewer, playable[0]))
    viewer.page.get_by_role("button", name="Next in the selection").click()
    expect(player).to_have_attribute("src", _player_url(viewer, playable[1]))
    viewer.wait_until(f"spotmap.state().pinned === {playable[1]}")
    viewer.page.get_by_role("button", name="Previous in the selection").click()
    expect(player).to_have_attribute("src", _player_url(viewer, playable[0]))
    viewer.complaints.expect("request to")


def test_page_policy_allows_only_frames_of_youtube(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    policy = viewer.page.locator('meta[http-equiv="Content-Security-Policy"]').get_attribute("content") or ""
    assert "frame-src https://www.youtube-nocookie.com;" in policy
    assert "unsafe" not in policy


def test_time_slider_hides_later_tracks(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    viewer.page.get_by_role("button", name="How the library grew", exact=True).click()
    slider = viewer.page.get_by_label("Tracks added until")
    expect(slider).to_be_focused()
    assert viewer.visible_count() == 300
    slider.press("Home")
    # The dates of thirty tracks are unknown; they are always shown.
    assert viewer.visible_count() == 31
    expect(viewer.page.locator(".timeline-day")).to_have_text("2012-01-01")
    expect(viewer.page.locator(".timeline-count")).to_have_text("31 tracks")
    expect(slider).to_have_attribute("aria-valuetext", "2012-01-01, 31 tracks")
    slider.press("End")
    assert viewer.visible_count() == 300
    slider.press("Home")
    viewer.page.get_by_role("button", name="Close the time slider").click()
    assert viewer.visible_count() == 300


def test_time_slider_can_be_dragged_with_the_mouse(open_viewer: OpenViewer) -> None:
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


def test_escape_closes_only_the_time_slider(open_viewer: OpenViewer) -> None:
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


REPLAY_STEP_MS = 2000
"""More than one of the stills that a replay consists of with reduced motion."""


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_growth_can_be_replayed_and_paused(open_viewer: OpenViewer, motion: str) -> None:
    viewer = open_viewer(reduced_motion=motion, is_own=True)
    clock = viewer.page.clock
    clock.install()
    viewer.page.get_by_role("button", name="How the library grew", exact=True).click()
    expect(viewer.page.locator("#timeline")).to_be_visible()
    clock.pause_at(viewer.page.evaluate("Date.now()") + 1000)
    viewer.page.get_by_role("button", name="Replay").click()
    counts = []
    for _ in range(2):
        clock.run_for(REPLAY_STEP_MS)
        counts.append(viewer.visible_count())
    assert 0 < counts[0] < counts[1] < 300
    viewer.page.get_by_role("button", name="Pause").click()
    paused = viewer.state("until")
    clock.run_for(REPLAY_STEP_MS)
    assert viewer.state("until") == paused


def test_link_with_a_date_opens_the_time_slider(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(link="#until=16000")
    expect(viewer.page.locator(".timeline-day")).to_have_text("2013-10-22")
    assert viewer.visible_count() < 300
