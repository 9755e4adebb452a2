"""Beside its music, the page plays one's own files: the real preview, a real sound, Chromium."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import pytest
from playwright.sync_api import Route, expect

from spotmap_build.emit.local_audio import LocalAudio, encode_local_audio, write_local_audio
from spotmap_build.emit.preview import open_server
from spotmap_build.model import Recording, Track
from tests.browser.conftest import Viewer
from tests.fakes.audio_files import tune, write_audio
from tests.fakes.sample_site import write_sample_site
from tests.support.pages import Site

pytestmark = pytest.mark.browser
OpenViewer = Callable[..., Viewer]
RATE_HZ = 16_000
SECONDS = 6.0
PHONE = {"has_touch": True, "is_mobile": True, "viewport": {"width": 390, "height": 844}}
AUDIO_ELEMENT = "document.querySelector('#player audio')"


@pytest.fixture(scope="module")
def beside_music(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site served by the preview, of which every track that is no streamed one is a file."""
    folder = tmp_path_factory.mktemp("own")
    write_sample_site(folder / "site", tracks=300)
    signal = tune(SECONDS, rate_hz=RATE_HZ, seed=1)
    songs = [write_audio(folder / f"song {number}.ogg", signal, rate_hz=RATE_HZ) for number in range(2)]
    files = [
        Track(f"t{row:07d}", "", recording=Recording("0", path=str(songs[row // 2 % 2]))) for row in range(1, 300, 2)
    ]
    write_local_audio(folder / "site.audio.json", encode_local_audio(files))
    with open_server(folder / "site", 0, audio=LocalAudio(folder / "site.audio.json")) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield Site(folder / "site", server.url)
        server.shutdown()


def select_all(viewer: Viewer) -> list[int]:
    viewer.page.locator("#lasso-button").click()
    viewer.page.get_by_role("button", name="Select all in view").click()
    return [track for track in viewer.state("selected") if track % 2]


def play_first(viewer: Viewer) -> list[int]:
    own = select_all(viewer)
    place = viewer.state("selected").index(own[0])
    viewer.page.locator(f'.picks-row[data-place="{place}"] [data-action="play"]').click()
    viewer.wait_until(f"{AUDIO_ELEMENT}?.currentTime > 0.2", timeout_s=20)
    return own


def source(viewer: Viewer) -> str:
    return str(viewer.page.evaluate(f"{AUDIO_ELEMENT}.currentSrc"))


def test_a_press_plays_the_file_of_the_track(open_viewer: OpenViewer, beside_music: Site) -> None:
    viewer = open_viewer(site=beside_music)
    own = play_first(viewer)
    assert source(viewer).endswith(f"/.spotmap-audio/t{own[0]:07d}")
    assert viewer.page.evaluate(f"{AUDIO_ELEMENT}.duration") == pytest.approx(SECONDS, abs=0.2)
    viewer.page.get_by_role("button", name="Pause").click()
    viewer.wait_until(f"{AUDIO_ELEMENT}.paused")
    expect(viewer.page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    viewer.page.get_by_role("button", name="Close the player").click()
    expect(viewer.page.locator("#player")).to_be_hidden()


def test_one_seeks_and_goes_on_to_the_next_which_follows_by_itself(open_viewer: OpenViewer, beside_music: Site) -> None:
    viewer = open_viewer(site=beside_music)
    selected = play_first(viewer) and viewer.state("selected")
    playing = viewer.state("pinned")
    viewer.page.get_by_label("Position").fill("500")
    viewer.wait_until(f"Math.abs({AUDIO_ELEMENT}.currentTime - {SECONDS / 2}) < 1.5", timeout_s=20)
    following = next(track for track in selected[selected.index(playing) + 1 :] if track % 2)
    # Streamed tracks stand between, which YouTube would play: only one's own are selected from here.
    viewer.page.evaluate(f"{AUDIO_ELEMENT}.currentTime = {SECONDS - 0.3}")
    viewer.page.route("https://www.youtube-nocookie.com/**", lambda route: route.fulfill(body=""))
    viewer.wait_until(f"spotmap.state().pinned !== {playing}", timeout_s=30)
    assert viewer.state("pinned") in (following, selected[selected.index(playing) + 1])
    viewer.complaints.seen = [text for text in viewer.complaints.seen if "youtube-nocookie" not in text]


def saved(viewer: Viewer, kind: str, folder: Path) -> str:
    with viewer.page.expect_download() as download:
        viewer.page.locator(f"[data-export='{kind}']").click()
    download.value.save_as(folder / kind)
    return (folder / kind).read_text(encoding="utf-8")


@pytest.mark.parametrize("is_from_disk", [False, True], ids=["preview", "disk"])
def test_lists_name_the_files_in_the_order_in_which_they_are_heard(
    open_viewer: OpenViewer, beside_music: Site, tmp_path: Path, is_from_disk: bool
) -> None:
    disk = Site(beside_music.folder, f"{beside_music.folder.as_uri()}/index.html")
    viewer = open_viewer(site=disk if is_from_disk else beside_music)
    own = select_all(viewer)
    entries = [line for line in saved(viewer, "m3u", tmp_path).splitlines() if not line.startswith("#")]
    files = [entry for entry in entries if not entry.startswith("https:")]
    assert [Path(file).name for file in files] == [f"song {track // 2 % 2}.ogg" for track in own]
    for file in set(files):
        with av.open(file) as container:
            assert container.streams.audio
    listed = json.loads(saved(viewer, "jspf", tmp_path))["playlist"]["track"]
    assert len(listed) == len(viewer.state("selected"))
    places = [one["location"][0] for one in listed if one["location"][0].startswith("file:")]
    assert places == [Path(file).as_uri() for file in files]
    if is_from_disk:  # what a page from disk may not fetch ahead, it reads otherwise
        viewer.complaints.expect("Access to link element")
        viewer.complaints.expect("net::ERR_FAILED")


def test_the_volume_is_kept(open_viewer: OpenViewer, beside_music: Site) -> None:
    viewer = open_viewer(site=beside_music)
    play_first(viewer)
    viewer.page.get_by_label("Volume").fill("0.25")
    assert viewer.page.evaluate(f"{AUDIO_ELEMENT}.volume") == 0.25
    viewer.page.reload()
    viewer.page.wait_for_selector('html[data-state="ready"]')
    play_first(viewer)
    assert viewer.page.evaluate(f"{AUDIO_ELEMENT}.volume") == 0.25


def with_moments(route: Route) -> None:
    """The details, where the typical moment of every track is known."""
    document = route.fetch().json()
    route.fulfill(json={**document, "typical_s": [3] * len(document["year"])})


def test_a_file_starts_at_its_typical_moment_or_at_its_beginning_as_was_chosen(
    open_viewer: OpenViewer, beside_music: Site
) -> None:
    viewer = open_viewer(site=beside_music)
    viewer.page.route("**/details-000.json", with_moments)
    viewer.page.reload()
    viewer.page.wait_for_selector('html[data-state="ready"]')
    play_first(viewer)
    viewer.wait_until(f"{AUDIO_ELEMENT}.currentTime >= 3", timeout_s=20)
    viewer.page.get_by_role("button", name="Starts at its typical moment").click()
    viewer.wait_until(f"{AUDIO_ELEMENT}.currentTime > 0 && {AUDIO_ELEMENT}.currentTime < 2.9", timeout_s=20)
    viewer.page.reload()
    viewer.page.wait_for_selector('html[data-state="ready"]')
    play_first(viewer)
    expect(viewer.page.get_by_role("button", name="Starts at the beginning")).to_be_visible()
    viewer.wait_until(f"{AUDIO_ELEMENT}.currentTime > 0 && {AUDIO_ELEMENT}.currentTime < 2.9", timeout_s=20)


def test_a_file_that_is_gone_is_said_to_be(open_viewer: OpenViewer, beside_music: Site, tmp_path: Path) -> None:
    viewer = open_viewer(site=beside_music)
    viewer.page.route("**/.spotmap-audio/t*", lambda route: route.fulfill(status=404, body="gone"))
    own = select_all(viewer)
    place = viewer.state("selected").index(own[0])
    viewer.page.locator(f'.picks-row[data-place="{place}"] [data-action="play"]').click()
    expect(viewer.page.locator(".player-note")).to_have_text(
        "This file cannot be played: it is missing, or this browser does not support its format."
    )
    viewer.complaints.expect("404")


def test_a_finger_plays_stops_and_seeks_in_a_file(open_viewer: OpenViewer, beside_music: Site) -> None:
    viewer = open_viewer(site=beside_music, **PHONE)
    page = viewer.page
    page.locator("#lasso-button").tap()
    page.get_by_role("button", name="Select all in view").tap()
    own = next(track for track in viewer.state("selected") if track % 2)
    place = viewer.state("selected").index(own)
    page.locator(f'.picks-row[data-place="{place}"] [data-action="play"]').tap()
    viewer.wait_until(f"{AUDIO_ELEMENT}?.currentTime > 0.2", timeout_s=20)
    page.get_by_role("button", name="Pause").tap()
    viewer.wait_until(f"{AUDIO_ELEMENT}.paused")
    box = page.get_by_label("Position").bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    viewer.wait_until(f"Math.abs({AUDIO_ELEMENT}.currentTime - {SECONDS / 2}) < 0.5", timeout_s=20)
    page.get_by_role("button", name="Play", exact=True).tap()
    viewer.wait_until(f"!{AUDIO_ELEMENT}.paused")
    volume = page.get_by_label("Volume")
    before = float(volume.input_value())
    box = volume.bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    viewer.wait_until(f"{AUDIO_ELEMENT}.volume < {before - 0.5}")
    page.get_by_role("button", name="Close the player").tap()
    expect(page.locator("#player")).to_be_hidden()


def test_keys_play_stop_and_seek_in_a_file(open_viewer: OpenViewer, beside_music: Site) -> None:
    viewer = open_viewer(site=beside_music)
    page = viewer.page
    play_first(viewer)
    expect(page.locator("#player")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Pause")).to_be_focused()
    page.keyboard.press("Space")
    viewer.wait_until(f"{AUDIO_ELEMENT}.paused")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_focused()
    page.keyboard.press("Tab")
    position = page.get_by_label("Position")
    expect(position).to_be_focused()
    page.keyboard.press("Home")
    viewer.wait_until(f"{AUDIO_ELEMENT}.currentTime === 0")
    before = position.get_attribute("aria-valuetext")
    page.keyboard.press("ArrowRight")
    viewer.wait_until(f"{AUDIO_ELEMENT}.currentTime > 0")
    page.keyboard.press("PageUp")
    viewer.wait_until(f"{AUDIO_ELEMENT}.currentTime > {SECONDS / 20}")
    page.keyboard.press("End")
    expect(position).not_to_have_attribute("aria-valuetext", str(before))
    page.keyboard.press("Tab")
    expect(page.get_by_label("Volume")).to_be_focused()
    page.keyboard.press("Home")
    viewer.wait_until(f"{AUDIO_ELEMENT}.volume === 0")
    page.get_by_role("button", name="Close the player").press("Enter")
    expect(page.locator("#player")).to_be_hidden()
    expect(page.locator("#map")).to_be_focused()
