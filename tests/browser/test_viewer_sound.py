"""Sound on the page: excerpts, listening by pointing, and errors of YouTube's player."""

from __future__ import annotations

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import EXCERPT_S, OpenViewer, Viewer
from tests.support.pages import SILENT, SOUNDING, Site

pytestmark = pytest.mark.browser
PLAYER = "https://www.youtube-nocookie.com/"
PLAYER_PAGE = """<script>
  addEventListener("message", ({ data, source, origin }) => {
    if (JSON.parse(data).event === "listening") source.postMessage('MESSAGE', origin);
  });
</script>"""
"""A player that posts one message when the page starts listening."""


def title_numbers(viewer: Viewer) -> list[int]:
    """Return the number in each track's title, in map order."""
    return [
        int(title.split()[1])
        for title in viewer.page.evaluate(
            "fetch(`data/${document.documentElement.dataset.generation}/text.json`).then((text) => text.json())"
            ".then(({ titles }) => titles.split('\\n'))"
        )
    ]


def find_track(viewer: Viewer, *, has_excerpt: bool) -> int:
    return next(track for track, title in enumerate(title_numbers(viewer)) if (title % 2 == 1) is has_excerpt)


def point_at(viewer: Viewer, track: int) -> None:
    viewer.page.mouse.move(*viewer.position_of(track), steps=3)


POINTING_DELAY_MS = 1000
"""More than the delay until a track under the pointer plays."""


def test_excerpt_is_played_if_there_is_no_file(open_viewer: OpenViewer, with_excerpts: Site) -> None:
    viewer = open_viewer(site=with_excerpts)
    viewer.page.mouse.click(*viewer.position_of(find_track(viewer, has_excerpt=True)))
    viewer.page.get_by_role("button", name="Listen", exact=True).click()
    viewer.wait_until("document.querySelector('#player audio')?.currentTime > 0.2", timeout_s=20)
    source = viewer.page.evaluate("document.querySelector('#player audio').currentSrc")
    assert "/audio/" in source
    assert viewer.page.evaluate("document.querySelector('#player audio').duration") == pytest.approx(EXCERPT_S, abs=0.1)
    # An excerpt starts at the typical moment, so there is no choice of the start.
    expect(viewer.page.locator(".player-start")).to_be_hidden()


def test_pointing_plays_excerpts_only_while_switched_on(open_viewer: OpenViewer, with_excerpts: Site) -> None:
    viewer = open_viewer(site=with_excerpts, is_own=True)
    requested: list[str] = []
    viewer.page.on("request", lambda request: requested.append(request.url))
    viewer.page.clock.install()
    glide = viewer.page.get_by_role("button", name="Listen by pointing")
    track = find_track(viewer, has_excerpt=True)
    viewer.page.mouse.click(*viewer.position_of(track))
    # The details are loaded now, so an excerpt would start without delay.
    expect(viewer.page.get_by_role("button", name="Listen", exact=True)).to_be_visible()
    viewer.page.clock.run_for(POINTING_DELAY_MS)
    assert viewer.page.evaluate(SILENT)
    assert not [url for url in requested if "/audio/" in url]
    viewer.page.keyboard.press("Escape")
    glide.click()
    point_at(viewer, track)
    viewer.wait_until(SOUNDING, timeout_s=20)
    point_at(viewer, find_track(viewer, has_excerpt=False))
    viewer.wait_until(SILENT, timeout_s=20)
    glide.click()
    point_at(viewer, track)
    viewer.wait_until(f"spotmap.state().hovered === {track}")
    viewer.page.clock.run_for(POINTING_DELAY_MS)
    assert viewer.page.evaluate(SILENT)


def test_tapped_track_plays_its_excerpt_until_the_player_opens(open_viewer: OpenViewer, with_excerpts: Site) -> None:
    viewer = open_viewer(site=with_excerpts, has_touch=True)
    viewer.page.get_by_role("button", name="Listen by pointing").click()
    viewer.page.touchscreen.tap(*viewer.position_of(find_track(viewer, has_excerpt=True)))
    viewer.wait_until(SOUNDING, timeout_s=20)
    viewer.page.get_by_role("button", name="Listen", exact=True).click()
    viewer.wait_until(SILENT, timeout_s=20)
    expect(viewer.page.locator("#player")).to_be_visible()


def fake_player(viewer: Viewer, message: str, videos: int = 1) -> None:
    """Make the first ``videos`` players of YouTube post a message; later ones play."""
    urls: list[str] = []

    def respond(route: Route) -> None:
        urls.append(route.request.url)
        body = PLAYER_PAGE.replace("MESSAGE", message) if len(urls) <= videos else ""
        route.fulfill(status=200, content_type="text/html", body=body)

    viewer.page.route(f"{PLAYER}**", respond)


def play_all(viewer: Viewer) -> list[int]:
    viewer.page.locator("#lasso-button").click()
    viewer.page.get_by_role("button", name="Select all in view").click()
    viewer.page.locator(".picks-row [data-action='play']").first.click()
    return [track for track in viewer.state("selected") if track % 2 == 0]


@pytest.mark.parametrize(
    ("code", "reason"), [(100, "was removed from YouTube"), (101, "does not allow it"), (150, "does not allow it")]
)
def test_unplayable_video_is_reported_and_skipped(open_viewer: OpenViewer, code: int, reason: str) -> None:
    viewer = open_viewer()
    fake_player(viewer, f'{{"event":"onError","info":{code}}}')
    playable = play_all(viewer)
    viewer.wait_until(f"spotmap.state().pinned === {playable[1]}", timeout_s=20)
    expect(viewer.page.locator(".player-note")).to_contain_text(reason)
    viewer.complaints.expect("request to")


def test_playback_stops_if_youtube_refuses_the_page(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    fake_player(viewer, '{"event":"onError","info":153}', videos=99)
    playable = play_all(viewer)
    expect(viewer.page.locator(".player-note")).to_contain_text("error 153")
    viewer.wait_until(f"spotmap.state().pinned === {playable[1]}", timeout_s=20)
    title = viewer.page.locator(".player-title b").inner_text()
    expect(viewer.page.locator(".player-note")).to_contain_text(f"“{title}”")
    expect(viewer.page.locator(".player-note")).not_to_contain_text("Now the next one")
    assert viewer.state("pinned") == playable[1]
    viewer.complaints.expect("request to")


def test_ended_video_is_followed_by_the_next(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    fake_player(viewer, '{"event":"onStateChange","info":0}')
    playable = play_all(viewer)
    viewer.wait_until(f"spotmap.state().pinned === {playable[1]}", timeout_s=20)
    viewer.complaints.expect("request to")
