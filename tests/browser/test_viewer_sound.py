"""What can be heard on the page: excerpts, tracks that one rests on, and what YouTube says of its videos."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from spotmap_build.emit.preview import open_server
from tests.browser.conftest import EXCERPT_S, Viewer
from tests.support.pages import SILENT, SOUNDING, Site

pytestmark = pytest.mark.browser
OpenViewer = Callable[..., Viewer]
PLAYER = "https://www.youtube-nocookie.com/"
TELLS = """<script>
  addEventListener("message", ({ data, source, origin }) => {
    if (JSON.parse(data).event === "listening") source.postMessage('MESSAGE', origin);
  });
</script>"""
"""A player that says one thing as soon as it is listened to."""


@pytest.fixture(scope="module")
def with_excerpts(excerpts_folder: Path) -> Iterator[Site]:
    """A map of tracks half of which have an excerpt, as the preview serves it."""
    with open_server(excerpts_folder, 0) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield Site(excerpts_folder, server.url)
        server.shutdown()


def titles(viewer: Viewer) -> list[int]:
    """The number in each track's title, in the map's order."""
    return [
        int(title.split()[1])
        for title in viewer.page.evaluate(
            "fetch(`data/${document.documentElement.dataset.generation}/text.json`).then((text) => text.json())"
            ".then(({ titles }) => titles.split('\\n'))"
        )
    ]


def one_that(viewer: Viewer, *, sounds: bool) -> int:
    return next(track for track, title in enumerate(titles(viewer)) if (title % 2 == 1) is sounds)


def rest_on(viewer: Viewer, track: int) -> None:
    viewer.page.mouse.move(*viewer.position_of(track), steps=3)


RESTED_MS = 1000
"""More than it takes until what is rested on sounds."""


def test_an_excerpt_is_played_where_there_is_no_file(open_viewer: OpenViewer, with_excerpts: Site) -> None:
    viewer = open_viewer(site=with_excerpts)
    viewer.page.mouse.click(*viewer.position_of(one_that(viewer, sounds=True)))
    viewer.page.get_by_role("button", name="Listen", exact=True).click()
    viewer.wait_until("document.querySelector('#player audio')?.currentTime > 0.2", timeout_s=20)
    source = viewer.page.evaluate("document.querySelector('#player audio').currentSrc")
    assert "/audio/" in source
    assert viewer.page.evaluate("document.querySelector('#player audio').duration") == pytest.approx(EXCERPT_S, abs=0.1)
    # An excerpt begins at the moment already.
    expect(viewer.page.locator(".player-start")).to_be_hidden()


def test_nothing_sounds_before_gliding_is_switched_on_then_what_is_rested_on(
    open_viewer: OpenViewer, with_excerpts: Site
) -> None:
    viewer = open_viewer(site=with_excerpts, is_own=True)
    asked: list[str] = []
    viewer.page.on("request", lambda request: asked.append(request.url) if "/audio/" in request.url else None)
    viewer.page.clock.install()
    glide = viewer.page.get_by_role("button", name="Listen by pointing")
    track = one_that(viewer, sounds=True)
    viewer.page.mouse.click(*viewer.position_of(track))
    # From here on its details are there: what sounded would sound at once.
    expect(viewer.page.get_by_role("button", name="Listen", exact=True)).to_be_visible()
    viewer.page.clock.run_for(RESTED_MS)
    assert viewer.page.evaluate(SILENT)
    assert asked == []
    viewer.page.keyboard.press("Escape")
    glide.click()
    rest_on(viewer, track)
    viewer.wait_until(SOUNDING, timeout_s=20)
    rest_on(viewer, one_that(viewer, sounds=False))
    viewer.wait_until(SILENT, timeout_s=20)
    glide.click()
    rest_on(viewer, track)
    viewer.wait_until(f"spotmap.state().hovered === {track}")
    viewer.page.clock.run_for(RESTED_MS)
    assert viewer.page.evaluate(SILENT)


def test_keys_and_taps_rest_on_what_they_pin_and_the_player_ends_it(
    open_viewer: OpenViewer, with_excerpts: Site
) -> None:
    viewer = open_viewer(site=with_excerpts, has_touch=True)
    viewer.page.get_by_role("button", name="Listen by pointing").click()
    viewer.page.touchscreen.tap(*viewer.position_of(one_that(viewer, sounds=True)))
    viewer.wait_until(SOUNDING, timeout_s=20)
    viewer.page.get_by_role("button", name="Listen", exact=True).click()
    viewer.wait_until(SILENT, timeout_s=20)
    expect(viewer.page.locator("#player")).to_be_visible()


def answer_with(viewer: Viewer, message: str, videos: int = 1) -> None:
    """Answers for YouTube: the players of so many videos say this, those after them play."""
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        body = TELLS.replace("MESSAGE", message) if len(asked) <= videos else ""
        route.fulfill(status=200, content_type="text/html", body=body)

    viewer.page.route(f"{PLAYER}**", answer)


def play_all(viewer: Viewer) -> list[int]:
    viewer.page.locator("#lasso-button").click()
    viewer.page.get_by_role("button", name="Select all in view").click()
    viewer.page.locator(".picks-row [data-action='play']").first.click()
    return [track for track in viewer.state("selected") if track % 2 == 0]


@pytest.mark.parametrize(
    ("code", "reason"), [(100, "was removed from YouTube"), (101, "does not allow it"), (150, "does not allow it")]
)
def test_a_video_that_cannot_be_played_says_so_and_the_next_one_comes(
    open_viewer: OpenViewer, code: int, reason: str
) -> None:
    viewer = open_viewer()
    answer_with(viewer, f'{{"event":"onError","info":{code}}}')
    playable = play_all(viewer)
    viewer.wait_until(f"spotmap.state().pinned === {playable[1]}", timeout_s=20)
    expect(viewer.page.locator(".player-note")).to_contain_text(reason)
    viewer.complaints.expect("request to")


def test_where_youtube_refuses_the_page_it_is_not_asked_for_one_video_after_the_other(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    answer_with(viewer, '{"event":"onError","info":153}', videos=99)
    playable = play_all(viewer)
    expect(viewer.page.locator(".player-note")).to_contain_text("error 153")
    viewer.wait_until(f"spotmap.state().pinned === {playable[1]}", timeout_s=20)
    title = viewer.page.locator(".player-title b").inner_text()
    expect(viewer.page.locator(".player-note")).to_contain_text(f"“{title}”")
    expect(viewer.page.locator(".player-note")).not_to_contain_text("Now the next one")
    assert viewer.state("pinned") == playable[1]
    viewer.complaints.expect("request to")


def test_a_video_that_has_ended_is_followed_by_the_next(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    answer_with(viewer, '{"event":"onStateChange","info":0}')
    playable = play_all(viewer)
    viewer.wait_until(f"spotmap.state().pinned === {playable[1]}", timeout_s=20)
    viewer.complaints.expect("request to")
